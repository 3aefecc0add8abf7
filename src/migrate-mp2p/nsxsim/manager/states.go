package manager

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// stateRoutes are what NSX reports of its objects: all is well, since nothing is forwarded (NSX Go SDK).
func (s *API) stateRoutes() []api.Route {
	source, barrier := []string{"source"}, []string{"barrier_id", "request_id"}
	route := func(collection, what string, query []string, of reporter, notes ...string) api.Route {
		return s.reportRoute(collection+"/{id}"+what, collection, query, of, notes...)
	}
	summary := func(what string, k Kind, query []string, handle api.Handler) api.Route {
		return api.Route{Method: "GET", Pattern: api.ManagerPrefix + k.collection + what, Extent: api.Partial, Query: query, Handle: handle, Notes: append([]string{well}, k.filterNotes...)}
	}
	switches, ports := s.kinds[SwitchCollection], s.kinds[PortCollection]
	return []api.Route{
		route(PortCollection, "/state", nil, portState, well),
		route(PortCollection, "/status", source, portStatus, well),
		route(PortCollection, "/statistics", source, statistics("logical_port_id"), quiet),
		summary("/status", ports, ports.statusQuery(), s.portsStatus),
		route(SwitchCollection, "/state", nil, switchState, well),
		route(SwitchCollection, "/summary", nil, switchStatus),
		route(SwitchCollection, "/statistics", source, statistics("logical_switch_id"), quiet),
		summary("/state", switches, []string{"status"}, s.switchStates),
		summary("/status", switches, switches.statusQuery(), s.switchesStatus),
		route(RouterCollection, "/state", barrier, realized, well),
		route(RouterCollection, "/status", source, routerStatus, "no edge node is told: nothing is forwarded"),
		route(routerPortCollection, "/state", barrier, realized, well),
		route(SectionCollection, "/state", barrier, sectionState, well),
		route("switching-profiles", "/summary", nil, profileStatus),
		{Method: http.MethodPost, Pattern: api.ManagerPrefix + RouterCollection + "/{id}", Action: "reprocess", Extent: api.Full, Handle: s.reprocess},
	}
}

