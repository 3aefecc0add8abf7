package coordinator_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("the coordinator's service", func() {
	var st *store.Store
	var sets batch
	var clock *fakeClock

	BeforeEach(func() {
		st, sets = someSets()
		clock = newClock()
	})

	promoted := func(n *nsx) []string {
		GinkgoHelper()
		var ids []string
		for _, id := range []string{"a", "b", "c"} {
			if _, ok := n.groupOf(id); ok {
				ids = append(ids, id)
			}
		}
		return ids
	}

	It("answers 500 to statistics and status while it is stopped", func() {
		n := serve(st, coordinator.Options{})
		n.ok("POST", "/api/v1/node/services/migration-coordinator?action=stop", nil)
		n.refused(http.StatusInternalServerError, "GET", migration+"mp-to-policy/stats", nil)
		n.refused(http.StatusInternalServerError, "GET", migration+"status-summary", nil)
	})

	It("answers on its own node only, and loses workflow and plan when it starts on another", func() {
		n := serve(st, coordinator.Options{}, func(o *nsxsim.Options) { o.Nodes = 2 })
		n.initiate()
		n.promote(sets)
		Expect(n.check(batch{"IP_SET", sets.resources[:1]}).Status).To(Equal("FAILED"))
		on := func(node int, action string) *nsx {
			GinkgoHelper()
			other := *n
			other.base = n.server.NodeURL(node)
			other.ok("POST", "/api/v1/node/services/migration-coordinator?action="+action, nil)
			return &other
		}
		first := on(0, "restart")
		first.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=INITIATE", nil)
		on(0, "stop")
		second := on(1, "start")
		first.refused(http.StatusInternalServerError, "GET", migration+"status-summary", nil)
		overall, precheck, _ := second.status()
		Expect([]string{overall, precheck.Status}).To(Equal([]string{"NOT_STARTED", "NOT_STARTED"}))
		second.initiate()
		Expect(promoted(second)).To(HaveLen(3))
		Expect(second.ok("GET", migration+"migrated-resources", nil)["results"]).To(HaveLen(3))
		second.rollback(sets)
	})

	// The crash that fault rules make, at the moments where it matters.
	DescribeTable("that crashes in the middle of a batch", func(options coordinator.Options, overall, component string, left []string) {
		options.BatchTime = time.Minute
		n := serve(st, options, with(clock))
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		n.plan("continue")
		clock.advance(45 * time.Second)
		Expect(n.server.RestartCoordinator()).To(Succeed())
		clock.advance(time.Hour)
		is, _, migrated := n.status()
		Expect([]string{is, migrated.Status}).To(Equal([]string{overall, component}))
		Expect(promoted(n)).To(Equal(left))
		for _, id := range []string{"a", "b", "c"} {
			_, twin := n.groupOf(id)
			Expect(tag(n.manager("ip-sets/"+id), "policyPath") != "").To(Equal(twin), "both sides agree")
		}
	},
		Entry("leaves nothing of it and a failed plan", coordinator.Options{}, "FAILED", "FAILED", nil),
		Entry("leaves what it had reached with KeepPartial", coordinator.Options{KeepPartial: true}, "FAILED", "FAILED", []string{"a", "b"}),
		Entry("forgets the plan with ForgetOnRestart", coordinator.Options{ForgetOnRestart: true}, "NOT_STARTED", "NOT_STARTED", nil),
	)

	// during sends a long call, lets the service crash in its middle and returns the
	// answer's status.
	during := func(n *nsx, path string, body any) int {
		GinkgoHelper()
		answer := make(chan int, 1)
		go func() {
			defer GinkgoRecover()
			status, _ := n.call("POST", migration+path, body)
			answer <- status
		}()
		Eventually(clock.waiting).Should(Equal(1))
		clock.advance(45 * time.Second)
		Expect(n.server.RestartCoordinator()).To(Succeed())
		var status int
		Eventually(answer).Should(Receive(&status))
		clock.advance(time.Hour)
		return status
	}

	It("that crashes during DONE answers 500, and the workflow is still open", func() {
		n := serve(st, coordinator.Options{DoneTime: time.Minute}, with(clock))
		n.initiate()
		n.promote(sets)
		Expect(during(n, "mp-to-policy/workflow?action=DONE", nil)).To(Equal(http.StatusInternalServerError))
		n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=INITIATE", nil)
		n.coordinator().Configure(func(o *coordinator.Options) { o.DoneTime = 0 })
		n.done()
	})

	DescribeTable("that crashes during a rollback", func(options coordinator.Options, left []string) {
		options.RollbackTime = time.Minute
		n := serve(st, options, with(clock))
		n.initiate()
		n.promote(sets)
		body := sets.body()
		Expect(during(n, "mp-to-policy/rollback", body)).To(Equal(http.StatusInternalServerError))
		Expect(promoted(n)).To(Equal(left))
		n.coordinator().Configure(func(o *coordinator.Options) { o.RollbackTime = 0 })
		var rest batch
		rest.kind = "IP_SET"
		for _, id := range left {
			rest.resources = append(rest.resources, resource{ManagerID: id})
		}
		n.rollback(rest)
		Expect(promoted(n)).To(BeEmpty())
	},
		Entry("leaves everything migrated", coordinator.Options{}, []string{"a", "b", "c"}),
		Entry("leaves it half done with KeepPartial", coordinator.Options{KeepPartial: true}, []string{"c"}),
	)

	It("that crashes while a GENERIC run is cancelled leaves it uncancelled", func() {
		n := serve(st, coordinator.Options{RollbackTime: time.Minute}, with(clock))
		n.ok("POST", migration+"mp-to-policy", object{"mode": "GENERIC"})
		n.settle()
		n.ok("POST", migration+"mp-to-policy/cancel", nil)
		Expect(n.server.RestartCoordinator()).To(Succeed())
		clock.advance(time.Hour)
		Expect(n.ok("GET", migration+"mp-policy-promotion/state", nil)).To(HaveKeyWithValue("mp_policy_promotion", "CANCEL_FAILED"))
		Expect(promoted(n)).To(HaveLen(3))
	})

	It("that crashes in a GENERIC run keeps the types that were done", func() {
		put(st, map[string]object{"pools/ip-blocks/x": {"resource_type": "IpBlock", "cidr": "10.0.0.0/8"}})
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		n.ok("POST", migration+"mp-to-policy", object{"mode": "GENERIC"})
		Eventually(clock.waiting).Should(Equal(1))
		clock.advance(time.Minute)
		Expect(n.server.RestartCoordinator()).To(Succeed())
		clock.advance(time.Hour)
		overall, _, migrated := n.status()
		Expect([]string{overall, migrated.Status}).To(Equal([]string{"FAILED", "FAILED"}))
		n.policy("/infra/ip-blocks/x")
		Expect(promoted(n)).To(BeEmpty())
		n.ok("POST", migration+"mp-to-policy/cancel", nil)
		Eventually(func() int { status, _ := n.call("GET", "/policy/api/v1/infra/ip-blocks/x", nil); return status }).Should(Equal(http.StatusNotFound))
	})
})
