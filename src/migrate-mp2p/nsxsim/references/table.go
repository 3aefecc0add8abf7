package references

// Field is a field of a Manager body that names other objects.
type Field struct {
	// Path is the way to the field, with dots; lists on the way are walked through. What is found there may be an id, a
	// ResourceReference, a switching profile's {key, value}, a group's member, or a list of those.
	Path string
	// Targets are the collections in which a bare id may be. "{parent}" stands for the second part of the key of the
	// referring object, such as the id of a router. References that bring a target_type go by that type instead.
	Targets []string
	// Back says when NSX fills the field in itself, so that it does not keep its target from being deleted.
	Back Back
}

// Back tells which references are NSX's own notes of what refers to the object.
type Back int

// The cases: none, every one, or bare ids only (of a router link: the side of the Tier-0).
const (
	Never Back = iota
	Always
	WhenBare
)

// to makes a Field.
func to(path string, targets ...string) Field { return Field{Path: path, Targets: targets} }

// noted makes a Field that NSX may fill in itself.
func noted(back Back, path string, targets ...string) Field {
	return Field{Path: path, Targets: targets, Back: back}
}

// Collections to which many fields refer.
const (
	switches      = "logical-switches"
	ports         = "logical-ports"
	routers       = "logical-routers"
	routerPorts   = "logical-router-ports"
	profiles      = "switching-profiles"
	zones         = "transport-zones"
	edgeClusters  = "edge-clusters"
	groups        = "ns-groups"
	sections      = "firewall/sections"
	certificates  = "trust-management/certificates"
	crls          = "trust-management/crls"
	monitors      = "loadbalancer/monitors"
	pools         = "loadbalancer/pools"
	clientSSL     = "loadbalancer/client-ssl-profiles"
	serverSSL     = "loadbalancer/server-ssl-profiles"
	prefixLists   = "logical-routers/{parent}/routing/ip-prefix-lists"
	routeMaps     = "logical-routers/{parent}/routing/route-maps"
	staticRoutes  = "logical-routers/{parent}/routing/static-routes"
	natRules      = "logical-routers/{parent}/nat/rules"
	firewallRules = "firewall/sections/{parent}/rules"
)

