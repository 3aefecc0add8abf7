package nsxsim

import (
	"context"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// stateRoutes are what NSX reports of switches and ports: all is well, since nothing is forwarded.
func (s *Server) stateRoutes() []api.Route {
	port, sw, section := apiPrefix+portCollection+"/{id}", apiPrefix+switchCollection+"/{id}", apiPrefix+sectionCollection+"/{id}"
	const well = "always a success: nothing is forwarded"
	return []api.Route{
		{Method: "GET", Pattern: port + "/state", Extent: api.Partial, Notes: []string{well}, Handle: s.report(portCollection, portState)},
		{Method: "GET", Pattern: port + "/status", Extent: api.Partial, Notes: []string{well}, Handle: s.report(portCollection, portStatus)},
		{Method: "GET", Pattern: sw + "/state", Extent: api.Partial, Notes: []string{well}, Handle: s.report(switchCollection, switchState)},
		{Method: "GET", Pattern: apiPrefix + switchCollection + "/status", Extent: api.Partial, Notes: []string{well, "the filters are ignored"},
			Handle: s.switchesStatus},
		{Method: "GET", Pattern: sw + "/summary", Extent: api.Full, Handle: s.report(switchCollection, switchStatus)},
		{Method: "GET", Pattern: section + "/state", Extent: api.Partial, Notes: []string{well}, Handle: s.report(sectionCollection, sectionState)},
	}
}

// report answers with something computed from one object.
func (s *Server) report(collection string, of func(tx *store.Tx, o *store.Object, body map[string]any) map[string]any) api.Handler {
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

func portState(_ *store.Tx, o *store.Object, body map[string]any) map[string]any {
	state := map[string]any{"id": o.ID, "transport_node_ids": []any{}, "discovered_bindings": []any{}, "duplicate_bindings": []any{}}
	bindings := []any{}
	for _, binding := range objectsIn(body["address_bindings"]) {
		bindings = append(bindings, map[string]any{"binding": binding, "source": "USER_DEFINED"})
	}
	state["realized_bindings"] = bindings
	if id := text(store.FieldAt(body, "attachment.id")); id != "" {
		state["attachment"] = map[string]any{"id": id, "state": "ATTACHED", "attachers": []any{}}
	}
	return state
}

func portStatus(_ *store.Tx, o *store.Object, body map[string]any) map[string]any {
	status := "UP"
	if text(body["admin_state"]) == "DOWN" {
		status = "DOWN"
	}
	return map[string]any{"logical_port_id": o.ID, "status": status}
}

func switchState(_ *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	return map[string]any{"logical_switch_id": o.ID, "state": "success", "details": []any{}}
}

func switchStatus(tx *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	count := 0
	for _, port := range tx.Manager().List(portCollection) {
		if quickText(port, "logical_switch_id") == o.ID {
			count++
		}
	}
	return map[string]any{"logical_switch_id": o.ID, "num_logical_ports": count}
}

func sectionState(_ *store.Tx, o *store.Object, _ map[string]any) map[string]any {
	return map[string]any{"state": "success", "revision_desired": o.Revision, "details": []any{}, "pending_change_list": []any{}}
}

func (s *Server) switchesStatus(context.Context, *api.Request) (*api.Response, error) {
	count := 0
	err := s.store.View(func(tx *store.Tx) error {
		count = len(tx.Manager().List(switchCollection))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"total_switches": count, "fully_realized_switches": count, "last_update_timestamp": s.clock.Now().UnixMilli()})
}
