package schema_test

import (
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
)

// described is one field in the words of the tables below: a name, then * if it is required, [] if it is a list, :Type for
// what stands inside, and =A|B for values that it takes among others. !name is a field that the type must not have.
var described = regexp.MustCompile(`^(!?)(\w+)(\*?)((?:\[\])?)(?::(\w+))?(?:=(.+))?$`)

// hasShape checks a type of the tables against fields that NSX's public specifications name.
func hasShape(set *schema.Set, resourceType, fields string) {
	GinkgoHelper()
	var required []string
	for _, word := range strings.Fields(fields) {
		parts := described.FindStringSubmatch(word)
		Expect(parts).NotTo(BeNil(), word)
		name, inside, values := parts[2], parts[5], parts[6]
		if parts[1] != "" {
			Expect(set.Fields(resourceType)).NotTo(ContainElement(name))
			continue
		}
		Expect(set.Fields(resourceType)).To(ContainElement(name))
		if parts[3] != "" {
			required = append(required, name+" is required")
		}
		problems := func(value any) []string {
			var texts []string
			for _, p := range set.Check(resourceType, map[string]any{name: value}) {
				texts = append(texts, p.String())
			}
			return texts
		}
		at, wrap := name, func(value any) any { return value }
		if parts[4] != "" {
			at, wrap = name+"[0]", func(value any) any { return []any{value} }
			Expect(problems("x")).To(ContainElement(name + " must be a list"))
		} else {
			Expect(problems([]any{})).To(ContainElement(HavePrefix(name+" must be ")), "no list")
		}
		if inside != "" {
			Expect(problems(wrap(map[string]any{"nonsense": 1}))).To(ContainElement(at + ".nonsense is not a field of " + inside))
		}
		if values != "" {
			Expect(problems(wrap("nonsense"))).To(ContainElement(HavePrefix(at + " must be one of ")))
			for _, value := range strings.Split(values, "|") {
				Expect(problems(wrap(value))).NotTo(ContainElement(HavePrefix(at)), value)
			}
		}
	}
	var missing []string
	for _, p := range set.Check(resourceType, map[string]any{}) {
		missing = append(missing, p.String())
	}
	slices.Sort(required)
	Expect(missing).To(Equal(required))
}