// table holds the fields of each collection.
var table = map[string][]Field{
	switches: {to("transport_zone_id", zones), to("ip_pool_id", "pools/ip-pools"), to("switching_profile_ids", profiles)},
	ports:    {to("logical_switch_id", switches), to("switching_profile_ids", profiles)},
	routers: {
		to("edge_cluster_id", edgeClusters), to("advanced_config.transport_zone_id", zones),
		to("advanced_config.ha_vip_configs.redundant_uplink_port_ids", routerPorts), noted(Always, "firewall_sections", sections),
	},
	routerPorts: {
		to("logical_router_id", routers), to("linked_logical_switch_port_id", ports),
		noted(WhenBare, "linked_logical_router_port_id", routerPorts), to("service_bindings.service_id"),
	},
	natRules:                           {to("logical_router_id", routers), to("applied_tos")},
	staticRoutes:                       {to("logical_router_id", routers), to("next_hops.logical_router_port_id", routerPorts)},
	"logical-routers/{parent}/routing": {to("logical_router_id", routers)},
	"logical-routers/{parent}/routing/advertisement":        {to("logical_router_id", routers)},
	"logical-routers/{parent}/routing/advertisement/rules":  {to("logical_router_id", routers)},
	"logical-routers/{parent}/routing/redistribution":       {to("logical_router_id", routers)},
	"logical-routers/{parent}/routing/redistribution/rules": {to("logical_router_id", routers), to("rules.route_map_id", routeMaps)},
	"logical-routers/{parent}/routing/bgp":                  {to("logical_router_id", routers)},
	prefixLists:                                             {to("logical_router_id", routers)},
	routeMaps:                                               {to("logical_router_id", routers), to("sequences.match_criteria.ip_prefix_lists", prefixLists)},
	"logical-routers/{parent}/routing/bgp/neighbors": {
		to("logical_router_id", routers),
		to("filter_in_ipprefixlist_id", prefixLists), to("filter_out_ipprefixlist_id", prefixLists),
		to("filter_in_routemap_id", routeMaps), to("filter_out_routemap_id", routeMaps),
		to("address_families.in_filter_ipprefixlist_id", prefixLists), to("address_families.out_filter_ipprefixlist_id", prefixLists),
		to("address_families.in_filter_routemap_id", routeMaps), to("address_families.out_filter_routemap_id", routeMaps),
	},
	"pools/ip-subnets": {to("block_id", "pools/ip-blocks")},
	sections:           {to("applied_tos")},
	firewallRules: {
		to("section_id", sections), to("sources"), to("destinations"), to("extended_sources"), to("applied_tos"), to("services"),
	},
	groups:              {to("members")},
	"ns-service-groups": {to("members", "ns-services", "ns-service-groups")},
	"loadbalancer/services": {
		to("attachment", routers), to("virtual_server_ids", "loadbalancer/virtual-servers"),
	},
	"loadbalancer/virtual-servers": {
		to("pool_id", pools), to("sorry_pool_id", pools), to("rule_ids", "loadbalancer/rules"),
		to("application_profile_id", "loadbalancer/application-profiles"),
		to("persistence_profile_id", "loadbalancer/persistence-profiles"),
		to("access_list_control.group_id", groups),
		to("client_ssl_profile_binding.ssl_profile_id", clientSSL),
		to("client_ssl_profile_binding.default_certificate_id", certificates),
		to("client_ssl_profile_binding.sni_certificate_ids", certificates),
		to("client_ssl_profile_binding.client_auth_ca_ids", certificates),
		to("client_ssl_profile_binding.client_auth_crl_ids", crls),
		to("server_ssl_profile_binding.ssl_profile_id", serverSSL),
		to("server_ssl_profile_binding.client_certificate_id", certificates),
		to("server_ssl_profile_binding.server_auth_ca_ids", certificates),
		to("server_ssl_profile_binding.server_auth_crl_ids", crls),
	},
	pools: {
		to("active_monitor_ids", monitors), to("passive_monitor_id", monitors), to("member_group.grouping_object", groups),
	},
	"loadbalancer/rules": {
		to("actions.pool_id", pools), to("actions.persistence_profile_id", "loadbalancer/persistence-profiles"),
		to("actions.key.certificate_id", certificates), to("match_conditions.group_id", groups),
	},
	monitors: {
		to("client_certificate_id", certificates), to("server_auth_ca_ids", certificates), to("server_auth_crl_ids", crls),
	},
	"dhcp/server-profiles": {to("edge_cluster_id", edgeClusters)},
	"dhcp/servers":         {to("dhcp_profile_id", "dhcp/server-profiles"), noted(Always, "attached_logical_port_id", ports)},
	"dhcp/relays":          {to("dhcp_relay_profile_id", "dhcp/relay-profiles")},
	"md-proxies": {
		to("edge_cluster_id", edgeClusters), noted(Always, "attached_logical_port_id", ports), to("metadata_server_ca_ids", certificates),
	},
	"trust-management/principal-identities": {to("certificate_id", certificates)},
	edgeClusters:                            {to("members.transport_node_id", "transport-nodes")},
	"firewall/excludelist":                  {to("members")},
}

// types gives the collection of a target_type. What is not here, such as IPv4Address, names no object.
var types = map[string]string{
	"LogicalSwitch": switches, "LogicalPort": ports, "LogicalRouter": routers,
	"LogicalRouterPort": routerPorts, "LogicalRouterUpLinkPort": routerPorts, "LogicalRouterDownLinkPort": routerPorts,
	"LogicalRouterLinkPortOnTIER0": routerPorts, "LogicalRouterLinkPortOnTIER1": routerPorts,
	"LogicalRouterCentralizedServicePort": routerPorts, "LogicalRouterLoopbackPort": routerPorts,
	"NSGroup": groups, "IPSet": "ip-sets", "NSService": "ns-services", "NSServiceGroup": "ns-service-groups",
	"FirewallSection": sections, "TransportZone": zones, "EdgeCluster": edgeClusters,
	"LogicalService": "dhcp/relays", "DhcpRelayService": "dhcp/relays",
}

// tags are tag scopes whose value is the id of an object, and the collection where it is (NCP clean-up script). NSX
// itself does not look at them.
var tags = map[string]string{
	"ncp/extpoolid": "pools/ip-pools", "ext_pool_id": "pools/ip-pools",
	"ncp/subnet_id": "pools/ip-subnets", "ncp/hc_sect_id": sections,
}
