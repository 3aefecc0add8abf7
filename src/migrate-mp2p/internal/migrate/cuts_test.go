package migrate_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// These specs enumerate: a run is broken at its first call or transaction, at its second, and so on to its
// last, each time in a fresh world. Whatever broke, running again must bring everything back.
var _ = Describe("a run that breaks at any point [I2]", func() {
	foreign := mp.Ref{Type: mp.IPSet, ID: "10.0.0.11"} // migrated by somebody else

	// scenes are the ways that a run can take when nothing breaks it.
	scenes := []struct {
		name    string
		arrange func(*scene)
	}{
		{"when all batches succeed", func(*scene) {}},
		{"when a pre-check fails", func(s *scene) { s.invalid["p1"] = "no" }},
		{"when a migration fails half-way", func(s *scene) { s.breaks["LOGICAL_PORT"] = 1 }},
		{"when duplicates are taken out", func(s *scene) {
			s.takeOut = true
			s.objects[foreign] = catalog.IsPolicy
		}},
	}
	// ended demands that all is back but for what was never ours.
	ended := func(s *scene) {
		GinkgoHelper()
		if s.takeOut {
			Expect(s.objects).To(HaveKeyWithValue(foreign, catalog.IsPolicy), "somebody else's object was rolled back")
			s.objects[foreign] = catalog.IsManager
		}
		s.expectAllBack()
	}
	// points counts the points at which a whole run and its rollback can break.
	points := func(s *scene) int {
		GinkgoHelper()
		_ = s.cutForward() // it may fail: that is part of the scene
		Expect(s.cutBack()).To(Succeed())
		ended(s)
		return s.calls
	}

	for _, one := range scenes {
		name := one.name
		arranged := func() *scene {
			s := cuttable()
			one.arrange(s)
			return s
		}
		for _, way := range []struct {
			how      string
			fault    fault
			restarts bool // the coordinator, after the break
		}{
			{"before it", fault{before: errCut}, false},
			{"after it", fault{after: errCut}, false},
			{"before it, and the coordinator restarted", fault{before: errCut}, true},
			{"after it, and the coordinator restarted", fault{after: errCut}, true},
			{"so that it did not arrive and its answer is lost", lostBefore, false},
			{"so that only its answer is lost", lostAfter, false},
		} {
			It(fmt.Sprintf("comes back %s: broken at each call and transaction in turn, %s [I1] [R19]", name, way.how), func() {
				last := points(arranged())
				Expect(last).To(BeNumerically(">", 40))
				for at := 1; at <= last; at++ {
					By(fmt.Sprintf("point %d of %d", at, last))
					s := arranged()
					s.at, s.atFault = at, way.fault
					if s.cutForward() == nil {
						_ = s.cutBack() // phase 3 failed
					}
					if way.restarts {
						s.restart()
					}
					Expect(s.untilBack()).To(Succeed())
					ended(s)
				}
			})
		}

		It("comes back "+name+": broken again in the rollback, at each point in turn [R19]", func() {
			s := arranged()
			_ = s.cutForward()
			first := s.calls
			for at := 1; at <= first; at += 5 {
				for again := 1; ; again++ {
					By(fmt.Sprintf("points %d and %d", at, again))
					s := arranged()
					s.at, s.atFault = at, fault{after: errCut}
					_ = s.cutForward()
					s.at = s.calls + again
					err := s.cutBack()
					Expect(s.untilBack()).To(Succeed())
					ended(s)
					if err == nil { // the rollback has fewer points
						break
					}
				}
			}
		})

		It("stops at once when it is told to, at each call in turn "+name+" [R18]", func() {
			last := points(arranged())
			for at := 1; at <= last; at++ {
				s := arranged()
				ctx, cancel := context.WithCancel(context.Background())
				sent := -1
				s.at, s.atFault = at, fault{happens: func() {
					cancel()
					sent = len(s.sent)
				}}
				err := s.migrator().Forward(ctx)
				if sent < 0 {
					err = s.migrator().Back(ctx)
				}
				if sent < 0 { // only runs with durable steps have so many points
					Expect(err).NotTo(HaveOccurred())
					break
				}
				Expect(err).To(MatchError(ContainSubstring("context canceled")))
				Expect(s.sent).To(HaveLen(sent), "nothing may be sent afterwards")
				Expect(s.untilBack()).To(Succeed())
				ended(s)
			}
		})
	}

	It("stops when the records cannot be read, at each reading in turn, and comes back [R18] [R19]", func() {
		for at := 1; ; at++ {
			s := cuttable()
			s.breaks["LOGICAL_PORT"] = 1
			s.goesWrong("reading", at, fault{before: errCut})
			m := s.migrator()
			m.Records = cutReads{s.store, s.world}
			err := m.Forward(context.Background())
			if s.count["reading"] < at {
				err = m.Back(context.Background())
			}
			if s.count["reading"] < at {
				Expect(at).To(BeNumerically(">", 15))
				break
			}
			Expect(err).To(And(MatchError(errCut), MatchError(ContainSubstring("records"))))
			Expect(s.untilBack()).To(Succeed())
			s.expectAllBack()
		}
	})

	It("stops while it waits when it is told to, at each wait in turn [R18]", func() {
		for at := 1; ; at++ {
			s := cuttable()
			s.goesWrong("POST", 1, lostAfter)
			s.goesWrong("ROLLBACK", 1, fault{before: errLost, happens: func() { s.batchTakes = 0 }})
			ctx, cancel := context.WithCancel(context.Background())
			waits, sent := 0, 0
			s.sleeping = func(time.Duration) {
				if waits++; waits == at {
					sent = len(s.sent)
					cancel()
				}
			}
			err := s.migrator().Forward(ctx)
			if err == nil {
				err = s.migrator().Back(ctx)
			}
			if waits < at || at > 30 {
				Expect(at).To(BeNumerically(">", 10))
				break
			}
			Expect(err).To(MatchError(context.Canceled))
			Expect(s.sent).To(HaveLen(sent))
			s.sleeping = nil
			Expect(s.untilBack()).To(Succeed())
			s.expectAllBack()
		}
	})
})

