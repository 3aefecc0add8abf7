package model

import (
	"fmt"
	"maps"
)

// Tag scopes that NCP writes beside its base tags on every platform ("NCP 2.3 debug
// log", "NCP clean-up script").
const (
	scopeProject  = "ncp/project"
	scopePoolID   = "ncp/extpoolid"
	scopeSNAT     = "ncp/snat_ip"
	scopeSubnet   = "ncp/subnet"
	scopeSubnetID = "ncp/subnet_id"
	scopePod      = "ncp/pod"
	scopePodUID   = "ncp/pod_uid"
	scopeIngress  = "ncp/ing_ctrl"
	scopeNodeName = "ncp/node_name"
	scopeHA       = "ncp/ha"

	scopeLBResource        = "ncp/lb_resource"
	scopeVirtualServerType = "ncp/lb_vs_type"
	// scopeVirtualServerPool names the external pool of a virtual server's address; it
	// is the one scope of NCP without the ncp/ prefix.
	scopeVirtualServerPool = "ext_pool_id"
)

// ncp is one NCP at work, on whatever platform: as whom it writes, what it calls and
// tags its objects, and which numbers it takes next.
type ncp struct {
	b      *builder
	ground ground
	// name is the value of the ncp/cluster tags.
	name string
	// identity is the NSX user as which it writes.
	identity string
	room     room
	// bindings are the switching profiles of its switches and of workloads' ports.
	bindings []fields

	networks  int // networks so far
	externals int // external addresses so far
	routers   int // Tier-1 routers so far
	ports     int // workloads' ports so far
}

// tags returns NCP's base tags followed by more.
func (n *ncp) tags(more ...Tag) []Tag {
	return append([]Tag{{ScopeVersion, managerVersion}, {ScopeCluster, n.name}}, more...)
}

// external allocates the next address of an external pool.
func (n *ncp) external() (pool, ip string) {
	from := n.ground.externalPools[n.externals%2]
	ip = address(from.first, n.room.externals/2+n.externals/2)
	n.externals++
	n.b.addAllocation(from.id, ip)
	return from.id, ip
}

// tier1 adds a Tier-1 with its advertisement and its link to the Tier-0. extra are
// fields of the router beside those that all have.
func (n *ncp) tier1(name, project string, tags []Tag, extra fields) string {
	body := fields{
		"resource_type": "LogicalRouter", "display_name": name, "router_type": "TIER1", "tags": tags, "failover_mode": "NON_PREEMPTIVE",
	}
	maps.Copy(body, extra)
	router := n.b.add("logical-routers", n.identity, body)
	n.b.addSingle("logical-routers/"+router+"/routing", "advertisement", n.identity, fields{
		"resource_type": "AdvertisementConfig", "logical_router_id": router, "enabled": true,
		"advertise_nsx_connected_routes": true, "advertise_nat_routes": true, "advertise_static_routes": false,
		"advertise_lb_vip": true, "advertise_lb_snat_ip": true,
	})
	n.routers++
	linkTags := n.tags()
	if project != "" {
		linkTags = n.tags(Tag{scopeProject, project})
	}
	n.b.linkRouters(n.identity, name, router, n.ground.tier0, n.room.links+n.routers, linkTags)
	return router
}

// network is one container network: a switch, and the subnet behind it.
type network struct {
	logicalSwitch string
	first         string // the subnet's network address
}

// cidr is the network in prefix notation.
func (n network) cidr() string { return n.first + "/24" }

// network adds one container network of a project: a /24 cut from the block, the pool
// over it, the switch that takes addresses from the pool, and the wiring to a router.
// outside are the project's own tags and those of its external address.
func (n *ncp) network(name, project, router string, outside []Tag) network {
	added := network{first: address(n.room.block, n.networks*256)}
	subnet := n.b.uuid()
	tags := n.tags(Tag{scopeProject, project}, Tag{scopeSubnet, added.cidr()}, Tag{scopeSubnetID, subnet})
	ranges := []fields{{"start": address(added.first, 2), "end": address(added.first, 254)}}
	n.b.add("pools/ip-subnets", n.identity, fields{
		"id": subnet, "resource_type": "IpBlockSubnet", "display_name": name, "tags": tags,
		"block_id": n.room.blockID, "size": 256, "cidr": added.cidr(), "start_ip": added.first, "allocation_ranges": ranges,
	})
	pool := n.b.add("pools/ip-pools", n.identity, fields{
		"resource_type": "IpPool", "display_name": name, "tags": tags, "ip_release_delay": 120000,
		"subnets": []fields{{"cidr": added.cidr(), "gateway_ip": address(added.first, 1), "allocation_ranges": ranges}},
	})
	switchTags := append(append([]Tag{}, outside...), Tag{scopeSubnet, added.cidr()}, Tag{scopeSubnetID, subnet})
	added.logicalSwitch = n.b.add("logical-switches", n.identity, fields{
		"resource_type": "LogicalSwitch", "display_name": name, "tags": switchTags, "transport_zone_id": n.ground.overlayZone,
		"admin_state": "UP", "replication_mode": "MTEP", "vni": 70_000 + n.room.ordinal*50_000 + n.networks, "ip_pool_id": pool,
		"switching_profile_ids": n.bindings,
	})
	n.b.downLink(n.identity, fmt.Sprintf("%s-gateway", name), router, added.logicalSwitch, address(added.first, 1), 24, n.tags(Tag{scopeProject, project}))
	n.networks++
	return added
}
