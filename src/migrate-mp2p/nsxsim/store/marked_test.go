package store_test

import (
	"errors"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("objects that are marked for deletion", func() {
	const segments = "/infra/segments/"
	put := func(tx *store.Tx, id, marked string) {
		GinkgoHelper()
		_, err := tx.Policy().Put(segments+id, []byte(`{"id":"`+id+`","marked_for_delete":`+marked+`}`))
		Expect(err).NotTo(HaveOccurred())
	}
	keys := func(st *store.Store) []string {
		var all []string
		view(st, func(tx *store.Tx) {
			for _, o := range tx.Policy().Marked() {
				all = append(all, o.Key)
			}
		})
		return all
	}

	It("are listed by key, as long as they are there and say so", func() {
		st := store.New(1)
		update(st, func(tx *store.Tx) error {
			put(tx, "b", "true")
			put(tx, "a", "true")
			put(tx, "c", "false")
			return nil
		})
		Expect(keys(st)).To(Equal([]string{segments + "a", segments + "b"}))

		Expect(st.Update(func(tx *store.Tx) error {
			put(tx, "c", "true")
			Expect(tx.Policy().Delete(segments + "a")).To(Succeed())
			return errors.New("undo it")
		})).NotTo(Succeed())
		Expect(keys(st)).To(Equal([]string{segments + "a", segments + "b"}), "after an Update that failed")

		loaded, err := store.Load(strings.NewReader(saved(st)))
		Expect(err).NotTo(HaveOccurred())
		backup := st.Clone()
		update(st, func(tx *store.Tx) error {
			put(tx, "a", "false")
			return tx.Policy().Delete(segments + "b")
		})
		Expect(keys(st)).To(BeEmpty())
		Expect(keys(loaded)).To(HaveLen(2))
		st.Restore(backup)
		Expect(keys(st)).To(HaveLen(2))
	})
})
