package coordinator_test

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// with runs the simulator by a clock that the test moves.
func with(clock *fakeClock) func(*nsxsim.Options) {
	return func(o *nsxsim.Options) { o.Clock = clock }
}

var _ = Describe("the plan", func() {
	var st *store.Store
	var world *model.World
	var clock *fakeClock
	var groups batch

	BeforeEach(func() {
		st, world = tas()
		clock = newClock()
		groups = simple("IP_SET", made(world, "ip-sets"))
	})

	post := func(n *nsx) { GinkgoHelper(); n.ok("POST", migration+"mp-to-policy", groups.body()) }

	It("goes from NOT_STARTED over PAUSING and PAUSED to SUCCESS, as time passes", func() {
		n := serve(st, coordinator.Options{PrecheckTime: time.Minute, BatchTime: time.Minute, ObjectTime: time.Second}, with(clock))
		lasts := time.Minute + time.Duration(len(groups.resources))*time.Second
		n.initiate()
		post(n)
		overall, precheck, migrated := n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"NOT_STARTED", "NOT_STARTED", "NOT_STARTED"}))

		n.plan("start")
		clock.advance(lasts - time.Second)
		overall, precheck, migrated = n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"PAUSING", "IN_PROGRESS", "NOT_STARTED"}))
		clock.advance(time.Second)
		overall, precheck, migrated = n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"PAUSED", "SUCCESS", "NOT_STARTED"}))

		n.plan("continue")
		overall, precheck, migrated = n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"PAUSING", "SUCCESS", "IN_PROGRESS"}))
		Expect(inspect(st).NCP.Policy).To(BeZero())
		clock.advance(lasts)
		overall, precheck, migrated = n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"SUCCESS", "SUCCESS", "SUCCESS"}))
		Expect(inspect(st).NCP.Policy).To(Equal(len(groups.resources)))
		Expect(clock.waiting()).To(BeZero())
	})

	It("may look finished while the migration component is at work, and then refuses the next batch", func() {
		n := serve(st, coordinator.Options{BatchTime: time.Minute, OverallAhead: 20 * time.Second}, with(clock))
		n.initiate()
		Expect(n.check(groups).Status).To(Equal("SUCCESS"))
		n.plan("continue")
		clock.advance(45 * time.Second)
		overall, _, migrated := n.status()
		Expect(overall).To(Equal("SUCCESS"))
		Expect(migrated.Status).To(Equal("IN_PROGRESS"))
		n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy", groups.body())
	})

	It("is busy for a while after each action", func() {
		n := serve(st, coordinator.Options{BusyFor: time.Second}, with(clock))
		n.initiate()
		post(n)
		n.plan("start")
		n.settle()
		status, answer := n.call("POST", migration+"plan?action=continue", nil)
		Expect(status).To(Equal(http.StatusBadRequest))
		Expect(answer).To(HaveKeyWithValue("error_code", BeEquivalentTo(30722)))
		Expect(answer).To(And(HaveKeyWithValue("module_name", "migration-coordinator"), HaveKeyWithValue("httpStatus", "BAD_REQUEST")))
		clock.advance(time.Second)
		n.plan("continue")
	})

	It("answers 409 to an action while a component is at work", func() {
		n := serve(st, coordinator.Options{PrecheckTime: time.Minute}, with(clock))
		n.initiate()
		post(n)
		n.plan("start")
		n.refused(http.StatusConflict, "POST", migration+"plan?action=continue", nil)
		n.refused(http.StatusConflict, "POST", migration+"plan?action=start", nil)
	})

	It("wants INITIATE before and a batch for start, and accepts INITIATE and DONE once each", func() {
		n := serve(st, coordinator.Options{})
		n.refused(http.StatusInternalServerError, "POST", migration+"plan?action=start", nil)
		post(n)
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"plan?action=start", nil)).To(ContainSubstring("not been initiated"))
		n.initiate()
		n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=INITIATE", nil)
		n.done()
		n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=DONE", nil)
	})

	It("begins anew after abort, with the workflow still initiated", func() {
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(n.check(groups).Status).To(Equal("SUCCESS"))
		n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy", groups.body())
		n.plan("abort")
		overall, precheck, _ := n.status()
		Expect(overall).To(Equal("NOT_STARTED"))
		Expect(precheck.Status).To(Equal("NOT_STARTED"))
		n.promote(groups)
	})

	It("aborts at once what it shows, while the migration works on to its end, unseen", func() {
		sets := simple("IP_SET", made(world, "ip-sets"))
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		n.plan("continue")
		clock.advance(40 * time.Second)
		n.plan("abort")
		overall, precheck, migrated := n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"NOT_STARTED", "NOT_STARTED", "NOT_STARTED"}))
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseMigration))
		Expect(inspect(st).NCP.Policy).To(BeZero())
		for _, path := range []string{"mp-to-policy", "plan?action=start", "plan?action=abort", "mp-to-policy/rollback", "mp-to-policy/workflow?action=DONE", "mp-to-policy/workflow?action=INITIATE"} {
			Expect(n.refused(http.StatusBadRequest, "POST", migration+path, sets.body())).To(ContainSubstring("busy"), path)
		}
		clock.advance(20 * time.Second)
		Expect(inspect(st).NCP.Policy).To(Equal(len(sets.resources)))
		overall, _, _ = n.status()
		Expect(overall).To(Equal("NOT_STARTED"))
		n.rollback(sets)
		Expect(inspect(st).AllManager()).To(BeTrue())
	})

	It("goes on with an aborted migration when the state is loaded, and not when the service stopped", func() {
		for _, stop := range []bool{false, true} {
			st, world := tas()
			clock := newClock()
			sets := simple("IP_SET", made(world, "ip-sets"))
			n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
			n.initiate()
			Expect(n.check(sets).Status).To(Equal("SUCCESS"))
			n.plan("continue")
			n.plan("abort")
			promoted := len(sets.resources)
			if stop {
				Expect(n.server.RestartCoordinator()).To(Succeed())
				promoted = 0
			}
			Expect(n.server.Close()).To(Succeed())
			serve(st, coordinator.Options{}, with(clock))
			clock.advance(time.Minute)
			Expect(inspect(st).NCP.Policy).To(Equal(promoted))
		}
	})

	It("leaves nothing of an aborted batch with AbortStops, and with KeepPartial what time had reached", func() {
		for _, keep := range []bool{false, true} {
			st, world := tas()
			clock := newClock()
			sets := simple("IP_SET", made(world, "ip-sets"))
			n := serve(st, coordinator.Options{BatchTime: time.Minute, AbortStops: true, KeepPartial: keep}, with(clock))
			n.initiate()
			Expect(n.check(sets).Status).To(Equal("SUCCESS"))
			n.plan("continue")
			clock.advance(40 * time.Second)
			n.plan("abort")
			clock.advance(time.Minute)
			promoted := 0
			if keep {
				promoted = len(sets.resources) * 2 / 3
			}
			Expect(inspect(st).NCP.Policy).To(Equal(promoted))
		}
	})

	It("ends a component that was running when the state was loaded", func() {
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		n.initiate()
		Expect(n.check(groups).Status).To(Equal("SUCCESS"))
		n.plan("continue")
		Expect(n.server.Close()).To(Succeed())
		clock.advance(30 * time.Second)
		again := serve(st, coordinator.Options{}, with(clock))
		_, _, migrated := again.status()
		Expect(migrated.Status).To(Equal("IN_PROGRESS"))
		clock.advance(30 * time.Second)
		_, _, migrated = again.status()
		Expect(migrated.Status).To(Equal("SUCCESS"))
	})

	It("interrupts a running component when its service stops, and may forget the workflow", func() {
		for _, forget := range []bool{false, true} {
			st, _ := tas()
			clock := newClock()
			n := serve(st, coordinator.Options{BatchTime: time.Minute, ForgetOnRestart: forget}, with(clock))
			n.initiate()
			Expect(n.check(groups).Status).To(Equal("SUCCESS"))
			n.plan("continue")
			n.ok("POST", "/api/v1/node/services/migration-coordinator?action=stop", nil)
			status, _ := n.call("GET", migration+"status-summary", nil)
			Expect(status).NotTo(Equal(http.StatusOK))
			n.startService()
			overall, _, migrated := n.status()
			if forget {
				Expect(overall).To(Equal("NOT_STARTED"))
				n.initiate()
			} else {
				Expect(migrated.Status).To(Equal("FAILED"))
				n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=INITIATE", nil)
			}
			Expect(inspect(st).NCP.Policy).To(BeZero())
		}
	})

	It("realizes with DONE, which goes on when the client hangs up", func() {
		n := serve(st, coordinator.Options{DoneTime: time.Minute}, with(clock))
		path := "/infra/domains/default/groups/" + groups.resources[0].ManagerID
		realized := func() any {
			return n.policy("/infra/realized-state/status?intent_path=" + path)["consolidated_status"].(object)["consolidated_status"]
		}
		n.initiate()
		n.promote(groups)
		Expect(realized()).To(Equal("UNINITIALIZED"))

		ctx, hangUp := context.WithCancel(context.Background())
		request, err := http.NewRequestWithContext(ctx, "POST", n.server.URL()+migration+"mp-to-policy/workflow?action=DONE", nil)
		Expect(err).NotTo(HaveOccurred())
		request.SetBasicAuth(nsxsim.AdminUser, n.server.Password())
		failed := make(chan error, 1)
		go func() {
			response, err := n.http.Do(request)
			if err == nil {
				err = response.Body.Close()
			}
			failed <- err
		}()
		Eventually(clock.waiting).Should(Equal(1))
		hangUp()
		Expect(<-failed).To(MatchError(context.Canceled))
		Expect(realized()).To(Equal("IN_PROGRESS"))
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"plan?action=abort", nil)).To(ContainSubstring("busy"))
		clock.advance(time.Minute)
		Expect(realized()).To(Equal("SUCCESS"))
	})

	It("leaves the state alone once it is closed, whatever was under way", func() {
		n := serve(st, coordinator.Options{DoneTime: time.Minute}, with(clock))
		n.initiate()
		n.promote(groups)
		go func() {
			request, err := http.NewRequest("POST", n.server.URL()+migration+"mp-to-policy/workflow?action=DONE", nil)
			if err != nil {
				return
			}
			request.SetBasicAuth(nsxsim.AdminUser, n.server.Password())
			if response, err := n.http.Do(request); err == nil {
				_ = response.Body.Close() // the server is closed before it answers
			}
		}()
		Eventually(clock.waiting).Should(Equal(1))
		Expect(n.server.Close()).To(Succeed())
		clock.advance(time.Minute)
		again := serve(st, coordinator.Options{}, with(clock))
		again.done()
	})
})

