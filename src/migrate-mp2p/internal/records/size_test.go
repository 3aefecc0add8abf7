package records_test

import (
	"fmt"
	"runtime"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// largePlan yields a foundation's worth of objects in batches of a thousand.
func largePlan(objects int) func(func(records.PlannedBatch) bool) {
	const perBatch = 1000
	return func(yield func(records.PlannedBatch) bool) {
		for first := 0; first < objects; first += perBatch {
			ids := make([]string, min(perBatch, objects-first))
			for i := range ids {
				ids[i] = fmt.Sprintf("00000000-0000-4000-8000-%012d", first+i)
			}
			b := plannedBatch("LOGICAL_PORT", ids...)
			for i := range b.Originals {
				for t := range 12 { // an app port has about that many tags
					b.Originals[i].Tags = append(b.Originals[i].Tags, mp.Tag{Scope: fmt.Sprintf("ncp/tag-%d", t), Tag: ids[i]})
				}
			}
			if !yield(b) {
				return
			}
		}
	}
}

// largeRun takes a plan through everything that is written per object.
func largeRun(s *records.Store, objects int) error {
	if err := s.Create(header(), largePlan(objects)); err != nil {
		return err
	}
	steps := []records.State{records.Initiating, records.Migrating}
	for _, state := range steps {
		if err := s.Transition(state, nil); err != nil {
			return err
		}
	}
	err := s.Batches(func(b records.Batch) error {
		for _, state := range []records.BatchState{records.BatchPosting, records.BatchStarting, records.BatchContinuing} {
			if err := s.SetBatch(b.Seq, state, nil); err != nil {
				return err
			}
		}
		done := make([]records.MigratedObject, len(b.Entries))
		for i, e := range b.Entries {
			done[i] = records.MigratedObject{Type: e.Type, ID: e.ID, PolicyPath: e.PolicyPath}
		}
		return s.BatchDone(b.Seq, done)
	})
	if err != nil {
		return err
	}
	if err := s.Transition(records.Migrated, nil); err != nil {
		return err
	}
	if err := s.PutUpdates(updatesFor(objects)); err != nil {
		return err
	}
	for from := uint64(1); ; {
		group, err := s.PendingUpdates(from, 500)
		if err != nil || len(group) == 0 {
			return err
		}
		for i := range group {
			group[i].State = records.UpdateApplied
		}
		if err := s.SetUpdates(group); err != nil {
			return err
		}
		from = group[len(group)-1].Seq + 1
	}
}

// peakHeap does a run and returns the most memory that was in use around its transactions.
func peakHeap(objects int) uint64 {
	GinkgoHelper()
	var now runtime.MemStats
	most := uint64(0)
	s, err := records.Open(GinkgoT().TempDir(), records.Options{Clock: clock, OnFailpoint: func(at records.Failpoint, n int) {
		if at == records.BeforeCommit && n%2 == 1 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}})
	Expect(err).NotTo(HaveOccurred())
	Expect(largeRun(s, objects)).To(Succeed())
	Expect(s.MigratedCount()).To(Equal(objects))
	Expect(s.Verify()).To(Succeed())
	Expect(s.Close()).To(Succeed())
	return most
}

var _ = Describe("a large run", func() {
	It("needs memory for a transaction, not for the plan [I9]", func() {
		small, large := peakHeap(5000), peakHeap(20000)
		// The rows of the 15,000 objects more would take about 20 MiB.
		Expect(large).To(BeNumerically("<", small+8<<20), "small %d MiB, large %d MiB", small>>20, large>>20)
	})
})

// BenchmarkRun shows time, peak heap and file size of 100,000 objects:
// go test ./internal/records -run '^$' -bench Run -benchtime 1x
func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		var peak uint64
		s, err := records.Open(dir, records.Options{OnFailpoint: func(records.Failpoint, int) {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}})
		if err == nil {
			err = largeRun(s, 100_000)
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(peak>>20), "peak-heap-MiB")
		again, err := records.Open(dir, records.Options{})
		if err != nil {
			b.Fatal(err)
		}
		var refs []records.Ref
		if err := again.Originals(func(o records.Original) error { refs = append(refs, records.Ref{Type: o.Type, ID: o.ID}); return nil }); err != nil {
			b.Fatal(err)
		}
		for _, r := range refs {
			if _, found, err := again.Original(r.Type, r.ID); err != nil || !found {
				b.Fatal(r, err)
			}
		}
		if err := again.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
