package sdk_test

import (
	"github.com/vmware/vsphere-automation-sdk-go/runtime/data"
	policy "github.com/vmware/vsphere-automation-sdk-go/services/nsxt/model"
)

// The bodies that create objects of the Policy API.

func policyGroupBody(world) any {
	return policy.Group{DisplayName: name(), Expression: []*data.StructValue{value(&policy.Condition{
		ResourceType: policy.Condition__TYPE_IDENTIFIER, MemberType: new(policy.Condition_MEMBER_TYPE_SEGMENTPORT),
		Key: new(policy.Condition_KEY_TAG), Operator: new(policy.Condition_OPERATOR_EQUALS), Value: new("made|by SDK"),
	})}}
}

func policySectionBody(world) any {
	return policy.SecurityPolicy{
		DisplayName: name(), Category: new("Application"), SequenceNumber: new(int64(10)), Stateful: new(true), Scope: []string{"ANY"},
		Rules: []policy.Rule{{
			Id: new("first"), ResourceType: new("Rule"), DisplayName: name(), Action: new(policy.Rule_ACTION_ALLOW),
			SourceGroups: []string{"ANY"}, DestinationGroups: []string{"ANY"}, Services: []string{"ANY"}, Scope: []string{"ANY"},
		}},
	}
}

func policyRuleBody(w world) any {
	return policy.Rule{
		DisplayName: name(), Action: new(policy.Rule_ACTION_DROP), SequenceNumber: new(int64(20)), Direction: new(policy.Rule_DIRECTION_IN_OUT),
		SourceGroups: []string{w.path("groups")}, DestinationGroups: []string{"ANY"}, Services: []string{"ANY"}, Scope: []string{"ANY"},
	}
}

func gatewayPolicyBody(world) any {
	return policy.GatewayPolicy{DisplayName: name(), Category: new("LocalGatewayRules"), SequenceNumber: new(int64(10))}
}

func tier0Body(world) any {
	return policy.Tier0{DisplayName: name(), HaMode: new("ACTIVE_STANDBY")}
}

func localeServicesBody(w world) any {
	return policy.LocaleServices{DisplayName: name(), EdgeClusterPath: new(w.path("edge clusters"))}
}

func subnets() []policy.InterfaceSubnet {
	return []policy.InterfaceSubnet{{IpAddresses: []string{"192.0.2.1"}, PrefixLen: new(int64(24))}}
}

func tier0InterfaceBody(world) any {
	return policy.Tier0Interface{DisplayName: name(), Type_: new(policy.Tier0Interface_TYPE_LOOPBACK), Subnets: subnets()}
}

func tier1InterfaceBody(w world) any {
	return policy.Tier1Interface{DisplayName: name(), SegmentPath: new(w.path("segments")), Subnets: subnets()}
}

func policyNeighborBody(world) any {
	return policy.BgpNeighborConfig{DisplayName: name(), NeighborAddress: new("192.0.2.3"), RemoteAsNum: new("65001"), Enabled: new(true)}
}

func policyRouteBody(world) any {
	return policy.StaticRoutes{
		DisplayName: name(), Network: new("198.51.100.0/24"),
		NextHops: []policy.RouterNexthop{{IpAddress: new("192.0.2.2"), AdminDistance: new(int64(1))}},
	}
}

func policyPrefixListBody(world) any {
	return policy.PrefixList{
		DisplayName: name(), Prefixes: []policy.PrefixEntry{{Action: new(policy.PrefixEntry_ACTION_PERMIT), Network: new("198.51.100.0/24")}},
	}
}

func policyRouteMapBody(w world) any {
	return policy.Tier0RouteMap{DisplayName: name(), Entries: []policy.RouteMapEntry{{
		Action: new(policy.RouteMapEntry_ACTION_PERMIT), PrefixListMatches: []string{w.path("prefix lists")},
		Set: &policy.RouteMapEntrySet{Weight: new(int64(10))},
	}}}
}

func communityListBody(world) any {
	return policy.CommunityList{DisplayName: name(), Communities: []string{"65001:100"}}
}

