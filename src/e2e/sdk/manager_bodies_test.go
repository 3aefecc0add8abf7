package sdk_test

import (
	"github.com/vmware/vsphere-automation-sdk-go/runtime/data"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"
)

// The bodies that create objects of the Manager API: small, but with the references that make them what they are.

// name is what the SDK's objects are called at first.
func name() *string { return new("made by the SDK") }

// reference names another object, as Manager bodies do.
func reference(id *string, kind string) *manager.ResourceReference {
	return &manager.ResourceReference{TargetId: id, TargetType: &kind}
}

func switchBody(w world) any {
	return manager.LogicalSwitch{
		DisplayName: name(), AdminState: new(manager.LogicalSwitch_ADMIN_STATE_UP), TransportZoneId: w.id("transport zones"),
		ReplicationMode: new(manager.LogicalSwitch_REPLICATION_MODE_MTEP), Tags: []manager.Tag{{Scope: new("made"), Tag: new("by SDK")}},
	}
}

func portBody(w world) any {
	return manager.LogicalPort{
		DisplayName: name(), AdminState: new(manager.LogicalPort_ADMIN_STATE_UP), LogicalSwitchId: w.id("logical switches"),
	}
}

func spoofGuardBody(world) any {
	return value(&manager.SpoofGuardSwitchingProfile{
		ResourceType: manager.SpoofGuardSwitchingProfile__TYPE_IDENTIFIER, DisplayName: name(),
		WhiteListProviders: []string{"LPORT_BINDINGS"},
	})
}

func routerBody(w world) any {
	return manager.LogicalRouter{
		DisplayName: name(), RouterType: new(manager.LogicalRouter_ROUTER_TYPE_TIER1), EdgeClusterId: w.id("edge clusters"),
	}
}

func routerPortBody(w world) any {
	return value(&manager.LogicalRouterLoopbackPort{
		ResourceType: manager.LogicalRouterLoopbackPort__TYPE_IDENTIFIER, DisplayName: name(), LogicalRouterId: w.id("Tier-0 routers"),
		Subnets: []manager.IPSubnet{{IpAddresses: []string{"192.0.2.1"}, PrefixLength: new(int64(32))}}, EdgeClusterMemberIndex: []int64{0},
	})
}

func natBody(world) any {
	return manager.NatRule{
		DisplayName: name(), Action: new(manager.NatRule_ACTION_SNAT), MatchSourceNetwork: new("198.51.100.0/24"),
		TranslatedNetwork: new("192.0.2.10"), RulePriority: new(int64(1024)), Enabled: new(true),
	}
}

func staticRouteBody(world) any {
	return manager.StaticRoute{
		DisplayName: name(), Network: new("198.51.100.0/24"),
		NextHops: []manager.StaticRouteNextHop{{IpAddress: new("192.0.2.2"), AdministrativeDistance: new(int64(1))}},
	}
}

func neighborBody(world) any {
	return manager.BgpNeighbor{DisplayName: name(), NeighborAddress: new("192.0.2.3"), RemoteAsNum: new("65001"), Enabled: new(true)}
}

func prefixListBody(world) any {
	return manager.IPPrefixList{
		DisplayName: name(),
		Prefixes:    []manager.PrefixConfig{{Action: new(manager.PrefixConfig_ACTION_PERMIT), Network: new("198.51.100.0/24")}},
	}
}

func routeMapBody(world) any {
	return manager.RouteMap{
		DisplayName: name(), Sequences: []manager.RouteMapSequence{{
			Action: new(manager.RouteMapSequence_ACTION_PERMIT),
			MatchCriteria: &manager.RouteMapSequenceMatch{MatchCommunityExpression: &manager.CommunityMatchExpression{
				Expression: []manager.CommunityMatchOperation{{MatchOperator: new(manager.CommunityMatchOperation_MATCH_OPERATOR_ANY)}},
				Operator:   new(manager.CommunityMatchExpression_OPERATOR_AND),
			}},
			SetCriteria: &manager.RouteMapSequenceSet{Weight: new(int64(10))},
		}},
	}
}

func blockBody(world) any { return manager.IpBlock{DisplayName: name(), Cidr: new("198.51.100.0/24")} }

func subnetBody(w world) any {
	return manager.IpBlockSubnet{DisplayName: name(), BlockId: w.id("IP blocks"), Size: new(int64(16))}
}

func poolBody(world) any {
	return manager.IpPool{
		DisplayName: name(), Subnets: []manager.IpPoolSubnet{{
			Cidr: new("198.51.100.0/24"), AllocationRanges: []manager.IpPoolRange{{Start: new("198.51.100.10"), End: new("198.51.100.20")}},
		}},
	}
}

func groupBody(world) any {
	return manager.NSGroup{
		DisplayName: name(), MembershipCriteria: []*data.StructValue{value(&manager.NSGroupTagExpression{
			ResourceType: manager.NSGroupTagExpression__TYPE_IDENTIFIER, TargetType: new("LogicalPort"),
			Scope: new("made"), ScopeOp: new("EQUALS"), Tag: new("by SDK"), TagOp: new("EQUALS"),
		})},
	}
}

func serviceBody(world) any {
	return manager.NSService{
		DisplayName: name(), NsserviceElement: value(&manager.L4PortSetNSService{
			ResourceType: manager.L4PortSetNSService__TYPE_IDENTIFIER, L4Protocol: new(manager.L4PortSetNSService_L4PROTOCOL_TCP),
			DestinationPorts: []string{"8443"},
		}),
	}
}

