package model

// adminObjects adds objects of all sorts that belong to no foundation: some in
// Manager mode, some in Policy already. A migration leaves all of them as they are.
func (b *builder) adminObjects(g ground) {
	b.add("ns-groups", ownerAdmin, fields{
		"resource_type": "NSGroup", "display_name": "jump-hosts", "membership_criteria": []fields{tagExpression("role", "jump-host")},
	})
	b.add("ip-sets", ownerAdmin, fields{"resource_type": "IPSet", "display_name": "corporate-dns", "ip_addresses": []string{"198.51.100.53"}})
	b.add("switching-profiles", ownerAdmin, fields{
		"resource_type": "QosSwitchingProfile", "display_name": "gold", "tags": []Tag{{"tier", "gold"}}, "class_of_service": 3,
	})
	b.certificate(ownerAdmin, "mgmt-portal", nil)
	b.add("pools/ip-pools", ownerAdmin, fields{
		"resource_type": "IpPool", "display_name": "tep-pool",
		"subnets": []fields{{"cidr": "192.168.250.0/24", "allocation_ranges": []fields{{"start": "192.168.250.10", "end": "192.168.250.250"}}}},
	})
	b.policyNetwork(g)
	b.policyGroup()
}

// policyNetwork adds a network made through Policy: the segment, the Manager switch
// that realizes it, and a port made on that switch through the Manager API, for
// which NSX keeps a Policy shadow ("SAP networking-nsx-t").
func (b *builder) policyNetwork(g ground) {
	segment := "/infra/segments/operations"
	logicalSwitch := b.add("logical-switches", ownerPolicy, fields{
		"resource_type": "LogicalSwitch", "display_name": "operations", "tags": []Tag{{ScopePolicyPath, segment}},
		"transport_zone_id": g.overlayZone, "admin_state": "UP", "replication_mode": "MTEP", "vni": 65_001,
	})
	b.addPolicy(segment, ownerAdmin, logicalSwitch, fields{
		"resource_type": "Segment", "display_name": "operations", "admin_state": "UP",
		"transport_zone_path": policySite + "/transport-zones/" + g.overlayZone,
	})
	id := b.uuid()
	shadow := segment + "/ports/default:" + id
	b.add("logical-ports", ownerAdmin, fields{
		"id": id, "resource_type": "LogicalPort", "display_name": "operations-vm", "logical_switch_id": logicalSwitch, "admin_state": "UP",
		"tags":       []Tag{{ScopePolicyPath, shadow}},
		"attachment": fields{"id": b.uuid(), "attachment_type": "VIF"},
	})
	b.addPolicy(shadow, ownerSystem, id, fields{"resource_type": "SegmentPort", "display_name": "operations-vm", "admin_state": "UP"})
}

// policyGroup adds a group made through Policy and the NSGroup that realizes it.
func (b *builder) policyGroup() {
	path := policyDomain + "/groups/operations"
	group := b.add("ns-groups", ownerPolicy, fields{
		"resource_type": "NSGroup", "display_name": "operations", "tags": []Tag{{ScopePolicyPath, path}},
		"membership_criteria": []fields{tagExpression("team", "operations")},
	})
	b.addPolicy(path, ownerAdmin, group, fields{
		"resource_type": "Group", "display_name": "operations",
		"expression": []fields{{"resource_type": "Condition", "member_type": "SegmentPort", "key": "Tag", "operator": "EQUALS", "value": "team|operations"}},
	})
}
