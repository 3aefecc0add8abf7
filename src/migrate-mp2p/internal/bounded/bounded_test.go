package bounded_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
)

func TestBounded(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Bounded")
}

var _ = Describe("a list in a message", func() {
	abc := []string{"a", "b", "c"}

	It("is whole as long as it fits", func() {
		Expect(bounded.Lines(abc, 3)).To(Equal(abc))
		Expect(bounded.List(abc, 3)).To(Equal("a, b, c"))
		Expect(bounded.List(nil, 3)).To(BeEmpty())
	})

	It("ends with how many more there are", func() {
		Expect(bounded.Lines(abc, 1)).To(Equal([]string{"a", "and 2 more"}))
		Expect(bounded.LinesOf(abc, 2, "objects")).To(Equal([]string{"a", "b", "and 1 more objects"}))
		Expect(bounded.List(abc, 2)).To(Equal("a, b and 1 more"))
		Expect(abc).To(Equal([]string{"a", "b", "c"}))
	})

	It("shows blanks in quotes", func() {
		Expect(bounded.Quoted([]string{"a ", `b"`})).To(Equal([]string{`"a "`, `"b\""`}))
	})
})
