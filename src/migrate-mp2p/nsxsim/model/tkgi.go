package model

import (
	"fmt"
	"slices"
	"strings"
)

// platformTKGI is the Platform of a cluster that TKGI made.
const platformTKGI = "tkgi"

// The names of the model's clusters unless others are wanted: TKGI calls a cluster
// pks- and its id in TKGI's own database ("TKGI docs").
const (
	tkgiPrefix  = "pks-"
	tkgiCluster = tkgiPrefix + "5a0bd4e6-1c7f-4f0e-9d53-8b7e2f6c4a10"
	tkgiOther   = tkgiPrefix + "c3d1f2a8-6e94-4b7b-a1d2-0f9e8d7c6b5a"
)

// superuser is the principal identity as which TKGI itself writes ("TKGI docs").
const superuser = "pks-nsx-t-superuser"

// Tag scopes of TKGI's own objects ("TKGI docs").
const (
	scopeTKGICluster  = "pks/cluster"
	scopeTKGIFloating = "pks/floating_ip"
)

// tkgiSystemNamespaces are those of every TKGI cluster. Each has its own switch,
// router and SNAT rule, like any other ("TKGI docs").
var tkgiSystemNamespaces = []string{"default", "kube-public", "kube-system", "pks-system"}

// TKGI returns a cluster of Tanzu Kubernetes Grid Integrated in Manager mode, a second,
// small cluster on the same Tier-0, and what the administrator made around them. NCP
// works on such a cluster as on any Kubernetes cluster; the network of the nodes is
// TKGI's own work. Scale 1 is about 550 objects of the cluster and it grows in
// proportion.
func TKGI(scale int, seed int64, options Options) (*World, error) {
	options = options.withDefaults(tkgiCluster)
	b, err := newWorld(platformTKGI, scale, seed, options)
	if err != nil {
		return nil, err
	}
	ground := b.tkgiGround()
	ground.noNAT = options.NoNAT
	b.adminObjects(ground)
	b.adminSections()
	b.principal(superuser)
	first := b.tkgi(Foundation{Name: options.Cluster, Platform: platformTKGI, Identity: options.Identity}, ground, scale, room{
		blockID: ground.blocks[0], block: "10.0.0.0",
	})
	first.sharedTier1, first.ingressNAT = options.SharedTier1, options.Rare
	b.kubeCluster(first)
	beside := ground
	if options.SecondTier0 {
		beside.tier0 = b.secondTier0(ground)
	}
	second := b.tkgi(Foundation{Name: tkgiOther, Platform: platformTKGI, Identity: tkgiOther + "-ncp"}, beside, 1, room{
		ordinal: 1, blockID: ground.blocks[0], block: "10.60.0.0", externals: 40_000, links: 16_000, machines: 32_000,
	})
	second.teams = 1
	b.kubeCluster(second)
	b.defaultSections()
	return b.finishWith(ground, scale, options)
}

// tkgiGround adds the fabric and what the tile's configuration names: a Tier-0, the
// blocks of pods and of nodes, and the pools of floating addresses. The network of
// TKGI's own virtual machines is on it too.
func (b *builder) tkgiGround() ground {
	g := ground{fabric: b.base()}
	b.tier0(&g, []Tag{{"ncp/shared_resource", "true"}})
	g.blocks = []string{b.ipBlock("pods-ip-block", "10.0.0.0/8", nil), b.ipBlock("nodes-ip-block", "172.16.0.0/12", nil)}
	external := []Tag{{"ncp/external", "true"}}
	g.externalPools = []externalPool{
		b.externalPool("floating-ip-pool-1", "100.80.0", external, []string{"100.80.0.5", "100.80.0.6"}),
		b.externalPool("floating-ip-pool-2", "100.81.0", external, nil),
	}
	g.deployment = b.deploymentNetwork(g)
	return g
}

// secondTier0 adds one more Tier-0, with an uplink that lacks its switch port and
// without routing of its own.
func (b *builder) secondTier0(on ground) string {
	router := b.add("logical-routers", ownerAdmin, fields{
		"resource_type": "LogicalRouter", "display_name": "t0-second", "router_type": "TIER0", "tags": []Tag{{"ncp/shared_resource", "true"}},
		"edge_cluster_id": on.edgeCluster, "high_availability_mode": "ACTIVE_ACTIVE",
		"advanced_config": fields{"internal_transit_network": "169.254.0.16/28", "external_transit_networks": []string{"100.64.0.0/16"}},
	})
	uplink := b.add("logical-router-ports", ownerAdmin, fields{
		"resource_type": "LogicalRouterUpLinkPort", "display_name": "t0-second-uplink", "logical_router_id": router,
		"subnets":                   []fields{{"ip_addresses": []string{"198.51.102.2"}, "prefix_length": 24}},
		"edge_cluster_member_index": []int{0}, "urpf_mode": "STRICT",
	})
	b.world.Shared = append(b.world.Shared, Shared{Kind: "TIER0", List: "tier0_routers", ID: router, DisplayName: "t0-second", Ports: []string{uplink}})
	return router
}

