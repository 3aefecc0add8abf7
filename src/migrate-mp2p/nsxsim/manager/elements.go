package manager

import (
	"context"
	"net/http"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const (
	setCollection    = "ip-sets"
	lbPoolCollection = "loadbalancer/pools"
)

// elementRoutes change the addresses of an IP set, and the members of a load balancer's pool, one by one (NSX Go SDK).
func (s *API) elementRoutes() []api.Route {
	set, pool := api.ManagerPrefix+setCollection+"/{id}", api.ManagerPrefix+lbPoolCollection+"/{id}"
	routes := []api.Route{{Method: http.MethodGet, Pattern: set + "/members", Extent: api.Full, Handle: s.addressesOfSet}}
	for _, action := range []string{"add_ip", "remove_ip"} {
		routes = append(routes, api.Route{Method: http.MethodPost, Pattern: set, Action: action, Extent: api.Full, Handle: s.changeSet(action == "add_ip")})
	}
	same := api.Assumed + "a member is known by ip_address and port; one that is to be added is not there, the others are, " +
		"or the call is refused with 400 or 404; " +
		"why: the two are what tells members apart"
	for action, change := range map[string]memberChange{"ADD_MEMBERS": addMember, "REMOVE_MEMBERS": dropMember, "UPDATE_MEMBERS": changeMember} {
		routes = append(routes, api.Route{Method: http.MethodPost, Pattern: pool, Action: action, Extent: api.Full, Notes: []string{same}, Handle: s.changePool(change)})
	}
	return routes
}

func (s *API) addressesOfSet(_ context.Context, r *api.Request) (*api.Response, error) {
	members := []any{}
	err := s.store.View(func(tx *store.Tx) error {
		set, found := tx.Manager().Get(setCollection + "/" + r.Params["id"])
		if !found {
			return api.NotFound(r.Params["id"])
		}
		body, err := set.Fields()
		for _, address := range textsIn(body["ip_addresses"]) {
			members = append(members, map[string]any{"ip_address": address})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"results": members, "result_count": len(members)})
}

// textsIn are the scalars of a decoded list.
func textsIn(value any) []string {
	list, _ := value.([]any)
	var all []string
	for _, element := range list {
		all = append(all, store.Text(element))
	}
	return all
}

// changeSet adds the address of the body to an IP set, or takes it away.
func (s *API) changeSet(add bool) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		sent, err := schema.ReadBody(r, "IPAddressElement")
		if err != nil {
			return nil, err
		}
		address := store.Text(sent["ip_address"])
		if address == "" {
			return nil, api.InvalidField("ip_address", "it is required")
		}
		_, err = s.changeObject(r, setCollection+"/"+r.Params["id"], func(_ *store.Tx, set map[string]any) error {
			list, _ := set["ip_addresses"].([]any)
			at := slices.IndexFunc(list, func(element any) bool { return store.Text(element) == address })
			switch {
			case add && at < 0:
				list = append(list, address)
			case !add && at < 0:
				return api.NotFound(address)
			case !add:
				list = slices.Delete(list, at, at+1)
			}
			set["ip_addresses"] = list
			return nil
		})
		if err != nil {
			return nil, err
		}
		return api.OK(map[string]any{"ip_address": address})
	}
}

// memberChange changes the members of a pool for one that was sent, which stands at an index among them, or at -1.
type memberChange func(members []map[string]any, at int, sent map[string]any) ([]map[string]any, error)

func addMember(members []map[string]any, at int, sent map[string]any) ([]map[string]any, error) {
	if at >= 0 {
		return nil, api.InvalidField("members", "the pool has %s already", store.Text(sent["ip_address"]))
	}
	return append(members, sent), nil
}

func dropMember(members []map[string]any, at int, sent map[string]any) ([]map[string]any, error) {
	if at < 0 {
		return nil, api.NotFound(store.Text(sent["ip_address"]))
	}
	return slices.Delete(members, at, at+1), nil
}

func changeMember(members []map[string]any, at int, sent map[string]any) ([]map[string]any, error) {
	if at < 0 {
		return nil, api.NotFound(store.Text(sent["ip_address"]))
	}
	for name, value := range sent {
		members[at][name] = value
	}
	return members, nil
}

// changePool makes a change for each member of the body.
func (s *API) changePool(change memberChange) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		sent, err := schema.ReadBody(r, "PoolMemberSettingList")
		if err != nil {
			return nil, err
		}
		return s.changeObject(r, lbPoolCollection+"/"+r.Params["id"], func(_ *store.Tx, pool map[string]any) error {
			members := store.ObjectsIn(pool["members"])
			for _, one := range store.ObjectsIn(sent["members"]) {
				at := slices.IndexFunc(members, func(member map[string]any) bool {
					return store.Text(member["ip_address"]) == store.Text(one["ip_address"]) && store.Text(member["port"]) == store.Text(one["port"])
				})
				if members, err = change(members, at, one); err != nil {
					return err
				}
			}
			list := []any{}
			for _, member := range members {
				list = append(list, member)
			}
			pool["members"] = list
			return nil
		})
	}
}