func policyNATBody(world) any {
	return policy.PolicyNatRule{
		DisplayName: name(), Action: new(policy.PolicyNatRule_ACTION_SNAT), SourceNetwork: new("198.51.100.0/24"),
		TranslatedNetwork: new("192.0.2.10"), SequenceNumber: new(int64(10)), Enabled: new(true),
	}
}

func tier1Body(w world) any {
	return policy.Tier1{
		DisplayName: name(), Tier0Path: new(w.path("Tier-0 gateways")), FailoverMode: new(policy.Tier1_FAILOVER_MODE_NON_PREEMPTIVE),
		RouteAdvertisementTypes: []string{policy.Tier1_ROUTE_ADVERTISEMENT_TYPES_CONNECTED},
	}
}

func segmentBody(w world) any {
	return policy.Segment{
		DisplayName: name(), TransportZonePath: new(w.path("transport zones")), ConnectivityPath: new(w.path("Tier-1 gateways")),
		Subnets: []policy.SegmentSubnet{{GatewayAddress: new("198.51.100.1/24")}},
	}
}

func fixedSegmentBody(w world) any {
	return policy.Segment{
		DisplayName: name(), TransportZonePath: new(w.path("transport zones")), Subnets: []policy.SegmentSubnet{{GatewayAddress: new("203.0.113.1/24")}},
	}
}

func segmentPortBody(world) any {
	return policy.SegmentPort{
		DisplayName: name(), AdminState: new(policy.SegmentPort_ADMIN_STATE_UP),
		Attachment: &policy.PortAttachment{Id: new("interface of a VM"), Type_: new(policy.PortAttachment_TYPE_PARENT)},
	}
}

func segmentDiscoveryMapBody(w world) any {
	return policy.SegmentDiscoveryProfileBindingMap{DisplayName: name(), MacDiscoveryProfilePath: new(w.path("MAC discovery profiles"))}
}

func segmentSecurityMapBody(w world) any {
	return policy.SegmentSecurityProfileBindingMap{DisplayName: name(), SpoofguardProfilePath: new(w.path("spoof guard profiles"))}
}

func segmentQoSMapBody(w world) any {
	return policy.SegmentQosProfileBindingMap{DisplayName: name(), QosProfilePath: new(w.path("QoS profiles"))}
}

func portDiscoveryMapBody(w world) any {
	return policy.PortDiscoveryProfileBindingMap{DisplayName: name(), IpDiscoveryProfilePath: new(w.path("IP discovery profiles"))}
}

func portSecurityMapBody(w world) any {
	return policy.PortSecurityProfileBindingMap{DisplayName: name(), SegmentSecurityProfilePath: new(w.path("segment security profiles"))}
}

func portQoSMapBody(w world) any {
	return policy.PortQosProfileBindingMap{DisplayName: name(), QosProfilePath: new(w.path("QoS profiles"))}
}

func dhcpBindingBody(world) any {
	return value(&policy.DhcpV4StaticBindingConfig{
		ResourceType: policy.DhcpV4StaticBindingConfig__TYPE_IDENTIFIER, DisplayName: name(), IpAddress: new("198.51.100.40"), MacAddress: new("00:50:56:00:00:01"),
	})
}

func policyBlockBody(world) any {
	return policy.IpAddressBlock{DisplayName: name(), Cidr: new("198.51.100.0/24")}
}

func policyPoolBody(world) any { return policy.IpAddressPool{DisplayName: name()} }

func poolSubnetBody(world) any {
	return value(&policy.IpAddressPoolStaticSubnet{
		ResourceType: policy.IpAddressPoolStaticSubnet__TYPE_IDENTIFIER, DisplayName: name(), Cidr: new("203.0.113.0/24"),
		AllocationRanges: []policy.IpPoolRange{{Start: new("203.0.113.10"), End: new("203.0.113.20")}},
	})
}

func allocationBody(world) any { return policy.IpAddressAllocation{DisplayName: name()} }

func policyLBServiceBody(w world) any {
	return policy.LBService{DisplayName: name(), Size: new(policy.LBService_SIZE_SMALL), ConnectivityPath: new(w.path("Tier-1 gateways"))}
}

