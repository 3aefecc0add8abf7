package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// enumeration is NSX's own list of the types that it migrates (NSX Go SDK, migrated-resources).
var enumeration = strings.Fields(`IPBLOCK IPPOOL IPBLOCK_SUBNET IPPOOL_ALLOCATION TIER0 TIER1 TIER0_LOGICAL_ROUTER_PORT
TIER1_LOGICAL_ROUTER_PORT TIER0_LOGICAL_ROUTER_CONFIG SPOOFGUARD_PROFILES LOGICAL_SWITCH LOGICAL_PORT NAT IP_SET NS_GROUP CERTIFICATE
CRL LB_MONITOR LB_POOL LB_PERSISTENCE_PROFILE LB_APPLICATION_PROFILE LB_SERVICE LB_CLIENT_SSL_PROFILE LB_VIRTUAL_SERVER DFW_SECTION`)

func types(c *catalog.Catalog) []string {
	var names []string
	for _, e := range c.Entries() {
		names = append(names, string(e.Type))
	}
	return names
}

var _ = Describe("The catalog", func() {
	var c *catalog.Catalog

	BeforeEach(func() {
		var err error
		c, err = catalog.New(nil)
		Expect(err).NotTo(HaveOccurred())
	})

	It("has every type that NSX migrates, and the other switching profiles", func() {
		Expect(types(c)).To(ConsistOf(append(slices.Clone(enumeration), "MACDISCOVERY_PROFILES", "SEGMENT_SECURITY_PROFILES", "QOS_PROFILES", "IPDISCOVERY_PROFILES")))
	})

	It("is what the golden table says (UPDATE_GOLDEN=1 writes it anew)", func() {
		golden := filepath.Join("testdata", "catalog.txt")
		got := table(c)
		if os.Getenv("UPDATE_GOLDEN") != "" {
			Expect(os.WriteFile(golden, []byte(got), 0o600)).To(Succeed())
		}
		want, err := os.ReadFile(golden)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(string(want)))
	})

	It("is consistent in itself", func() {
		keys := map[string]bool{}
		for _, e := range c.Entries() {
			Expect(e.Limit).To(BeNumerically(">", 0), "%s", e.Type)
			Expect(e.ManagerTypes).NotTo(BeEmpty(), "%s", e.Type)
			Expect(e.List).To(HavePrefix("/api/v1/"), "%s", e.Type)
			Expect(keys).NotTo(HaveKey(e.SpecKey))
			if e.SpecKey != "" {
				keys[e.SpecKey] = true
				found, ok := c.BySpecKey(e.SpecKey)
				Expect(ok).To(BeTrue())
				Expect(found).To(BeIdenticalTo(e))
			}
			for _, refers := range append(slices.Clone(e.Refers), e.PartRefers...) {
				Expect(refers.To).NotTo(BeEmpty(), "%s %s", e.Type, refers.Path)
				Expect(refers.Kind != "" || len(refers.To) == 1).To(BeTrue(), "%s %s", e.Type, refers.Path)
				for _, to := range refers.To {
					Expect(precedes(c, to, e)).To(BeTrue(), "%s refers to %s, which comes later", e.Type, to)
				}
			}
			for _, parent := range e.Parents {
				Expect(precedes(c, parent, e)).To(BeTrue(), "%s lives below %s, which comes later", e.Type, parent)
			}
		}
	})

	It("migrates in an order in which everything comes after what it needs", func() {
		order := types(c)
		for _, e := range c.Entries() {
			for _, before := range e.After {
				Expect(slices.Index(order, string(before))).To(BeNumerically("<", slices.Index(order, string(e.Type))), "%s after %s", e.Type, before)
			}
		}
		Expect(order[len(order)-1]).To(Equal("DFW_SECTION"), "the slowest to roll back")
		Expect(order).To(Equal(types(newCatalog(nil))), "the order is the same every time")
	})

	DescribeTable("tells Manager objects apart", func(t mp.Type, resourceType, routerType string, accepted bool) {
		e, ok := c.Entry(t)
		Expect(ok).To(BeTrue())
		Expect(e.Accepts(resourceType, routerType)).To(Equal(accepted))
	},
		Entry("a Tier-0", mp.Tier0, "LogicalRouter", "TIER0", true),
		Entry("a Tier-1 is no Tier-0", mp.Tier0, "LogicalRouter", "TIER1", false),
		Entry("a VRF is neither", mp.Tier1, "LogicalRouter", "VRF", false),
		Entry("whatever the case", mp.IPPool, "IPPOOL", "", true),
		Entry("a profile of its own kind", mp.QOSProfile, "QosSwitchingProfile", "", true),
		Entry("a profile of another kind", mp.QOSProfile, "SpoofGuardSwitchingProfile", "", false),
	)

	It("knows which tags hold Manager ids", func() {
		for scope, want := range map[string]mp.Type{"ncp/extpoolid": mp.IPPool, "ext_pool_id": mp.IPPool, "ncp/hc_sect_id": mp.DFWSection} {
			t, ok := c.TagReference(scope)
			Expect(ok).To(BeTrue())
			Expect(t).To(Equal(want))
		}
		_, ok := c.TagReference("ncp/project")
		Expect(ok).To(BeFalse())
	})

	It("finds nothing under keys and types that there are not", func() {
		_, ok := c.Entry("METADATA_PROXY")
		Expect(ok).To(BeFalse())
		_, ok = c.BySpecKey("")
		Expect(ok).To(BeFalse(), "types without a key cannot be listed")
	})
})