// Shapes of the specification of about NSX 3.2 (nsxtsdk) and of go-vmware-nsxt.
var _ = DescribeTable("the shape of a Manager object", func(resourceType, fields string) {
	set, err := schema.Manager()
	Expect(err).NotTo(HaveOccurred())
	hasShape(set, resourceType, fields)
},
	Entry("what all have", "ManagedResource", `id resource_type display_name description tags[]:Tag _create_user _create_time
		_last_modified_user _last_modified_time _system_owned _protection _revision _schema _self _links[]`),
	Entry("called Tag", "Tag", `scope tag`),
	Entry("called ResourceReference", "ResourceReference", `target_id target_type target_display_name is_valid`),
	Entry("called LogicalSwitch", "LogicalSwitch", `transport_zone_id* admin_state*=UP|DOWN replication_mode=MTEP|SOURCE vni vlan ip_pool_id
		address_bindings[]:PacketAddressClassifier switching_profile_ids[]:SwitchingProfileTypeIdEntry switch_type extra_configs[] tags[]`),
	Entry("called SwitchingProfileTypeIdEntry", "SwitchingProfileTypeIdEntry", `key=SpoofGuardSwitchingProfile value*`),
	Entry("called LogicalPort", "LogicalPort", `logical_switch_id* admin_state*=UP|DOWN attachment:LogicalPortAttachment
		address_bindings[]:PacketAddressClassifier ignore_address_bindings[]:PacketAddressClassifier
		switching_profile_ids[]:SwitchingProfileTypeIdEntry init_state internal_id tags[]`),
	Entry("called LogicalPortAttachment", "LogicalPortAttachment", `id* attachment_type=VIF|LOGICALROUTER|BRIDGEENDPOINT|DHCP_SERVICE|METADATA_PROXY|L2VPN_SESSION context`),
	Entry("called VifAttachmentContext", "VifAttachmentContext", `resource_type* vif_type*=PARENT|CHILD|INDEPENDENT parent_vif_id traffic_tag app_id
		allocate_addresses=IpPool|MacPool|Both|None|Dhcp transport_node_uuid`),
	Entry("called PacketAddressClassifier", "PacketAddressClassifier", `ip_address mac_address vlan`),
	Entry("called LogicalRouter", "LogicalRouter", `router_type*=TIER0|TIER1|VRF edge_cluster_id high_availability_mode=ACTIVE_ACTIVE|ACTIVE_STANDBY
		failover_mode=PREEMPTIVE|NON_PREEMPTIVE advanced_config:LogicalRouterConfig firewall_sections[]:ResourceReference
		allocation_profile edge_cluster_member_indices[]`),
	Entry("called LogicalRouterConfig", "LogicalRouterConfig", `internal_transit_network external_transit_networks[] transport_zone_id ha_vip_configs[]`),
	Entry("called LogicalRouterUpLinkPort, which may lack its switch port", "LogicalRouterUpLinkPort", `resource_type* logical_router_id* subnets*[]:IPSubnet
		linked_logical_switch_port_id:ResourceReference mac_address urpf_mode=NONE|STRICT service_bindings[] edge_cluster_member_index*[]`),
	Entry("called LogicalRouterDownLinkPort", "LogicalRouterDownLinkPort", `resource_type* logical_router_id* subnets*[]:IPSubnet
		linked_logical_switch_port_id:ResourceReference mac_address urpf_mode=NONE|STRICT service_bindings[]`),
	Entry("called LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER0", `resource_type* logical_router_id* linked_logical_router_port_id`),
	Entry("called LogicalRouterLinkPortOnTIER1", "LogicalRouterLinkPortOnTIER1", `resource_type* logical_router_id* linked_logical_router_port_id:ResourceReference
		subnets[]:IPSubnet edge_cluster_member_index[]`),
	Entry("called LogicalRouterLoopbackPort", "LogicalRouterLoopbackPort", `resource_type* logical_router_id* subnets*[]:IPSubnet edge_cluster_member_index*[]`),
	Entry("called LogicalRouterIPTunnelPort", "LogicalRouterIPTunnelPort", `resource_type* logical_router_id*`),
	Entry("called LogicalRouterCentralizedServicePort", "LogicalRouterCentralizedServicePort", `resource_type* logical_router_id* linked_logical_switch_port_id:ResourceReference`),
	Entry("called IPSubnet", "IPSubnet", `ip_addresses*[] prefix_length*`),
	Entry("called StaticRoute", "StaticRoute", `network* next_hops*[]:StaticRouteNextHop`),
	Entry("called StaticRouteNextHop", "StaticRouteNextHop", `ip_address administrative_distance logical_router_port_id:ResourceReference bfd_enabled`),
	Entry("called AdvertisementConfig", "AdvertisementConfig", `enabled advertise_nsx_connected_routes advertise_static_routes advertise_nat_routes
		advertise_lb_vip advertise_lb_snat_ip`),
	Entry("called NatRule", "NatRule", `action*=SNAT|DNAT|REFLEXIVE|NO_SNAT|NO_DNAT|NAT64 match_source_network match_destination_network match_service
		translated_network translated_ports rule_priority enabled logging nat_pass firewall_match=BYPASS applied_tos[]:ResourceReference logical_router_id`),
	Entry("called IpBlock", "IpBlock", `cidr*`),
	Entry("called IpBlockSubnet", "IpBlockSubnet", `block_id* size* cidr start_ip allocation_ranges[]:IpPoolRange`),
	Entry("called IpPool", "IpPool", `subnets[]:IpPoolSubnet pool_usage:PoolUsage ip_release_delay`),
	Entry("called IpPoolSubnet", "IpPoolSubnet", `cidr* gateway_ip allocation_ranges*[]:IpPoolRange dns_nameservers[] dns_suffix`),
	Entry("called IpPoolRange", "IpPoolRange", `start* end*`),
	Entry("called PoolUsage", "PoolUsage", `total_ids allocated_ids free_ids`),
	Entry("called AllocationIpAddress", "AllocationIpAddress", `allocation_id`),
	Entry("called FirewallSection", "FirewallSection", `section_type*=LAYER2|LAYER3 stateful* applied_tos[]:ResourceReference is_default rule_count category
		enforced_on priority tcp_strict locked autoplumbed tags[]`),
	Entry("called FirewallRule, which has no tags", "FirewallRule", `id display_name action*=ALLOW|DROP|REJECT sources[]:ResourceReference
		destinations[]:ResourceReference applied_tos[]:ResourceReference services[]:FirewallService direction=IN|OUT|IN_OUT ip_protocol logged disabled
		priority notes rule_tag sources_excluded destinations_excluded section_id _revision !tags`),
	Entry("called FirewallService", "FirewallService", `service target_id target_type`),
	Entry("called L4PortSetNSService", "L4PortSetNSService", `resource_type* l4_protocol* destination_ports[] source_ports[]`),
	Entry("called NSGroup", "NSGroup", `members[]:NSGroupSimpleExpression membership_criteria[] member_count tags[]`),
	Entry("called NSGroupSimpleExpression", "NSGroupSimpleExpression", `resource_type* target_type*=NSGroup|IPSet|LogicalSwitch|LogicalPort target_property* op*=EQUALS value*`),
	Entry("called NSGroupTagExpression", "NSGroupTagExpression", `resource_type* target_type*=LogicalPort scope scope_op=EQUALS tag tag_op=EQUALS`),
	Entry("called NSGroupComplexExpression", "NSGroupComplexExpression", `resource_type* expressions*[]`),
	Entry("called IPSet", "IPSet", `ip_addresses[] tags[]`),
	Entry("called SpoofGuardSwitchingProfile", "SpoofGuardSwitchingProfile", `resource_type* white_list_providers*[]=LPORT_BINDINGS|LSWITCH_BINDINGS`),
	Entry("called LbService", "LbService", `attachment:ResourceReference size=SMALL|MEDIUM|LARGE|XLARGE|DLB virtual_server_ids[] enabled
		error_log_level relax_scale_validation tags[]`),
	Entry("called LbVirtualServer", "LbVirtualServer", `ip_address* application_profile_id* ip_protocol=TCP|UDP ports[] port pool_id rule_ids[] persistence_profile_id
		client_ssl_profile_binding:ClientSslProfileBinding server_ssl_profile_binding default_pool_member_ports[] access_log_enabled
		max_concurrent_connections max_new_connection_rate sorry_pool_id tags[]`),
	Entry("called ClientSslProfileBinding", "ClientSslProfileBinding", `ssl_profile_id default_certificate_id* sni_certificate_ids[] client_auth
		client_auth_ca_ids[] client_auth_crl_ids[] certificate_chain_depth`),
	Entry("called LbPool", "LbPool", `algorithm=ROUND_ROBIN members[]:PoolMember member_group:PoolMemberGroup active_monitor_ids[] passive_monitor_id
		snat_translation tcp_multiplexing_enabled tcp_multiplexing_number min_active_members tags[]`),
	Entry("called PoolMember", "PoolMember", `ip_address* port weight admin_state=ENABLED|DISABLED backup_member display_name max_concurrent_connections`),
	Entry("called PoolMemberGroup", "PoolMemberGroup", `grouping_object*:ResourceReference port`),
	Entry("called LbRule", "LbRule", `phase*=HTTP_FORWARDING match_strategy*=ALL|ANY match_conditions[] actions*[] tags[]`),
	Entry("called LbHttpMonitor", "LbHttpMonitor", `resource_type* monitor_port interval timeout rise_count fall_count`),
	Entry("called LbHttpsMonitor", "LbHttpsMonitor", `resource_type* monitor_port interval timeout rise_count fall_count`),
	Entry("called LbIcmpMonitor", "LbIcmpMonitor", `resource_type* monitor_port interval timeout rise_count fall_count`),
	Entry("called LbTcpMonitor", "LbTcpMonitor", `resource_type* monitor_port interval timeout rise_count fall_count`),
	Entry("called LbUdpMonitor", "LbUdpMonitor", `resource_type* monitor_port interval timeout rise_count fall_count send* receive*`),
	Entry("called LbPassiveMonitor", "LbPassiveMonitor", `resource_type* timeout max_fails`),
	Entry("called LbClientSslProfile", "LbClientSslProfile", `ciphers[] protocols[]=TLS_V1_2`),
	Entry("called LbServerSslProfile", "LbServerSslProfile", `ciphers[] protocols[]=TLS_V1_2`),
	Entry("called Certificate", "Certificate", `pem_encoded* details[] has_private_key used_by[] purpose`),
	Entry("called TrustObjectData", "TrustObjectData", `pem_encoded* private_key`),
	Entry("called Crl", "Crl", `pem_encoded details`),
	Entry("called DhcpProfile", "DhcpProfile", `edge_cluster_id* edge_cluster_member_indexes[]`),
	Entry("called LogicalDhcpServer", "LogicalDhcpServer", `dhcp_profile_id* ipv4_dhcp_server attached_logical_port_id`),
)

