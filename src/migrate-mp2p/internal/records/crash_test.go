package records_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

// runSteps are the transactions of a small run, in order, with what must be on disk after each. Create and
// PutUpdates discard earlier rows in a first transaction and write new ones in a second; the plan's header is
// a third.
var runSteps = []struct {
	does         func(*records.Store) error
	transactions int
	leaves       string // state of the run, of batch 1, number of migration records, pending updates
}{
	{func(s *records.Store) error { return s.Create(header(), twoBatches()) }, 3, "planned planned 0 0"},
	{func(s *records.Store) error { return s.Transition(records.Initiating, nil) }, 1, "initiating planned 0 0"},
	{func(s *records.Store) error { return s.Transition(records.Migrating, nil) }, 1, "migrating planned 0 0"},
	{func(s *records.Store) error { return s.SetBatch(1, records.BatchPosting, nil) }, 1, "migrating posting 0 0"},
	{func(s *records.Store) error { return s.SetBatch(1, records.BatchStarting, nil) }, 1, "migrating starting 0 0"},
	{func(s *records.Store) error { return s.SetBatch(1, records.BatchContinuing, nil) }, 1, "migrating continuing 0 0"},
	{func(s *records.Store) error { return s.BatchDone(1, migratedObjects("LOGICAL_SWITCH", "s1", "s2")) }, 1, "migrating migrated 2 0"},
	{func(s *records.Store) error { return s.Transition(records.Migrated, nil) }, 1, "migrated migrated 2 0"},
	{func(s *records.Store) error {
		return s.PutUpdates(slices.Values([]records.Update{update("s1"), update("s2")}))
	}, 2, "migrated migrated 2 2"},
	{func(s *records.Store) error { return s.Transition(records.Inferred, nil) }, 1, "inferred migrated 2 2"},
	{func(s *records.Store) error { return s.Transition(records.Committing, nil) }, 1, "committing migrated 2 2"},
	{func(s *records.Store) error { return s.Transition(records.Applying, nil) }, 1, "applying migrated 2 2"},
	{applyFirst, 1, "applying migrated 2 1"},
	{func(s *records.Store) error { return s.Transition(records.Complete, nil) }, 1, "complete migrated 2 1"},
	{func(s *records.Store) error { return s.Archive(records.ArchiveInput{}) }, 1, "none"},
}

func applyFirst(s *records.Store) error {
	updates, err := s.PendingUpdates(1, 1)
	if err != nil {
		return err
	}
	updates[0].State = records.UpdateApplied
	return s.SetUpdates(updates)
}

// wholeRun does the steps up to a state ("" for all), calling onFailpoint around each commit.
func wholeRun(dir string, onFailpoint func(records.Failpoint, int), until records.State) error {
	s, err := records.Open(dir, records.Options{Clock: clock, OnFailpoint: onFailpoint, Holder: "child"})
	if err != nil {
		return err
	}
	for _, step := range runSteps {
		if err := step.does(s); err != nil {
			return errors.Join(err, s.Close())
		}
		h, _, err := s.Run()
		if err != nil {
			return errors.Join(err, s.Close())
		}
		if until != "" && h.State == until {
			break
		}
	}
	return s.Close()
}

// left describes what is on disk the way runSteps does.
func left(s *records.Store) string {
	GinkgoHelper()
	h, found, err := s.Run()
	Expect(err).NotTo(HaveOccurred())
	if !found {
		return "none"
	}
	b, err := s.Batch(1)
	Expect(err).NotTo(HaveOccurred())
	n, err := s.MigratedCount()
	Expect(err).NotTo(HaveOccurred())
	pending, _, _, _, err := s.CountUpdates()
	Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("%s %s %d %d", h.State, b.State, n, pending)
}

var _ = Describe("a process that is killed", func() {
	transaction := 0
	before := "none"
	for i, step := range runSteps {
		for part := 1; part <= step.transactions; part++ {
			transaction++
			want := before
			switch {
			case part == step.transactions:
				want = step.leaves
			case i == 8: // PutUpdates has discarded, but there was nothing to discard
				want = before
			}
			for at, expected := range map[records.Failpoint]string{records.BeforeCommit: before, records.AfterCommit: want} {
				when := fmt.Sprintf("%s:%d", at, transaction)
				It(fmt.Sprintf("at %s leaves %q, whole [I1] [I2]", when, expected), func() {
					dir := GinkgoT().TempDir()
					err := child("killed", dir, when).Run()
					var exit *exec.ExitError
					Expect(errors.As(err, &exit)).To(BeTrue(), "%v", err)
					Expect(exit.Sys().(syscall.WaitStatus).Signal()).To(Equal(syscall.SIGKILL))

					s := opened(dir)
					Expect(left(s)).To(Equal(expected))
					Expect(s.Verify()).To(Succeed())
				})
			}
		}
		before = step.leaves
	}
})

var _ = Describe("a plan whose recording was cut short", func() {
	It("is no run, and the next plan replaces its rows [I1]", func() {
		dir := GinkgoT().TempDir()
		Expect(child("killed", dir, "before-commit:3").Run()).NotTo(Succeed()) // the rows are there, the header is not

		s := opened(dir)
		_, found, err := s.Run()
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeFalse())
		Expect(s.Create(header(), slices.Values([]records.PlannedBatch{plannedBatch("IPPOOL", "i1")}))).To(Succeed())
		Expect(s.Verify()).To(Succeed())
		_, found, err = s.Original("LOGICAL_SWITCH", "s1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeFalse())
	})
})

var _ = Describe("a copy of the file taken in the middle of a run", func() {
	It("opens as the step before or the step after", func() {
		dir, copies := GinkgoT().TempDir(), GinkgoT().TempDir()
		var taken []string
		Expect(wholeRun(dir, func(at records.Failpoint, n int) {
			data, err := os.ReadFile(databaseFile(dir))
			Expect(err).NotTo(HaveOccurred())
			folder := fmt.Sprintf("%s/%s-%d", copies, at, n)
			Expect(os.Mkdir(folder, 0o700)).To(Succeed())
			Expect(os.WriteFile(databaseFile(folder), data, 0o600)).To(Succeed())
			taken = append(taken, folder)
		}, "")).To(Succeed())
		Expect(taken).NotTo(BeEmpty())
		legal := []string{"none"}
		for _, step := range runSteps {
			legal = append(legal, step.leaves)
		}
		for _, folder := range taken {
			s := open(folder)
			Expect(left(s)).To(BeElementOf(legal))
			Expect(s.Close()).To(Succeed())
		}
	})
})
