package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// perQuery is how many ids one query names; the URL stays below 8 KB.
const perQuery = 100

// rule is one firewall rule on its way into its section.
type rule struct {
	id       string
	priority int64
	refs     []Reference
}

// readRules reads the rules of firewall sections and of virtual servers.
func (r *retrieval) readRules(ctx context.Context) error {
	return inParallel(ctx, r.q.Concurrency, []func(context.Context) error{r.readFirewallRules, r.readLBRules})
}

// ofType gives the objects of a type, sorted by id.
func (r *retrieval) ofType(t mp.Type) []*Object {
	var found []*Object
	for _, o := range r.objects {
		if o.Type == t {
			found = append(found, o)
		}
	}
	slices.SortFunc(found, func(x, y *Object) int { return cmp.Compare(x.ID, y.ID) })
	return found
}

// toMigrate gives the objects of a type that are not Policy yet, or all where those that are may be taken over.
func (r *retrieval) toMigrate(t mp.Type) []*Object {
	return slices.DeleteFunc(r.ofType(t), func(o *Object) bool { return o.PolicyPath != "" && !r.q.Whole })
}

// readFirewallRules gives every section its rules in their order. Search hands them out in bulk and unordered; their
// priority is their place. A section for which that does not add up is listed.
func (r *retrieval) readFirewallRules(ctx context.Context) error {
	e, _ := r.q.Catalog.Entry(mp.DFWSection)
	sections := r.toMigrate(mp.DFWSection)
	sectionIDs := make([]string, len(sections))
	for i, s := range sections {
		sectionIDs[i] = s.ID
	}
	found := map[string][]rule{}
	for _, some := range chunks(sectionIDs, perQuery) {
		query := mp.OfTypes(e.Parts) + " AND " + mp.AnyOf("section_id", some)
		err := r.search(ctx, mp.Manager, query, func(b body) error {
			section := b.text("section_id")
			found[section] = append(found[section], r.rule(e, b, b.number("priority")))
			return nil
		})
		if r.indexLost(err) {
			clear(found)
			break
		}
		if err != nil {
			return fmt.Errorf("searching firewall rules: %w", err)
		}
	}
	var behind []func(context.Context) error
	for _, s := range sections {
		rules := found[s.ID]
		slices.SortFunc(rules, func(x, y rule) int { return cmp.Compare(x.priority, y.priority) })
		if len(rules) == r.ruleCount[s.ID] && distinct(rules) {
			s.take(rules)
			continue
		}
		behind = append(behind, func(ctx context.Context) error { return r.listRules(ctx, e, s) })
	}
	if len(behind) > 0 {
		r.waiting("Search does not show the rules of %d firewall sections in full; listing them one by one", len(behind))
	}
	return inParallel(ctx, r.q.Concurrency, behind)
}

// distinct tells whether the priorities give an order.
func distinct(sorted []rule) bool {
	for i := 1; i < len(sorted); i++ {
		if sorted[i].priority == sorted[i-1].priority {
			return false
		}
	}
	return true
}

func (r *retrieval) rule(e *catalog.Entry, b body, place int64) rule {
	return rule{id: b.text("id"), priority: place, refs: r.references(e.PartRefers, b)}
}

// listRules reads the rules of one section from its list, which is in order.
func (r *retrieval) listRules(ctx context.Context, e *catalog.Entry, section *Object) error {
	path := e.PartPath(section.ID)
	var rules []rule
	if _, err := r.list(ctx, path, nil, func(b body) error {
		rules = append(rules, r.rule(e, b, int64(len(rules))))
		return nil
	}); err != nil {
		return fmt.Errorf("listing the rules of firewall section %q: %w", section.Name, err)
	}
	section.take(rules)
	return nil
}

// take gives a section its rules.
func (o *Object) take(rules []rule) {
	o.Parts = make([]Part, 0, len(rules))
	for _, rule := range rules {
		o.Parts = append(o.Parts, Part{ID: rule.id})
		for _, ref := range rule.refs {
			if !slices.Contains(o.Refs, ref) {
				o.Refs = append(o.Refs, ref)
			}
		}
	}
}

// readLBRules reads the names of the rules that virtual servers embed, and which pools they select.
func (r *retrieval) readLBRules(ctx context.Context) error {
	e, _ := r.q.Catalog.Entry(mp.LBVirtualServer)
	users := map[string][]*Object{}
	for _, server := range r.toMigrate(mp.LBVirtualServer) {
		for id := range server.Names {
			users[id] = append(users[id], server)
		}
	}
	if len(users) == 0 {
		return nil
	}
	if _, err := r.list(ctx, e.PartList, nil, func(b body) error {
		refs := r.references(e.PartRefers, b)
		for _, server := range users[b.text("id")] {
			server.Names[b.text("id")] = b.text("display_name")
			for _, ref := range refs {
				if !slices.Contains(server.Refs, ref) {
					server.Refs = append(server.Refs, ref)
				}
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("listing %s: %w", e.PartList, err)
	}
	return nil
}
