package workloads_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

var _ = Describe("TAS", func() {
	It("claims no facts and finds none", func() {
		Expect(workloads.TAS{}.Provides(workloads.NamespaceUID)).To(BeFalse())
		source, err := workloads.TAS{}.Read(context.Background())
		Expect(err).NotTo(HaveOccurred())
		_, err = source.Lookup(workloads.NamespaceUID, "org-1")
		Expect(err).To(MatchError(ContainSubstring("namespace_uid")))
	})
})

var _ = DescribeTable("Keys",
	func(kind workloads.Kind, count int, known bool) {
		gotCount, gotKnown := workloads.Keys(kind)
		Expect(gotCount).To(Equal(count))
		Expect(gotKnown).To(Equal(known))
	},
	Entry("a namespace is named by itself", workloads.NamespaceUID, 1, true),
	Entry("a service is named by namespace and name", workloads.ServiceUID, 2, true),
	Entry("a port is named by its service and where the pods listen", workloads.ServicePort, 3, true),
	Entry("unknown", workloads.Kind("moon_phase"), 0, false),
)