func serviceGroupBody(w world) any {
	return manager.NSServiceGroup{DisplayName: name(), Members: []manager.ResourceReference{*reference(w.id("NS services"), "NSService")}}
}

func ipSetBody(world) any {
	return manager.IPSet{DisplayName: name(), IpAddresses: []string{"192.0.2.1"}}
}

func sectionBody(world) any {
	return manager.FirewallSection{
		DisplayName: name(), SectionType: new(manager.FirewallSection_SECTION_TYPE_LAYER3), Stateful: new(true),
	}
}

func ruleBody(w world) any {
	return manager.FirewallRule{
		DisplayName: name(), Action: new(manager.FirewallRule_ACTION_ALLOW), Direction: new(manager.FirewallRule_DIRECTION_IN_OUT),
		Sources: []manager.ResourceReference{*reference(w.id("NS groups"), "NSGroup")},
	}
}

func lbServiceBody(world) any {
	return manager.LbService{DisplayName: name(), Size: new(manager.LbService_SIZE_SMALL), Enabled: new(true)}
}

func virtualServerBody(w world) any {
	return manager.LbVirtualServer{
		DisplayName: name(), IpAddress: new("192.0.2.20"), Ports: []string{"443"}, IpProtocol: new(manager.LbVirtualServer_IP_PROTOCOL_TCP),
		ApplicationProfileId: w.id("load balancer application profiles"), PoolId: w.id("load balancer pools"),
	}
}

func lbPoolBody(w world) any {
	return manager.LbPool{
		DisplayName: name(), Algorithm: new(manager.LbPool_ALGORITHM_ROUND_ROBIN),
		ActiveMonitorIds: []string{*w.id("load balancer monitors")}, //nolint:staticcheck // deprecated in the SDK, but what clients of NSX 3 and 4 send
		Members:          []manager.PoolMember{{IpAddress: new("192.0.2.30"), Port: new("8080")}},
		SnatTranslation:  value(&manager.LbSnatAutoMap{Type_: manager.LbSnatAutoMap__TYPE_IDENTIFIER}),
	}
}

func lbRuleBody(w world) any {
	return manager.LbRule{
		DisplayName: name(), Phase: new(manager.LbRule_PHASE_HTTP_FORWARDING), MatchStrategy: new(manager.LbRule_MATCH_STRATEGY_ALL),
		MatchConditions: []*data.StructValue{value(&manager.LbHttpRequestHeaderCondition{
			Type_: manager.LbHttpRequestHeaderCondition__TYPE_IDENTIFIER, HeaderName: new("Host"), HeaderValue: new("example.com"),
			MatchType: new(manager.LbHttpRequestHeaderCondition_MATCH_TYPE_EQUALS), CaseSensitive: new(false),
		})},
		Actions: []*data.StructValue{value(&manager.LbSelectPoolAction{
			Type_: manager.LbSelectPoolAction__TYPE_IDENTIFIER, PoolId: w.id("load balancer pools"),
		})},
	}
}

func monitorBody(world) any {
	return value(&manager.LbTcpMonitor{
		ResourceType: "LbTcpMonitor", DisplayName: name(), MonitorPort: new("8080"), Interval: new(int64(5)),
	})
}

func applicationProfileBody(world) any {
	return value(&manager.LbFastTcpProfile{
		ResourceType: manager.LbFastTcpProfile__TYPE_IDENTIFIER, DisplayName: name(), IdleTimeout: new(int64(1800)),
	})
}

func persistenceProfileBody(world) any {
	return value(&manager.LbCookiePersistenceProfile{
		ResourceType: manager.LbCookiePersistenceProfile__TYPE_IDENTIFIER, DisplayName: name(), CookieName: new("session"),
		CookieMode: new(manager.LbCookiePersistenceProfile_COOKIE_MODE_INSERT),
	})
}

func clientSSLBody(world) any {
	return manager.LbClientSslProfile{DisplayName: name(), Protocols: []string{"TLS_V1_2"}, SessionCacheEnabled: new(true)}
}

func serverSSLBody(world) any {
	return manager.LbServerSslProfile{DisplayName: name(), Protocols: []string{"TLS_V1_2"}, SessionCacheEnabled: new(true)}
}

func dhcpProfileBody(w world) any {
	return manager.DhcpProfile{DisplayName: name(), EdgeClusterId: w.id("edge clusters")}
}

func dhcpServerBody(w world) any {
	return manager.LogicalDhcpServer{
		DisplayName: name(), DhcpProfileId: w.id("DHCP server profiles"), Ipv4DhcpServer: &manager.IPv4DhcpServer{DhcpServerIp: new("192.0.2.2/24")},
	}
}

func bindingBody(world) any {
	return manager.DhcpStaticBinding{DisplayName: name(), IpAddress: new("192.0.2.40"), MacAddress: new("00:50:56:00:00:01")}
}

func relayProfileBody(world) any {
	return manager.DhcpRelayProfile{DisplayName: name(), ServerAddresses: []string{"192.0.2.2"}}
}

func relayBody(w world) any {
	return manager.DhcpRelayService{DisplayName: name(), DhcpRelayProfileId: w.id("DHCP relay profiles")}
}

func metadataProxyBody(w world) any {
	return manager.MetadataProxy{
		DisplayName: name(), EdgeClusterId: w.id("edge clusters"), MetadataServerUrl: new("http://192.0.2.50:8775"), Secret: new("made by the SDK"),
	}
}
