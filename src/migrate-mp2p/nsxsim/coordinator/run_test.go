package coordinator_test

import (
	"bytes"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
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
			delete(body, "_last_modified_user")
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

// inspect judges the state of foundation tas1.
func inspect(st *store.Store) *check.Report {
	GinkgoHelper()
	report, err := check.Inspect(st, "tas1")
	Expect(err).NotTo(HaveOccurred())
	return report
}

// untouched compares two states, but for tas1 and what it shares.
func untouched(before, after *store.Store, world *model.World) []string {
	GinkgoHelper()
	except := check.Except{Cluster: "tas1"}
	for _, shared := range world.Shared {
		except.Shared = append(append(except.Shared, shared.ID), shared.Ports...)
	}
	changed, err := check.Untouched(before, after, except)
	Expect(err).NotTo(HaveOccurred())
	return changed
}

var _ = Describe("a whole run over HTTP", func() {
	It("makes a foundation Policy and nothing else, and a rollback makes it what it was", func() {
		st, world := tas()
		reference, _ := tas()
		before := lasting(st)
		n := serve(st, coordinator.Options{})
		Expect(inspect(st).AllManager()).To(BeTrue())

		n.initiate()
		shared := sharedBatches(world)
		n.promote(shared...)
		n.done()
		report := inspect(st)
		Expect(report.Inconsistencies).To(BeEmpty())
		Expect(report.AllManager()).To(BeTrue())
		Expect(report.Shared).To(Equal(check.Count{Policy: 4, HalfWay: []string{}}))

		n.initiate()
		own := ncpBatches(world)
		n.promote(own...)
		n.done()
		report = inspect(st)
		Expect(report.Inconsistencies).To(BeEmpty())
		Expect(report.NCP.Manager).To(BeZero())
		Expect(report.AllPolicy()).To(BeTrue())
		Expect(untouched(reference, st, world)).To(BeEmpty())

		n.initiate()
		n.rollback(own...)
		n.rollback(shared...)
		n.done()
		Expect(lasting(st)).To(Equal(before))
		Expect(inspect(st).AllManager()).To(BeTrue())
		Expect(inspect(st).OK()).To(BeTrue())
	})

	It("survives saving and loading in the middle", func() {
		st, world := tas()
		n := serve(st, coordinator.Options{})
		n.initiate()
		shared := sharedBatches(world)
		n.promote(shared...)
		before := lasting(st)
		own := ncpBatches(world)
		n.promote(own[:8]...)

		var saved bytes.Buffer
		Expect(st.Save(&saved)).To(Succeed())
		loaded, err := store.Load(&saved)
		Expect(err).NotTo(HaveOccurred())
		again := serve(loaded, coordinator.Options{})
		again.rollback(own[:8]...)
		Expect(lasting(loaded)).To(Equal(before))
	})
})
