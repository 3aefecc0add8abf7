package check_test

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("NCP's readiness on Kubernetes", func() {
	// server is a virtual server with certain tags on both sides.
	server := func(managerTags []any, name string, policyTags ...string) []string {
		GinkgoHelper()
		return rows(tiny("loadbalancer/virtual-servers", "LbVirtualServer", "/infra/lb-virtual-servers/p", "LBVirtualServer",
			object{"tags": managerTags}, object{"display_name": name, "tags": tags(append([]string{"ncp/version", "1.2.0"}, policyTags...)...)}))
	}
	service := tags("ncp/service", "web")
	ingress := tags("ncp/lb_vs_type", "http")

	It("demands of a service's virtual server what NCP knows services by", func() {
		Expect(server(service, "web")).To(ConsistOf("service of a virtual server"))
		Expect(server(service, "web", "ncp/service_uid", "u1", "external_id", "u2", "ncp/lb_vs_type", "layer_4", "ncp/created_for", "SLB", "ncp/service_port_protocol", "TCP")).
			To(ConsistOf("service of a virtual server"), "two different uids")
		Expect(server(service, "web", "ncp/service_uid", "u1", "external_id", "u1", "ncp/lb_vs_type", "layer_4", "ncp/created_for", "SLB", "ncp/service_port_protocol", "TCP")).
			To(BeEmpty())
	})

	It("demands of an ingress's virtual server its owner and its name", func() {
		Expect(server(ingress, "c-http")).To(ConsistOf("owner of an ingress's virtual server", "name of an ingress's virtual server"))
		Expect(server(ingress, "c_http", "ncp/created_for", "INGRESS", "external_id", "u1")).To(ConsistOf("owner of an ingress's virtual server"), "not the cluster's uid")
		Expect(server(ingress, "c_http", "ncp/created_for", "INGRESS", "external_id", clusterUIDs["c"])).To(BeEmpty())
		Expect(server(append(tags("ncp/project", "ns"), ingress...), "ns_http", "ncp/created_for", "INGRESS", "external_id", "u1")).To(BeEmpty(), "for one namespace")
	})

	It("demands the uid of a pool's service only where a virtual server of a service leads to it", func() {
		pool := func(serverTags []any, policyTags ...string) []string {
			GinkgoHelper()
			st := tiny("loadbalancer/pools", "LbPool", "/infra/lb-pools/p", "LBPool",
				object{"tags": service}, object{"tags": tags(append([]string{"ncp/version", "1.2.0"}, policyTags...)...)})
			put(st, "loadbalancer/virtual-servers/v", object{"id": "v", "resource_type": "LbVirtualServer", "pool_id": "m", "tags": serverTags})
			return rows(st)
		}
		Expect(pool(ingress)).To(ConsistOf("service of a pool"))
		Expect(pool(ingress, "ncp/service_port", "80", "ncp/created_for", "INGRESS")).To(BeEmpty())
		Expect(pool(service, "ncp/service_port", "80", "ncp/created_for", "SLB")).To(ConsistOf("service of a pool"))
		Expect(pool(service, "ncp/service_port", "80", "ncp/created_for", "SLB", "ncp/service_uid", "u1", "external_id", "u1", "ncp/service_port_protocol", "TCP")).To(BeEmpty())
	})

	It("demands the uid of the service that uses an address", func() {
		address := func(policyTags ...string) []string {
			GinkgoHelper()
			st := tiny("loadbalancer/virtual-servers", "LbVirtualServer", "/infra/lb-virtual-servers/p", "LBVirtualServer",
				object{"ip_address": "1.2.3.4", "tags": append(tags("ext_pool_id", "pool"), service...)},
				object{"tags": tags("ncp/version", "1.2.0", "ncp/ip_pool_id", "outside", "ncp/service_uid", "u1", "external_id", "u1",
					"ncp/lb_vs_type", "layer_4", "ncp/created_for", "SLB", "ncp/service_port_protocol", "TCP")})
			put(st, "pools/ip-pools/pool", object{"id": "pool", "resource_type": "IpPool", "tags": tags("policyPath", "/infra/ip-pools/outside")})
			put(st, "pools/ip-pools/pool/allocations/1.2.3.4", object{"allocation_id": "1.2.3.4"})
			put(st, "/infra/ip-pools/outside/ip-allocations/a", object{"id": "a", "allocation_ip": "1.2.3.4", "tags": tags(policyTags...)})
			return rows(st)
		}
		base := []string{"ncp/cluster", "c", "ncp/version", "1.2.0", "ncp/created_for", "l4_service"}
		Expect(address(base...)).To(ConsistOf("service of an address"))
		Expect(address(append(base, "ncp/service_uid", "u1")...)).To(BeEmpty())
	})

	It("demands that all objects of a project name one uid", func() {
		policy := object{"tags": tags("ncp/version", "1.2.0", "ncp/project", "ns", "ncp/project_uid", "u1")}
		st := tiny("ns-groups", "NSGroup", "/infra/domains/default/groups/p", "Group", object{}, policy)
		put(st, "ns-groups/m2", object{"id": "m2", "resource_type": "NSGroup", "_create_user": "nsx_policy",
			"tags": tags("ncp/cluster", "c", "ncp/version", "1.1.0", "policyPath", "/infra/domains/default/groups/p2")})
		put(st, "/infra/domains/default/groups/p2", object{"id": "p2", "resource_type": "Group", "unique_id": "m2",
			"tags": tags("ncp/cluster", "c", "ncp/version", "1.2.0", "ncp/project", "ns", "ncp/project_uid", "u2")})
		Expect(rows(st)).To(ConsistOf("one uid for each project"))
	})
})

