package run_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// loseRecords deletes everything that the errand keeps on its disk.
func (f *foundation) loseRecords() {
	GinkgoHelper()
	Expect(os.RemoveAll(filepath.Join(f.dir, "records"))).To(Succeed())
}

// adopting is a configuration that takes over what run lostRun left.
func adopting(c *config.Config, lostRun string) *config.Config {
	c.Migration.Adopt = true
	c.NSX.BreakLease = lostRun
	return c
}

// diesAt makes the process of the run of scope ncp end at a request, and loses its records. It gives the run's id.
func (f *foundation) diesAt(rule faults.Rule, c *config.Config) (lostRun string) {
	GinkgoHelper()
	stopping, stop := context.WithCancel(context.Background())
	defer stop()
	rule.Hook = func(faults.Call) { stop() }
	f.fault(rule)
	Expect(f.execute(stopping, c).Code).To(Equal(run.Interrupted), f.out.String())
	f.fault()
	lostRun = f.recorded().RunID
	Expect(lostRun).NotTo(BeEmpty())
	f.loseRecords()
	return lostRun
}

// lostInPhase2 is a foundation whose shared objects are Policy, and whose own are half-way, before DONE, without records.
func lostInPhase2() (f *foundation, before *store.Store, lostRun string) {
	GinkgoHelper()
	return lostAtBatch(9)
}

