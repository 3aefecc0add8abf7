package coordinator_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// What each type becomes, one object each, where the world of a foundation does not show
// it already.
var _ = Describe("the types of a batch", func() {
	DescribeTable("lead to their place in Policy, under the Manager id unless another is wanted",
		func(kind, collection, resourceType, root string) {
			n := serve(bare(map[string]object{
				collection + "/plain": {"resource_type": resourceType, "section_type": "LAYER3", "display_name": "plain", "tags": []any{object{"scope": "s", "tag": "t"}}},
				collection + "/named": {"resource_type": resourceType, "section_type": "LAYER3", "display_name": "named"},
			}), coordinator.Options{})
			n.initiate()
			n.promote(batch{kind, []resource{{ManagerID: "plain"}, {ManagerID: "named", PolicyID: "wanted"}}})
			Expect(n.policy(root + "/plain")).To(And(HaveKeyWithValue("unique_id", "plain"), HaveKeyWithValue("tags", ConsistOf(object{"scope": "s", "tag": "t"}))))
			Expect(n.policy(root + "/wanted")).To(HaveKeyWithValue("unique_id", "named"))
			Expect(tag(n.manager(collection+"/named"), "policyPath")).To(Equal(root + "/wanted"))
		},
		Entry("IPBLOCK", "IPBLOCK", "pools/ip-blocks", "IpBlock", "/infra/ip-blocks"),
		Entry("IPPOOL", "IPPOOL", "pools/ip-pools", "IpPool", "/infra/ip-pools"),
		Entry("SPOOFGUARD_PROFILES", "SPOOFGUARD_PROFILES", "switching-profiles", "SpoofGuardSwitchingProfile", "/infra/spoofguard-profiles"),
		Entry("MACDISCOVERY_PROFILES", "MACDISCOVERY_PROFILES", "switching-profiles", "MacManagementSwitchingProfile", "/infra/mac-discovery-profiles"),
		Entry("SEGMENT_SECURITY_PROFILES", "SEGMENT_SECURITY_PROFILES", "switching-profiles", "SwitchSecuritySwitchingProfile", "/infra/segment-security-profiles"),
		Entry("QOS_PROFILES", "QOS_PROFILES", "switching-profiles", "QosSwitchingProfile", "/infra/qos-profiles"),
		Entry("IPDISCOVERY_PROFILES", "IPDISCOVERY_PROFILES", "switching-profiles", "IpDiscoverySwitchingProfile", "/infra/ip-discovery-profiles"),
		Entry("LOGICAL_SWITCH", "LOGICAL_SWITCH", "logical-switches", "LogicalSwitch", "/infra/segments"),
		Entry("IP_SET", "IP_SET", "ip-sets", "IPSet", "/infra/domains/default/groups"),
		Entry("NS_GROUP", "NS_GROUP", "ns-groups", "NSGroup", "/infra/domains/default/groups"),
		Entry("CERTIFICATE", "CERTIFICATE", "trust-management/certificates", "certificate_signed", "/infra/certificates"),
		Entry("CRL", "CRL", "trust-management/crls", "Crl", "/infra/crls"),
		Entry("LB_MONITOR", "LB_MONITOR", "loadbalancer/monitors", "LbTcpMonitor", "/infra/lb-monitor-profiles"),
		Entry("LB_POOL", "LB_POOL", "loadbalancer/pools", "LbPool", "/infra/lb-pools"),
		Entry("LB_PERSISTENCE_PROFILE", "LB_PERSISTENCE_PROFILE", "loadbalancer/persistence-profiles", "LbCookiePersistenceProfile", "/infra/lb-persistence-profiles"),
		Entry("LB_APPLICATION_PROFILE", "LB_APPLICATION_PROFILE", "loadbalancer/application-profiles", "LbHttpProfile", "/infra/lb-app-profiles"),
		Entry("LB_SERVICE", "LB_SERVICE", "loadbalancer/services", "LbService", "/infra/lb-services"),
		Entry("LB_CLIENT_SSL_PROFILE", "LB_CLIENT_SSL_PROFILE", "loadbalancer/client-ssl-profiles", "LbClientSslProfile", "/infra/lb-client-ssl-profiles"),
		Entry("LB_VIRTUAL_SERVER", "LB_VIRTUAL_SERVER", "loadbalancer/virtual-servers", "LbVirtualServer", "/infra/lb-virtual-servers"),
		Entry("DFW_SECTION", "DFW_SECTION", "firewall/sections", "FirewallSection", "/infra/domains/default/security-policies"),
		Entry("METADATA_PROXY", "METADATA_PROXY", "md-proxies", "MetadataProxy", "/infra/metadata-proxies"),
	)

	DescribeTable("are spelled as NSX spells them", func(kind string) {
		n := serve(bare(nil), coordinator.Options{})
		n.initiate()
		Expect(n.check(one(kind, "x")).Details).To(ContainSubstring("not supported"))
	}, Entry("IP_BLOCK", "IP_BLOCK"), Entry("IP_POOL", "IP_POOL"), Entry("IPSET", "IPSET"), Entry("NSGROUP", "NSGROUP"),
		Entry("SPOOFGUARD_PROFILE", "SPOOFGUARD_PROFILE"), Entry("LB_POOLS", "LB_POOLS"), Entry("PORT_MIRRORING_PROFILES", "PORT_MIRRORING_PROFILES"))

	It("may come several in one body, and depend on those before", func() {
		n := serve(wired(), coordinator.Options{})
		n.initiate()
		body := object{"migration_data": []any{}}
		for _, b := range []batch{
			one("TIER1", "t1"), one("DHCP_SERVER", "dhcp"), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy"), one("LOGICAL_SWITCH", "net"), one("LOGICAL_PORT", "vm"), router(),
		} {
			body["migration_data"] = append(body["migration_data"].([]any), b.body()["migration_data"].([]any)...)
		}
		n.ok("POST", migration+"mp-to-policy", body)
		n.plan("start")
		n.settle()
		n.plan("continue")
		_, migrated := n.settle()
		Expect(migrated).To(Equal(component{Status: "SUCCESS"}))
		Expect(n.policy("/infra/segments/net")).To(HaveKeyWithValue("connectivity_path", "/infra/tier-1s/t1"))
		Expect(n.policy("/infra/segments/net/ports/vm")).To(HaveKeyWithValue("_create_user", "admin"), "nobody else is named in setup_details")
	})

	It("put a Tier-1's NAT rules below it", func() {
		n := serve(wired(), coordinator.Options{})
		n.initiate()
		n.promote(one("TIER1", "t1"), batch{"NAT", []resource{{ManagerID: "nat", LinkedIDs: []pair{{"TIER1", "t1"}}, Metadata: []pair{{"SEQUENCE_NUMBER", "12"}}}}})
		Expect(n.policy("/infra/tier-1s/t1/nat/USER/nat-rules/nat")).To(And(
			HaveKeyWithValue("sequence_number", BeEquivalentTo(12)), HaveKeyWithValue("firewall_match", "BYPASS")))
		Expect(n.ok("GET", migration+"migrated-resources?resource_type=NAT", nil)["results"]).To(ConsistOf(And(
			HaveKeyWithValue("parent_resource_type", "TIER1"), HaveKeyWithValue("parent_resource_id", "t1"))))
	})

	It("leave a DNAT rule the firewall match that it has", func() {
		st := wired()
		put(st, map[string]object{"logical-routers/t1/nat/rules/dnat": {
			"resource_type": "NatRule", "logical_router_id": "t1", "action": "DNAT", "match_destination_network": "1.2.3.4",
			"translated_network": "10.1.0.7", "translated_ports": "8080", "firewall_match": "MATCH_INTERNAL_ADDRESS", "rule_priority": 3}})
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(one("TIER1", "t1"), batch{"NAT", []resource{{ManagerID: "dnat", LinkedIDs: []pair{{"TIER1", "t1"}}}}})
		Expect(n.policy("/infra/tier-1s/t1/nat/USER/nat-rules/dnat")).To(And(
			HaveKeyWithValue("action", "DNAT"), HaveKeyWithValue("firewall_match", "MATCH_INTERNAL_ADDRESS"), HaveKeyWithValue("sequence_number", BeEquivalentTo(3)),
			HaveKeyWithValue("destination_network", "1.2.3.4"), HaveKeyWithValue("translated_ports", "8080")))
	})

	It("make a Tier-1's centralized port an interface of the locale service that metadata name", func() {
		st := wired()
		put(st, map[string]object{
			"logical-routers/t1": {"resource_type": "LogicalRouter", "router_type": "TIER1", "edge_cluster_id": "cluster"},
			"logical-router-ports/central": {"resource_type": "LogicalRouterCentralizedServicePort", "logical_router_id": "t1",
				"subnets":                       []any{object{"ip_addresses": []any{"10.5.0.1"}, "prefix_length": 28}},
				"linked_logical_switch_port_id": object{"target_id": "central"}},
			"logical-switches/services": {"resource_type": "LogicalSwitch"},
			"logical-ports/central":     {"resource_type": "LogicalPort", "logical_switch_id": "services"},
		})
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(one("TIER1", "t1"), one("DHCP_SERVER", "dhcp"), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy"), one("LOGICAL_SWITCH", "net"))
		ports := router()
		ports.resources[0].Metadata[0].Value = "edge-0"
		Expect(n.migrate(ports).Details).To(ContainSubstring("switch behind router port central"))
		n.plan("abort")
		n.promote(one("LOGICAL_SWITCH", "services"), ports)
		Expect(n.policy("/infra/tier-1s/t1/locale-services/edge-0/interfaces/central")).To(And(
			HaveKeyWithValue("segment_path", "/infra/segments/services"),
			HaveKeyWithValue("subnets", ConsistOf(object{"ip_addresses": []any{"10.5.0.1"}, "prefix_len": 28.0}))))
		Expect(n.policy("/infra/tier-1s/t1/static-routes/10.9.0.0_16")).To(And(HaveKeyWithValue("network", "10.9.0.0/16"),
			HaveKeyWithValue("next_hops", ConsistOf(object{"ip_address": "10.1.0.9", "admin_distance": 2.0}))))
		expectWritable(st)
	})

	It("take a router that was Policy before for one that is migrated, but not for its ports", func() {
		st := wired()
		put(st, map[string]object{"logical-router-ports/uplink": {"resource_type": "LogicalRouterUpLinkPort", "logical_router_id": "t0"}})
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(one("TIER0", "t0"))
		n.done()
		n.initiate()
		Expect(n.check(one("TIER0", "t0")).Details).To(ContainSubstring("already migrated"))
		n.plan("abort")
		n.promote(one("TIER0_LOGICAL_ROUTER_PORT", "uplink"), one("TIER0_LOGICAL_ROUTER_CONFIG", "t0"))
		Expect(tag(n.manager("logical-router-ports/uplink"), "policyPath")).To(HavePrefix("/infra/tier-0s/t0/"))
	})

	It("leave rows of feedback that can be chosen and come in pages", func() {
		st, sets := someSets()
		n := serve(st, coordinator.Options{FailPrecheck: map[string]string{"a": "is odd", "b": "is odd", "c": "is odd"}})
		n.initiate()
		n.check(sets)
		rows := func(query string) []any {
			GinkgoHelper()
			return n.ok("GET", migration+"mp-to-policy/feedback?"+query, nil)["results"].([]any)
		}
		Expect(rows("mp_id=b")).To(ConsistOf(And(HaveKeyWithValue("mp_display_name", "set b"), HaveKeyWithValue("type", "IP_SET"))))
		Expect(rows("mp_display_name=set%20c")).To(ConsistOf(HaveKeyWithValue("mp_id", "c")))
		first := n.ok("GET", migration+"mp-to-policy/feedback?page_size=2", nil)
		Expect(first["results"]).To(HaveLen(2))
		Expect(rows("page_size=2&cursor=" + first["cursor"].(string))).To(ConsistOf(HaveKeyWithValue("mp_id", "c")))
	})

	It("may be none: clients probe with an empty body, and clear it with abort", func() {
		n := serve(bare(nil), coordinator.Options{})
		n.ok("POST", migration+"mp-to-policy", object{})
		n.plan("abort")
		overall, _, _ := n.status()
		Expect(overall).To(Equal("NOT_STARTED"))
		n.refused(http.StatusInternalServerError, "POST", migration+"plan?action=start", nil)
	})
})
