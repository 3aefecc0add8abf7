package coordinator_test

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// lasting are the Manager objects of a state without what a rollback may change.
func lasting(st *store.Store) map[string]string {
	GinkgoHelper()
	bodies := map[string]string{}
	Expect(st.View(func(tx *store.Tx) error {
		for o := range tx.Manager().All() {
			body, err := o.Fields()
			if err != nil {
				return err
			}
			delete(body, "_revision")
			delete(body, "_last_modified_time")
			raw, err := json.Marshal(body)
			if err != nil {
				return err
			}
			bodies[o.Key] = string(raw)
		}
		return nil
	})).To(Succeed())
	return bodies
}

var _ = Describe("a whole run over HTTP", func() {
	It("makes a foundation Policy, and a rollback makes it what it was", func() {
		st, world := tas()
		before := lasting(st)
		n := serve(st, coordinator.Options{})

		n.initiate()
		shared := sharedBatches(world)
		n.promote(shared...)
		n.done()
		n.initiate()
		own := ncpBatches(world)
		n.promote(own...)
		n.done()

		n.initiate()
		n.rollback(own...)
		n.rollback(shared...)
		n.done()
		Expect(lasting(st)).To(Equal(before))
	})
})
