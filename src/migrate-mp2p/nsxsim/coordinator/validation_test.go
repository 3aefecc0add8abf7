package coordinator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// wired is a Tier-1 with a switch below it, a rule of each kind and a DHCP server: one
// object of everything whose batches carry metadata or linked ids.
func wired() *store.Store {
	GinkgoHelper()
	st := bare(map[string]object{
		"logical-routers/t0": {"resource_type": "LogicalRouter", "router_type": "TIER0"},
		"logical-routers/t1": {"resource_type": "LogicalRouter", "router_type": "TIER1"},
		"logical-router-ports/down": {
			"resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t1",
			"linked_logical_switch_port_id": object{"target_id": "up"}, "subnets": []any{object{"ip_addresses": []any{"10.1.0.1"}, "prefix_length": 24}},
		},
		"logical-router-ports/uplink":                  {"resource_type": "LogicalRouterUpLinkPort", "logical_router_id": "t0"},
		"logical-routers/t1/routing/static-routes/way": {"resource_type": "StaticRoute", "network": "10.9.0.0/16", "next_hops": []any{object{"ip_address": "10.1.0.9", "administrative_distance": 2}}},
		"logical-switches/net":                         {"resource_type": "LogicalSwitch", "display_name": "net"},
		"logical-ports/up": {
			"resource_type": "LogicalPort", "logical_switch_id": "net", "attachment": object{"attachment_type": "LOGICALROUTER", "id": "down"}},
		"logical-ports/vm": {
			"resource_type": "LogicalPort", "logical_switch_id": "net", "attachment": object{"attachment_type": "VIF", "id": "vif"}},
		"logical-ports/lease": {
			"resource_type": "LogicalPort", "logical_switch_id": "net", "attachment": object{"attachment_type": "DHCP_SERVICE", "id": "dhcp"}},
		"logical-ports/meta": {
			"resource_type": "LogicalPort", "logical_switch_id": "net", "attachment": object{"attachment_type": "METADATA_PROXY", "id": "proxy"}},
		"dhcp/server-profiles/edges": {"resource_type": "DhcpProfile", "edge_cluster_id": "cluster"},
		"dhcp/servers/dhcp": {
			"resource_type": "LogicalDhcpServer", "dhcp_profile_id": "edges", "ipv4_dhcp_server": object{"dhcp_server_ip": "10.1.0.2/24"}},
		"dhcp/servers/dhcp/static-bindings/fix": {
			"resource_type": "DhcpStaticBinding", "ip_address": "10.1.0.7", "mac_address": "00:50:56:00:00:01", "gateway_ip": "10.1.0.1"},
		"md-proxies/proxy": {
			"resource_type": "MetadataProxy", "metadata_server_url": "https://10.2.0.1:8775", "secret": "hush", "edge_cluster_id": "cluster",
			"metadata_server_ca_ids": []any{"ca"}},
		"trust-management/certificates/ca":         {"resource_type": "certificate_ca", "pem_encoded": "pem"},
		"logical-routers/t1/nat/rules/nat":         {"resource_type": "NatRule", "logical_router_id": "t1", "action": "SNAT", "translated_network": "1.2.3.4"},
		"firewall/sections/wall":                   {"resource_type": "FirewallSection", "section_type": "LAYER3"},
		"firewall/sections/wall/rules/1001":        {"resource_type": "FirewallRule", "action": "ALLOW"},
		"ns-groups/group":                          {"resource_type": "NSGroup"},
		"ip-sets/set":                              {"resource_type": "IPSet"},
		"loadbalancer/monitors/monitor":            {"resource_type": "LbTcpMonitor"},
		"pools/ip-pools/pool":                      {"resource_type": "IpPool"},
		"pools/ip-pools/pool/allocations/10.3.0.1": {"allocation_id": "10.3.0.1"},
	})
	const edges = "/infra/sites/default/enforcement-points/default/edge-clusters/cluster"
	Expect(st.Update(func(tx *store.Tx) error {
		_, err := tx.Policy().PutFields(edges, object{"id": "cluster", "resource_type": "PolicyEdgeCluster", "path": edges})
		return err
	})).To(Succeed())
	return st
}