// reprocess publishes what is missing on the edges: nothing.
func (s *API) reprocess(_ context.Context, r *api.Request) (*api.Response, error) {
	err := s.store.View(func(tx *store.Tx) error {
		if !exists(tx, RouterCollection+"/"+r.Params["id"]) {
			return api.NotFound(r.Params["id"])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &api.Response{Status: http.StatusNoContent}, nil
}

// What the simulator's data path amounts to: notes of what counts traffic, and of what tells how it goes.
const (
	quiet = "always zero: nothing is forwarded"
	well  = "always a success: nothing is forwarded, and all is realized at once"
)

// reporter computes an answer from one object.
type reporter func(tx *store.Tx, o *store.Object, body map[string]any) map[string]any

// reportRoute answers with something computed from one object, the id of which stands in the pattern.
func (s *API) reportRoute(pattern, collection string, query []string, of reporter, notes ...string) api.Route {
	extent := api.Full
	if len(notes) > 0 {
		extent = api.Partial
	}
	return api.Route{Method: "GET", Pattern: api.ManagerPrefix + pattern, Extent: extent, Query: query, Notes: notes, Handle: fromSource(s.report(collection, of))}
}

// fromSource lets a request through that names one of the two sources of what NSX reports: they are the same here.
func fromSource(handle api.Handler) api.Handler {
	return func(ctx context.Context, r *api.Request) (*api.Response, error) {
		if err := api.OneValue(r.Query, "source", "realtime", "cached"); err != nil {
			return nil, err
		}
		return handle(ctx, r)
	}
}

// report is the handler of a reportRoute.
func (s *API) report(collection string, of reporter) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		var answer map[string]any
		err := s.store.View(func(tx *store.Tx) error {
			o, found := tx.Manager().Get(collection + "/" + r.Params["id"])
			if !found {
				return api.NotFound(r.Params["id"])
			}
			body, err := o.Fields()
			if err != nil {
				return err
			}
			answer = of(tx, o, body)
			return nil
		})
		if err != nil {
			return nil, err
		}
		return api.OK(answer)
	}
}

// realized is the state of what is in force.
func realized(*store.Tx, *store.Object, map[string]any) map[string]any {
	return map[string]any{"state": "success", "details": []any{}, "pending_change_list": []any{}}
}

// statistics are the counters of an object, which is named by a field.
func statistics(named string) reporter {
	return func(_ *store.Tx, o *store.Object, _ map[string]any) map[string]any {
		answer := map[string]any{named: o.ID}
		for _, counter := range []string{"rx_bytes", "rx_packets", "tx_bytes", "tx_packets"} {
			answer[counter] = map[string]any{"total": 0, "dropped": 0, "multicast_broadcast": 0}
		}
		return answer
	}
}

func portState(_ *store.Tx, o *store.Object, body map[string]any) map[string]any {
	state := map[string]any{"id": o.ID, "transport_node_ids": []any{}, "discovered_bindings": []any{}, "duplicate_bindings": []any{}}
	bindings := []any{}
	for _, binding := range store.ObjectsIn(body["address_bindings"]) {
		bindings = append(bindings, map[string]any{"binding": binding, "source": "USER_DEFINED"})
	}
	state["realized_bindings"] = bindings
	if id := store.Text(store.FieldAt(body, "attachment.id")); id != "" {
		state["attachment"] = map[string]any{"id": id, "state": "ATTACHED", "attachers": []any{}}
	}
	return state
}

func portStatus(_ *store.Tx, o *store.Object, body map[string]any) map[string]any {
	status := "UP"
	if store.Text(body["admin_state"]) == "DOWN" {
		status = "DOWN"
	}
	return map[string]any{"logical_port_id": o.ID, "status": status}
}

func switchState(_ *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	return map[string]any{"logical_switch_id": o.ID, "state": "success", "details": []any{}}
}

func switchStatus(tx *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	count := 0
	for _, port := range tx.Manager().List(PortCollection) {
		if store.QuickText(port, "logical_switch_id") == o.ID {
			count++
		}
	}
	return map[string]any{"logical_switch_id": o.ID, "num_logical_ports": count}
}

func sectionState(_ *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	return revisionState(o)
}

// revisionState is realized for what tells its revision as well: sections and rules.
func revisionState(o *store.Object) map[string]any {
	return map[string]any{"state": "success", "revision_desired": o.Revision, "details": []any{}, "pending_change_list": []any{}}
}

func routerStatus(_ *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	return map[string]any{"logical_router_id": o.ID, "per_node_status": []any{}}
}

// profileStatus counts the switches and ports that name a switching profile.
func profileStatus(tx *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	return map[string]any{
		"switching_profile_id": o.ID, "num_logical_switches": using(tx, SwitchCollection, o.ID), "num_logical_ports": using(tx, PortCollection, o.ID),
	}
}

// using counts the objects of a collection that name a switching profile.
func using(tx *store.Tx, collection, profile string) int {
	count := 0
	for _, o := range tx.Manager().List(collection) {
		body, err := o.Fields() // the store holds JSON objects only
		if err == nil && namesProfile(body, profile) {
			count++
		}
	}
	return count
}

// statusQuery are the parameters of a status of many objects: the list's filters, and what they are read from.
func (k Kind) statusQuery() []string {
	return append(slices.Sorted(maps.Keys(k.filters)), "source")
}

// summedUp finds the objects of a kind that fit the request's filters, and names the filters as the answer does.
func (s *API) summedUp(r *api.Request, k Kind) (objects []*store.Object, filters []any, err error) {
	// Only what is cached (NSX Go SDK).
	if err := api.OneValue(r.Query, "source", "cached"); err != nil {
		return nil, nil, err
	}
	filters = []any{}
	for _, name := range slices.Sorted(maps.Keys(k.filters)) {
		if value := r.Query.Get(name); value != "" {
			filters = append(filters, map[string]any{"name": name, "value": value})
		}
	}
	err = s.store.View(func(tx *store.Tx) (err error) {
		objects, err = k.filter(tx, tx.Manager().List(k.collection), r)
		return err
	})
	return objects, filters, err
}

func (s *API) switchesStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	switches, filters, err := s.summedUp(r, s.kinds[SwitchCollection])
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{
		"total_switches": len(switches), "fully_realized_switches": len(switches), "filters": filters, "last_update_timestamp": s.clock.Now().UnixMilli(),
	})
}

func (s *API) portsStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	ports, filters, err := s.summedUp(r, s.kinds[PortCollection])
	if err != nil {
		return nil, err
	}
	up := 0
	for _, port := range ports {
		if store.QuickText(port, "admin_state") != "DOWN" {
			up++
		}
	}
	return api.OK(map[string]any{"total_ports": len(ports), "up_ports": up, "filters": filters, "last_update_timestamp": s.clock.Now().UnixMilli()})
}

// switchStates lists the switches in a state, and they are all realized.
func (s *API) switchStates(_ context.Context, r *api.Request) (*api.Response, error) {
	if err := api.OneValue(r.Query, "status", "PENDING", "IN_PROGRESS", "PARTIAL_SUCCESS", "SUCCESS"); err != nil {
		return nil, err
	}
	states := []any{}
	err := s.store.View(func(tx *store.Tx) error {
		if status := r.Query.Get("status"); status != "" && status != "SUCCESS" {
			return nil
		}
		for _, o := range tx.Manager().List(SwitchCollection) {
			states = append(states, switchState(tx, o, nil))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"results": states, "result_count": len(states)})
}
