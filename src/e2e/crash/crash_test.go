package crash_test

import (
	"iter"
	"math/rand/v2"
	"os"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// every asks for all moments, each with a process that is really killed there (MP2P_CRASH=every, an hour on two cores).
var every = os.Getenv("MP2P_CRASH") == "every"

// Without every, of the moments at which a process is really killed one in so many of each kind is tried.
const (
	oneReadIn   = 200
	oneWriteIn  = 40
	oneCommitIn = 61 // odd, since every other one is the other side of the same commit
)

// twice is how many pairs of moments are tried.
func twice() int {
	if every {
		return 30
	}
	return 10
}

// chosen says whether the n-th of a kind is tried when one in so many is: the seed decides, so that further runs try others.
func chosen(n, oneIn int) bool { return every || n%oneIn == int(GinkgoRandomSeed())%oneIn }

var _ = Describe("an errand that is killed and run again", func() {
	It("ends with all Manager or all Policy, and says which, from whatever a kill leaves behind [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		earth.playAll(ctx, "from snapshots", earth.snapshots(1))
	})

	It("does so after a real kill at a request that did not get through [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		earth.playAll(ctx, "before requests", earth.kills(beforeRequest, func(n int) bool { return chosen(n, oneReadIn) }))
	})

	It("does so after a real kill at a write that got through and whose answer did not [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		earth.playAll(ctx, "after writes", earth.kills(afterWrite, func(n int) bool { return chosen(n, oneWriteIn) }))
	})

	It("does so after a real kill before or after a commit of the records [I1] [I2] [I3] [R17] [R18] [R19]", func(ctx SpecContext) {
		earth.playAll(ctx, "at commits", earth.kills(atCommit, func(n int) bool { return chosen(n, oneCommitIn) }))
	})

	It("does so when the recovery is killed, too [I2] [R17] [R18] [R19]", func(ctx SpecContext) {
		t := earth.playAll(ctx, "twice", earth.pairs(twice()))
		Expect(t.reached + t.partly).To(Equal(twice()))
		Expect(t.reached).NotTo(BeZero())
	})
})

// kills are the moments of a kind in an undisturbed run that are wanted.
func (w *world) kills(k kind, wanted func(n int) bool) iter.Seq[point] {
	return func(yield func(point) bool) {
		for n := 1; n <= w.usual.count(k); n++ {
			if wanted(n) && !yield(point{kills: []moment{{k, n}}}) {
				return
			}
		}
	}
}

// snapshots are the points that go on from what moments leave behind: one in so many of those, with every all.
func (w *world) snapshots(oneIn int) iter.Seq[point] {
	return func(yield func(point) bool) {
		for n, s := range w.shots {
			if chosen(n, oneIn) && !yield(point{from: s}) {
				return
			}
		}
	}
}

// pairs are points that go on from what a moment leaves behind, and whose recovery is really killed. The seed chooses both.
func (w *world) pairs(count int) iter.Seq[point] {
	random := rand.New(rand.NewPCG(uint64(GinkgoRandomSeed()), 1))
	return func(yield func(point) bool) {
		for range count {
			p := point{
				from:  w.shots[random.IntN(len(w.shots))],
				kills: []moment{{beforeRequest, 1 + random.IntN(w.usual.recovery)}},
			}
			if !yield(p) {
				return
			}
		}
	}
}