var _ = Describe("a generated cluster in Policy mode", func() {
	DescribeTable("is all Policy, and has everything that NCP expects",
		func(build func(int, int64, model.Options) (*model.World, error), name string) {
			world, err := build(1, 1, model.Options{PolicyCluster: name})
			Expect(err).NotTo(HaveOccurred())
			report := inspect(loaded(world), name)
			Expect(report.Platform).To(Equal(world.Foundations[0].Platform))
			Expect(report.Inconsistencies).To(BeEmpty())
			Expect(report.AllPolicy()).To(BeTrue(), "%+v", report.NCP)
			Expect(report.NotReady).To(BeEmpty())
		},
		Entry("on TAS", model.TAS, "done"), Entry("on Kubernetes", model.Kubernetes, "done"), Entry("on TKGI", model.TKGI, "pks-done"),
	)
})

var _ = Describe("a cluster of TKGI", func() {
	var st *store.Store
	var world *model.World

	BeforeEach(func() {
		var err error
		world, err = model.TKGI(1, 1, model.Options{Cluster: "pks-c"})
		Expect(err).NotTo(HaveOccurred())
		st = loaded(world)
	})

	It("is counted apart from the network of its nodes", func() {
		report := inspect(st, "pks-c")
		Expect(report.Platform).To(Equal("tkgi"))
		Expect(report.AllManager()).To(BeTrue())
		created, err := world.CreatedBy("pks-c")
		Expect(err).NotTo(HaveOccurred())
		Expect(report.NCP.Manager).To(BeNumerically(">", len(created)), "with its addresses")
		Expect(report.NodeNetwork.Manager).To(Equal(11), "router, three router ports, switch, its port and three nodes, subnet and SNAT rule")
		Expect(inspect(st, world.Foundations[1].Name).NodeNetwork.Manager).To(Equal(11))
	})

	// back makes an object one of Manager mode again.
	back := func(st *store.Store, key string) {
		GinkgoHelper()
		Expect(st.Update(func(tx *store.Tx) error {
			o, found := tx.Manager().Get(key)
			Expect(found).To(BeTrue(), key)
			path, _ := o.Tag("policyPath")
			return tx.Policy().Delete(path)
		})).To(Succeed())
		edit(st, key, func(body object) {
			body["tags"] = slices.DeleteFunc(listOf(body["tags"]), func(tag any) bool { return tag.(object)["scope"] == "policyPath" })
			body["_create_user"] = "pks-nsx-t-superuser"
		})
	}
	// ofNodes are the keys of what TKGI made for a cluster, by type.
	ofNodes := func(st *store.Store, cluster string) map[string][]string {
		GinkgoHelper()
		found := map[string][]string{}
		Expect(st.View(func(tx *store.Tx) error {
			for o := range tx.Manager().All() {
				if _, tagged := o.Tag("pks/cluster"); tagged && o.HasTag("ncp/cluster", cluster) {
					found[o.ResourceType] = append(found[o.ResourceType], o.Key)
				}
			}
			return nil
		})).To(Succeed())
		return found
	}

	It("is not ready while anything of the network of its nodes stays behind", func() {
		a := onTKGI()
		all := ofNodes(a.copy(), "pks-shop")
		Expect(inspect(a.copy(), "pks-shop").Ready()).To(BeTrue())
		Expect(all).To(And(HaveLen(8), HaveKey("LogicalRouter"), HaveKey("LogicalRouterLinkPortOnTIER0"), HaveKey("LogicalRouterLinkPortOnTIER1"),
			HaveKey("LogicalRouterDownLinkPort"), HaveKey("LogicalSwitch"), HaveKey("LogicalPort"), HaveKey("IpBlockSubnet"), HaveKey("NatRule")))
		for resourceType, keys := range all {
			for _, key := range keys {
				moved := a.copy()
				back(moved, key)
				report := inspect(moved, "pks-shop")
				Expect(report.NotReady).To(ConsistOf(And(HaveField("Row", "network of the nodes"), HaveField("Path", key))), resourceType)
				Expect(report.NodeNetwork.Manager).To(Equal(1))
			}
		}
	})

	It("is not ready while the floating address of its nodes stays behind", func() {
		a := onTKGI()
		moved := a.copy()
		ip := tagAt(moved, ofNodes(moved, "pks-shop")["NatRule"][0], "pks/floating_ip")
		Expect(moved.Update(func(tx *store.Tx) error {
			for _, o := range tx.Policy().ByType("IpAddressAllocation") {
				if strings.HasSuffix(o.Key, "/"+ip) {
					return tx.Policy().Delete(o.Key)
				}
			}
			return nil
		})).To(Succeed())
		Expect(inspect(moved, "pks-shop").NotReady).To(ConsistOf(
			And(HaveField("Row", "network of the nodes"), HaveField("Path", HaveSuffix("/allocations/"+ip)))))
	})

	It("is not brought back while the network of its nodes is Policy", func() {
		nodes := ofNodes(st, "pks-c")
		for _, resourceType := range []string{"LogicalRouter", "LogicalSwitch", "IpBlockSubnet", "NatRule"} {
			key := nodes[resourceType][0]
			edit(st, key, func(body object) {
				body["tags"] = append(listOf(body["tags"]), tags("policyPath", "/infra/promoted/n")...)
				body["_create_user"] = "nsx_policy"
			})
			put(st, "/infra/promoted/n", object{"id": "n"})
			report := inspect(st, "pks-c")
			Expect(report.Inconsistencies).To(BeEmpty())
			Expect(report.OK()).To(BeFalse(), resourceType)
			var text strings.Builder
			Expect(report.WriteText(&text)).To(Succeed())
			Expect(text.String()).To(HaveSuffix("verdict: mixed: the cluster is Manager, of its nodes' network some is Policy\n"))
			back(st, key)
			Expect(inspect(st, "pks-c").OK()).To(BeTrue())
		}
	})

	DescribeTable("has no part in what is not its own", func(named ...string) {
		moved := onTKGI().copy()
		before := inspect(moved, "pks-shop")
		put(moved, "logical-switches/n", object{"id": "n", "resource_type": "LogicalSwitch", "tags": tags(named...)})
		report := inspect(moved, "pks-shop")
		Expect(report.NodeNetwork).To(Equal(before.NodeNetwork))
		Expect(report.NCP).To(Equal(before.NCP))
		Expect(report.Ready()).To(BeTrue())
	},
		Entry("the nodes of another cluster", "ncp/cluster", "pks-other", "pks/cluster", "other"),
		Entry("those of one whose name begins alike", "ncp/cluster", "pks-shop-2", "pks/cluster", "shop-2"),
		Entry("what both call their own", "ncp/cluster", "pks-shop", "pks/cluster", "other"),
		Entry("and the other way round", "ncp/cluster", "pks-other", "pks/cluster", "shop"),
		Entry("an administrator's", "ncp/cluster", "pks-shop"),
	)

	It("has a part in what one page of TKGI's tags otherwise", func() {
		moved := onTKGI().copy()
		put(moved, "logical-switches/n", object{"id": "n", "resource_type": "LogicalSwitch", "tags": tags("ncp/cluster", "pks-shop", "pks/clusters", "shop")})
		Expect(inspect(moved, "pks-shop").NotReady).To(ConsistOf(HaveField("Path", "logical-switches/n")))
	})

	It("leaves the network of the other cluster's nodes where it is", func() {
		a := onTKGI()
		other := inspect(a.copy(), a.world.Foundations[1].Name)
		Expect(other.NodeNetwork).To(And(HaveField("Manager", 11), HaveField("Policy", 0)))
		Expect(inspect(a.copy(), "pks-shop").NodeNetwork).To(And(HaveField("Manager", 0), HaveField("Policy", 11)))
	})
})
