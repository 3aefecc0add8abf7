package sdk_test

import (
	"cmp"
	"strings"

	"github.com/vmware/vsphere-automation-sdk-go/runtime/bindings"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"
	policy "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/model"
)

// apiModels are the SDK's models of one API.
type apiModels struct {
	// byName are those that a value chooses by naming them, in resource_type or type.
	byName map[string]func() bindings.BindingType
	// failure is the body of an error.
	failure func() bindings.BindingType
	// enumerations are the values that texts may have.
	enumerations func() enumerations
}

// api are the models of the API that a call belongs to.
func api(c call) apiModels {
	if strings.HasPrefix(c.Template, "/policy/") {
		return policyModels
	}
	return managerModels
}

// named keys models by the name that NSX has for them, which is that of their Go type.
func named(models ...func() bindings.BindingType) map[string]func() bindings.BindingType {
	byName := map[string]func() bindings.BindingType{}
	for _, model := range models {
		name := model().(bindings.StructType).BindingStruct().Name()
		byName[cmp.Or(spelling[name], name)] = model
	}
	return byName
}

var managerModels = apiModels{failure: manager.ApiErrorBindingType, enumerations: managerEnumerations, byName: named(
	// switching and routing
	manager.VifAttachmentContextBindingType, manager.L2VpnAttachmentContextBindingType,
	manager.SpoofGuardSwitchingProfileBindingType, manager.IpDiscoverySwitchingProfileBindingType,
	manager.MacManagementSwitchingProfileBindingType, manager.SwitchSecuritySwitchingProfileBindingType,
	manager.QosSwitchingProfileBindingType, manager.LogicalRouterUpLinkPortBindingType,
	manager.LogicalRouterDownLinkPortBindingType, manager.LogicalRouterLinkPortOnTIER0BindingType,
	manager.LogicalRouterLinkPortOnTIER1BindingType, manager.LogicalRouterLoopbackPortBindingType,
	manager.LogicalRouterIPTunnelPortBindingType, manager.LogicalRouterCentralizedServicePortBindingType,
	// groups and services
	manager.NSGroupSimpleExpressionBindingType, manager.NSGroupTagExpressionBindingType,
	manager.NSGroupComplexExpressionBindingType, manager.L4PortSetNSServiceBindingType,
	manager.ICMPTypeNSServiceBindingType, manager.IPProtocolNSServiceBindingType,
	manager.ALGTypeNSServiceBindingType, manager.IGMPTypeNSServiceBindingType,
	manager.EtherTypeNSServiceBindingType,
	// load balancing
	manager.LbTcpMonitorBindingType, manager.LbHttpMonitorBindingType, manager.LbHttpsMonitorBindingType,
	manager.LbIcmpMonitorBindingType, manager.LbUdpMonitorBindingType, manager.LbPassiveMonitorBindingType,
	manager.LbFastTcpProfileBindingType, manager.LbFastUdpProfileBindingType, manager.LbHttpProfileBindingType,
	manager.LbSourceIpPersistenceProfileBindingType, manager.LbCookiePersistenceProfileBindingType,
	manager.LbGenericPersistenceProfileBindingType, manager.LbSnatAutoMapBindingType,
	manager.LbSnatIpPoolBindingType, manager.LbHttpRequestUriConditionBindingType,
	manager.LbHttpRequestHeaderConditionBindingType, manager.LbHttpRequestMethodConditionBindingType,
	manager.LbHttpRequestUriArgumentsConditionBindingType, manager.LbHttpSslConditionBindingType,
	manager.LbTcpHeaderConditionBindingType, manager.LbIpHeaderConditionBindingType,
	manager.LbSelectPoolActionBindingType, manager.LbHttpRejectActionBindingType,
	manager.LbHttpRedirectActionBindingType, manager.LbHttpRequestUriRewriteActionBindingType,
	manager.LbHttpRequestHeaderRewriteActionBindingType, manager.LbHttpResponseHeaderRewriteActionBindingType,
	manager.LbVariableAssignmentActionBindingType,
	// nodes
	manager.EdgeNodeBindingType, manager.HostNodeBindingType,
	// what a search finds, beyond these
	manager.LogicalSwitchBindingType, manager.LogicalPortBindingType, manager.LogicalRouterBindingType,
	manager.NatRuleBindingType, manager.IpBlockBindingType, manager.IpBlockSubnetBindingType,
	manager.IpPoolBindingType, manager.NSGroupBindingType, manager.IPSetBindingType,
	manager.FirewallSectionBindingType, manager.LbServiceBindingType, manager.LbVirtualServerBindingType,
	manager.LbPoolBindingType, manager.LbRuleBindingType, manager.LbClientSslProfileBindingType,
	manager.CrlBindingType, manager.TransportZoneBindingType, manager.EdgeClusterBindingType,
)}

