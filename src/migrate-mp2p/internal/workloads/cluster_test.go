package workloads_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

var _ = Describe("Cluster", func() {
	var c *workloads.Cluster

	BeforeEach(func() {
		c = workloads.NewCluster()
		c.AddNamespace("team-a", "uid-a")
		c.AddNamespace("team-b", "uid-b")
		c.AddIngressBackend("team-a", "web", "http")
		c.AddService("team-a", "web", "uid-web", []workloads.Port{
			{Name: "http", Protocol: "TCP", Port: 80, TargetPort: "8080"}, {Name: "metrics", Protocol: "TCP", Port: 9100, TargetPort: "9100"},
		})
		c.AddService("team-b", "web", "uid-web-b", []workloads.Port{{Protocol: "TCP", Port: 81}})
		c.AddNetworkPolicy("team-a", "deny", "uid-deny")
		c.AddPod("team-a", "web-0", "uid-pod")
	})

	DescribeTable("answers of the very workload that is asked for [R13]",
		func(want string, kind workloads.Kind, keys ...string) {
			Expect(c.Lookup(kind, keys...)).To(Equal(want))
		},
		Entry("a namespace", "uid-a", workloads.NamespaceUID, "team-a"),
		Entry("a service", "uid-web", workloads.ServiceUID, "team-a", "web"),
		Entry("a service of the same name elsewhere", "uid-web-b", workloads.ServiceUID, "team-b", "web"),
		Entry("a network policy", "uid-deny", workloads.NetworkPolicyUID, "team-a", "deny"),
		Entry("a pod", "uid-pod", workloads.PodUID, "team-a", "web-0"),
		Entry("the port that an Ingress names by its name", "80", workloads.ServicePort, "team-a", "web", ""),
		Entry("the only port", "81", workloads.ServicePort, "team-b", "web", ""),
		Entry("the only port, wherever its members listen", "81", workloads.ServicePort, "team-b", "web", "8081"),
	)

	DescribeTable("names the workload that is missing [R13]",
		func(want string, kind workloads.Kind, keys ...string) {
			_, err := c.Lookup(kind, keys...)
			Expect(err).To(MatchError(want))
			Expect(err).To(MatchError(workloads.ErrNotFound))
		},
		Entry("a namespace", "Namespace team-c is missing", workloads.NamespaceUID, "team-c"),
		Entry("a service", "Service team-b/api is missing", workloads.ServiceUID, "team-b", "api"),
		Entry("a service whose namespace is missing", "Namespace team-c is missing", workloads.ServiceUID, "team-c", "web"),
		Entry("the port of a service", "Service team-b/api is missing", workloads.ServicePort, "team-b", "api", ""),
		Entry("a network policy", "NetworkPolicy team-b/deny is missing", workloads.NetworkPolicyUID, "team-b", "deny"),
		Entry("a pod", "Pod team-b/web-0 is missing", workloads.PodUID, "team-b", "web-0"),
	)

	It("says that a service is missing to which an Ingress still leads", func() {
		c.AddIngressBackend("team-b", "gone", "80")
		_, err := c.Lookup(workloads.ServiceUID, "team-b", "gone")
		Expect(err).To(MatchError("Service team-b/gone is missing"))
	})

	Context("with a service to whose two ports Ingresses lead", func() {
		BeforeEach(func() {
			c.AddIngressBackend("team-a", "both", "80")
			c.AddIngressBackend("team-a", "both", "443")
			c.AddService("team-a", "both", "uid-both", []workloads.Port{
				{Name: "http", Port: 80, TargetPort: "8080"}, {Name: "https", Port: 443}, {Name: "other", Port: 8080, TargetPort: "80"},
			})
		})

		DescribeTable("tells the port by where the members of the pool listen",
			func(listening, want string) {
				Expect(c.Lookup(workloads.ServicePort, "team-a", "both", listening)).To(Equal(want))
			},
			Entry("behind another number", "8080", "80"),
			Entry("behind the same number", "443", "443"),
		)

		It("takes the port that names where it leads to where the members listen behind no other", func() {
			c.AddIngressBackend("team-a", "named", "80")
			c.AddIngressBackend("team-a", "named", "90")
			c.AddService("team-a", "named", "uid-named", []workloads.Port{{Name: "http", Port: 80, TargetPort: "8080"}, {Name: "admin", Port: 90, TargetPort: "admin"}})
			Expect(c.Lookup(workloads.ServicePort, "team-a", "named", "8080")).To(Equal("80"))
			Expect(c.Lookup(workloads.ServicePort, "team-a", "named", "9090")).To(Equal("90"))
		})

		It("says that nothing tells the port where that is so, which is not that the service is missing", func() {
			_, err := c.Lookup(workloads.ServicePort, "team-a", "both", "")
			Expect(err).To(MatchError(And(ContainSubstring("team-a/both"), ContainSubstring("80, 443"))))
			Expect(err).NotTo(MatchError(workloads.ErrNotFound))
		})
	})

	DescribeTable("refuses what is no question",
		func(kind workloads.Kind, keys ...string) {
			_, err := c.Lookup(kind, keys...)
			Expect(err).To(MatchError(ContainSubstring("no such question")))
		},
		Entry("of a kind that nobody knows", workloads.Kind("moon_phase"), "full"),
		Entry("with too few keys", workloads.ServiceUID, "team-a"),
	)
})
