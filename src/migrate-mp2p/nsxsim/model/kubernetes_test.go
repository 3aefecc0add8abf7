package model_test

import (
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// kubernetes makes a world of the smallest scale.
func kubernetes(options model.Options) *model.World {
	GinkgoHelper()
	world, err := model.Kubernetes(1, 1, options)
	Expect(err).NotTo(HaveOccurred())
	return world
}

// countKinds counts the objects that NCP of a cluster made, by resource type.
func countKinds(world *model.World, cluster string) map[string]int {
	GinkgoHelper()
	objects, err := world.CreatedBy(cluster)
	Expect(err).NotTo(HaveOccurred())
	kinds := map[string]int{}
	for _, object := range objects {
		kinds[text(body(object), "resource_type")]++
	}
	return kinds
}

// inspect loads a world into a store and judges the named cluster in it.
func inspect(world *model.World, cluster string) *check.Report {
	GinkgoHelper()
	st := store.New(1)
	Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
	report, err := check.Inspect(st, cluster)
	Expect(err).NotTo(HaveOccurred())
	return report
}

func body(object model.Object) map[string]any {
	GinkgoHelper()
	var decoded map[string]any
	Expect(json.Unmarshal(object.Body, &decoded)).To(Succeed())
	return decoded
}

func text(body map[string]any, name string) string {
	value, _ := body[name].(string)
	return value
}

var _ = Describe("model kubernetes", func() {
	const cluster = "k8scluster"

	It("is byte-identical for the same seed and differs for another", func() {
		first := kubernetes(model.Options{})
		Expect(kubernetes(model.Options{})).To(Equal(first))
		other, err := model.Kubernetes(1, 2, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		Expect(other).NotTo(Equal(first))
	})

	It("holds about 500 objects that NCP made, and grows in proportion", func() {
		sum := func(scale int) int {
			world, err := model.Kubernetes(scale, 1, model.Options{})
			Expect(err).NotTo(HaveOccurred())
			total := 0
			for _, n := range countKinds(world, cluster) {
				total += n
			}
			return total
		}
		small := sum(1)
		Expect(small).To(BeNumerically("~", 500, 50))
		Expect(sum(10)).To(BeNumerically("~", 10*small, small))
	})

	DescribeTable("leads every reference to an object of the same world", func(options model.Options) {
		Expect(inspect(kubernetes(options), cluster).Inconsistencies).To(BeEmpty())
	},
		Entry("by default", model.Options{}),
		Entry("with one Tier-1 for all namespaces", model.Options{SharedTier1: true}),
		Entry("with ingress controllers behind NAT", model.Options{Rare: true}),
	)
})
