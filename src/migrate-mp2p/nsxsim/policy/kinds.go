package policy

import "strings"

// Kind is one place in the tree.
type Kind struct {
	// Pattern is the path with "*" for ids: "/infra/tier-1s/*/static-routes/*".
	Pattern string
	// Child is the type's name in hierarchical bodies: "Child<Child>" wraps it under the key "<Child>".
	Child string
	// Types are the allowed values of resource_type; the first is the default.
	Types []string
	// Implicit objects exist without having been created (NAT sections, the default domain): their types by their ids.
	Implicit map[string]string
	// Part objects go when what they belong to is deleted; others keep it from being deleted.
	Part bool
	// Embeds is the field in which the object shows its children of one collection, and takes them: they are objects of their
	// own all the same.
	Embeds string
	// Sent is the type of the bodies that clients send, where it differs from that of the object.
	Sent string
}

// Single tells that a parent has just one such object, at a fixed name.
func (k Kind) Single() bool { return !strings.HasSuffix(k.Pattern, "/*") }

// Embedded is the collection of the children that the object at a path shows in its body.
func (k Kind) Embedded(path string) string {
	return path + "/" + strings.ReplaceAll(k.Embeds, "_", "-")
}

// Collection is the list's path as a pattern.
func (k Kind) Collection() string { return strings.TrimSuffix(k.Pattern, "/*") }

// Kinds is the tree, parents before children (NSX Policy API paths as in NCP's clean-up script and the NSX SDKs).
func Kinds() []Kind {
	kinds := []Kind{
		{Pattern: "/infra/tier-0s/*", Child: "Tier0"},
		{Pattern: "/infra/tier-1s/*", Child: "Tier1"},
		{Pattern: "/infra/segments/*", Child: "Segment"},
		{Pattern: "/infra/tier-1s/*/segments/*", Child: "Segment"},
		{Pattern: "/infra/domains/*", Child: "Domain", Implicit: map[string]string{"default": "Domain"}},
		{Pattern: "/infra/domains/*/groups/*", Child: "Group"},
		{Pattern: "/infra/domains/*/security-policies/*", Child: "SecurityPolicy", Embeds: "rules"},
		{Pattern: "/infra/domains/*/security-policies/*/rules/*", Child: "Rule", Part: true},
		{Pattern: "/infra/domains/*/gateway-policies/*", Child: "GatewayPolicy", Embeds: "rules"},
		{Pattern: "/infra/domains/*/gateway-policies/*/rules/*", Child: "Rule", Part: true},
		{Pattern: "/infra/ip-blocks/*", Child: "IpAddressBlock"},
		{Pattern: "/infra/ip-pools/*", Child: "IpAddressPool"},
		{Pattern: "/infra/ip-pools/*/ip-subnets/*", Child: "IpAddressPoolSubnet", Types: []string{"IpAddressPoolBlockSubnet", "IpAddressPoolStaticSubnet"}},
		{Pattern: "/infra/ip-pools/*/ip-allocations/*", Child: "IpAddressAllocation"},
		{Pattern: "/infra/certificates/*", Child: typeCertificate, Sent: typeTrustData},
		{Pattern: "/infra/crls/*", Child: typeCRL},
		{Pattern: "/infra/spoofguard-profiles/*", Child: "SpoofGuardProfile"},
		{Pattern: "/infra/mac-discovery-profiles/*", Child: "MacDiscoveryProfile"},
		{Pattern: "/infra/segment-security-profiles/*", Child: "SegmentSecurityProfile"},
		{Pattern: "/infra/qos-profiles/*", Child: "QoSProfile"},
		{Pattern: "/infra/ip-discovery-profiles/*", Child: "IPDiscoveryProfile"},
		{Pattern: "/infra/dhcp-server-configs/*", Child: "DhcpServerConfig"},
		{Pattern: "/infra/dhcp-relay-configs/*", Child: "DhcpRelayConfig"},
		{Pattern: "/infra/metadata-proxies/*", Child: "MetadataProxyConfig"},
		{Pattern: "/infra/services/*", Child: "Service", Embeds: "service_entries"},
		{
			Pattern: "/infra/services/*/service-entries/*", Child: "ServiceEntry", Part: true,
			Types: []string{
				"L4PortSetServiceEntry", "ICMPTypeServiceEntry", "IPProtocolServiceEntry", "IGMPTypeServiceEntry", "ALGTypeServiceEntry",
				"EtherTypeServiceEntry", "NestedServiceServiceEntry",
			},
		},
		{Pattern: "/infra/sites/*", Child: "Site", Implicit: map[string]string{"default": "Site"}},
		{Pattern: "/infra/sites/*/enforcement-points/*", Child: "EnforcementPoint", Implicit: map[string]string{"default": "EnforcementPoint"}},
		{Pattern: "/infra/sites/*/enforcement-points/*/transport-zones/*", Child: "PolicyTransportZone"},
		{Pattern: "/infra/sites/*/enforcement-points/*/edge-clusters/*", Child: "PolicyEdgeCluster"},
	}
	kinds = append(kinds, loadBalancerKinds()...)
	for _, tier := range []string{"0", "1"} {
		gateway := "/infra/tier-" + tier + "s/*"
		kinds = append(kinds,
			Kind{Pattern: gateway + "/locale-services/*", Child: "LocaleServices"},
			Kind{Pattern: gateway + "/locale-services/*/interfaces/*", Child: "Tier" + tier + "Interface"},
			Kind{Pattern: gateway + "/static-routes/*", Child: "StaticRoutes"},
			Kind{Pattern: gateway + "/nat/*", Child: "PolicyNat", Part: true,
				Implicit: map[string]string{"USER": "PolicyNat", "INTERNAL": "PolicyNat", "DEFAULT": "PolicyNat"}},
			Kind{Pattern: gateway + "/nat/*/nat-rules/*", Child: "PolicyNatRule"},
		)
	}
	kinds = append(kinds,
		Kind{Pattern: "/infra/tier-0s/*/locale-services/*/bgp", Child: "BgpRoutingConfig", Part: true},
		Kind{Pattern: "/infra/tier-0s/*/locale-services/*/bgp/neighbors/*", Child: "BgpNeighborConfig"},
		Kind{Pattern: "/infra/tier-0s/*/prefix-lists/*", Child: "PrefixList"},
		Kind{Pattern: "/infra/tier-0s/*/route-maps/*", Child: "Tier0RouteMap"},
		Kind{Pattern: "/infra/tier-0s/*/community-lists/*", Child: "CommunityList"},
	)
	for _, segment := range []string{"/infra/segments/*", "/infra/tier-1s/*/segments/*"} {
		kinds = append(kinds,
			Kind{Pattern: segment + "/ports/*", Child: "SegmentPort"},
			Kind{Pattern: segment + "/dhcp-static-binding-configs/*", Child: "DhcpStaticBindingConfig", Types: []string{"DhcpV4StaticBindingConfig", "DhcpV6StaticBindingConfig"}},
		)
		kinds = append(kinds, bindingMaps(segment, "Segment")...)
		kinds = append(kinds, bindingMaps(segment+"/ports/*", "Port")...)
	}
	for i := range kinds {
		if kinds[i].Types == nil {
			kinds[i].Types = []string{kinds[i].Child}
		}
	}
	return kinds
}

