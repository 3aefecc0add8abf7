package policy_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

var tree = policy.NewTree()

var _ = DescribeTable("the object at a path", func(path, child, parent string, single bool) {
	kind, known := tree.Object(path)
	Expect(known).To(BeTrue())
	Expect(kind.Child).To(Equal(child))
	Expect(kind.Parent(path)).To(Equal(parent))
	Expect(kind.Single()).To(Equal(single))
},
	Entry("top", "/infra/tier-1s/t", "Tier1", "/infra", false),
	Entry("nested", "/infra/tier-1s/t/nat/USER/nat-rules/r", "PolicyNatRule", "/infra/tier-1s/t/nat/USER", false),
	Entry("segment below a gateway", "/infra/tier-1s/t/segments/s/ports/p", "SegmentPort", "/infra/tier-1s/t/segments/s", false),
	Entry("interface of a Tier-0", "/infra/tier-0s/t/locale-services/l/interfaces/i", "Tier0Interface", "/infra/tier-0s/t/locale-services/l", false),
	Entry("interface of a Tier-1", "/infra/tier-1s/t/locale-services/l/interfaces/i", "Tier1Interface", "/infra/tier-1s/t/locale-services/l", false),
	Entry("single", "/infra/tier-0s/t/locale-services/l/bgp", "BgpRoutingConfig", "/infra/tier-0s/t/locale-services/l", true),
	Entry("below a single one", "/infra/tier-0s/t/locale-services/l/bgp/neighbors/n", "BgpNeighborConfig", "/infra/tier-0s/t/locale-services/l/bgp", false),
)

var _ = DescribeTable("no object is at", func(path string) {
	_, known := tree.Object(path)
	Expect(known).To(BeFalse())
},
	Entry("the root", "/infra"),
	Entry("a collection", "/infra/tier-1s"),
	Entry("an unknown place", "/infra/nonsense/x"),
	Entry("an unknown place below an object", "/infra/tier-1s/t/nonsense/x"),
)

var _ = Describe("every kind", func() {
	It("is found again as the child of its parent, by its name in a hierarchical body", func() {
		for _, k := range policy.Kinds() {
			path := strings.ReplaceAll(k.Pattern, "*", "x")
			found, kind, known := tree.Child(k.Parent(path), k.Child, "x")
			Expect(known).To(BeTrue(), k.Pattern)
			Expect(found).To(Equal(path))
			Expect(kind.Child).To(Equal(k.Child))
			Expect(kind.Types).NotTo(BeEmpty())
		}
	})

	It("is known by its collection, unless it is single", func() {
		for _, k := range policy.Kinds() {
			kind, known := tree.Collection(strings.ReplaceAll(k.Collection(), "*", "x"))
			if !k.Single() {
				Expect(known).To(BeTrue(), k.Pattern)
				Expect(kind.Pattern).To(Equal(k.Pattern))
			}
		}
	})
})

var _ = Describe("implicit objects", func() {
	It("are the root, the default domain and site, NAT sections and single objects", func() {
		for path, implicit := range map[string]bool{
			"/infra": true, "/infra/domains/default": true, "/infra/domains/other": false, "/infra/sites/default": true,
			"/infra/tier-1s/t": false, "/infra/tier-1s/t/nat/USER": true, "/infra/tier-1s/t/nat/OTHER": false,
			"/infra/tier-0s/t/locale-services/l/bgp": true,
		} {
			Expect(tree.Implicit(path)).To(Equal(implicit), path)
		}
	})
})

var _ = Describe("completing an intent", func() {
	It("adds what follows from the path, and whose it is, and keeps names and types that are given", func() {
		path := "/infra/lb-app-profiles/a"
		kind, _ := tree.Object(path)
		fields := map[string]any{"id": "wrong", "display_name": "mine", "resource_type": "LBHttpProfile"}
		kind.Complete(fields, path)
		Expect(fields).To(Equal(map[string]any{
			"id": "a", "path": path, "relative_path": "a", "parent_path": "/infra", "display_name": "mine", "resource_type": "LBHttpProfile",
			"marked_for_delete": false, "overridden": false, "remote_path": "", "owner_id": fields["owner_id"],
		}))
		Expect(fields["owner_id"]).To(HaveLen(36))
	})
})
