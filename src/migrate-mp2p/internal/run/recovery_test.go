package run_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// workflowCalls are the writes since a request that end a workflow or undo what it did.
func (f *foundation) workflowCalls(since int) []string {
	var all []string
	for _, w := range f.writes(since) {
		if strings.Contains(w, "action=DONE") || strings.Contains(w, "mp-to-policy/rollback") {
			all = append(all, w)
		}
	}
	return all
}

// searches are the queries that NSX's search was asked.
func (f *foundation) searches() []string {
	GinkgoHelper()
	var all []string
	for _, r := range f.server.Requests() {
		values, err := url.ParseQuery(r.Query)
		Expect(err).NotTo(HaveOccurred())
		if query := values.Get("query"); query != "" {
			all = append(all, query)
		}
	}
	return all
}

// holdLease makes another cluster's run hold the lease.
func (f *foundation) holdLease(runID string) {
	GinkgoHelper()
	f.putLease(map[string]string{"nsx-mp2p/run": runID, "nsx-mp2p/cluster": "tas2"})
}

// holdLeaseAs makes a run of this cluster hold the lease, whose records lie on an instance of the deployment.
func (f *foundation) holdLeaseAs(runID, instance string) {
	GinkgoHelper()
	f.putLease(map[string]string{"nsx-mp2p/run": runID, "nsx-mp2p/cluster": cluster, "nsx-mp2p/instance": instance, "nsx-mp2p/deployment": theDeployment})
}

func (f *foundation) putLease(tags map[string]string) {
	GinkgoHelper()
	list := []any{}
	for _, scope := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"scope": scope, "tag": tags[scope]})
	}
	Expect(f.state.Update(func(tx *store.Tx) error {
		_, err := tx.Policy().PutFields("/infra/domains/default/groups/nsx-mp2p-lease", map[string]any{
			"resource_type": "Group", "id": "nsx-mp2p-lease", "display_name": "nsx-mp2p-lease",
			"tags": list,
		})
		return err
	})).To(Succeed())
}

var _ = Describe("somebody else's migration", func() {
	ctx := context.Background()

	It("is not ended by our DONE when NSX refuses our INITIATE because of theirs [I8]", func() {
		f := newFoundation(1)
		// They begin after our prechecks, which would have seen them.
		f.fault(faults.Rule{Method: http.MethodPut, Path: "*lease", Hook: func(faults.Call) {
			defer GinkgoRecover()
			f.somebody(func(ctx context.Context, c *nsx.Client) error {
				return errors.Join(c.StartCoordinator(ctx), c.Initiate(ctx))
			})
		}})
		since := len(f.server.Requests())
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.out.String()).To(ContainSubstring("already in progress"))
		Expect(f.workflowCalls(since)).To(BeEmpty())
		f.somebody(func(ctx context.Context, c *nsx.Client) error { return c.Done(ctx) })
	})

	It("is neither aborted nor ended when the answer to our INITIATE is lost and their plan is half-way [I8]", func() {
		f := newFoundation(1)
		theirs := f.sharedIDs()[0]
		// They begin after our prechecks, which would have seen them.
		f.fault(faults.Rule{Method: http.MethodPut, Path: "*lease", Hook: func(faults.Call) {
			defer GinkgoRecover()
			f.somebody(func(ctx context.Context, c *nsx.Client) error {
				if err := errors.Join(c.StartCoordinator(ctx), c.Initiate(ctx)); err != nil {
					return err
				}
				kind := ""
				shared, err := nsxsim.Shared(f.state)
				for _, s := range shared {
					if s.ID == theirs {
						kind = s.Kind
					}
				}
				body := mp.Promotion{MigrationData: []mp.Resource{{Type: kind, ResourceIDs: []mp.ResourceDetails{{ManagerID: theirs}}}}}
				return errors.Join(err, c.Promote(ctx, body), c.PlanAction(ctx, "start"))
			})
		}}, faults.Rule{Method: http.MethodPost, Path: "*workflow", Query: "action=INITIATE", From: 2, Status: http.StatusServiceUnavailable, RawBody: "<html>"})
		since := len(f.server.Requests())
		out := f.execute(ctx, f.shared())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.out.String()).To(ContainSubstring("nsx.end_workflow"))
		Expect(f.workflowCalls(since)).To(BeEmpty())
		Expect(f.writes(since)).NotTo(ContainElement(ContainSubstring("action=abort")))
		Expect(f.unfinished()).To(BeEmpty())
		f.fault()
		f.somebody(func(ctx context.Context, c *nsx.Client) error { return c.PlanAction(ctx, "continue") })
	})

	It("that has broken our lease is left alone by our re-run [I8]", func() {
		f := newFoundation(1)
		stopping, stop := context.WithCancel(ctx)
		closing := lost(at("mp-to-policy/workflow", "action=DONE", 1), faults.Before)
		closing.Hook = func(faults.Call) { stop() }
		f.fault(refused(at("plan", "action=continue", 3)), closing)
		Expect(f.execute(stopping, f.shared()).Code).To(Equal(run.Interrupted), f.out.String())
		Expect(f.unfinished()).To(Equal(records.Closing))
		f.fault()
		f.holdLease("run-of-tas2")
		since := len(f.server.Requests())
		out := f.execute(ctx, f.shared())
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(And(ContainSubstring("run-of-tas2"), ContainSubstring("tas2")))
		Expect(f.writes(since)).To(BeEmpty())
	})
})

