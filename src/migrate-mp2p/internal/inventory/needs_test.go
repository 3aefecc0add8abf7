package inventory_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// serve serves a world of any model.
func served(ctx SpecContext, world *model.World, err error) *ground {
	GinkgoHelper()
	Expect(err).NotTo(HaveOccurred())
	state := store.New(1)
	Expect(nsxsim.LoadWorld(state, world)).To(Succeed())
	server, err := nsxsim.Start(nsxsim.Options{Store: state, Coordinator: coordinator.New(coordinator.Options{})})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Close)
	ca := filepath.Join(GinkgoT().TempDir(), "ca.pem")
	Expect(os.WriteFile(ca, server.CA(), 0o600)).To(Succeed())
	client, err := nsx.New(nsx.Options{
		Managers: []nsx.Endpoint{{Address: server.URL()[len("https://"):]}}, Username: nsxsim.AdminUser, Password: server.Password(),
		CACertificate: ca, RequestsPerSecond: 10_000,
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(client.Close)
	cat, err := catalog.New(nil)
	Expect(err).NotTo(HaveOccurred())
	g := &ground{server: server, client: client, world: world, cat: cat}
	g.connect(ctx)
	return g
}

// infer must succeed. It answers the needs and, as a user spec, those of them that are to be listed.
func (g *ground) infer(ctx SpecContext, cluster string) (*inventory.Needs, []inventory.Wanted) {
	GinkgoHelper()
	nodes, _ := strings.CutPrefix(cluster, "pks-")
	if nodes == cluster {
		nodes = ""
	}
	q := g.query(catalog.NCP)
	q.Cluster = cluster
	needs, err := inventory.Infer(ctx, g.client, q, nodes)
	Expect(err).NotTo(HaveOccurred())
	var listed []inventory.Wanted
	for _, n := range needs.Objects {
		if n.Listed(g.cat) {
			Expect(n.Users).To(BeNumerically(">", 0), n.Name)
			Expect(n.First).NotTo(BeNil(), n.Name)
			listed = append(listed, inventory.Wanted{Type: n.Ref.Type, Name: n.Ref.ID})
		}
	}
	return needs, listed
}

// shared is what the model's administrator gave to its clusters.
func (g *ground) sharedIDs() []string {
	var ids []string
	for _, s := range g.world.Shared {
		ids = append(ids, s.Kind+" "+s.ID)
	}
	return ids
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
				q := g.query(catalog.Shared)
				q.Cluster, q.Spec = user.Name, listed
				shared, err := inventory.Retrieve(ctx, g.client, q)
				Expect(err).NotTo(HaveOccurred())
				assume := g.build(shared, nil).IDMap()
				q.Scope, q.Spec = catalog.NCP, nil
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

	It("come with the firewall markers and with the other clusters on the same NSX", func(ctx SpecContext) {
		world, err := model.TAS(1, 1, model.Options{})
		g := served(ctx, world, err)
		needs, _ := g.infer(ctx, "tas1")
		Expect(needs.Others).To(Equal([]string{"tas1-other"}))
		Expect(needs.Markers).To(ConsistOf(HaveField("Name", "ncp-top-marker"), HaveField("Name", "ncp-bottom-marker")))
	})
})