// cuttable is a small scene whose batches take about one look each.
func cuttable() *scene {
	s := begin(batch(mp.Tier1, "t1"), batch(mp.IPSet, "10.0.0.1", "10.0.0.11"), batch(mp.LogicalPort, "p1", "p2"))
	s.precheckTakes, s.batchTakes = 40*time.Millisecond, 60*time.Millisecond
	return s
}

func (s *scene) cutForward() error {
	m := s.migrator()
	m.Records = cutRecords{s.store, s.world}
	return m.Forward(context.Background())
}

func (s *scene) cutBack() error {
	m := s.migrator()
	m.Records = cutRecords{s.store, s.world}
	return m.Back(context.Background())
}

// untilBack is the operator who runs the errand again, and who would give up soon.
func (s *scene) untilBack() error {
	s.at = 0
	var err error
	for range 2 {
		if err = s.cutBack(); err == nil {
			return nil
		}
	}
	return err
}

// cutRecords lets transactions break as calls do: before they are durable, or right after.
type cutRecords struct {
	*records.Store
	world *world
}

func (c cutRecords) write(work func() error) error {
	return c.world.call(context.Background(), "transaction", work)
}

func (c cutRecords) SetBatch(seq uint64, to records.BatchState, change func(*records.Batch)) error {
	return c.write(func() error { return c.Store.SetBatch(seq, to, change) })
}

func (c cutRecords) BatchDone(seq uint64, objects []records.MigratedObject) error {
	return c.write(func() error { return c.Store.BatchDone(seq, objects) })
}

func (c cutRecords) BatchUndone(seq uint64) error {
	return c.write(func() error { return c.Store.BatchUndone(seq) })
}

func (c cutRecords) TakeOut(seq uint64, ids []string, body mp.Promotion) error {
	return c.write(func() error { return c.Store.TakeOut(seq, ids, body) })
}

func (c cutRecords) Amend(change func(*records.Header)) error {
	return c.write(func() error { return c.Store.Amend(change) })
}

// cutReads lets readings break.
type cutReads struct {
	*records.Store
	world *world
}

func (c cutReads) read(work func() error) error {
	return c.world.call(context.Background(), "reading", work)
}

func (c cutReads) Run() (h records.Header, found bool, err error) {
	err = c.read(func() (err error) { h, found, err = c.Store.Run(); return err })
	return h, found, err
}

func (c cutReads) Batches(each func(records.Batch) error) error {
	return c.read(func() error { return c.Store.Batches(each) })
}

func (c cutReads) Request(seq uint64) (p mp.Promotion, err error) {
	err = c.read(func() (err error) { p, err = c.Store.Request(seq); return err })
	return p, err
}

func (c cutReads) IsMigrated(kind, id string) (found bool, err error) {
	err = c.read(func() (err error) { found, err = c.Store.IsMigrated(kind, id); return err })
	return found, err
}
