package manager

import (
	"context"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// firewallKinds are sections, rules and the exclude list.
func firewallKinds() []Kind {
	return []Kind{
		{
			collection: SectionCollection, types: []string{"FirewallSection"}, parent: true, noPost: true,
			ordered: true,
			filters: map[string]filter{
				"type":        oneOf("section_type", "type", "LAYER2", "LAYER3", "L3REDIRECT", "IDS", "LAYER3_REDIRECT"),
				"locked":      flag("locked", func(body map[string]any, wanted bool) bool { return (body["locked"] == true) == wanted }),
				"enforced_on": field("enforced_on"), "category": field("category"), "search_scope": enforcementPoint(),
			},
			preset: map[string]string{"type": "LAYER3"}, firewall: firewallTest, complete: completeSection,
			drops: []string{"cascade"}, removing: removeSection,
			notes: []string{
				api.Assumed + "priority is a number that grows in the order of evaluation, with gaps; default sections stay " +
					"last; why: lists come in the order of evaluation; the numbers themselves are not public",
			},
			filterNotes: firewallNotes,
		},
		{
			collection: "firewall/sections/{section}/rules", types: []string{"FirewallRule"}, noPost: true,
			numbered: true, ordered: true, firewall: firewallTest, filterNotes: firewallNotes[:2],
			complete: completeRule, removing: ruleMayGo, removed: ruleRemoved,
		},
		{
			collection: excludeList, types: []string{"ExcludeList"}, single: true,
			fresh: map[string]any{"members": []any{}, "member_count": 0}, complete: countMembers,
		},
	}
}

// firewallRoutes are the other calls of the distributed firewall (NSX Go SDK).
func (s *API) firewallRoutes() []api.Route {
	base := api.ManagerPrefix + "firewall/"
	source := []string{"source"}
	routes := []api.Route{
		{Method: "GET", Pattern: base + "sections/summary", Extent: api.Full, Query: source, Handle: fromSource(s.sectionsSummary)},
		{Method: "GET", Pattern: base + "sections/{section}/rules/stats", Extent: api.Partial, Query: source, Notes: []string{quiet}, Handle: fromSource(s.ruleStats)},
		{Method: "GET", Pattern: base + "sections/{section}/rules/{id}/stats", Extent: api.Partial, Query: source, Notes: []string{quiet}, Handle: fromSource(s.ruleStats)},
		{Method: "GET", Pattern: base + "rules/{id}", Extent: api.Full, Handle: s.ruleByID(func(rule *store.Object) any { return rule.Body })},
		{Method: "GET", Pattern: base + "rules/{id}/state", Extent: api.Partial, Query: []string{"barrier_id", "request_id"}, Notes: []string{well},
			Handle: s.ruleByID(func(rule *store.Object) any { return revisionState(rule) })},
	}
	return slices.Concat(routes, s.excludeRoutes(), s.firewallStatusRoutes())
}

// summaryType is the name that the summary has for a section's type: those of routers and bridges are told apart, and
// the others belong to the distributed firewall (NSX Go SDK).
func summaryType(section map[string]any) string {
	switch enforced := store.Text(section["enforced_on"]); {
	case enforced == "LOGICALROUTER":
		return "L3LOGICALROUTERFW"
	case enforced == "BRIDGEENDPOINT":
		return "L3BRIDGEPORTFW"
	case store.Text(section["section_type"]) == "LAYER2":
		return "L2DFW"
	}
	return "L3DFW"
}

// sectionsSummary counts sections and rules by type.
func (s *API) sectionsSummary(context.Context, *api.Request) (*api.Response, error) {
	sections, rules := map[string]int{}, map[string]int64{}
	err := s.store.View(func(tx *store.Tx) error {
		for _, o := range tx.Manager().List(SectionCollection) {
			body, err := o.Fields()
			if err != nil {
				return err
			}
			kind := summaryType(body)
			count, _ := store.WholeNumber(body["rule_count"])
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
func (s *API) ruleStats(_ context.Context, r *api.Request) (*api.Response, error) {
	results := []any{}
	err := s.store.View(func(tx *store.Tx) error {
		section := SectionCollection + "/" + r.Params["section"]
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

// ruleByID answers with something of a rule that is found without its section: ids of rules are unique.
func (s *API) ruleByID(of func(rule *store.Object) any) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		var answer any
		err := s.store.View(func(tx *store.Tx) error {
			for _, rule := range s.ObjectsOf(tx, RulePattern) {
				if rule.ID == r.Params["id"] {
					answer = of(rule)
					return nil
				}
			}
			return api.NotFound(r.Params["id"])
		})
		if err != nil {
			return nil, err
		}
		return api.OK(answer)
	}
}
