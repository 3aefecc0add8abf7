package manager

import (
	"maps"
	"net/url"
	"regexp"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Collections that several files name.
const (
	RouterCollection      = "logical-routers"
	routerPortCollection  = "logical-router-ports"
	SwitchCollection      = "logical-switches"
	PortCollection        = "logical-ports"
	GroupCollection       = "ns-groups"
	SectionCollection     = "firewall/sections"
	poolCollection        = "pools/ip-pools"
	subnetCollection      = "pools/ip-subnets"
	certificateCollection = "trust-management/certificates"
	crlCollection         = "trust-management/crls"
	principalCollection   = "trust-management/principal-identities"
)

// Kind is one collection of the Manager API (shapes: nsxtsdk, go-vmware-nsxt; parameters: NSX Go SDK).
type Kind struct {
	// collection is the path below /api/v1, with "{name}" for ids.
	collection string
	// types are the resource types; the first is given to bodies that name none.
	types []string

	// single means that the path is one object, not a list; fresh is what it holds before anybody wrote it.
	single bool
	fresh  map[string]any
	// parent means that objects below go with it.
	parent bool
	// readOnly collections have no POST, PUT or DELETE here; noPost and noPut leave out one of them.
	readOnly, noPost, noPut bool
	// numbered objects get numbers for ids.
	numbered bool
	// stays means that NSX 9 still has it.
	stays bool

	// filters are the list's own query parameters, and preset the values of those that a query does not name.
	filters map[string]filter
	preset  map[string]string
	// firewall makes one test of the parameters that only sections and rules have.
	firewall func(tx *store.Tx, query url.Values) (test, error)
	// filterNotes are the notes of the list alone.
	filterNotes []string
	// hidesSystem leaves system-owned objects out of lists unless include_system_owned is true.
	hidesSystem bool
	// ordered lists go by the body's priority (firewall sections and rules), others by id.
	ordered bool
	// show adds to a body what NSX computes on reading; reads are the query parameters that it heeds.
	reads []string
	show  func(s *API, tx *store.Tx, r *api.Request, o *store.Object, body map[string]any) error

	// complete checks a body further, and fills in what NSX sets; written follows up once it is stored.
	complete, written func(w *write) error
	// force is the deletion's parameter that overrides references; removing refuses a deletion or takes other objects
	// along, and removed follows up.
	force string
	// drops are further parameters of a deletion.
	drops             []string
	removing, removed func(d *removal) error

	notes []string
}

// listQuery are the query parameters of the list.
func (k Kind) listQuery() []string {
	query := slices.Concat(api.Paging(), k.reads, slices.Sorted(maps.Keys(k.filters)))
	if k.hidesSystem {
		query = append(query, "include_system_owned")
	}
	if k.firewall != nil {
		query = slices.Concat(query, firewallFields, []string{
			"deep_search", "exclude_applied_to_type", "filter_type", "include_applied_to_type", "search_invalid_references",
		})
	}
	return query
}

// deleteQuery are the query parameters of a deletion.
func (k Kind) deleteQuery() []string {
	if k.force == "" {
		return k.drops
	}
	return append([]string{k.force}, k.drops...)
}

// pattern is the collection as package references writes it.
func (k Kind) pattern() string { return namedPart.ReplaceAllString(k.collection, "{parent}") }

// managerKinds is the Manager API as far as it is simulated.
func allKinds() []Kind {
	return []Kind{
		{collection: SwitchCollection, types: []string{"LogicalSwitch"}, filters: map[string]filter{
			"transport_zone_id": field("transport_zone_id"), "vlan": field("vlan"), "vni": field("vni"),
			"switch_type": field("switch_type"), "switching_profile_id": byProfile(),
			"transport_type":             related("transport_zone_id", "transport-zones", "transport_type"),
			"uplink_teaming_policy_name": field("uplink_teaming_policy_name"), "diagnostic": shows("diagnostic"),
		}, force: "detach", drops: []string{"cascade"}, removing: removeSwitch},
		{collection: PortCollection, types: []string{"LogicalPort"}, filters: map[string]filter{
			"logical_switch_id": field("logical_switch_id"), "attachment_id": field("attachment.id"),
			"attachment_type": byAttachment(), "parent_vif_id": field("attachment.context.parent_vif_id"),
			"switching_profile_id": byProfile(), "container_ports_only": containerPorts(),
			"transport_zone_id": related("logical_switch_id", SwitchCollection, "transport_zone_id"),
			"transport_node_id": onTransportNode(), "bridge_cluster_id": without(), "diagnostic": shows("diagnostic"),
		}, filterNotes: []string{
			"there are no bridge clusters: bridge_cluster_id gives an empty list; diagnostic shows nothing more, as there are no transit ports",
			api.Assumed + "a port is on the transport node that its attachment names, or its parent's; attachment_type=NONE lists ports without attachment; why: " +
				"the attachment is all that a port says of its place; the SDK has NONE for queries only",
		}, complete: completePort, written: portWritten, force: "detach", removing: removePort, removed: portRemoved, notes: []string{shadowNote}},
		{collection: RouterCollection, types: []string{"LogicalRouter"}, parent: true, filters: map[string]filter{
			"router_type": oneOf("router_type", "router_type", "TIER0", "TIER1", "VRF"), "vrfs_on_logical_router_id": without(),
		}, filterNotes: []string{"no router tells on which other one it is a VRF: vrfs_on_logical_router_id gives an empty list"}, force: "force", drops: []string{"cascade_delete_linked_ports"}, removing: removeRouter},
		{collection: routerPortCollection, types: []string{
			"LogicalRouterDownLinkPort", "LogicalRouterUpLinkPort", "LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER1",
			"LogicalRouterLoopbackPort", "LogicalRouterIPTunnelPort", "LogicalRouterCentralizedServicePort",
		}, filters: map[string]filter{
			"logical_router_id": field("logical_router_id"), "resource_type": byType(),
			"logical_switch_id": linkedSwitch(),
		}, written: linkRouterPort, force: "force", drops: []string{"cascade_delete_linked_ports"}, removing: removeRouterPort, removed: unlinkRouterPort,
			notes: []string{api.Assumed + "a router port becomes the attachment of the switch's port that it names, and leaves it free again when it goes; why: NSX shows the attachment on the port, and no client writes it"}},
		{collection: "logical-routers/{router}/nat/rules", types: []string{"NatRule"}, complete: completeOfRouter,
			filters: map[string]filter{"rule_type": byRuleType()}},
		{collection: "logical-routers/{router}/routing/static-routes", types: []string{"StaticRoute"}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing", types: []string{"RoutingConfig"}, single: true,
			fresh: map[string]any{"forwarding_up_timer": 0}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/advertisement", types: []string{"AdvertisementConfig"}, single: true, fresh: map[string]any{
			"enabled": false, "advertise_nsx_connected_routes": false, "advertise_static_routes": false, "advertise_nat_routes": false,
			"advertise_lb_vip": false, "advertise_lb_snat_ip": false, "advertise_dns_forwarder": false, "advertise_ipsec_local_ip": false,
		}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/advertisement/rules", types: []string{"AdvertiseRuleList"}, single: true,
			fresh: map[string]any{"rules": []any{}}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/redistribution", types: []string{"RedistributionConfig"}, single: true,
			fresh: map[string]any{"bgp_enabled": false}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/redistribution/rules", types: []string{"RedistributionRuleList"}, single: true,
			fresh: map[string]any{"rules": []any{}}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/bgp", types: []string{"BgpConfig"}, single: true,
			fresh: map[string]any{"enabled": false, "ecmp": true}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/bgp/neighbors", types: []string{"BgpNeighbor"}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/ip-prefix-lists", types: []string{"IPPrefixList"}, complete: completeOfRouter},
		{collection: "logical-routers/{router}/routing/route-maps", types: []string{"RouteMap"}, complete: completeOfRouter},
		{collection: "pools/ip-blocks", types: []string{"IpBlock"}, complete: completeBlock},
		{collection: subnetCollection, types: []string{"IpBlockSubnet"}, parent: true, noPut: true,
			filters: map[string]filter{"block_id": field("block_id")}, complete: completeSubnet, removing: removePool},
		{collection: poolCollection, types: []string{"IpPool"}, parent: true, complete: completePool, show: showPool, force: "force", removing: removePool},
		{collection: "pools/ip-pools/{pool}/allocations", types: []string{""}, readOnly: true},
		{collection: SectionCollection, types: []string{"FirewallSection"}, parent: true, noPost: true, ordered: true, filters: map[string]filter{
			"type":        oneOf("section_type", "type", "LAYER2", "LAYER3", "L3REDIRECT", "IDS", "LAYER3_REDIRECT"),
			"locked":      flag("locked", func(body map[string]any, wanted bool) bool { return (body["locked"] == true) == wanted }),
			"enforced_on": field("enforced_on"), "category": field("category"), "search_scope": enforcementPoint(),
		}, preset: map[string]string{"type": "LAYER3"}, firewall: firewallTest, complete: completeSection, drops: []string{"cascade"}, removing: removeSection,
			notes: []string{
				api.Assumed + "priority is a number that grows in the order of evaluation, with gaps; default sections stay last; why: lists come in the order of evaluation; the numbers themselves are not public",
			}, filterNotes: firewallNotes},
		{collection: "firewall/sections/{section}/rules", types: []string{"FirewallRule"}, noPost: true, numbered: true, ordered: true,
			firewall: firewallTest, filterNotes: firewallNotes[:2], complete: completeRule, removing: ruleMayGo, removed: ruleRemoved},
		{collection: excludeList, types: []string{"ExcludeList"}, single: true, fresh: map[string]any{"members": []any{}, "member_count": 0},
			complete: countMembers},
		{collection: GroupCollection, types: []string{"NSGroup"}, filters: map[string]filter{"member_types": memberTypes()},
			complete: countMembers, reads: []string{"populate_references"}, show: showGroup, force: "force"},
		{collection: setCollection, types: []string{"IPSet"}, force: "force"},
		{collection: "ns-services", types: []string{"NSService"}, force: "force", filters: map[string]filter{"default_service": byDefault()}},
		{collection: "ns-service-groups", types: []string{"NSServiceGroup"}, force: "force", filters: map[string]filter{"default_service": byDefault()}},
		{collection: "switching-profiles", types: []string{
			"SpoofGuardSwitchingProfile", "IpDiscoverySwitchingProfile", "MacManagementSwitchingProfile", "SwitchSecuritySwitchingProfile",
			"QosSwitchingProfile", "PortMirroringSwitchingProfile",
		}, hidesSystem: true, filters: map[string]filter{"switching_profile_type": byType()}, drops: []string{"unbind"}, removing: unbindProfile},
		{collection: "loadbalancer/services", types: []string{"LbService"}, filters: map[string]filter{"logical_router_id": field("attachment.target_id")}},
		{collection: "loadbalancer/virtual-servers", types: []string{"LbVirtualServer"}, drops: []string{"delete_associated_rules"}, removed: takeRulesAlong},
		{collection: lbPoolCollection, types: []string{"LbPool"}},
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
		{collection: "dhcp/servers", types: []string{"LogicalDhcpServer"}, parent: true},
		{collection: "dhcp/servers/{server}/static-bindings", types: []string{"DhcpStaticBinding"}},
		{collection: "dhcp/relay-profiles", types: []string{"DhcpRelayProfile"}},
		{collection: "dhcp/relays", types: []string{"DhcpRelayService"}},
		{collection: "md-proxies", types: []string{"MetadataProxy"}},
		{collection: certificateCollection, types: []string{"certificate_self_signed", "certificate_signed", "certificate_ca", "Certificate"}, stays: true,
			noPost: true, noPut: true, reads: []string{"details"}, show: showDetails, filters: map[string]filter{"type": certificateType(), "node_id": without()}, filterNotes: ownCertificates},
		{collection: crlCollection, types: []string{"Crl"}, stays: true, noPost: true, reads: []string{"details"}, show: showRevoked,
			filters: map[string]filter{"type": without(), "node_id": without()}, filterNotes: ownCertificates},
		{collection: principalCollection, types: []string{"PrincipalIdentity"}, stays: true, noPost: true, noPut: true, removed: dismissPrincipal},
		{collection: "transport-zones", types: []string{"OverlayTransportZone", "TransportZone"}, stays: true, readOnly: true, hidesSystem: true, filters: map[string]filter{
			"display_name": field("display_name"), "transport_type": oneOf("transport_type", "transport_type", "OVERLAY", "VLAN"),
			"is_default":                 flag("is_default", func(body map[string]any, wanted bool) bool { return (body["is_default"] == true) == wanted }),
			"uplink_teaming_policy_name": listed("uplink_teaming_policy_names"),
		}},
		{collection: "edge-clusters", types: []string{"EdgeCluster"}, stays: true, readOnly: true},
		{collection: "transport-nodes", types: []string{"TransportNode"}, stays: true, readOnly: true, filters: map[string]filter{
			"in_maintenance_mode": flag("in_maintenance_mode", func(body map[string]any, wanted bool) bool {
				return slices.Contains([]string{"ENABLED", "FORCE_ENABLED"}, store.Text(body["maintenance_mode"])) == wanted
			}),
			"node_id": field("node_id"), "node_ip": listed("node_deployment_info.ip_addresses"), "node_types": byNodeType(), "transport_zone_id": inZone(),
		}},
	}
}

// kindsByPattern are the kinds by their collection as package references writes it.
func kindsByPattern() map[string]Kind {
	kinds := map[string]Kind{}
	for _, k := range allKinds() {
		kinds[k.pattern()] = k
	}
	return kinds
}

// namedPart is a part of a collection that stands for an id.
var namedPart = regexp.MustCompile(`\{[^}]*\}`)
