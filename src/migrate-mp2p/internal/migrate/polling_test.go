package migrate_test

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("polling", func() {
	// portBatches plans so many batches of two ports.
	portBatches := func(n int) []records.PlannedBatch {
		var batches []records.PlannedBatch
		for i := range n {
			batches = append(batches, batch(mp.LogicalPort, fmt.Sprintf("a%d", i), fmt.Sprintf("b%d", i)))
		}
		return batches
	}
	// looks runs the plan with migrations of the given lengths and answers, for each, when the status was read
	// after "continue".
	looks := func(s *scene, takes ...time.Duration) [][]time.Duration {
		GinkgoHelper()
		began := make([]time.Time, len(takes))
		for i, d := range takes {
			s.goesWrong("continue", i+1, fault{happens: func() {
				began[i], s.batchTakes = s.now, d
			}})
		}
		Expect(s.forward()).To(Succeed())
		seen := make([][]time.Duration, len(takes))
		for _, at := range s.statusAt {
			for i := len(takes) - 1; i >= 0; i-- {
				if at.After(began[i]) {
					if len(seen[i]) == 0 || seen[i][len(seen[i])-1] < takes[i] {
						seen[i] = append(seen[i], at.Sub(began[i]))
					}
					break
				}
			}
		}
		return seen
	}

	It("looks after 50 ms at first, then ever less often, down to every 2 s", func() {
		seen := looks(begin(portBatches(1)...), time.Minute)[0]
		Expect(seen[0]).To(Equal(50 * time.Millisecond))
		gap := seen[0]
		for i := 1; i < len(seen); i++ {
			next := seen[i] - seen[i-1]
			Expect(next).To(And(BeNumerically(">=", gap), BeNumerically("<=", 2*time.Second)))
			gap = next
		}
		Expect(gap).To(Equal(2 * time.Second))
		Expect(len(seen)).To(BeNumerically("<", 45))
	})

	It("looks at a later batch of the same type when it is likely to be done, and hardly before", func() {
		seen := looks(begin(portBatches(2)...), 20*time.Second, 20*time.Second)
		Expect(seen[1][0]).To(BeNumerically("~", 20*time.Second, 2*time.Second))
		Expect(len(seen[1])).To(BeNumerically("<=", 3))
	})

	It("scales what it learnt with the number of objects", func() {
		s := begin(batch(mp.LogicalPort, "a", "b", "c", "d"), batch(mp.LogicalPort, "e"))
		seen := looks(s, 20*time.Second, 6*time.Second)
		Expect(seen[1][0]).To(BeNumerically("~", 5*time.Second, time.Second))
		Expect(seen[1][1] - seen[1][0]).To(Equal(50 * time.Millisecond))
	})

	It("knows nothing of another type", func() {
		s := begin(batch(mp.LogicalPort, "a"), batch(mp.LogicalSwitch, "b"))
		Expect(looks(s, 20*time.Second, 20*time.Second)[1][0]).To(Equal(50 * time.Millisecond))
	})

	It("looks after 30 s at the latest, whatever it learnt", func() {
		seen := looks(begin(portBatches(2)...), 5*time.Minute, 5*time.Minute)
		Expect(seen[1][0]).To(Equal(30 * time.Second))
	})

	It("forgets one slow batch soon", func() {
		s := begin(portBatches(8)...)
		second := time.Second
		seen := looks(s, 20*second, second, second, second, second, second, second, second)
		Expect(seen[7][0]).To(BeNumerically("<", 2*second))
	})

	It("does not double short batches by waiting", func() {
		s := begin(portBatches(10)...)
		s.precheckTakes, s.batchTakes = 100*time.Millisecond, 400*time.Millisecond
		began := s.now
		Expect(s.forward()).To(Succeed())
		Expect(s.now.Sub(began)).To(BeNumerically("<", 10*time.Second*3/4))
	})
})
