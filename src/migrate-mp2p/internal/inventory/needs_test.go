package inventory_test

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// served is serve with a world of any model, connected.
func served(ctx SpecContext, world *model.World, err error, change ...func(*store.Tx) error) *ground {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	g := serve(world, nsxsim.Options{}, func(tx *store.Tx) error {
		for _, c := range change {
			if err := c(tx); err != nil {
				return err
			}
		}
		return nil
	})
	g.connect(ctx)
	return g
}

// infer must succeed. It answers the needs and, as a user spec, those of them that are to be listed.
func (g *ground) infer(ctx SpecContext, cluster string, configured ...inventory.Configured) (*inventory.Needs, []inventory.Wanted) {
	GinkgoHelper()
	needs, err := inventory.Infer(ctx, g.client, g.of(cluster), configured)
	Expect(err).NotTo(HaveOccurred())
	var listed []inventory.Wanted
	for _, n := range needs.Objects {
		if n.Listed(g.cat) && len(n.Keys) == 0 {
			Expect(n.Users).To(BeNumerically(">", 0), n.Name)
			Expect(n.First).NotTo(BeNil(), n.Name)
		}
		if n.Listed(g.cat) {
			listed = append(listed, inventory.Wanted{Type: n.Ref.Type, Name: n.Ref.ID})
		}
	}
	return needs, listed
}

// of asks for NCP's objects of a cluster; the models name the platform in its name.
func (g *ground) of(cluster string) inventory.Query {
	q := g.query(mp.NCP)
	q.Cluster = cluster
	if strings.HasPrefix(cluster, "pks-") {
		q.Platform = "tkgi"
	}
	return q
}

// sharedIDs is what the model's administrator gave to its clusters.
func (g *ground) sharedIDs() []string {
	var ids []string
	for _, s := range g.world.Shared {
		ids = append(ids, s.Kind+" "+s.ID)
	}
	return ids
}

// sharedID is the id of one of those.
func (g *ground) sharedID(name string) string {
	GinkgoHelper()
	at := slices.IndexFunc(g.world.Shared, func(s model.Shared) bool { return s.DisplayName == name })
	Expect(at).To(BeNumerically(">=", 0))
	return g.world.Shared[at].ID
}