var _ = Describe("a rollback of shared objects", func() {
	ctx := context.Background()

	DescribeTable("is refused while somebody else's Policy object is built upon them, and done once it is gone [I8] [R17]", func(noIndex bool) {
		f := newFoundation(1)
		const theirs = "/infra/tier-1s/theirs"
		failing := refused(at("plan", "action=continue", 5)) // the Tier-0 is the third batch
		failing.Hook = func(faults.Call) {
			defer GinkgoRecover()
			Expect(f.state.Update(func(tx *store.Tx) error {
				tops := tx.Policy().ByType("Tier0")
				if len(tops) == 0 {
					return errors.New("no Tier-0 in Policy")
				}
				_, err := tx.Policy().PutFields(theirs, map[string]any{
					"resource_type": "Tier1", "id": "theirs", "display_name": "theirs", "path": theirs, "tier0_path": tops[0].Key,
				})
				return err
			})).To(Succeed())
		}
		rules := []faults.Rule{failing}
		if noIndex {
			rules = append(rules, faults.Rule{Path: "/policy/api/v1/search/*", Query: "tier0_path", Answer: "search-out-of-sync"})
		}
		f.fault(rules...)
		c := f.shared()
		c.NSX.Timeouts.Index = config.Duration(1)
		c.NSX.SharedPrincipalIdentity = "boss"
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Failure).To(ContainSubstring(theirs))
		Expect(f.searches()).To(ContainElement(ContainSubstring(`NOT _create_user:("boss")`)), "addresses of whom batches were sent for are not others'")
		Expect(f.workflowCalls(0)).To(BeEmpty())
		Expect(f.unfinished()).To(Equal(records.RollingBack))

		f.fault()
		Expect(f.state.Update(func(tx *store.Tx) error { return tx.Policy().Delete(theirs) })).To(Succeed())
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllManager), f.out.String())
	},
		Entry("as Search shows", false),
		Entry("as the lists show where the search index does not work", true),
	)
})

var _ = Describe("a recovery", func() {
	ctx := context.Background()

	It("keeps to the recorded node when nsx.accept_other_node names just that one [R19]", func() {
		f := newFoundation(1, func(o *options) { o.Nodes = 2 })
		address := func(node int) config.Manager {
			return config.Manager{Address: strings.TrimPrefix(f.server.NodeURL(node), "https://")}
		}
		c := f.shared()
		c.NSX.Managers = []config.Manager{address(0)}
		f.fault(refused(at("plan", "action=continue", 3)), refused(at("mp-to-policy/rollback", "", 0)))
		Expect(f.execute(ctx, c).Code).To(Equal(run.Mixed), f.out.String())
		f.fault()
		c = f.shared()
		c.NSX.Managers = []config.Manager{address(1), address(0)}
		c.NSX.AcceptOtherNode = f.recorded().NodeID
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.out.String()).To(ContainSubstring("node " + c.NSX.AcceptOtherNode))
	})

	It("goes by the scope and the settings in the records, prints where today's differ, and judges what it took up [R17] [I2]", func() {
		f := stuck()
		c := f.shared()
		c.Migration.PolicyIDs = "display-name"
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.out.String()).To(And(
			ContainSubstring("scope ncp, which migration.resources (shared) leaves out"),
			ContainSubstring(`migration.policy_ids was "uuid"`),
			Not(ContainSubstring("migration.user_spec was")),
		))
	})

	It("that had finished when SIGTERM came keeps its code [R18]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		stopping, stop := context.WithCancel(ctx)
		f.fault(faults.Rule{Method: http.MethodPost, Path: "*migration-coordinator", Query: "action=stop", Hook: func(faults.Call) { stop() }})
		out := f.execute(stopping, onlyNCP(f.config()))
		Expect(stopping.Err()).To(HaveOccurred())
		Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
	})

	It("that had rolled back when SIGTERM came keeps its code, too [R18]", func() {
		f := newFoundation(1)
		stopping, stop := context.WithCancel(ctx)
		f.fault(refused(at("plan", "action=continue", 3)),
			faults.Rule{Method: http.MethodPost, Path: "*migration-coordinator", Query: "action=stop", Hook: func(faults.Call) { stop() }})
		out := f.execute(stopping, f.shared())
		Expect(stopping.Err()).To(HaveOccurred())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
	})
})
