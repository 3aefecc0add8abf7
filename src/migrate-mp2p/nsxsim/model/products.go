package model

// openStack adds the network of one OpenStack project, as its NSX plug-in makes and
// tags it ("vmware-nsx"): a router and a switch with two instances, their SNAT rule,
// and the project's security group. Nothing of it is NCP's, nothing of it may move.
func (b *builder) openStack(on ground) {
	const owner = "openstack-neutron"
	project := b.uuid()
	tags := func(scope, value string) []Tag {
		return []Tag{{scope, value}, {"os-project-id", project}, {"os-api-version", "20.0.0"}}
	}
	neutron := b.uuid()
	router := b.add("logical-routers", owner, fields{
		"resource_type": "LogicalRouter", "display_name": "os-router", "router_type": "TIER1", "failover_mode": "NON_PREEMPTIVE", "tags": tags("os-neutron-router-id", neutron),
	})
	b.linkRouters(owner, "os-router", router, on.tier0, 15_999, tags("os-neutron-router-id", neutron))
	b.add("logical-routers/"+router+"/nat/rules", owner, fields{
		"resource_type": "NatRule", "display_name": "os-snat", "tags": tags("os-neutron-router-id", neutron), "logical_router_id": router,
		"action": "SNAT", "match_source_network": "192.0.2.0/24", "translated_network": "198.51.100.77", "rule_priority": 1010, "enabled": true,
	})
	network := b.add("logical-switches", owner, fields{
		"resource_type": "LogicalSwitch", "display_name": "os-network", "tags": tags("os-neutron-net-id", b.uuid()), "transport_zone_id": on.overlayZone,
		"admin_state": "UP", "replication_mode": "MTEP", "vni": 65_002, "switching_profile_ids": on.profiles(on.spoofGuard),
	})
	b.downLink(owner, "os-network", router, network, "192.0.2.1", 24, tags("os-neutron-router-id", neutron))
	group := b.add("ns-groups", owner, fields{
		"resource_type": "NSGroup", "display_name": "os-default", "tags": tags("os-neutron-secgr-id", b.uuid()),
		"membership_criteria": []fields{tagExpression("os-security-group", "default")},
	})
	for i, name := range []string{"os-vm-a", "os-vm-b"} {
		b.add("logical-ports", owner, fields{
			"resource_type": "LogicalPort", "display_name": name, "logical_switch_id": network, "admin_state": "UP",
			"tags": append(tags("os-neutron-port-id", b.uuid()), Tag{"os-security-group", "default"}),
			"attachment": fields{
				"id": b.uuid(), "attachment_type": "VIF",
				"context": fields{"resource_type": "VifAttachmentContext", "vif_type": "INDEPENDENT"},
			},
			"address_bindings":      []fields{{"ip_address": address("192.0.2.10", i), "mac_address": mac(0x7f, i)}},
			"switching_profile_ids": on.profiles(on.spoofGuard),
		})
	}
	section := b.section(owner, "os-default", sectionOrderTop+2, tags("os-neutron-secgr-id", b.uuid()), []fields{reference("NSGroup", group, "os-default")}, nil)
	b.rule(section, owner, ruleSpec{name: "os-egress", action: "ALLOW", sources: []fields{reference("NSGroup", group, "os-default")}})
}
