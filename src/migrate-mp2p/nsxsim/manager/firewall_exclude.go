package manager

import (
	"context"
	"net/http"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const excludeList = "firewall/excludelist"

// excludeRoutes are the actions on the exclude list, which name one object by its id (NSX Go SDK).
func (s *API) excludeRoutes() []api.Route {
	route := func(action string, query []string, handle api.Handler, notes ...string) api.Route {
		return api.Route{Method: http.MethodPost, Pattern: api.ManagerPrefix + excludeList, Action: action, Extent: api.Full, Query: query, Notes: notes, Handle: handle}
	}
	check := route("check_if_exists", []string{"deep_check", "object_id", "object_type"}, s.checkExcluded,
		api.Assumed+"deep_check takes groups and switches in the list for what they contain; the answer names the object that was asked for; "+
			"why: an object counts as excluded when a parent is in the list (Broadcom API docs)")
	check.Reads = true
	return []api.Route{
		check,
		route("add_member", nil, s.exclude),
		route("remove_member", []string{"object_id"}, s.includeAgain,
			api.Assumed+"deep_check and object_type change nothing; why: to remove a parent would take away what excludes others"),
	}
}

// withoutMember are the members of the exclude list but for one, which may be missing.
func withoutMember(list any, id string) (member map[string]any, others []any) {
	others = []any{}
	for _, one := range store.ObjectsIn(list) {
		if store.Text(one["target_id"]) == id {
			member = one
		} else {
			others = append(others, one)
		}
	}
	return member, others
}

func (s *API) exclude(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, bad := api.DecodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	if _, err := s.changeObject(r, excludeList, func(_ *store.Tx, fields map[string]any) error {
		_, others := withoutMember(fields["members"], store.Text(sent["target_id"]))
		fields["members"] = append(others, sent)
		return nil
	}); err != nil {
		return nil, err
	}
	return api.OK(sent)
}

func (s *API) includeAgain(_ context.Context, r *api.Request) (*api.Response, error) {
	var gone map[string]any
	if _, err := s.changeObject(r, excludeList, func(_ *store.Tx, fields map[string]any) error {
		gone, fields["members"] = withoutMember(fields["members"], r.Query.Get("object_id"))
		if gone == nil {
			return api.NotFound(r.Query.Get("object_id"))
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return api.OK(gone)
}

// checkExcluded tells whether an object is in the exclude list, or with deep_check anything that contains it.
func (s *API) checkExcluded(_ context.Context, r *api.Request) (*api.Response, error) {
	deep, bad := api.Boolean("deep_check", r.Query.Get("deep_check"))
	if bad != nil {
		return nil, bad
	}
	if err := api.OneValue(r.Query, "object_type", "NSGroup", "LogicalPort", "LogicalSwitch"); err != nil {
		return nil, err
	}
	id := r.Query.Get("object_id")
	var member map[string]any
	err := s.store.View(func(tx *store.Tx) error {
		list, found := tx.Manager().Get(excludeList)
		if !found {
			return api.NotFound(id)
		}
		body, err := list.Fields()
		if err != nil {
			return err
		}
		if member, _ = withoutMember(body["members"], id); member == nil && deep {
			member, err = containedIn(tx, store.ObjectsIn(body["members"]), id, r.Query.Get("object_type"))
		}
		if err == nil && member == nil {
			return api.NotFound(id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(member)
}

// containedIn looks for an object, of a type unless that is empty, in the groups and switches of a list of references.
// It returns a reference to the object, or nil.
func containedIn(tx *store.Tx, list []map[string]any, id, kind string) (map[string]any, error) {
	m, err := newMembers(tx)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if group, found := tx.Manager().Get(GroupCollection + "/" + store.Text(one["target_id"])); found {
			if err := m.add(group); err != nil {
				return nil, err
			}
		}
		if store.Text(one["target_type"]) == "LogicalSwitch" {
			m.addPortsOf(store.Text(one["target_id"]))
		}
	}
	for _, found := range []struct {
		kind   string
		object *store.Object
	}{{"LogicalPort", m.ports[id]}, {"LogicalSwitch", m.switches[id]}, {"NSGroup", m.groups[id]}} {
		if found.object != nil && (kind == "" || kind == found.kind) {
			return resource(found.kind, found.object), nil
		}
	}
	return nil, nil
}
