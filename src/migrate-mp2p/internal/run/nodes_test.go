package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// tkgiCluster is the cluster that is migrated; beside it stand the model's own second one and one whose name is longer.
const (
	tkgiUUID    = "5a0bd4e6-1c7f-4f0e-9d53-8b7e2f6c4a10"
	tkgiCluster = "pks-" + tkgiUUID
	tkgiLonger  = tkgiCluster + "0"
	superuser   = "pks-nsx-t-superuser"
)

// tkgi is a simulated NSX with clusters of TKGI.
type tkgi struct{ *foundation }

func newTKGI(change ...func(*store.Tx) error) *tkgi {
	GinkgoHelper()
	world, err := model.TKGI(1, 1, model.Options{Cluster: tkgiCluster, Further: []model.Foundation{{Name: tkgiLonger}}})
	Expect(err).NotTo(HaveOccurred())
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
	for _, c := range change {
		Expect(st.Update(c)).To(Succeed())
	}
	f := serve(st)
	f.unjudged = true // what the readiness of NCP's objects needs of Kubernetes is not the subject here
	return &tkgi{f}
}

func (t *tkgi) shared() *config.Config {
	c := t.config()
	c.Migration.Resources = "shared"
	return c
}

func (t *tkgi) config() *config.Config {
	c := t.foundation.config()
	c.NCP = config.NCP{Platform: "tkgi", Cluster: tkgiCluster}
	return c
}

// everything is a platform that has a uid for whatever is asked.
type everything struct{}

func (everything) Provides(k workloads.Kind) bool { return k != workloads.PodUID }

func (everything) Read(context.Context) (workloads.Source, error) { return everything{}, nil }

func (everything) Lookup(workloads.Kind, ...string) (string, error) {
	return "6f1d2a3b-0000-4000-8000-000000000001", nil
}

func (t *tkgi) execute(c *config.Config) report.Outcome {
	GinkgoHelper()
	return t.foundation.execute(context.Background(), c, func(r *run.Runner) { r.Platform = everything{} })
}

func (t *tkgi) inspect(cluster string) *check.Report {
	GinkgoHelper()
	r, err := check.Inspect(t.state, cluster)
	Expect(err).NotTo(HaveOccurred())
	return r
}

// untouched demands that nothing but our cluster, and what is shared, has changed.
func (t *tkgi) untouched(before *store.Store, also ...string) {
	GinkgoHelper()
	Expect(check.Untouched(before, t.state, check.Except{Cluster: tkgiCluster, Shared: append(t.sharedIDs(), also...)})).To(BeEmpty())
}

// ofNodes tells whether an object is of the network of our nodes.
func ofNodes(o *store.Object) bool {
	return o.HasTag("pks/cluster", tkgiUUID) && o.HasTag("ncp/cluster", tkgiCluster)
}

// nodeOwners are the owners of the Policy objects of our nodes' network, or of the Manager objects where these are not
// Policy, by their Manager keys.
func (t *tkgi) nodeOwners() map[string]string {
	GinkgoHelper()
	owners := map[string]string{}
	Expect(t.state.View(func(tx *store.Tx) error {
		for o := range tx.Manager().All() {
			if !ofNodes(o) {
				continue
			}
			of := o
			if policyPath, is := o.Tag("policyPath"); is {
				if twin, exists := tx.Policy().Get(policyPath); exists {
					of = twin
				}
			}
			fields, err := of.Fields()
			if err != nil {
				return err
			}
			owners[o.Key], _ = fields["_create_user"].(string)
		}
		return nil
	})).To(Succeed())
	Expect(owners).To(HaveLen(11))
	return owners
}

// sent are the batches that were posted since a request.
func (t *tkgi) sent(since int) []mp.Promotion {
	GinkgoHelper()
	var all []mp.Promotion
	for _, r := range t.server.Requests() {
		if r.Seq > since && r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/migration/mp-to-policy") && len(r.Body) > 0 {
			var p mp.Promotion
			Expect(json.Unmarshal([]byte(r.Body), &p)).To(Succeed())
			all = append(all, p)
		}
	}
	return all
}

// nodeIDs are the Manager ids of our nodes' network.
func (t *tkgi) nodeIDs() map[string]bool {
	GinkgoHelper()
	ids := map[string]bool{}
	for key := range t.nodeOwners() {
		ids[path.Base(key)] = true
	}
	return ids
}

