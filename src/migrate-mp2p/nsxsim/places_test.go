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
	Entry("/logical-switches", "POST", "logical-switches", "LogicalSwitch"),
	Entry("/logical-ports", "POST", "logical-ports", "LogicalPort"),
	Entry("/logical-routers", "POST", "logical-routers", "LogicalRouter"),
	Entry("/logical-router-ports", "POST", "logical-router-ports", "LogicalRouterUpLinkPort", "LogicalRouterDownLinkPort", "LogicalRouterLinkPortOnTIER0",
		"LogicalRouterLinkPortOnTIER1", "LogicalRouterLoopbackPort", "LogicalRouterIPTunnelPort", "LogicalRouterCentralizedServicePort"),
	Entry("/logical-routers/{id}/routing/static-routes", "POST", "logical-routers/t1/routing/static-routes", "StaticRoute"),
	Entry("/logical-routers/{id}/routing/advertisement", "PUT", "logical-routers/t1/routing/advertisement", "AdvertisementConfig"),
	Entry("/logical-routers/{id}/routing/advertisement/rules", "PUT", "logical-routers/t1/routing/advertisement/rules", "AdvertiseRuleList"),
	Entry("/logical-routers/{id}/routing/bgp", "PUT", "logical-routers/t0/routing/bgp", "BgpConfig"),
	Entry("/logical-routers/{id}/routing/bgp/neighbors", "POST", "logical-routers/t0/routing/bgp/neighbors", "BgpNeighbor"),
	Entry("/logical-routers/{id}/nat/rules", "POST", "logical-routers/t1/nat/rules", "NatRule"),
	Entry("/pools/ip-blocks", "POST", "pools/ip-blocks", "IpBlock"),
	Entry("/pools/ip-subnets", "POST", "pools/ip-subnets", "IpBlockSubnet"),
	Entry("/pools/ip-pools", "POST", "pools/ip-pools", "IpPool"),
	Entry("/firewall/sections", "POST", "firewall/sections", "FirewallSection"),
	Entry("/firewall/sections/{id}/rules", "POST", "firewall/sections/fw/rules", "FirewallRule"),
	Entry("/ns-groups", "POST", "ns-groups", "NSGroup"),
	Entry("/ip-sets", "POST", "ip-sets", "IPSet"),
	Entry("/switching-profiles", "POST", "switching-profiles", "SpoofGuardSwitchingProfile", "IpDiscoverySwitchingProfile", "MacManagementSwitchingProfile",
		"SwitchSecuritySwitchingProfile", "QosSwitchingProfile", "PortMirroringSwitchingProfile"),
	Entry("/loadbalancer/services", "POST", "loadbalancer/services", "LbService"),
	Entry("/loadbalancer/virtual-servers", "POST", "loadbalancer/virtual-servers", "LbVirtualServer"),
	Entry("/loadbalancer/pools", "POST", "loadbalancer/pools", "LbPool"),
	Entry("/loadbalancer/rules", "POST", "loadbalancer/rules", "LbRule"),
	Entry("/loadbalancer/monitors", "POST", "loadbalancer/monitors", "LbHttpMonitor", "LbHttpsMonitor", "LbIcmpMonitor", "LbTcpMonitor", "LbUdpMonitor", "LbPassiveMonitor"),
	Entry("/loadbalancer/application-profiles", "POST", "loadbalancer/application-profiles", "LbHttpProfile", "LbFastTcpProfile", "LbFastUdpProfile"),
	Entry("/loadbalancer/persistence-profiles", "POST", "loadbalancer/persistence-profiles",
		"LbCookiePersistenceProfile", "LbSourceIpPersistenceProfile", "LbGenericPersistenceProfile"),
	Entry("/loadbalancer/client-ssl-profiles", "POST", "loadbalancer/client-ssl-profiles", "LbClientSslProfile"),
	Entry("/loadbalancer/server-ssl-profiles", "POST", "loadbalancer/server-ssl-profiles", "LbServerSslProfile"),
	Entry("/trust-management/certificates", "POST", "trust-management/certificates"),
	Entry("/trust-management/crls", "POST", "trust-management/crls"),
	Entry("/dhcp/server-profiles", "POST", "dhcp/server-profiles", "DhcpProfile"),
	Entry("/dhcp/servers", "POST", "dhcp/servers", "LogicalDhcpServer"),
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
	Entry("/infra/tier-0s", "/tier-0s", "Tier0"),
	Entry("/infra/tier-1s", "/tier-1s", "Tier1"),
	Entry("/infra/tier-0s/{id}/locale-services", "/tier-0s/x/locale-services", "LocaleServices"),
	Entry("/infra/tier-1s/{id}/locale-services", "/tier-1s/x/locale-services", "LocaleServices"),
	Entry("/infra/tier-0s/{id}/locale-services/{id}/interfaces", "/tier-0s/x/locale-services/x/interfaces", "Tier0Interface"),
	Entry("/infra/tier-1s/{id}/locale-services/{id}/interfaces", "/tier-1s/x/locale-services/x/interfaces", "Tier1Interface"),
	Entry("/infra/tier-0s/{id}/static-routes", "/tier-0s/x/static-routes", "StaticRoutes"),
	Entry("/infra/tier-1s/{id}/static-routes", "/tier-1s/x/static-routes", "StaticRoutes"),
	Entry("/infra/tier-0s/{id}/nat/USER/nat-rules", "/tier-0s/x/nat/USER/nat-rules", "PolicyNatRule"),
	Entry("/infra/tier-1s/{id}/nat/USER/nat-rules", "/tier-1s/x/nat/USER/nat-rules", "PolicyNatRule"),
	Entry("/infra/tier-1s/{id}/nat/INTERNAL/nat-rules", "/tier-1s/x/nat/INTERNAL/nat-rules", "PolicyNatRule"),
	Entry("/infra/tier-1s/{id}/nat/DEFAULT/nat-rules", "/tier-1s/x/nat/DEFAULT/nat-rules", "PolicyNatRule"),
	Entry("/infra/segments", "/segments", "Segment"),
	Entry("/infra/segments/{id}/ports", "/segments/x/ports", "SegmentPort"),
	Entry("/infra/tier-1s/{id}/segments", "/tier-1s/x/segments", "Segment"),
	Entry("/infra/tier-1s/{id}/segments/{id}/ports", "/tier-1s/x/segments/x/ports", "SegmentPort"),
	Entry("/infra/domains", "/domains", "Domain"),
	Entry("/infra/domains/default/groups", "/domains/default/groups", "Group"),
	Entry("/infra/domains/tas1/groups", "/domains/tas1/groups", "Group"),
	Entry("/infra/domains/default/security-policies", "/domains/default/security-policies", "SecurityPolicy"),
	Entry("/infra/domains/default/security-policies/{id}/rules", "/domains/default/security-policies/x/rules", "Rule"),
	Entry("/infra/domains/default/gateway-policies", "/domains/default/gateway-policies", "GatewayPolicy"),
	Entry("/infra/domains/default/gateway-policies/{id}/rules", "/domains/default/gateway-policies/x/rules", "Rule"),
	Entry("/infra/ip-blocks", "/ip-blocks", "IpAddressBlock"),
	Entry("/infra/ip-pools", "/ip-pools", "IpAddressPool"),
	Entry("/infra/ip-pools/{id}/ip-subnets", "/ip-pools/x/ip-subnets", "IpAddressPoolBlockSubnet", "IpAddressPoolStaticSubnet"),
	Entry("/infra/ip-pools/{id}/ip-allocations", "/ip-pools/x/ip-allocations", "IpAddressAllocation"),
	Entry("/infra/lb-services", "/lb-services", "LBService"),
	Entry("/infra/lb-virtual-servers", "/lb-virtual-servers", "LBVirtualServer"),
	Entry("/infra/lb-pools", "/lb-pools", "LBPool"),
	Entry("/infra/lb-monitor-profiles", "/lb-monitor-profiles", "LBTcpMonitorProfile", "LBHttpMonitorProfile", "LBHttpsMonitorProfile", "LBIcmpMonitorProfile",
		"LBUdpMonitorProfile", "LBPassiveMonitorProfile"),
	Entry("/infra/lb-app-profiles", "/lb-app-profiles", "LBFastTcpProfile", "LBFastUdpProfile", "LBHttpProfile"),
	Entry("/infra/lb-persistence-profiles", "/lb-persistence-profiles", "LBSourceIpPersistenceProfile", "LBCookiePersistenceProfile", "LBGenericPersistenceProfile"),
	Entry("/infra/lb-client-ssl-profiles", "/lb-client-ssl-profiles", "LBClientSslProfile"),
	Entry("/infra/certificates", "/certificates", "TlsCertificate"),
	Entry("/infra/crls", "/crls", "TlsCrl"),
	Entry("/infra/spoofguard-profiles", "/spoofguard-profiles", "SpoofGuardProfile"),
	Entry("/infra/qos-profiles", "/qos-profiles", "QoSProfile"),
	Entry("/infra/segment-security-profiles", "/segment-security-profiles", "SegmentSecurityProfile"),
	Entry("/infra/ip-discovery-profiles", "/ip-discovery-profiles", "IPDiscoveryProfile"),
	Entry("/infra/mac-discovery-profiles", "/mac-discovery-profiles", "MacDiscoveryProfile"),
	Entry("/infra/dhcp-server-configs", "/dhcp-server-configs", "DhcpServerConfig"),
	Entry("/infra/services", "/services", "Service"),
	Entry("/infra/sites/default/enforcement-points/default/transport-zones", "/sites/default/enforcement-points/default/transport-zones", "PolicyTransportZone"),
)

var _ = DescribeTable("ids are case sensitive", func(there, missing string) {
	c := admin(start(nsxsim.Options{Store: world(map[string]object{
		"ip-sets/Web":         {"id": "Web", "resource_type": "IPSet"},
		"/infra/segments/Web": {"id": "Web", "resource_type": "Segment"},
	})}))
	Expect(c.get(there).Status).To(Equal(http.StatusOK))
	Expect(refused(c.get(missing), http.StatusNotFound)).To(ContainSubstring("Object identifiers are case sensitive."))
},
	Entry("on the Manager side", ipSets+"/Web", ipSets+"/web"),
	Entry("on the Policy side", infra+"/segments/Web", infra+"/segments/web"),
)
