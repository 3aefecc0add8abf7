package inventory_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = It("The facts of every object of a foundation are those that the catalog lists for update rules [R15]", func(ctx SpecContext) {
	g := start(1, nsxsim.Options{}, nil)
	g.connect(ctx)
	shared := g.build(g.retrieve(ctx, catalog.Shared), nil)
	p := g.build(g.retrieve(ctx, catalog.NCP), shared.IDMap())
	seen := map[string]bool{}
	for _, b := range p.Batches {
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
	for _, name := range catalog.FactNames() {
		Expect(seen).To(HaveKey(name), "the catalog lists a fact that no object has")
	}
})
