package workloads_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

var _ = Describe("ForPlatform", func() {
	It("gives TAS a source that claims no facts and finds none", func() {
		source, err := workloads.ForPlatform("tas")
		Expect(err).NotTo(HaveOccurred())
		Expect(source.Provides(workloads.NamespaceUID)).To(BeFalse())
		_, err = source.Lookup(workloads.NamespaceUID, "org-1")
		Expect(err).To(MatchError(workloads.ErrNotFound))
		Expect(err).To(MatchError(ContainSubstring("namespace_uid")))
	})

	DescribeTable("names the platform that it cannot serve [I10]",
		func(platform string) {
			_, err := workloads.ForPlatform(platform)
			Expect(err).To(MatchError(ContainSubstring(platform)))
		},
		Entry("kubernetes", "kubernetes"),
		Entry("tkgi", "tkgi"),
		Entry("a typing mistake", "tass"),
	)
})

var _ = DescribeTable("Keys",
	func(kind workloads.Kind, count int, known bool) {
		gotCount, gotKnown := workloads.Keys(kind)
		Expect(gotCount).To(Equal(count))
		Expect(gotKnown).To(Equal(known))
	},
	Entry("a namespace is named by itself", workloads.NamespaceUID, 1, true),
	Entry("a service is named by namespace and name", workloads.ServiceUID, 2, true),
	Entry("unknown", workloads.Kind("moon_phase"), 0, false),
)
