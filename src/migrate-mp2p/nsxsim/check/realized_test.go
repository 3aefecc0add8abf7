package check_test

import (
	"bytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("the judge of a cluster that is Policy", func() {
	var st *store.Store
	var switchKey string

	// section is a record of the coordinator as a saved state holds it: who made which paths, and what DONE did to them.
	promoted := func(realized bool, behind object, created ...string) {
		GinkgoHelper()
		record := object{"type": "LOGICAL_SWITCH", "manager_id": "s", "source": switchKey, "created": created, "realized": realized, "behind": behind}
		Expect(st.Update(func(tx *store.Tx) error {
			if err := tx.SetSection("coordinator", object{"batches": []int{1}, "last_batch": 1}); err != nil {
				return err
			}
			return tx.SetSection("coordinator/batch-000001", []any{record})
		})).To(Succeed())
	}

	BeforeEach(func() {
		st = store.New(1)
		switchKey = "logical-switches/s"
		own := tags("ncp/cluster", "c", "ncp/version", "1.2.0")
		put(st, switchKey, object{"id": "s", "resource_type": "LogicalSwitch", "display_name": "s", "_create_user": "nsx_policy",
			"tags": append(own, tags("policyPath", "/infra/segments/s")...)})
		put(st, "/infra/segments/s", object{"id": "s", "resource_type": "Segment", "display_name": "s", "unique_id": "s", "tags": own})
		put(st, "/infra/segments/s/ports/p", object{"id": "p", "resource_type": "SegmentPort", "unique_id": "p"})
		Expect(inspect(st, "c").Ready()).To(BeTrue())
	})

	It("does not call intents ready that DONE did not realize, those inside others included", func() {
		promoted(false, nil, "/infra/segments/s", "/infra/segments/s/ports/p")
		report := inspect(st, "c")
		Expect(report.Ready()).To(BeFalse())
		Expect(report.NotReady).To(ConsistOf(
			And(HaveField("Path", "/infra/segments/s"), HaveField("Row", "realized"), HaveField("Text", "intent is not realized: UNINITIALIZED")),
			HaveField("Path", "/infra/segments/s/ports/p")))
		Expect(report.Behind).To(BeEmpty())
	})

	It("shows those that DONE left in error or late, and calls the cluster ready", func() {
		promoted(true, object{"/infra/segments/s": object{"reason": "no host"}, "/infra/segments/s/ports/p": object{}}, "/infra/segments/s", "/infra/segments/s/ports/p")
		report := inspect(st, "c")
		Expect(report.Ready()).To(BeTrue())
		Expect(report.Behind).To(HaveExactElements(
			And(HaveField("Text", "DONE left the intent behind: ERROR: no host"), HaveField("Assumed", true)),
			HaveField("Text", "DONE left the intent behind: IN_PROGRESS")))
		var out bytes.Buffer
		Expect(report.WriteText(&out)).To(Succeed())
		Expect(out.String()).To(And(ContainSubstring("not realized, which does not keep NCP from starting: 2\n"), HaveSuffix("ready for NCP\n")))
	})

	It("does not mind the intents of others", func() {
		put(st, "/infra/segments/other", object{"id": "other", "resource_type": "Segment"})
		promoted(false, nil, "/infra/segments/other")
		Expect(inspect(st, "c").Ready()).To(BeTrue())
	})

	It("is content when all was realized", func() {
		promoted(true, nil, "/infra/segments/s", "/infra/segments/s/ports/p")
		Expect(inspect(st, "c").Ready()).To(BeTrue())
	})
})
