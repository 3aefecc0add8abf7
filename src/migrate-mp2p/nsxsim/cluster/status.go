package cluster

import (
	"context"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// clusterStatusRoutes tell how the cluster and its nodes are.
func (s *API) clusterStatusRoutes() []api.Route {
	route := func(path string, handle api.Handler, notes ...string) api.Route {
		return api.Route{Method: "GET", Pattern: "/api/v1/cluster/" + path, Extent: api.Partial, Handle: handle, Notes: append(notes,
			api.Assumed+"a node whose address is down or silent is one that the other nodes miss, too; why: a client cannot "+
				"tell a node that is off from one that nobody reaches")}
	}
	quorum := api.Assumed + "as long as more than half of the nodes are there the cluster is DEGRADED, with fewer it is UNAVAILABLE, " +
		"and the older two statuses UNSTABLE; why: NSX's cluster needs a majority of its nodes, and the SDK names no other statuses that fit"
	return []api.Route{
		route("status", func(context.Context, *api.Request) (*api.Response, error) { return api.OK(s.clusterStatus()) },
			"groups without ids and leaders; a cluster without majority goes on all the same", quorum),
		route("nodes/status", func(context.Context, *api.Request) (*api.Response, error) { return api.OK(s.clusterNodesStatus()) },
			"statuses, ids and names only", quorum),
		route("nodes/{node}/status", s.clusterNodeStatus, "connections and version only"),
	}
}

// clusterGroups are the groups of services that each node of a cluster has a member of.
var clusterGroups = []string{"DATASTORE", "CLUSTER_BOOT_MANAGER", "CONTROLLER", "MANAGER", "POLICY", "HTTPS"}

// present tells whether the other nodes of the cluster see one.
func (s *API) present(i int) bool { return s.front.Node(i).Reach() == faults.Up }

// health is the status of the cluster, in the words of its groups, and in those of the two older summaries.
func (s *API) health() (group, summary string) {
	count := 0
	for i := range s.count {
		if s.present(i) {
			count++
		}
	}
	switch {
	case count == s.count:
		return "STABLE", "STABLE"
	case 2*count > s.count:
		return "DEGRADED", "DEGRADED"
	}
	return "UNAVAILABLE", "UNSTABLE"
}

// clusterStatus is ClusterStatus.
func (s *API) clusterStatus() map[string]any {
	online, offline := []any{}, []any{}
	for i, n := range s.identity.Nodes[:s.count] {
		one := map[string]any{"uuid": n.ID, "mgmt_cluster_listen_ip_address": s.front.Node(i).Host()}
		if s.present(i) {
			online = append(online, one)
		} else {
			offline = append(offline, one)
		}
	}
	_, summary := s.health()
	return map[string]any{
		"cluster_id": s.identity.ID, "control_cluster_status": map[string]any{"status": summary},
		"mgmt_cluster_status":     map[string]any{"status": summary, "online_nodes": online, "offline_nodes": offline},
		"detailed_cluster_status": s.detailedStatus(),
	}
}

// detailedStatus is AllClusterGroupStatus: the services of each node.
func (s *API) detailedStatus() map[string]any {
	var members, groups []any
	for i, n := range s.identity.Nodes[:s.count] {
		status := "DOWN"
		if s.present(i) {
			status = "UP"
		}
		members = append(members, map[string]any{"member_uuid": n.ID, "member_fqdn": n.Name, "member_ip": s.front.Node(i).Host(), "member_status": status})
	}
	health, _ := s.health()
	for _, kind := range clusterGroups {
		groups = append(groups, map[string]any{"group_type": kind, "group_status": health, "members": members})
	}
	return map[string]any{"cluster_id": s.identity.ID, "overall_status": health, "groups": groups}
}

// clusterNodesStatus is ClustersAggregateInfo.
func (s *API) clusterNodesStatus() map[string]any {
	var nodes []any
	for i, n := range s.identity.Nodes[:s.count] {
		nodes = append(nodes, map[string]any{"id": n.ID, "display_name": n.Name, "node_status": s.nodeStatus(i)})
	}
	return map[string]any{"cluster_status": s.detailedStatus(), "controller_cluster": nodes, "management_cluster": nodes}
}

func (s *API) clusterNodeStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	for i, n := range s.identity.Nodes[:s.count] {
		if n.ID == r.Params["node"] {
			return api.OK(s.nodeStatus(i))
		}
	}
	return nil, api.NotFound(r.Params["node"])
}

// nodeStatus is ClusterNodeStatus of a node.
func (s *API) nodeStatus(i int) map[string]any {
	connected := "DISCONNECTED"
	if s.present(i) {
		connected = "CONNECTED"
	}
	return map[string]any{
		"mgmt_cluster_status": map[string]any{"mgmt_cluster_status": connected}, "control_cluster_status": map[string]any{"control_cluster_status": connected},
		"version": s.productVersion(),
	}
}
