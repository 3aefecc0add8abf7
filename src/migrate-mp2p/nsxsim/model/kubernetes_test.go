package model_test

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"

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

// smallest is the world of most tests; they do not change it.
var smallest = sync.OnceValue(func() *model.World { return kubernetes(model.Options{}) })

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

// createdIn are the objects that NCP of a cluster made in a collection or below it.
func createdIn(world *model.World, cluster, collection string) []model.Object {
	GinkgoHelper()
	return slices.DeleteFunc(world.In(collection), func(object model.Object) bool {
		tags, err := object.Tags()
		Expect(err).NotTo(HaveOccurred())
		return !model.Created(tags, cluster)
	})
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
		Expect(kubernetes(model.Options{})).To(Equal(smallest()))
		other, err := model.Kubernetes(1, 2, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		Expect(other).NotTo(Equal(smallest()))
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
		Expect(sum(4)).To(BeNumerically("~", 4*small, small/2))
	})

	It("holds, made by NCP, so many of each kind", func() {
		const namespaces, networks, pods, policies = 2 + 7, 2 + 7 + 3, 2*4 + 7*40, 7
		Expect(countKinds(smallest(), cluster)).To(Equal(map[string]int{
			"LogicalRouter": namespaces + 1, "LogicalRouterLinkPortOnTIER0": namespaces + 1, "LogicalRouterLinkPortOnTIER1": namespaces + 1,
			"LogicalRouterDownLinkPort": networks, "LogicalSwitch": networks, "IpPool": networks, "IpBlockSubnet": networks, "NatRule": networks,
			"LogicalPort": networks + pods, "SpoofGuardSwitchingProfile": 1, "QosSwitchingProfile": 1,
			"FirewallSection": 2*policies + 3, "NSGroup": policies, "IPSet": policies + 3 + 1,
			"LbService": 1, "LbVirtualServer": 2 + 5, "LbRule": 2*7 + 2*4, "LbPool": 2*7 + 5, "LbHttpMonitor": 1,
			"LbHttpProfile": 1, "LbFastTcpProfile": 1, "LbFastUdpProfile": 1, "LbCookiePersistenceProfile": 1, "LbSourceIpPersistenceProfile": 1,
			"certificate_self_signed": 1 + 4, "certificate_ca": 1, "Crl": 1,
		}))
	})

	It("puts all namespaces on one Tier-1 when told so, and addresses are translated there", func() {
		world := kubernetes(model.Options{SharedTier1: true})
		Expect(countKinds(world, cluster)).To(HaveKeyWithValue("LogicalRouter", 1))
		router := createdIn(world, cluster, "logical-routers")[0]
		Expect(body(router)).To(HaveKey("edge_cluster_id"))
		Expect(createdIn(world, cluster, "logical-routers/"+router.ID+"/nat/rules")).To(HaveLen(countKinds(world, cluster)["NatRule"]))
	})

	It("leads external addresses to ingress controllers when told so", func() {
		translated := map[string]int{}
		for _, rule := range createdIn(kubernetes(model.Options{Rare: true}), cluster, "logical-routers") {
			translated[text(body(rule), "action")]++
		}
		Expect(translated).To(HaveKeyWithValue("DNAT", 4))
	})

	It("is made by NCP's identity alone, and leaves room for the tags that Policy mode adds to ports", func() {
		world := smallest()
		most := 0
		objects, err := world.CreatedBy(cluster)
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			Expect(text(body(object), "_create_user")).To(Equal(cluster + "-ncp"))
			tags := tagsOf(object)
			most = max(most, len(tags))
			for scope, tag := range tags {
				Expect(len(scope)).To(BeNumerically("<=", 128))
				Expect(len(tag)).To(BeNumerically("<=", 256))
			}
		}
		Expect(most).To(Equal(26))
	})

	It("gives no two objects of a kind the same name", func() {
		seen := map[string]bool{}
		objects, err := kubernetes(model.Options{Rare: true}).CreatedBy(cluster)
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			key := text(body(object), "resource_type") + " " + text(body(object), "display_name")
			Expect(seen).NotTo(HaveKey(key))
			seen[key] = true
		}
	})

	It("lists the administrator's resources that NCP's configuration names", func() {
		kinds := map[string]int{}
		for _, shared := range smallest().Shared {
			kinds[shared.Kind]++
		}
		Expect(kinds).To(Equal(map[string]int{"TIER0": 1, "IPBLOCK": 2, "IPPOOL": 2, "LB_CLIENT_SSL_PROFILE": 1}))
	})

	It("allocates every external address once, in the pool that the tags name", func() {
		world := kubernetes(model.Options{Rare: true})
		wanted := map[string]bool{}
		objects, err := world.CreatedBy(cluster)
		Expect(err).NotTo(HaveOccurred())
		for _, object := range objects {
			tags := tagsOf(object)
			if ip := tags["ncp/snat_ip"]; ip != "" {
				wanted[tags["ncp/extpoolid"]+"/allocations/"+ip] = true
			}
			if pool := tags["ext_pool_id"]; pool != "" {
				wanted[pool+"/allocations/"+text(body(object), "ip_address")] = true
			}
		}
		Expect(wanted).To(HaveLen(9 + 1 + 4 + 1 + 4)) // namespaces and that of the controllers, those, ingress, services
		allocated := map[string]int{}
		for _, object := range world.In("pools/ip-pools") {
			allocated[strings.TrimPrefix(object.Collection, "pools/ip-pools/")+"/"+object.ID]++
		}
		for key := range wanted {
			Expect(allocated).To(HaveKeyWithValue(key, 1))
		}
	})

	DescribeTable("leads every reference to an object of the same world", func(options model.Options) {
		Expect(inspect(kubernetes(options), cluster).Inconsistencies).To(BeEmpty())
	},
		Entry("by default", model.Options{}),
		Entry("with one Tier-1 for all namespaces", model.Options{SharedTier1: true}),
		Entry("with ingress controllers behind NAT", model.Options{Rare: true}),
	)
})
