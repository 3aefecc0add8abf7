package records_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("Rows of which there is one per object", func() {
	It("come back as they were put, whatever stands in them", func() {
		odd := "a \"quoted\" \\ <é>&\n\u2028 text"
		batch := plannedBatch("LOGICAL_PORT", "p1")
		batch.Entries[0].PolicyPath = "/infra/" + odd
		batch.Originals[0] = records.Original{
			Type: "LOGICAL_PORT", ID: "p1", Hash: odd, Name: odd, Tags: []nsx.Tag{{Scope: odd, Tag: odd}, {Scope: "", Tag: ""}},
			Names: map[string]string{odd: odd}, Facts: map[string]string{"parent": odd},
		}
		s := opened(GinkgoT().TempDir())
		Expect(s.Create(header(), slices.Values([]records.PlannedBatch{batch}))).To(Succeed())
		original, found, err := s.Original("LOGICAL_PORT", "p1")
		Expect(err).NotTo(HaveOccurred())
		Expect(found).To(BeTrue())
		Expect(original).To(Equal(batch.Originals[0]))
	})
})
