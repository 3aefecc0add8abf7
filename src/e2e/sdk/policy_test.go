package sdk_test

import (
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/domains"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/domains/gateway_policies"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/domains/groups"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/domains/groups/members"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/domains/security_policies"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/ip_pools"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/segments"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/segments/ports"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/services"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/sites"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/sites/enforcement_points"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_0s"
	tier0_services "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_0s/locale_services"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_0s/locale_services/bgp"
	tier0_nat "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_0s/nat"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_1s"
	tier1_services "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_1s/locale_services"
	tier1_nat "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_1s/nat"
	tier1_segments "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_1s/segments"
	tier1_ports "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/infra/tier_1s/segments/ports"
)

// policyCollections are all kinds of objects of the Policy API that nsxsim serves.
var policyCollections = catalogue{
	{name: "sites", client: infra.NewSitesClient},
	{name: "enforcement points", client: sites.NewEnforcementPointsClient, within: "sites"},
	{name: "transport zones", client: enforcement_points.NewTransportZonesClient, within: "enforcement points"},
	{name: "edge clusters", client: enforcement_points.NewEdgeClustersClient, within: "enforcement points"},
	{name: "domains", client: infra.NewDomainsClient},
	{name: "groups", client: domains.NewGroupsClient, within: "domains", body: policyGroupBody},
	{name: "member types of groups", client: groups.NewMemberTypesClient, within: "groups", single: true},
	{name: "segment members of groups", client: members.NewSegmentsClient, within: "groups", single: true, method: "List"},
	{name: "port members of groups", client: members.NewSegmentPortsClient, within: "groups", single: true, method: "List"},
	{name: "logical switch members of groups", client: members.NewLogicalSwitchesClient, within: "groups", single: true, method: "List"},
	{name: "logical port members of groups", client: members.NewLogicalPortsClient, within: "groups", single: true, method: "List"},
	{name: "address members of groups", client: members.NewIpAddressesClient, within: "groups", single: true, method: "List"},
	{name: "interface members of groups", client: members.NewVifsClient, within: "groups", single: true, method: "List"},
	{name: "VM members of groups", client: members.NewVirtualMachinesClient, within: "groups", single: true, method: "List"},
	{name: "security policies", client: domains.NewSecurityPoliciesClient, within: "domains", body: policySectionBody},
	{name: "security rules", client: security_policies.NewRulesClient, within: "security policies", body: policyRuleBody},
	{name: "gateway policies", client: domains.NewGatewayPoliciesClient, within: "domains", body: gatewayPolicyBody},
	{name: "gateway rules", client: gateway_policies.NewRulesClient, within: "gateway policies", body: policyRuleBody},
	{name: "Tier-0 gateways", client: infra.NewTier0sClient, body: tier0Body},
	{name: "Tier-0 locale services", client: tier_0s.NewLocaleServicesClient, within: "Tier-0 gateways", body: localeServicesBody},
	{name: "Tier-0 interfaces", client: tier0_services.NewInterfacesClient, within: "Tier-0 locale services", body: tier0InterfaceBody},
	{name: "BGP configurations", client: tier0_services.NewBgpClient, within: "Tier-0 locale services", single: true},
	{name: "BGP neighbors", client: bgp.NewNeighborsClient, within: "Tier-0 locale services", body: policyNeighborBody},
	{name: "Tier-0 static routes", client: tier_0s.NewStaticRoutesClient, within: "Tier-0 gateways", body: policyRouteBody},
	{name: "prefix lists", client: tier_0s.NewPrefixListsClient, within: "Tier-0 gateways", body: policyPrefixListBody},
	{name: "route maps", client: tier_0s.NewRouteMapsClient, within: "Tier-0 gateways", body: policyRouteMapBody},
	{name: "community lists", client: tier_0s.NewCommunityListsClient, within: "Tier-0 gateways", body: communityListBody},
	{name: "Tier-0 NAT sections", client: tier_0s.NewNatClient, within: "Tier-0 gateways", id: "-"},
	{name: "Tier-0 NAT rules", client: tier0_nat.NewNatRulesClient, within: "Tier-0 NAT sections", body: policyNATBody},
	{name: "Tier-1 gateways", client: infra.NewTier1sClient, body: tier1Body},
	{name: "Tier-1 locale services", client: tier_1s.NewLocaleServicesClient, within: "Tier-1 gateways", body: localeServicesBody},
	{name: "Tier-1 interfaces", client: tier1_services.NewInterfacesClient, within: "Tier-1 locale services", body: tier1InterfaceBody},
	{name: "Tier-1 static routes", client: tier_1s.NewStaticRoutesClient, within: "Tier-1 gateways", body: policyRouteBody},
	{name: "Tier-1 NAT sections", client: tier_1s.NewNatClient, within: "Tier-1 gateways", id: "-"},
	{name: "Tier-1 NAT rules", client: tier1_nat.NewNatRulesClient, within: "Tier-1 NAT sections", body: policyNATBody},
	{name: "Tier-1 segments", client: tier_1s.NewSegmentsClient, within: "Tier-1 gateways", body: fixedSegmentBody},
	{name: "Tier-1 segment discovery profile binding maps", client: tier1_segments.NewSegmentDiscoveryProfileBindingMapsClient, within: "Tier-1 segments", body: segmentDiscoveryMapBody},
	{name: "Tier-1 segment security profile binding maps", client: tier1_segments.NewSegmentSecurityProfileBindingMapsClient, within: "Tier-1 segments", body: segmentSecurityMapBody},
	{name: "Tier-1 segment QoS profile binding maps", client: tier1_segments.NewSegmentQosProfileBindingMapsClient, within: "Tier-1 segments", body: segmentQoSMapBody},
	{name: "DHCP static bindings of Tier-1 segments", client: tier1_segments.NewDhcpStaticBindingConfigsClient, within: "Tier-1 segments", body: dhcpBindingBody},
	{name: "discovery profile binding maps of Tier-1 ports", client: tier1_ports.NewPortDiscoveryProfileBindingMapsClient, within: "ports of Tier-1 segments", body: portDiscoveryMapBody},
	{name: "security profile binding maps of Tier-1 ports", client: tier1_ports.NewPortSecurityProfileBindingMapsClient, within: "ports of Tier-1 segments", body: portSecurityMapBody},
	{name: "QoS profile binding maps of Tier-1 ports", client: tier1_ports.NewPortQosProfileBindingMapsClient, within: "ports of Tier-1 segments", body: portQoSMapBody},
	{name: "ports of Tier-1 segments", client: tier1_segments.NewPortsClient, within: "Tier-1 segments", body: segmentPortBody},
	{name: "segments", client: infra.NewSegmentsClient, body: segmentBody},
	{name: "segment discovery profile binding maps", client: segments.NewSegmentDiscoveryProfileBindingMapsClient, within: "segments", body: segmentDiscoveryMapBody},
	{name: "segment security profile binding maps", client: segments.NewSegmentSecurityProfileBindingMapsClient, within: "segments", body: segmentSecurityMapBody},
	{name: "segment QoS profile binding maps", client: segments.NewSegmentQosProfileBindingMapsClient, within: "segments", body: segmentQoSMapBody},
	{name: "segment ports", client: segments.NewPortsClient, within: "segments", body: segmentPortBody},
	{name: "port discovery profile binding maps", client: ports.NewPortDiscoveryProfileBindingMapsClient, within: "segment ports", body: portDiscoveryMapBody},
	{name: "port security profile binding maps", client: ports.NewPortSecurityProfileBindingMapsClient, within: "segment ports", body: portSecurityMapBody},
	{name: "port QoS profile binding maps", client: ports.NewPortQosProfileBindingMapsClient, within: "segment ports", body: portQoSMapBody},
	{name: "DHCP static bindings", client: segments.NewDhcpStaticBindingConfigsClient, within: "segments", body: dhcpBindingBody},
	{name: "IP blocks", client: infra.NewIpBlocksClient, body: policyBlockBody},
	{name: "IP pools", client: infra.NewIpPoolsClient, body: policyPoolBody},
	{name: "IP pool subnets", client: ip_pools.NewIpSubnetsClient, within: "IP pools", body: poolSubnetBody},
	{name: "IP allocations", client: ip_pools.NewIpAllocationsClient, within: "IP pools", body: allocationBody},
	{name: "load balancer services", client: infra.NewLbServicesClient, body: policyLBServiceBody},
	{name: "load balancer virtual servers", client: infra.NewLbVirtualServersClient, body: policyVirtualServerBody},
	{name: "load balancer pools", client: infra.NewLbPoolsClient, body: policyLBPoolBody},
	{name: "load balancer monitors", client: infra.NewLbMonitorProfilesClient, body: policyMonitorBody},
	{name: "load balancer application profiles", client: infra.NewLbAppProfilesClient, body: policyAppProfileBody},
	{name: "load balancer persistence profiles", client: infra.NewLbPersistenceProfilesClient, body: policyPersistenceBody},
	{name: "load balancer client SSL profiles", client: infra.NewLbClientSslProfilesClient, body: policyClientSSLBody},
	{name: "load balancer server SSL profiles", client: infra.NewLbServerSslProfilesClient, body: policyServerSSLBody},
	{name: "certificates", client: infra.NewCertificatesClient},
	{name: "CRLs", client: infra.NewCrlsClient},
	{name: "spoof guard profiles", client: infra.NewSpoofguardProfilesClient, body: policySpoofGuardBody},
	{name: "MAC discovery profiles", client: infra.NewMacDiscoveryProfilesClient, body: macDiscoveryBody},
	{name: "segment security profiles", client: infra.NewSegmentSecurityProfilesClient, body: segmentSecurityBody},
	{name: "QoS profiles", client: infra.NewQosProfilesClient, body: qosBody},
	{name: "IP discovery profiles", client: infra.NewIpDiscoveryProfilesClient, body: ipDiscoveryBody},
	{name: "DHCP server configurations", client: infra.NewDhcpServerConfigsClient, body: dhcpServerConfigBody},
	{name: "DHCP relay configurations", client: infra.NewDhcpRelayConfigsClient, body: dhcpRelayBody},
	{name: "metadata proxies", client: infra.NewMetadataProxiesClient, body: policyMetadataProxyBody},
	{name: "services", client: infra.NewServicesClient, body: policyServiceBody},
	{name: "service entries", client: services.NewServiceEntriesClient, within: "services", body: serviceEntryBody},
}
