package updates

import (
	"encoding/json"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
)

var _ = DescribeTable("nest puts an object below references to its parents",
	func(path, want string) {
		body, err := nest([]intent{{path: path, body: json.RawMessage(`{"id":"x"}`)}})
		Expect(err).NotTo(HaveOccurred())
		text, err := json.Marshal(body)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(text)).To(MatchJSON(`{"resource_type":"Infra","children":[` + want + `]}`))
	},
	Entry("segment", "/infra/segments/x", `{"resource_type":"ChildSegment","Segment":{"id":"x"}}`),
	Entry("port", "/infra/segments/s/ports/x", `{"resource_type":"ChildResourceReference","id":"s","target_type":"Segment","children":[
		{"resource_type":"ChildSegmentPort","SegmentPort":{"id":"x"}}]}`),
	Entry("port of a gateway's segment", "/infra/tier-1s/t/segments/s/ports/x", `{"resource_type":"ChildResourceReference","id":"t","target_type":"Tier1","children":[
		{"resource_type":"ChildResourceReference","id":"s","target_type":"Segment","children":[{"resource_type":"ChildSegmentPort","SegmentPort":{"id":"x"}}]}]}`),
	Entry("NAT rule", "/infra/tier-1s/t/nat/USER/nat-rules/x", `{"resource_type":"ChildResourceReference","id":"t","target_type":"Tier1","children":[
		{"resource_type":"ChildResourceReference","id":"USER","target_type":"PolicyNat","children":[{"resource_type":"ChildPolicyNatRule","PolicyNatRule":{"id":"x"}}]}]}`),
	Entry("interface of a Tier-0", "/infra/tier-0s/t/locale-services/l/interfaces/x", `{"resource_type":"ChildResourceReference","id":"t","target_type":"Tier0","children":[
		{"resource_type":"ChildResourceReference","id":"l","target_type":"LocaleServices","children":[{"resource_type":"ChildTier0Interface","Tier0Interface":{"id":"x"}}]}]}`),
	Entry("interface of a Tier-1", "/infra/tier-1s/t/locale-services/l/interfaces/x", `{"resource_type":"ChildResourceReference","id":"t","target_type":"Tier1","children":[
		{"resource_type":"ChildResourceReference","id":"l","target_type":"LocaleServices","children":[{"resource_type":"ChildTier1Interface","Tier1Interface":{"id":"x"}}]}]}`),
	Entry("static route", "/infra/tier-1s/t/static-routes/x", `{"resource_type":"ChildResourceReference","id":"t","target_type":"Tier1","children":[
		{"resource_type":"ChildStaticRoutes","StaticRoutes":{"id":"x"}}]}`),
	Entry("subnet", "/infra/ip-pools/p/ip-subnets/x", `{"resource_type":"ChildResourceReference","id":"p","target_type":"IpAddressPool","children":[
		{"resource_type":"ChildIpAddressPoolSubnet","IpAddressPoolSubnet":{"id":"x"}}]}`),
	Entry("address", "/infra/ip-pools/p/ip-allocations/x", `{"resource_type":"ChildResourceReference","id":"p","target_type":"IpAddressPool","children":[
		{"resource_type":"ChildIpAddressAllocation","IpAddressAllocation":{"id":"x"}}]}`),
	Entry("group", "/infra/domains/default/groups/x", `{"resource_type":"ChildResourceReference","id":"default","target_type":"Domain","children":[
		{"resource_type":"ChildGroup","Group":{"id":"x"}}]}`),
	Entry("security policy", "/infra/domains/default/security-policies/x", `{"resource_type":"ChildResourceReference","id":"default","target_type":"Domain","children":[
		{"resource_type":"ChildSecurityPolicy","SecurityPolicy":{"id":"x"}}]}`),
	Entry("monitor, whose own type is more special", "/infra/lb-monitor-profiles/x", `{"resource_type":"ChildLBMonitorProfile","LBMonitorProfile":{"id":"x"}}`),
)

var _ = It("nest names each parent once", func() {
	body, err := nest([]intent{
		{path: "/infra/segments/s/ports/a", body: json.RawMessage(`1`)},
		{path: "/infra/segments/other/ports/c", body: json.RawMessage(`3`)},
		{path: "/infra/segments/s/ports/b", body: json.RawMessage(`2`)},
	})
	Expect(err).NotTo(HaveOccurred())
	text, err := json.Marshal(body)
	Expect(err).NotTo(HaveOccurred())
	Expect(string(text)).To(MatchJSON(`{"resource_type":"Infra","children":[
		{"resource_type":"ChildResourceReference","id":"s","target_type":"Segment","children":[
			{"resource_type":"ChildSegmentPort","SegmentPort":1},{"resource_type":"ChildSegmentPort","SegmentPort":2}]},
		{"resource_type":"ChildResourceReference","id":"other","target_type":"Segment","children":[{"resource_type":"ChildSegmentPort","SegmentPort":3}]}]}`))
})

var _ = It("every Policy path of the catalog can be updated", func() {
	types, err := catalog.New(nil)
	Expect(err).NotTo(HaveOccurred())
	checked := 0
	for _, entry := range types.Entries() {
		for _, path := range pathsOf(types, entry) {
			k, err := kindOf(path)
			Expect(err).NotTo(HaveOccurred(), string(entry.Type))
			Expect(append(k.resourceTypes(), k.Type)).To(ContainElement(entry.PolicyType), string(entry.Type))
			checked++
		}
	}
	Expect(checked).To(BeNumerically(">", 20))
})

// pathsOf are the places at which objects of a type can be, with x for every id.
func pathsOf(types *catalog.Catalog, entry *catalog.Entry) []string {
	path := strings.ReplaceAll(entry.PolicyPath, "{policy_id}", "x")
	below, nested := strings.CutPrefix(path, "{parent_path}")
	if path == "" || !nested {
		return slices.DeleteFunc([]string{path}, func(p string) bool { return p == "" })
	}
	var paths []string
	for _, parent := range entry.Parents {
		parentEntry, known := types.Entry(parent)
		Expect(known).To(BeTrue())
		for _, above := range pathsOf(types, parentEntry) {
			paths = append(paths, above+below)
		}
	}
	return paths
}

var _ = DescribeTable("a path at which no promoted object can be is refused, naming it [I10]",
	func(path string) {
		_, err := nest([]intent{{path: path}})
		Expect(err).To(MatchError(ContainSubstring(`"` + path + `"`)))
	},
	Entry("empty", ""),
	Entry("the root", "/infra"),
	Entry("a collection", "/infra/segments"),
	Entry("no id", "/infra/segments/"),
	Entry("another tree", "/global-infra/segments/x"),
	Entry("an unknown collection", "/infra/unicorns/x"),
	Entry("a collection below the wrong parent", "/infra/segments/s/nat-rules/x"),
)