var _ = DescribeTable("one of several types may stand in", func(tables func() (*schema.Set, error), resourceType, place, wrong, possible string) {
	set, err := tables()
	Expect(err).NotTo(HaveOccurred())
	Expect(check(set, resourceType, wrong)).To(ContainSubstring(place + " must be one of " + possible))
},
	Entry("a router port", schema.Manager, "LogicalRouterPort", "resource_type", `{}`,
		"LogicalRouterCentralizedServicePort, LogicalRouterDownLinkPort, LogicalRouterGreTunnelPort, LogicalRouterIPTunnelPort, "+
			"LogicalRouterLinkPortOnTIER0, LogicalRouterLinkPortOnTIER1, LogicalRouterLoopbackPort, LogicalRouterUpLinkPort"),
	Entry("an attachment", schema.Manager, "LogicalPort", "attachment.context.resource_type", `{"attachment":{"context":{}}}`, "L2VpnAttachmentContext, VifAttachmentContext"),
	Entry("a pool's SNAT", schema.Manager, "LbPool", "snat_translation.type", `{"snat_translation":{}}`, "LbSnatAutoMap, LbSnatIpPool"),
	Entry("a Policy pool's SNAT", schema.Policy, "LBPool", "snat_translation.type", `{"snat_translation":{}}`, "LBSnatAutoMap, LBSnatDisabled, LBSnatIpPool"),
	Entry("a monitor", schema.Manager, "LbMonitor", "resource_type", `{}`, "LbHttpMonitor, LbHttpsMonitor, LbIcmpMonitor, LbPassiveMonitor, LbTcpMonitor, LbUdpMonitor"),
	Entry("an application profile", schema.Manager, "LbAppProfile", "resource_type", `{}`, "LbFastTcpProfile, LbFastUdpProfile, LbHttpProfile"),
	Entry("a persistence profile", schema.Manager, "LbPersistenceProfile", "resource_type", `{}`,
		"LbCookiePersistenceProfile, LbGenericPersistenceProfile, LbSourceIpPersistenceProfile"),
	Entry("a Policy group's expression", schema.Policy, "Group", "expression[0].resource_type", `{"expression":[{}]}`,
		"Condition, ConjunctionOperator, ExternalIDExpression, IPAddressExpression, IdentityGroupExpression, MACAddressExpression, NestedExpression, PathExpression"),
)

