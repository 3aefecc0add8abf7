package coordinator_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// someSets are three address sets, and a batch of them.
func someSets() (*store.Store, batch) {
	GinkgoHelper()
	b := batch{kind: "IP_SET"}
	objects := map[string]object{}
	for _, id := range []string{"a", "b", "c"} {
		objects["ip-sets/"+id] = object{"resource_type": "IPSet", "display_name": "set " + id, "_create_user": "tas1-ncp", "ip_addresses": []any{"10.0.0.1"}}
		b.resources = append(b.resources, resource{ManagerID: id})
	}
	return bare(objects), b
}

// groupOf reads the Policy twin of an address set; ok is false when there is none.
func (n *nsx) groupOf(id string) (body object, ok bool) {
	GinkgoHelper()
	status, body := n.call("GET", "/policy/api/v1/infra/domains/default/groups/"+id, nil)
	return body, status == http.StatusOK
}

var _ = Describe("the actions of the plan", func() {
	var st *store.Store
	var sets batch
	var clock *fakeClock

	BeforeEach(func() {
		st, sets = someSets()
		clock = newClock()
	})

	act := func(n *nsx, action string) string {
		GinkgoHelper()
		return n.refused(http.StatusBadRequest, "POST", migration+"plan?action="+action, nil)
	}

	It("skip a failed pre-check, and a failed migration", func() {
		n := serve(st, coordinator.Options{
			FailPrecheck: map[string]string{"a": "is odd"}, FailMigration: map[string]string{"b": "is cursed"},
		})
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("FAILED"))
		skippable := n.ok("GET", migration+"status-summary", nil)["component_status"].([]any)
		Expect(skippable).To(HaveExactElements(HaveKeyWithValue("can_skip", true), HaveKeyWithValue("can_skip", false)))
		n.plan("continue&skip=true")
		_, migrated := n.settle()
		Expect(migrated.Status).To(Equal("FAILED"))
		Expect(act(n, "continue")).To(ContainSubstring("MP_TO_POLICY_MIGRATION"))
		n.plan("continue&skip=true")
		overall, _, _ := n.status()
		Expect(overall).To(Equal("SUCCESS"))
	})

	It("pause a plan after the component at work", func() {
		n := serve(st, coordinator.Options{BatchTime: time.Minute}, with(clock))
		n.initiate()
		Expect(act(n, "pause")).To(ContainSubstring("NOT_STARTED"))
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		n.plan("continue")
		n.plan("pause")
		clock.advance(time.Minute)
		overall, _, migrated := n.status()
		Expect([]string{overall, migrated.Status}).To(Equal([]string{"PAUSED", "SUCCESS"}))
		n.plan("continue")
		overall, _, _ = n.status()
		Expect(overall).To(Equal("SUCCESS"))
	})

	It("start only a plan that has not, and continue only one that is paused; DONE waits for neither", func() {
		n := serve(st, coordinator.Options{PrecheckTime: time.Minute}, with(clock))
		n.initiate()
		n.ok("POST", migration+"mp-to-policy", sets.body())
		Expect(act(n, "continue")).To(ContainSubstring("NOT_STARTED"))
		n.plan("start")
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=DONE", nil)).To(ContainSubstring("busy"))
		clock.advance(time.Minute)
		Expect(act(n, "start")).To(ContainSubstring("PAUSED"))
		n.plan("continue")
		n.settle()
		Expect(act(n, "start")).To(ContainSubstring("SUCCESS"))
		Expect(act(n, "continue")).To(ContainSubstring("SUCCESS"))
	})

	It("finish a plan that succeeded, and no other", func() {
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		Expect(act(n, "finish")).To(ContainSubstring("PAUSED"))
		n.plan("continue")
		n.settle()
		n.plan("finish")
		overall, precheck, migrated := n.status()
		Expect([]string{overall, precheck.Status, migrated.Status}).To(Equal([]string{"NOT_STARTED", "NOT_STARTED", "NOT_STARTED"}))
		_, promoted := n.groupOf("a")
		Expect(promoted).To(BeTrue())
	})

	It("reset the plan of one component, which has to be named", func() {
		n := serve(st, coordinator.Options{})
		Expect(act(n, "reset")).To(ContainSubstring("component_type"))
		Expect(act(n, "reset&component_type=EDGE")).To(ContainSubstring("EDGE"))
		n.plan("reset&component_type=MP_TO_POLICY_MIGRATION")
	})

	It("roll back what the plan migrated, in the background", func() {
		before := lasting(st)
		n := serve(st, coordinator.Options{RollbackTime: time.Minute}, with(clock))
		n.initiate()
		Expect(act(n, "rollback")).To(ContainSubstring("nothing"))
		n.promote(sets)
		n.plan("rollback")
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseRollback))
		overall, _, _ := n.status()
		Expect(overall).To(Equal("PAUSING"))
		Expect(act(n, "abort")).To(ContainSubstring("busy"))
		_, promoted := n.groupOf("a")
		Expect(promoted).To(BeTrue())
		clock.advance(time.Minute)
		overall, _, _ = n.status()
		Expect(overall).To(Equal("NOT_STARTED"))
		Expect(lasting(st)).To(Equal(before))
		n.promote(sets)
	})

	It("tell why a rollback of the plan failed", func() {
		n := serve(st, coordinator.Options{FailRollback: map[string]string{"b": "is stuck"}})
		n.initiate()
		n.promote(sets)
		n.plan("rollback")
		Eventually(func() string { overall, _, _ := n.status(); return overall }).Should(Equal("FAILED"))
		_, _, migrated := n.status()
		Expect(migrated.Details).To(ContainSubstring("is stuck"))
		_, promoted := n.groupOf("a")
		Expect(promoted).To(BeTrue())
	})

	It("know no rollback in NSX 9, no sites, and no others", func() {
		n := serve(st, coordinator.Options{})
		Expect(act(n, "update_site_migration_state")).To(ContainSubstring("sites"))
		Expect(act(n, "hurry")).To(And(ContainSubstring("hurry"), ContainSubstring("rollback")))
		nine := serve(store.New(1), coordinator.Options{}, version("9.0"))
		Expect(act(nine, "rollback")).To(ContainSubstring("no longer"))
	})

	It("meet a concurrent change as often as configured", func() {
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(n.check(sets).Status).To(Equal("SUCCESS"))
		n.coordinator().Configure(func(o *coordinator.Options) { o.Conflicts = 1 })
		n.refused(http.StatusConflict, "POST", migration+"plan?action=continue", nil)
		n.plan("continue")
		_, migrated := n.settle()
		Expect(migrated.Status).To(Equal("SUCCESS"))
	})

	It("leave the coordinator in a phase that fault rules can name", func() {
		n := serve(st, coordinator.Options{PrecheckTime: time.Minute, BatchTime: time.Minute}, with(clock))
		phases := []string{n.coordinator().Phase()}
		note := func() { phases = append(phases, n.coordinator().Phase()) }
		n.initiate()
		n.ok("POST", migration+"mp-to-policy", sets.body())
		n.plan("start")
		note()
		clock.advance(time.Minute)
		note()
		n.plan("continue")
		note()
		clock.advance(time.Minute)
		note()
		Expect(phases).To(Equal([]string{"idle", "precheck", "paused", "migration", "idle"}))
	})
})
