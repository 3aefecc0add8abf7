package run_test

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// Faults by the request that they hit. A path is that of NSX's migration API below /api/v1/migration.
func at(path, query string, nth int) faults.Rule {
	return faults.Rule{Method: http.MethodPost, Path: "/api/v1/migration/" + path, Query: query, Nth: nth}
}

func refused(r faults.Rule) faults.Rule {
	r.Status, r.ErrorCode, r.Message = 400, 1, "injected"
	return r
}

func lost(r faults.Rule, when string) faults.Rule {
	r.Drop, r.When = true, when
	return r
}

func onlyNCP(c *config.Config) *config.Config {
	c.Migration.Resources = "ncp"
	return c
}

var _ = Describe("a failure", func() {
	ctx := context.Background()

	DescribeTable("before the point of no return rolls everything back in the same execution [R14] [R15] [R17] [I2] [I5]",
		func(rule faults.Rule) {
			f := newFoundation(1)
			Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
			before := f.copyState()
			f.fault(rule)
			out := f.execute(ctx, onlyNCP(f.config()))
			Expect(out.Code).To(Equal(run.AllManager), f.out.String())
			Expect(out.Failure).NotTo(BeEmpty())
			Expect(f.inspect().AllManager()).To(BeTrue(), f.out.String())
			Expect(f.changedManager(before)).To(BeEmpty())
			Expect(f.unfinished()).To(BeEmpty())
			Expect(f.leaseHeld()).To(BeFalse())

			f.fault()
			Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.inspect().NotReady).To(BeEmpty())
		},
		Entry("INITIATE refused", refused(at("mp-to-policy/workflow", "action=INITIATE", 1))),
		Entry("the first batch refused", refused(at("mp-to-policy", "", 1))),
		Entry("a later batch refused", refused(at("mp-to-policy", "", 9))),
		Entry("a start refused", refused(at("plan", "action=start", 7))),
		Entry("a continue refused", refused(at("plan", "action=continue", 7))),
		Entry("a continue lost before it took effect", lost(at("plan", "action=continue", 7), faults.Before)),
		Entry("DONE refused", refused(at("mp-to-policy/workflow", "action=DONE", 1))),
		Entry("reading for the updates refused for ever", faults.Rule{Method: http.MethodGet, Path: "/policy/api/v1/infra/segments*", Status: 400, ErrorCode: 1, Message: "injected"}),
	)

	DescribeTable("of an answer only does not disturb the run [R18] [I1]",
		func(rule faults.Rule) {
			f := newFoundation(1)
			f.fault(rule)
			Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllPolicy), f.out.String())
			Expect(f.inspect().OK()).To(BeTrue())
			Expect(f.inspect().NotReady).To(BeEmpty())
		},
		Entry("a POST that arrived", lost(at("mp-to-policy", "", 9), faults.After)),
		Entry("a POST that did not arrive", lost(at("mp-to-policy", "", 9), faults.Before)),
		Entry("a start that arrived", lost(at("plan", "action=start", 7), faults.After)),
		Entry("a continue that arrived", lost(at("plan", "action=continue", 7), faults.After)),
		Entry("a DONE that arrived", lost(at("mp-to-policy/workflow", "action=DONE", 2), faults.After)),
		Entry("an update that arrived", lost(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Nth: 2}, faults.After)),
		Entry("the lease that arrived", lost(faults.Rule{Method: http.MethodPut, Path: "*lease", Nth: 1}, faults.After)),
	)

	It("of the rollback keeps the state, exits 1, and the next run goes on [R17] [R19]", func() {
		f := newFoundation(1)
		broken := refused(at("mp-to-policy/rollback", "", 0))
		broken.From = 3
		f.fault(refused(at("plan", "action=continue", 12)), broken)
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.unfinished()).To(Equal(records.RollingBack))
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.Mixed))
		f.fault()
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.inspect().AllManager()).To(BeTrue())
	})

	It("after which NSX does not bring everything back as it was is told with what to look at, and stops the next run [R14] [R8]", func() {
		f := newFoundation(1, func(o *options) { o.plan.LossyRollback = true })
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		f.fault(refused(at("mp-to-policy/workflow", "action=DONE", 1)))
		Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.out.String()).To(MatchRegexp(`objects are not what they were before the run \(look at them before NCP starts.*DFW_SECTION`))
		f.fault()
		out := f.execute(ctx, onlyNCP(f.config()))
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Failure).To(And(ContainSubstring("sections-in-between"), ContainSubstring("If a rollback put sections of NCP elsewhere, move those back")))
	})

	It("in phase 4 keeps exactly what was refused, and the next run sends that [R16] [R19]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		f.fault(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", Body: "LBPool", Status: 400, ErrorCode: 1, Message: "injected"})
		out := f.execute(ctx, onlyNCP(f.config()))
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(out.Ladder).To(ContainSubstring("step 1"))
		Expect(out.Scopes[1].Pending).To(Equal(2))
		Expect(f.unfinished()).To(Equal(records.Applying))
		f.fault()
		since := len(f.server.Requests())
		Expect(f.execute(ctx, onlyNCP(f.config())).Code).To(Equal(run.AllPolicy), f.out.String())
		Expect(f.inspect().NotReady).To(BeEmpty())
		Expect(f.patches(since)).To(HaveLen(1))
	})

	It("of the ncp run leaves the shared objects in Policy and says both [R5]", func() {
		f := newFoundation(1)
		f.fault(refused(at("plan", "action=continue", 12)))
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Scopes).To(HaveLen(2))
		Expect(out.Scopes[0].Policy).To(BeNumerically(">", 0))
		Expect(out.Scopes[0].Manager).To(BeZero())
		Expect(out.Scopes[1].Policy).To(BeZero())
	})

	It("by SIGTERM ends at once with 143; the next run rolls back [R18] [I2]", func() {
		f := newFoundation(1)
		stopping, stop := context.WithCancel(ctx)
		rule := at("plan", "action=continue", 12)
		rule.Hook = func(faults.Call) { stop() }
		f.fault(rule)
		Expect(f.execute(stopping, f.config()).Code).To(Equal(run.Interrupted), f.out.String())
		f.fault()
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.inspect().AllManager()).To(BeTrue())
	})

	It("by NCP that is alive is seen before the point of no return [R6]", func() {
		f := newFoundation(1)
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		rule := at("plan", "action=continue", 19)
		rule.Hook = func(faults.Call) { _ = f.createPort() }
		f.fault(rule)
		out := f.execute(ctx, onlyNCP(f.config()))
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Failure).To(ContainSubstring("is NCP really stopped?"))
	})

	It("of the coordinator, which forgets its plan, is settled by the objects [I2] [I8]", func() {
		f := newFoundation(1, func(o *options) { o.plan.ForgetOnRestart = true })
		change := func(how string) {
			defer GinkgoRecover()
			Expect(f.server.Change(faults.Change{Coordinator: how})).To(Succeed())
		}
		batch := at("plan", "action=continue", 12)
		batch.Name, batch.Hook = "batch", func(faults.Call) { change(faults.HoldCoordinator) }
		look := faults.Rule{AfterRule: "batch", Path: "*/status-summary", Nth: 1, Hook: func(faults.Call) {
			change(faults.CrashCoordinator)
			change(faults.ReleaseCoordinator)
		}}
		f.fault(batch, look)
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(f.inspect().AllManager()).To(BeTrue())
	})

	It("of some objects of a batch, the others staying Policy, is settled object by object [I2] [I3]", func() {
		f := newFoundation(1, func(o *options) { o.plan.KeepPartial = true })
		Expect(f.execute(ctx, f.shared()).Code).To(Equal(run.AllPolicy), f.out.String())
		before := f.copyState()
		f.server.Coordinator().(*coordinator.Coordinator).Configure(func(o *coordinator.Options) {
			o.FailMigration = map[string]string{f.someObject("logical-switches", 5): "injected"}
		})
		out := f.execute(ctx, onlyNCP(f.config()))
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Failure).To(ContainSubstring("injected"))
		Expect(f.changedManager(before)).To(BeEmpty())
	})

	It("that NSX keeps to itself, skipping an object silently, is seen before the point of no return [I2]", func() {
		f := newFoundation(1)
		id := f.someObject("logical-switches", 5)
		f.server.Coordinator().(*coordinator.Coordinator).Configure(func(o *coordinator.Options) {
			o.SkipSilently = map[string]bool{id: true}
		})
		out := f.execute(ctx, f.config())
		Expect(out.Code).To(Equal(run.AllManager), f.out.String())
		Expect(out.Failure).To(ContainSubstring(id))
	})

	It("of a batch to end in time keeps everything as it is, and the next run waits on [R19]", func() {
		f := newFoundation(1)
		rule := at("plan", "action=continue", 12)
		rule.Change = &faults.Change{Coordinator: faults.HoldCoordinator}
		f.fault(rule)
		c := f.config()
		c.NSX.Timeouts.Batch = config.Duration(10 * time.Minute)
		out := f.execute(ctx, c, func(r *run.Runner) { r.Clock = &leapingClock{} })
		Expect(out.Code).To(Equal(run.Mixed), f.out.String())
		Expect(f.unfinished()).To(Equal(records.Migrating))
		f.fault()
		Expect(f.server.Change(faults.Change{Coordinator: faults.ReleaseCoordinator})).To(Succeed())
		Expect(f.execute(ctx, f.config()).Code).To(Equal(run.AllManager), f.out.String())
	})
})
