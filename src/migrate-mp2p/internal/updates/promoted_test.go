package updates

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/wait"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// foundation is a simulated foundation whose objects were promoted, with the records of the run that did it.
type foundation struct {
	server *nsxsim.Server
	client *nsx.Client
	store  *fakeRecords
	input  FinishInput
}

// migrated promotes a foundation and infers its updates.
func migrated() *foundation {
	GinkgoHelper()
	ctx := context.Background()
	world, err := model.TAS(1, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	data := store.New(1)
	Expect(nsxsim.LoadWorld(data, world)).To(Succeed())
	f := &foundation{store: &fakeRecords{originals: map[string]records.Original{}}}
	f.server, f.client = simulator(nsxsim.Options{Store: data, Coordinator: coordinator.New(coordinator.Options{})})
	types, err := catalog.New(nil)
	Expect(err).NotTo(HaveOccurred())
	build := func(scope mp.Scope, assume map[string]string) (*plan.Plan, *inventory.Inventory) {
		var wanted []inventory.Wanted
		for _, s := range world.Shared {
			w := inventory.Wanted{Type: mp.Type(s.Kind), Name: s.DisplayName, Allocations: map[string]string{}}
			for _, ip := range s.Allocations {
				w.Allocations[ip] = ""
			}
			wanted = append(wanted, w)
		}
		inv, err := inventory.Retrieve(ctx, f.client, inventory.Query{Scope: scope, Cluster: "tas1", Catalog: types, Spec: wanted, IndexTimeout: time.Minute, Waiting: func(string) {}})
		Expect(err).NotTo(HaveOccurred())
		p, err := plan.Build(inv, plan.Options{Catalog: types, Assume: assume})
		Expect(err).NotTo(HaveOccurred())
		return p, inv
	}
	shared, _ := build(mp.Shared, nil)
	p, inv := build(mp.NCP, shared.IDMap())
	f.promote(ctx, slices.Concat(shared.Batches, p.Batches))

	ids := shared.IDMap()
	maps.Copy(ids, p.IDMap())
	for _, b := range p.Batches {
		for _, e := range b.Entries {
			f.store.migrated = append(f.store.migrated, records.MigratedObject{Type: string(e.Type), ID: e.ID, PolicyPath: e.PolicyPath})
			f.store.originals[string(e.Type)+"/"+e.ID] = records.Original{Type: string(e.Type), ID: e.ID, Name: e.Name, Tags: e.Tags, Names: e.Names, Facts: e.Facts}
		}
	}
	slices.SortStableFunc(f.store.migrated, func(x, y records.MigratedObject) int { return strings.Compare(x.Type, y.Type) })
	env := tasEnv()
	env.Cluster, env.CriteriaScopes = "tas1", inv.CriteriaScopes
	env.IDMap = func(id string) (string, bool) { path, ok := ids[id]; return path, ok }
	events := &fakeEvents{}
	f.input = FinishInput{API: f.client, Records: f.store, Rules: builtInRules(), Env: env, Index: time.Minute, Total: len(f.store.migrated), Sleep: events.sleep, Events: events}
	_, err = Infer(ctx, InferInput{API: f.client, Records: f.store, Rules: f.input.Rules, Env: env, Index: time.Minute, Sleep: events.sleep, Events: events})
	Expect(err).NotTo(HaveOccurred())
	Expect(f.store.updates).NotTo(BeEmpty())
	return f
}

// promote sends batches to the coordinator and ends the workflow.
func (f *foundation) promote(ctx context.Context, batches []plan.Batch) {
	GinkgoHelper()
	Expect(f.client.StartCoordinator(ctx)).To(Succeed())
	for {
		if _, err := f.client.MigrationStatus(ctx); err == nil {
			break
		}
		Expect(wait.For(ctx, time.Millisecond)).To(Succeed())
	}
	Expect(f.client.Initiate(ctx)).To(Succeed())
	for _, b := range batches {
		Expect(f.client.Promote(ctx, b.Request)).To(Succeed())
		f.act(ctx, "start", mp.ComponentPrecheck)
		f.act(ctx, "continue", mp.ComponentMigration)
	}
	Expect(f.client.Done(ctx)).To(Succeed())
}

func (f *foundation) act(ctx context.Context, action, component string) {
	GinkgoHelper()
	Expect(f.client.PlanAction(ctx, action)).To(Succeed())
	for {
		status, err := f.client.MigrationStatus(ctx)
		Expect(err).NotTo(HaveOccurred())
		c := status.Component(component)
		Expect(c.Status).NotTo(Equal(mp.StatusFailed), c.Details)
		if c.Status == mp.StatusSuccess {
			return
		}
		Expect(wait.For(ctx, time.Millisecond)).To(Succeed())
	}
}

func (f *foundation) finish() FinishResult {
	GinkgoHelper()
	result, err := Finish(nsx.WithOverwrite(context.Background()), f.input)
	Expect(err).NotTo(HaveOccurred())
	return result
}

// pick gives the update of some object of a type.
func (f *foundation) pick(resourceType string) records.Update {
	GinkgoHelper()
	i := slices.IndexFunc(f.store.updates, func(u records.Update) bool { return u.ResourceType == resourceType })
	Expect(i).To(BeNumerically(">=", 0))
	return f.store.updates[i]
}

// manager changes the Manager object of an update inside NSX.
func (f *foundation) manager(u records.Update, change func(tx *store.Tx, key string) error) {
	GinkgoHelper()
	Expect(f.server.Store().Update(func(tx *store.Tx) error {
		for _, o := range tx.Manager().ByTagValue(u.Path) {
			if o.ID == u.ID {
				return change(tx, o.Key)
			}
		}
		return store.ErrNotFound
	})).To(Succeed())
}

// requests counts the requests to NSX since a moment.
func (f *foundation) requests(method string, since int) int {
	n := 0
	for _, r := range f.server.Requests()[since:] {
		if r.Method == method {
			n++
		}
	}
	return n
}

var _ = Describe("Finish after a promotion on the simulator", func() {
	var f *foundation
	BeforeEach(func() { f = migrated() })

	It("applies everything and proves it with few requests [R16]", func() {
		since := len(f.server.Requests())
		result := f.finish()
		Expect(result).To(And(HaveField("Applied", len(f.store.updates)), HaveField("Left()", 0), HaveField("Verified.Proved()", BeTrue())))
		Expect(result.Verified.Objects).To(BeNumerically(">", len(f.store.updates)/2))
		Expect(f.requests("GET", since)).To(BeNumerically("<", result.Verified.Objects/2), "many objects a request")
		Expect(f.store.updates).To(HaveEach(HaveField("State", records.UpdateApplied)))
	})

	DescribeTable("sends again what was answered as success and never reached NSX [R16] [R18]",
		func(rule faults.Rule) {
			rule.Method, rule.Path = "PATCH", "/policy/api/v1/infra"
			Expect(f.server.Faults().Add(rule)).To(Succeed())
			Expect(f.finish()).To(And(HaveField("Applied", len(f.store.updates)), HaveField("Verified.Proved()", BeTrue())))
		},
		Entry("once", faults.Rule{Nth: 1, Status: 200, Empty: true}),
		Entry("for a whole round", faults.Rule{To: 5, Status: 200, Empty: true}),
	)

	It("leaves pending what is always answered as success and never reaches NSX, and a further run does it [R16] [R19]", func() {
		Expect(f.server.Faults().Add(faults.Rule{Name: "liar", Method: "PATCH", Path: "/policy/api/v1/infra", Status: 200, Empty: true})).To(Succeed())
		Expect(f.finish()).To(And(HaveField("Applied", 0), HaveField("Left()", len(f.store.updates))))
		Expect(f.store.updates).To(HaveEach(HaveField("Answer", ContainSubstring("does not show it"))))
		Expect(f.server.Faults().Remove("liar")).To(Succeed())
		Expect(f.finish()).To(And(HaveField("Applied", len(f.store.updates)), HaveField("Left()", 0)))
	})

	It("closes the update of an object that was deleted only once its Manager object is gone, too [I6] [R16]", func() {
		port := f.pick("SegmentPort")
		Expect(f.client.DeletePolicy(nsx.WithOverwrite(context.Background()), port.Path)).To(Succeed())
		Expect(f.finish()).To(And(HaveField("Gone", 0), HaveField("Pending", 1), HaveField("Applied", len(f.store.updates)-1)))
		Expect(f.store.state(port.Path)).To(And(HaveField("State", records.UpdatePending), HaveField("Answer", ContainSubstring("still names it"))))
		f.manager(port, func(tx *store.Tx, key string) error { return tx.Manager().Delete(key) })
		Expect(f.finish()).To(And(HaveField("Gone", 1), HaveField("Pending", 0), HaveField("Verified.Gone", 1)))
		Expect(f.store.state(port.Path).State).To(Equal(records.UpdateGone))
	})

	It("closes no update of an object that is Manager again, as after a restore of NSX [I2]", func() {
		port := f.pick("SegmentPort")
		Expect(f.client.DeletePolicy(nsx.WithOverwrite(context.Background()), port.Path)).To(Succeed())
		f.manager(port, func(tx *store.Tx, key string) error {
			_, err := tx.Manager().Mutate(key, func(fields map[string]any) error { delete(fields, "tags"); return nil })
			return err
		})
		Expect(f.finish()).To(And(HaveField("Gone", 0), HaveField("Pending", 1)))
		Expect(f.store.state(port.Path)).To(And(HaveField("State", records.UpdatePending), HaveField("Answer", ContainSubstring("restored from a backup"))))
	})

	It("closes nothing when the search leaves an object out that its path shows [R16]", func() {
		port := f.pick("SegmentPort")
		f.input.API = blind{Client: f.client, path: port.Path}
		Expect(f.finish()).To(And(HaveField("Gone", 0), HaveField("Applied", len(f.store.updates))))
	})
})

// blind is an NSX whose search leaves one object out.
type blind struct {
	*nsx.Client
	path string
}

func (b blind) Search(ctx context.Context, f mp.Flavour, query string, page mp.Page) (int, error) {
	return b.Client.Search(ctx, f, query, func(results []json.RawMessage) error {
		return page(slices.DeleteFunc(slices.Clone(results), func(body json.RawMessage) bool {
			return strings.Contains(string(body), `"path":"`+b.path+`"`)
		}))
	})
}
