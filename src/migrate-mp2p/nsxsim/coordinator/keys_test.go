package coordinator_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// What a batch may say beside ids, and about which objects, type by type.
var _ = Describe("the entries of a type", func() {
	details := func(n *nsx, r resource, kind string) string {
		GinkgoHelper()
		precheck := n.check(batch{kind, []resource{r}})
		n.plan("abort")
		return precheck.Details
	}
	judged := func(kind, collection string, body object) (metadata, linked string) {
		GinkgoHelper()
		st := wired()
		put(st, map[string]object{collection + "/x": body})
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(details(n, resource{ManagerID: "x"}, kind)).To(BeEmpty())
		return details(n, resource{ManagerID: "x", Metadata: []pair{{"odd", "1"}}}, kind), details(n, resource{ManagerID: "x", LinkedIDs: []pair{{"strange", "2"}}}, kind)
	}

	DescribeTable("have no keys but those that are known", func(kind, collection string, body object) {
		metadata, linked := judged(kind, collection, body)
		Expect(metadata).To(ContainSubstring(`key "odd"`))
		Expect(linked).To(ContainSubstring(`key "strange"`))
	},
		Entry("TIER0", "TIER0", "logical-routers", object{"resource_type": "LogicalRouter", "router_type": "TIER0"}),
		Entry("TIER0_LOGICAL_ROUTER_PORT", "TIER0_LOGICAL_ROUTER_PORT", "logical-router-ports", object{"resource_type": "LogicalRouterUpLinkPort", "logical_router_id": "t0"}),
		Entry("TIER0_LOGICAL_ROUTER_CONFIG", "TIER0_LOGICAL_ROUTER_CONFIG", "logical-routers", object{"resource_type": "LogicalRouter", "router_type": "TIER0"}),
		Entry("TIER1", "TIER1", "logical-routers", object{"resource_type": "LogicalRouter", "router_type": "TIER1"}),
		Entry("TIER1_LOGICAL_ROUTER_PORT", "TIER1_LOGICAL_ROUTER_PORT", "logical-routers", object{"resource_type": "LogicalRouter", "router_type": "TIER1"}),
		Entry("SPOOFGUARD_PROFILES", "SPOOFGUARD_PROFILES", "switching-profiles", object{"resource_type": "SpoofGuardSwitchingProfile"}),
		Entry("MACDISCOVERY_PROFILES", "MACDISCOVERY_PROFILES", "switching-profiles", object{"resource_type": "MacManagementSwitchingProfile"}),
		Entry("SEGMENT_SECURITY_PROFILES", "SEGMENT_SECURITY_PROFILES", "switching-profiles", object{"resource_type": "SwitchSecuritySwitchingProfile"}),
		Entry("QOS_PROFILES", "QOS_PROFILES", "switching-profiles", object{"resource_type": "QosSwitchingProfile"}),
		Entry("IPDISCOVERY_PROFILES", "IPDISCOVERY_PROFILES", "switching-profiles", object{"resource_type": "IpDiscoverySwitchingProfile"}),
		Entry("LOGICAL_SWITCH", "LOGICAL_SWITCH", "logical-switches", object{"resource_type": "LogicalSwitch"}),
		Entry("LOGICAL_PORT", "LOGICAL_PORT", "logical-ports", object{"resource_type": "LogicalPort", "logical_switch_id": "none"}),
		Entry("NS_GROUP", "NS_GROUP", "ns-groups", object{"resource_type": "NSGroup"}),
		Entry("DFW_SECTION", "DFW_SECTION", "firewall/sections", object{"resource_type": "FirewallSection", "section_type": "LAYER3"}),
		Entry("CERTIFICATE", "CERTIFICATE", "trust-management/certificates", object{"resource_type": "certificate_ca"}),
		Entry("LB_MONITOR", "LB_MONITOR", "loadbalancer/monitors", object{"resource_type": "LbTcpMonitor"}),
		Entry("LB_POOL", "LB_POOL", "loadbalancer/pools", object{"resource_type": "LbPool"}),
		Entry("LB_APPLICATION_PROFILE", "LB_APPLICATION_PROFILE", "loadbalancer/application-profiles", object{"resource_type": "LbHttpProfile"}),
		Entry("LB_PERSISTENCE_PROFILE", "LB_PERSISTENCE_PROFILE", "loadbalancer/persistence-profiles", object{"resource_type": "LbCookiePersistenceProfile"}),
		Entry("LB_VIRTUAL_SERVER", "LB_VIRTUAL_SERVER", "loadbalancer/virtual-servers", object{"resource_type": "LbVirtualServer"}),
		Entry("LB_SERVICE", "LB_SERVICE", "loadbalancer/services", object{"resource_type": "LbService"}),
		Entry("DHCP_SERVER", "DHCP_SERVER", "dhcp/servers", object{"resource_type": "LogicalDhcpServer"}),
		Entry("METADATA_PROXY", "METADATA_PROXY", "md-proxies", object{"resource_type": "MetadataProxy"}),
	)

	DescribeTable("have any keys where no source names one", func(kind, collection string, body object) {
		metadata, linked := judged(kind, collection, body)
		Expect(metadata + linked).To(BeEmpty())
	},
		Entry("IPBLOCK", "IPBLOCK", "pools/ip-blocks", object{"resource_type": "IpBlock"}),
		Entry("IPPOOL", "IPPOOL", "pools/ip-pools", object{"resource_type": "IpPool"}),
		Entry("IPBLOCK_SUBNET", "IPBLOCK_SUBNET", "pools/ip-subnets", object{"resource_type": "IpBlockSubnet"}),
		Entry("IPPOOL_ALLOCATION", "IPPOOL_ALLOCATION", "pools/ip-pools/pool/allocations", object{"allocation_id": "x"}),
		Entry("IP_SET", "IP_SET", "ip-sets", object{"resource_type": "IPSet"}),
		Entry("CRL", "CRL", "trust-management/crls", object{"resource_type": "Crl"}),
		Entry("LB_CLIENT_SSL_PROFILE", "LB_CLIENT_SSL_PROFILE", "loadbalancer/client-ssl-profiles", object{"resource_type": "LbClientSslProfile"}),
	)

	DescribeTable("are of its own Manager type", func(kind, id, is string) {
		st := wired()
		put(st, map[string]object{
			"switching-profiles/spoof": {"resource_type": "SpoofGuardSwitchingProfile"}, "switching-profiles/qos": {"resource_type": "QosSwitchingProfile"},
			"logical-router-ports/inner": {"resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t0"},
		})
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(details(n, resource{ManagerID: id}, kind)).To(ContainSubstring("is a " + is))
	},
		Entry("SPOOFGUARD_PROFILES", "SPOOFGUARD_PROFILES", "qos", "QosSwitchingProfile"), Entry("MACDISCOVERY_PROFILES", "MACDISCOVERY_PROFILES", "qos", "QosSwitchingProfile"),
		Entry("SEGMENT_SECURITY_PROFILES", "SEGMENT_SECURITY_PROFILES", "qos", "QosSwitchingProfile"), Entry("QOS_PROFILES", "QOS_PROFILES", "spoof", "SpoofGuardSwitchingProfile"),
		Entry("IPDISCOVERY_PROFILES", "IPDISCOVERY_PROFILES", "qos", "QosSwitchingProfile"),
		Entry("TIER0", "TIER0", "t1", "TIER1"), Entry("TIER1", "TIER1", "t0", "TIER0"), Entry("TIER0_LOGICAL_ROUTER_CONFIG", "TIER0_LOGICAL_ROUTER_CONFIG", "t1", "TIER1"),
		Entry("TIER1_LOGICAL_ROUTER_PORT", "TIER1_LOGICAL_ROUTER_PORT", "t0", "TIER0"),
		Entry("TIER0_LOGICAL_ROUTER_PORT", "TIER0_LOGICAL_ROUTER_PORT", "inner", "LogicalRouterDownLinkPort"),
	)
})
