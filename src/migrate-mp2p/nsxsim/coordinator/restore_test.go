package coordinator_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const serviceNode = "/api/v1/node/services/migration-coordinator"

var _ = Describe("a restored NSX", func() {
	const leasePath = "/infra/domains/default/groups/lease"

	var st *store.Store
	var sets batch
	var clock *fakeClock
	var n *nsx
	// unanswered are the calls that are at work at the moment of the restore.
	var unanswered sync.WaitGroup

	BeforeEach(func() {
		st, sets = someSets()
		clock = newClock()
		unanswered = sync.WaitGroup{}
	})

	begin := func(options coordinator.Options) {
		GinkgoHelper()
		options.BatchTime, options.RollbackTime, options.DoneTime, options.PrecheckTime = time.Minute, time.Minute, time.Minute, time.Minute
		n = serve(st, options, with(clock))
		n.ok("PUT", "/policy/api/v1"+leasePath, object{})
		n.initiate()
	}
	// send begins a long call and waits until it is at work.
	send := func(path string, body any, phase string) {
		GinkgoHelper()
		unanswered.Go(func() {
			defer GinkgoRecover()
			status, _ := n.call("POST", migration+path, body)
			Expect(status).To(Equal(http.StatusServiceUnavailable))
		})
		Eventually(n.coordinator().Phase).Should(Equal(phase))
	}
	start := func(b batch) {
		GinkgoHelper()
		n.ok("POST", migration+"mp-to-policy", b.body())
		n.plan("start")
	}
	goOn := func() {
		GinkgoHelper()
		clock.advance(time.Minute)
		n.plan("continue")
	}
	promote := func(b batch) {
		GinkgoHelper()
		start(b)
		goOn()
		clock.advance(time.Minute)
	}
	one := func(i int) batch { return batch{sets.kind, sets.resources[i : i+1]} }
	backup := func() string {
		GinkgoHelper()
		var state bytes.Buffer
		Expect(n.server.Backup(&state)).To(Succeed())
		return state.String()
	}
	pid := func() any { GinkgoHelper(); return n.ok("GET", serviceNode+"/status", nil)["pids"] }

	for _, at := range []struct {
		phase string
		reach func()
	}{
		{coordinator.PhasePrecheck, func() { start(one(1)) }},
		{coordinator.PhasePaused, func() { start(one(1)); clock.advance(time.Minute) }},
		{coordinator.PhaseMigration, func() { start(one(1)); goOn() }},
		{coordinator.PhaseIdle, func() { promote(one(1)) }},
		{coordinator.PhaseRollback, func() { send("mp-to-policy/rollback", one(0).body(), coordinator.PhaseRollback) }},
		{coordinator.PhaseDone, func() { send("mp-to-policy/workflow?action=DONE", nil, coordinator.PhaseDone) }},
	} {
		for _, promoted := range []bool{false, true} {
			name := " in phase " + at.phase + ", to before the first batch"
			if promoted {
				name = " in phase " + at.phase + ", to the middle of the second batch"
			}
			It("has stopped and forgotten the coordinator, and nothing goes on"+name, func() {
				begin(coordinator.Options{})
				state := backup()
				Expect(n.server.RestartCoordinator()).To(Succeed()) // so that the backup's process ids are not the last ones
				promote(one(0))
				if promoted {
					start(one(2))
					goOn()
					state = backup()
					clock.advance(time.Minute)
				}
				n.ok("DELETE", "/policy/api/v1"+leasePath, nil)
				held, err := store.Load(strings.NewReader(state))
				Expect(err).NotTo(HaveOccurred())
				manager, policy := lasting(held), policyBodies(held)
				at.reach()
				Expect(n.coordinator().Phase()).To(Equal(at.phase))
				before := pid()

				Expect(n.server.Restore(strings.NewReader(state))).To(Succeed())
				unanswered.Wait()
				clock.advance(time.Hour)
				Expect(lasting(st)).To(Equal(manager))
				Expect(policyBodies(st)).To(Equal(policy))
				Expect(policy).To(HaveKey(leasePath))
				Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseIdle))
				n.refused(http.StatusInternalServerError, "GET", migration+"status-summary", nil)

				n.startService()
				Expect(pid()).NotTo(Equal(before))
				overall, precheck, migrated := n.status()
				Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"NOT_STARTED", "NOT_STARTED", "NOT_STARTED"}))
				Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=DONE", nil)).To(ContainSubstring("not been initiated"))
				listed := n.ok("GET", migration+"migrated-resources", nil)["results"]
				n.coordinator().Configure(func(o *coordinator.Options) { o.RollbackTime = 0 })
				n.initiate()
				if !promoted {
					Expect(listed).To(BeEmpty())
					return
				}
				Expect(listed).To(HaveLen(1))
				n.rollback(one(0))
				Expect(tag(n.manager("ip-sets/a"), "policyPath")).To(BeEmpty())
			})
		}
	}

	It("brings workflow and plan back when told so, and what was at work has failed", func() {
		begin(coordinator.Options{KeepOnRestore: true, KeepPartial: true})
		start(one(0))
		goOn()
		clock.advance(59 * time.Second)
		state := backup()
		Expect(n.server.Restore(strings.NewReader(state))).To(Succeed())
		clock.advance(time.Hour)
		n.startService()
		overall, precheck, migrated := n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"FAILED", "SUCCESS", "FAILED"}))
		n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=INITIATE", nil)
		Expect(tag(n.manager("ip-sets/a"), "policyPath")).To(BeEmpty())
	})

	It("forgets a cancellation of a GENERIC run", func() {
		n = serve(st, coordinator.Options{RollbackTime: time.Minute}, with(clock))
		n.ok("POST", migration+"mp-to-policy", object{"mode": "GENERIC"})
		n.settle()
		n.ok("POST", migration+"mp-to-policy/cancel", nil)
		state := backup()
		Expect(n.server.Restore(strings.NewReader(state))).To(Succeed())
		clock.advance(time.Hour)
		n.startService()
		Expect(n.ok("GET", migration+"mp-policy-promotion/state", nil)).To(HaveKeyWithValue("mp_policy_promotion", "PROMOTION_NOT_IN_PROGRESS"))
		Expect(tag(n.manager("ip-sets/a"), "policyPath")).NotTo(BeEmpty())
	})

	It("makes its search index anew, and ends late realization with the promotion that it is of", func() {
		n = serve(st, coordinator.Options{Unrealized: left("*=late:1m")}, with(clock), func(o *nsxsim.Options) { o.Search.Reindexing = time.Minute })
		state := backup()
		n.initiate()
		n.promote(sets)
		n.done()
		Expect(n.server.Restore(strings.NewReader(state))).To(Succeed())
		Expect(n.refused(http.StatusBadRequest, "GET", "/policy/api/v1/search/query?query=id:a", nil)).To(ContainSubstring("Indexing"))
		clock.advance(time.Minute)
		n.ok("GET", "/policy/api/v1/search/query?query=id:a", nil)
		Expect(policyBodies(st)).To(BeEmpty())
	})
})
