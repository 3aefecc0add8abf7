package migrate_test

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/migrate"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("rolling back", func() {
	// migrated begins after a whole forward run.
	migrated := func(batches ...records.PlannedBatch) *scene {
		GinkgoHelper()
		s := begin(batches...)
		Expect(s.forward()).To(Succeed())
		s.writes()
		s.heard = nil
		return s
	}
	ref := func(kind mp.Type, id string) mp.Ref { return mp.Ref{Type: kind, ID: id} }

	It("goes newest batch first with the original entries, and deletes the records once the objects were read as Manager [R14] [R17] [I3]", func() {
		s := migrated(foundation()...)
		var left []int
		for n := 1; n <= 5; n++ {
			s.goesWrong("ROLLBACK", n, fault{happens: func() {
				count, err := s.store.MigratedCount()
				Expect(err).NotTo(HaveOccurred())
				left = append(left, count)
			}})
		}
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{
			"ROLLBACK LOGICAL_PORT p3", "ROLLBACK LOGICAL_PORT p1 p2", "ROLLBACK LOGICAL_SWITCH s1 s2",
			"ROLLBACK TIER1_LOGICAL_ROUTER_PORT t1 t2", "ROLLBACK TIER1 t1 t2",
		}))
		Expect(left).To(HaveEach(9), "migration records while rollbacks are only answered")
		Expect(s.said("")).To(Equal([]string{
			"1/9 objects rolled back", "3/9 objects rolled back", "5/9 objects rolled back", "7/9 objects rolled back", "9/9 objects rolled back",
		}))
		s.expectAllBack()
	})

	It("sends nothing when nothing was ever sent, and nothing more once all is back [R19]", func() {
		s := begin(foundation()...)
		Expect(s.back()).To(Succeed())
		Expect(s.calls).To(BeZero())

		Expect(s.forward()).To(Succeed())
		Expect(s.back()).To(Succeed())
		s.writes()
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(BeEmpty())
	})

	It("reads the objects of all batches of one type together, once before and once after", func() {
		s := migrated(foundation()...)
		Expect(s.back()).To(Succeed())
		Expect(s.count["look"]).To(Equal(8))
	})

	It("sends again what NSX answered without carrying it out [R17] [I2]", func() {
		s := migrated(foundation()...)
		s.ignored = map[int]bool{1: true, 3: true} // a port's batch, and that of the switches
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{
			"ROLLBACK LOGICAL_PORT p3", "ROLLBACK LOGICAL_PORT p1 p2", "ROLLBACK LOGICAL_SWITCH s1 s2",
			"ROLLBACK TIER1_LOGICAL_ROUTER_PORT t1 t2", "ROLLBACK TIER1 t1 t2",
			"ROLLBACK LOGICAL_PORT p3", "ROLLBACK LOGICAL_SWITCH s1 s2",
		}))
		Expect(s.said("warning: NSX answered the rollback of 3 objects without carrying it out")).To(HaveLen(1))
		s.expectAllBack()
	})

	It("sends again what kept NSX from a later rollback, because it had only been answered [R17] [I2]", func() {
		s := migrated(foundation()...)
		s.ignored = map[int]bool{2: true}
		s.goesWrong("ROLLBACK", 3, fault{before: &nsx.Error{Kind: mp.KindConflict, Message: "a port is still Policy"}})
		Expect(s.back()).To(Succeed())
		s.expectAllBack()
	})

	It("keeps the records and says so when NSX goes on answering without effect, and ends once it does not [R17] [R19] [I2]", func() {
		s := migrated(batch(mp.LogicalSwitch, "s1"))
		s.ignored = map[int]bool{1: true, 2: true, 3: true}
		Expect(s.back()).To(And(MatchError(migrate.ErrNotBack), MatchError(ContainSubstring("3 times: LOGICAL_SWITCH/s1"))))
		Expect(s.claims()).To(HaveLen(1))
		Expect(s.back()).To(Succeed())
		s.expectAllBack()
	})

	It("keeps the record of an object that only Manager mode does not show [I3]", func() {
		s := migrated(batch(mp.LogicalSwitch, "s1", "s2"))
		s.objects[ref(mp.LogicalSwitch, "s1")] = catalog.IsAbsent
		s.lingers = map[string]bool{"/infra/planned/s1": true}
		Expect(s.back()).To(MatchError(And(ContainSubstring("do not show LOGICAL_SWITCH/s1"), ContainSubstring("delete the Policy object"))))
		Expect(s.claims()).To(HaveLen(2))
		s.lingers = nil
		Expect(s.back()).To(Succeed())
		s.expectAllBack()
	})

	It("claims what a batch made Policy although the lists of Manager mode do not show it [I1] [I2]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1", "s2"))
		s.breaks["LOGICAL_SWITCH"] = 1
		Expect(s.forward()).NotTo(Succeed())
		s.objects[ref(mp.LogicalSwitch, "s2")] = catalog.IsAbsent
		s.lingers = map[string]bool{"/infra/planned/s2": true}
		Expect(s.migrator().Settle(context.Background())).To(Succeed())
		Expect(s.claims()).To(ConsistOf("LOGICAL_SWITCH/s1", "LOGICAL_SWITCH/s2"))
	})

	It("touches nothing once the lease is another's [I8]", func() {
		s := migrated(batch(mp.LogicalSwitch, "s1"))
		s.leaseLost = errors.New("the lease is another run's")
		Expect(s.back()).To(MatchError(s.leaseLost))
		Expect(s.writes()).To(BeEmpty())
	})

	It("leaves alone what NSX says is Manager already, and warns of what is gone [I3]", func() {
		s := migrated(batch(mp.LogicalSwitch, "s1", "s2", "s3"))
		s.objects[ref(mp.LogicalSwitch, "s1")] = catalog.IsManager
		s.objects[ref(mp.LogicalSwitch, "s2")] = catalog.IsAbsent
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{"ROLLBACK LOGICAL_SWITCH s3"}))
		Expect(s.said("warning: LOGICAL_SWITCH/s2 no longer exists in NSX")).To(HaveLen(1))
		s.expectAllBack()
	})

	It("closes a batch none of whose objects is Policy any more, without a call [I2]", func() {
		s := migrated(batch(mp.LogicalSwitch, "s1", "s2"), batch(mp.LogicalPort, "p1"))
		s.objects[ref(mp.LogicalPort, "p1")] = catalog.IsManager
		s.objects[ref(mp.LogicalSwitch, "s1")] = catalog.IsAbsent
		s.objects[ref(mp.LogicalSwitch, "s2")] = catalog.IsManager
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(BeEmpty())
		s.expectAllBack()
	})

	It("does not touch Policy objects that no record claims [I3]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1", "s2"))
		s.breaks["LOGICAL_SWITCH"] = 1
		Expect(s.forward()).NotTo(Succeed())
		Expect(s.migrator().Settle(context.Background())).To(Succeed())
		s.objects[ref(mp.LogicalSwitch, "s2")] = catalog.IsPolicy // by somebody else, later
		Expect(s.back()).To(Succeed())
		Expect(s.sent).To(endWith("abort", "ROLLBACK LOGICAL_SWITCH s1"))
		Expect(s.policy()).To(Equal([]string{"LOGICAL_SWITCH/s2"}))
	})

	It("stops where NSX refuses, keeps the records of the rest, and goes on there when it is run again [R17] [R19]", func() {
		s := migrated(foundation()...)
		s.goesWrong("ROLLBACK", 3, fault{before: &nsx.Error{Kind: mp.KindConflict, Message: "still in use"}})
		Expect(s.back()).To(MatchError(And(ContainSubstring("rolling back batch 3 (2 x LOGICAL_SWITCH)"), ContainSubstring("still in use"))))
		Expect(s.claims()).To(HaveLen(6))
		Expect(s.states()).To(Equal([]records.BatchState{
			records.BatchMigrated, records.BatchMigrated, records.BatchRollingBack, records.BatchRolledBack, records.BatchRolledBack,
		}))
		s.writes()
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{"ROLLBACK LOGICAL_SWITCH s1 s2", "ROLLBACK TIER1_LOGICAL_ROUTER_PORT t1 t2", "ROLLBACK TIER1 t1 t2"}))
		s.expectAllBack()
	})

	Describe("when the answer to a rollback is lost", func() {
		It("reads until the objects are back and does not send it again [R18]", func() {
			s := migrated(foundation()...)
			s.goesWrong("ROLLBACK", 2, fault{before: errLost, happens: func() {
				s.sleeping = func(time.Duration) { // NSX carries it out meanwhile
					switch s.count["look"] {
					case 4:
						s.objects[ref(mp.LogicalPort, "p1")] = catalog.IsManager
					case 6:
						s.objects[ref(mp.LogicalPort, "p2")] = catalog.IsManager
					}
				}
			}})
			Expect(s.back()).To(Succeed())
			Expect(s.count["ROLLBACK"]).To(Equal(5))
			Expect(s.said("waiting: a rollback whose answer was lost: 1 of 2 objects are not back yet")).NotTo(BeEmpty())
			s.expectAllBack()
		})

		It("counts objects that vanished meanwhile as back", func() {
			s := migrated(batch(mp.LogicalSwitch, "s1", "s2"))
			s.goesWrong("ROLLBACK", 1, fault{after: errLost, happens: func() {
				s.sleeping = func(time.Duration) { s.objects[ref(mp.LogicalSwitch, "s1")] = catalog.IsAbsent }
			}})
			Expect(s.back()).To(Succeed())
			s.expectAllBack()
		})

		It("stops at the time-out, naming what is not back; a re-run sends only that [R19]", func() {
			s := migrated(batch(mp.LogicalSwitch, "s1", "s2"))
			s.goesWrong("ROLLBACK", 1, fault{before: errLost, happens: func() {
				s.objects[ref(mp.LogicalSwitch, "s1")] = catalog.IsManager
			}})
			began := s.now
			Expect(s.back()).To(MatchError(ContainSubstring("after 30m0s these are still not back: LOGICAL_SWITCH/s2")))
			Expect(s.now.Sub(began)).To(BeNumerically("~", finishTimeout, 3*time.Second))
			Expect(s.claims()).To(HaveLen(2))
			s.writes()
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(Equal([]string{"ROLLBACK LOGICAL_SWITCH s2"}))
			s.expectAllBack()
		})

		It("does not begin to wait once it is told to stop", func() {
			s := migrated(batch(mp.LogicalSwitch, "s1"))
			ctx, cancel := context.WithCancel(context.Background())
			m := s.migrator()
			m.API = losing{s.world, cancel}
			Expect(m.Back(ctx)).To(MatchError(errLost))
			Expect(s.count["look"]).To(Equal(1))
			Expect(s.back()).To(Succeed())
			s.expectAllBack()
		})
	})

	Describe("an entry that reading does not decide", func() {
		It("counts as the coordinator says of its batch, if that is still the same coordinator", func() {
			s := begin(batch(mp.IPPoolAllocation, "10.0.0.1", "10.0.0.2"))
			s.unclear[ref(mp.IPPoolAllocation, "10.0.0.1")] = true
			m := s.migrator()
			m.Records = forgetful{s.store}
			Expect(m.Forward(context.Background())).NotTo(Succeed())
			s.writes()
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(Equal([]string{"ROLLBACK IPPOOL_ALLOCATION 10.0.0.1 10.0.0.2"}))
			s.expectAllBack()
		})

		It("stops the run and is named when nobody can tell; nothing is touched until then [R19]", func() {
			s := begin(batch(mp.Tier1, "t1"), batch(mp.IPPoolAllocation, "10.0.0.1", "10.0.0.2"))
			s.unclear[ref(mp.IPPoolAllocation, "10.0.0.1")] = true
			s.breaks["IPPOOL_ALLOCATION"] = 1
			Expect(s.forward()).NotTo(Succeed())
			s.writes()
			for range 2 {
				Expect(s.back()).To(And(MatchError(migrate.ErrUndecided), MatchError(ContainSubstring("batch 2 (2 x IPPOOL_ALLOCATION, continuing)")), MatchError(ContainSubstring("IPPOOL_ALLOCATION/10.0.0.1"))))
			}
			Expect(s.writes()).To(BeEmpty())

			delete(s.unclear, ref(mp.IPPoolAllocation, "10.0.0.1"))
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(Equal([]string{"abort", "ROLLBACK IPPOOL_ALLOCATION 10.0.0.1", "ROLLBACK TIER1 t1"}))
			s.expectAllBack()
		})

		It("does not count as the coordinator says once that was restarted", func() {
			s := begin(batch(mp.IPPoolAllocation, "10.0.0.1"))
			s.unclear[ref(mp.IPPoolAllocation, "10.0.0.1")] = true
			m := s.migrator()
			m.Records = forgetful{s.store}
			Expect(m.Forward(context.Background())).NotTo(Succeed())
			s.restarts++ // other processes, though the status is still there
			Expect(s.back()).To(MatchError(migrate.ErrUndecided))
		})

		It("goes with its router when that is ours", func() {
			s := begin(batch(mp.Tier1, "t1"), batch(mp.Tier1Port, "t1"))
			s.unclear[ref(mp.Tier1Port, "t1")] = true
			s.goesWrong("continue", 2, fault{after: errLost, happens: func() {
				s.sleeping = func(d time.Duration) {
					if s.restarts == 0 {
						s.objects[ref(mp.Tier1Port, "t1")] = catalog.IsPolicy
						s.restart()
					}
				}
			}})
			Expect(s.forward()).To(MatchError(migrate.ErrRestarted))
			s.writes()
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(Equal([]string{"INITIATE", "ROLLBACK TIER1 t1"}))
			s.expectAllBack()
		})

		It("does not go with a router that somebody else migrated", func() {
			s := begin(batch(mp.Tier0Port, "t0"))
			s.unclear[ref(mp.Tier0Port, "t0")] = true
			s.breaks["TIER0_LOGICAL_ROUTER_PORT"] = 0
			Expect(s.forward()).NotTo(Succeed())
			Expect(s.back()).To(And(MatchError(migrate.ErrUndecided), MatchError(ContainSubstring("TIER0_LOGICAL_ROUTER_PORT/t0"))))
		})
	})

	It("records where NSX says that the objects of an unknown batch are", func() {
		s := begin(batch(mp.LogicalSwitch, "s1", "s2"))
		s.breaks["LOGICAL_SWITCH"] = 1
		Expect(s.forward()).NotTo(Succeed())
		Expect(s.migrator().Settle(context.Background())).To(Succeed())
		Expect(s.store.Migrated(func(o records.MigratedObject) error {
			Expect(o.PolicyPath).To(Equal("/infra/seen/s1"))
			return nil
		})).To(Succeed())
	})

	It("closes the plan of a batch whose \"continue\" never arrived before it decides by the objects [I2]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		s.goesWrong("continue", 1, fault{before: errCut})
		Expect(s.forward()).NotTo(Succeed())
		Expect(s.back()).To(Succeed())
		Expect(s.count["look"]).To(Equal(1))
		Expect(s.writes()).To(endWith("abort"))
		Expect(s.PlanAction(context.Background(), "continue")).NotTo(Succeed(), "the call that arrives late")
		s.expectAllBack()
	})

	It("takes back what a \"continue\" did that arrived just before its plan was closed [I1] [I2] [I3]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1", "s2"))
		s.goesWrong("continue", 1, fault{before: errCut})
		Expect(s.forward()).NotTo(Succeed())
		s.goesWrong("abort", 1, fault{happens: func() { s.objects[ref(mp.LogicalSwitch, "s1")] = catalog.IsPolicy }})
		s.writes()
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{"abort", "ROLLBACK LOGICAL_SWITCH s1"}))
		s.expectAllBack()
	})

	It("takes back what a \"continue\" did that was delivered twice and reached the next batch, which had not been continued yet [I1] [I2] [I3]", func() {
		s := begin(batch(mp.Tier1, "t1"), batch(mp.LogicalSwitch, "s1", "s2"))
		// The second batch's pre-check has ended when the first one's call arrives again; then the run dies.
		s.sleeping = func(time.Duration) {
			if s.count["start"] == 2 && s.migrate.Status == "" && s.precheck.Status != mp.StatusSuccess {
				s.precheck.Status, s.overall = mp.StatusSuccess, mp.StatusPaused
				s.migrate.Status, s.ends = mp.StatusInProgress, s.now.Add(s.batchTakes)
				s.goesWrong("status", s.count["status"]+1, fault{before: errCut})
			}
		}
		s.precheckTakes = time.Millisecond
		Expect(s.forward()).NotTo(Succeed())
		Expect(s.states()).To(Equal([]records.BatchState{records.BatchMigrated, records.BatchStarting}))
		Expect(s.back()).To(Succeed())
		Expect(s.policy()).To(BeEmpty())
		s.expectAllBack()
	})

	It("still knows that a plan waited for \"continue\" when the run ended after closing it [R19] [I2]", func() {
		s := begin(batch(mp.IPPoolAllocation, "10.0.0.1"))
		s.unclear[ref(mp.IPPoolAllocation, "10.0.0.1")] = true
		s.goesWrong("continue", 1, fault{before: errCut})
		Expect(s.forward()).NotTo(Succeed())
		s.goesWrong("look", 1, fault{before: errCut})
		Expect(s.back()).To(MatchError(errCut))
		Expect(s.back()).To(Succeed())
		s.expectAllBack()
	})

	It("leaves out of what it reclaims no object of a type whose batches have others between them [I1] [I2]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"), batch(mp.Tier1, "t1"), batch(mp.LogicalSwitch, "s2"))
		s.invalid["t1"] = "no"
		s.goesWrong("continue", 1, fault{before: errCut})
		Expect(s.forward()).NotTo(Succeed())
		Expect(s.back()).To(Succeed())
		s.setAside(2, false)
		s.setAside(3, true)
		s.objects[ref(mp.LogicalSwitch, "s2")] = catalog.IsPolicy
		Expect(s.migrator().Reclaim(context.Background())).To(Equal([]string{"LOGICAL_SWITCH/s2"}))
	})

	It("leaves no plan of a failed batch behind, even when it was the only one [I2]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		s.invalid["s1"] = "no"
		Expect(s.forward()).NotTo(Succeed())
		s.goesWrong("abort", 1, fault{before: errCut})
		Expect(s.back()).NotTo(Succeed()) // a re-run must not forget it
		Expect(s.back()).To(Succeed())
		s.expectAllBack()
	})

	It("initiates the workflow once more when NSX refuses a rollback and DONE may have closed it [I2]", func() {
		s := migrated(batch(mp.LogicalSwitch, "s1"))
		Expect(s.store.Amend(func(h *records.Header) { h.DoneSent = true })).To(Succeed())
		s.workflow = false
		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{"ROLLBACK LOGICAL_SWITCH s1", "INITIATE", "ROLLBACK LOGICAL_SWITCH s1"}))
		s.expectAllBack()
	})

	Describe("after the coordinator was restarted", func() {
		It("initiates the workflow once, and remembers the new processes", func() {
			s := migrated(batch(mp.LogicalSwitch, "s1"))
			s.restart()
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(Equal([]string{"INITIATE", "ROLLBACK LOGICAL_SWITCH s1"}))
			header, _, err := s.store.Run()
			Expect(err).NotTo(HaveOccurred())
			Expect(header.CoordinatorPIDs).To(ConsistOf(101, 201))
			s.expectAllBack()
		})

		It("believes the objects, not the plan that the new processes show", func() {
			s := begin(batch(mp.LogicalSwitch, "s1", "s2"))
			s.goesWrong("continue", 1, fault{before: errCut})
			Expect(s.forward()).NotTo(Succeed())
			s.objects[ref(mp.LogicalSwitch, "s2")] = catalog.IsPolicy
			s.restarts++ // other processes, and still PAUSED before the migration
			s.writes()
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(Equal([]string{"INITIATE", "abort", "ROLLBACK LOGICAL_SWITCH s2"}))
			s.expectAllBack()
		})

		DescribeTable("sends it again when its answer is lost [R18] [I2]", func(f fault) {
			s := migrated(batch(mp.LogicalSwitch, "s1"))
			s.restart()
			s.goesWrong("INITIATE", 1, f)
			Expect(s.back()).To(Succeed())
			Expect(s.count["INITIATE"]).To(Equal(2))
			s.expectAllBack()
		},
			Entry("the call did not arrive", lostBefore),
			Entry("the call arrived but its answer was lost", lostAfter),
		)

		It("stops when the new processes cannot be read, and goes on when it is run again [R19] [I2]", func() {
			s := migrated(batch(mp.LogicalSwitch, "s1"))
			s.restart()
			s.goesWrong("service", s.count["service"]+2, fault{before: errCut})
			Expect(s.back()).To(MatchError(errCut))
			Expect(s.count["INITIATE"]).To(Equal(1))
			Expect(s.back()).To(Succeed())
			Expect(s.said("warning: NSX did not initiate the workflow, which may be open")).To(HaveLen(1))
			s.expectAllBack()
		})
	})
})

// losing loses the answer to a rollback because the run is told to stop.
type losing struct {
	*world
	stop func()
}

func (l losing) Rollback(context.Context, mp.Promotion) error {
	l.stop()
	return errLost
}

// forgetful records cannot keep that a batch is done, as if the run died before.
type forgetful struct{ *records.Store }

func (forgetful) BatchDone(uint64, []records.MigratedObject) error { return errCut }
