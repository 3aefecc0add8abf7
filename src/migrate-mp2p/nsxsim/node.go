package nsxsim

import (
	"context"
	"fmt"
	"net"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// sectionCluster is where the saved state holds the cluster's identity.
const sectionCluster = "cluster"

// cluster are the identities that survive a restart of the simulator.
type cluster struct {
	ID    string `json:"id"`
	Nodes []node `json:"nodes"`
}

type node struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// loadCluster reads the cluster from the state, adding what is missing for so many nodes.
func loadCluster(st *store.Store, nodes int) (cluster, error) {
	var c cluster
	err := st.Update(func(tx *store.Tx) error {
		if _, err := tx.Section(sectionCluster, &c); err != nil {
			return err
		}
		if c.ID == "" {
			c.ID = tx.NewID()
		}
		for len(c.Nodes) < nodes {
			c.Nodes = append(c.Nodes, node{Name: fmt.Sprintf("node-%d", len(c.Nodes)+1), ID: tx.NewID()})
		}
		return tx.SetSection(sectionCluster, c)
	})
	if err != nil {
		return cluster{}, fmt.Errorf("loading the cluster's identity: %w", err)
	}
	return c, nil
}

const servicePath = "/api/v1/node/services/migration-coordinator"

// nodeRoutes are the endpoints about nodes, the cluster and the service.
func (s *Server) nodeRoutes() []api.Route {
	fixed := func(body func(r *api.Request) any) api.Handler {
		return func(_ context.Context, r *api.Request) (*api.Response, error) { return api.OK(body(r)) }
	}
	routes := []api.Route{
		{Method: "GET", Pattern: "/api/v1/node", Extent: api.Partial, Notes: []string{"identity and version only"},
			Handle: fixed(func(r *api.Request) any {
				return map[string]any{
					"node_uuid": r.NodeID, "external_id": r.NodeID, "hostname": r.Node, "node_version": s.productVersion(),
					"product_version": s.productVersion(), "kernel_version": "5.10", "node_type": "NSX Manager",
				}
			})},
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
		{Method: "GET", Pattern: "/api/v1/cluster/status", Extent: api.Partial, Notes: []string{"always stable"},
			Handle: fixed(func(*api.Request) any {
				return map[string]any{
					"cluster_id": s.cluster.ID, "mgmt_cluster_status": map[string]any{"status": "STABLE"},
					"control_cluster_status": map[string]any{"status": "STABLE"},
				}
			})},
		{Method: "GET", Pattern: "/api/v1/cluster/api-virtual-ip", Extent: api.Full, Notes: []string{"0.0.0.0 when there is none"},
			Handle: fixed(func(*api.Request) any { return map[string]any{"ip_address": s.virtualIP()} })},
		{Method: "GET", Pattern: "/api/v1/cluster/backups/history", Extent: api.Partial,
			Notes:  []string{"what the model or a test put into the state's section \"backups\"; by default one good backup of every kind, an hour old"},
			Handle: s.backups},
		{Method: "GET", Pattern: "/api/v1/capacity/usage", Extent: api.Partial, Notes: []string{"counts of the main Manager types against the maxima of NSX-T 3.1"},
			Handle: s.capacity},
		{Method: "GET", Pattern: "/api/v1/aaa/user-info", Extent: api.Partial, Notes: []string{"name and role only"},
			Handle: fixed(func(r *api.Request) any {
				return map[string]any{"user_name": r.Identity.Name, "roles": []any{map[string]any{"role": r.Identity.Role}}}
			})},
		{Method: "GET", Pattern: servicePath, Extent: api.Full,
			Handle: fixed(func(*api.Request) any { return map[string]any{"service_name": "migration-coordinator"} })},
		{Method: "GET", Pattern: servicePath + "/status", Extent: api.Full,
			Notes:  []string{assumedMark + "a service that is still starting is reported as stopped"},
			Handle: fixed(func(r *api.Request) any { return s.service.status(r.Node) })},
	}
	for _, action := range []string{"start", "stop", "restart"} {
		routes = append(routes, api.Route{
			Method: "POST", Pattern: servicePath, Action: action, Extent: api.Full,
			Notes: []string{assumedMark + "refused (400) while the service runs on another node; start of a running one changes nothing"},
			Handle: func(_ context.Context, r *api.Request) (*api.Response, error) {
				status, err := s.service.act(r.Node, action)
				if err != nil {
					return nil, err
				}
				return api.OK(status)
			},
		})
	}
	return routes
}

// productVersion is the product version with a build number behind it, as NSX writes it.
func (s *Server) productVersion() string { return s.version.String() + ".0.21332672" }

func (s *Server) describeCluster() map[string]any {
	var nodes []any
	for i, n := range s.cluster.Nodes[:s.options.Nodes] {
		nodes = append(nodes, map[string]any{
			"node_uuid": n.ID, "fqdn": n.Name, "status": "JOINED",
			"entities": []any{map[string]any{"entity_type": "HTTPS", "ip_address": hostOf(s.nodes[i]), "port": portOf(s.nodes[i])}},
		})
	}
	return map[string]any{"cluster_id": s.cluster.ID, "nodes": nodes}
}

// hostOf and portOf are the parts of a listener's address; other listeners than TCP ones have none.
func hostOf(l *listening) string {
	if tcp, ok := l.listener.Addr().(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return ""
}

func portOf(l *listening) int {
	if tcp, ok := l.listener.Addr().(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

func (s *Server) virtualIP() string {
	if s.virtual == nil {
		return "0.0.0.0"
	}
	return hostOf(s.virtual)
}
