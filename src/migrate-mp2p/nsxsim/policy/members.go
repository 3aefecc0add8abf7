package policy

import (
	"context"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/groups"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// memberKinds are the lists of a group's members: by the last part of the URL, the types that they show. Those without
// types are empty here: there are no virtual machines.
var memberKinds = map[string][]string{
	"segments": {"Segment"}, "logical-switches": {"Segment"},
	"segment-ports": {"SegmentPort"}, "logical-ports": {"SegmentPort"},
	"virtual-machines": nil, "vifs": nil, "physical-servers": nil, "transport-nodes": nil, "identity-groups": nil,
}

// memberRoutes tell who is in a group.
func (s *API) memberRoutes() []api.Route {
	group := api.PolicyPrefix + "/infra/domains/{domain}/groups/{group}/"
	note := "static paths, addresses, and conditions on tags and names of segments, ports and groups count; OSName, ComputerName and external ids have no members"
	upgraded := api.Assumed + "none has members between an upgrade of the simulator that leaves groups empty and the next PUT or PATCH of the group; why: TKGI's documentation says that groups made under one version can be empty after an upgrade, and not what fills them again; writing an intent makes NSX realize it"
	order := api.Assumed + "AND binds stronger than OR; why: the usual way; Policy's guide shows no mixed expression"
	routes := []api.Route{
		{Method: "GET", Pattern: group + "members/ip-addresses", Extent: api.Partial, Query: api.Paging(), Notes: []string{note, order, upgraded,
			"addresses of segments and ports are those of the ports' address_bindings"}, Handle: s.groupAddresses},
		{Method: "GET", Pattern: group + "member-types", Extent: api.Partial, Notes: []string{"the types of the members that there are"}, Handle: s.groupMemberTypes},
	}
	for _, kind := range slices.Sorted(maps.Keys(memberKinds)) {
		notes := []string{note, order, upgraded}
		if memberKinds[kind] == nil {
			notes = []string{"always empty"}
		}
		routes = append(routes, api.Route{Method: "GET", Pattern: group + "members/" + kind, Extent: api.Partial, Query: api.Paging(), Notes: notes,
			Handle: s.groupMembers(memberKinds[kind])})
	}
	return routes
}

// groupMembers lists the members of some types.
func (s *API) groupMembers(types []string) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		all, err := s.membership(r)
		if err != nil {
			return nil, err
		}
		var values []any
		for _, o := range all.Objects() {
			if slices.Contains(types, o.ResourceType) {
				values = append(values, map[string]any{"id": o.ID, "display_name": o.DisplayName, "path": o.Key})
			}
		}
		return listing.PageOfValues(r, values)
	}
}

func (s *API) groupAddresses(_ context.Context, r *api.Request) (*api.Response, error) {
	all, err := s.membership(r)
	if err != nil {
		return nil, err
	}
	var values []any
	for _, address := range all.Addresses() {
		values = append(values, address)
	}
	return listing.PageOfValues(r, values)
}

func (s *API) groupMemberTypes(_ context.Context, r *api.Request) (*api.Response, error) {
	all, err := s.membership(r)
	if err != nil {
		return nil, err
	}
	types := map[string]bool{}
	for _, o := range all.Objects() {
		types[o.ResourceType] = true
	}
	if len(all.Addresses()) > 0 {
		types["IPAddress"] = true
	}
	list := slices.AppendSeq([]string{}, maps.Keys(types))
	slices.Sort(list)
	return api.OK(map[string]any{"results": list, "result_count": len(list)})
}

// membership evaluates the group of a request.
func (s *API) membership(r *api.Request) (*groups.Members, error) {
	path := "/infra/domains/" + r.Params["domain"] + "/groups/" + r.Params["group"]
	var all *groups.Members
	err := s.store.View(func(tx *store.Tx) error {
		group, found := intent(tx, path)
		if !found {
			return errPath(path)
		}
		var err error
		all, err = groups.Of(tx, group)
		return err
	})
	return all, err
}
