package run_test

import (
	"context"
	"errors"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// serviceCalls are the starts and stops of the coordinator service since a request.
func (f *foundation) serviceCalls(since int) []string {
	var all []string
	for _, w := range f.writes(since) {
		if strings.Contains(w, "services/migration-coordinator") {
			all = append(all, w)
		}
	}
	return all
}

const theLease = "/infra/domains/default/groups/nsx-mp2p-lease"

var _ = Describe("the lease", func() {
	ctx := context.Background()

	// ended runs scope shared and ends the process right after the lease was given up, before the records are archived.
	ended := func(f *foundation) {
		GinkgoHelper()
		stopping, stop := context.WithCancel(ctx)
		f.fault(faults.Rule{Method: http.MethodDelete, Path: "*lease", When: faults.After, Hook: func(faults.Call) { stop() }})
		f.execute(stopping, f.shared())
		Expect(f.unfinished()).To(Equal(records.Complete))
		Expect(f.leaseHeld()).To(BeFalse())
		f.fault()
	}

	It("that was given up lets a re-run touch nothing that another run uses by now [I8] [R19]", func() {
		f := newFoundation(1)
		ended(f)
		f.holdLease("run-of-tas2")
		f.somebody(func(ctx context.Context, c *nsx.Client) error {
			return errors.Join(c.StartCoordinator(ctx), c.Initiate(ctx))
		})
		since := len(f.server.Requests())
		out := f.execute(ctx, f.shared())
		Expect(out.Code).To(Equal(run.AllPolicy), "%s", f.out)
		Expect(f.writes(since)).To(BeEmpty())
		Expect(f.unfinished()).To(BeEmpty())
		f.somebody(func(ctx context.Context, c *nsx.Client) error { return c.Done(ctx) })
	})

	It("that was taken is given up by a re-run for which nsx.lease is off, since the records decide [I8]", func() {
		f := newFoundation(1)
		stopping, stop := context.WithCancel(ctx)
		f.fault(faults.Rule{Method: http.MethodPost, Path: "*/plan", Query: "action=continue", Nth: 3, Hook: func(faults.Call) { stop() }})
		Expect(f.execute(stopping, f.shared()).Code).To(Equal(run.Interrupted), "%s", f.out)
		Expect(f.leaseHeld()).To(BeTrue())
		f.fault()
		c := f.shared()
		c.NSX.Lease = false
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllManager), "%s", f.out)
		Expect(f.leaseHeld()).To(BeFalse())
	})

	It("that was not taken is not taken by a re-run for which nsx.lease is on, nor released [I8]", func() {
		f := newFoundation(1)
		stopping, stop := context.WithCancel(ctx)
		f.fault(faults.Rule{Method: http.MethodPost, Path: "*/plan", Query: "action=continue", Nth: 3, Hook: func(faults.Call) { stop() }})
		c := f.shared()
		c.NSX.Lease = false
		Expect(f.execute(stopping, c).Code).To(Equal(run.Interrupted), "%s", f.out)
		f.fault()
		since := len(f.server.Requests())
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllManager), "%s", f.out)
		Expect(f.writes(since)).NotTo(ContainElement(ContainSubstring(theLease)))
	})

	It("is not taken from an object of somebody else's that only has its name [I3] [I4] [I8]", func() {
		f := newFoundation(1)
		Expect(f.state.Update(func(tx *store.Tx) error {
			_, err := tx.Policy().PutFields(theLease, map[string]any{"resource_type": "Group", "id": "nsx-mp2p-lease", "display_name": "ours"})
			return err
		})).To(Succeed())
		out := f.execute(ctx, f.shared())
		Expect(out.Code).To(Equal(run.AllManager), "%s", f.out)
		Expect(out.Failure).To(And(ContainSubstring(theLease), ContainSubstring("remove or rename it")))
		Expect(f.leaseHeld()).To(BeTrue(), "the object is there as before")
		Expect(f.writes(0)).To(BeEmpty())
	})

	DescribeTable("is taken and given up whatever the answers to that say [I8] [I2]", func(rule faults.Rule) {
		f := newFoundation(1)
		rule.Nth = 1
		f.fault(rule)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		Expect(f.leaseHeld()).To(BeFalse())
	},
		Entry("the answer to taking it is lost", faults.Rule{Method: http.MethodPut, Path: "*lease", Drop: true, When: faults.After}),
		Entry("giving it up is answered without effect", faults.Rule{Method: http.MethodDelete, Path: "*lease", Status: http.StatusOK, RawBody: "{}"}),
		Entry("the answer to giving it up is lost", faults.Rule{Method: http.MethodDelete, Path: "*lease", Drop: true, When: faults.After}),
	)
})