// router is the batch with all metadata that the wired Tier-1's ports need.
func router() batch {
	return batch{"TIER1_LOGICAL_ROUTER_PORT", []resource{{ManagerID: "t1", Metadata: []pair{
		{"localeServiceId", "t1-0"}, {"down", "net"}, {"way", "10.9.0.0_16"}}}}}
}

var _ = Describe("the validation of a batch", func() {
	// judged starts a workflow on a state and returns the details of the pre-check; they
	// are empty when it succeeds.
	judged := func(st *store.Store, options coordinator.Options, b batch, nsxVersion string) string {
		GinkgoHelper()
		n := serve(st, options, version(nsxVersion))
		n.initiate()
		precheck := n.check(b)
		rows := []any{}
		feedback := nsxVersion >= "3.2" // older ones only have the details
		if feedback {
			rows = n.ok("GET", migration+"mp-to-policy/feedback", nil)["results"].([]any)
		}
		if precheck.Status == "SUCCESS" {
			Expect(rows).To(BeEmpty())
			return ""
		}
		Expect(precheck.Details).NotTo(BeEmpty())
		if feedback {
			Expect(rows).To(ContainElement(HaveKeyWithValue("type", b.kind)))
		}
		return precheck.Details
	}

	DescribeTable("knows the metadata and linked ids of each type", func(b batch, refused string) {
		details := judged(wired(), coordinator.Options{}, b, "4.1.1")
		if refused == "" {
			Expect(details).To(BeEmpty())
		} else {
			Expect(details).To(ContainSubstring(refused))
		}
	},
		Entry("a sequence for NAT", batch{"NAT", []resource{{"nat", "", []pair{{"SEQUENCE_NUMBER", "7"}}, []pair{{"TIER1", "t1"}}}}}, ""),
		Entry("a sequence for NAT that is no number", batch{"NAT", []resource{{"nat", "", []pair{{"SEQUENCE_NUMBER", "x"}}, []pair{{"TIER1", "t1"}}}}}, "not a number"),
		Entry("an unknown key for NAT", batch{"NAT", []resource{{"nat", "", []pair{{"sequence", "7"}}, []pair{{"TIER1", "t1"}}}}}, `key "sequence"`),
		Entry("an unknown linked id for NAT", batch{"NAT", []resource{{"nat", "", nil, []pair{{"TIER1", "t1"}, {"ROUTER", "t1"}}}}}, `key "ROUTER"`),
		Entry("a router's ports, routes and locale service", router(), ""),
		Entry("a port that the router does not have",
			batch{"TIER1_LOGICAL_ROUTER_PORT", []resource{{"t1", "", []pair{{"uplink", "net"}}, nil}}}, `key "uplink"`),
		Entry("a DHCP binding of the switch", batch{"LOGICAL_SWITCH", []resource{{"net", "", []pair{{"v4-static-bindingfix", "b"}}, nil}}}, ""),
		Entry("a DHCP binding that there is not",
			batch{"LOGICAL_SWITCH", []resource{{"net", "", []pair{{"v4-static-bindingno", "b"}}, nil}}}, `static binding "no"`),
		Entry("an unknown key for a switch", batch{"LOGICAL_SWITCH", []resource{{"net", "", []pair{{"subnet", "b"}}, nil}}}, `key "subnet"`),
		Entry("binding maps of a port", batch{"LOGICAL_PORT", []resource{{"vm", "", []pair{{"discovery-profile-binding-maps-id", "d"}}, nil}}}, ""),
		Entry("an unknown key for a port", batch{"LOGICAL_PORT", []resource{{"vm", "", []pair{{"ipfix", "d"}}, nil}}}, `key "ipfix"`),
		Entry("all that a section may say", batch{"DFW_SECTION", []resource{{"wall", "", []pair{{"category", "Application"}, {"sequence", "1"}, {"domain", "default"}},
			[]pair{{"1001", "1"}, {"1001-policyid", "one"}}}}}, ""),
		Entry("a section's sequence that is no number", batch{"DFW_SECTION", []resource{{"wall", "", []pair{{"sequence", "first"}}, nil}}}, "not a number"),
		Entry("another domain", batch{"DFW_SECTION", []resource{{"wall", "", []pair{{"domain", "tas1"}}, nil}}}, `domain "tas1"`),
		Entry("a rule of another section", batch{"DFW_SECTION", []resource{{"wall", "", nil, []pair{{"1002", "1"}}}}}, `"1002" names no rule`),
		Entry("a rule's sequence that is no number", batch{"DFW_SECTION", []resource{{"wall", "", nil, []pair{{"1001", "one"}}}}}, "not a number"),
		Entry("a rule's id that is none", batch{"DFW_SECTION", []resource{{"wall", "", nil, []pair{{"1001-policyid", "a/b"}}}}}, "not a valid id"),
		Entry("a rule's id beyond ASCII", batch{"DFW_SECTION", []resource{{"wall", "", nil, []pair{{"1001-policyid", "ä"}}}}}, "not a valid id"),
		Entry("a DHCP binding's id with a blank", batch{"LOGICAL_SWITCH", []resource{{"net", "", []pair{{"v4-static-bindingfix", "b c"}}, nil}}}, "not a valid id"),
		Entry("a locale service's id with a slash", batch{"TIER1_LOGICAL_ROUTER_PORT", []resource{{"t1", "", []pair{{"localeServiceId", "t/1"}}, nil}}}, "not a valid id"),
		Entry("a key for a group", batch{"NS_GROUP", []resource{{"group", "", []pair{{"category", "Application"}}, nil}}}, `key "category"`),
		Entry("a linked id for a monitor", batch{"LB_MONITOR", []resource{{"monitor", "", nil, []pair{{"LB_POOL", "x"}}}}}, `key "LB_POOL"`),
		Entry("any key where nobody knows what NSX wants", batch{"IP_SET", []resource{{"set", "", []pair{{"anything", "x"}}, []pair{{"else", "y"}}}}}, ""),
		Entry("a policy id beyond ASCII", batch{"IP_SET", []resource{{"set", "組織-1", nil, nil}}}, `policy_id "組織-1"`),
		Entry("a policy id with a blank", batch{"IP_SET", []resource{{"set", "a b", nil, nil}}}, `policy_id "a b"`),
		Entry("a policy id that is too long", batch{"IP_SET", []resource{{"set", strings.Repeat("x", 256), nil, nil}}}, "256 characters"),
		Entry("a policy id that is a path", batch{"IP_SET", []resource{{"set", "a/b", nil, nil}}}, `policy_id "a/b"`),
		Entry("an address whose pool is linked", batch{"IPPOOL_ALLOCATION", []resource{{"10.3.0.1", "", nil, []pair{{"IPPOOL", "pool"}}}}}, ""),
	)

	It("takes Policy ids that no path can name when told so, and can roll them back", func() {
		st, sets := someSets()
		sets.resources[0].PolicyID = "組織-1"
		n := serve(st, coordinator.Options{UnfitIDs: true}, func(o *nsxsim.Options) { o.UnfitIDs = true })
		n.initiate()
		n.promote(sets)
		Expect(tag(n.manager("ip-sets/a"), "policyPath")).To(Equal("/infra/domains/default/groups/組織-1"))
		Expect(n.refused(http.StatusBadRequest, "GET", "/policy/api/v1/infra/domains/default/groups/"+url.PathEscape("組織-1"), nil)).To(ContainSubstring("printable ASCII"))
		n.rollback(sets)
		Expect(tag(n.manager("ip-sets/a"), "policyPath")).To(BeEmpty())
	})

	DescribeTable("refuses two objects that claim one place in Policy", func(kind, first, second, collection string, body object) {
		st := wired()
		put(st, map[string]object{collection + "/" + second: body})
		linked := []pair(nil)
		if kind == "NAT" {
			linked = []pair{{"TIER1", "t1"}}
		}
		Expect(judged(st, coordinator.Options{}, batch{kind, []resource{{first, "same", nil, linked}, {second, "same", nil, linked}}}, "4.1.1")).
			To(ContainSubstring("policy_id same is wanted by " + first))
	},
		Entry("of one list", "NS_GROUP", "group", "other", "ns-groups", object{"resource_type": "NSGroup"}),
		Entry("on one switch", "LOGICAL_PORT", "vm", "other", "logical-ports", object{"resource_type": "LogicalPort", "logical_switch_id": "net"}),
		Entry("on one router", "NAT", "nat", "other", "logical-routers/t1/nat/rules", object{"resource_type": "NatRule", "logical_router_id": "t1"}),
	)

	It("lets ports of two switches have the same id", func() {
		st := wired()
		put(st, map[string]object{
			"logical-switches/net2": {"resource_type": "LogicalSwitch"},
			"logical-ports/other":   {"resource_type": "LogicalPort", "logical_switch_id": "net2"},
		})
		Expect(judged(st, coordinator.Options{}, batch{"LOGICAL_PORT", []resource{{"vm", "same", nil, nil}, {"other", "same", nil, nil}}}, "4.1.1")).To(BeEmpty())
	})

	DescribeTable("refuses what CONSUMER mode cannot migrate", func(objects map[string]object, b batch, text string) {
		st := wired()
		Expect(judged(st, coordinator.Options{}, b, "4.1.1")).To(BeEmpty(), "without it")
		st = wired()
		put(st, objects)
		Expect(judged(st, coordinator.Options{}, b, "4.1.1")).To(ContainSubstring(text))
	},
		Entry("DHCP relay on a Tier-1", map[string]object{"logical-router-ports/relay": {"resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t1",
			"service_bindings": []any{object{"service_id": object{"target_id": "r", "target_type": "LogicalService"}}}}}, router(), "DHCP relay"),
		Entry("DHCP relay on a Tier-0", map[string]object{"logical-router-ports/uplink": {"resource_type": "LogicalRouterUpLinkPort", "logical_router_id": "t0",
			"service_bindings": []any{object{"service_id": object{"target_id": "r"}}}}}, one("TIER0_LOGICAL_ROUTER_PORT", "uplink"), "DHCP relay"),
		Entry("VPN on a Tier-0", map[string]object{"vpn/ipsec/services/v": {"resource_type": "IPSecVPNService", "logical_router_id": "t0"}}, one("TIER0", "t0"), "VPN"),
		Entry("VPN on a Tier-1", map[string]object{"vpn/l2vpn/services/v": {"resource_type": "L2VpnService", "logical_router_id": "t1"}}, one("TIER1", "t1"), "VPN"),
		Entry("a layer 2 gateway", map[string]object{"logical-ports/vm": {"resource_type": "LogicalPort", "logical_switch_id": "net",
			"attachment": object{"attachment_type": "BRIDGEENDPOINT", "id": "b"}}}, one("LOGICAL_PORT", "vm"), "layer 2 gateways"),
		Entry("a VPN's port", map[string]object{"logical-ports/vm": {"resource_type": "LogicalPort", "logical_switch_id": "net",
			"attachment": object{"attachment_type": "L2VPN_SESSION", "id": "v"}}}, one("LOGICAL_PORT", "vm"), "VPN"),
		Entry("a section of a router's firewall", map[string]object{"firewall/sections/wall": {"resource_type": "FirewallSection", "section_type": "LAYER3",
			"enforced_on": "LOGICALROUTER"}}, one("DFW_SECTION", "wall"), "enforced on VIFs"),
		Entry("a section of layer 2", map[string]object{"firewall/sections/wall": {"resource_type": "FirewallSection", "section_type": "LAYER2"}},
			one("DFW_SECTION", "wall"), "layer 3"),
		Entry("the default section", map[string]object{"firewall/sections/wall": {"resource_type": "FirewallSection", "section_type": "LAYER3",
			"is_default": true}}, one("DFW_SECTION", "wall"), "without the default one"),
	)

	It("refuses a port of a Tier-1 as one of a Tier-0", func() {
		st := wired()
		put(st, map[string]object{"logical-router-ports/central": {"resource_type": "LogicalRouterCentralizedServicePort", "logical_router_id": "t1"}})
		Expect(judged(st, coordinator.Options{}, one("TIER0_LOGICAL_ROUTER_PORT", "central"), "4.1.1")).To(ContainSubstring("Tier-0"))
	})

	DescribeTable("refuses sections of 1500 rules before NSX 3.1", func(rules int, nsxVersion string, refused bool) {
		objects := map[string]object{"firewall/sections/long": {"resource_type": "FirewallSection", "section_type": "LAYER3"}}
		for i := range rules {
			objects[fmt.Sprintf("firewall/sections/long/rules/%d", i)] = object{"resource_type": "FirewallRule"}
		}
		Expect(judged(bare(objects), coordinator.Options{}, one("DFW_SECTION", "long"), nsxVersion) != "").To(Equal(refused))
	}, Entry("1500 on 3.0", 1500, "3.0", true), Entry("1499 on 3.0", 1499, "3.0", false), Entry("1500 on 3.1", 1500, "3.1", false))

	DescribeTable("limits batches as an option", func(kind string, limit int, nsxVersion string, refused bool) {
		b := batch{kind: kind}
		for i := range limit + 1 {
			b.resources = append(b.resources, resource{ManagerID: fmt.Sprint("x", i)})
		}
		details := judged(bare(nil), coordinator.Options{EnforceLimits: true}, b, nsxVersion)
		text := fmt.Sprintf("%d objects in one request, at most %d", limit+1, limit)
		if refused {
			Expect(details).To(ContainSubstring(text))
		} else {
			Expect(details).NotTo(ContainSubstring(text))
		}
	},
		Entry("of Tier-0s", "TIER0", 1, "4.1.1", true), Entry("of Tier-0 configurations", "TIER0_LOGICAL_ROUTER_CONFIG", 1, "4.1.1", true),
		Entry("of Tier-0 ports", "TIER0_LOGICAL_ROUTER_PORT", 1000, "4.1.1", true), Entry("of Tier-1s", "TIER1", 1000, "4.1.1", true),
		Entry("of Tier-1 ports", "TIER1_LOGICAL_ROUTER_PORT", 1000, "4.1.1", true), Entry("of switches", "LOGICAL_SWITCH", 500, "4.1.1", true),
		Entry("of NAT rules", "NAT", 1500, "4.1.1", true), Entry("of profiles", "QOS_PROFILES", 1500, "4.1.1", true),
		Entry("of groups", "NS_GROUP", 2000, "4.1.1", true), Entry("of sections", "DFW_SECTION", 3000, "4.1.1", true),
		Entry("of certificates", "CERTIFICATE", 1500, "4.1.1", true), Entry("of monitors", "LB_MONITOR", 1500, "4.1.1", true),
		Entry("of pools", "LB_POOL", 1500, "4.1.1", true), Entry("of virtual servers", "LB_VIRTUAL_SERVER", 2000, "4.1.1", true),
		Entry("of DHCP servers", "DHCP_SERVER", 1500, "4.1.1", true),
		Entry("of metadata proxies", "METADATA_PROXY", 1500, "4.1.1", true), Entry("of spoof guards", "SPOOFGUARD_PROFILES", 1500, "4.1.1", true),
		Entry("of MAC profiles", "MACDISCOVERY_PROFILES", 1500, "4.1.1", true), Entry("of security profiles", "SEGMENT_SECURITY_PROFILES", 1500, "4.1.1", true),
		Entry("of discovery profiles", "IPDISCOVERY_PROFILES", 1500, "4.1.1", true), Entry("of load balancer services", "LB_SERVICE", 2000, "4.1.1", true),
		Entry("of application profiles", "LB_APPLICATION_PROFILE", 2000, "4.1.1", true),
		Entry("of persistence profiles", "LB_PERSISTENCE_PROFILE", 2000, "4.1.1", true),
		Entry("of ports, which travel by switch since 3.2", "LOGICAL_PORT", 1500, "3.2", false), Entry("of ports before that", "LOGICAL_PORT", 1500, "3.1", true),
		Entry("of address sets, for which none is known", "IP_SET", 1500, "4.1.1", false),
	)

	It("demands the order of NSX's enumeration as an option, a Tier-1's ports aside", func() {
		n := serve(wired(), coordinator.Options{EnumOrder: true})
		n.initiate()
		n.promote(one("TIER0", "t0"), one("TIER1", "t1"), one("CERTIFICATE", "ca"), one("DHCP_SERVER", "dhcp"), one("METADATA_PROXY", "proxy"))
		n.plan("finish")
		Expect(n.check(one("LOGICAL_SWITCH", "net")).Details).To(ContainSubstring("LOGICAL_SWITCH : type comes before CERTIFICATE"))
		n.plan("abort")
		n.done()
		n.initiate()
		n.promote(one("LOGICAL_SWITCH", "net"), router(), one("NS_GROUP", "group"))
		Expect(n.check(one("IP_SET", "set")).Details).To(ContainSubstring("type comes before NS_GROUP"))
	})
})