// lostAtBatch is lostInPhase2 where so many batches of 21 are Policy.
func lostAtBatch(n int) (f *foundation, before *store.Store, lostRun string) {
	GinkgoHelper()
	f = newFoundation(1)
	Expect(f.execute(context.Background(), f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
	before = f.copyState()
	return f, before, f.diesAt(at("plan", "action=continue", n), onlyNCP(f.config()))
}

// lostInPhase4 is a foundation whose objects are Policy and realised, some of them updated, without records.
func lostInPhase4() (f *foundation, lostRun string) {
	GinkgoHelper()
	f = newFoundation(1)
	Expect(f.execute(context.Background(), f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
	return f, f.diesAt(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Nth: 6, When: faults.After}, onlyNCP(f.config()))
}

// expectReady asks the simulator whether NCP may start in Policy mode.
func (f *foundation) expectReady() {
	GinkgoHelper()
	judged := f.inspect()
	Expect(judged.AllPolicy()).To(BeTrue(), f.out.String())
	Expect(judged.NotReady).To(BeEmpty(), f.out.String())
	Expect(judged.Inconsistencies).To(BeEmpty())
	Expect(f.leaseHeld()).To(BeFalse())
	Expect(f.unfinished()).To(BeEmpty())
}

// expectNoWrite executes and expects that nothing reaches NSX which could change it.
func (f *foundation) expectNoWrite(c *config.Config, words ...string) {
	GinkgoHelper()
	since := len(f.server.Requests())
	out := f.execute(context.Background(), c)
	Expect(out.Code).To(Equal(run.Mixed), f.out.String())
	for _, w := range words {
		Expect(out.Failure).To(ContainSubstring(w))
	}
	Expect(f.writes(since)).To(BeEmpty())
}

var _ = Describe("a migration whose records are lost", func() {
	ctx := context.Background()

	Describe("in mid phase 2", func() {
		It("is listed only, with both ways out, without migration.adopt [I3] [R20]", func() {
			f, _, lostRun := lostInPhase2()
			f.expectNoWrite(onlyNCP(f.config()), "no records on this disk claim them", "run again where those records lie", "migration.adopt: true", "nsx.break_lease: "+lostRun)
			f.expectNoWrite(command(onlyNCP(f.config()), "rollback"), "migration.adopt: true")
			Expect(f.lastLine()).To(ContainSubstring("nothing was rolled back: some of the NCP-created objects"))
			for _, name := range []string{"plan", "precheck", "status", "verify"} {
				f.expectNoWrite(command(onlyNCP(f.config()), name))
				Expect(f.out.String()).To(ContainSubstring("no records on this disk claim them"), name)
			}
		})

		It("is named beside the code where that speaks of the shared objects, which alone are asked for [R20]", func() {
			f, _, _ := lostInPhase2()
			Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.lastLine()).To(ContainSubstring(`some of the NCP-created objects of tas "tas1" are Policy and nobody's records say why`))
		})

		It("stays in use with migration.adopt until its lease is named [I8]", func() {
			f, _, lostRun := lostInPhase2()
			out := f.execute(ctx, adopting(onlyNCP(f.config()), "run-of-somebody"))
			Expect(out.Code).To(Equal(run.Mixed), f.out.String())
			Expect(out.Failure).To(And(ContainSubstring("in use by migration run "+lostRun), ContainSubstring("nsx.break_lease: "+lostRun), ContainSubstring("migration.adopt: true")))
			Expect(f.unfinished()).To(BeEmpty())
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("is adopted and brought to its end [I2] [R20]", func() {
			f, _, lostRun := lostInPhase2()
			out := f.execute(ctx, adopting(f.config(), lostRun))
			Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.out.String()).To(ContainSubstring("taken over"))
			f.expectReady()
			since := len(f.server.Requests())
			Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.writes(since)).To(BeEmpty())
		})

		It("is taken back whole by the command rollback [I2] [I5]", func() {
			f, before, lostRun := lostInPhase2()
			out := f.execute(ctx, command(adopting(onlyNCP(f.config()), lostRun), "rollback"))
			Expect(out.Code).To(Equal(run.AllManager), f.out.String())
			Expect(f.inspect().NCP.Policy).To(BeZero())
			Expect(f.changedManager(before)).To(BeEmpty())
			Expect(f.leaseHeld()).To(BeFalse())
			Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("is taken back whole although the rollback is killed, by whatever command comes next [I2]", func() {
			f, before, lostRun := lostInPhase2()
			stopping, stop := context.WithCancel(ctx)
			defer stop()
			rule := at("mp-to-policy/rollback", "", 3)
			rule.Hook = func(faults.Call) { stop() }
			f.fault(rule)
			Expect(f.execute(stopping, command(adopting(onlyNCP(f.config()), lostRun), "rollback")).Code).To(Equal(run.Interrupted), f.out.String())
			f.fault()
			Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllManager), f.out.String())
			Expect(f.changedManager(before)).To(BeEmpty())
			Expect(f.leaseHeld()).To(BeFalse())
		})

		DescribeTable("keeps what was adopted when the adopting run fails, says so, and is adopted once more [I2] [I3]",
			func(rule faults.Rule) {
				f, _, lostRun := lostInPhase2()
				policy := f.inspect().NCP.Policy
				f.fault(rule)
				out := f.execute(ctx, adopting(onlyNCP(f.config()), lostRun))
				Expect(out.Code).To(Equal(run.Mixed), f.out.String())
				Expect(out.Meaning).To(And(ContainSubstring("were adopted and are still Policy"), ContainSubstring("was rolled back as far as this run had sent it")))
				f.agree(out, "run-003-1", true)
				Expect(f.inspect().NCP.Policy).To(Equal(policy), "what this run sent is back, and no more")
				Expect(f.unfinished()).To(BeEmpty())
				f.fault()
				f.expectNoWrite(onlyNCP(f.config()), "migration.adopt: true")
				after := f.copyState()
				Expect(f.execute(ctx, adopting(onlyNCP(f.config()), "")).Code).To(Equal(run.AllPolicy), f.out.String())
				f.expectReady()

				back := serve(after)
				Expect(back.execute(ctx, command(adopting(onlyNCP(back.config()), ""), "rollback")).Code).To(Equal(run.AllManager), back.out.String())
				Expect(back.inspect().NCP.Policy).To(BeZero())
			},
			Entry("at its first batch", refused(at("mp-to-policy", "", 1))),
			Entry("at a later batch", refused(at("plan", "action=continue", 4))),
			Entry("at DONE", refused(at("mp-to-policy/workflow", "action=DONE", 1))),
		)

		It("is brought to an end however often the adopting run is killed [I2]", func() {
			f, _, lostRun := lostInPhase2()
			for _, rule := range []faults.Rule{
				at("mp-to-policy/workflow", "action=INITIATE", 1), at("plan", "action=continue", 3), at("mp-to-policy/workflow", "action=DONE", 1),
				{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Nth: 3},
			} {
				stopping, stop := context.WithCancel(ctx)
				rule.Hook = func(faults.Call) { stop() }
				f.fault(rule)
				if out := f.execute(stopping, adopting(onlyNCP(f.config()), lostRun)); out.Code == run.Mixed {
					f.execute(stopping, adopting(onlyNCP(f.config()), lostRun)) // what was left behind is back, now the adopting run
				}
				stop()
				f.fault()
			}
			out := f.execute(ctx, adopting(onlyNCP(f.config()), lostRun))
			if out.Code == run.Mixed {
				out = f.execute(ctx, adopting(onlyNCP(f.config()), lostRun))
			}
			Expect(out.Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("is waited for while its last batch is at work, and its plan is ended once the lease is ours [I8]", func() {
			f, _, lostRun := lostInPhase2()
			working := `{"overall_migration_status":"PAUSING","component_status":[{"component_type":"MP_TO_POLICY_MIGRATION","status":"IN_PROGRESS"}]}`
			f.fault(faults.Rule{Method: http.MethodGet, Path: "/api/v1/migration/status-summary", To: 3, Status: http.StatusOK, RawBody: working})
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.out.String()).To(ContainSubstring("still working on an earlier batch"))
			f.expectReady()

			f = newFoundation(1)
			Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
			lostRun = f.diesAt(lost(at("plan", "action=continue", 9), faults.Before), onlyNCP(f.config()))
			since := len(f.server.Requests())
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), "")).Code).To(Equal(run.Mixed), f.out.String())
			Expect(f.writes(since)).NotTo(ContainElement(ContainSubstring("action=abort")))
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.writes(since)).To(ContainElement(ContainSubstring("action=abort")))
			f.expectReady()
		})

		It("goes on where NSX reports objects as duplicates of which nothing shows that they are Policy [R14]", func() {
			f, _, lostRun := lostInPhase2()
			f.untagRouterPorts()
			f.somebody(func(ctx context.Context, c *nsx.Client) error { return c.StopCoordinator(ctx) })
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.out.String()).To(ContainSubstring("x TIER1_LOGICAL_ROUTER_PORT are Policy already and are left"))
			Expect(f.inspect().NotReady).To(BeEmpty())
		})
	})

	Describe("in mid phase 4", func() {
		It("is listed only without migration.adopt, and cannot be rolled back with it [I3] [R19]", func() {
			f, lostRun := lostInPhase4()
			f.expectNoWrite(onlyNCP(f.config()), "without the tags that the end of a migration gives them", "migration.adopt: true")
			f.expectNoWrite(command(onlyNCP(f.config()), "rollback"), "migration.adopt: true")
			f.expectNoWrite(command(adopting(onlyNCP(f.config()), lostRun), "rollback"), "point of no return", "migration.adopt: true")
			for _, name := range []string{"plan", "precheck", "status", "verify"} {
				f.expectNoWrite(command(onlyNCP(f.config()), name))
				Expect(f.out.String()).To(ContainSubstring("without the tags that the end of a migration gives them"), name)
			}
			Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.Mixed), f.out.String())
			Expect(f.lastLine()).To(ContainSubstring("nobody's records say why"))
		})

		It("is adopted and gets the updates that are missing [I2] [R20]", func() {
			f, lostRun := lostInPhase4()
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("goes forward although the answer to DONE, which has nothing to realise, is lost [I2]", func() {
			f, lostRun := lostInPhase4()
			f.fault(lost(at("mp-to-policy/workflow", "action=DONE", 1), faults.After))
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("does not end in 0 when the adopting run fails before the updates [I2]", func() {
			f, lostRun := lostInPhase4()
			f.fault(faults.Rule{Method: http.MethodGet, Path: "/policy/api/v1/infra/certificates*", AfterRule: "begun", Status: 400, ErrorCode: 1, Message: "injected"},
				faults.Rule{Name: "begun", Method: http.MethodPost, Query: "action=INITIATE", Delay: 0})
			out := f.execute(ctx, adopting(onlyNCP(f.config()), lostRun))
			Expect(out.Code).To(Equal(run.Mixed), f.out.String())
			Expect(out.Failure).To(ContainSubstring("phase 3"))
			f.fault()
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("is never called Policy when it cannot be read whether the end has reached it [I2]", func() {
			f, _ := lostInPhase4()
			f.fault(faults.Rule{Method: http.MethodGet, Path: "/policy/api/v1/infra/*", Status: 400, ErrorCode: 1, Message: "injected"})
			Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.CannotTell), f.out.String())
		})

		It("is adopted, too, where NSX has put the new tags on the Manager objects [R20]", func() {
			f := newFoundation(1)
			byName := func(c *config.Config) *config.Config {
				c.Migration.PolicyIDs = "display-name"
				return c
			}
			Expect(f.execute(ctx, byName(f.shared())).Code).To(Equal(run.AllPolicy), f.out.String())
			lostRun := f.diesAt(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", BodyType: "PolicyNatRule", When: faults.After}, byName(onlyNCP(f.config())))
			undo := f.tagsComeBack()
			f.unjudged = true
			Expect(f.execute(ctx, adopting(byName(onlyNCP(f.config())), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			undo()
			f.expectReady()
		})
	})

	Describe("and of which somebody ended the workflow half-way", func() {
		lostAndDone := func(batches int) (*foundation, string) {
			f, _, lostRun := lostAtBatch(batches)
			f.somebody(func(ctx context.Context, c *nsx.Client) error { return c.Done(ctx) })
			return f, lostRun
		}

		It("is brought to its end although the answer to our DONE is lost [I2]", func() {
			f, lostRun := lostAndDone(20)
			f.fault(lost(at("mp-to-policy/workflow", "action=DONE", 1), faults.After))
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("leaves no workflow open when the adopting run fails, and goes forward only [I2] [I3]", func() {
			f, lostRun := lostAndDone(9)
			f.fault(refused(at("plan", "action=continue", 3)))
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.Mixed), f.out.String())
			f.fault()
			f.expectNoWrite(command(adopting(onlyNCP(f.config()), ""), "rollback"), "point of no return")
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), "")).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("does not take a DONE that NSX refuses for one that took effect, as long as anything is not realised [I2]", func() {
			f, lostRun := lostAndDone(20)
			no := refused(at("mp-to-policy/workflow", "action=DONE", 1))
			no.Status = http.StatusBadRequest
			f.fault(no)
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), lostRun)).Code).To(Equal(run.Mixed), f.out.String())
			f.fault()
			Expect(f.execute(ctx, adopting(onlyNCP(f.config()), "")).Code).To(Equal(run.AllPolicy), f.out.String())
			f.expectReady()
		})

		It("does not end a workflow that somebody else has opened since [I8]", func() {
			f, lostRun := lostAndDone(9)
			f.somebody(func(ctx context.Context, c *nsx.Client) error { return c.Initiate(ctx) })
			since := len(f.server.Requests())
			out := f.execute(ctx, adopting(onlyNCP(f.config()), lostRun))
			Expect(out.Code).To(Equal(run.Mixed), f.out.String())
			Expect(f.workflowCalls(since)).To(BeEmpty())
		})
	})

	It("is not what a finished one looks like while the search index is behind, and nothing of that one is rolled back [I2] [I3]", func() {
		f := newFoundation(1, func(o *options) { o.SearchLag = time.Hour })
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		since := len(f.server.Requests())
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.writes(since)).NotTo(ContainElement(ContainSubstring("rollback")))
	})

	It("is not what a finished one looks like of which an update was waived [I2]", func() {
		f := newFoundation(1)
		f.fault(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Body: "LBMonitorProfile", Status: 400, ErrorCode: 1, Message: "injected"})
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.Mixed), f.out.String())
		path := regexp.MustCompile(`/infra/lb-monitor-profiles/[-0-9a-f]+`).FindString(f.out.String())
		f.fault()
		c := f.config()
		c.Migration.WaiveUpdates = []string{path}
		Expect(f.execute(ctx, c).Code).To(Equal(run.AllPolicy), f.out.String())
		f.unjudged = true // an update was waived
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
	})

	It("between the scopes needs nothing: shared objects that are Policy are nothing unusual [R5]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		f.loseRecords()
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
		f.expectReady()
	})

	It("in the middle of the shared objects is adopted, or taken back [I2] [R20]", func() {
		f := newFoundation(1)
		before := f.copyState()
		lostRun := f.diesAt(at("plan", "action=continue", 4), f.shared())
		f.expectNoWrite(f.config(), "shared objects are Policy", "migration.adopt: true")
		half := f.copyState()
		Expect(f.execute(ctx, adopting(f.config(), lostRun)).Code).To(Equal(run.AllPolicy), f.out.String())
		f.expectReady()

		back := serve(half)
		Expect(back.execute(ctx, command(adopting(back.config(), lostRun), "rollback")).Code).To(Equal(run.AllManager), back.out.String())
		Expect(back.inspect().AllManager()).To(BeTrue())
		Expect(back.changedManager(before)).To(BeEmpty())
	})

	DescribeTable("in mid rollback is adopted or taken back [I2]",
		func(name string, code int) {
			f := stuck()
			f.loseRecords()
			Expect(f.execute(ctx, command(adopting(onlyNCP(f.config()), "run-001-2"), name)).Code).To(Equal(code), f.out.String())
			Expect(f.leaseHeld()).To(BeFalse())
			Expect(f.unfinished()).To(BeEmpty())
		},
		Entry("by run", "run", run.AllPolicy),
		Entry("by rollback", "rollback", run.AllManager),
	)

	It("because NSX was restored under its archive is seen, and adopted [I2] [R20]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		var half *store.Store
		rule := at("plan", "action=continue", 9)
		rule.Hook = func(faults.Call) { half = f.copyState() }
		f.fault(rule)
		Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
		restored := serve(half)
		restored.dir = f.dir
		c := func() *config.Config { return onlyNCP(restored.config()) }
		Expect(os.WriteFile(c().NSX.CACertificate, restored.server.CA(), 0o600)).To(Succeed())
		restored.runs = f.runs
		restored.expectNoWrite(c(), "NSX was restored from a backup", "migration.adopt: true")
		Expect(restored.execute(ctx, adopting(c(), "")).Code).To(Equal(run.AllPolicy), restored.out.String())
		restored.expectReady()
	})
})

var _ = Describe("a search index that is out of sync for good", func() {
	DescribeTable("is replaced by the lists, after its time-out, and its cure is named [R18]",
		func(name string) {
			f := newFoundation(1)
			f.fault(
				faults.Rule{Path: "/api/v1/search/*", Answer: "search-out-of-sync"},
				faults.Rule{Path: "/policy/api/v1/search/*", Answer: "search-out-of-sync"},
			)
			c := command(f.config(), name)
			c.NSX.Timeouts.Index = config.Duration(1)
			Expect(f.execute(context.Background(), c).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.out.String()).To(And(ContainSubstring("start search resync all"), ContainSubstring("plan of scope ncp: 492 objects in 21 batches")))
			Expect(strings.Count(f.out.String(), "WARNING: NSX's search index does not work")).To(Equal(1))
			if name == config.CommandRun {
				f.expectReady()
			}
		},
		Entry("by plan", "plan"),
		Entry("by precheck", "precheck"),
		Entry("by run", config.CommandRun),
	)
})