var _ = Describe("Overrides", func() {
	It("change limit, order, metadata and linked ids of one type and of one catalog", func() {
		c := newCatalog(map[string]catalog.Override{
			"NAT":         {Limit: 7, Metadata: map[string]string{"SEQUENCE_NUMBER": "1", "extra": "{id}"}, LinkedIDs: map[string]string{"T": "{parent}"}},
			"IP_SET":      {After: []string{"DFW_SECTION"}},
			"NS_GROUP":    {After: []string{}},
			"DFW_SECTION": {After: []string{"NS_GROUP"}},
		})
		e, _ := c.Entry(mp.NAT)
		Expect(e.Limit).To(Equal(7))
		Expect(e.Metadata).To(Equal([]mp.KeyValue{{Key: "SEQUENCE_NUMBER", Value: "1"}, {Key: "extra", Value: "{id}"}}))
		Expect(e.LinkedIDs).To(Equal([]mp.KeyValue{{Key: "{parent_type}", Value: "{parent}"}, {Key: "T", Value: "{parent}"}}))
		order := types(c)
		Expect(slices.Index(order, "IP_SET")).To(BeNumerically(">", slices.Index(order, "DFW_SECTION")))

		untouched, _ := newCatalog(nil).Entry(mp.NAT)
		Expect(untouched.Limit).To(Equal(1500))
		Expect(untouched.Metadata).To(Equal([]mp.KeyValue{{Key: "SEQUENCE_NUMBER", Value: "{sequence}"}}))
	})

	DescribeTable("that make no sense are refused, naming the type [I10]", func(overrides map[string]catalog.Override, text string) {
		_, err := catalog.New(overrides)
		Expect(err).To(MatchError(ContainSubstring(text)))
	},
		Entry("an unknown type", map[string]catalog.Override{"LOGICAL_SWITCHES": {Limit: 1}}, `"LOGICAL_SWITCHES": no such type; known are CERTIFICATE, CRL, DFW_SECTION`),
		Entry("an unknown type before", map[string]catalog.Override{"NAT": {After: []string{"ROUTER"}}}, `after names "ROUTER"`),
		Entry("a negative limit", map[string]catalog.Override{"NAT": {Limit: -1}}, "limit -1 is negative"),
		Entry("a circle", map[string]catalog.Override{"IPBLOCK": {After: []string{"IPPOOL_ALLOCATION"}}}, "IPBLOCK must come after IPPOOL_ALLOCATION must come after"),
		Entry("a type after itself", map[string]catalog.Override{"CRL": {After: []string{"CRL"}}}, "CRL must come after CRL"),
	)
})

func newCatalog(overrides map[string]catalog.Override) *catalog.Catalog {
	GinkgoHelper()
	c, err := catalog.New(overrides)
	Expect(err).NotTo(HaveOccurred())
	return c
}

// precedes tells whether a type comes before an entry, or is the same.
func precedes(c *catalog.Catalog, t mp.Type, e *catalog.Entry) bool {
	order := types(c)
	return slices.Index(order, string(t)) <= slices.Index(order, string(e.Type))
}

// table prints everything that the catalog says, in the order of migration.
func table(c *catalog.Catalog) string {
	var b strings.Builder
	for _, e := range c.Entries() {
		fmt.Fprintf(&b, "%s\n", e.Type)
		line := func(name string, value any) {
			if text := strings.Trim(fmt.Sprint(value), "[] "); text != "" && text != "false" {
				fmt.Fprintf(&b, "  %-14s %s\n", name, text)
			}
		}
		line("user spec", e.SpecKey)
		line("manager", strings.Join(e.ManagerTypes, " ")+" "+e.RouterType)
		line("list", e.List)
		for key, value := range e.Query {
			line("list with", key+"="+value)
		}
		line("found", map[catalog.Found]string{catalog.ByTag: "by tag", catalog.WithParent: "with its router", catalog.ByReferrer: "by those who use it"}[e.Found])
		line("in order", e.Ordered)
		line("below", e.Parents)
		line("holds", strings.Join(e.Parts, " "))
		line("limit", e.Limit)
		line("together", e.Together)
		line("after", e.After)
		line("policy id sent", e.Named)
		pairs(&b, "metadata", e.Metadata)
		pairs(&b, "linked ids", e.LinkedIDs)
		pairs(&b, "part metadata", e.PartMetadata)
		pairs(&b, "part linked ids", e.PartLinkedIDs)
		line("policy type", e.PolicyType)
		line("policy path", e.PolicyPath)
		for _, f := range e.Refers {
			fmt.Fprintf(&b, "  %-14s %s -> %v\n", "refers", f.Path, f.To)
		}
		for _, f := range e.PartRefers {
			fmt.Fprintf(&b, "  %-14s %s -> %v\n", "parts refer", f.Path, f.To)
		}
		line("owner", map[catalog.Principal]string{catalog.OfScope: "of the scope", catalog.AlwaysShared: "always the shared one"}[e.Principal])
		line("evidence", map[catalog.Proof]string{
			catalog.PolicyPathTag: "policyPath tag", catalog.RouterParts: "its ports", catalog.PolicyChild: "its Policy twin", catalog.MigratedResources: "the coordinator's list",
		}[e.Proof])
		for _, a := range e.Assumed {
			line("ASSUMED", a)
		}
	}
	return b.String()
}

func pairs(b *strings.Builder, name string, list []mp.KeyValue) {
	for _, p := range list {
		fmt.Fprintf(b, "  %-14s %s = %s\n", name, p.Key, p.Value)
	}
}
