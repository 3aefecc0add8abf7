package manager

import (
	"context"
	"encoding/json"
	"net/http"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const (
	natPattern              = "logical-routers/{parent}/nat/rules"
	virtualServerCollection = "loadbalancer/virtual-servers"
	lbRuleCollection        = "loadbalancer/rules"
)

// togetherRoutes write several objects in one call: NAT rules, and virtual servers with their rules (NSX Go SDK).
func (s *API) togetherRoutes() []api.Route {
	servers := api.ManagerPrefix + virtualServerCollection
	return []api.Route{
		{Method: http.MethodPost, Pattern: api.ManagerPrefix + "logical-routers/{router}/nat/rules", Action: "create_multiple", Extent: api.Full,
			Handle: s.createNATRules},
		{Method: http.MethodPost, Pattern: servers, Action: "create_with_rules", Extent: api.Full, Handle: s.createServerWithRules},
		{Method: http.MethodPut, Pattern: servers + "/{id}", Action: "update_with_rules", Extent: api.Full,
			Notes: []string{api.Assumed + "rules without id are new; those that the server named before and the body leaves " +
				"out are removed; why: the body is said to be the whole"},
			Handle: s.updateServerWithRules},
	}
}

func (s *API) createNATRules(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, err := schema.ReadBody(r, "NatRuleList")
	if err != nil {
		return nil, err
	}
	bodies := []any{}
	err = s.store.Update(func(tx *store.Tx) error {
		collection := storeKey(r.Path)
		if err := parentExists(tx, s.kinds[natPattern].collection, collection); err != nil {
			return err
		}
		for _, rule := range store.ObjectsIn(sent["rules"]) {
			created, err := s.create(tx, s.kinds[natPattern], collection, rule, r)
			if err != nil {
				return err
			}
			bodies = append(bodies, created.Body)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"rules": bodies})
}

// serverWithRules reads the body of a virtual server with its rules.
func (s *API) serverWithRules(r *api.Request) (server map[string]any, rules []map[string]any, err error) {
	sent, err := schema.ReadBody(r, "LbVirtualServerWithRule")
	if err != nil {
		return nil, nil, err
	}
	server, is := sent["virtual_server"].(map[string]any)
	if !is {
		return nil, nil, api.InvalidField("virtual_server", "it is required")
	}
	return server, store.ObjectsIn(sent["rules"]), nil
}

func (s *API) createServerWithRules(_ context.Context, r *api.Request) (*api.Response, error) {
	server, rules, err := s.serverWithRules(r)
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	err = s.store.Update(func(tx *store.Tx) error {
		bodies, ids, err := s.writeLBRules(tx, r, rules)
		if err != nil {
			return err
		}
		server["rule_ids"] = ids
		created, err := s.create(tx, s.kinds[virtualServerCollection], virtualServerCollection, server, r)
		if err == nil {
			answer = map[string]any{"virtual_server": created.Body, "rules": bodies}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(answer)
}

func (s *API) updateServerWithRules(_ context.Context, r *api.Request) (*api.Response, error) {
	server, rules, err := s.serverWithRules(r)
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	err = s.store.Update(func(tx *store.Tx) error {
		k := s.kinds[virtualServerCollection]
		old, err := k.stored(tx, storeKey(r.Path))
		if err != nil {
			return err
		}
		before, err := old.Fields()
		if err != nil {
			return err
		}
		bodies, ids, err := s.writeLBRules(tx, r, rules)
		if err != nil {
			return err
		}
		server["rule_ids"] = ids
		changed, err := s.replace(tx, k, old, server, r)
		if err != nil {
			return err
		}
		answer = map[string]any{"virtual_server": changed.Body, "rules": bodies}
		kept := map[string]bool{}
		for _, id := range ids {
			kept[store.Text(id)] = true
		}
		gone := &removal{s: s, tx: tx, r: r}
		list, _ := before["rule_ids"].([]any)
		for _, id := range list {
			if kept[store.Text(id)] {
				continue
			}
			if err := gone.also(lbRuleCollection+"/"+store.Text(id), false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(answer)
}

// writeLBRules creates the rules that are new and replaces the others.
func (s *API) writeLBRules(tx *store.Tx, r *api.Request, rules []map[string]any) (bodies []json.RawMessage, ids []any, err error) {
	k := s.kinds[lbRuleCollection]
	bodies, ids = []json.RawMessage{}, []any{}
	for _, rule := range rules {
		var o *store.Object
		if old, found := tx.Manager().Get(lbRuleCollection + "/" + store.Text(rule["id"])); found {
			o, err = s.replace(tx, k, old, rule, r)
		} else {
			o, err = s.create(tx, k, lbRuleCollection, rule, r)
		}
		if err != nil {
			return nil, nil, err
		}
		bodies, ids = append(bodies, o.Body), append(ids, o.ID)
	}
	return bodies, ids, nil
}
