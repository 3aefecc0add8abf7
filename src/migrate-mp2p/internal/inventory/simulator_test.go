package inventory_test

import (
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// ground is a simulated NSX with a TAS foundation named tas1, and a client of it.
type ground struct {
	server *nsxsim.Server
	client *nsx.Client
	world  *model.World
	cat    *catalog.Catalog
}

// start builds the world, lets change alter it, and serves it.
func start(scale int, options nsxsim.Options, change func(*store.Tx) error) *ground {
	GinkgoHelper()
	world, err := model.TAS(scale, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	options.Store = store.New(1)
	Expect(nsxsim.LoadWorld(options.Store, world)).To(Succeed())
	if change != nil {
		Expect(options.Store.Update(change)).To(Succeed())
	}
	server, err := nsxsim.Start(options)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(server.Close)
	ca := filepath.Join(GinkgoT().TempDir(), "ca.pem")
	Expect(os.WriteFile(ca, server.CA(), 0o600)).To(Succeed())
	client, err := nsx.New(nsx.Options{
		Managers: []nsx.Endpoint{{Address: server.URL()[len("https://"):]}}, Username: nsxsim.AdminUser, Password: server.Password(),
		CACertificate: ca, RequestsPerSecond: 10_000, ReadOnly: true,
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(client.Close)
	cat, err := catalog.New(nil)
	Expect(err).NotTo(HaveOccurred())
	return &ground{server: server, client: client, world: world, cat: cat}
}

func (g *ground) connect(ctx SpecContext) {
	GinkgoHelper()
	_, err := g.client.Connect(ctx, "")
	Expect(err).NotTo(HaveOccurred())
}

func (g *ground) query(scope catalog.Scope) inventory.Query {
	return inventory.Query{Scope: scope, Cluster: "tas1", Catalog: g.cat, Spec: g.spec(), IndexTimeout: time.Minute}
}

// spec lists what the model says an operator would list.
func (g *ground) spec() []inventory.Wanted {
	var spec []inventory.Wanted
	for i, s := range g.world.Shared {
		w := inventory.Wanted{Type: catalog.Type(s.Kind), Name: s.DisplayName, Line: i + 1}
		if len(s.Allocations) > 0 {
			w.Allocations = map[string]string{}
			for _, ip := range s.Allocations {
				w.Allocations[ip] = ""
			}
		}
		spec = append(spec, w)
	}
	return spec
}

// both retrieves and plans the shared resources, and then NCP's as if those were Policy.
func (g *ground) both(ctx SpecContext) (shared, ncp *plan.Plan) {
	GinkgoHelper()
	inv, err := inventory.Retrieve(ctx, g.client, g.query(catalog.Shared))
	Expect(err).NotTo(HaveOccurred())
	shared, err = plan.Build(inv, plan.Options{Catalog: g.cat})
	Expect(err).NotTo(HaveOccurred())
	inv, err = inventory.Retrieve(ctx, g.client, g.query(catalog.NCP))
	Expect(err).NotTo(HaveOccurred())
	ncp, err = plan.Build(inv, plan.Options{Catalog: g.cat, Assume: shared.IDMap()})
	Expect(err).NotTo(HaveOccurred())
	return shared, ncp
}