func policyVirtualServerBody(w world) any {
	return policy.LBVirtualServer{
		DisplayName: name(), IpAddress: new("192.0.2.20"), Ports: []string{"443"},
		ApplicationProfilePath: new(w.path("load balancer application profiles")), PoolPath: new(w.path("load balancer pools")),
	}
}

func policyLBPoolBody(w world) any {
	return policy.LBPool{
		DisplayName: name(), Algorithm: new(policy.LBPool_ALGORITHM_ROUND_ROBIN),
		ActiveMonitorPaths: []string{w.path("load balancer monitors")}, //nolint:staticcheck // deprecated in the SDK, but what clients of NSX 3 and 4 send
		Members:            []policy.LBPoolMember{{IpAddress: new("192.0.2.30"), Port: new("8080")}},
		SnatTranslation:    value(&policy.LBSnatAutoMap{Type_: policy.LBSnatAutoMap__TYPE_IDENTIFIER}),
	}
}

func policyMonitorBody(world) any {
	return value(&policy.LBTcpMonitorProfile{
		ResourceType: "LBTcpMonitorProfile", DisplayName: name(), MonitorPort: new(int64(8080)), Interval: new(int64(5)),
	})
}

func policyAppProfileBody(world) any {
	return value(&policy.LBFastTcpProfile{
		ResourceType: policy.LBFastTcpProfile__TYPE_IDENTIFIER, DisplayName: name(), IdleTimeout: new(int64(1800)),
	})
}

func policyPersistenceBody(world) any {
	return value(&policy.LBCookiePersistenceProfile{
		ResourceType: policy.LBCookiePersistenceProfile__TYPE_IDENTIFIER, DisplayName: name(), CookieName: new("session"),
		CookieMode: new(policy.LBCookiePersistenceProfile_COOKIE_MODE_INSERT),
	})
}

func policyClientSSLBody(world) any {
	return policy.LBClientSslProfile{DisplayName: name(), Protocols: []string{"TLS_V1_2"}, CipherGroupLabel: new(policy.LBClientSslProfile_CIPHER_GROUP_LABEL_BALANCED)}
}

func policyServerSSLBody(world) any {
	return policy.LBServerSslProfile{DisplayName: name(), Protocols: []string{"TLS_V1_2"}, CipherGroupLabel: new(policy.LBServerSslProfile_CIPHER_GROUP_LABEL_BALANCED)}
}

func policySpoofGuardBody(world) any {
	return policy.SpoofGuardProfile{DisplayName: name(), AddressBindingAllowlist: new(true)}
}

func macDiscoveryBody(world) any {
	return policy.MacDiscoveryProfile{DisplayName: name(), MacLearningEnabled: new(true)}
}

func segmentSecurityBody(world) any {
	return policy.SegmentSecurityProfile{DisplayName: name(), BpduFilterEnable: new(true)}
}

func qosBody(world) any { return policy.QosProfile{DisplayName: name(), ClassOfService: new(int64(1))} }

func ipDiscoveryBody(world) any {
	return policy.IPDiscoveryProfile{DisplayName: name(), TofuEnabled: new(true)}
}

func dhcpServerConfigBody(w world) any {
	return policy.DhcpServerConfig{DisplayName: name(), EdgeClusterPath: new(w.path("edge clusters")), ServerAddresses: []string{"192.0.2.2/24"}}
}

func dhcpRelayBody(world) any {
	return policy.DhcpRelayConfig{DisplayName: name(), ServerAddresses: []string{"192.0.2.2"}}
}

func policyMetadataProxyBody(w world) any {
	return policy.MetadataProxyConfig{
		DisplayName: name(), EdgeClusterPath: new(w.path("edge clusters")), ServerAddress: new("http://192.0.2.50:8775"), Secret: new("made by the SDK"),
	}
}

func policyServiceBody(world) any { return policy.Service{DisplayName: name()} }

func serviceEntryBody(world) any {
	return value(&policy.L4PortSetServiceEntry{
		ResourceType: policy.L4PortSetServiceEntry__TYPE_IDENTIFIER, DisplayName: name(), L4Protocol: new(policy.L4PortSetServiceEntry_L4PROTOCOL_TCP),
		DestinationPorts: []string{"8443"},
	})
}
