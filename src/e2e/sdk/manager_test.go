package sdk_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/dhcp"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/dhcp/servers"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/firewall/sections"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/loadbalancer"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers/nat"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers/routing"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers/routing/advertisement"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers/routing/bgp"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/logical_routers/routing/redistribution"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/pools"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/pools/ip_pools"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/trust_management"

	simapi "nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// managerCollections are all kinds of objects of the Manager API that nsxsim serves.
var managerCollections = catalogue{
	{name: "transport zones", client: nsx.NewTransportZonesClient},
	{name: "edge clusters", client: nsx.NewEdgeClustersClient},
	{name: "transport nodes", client: nsx.NewTransportNodesClient},
	{name: "logical switches", client: nsx.NewLogicalSwitchesClient, body: switchBody},
	{name: "logical ports", client: nsx.NewLogicalPortsClient, body: portBody},
	{name: "switching profiles", client: nsx.NewSwitchingProfilesClient, body: spoofGuardBody},
	{name: "logical routers", client: nsx.NewLogicalRoutersClient, body: routerBody},
	{name: "logical router ports", client: nsx.NewLogicalRouterPortsClient, body: routerPortBody},
	{name: "NAT rules", client: nat.NewRulesClient, within: "logical routers", body: natBody},
	{name: "routing configurations", client: logical_routers.NewRoutingClient, within: "logical routers", single: true},
	{name: "Tier-0 routers", client: nsx.NewLogicalRoutersClient, of: "TIER0"},
	{name: "static routes", client: routing.NewStaticRoutesClient, within: "logical routers", body: staticRouteBody},
	{name: "advertisement configurations", client: routing.NewAdvertisementClient, within: "logical routers", single: true},
	{name: "advertisement rules", client: advertisement.NewRulesClient, within: "logical routers", single: true},
	{name: "redistribution configurations", client: routing.NewRedistributionClient, within: "Tier-0 routers", single: true},
	{name: "redistribution rules", client: redistribution.NewRulesClient, within: "Tier-0 routers", single: true},
	{name: "BGP configurations", client: routing.NewBgpClient, within: "Tier-0 routers", single: true},
	{name: "BGP neighbors", client: bgp.NewNeighborsClient, within: "Tier-0 routers", body: neighborBody},
	{name: "IP prefix lists", client: routing.NewIpPrefixListsClient, within: "Tier-0 routers", body: prefixListBody},
	{name: "route maps", client: routing.NewRouteMapsClient, within: "Tier-0 routers", body: routeMapBody},
	{name: "IP blocks", client: pools.NewIpBlocksClient, body: blockBody},
	{name: "IP block subnets", client: pools.NewIpSubnetsClient, body: subnetBody, fixed: true},
	{name: "IP pools", client: pools.NewIpPoolsClient, body: poolBody},
	{name: "IP pool allocations", client: ip_pools.NewAllocationsClient, within: "IP pools", id: "-"},
	{name: "NS groups", client: nsx.NewNsGroupsClient, body: groupBody},
	{name: "NS services", client: nsx.NewNsServicesClient, body: serviceBody},
	{name: "NS service groups", client: nsx.NewNsServiceGroupsClient, body: serviceGroupBody},
	{name: "IP sets", client: nsx.NewIpSetsClient, body: ipSetBody},
	{name: "firewall sections", client: firewall.NewSectionsClient, body: sectionBody},
	{name: "firewall rules", client: sections.NewRulesClient, within: "firewall sections", body: ruleBody},
	{name: "load balancer services", client: loadbalancer.NewServicesClient, body: lbServiceBody},
	{name: "load balancer virtual servers", client: loadbalancer.NewVirtualServersClient, body: virtualServerBody},
	{name: "load balancer pools", client: loadbalancer.NewPoolsClient, body: lbPoolBody},
	{name: "load balancer rules", client: loadbalancer.NewRulesClient, body: lbRuleBody},
	{name: "load balancer monitors", client: loadbalancer.NewMonitorsClient, body: monitorBody},
	{name: "load balancer application profiles", client: loadbalancer.NewApplicationProfilesClient, body: applicationProfileBody},
	{name: "load balancer persistence profiles", client: loadbalancer.NewPersistenceProfilesClient, body: persistenceProfileBody},
	{name: "load balancer client SSL profiles", client: loadbalancer.NewClientSslProfilesClient, body: clientSSLBody},
	{name: "load balancer server SSL profiles", client: loadbalancer.NewServerSslProfilesClient, body: serverSSLBody},
	{name: "certificates", client: trust_management.NewCertificatesClient},
	{name: "CRLs", client: trust_management.NewCrlsClient},
	{name: "principal identities", client: trust_management.NewPrincipalIdentitiesClient},
	{name: "DHCP server profiles", client: dhcp.NewServerProfilesClient, body: dhcpProfileBody},
	{name: "DHCP servers", client: dhcp.NewServersClient, body: dhcpServerBody},
	{name: "DHCP static bindings", client: servers.NewStaticBindingsClient, within: "DHCP servers", body: bindingBody},
	{name: "DHCP relay profiles", client: dhcp.NewRelayProfilesClient, body: relayProfileBody},
	{name: "DHCP relays", client: dhcp.NewRelaysClient, body: relayBody},
	{name: "metadata proxies", client: nsx.NewMdProxiesClient, body: metadataProxyBody},
}

var _ = Describe("the Manager API", Ordered, ContinueOnFailure, func() {
	var s *session
	BeforeAll(func() {
		server := startNSX()
		s = login(server)
		_, err := server.NewPrincipal("stranger", simapi.Auditor)
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Store().Update(addTransportNode)).To(Succeed())
	})
	managerCollections.describe(func() *session { return s })
})

// addTransportNode adds what the models leave out, as it belongs to the data path.
func addTransportNode(tx *store.Tx) error {
	id := tx.NewID()
	_, err := tx.Manager().PutFields("transport-nodes/"+id, map[string]any{
		"id": id, "resource_type": "TransportNode", "display_name": "edge", "_revision": 0,
		"node_deployment_info": map[string]any{"resource_type": "EdgeNode", "display_name": "edge", "ip_addresses": []string{"192.0.2.5"}},
	})
	return err
}