// Shapes of the specification of about NSX 3.2 (nsxtsdk), of the SAP driver and of a report of real Policy API answers.
var _ = DescribeTable("the shape of a Policy object", func(resourceType, fields string) {
	set, err := schema.Policy()
	Expect(err).NotTo(HaveOccurred())
	hasShape(set, resourceType, fields)
},
	Entry("what all have", "PolicyConfigResource", `id resource_type display_name description tags[]:Tag path parent_path relative_path remote_path
		unique_id realization_id owner_id marked_for_delete overridden _protection children[] _create_user _create_time _last_modified_user
		_last_modified_time _revision`),
	Entry("called Tier1", "Tier1", `tier0_path failover_mode=PREEMPTIVE|NON_PREEMPTIVE pool_allocation
		route_advertisement_types[]=TIER1_STATIC_ROUTES|TIER1_CONNECTED|TIER1_NAT|TIER1_LB_VIP|TIER1_LB_SNAT tags[]`),
	Entry("called Segment", "Segment", `connectivity_path transport_zone_path subnets[]:SegmentSubnet advanced_config:SegmentAdvancedConfig admin_state=UP|DOWN`),
	Entry("called SegmentSubnet", "SegmentSubnet", `gateway_address network`),
	Entry("called SegmentAdvancedConfig", "SegmentAdvancedConfig", `address_pool_paths[]`),
	Entry("called SegmentPort", "SegmentPort", `attachment:PortAttachment address_bindings[]:PortAddressBindingEntry admin_state=UP|DOWN`),
	Entry("called PortAttachment", "PortAttachment", `id type=PARENT|CHILD|INDEPENDENT|STATIC context_id traffic_tag app_id allocate_addresses hyperbus_mode`),
	Entry("called PortAddressBindingEntry", "PortAddressBindingEntry", `ip_address mac_address vlan_id`),
	Entry("called Group", "Group", `expression[]`),
	Entry("called Condition", "Condition", `resource_type* member_type*=SegmentPort|Segment key*=Tag operator=EQUALS value* scope_operator=EQUALS|NOTEQUALS`),
	Entry("called ConjunctionOperator", "ConjunctionOperator", `resource_type* conjunction_operator*=AND|OR`),
	Entry("called IPAddressExpression", "IPAddressExpression", `resource_type* ip_addresses*[]`),
	Entry("called PathExpression", "PathExpression", `resource_type* paths*[]`),
	Entry("called NestedExpression", "NestedExpression", `resource_type* expressions*[]`),
	Entry("called ExternalIDExpression", "ExternalIDExpression", `resource_type* member_type* external_ids*[]`),
	Entry("called SecurityPolicy", "SecurityPolicy", `category sequence_number scope[] stateful tcp_strict rules[]:Rule tags[]`),
	Entry("called GatewayPolicy", "GatewayPolicy", `category sequence_number rules[]:Rule`),
	Entry("called Rule", "Rule", `action=ALLOW|DROP|REJECT|JUMP_TO_APPLICATION source_groups[] destination_groups[] services[] service_entries[] scope[]
		direction=IN|OUT|IN_OUT ip_protocol logged disabled rule_id sequence_number tag tags[]`),
	Entry("called PolicyNatRule", "PolicyNatRule", `action*=SNAT|DNAT source_network destination_network translated_network translated_ports service
		sequence_number firewall_match=BYPASS enabled scope[]`),
	Entry("called IpAddressPool", "IpAddressPool", `tags[]`),
	Entry("called IpAddressPoolBlockSubnet", "IpAddressPoolBlockSubnet", `resource_type* ip_block_path* size* start_ip auto_assign_gateway`),
	Entry("called IpAddressPoolStaticSubnet", "IpAddressPoolStaticSubnet", `resource_type* cidr* allocation_ranges*[] gateway_ip`),
	Entry("called IpAddressAllocation", "IpAddressAllocation", `allocation_ip tags[]`),
	Entry("called IpAddressBlock", "IpAddressBlock", `cidr cidrs[] visibility`),
	Entry("called LBService", "LBService", `connectivity_path size=SMALL|MEDIUM|LARGE|XLARGE|DLB`),
	Entry("called LBVirtualServer", "LBVirtualServer", `ip_address* ports*[] application_profile_path* pool_path lb_service_path lb_persistence_profile_path
		rules[]:LBRule client_ssl_profile_binding:LBClientSslProfileBinding`),
	Entry("called LBClientSslProfileBinding", "LBClientSslProfileBinding", `default_certificate_path* sni_certificate_paths[] ssl_profile_path`),
	Entry("called LBRule", "LBRule", `display_name phase match_strategy match_conditions[] actions*[]`),
	Entry("called LBPool", "LBPool", `active_monitor_paths[] snat_translation members[]:LBPoolMember`),
	Entry("called TlsCertificate", "TlsCertificate", `pem_encoded* has_private_key tls_certificate_type category`),
	Entry("called SpoofGuardProfile", "SpoofGuardProfile", `address_binding_allowlist address_binding_whitelist`),
	Entry("called DhcpServerConfig", "DhcpServerConfig", `server_addresses[] lease_time`),
)
