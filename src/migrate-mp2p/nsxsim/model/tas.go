package model

import "fmt"

// The size of a foundation per unit of scale: with the sections and the load
// balancer about 500 objects that NCP made.
const (
	orgsPerScale  = 10
	portsPerOrg   = 36
	portsPerCell  = 100
	labelsOfFew   = 20 // further labels on every 64th port, which then has 28 tags
	labelledEvery = 64
)

// platformTAS is the Platform of a TAS foundation.
const platformTAS = "tas"

// TAS returns a Tanzu Application Service foundation in Manager mode, a second,
// small foundation on the same Tier-0, and what the administrator made around
// them. Scale 1 is about 500 objects of the foundation and it grows in proportion.
func TAS(scale int, seed int64, options Options) (*World, error) {
	options = options.withDefaults("tas1")
	b, err := newWorld(platformTAS, scale, seed, options)
	if err != nil {
		return nil, err
	}
	ground := b.ground(options.Cluster)
	b.adminObjects(ground)
	b.adminSections()
	first := b.tas(options.Cluster, options.Identity, ground, scale, room{blockID: ground.blocks[0], block: "10.0.0.0"})
	first.build()
	second := b.tas(options.Cluster+"-other", options.Cluster+"-other-ncp", ground, 1, room{
		ordinal: 1, blockID: ground.blocks[1], block: "172.16.0.0", externals: 40_000, links: 46_000, machines: 32_000,
	})
	second.orgCount = 2
	second.build()
	b.defaultSections()
	if options.Rare {
		first.rare()
	}
	return b.finishWith(ground, scale, options)
}

// tas builds one foundation.
type tas struct {
	ncp
	scale    int
	orgCount int

	lb    lbShared
	orgs  []org
	cells []string // VIF ids of the virtual machines
}

// tas announces a foundation to the world.
func (b *builder) tas(name, identity string, on ground, scale int, at room) *tas {
	b.world.Foundations = append(b.world.Foundations, Foundation{Name: name, Platform: platformTAS, Identity: identity})
	return &tas{ncp: ncp{b: b, ground: on, name: name, identity: identity, room: at}, scale: scale, orgCount: orgsPerScale * scale}
}

// org is one Cloud Foundry organisation.
type org struct {
	guid     string
	router   string
	networks []network
}

// build adds everything that NCP of this foundation made, and the foundation's
// virtual machines, which BOSH made.
func (t *tas) build() {
	spoofGuard := t.b.add("switching-profiles", t.identity, fields{
		"resource_type": "SpoofGuardSwitchingProfile", "display_name": t.name + "-spoofguard", "tags": t.tags(),
		"white_list_providers": []string{"LPORT_BINDINGS"},
	})
	t.bindings = t.ground.profiles(spoofGuard)
	t.diegoCells()
	for i := range t.orgCount {
		t.org(i)
	}
	t.securityGroups()
	for i := range t.scale {
		t.loadBalancer(i)
	}
}

// diegoCells adds the ports of the foundation's virtual machines. They carry
// ncp/cluster and ncp/node_name but no ncp/version: they are not NCP's.
func (t *tas) diegoCells() {
	for i := range max(2, t.orgCount*portsPerOrg/portsPerCell) {
		vif := t.b.uuid()
		t.cells = append(t.cells, vif)
		name := fmt.Sprintf("diego_cell-%04d", i)
		t.b.add("logical-ports", ownerAdmin, fields{
			"resource_type": "LogicalPort", "display_name": t.name + "/" + name, "logical_switch_id": t.ground.deployment, "admin_state": "UP",
			"tags": []Tag{{ScopeCluster, t.name}, {scopeNodeName, name}, {"bosh/id", t.b.uuid()}},
			"attachment": fields{
				"id": vif, "attachment_type": "VIF",
				"context": fields{"resource_type": "VifAttachmentContext", "vif_type": "PARENT"},
			},
			"address_bindings":      []fields{{"ip_address": address("192.168.0.10", t.room.machines+i), "mac_address": mac(t.room.ordinal, i)}},
			"switching_profile_ids": t.ground.profiles(t.ground.spoofGuard),
		})
	}
}

// mac is the n-th locally administered MAC address of a group of interfaces.
func mac(group, n int) string {
	return fmt.Sprintf("02:50:%02x:%02x:%02x:%02x", group&0xff, n>>16&0xff, n>>8&0xff, n&0xff)
}

// org adds an organisation: its Tier-1, wired to the Tier-0, its networks, a SNAT
// rule for each on the Tier-0, and the ports of its app instances.
func (t *tas) org(index int) {
	o := org{guid: t.b.uuid()}
	pool, snat := t.external()
	name := fmt.Sprintf("%s-org-%04d", t.name, index)
	outside := t.tags(Tag{scopeProject, o.guid}, Tag{scopePoolID, pool}, Tag{scopeSNAT, snat})

	o.router = t.tier1(name, o.guid, outside, nil)
	count := 1
	if index%4 == 0 {
		count = 2 // the first subnet was exhausted
	}
	for n := range count {
		added := t.network(fmt.Sprintf("%s-%d", name, n), o.guid, o.router, outside)
		o.networks = append(o.networks, added)
		t.b.add("logical-routers/"+t.ground.tier0+"/nat/rules", t.identity, fields{
			"resource_type": "NatRule", "display_name": fmt.Sprintf("%s-snat-%d", name, n), "tags": outside,
			"logical_router_id": t.ground.tier0, "action": "SNAT", "match_source_network": added.cidr(), "translated_network": snat,
			"rule_priority": 1024, "enabled": true, "logging": false, "nat_pass": true,
		})
	}
	t.orgs = append(t.orgs, o)
	for n := range portsPerOrg {
		t.instance(name, o, o.networks[n%count], n)
	}
}

// instance adds the port of one app instance: a child interface of its Diego cell,
// told apart by a VLAN.
func (t *tas) instance(orgName string, o org, on network, n int) {
	guid := t.b.uuid()
	tags := t.tags(
		Tag{scopeProject, o.guid},
		Tag{scopePod, "instance-" + guid[:8]},
		Tag{scopePodUID, guid},
		Tag{scopeIngress, "False"},
		Tag{"app_label/app", fmt.Sprintf("app-%d", n/4)},
		Tag{"app_label/tier", []string{"web", "worker", "db"}[n%3]},
	)
	if t.ports%labelledEvery == 0 {
		for i := range labelsOfFew {
			tags = append(tags, Tag{fmt.Sprintf("app_label/label-%02d", i), fmt.Sprintf("value-%d", i)})
		}
	}
	vlan := t.ports/len(t.cells)%4094 + 1
	t.b.add("logical-ports", t.identity, fields{
		"resource_type": "LogicalPort", "display_name": fmt.Sprintf("%s-instance-%02d", orgName, n),
		"logical_switch_id": on.logicalSwitch, "admin_state": "UP", "tags": tags,
		"attachment": fields{
			"id": t.b.uuid(), "attachment_type": "VIF",
			"context": fields{
				"resource_type": "VifAttachmentContext", "vif_type": "CHILD", "parent_vif_id": t.cells[t.ports%len(t.cells)],
				"traffic_tag": vlan, "app_id": guid, "allocate_addresses": "Both",
			},
		},
		"address_bindings":      []fields{{"ip_address": address(on.first, 2+n), "mac_address": mac(0x80+t.room.ordinal, t.ports), "vlan": vlan}},
		"switching_profile_ids": t.bindings,
	})
	t.ports++
}
