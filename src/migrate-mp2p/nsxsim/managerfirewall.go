package nsxsim

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// firewallRoutes are the other calls of the distributed firewall (NSX Go SDK).
func (s *Server) firewallRoutes() []api.Route {
	base := apiPrefix + "firewall/"
	const quiet = "always zero: nothing is forwarded"
	routes := []api.Route{
		{Method: "GET", Pattern: base + "sections/summary", Extent: api.Full, Handle: s.sectionsSummary},
		{Method: "GET", Pattern: base + "sections/{section}/rules/stats", Extent: api.Partial, Notes: []string{quiet}, Handle: s.ruleStats},
		{Method: "GET", Pattern: base + "sections/{section}/rules/{id}/stats", Extent: api.Partial, Notes: []string{quiet}, Handle: s.ruleStats},
		{Method: "GET", Pattern: base + "rules/{id}", Extent: api.Full, Handle: s.ruleByID},
		{Method: "GET", Pattern: base + "status", Extent: api.Full, Handle: s.firewallStatuses},
		{Method: "GET", Pattern: base + "status/{context}", Extent: api.Full, Handle: s.firewallStatus},
		{Method: "PUT", Pattern: base + "status/{context}", Extent: api.Full, Handle: s.setFirewallStatus},
	}
	for _, action := range []string{"add_member", "remove_member", "check_if_exists"} {
		routes = append(routes, api.Route{
			Method: http.MethodPost, Pattern: base + "excludelist", Action: action, Extent: api.Partial, Reads: action == "check_if_exists",
			Query: []string{"object_id"}, Notes: []string{"deep_check is ignored"}, Handle: s.excluded(action),
		})
	}
	return routes
}

// summaryType is the name that the summary has for a section's type: those of routers and bridges are told apart, and
// the others belong to the distributed firewall (NSX Go SDK).
func summaryType(section map[string]any) string {
	switch enforced := text(section["enforced_on"]); {
	case enforced == "LOGICALROUTER":
		return "L3LOGICALROUTERFW"
	case enforced == "BRIDGEENDPOINT":
		return "L3BRIDGEPORTFW"
	case text(section["section_type"]) == "LAYER2":
		return "L2DFW"
	}
	return "L3DFW"
}

