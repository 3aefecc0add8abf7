package nsxsim_test

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// A body with a field that the type does not have is refused in the name of the type, which so shows what stands where.
const noField = "nonsense"

var _ = DescribeTable("Manager objects stand at", func(method, path string, types ...string) {
	c := admin(start(nsxsim.Options{Store: world(connected())}))
	if strings.HasPrefix(method, "POST") {
		Expect(c.get("/api/v1/" + path).Status).To(Equal(http.StatusOK))
	}
	for _, resourceType := range types {
		refusal := refused(c.do(method, "/api/v1/"+path, object{"resource_type": resourceType, noField: 1, "_revision": 0}), http.StatusBadRequest)
		Expect(refusal).To(ContainSubstring(noField + " is not a field of " + resourceType))
	}
},
	Entry("logical-switches", "POST", "logical-switches", "LogicalSwitch"),
	Entry("logical-ports", "POST", "logical-ports", "LogicalPort"),
	Entry("logical-routers", "POST", "logical-routers", "LogicalRouter"),
	Entry("logical-router-ports", "POST", "logical-router-ports", "LogicalRouterUpLinkPort", "LogicalRouterDownLinkPort", "LogicalRouterLinkPortOnTIER0",
		"LogicalRouterLinkPortOnTIER1", "LogicalRouterLoopbackPort", "LogicalRouterIPTunnelPort", "LogicalRouterCentralizedServicePort"),
	Entry("static routes of a router", "POST", "logical-routers/t1/routing/static-routes", "StaticRoute"),
	Entry("a router's advertisement", "PUT", "logical-routers/t1/routing/advertisement", "AdvertisementConfig"),
	Entry("its rules", "PUT", "logical-routers/t1/routing/advertisement/rules", "AdvertiseRuleList"),
	Entry("a router's BGP", "PUT", "logical-routers/t0/routing/bgp", "BgpConfig"),
	Entry("its neighbors", "POST", "logical-routers/t0/routing/bgp/neighbors", "BgpNeighbor"),
	Entry("a router's NAT rules", "POST", "logical-routers/t1/nat/rules", "NatRule"),
	Entry("pools/ip-blocks", "POST", "pools/ip-blocks", "IpBlock"),
	Entry("pools/ip-subnets", "POST", "pools/ip-subnets", "IpBlockSubnet"),
	Entry("pools/ip-pools", "POST", "pools/ip-pools", "IpPool"),
	Entry("firewall/sections", "POST", "firewall/sections", "FirewallSection"),
	Entry("rules of a section", "POST", "firewall/sections/fw/rules", "FirewallRule"),
	Entry("ns-groups", "POST", "ns-groups", "NSGroup"),
	Entry("ip-sets", "POST", "ip-sets", "IPSet"),
	Entry("switching-profiles", "POST", "switching-profiles", "SpoofGuardSwitchingProfile", "IpDiscoverySwitchingProfile", "MacManagementSwitchingProfile",
		"SwitchSecuritySwitchingProfile", "QosSwitchingProfile", "PortMirroringSwitchingProfile"),
	Entry("loadbalancer/services", "POST", "loadbalancer/services", "LbService"),
	Entry("loadbalancer/virtual-servers", "POST", "loadbalancer/virtual-servers", "LbVirtualServer"),
	Entry("loadbalancer/pools", "POST", "loadbalancer/pools", "LbPool"),
	Entry("loadbalancer/rules", "POST", "loadbalancer/rules", "LbRule"),
	Entry("loadbalancer/monitors", "POST", "loadbalancer/monitors", "LbHttpMonitor", "LbHttpsMonitor", "LbIcmpMonitor", "LbTcpMonitor", "LbUdpMonitor", "LbPassiveMonitor"),
	Entry("loadbalancer/application-profiles", "POST", "loadbalancer/application-profiles", "LbHttpProfile", "LbFastTcpProfile", "LbFastUdpProfile"),
	Entry("loadbalancer/persistence-profiles", "POST", "loadbalancer/persistence-profiles",
		"LbCookiePersistenceProfile", "LbSourceIpPersistenceProfile", "LbGenericPersistenceProfile"),
	Entry("loadbalancer/client-ssl-profiles", "POST", "loadbalancer/client-ssl-profiles", "LbClientSslProfile"),
	Entry("loadbalancer/server-ssl-profiles", "POST", "loadbalancer/server-ssl-profiles", "LbServerSslProfile"),
	Entry("trust-management/certificates", "POST", "trust-management/certificates"),
	Entry("trust-management/crls", "POST", "trust-management/crls"),
	Entry("dhcp/server-profiles", "POST", "dhcp/server-profiles", "DhcpProfile"),
	Entry("dhcp/servers", "POST", "dhcp/servers", "LogicalDhcpServer"),
)

// rooted is a Policy tree with one object named x at every place that has others below it.
func rooted() map[string]object {
	objects := map[string]object{}
	for path, resourceType := range map[string]string{
		"/infra/tier-0s/x": "Tier0", "/infra/tier-0s/x/locale-services/x": "LocaleServices",
		"/infra/tier-1s/x": "Tier1", "/infra/tier-1s/x/locale-services/x": "LocaleServices", "/infra/tier-1s/x/segments/x": "Segment",
		"/infra/segments/x": "Segment", "/infra/ip-pools/x": "IpAddressPool", "/infra/services/x": "Service",
		"/infra/domains/default/security-policies/x": "SecurityPolicy", "/infra/domains/default/gateway-policies/x": "GatewayPolicy",
		"/infra/domains/tas1": "Domain",
	} {
		objects[path] = object{"id": "x", "resource_type": resourceType}
	}
	return objects
}

