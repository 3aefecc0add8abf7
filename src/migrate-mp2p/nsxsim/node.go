package nsxsim

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Sections of the saved state that belong to this file.
const (
	sectionCluster = "cluster"
	sectionService = "coordinator-service"
)

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

// service is the migration coordinator's service. It belongs to one node: while it runs there, another node refuses to
// start it (ASSUMED; the docs only say that it must run on one node).
type service struct {
	store       *store.Store
	clock       api.Clock
	delay       time.Duration
	coordinator api.Coordinator

	mu    sync.Mutex
	state serviceState
	timer api.Timer
}

// serviceState is what is saved.
type serviceState struct {
	// Node is where the service runs or starts; empty when it is stopped.
	Node     string `json:"node"`
	Starting bool   `json:"starting"`
	PID      int    `json:"pid"`
}

func newService(st *store.Store, clock api.Clock, delay time.Duration, coordinator api.Coordinator) (*service, error) {
	v := &service{store: st, clock: clock, delay: delay, coordinator: coordinator}
	err := st.View(func(tx *store.Tx) error {
		_, err := tx.Section(sectionService, &v.state)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("loading the state of the coordinator's service: %w", err)
	}
	if v.state.PID == 0 {
		v.state.PID = 4000
	}
	if v.state.Starting {
		v.timer = clock.AfterFunc(delay, v.up)
	}
	return v, nil
}

// runs tells whether the service answers on a node.
func (v *service) runs(node string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state.Node == node && !v.state.Starting
}

// status is the answer of .../status for a node.
func (v *service) status(node string) map[string]any {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.statusLocked(node)
}

func (v *service) statusLocked(node string) map[string]any {
	if v.state.Node != node || v.state.Starting {
		return map[string]any{"runtime_state": "stopped", "monitor_runtime_state": "stopped", "pids": []int{}, "health": "STABLE"}
	}
	return map[string]any{
		"runtime_state": "running", "monitor_runtime_state": "running", "health": "STABLE",
		"pids": []int{v.state.PID, v.state.PID + 1}, "monitor_pid": v.state.PID - 1,
	}
}

// act carries out start, stop or restart on a node and returns the status.
func (v *service) act(node, action string) (map[string]any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if action != "stop" && v.state.Node != "" && v.state.Node != node {
		return nil, api.BadRequest(30700, api.ModuleCoordinator,
			"The migration coordinator runs on %s already; stop it there first.", v.state.Node)
	}
	if action != "start" && v.state.Node == node {
		if err := v.down(); err != nil {
			return nil, err
		}
	}
	if action != "stop" && v.state.Node == "" {
		v.state.Node, v.state.Starting = node, true
		if err := v.save(); err != nil {
			return nil, err
		}
		if v.delay > 0 {
			v.timer = v.clock.AfterFunc(v.delay, v.up)
		} else {
			v.upLocked()
		}
	}
	return v.statusLocked(node), nil
}

// up ends the start.
func (v *service) up() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.state.Starting {
		v.upLocked()
	}
}

func (v *service) upLocked() {
	v.state.Starting = false
	v.state.PID += 10
	if v.coordinator != nil {
		v.coordinator.ServiceStarted(v.state.Node)
	}
	// The section always encodes; the in-memory state is what counts.
	_ = v.save()
}

// down stops the service where it is.
func (v *service) down() error {
	if v.timer != nil {
		v.timer.Stop()
		v.timer = nil
	}
	was := v.state
	v.state.Node, v.state.Starting = "", false
	if v.coordinator != nil && !was.Starting {
		v.coordinator.ServiceStopped(was.Node)
	}
	return v.save()
}

// crash is a restart without any delay.
func (v *service) crash() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	node := v.state.Node
	if node == "" || v.state.Starting {
		return nil
	}
	if err := v.down(); err != nil {
		return err
	}
	v.state.Node = node
	v.upLocked()
	return nil
}

func (v *service) save() error {
	return v.store.Update(func(tx *store.Tx) error { return tx.SetSection(sectionService, v.state) })
}

func (v *service) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.timer != nil {
		v.timer.Stop()
	}
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

// backups answers with the section "backups", an object in NSX's form that tests may set.
func (s *Server) backups(context.Context, *api.Request) (*api.Response, error) {
	history := map[string]any{}
	found := false
	err := s.store.View(func(tx *store.Tx) (err error) {
		found, err = tx.Section("backups", &history)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		end := s.clock.Now().Add(-time.Hour).UnixMilli()
		for _, kind := range []string{"cluster", "node", "inventory"} {
			history[kind+"_backup_statuses"] = []any{map[string]any{
				"backup_id": "backup-1", "start_time": end - 60_000, "end_time": end, "success": true,
			}}
		}
	}
	return api.OK(history)
}

// capacityKinds are the usage types that matter to a migration (capacity sample of NSX-T 3.1).
var capacityKinds = []struct {
	usage, name, collection string
	maximum                 int
}{
	{"NUMBER_OF_LOGICAL_SWITCHES", "Logical Switches", "logical-switches", 10000},
	{"NUMBER_OF_LOGICAL_PORTS", "System-wide Logical Switch Ports", "logical-ports", 25000},
	{"NUMBER_OF_TIER1_ROUTERS", "Tier-1 Logical Routers", "logical-routers", 4000},
	{"NUMBER_OF_NSGROUP", "Groups", "ns-groups", 20000},
	{"NUMBER_OF_IPSETS", "IP Sets", "ip-sets", 10000},
	{"NUMBER_OF_FIREWALL_SECTIONS", "Distributed Firewall Sections", "firewall/sections", 10000},
}

func (s *Server) capacity(context.Context, *api.Request) (*api.Response, error) {
	var usage []any
	err := s.store.View(func(tx *store.Tx) error {
		for _, k := range capacityKinds {
			count := len(tx.Manager().List(k.collection))
			percent := float64(count) * 100 / float64(k.maximum)
			usage = append(usage, map[string]any{
				"usage_type": k.usage, "display_name": k.name, "current_usage_count": count, "max_supported_count": k.maximum,
				"min_threshold_percentage": 70, "max_threshold_percentage": 100,
				"current_usage_percentage": percent, "severity": severity(percent),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"capacity_usage": usage, "meta_info": map[string]any{}, "unreported_usage_types": []any{}})
}

func severity(percent float64) string {
	switch {
	case percent >= 100:
		return "CRITICAL"
	case percent >= 70:
		return "WARNING"
	}
	return "INFO"
}
