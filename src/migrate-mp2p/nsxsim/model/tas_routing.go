package model

// externalPool is an IP pool for SNAT and virtual servers.
type externalPool struct {
	id    string
	first string // the first address that NCP may take
}

// ground is what the administrator prepared for the foundations.
type ground struct {
	fabric
	tier0         string
	blocks        []string // one for each foundation
	externalPools []externalPool
	deployment    string // switch of the virtual machines
	// noNAT says that networks are reached by their own addresses, so that nothing translates them.
	noNAT bool
}

// ground adds the fabric and the resources that NCP's configuration refers to, and
// lists those in World.Shared. Their tags are what VMware's deployment automation
// sets ("TAS CI pipeline"); none of them carries ncp/version.
func (b *builder) ground(cluster string) ground {
	g := ground{fabric: b.base()}
	sharedTags := []Tag{{ScopeCluster, cluster}, {"ncp/shared_resource", "true"}}
	b.tier0(&g, sharedTags)
	g.blocks = []string{
		b.ipBlock("container-block-1", "10.0.0.0/8", sharedTags),
		b.ipBlock("container-block-2", "172.16.0.0/12", nil),
	}
	g.externalPools = []externalPool{
		b.externalPool("external-pool-1", "100.80.0", []Tag{{ScopeCluster, cluster}, {"ncp/external", "true"}}, []string{"100.80.0.5", "100.80.0.6"}),
		b.externalPool("external-pool-2", "100.81.0", []Tag{{ScopeCluster, cluster}, {"ncp/external", "true"}}, nil),
	}
	g.deployment = b.deploymentNetwork(g)
	return g
}

// tier0 adds the Tier-0 with two uplinks, BGP, redistribution and a default route.
// One uplink is wired to a VLAN switch, the other lacks its switch port, as NSX
// shows it at times ("vmware-nsx").
func (b *builder) tier0(g *ground, tags []Tag) {
	edge := b.section(ownerSystem, "Default LR Layer3 Section", sectionOrderDefault+1, nil, nil, fields{"enforced_on": "LOGICALROUTER"})
	b.rule(edge, ownerSystem, ruleSpec{name: "Default LR Layer3 Rule", action: "ALLOW"})
	g.tier0 = b.add("logical-routers", ownerAdmin, fields{
		"resource_type": "LogicalRouter", "display_name": "t0-main", "router_type": "TIER0", "tags": tags,
		"edge_cluster_id": g.edgeCluster, "high_availability_mode": "ACTIVE_STANDBY", "failover_mode": "NON_PREEMPTIVE",
		"advanced_config":   fields{"internal_transit_network": "169.254.0.0/28", "external_transit_networks": []string{"100.64.0.0/16"}},
		"firewall_sections": []fields{reference("FirewallSection", edge, "Default LR Layer3 Section")},
	})
	vlan := b.add("logical-switches", ownerAdmin, fields{
		"resource_type": "LogicalSwitch", "display_name": "uplink-vlan-100", "transport_zone_id": g.vlanZone, "admin_state": "UP", "vlan": 100,
	})
	uplinks := []string{b.add("logical-router-ports", ownerAdmin, fields{
		"resource_type": "LogicalRouterUpLinkPort", "display_name": "t0-uplink-1", "logical_router_id": g.tier0,
		"subnets":                       []fields{{"ip_addresses": []string{"198.51.100.2"}, "prefix_length": 24}},
		"linked_logical_switch_port_id": reference("LogicalPort", b.routerPort(ownerAdmin, "t0-uplink-1", vlan, nil), "t0-uplink-1"),
		"edge_cluster_member_index":     []int{0}, "urpf_mode": "STRICT",
	}), b.add("logical-router-ports", ownerAdmin, fields{
		"resource_type": "LogicalRouterUpLinkPort", "display_name": "t0-uplink-2", "logical_router_id": g.tier0,
		"subnets":                   []fields{{"ip_addresses": []string{"198.51.101.2"}, "prefix_length": 24}},
		"edge_cluster_member_index": []int{1}, "urpf_mode": "STRICT",
	})}
	routing := "logical-routers/" + g.tier0 + "/routing"
	b.addSingle(routing, "bgp", ownerAdmin, fields{"resource_type": "BgpConfig", "logical_router_id": g.tier0, "enabled": true, "as_num": "65001", "ecmp": true})
	b.add(routing+"/bgp/neighbors", ownerAdmin, fields{
		"resource_type": "BgpNeighbor", "display_name": "tor-1", "logical_router_id": g.tier0, "neighbor_address": "198.51.100.1", "remote_as_num": "65000",
	})
	b.addSingle(routing, "redistribution", ownerAdmin, fields{"resource_type": "RedistributionConfig", "logical_router_id": g.tier0, "bgp_enabled": true})
	route := b.add(routing+"/static-routes", ownerAdmin, fields{
		"resource_type": "StaticRoute", "display_name": "default-route", "logical_router_id": g.tier0, "network": "0.0.0.0/0",
		"next_hops": []fields{{"ip_address": "198.51.100.1", "administrative_distance": 1}},
	})
	b.world.Shared = append(b.world.Shared, Shared{
		Kind: "TIER0", List: "tier0_routers", ID: g.tier0, DisplayName: "t0-main", StaticRoutes: []string{route}, Ports: uplinks,
	})
}

