package crash_test

import (
	"iter"
	"math/rand/v2"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// every asks for all moments (MP2P_CRASH=every, half an hour on two cores). Otherwise all writes are tried, and of
// the reads and of the commits a part that the seed chooses, so that further runs try the others.
var every = os.Getenv("MP2P_CRASH") == "every"

// Without every, one in so many reads and commits is tried.
const (
	oneReadIn   = 20
	oneCommitIn = 8
)

// twice is how many pairs of moments are tried.
func twice() int {
	if every {
		return 30
	}
	return 10
}

// chosen says whether the n-th of a kind is tried when one in so many is.
func chosen(n, oneIn int) bool { return every || n%oneIn == int(GinkgoRandomSeed())%oneIn }

var _ = Describe("an errand that is killed and run again", func() {
	It("ends with all Manager or all Policy, and says which, wherever a request did not get through [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		earth.playAll(ctx, "before requests", moments(beforeRequest, func(n int) bool { return earth.usual.write(n) || chosen(n, oneReadIn) }))
	})

	It("does so wherever a write got through and its answer did not [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		earth.playAll(ctx, "after writes", moments(afterWrite, always))
	})

	It("does so before and after each commit of the records [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		earth.playAll(ctx, "at commits", moments(atCommit, func(n int) bool { return chosen(n, oneCommitIn) }))
	})

	It("does so when the recovery is killed, too [I2] [R17] [R18] [R19]", func(ctx SpecContext) {
		t := earth.playAll(ctx, "twice", earth.usual.pairs(twice()))
		Expect(t.reached + t.partly).To(Equal(twice()))
		Expect(t.reached).NotTo(BeZero())
	})
})

func always(int) bool { return true }

// moments are all the moments of a kind that are wanted, without an end.
func moments(k kind, wanted func(n int) bool) iter.Seq[point] {
	return func(yield func(point) bool) {
		for n := 1; ; n++ {
			if wanted(n) && !yield(point{kills: []moment{{k, n}}}) {
				return
			}
		}
	}
}

// pairs are seeded pairs of a moment among a run's writes and one in the recovery from it.
func (c course) pairs(count int) iter.Seq[point] {
	random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 1))
	first, last := c.bounds()
	return func(yield func(point) bool) {
		for range count {
			// A run may need some polls fewer than the usual one did.
			p := point{kills: []moment{
				{beforeRequest, first + random.IntN((last-first)*9/10)},
				{beforeRequest, 1 + random.IntN(c.recovery)},
			}}
			if !yield(p) {
				return
			}
		}
	}
}
