package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/migrate"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("migrating", func() {
	It("sends every batch in order, each through pre-check and migration, each call recorded before it [R14] [I1]", func() {
		s := begin(foundation()...)
		Expect(s.forward()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{
			"POST TIER1 t1 t2", "start", "continue",
			"POST TIER1_LOGICAL_ROUTER_PORT t1 t2", "start", "continue",
			"POST LOGICAL_SWITCH s1 s2", "start", "continue",
			"POST LOGICAL_PORT p1 p2", "start", "continue",
			"POST LOGICAL_PORT p3", "start", "continue",
		}))
		Expect(s.states()).To(HaveEach(records.BatchMigrated))
		Expect(s.claims()).To(Equal(s.policy()))
		Expect(s.claims()).To(HaveLen(9))
		Expect(s.said("2/9")).To(Equal([]string{"2/9 objects migrated"}))
		Expect(s.said("9/9")).To(Equal([]string{"9/9 objects migrated"}))
	})

	It("records where each object went and when its batch was sent [R14]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		Expect(s.forward()).To(Succeed())
		Expect(s.store.Migrated(func(o records.MigratedObject) error {
			Expect(o).To(Equal(records.MigratedObject{Type: "LOGICAL_SWITCH", ID: "s1", PolicyPath: "/infra/planned/s1"}))
			return nil
		})).To(Succeed())
		b, err := s.store.Batch(1)
		Expect(err).NotTo(HaveOccurred())
		Expect(b.Attempts).To(Equal(1))
		Expect(b.Started).To(BeTemporally("==", time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC)))
		Expect(b.Ended).To(BeTemporally("~", b.Started.Add(1200*time.Millisecond), 500*time.Millisecond))
	})

	It("waits for the migration component when the overall status says SUCCESS too early", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"), batch(mp.LogicalPort, "p1"))
		s.batchTakes, s.ahead = 30*time.Second, 25*time.Second
		Expect(s.forward()).To(Succeed())
		Expect(s.policy()).To(Equal(s.claims()))
		Expect(s.now.Sub(time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC))).To(BeNumerically(">", time.Minute))
	})

	It("waits for the plan to rest when a component has ended before it", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"), batch(mp.LogicalPort, "p1"))
		s.lags = 5 * time.Second
		Expect(s.forward()).To(Succeed())
		Expect(s.claims()).To(HaveLen(2))
	})

	It("stops at a failed pre-check, says it in NSX's words, and sends nothing more [R14]", func() {
		s := begin(foundation()...)
		s.invalid["s1"], s.invalid["s2"] = "switch s1 is in use", "switch s2 has no zone"
		err := s.forward()
		Expect(err).To(MatchError(And(
			ContainSubstring("batch 3 of 5 (2 x LOGICAL_SWITCH)"), ContainSubstring("pre-check ended in FAILED"),
			ContainSubstring("switch s1 is in use"), ContainSubstring("SWITCH name-of-s2 (s2): switch s2 has no zone, second reason of s2"),
		)))
		Expect(s.writes()).To(HaveLen(8))
		Expect(s.states()).To(Equal([]records.BatchState{
			records.BatchMigrated, records.BatchMigrated, records.BatchStarting, records.BatchPlanned, records.BatchPlanned,
		}))
	})

	It("bounds how many of NSX's complaints it repeats, whatever each object holds", func() {
		var ids []string
		for i := range 40 {
			ids = append(ids, fmt.Sprintf("s%02d", i))
		}
		s := begin(batch(mp.LogicalSwitch, ids...))
		for _, id := range ids {
			s.invalid[id] = strings.Repeat("this object is bad ", 10)
		}
		err := s.forward()
		Expect(err).To(MatchError(ContainSubstring("and 35 more objects")))
		Expect(len(err.Error())).To(BeNumerically("<", 4000))
		Expect(err.Error()).To(ContainSubstring("name-of-s00"))
		Expect(err.Error()).NotTo(ContainSubstring("name-of-s09"))
	})

	It("tells NSX's summary when its feedback cannot be read", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		s.invalid["s1"] = "switch s1 is in use"
		s.goesWrong("feedback", 1, fault{before: errCut})
		Expect(s.forward()).To(MatchError(And(ContainSubstring("switch s1 is in use"), ContainSubstring("feedback could not be read: the connection is cut"))))
	})

	It("does not claim a batch whose migration failed; its objects are settled by what they are [R14]", func() {
		s := begin(foundation()...)
		s.breaks["LOGICAL_SWITCH"] = 1
		Expect(s.forward()).To(MatchError(And(ContainSubstring("migration ended in FAILED"), ContainSubstring("migration of s2 failed"))))
		Expect(s.claims()).NotTo(ContainElement("LOGICAL_SWITCH/s1"))

		Expect(s.migrator().Settle(context.Background())).To(Succeed())
		Expect(s.claims()).To(ContainElement("LOGICAL_SWITCH/s1"))
		Expect(s.claims()).NotTo(ContainElement("LOGICAL_SWITCH/s2"))
		Expect(s.claims()).To(ConsistOf(s.policy()))
	})

	It("posts again when the answer to a POST was lost, aborting the plan in between [R18]", func() {
		for _, f := range []fault{lostBefore, lostAfter} {
			s := begin(batch(mp.LogicalSwitch, "s1"))
			s.goesWrong("POST", 1, f)
			Expect(s.forward()).To(Succeed())
			Expect(s.writes()).To(endWith("abort", "POST LOGICAL_SWITCH s1", "start", "continue"))
			Expect(s.said("warning: the answer to a batch was lost")).To(HaveLen(1))
			b, err := s.store.Batch(1)
			Expect(err).NotTo(HaveOccurred())
			Expect(b.Attempts).To(Equal(2))
		}
	})

	It("gives a batch up whose answer is lost each time", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		for n := 1; n <= 20; n++ {
			s.goesWrong("POST", n, lostAfter)
		}
		Expect(s.forward()).To(MatchError(ContainSubstring("giving up after sending it 5 times")))
		Expect(s.count["POST"]).To(Equal(5))
	})

	DescribeTable("reads the status when the answer to a plan action was lost, and never repeats the action [R18]",
		func(action string, arrived bool) {
			s := begin(batch(mp.LogicalSwitch, "s1"))
			if arrived {
				s.goesWrong(action, 1, lostAfter)
				Expect(s.forward()).To(Succeed())
			} else {
				s.goesWrong(action, 1, lostBefore)
				Expect(s.forward()).To(MatchError(ContainSubstring("NSX did not take the plan action")))
				Expect(s.claims()).To(BeEmpty())
			}
			Expect(s.count[action]).To(Equal(1))
			Expect(s.said("warning: the answer to plan action \"" + action)).To(HaveLen(1))
			Expect(s.back()).To(Succeed())
			s.expectAllBack()
		},
		Entry("start, which arrived", "start", true),
		Entry("start, which did not arrive", "start", false),
		Entry("continue, which arrived", "continue", true),
		Entry("continue, which did not arrive", "continue", false),
	)

	It("gives a lost plan action some seconds before it counts as not taken", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		s.goesWrong("continue", 1, lostBefore)
		began := s.now
		Expect(s.forward()).NotTo(Succeed())
		Expect(s.now.Sub(began)).To(BeNumerically("~", 6*time.Second, 4*time.Second))
	})

	It("does not wait long for an abort whose answer was lost and that did not arrive", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		s.takeOut = true
		s.objects[mp.Ref{Type: mp.LogicalSwitch, ID: "s1"}] = catalog.IsPolicy
		s.goesWrong("abort", 1, lostBefore)
		began := s.now
		Expect(s.forward()).To(MatchError(ContainSubstring("aborting the plan: the coordinator's status is still PAUSED")))
		Expect(s.count["abort"]).To(Equal(1))
		Expect(s.now.Sub(began)).To(BeNumerically("<=", 3*time.Minute))
	})

	DescribeTable("names what NSX refused, and sends it once", func(call, text string) {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		s.goesWrong(call, 1, fault{before: &nsx.Error{Kind: mp.KindCoordinatorBusy, Message: "try later"}})
		Expect(s.forward()).To(MatchError(And(ContainSubstring("batch 1 of 1 (1 x LOGICAL_SWITCH)"), ContainSubstring(text), ContainSubstring("try later"))))
		Expect(s.count[call]).To(Equal(1))
		Expect(s.back()).To(Succeed())
		s.expectAllBack()
	},
		Entry("a POST", "POST", "sending it to the coordinator"),
		Entry("start", "start", `sending plan action "start"`),
		Entry("continue", "continue", `sending plan action "continue"`),
	)

	It("neither sends nor aborts while the coordinator works for somebody else [I8]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		s.migrate.Status, s.ends = mp.StatusInProgress, s.now.Add(time.Hour)
		Expect(s.forward()).To(MatchError(migrate.ErrStillRunning))
		s.ahead = time.Hour // now the overall status pretends to be final
		Expect(s.forward()).To(MatchError(migrate.ErrStillRunning))
		Expect(s.writes()).To(BeEmpty())
	})

	It("does not abort a plan that somebody else left half-way [I8]", func() {
		for _, overall := range []string{mp.StatusPaused, mp.StatusFailed} {
			s := begin(batch(mp.LogicalSwitch, "s1"))
			s.overall = overall
			Expect(s.forward()).To(MatchError(ContainSubstring("somebody else's plan is " + overall)))
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(BeEmpty())
			Expect(s.states()).To(Equal([]records.BatchState{records.BatchPlanned}))
		}
	})

	It("resets a plan that rests at PAUSED after a whole batch, as some releases leave it", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"), batch(mp.LogicalPort, "p1"))
		s.pausesAfterSuccess = true
		Expect(s.forward()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{
			"POST LOGICAL_SWITCH s1", "start", "continue", "abort", "POST LOGICAL_PORT p1", "start", "continue",
		}))
	})

	Describe("a coordinator that is restarted", func() {
		It("gets no further batch", func() {
			s := begin(foundation()...)
			s.onProgress = s.restart
			Expect(s.forward()).To(MatchError(migrate.ErrRestarted))
			Expect(s.writes()).To(Equal([]string{"POST TIER1 t1 t2", "start", "continue"}))
			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(Equal([]string{"INITIATE", "ROLLBACK TIER1 t1 t2"}))
			s.expectAllBack()
		})

		It("is noticed before the first batch too", func() {
			s := begin(foundation()...)
			s.restart()
			Expect(s.forward()).To(MatchError(migrate.ErrRestarted))
			Expect(s.writes()).To(BeEmpty())
		})

		DescribeTable("is noticed in the middle of a batch, whose objects then say what became of them [R19]",
			func(during string, undone ...string) {
				s := begin(batch(mp.Tier1, "t1"), batch(mp.LogicalSwitch, "s1", "s2"))
				s.goesWrong(during, 2, fault{happens: func() {
					s.sleeping = func(time.Duration) {
						if s.restarts > 0 {
							return
						}
						if during == "continue" { // it got that far
							s.objects[mp.Ref{Type: mp.LogicalSwitch, ID: "s1"}] = catalog.IsPolicy
						}
						s.restart()
					}
				}})
				Expect(s.forward()).To(MatchError(migrate.ErrRestarted))
				s.writes()
				Expect(s.back()).To(Succeed())
				Expect(s.writes()).To(Equal(append([]string{"INITIATE"}, undone...)))
				s.expectAllBack()
			},
			Entry("in its pre-check", "start", "ROLLBACK TIER1 t1"),
			Entry("in its migration", "continue", "ROLLBACK LOGICAL_SWITCH s1", "ROLLBACK TIER1 t1"),
		)
	})

	It("leaves a batch past its time-out alone, and a later run goes on waiting [R18]", func() {
		s := begin(batch(mp.Tier1, "t1"), batch(mp.LogicalSwitch, "s1"))
		s.goesWrong("continue", 2, fault{happens: func() { s.batchTakes = 3 * batchTimeout }})
		Expect(s.forward()).To(And(MatchError(migrate.ErrStillRunning), MatchError(ContainSubstring("MP_TO_POLICY_MIGRATION is IN_PROGRESS, the plan PAUSING"))))
		Expect(s.said("waiting: MP_TO_POLICY_MIGRATION of 1 x LOGICAL_SWITCH: IN_PROGRESS")).NotTo(BeEmpty())
		s.writes()

		Expect(s.back()).To(MatchError(migrate.ErrStillRunning))
		Expect(s.said("waiting: the coordinator is still working on an earlier batch")).NotTo(BeEmpty())
		Expect(s.writes()).To(BeEmpty())
		Expect(s.states()).To(Equal([]records.BatchState{records.BatchMigrated, records.BatchContinuing}))

		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{"ROLLBACK LOGICAL_SWITCH s1", "ROLLBACK TIER1 t1"}))
		s.expectAllBack()
	})

	It("fails without having sent anything that the records could not keep [I1] [R18]", func() {
		s := begin(batch(mp.LogicalSwitch, "s1"))
		full := errors.New("no space left")
		m := s.migrator()
		m.Records = failingRecords{s.store, full}
		Expect(m.Forward(context.Background())).To(MatchError(full))
		Expect(s.writes()).To(BeEmpty())
	})
})

// failingRecords cannot write any more.
type failingRecords struct {
	*records.Store
	err error
}

func (f failingRecords) SetBatch(uint64, records.BatchState, func(*records.Batch)) error {
	return f.err
}
