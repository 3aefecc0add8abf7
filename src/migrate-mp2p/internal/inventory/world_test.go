package inventory_test

import (
	"context"
	"maps"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("A TAS foundation on a simulated NSX", func() {
	It("is retrieved whole: exactly what NCP made, and its addresses and router ports [R4] [R13]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		inv := g.retrieve(ctx, mp.NCP)

		created, err := g.world.CreatedBy("tas1")
		Expect(err).NotTo(HaveOccurred())
		want := map[string]bool{}
		for _, o := range created {
			if o.Collection != "logical-router-ports" && o.Collection != "loadbalancer/rules" { // these travel inside others
				want[o.ID] = true
			}
		}
		got := map[string]bool{}
		for _, o := range inv.Objects {
			if o.Type != mp.Tier1Port && o.Type != mp.IPPoolAllocation {
				Expect(got).NotTo(HaveKey(o.ID))
				got[o.ID] = true
			}
		}
		Expect(got).To(Equal(want))
		Expect(inv.Policy).To(BeEmpty())
		Expect(inv.Unsupported).To(BeEmpty())
		Expect(inv.CriteriaScopes).To(HaveKey("ncp/project"))
		Expect(inv.CriteriaScopes).To(HaveKey("team"), "asked for by a Policy group of the administrator")
	})

	It("is planned without problems, the shared resources first [R3] [R13]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		shared := g.build(g.retrieve(ctx, mp.Shared), nil)
		Expect(shared.Objects()).To(Equal(10))
		ncp := g.build(g.retrieve(ctx, mp.NCP), shared.IDMap())
		Expect(ncp.Objects()).To(BeNumerically(">", 480))
		Expect(ncp.Principal).To(Equal("tas1-ncp"))
		for id, path := range ncp.References {
			Expect(shared.IDMap()).To(HaveKeyWithValue(id, path))
		}

		_, err := plan.Build(g.retrieve(ctx, mp.NCP), plan.Options{Catalog: g.cat})
		Expect(err).To(MatchError(ContainSubstring("list it in the user spec (tier0_routers:")), "the shared resources are still Manager")
	})

	It("gives the same plan every time [I4]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		assume := g.build(g.retrieve(ctx, mp.Shared), nil).IDMap()
		first := g.build(g.retrieve(ctx, mp.NCP), assume)
		for range 3 {
			Expect(g.build(g.retrieve(ctx, mp.NCP), assume).Digest).To(Equal(first.Digest))
		}
		for _, r := range g.server.Requests() {
			Expect(r.Method == "GET" || strings.Contains(r.Path, "/api/session/create")).To(BeTrue(), "%s %s", r.Method, r.Path)
		}
	})

	It("is accepted by the coordinator, and every entry shows what it is before, after and after the way back [R14] [R17]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		shared := g.build(g.retrieve(ctx, mp.Shared), nil)
		g.promote(ctx, shared.Batches, true)
		Expect(g.census(ctx, mp.Shared, shared)).To(beAll("Policy", shared.Objects()))
		again := g.retrieve(ctx, mp.Shared)
		Expect(again.Objects).To(BeEmpty(), "what is Policy is not migrated again")
		Expect(again.Policy).NotTo(BeEmpty())

		ncp := g.build(g.retrieve(ctx, mp.NCP), nil)
		Expect(ncp.References).To(Equal(intersect(shared.IDMap(), ncp.References)))
		Expect(g.census(ctx, mp.NCP, ncp)).To(beAll("Manager", ncp.Objects()))
		expectEvidence(g.look(ctx, ncp.Batches), catalog.IsManager)

		g.promote(ctx, ncp.Batches, false)
		expectEvidence(g.look(ctx, ncp.Batches), catalog.IsPolicy)
		for _, b := range ncp.Batches { // one by one: read by GET and not by list
			expectEvidence(g.look(ctx, []plan.Batch{{Type: b.Type, Entries: b.Entries[:1]}}), catalog.IsPolicy)
		}
		Expect(g.census(ctx, mp.NCP, ncp)).To(beAll("Policy", ncp.Objects()))
		for _, b := range ncp.Batches {
			found := g.look(ctx, []plan.Batch{b})
			for _, e := range b.Entries {
				if e.PolicyPath != "" {
					Expect(found[e.Ref].PolicyPath).To(Equal(e.PolicyPath), e.String())
				}
			}
		}
		after := g.retrieve(ctx, mp.NCP)
		Expect(after.Objects).To(BeEmpty())
		Expect(after.Policy).To(HaveLen(ncp.Objects()))

		g.rollBack(ctx, ncp.Batches)
		expectEvidence(g.look(ctx, ncp.Batches), catalog.IsManager)
		back := g.census(ctx, mp.NCP, ncp)
		Expect(back).To(beAll("Manager", ncp.Objects()))
		Expect(g.build(g.retrieve(ctx, mp.NCP), nil).Digest).To(Equal(ncp.Digest))
	})

	It("is seen half-way by another run [I8]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		Expect(inventory.FindHalfWay(ctx, g.client, g.cat, "tas", "tas1-other")).To(BeEmpty())
		shared := g.build(g.retrieve(ctx, mp.Shared), nil)
		g.promote(ctx, shared.Batches, true)
		ncp := g.build(g.retrieve(ctx, mp.NCP), nil)
		Expect(inventory.FindHalfWay(ctx, g.client, g.cat, "tas", "tas1-other")).To(BeEmpty(), "shared is whole, the cluster untouched")
		g.promote(ctx, ncp.Batches[:6], true)

		found, err := inventory.FindHalfWay(ctx, g.client, g.cat, "tas", "tas1-other")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(HaveLen(1))
		Expect(found[0].Cluster).To(Equal("tas1"))
		Expect(inventory.FindHalfWay(ctx, g.client, g.cat, "tas", "tas1")).To(BeEmpty(), "our own cluster is judged by our records")
	})

	It("is seen half-way by a cluster whose name is alike but for the case [I8]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		g.promote(ctx, g.build(g.retrieve(ctx, mp.Shared), nil).Batches, true)
		g.promote(ctx, g.build(g.retrieve(ctx, mp.NCP), nil).Batches[:6], true)
		Expect(inventory.FindHalfWay(ctx, g.client, g.cat, "tas", "TAS1")).To(HaveExactElements(HaveField("Cluster", "tas1")))
		census, err := inventory.TakeCensus(ctx, g.client, g.cat, inventory.CensusQuery{Scope: mp.NCP, Cluster: "TAS1"})
		Expect(err).NotTo(HaveOccurred())
		Expect(census).To(beAll("Manager", 0))
	})

	It("is seen half-way when a shared Tier-0 is Policy and its uplinks are not [I8]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		shared := g.build(g.retrieve(ctx, mp.Shared), nil)
		var upToTier0 []plan.Batch
		for _, b := range shared.Batches {
			upToTier0 = append(upToTier0, b)
			if b.Type == mp.Tier0 {
				break
			}
		}
		g.promote(ctx, upToTier0, true)
		found, err := inventory.FindHalfWay(ctx, g.client, g.cat, "tas", "tas1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(HaveLen(1))
		Expect(found[0].Cluster).To(BeEmpty())

		rest := g.build(g.retrieve(ctx, mp.Shared), nil)
		Expect(rest.Totals).To(HaveExactElements(plan.TypeTotal{Type: mp.Tier0Port, Objects: 2, Batches: 1}), "no configuration without its router or the operator's wish")
	})

	It("is frugal: few requests, whatever its size", func(ctx SpecContext) {
		requests := map[int]int64{}
		for _, scale := range []int{1, 4} {
			g := start(scale, nsxsim.Options{}, nil)
			g.connect(ctx)
			before := g.client.Stats().Requests
			g.retrieve(ctx, mp.NCP)
			requests[scale] = g.client.Stats().Requests - before
		}
		Expect(requests[1]).To(BeNumerically("<", 110), "each list is searched, counted twice and read")
		Expect(requests[4]-requests[1]).To(BeNumerically("<", 6), "1,500 more objects")
	})

	It("is left alone as soon as the run is cancelled", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		short, cancel := context.WithCancel(ctx)
		defer cancel()
		_, err := inventory.Retrieve(short, bent{API: g.client, list: func(string) { cancel() }}, g.query(mp.NCP))
		Expect(err).To(MatchError(context.Canceled))
	})
})

// beAll expects all objects in one count of a census, and nothing in the others.
func beAll(field string, n int) OmegaMatcher {
	counts := func(c *inventory.Census) map[string]int {
		return map[string]int{"Manager": c.Manager.N, "Policy": c.Policy.N, "Absent": c.Absent.N, "Undecided": c.Undecided.N, "New": c.New.N, "Changed": c.Changed.N}
	}
	want := map[string]int{"Manager": 0, "Policy": 0, "Absent": 0, "Undecided": 0, "New": 0, "Changed": 0}
	want[field] = n
	return WithTransform(counts, Equal(want))
}

func expectEvidence(found map[mp.Ref]inventory.Finding, want catalog.Evidence) {
	GinkgoHelper()
	for ref, f := range found {
		Expect(f.Evidence).To(Equal(want), ref.String())
	}
}

// intersect keeps the pairs of all whose keys are in some.
func intersect(all, some map[string]string) map[string]string {
	kept := maps.Clone(all)
	maps.DeleteFunc(kept, func(key, _ string) bool { _, ok := some[key]; return !ok })
	return kept
}