var _ = DescribeTable("Policy objects stand at", func(path string, types ...string) {
	c := admin(start(nsxsim.Options{Store: world(rooted())}))
	for _, resourceType := range types {
		Expect(c.do("PATCH", infra+path+"/new", object{"resource_type": resourceType, noField: 1})).To(
			refusedWith(255, noField+" is not a field of "+resourceType))
	}
	Expect(c.get(infra + path).Status).To(Equal(http.StatusOK))
},
	Entry("tier-0s", "/tier-0s", "Tier0"),
	Entry("tier-1s", "/tier-1s", "Tier1"),
	Entry("locale services of a Tier-0", "/tier-0s/x/locale-services", "LocaleServices"),
	Entry("locale services of a Tier-1", "/tier-1s/x/locale-services", "LocaleServices"),
	Entry("interfaces of a Tier-0", "/tier-0s/x/locale-services/x/interfaces", "Tier0Interface"),
	Entry("interfaces of a Tier-1", "/tier-1s/x/locale-services/x/interfaces", "Tier1Interface"),
	Entry("static routes of a Tier-0", "/tier-0s/x/static-routes", "StaticRoutes"),
	Entry("static routes of a Tier-1", "/tier-1s/x/static-routes", "StaticRoutes"),
	Entry("NAT rules of a Tier-0", "/tier-0s/x/nat/USER/nat-rules", "PolicyNatRule"),
	Entry("NAT rules of users", "/tier-1s/x/nat/USER/nat-rules", "PolicyNatRule"),
	Entry("NAT rules of NSX", "/tier-1s/x/nat/INTERNAL/nat-rules", "PolicyNatRule"),
	Entry("NAT rules by default", "/tier-1s/x/nat/DEFAULT/nat-rules", "PolicyNatRule"),
	Entry("segments", "/segments", "Segment"),
	Entry("ports of a segment", "/segments/x/ports", "SegmentPort"),
	Entry("segments of a Tier-1", "/tier-1s/x/segments", "Segment"),
	Entry("ports of those", "/tier-1s/x/segments/x/ports", "SegmentPort"),
	Entry("groups", "/domains/default/groups", "Group"),
	Entry("groups of another domain", "/domains/tas1/groups", "Group"),
	Entry("security policies", "/domains/default/security-policies", "SecurityPolicy"),
	Entry("their rules", "/domains/default/security-policies/x/rules", "Rule"),
	Entry("gateway policies", "/domains/default/gateway-policies", "GatewayPolicy"),
	Entry("rules of those", "/domains/default/gateway-policies/x/rules", "Rule"),
	Entry("ip-blocks", "/ip-blocks", "IpAddressBlock"),
	Entry("ip-pools", "/ip-pools", "IpAddressPool"),
	Entry("subnets of a pool", "/ip-pools/x/ip-subnets", "IpAddressPoolBlockSubnet", "IpAddressPoolStaticSubnet"),
	Entry("allocations of a pool", "/ip-pools/x/ip-allocations", "IpAddressAllocation"),
	Entry("lb-services", "/lb-services", "LBService"),
	Entry("lb-virtual-servers", "/lb-virtual-servers", "LBVirtualServer"),
	Entry("lb-pools", "/lb-pools", "LBPool"),
	Entry("lb-monitor-profiles", "/lb-monitor-profiles", "LBTcpMonitorProfile", "LBHttpMonitorProfile", "LBHttpsMonitorProfile", "LBIcmpMonitorProfile",
		"LBUdpMonitorProfile", "LBPassiveMonitorProfile"),
	Entry("lb-app-profiles", "/lb-app-profiles", "LBFastTcpProfile", "LBFastUdpProfile", "LBHttpProfile"),
	Entry("lb-persistence-profiles", "/lb-persistence-profiles", "LBSourceIpPersistenceProfile", "LBCookiePersistenceProfile", "LBGenericPersistenceProfile"),
	Entry("lb-client-ssl-profiles", "/lb-client-ssl-profiles", "LBClientSslProfile"),
	Entry("certificates", "/certificates", "TlsCertificate"),
	Entry("crls", "/crls", "TlsCrl"),
	Entry("spoofguard-profiles", "/spoofguard-profiles", "SpoofGuardProfile"),
	Entry("qos-profiles", "/qos-profiles", "QoSProfile"),
	Entry("segment-security-profiles", "/segment-security-profiles", "SegmentSecurityProfile"),
	Entry("ip-discovery-profiles", "/ip-discovery-profiles", "IPDiscoveryProfile"),
	Entry("mac-discovery-profiles", "/mac-discovery-profiles", "MacDiscoveryProfile"),
	Entry("dhcp-server-configs", "/dhcp-server-configs", "DhcpServerConfig"),
	Entry("services", "/services", "Service"),
	Entry("transport zones", "/sites/default/enforcement-points/default/transport-zones", "PolicyTransportZone"),
)
