package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// sectionCluster is where the saved state holds the cluster's identity.
const sectionCluster = "cluster"

// Identity are the identities that survive a restart of the simulator.
type Identity struct {
	ID    string       `json:"id"`
	Nodes []front.Node `json:"nodes"`
}

// LoadIdentity reads the cluster from the state, adding what is missing for so many nodes.
func LoadIdentity(st *store.Store, nodes int) (Identity, error) {
	var c Identity
	err := st.Update(func(tx *store.Tx) error {
		if _, err := tx.Section(sectionCluster, &c); err != nil {
			return err
		}
		if c.ID == "" {
			c.ID = tx.NewID()
		}
		for len(c.Nodes) < nodes {
			c.Nodes = append(c.Nodes, front.Node{Name: front.NodeName(len(c.Nodes)), ID: tx.NewID()})
		}
		return tx.SetSection(sectionCluster, c)
	})
	if err != nil {
		return Identity{}, fmt.Errorf("loading the cluster's identity: %w", err)
	}
	return c, nil
}

const servicePath = "/api/v1/node/services/migration-coordinator"

// Routes are the endpoints about nodes, the cluster and the services.
func (s *API) Routes() []api.Route {
	fixed := func(body func(r *api.Request) any) api.Handler {
		return func(_ context.Context, r *api.Request) (*api.Response, error) { return api.OK(body(r)) }
	}
	routes := []api.Route{
		{Method: "GET", Pattern: "/api/v1/node", Extent: api.Full, Handle: fixed(s.describeNode)},
		{Method: "GET", Pattern: "/api/v1/node/version", Extent: api.Full,
			Handle: fixed(func(*api.Request) any {
				return map[string]any{"node_version": s.productVersion(), "product_version": s.productVersion()}
			})},
		{Method: "GET", Pattern: "/api/v1/reverse-proxy/node/health", Extent: api.Full,
			Handle: fixed(func(*api.Request) any {
				return map[string]any{"healthy": true, "components_health": "MANAGER:UP, POLICY:UP, SEARCH:UP"}
			})},
		{Method: "GET", Pattern: "/api/v1/cluster", Extent: api.Partial, Notes: []string{"ids and addresses of the nodes only"},
			Handle: fixed(func(*api.Request) any { return s.describeCluster() })},
		{Method: "GET", Pattern: "/api/v1/cluster/{node}", Extent: api.Partial, Notes: []string{"id and addresses of the node only"}, Handle: s.clusterNode},
		{Method: "GET", Pattern: "/api/v1/cluster/nodes", Extent: api.Partial, Query: api.Paging(), Notes: []string{"the manager nodes, by id and name"}, Handle: s.clusterNodes},
		{Method: "GET", Pattern: "/api/v1/cluster/api-virtual-ip", Extent: api.Full, Notes: []string{"0.0.0.0 when there is none"},
			Handle: fixed(func(*api.Request) any { return map[string]any{"ip_address": s.virtualIP()} })},
		{Method: "GET", Pattern: "/api/v1/aaa/user-info", Extent: api.Full,
			Handle: fixed(func(r *api.Request) any {
				roles := []any{map[string]any{"role": r.Identity.Role}}
				return map[string]any{
					"user_name": r.Identity.Name, "roles": roles, "roles_for_paths": []any{map[string]any{"path": "/", "roles": roles}},
				}
			})},
		{Method: "GET", Pattern: servicePath, Extent: api.Full,
			Handle: fixed(func(*api.Request) any { return map[string]any{"service_name": "migration-coordinator"} })},
		{Method: "GET", Pattern: servicePath + "/status", Extent: api.Full,
			Notes:  []string{api.Assumed + "a service that is still starting is reported as stopped; why: the two states are all that the SDK has"},
			Handle: fixed(func(r *api.Request) any { return s.service.status(r.Node) })},
	}
	for _, action := range []string{"start", "stop", "restart"} {
		routes = append(routes, api.Route{
			Method: "POST", Pattern: servicePath, Action: action, Extent: api.Full,
			Notes: []string{api.Assumed + "refused (400) while the service runs on another node; start of a running one " +
				"changes nothing; why: scripts start it on one node only and repeat that call"},
			Handle: func(_ context.Context, r *api.Request) (*api.Response, error) {
				status, err := s.service.Act(r.Node, action)
				if err != nil {
					return nil, err
				}
				return api.OK(status)
			},
		})
	}
	return slices.Concat(routes, s.clusterStatusRoutes(), s.serviceRoutes(), s.dashboardRoutes())
}

// describeNode is NodeProperties of the node that answers.
func (s *API) describeNode(r *api.Request) any {
	now := s.clock.Now()
	return map[string]any{
		"node_uuid": r.NodeID, "hostname": r.Node, "fully_qualified_domain_name": r.Node,
		"node_version": s.productVersion(), "product_version": s.productVersion(), "kernel_version": "5.10", "node_type": "NSX Manager",
		"export_type": "UNRESTRICTED", "timezone": "Etc/UTC", "system_time": now.UnixMilli(), "system_datetime": now.UTC().Format(time.ANSIC),
		"cli_history_size": 500, "cli_output_datetime": true, "cli_timeout": 600,
	}
}

// productVersion is the product version with a build number behind it, as NSX writes it.
func (s *API) productVersion() string { return s.version.String() + ".0.21332672" }

func (s *API) describeCluster() map[string]any {
	var nodes []any
	for i := range s.count {
		nodes = append(nodes, s.describeMember(i))
	}
	return map[string]any{
		"cluster_id": s.identity.ID, "nodes": nodes, "mgmt_cluster_changes_allowed": true, "control_cluster_changes_allowed": true, "_revision": 0,
	}
}

// describeMember is ClusterNodeInfo of a node.
func (s *API) describeMember(i int) map[string]any {
	n := s.identity.Nodes[i]
	return map[string]any{
		"node_uuid": n.ID, "fqdn": n.Name, "display_name": n.Name, "status": "JOINED",
		"api_listen_addr": map[string]any{"ip_address": s.front.Node(i).Host(), "port": s.front.Node(i).Port(), "certificate": string(s.front.Authority().PEM())},
		"entities":        []any{map[string]any{"entity_type": "HTTP", "ip_address": s.front.Node(i).Host(), "port": s.front.Node(i).Port()}},
	}
}

func (s *API) clusterNode(_ context.Context, r *api.Request) (*api.Response, error) {
	for i, n := range s.identity.Nodes[:s.count] {
		if n.ID == r.Params["node"] {
			return api.OK(s.describeMember(i))
		}
	}
	return nil, api.NotFound(r.Params["node"])
}

func (s *API) clusterNodes(_ context.Context, r *api.Request) (*api.Response, error) {
	var list []any
	for i, n := range s.identity.Nodes[:s.count] {
		list = append(list, map[string]any{
			"id": n.ID, "external_id": n.ID, "display_name": n.Name, "resource_type": "ClusterNodeConfig",
			"appliance_mgmt_listen_addr": s.front.Node(i).Host(), "_revision": 0,
		})
	}
	return listing.PageOfValues(r, list)
}

func (s *API) virtualIP() string {
	if s.front.Virtual() == nil {
		return "0.0.0.0"
	}
	return s.front.Virtual().Host()
}
