package inventory_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// ofType gives the batches of one type.
func ofType(p *plan.Plan, t mp.Type) []plan.Batch {
	var found []plan.Batch
	for _, b := range p.Batches {
		if b.Type == t {
			found = append(found, b)
		}
	}
	return found
}

// untag takes the policyPath tags off the objects of a collection, as on an NSX that does not set them there.
func untag(collection string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		for _, o := range tx.Manager().List(collection) {
			if _, err := tx.Manager().Mutate(o.Key, func(fields map[string]any) error {
				var kept []any
				tags, _ := fields["tags"].([]any)
				for _, tag := range tags {
					if tag.(map[string]any)["scope"] != "policyPath" {
						kept = append(kept, tag)
					}
				}
				fields["tags"] = kept
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

var _ = Describe("Looking at entries", func() {
	var (
		g           *ground
		shared, ncp *plan.Plan
	)

	BeforeEach(func(ctx SpecContext) {
		g = start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		shared = g.build(g.retrieve(ctx, mp.Shared), nil)
		ncp = g.build(g.retrieve(ctx, mp.NCP), shared.IDMap())
	})

	It("shows what is gone, whether read by list or one by one [R18]", func(ctx SpecContext) {
		refs := []mp.Ref{{Type: mp.LogicalSwitch, ID: "gone"}, {Type: mp.Tier0Config, ID: "gone"}, {Type: mp.Tier1Port, ID: "gone"}}
		for i := range 30 {
			refs = append(refs, mp.Ref{Type: mp.IPSet, ID: "gone" + string(rune('a'+i))}, mp.Ref{Type: mp.NAT, ID: "gone" + string(rune('a'+i))})
		}
		refs = append(refs, mp.Ref{Type: mp.IPPoolAllocation, ID: "192.0.2.1"})
		found, err := inventory.Look(ctx, g.client, g.cat, refs, func(ref mp.Ref) inventory.Place {
			return inventory.Place{Parent: "gone", PolicyPath: "/infra/ip-pools/gone/ip-allocations/x"}
		})
		Expect(err).NotTo(HaveOccurred())
		expectEvidence(found, catalog.IsAbsent)
		Expect(found).To(HaveLen(len(refs)))
	})

	It("leaves undecided what it is not told the place of", func(ctx SpecContext) {
		refs := []mp.Ref{{Type: mp.NAT, ID: "x"}, {Type: mp.IPPoolAllocation, ID: "192.0.2.1"}}
		found, err := inventory.Look(ctx, g.client, g.cat, refs, nil)
		Expect(err).NotTo(HaveOccurred())
		expectEvidence(found, catalog.Undecided)
	})

	It("finds addresses by their pool where no plan says where they go", func(ctx SpecContext) {
		var refs []mp.Ref
		pools := map[mp.Ref]string{}
		for _, b := range ofType(ncp, mp.IPPoolAllocation) {
			for _, e := range b.Entries {
				refs = append(refs, e.Ref)
				pools[e.Ref] = e.Facts[mp.FactParent]
			}
		}
		look := func() map[mp.Ref]inventory.Finding {
			found, err := inventory.Look(ctx, g.client, g.cat, refs, func(ref mp.Ref) inventory.Place { return inventory.Place{Parent: pools[ref]} })
			Expect(err).NotTo(HaveOccurred())
			return found
		}
		expectEvidence(look(), catalog.IsManager)
		g.promote(ctx, shared.Batches, true)
		expectEvidence(look(), catalog.IsManager)
		g.promote(ctx, ncp.Batches, true)
		expectEvidence(look(), catalog.IsPolicy)
	})

	It("decides router ports by the segments behind them where NSX does not tag them [R19]", func(ctx SpecContext) {
		g.promote(ctx, shared.Batches, true)
		batches := ofType(ncp, mp.Tier1Port)
		var before, rest []plan.Batch
		for i, b := range ncp.Batches {
			if b.Type == mp.Tier1Port {
				before, rest = ncp.Batches[:i], ncp.Batches[i:]
			}
		}
		g.promote(ctx, before, true)
		found := g.look(ctx, batches)
		for _, e := range batches[0].Entries {
			if len(batches[0].Request.MigrationData[0].ResourceIDs[0].Metadata) > 1 {
				Expect(found[e.Ref].Evidence).NotTo(Equal(catalog.IsPolicy), "the router is Policy, its ports are not")
			}
		}
		g.promote(ctx, rest[:1], true)
		expectEvidence(g.look(ctx, batches), catalog.IsPolicy)
		Expect(g.server.Store().Update(untag("logical-router-ports"))).To(Succeed())
		expectEvidence(g.look(ctx, batches), catalog.IsPolicy)
	})

	It("decides a Tier-0's configuration by its router, the coordinator's memory, or the tag on BGP", func(ctx SpecContext) {
		config := ofType(shared, mp.Tier0Config)
		expectEvidence(g.look(ctx, config), catalog.IsManager)
		var before []plan.Batch
		for _, b := range shared.Batches {
			if b.Type != mp.Tier0Config {
				before = append(before, b)
			}
		}
		g.promote(ctx, before, true)
		expectEvidence(g.look(ctx, config), catalog.IsManager)
		g.promote(ctx, config, true)
		expectEvidence(g.look(ctx, config), catalog.IsPolicy)

		down := bent{API: g.client, migrated: func(string) error { return &nsx.Error{Kind: mp.KindCoordinatorDown} }}
		refs := []mp.Ref{config[0].Entries[0].Ref}
		found, err := inventory.Look(ctx, down, g.cat, refs, nil)
		Expect(err).NotTo(HaveOccurred())
		expectEvidence(found, catalog.IsPolicy)
		halfDown := bent{API: g.client, migrated: func(resourceType string) error {
			if resourceType == string(mp.Tier0Config) {
				return &nsx.Error{Kind: mp.KindCoordinatorDown}
			}
			return nil
		}}
		found, err = inventory.Look(ctx, halfDown, g.cat, refs, nil)
		Expect(err).NotTo(HaveOccurred())
		expectEvidence(found, catalog.IsPolicy) // that the router is remembered says nothing where the entry was not asked about
		Expect(g.server.Store().Update(untag("logical-routers/" + refs[0].ID + "/routing"))).To(Succeed())
		found, err = inventory.Look(ctx, down, g.cat, refs, nil)
		Expect(err).NotTo(HaveOccurred())
		expectEvidence(found, catalog.Undecided)
		found, err = inventory.Look(ctx, down, g.cat, refs, func(mp.Ref) inventory.Place { return inventory.Place{PolicyPath: "/infra/tier-0s/t0"} })
		Expect(err).NotTo(HaveOccurred())
		expectEvidence(found, catalog.IsPolicy)

		broken := bent{API: g.client, migrated: func(string) error { return &nsx.Error{Kind: mp.KindServer} }}
		_, err = inventory.Look(ctx, broken, g.cat, refs, nil)
		Expect(err).To(MatchError(ContainSubstring("asking the coordinator about TIER0_LOGICAL_ROUTER_CONFIG/")))
	})

	It("never searches [R19]", func(ctx SpecContext) {
		before := len(g.server.Requests())
		g.look(ctx, ncp.Batches)
		g.census(ctx, mp.NCP, ncp)
		for _, r := range g.server.Requests()[before:] {
			Expect(r.Path).NotTo(ContainSubstring("/search"))
		}
	})
})

var _ = Describe("A census", func() {
	It("finds what is new, changed and gone since the plan [R6]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		shared := g.build(g.retrieve(ctx, mp.Shared), nil)
		p := g.build(g.retrieve(ctx, mp.NCP), shared.IDMap())
		entry := func(t mp.Type) plan.Entry { return ofType(p, t)[0].Entries[0] }
		renamed, gone, nat := entry(mp.LogicalSwitch), entry(mp.IPSet), entry(mp.NAT)
		Expect(g.server.Store().Update(func(tx *store.Tx) error {
			if _, err := tx.Manager().Mutate("logical-switches/"+renamed.ID, func(f map[string]any) error { f["display_name"] = "another"; return nil }); err != nil {
				return err
			}
			if err := tx.Manager().Delete("ip-sets/" + gone.ID); err != nil {
				return err
			}
			return tx.Manager().Delete("logical-routers/" + nat.Facts[mp.FactParent] + "/nat/rules/" + nat.ID)
		})).To(Succeed())
		Expect(g.server.Store().Update(put(map[string]object{
			"ip-sets/new":     {"id": "new", "resource_type": "IPSet", "display_name": "new set", "tags": tagsOf("tas1")},
			"ip-sets/foreign": {"id": "foreign", "resource_type": "IPSet", "display_name": "x", "tags": tagsOf("tas1-other")},
			"logical-routers/" + nat.Facts[mp.FactParent] + "/nat/rules/new": {"id": "new", "resource_type": "NatRule", "logical_router_id": nat.Facts[mp.FactParent], "tags": tagsOf("tas1")},
		}))).To(Succeed())

		c := g.census(ctx, mp.NCP, p)
		Expect(c.New).To(Equal(inventory.Count{N: 2, First: []string{"IP_SET/new (new set)", "NAT/new"}}))
		Expect(c.Changed.First).To(Equal([]string{renamed.String() + " (another)"}))
		Expect(c.Absent.First).To(ConsistOf(gone.String(), nat.String()))
		Expect(c.Manager.N).To(Equal(p.Objects() - 2))
		Expect(c.Manager.First).To(HaveLen(50), "names are for people")
		Expect(c.Policy.N + c.Undecided.N).To(BeZero())
	})

	It("of scope shared looks at nothing but what the run knows", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		p := g.build(g.retrieve(ctx, mp.Shared), nil)
		before := len(g.server.Requests())
		Expect(g.census(ctx, mp.Shared, p)).To(beAll("Manager", p.Objects()))
		for _, r := range g.server.Requests()[before:] {
			Expect(r.Path).NotTo(ContainSubstring("logical-ports"))
		}
	})
})

var _ = Describe("The hash of an object", func() {
	DescribeTable("is the same for what NSX itself changes", func(same bool, a, b string) {
		first, err := inventory.Hash([]byte(a))
		Expect(err).NotTo(HaveOccurred())
		second, err := inventory.Hash([]byte(b))
		Expect(err).NotTo(HaveOccurred())
		Expect(first == second).To(Equal(same))
	},
		Entry("bookkeeping", true, `{"id":"a","_revision":1,"_create_user":"x"}`, `{"id":"a","_revision":2}`),
		Entry("order of keys", true, `{"id":"a","n":{"x":1,"y":2}}`, `{"n":{"y":2,"x":1},"id":"a"}`),
		Entry("usage", true, `{"id":"a","pool_usage":{"free_ids":1}}`, `{"id":"a"}`),
		Entry("the policyPath tag", true, `{"id":"a","tags":[{"scope":"policyPath","tag":"/infra/x"}]}`, `{"id":"a"}`),
		Entry("order of tags", true, `{"tags":[{"scope":"a","tag":"1"},{"scope":"b","tag":"2"}]}`, `{"tags":[{"scope":"b","tag":"2"},{"scope":"a","tag":"1"}]}`),
		Entry("ways of writing", true, `{"a":"\u00e9\/","n":1.0,"e":1e2}`, `{"a":"é/","n":1,"e":100}`),
		Entry("but not a value", false, `{"id":"a"}`, `{"id":"b"}`),
		Entry("nor a tag", false, `{"tags":[{"scope":"a","tag":"1"}]}`, `{"tags":[{"scope":"a","tag":"2"}]}`),
		Entry("nor a number", false, `{"n":1}`, `{"n":1.5}`),
		Entry("nor null in the place of nothing", false, `{"n":[{"a":null,"b":true}]}`, `{"n":[{"b":true}]}`),
		Entry("nor a number in the place of a text", false, `{"n":1}`, `{"n":"1"}`),
	)

	It("refuses what is no object [I10]", func() {
		_, err := inventory.Hash([]byte(`[1]`))
		Expect(err).To(HaveOccurred())
	})
})
