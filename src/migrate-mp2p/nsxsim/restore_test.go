package nsxsim_test

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
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const backups = "/api/v1/cluster/backups/history"

// backup takes one.
func backup(server *nsxsim.Server) string {
	GinkgoHelper()
	var state bytes.Buffer
	Expect(server.Backup(&state)).To(Succeed())
	return state.String()
}

var _ = Describe("a backup of NSX", func() {
	It("is in the history with its time, behind those before", func() {
		clock := &manualClock{now: time.UnixMilli(1_700_000_000_000)}
		server := start(nsxsim.Options{Clock: clock})
		c := admin(server)
		Expect(c.get(backups).Body["cluster_backup_statuses"]).To(ConsistOf(
			HaveKeyWithValue("end_time", BeEquivalentTo(clock.now.Add(-time.Hour).UnixMilli()))), "before any, NSX shows a good one")
		backup(server)
		clock.now = clock.now.Add(time.Minute)
		backup(server)
		for _, kind := range []string{"cluster_backup_statuses", "node_backup_statuses", "inventory_backup_statuses"} {
			Expect(c.get(backups).Body[kind]).To(HaveExactElements(
				And(HaveKeyWithValue("end_time", BeEquivalentTo(1_700_000_000_000)), HaveKeyWithValue("success", true)),
				And(HaveKeyWithValue("end_time", BeEquivalentTo(1_700_000_060_000)), HaveKeyWithValue("backup_id", "backup-2"))))
		}
	})

	It("can be restored while NSX is served, and takes back everything since [R20]", func() {
		server := start(nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{})})
		c := admin(server)
		session, _ := login(server, "admin", server.Password())
		c.do("POST", ipSets, object{"id": "a"})
		state := backup(server)
		c.do("POST", ipSets, object{"id": "b"})
		c.do("POST", service+"?action=start", nil)
		c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil)
		Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil).Status).NotTo(Equal(http.StatusOK), "one has begun")

		Expect(server.Restore(strings.NewReader(state))).To(Succeed())
		Expect(c.get(ipSets).ids()).To(Equal([]string{"a"}))
		Expect(c.get(service + "/status").Body).To(HaveKeyWithValue("runtime_state", "stopped"))
		Expect(session.get(ipSets).Status).To(Equal(http.StatusForbidden))
		c.do("POST", service+"?action=start", nil)
		Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(backups).Body).To(HaveKeyWithValue("cluster_backup_statuses", HaveLen(1)))
	})

	It("leaves NSX as it is when it cannot be served", func() {
		server := start(nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{})})
		c := admin(server)
		c.do("POST", service+"?action=start", nil)
		for _, section := range []string{"coordinator-service", "coordinator", "cluster"} {
			bad, err := store.Load(strings.NewReader(backup(server)))
			Expect(err).NotTo(HaveOccurred())
			Expect(bad.Update(func(tx *store.Tx) error { return tx.SetSection(section, "nonsense") })).To(Succeed())
			var state bytes.Buffer
			Expect(bad.Save(&state)).To(Succeed())
			Expect(server.Restore(&state)).To(MatchError(ContainSubstring(section)))
		}
		Expect(server.Restore(strings.NewReader("no state"))).To(MatchError(ContainSubstring("restoring a backup")))
		c.do("POST", ipSets, object{"id": "b"})
		Expect(c.get(ipSets).ids()).To(Equal([]string{"b"}))
		Expect(c.get(service + "/status").Body).To(HaveKeyWithValue("runtime_state", "running"))
		Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil).Status).To(Equal(http.StatusOK))
	})

	It("ends a request that is under way in the old world", func() {
		server := start(nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{DoneTime: time.Hour})})
		c := admin(server)
		c.do("POST", service+"?action=start", nil)
		state := backup(server)
		c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil)
		var done sync.WaitGroup
		done.Go(func() {
			defer GinkgoRecover()
			Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=DONE", nil).Status).To(Equal(http.StatusServiceUnavailable))
		})
		Eventually(func() any { return control(server).get("/_nsxsim/coordinator").Body["phase"] }).Should(Equal(coordinator.PhaseDone))
		Expect(server.Restore(strings.NewReader(state))).To(Succeed())
		done.Wait()
		Expect(control(server).get("/_nsxsim/coordinator").Body).To(HaveKeyWithValue("phase", coordinator.PhaseIdle))
	})

	It("may be restored at the very moment of a request, which then meets the restored world", func() {
		var server *nsxsim.Server
		var state string
		server = start(nsxsim.Options{Faults: rule(func(r *faults.Rule) {
			r.Hook = func(faults.Call) {
				defer GinkgoRecover()
				Expect(server.Restore(strings.NewReader(state))).To(Succeed())
			}
		})})
		state = backup(server)
		put(server.Store(), map[string]object{"ip-sets/late": {"id": "late"}})
		Expect(admin(server).do("POST", ipSets, object{"id": "a"}).Status).To(Equal(http.StatusCreated))
		Expect(admin(server).get(ipSets).ids()).To(Equal([]string{"a"}))
	})

	It("can be restored while many read and write", func() {
		server := start(nsxsim.Options{})
		state := backup(server)
		var clients sync.WaitGroup
		for range 8 {
			c := admin(server)
			clients.Go(func() {
				defer GinkgoRecover()
				for range 20 {
					Expect(c.do("POST", ipSets, object{}).Status).To(Or(Equal(http.StatusCreated), Equal(http.StatusServiceUnavailable)))
					c.get(ipSets)
				}
			})
		}
		for range 10 {
			Expect(server.Restore(strings.NewReader(state))).To(Succeed())
		}
		clients.Wait()
		Expect(server.Restore(strings.NewReader(state))).To(Succeed())
		Expect(admin(server).get(ipSets).results()).To(BeEmpty())
	})
})