var _ = Describe("a cluster of TKGI", func() {
	It("takes the network of its nodes along, each object in the name of who made it, and leaves the other clusters' alone [R2] [R4] [I3]", func() {
		t := newTKGI()
		nodes, before := t.nodeIDs(), t.copyState()
		out := t.execute(t.config())
		Expect(out.Code).To(Equal(run.AllPolicy), t.out.String())
		r := t.inspect(tkgiCluster)
		Expect(r.AllPolicy()).To(BeTrue(), "%+v", r.NCP)
		Expect(r.Inconsistencies).To(BeEmpty())
		Expect(r.NodeNetwork.Manager).To(BeZero(), "%+v", r.NodeNetwork)
		Expect(r.NodeNetwork.Policy).To(Equal(11))
		Expect(maps.Values(t.nodeOwners())).To(HaveEach(superuser))
		t.untouched(before)
		for _, other := range []string{tkgiLonger, "pks-c3d1f2a8-6e94-4b7b-a1d2-0f9e8d7c6b5a"} {
			Expect(t.inspect(other).NodeNetwork.Manager).To(Equal(11), other)
		}
		Expect(t.out.String()).To(ContainSubstring("of the nodes' network, whose Policy objects will belong to " + superuser))

		mixed := 0
		for _, batch := range t.sent(0) {
			ofNodes := map[bool]int{}
			for _, resource := range batch.MigrationData {
				for _, one := range resource.ResourceIDs {
					ofNodes[nodes[one.ManagerID]]++
				}
			}
			if ofNodes[true] > 0 {
				mixed += ofNodes[false]
				Expect(batch.SetupDetails.PrincipalIdentity).To(Equal(superuser))
			}
		}
		Expect(mixed).To(BeZero(), "a request has one principal")

		out = t.execute(t.config())
		Expect(out.Code).To(Equal(run.AllPolicy), t.out.String())
		Expect(t.out.String()).To(ContainSubstring("0 objects in 0 batches"), "nothing is left, and nothing looks as if records were lost")
	})

	It("gives the network of its nodes back to its owners when it is rolled back, at once or by the next run [R14] [R17] [I5]", func() {
		t := newTKGI()
		Expect(t.execute(t.shared()).Code).To(Equal(run.AllPolicy), t.out.String())
		before, owners := t.copyState(), t.nodeOwners()
		back := func() {
			GinkgoHelper()
			Expect(t.nodeOwners()).To(Equal(owners))
			r := t.inspect(tkgiCluster)
			Expect(r.NodeNetwork.Policy).To(BeZero())
			Expect(r.NodeNetwork.Manager).To(Equal(11))
			Expect(r.NCP.Policy).To(BeZero())
			Expect(t.changedManager(before)).To(BeEmpty())
		}
		t.fault(faults.Rule{Method: http.MethodPost, Path: "*/mp-to-policy", BodyType: "DFW_SECTION", Status: 400})
		Expect(t.execute(onlyNCP(t.config())).Code).To(Equal(run.AllManager), t.out.String())
		back()

		t.dies(onlyNCP(t.config()))
		Expect(t.inspect(tkgiCluster).NodeNetwork.Manager).To(BeZero())
		Expect(t.execute(onlyNCP(t.config())).Code).To(Equal(run.AllManager), t.out.String())
		back()
	})

	It("has the network of its nodes taken over with its other objects where records are lost [I3] [R20]", func() {
		t := newTKGI()
		Expect(t.execute(t.shared()).Code).To(Equal(run.AllPolicy), t.out.String())
		lostRun := t.dies(onlyNCP(t.config()))
		t.loseRecords()
		Expect(t.execute(onlyNCP(t.config())).Code).To(Equal(run.Mixed), t.out.String())
		Expect(t.execute(adopting(onlyNCP(t.config()), lostRun)).Code).To(Equal(run.AllPolicy), t.out.String())
		Expect(t.inspect(tkgiCluster).NodeNetwork).To(And(HaveField("Manager", 0), HaveField("Policy", 11)))
		Expect(t.inspect(tkgiCluster).AllPolicy()).To(BeTrue())
	})

	It("finds a network of nodes alone to be left of a migration whose records are lost", func() {
		t := newTKGI()
		Expect(t.execute(t.shared()).Code).To(Equal(run.AllPolicy), t.out.String())
		t.somebody(func(ctx context.Context, c *nsx.Client) error {
			return errors.Join(c.StartCoordinator(ctx), c.Initiate(ctx), c.Promote(ctx, mp.Promotion{MigrationData: []mp.Resource{{
				Type: "TIER1", ResourceIDs: []mp.ResourceDetails{{ManagerID: t.nodeRouter()}},
			}}}), c.PlanAction(ctx, "start"), c.PlanAction(ctx, "continue"))
		})
		out := t.execute(onlyNCP(t.config()))
		Expect(out.Code).To(Equal(run.Mixed), t.out.String())
		Expect(out.Failure).To(And(ContainSubstring("TIER1/"+t.nodeRouter()), ContainSubstring("objects of its nodes' network"), ContainSubstring("not realised by NSX yet")))
		other := command(onlyNCP(t.config()), config.CommandPrecheck)
		other.NCP.Cluster = tkgiLonger
		Expect(t.execute(other).Code).To(Equal(run.Mixed))
		Expect(t.out.String()).To(MatchRegexp(`precheck half-way: cluster ` + tkgiCluster + `: \d+ Manager, 1 Policy`))
	})

	It("is rolled back where TKGI went on working on its nodes meanwhile [R6] [I3]", func() {
		t := newTKGI()
		Expect(t.execute(t.shared()).Code).To(Equal(run.AllPolicy), t.out.String())
		owners := t.nodeOwners()
		t.fault(faults.Rule{Method: http.MethodPost, Path: "*/mp-to-policy", BodyType: "DFW_SECTION", Hook: func(faults.Call) {
			defer GinkgoRecover()
			Expect(t.state.Update(putSwitch("late", map[string]string{"ncp/cluster": tkgiCluster, "pks/cluster": tkgiUUID}))).To(Succeed())
		}})
		out := t.execute(onlyNCP(t.config()))
		Expect(out.Code).To(Equal(run.AllManager), t.out.String())
		Expect(out.Failure).To(And(ContainSubstring("are new in Manager mode"), ContainSubstring("LOGICAL_SWITCH/late")))
		Expect(t.state.Update(func(tx *store.Tx) error { return tx.Manager().Delete("logical-switches/late") })).To(Succeed())
		Expect(t.nodeOwners()).To(Equal(owners))
	})

	It("brings the network of its nodes after, where it was migrated without", func() {
		t := newTKGI()
		c := t.config()
		c.NCP.Platform, c.Migration.IgnorePrechecks = "kubernetes", []string{"single-product"} // which has no network of nodes
		Expect(t.execute(c).Code).To(Equal(run.AllPolicy), t.out.String())
		Expect(t.inspect(tkgiCluster).NodeNetwork.Manager).To(Equal(11))
		other := t.config()
		other.NCP.Cluster, other.Migration.Command = tkgiLonger, config.CommandPrecheck
		Expect(t.execute(other).Code).To(Equal(run.AllPolicy), "another cluster may go on: "+t.out.String())

		Expect(t.execute(t.config()).Code).To(Equal(run.AllPolicy), t.out.String())
		Expect(t.inspect(tkgiCluster).NodeNetwork).To(And(HaveField("Manager", 0), HaveField("Policy", 11)))
	})

	It("gives the network of its nodes to the identity that is configured", func() {
		t := newTKGI()
		c := t.config()
		c.NSX.NodePrincipalIdentity = "pks-other"
		Expect(t.execute(c).Code).To(Equal(run.AllPolicy), t.out.String())
		Expect(maps.Values(t.nodeOwners())).To(HaveEach("pks-other"))
	})

	It("takes an untagged port along that is on the switch of its nodes, and says so [I3]", func() {
		t := newTKGI(putPort("double", nil))
		before := t.copyState()
		Expect(t.execute(t.config()).Code).To(Equal(run.AllPolicy), t.out.String())
		Expect(t.out.String()).To(MatchRegexp(`WARNING: precheck node-ports: .*double`))
		t.untouched(before, "double")
		Expect(t.state.View(func(tx *store.Tx) error {
			port, exists := tx.Manager().Get("logical-ports/double")
			Expect(exists).To(BeTrue())
			_, promoted := port.Tag("policyPath")
			Expect(promoted).To(BeTrue())
			return nil
		})).To(Succeed())
	})

	DescribeTable("does not begin where something of its nodes' network would stay behind [I2]",
		func(change func(*store.Tx) error, words ...string) {
			t := newTKGI(change)
			since := len(t.server.Requests())
			out := t.execute(t.config())
			Expect(out.Code).To(Equal(run.AllManager), t.out.String())
			for _, w := range append(words, "precheck node-network") {
				Expect(out.Failure).To(ContainSubstring(w))
			}
			Expect(t.writes(since)).To(BeEmpty())
		},
		Entry("a switch that only TKGI has tagged", putSwitch("lonely", map[string]string{"pks/cluster": tkgiUUID}), "lonely", "it has no tag ncp/cluster"),
		Entry("the same, in the other spelling", putSwitch("lonely", map[string]string{"pks/clusters": tkgiUUID}), "lonely", "it has no tag ncp/cluster"),
		Entry("one on which the tags do not agree", putSwitch("torn", map[string]string{"ncp/cluster": tkgiCluster, "pks/cluster": "another"}),
			"torn", `its tag pks/cluster is "another" and not "`+tkgiUUID+`"`),
		Entry("one that names another cluster", putSwitch("torn", map[string]string{"ncp/cluster": "pks-x", "pks/cluster": tkgiUUID}), "torn", `its tag ncp/cluster is "pks-x"`),
		Entry("a port of another cluster on the nodes' switch", putPort("guest", map[string]string{"ncp/cluster": tkgiLonger, "pks/cluster": tkgiUUID + "0"}),
			"guest", "goes with cluster "+`"`+tkgiLonger+`"`),
	)
})

