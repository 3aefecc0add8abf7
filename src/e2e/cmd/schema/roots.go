package main

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

// table is one file to be written.
type table struct {
	// file is its name in nsxsim/schema.
	file string
	// module and folder hold the SDK's model.
	module, folder string
	// roots are the types to begin with, by their names in the SDK.
	roots []string
	// base is the type whose fields most others repeat.
	base string
	// opaque types are not followed: their values pass as any object.
	opaque []string
	// open names the types that are possible where the SDK refers to one without listing them.
	open map[string]choice
}

const sdk = "github.com/vmware/vsphere-automation-sdk-go/services/"

func tables() []table {
	return []table{
		{
			file: "manager.txt", module: sdk + "nsxt-mp", folder: "nsx/model", base: "ManagedResource",
			roots: []string{
				"LogicalSwitch", "LogicalPort", "LogicalRouter", "LogicalRouterPort", "NatRule", "NatRuleList", "StaticRoute",
				"RoutingConfig", "AdvertisementConfig", "AdvertiseRuleList", "RedistributionConfig", "RedistributionRuleList",
				"BgpConfig", "BgpNeighbor", "IPPrefixList", "RouteMap",
				"IpBlock", "IpBlockSubnet", "IpPool", "AllocationIpAddress",
				"FirewallSection", "FirewallSectionRuleList", "FirewallRule", "FirewallRuleList",
				"FirewallSectionLock", "FirewallStatus", "ExcludeList",
				"NSGroup", "NSGroupExpressionList", "IPSet", "IPAddressElement", "NSService", "NSServiceGroup",
				"SpoofGuardSwitchingProfile", "IpDiscoverySwitchingProfile", "MacManagementSwitchingProfile",
				"SwitchSecuritySwitchingProfile", "QosSwitchingProfile",
				"LbService", "LbVirtualServer", "LbVirtualServerWithRule", "LbPool", "PoolMemberSettingList", "LbRule", "LbMonitor", "LbAppProfile", "LbPersistenceProfile",
				"LbClientSslProfile", "LbServerSslProfile",
				"DhcpProfile", "LogicalDhcpServer", "DhcpRelayProfile", "DhcpRelayService", "DhcpStaticBinding", "MetadataProxy",
				"Certificate", "Crl", "TrustObjectData", "CrlObjectData", "PrincipalIdentity", "PrincipalIdentityWithCertificate", "UpdatePrincipalIdentityCertificateRequest",
				"NodeHttpServiceProperties", "CapacityThresholdList", "RegTokenQuery",
			},
			open: map[string]choice{
				"AttachmentContext": {field: "resource_type", of: []string{"VifAttachmentContext", "L2VpnAttachmentContext"}},
			},
		},
		{
			file: "policy.txt", module: sdk + "nsxt", folder: "model", base: "PolicyConfigResource",
			roots:  append(policyRoots(), "Infra", "ChildPolicyConfigResource", "ChildResourceReference", "PartialPatchConfig"),
			opaque: []string{"ChildPolicyConfigResource", "PolicyRequestParameter"},
		},
	}
}

// policyRoots are the types of the objects in the simulated Policy tree, and the choices between them.
func policyRoots() []string {
	var roots []string
	for _, k := range policy.Kinds() {
		roots = append(append(roots, k.Child), k.Types...)
		if k.Sent != "" {
			roots = append(roots, k.Sent)
		}
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}
