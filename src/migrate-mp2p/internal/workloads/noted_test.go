package workloads_test

import (
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

var _ = Describe("Noted", func() {
	var noting *workloads.Noting
	never := func() (workloads.Source, error) { return nil, errors.New("the platform was asked") }

	BeforeEach(func() {
		c := workloads.NewCluster()
		c.AddNamespace("team-a", "uid-a")
		noting = workloads.Note(c)
		Expect(noting.Lookup(workloads.NamespaceUID, "team-a")).To(Equal("uid-a"))
		_, err := noting.Lookup(workloads.NamespaceUID, "team-b")
		Expect(err).To(MatchError(workloads.ErrNotFound))
	})

	It("gives the answers of before without asking the platform", func() {
		Expect(workloads.Noted(noting.Answers(), never).Lookup(workloads.NamespaceUID, "team-a")).To(Equal("uid-a"))
	})

	It("asks the platform once for what was not asked before", func() {
		asked := 0
		later := workloads.Noted(noting.Answers(), func() (workloads.Source, error) {
			asked++
			c := workloads.NewCluster()
			c.AddNamespace("team-a", "another")
			c.AddNamespace("team-b", "uid-b")
			return c, nil
		})
		Expect(later.Lookup(workloads.NamespaceUID, "team-b")).To(Equal("uid-b"))
		_, err := later.Lookup(workloads.NamespaceUID, "team-c")
		Expect(err).To(MatchError("Namespace team-c is missing"))
		Expect(later.Lookup(workloads.NamespaceUID, "team-a")).To(Equal("uid-a"))
		Expect(asked).To(Equal(1))
	})

	It("says why the platform could not be asked", func() {
		_, err := workloads.Noted(nil, never).Lookup(workloads.NamespaceUID, "team-a")
		Expect(err).To(MatchError("the platform was asked"))
	})
})