var _ = Describe("the shared resources that a cluster needs", func() {
	DescribeTable("are together those that the administrator gave to all its clusters, and nothing is missing then",
		func(ctx SpecContext, build func(int, int64, model.Options) (*model.World, error), options model.Options) {
			world, err := build(1, 1, options)
			g := served(ctx, world, err)
			var all []string
			for _, user := range world.Foundations {
				_, listed := g.infer(ctx, user.Name)
				for _, w := range listed {
					all = append(all, string(w.Type)+" "+w.Name)
				}
				q := g.of(user.Name)
				q.Scope, q.Spec = mp.Shared, listed
				shared, err := inventory.Retrieve(ctx, g.client, q)
				Expect(err).NotTo(HaveOccurred())
				assume := g.build(shared, nil).IDMap()
				q.Scope, q.Spec = mp.NCP, nil
				created, err := inventory.Retrieve(ctx, g.client, q)
				Expect(err).NotTo(HaveOccurred())
				_, err = plan.Build(created, plan.Options{Catalog: g.cat, Assume: assume})
				Expect(err).NotTo(HaveOccurred())
			}
			slices.Sort(all)
			Expect(slices.Compact(all)).To(ConsistOf(g.sharedIDs()))
		},
		Entry("TAS", model.TAS, model.Options{}),
		Entry("TAS with rare objects and other products", model.TAS, model.Options{Rare: true, OtherProducts: true}),
		Entry("Kubernetes", model.Kubernetes, model.Options{}),
		Entry("Kubernetes on one Tier-1", model.Kubernetes, model.Options{SharedTier1: true, Rare: true}),
		Entry("TKGI with a Tier-1 for each namespace", model.TKGI, model.Options{}),
		Entry("TKGI with a Tier-0 for each cluster", model.TKGI, model.Options{SecondTier0: true}),
		Entry("TKGI without NAT", model.TKGI, model.Options{NoNAT: true}),
		Entry("TKGI on one Tier-1 and without NAT", model.TKGI, model.Options{NoNAT: true, SharedTier1: true}),
		Entry("TKGI on one Tier-1", model.TKGI, model.Options{SharedTier1: true, Rare: true}),
	)

	It("hold the block of TKGI's nodes, which nothing of NCP's refers to, with the reason", func(ctx SpecContext) {
		world, err := model.TKGI(1, 1, model.Options{Cluster: "pks-mine"})
		g := served(ctx, world, err)
		needs, _ := g.infer(ctx, "pks-mine")
		at := slices.IndexFunc(needs.Objects, func(n inventory.Need) bool { return n.Name == "nodes-ip-block" })
		Expect(at).To(BeNumerically(">=", 0))
		Expect(needs.Objects[at]).To(And(
			HaveField("Users", 1), HaveField("By", []string{"block_id"}), HaveField("First.Name", "pks-mine-nodes"),
		))
	})

	It("come with the other clusters that use them, too", func(ctx SpecContext) {
		world, err := model.TKGI(1, 1, model.Options{Cluster: "pks-mine", SecondTier0: true})
		g := served(ctx, world, err)
		needs, _ := g.infer(ctx, "pks-mine", inventory.Configured{Key: "t0_router_id", Type: mp.Tier0, Name: "t0-second"})
		other := needs.Others
		Expect(other).To(HaveLen(1))
		Expect(needs.Objects).To(ContainElements(
			And(HaveField("Name", "pods-ip-block"), HaveField("Others", other)),
			And(HaveField("Name", "nodes-ip-block"), HaveField("Others", other)),
			And(HaveField("Name", "t0-second"), HaveField("Others", other)),
			And(HaveField("Name", "t0-main"), HaveField("Others", BeEmpty())),
		))
	})

	It("come with the firewall markers and with the other clusters on the same NSX", func(ctx SpecContext) {
		world, err := model.TAS(1, 1, model.Options{})
		g := served(ctx, world, err)
		needs, _ := g.infer(ctx, "tas1")
		Expect(needs.Others).To(Equal([]string{"tas1-other"}))
		Expect(needs.Markers).To(ConsistOf(HaveField("Name", "ncp-top-marker"), HaveField("Name", "ncp-bottom-marker")))
	})

	It("hold what TKGI's configuration names, by name or by id, although nothing refers to it, with what that needs [R3]", func(ctx SpecContext) {
		world, err := model.TKGI(1, 1, model.Options{Cluster: "pks-mine", SecondTier0: true})
		g := served(ctx, world, err)
		before, _ := g.infer(ctx, "pks-mine")
		names := func(needs *inventory.Needs) []string {
			var all []string
			for _, n := range needs.Objects {
				all = append(all, n.Name)
			}
			return all
		}
		Expect(names(before)).To(And(ContainElement("nodes-ip-block"), Not(ContainElement("t0-second"))))
		Expect(before.Markers).To(ContainElement(HaveField("Name", "ncp-top-marker")))

		needs, _ := g.infer(ctx, "pks-mine",
			inventory.Configured{Key: "t0_router_id", Type: mp.Tier0, Name: "t0-second"},
			inventory.Configured{Key: "nodes_ip_block_id", Type: mp.IPBlock, Name: "nodes-ip-block"},
			inventory.Configured{Key: "node_ip_block_ids", Type: mp.IPBlock, Name: g.sharedID("nodes-ip-block")},
			inventory.Configured{Key: "top_firewall_section_marker", Type: mp.DFWSection, Name: "ncp-top-marker"},
		)
		Expect(names(needs)).To(ConsistOf(append(names(before), "t0-second", "ncp-top-marker")))
		Expect(needs.Objects).To(ContainElements(
			And(HaveField("Name", "t0-second"), HaveField("Users", 0), HaveField("Keys", []string{"t0_router_id"})),
			And(HaveField("Name", "nodes-ip-block"), HaveField("Users", 1), HaveField("Keys", []string{"nodes_ip_block_id", "node_ip_block_ids"})),
		))
		Expect(needs.Markers).NotTo(ContainElement(HaveField("Name", "ncp-top-marker")), "it is listed")
	})

	It("are not inferred from a TKGI configuration that names what NSX lacks or what is no shared object, and the keys are said [I10]", func(ctx SpecContext) {
		world, err := model.TKGI(1, 1, model.Options{Cluster: "pks-mine"})
		g := served(ctx, world, err)
		_, err = inventory.Infer(ctx, g.client, g.of("pks-mine"), []inventory.Configured{
			{Key: "t0_router_id", Type: mp.Tier0, Name: "t0-none"},
			{Key: "fip_pool_ids", Type: mp.IPPool, Name: "nodes-ip-block"},
			{Key: "pods_ip_block_id", Type: mp.IPBlock, Name: "pods-ip-block"},
		})
		Expect(err).To(MatchError(And(
			ContainSubstring(`t0_router_id: tier0_routers "t0-none" does not exist`),
			ContainSubstring(`fip_pool_ids: ip_pools "nodes-ip-block" is of another kind: IpBlock, which is listed under ip_blocks`),
			Not(ContainSubstring("pods_ip_block_id")),
		)))
	})

	It("leave out a pool that has the address of a floating one in its ranges and did not give it out", func(ctx SpecContext) {
		world, err := model.TKGI(1, 1, model.Options{Cluster: "pks-mine"})
		g := served(ctx, world, err, func(tx *store.Tx) error {
			for o := range tx.Manager().All() {
				fields, err := o.Fields()
				if err != nil {
					return err
				}
				if fields["display_name"] == "floating-ip-pool-1" {
					const id = "5a3e0d52-5a9b-4c62-9d0e-2f6c1f1a0001"
					fields["display_name"], fields["id"] = "same-ranges", id
					_, err := tx.Manager().PutFields(o.Collection()+"/"+id, fields)
					return err
				}
			}
			return nil
		})
		needs, _ := g.infer(ctx, "pks-mine")
		Expect(needs.Objects).To(And(ContainElement(HaveField("Name", "floating-ip-pool-1")), Not(ContainElement(HaveField("Name", "same-ranges")))))
	})
})
