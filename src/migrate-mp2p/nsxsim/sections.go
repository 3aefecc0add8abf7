package nsxsim

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// sectionRoutes are the firewall calls that carry a section together with its rules.
func (s *Server) sectionRoutes() []api.Route {
	list := apiPrefix + "firewall/sections"
	withRules := func(method string) api.Route {
		return api.Route{
			Method: method, Pattern: list + "/{id}", Action: "list_with_rules", Reads: true, Extent: api.Full,
			Notes: []string{assumedMark + "accepted as GET too; the SDKs use POST"}, Handle: s.listWithRules,
		}
	}
	return []api.Route{
		withRules(http.MethodGet), withRules(http.MethodPost),
		{Method: "POST", Pattern: list, Action: "create_with_rules", Extent: api.Partial,
			Notes: []string{"the new section goes by its priority; operation and id of the position are ignored"}, Handle: s.createWithRules},
	}
}

func (s *Server) listWithRules(_ context.Context, r *api.Request) (*api.Response, error) {
	var fields map[string]any
	err := s.store.View(func(tx *store.Tx) (err error) {
		fields, err = sectionWithRules(tx, managerKey(r.Path))
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(fields)
}

// sectionWithRules is a section's body with its rules, in their order, under "rules".
func sectionWithRules(tx *store.Tx, key string) (map[string]any, error) {
	section, found := tx.Manager().Get(key)
	if !found {
		return nil, api.NotFound(lastOf(key))
	}
	fields, err := section.Fields()
	if err != nil {
		return nil, err
	}
	rules := tx.Manager().List(key + "/rules")
	sortBy(rules, "priority")
	bodies := make([]json.RawMessage, 0, len(rules))
	for _, rule := range rules {
		bodies = append(bodies, rule.Body)
	}
	fields["rules"] = bodies
	return fields, nil
}

func (s *Server) createWithRules(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, bad := decodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	rules, _ := fields["rules"].([]any)
	delete(fields, "rules")
	fields["rule_count"] = len(rules)
	response := &api.Response{Status: http.StatusCreated}
	err := s.store.Update(func(tx *store.Tx) error {
		section, err := s.create(tx, managerKind{types: []string{"FirewallSection"}}, managerKey(r.Path), fields, r)
		if err != nil {
			return err
		}
		for i, element := range rules {
			rule, ok := element.(map[string]any)
			if !ok {
				return api.BadRequest(220, api.ModuleCommon, "Rule %d is not an object.", i+1)
			}
			rule["section_id"] = section.ID
			rule["priority"] = i
			if text(rule["id"]) == "" {
				rule["id"] = ruleID(tx)
			}
			if _, err := s.create(tx, managerKind{types: []string{"FirewallRule"}}, section.Key+"/rules", rule, r); err != nil {
				return err
			}
		}
		response.Body, err = sectionWithRules(tx, section.Key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// ruleID draws an id for a firewall rule: those are numbers, since they are the data path's as well.
func ruleID(tx *store.Tx) string {
	n, err := strconv.ParseUint(tx.NewID()[:8], 16, 32)
	if err != nil {
		return "1"
	}
	return strconv.FormatUint(n, 10)
}
