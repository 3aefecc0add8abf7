package inventory_test

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// ground is a simulated NSX, as a rule with a TAS foundation named tas1, and a client of it.
type ground struct {
	server *nsxsim.Server
	client *nsx.Client
	world  *model.World
	cat    *catalog.Catalog
}

// start builds the world of a TAS foundation and serves it, see serve.
func start(scale int, options nsxsim.Options, change func(*store.Tx) error) *ground {
	GinkgoHelper()
	world, err := model.TAS(scale, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	return serve(world, options, change)
}

// serve loads a world, lets change alter it, and serves it.
func serve(world *model.World, options nsxsim.Options, change func(*store.Tx) error) *ground {
	GinkgoHelper()
	options.Store = store.New(1)
	if options.Coordinator == nil {
		options.Coordinator = coordinator.New(coordinator.Options{})
	}
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
		CACertificate: ca, RequestsPerSecond: 10_000,
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

// routerOf is the id of a Tier-1 that NCP of a cluster made.
func (g *ground) routerOf(cluster string) string {
	GinkgoHelper()
	created, err := g.world.CreatedBy(cluster)
	Expect(err).NotTo(HaveOccurred())
	i := slices.IndexFunc(created, func(o model.Object) bool { return o.Collection == "logical-routers" })
	Expect(i).To(BeNumerically(">=", 0))
	return created[i].ID
}

// retrieve must succeed.
func (g *ground) retrieve(ctx SpecContext, scope mp.Scope) *inventory.Inventory {
	GinkgoHelper()
	inv, err := inventory.Retrieve(ctx, g.client, g.query(scope))
	Expect(err).NotTo(HaveOccurred())
	return inv
}

// build must succeed.
func (g *ground) build(inv *inventory.Inventory, assume map[string]string) *plan.Plan {
	GinkgoHelper()
	p, err := plan.Build(inv, plan.Options{Catalog: g.cat, Assume: assume})
	Expect(err).NotTo(HaveOccurred())
	return p
}

// promote sends batches to the coordinator, and ends the workflow when asked to.
func (g *ground) promote(ctx SpecContext, batches []plan.Batch, done bool) {
	GinkgoHelper()
	Expect(g.client.StartCoordinator(ctx)).To(Succeed())
	Eventually(func() error { _, err := g.client.MigrationStatus(ctx); return err }).Should(Succeed())
	Expect(g.client.Initiate(ctx)).To(Succeed())
	for _, b := range batches {
		Expect(g.client.Promote(ctx, b.Request)).To(Succeed())
		for _, step := range []struct{ action, component string }{{"start", mp.ComponentPrecheck}, {"continue", mp.ComponentMigration}} {
			Expect(g.client.PlanAction(ctx, step.action)).To(Succeed())
			Eventually(func() string {
				status, err := g.client.MigrationStatus(ctx)
				Expect(err).NotTo(HaveOccurred())
				c := status.Component(step.component)
				Expect(c.Status).NotTo(Equal(mp.StatusFailed), "%s of %s: %s", step.action, b.Type, c.Details)
				return c.Status
			}).WithPolling(1e6).Should(Equal(mp.StatusSuccess))
		}
	}
	if done {
		Expect(g.client.Done(ctx)).To(Succeed())
	}
}

// rollBack takes batches back, newest first.
func (g *ground) rollBack(ctx SpecContext, batches []plan.Batch) {
	GinkgoHelper()
	for _, b := range slices.Backward(batches) {
		request := b.Request
		request.SetupDetails = nil
		Expect(g.client.Rollback(ctx, request)).To(Succeed())
	}
	Expect(g.client.Done(ctx)).To(Succeed())
}

// known is what records would say of a plan.
func known(p *plan.Plan) []inventory.Known {
	var all []inventory.Known
	for _, b := range p.Batches {
		for _, e := range b.Entries {
			all = append(all, inventory.Known{Ref: e.Ref, Place: placeOf(e), Hash: e.Hash})
		}
	}
	return all
}

func placeOf(e plan.Entry) inventory.Place {
	return inventory.Place{Parent: e.Facts[mp.FactParent], PolicyPath: e.PolicyPath}
}

// look reads every entry of a plan.
func (g *ground) look(ctx SpecContext, batches []plan.Batch) map[mp.Ref]inventory.Finding {
	GinkgoHelper()
	places := map[mp.Ref]inventory.Place{}
	var refs []mp.Ref
	for _, b := range batches {
		for _, e := range b.Entries {
			places[e.Ref] = placeOf(e)
			refs = append(refs, e.Ref)
		}
	}
	found, err := inventory.Look(ctx, g.client, g.cat, refs, func(ref mp.Ref) inventory.Place { return places[ref] })
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(HaveLen(len(refs)))
	return found
}

func (g *ground) census(ctx SpecContext, scope mp.Scope, p *plan.Plan) *inventory.Census {
	GinkgoHelper()
	c, err := inventory.TakeCensus(ctx, g.client, g.cat, inventory.CensusQuery{Scope: scope, Cluster: "tas1", Known: known(p)})
	Expect(err).NotTo(HaveOccurred())
	return c
}

func (g *ground) query(scope mp.Scope) inventory.Query {
	return inventory.Query{Scope: scope, Cluster: "tas1", Catalog: g.cat, Spec: g.spec(), IndexTimeout: time.Minute}
}

// spec lists what the model says an operator would list.
func (g *ground) spec() []inventory.Wanted {
	var spec []inventory.Wanted
	for i, s := range g.world.Shared {
		w := inventory.Wanted{Type: mp.Type(s.Kind), Name: s.DisplayName, Line: i + 1}
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
