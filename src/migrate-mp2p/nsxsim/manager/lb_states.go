package manager

import (
	"context"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const lbServiceCollection = "loadbalancer/services"

// lbReport is what NSX tells of a load balancer's service, of a virtual server and of a pool.
type lbReport struct{ service, server, pool reporter }

// lbStateRoutes are what NSX reports of load balancers (NSX Go SDK).
func (s *API) lbStateRoutes() []api.Route {
	const one = api.ManagerPrefix + lbServiceCollection + "/{service}"
	var routes []api.Route
	for what, report := range map[string]lbReport{
		"/status":     {lbServiceStatus, lbServerStatus, lbPoolStatus},
		"/statistics": {lbStatistics("service_id"), lbStatistics("virtual_server_id"), lbStatistics("pool_id")},
	} {
		notes, query := []string{quiet}, []string{"source"}
		if what == "/status" {
			notes = []string{
				"what is switched on is UP: there are neither edge nodes nor connections",
				api.Assumed + "a service without router is DETACHED; what is switched off is DISABLED; why: the SDK has these words for it",
			}
		}
		route := func(pattern string, handle api.Handler) {
			routes = append(routes, api.Route{Method: "GET", Pattern: one + pattern + what, Extent: api.Partial, Query: query, Notes: notes, Handle: fromSource(handle)})
		}
		route("", s.wholeBalancer(report))
		route("/virtual-servers", s.partsOfBalancer((*balancer).servers, report.server))
		route("/virtual-servers/{id}", s.partsOfBalancer((*balancer).servers, report.server))
		route("/pools", s.partsOfBalancer((*balancer).pools, report.pool))
		route("/pools/{id}", s.partsOfBalancer((*balancer).pools, report.pool))
	}
	return routes
}

// balancer is a load balancer's service.
type balancer struct {
	tx     *store.Tx
	object *store.Object
	body   map[string]any
}

func openBalancer(tx *store.Tx, id string) (*balancer, error) {
	o, found := tx.Manager().Get(lbServiceCollection + "/" + id)
	if !found {
		return nil, api.NotFound(id)
	}
	body, err := o.Fields()
	return &balancer{tx: tx, object: o, body: body}, err
}

// servers are the virtual servers of the service.
func (b *balancer) servers() ([]*store.Object, error) {
	return b.referred([]*store.Object{b.object}, virtualServerCollection)
}

// pools are those that the virtual servers and their rules name.
func (b *balancer) pools() ([]*store.Object, error) {
	servers, err := b.servers()
	if err != nil {
		return nil, err
	}
	rules, err := b.referred(servers, lbRuleCollection)
	if err != nil {
		return nil, err
	}
	return b.referred(slices.Concat(servers, rules), lbPoolCollection)
}

// referred are the objects of a collection that others name, each once.
func (b *balancer) referred(by []*store.Object, collection string) ([]*store.Object, error) {
	var found []*store.Object
	for _, o := range by {
		body, err := o.Fields()
		if err != nil {
			return nil, err
		}
		for _, reference := range references.Of(o.Key, body) {
			for _, key := range reference.Keys {
				target, exists := b.tx.Manager().Get(key)
				if exists && strings.HasPrefix(key, collection+"/") && !slices.Contains(found, target) {
					found = append(found, target)
				}
			}
		}
	}
	return found, nil
}

// reports makes the report of each object.
func (b *balancer) reports(objects []*store.Object, of reporter) ([]any, error) {
	list := []any{}
	for _, o := range objects {
		body, err := o.Fields()
		if err != nil {
			return nil, err
		}
		list = append(list, of(b.tx, o, body))
	}
	return list, nil
}

// wholeBalancer reports of a service with its virtual servers and pools.
func (s *API) wholeBalancer(of lbReport) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		var answer map[string]any
		err := s.store.View(func(tx *store.Tx) error {
			b, err := openBalancer(tx, r.Params["service"])
			if err != nil {
				return err
			}
			answer = of.service(tx, b.object, b.body)
			servers, err := b.servers()
			if err != nil {
				return err
			}
			pools, err := b.pools()
			if err != nil {
				return err
			}
			if answer["virtual_servers"], err = b.reports(servers, of.server); err != nil {
				return err
			}
			answer["pools"], err = b.reports(pools, of.pool)
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.OK(answer)
	}
}

// partsOfBalancer reports of the virtual servers or the pools of a service, or of the one that the path names.
func (s *API) partsOfBalancer(parts func(*balancer) ([]*store.Object, error), of reporter) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		id, single := r.Params["id"]
		var list []any
		err := s.store.View(func(tx *store.Tx) error {
			b, err := openBalancer(tx, r.Params["service"])
			if err != nil {
				return err
			}
			objects, err := parts(b)
			if err != nil {
				return err
			}
			if single {
				objects = slices.DeleteFunc(objects, func(o *store.Object) bool { return o.ID != id })
			}
			list, err = b.reports(objects, of)
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case !single:
			return api.OK(map[string]any{"results": list, "result_count": len(list)})
		case len(list) == 0:
			return nil, api.NotFound(id)
		}
		return api.OK(list[0])
	}
}

func lbServiceStatus(_ *store.Tx, o *store.Object, body map[string]any) map[string]any {
	status := switchedOn(body)
	if body["attachment"] == nil {
		status = "DETACHED"
	}
	return map[string]any{"service_id": o.ID, "service_status": status}
}

func lbServerStatus(_ *store.Tx, o *store.Object, body map[string]any) map[string]any {
	return map[string]any{"virtual_server_id": o.ID, "status": switchedOn(body)}
}

func lbPoolStatus(_ *store.Tx, o *store.Object, body map[string]any) map[string]any {
	members := []any{}
	for _, member := range store.ObjectsIn(body["members"]) {
		status := store.Text(member["admin_state"])
		if status == "" || status == "ENABLED" {
			status = "UP"
		}
		members = append(members, map[string]any{"ip_address": store.Text(member["ip_address"]), "port": store.Text(member["port"]), "status": status})
	}
	return map[string]any{"pool_id": o.ID, "status": "UP", "members": members}
}

// switchedOn is the status of what has the field enabled.
func switchedOn(body map[string]any) string {
	if body["enabled"] == false {
		return "DISABLED"
	}
	return "UP"
}

// lbStatistics are counters of an object, which is named by a field.
func lbStatistics(named string) reporter {
	counters := []string{"total_sessions", "current_sessions", "max_sessions", "bytes_in", "bytes_out", "packets_in", "packets_out"}
	if named == "service_id" {
		counters = []string{"l4_total_sessions", "l4_current_sessions", "l4_max_sessions", "l7_total_sessions", "l7_current_sessions", "l7_max_sessions"}
	}
	return func(_ *store.Tx, o *store.Object, _ map[string]any) map[string]any {
		zeros := map[string]any{}
		for _, counter := range counters {
			zeros[counter] = 0
		}
		return map[string]any{named: o.ID, "statistics": zeros}
	}
}