// sectionsSummary counts sections and rules by type.
func (s *Server) sectionsSummary(context.Context, *api.Request) (*api.Response, error) {
	sections, rules := map[string]int{}, map[string]int64{}
	err := s.store.View(func(tx *store.Tx) error {
		for _, o := range tx.Manager().List(sectionCollection) {
			body, err := o.Fields()
			if err != nil {
				return err
			}
			kind := summaryType(body)
			count, _ := wholeNumber(body["rule_count"])
			sections[kind]++
			rules[kind] += count
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	summary := []any{}
	for _, kind := range slices.Sorted(maps.Keys(sections)) {
		summary = append(summary, map[string]any{"section_type": kind, "section_count": sections[kind], "rule_count": rules[kind]})
	}
	return api.OK(map[string]any{"sections_summary": summary, "last_compute_time": s.clock.Now().UnixMilli()})
}

// ruleStats reports that no rule of a section was hit, or one rule.
func (s *Server) ruleStats(_ context.Context, r *api.Request) (*api.Response, error) {
	results := []any{}
	err := s.store.View(func(tx *store.Tx) error {
		section := sectionCollection + "/" + r.Params["section"]
		if !exists(tx, section) {
			return api.NotFound(r.Params["section"])
		}
		for _, rule := range tx.Manager().List(section + "/rules") {
			if wanted := r.Params["id"]; wanted == "" || wanted == rule.ID {
				results = append(results, map[string]any{
					"rule_id": rule.ID, "packet_count": 0, "byte_count": 0, "hit_count": 0, "session_count": 0, "popularity_index": 0,
				})
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case r.Params["id"] == "":
		return api.OK(map[string]any{"section_id": r.Params["section"], "results": results, "result_count": len(results)})
	case len(results) == 0:
		return nil, api.NotFound(r.Params["id"])
	}
	return api.OK(results[0])
}

// ruleByID finds a rule without its section: ids of rules are unique.
func (s *Server) ruleByID(_ context.Context, r *api.Request) (*api.Response, error) {
	var body json.RawMessage
	err := s.store.View(func(tx *store.Tx) error {
		for _, rule := range s.objectsOf(tx, rulePattern) {
			if rule.ID == r.Params["id"] {
				body = rule.Body
				return nil
			}
		}
		return api.NotFound(r.Params["id"])
	})
	if err != nil {
		return nil, err
	}
	return api.OK(body)
}

// excluded answers the actions on the exclude list, which name one object by its id.
func (s *Server) excluded(action string) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		id, sent := r.Query.Get("object_id"), map[string]any{}
		if action == "add_member" {
			var bad *api.Error
			if sent, bad = decodeBody(r.Body); bad != nil {
				return nil, bad
			}
			id = text(sent["target_id"])
		}
		var member map[string]any
		change := func(_ *store.Tx, fields map[string]any) error {
			kept := []any{}
			for _, one := range objectsIn(fields["members"]) {
				if text(one["target_id"]) == id {
					member = one
				} else {
					kept = append(kept, one)
				}
			}
			switch {
			case action == "add_member":
				member = sent
				kept = append(kept, sent)
			case member == nil:
				return api.NotFound(id)
			}
			fields["members"] = kept
			return nil
		}
		if action == "check_if_exists" {
			if err := s.look(s.kinds["firewall/excludelist"], "firewall/excludelist", change); err != nil {
				return nil, err
			}
		} else if _, err := s.changeObject(r, "firewall/excludelist", change); err != nil {
			return nil, err
		}
		return api.OK(member)
	}
}

// look runs a change over a copy of an object that is thrown away.
func (s *Server) look(k managerKind, key string, change func(tx *store.Tx, fields map[string]any) error) error {
	return s.store.View(func(tx *store.Tx) error {
		fields, err := k.initial(tx, key)
		if o, found := tx.Manager().Get(key); found {
			fields, err = o.Fields()
		}
		if err != nil {
			return err
		}
		return change(tx, fields)
	})
}

// firewallContexts are the kinds of firewall that have a status of their own.
var firewallContexts = []string{"bridge_ports", "transport_nodes", "logical_routers"}

// sectionFirewall is where the saved state holds the status bodies that clients set, by context.
const sectionFirewall = "firewall-status"

// readFirewall reads the status of every context.
func readFirewall(tx *store.Tx) (map[string]map[string]any, error) {
	statuses := map[string]map[string]any{}
	for _, name := range firewallContexts {
		statuses[name] = map[string]any{
			"resource_type": "FirewallStatus", "id": name, "context": name, "global_status": "ENABLED", "target_statuses": []any{}, "_revision": 0,
		}
	}
	set := map[string]map[string]any{}
	_, err := tx.Section(sectionFirewall, &set)
	maps.Copy(statuses, set)
	return statuses, err
}

func (s *Server) firewallStatuses(context.Context, *api.Request) (*api.Response, error) {
	var results []any
	err := s.store.View(func(tx *store.Tx) error {
		statuses, err := readFirewall(tx)
		for _, name := range firewallContexts {
			results = append(results, statuses[name])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"results": results, "result_count": len(results)})
}

func (s *Server) firewallStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	var status map[string]any
	err := s.store.View(func(tx *store.Tx) error {
		statuses, err := readFirewall(tx)
		status = statuses[r.Params["context"]]
		return err
	})
	if err != nil {
		return nil, err
	}
	if status == nil {
		return nil, api.NotFound(r.Params["context"])
	}
	return api.OK(status)
}

func (s *Server) setFirewallStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, err := s.readBody(r, "FirewallStatus")
	if err != nil {
		return nil, err
	}
	name := r.Params["context"]
	err = s.store.Update(func(tx *store.Tx) error {
		statuses, err := readFirewall(tx)
		if err != nil {
			return err
		}
		old, known := statuses[name]
		if !known {
			return api.NotFound(name)
		}
		if text(sent["_revision"]) != fmt.Sprint(old["_revision"]) {
			return api.StaleRevision("FirewallStatus", name)
		}
		revision, _ := wholeNumber(sent["_revision"])
		sent["resource_type"], sent["context"], sent["id"], sent["_revision"] = "FirewallStatus", name, name, revision+1
		statuses[name] = sent
		return tx.SetSection(sectionFirewall, statuses)
	})
	if err != nil {
		return nil, err
	}
	return api.OK(sent)
}
