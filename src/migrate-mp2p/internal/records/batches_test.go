package records_test

import (
	"errors"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("a run", func() {
	It("is recorded with everything that recovery needs [I1]", func() {
		s := created(GinkgoT().TempDir())
		h, found, err := s.Run()
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(h.State).To(Equal(records.Planned))
		Expect(h.Objects).To(Equal(3))
		Expect(h.References).To(Equal(header().References))
		b, err := s.Batch(2)
		Expect(err).NotTo(HaveOccurred())
		Expect(b.State).To(Equal(records.BatchPlanned))
		Expect(b.Entries).To(Equal(plannedBatch("LOGICAL_PORT", "p1").Entries))
		Expect(s.Request(2)).To(Equal(plannedBatch("LOGICAL_PORT", "p1").Request))
	})

	It("knows what each object was before", func() {
		s := created(GinkgoT().TempDir())
		original, found, err := s.Original("LOGICAL_PORT", "p1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(original).To(Equal(plannedBatch("LOGICAL_PORT", "p1").Originals[0]))
		_, found, err = s.Original("LOGICAL_SWITCH", "p1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeFalse())
	})

	It("goes only along the arrows of its chart", func() {
		states := []records.State{
			records.Planned, records.Initiating, records.Migrating, records.Migrated, records.Inferred, records.Committing,
			records.Applying, records.Complete, records.RollingBack, records.Closing, records.RolledBack,
		}
		arrows := map[records.State][]records.State{
			records.Planned:     {records.Initiating},
			records.Initiating:  {records.Migrating, records.Closing},
			records.Migrating:   {records.Migrated, records.RollingBack},
			records.Migrated:    {records.Inferred, records.RollingBack},
			records.Inferred:    {records.Committing, records.RollingBack},
			records.Committing:  {records.Applying, records.RollingBack},
			records.Applying:    {records.Complete, records.RollingBack},
			records.Complete:    {records.Applying, records.RollingBack},
			records.RollingBack: {records.Closing},
			records.Closing:     {records.RolledBack, records.RollingBack},
			records.RolledBack:  {records.RollingBack},
		}
		for _, from := range states {
			s := created(GinkgoT().TempDir())
			reach(s, from)
			before := snapshot(s)
			for _, to := range states {
				if slices.Contains(arrows[from], to) {
					continue
				}
				var refused *records.ErrArrow
				err := s.Transition(to, func(h *records.Header) { h.Failure = "because" })
				Expect(errors.As(err, &refused)).To(BeTrue(), "%s to %s: %v", from, to, err)
				Expect(snapshot(s)).To(Equal(before))
			}
			for _, to := range arrows[from] {
				s := created(GinkgoT().TempDir())
				reach(s, from)
				Expect(s.Transition(to, func(h *records.Header) { h.Failure = "because" })).To(Succeed())
				h, _, err := s.Run()
				Expect(err).NotTo(HaveOccurred())
				Expect(h.State).To(Equal(to))
				Expect(h.Failure).To(Equal("because"))
			}
		}
	})

	It("is amended without being moved, and keeps id, format and state whatever is changed", func() {
		s := created(GinkgoT().TempDir())
		Expect(s.Amend(func(h *records.Header) {
			h.NodeAddress, h.RunID, h.State, h.Format = "nsx-2", "another", records.Complete, 9
		})).To(Succeed())
		h, _, err := s.Run()
		Expect(err).NotTo(HaveOccurred())
		Expect([]any{h.NodeAddress, h.RunID, h.State, h.Format}).To(Equal([]any{"nsx-2", "run-1", records.Planned, records.Format}))
	})

	It("is replaced by another plan only while nothing was sent", func() {
		s := created(GinkgoT().TempDir())
		again := header()
		again.RunID = "run-2"
		Expect(s.Create(again, twoBatches())).To(Succeed())
		Expect(s.Transition(records.Initiating, nil)).To(Succeed())
		err := s.Create(header(), twoBatches())
		Expect(err).To(MatchError(And(ContainSubstring("run-2"), ContainSubstring("initiating"))))
		Expect(left(s)).To(Equal("initiating planned 0 0"))
	})

	It("is not made from a plan that names an object twice [I10]", func() {
		s := opened(GinkgoT().TempDir())
		err := s.Create(header(), slices.Values([]records.PlannedBatch{plannedBatch("IPPOOL", "i1"), plannedBatch("IPPOOL", "i1")}))
		Expect(err).To(MatchError(ContainSubstring("IPPOOL/i1")))
		_, found, err := s.Run()
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeFalse())
	})

	It("is needed for everything else", func() {
		s := opened(GinkgoT().TempDir())
		Expect(s.Transition(records.Initiating, nil)).To(MatchError(records.ErrNoRun))
		Expect(s.Amend(func(*records.Header) {})).To(MatchError(records.ErrNoRun))
		Expect(s.SetBatch(1, records.BatchPosting, nil)).To(MatchError(records.ErrNoRun))
		Expect(s.Archive(records.ArchiveInput{})).To(MatchError(records.ErrNoRun))
	})
})

// reach brings a planned run to a state by the shortest way.
func reach(s *records.Store, to records.State) {
	GinkgoHelper()
	switch to {
	case records.Planned:
	case records.RollingBack, records.Closing, records.RolledBack:
		walk(s, records.Migrating)
		for _, state := range []records.State{records.RollingBack, records.Closing, records.RolledBack} {
			Expect(s.Transition(state, nil)).To(Succeed())
			if state == to {
				return
			}
		}
	default:
		walk(s, to)
	}
}

var _ = Describe("a batch", func() {
	var s *records.Store

	BeforeEach(func() {
		s = created(GinkgoT().TempDir())
		walk(s, records.Migrating)
	})

	It("becomes migrated together with its migration records [R14] [I1]", func() {
		send(s, 1)
		Expect(s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", "s1", "s2"))).To(Succeed())
		Expect(left(s)).To(Equal("migrating migrated 2 0"))
		Expect(s.IsMigrated("LOGICAL_SWITCH", "s2")).To(BeTrue())
		Expect(s.IsMigrated("LOGICAL_PORT", "p1")).To(BeFalse())
		var all []records.MigratedObject
		Expect(s.Migrated(func(o records.MigratedObject) error { all = append(all, o); return nil })).To(Succeed())
		Expect(all).To(Equal(migratedObjects("LOGICAL_SWITCH", "s1", "s2")))
		b, err := s.Batch(1)
		Expect(err).NotTo(HaveOccurred())
		Expect(b.Ended).To(Equal(began))
		Expect(s.Verify()).To(Succeed())
	})

	It("is not migrated before it was sent [I1]", func() {
		Expect(s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", "s1"))).NotTo(Succeed())
		Expect(s.SetBatch(1, records.BatchMigrated, nil)).NotTo(Succeed())
		Expect(left(s)).To(Equal("migrating planned 0 0"))
	})

	It("claims nothing that it was not sent with [I3]", func() {
		send(s, 1)
		err := s.BatchDone(1, append(migratedObjects("LOGICAL_SWITCH", "s1"), migratedObjects("LOGICAL_PORT", "p1")...))
		Expect(err).To(MatchError(ContainSubstring("p1")))
		Expect(left(s)).To(Equal("migrating continuing 0 0"))
	})

	It("loses its migration records in the moment in which it is rolled back [R17]", func() {
		send(s, 1)
		Expect(s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", "s1", "s2"))).To(Succeed())
		Expect(s.SetBatch(1, records.BatchRollingBack, nil)).To(Succeed())
		Expect(s.BatchUndone(1)).To(Succeed())
		Expect(left(s)).To(Equal("migrating rolled-back 0 0"))
	})

	It("is not set aside while migration records claim objects of it [I3]", func() {
		send(s, 1)
		Expect(s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", "s2"))).To(Succeed())
		Expect(s.SetBatch(1, records.BatchRollingBack, nil)).To(Succeed())
		Expect(s.SetBatch(1, records.BatchRolledBack, nil)).To(MatchError(ContainSubstring("s2")))
		Expect(left(s)).To(Equal("migrating rolling-back 1 0"))
	})

	It("can be set aside when it changed nothing", func() {
		send(s, 1)
		Expect(s.SetBatch(1, records.BatchRolledBack, nil)).To(Succeed())
		Expect(left(s)).To(Equal("migrating rolled-back 0 0"))
	})

	It("never claims the duplicates that were taken out of it [I3]", func() {
		Expect(s.SetBatch(1, records.BatchPosting, nil)).To(Succeed())
		Expect(s.SetBatch(1, records.BatchStarting, nil)).To(Succeed())
		rest := plannedBatch("LOGICAL_SWITCH", "s2").Request
		Expect(s.TakeOut(1, []string{"s1"}, rest)).To(Succeed())
		Expect(s.Request(1)).To(Equal(rest))
		b, err := s.Batch(1)
		Expect(err).NotTo(HaveOccurred())
		Expect([]bool{b.Entries[0].NotOurs, b.Entries[1].NotOurs}).To(Equal([]bool{true, false}))

		send(s, 1)
		Expect(s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", "s1"))).NotTo(Succeed())
		Expect(s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", "s2"))).To(Succeed())
	})

	It("does not have objects taken out that it does not hold, or too late [I10]", func() {
		Expect(s.SetBatch(1, records.BatchPosting, nil)).To(Succeed())
		before := snapshot(s)
		Expect(s.TakeOut(1, []string{"s1", "p1"}, mp.Promotion{})).To(MatchError(ContainSubstring("p1")))
		Expect(snapshot(s)).To(Equal(before))
		Expect(s.SetBatch(1, records.BatchStarting, nil)).To(Succeed())
		Expect(s.SetBatch(1, records.BatchContinuing, nil)).To(Succeed())
		Expect(s.TakeOut(1, []string{"s1"}, mp.Promotion{})).To(MatchError(ContainSubstring("continuing")))
	})

	It("keeps what it is when its attempts and errors are noted", func() {
		Expect(s.SetBatch(1, records.BatchPosting, func(b *records.Batch) {
			b.Attempts, b.Started = 2, began
			b.Seq, b.Type, b.Entries, b.State = 7, "X", nil, records.BatchMigrated
		})).To(Succeed())
		b, err := s.Batch(1)
		Expect(err).NotTo(HaveOccurred())
		Expect(b).To(Equal(records.Batch{
			Seq: 1, Type: "LOGICAL_SWITCH", State: records.BatchPosting, Attempts: 2, Started: began,
			Entries: plannedBatch("LOGICAL_SWITCH", "s1", "s2").Entries,
		}))
	})

	DescribeTable("goes only along the arrows of its chart", func(way ...records.BatchState) {
		for i, state := range way {
			err := s.SetBatch(1, state, nil)
			if i < len(way)-1 {
				Expect(err).NotTo(HaveOccurred())
				continue
			}
			var refused *records.ErrArrow
			Expect(errors.As(err, &refused)).To(BeTrue(), "%v", err)
			Expect(err.Error()).To(ContainSubstring("batch 1"))
		}
	},
		Entry("never started before posted", records.BatchStarting),
		Entry("never rolled back before posted", records.BatchRollingBack),
		Entry("never set aside before posted", records.BatchRolledBack),
		Entry("never continued before started", records.BatchPosting, records.BatchContinuing),
		Entry("never posted again while NSX may be migrating it", records.BatchPosting, records.BatchStarting, records.BatchContinuing, records.BatchPosting),
		Entry("never forward again from a rollback", records.BatchPosting, records.BatchRollingBack, records.BatchPosting),
		Entry("never used again", records.BatchPosting, records.BatchRolledBack, records.BatchPosting),
	)

	It("that does not exist is an error that names it", func() {
		Expect(s.SetBatch(9, records.BatchPosting, nil)).To(MatchError(And(ContainSubstring("batch 9"), ContainSubstring("only 2"))))
	})

	It("may be read and written from within a visit", func() {
		Expect(s.Batches(func(b records.Batch) error { return s.SetBatch(b.Seq, records.BatchPosting, nil) })).To(Succeed())
		stop := errors.New("enough")
		seen := 0
		Expect(s.Batches(func(records.Batch) error { seen++; return stop })).To(MatchError(stop))
		Expect(seen).To(Equal(1))
	})
})

var _ = Describe("updates", func() {
	var s *records.Store

	BeforeEach(func() {
		s = created(GinkgoT().TempDir())
		walk(s, records.Migrated)
		Expect(s.PutUpdates(slices.Values([]records.Update{update("a"), update("b"), update("c")}))).To(Succeed())
	})

	It("are numbered in their order and pending", func() {
		updates, err := s.PendingUpdates(1, 2)
		Expect(err).NotTo(HaveOccurred())
		Expect(updates).To(HaveLen(2))
		Expect(updates[1].Seq).To(Equal(uint64(2)))
		Expect(updates[1].Delta).To(Equal(update("b").Delta))
		updates, err = s.PendingUpdates(3, 10)
		Expect(err).NotTo(HaveOccurred())
		Expect(updates).To(HaveLen(1))
		Expect(updates[0].Path).To(Equal(path("c")))
	})

	It("of an earlier attempt are discarded", func() {
		Expect(s.PutUpdates(slices.Values([]records.Update{update("d")}))).To(Succeed())
		updates, err := s.PendingUpdates(1, 10)
		Expect(err).NotTo(HaveOccurred())
		Expect(updates).To(HaveLen(1))
		Expect(updates[0].ID).To(Equal("d"))
	})

	It("are not discarded once there are outcomes to keep [R16]", func() {
		Expect(s.Transition(records.Inferred, nil)).To(Succeed())
		Expect(s.PutUpdates(slices.Values([]records.Update{update("d")}))).To(MatchError(ContainSubstring("inferred")))
		updates, err := s.PendingUpdates(1, 10)
		Expect(err).NotTo(HaveOccurred())
		Expect(updates).To(HaveLen(3))
	})

	It("keep the URL, body and answer of a refused call [R16]", func() {
		updates, err := s.PendingUpdates(1, 3)
		Expect(err).NotTo(HaveOccurred())
		updates[0].State = records.UpdateApplied
		updates[1].URL, updates[1].Body, updates[1].Answer, updates[1].Attempts = "https://nsx/policy/api/v1/infra", []byte(`{"tags":[]}`), "no", 1
		updates[2].State = records.UpdateGone
		Expect(s.SetUpdates(updates)).To(Succeed())
		pending, applied, gone, waived, err := s.CountUpdates()
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{pending, applied, gone, waived}).To(Equal([]int{1, 1, 1, 0}))
		kept, err := s.PendingUpdates(1, 3)
		Expect(err).NotTo(HaveOccurred())
		Expect(kept).To(Equal(updates[1:2]))
	})

	It("change all together or not at all, and never once they are final", func() {
		updates, err := s.PendingUpdates(1, 3)
		Expect(err).NotTo(HaveOccurred())
		updates[0].State = records.UpdateWaived
		Expect(s.SetUpdates(updates[:1])).To(Succeed())
		back := slices.Clone(updates[:2])
		back[0].State = records.UpdatePending
		back[1].State = records.UpdateApplied
		slices.Reverse(back)
		var refused *records.ErrArrow
		Expect(errors.As(s.SetUpdates(back), &refused)).To(BeTrue())
		_, applied, _, waived, err := s.CountUpdates()
		Expect(err).NotTo(HaveOccurred())
		Expect([]int{applied, waived}).To(Equal([]int{0, 1}))
	})

	It("are pending again when the last read does not show them, but never once they are waived [R16]", func() {
		updates, err := s.PendingUpdates(1, 3)
		Expect(err).NotTo(HaveOccurred())
		updates[0].State, updates[1].State, updates[2].State = records.UpdateApplied, records.UpdateGone, records.UpdateWaived
		Expect(s.SetUpdates(updates)).To(Succeed())
		for i := range updates[:2] {
			updates[i].State = records.UpdatePending
		}
		Expect(s.SetUpdates(updates[:2])).To(Succeed())
		Expect(s.PendingUpdates(1, 3)).To(Equal(updates[:2]))
		updates[0].State = records.UpdateApplied
		Expect(s.SetUpdates(updates[:1])).To(Succeed())
		updates[0].State, updates[2].State = records.UpdateGone, records.UpdatePending
		Expect(s.SetUpdates(updates[:1])).To(Succeed())
		var refused *records.ErrArrow
		Expect(errors.As(s.SetUpdates(updates[2:]), &refused)).To(BeTrue())
	})

	It("may be changed from within a visit", func() {
		Expect(s.Updates(func(u records.Update) error {
			u.State = records.UpdateApplied
			return s.SetUpdates([]records.Update{u})
		})).To(Succeed())
		_, applied, _, _, err := s.CountUpdates()
		Expect(err).NotTo(HaveOccurred())
		Expect(applied).To(Equal(3))
	})

	It("can be added to while the run is applying, and not before [R16]", func() {
		Expect(s.AddUpdates([]records.Update{update("d")})).To(MatchError(ContainSubstring("migrated")))
		for _, state := range []records.State{records.Inferred, records.Committing, records.Applying} {
			Expect(s.Transition(state, nil)).To(Succeed())
		}
		Expect(s.AddUpdates(nil)).To(Succeed())
		further := update("e")
		further.State = records.UpdateApplied // whatever the caller says, it is pending
		Expect(s.AddUpdates([]records.Update{update("d"), further})).To(Succeed())
		updates, err := s.PendingUpdates(4, 10)
		Expect(err).NotTo(HaveOccurred())
		Expect(updates).To(HaveLen(2))
		Expect([]uint64{updates[0].Seq, updates[1].Seq}).To(Equal([]uint64{4, 5}))
		Expect(updates[1].Path).To(Equal(path("e")))
		Expect(s.Verify()).To(Succeed())
	})

	It("keep what the platform's workloads were when they were inferred, the last time that they were [I3]", func() {
		Expect(s.Workloads()).To(BeEmpty())
		Expect(s.PutWorkloads(map[string]string{"namespace_uid/shop": "old", "namespace_uid/gone": "x"})).To(Succeed())
		Expect(s.PutWorkloads(map[string]string{"namespace_uid/shop": "uid"})).To(Succeed())
		Expect(s.Workloads()).To(Equal(map[string]string{"namespace_uid/shop": "uid"}))
		updates, err := s.PendingUpdates(1, 10)
		Expect(err).NotTo(HaveOccurred())
		Expect(updates).To(HaveLen(3))
		Expect(s.Verify()).To(Succeed())
	})

	It("are not mixed up [I3]", func() {
		updates, err := s.PendingUpdates(1, 1)
		Expect(err).NotTo(HaveOccurred())
		wrong := updates[0]
		wrong.Path = "/infra/segments/other"
		Expect(s.SetUpdates([]records.Update{wrong})).To(MatchError(ContainSubstring("other")))
		wrong = updates[0]
		wrong.Seq = 99
		Expect(s.SetUpdates([]records.Update{wrong})).To(MatchError(ContainSubstring("99")))
	})
})
