package manager

import (
	"net/url"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// firewallFields are the parameters of the section and rule lists that name referenced objects (NSX Go SDK). Each is
// also the field in which a section or rule names them.
var firewallFields = []string{"applied_tos", "sources", "destinations", "services", "extended_sources", "context_profiles"}

// firewallQuery is what a list of sections or rules is asked for.
type firewallQuery struct {
	// wanted are the ids per field.
	wanted map[string][]string
	// any means that one field is enough (filter_type SEARCH).
	any bool
	// invalid means that references to objects that are gone count as well.
	invalid          bool
	include, exclude string
}

// firewallNotes are about the filters of the lists of rules and sections; the last is about those of sections only.
var firewallNotes = []string{
	api.Assumed + "filter_type FILTER (the default) wants all named parameters to fit, SEARCH one of them; deep_search " +
		"follows groups in groups; why: the SDK says it in so many words for neither",
	api.Assumed + "a reference that says is_valid: false counts only with search_invalid_references; why: the SDK says that it returns them",
	api.Assumed + "search_scope names an enforcement point, and the only one is called default; why: that is its name in Policy",
}

// enforcementPoint passes all sections for the only enforcement point, and none for others.
func enforcementPoint() filter {
	f := simple(func(_ *store.Object, _ map[string]any, value string) bool { return value == "default" })
	f.plain = true
	return f
}

// firewallTest makes the test for the firewall's parameters; nil when the query has none. A section is judged with its
// rules.
func firewallTest(tx *store.Tx, query url.Values) (test, error) {
	q, err := readFirewallQuery(tx, query)
	if err != nil || q == nil {
		return nil, err
	}
	return func(o *store.Object, body map[string]any) bool {
		bodies := []map[string]any{body}
		for _, rule := range tx.Manager().List(o.Key + "/rules") {
			if fields, err := rule.Fields(); err == nil { // the store holds JSON objects only
				bodies = append(bodies, fields)
			}
		}
		return q.passes(bodies)
	}, nil
}

func readFirewallQuery(tx *store.Tx, query url.Values) (*firewallQuery, error) {
	q := &firewallQuery{wanted: map[string][]string{}, include: query.Get("include_applied_to_type"), exclude: query.Get("exclude_applied_to_type")}
	switch filterType := query.Get("filter_type"); filterType {
	case "", "FILTER":
	case "SEARCH":
		q.any = true
	default:
		return nil, api.InvalidField("filter_type", "%q is neither FILTER nor SEARCH", filterType)
	}
	deep, bad := api.Boolean("deep_search", query.Get("deep_search"))
	if bad != nil {
		return nil, bad
	}
	if q.invalid, bad = api.Boolean("search_invalid_references", query.Get("search_invalid_references")); bad != nil {
		return nil, bad
	}
	for _, name := range firewallFields {
		if value := query.Get(name); value != "" {
			ids := strings.Split(value, ",")
			if deep {
				var err error
				if ids, err = withGroupsAround(tx, ids); err != nil {
					return nil, err
				}
			}
			q.wanted[name] = ids
		}
	}
	if len(q.wanted) == 0 && q.include == "" && q.exclude == "" {
		return nil, nil
	}
	return q, nil
}

func (q *firewallQuery) passes(bodies []map[string]any) bool {
	applied := func(targetType string) bool {
		return slices.ContainsFunc(bodies, func(body map[string]any) bool {
			return slices.ContainsFunc(store.ObjectsIn(body["applied_tos"]), func(r map[string]any) bool { return store.Text(r["target_type"]) == targetType })
		})
	}
	if q.include != "" && !applied(q.include) || q.exclude != "" && applied(q.exclude) {
		return false
	}
	met := 0
	for name, ids := range q.wanted {
		if slices.ContainsFunc(bodies, func(body map[string]any) bool { return q.namesOne(body[name], ids) }) {
			met++
		}
	}
	return met == len(q.wanted) || q.any && met > 0
}

// namesOne tells whether a list of references names one of the ids.
func (q *firewallQuery) namesOne(list any, ids []string) bool {
	return slices.ContainsFunc(store.ObjectsIn(list), func(r map[string]any) bool {
		return slices.Contains(ids, store.Text(r["target_id"])) && (q.invalid || r["is_valid"] != false)
	})
}

// withGroupsAround adds to ids those of all groups that have one of them as a member, at any depth.
func withGroupsAround(tx *store.Tx, ids []string) ([]string, error) {
	groups := map[string]map[string]any{}
	for _, o := range tx.Manager().List(GroupCollection) {
		body, err := o.Fields()
		if err != nil {
			return nil, err
		}
		groups[o.ID] = body
	}
	found := slices.Clone(ids)
	for grew := true; grew; {
		grew = false
		for id, body := range groups {
			member := slices.ContainsFunc(store.ObjectsIn(body["members"]), func(m map[string]any) bool {
				return store.Text(m["target_property"]) == "id" && slices.Contains(found, store.Text(m["value"]))
			})
			if member {
				found, grew = append(found, id), true
				delete(groups, id)
			}
		}
	}
	return found, nil
}
