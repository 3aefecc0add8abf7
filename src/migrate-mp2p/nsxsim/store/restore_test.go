package store_test

import (
	"fmt"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("a backup", func() {
	var st *store.Store

	BeforeEach(func() {
		st = store.New(7)
		update(st, func(tx *store.Tx) error {
			if err := putSwitch(tx, "a", "ncp/cluster", "tas1"); err != nil {
				return err
			}
			if err := putSwitch(tx, tx.NewID(), "ncp/cluster", "tas1"); err != nil {
				return err
			}
			return tx.SetSection("coordinator", "idle")
		})
	})

	// spoil changes, deletes, creates, draws ids and rewrites a section.
	spoil := func(st *store.Store) {
		GinkgoHelper()
		update(st, func(tx *store.Tx) error {
			if err := putSwitch(tx, "a", "policyPath", "/infra/segments/a"); err != nil {
				return err
			}
			for n := range 10 {
				if err := putSwitch(tx, fmt.Sprint("b", n, tx.NewID()), "ncp/cluster", "tas2"); err != nil {
					return err
				}
			}
			if _, err := tx.Policy().Put("/infra/segments/a", []byte(`{"id":"a"}`)); err != nil {
				return err
			}
			return tx.SetSection("coordinator", "busy")
		})
	}

	It("is restored whole, in objects, indexes, sections and ids, as often as wanted", func() {
		before := saved(st)
		backup := st.Clone()
		for range 2 {
			spoil(st)
			Expect(saved(backup)).To(Equal(before))
			st.Restore(backup)
			Expect(saved(st)).To(Equal(before))
			view(st, func(tx *store.Tx) {
				Expect(tx.Manager().ByTagScope("ncp/cluster")).To(HaveLen(2))
				Expect(tx.Manager().ByTagScope("policyPath")).To(BeEmpty())
				Expect(tx.Policy().List("/infra/segments")).To(BeEmpty())
			})
		}
	})

	It("is restored from a saved file", func() {
		text := saved(st)
		spoil(st)
		backup, err := store.Load(strings.NewReader(text))
		Expect(err).NotTo(HaveOccurred())
		st.Restore(backup)
		Expect(saved(st)).To(Equal(text))
	})

	It("makes a new version, so that nobody keeps a list from before", func() {
		var before, after uint64
		view(st, func(tx *store.Tx) { before = tx.Version() })
		st.Restore(st.Clone())
		view(st, func(tx *store.Tx) { after = tx.Version() })
		Expect(after).To(BeNumerically(">", before))
	})

	It("shows the restored state in a lagging search index at once, and lags again afterwards", func() {
		now := author.At
		st.SetSearchLag(time.Minute, func() time.Time { return now })
		backup := st.Clone()
		spoil(st)
		st.Restore(backup)
		view(st, func(tx *store.Tx) { Expect(tx.Manager().Unindexed()).To(BeEmpty()) })
		spoil(st)
		view(st, func(tx *store.Tx) { Expect(tx.Manager().Unindexed()).NotTo(BeEmpty()) })
	})

	It("may be restored under readers and writers, who see one state or the other", func() {
		backup := st.Clone()
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				defer GinkgoRecover()
				for range 25 {
					spoil(st)
					view(st, func(tx *store.Tx) {
						inPolicy := len(tx.Policy().List("/infra/segments"))
						Expect(tx.Manager().ByTagScope("policyPath")).To(HaveLen(inPolicy))
					})
				}
			})
			wait.Go(func() {
				for range 25 {
					st.Restore(backup)
				}
			})
		}
		wait.Wait()
	})
})