var _ = Describe("the coordinator service", func() {
	ctx := context.Background()

	It("whose start was cut off by SIGTERM is found by the next run, and stopped at its end [R18] [I8]", func() {
		f := newFoundation(1)
		stopping, stop := context.WithCancel(ctx)
		f.fault(faults.Rule{Method: http.MethodPost, Path: "*migration-coordinator", Query: "action=start", When: faults.After, Hook: func(faults.Call) { stop() }})
		Expect(f.execute(stopping, f.shared()).Code).To(Equal(run.Interrupted), "%s", f.out)
		Expect(f.recorded().CoordinatorStarted).To(BeTrue())
		f.fault()
		since := len(f.server.Requests())
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		calls := f.serviceCalls(since)
		Expect(calls[len(calls)-1]).To(ContainSubstring("action=stop"))
		Expect(f.unfinished()).To(BeEmpty())
	})

	It("that runs where the virtual address led before is named, and taken up once that node is listed [R18] [R10]", func() {
		f := newFoundation(1, func(o *options) { o.Nodes = 2 })
		c := f.shared()
		node := func(n int) config.Manager {
			return config.Manager{Address: strings.TrimPrefix(f.server.NodeURL(n), "https://")}
		}
		c.NSX.Managers = []config.Manager{node(0)}
		stopping, stop := context.WithCancel(ctx)
		f.fault(faults.Rule{Method: http.MethodPost, Path: "*migration-coordinator", Query: "action=start", When: faults.After, Hook: func(faults.Call) { stop() }})
		Expect(f.execute(stopping, c).Code).To(Equal(run.Interrupted), "%s", f.out)
		f.fault()

		c.NSX.Managers = []config.Manager{node(1)}
		since := len(f.server.Requests())
		out := f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllManager), "%s", f.out)
		Expect(out.Failure).To(And(ContainSubstring(c.NSX.Managers[0].Address[:4]), ContainSubstring("List that node's own address in nsx.managers")))
		Expect(f.writes(since)).To(BeEmpty())

		c.NSX.Managers = []config.Manager{node(1), node(0)}
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), "%s", f.out)
		Expect(f.serviceCalls(0)).To(ContainElement(ContainSubstring("action=stop")))
	})

	It("that is told to stop and does not is told again [R18]", func() {
		f := newFoundation(1)
		f.fault(faults.Rule{Method: http.MethodPost, Path: "*migration-coordinator", Query: "action=stop", Nth: 1, Status: http.StatusOK, RawBody: `{"runtime_state":"stopped"}`})
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		f.somebody(func(ctx context.Context, c *nsx.Client) error {
			service, err := c.CoordinatorService(ctx)
			Expect(service.Running()).To(BeFalse())
			return err
		})
	})
})

var _ = Describe("a workflow", func() {
	ctx := context.Background()

	DescribeTable("whose INITIATE takes effect without an answer that says so is closed again [R14] [I2] [I8]", func(rule faults.Rule) {
		f := newFoundation(1)
		rule.Nth = 1
		rule.Method, rule.Path, rule.Query, rule.When = http.MethodPost, "*/workflow", "action=INITIATE", faults.After
		f.fault(rule)
		Expect(f.untilSettled(f.shared())).To(BeNumerically(">=", 0))
		f.fault()
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
	},
		Entry("500", faults.Rule{Status: http.StatusInternalServerError, ErrorCode: 36000}),
		Entry("503", faults.Rule{Status: http.StatusServiceUnavailable, ErrorCode: 98}),
		Entry("none", faults.Rule{Drop: true}),
		Entry("HTML", faults.Rule{Status: http.StatusBadGateway, RawBody: "<html>"}),
	)

	DescribeTable("is closed after a rollback whatever becomes of the DONE [R14] [I2] [I8]", func(rule faults.Rule) {
		f := newFoundation(1)
		rule.Method, rule.Path, rule.Query = http.MethodPost, "*/workflow", "action=DONE"
		turn := refused(at("plan", "action=continue", 3))
		turn.Status = http.StatusBadRequest
		f.fault(turn, rule)
		f.untilSettled(f.shared())
		f.fault()
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
	},
		Entry("refused once", faults.Rule{Nth: 1, Status: http.StatusBadRequest, ErrorCode: 1}),
		Entry("lost once, before its effect", faults.Rule{Nth: 1, Drop: true}),
		Entry("lost once, after its effect", faults.Rule{Nth: 1, Drop: true, When: faults.After}),
		Entry("answered once without effect", faults.Rule{Nth: 1, Status: http.StatusOK, RawBody: "{}"}),
		Entry("answered by a login page", faults.Rule{To: 2, Status: http.StatusOK, RawBody: "<html>log in</html>"}),
		Entry("failing on NSX's side once", faults.Rule{Nth: 1, Status: http.StatusInternalServerError, ErrorCode: 36000}),
	)

	It("that nobody in the records began is named, and ended only when the operator says so [I8] [R18]", func() {
		f := newFoundation(1)
		f.somebody(func(ctx context.Context, c *nsx.Client) error {
			return errors.Join(c.StartCoordinator(ctx), c.Initiate(ctx))
		})
		since := len(f.server.Requests())
		out := f.execute(ctx, f.shared())
		Expect(out.Code).To(Equal(run.AllManager), "%s", f.out)
		Expect(out.Failure).To(ContainSubstring("nsx.end_workflow: "))
		Expect(f.workflowCalls(since)).To(BeEmpty())

		c := f.shared()
		c.NSX.EndWorkflow = "another-node"
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllManager), "%s", f.out)
		Expect(f.workflowCalls(since)).To(BeEmpty())

		c.NSX.EndWorkflow = wordAfter(out.Failure, "nsx.end_workflow: ")
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), "%s", f.out)
	})

	It("is not ended, whatever the operator says, while another cluster is half-way [I8]", func() {
		f := newFoundation(1)
		f.somebody(func(ctx context.Context, c *nsx.Client) error {
			return errors.Join(c.StartCoordinator(ctx), c.Initiate(ctx))
		})
		c := f.shared()
		out := f.execute(ctx, c)
		c.NSX.EndWorkflow = wordAfter(out.Failure, "nsx.end_workflow: ")
		Expect(c.NSX.EndWorkflow).NotTo(BeEmpty())
		// It becomes half-way after our prechecks, which would have seen it.
		f.fault(faults.Rule{Method: http.MethodPut, Path: "*lease", Hook: func(faults.Call) { f.halfWayCluster("tas2") }})
		since := len(f.server.Requests())
		out = f.execute(ctx, c)
		Expect(out.Code).To(Equal(run.AllManager), "%s", f.out)
		Expect(out.Failure).To(ContainSubstring("half-way"))
		Expect(f.workflowCalls(since)).To(BeEmpty())
	})
})

