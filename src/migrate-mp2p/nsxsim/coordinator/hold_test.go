package coordinator_test

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("a coordinator that is held", func() {
	var st *store.Store
	var sets batch
	var clock *fakeClock
	var ctx context.Context

	BeforeEach(func() {
		st, sets = someSets()
		clock = newClock()
		var end context.CancelFunc
		ctx, end = context.WithTimeout(context.Background(), time.Minute) // against hanging only
		DeferCleanup(end)
	})

	It("keeps a batch at work, for as long as time passes, and ends it when it goes on", func() {
		n := serve(st, coordinator.Options{BatchTime: time.Second}, with(clock))
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		n.coordinator().Hold(true)
		n.plan("continue")
		Expect(n.coordinator().Held(ctx)).To(Succeed())
		clock.advance(time.Hour)
		overall, _, migrated := n.status()
		Expect([]string{overall, migrated.Status, n.coordinator().Phase()}).To(Equal([]string{"PAUSING", "IN_PROGRESS", coordinator.PhaseMigration}))
		_, promoted := n.groupOf("a")
		Expect(promoted).To(BeFalse())
		n.coordinator().Hold(false)
		_, migrated = n.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
		_, promoted = n.groupOf("a")
		Expect(promoted).To(BeTrue())
	})

	It("holds what was at work before", func() {
		n := serve(st, coordinator.Options{PrecheckTime: time.Second}, with(clock))
		n.initiate()
		n.ok("POST", migration+"mp-to-policy", sets.body())
		n.plan("start")
		n.coordinator().Hold(true)
		Expect(n.coordinator().Held(ctx)).To(Succeed())
		clock.advance(time.Hour)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhasePrecheck))
		n.coordinator().Hold(false)
		precheck, _ := n.settle()
		Expect(precheck.Status).To(Equal("SUCCESS"))
	})

	It("gives what is not due yet its time when it goes on", func() {
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		n.plan("continue")
		n.coordinator().Hold(true)
		n.coordinator().Hold(false)
		clock.advance(59 * time.Second)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseMigration))
		clock.advance(time.Second)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseIdle))
	})

	// during sends a long call and waits until it is held.
	during := func(n *nsx, path string, body any) <-chan int {
		GinkgoHelper()
		answer := make(chan int, 1)
		n.coordinator().Hold(true)
		go func() {
			defer GinkgoRecover()
			status, _ := n.call("POST", migration+path, body)
			answer <- status
		}()
		Expect(n.coordinator().Held(ctx)).To(Succeed())
		return answer
	}

	It("holds DONE and a rollback", func() {
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sets)
		body := sets.body()
		delete(body, "setup_details")
		back := during(n, "mp-to-policy/rollback", body)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseRollback))
		_, promoted := n.groupOf("a")
		Expect(promoted).To(BeTrue())
		n.coordinator().Hold(false)
		Eventually(ctx, back).Should(Receive(Equal(http.StatusOK)))
		_, promoted = n.groupOf("a")
		Expect(promoted).To(BeFalse())

		done := during(n, "mp-to-policy/workflow?action=DONE", nil)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseDone))
		n.coordinator().Hold(false)
		Eventually(ctx, done).Should(Receive(Equal(http.StatusOK)))
	})

	It("ends with an abort or a crash all the same", func() {
		n := serve(st, coordinator.Options{AbortStops: true})
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		n.coordinator().Hold(true)
		n.plan("continue")
		n.plan("abort")
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseIdle))
		done := during(n, "mp-to-policy/workflow?action=DONE", nil)
		Expect(n.server.RestartCoordinator()).To(Succeed())
		Eventually(ctx, done).Should(Receive(Equal(http.StatusInternalServerError)))
	})

	It("is not held while nothing is at work, and says so when it ends", func() {
		n := serve(st, coordinator.Options{})
		n.coordinator().Hold(true)
		gone, leave := context.WithCancel(ctx)
		leave()
		Expect(n.coordinator().Held(gone)).To(MatchError(context.Canceled))
		waiting := make(chan error, 1)
		go func() { waiting <- n.coordinator().Held(ctx) }()
		Expect(n.server.Close()).To(Succeed())
		Eventually(ctx, waiting).Should(Receive(MatchError(ContainSubstring("closed"))))
	})

	It("lets DONE go when the simulator ends", func() {
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.coordinator().Hold(true)
		answer := make(chan error, 1)
		go func() {
			request, err := http.NewRequest("POST", n.base+migration+"mp-to-policy/workflow?action=DONE", nil)
			if err == nil {
				request.SetBasicAuth("admin", n.server.Password())
				_, err = n.http.Do(request)
			}
			answer <- err
		}()
		Expect(n.coordinator().Held(ctx)).To(Succeed())
		Expect(n.server.Close()).To(Succeed())
		Eventually(ctx, answer).Should(Receive(HaveOccurred()))
	})
})
