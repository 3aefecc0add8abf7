package inventory_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

var _ = It("The facts of every object of a foundation and of a cluster are those that the catalog lists for update rules [R15]", func(ctx SpecContext) {
	seen := map[mp.Fact]bool{}
	cluster, err := model.Kubernetes(1, 1, model.Options{Rare: true})
	Expect(err).NotTo(HaveOccurred())
	foundation, err := model.TAS(1, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	for _, world := range []*model.World{foundation, cluster} {
		g := serve(world, nsxsim.Options{}, nil)
		g.connect(ctx)
		q := g.query(mp.NCP)
		q.Cluster = world.Foundations[0].Name
		inv, err := inventory.Retrieve(ctx, g.client, q)
		Expect(err).NotTo(HaveOccurred())
		for _, b := range g.build(inv, g.build(g.retrieve(ctx, mp.Shared), nil).IDMap()).Batches {
			for _, e := range b.Entries {
				for name, value := range e.Facts {
					seen[name] = true
					fact, known := catalog.FactNamed(name)
					Expect(known).To(BeTrue(), name)
					if fact.Types != nil {
						Expect(fact.Types).To(ContainElement(e.Type), name)
					}
					if fact.Values != nil {
						Expect(fact.Values).To(ContainElement(value), name)
					}
				}
			}
		}
	}
	for _, name := range catalog.FactNames() {
		Expect(seen).To(HaveKey(name), "the catalog lists a fact that no object has")
	}
})
