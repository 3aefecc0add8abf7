package records_test

import (
	"encoding/json"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("Rows of which there is one per object", func() {
	It("come back as they were put, whatever stands in them", func() {
		odd := "a \"quoted\" \\ <é>&\n\u2028 text"
		batch := plannedBatch("LOGICAL_PORT", "p1")
		batch.Entries[0].PolicyPath = "/infra/" + odd
		batch.Originals[0] = records.Original{
			Type: "LOGICAL_PORT", ID: "p1", Hash: odd, Name: odd, Tags: []mp.Tag{{Scope: odd, Tag: odd}, {Scope: "", Tag: ""}},
			Names: map[string]string{odd: odd}, Facts: map[mp.Fact]string{"parent": odd},
		}
		s := opened(GinkgoT().TempDir())
		Expect(s.Create(header(), slices.Values([]records.PlannedBatch{batch}))).To(Succeed())
		original, found, err := s.Original("LOGICAL_PORT", "p1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(original).To(Equal(batch.Originals[0]))
		Expect(s.Batch(1)).To(HaveField("Entries", batch.Entries))

		walk(s, records.Migrated)
		wanted := records.Update{
			Seq: 1, ResourceType: "SegmentPort", Path: odd, Type: "LOGICAL_PORT", ID: "p1", State: records.UpdatePending, Attempts: 3,
			URL: odd, Answer: odd, Body: json.RawMessage(`{"a":[1,"b"]}`),
			Delta: records.Delta{
				SetTags: []mp.Tag{{Scope: odd, Tag: odd}}, RemoveTags: []mp.Tag{{Scope: "x", Tag: ""}},
				DisplayName: &odd, RuleNames: map[string]string{odd: odd},
			},
		}
		Expect(s.PutUpdates(slices.Values([]records.Update{wanted}))).To(Succeed())
		Expect(s.PendingUpdates(1, 1)).To(Equal([]records.Update{wanted}))
	})
})
