package coordinator_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// Calls that reach NSX later than they were sent, or twice: what a client must expect of each.
var _ = Describe("a call that comes late or twice", func() {
	const (
		codeRefused = 30700
		codeBusy    = 30722
		workflow    = "mp-to-policy/workflow?action="
		rollback    = "mp-to-policy/rollback"
	)
	var n *nsx
	var sets batch
	var clock *fakeClock

	BeforeEach(func() {
		st, some := someSets()
		sets, clock = some, newClock()
		n = serve(st, coordinator.Options{PrecheckTime: time.Minute, BatchTime: time.Minute}, with(clock))
	})

	// The states of a plan, each reached from an NSX that was not touched.
	fresh := func() {}
	initiated := func() { n.initiate() }
	posted := func() { initiated(); n.ok("POST", migration+"mp-to-policy", sets.body()) }
	checking := func() { posted(); n.plan("start") }
	paused := func() { checking(); clock.advance(time.Minute) }
	aborted := func() { paused(); n.plan("abort") }
	migrating := func() { paused(); n.plan("continue") }
	promoted := func() { migrating(); clock.advance(time.Minute) }
	finished := func() { promoted(); n.done() }
	rolledBack := func() { promoted(); n.rollback(sets) }
	closed := func() { rolledBack(); n.done() }

	DescribeTable("is refused without any effect:", func(reach func(), path string, status, code int, words string) {
		reach()
		before := [2]any{lasting(n.server.Store()), policyBodies(n.server.Store())}
		overall, precheck, migrated := n.status()
		got, answer := n.call("POST", migration+path, sets.body())
		Expect(got).To(Equal(status), "%v", answer)
		Expect(answer).To(HaveKeyWithValue("error_code", BeEquivalentTo(code)))
		Expect(answer).To(Or(HaveKeyWithValue("error_message", ContainSubstring(words)), HaveKeyWithValue("details", ContainSubstring(words))))
		Expect([2]any{lasting(n.server.Store()), policyBodies(n.server.Store())}).To(Equal(before))
		overall2, precheck2, migrated2 := n.status()
		Expect([]any{overall2, precheck2, migrated2}).To(Equal([]any{overall, precheck, migrated}))
	},
		Entry("continue after abort", aborted, "plan?action=continue", 400, codeRefused, "NOT_STARTED"),
		Entry("continue before start", posted, "plan?action=continue", 400, codeRefused, "NOT_STARTED"),
		Entry("continue while the pre-check runs", checking, "plan?action=continue", 409, codeRefused, "in progress"),
		Entry("continue twice, while the migration runs", migrating, "plan?action=continue", 409, codeRefused, "in progress"),
		Entry("continue twice, when the batch is migrated", promoted, "plan?action=continue", 400, codeRefused, "SUCCESS"),
		Entry("continue when the workflow is over", finished, "plan?action=continue", 400, codeRefused, "SUCCESS"),
		Entry("continue when nobody has begun", fresh, "plan?action=continue", 400, codeRefused, "NOT_STARTED"),
		Entry("start after abort", aborted, "plan?action=start", 500, codeRefused, "No running migration"),
		Entry("start twice, while the pre-check runs", checking, "plan?action=start", 409, codeRefused, "in progress"),
		Entry("start twice, after the pre-check", paused, "plan?action=start", 400, codeRefused, "PAUSED"),
		Entry("start twice, when the batch is migrated", promoted, "plan?action=start", 400, codeRefused, "SUCCESS"),
		Entry("start when the workflow is over", finished, "plan?action=start", 400, codeRefused, "not been initiated"),
		Entry("a batch while the pre-check runs", checking, "mp-to-policy", 400, codeRefused, "PAUSING"),
		Entry("a batch while the plan is paused", paused, "mp-to-policy", 400, codeRefused, "PAUSED"),
		Entry("a batch while the migration runs", migrating, "mp-to-policy", 400, codeRefused, "PAUSING"),
		Entry("INITIATE twice", initiated, workflow+"INITIATE", 400, codeRefused, "already in progress"),
		Entry("INITIATE in the middle of a run", paused, workflow+"INITIATE", 400, codeRefused, "already in progress"),
		Entry("DONE without a workflow", fresh, workflow+"DONE", 400, codeRefused, "not been initiated"),
		Entry("DONE twice", finished, workflow+"DONE", 400, codeRefused, "not been initiated"),
		Entry("DONE while the migration runs", migrating, workflow+"DONE", 400, codeBusy, "busy"),
		Entry("a rollback without a workflow", fresh, rollback, 400, codeRefused, "not been initiated"),
		Entry("a rollback twice", rolledBack, rollback, 400, codeRefused, "is not migrated"),
		Entry("a rollback after DONE", finished, rollback, 400, codeRefused, "not been initiated"),
		Entry("a rollback twice, after the DONE that followed it", closed, rollback, 400, codeRefused, "not been initiated"),
		Entry("a rollback of what was never migrated", initiated, rollback, 400, codeRefused, "is not migrated"),
		Entry("a rollback while the migration runs", migrating, rollback, 400, codeBusy, "busy"),
	)

	It("does what it says when it is a batch that comes twice before start, or when the plan has room: it takes the place of the one before", func() {
		posted()
		n.ok("POST", migration+"mp-to-policy", sets.body())
		n.plan("start")
		clock.advance(time.Minute)
		n.plan("continue")
		clock.advance(time.Minute)
		n.ok("POST", migration+"mp-to-policy", sets.body())
		overall, _, _ := n.status()
		Expect(overall).To(Equal("NOT_STARTED"), "what the batch before had come to is not to be seen any more")
		n.plan("start")
		clock.advance(time.Minute)
		_, precheck, _ := n.status()
		Expect(precheck.Status).To(Equal("FAILED"))
		Expect(precheck.Details).To(ContainSubstring("duplicate or already migrated"))
	})

	It("hits the plan that it meets: continue for one batch migrates the next one that is paused", func() {
		aborted()
		n.ok("POST", migration+"mp-to-policy", batch{sets.kind, sets.resources[:1]}.body())
		n.plan("start")
		clock.advance(time.Minute)
		n.plan("continue")
		clock.advance(time.Minute)
		_, a := n.groupOf("a")
		_, b := n.groupOf("b")
		Expect([]bool{a, b}).To(Equal([]bool{true, false}))
	})

	It("is abort twice, which is no error", func() {
		aborted()
		n.plan("abort")
		overall, _, _ := n.status()
		Expect(overall).To(Equal("NOT_STARTED"))
		n.refused(http.StatusBadRequest, "POST", migration+workflow+"INITIATE", nil)
	})

	DescribeTable("while a long call is at work is busy, whatever it is", func(long, phase string) {
		n.coordinator().Configure(func(o *coordinator.Options) { o.DoneTime, o.RollbackTime = time.Minute, time.Minute })
		promoted()
		over := make(chan int, 1)
		go func() {
			defer GinkgoRecover()
			status, _ := n.call("POST", migration+long, sets.body())
			over <- status
		}()
		Eventually(n.coordinator().Phase).Should(Equal(phase))
		for _, path := range []string{"mp-to-policy", "plan?action=start", "plan?action=continue", "plan?action=abort", workflow + "INITIATE", workflow + "DONE", rollback} {
			status, answer := n.call("POST", migration+path, sets.body())
			Expect(status).To(Equal(http.StatusBadRequest), path)
			Expect(answer).To(HaveKeyWithValue("error_code", BeEquivalentTo(codeBusy)), path)
		}
		clock.advance(time.Minute)
		Expect(<-over).To(Equal(http.StatusOK))
	},
		Entry("DONE", workflow+"DONE", coordinator.PhaseDone),
		Entry("a rollback", rollback, coordinator.PhaseRollback),
	)
})
