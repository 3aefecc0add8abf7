package model

import "fmt"

// Tag scopes that NCP writes on Kubernetes only ("NCP 2.3 debug log"). That Manager
// mode names a service by the scope known from Policy mode is ASSUMED.
const (
	scopeService       = "ncp/service"
	scopeHealthSection = "ncp/hc_sect_id"
)

// teamsPerScale is the number of namespaces per unit of scale beside the system's.
// They share one load balancer.
const teamsPerScale = 7

// kubeSpec is what differs between the clusters of vanilla Kubernetes and of TKGI.
type kubeSpec struct {
	// name is the value of the ncp/cluster tags; names of objects begin with it.
	name string
	// identity is the NSX user as which the cluster's NCP writes.
	identity string
	// systemNamespaces stand before the teams' namespaces.
	systemNamespaces []string
	// teams is the number of the teams' namespaces.
	teams int

	on ground
	at room

	// nodeSwitch is the switch of the nodes' virtual machines, firstNode the address of
	// the first one, nodeOwner the NSX user who made their ports, nodeTags what those
	// ports carry beside ncp/cluster and ncp/node_name.
	nodeSwitch string
	firstNode  string
	nodeOwner  string
	nodeTags   []Tag

	// sharedTier1 puts all namespaces and load balancers on one Tier-1, which then
	// translates addresses, too. Otherwise each has its own.
	sharedTier1 bool
	// ingressNAT adds ingress controllers that are reached by DNAT (ncp.ini:
	// ingress_mode nat).
	ingressNAT bool
	// clientSSL is the administrator's client SSL profile; empty means that NCP makes
	// one.
	clientSSL string
	// apiServer adds a virtual server for the cluster's own API server, as TKGI does.
	apiServer bool
}

// kubeCluster builds what one cluster has on NSX: what its NCP made, and the ports of
// its nodes, which others made. It notes the workloads for which all that was made.
type kubeCluster struct {
	ncp
	spec      kubeSpec
	workloads *Workloads

	sharedRouter string
	services     int // services so far
	policies     int // network policies so far
	lb           kubeLB
}

// kubeCluster adds a cluster to the world.
func (b *builder) kubeCluster(spec kubeSpec) *kubeCluster {
	c := &kubeCluster{
		ncp:       ncp{b: b, ground: spec.on, name: spec.name, identity: spec.identity, room: spec.at},
		spec:      spec,
		workloads: &Workloads{Cluster: spec.name},
	}
	c.profiles()
	if spec.sharedTier1 {
		c.sharedRouter = c.tier1(spec.name, "", c.tags(), fields{"edge_cluster_id": spec.on.edgeCluster})
	}
	c.nodes()
	for _, name := range spec.systemNamespaces {
		c.systemNamespace(name)
	}
	for first := 0; first < spec.teams; first += teamsPerScale {
		var served []*Namespace
		for i := first; i < min(first+teamsPerScale, spec.teams); i++ {
			served = append(served, c.teamNamespace(i))
		}
		c.loadBalancer(first/teamsPerScale, served)
	}
	if spec.ingressNAT {
		c.ingressControllers()
	}
	c.addressSet()
	b.world.Workloads = append(b.world.Workloads, c.workloads)
	return c
}

// profiles adds the cluster's switching profiles. That the profile by which NCP
// elects its leader is one for quality of service is ASSUMED.
func (c *kubeCluster) profiles() {
	spoofGuard := c.b.add("switching-profiles", c.identity, fields{
		"resource_type": "SpoofGuardSwitchingProfile", "display_name": c.name + "-spoofguard", "tags": c.tags(),
		"white_list_providers": []string{"LPORT_BINDINGS"},
	})
	c.bindings = c.ground.profiles(spoofGuard)
	c.b.add("switching-profiles", c.identity, fields{
		"resource_type": "QosSwitchingProfile", "display_name": c.name + "-ha", "tags": c.tags(Tag{scopeHA, "true"}), "class_of_service": 0,
	})
}

// podsPerNode is what a node holds at most ("TKGI docs").
const podsPerNode = 100

// nodes adds the ports of the nodes' virtual machines. They carry ncp/cluster and
// ncp/node_name but no ncp/version: they are not NCP's. For each node NCP keeps a
// section that lets it probe its pods.
func (c *kubeCluster) nodes() {
	for i := range max(3, c.spec.teams*podsPerTeam/podsPerNode) {
		node := Node{
			Name: fmt.Sprintf("%s-node-%04d", c.name, i), UID: c.b.uuid(), IP: address(c.spec.firstNode, i), vif: c.b.uuid(),
		}
		c.b.add("logical-ports", c.spec.nodeOwner, fields{
			"resource_type": "LogicalPort", "display_name": node.Name, "logical_switch_id": c.spec.nodeSwitch, "admin_state": "UP",
			"tags": append([]Tag{{ScopeCluster, c.name}, {scopeNodeName, node.Name}}, c.spec.nodeTags...),
			"attachment": fields{
				"id": node.vif, "attachment_type": "VIF",
				"context": fields{"resource_type": "VifAttachmentContext", "vif_type": "PARENT"},
			},
			"address_bindings":      []fields{{"ip_address": node.IP, "mac_address": mac(c.room.ordinal, i)}},
			"switching_profile_ids": c.ground.profiles(c.ground.spoofGuard),
		})
		node.healthSection = c.healthSection(node, i)
		c.workloads.Nodes = append(c.workloads.Nodes, node)
	}
}
