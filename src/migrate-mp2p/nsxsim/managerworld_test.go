package nsxsim_test

// fabric is a small consistent world: a zone, a switch in it, a router with a port, and a profile.
func fabric() map[string]object {
	return map[string]object{
		"transport-zones/tz":     {"id": "tz", "resource_type": "TransportZone", "transport_type": "OVERLAY"},
		"transport-zones/vlan":   {"id": "vlan", "resource_type": "TransportZone", "transport_type": "VLAN"},
		"edge-clusters/ec":       {"id": "ec", "resource_type": "EdgeCluster"},
		"switching-profiles/sg":  {"id": "sg", "resource_type": "SpoofGuardSwitchingProfile", "white_list_providers": []any{}},
		"logical-switches/s":     {"id": "s", "resource_type": "LogicalSwitch", "display_name": "s", "admin_state": "UP", "transport_zone_id": "tz", "_revision": 0},
		"logical-switches/v":     {"id": "v", "resource_type": "LogicalSwitch", "display_name": "v", "admin_state": "UP", "transport_zone_id": "vlan", "_revision": 0},
		"logical-routers/t1":     {"id": "t1", "resource_type": "LogicalRouter", "display_name": "t1", "router_type": "TIER1", "_revision": 0},
		"pools/ip-blocks/b":      {"id": "b", "resource_type": "IpBlock", "cidr": "10.0.0.0/22", "_revision": 0},
		"loadbalancer/pools/web": {"id": "web", "resource_type": "LbPool", "display_name": "web", "_revision": 0},
	}
}