// principal adds a principal identity with its certificate, as TKGI registers them.
func (b *builder) principal(name string) {
	certificate := b.authorityCertificate(ownerAdmin, name, nil)
	b.add("trust-management/principal-identities", ownerAdmin, fields{
		"resource_type": "PrincipalIdentity", "display_name": name, "name": name, "node_id": name,
		"role": "enterprise_admin", "is_protected": true, "certificate_id": certificate,
	})
}

// tkgi announces a cluster to the world, adds what TKGI makes for it before its NCP
// starts, and says how the cluster is built.
func (b *builder) tkgi(user Foundation, on ground, scale int, at room) kubeSpec {
	uuid, named := strings.CutPrefix(user.Name, tkgiPrefix)
	if !named {
		b.fail(fmt.Errorf("naming a TKGI cluster %q: the name must be %s and the id of the cluster", user.Name, tkgiPrefix))
	}
	b.world.Foundations = append(b.world.Foundations, user)
	b.principal(user.Identity)
	spec := kubeSpec{
		name: user.Name, identity: user.Identity, systemNamespaces: tkgiSystemNamespaces, teams: teamsPerScale * scale,
		on: on, nodeOwner: superuser, nodeTags: []Tag{{scopeTKGICluster, uuid}}, apiServer: true,
	}
	at.links++ // the link of the nodes' router
	spec.nodeSwitch, spec.firstNode = b.nodeNetwork(user.Name, scale, on, at, spec.nodeTags)
	at.externals += len(on.externalPools) // the addresses of the nodes' network
	spec.at = at
	return spec
}

// nodeNetwork adds the network of a cluster's virtual machines: a Tier-1, a switch,
// and a SNAT rule on the Tier-0. They carry ncp/cluster beside TKGI's own tags but no
// ncp/version: they are not NCP's, although they have to move with the cluster
// ("TKGI docs"; that they carry ncp/cluster is ASSUMED). It returns the switch and the
// first address of a node. TKGI makes each a /24; only a model larger than any real
// cluster gets a /20.
func (b *builder) nodeNetwork(cluster string, scale int, on ground, at room, own []Tag) (logicalSwitch, first string) {
	tags := append([]Tag{{ScopeCluster, cluster}}, own...)
	network, size, prefix := address("172.16.0.0", at.ordinal*4096), 256, 24
	if scale*machinesPerScale > 240 {
		size, prefix = 4096, 20
	}
	cidr := fmt.Sprintf("%s/%d", network, prefix)
	name := cluster + "-nodes"
	router := b.add("logical-routers", superuser, fields{
		"resource_type": "LogicalRouter", "display_name": name, "router_type": "TIER1", "tags": tags, "failover_mode": "NON_PREEMPTIVE",
	})
	b.addSingle("logical-routers/"+router+"/routing", "advertisement", superuser, fields{
		"resource_type": "AdvertisementConfig", "logical_router_id": router, "enabled": true,
		"advertise_nsx_connected_routes": true, "advertise_nat_routes": true, "advertise_static_routes": false,
		"advertise_lb_vip": false, "advertise_lb_snat_ip": false,
	})
	b.linkRouters(superuser, name, router, on.tier0, at.links, tags)
	b.add("pools/ip-subnets", superuser, fields{
		"resource_type": "IpBlockSubnet", "display_name": name, "tags": tags, "block_id": on.blocks[1], "size": size, "cidr": cidr,
		"start_ip": network, "allocation_ranges": []fields{{"start": address(network, 2), "end": address(network, size-2)}},
	})
	logicalSwitch = b.add("logical-switches", superuser, fields{
		"resource_type": "LogicalSwitch", "display_name": name, "tags": tags, "transport_zone_id": on.overlayZone, "admin_state": "UP",
		"replication_mode": "MTEP", "vni": 66_000 + at.ordinal, "switching_profile_ids": on.profiles(on.spoofGuard),
	})
	b.downLink(superuser, name, router, logicalSwitch, address(network, 1), prefix, tags)
	if on.noNAT {
		return logicalSwitch, address(network, 2)
	}
	pool := on.externalPools[0]
	ip := address(pool.first, at.externals/2)
	b.addAllocation(pool.id, ip)
	b.add("logical-routers/"+on.tier0+"/nat/rules", superuser, fields{
		"resource_type": "NatRule", "display_name": name + "-snat", "tags": append(slices.Clone(tags), Tag{scopeTKGIFloating, ip}), "logical_router_id": on.tier0,
		"action": "SNAT", "match_source_network": cidr, "translated_network": ip, "rule_priority": 1024, "enabled": true, "logging": false, "nat_pass": true,
	})
	return logicalSwitch, address(network, 2)
}
