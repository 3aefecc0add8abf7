package coordinator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("rollback", func() {
	var st *store.Store
	var world *model.World
	var n *nsx
	var shared, own []batch
	var migratedShared map[string]string

	BeforeEach(func() {
		st, world = tas()
		n = serve(st, coordinator.Options{})
		shared, own = sharedBatches(world), ncpBatches(world)
		n.initiate()
		n.promote(shared...)
		migratedShared = lasting(st)
	})

	refusedRollback := func(b batch) string {
		GinkgoHelper()
		return n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/rollback", b.body())
	}

	It("restores bodies, owners and tags, and takes away the Policy objects", func() {
		n.promote(own...)
		n.rollback(own...)
		Expect(lasting(st)).To(Equal(migratedShared))
		report := inspect(st)
		Expect(report.AllManager()).To(BeTrue())
		Expect(report.Inconsistencies).To(BeEmpty())
		Expect(n.policy("/infra/segments")["results"]).To(HaveLen(1), "the administrator's own segment")
	})

	It("brings back a single entry and leaves the others of its batch", func() {
		sets := own[9]
		n.promote(sets)
		n.rollback(batch{sets.kind, sets.resources[1:2]})
		Expect(inspect(st).NCP.Policy).To(Equal(len(sets.resources) - 1))
		Expect(refusedRollback(batch{sets.kind, sets.resources[1:2]})).To(ContainSubstring("is not migrated"))
		n.promote(batch{sets.kind, sets.resources[1:2]})
		Expect(inspect(st).NCP.Policy).To(Equal(len(sets.resources)))
	})

	It("disconnects the segments of a Tier-1 whose ports go back", func() {
		n.promote(own[:8]...)
		segment := "/infra/segments/" + own[5].resources[0].ManagerID
		Expect(n.policy(segment)).To(HaveKey("connectivity_path"))
		n.rollback(own[7])
		Expect(n.policy(segment)).NotTo(HaveKey("connectivity_path"))
		Expect(n.policy(segment)).NotTo(HaveKey("subnets"))
	})

	It("refuses what is not migrated, as a whole", func() {
		n.promote(own[9])
		half := batch{"IP_SET", append([]resource{{ManagerID: "nowhere"}}, own[9].resources...)}
		Expect(refusedRollback(half)).To(ContainSubstring("IP_SET nowhere: is not migrated"))
		Expect(inspect(st).NCP.Policy).To(Equal(len(own[9].resources)))
	})

	It("refuses what promoted objects still need", func() {
		n.promote(own[:8]...)
		Expect(refusedRollback(own[5])).To(ContainSubstring("is still referenced by /infra/segments/"))
		Expect(refusedRollback(own[4])).To(ContainSubstring("is still referenced"))
		Expect(refusedRollback(shared[3])).To(ContainSubstring("is still referenced"))
		Expect(inspect(st).Inconsistencies).To(BeEmpty())
	})

	It("refuses what has Policy children that nobody promoted", func() {
		n.promote(own[:6]...)
		n.ok("PUT", "/policy/api/v1/infra/segments/"+own[5].resources[0].ManagerID+"/ports/new", object{"resource_type": "SegmentPort"})
		Expect(refusedRollback(own[5])).To(ContainSubstring("still has the child"))
	})

	It("loses what Policy clients changed meanwhile", func() {
		n.promote(own[9])
		path := "/infra/domains/default/groups/" + own[9].resources[0].ManagerID
		group := n.policy(path)
		group["tags"] = []any{object{"scope": "ncp/version", "tag": "1.2.0"}}
		header := http.Header{"X-Allow-Overwrite": []string{"true"}}
		Expect(n.send("PUT", "/policy/api/v1"+path, group, header)).To(Equal(http.StatusOK))
		n.rollback(own[9])
		Expect(lasting(st)).To(Equal(migratedShared))
	})

	It("needs INITIATE and is possible after DONE", func() {
		n.promote(own[9])
		n.done()
		Expect(refusedRollback(own[9])).To(ContainSubstring("not been initiated"))
		n.initiate()
		n.rollback(own[9])
		Expect(inspect(st).AllManager()).To(BeTrue())
	})

	It("tells two addresses of one number apart by their pools", func() {
		var pools []string
		for _, one := range world.Shared {
			if one.Kind == "IPPOOL" {
				pools = append(pools, one.ID)
			}
		}
		Expect(st.Update(func(tx *store.Tx) error {
			for _, pool := range pools {
				if _, err := tx.Manager().PutFields("pools/ip-pools/"+pool+"/allocations/9.9.9.9", object{"allocation_id": "9.9.9.9"}); err != nil {
					return err
				}
			}
			return nil
		})).To(Succeed())
		in := func(pool string) batch {
			return batch{"IPPOOL_ALLOCATION", []resource{{ManagerID: "9.9.9.9", LinkedIDs: []pair{{"IPPOOL", pool}}}}}
		}
		n.promote(in(pools[0]), in(pools[1]))
		Expect(refusedRollback(one("IPPOOL_ALLOCATION", "9.9.9.9"))).To(ContainSubstring("is not migrated"))
		n.rollback(in(pools[0]))
		status, _ := n.call("GET", "/policy/api/v1/infra/ip-pools/"+pools[0]+"/ip-allocations/9.9.9.9", nil)
		Expect(status).To(Equal(http.StatusNotFound))
		n.policy("/infra/ip-pools/" + pools[1] + "/ip-allocations/9.9.9.9")
	})

	It("fails for objects named in the options, and for objects listed twice", func() {
		n.promote(own[9])
		n.coordinator().Configure(func(o *coordinator.Options) {
			o.FailRollback = map[string]string{own[9].resources[0].ManagerID: "is stuck"}
		})
		Expect(refusedRollback(own[9])).To(ContainSubstring("is stuck"))
		n.coordinator().Configure(func(o *coordinator.Options) { o.FailRollback = nil })
		Expect(refusedRollback(batch{"IP_SET", append(own[9].resources, own[9].resources[0])})).To(ContainSubstring("listed twice"))
	})
})