// halfWayCluster makes two switches of another cluster, one of which is Policy.
func (f *foundation) halfWayCluster(name string) {
	defer GinkgoRecover()
	Expect(f.state.Update(func(tx *store.Tx) error {
		var zone any
		if switches := tx.Manager().List("logical-switches"); len(switches) > 0 {
			fields, err := switches[0].Fields()
			if err != nil {
				return err
			}
			zone = fields["transport_zone_id"]
		}
		for i, id := range []string{"half-1", "half-2"} {
			tags := []any{map[string]any{"scope": "ncp/cluster", "tag": name}, map[string]any{"scope": "ncp/version", "tag": "1.1.0"}}
			if i == 1 {
				tags = append(tags, map[string]any{"scope": "policyPath", "tag": "/infra/segments/half-2"})
			}
			_, err := tx.Manager().PutFields("logical-switches/"+id, map[string]any{
				"resource_type": "LogicalSwitch", "id": id, "display_name": id, "transport_zone_id": zone, "admin_state": "UP", "tags": tags,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})).To(Succeed())
}

var _ = Describe("DONE", func() {
	ctx := context.Background()

	DescribeTable("counts when the objects show it, whatever answers [R14] [I2]", func(rule faults.Rule) {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		rule.Method, rule.Path, rule.Query = http.MethodPost, "*/workflow", "action=DONE"
		f.fault(rule)
		leaping := func(r *run.Runner) { r.Clock = &leapingClock{} }
		f.untilSettled(onlyNCP(f.config()), leaping)
	},
		Entry("a login page, twice", faults.Rule{To: 2, Status: http.StatusOK, RawBody: "<html>log in</html>"}),
		Entry("200 without effect, twice", faults.Rule{To: 2, Status: http.StatusOK, RawBody: "{}"}),
		Entry("200 without effect, for ever", faults.Rule{To: 12, Status: http.StatusOK, RawBody: "{}"}),
		Entry("NSX's error 36000 after the effect", faults.Rule{Nth: 1, When: faults.After, Status: http.StatusInternalServerError, ErrorCode: 36000}),
		Entry("HTML of a proxy after the effect", faults.Rule{Nth: 1, When: faults.After, Status: http.StatusInternalServerError, RawBody: "<html>"}),
		Entry("a refusal of something in between after the effect", faults.Rule{Nth: 1, When: faults.After, Status: http.StatusNotFound, RawBody: "<html>"}),
		Entry("a refusal by NSX", faults.Rule{Nth: 1, Status: http.StatusBadRequest, ErrorCode: 1}),
	)

	It("counts, too, on an NSX that never shows what it realises, and no later run takes that one for a restored one [R14] [R16] [I2]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), "%s", f.out)
		silent := faults.Rule{Method: http.MethodGet, Path: "*/realized-state/status", Status: http.StatusOK,
			RawBody: `{"consolidated_status":{"consolidated_status":"UNINITIALIZED"}}`}
		f.fault(silent, faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Body: "LBMonitorProfile", Status: http.StatusBadRequest, ErrorCode: 1, Message: "injected"})
		leaping := func(r *run.Runner) { r.Clock = &leapingClock{} }
		Expect(f.execute(ctx, onlyNCP(f.config()), leaping).Code).To(Equal(run.Mixed), "%s", f.out)
		Expect(f.out.String()).To(ContainSubstring("says that the workflow has ended, and has begun to realise none of the objects: going on"))
		Expect(f.unfinished()).To(Equal(records.Applying))
		f.fault(silent)
		Expect(f.execute(ctx, onlyNCP(f.config()), leaping).Code).To(Equal(run.AllPolicy), "%s", f.out)
	})
})