// loadBalancerKinds are load balancers and their profiles, of which NSX brings some (the ids of the application profiles:
// policy report; those of the others ASSUMED).
func loadBalancerKinds() []Kind {
	return []Kind{
		{Pattern: "/infra/lb-services/*", Child: "LBService"},
		{Pattern: "/infra/lb-virtual-servers/*", Child: "LBVirtualServer"},
		{Pattern: "/infra/lb-pools/*", Child: "LBPool"},
		{
			Pattern: "/infra/lb-monitor-profiles/*", Child: "LBMonitorProfile",
			Types: []string{
				"LBTcpMonitorProfile", "LBHttpMonitorProfile", "LBHttpsMonitorProfile", "LBIcmpMonitorProfile", "LBUdpMonitorProfile", "LBPassiveMonitorProfile",
			},
			Implicit: map[string]string{
				"default-tcp-lb-monitor": "LBTcpMonitorProfile", "default-http-lb-monitor": "LBHttpMonitorProfile",
				"default-https-lb-monitor": "LBHttpsMonitorProfile", "default-icmp-lb-monitor": "LBIcmpMonitorProfile",
				"default-passive-lb-monitor": "LBPassiveMonitorProfile",
			},
		},
		{
			Pattern: "/infra/lb-app-profiles/*", Child: "LBAppProfile",
			Types: []string{"LBFastTcpProfile", "LBFastUdpProfile", "LBHttpProfile"},
			Implicit: map[string]string{
				"default-tcp-lb-app-profile": "LBFastTcpProfile", "default-udp-lb-app-profile": "LBFastUdpProfile",
				"default-http-lb-app-profile": "LBHttpProfile",
			},
		},
		{
			Pattern: "/infra/lb-persistence-profiles/*", Child: "LBPersistenceProfile",
			Types: []string{"LBSourceIpPersistenceProfile", "LBCookiePersistenceProfile", "LBGenericPersistenceProfile"},
			Implicit: map[string]string{
				"default-source-ip-lb-persistence-profile": "LBSourceIpPersistenceProfile",
				"default-cookie-lb-persistence-profile":    "LBCookiePersistenceProfile",
			},
		},
		{
			Pattern: "/infra/lb-client-ssl-profiles/*", Child: "LBClientSslProfile",
			Implicit: map[string]string{"default-balanced-client-ssl-profile": "LBClientSslProfile"},
		},
		{Pattern: "/infra/lb-server-ssl-profiles/*", Child: "LBServerSslProfile"},
	}
}

// bindingMaps are the places where a segment or a port names its profiles.
func bindingMaps(place, owner string) []Kind {
	prefix := place + "/" + strings.ToLower(owner)
	return []Kind{
		{Pattern: prefix + "-discovery-profile-binding-maps/*", Child: owner + "DiscoveryProfileBindingMap", Part: true},
		{Pattern: prefix + "-security-profile-binding-maps/*", Child: owner + "SecurityProfileBindingMap", Part: true},
		{Pattern: prefix + "-qos-profile-binding-maps/*", Child: owner + "QoSProfileBindingMap", Part: true},
	}
}