var _ = Describe("a slow rollback", func() {
	// begin starts a rollback whose client may hang up.
	begin := func(n *nsx, b batch) (hangUp context.CancelFunc, failed chan error) {
		GinkgoHelper()
		body, err := json.Marshal(b.body())
		Expect(err).NotTo(HaveOccurred())
		ctx, hangUp := context.WithCancel(context.Background())
		request, err := http.NewRequestWithContext(ctx, "POST", n.base+migration+"mp-to-policy/rollback", bytes.NewReader(body))
		Expect(err).NotTo(HaveOccurred())
		request.SetBasicAuth(nsxsim.AdminUser, n.server.Password())
		failed = make(chan error, 1)
		go func() {
			response, err := n.http.Do(request)
			if err == nil {
				err = response.Body.Close()
			}
			failed <- err
		}()
		return hangUp, failed
	}

	It("goes on when its client hangs up", func() {
		st, sets := someSets()
		clock := newClock()
		n := serve(st, coordinator.Options{RollbackTime: time.Minute}, with(clock))
		n.initiate()
		n.promote(sets)
		hangUp, failed := begin(n, sets)
		Eventually(clock.waiting).Should(Equal(1))
		hangUp()
		Expect(<-failed).To(MatchError(context.Canceled))
		_, promoted := n.groupOf("a")
		Expect(promoted).To(BeTrue())
		clock.advance(time.Minute)
		_, promoted = n.groupOf("a")
		Expect(promoted).To(BeFalse())
	})

	It("is slower for each firewall section, in both ways", func() {
		clock := newClock()
		n := serve(wired(), coordinator.Options{SectionTime: time.Minute}, with(clock))
		section := one("DFW_SECTION", "wall")
		n.initiate()
		n.promote(section)
		hangUp, failed := begin(n, section)
		defer hangUp()
		Eventually(clock.waiting).Should(Equal(1))
		clock.advance(59 * time.Second)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseRollback))
		clock.advance(time.Second)
		Expect(<-failed).NotTo(HaveOccurred())
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseIdle))

		n.promote(section)
		n.plan("rollback")
		clock.advance(59 * time.Second)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseRollback))
		clock.advance(time.Second)
		Expect(n.coordinator().Phase()).To(Equal(coordinator.PhaseIdle))
	})

	It("lets nothing else in meanwhile", func() {
		st, world := tas()
		clock := newClock()
		n := serve(st, coordinator.Options{RollbackTime: time.Minute}, with(clock))
		sets := ncpBatches(world)[9]
		n.initiate()
		n.promote(sets)
		finished := make(chan struct{})
		go func() {
			defer GinkgoRecover()
			defer close(finished)
			n.rollback(sets)
		}()
		Eventually(clock.waiting).Should(Equal(1))
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"plan?action=abort", nil)).To(ContainSubstring("busy"))
		Expect(n.refused(http.StatusBadRequest, "POST", migration+"mp-to-policy/workflow?action=DONE", nil)).To(ContainSubstring("busy"))
		clock.advance(time.Minute)
		Eventually(finished).Should(BeClosed())
		Expect(inspect(st).AllManager()).To(BeTrue())
	})
})