// dies executes up to the last batches, ends there as a killed process does, and gives the run's id.
func (t *tkgi) dies(c *config.Config) (lostRun string) {
	GinkgoHelper()
	stopping, stop := context.WithCancel(context.Background())
	defer stop()
	t.fault(faults.Rule{Method: http.MethodPost, Path: "*/mp-to-policy", BodyType: "DFW_SECTION", Hook: func(faults.Call) { stop() }})
	out := t.foundation.execute(stopping, c, func(r *run.Runner) { r.Platform = everything{} })
	Expect(out.Code).To(Equal(run.Interrupted), t.out.String())
	t.fault()
	return t.recorded().RunID
}

// nodeRouter is the Manager id of the router of our nodes.
func (t *tkgi) nodeRouter() string {
	GinkgoHelper()
	return path.Base(t.nodeKey("logical-routers/"))
}

// nodeKey is the key of an object of our nodes' network in a collection.
func (t *tkgi) nodeKey(collection string) string {
	GinkgoHelper()
	keys := slices.Sorted(maps.Keys(t.nodeOwners()))
	i := slices.IndexFunc(keys, func(key string) bool { return strings.HasPrefix(key, collection) && strings.Count(key, "/") == 1 })
	Expect(i).To(BeNumerically(">=", 0))
	return keys[i]
}

// put adds a Manager object with tags that a client other than NCP made.
func put(tx *store.Tx, collection, id string, tags map[string]string, fields map[string]any) error {
	list := []any{}
	for _, scope := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"scope": scope, "tag": tags[scope]})
	}
	maps.Copy(fields, map[string]any{"id": id, "display_name": id, "tags": list, "_create_user": "admin", "_revision": 0})
	_, err := tx.Manager().PutFields(collection+"/"+id, fields)
	return err
}

// putSwitch adds a switch.
func putSwitch(id string, tags map[string]string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		return put(tx, "logical-switches", id, tags, map[string]any{"resource_type": "LogicalSwitch", "admin_state": "UP"})
	}
}

// putPort adds a port on the switch of our nodes.
func putPort(id string, tags map[string]string) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		for _, on := range tx.Manager().List("logical-switches") {
			if ofNodes(on) {
				return put(tx, "logical-ports", id, tags, map[string]any{"resource_type": "LogicalPort", "logical_switch_id": on.ID, "admin_state": "UP"})
			}
		}
		return errors.New("the nodes have no switch")
	}
}