func (b *builder) ipBlock(name, network string, tags []Tag) string {
	id := b.add("pools/ip-blocks", ownerAdmin, fields{"resource_type": "IpBlock", "display_name": name, "tags": tags, "cidr": network})
	b.world.Shared = append(b.world.Shared, Shared{Kind: "IPBLOCK", List: "ip_blocks", ID: id, DisplayName: name})
	return id
}

// externalPool adds a pool of a /16 beginning at prefix.0; custom are addresses
// that the administrator allocated, below those that NCP takes.
func (b *builder) externalPool(name, prefix string, tags []Tag, custom []string) externalPool {
	id := b.add("pools/ip-pools", ownerAdmin, fields{
		"resource_type": "IpPool", "display_name": name, "tags": tags, "ip_release_delay": 120000,
		"subnets": []fields{{
			"cidr":              prefix + ".0/16",
			"allocation_ranges": []fields{{"start": prefix + ".1", "end": address(prefix+".0", 65_534)}},
		}},
	})
	for _, ip := range custom {
		b.addAllocation(id, ip)
	}
	b.world.Shared = append(b.world.Shared, Shared{Kind: "IPPOOL", List: "ip_pools", ID: id, DisplayName: name, Allocations: custom})
	return externalPool{id: id, first: prefix + ".16"}
}

// deploymentNetwork adds the administrator's network for virtual machines. It stays
// in Manager mode.
func (b *builder) deploymentNetwork(g ground) string {
	router := b.add("logical-routers", ownerAdmin, fields{
		"resource_type": "LogicalRouter", "display_name": "t1-deployment", "router_type": "TIER1", "failover_mode": "NON_PREEMPTIVE",
	})
	b.linkRouters(ownerAdmin, "t1-deployment", router, g.tier0, 0, nil)
	logicalSwitch := b.add("logical-switches", ownerAdmin, fields{
		"resource_type": "LogicalSwitch", "display_name": "deployment", "transport_zone_id": g.overlayZone, "admin_state": "UP",
		"replication_mode": "MTEP", "vni": 65_000,
	})
	b.downLink(ownerAdmin, "deployment", router, logicalSwitch, "192.168.0.1", 16, nil)
	return logicalSwitch
}

// routerPort adds the switch's side of a router port and returns its id.
func (b *builder) routerPort(owner, name, logicalSwitch string, tags []Tag) string {
	return b.add("logical-ports", owner, fields{
		"resource_type": "LogicalPort", "display_name": name, "tags": tags, "logical_switch_id": logicalSwitch, "admin_state": "UP",
		"attachment": fields{"id": b.uuid(), "attachment_type": "LOGICALROUTER"},
	})
}

// downLink wires a router to a switch.
func (b *builder) downLink(owner, name, router, logicalSwitch, gateway string, prefix int, tags []Tag) {
	port := b.routerPort(owner, name, logicalSwitch, tags)
	b.add("logical-router-ports", owner, fields{
		"resource_type": "LogicalRouterDownLinkPort", "display_name": name, "tags": tags, "logical_router_id": router,
		"subnets":                       []fields{{"ip_addresses": []string{gateway}, "prefix_length": prefix}},
		"linked_logical_switch_port_id": reference("LogicalPort", port, name),
		"mac_address":                   "02:50:56:56:44:52", "urpf_mode": "STRICT",
	})
}

// linkRouters wires a Tier-1 to a Tier-0. The Tier-0's side names the other port by
// a plain id, the Tier-1's side by a reference ("go-vmware-nsxt").
func (b *builder) linkRouters(owner, name, tier1, tier0 string, n int, tags []Tag) {
	top, bottom := b.uuid(), b.uuid()
	b.add("logical-router-ports", owner, fields{
		"id": top, "resource_type": "LogicalRouterLinkPortOnTIER0", "display_name": name + "-t0", "tags": tags, "logical_router_id": tier0,
		"linked_logical_router_port_id": bottom,
	})
	b.add("logical-router-ports", owner, fields{
		"id": bottom, "resource_type": "LogicalRouterLinkPortOnTIER1", "display_name": name + "-t1", "tags": tags, "logical_router_id": tier1,
		"linked_logical_router_port_id": reference("LogicalRouterLinkPortOnTIER0", top, name+"-t0"),
		"subnets":                       []fields{{"ip_addresses": []string{address("100.64.0.1", 2*n)}, "prefix_length": 31}},
	})
}