var _ = Describe("the request body", func() {
	DescribeTable("is refused when it does not follow the schema",
		func(body object, names string) {
			st, _ := tas()
			n := serve(st, coordinator.Options{})
			Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy", body)).To(ContainSubstring(names))
		},
		Entry("an unknown key", object{"migration_data": []any{}, "extra": 1}, "extra"),
		Entry("an unknown key of an entry", object{"migration_data": []any{object{"type": "NAT", "resource_ids": []any{object{"manager_id": "a", "id": "b"}}}}}, "id"),
		Entry("no type", object{"migration_data": []any{object{"resource_ids": []any{}}}}, "type"),
		Entry("no resource_ids", object{"migration_data": []any{object{"type": "NAT"}}}, "resource_ids"),
		Entry("no manager_id", object{"migration_data": []any{object{"type": "NAT", "resource_ids": []any{object{}}}}}, "manager_id"),
		Entry("an unknown mode", object{"mode": "ALL"}, "ALL"),
		Entry("a value that is an object", object{"migration_data": []any{object{"type": "NAT", "resource_ids": []any{
			object{"manager_id": "a", "metadata": []any{object{"key": "k", "value": object{}}}}}}}}, "string"),
	)

	It("may be empty, and may give values as numbers", func() {
		st, _ := tas()
		n := serve(st, coordinator.Options{})
		n.ok("POST", migration+"mp-to-policy", object{})
		n.ok("POST", migration+"mp-to-policy", object{"mode": "CONSUMER", "skip_failed_resources": true, "migration_data": []any{
			object{"type": "NAT", "resource_ids": []any{object{"manager_id": "a", "metadata": []any{object{"key": "SEQUENCE_NUMBER", "value": 7}}}}},
		}})
	})

	It("is answered with 204 if so configured", func() {
		st, _ := tas()
		n := serve(st, coordinator.Options{PostStatus: http.StatusNoContent})
		status, _ := n.call("POST", migration+"mp-to-policy", object{})
		Expect(status).To(Equal(http.StatusNoContent))
	})
})
