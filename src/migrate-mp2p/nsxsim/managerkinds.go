package nsxsim

import (
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// managerKind is one collection of the Manager API (shapes: nsxtsdk, go-vmware-nsxt; filters: NSX Go SDK).
type managerKind struct {
	// collection is the path below /api/v1, with "{name}" for ids.
	collection string
	// types are the resource types; the first is given to bodies that name none.
	types []string
	// filters are the list's own query parameters.
	filters map[string]filter
	// hidesSystem leaves system-owned objects out of lists unless include_system_owned is true.
	hidesSystem bool
	// ordered lists go by the body's priority (firewall sections and rules), others by id.
	ordered bool
	// single means that the path is one object, not a list.
	single bool
	// readOnly collections have no POST, PUT or DELETE here.
	readOnly bool
	// stays means that NSX 9 still has it.
	stays bool
	notes []string
}

// filter is one query parameter of a list.
type filter struct {
	// passes tells whether an object passes for the parameter's value. The body is decoded.
	passes func(o *store.Object, body map[string]any, value string) bool
	// literal means that the value stands in the body of whatever passes, which saves decoding most bodies.
	literal bool
}

// field passes objects with that value at a dotted path.
func field(path string) filter {
	parts := strings.Split(path, ".")
	return filter{literal: true, passes: func(_ *store.Object, body map[string]any, value string) bool {
		at := any(body)
		for _, part := range parts {
			fields, _ := at.(map[string]any)
			at = fields[part]
		}
		return text(at) == value
	}}
}

// byType passes objects of that resource type.
func byType() filter {
	return filter{passes: func(o *store.Object, _ map[string]any, value string) bool {
		return strings.EqualFold(o.ResourceType, value)
	}}
}

// byProfile passes objects that name a switching profile.
func byProfile() filter {
	return filter{literal: true, passes: func(_ *store.Object, body map[string]any, value string) bool {
		list, _ := body["switching_profile_ids"].([]any)
		return slices.ContainsFunc(list, func(element any) bool {
			pair, _ := element.(map[string]any)
			return text(pair["value"]) == value
		})
	}}
}

// containerPorts passes ports of containers (CHILD) when the value is true, and the others otherwise.
func containerPorts() filter {
	return filter{passes: func(_ *store.Object, body map[string]any, value string) bool {
		attachment, _ := body["attachment"].(map[string]any)
		context, _ := attachment["context"].(map[string]any)
		return (text(context["vif_type"]) == "CHILD") == (value == "true")
	}}
}

// managerKinds is the Manager API as far as it is simulated.
func managerKinds() []managerKind {
	return []managerKind{
		{collection: "logical-switches", types: []string{"LogicalSwitch"}, filters: map[string]filter{
			"transport_zone_id": field("transport_zone_id"), "vlan": field("vlan"), "vni": field("vni"),
			"switch_type": field("switch_type"), "switching_profile_id": byProfile(),
		}, notes: []string{"the filter transport_type is ignored"}},
		{collection: "logical-ports", types: []string{"LogicalPort"}, filters: map[string]filter{
			"logical_switch_id": field("logical_switch_id"), "attachment_id": field("attachment.id"),
			"attachment_type": field("attachment.attachment_type"), "parent_vif_id": field("attachment.context.parent_vif_id"),
			"switching_profile_id": byProfile(), "container_ports_only": containerPorts(),
		}, notes: []string{"the filter transport_zone_id is ignored"}},
		{collection: "logical-routers", types: []string{"LogicalRouter"}, filters: map[string]filter{"router_type": field("router_type")}},
		{collection: "logical-router-ports", types: []string{
			"LogicalRouterDownLinkPort", "LogicalRouterUpLinkPort", "LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER1",
			"LogicalRouterLoopbackPort", "LogicalRouterIPTunnelPort", "LogicalRouterCentralizedServicePort",
		}, filters: map[string]filter{"logical_router_id": field("logical_router_id"), "resource_type": byType()},
			notes: []string{"the filter logical_switch_id is ignored"}},
		{collection: "logical-routers/{router}/nat/rules", types: []string{"NatRule"}},
		{collection: "logical-routers/{router}/routing/static-routes", types: []string{"StaticRoute"}},
		{collection: "logical-routers/{router}/routing", types: []string{"RoutingConfig"}, single: true},
		{collection: "logical-routers/{router}/routing/advertisement", types: []string{"AdvertisementConfig"}, single: true},
		{collection: "logical-routers/{router}/routing/advertisement/rules", types: []string{"AdvertiseRuleList"}, single: true},
		{collection: "logical-routers/{router}/routing/redistribution", types: []string{"RedistributionConfig"}, single: true},
		{collection: "logical-routers/{router}/routing/redistribution/rules", types: []string{"RedistributionRuleList"}, single: true},
		{collection: "logical-routers/{router}/routing/bgp", types: []string{"BgpConfig"}, single: true},
		{collection: "logical-routers/{router}/routing/bgp/neighbors", types: []string{"BgpNeighbor"}},
		{collection: "logical-routers/{router}/routing/ip-prefix-lists", types: []string{"IPPrefixList"}},
		{collection: "logical-routers/{router}/routing/route-maps", types: []string{"RouteMap"}},
		{collection: "pools/ip-blocks", types: []string{"IpBlock"}},
		{collection: "pools/ip-subnets", types: []string{"IpBlockSubnet"}, filters: map[string]filter{"block_id": field("block_id")}},
		{collection: "pools/ip-pools", types: []string{"IpPool"}},
		{collection: "pools/ip-pools/{pool}/allocations", types: []string{""}, readOnly: true},
		{collection: "firewall/sections", types: []string{"FirewallSection"}, ordered: true, filters: map[string]filter{
			"type": field("section_type"), "enforced_on": field("enforced_on"), "locked": field("locked"), "category": field("category"),
		}, notes: []string{"the filters filter_type, applied_tos, include_applied_to_type, exclude_applied_to_type and deep_search are ignored",
			assumedMark + "lists go by the body's priority, lowest first"}},
		{collection: "firewall/sections/{section}/rules", types: []string{"FirewallRule"}, ordered: true},
		{collection: "ns-groups", types: []string{"NSGroup"}, notes: []string{"member_types and populate_references are ignored"}},
		{collection: "ip-sets", types: []string{"IPSet"}},
		{collection: "ns-services", types: []string{"NSService"}},
		{collection: "switching-profiles", types: []string{
			"SpoofGuardSwitchingProfile", "IpDiscoverySwitchingProfile", "MacManagementSwitchingProfile", "SwitchSecuritySwitchingProfile",
			"QosSwitchingProfile", "PortMirroringSwitchingProfile",
		}, hidesSystem: true, filters: map[string]filter{"switching_profile_type": byType()}},
		{collection: "loadbalancer/services", types: []string{"LbService"}},
		{collection: "loadbalancer/virtual-servers", types: []string{"LbVirtualServer"}},
		{collection: "loadbalancer/pools", types: []string{"LbPool"}},
		{collection: "loadbalancer/rules", types: []string{"LbRule"}},
		{collection: "loadbalancer/monitors", types: []string{
			"LbTcpMonitor", "LbHttpMonitor", "LbHttpsMonitor", "LbIcmpMonitor", "LbUdpMonitor", "LbPassiveMonitor",
		}, filters: map[string]filter{"type": byType()}},
		{collection: "loadbalancer/application-profiles", types: []string{"LbFastTcpProfile", "LbFastUdpProfile", "LbHttpProfile"},
			filters: map[string]filter{"type": byType()}},
		{collection: "loadbalancer/persistence-profiles", types: []string{
			"LbSourceIpPersistenceProfile", "LbCookiePersistenceProfile", "LbGenericPersistenceProfile",
		}, filters: map[string]filter{"type": byType()}},
		{collection: "loadbalancer/client-ssl-profiles", types: []string{"LbClientSslProfile"}},
		{collection: "loadbalancer/server-ssl-profiles", types: []string{"LbServerSslProfile"}},
		{collection: "dhcp/server-profiles", types: []string{"DhcpProfile"}},
		{collection: "dhcp/servers", types: []string{"LogicalDhcpServer"}},
		{collection: "dhcp/servers/{server}/static-bindings", types: []string{"DhcpStaticBinding"}},
		{collection: "md-proxies", types: []string{"MetadataProxy"}},
		{collection: "trust-management/certificates", types: []string{"certificate_self_signed", "certificate_signed", "certificate_ca", "Certificate"}, stays: true},
		{collection: "trust-management/crls", types: []string{"Crl"}, stays: true},
		{collection: "trust-management/principal-identities", types: []string{"PrincipalIdentity"}, stays: true, readOnly: true},
		{collection: "transport-zones", types: []string{"OverlayTransportZone", "TransportZone"}, stays: true, readOnly: true},
		{collection: "edge-clusters", types: []string{"EdgeCluster"}, stays: true, readOnly: true},
		{collection: "transport-nodes", types: []string{"TransportNode"}, stays: true, readOnly: true},
	}
}

// text is a decoded JSON scalar as text; "" for anything else.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case interface{ String() string }:
		return v.String()
	}
	return ""
}