var _ = Describe("the services of a switch", func() {
	It("become a DHCP server config and a metadata proxy that the segment names, with its static bindings", func() {
		st := wired()
		before := lasting(st)
		n := serve(st, coordinator.Options{})
		n.initiate()
		batches := []batch{
			one("DHCP_SERVER", "dhcp"), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy"),
			{"LOGICAL_SWITCH", []resource{{"net", "", []pair{{"v4-static-bindingfix", "fixed"}}, nil}}},
		}
		n.promote(batches...)
		Expect(n.policy("/infra/dhcp-server-configs/dhcp")).To(And(
			HaveKeyWithValue("server_addresses", ConsistOf("10.1.0.2/24")), HaveKeyWithValue("edge_cluster_path", HaveSuffix("/edge-clusters/cluster"))))
		Expect(n.policy("/infra/metadata-proxies/proxy")).To(And(
			HaveKeyWithValue("server_address", "https://10.2.0.1:8775"), HaveKeyWithValue("server_certificates", ConsistOf("/infra/certificates/ca"))))
		Expect(n.policy("/infra/segments/net")).To(And(
			HaveKeyWithValue("dhcp_config_path", "/infra/dhcp-server-configs/dhcp"),
			HaveKeyWithValue("metadata_proxy_paths", ConsistOf("/infra/metadata-proxies/proxy"))))
		Expect(n.policy("/infra/segments/net/dhcp-static-binding-configs/fixed")).To(And(
			HaveKeyWithValue("ip_address", "10.1.0.7"), HaveKeyWithValue("gateway_address", "10.1.0.1")))
		Expect(tag(n.manager("dhcp/servers/dhcp/static-bindings/fix"), "policyPath")).To(HaveSuffix("/fixed"))
		expectWritable(st)
		n.rollback(batches...)
		Expect(lasting(st)).To(Equal(before))
	})

	DescribeTable("must be Policy before it", func(missing string) {
		n := serve(wired(), coordinator.Options{})
		n.initiate()
		for kind, id := range map[string]string{"dhcp/servers": "dhcp", "md-proxies": "proxy"} {
			if kind == missing {
				continue
			}
			if kind == "md-proxies" {
				n.promote(one("CERTIFICATE", "ca"), one("METADATA_PROXY", id))
			} else {
				n.promote(one("DHCP_SERVER", id))
			}
		}
		Expect(n.migrate(one("LOGICAL_SWITCH", "net")).Details).To(ContainSubstring(missing))
	}, Entry("its DHCP server", "dhcp/servers"), Entry("its metadata proxy", "md-proxies"))

	It("want the certificates of a metadata proxy before it", func() {
		n := serve(wired(), coordinator.Options{})
		n.initiate()
		Expect(n.migrate(one("METADATA_PROXY", "proxy")).Details).To(ContainSubstring("trust-management/certificates/ca"))
	})

	It("do not travel with the other ports of the switch", func() {
		n := serve(wired(), coordinator.Options{}, version("3.2"))
		n.initiate()
		Expect(n.check(one("LOGICAL_PORT", "vm")).Status).To(Equal("SUCCESS"))
	})
})

var _ = Describe("the profiles of a switch", func() {
	It("leave binding maps on the segment, which go with it", func() {
		st := wired()
		put(st, map[string]object{
			"switching-profiles/spoof": {"resource_type": "SpoofGuardSwitchingProfile"},
			"logical-switches/net2": {"resource_type": "LogicalSwitch", "switching_profile_ids": []any{
				object{"key": "SpoofGuardSwitchingProfile", "value": "spoof"}}},
		})
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(one("SPOOFGUARD_PROFILES", "spoof"), one("LOGICAL_SWITCH", "net2"))
		maps := n.policy("/infra/segments/net2/segment-security-profile-binding-maps")["results"]
		Expect(maps).To(ConsistOf(HaveKeyWithValue("spoofguard_profile_path", "/infra/spoofguard-profiles/spoof")))
		n.rollback(one("LOGICAL_SWITCH", "net2"))
		Expect(st.View(func(tx *store.Tx) error {
			Expect(tx.Policy().Under("/infra/segments/net2")).To(BeEmpty())
			return nil
		})).To(Succeed())
	})
})
