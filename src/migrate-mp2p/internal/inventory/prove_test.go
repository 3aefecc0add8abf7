package inventory_test

import (
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("A search index that shows what was", func() {
	// frozen is an NSX whose index shows nothing new until it is told to.
	frozen := func(ctx SpecContext) (g *ground, shared, ncp *plan.Plan) {
		GinkgoHelper()
		g = start(1, nsxsim.Options{SearchLag: time.Hour}, nil)
		router := g.routerOf("tas1")
		Expect(g.server.Store().Update(put(map[string]object{
			"logical-routers/" + router + "/routing/static-routes/r": {"id": "r", "resource_type": "StaticRoute", "display_name": "route",
				"logical_router_id": router, "network": "10.9.0.0/16", "tags": tagsOf("tas1")},
		}))).To(Succeed())
		g.server.Store().Reindex()
		g.connect(ctx)
		shared = g.build(g.retrieve(ctx, mp.Shared), nil)
		ncp = g.build(g.retrieve(ctx, mp.NCP), shared.IDMap())
		return g, shared, ncp
	}

	It("does not make a run skip what was rolled back since, in either scope [R13] [I4]", func(ctx SpecContext) {
		g, shared, ncp := frozen(ctx)
		all := slices.Concat(shared.Batches, ncp.Batches)
		g.promote(ctx, all, false)
		g.server.Store().Reindex()
		g.rollBack(ctx, all)

		back := g.retrieve(ctx, mp.Shared)
		Expect(back.Policy).To(BeEmpty())
		Expect(g.build(back, nil).Digest).To(Equal(shared.Digest), "every body that would be sent is the fresh one")
		again := g.retrieve(ctx, mp.NCP)
		Expect(again.Policy).To(BeEmpty())
		Expect(g.build(again, shared.IDMap()).Digest).To(Equal(ncp.Digest))
		_, err := plan.Build(again, plan.Options{Catalog: g.cat})
		Expect(err).To(MatchError(ContainSubstring("still Manager and not in the plan")), "what NCP's objects need is Manager, too")
	})

	It("does not make a run send what was migrated since, in either scope [R13] [R19]", func(ctx SpecContext) {
		g, shared, ncp := frozen(ctx)
		g.promote(ctx, shared.Batches, true)
		again := g.retrieve(ctx, mp.Shared)
		Expect(again.Objects).To(BeEmpty())
		Expect(again.Policy).To(HaveLen(shared.Objects()))
		Expect(g.build(g.retrieve(ctx, mp.NCP), nil).References).To(Equal(ncp.References))

		g.promote(ctx, ncp.Batches, true)
		after := g.retrieve(ctx, mp.NCP)
		Expect(after.Objects).To(BeEmpty())
		Expect(after.Policy).To(HaveLen(ncp.Objects()))
		for _, o := range after.Skipped() {
			Expect(o.PolicyPath).NotTo(BeEmpty(), o.String())
		}
	})

	It("is not trusted with what is skipped where the lists are too long to be read for nothing [R13] [I9]", func(ctx SpecContext) {
		g, shared, ncp := frozen(ctx)
		g.promote(ctx, shared.Batches, true)
		g.promote(ctx, ncp.Batches, false)
		g.server.Store().Reindex()
		var mu sync.Mutex
		read := map[string]int{}
		var said []string
		api := long(g.client)
		api.list = func(path string) {
			mu.Lock()
			defer mu.Unlock()
			read[path]++
		}
		q := g.query(mp.NCP)
		q.Waiting = func(reason string) { said = append(said, reason) }
		inv, err := inventory.Retrieve(ctx, api, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(inv.Objects).To(BeEmpty())
		Expect(said).To(BeEmpty())
		Expect(read).NotTo(HaveKey("/api/v1/loadbalancer/client-ssl-profiles"), "nothing of it was found: there is nothing to prove")

		g.rollBack(ctx, ncp.Batches)
		inv, err = inventory.Retrieve(ctx, api, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(inv.Policy).To(BeEmpty())
		Expect(g.build(inv, nil).Digest).To(Equal(ncp.Digest))
		Expect(said).To(ContainElement(MatchRegexp(`the search index is behind: \d+ objects of /api/v1/logical-ports are not what it shows`)))
	})

	It("does not bring back what is gone", func(ctx SpecContext) {
		g, _, ncp := frozen(ctx)
		set := ofType(ncp, mp.IPSet)[0].Entries[0]
		Expect(g.server.Store().Update(deleting("ip-sets/" + set.ID))).To(Succeed())
		Expect(g.server.Store().Update(put(map[string]object{"ip-sets/new": {"id": "new", "resource_type": "IPSet", "display_name": "new", "tags": tagsOf("tas1")}}))).To(Succeed())
		var sets []string
		for _, o := range g.retrieve(ctx, mp.NCP).Objects {
			if o.Type == mp.IPSet {
				sets = append(sets, o.ID)
			}
		}
		Expect(sets).To(ContainElement("new"))
		Expect(sets).NotTo(ContainElement(set.ID))
	})
})
