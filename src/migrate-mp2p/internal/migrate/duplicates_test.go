package migrate_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

var _ = Describe("duplicates that the pre-check reports", func() {
	// shared begins a run over shared objects, some of which somebody else has migrated.
	shared := func(kind mp.Type, ids []string, migrated ...string) *scene {
		s := begin(batch(kind, ids...), batch(mp.LogicalPort, "p1"))
		s.takeOut = true
		for _, id := range migrated {
			s.objects[mp.Ref{Type: kind, ID: id}] = catalog.IsPolicy
		}
		return s
	}
	notOurs := func(s *scene) []string {
		b, err := s.store.Batch(1)
		Expect(err).NotTo(HaveOccurred())
		var ids []string
		for _, e := range b.Entries {
			if e.NotOurs {
				ids = append(ids, e.ID)
			}
		}
		return ids
	}
	const text = " is duplicate or already migrated"
	unnamed := func([]string) string { return "One of the resources" + text }

	DescribeTable("are taken out, and the rest is sent again [R14] [I3]",
		func(words func(ids []string) string) {
			s := shared(mp.IPSet, []string{"10.0.0.1", "10.0.0.11", "10.0.0.2", "10.0.0.3"}, "10.0.0.11", "10.0.0.2")
			s.duplicate = words
			Expect(s.forward()).To(Succeed())
			Expect(s.writes()[:5]).To(Equal([]string{
				"POST IP_SET 10.0.0.1 10.0.0.11 10.0.0.2 10.0.0.3", "start", "abort", "POST IP_SET 10.0.0.1 10.0.0.3", "start",
			}))
			Expect(notOurs(s)).To(ConsistOf("10.0.0.11", "10.0.0.2"))
			Expect(s.claims()).To(ConsistOf("IP_SET/10.0.0.1", "IP_SET/10.0.0.3", "LOGICAL_PORT/p1"))
			Expect(s.said("warning: 2 of 4 x IP_SET are Policy already and are left to whoever migrated them: 10.0.0.11, 10.0.0.2")).To(HaveLen(1))

			Expect(s.back()).To(Succeed())
			Expect(s.writes()).To(endWith("ROLLBACK LOGICAL_PORT p1", "ROLLBACK IP_SET 10.0.0.1 10.0.0.3"))
			Expect(s.policy()).To(ConsistOf("IP_SET/10.0.0.11", "IP_SET/10.0.0.2"), "what somebody else migrated stays [I3]")
			Expect(s.claims()).To(BeEmpty())
		},
		Entry("named one by one", func(ids []string) string { return strings.Join(ids, text+"\n") + text }),
		Entry("named in a list", func(ids []string) string { return "[" + strings.Join(ids, ", ") + "]" + text + "." }),
		Entry("named in quotes", func(ids []string) string { return `Resource "` + strings.Join(ids, `" and "`) + `":` + text }),
		Entry("not named", unnamed),
	)

	It("that are not ours are never rolled back, whatever happens later [I3]", func() {
		s := shared(mp.IPSet, []string{"a", "b"}, "b")
		s.invalid["p1"] = "no"
		Expect(s.forward()).NotTo(Succeed())
		Expect(s.back()).To(Succeed())
		Expect(s.sent).To(endWith("abort", "ROLLBACK IP_SET a"))
		Expect(s.policy()).To(Equal([]string{"IP_SET/b"}))
	})

	It("are taken out in one transaction: mark and new request together, before it is posted again [I1]", func() {
		s := shared(mp.IPSet, []string{"a", "b"}, "b")
		s.goesWrong("POST", 2, fault{happens: func() {
			Expect(notOurs(s)).To(Equal([]string{"b"}))
			request, err := s.store.Request(1)
			Expect(err).NotTo(HaveOccurred())
			Expect(request.MigrationData).To(Equal([]mp.Resource{{Type: "IP_SET", ResourceIDs: details(batch(mp.IPSet, "a").Request)}}))
			Expect(request.SetupDetails).To(Equal(&mp.SetupDetails{PrincipalIdentity: "ncp"}))
		}})
		Expect(s.forward()).To(Succeed())
		Expect(s.count["POST"]).To(Equal(3))
	})

	It("may be the whole batch: then it is set aside and the next one goes on", func() {
		s := shared(mp.IPSet, []string{"a", "b"}, "a", "b")
		Expect(s.forward()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{"POST IP_SET a b", "start", "abort", "POST LOGICAL_PORT p1", "start", "continue"}))
		Expect(s.states()).To(Equal([]records.BatchState{records.BatchRolledBack, records.BatchMigrated}))
		Expect(s.claims()).To(Equal([]string{"LOGICAL_PORT/p1"}))
	})

	It("may come to light one after the other, but not for ever", func() {
		s := shared(mp.IPSet, []string{"a", "b", "c", "d", "e", "f"}, "a", "b", "c", "d", "e", "f")
		s.duplicate = func(ids []string) string { return ids[0] + " is duplicate or already migrated" }
		Expect(s.forward()).To(MatchError(ContainSubstring("giving up after sending it 5 times")))
		Expect(s.count["POST"]).To(Equal(5))
		Expect(s.back()).To(Succeed())
		Expect(s.policy()).To(HaveLen(6))
	})

	It("that no object shows are a failure in NSX's words", func() {
		s := shared(mp.IPSet, []string{"a"})
		s.invalid["a"] = "something is duplicate or already migrated"
		Expect(s.forward()).To(MatchError(And(ContainSubstring("pre-check ended in FAILED"), ContainSubstring("something is duplicate"))))
		Expect(s.back()).To(Succeed())
		s.expectAllBack()
	})

	It("that cannot be looked for are a failure that changes nothing", func() {
		s := shared(mp.IPSet, []string{"a", "b"}, "b")
		s.duplicate = unnamed
		s.goesWrong("look", 1, fault{before: errCut})
		Expect(s.forward()).To(And(MatchError(errCut), MatchError(ContainSubstring("looking for the duplicates that NSX reports"))))
		Expect(notOurs(s)).To(BeEmpty())
	})

	It("among NCP-created objects stop the run: records were lost; nothing of them is touched [I3]", func() {
		s := shared(mp.LogicalSwitch, []string{"a", "b"}, "b")
		s.takeOut = false
		Expect(s.forward()).To(MatchError(And(ContainSubstring("NSX says that b are Policy already though no record claims them"), ContainSubstring("records of an earlier migration were lost"))))
		Expect(notOurs(s)).To(BeEmpty())
		Expect(s.writes()).To(Equal([]string{"POST LOGICAL_SWITCH a b", "start"}))

		Expect(s.back()).To(Succeed())
		Expect(s.writes()).To(Equal([]string{"abort"}))
		Expect(s.policy()).To(Equal([]string{"LOGICAL_SWITCH/b"}))
		Expect(s.status().Overall).To(Equal(mp.StatusNotStarted), "a plan left half-way would block the next run")
	})

	It("are named in bounded number", func() {
		s := shared(mp.IPSet, []string{"a", "b", "c", "d", "e", "f", "g"}, "a", "b", "c", "d", "e", "f", "g")
		s.takeOut = false
		Expect(s.forward()).To(MatchError(ContainSubstring("a, b, c, d, e, and 2 more are Policy already")))
	})
})