var policyModels = apiModels{failure: policy.ApiErrorBindingType, enumerations: policyEnumerations, byName: named(
	// places in a hierarchical body
	policy.InfraBindingType, policy.ChildResourceReferenceBindingType, policy.ChildDomainBindingType,
	policy.ChildGroupBindingType, policy.ChildSecurityPolicyBindingType, policy.ChildGatewayPolicyBindingType,
	policy.ChildRuleBindingType, policy.ChildSegmentBindingType, policy.ChildSegmentPortBindingType,
	policy.ChildTier0BindingType, policy.ChildTier1BindingType, policy.ChildLocaleServicesBindingType,
	policy.ChildStaticRoutesBindingType, policy.ChildPolicyNatBindingType, policy.ChildPolicyNatRuleBindingType,
	policy.ChildIpAddressBlockBindingType, policy.ChildIpAddressPoolBindingType,
	policy.ChildIpAddressPoolSubnetBindingType, policy.ChildIpAddressAllocationBindingType,
	policy.ChildLBServiceBindingType, policy.ChildLBVirtualServerBindingType, policy.ChildLBPoolBindingType,
	policy.ChildLBMonitorProfileBindingType, policy.ChildLBAppProfileBindingType,
	policy.ChildLBPersistenceProfileBindingType, policy.ChildLBClientSslProfileBindingType,
	policy.ChildLBServerSslProfileBindingType, policy.ChildTlsCertificateBindingType, policy.ChildTlsCrlBindingType,
	policy.ChildServiceBindingType, policy.ChildSpoofGuardProfileBindingType,
	policy.ChildMacDiscoveryProfileBindingType, policy.ChildSegmentSecurityProfileBindingType,
	policy.ChildIPDiscoveryProfileBindingType, policy.ChildQosProfileBindingType,
	// expressions
	policy.ConditionBindingType, policy.ConjunctionOperatorBindingType, policy.IPAddressExpressionBindingType,
	policy.MACAddressExpressionBindingType, policy.PathExpressionBindingType, policy.NestedExpressionBindingType,
	policy.ExternalIDExpressionBindingType,
	// pools and services
	policy.IpAddressPoolBlockSubnetBindingType, policy.IpAddressPoolStaticSubnetBindingType,
	policy.L4PortSetServiceEntryBindingType, policy.ICMPTypeServiceEntryBindingType,
	policy.IPProtocolServiceEntryBindingType, policy.ALGTypeServiceEntryBindingType,
	policy.NestedServiceServiceEntryBindingType, policy.DhcpV4StaticBindingConfigBindingType,
	policy.DhcpV6StaticBindingConfigBindingType,
	// what a search finds, beyond these
	policy.GroupBindingType,
	// load balancing
	policy.LBTcpMonitorProfileBindingType, policy.LBHttpMonitorProfileBindingType,
	policy.LBHttpsMonitorProfileBindingType, policy.LBIcmpMonitorProfileBindingType,
	policy.LBUdpMonitorProfileBindingType, policy.LBPassiveMonitorProfileBindingType,
	policy.LBFastTcpProfileBindingType, policy.LBFastUdpProfileBindingType, policy.LBHttpProfileBindingType,
	policy.LBSourceIpPersistenceProfileBindingType, policy.LBCookiePersistenceProfileBindingType,
	policy.LBGenericPersistenceProfileBindingType, policy.LBSnatAutoMapBindingType,
	policy.LBSnatDisabledBindingType, policy.LBSnatIpPoolBindingType, policy.LBHttpRequestUriConditionBindingType,
	policy.LBHttpRequestHeaderConditionBindingType, policy.LBHttpRequestMethodConditionBindingType,
	policy.LBHttpSslConditionBindingType, policy.LBSelectPoolActionBindingType,
	policy.LBHttpRejectActionBindingType, policy.LBHttpRedirectActionBindingType,
	policy.LBHttpRequestUriRewriteActionBindingType, policy.LBHttpRequestHeaderRewriteActionBindingType,
)}
