package coordinator_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Which fields of the Manager's objects their Policy twins have, where worlds do not
// show it to the last value.
var _ = DescribeTable("the content of what a promotion makes", func(objects map[string]object, path string, has types.GomegaMatcher, batches ...batch) {
	st := wired()
	put(st, objects)
	n := serve(st, coordinator.Options{})
	n.initiate()
	n.promote(batches...)
	Expect(n.policy(path)).To(has)
	expectWritable(st)
},
	Entry("description and realization_id", map[string]object{"ip-sets/set": {"resource_type": "IPSet", "description": "words", "ip_addresses": []any{"10.0.0.1"}}},
		groups+"set", has(object{"description": "words", "realization_id": "set", "unique_id": "set",
			"expression": []any{object{"resource_type": "IPAddressExpression", "ip_addresses": []any{"10.0.0.1"}}}}),
		one("IP_SET", "set")),
	Entry("criteria: OR between them, AND inside a complex one", map[string]object{"ns-groups/group": {"resource_type": "NSGroup", "membership_criteria": []any{
		object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "scope": "ncp/pod", "scope_op": "EQUALS", "tag": "web", "tag_op": "EQUALS"},
		object{"resource_type": "NSGroupComplexExpression", "expressions": []any{
			object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalSwitch", "scope": "a", "scope_op": "EQUALS", "tag": "1", "tag_op": "EQUALS"},
			object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalSwitch", "scope": "b", "scope_op": "EQUALS", "tag": "2", "tag_op": "EQUALS"}}}}}},
		groups+"group", has(object{"expression": []any{
			condition("SegmentPort", "ncp/pod|web"), conjunction("OR"),
			object{"resource_type": "NestedExpression", "expressions": []any{condition("Segment", "a|1"), conjunction("AND"), condition("Segment", "b|2")}}}}),
		one("NS_GROUP", "group")),
	Entry("a section's metadata", map[string]object{"firewall/sections/wall": {"resource_type": "FirewallSection", "section_type": "LAYER3", "stateful": true}},
		sections+"wall", has(object{"category": "Environment", "sequence_number": 9.0, "stateful": true}),
		batch{"DFW_SECTION", []resource{{"wall", "", []pair{{"category", "Environment"}, {"sequence", "9"}}, nil}}}),
	Entry("a section's category, which is Application unless metadata say otherwise", nil,
		sections+"wall", has(object{"category": "Application"}), one("DFW_SECTION", "wall")),
	Entry("a rule's fields and its sequence", map[string]object{"firewall/sections/wall/rules/1001": {
		"resource_type": "FirewallRule", "display_name": "deny", "action": "DROP", "direction": "IN", "ip_protocol": "IPV4", "logged": true, "disabled": true,
		"notes": "why", "rule_tag": "mark", "sources_excluded": true, "destinations_excluded": true}},
		sections+"wall/rules/mine", has(object{"display_name": "deny", "action": "DROP", "direction": "IN", "ip_protocol": "IPV4", "logged": true, "disabled": true,
			"notes": "why", "tag": "mark", "sources_excluded": true, "destinations_excluded": true, "rule_id": 1001.0, "sequence_number": 30.0}),
		batch{"DFW_SECTION", []resource{{"wall", "", nil, []pair{{"1001", "30"}, {"1001-policyid", "mine"}}}}}),
	Entry("rules in the order of their priority", map[string]object{
		"firewall/sections/wall/rules/1001": {"resource_type": "FirewallRule", "action": "ALLOW", "priority": 8},
		"firewall/sections/wall/rules/1002": {"resource_type": "FirewallRule", "action": "ALLOW", "priority": 3}},
		sections+"wall", has(object{"rules": HaveExactElements(HaveKeyWithValue("rule_id", 1002.0), HaveKeyWithValue("rule_id", 1001.0))}),
		one("DFW_SECTION", "wall")),
	Entry("the ids of rules without a wanted one, which are random", nil,
		sections+"wall", has(object{"rules": ConsistOf(HaveKeyWithValue("id", MatchRegexp(`^[0-9a-f]{8}-[0-9a-f-]{27}$`)))}), one("DFW_SECTION", "wall")),
	Entry("criteria without a tag, without a scope, without operators", map[string]object{"ns-groups/group": {"resource_type": "NSGroup", "membership_criteria": []any{
		object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "scope": "ncp/pod"},
		object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "tag": "web"}}}},
		groups+"group", has(object{"expression": []any{condition("SegmentPort", "ncp/pod|"), conjunction("OR"), condition("SegmentPort", "|web")}}),
		one("NS_GROUP", "group")),
	Entry("services that are written into a rule, of every kind", map[string]object{"firewall/sections/wall/rules/1001": {
		"resource_type": "FirewallRule", "action": "ALLOW", "services": []any{
			object{"service": object{"resource_type": "L4PortSetNSService", "l4_protocol": "UDP", "destination_ports": []any{"53"}, "source_ports": []any{}}},
			object{"service": object{"resource_type": "ICMPTypeNSService", "protocol": "ICMPv4", "icmp_type": 8, "icmp_code": 0}},
			object{"service": object{"resource_type": "IPProtocolNSService", "protocol_number": 112}},
			object{"service": object{"resource_type": "ALGTypeNSService", "alg": "FTP", "destination_ports": []any{"21"}}},
			object{"service": object{"resource_type": "IGMPTypeNSService"}},
			object{"service": object{"resource_type": "EtherTypeNSService", "ether_type": 2054}}}}},
		sections+"wall/rules/r", has(object{"services": []any{"ANY"}, "service_entries": []any{
			object{"resource_type": "L4PortSetServiceEntry", "l4_protocol": "UDP", "destination_ports": []any{"53"}, "source_ports": []any{}},
			object{"resource_type": "ICMPTypeServiceEntry", "protocol": "ICMPv4", "icmp_type": 8.0, "icmp_code": 0.0},
			object{"resource_type": "IPProtocolServiceEntry", "protocol_number": 112.0},
			object{"resource_type": "ALGTypeServiceEntry", "alg": "FTP", "destination_ports": []any{"21"}},
			object{"resource_type": "IGMPTypeServiceEntry"},
			object{"resource_type": "EtherTypeServiceEntry", "ether_type": 2054.0}}}),
		batch{"DFW_SECTION", []resource{{"wall", "", nil, []pair{{"1001-policyid", "r"}}}}}),
	Entry("a switch's own fields", map[string]object{"logical-switches/other": {"resource_type": "LogicalSwitch", "admin_state": "DOWN", "replication_mode": "SOURCE", "vni": 70001}},
		"/infra/segments/other", has(object{"admin_state": "DOWN", "replication_mode": "SOURCE", "overlay_id": 70001.0}), one("LOGICAL_SWITCH", "other")),
	Entry("a switch without a router, which has no gateway", map[string]object{"logical-switches/other": {"resource_type": "LogicalSwitch"}},
		"/infra/segments/other", And(Not(HaveKey("subnets")), Not(HaveKey("connectivity_path"))), one("LOGICAL_SWITCH", "other")),
	Entry("a switch's VLAN", map[string]object{"logical-switches/other": {"resource_type": "LogicalSwitch", "vlan": 7}},
		"/infra/segments/other", has(object{"vlan_ids": []any{"7"}}), one("LOGICAL_SWITCH", "other")),
	Entry("a spoof guard's allow list", map[string]object{"switching-profiles/guard": {"resource_type": "SpoofGuardSwitchingProfile", "white_list_providers": []any{"LPORT_BINDINGS"}}},
		"/infra/spoofguard-profiles/guard", has(object{"address_binding_allowlist": true}), one("SPOOFGUARD_PROFILES", "guard")),
	Entry("a spoof guard without one", map[string]object{"switching-profiles/guard": {"resource_type": "SpoofGuardSwitchingProfile", "white_list_providers": []any{}}},
		"/infra/spoofguard-profiles/guard", has(object{"address_binding_allowlist": false}), one("SPOOFGUARD_PROFILES", "guard")),
	Entry("a port's discovery profiles, under the wanted id", map[string]object{
		"switching-profiles/found":   {"resource_type": "IpDiscoverySwitchingProfile"},
		"logical-switches/other":     {"resource_type": "LogicalSwitch"},
		"logical-ports/discoverable": {"resource_type": "LogicalPort", "logical_switch_id": "other", "switching_profile_ids": []any{object{"key": "IpDiscoverySwitchingProfile", "value": "found"}}}},
		"/infra/segments/other/ports/discoverable/port-discovery-profile-binding-maps/map", has(object{"ip_discovery_profile_path": "/infra/ip-discovery-profiles/found"}),
		one("IPDISCOVERY_PROFILES", "found"), one("LOGICAL_SWITCH", "other"),
		batch{"LOGICAL_PORT", []resource{{"discoverable", "", []pair{{"discovery-profile-binding-maps-id", "map"}}, nil}}}),
	Entry("a Tier-0's transit networks", map[string]object{"logical-routers/t0": {"resource_type": "LogicalRouter", "router_type": "TIER0",
		"advanced_config": object{"external_transit_networks": []any{"100.64.0.0/16"}}}},
		"/infra/tier-0s/t0", has(object{"transit_subnets": []any{"100.64.0.0/16"}}), one("TIER0", "t0")),
	Entry("the segment behind an uplink, when its switch is Policy", map[string]object{
		"logical-switches/vlan": {"resource_type": "LogicalSwitch", "vlan": 7},
		"logical-ports/to-t0":   {"resource_type": "LogicalPort", "logical_switch_id": "vlan", "attachment": object{"attachment_type": "LOGICALROUTER", "id": "out"}},
		"logical-routers/t0":    {"resource_type": "LogicalRouter", "router_type": "TIER0", "edge_cluster_id": "cluster"},
		"logical-router-ports/out": {"resource_type": "LogicalRouterUpLinkPort", "logical_router_id": "t0", "linked_logical_switch_port_id": object{"target_id": "to-t0"},
			"subnets": []any{object{"ip_addresses": []any{"10.7.0.1"}, "prefix_length": 24}}}},
		"/infra/tier-0s/t0/locale-services/default/interfaces/out", has(object{"segment_path": "/infra/segments/vlan"}),
		one("LOGICAL_SWITCH", "vlan"), one("TIER0", "t0"), one("TIER0_LOGICAL_ROUTER_PORT", "out")),
	Entry("a Tier-0's BGP neighbors", map[string]object{
		"logical-routers/t0": {"resource_type": "LogicalRouter", "router_type": "TIER0", "edge_cluster_id": "cluster"}, "logical-router-ports/uplink": {"resource_type": "LogicalRouterLoopbackPort", "logical_router_id": "t0"},
		"logical-routers/t0/routing/bgp":               {"enabled": true, "ecmp": true},
		"logical-routers/t0/routing/bgp/neighbors/tor": {"resource_type": "BgpNeighbor", "neighbor_address": "10.7.0.2", "remote_as_num": "65000"}},
		"/infra/tier-0s/t0/locale-services/default/bgp/neighbors/tor", has(object{"neighbor_address": "10.7.0.2", "remote_as_num": "65000"}),
		one("TIER0", "t0"), one("TIER0_LOGICAL_ROUTER_CONFIG", "t0")),
	Entry("whether a Tier-0 redistributes routes", map[string]object{
		"logical-routers/t0":                        {"resource_type": "LogicalRouter", "router_type": "TIER0", "edge_cluster_id": "cluster"},
		"logical-router-ports/uplink":               {"resource_type": "LogicalRouterLoopbackPort", "logical_router_id": "t0"},
		"logical-routers/t0/routing/redistribution": {"resource_type": "RedistributionConfig", "bgp_enabled": true}},
		"/infra/tier-0s/t0/locale-services/default", has(object{"route_redistribution_config": object{"bgp_enabled": true}}),
		one("TIER0", "t0"), one("TIER0_LOGICAL_ROUTER_CONFIG", "t0")),
	Entry("all that a Tier-1 advertises", map[string]object{"logical-routers/t1/routing/advertisement": {"resource_type": "AdvertisementConfig", "advertise_static_routes": true,
		"advertise_nsx_connected_routes": false, "advertise_lb_vip": true}},
		"/infra/tier-1s/t1", has(object{"route_advertisement_types": []any{"TIER1_STATIC_ROUTES", "TIER1_LB_VIP"}}), one("TIER1", "t1")),
	Entry("a DNAT rule that the firewall let pass", map[string]object{"logical-routers/t1/nat/rules/dnat": {"resource_type": "NatRule", "logical_router_id": "t1", "action": "DNAT",
		"match_destination_network": "1.2.3.4", "translated_network": "10.1.0.7", "nat_pass": true}},
		"/infra/tier-1s/t1/nat/USER/nat-rules/dnat", has(object{"firewall_match": "BYPASS"}),
		one("TIER1", "t1"), batch{"NAT", []resource{{ManagerID: "dnat", LinkedIDs: []pair{{"TIER1", "t1"}}}}}),
	Entry("a load balancer pool's monitors", map[string]object{"loadbalancer/monitors/passive": {"resource_type": "LbPassiveMonitor"},
		"loadbalancer/pools/members": {"resource_type": "LbPool", "active_monitor_ids": []any{"monitor"}, "passive_monitor_id": "passive"}},
		"/infra/lb-pools/members", has(object{"active_monitor_paths": []any{"/infra/lb-monitor-profiles/monitor"}, "passive_monitor_path": "/infra/lb-monitor-profiles/passive"}),
		batch{"LB_MONITOR", []resource{{ManagerID: "monitor"}, {ManagerID: "passive"}}}, one("LB_POOL", "members")),
	Entry("a load balancer pool's group of members and its addresses for SNAT", map[string]object{
		"loadbalancer/pools/dynamic": {"resource_type": "LbPool", "member_group": object{"grouping_object": object{"target_type": "NSGroup", "target_id": "group"}, "port": 8443},
			"snat_translation": object{"type": "LbSnatIpPool", "port_overload": 32, "ip_addresses": []any{object{"ip_address": "10.8.0.1", "prefix_length": 30}}}}},
		"/infra/lb-pools/dynamic", has(object{
			"member_group":     object{"group_path": groups + "group", "port": 8443.0},
			"snat_translation": object{"type": "LBSnatIpPool", "ip_addresses": []any{object{"ip_address": "10.8.0.1", "prefix_length": 30.0}}}}),
		one("NS_GROUP", "group"), one("LB_POOL", "dynamic")),
	Entry("a virtual server's way to its members by TLS", map[string]object{
		"loadbalancer/application-profiles/http":       {"resource_type": "LbHttpProfile"},
		"loadbalancer/server-ssl-profiles/own":         {"resource_type": "LbServerSslProfile", "_system_owned": true},
		"/infra/lb-server-ssl-profiles/default-server": {"resource_type": "LBServerSslProfile", "id": "default-server", "unique_id": "own", "_system_owned": true},
		"loadbalancer/virtual-servers/web": {"resource_type": "LbVirtualServer", "ip_address": "10.0.0.1", "ports": []any{"443"}, "application_profile_id": "http",
			"server_ssl_profile_binding": object{"ssl_profile_id": "own", "server_auth": "REQUIRED", "server_auth_ca_ids": []any{"ca"}}}},
		"/infra/lb-virtual-servers/web", has(object{"server_ssl_profile_binding": object{
			"ssl_profile_path": "/infra/lb-server-ssl-profiles/default-server", "server_auth": "REQUIRED", "server_auth_ca_paths": []any{"/infra/certificates/ca"}}}),
		one("CERTIFICATE", "ca"), one("LB_APPLICATION_PROFILE", "http"), one("LB_VIRTUAL_SERVER", "web")),
	Entry("an HTTPS monitor's certificates and revocation lists", map[string]object{
		"trust-management/crls/gone": {"resource_type": "Crl", "pem_encoded": "pem"},
		"loadbalancer/monitors/tls": {"resource_type": "LbHttpsMonitor", "server_auth": "REQUIRED", "certificate_chain_depth": 3, "client_certificate_id": "ca",
			"server_auth_ca_ids": []any{"ca"}, "server_auth_crl_ids": []any{"gone"}, "protocols": []any{"TLS_V1_2"}}},
		"/infra/lb-monitor-profiles/tls", And(Not(HaveKey("server_auth")), Not(HaveKey("protocols")), has(object{"server_ssl_profile_binding": object{
			"server_auth": "REQUIRED", "certificate_chain_depth": 3.0, "client_certificate_path": "/infra/certificates/ca",
			"server_auth_ca_paths": []any{"/infra/certificates/ca"}, "server_auth_crl_paths": []any{"/infra/crls/gone"}}})),
		one("CERTIFICATE", "ca"), one("CRL", "gone"), one("LB_MONITOR", "tls")),
	Entry("a virtual server's access list", virtualServer(object{"application_profile_id": "tcp",
		"access_list_control": object{"action": "DROP", "enabled": true, "group_id": "group"}}),
		"/infra/lb-virtual-servers/web", has(object{"access_list_control": object{"action": "DROP", "enabled": true, "group_path": groups + "group"}}),
		one("NS_GROUP", "group"), one("LB_APPLICATION_PROFILE", "tcp"), one("LB_VIRTUAL_SERVER", "web")),
	Entry("what the rules of a virtual server name", ruled(),
		"/infra/lb-virtual-servers/web", has(object{"rules": ConsistOf(has(object{
			"match_conditions": []any{object{"type": "LBIpHeaderCondition", "group_path": groups + "group"}},
			"actions": []any{
				object{"type": "LBVariablePersistenceOnAction", "variable_name": "v", "persistence_profile_path": "/infra/lb-persistence-profiles/cookie"},
				object{"type": "LBJwtAuthAction", "key": object{"type": "LBJwtCertificateKey", "certificate_path": "/infra/certificates/ca"}}}}))}),
		one("NS_GROUP", "group"), one("CERTIFICATE", "ca"), one("LB_PERSISTENCE_PROFILE", "cookie"), one("LB_APPLICATION_PROFILE", "tcp"),
		one("LB_VIRTUAL_SERVER", "web")),
	Entry("the time of a cookie", map[string]object{"loadbalancer/persistence-profiles/timed": {"resource_type": "LbCookiePersistenceProfile", "cookie_name": "c",
		"cookie_time": object{"type": "LbPersistenceCookieTime", "cookie_max_idle": 60}}},
		"/infra/lb-persistence-profiles/timed", has(object{"cookie_time": object{"type": "LBPersistenceCookieTime", "cookie_max_idle": 60.0}}),
		one("LB_PERSISTENCE_PROFILE", "timed")),
	Entry("a virtual server's rules", map[string]object{
		"loadbalancer/application-profiles/http": {"resource_type": "LbHttpProfile"},
		"loadbalancer/rules/r": {"resource_type": "LbRule", "display_name": "lost", "phase": "HTTP_FORWARDING", "match_strategy": "ANY",
			"actions": []any{object{"type": "LbHttpRejectAction", "reply_status": "404"}}},
		"loadbalancer/virtual-servers/web": {"resource_type": "LbVirtualServer", "ip_address": "10.0.0.1", "ports": []any{"80"}, "application_profile_id": "http", "rule_ids": []any{"r"}}},
		"/infra/lb-virtual-servers/web", has(object{"rules": []any{object{"display_name": "r", "phase": "HTTP_FORWARDING", "match_strategy": "ANY",
			"actions": []any{object{"type": "LBHttpRejectAction", "reply_status": "404"}}}}}),
		one("LB_APPLICATION_PROFILE", "http"), one("LB_VIRTUAL_SERVER", "web")),
	Entry("a virtual server's certificates", map[string]object{
		"loadbalancer/application-profiles/http": {"resource_type": "LbHttpProfile"},
		"loadbalancer/virtual-servers/web": {"resource_type": "LbVirtualServer", "ip_address": "10.0.0.1", "ports": []any{"443"}, "application_profile_id": "http",
			"client_ssl_profile_binding": object{"default_certificate_id": "ca", "sni_certificate_ids": []any{"ca"}}}},
		"/infra/lb-virtual-servers/web", has(object{"client_ssl_profile_binding": object{
			"default_certificate_path": "/infra/certificates/ca", "sni_certificate_paths": []any{"/infra/certificates/ca"}}}),
		one("CERTIFICATE", "ca"), one("LB_APPLICATION_PROFILE", "http"), one("LB_VIRTUAL_SERVER", "web")),
	Entry("a revocation list's text", map[string]object{"trust-management/crls/gone": {"resource_type": "Crl", "pem_encoded": "pem"}},
		"/infra/crls/gone", has(object{"pem_encoded": "pem"}), one("CRL", "gone")),
	Entry("a pool's addresses and how long a released one waits", map[string]object{"pools/ip-pools/range": {"resource_type": "IpPool", "ip_release_delay": 5000,
		"subnets": []any{object{"cidr": "10.6.0.0/24", "gateway_ip": "10.6.0.1", "dns_nameservers": []any{"10.6.0.2"}, "dns_suffix": "example.org",
			"allocation_ranges": []any{object{"start": "10.6.0.10", "end": "10.6.0.20"}}}}}},
		"/infra/ip-pools/range", has(object{"ip_release_delay": 5000.0}), one("IPPOOL", "range")),
	Entry("a pool's static subnet", map[string]object{"pools/ip-pools/range": {"resource_type": "IpPool",
		"subnets": []any{object{"cidr": "10.6.0.0/24", "gateway_ip": "10.6.0.1", "dns_nameservers": []any{"10.6.0.2"}, "dns_suffix": "example.org",
			"allocation_ranges": []any{object{"start": "10.6.0.10", "end": "10.6.0.20"}}}}}},
		"/infra/ip-pools/range/ip-subnets/range_0", has(object{"cidr": "10.6.0.0/24", "gateway_ip": "10.6.0.1", "dns_nameservers": []any{"10.6.0.2"}, "dns_suffix": "example.org",
			"allocation_ranges": []any{object{"start": "10.6.0.10", "end": "10.6.0.20"}}}), one("IPPOOL", "range")),
	Entry("a block's network", map[string]object{"pools/ip-blocks/block": {"resource_type": "IpBlock", "cidr": "10.0.0.0/8"}},
		"/infra/ip-blocks/block", has(object{"cidr": "10.0.0.0/8"}), one("IPBLOCK", "block")),
	Entry("a subnet's size, below the pool that a linked id names", map[string]object{"pools/ip-blocks/block": {"resource_type": "IpBlock", "cidr": "10.0.0.0/8"},
		"pools/ip-subnets/cut":   {"resource_type": "IpBlockSubnet", "block_id": "block", "size": 256, "cidr": "10.4.0.0/24"},
		"pools/ip-pools/network": {"resource_type": "IpPool", "subnets": []any{object{"cidr": "10.4.0.0/24", "allocation_ranges": []any{}}}}},
		"/infra/ip-pools/pool/ip-subnets/cut", has(object{"size": 256.0, "ip_block_path": "/infra/ip-blocks/block"}),
		one("IPBLOCK", "block"), one("IPPOOL", "pool"), batch{"IPBLOCK_SUBNET", []resource{{ManagerID: "cut", LinkedIDs: []pair{{"IPPOOL", "pool"}}}}}),
	Entry("a metadata proxy's secret", nil, "/infra/metadata-proxies/proxy", has(object{"secret": "hush"}), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy")),
	Entry("a static binding's host and lease", map[string]object{"dhcp/servers/dhcp/static-bindings/fix": {"resource_type": "DhcpStaticBinding",
		"ip_address": "10.1.0.7", "mac_address": "00:50:56:00:00:01", "host_name": "seven", "lease_time": 7200}},
		"/infra/segments/net/dhcp-static-binding-configs/fix", has(object{"host_name": "seven", "lease_time": 7200.0}),
		one("DHCP_SERVER", "dhcp"), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy"), one("LOGICAL_SWITCH", "net")),
	Entry("an uplink's check of sources", map[string]object{
		"logical-routers/t0": {"resource_type": "LogicalRouter", "router_type": "TIER0", "edge_cluster_id": "cluster"},
		"logical-router-ports/out": {"resource_type": "LogicalRouterUpLinkPort", "logical_router_id": "t0", "urpf_mode": "NONE",
			"subnets": []any{object{"ip_addresses": []any{"10.7.0.1"}, "prefix_length": 24}}}},
		"/infra/tier-0s/t0/locale-services/default/interfaces/out", has(object{"urpf_mode": "NONE"}), one("TIER0", "t0"), one("TIER0_LOGICAL_ROUTER_PORT", "out")),
	Entry("a NAT rule that is off, and logs", map[string]object{"logical-routers/t1/nat/rules/nat": {"resource_type": "NatRule", "logical_router_id": "t1", "action": "SNAT",
		"translated_network": "1.2.3.4", "enabled": false, "logging": true}},
		"/infra/tier-1s/t1/nat/USER/nat-rules/nat", has(object{"enabled": false, "logging": true}),
		one("TIER1", "t1"), batch{"NAT", []resource{{ManagerID: "nat", LinkedIDs: []pair{{"TIER1", "t1"}}}}}),
	Entry("a monitor's port, which becomes a number", map[string]object{"loadbalancer/monitors/monitor": {"resource_type": "LbTcpMonitor", "monitor_port": "8080"}},
		"/infra/lb-monitor-profiles/monitor", has(object{"resource_type": "LBTcpMonitorProfile", "monitor_port": 8080.0}), one("LB_MONITOR", "monitor")),
	Entry("a virtual server's other references", map[string]object{
		"loadbalancer/application-profiles/http": {"resource_type": "LbHttpProfile"}, "loadbalancer/persistence-profiles/cookie": {"resource_type": "LbCookiePersistenceProfile", "cookie_name": "c"},
		"loadbalancer/pools/sorry": {"resource_type": "LbPool"},
		"loadbalancer/virtual-servers/web": {"resource_type": "LbVirtualServer", "ip_address": "10.0.0.1", "ports": []any{"443"}, "application_profile_id": "http",
			"persistence_profile_id": "cookie", "sorry_pool_id": "sorry",
			"client_ssl_profile_binding": object{"default_certificate_id": "ca", "client_auth": "REQUIRED", "client_auth_ca_ids": []any{"ca"}}}},
		"/infra/lb-virtual-servers/web", has(object{"lb_persistence_profile_path": "/infra/lb-persistence-profiles/cookie", "sorry_pool_path": "/infra/lb-pools/sorry",
			"client_ssl_profile_binding": has(object{"client_auth": "REQUIRED", "client_auth_ca_paths": []any{"/infra/certificates/ca"}})}),
		one("CERTIFICATE", "ca"), one("LB_APPLICATION_PROFILE", "http"), one("LB_PERSISTENCE_PROFILE", "cookie"), one("LB_POOL", "sorry"), one("LB_VIRTUAL_SERVER", "web")),
	Entry("a static binding without metadata, which keeps its id", nil,
		"/infra/segments/net/dhcp-static-binding-configs/fix", has(object{"mac_address": "00:50:56:00:00:01"}),
		one("DHCP_SERVER", "dhcp"), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy"), one("LOGICAL_SWITCH", "net")),
)

const (
	groups   = "/infra/domains/default/groups/"
	sections = "/infra/domains/default/security-policies/"
)

// has matches an object with these fields and any others.
func has(fields object) types.GomegaMatcher {
	var all []types.GomegaMatcher
	for name, value := range fields {
		all = append(all, HaveKeyWithValue(name, value))
	}
	return And(all...)
}

func condition(member, value string) object {
	return object{"resource_type": "Condition", "key": "Tag", "member_type": member, "operator": "EQUALS", "scope_operator": "EQUALS", "value": value}
}

func conjunction(operator string) object {
	return object{"resource_type": "ConjunctionOperator", "conjunction_operator": operator}
}

var _ = Describe("what a promotion takes over besides", func() {
	It("is a Tier-0's redistribution, the switch's end of a down-link, and a locale service of the router's name", func() {
		st := wired()
		put(st, map[string]object{
			"logical-router-ports/uplink":               {"resource_type": "LogicalRouterLoopbackPort", "logical_router_id": "t0"},
			"logical-routers/t0/routing/redistribution": {"resource_type": "RedistributionConfig", "bgp_enabled": true},
			"logical-routers/t1":                        {"resource_type": "LogicalRouter", "router_type": "TIER1", "edge_cluster_id": "cluster"},
		})
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(one("TIER0", "t0"), one("TIER0_LOGICAL_ROUTER_CONFIG", "t0"))
		Expect(tag(n.manager("logical-routers/t0/routing/redistribution"), "policyPath")).To(Equal("/infra/tier-0s/t0/locale-services/default"))

		ports := router()
		ports.resources[0].Metadata = ports.resources[0].Metadata[1:]
		n.promote(one("TIER1", "t1"), one("DHCP_SERVER", "dhcp"), one("CERTIFICATE", "ca"), one("METADATA_PROXY", "proxy"), one("LOGICAL_SWITCH", "net"), ports)
		Expect(tag(n.manager("logical-ports/up"), "policyPath")).To(Equal("/infra/segments/net"))
		n.policy("/infra/tier-1s/t1/locale-services/t1-0")
	})
	It("is not the profile of a DHCP server, which stays the Manager's", func() {
		n := serve(wired(), coordinator.Options{})
		n.initiate()
		n.promote(one("DHCP_SERVER", "dhcp"))
		Expect(tag(n.manager("dhcp/server-profiles/edges"), "policyPath")).To(BeEmpty())
		Expect(n.check(one("DHCP_PROFILE", "edges")).Details).To(ContainSubstring("not supported"))
	})
})

var _ = It("a promoted rule names services of NSX's own, those written into it, and no others", func() {
	st := wired()
	rule := func(services ...any) object {
		return object{"resource_type": "FirewallRule", "action": "ALLOW", "services": services}
	}
	put(st, map[string]object{
		"ns-services/own": {"resource_type": "NSService", "default_service": true}, "ns-services/other": {"resource_type": "NSService"},
		"firewall/sections/wall/rules/1001": rule(object{"target_type": "NSService", "target_id": "own"},
			object{"service": object{"resource_type": "L4PortSetNSService", "l4_protocol": "TCP", "destination_ports": []any{"8080"}}}),
		"firewall/sections/second":            {"resource_type": "FirewallSection", "section_type": "LAYER3"},
		"firewall/sections/second/rules/1002": rule(object{"target_type": "NSService", "target_id": "other"}),
	})
	const twin = "/infra/services/HTTPS"
	Expect(st.Update(func(tx *store.Tx) error {
		_, err := tx.Policy().PutFields(twin, object{"id": "HTTPS", "resource_type": "Service", "path": twin, "unique_id": "own", "_system_owned": true})
		return err
	})).To(Succeed())
	n := serve(st, coordinator.Options{})
	n.initiate()
	n.promote(one("DFW_SECTION", "wall"))
	Expect(n.policy(sections + "wall")["rules"]).To(ConsistOf(And(HaveKeyWithValue("services", ConsistOf(twin)),
		HaveKeyWithValue("service_entries", ConsistOf(HaveKeyWithValue("destination_ports", ConsistOf("8080")))))))
	Expect(n.migrate(one("DFW_SECTION", "second")).Details).To(ContainSubstring("rule 1002: ns-services/other, to which it refers, is not a Policy object"))
})
