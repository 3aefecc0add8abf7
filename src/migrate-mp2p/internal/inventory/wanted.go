package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// candidate is an object that bears a name, or the id, which the user spec lists.
type candidate struct {
	body     body
	position int // in an ordered list
}

// findWanted finds what the user spec lists, and what goes with it.
func (r *retrieval) findWanted(ctx context.Context) error {
	spec := &SpecError{}
	for _, c := range collections(r.q.Catalog) {
		wanted := r.wantedIn(c)
		if len(wanted) == 0 {
			continue
		}
		if err := r.resolve(ctx, c, wanted, spec); err != nil {
			return err
		}
	}
	for i := range r.q.Spec {
		w := &r.q.Spec[i]
		if e, ok := r.q.Catalog.Entry(w.Type); !ok || e.SpecKey == "" {
			spec.add(w.Line, "resource type %q cannot be listed", w.Type)
		}
	}
	if err := r.addListedAllocations(ctx, spec); err != nil {
		return err
	}
	if len(spec.Problems) > 0 {
		slices.SortStableFunc(spec.Problems, func(x, y SpecProblem) int { return cmp.Compare(x.Line, y.Line) })
		return spec
	}
	tasks := []func(context.Context) error{r.readRouterPorts, r.readOthersGroups, r.readPolicyGroups}
	for _, o := range r.objects {
		switch o.Type {
		case mp.LogicalSwitch:
			tasks = append(tasks, func(ctx context.Context) error { return r.addSwitchPorts(ctx, o.ID) })
		case mp.Tier1:
			tasks = append(tasks, func(ctx context.Context) error { return r.listStaticRoutes(ctx, o.ID) })
		}
	}
	return inParallel(ctx, r.q.Concurrency, tasks)
}

func (e *SpecError) add(line int, format string, values ...any) {
	e.Problems = append(e.Problems, SpecProblem{Line: line, Text: fmt.Sprintf(format, values...)})
}

// wantedIn gives the entries of the user spec that must stand in a collection.
func (r *retrieval) wantedIn(c *collection) []*Wanted {
	var wanted []*Wanted
	for i := range r.q.Spec {
		if slices.ContainsFunc(c.entries, func(e *catalog.Entry) bool { return e.Type == r.q.Spec[i].Type && e.SpecKey != "" }) {
			wanted = append(wanted, &r.q.Spec[i])
		}
	}
	return wanted
}

// resolve finds the object behind every entry of one collection.
func (r *retrieval) resolve(ctx context.Context, c *collection, wanted []*Wanted, spec *SpecError) error {
	found := map[string][]candidate{}
	names := make([]string, 0, len(wanted))
	for _, w := range wanted {
		names = append(names, w.Name)
	}
	if !c.ordered && !r.q.Whole {
		for _, some := range chunks(names, perQuery/2) { // each name stands in the query twice
			query := mp.OfTypes(managerTypes(c.entries)) + " AND (" + mp.AnyOf("id", some) + " OR " + mp.AnyOf("display_name", some) + ")"
			err := r.search(ctx, mp.Manager, query, noting(found, names))
			if r.indexLost(err) {
				clear(found)
				break
			}
			if err != nil {
				return fmt.Errorf("searching the entries of the user spec: %w", err)
			}
		}
		if err := r.refresh(ctx, c, found, names); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(names, func(name string) bool { return len(found[name]) == 0 }) {
		clear(found) // the index may be behind; the list has the last word
		if _, err := r.list(ctx, c.path, c.params, noting(found, names)); err != nil {
			return fmt.Errorf("listing %s: %w", c.path, err)
		}
	}
	for _, w := range wanted {
		if err := r.take(ctx, c, w, found[w.Name], spec); err != nil {
			return err
		}
	}
	return nil
}

// refresh reads the objects themselves that Search has found, since the index may show them as they were before a
// migration or its rollback. Where they are many nothing is left of what was found, so that the list is read.
func (r *retrieval) refresh(ctx context.Context, c *collection, found map[string][]candidate, names []string) error {
	seen := map[string]bool{}
	for _, candidates := range found {
		for _, one := range candidates {
			seen[one.body.text("id")] = true
		}
	}
	clear(found)
	if len(seen) > few {
		return nil
	}
	note := noting(found, names)
	for _, id := range slices.Sorted(maps.Keys(seen)) {
		b, err := r.get(ctx, c.path+"/"+id)
		if err != nil {
			return err
		}
		if b == nil {
			continue
		}
		if err := note(b); err != nil {
			return err
		}
	}
	return nil
}

// noting files each object under its id or name when that is asked for.
func noting(found map[string][]candidate, names []string) visitor {
	asked := map[string]bool{}
	for _, name := range names {
		asked[name] = true
	}
	position := 0
	return func(b body) error {
		position++
		id, name := b.text("id"), b.text("display_name")
		if asked[id] {
			found[id] = append(found[id], candidate{b.clone(), position})
		}
		if asked[name] && name != id {
			found[name] = append(found[name], candidate{b.clone(), position})
		}
		return nil
	}
}

// take keeps the object that an entry of the user spec means, or says why it cannot be told.
func (r *retrieval) take(ctx context.Context, c *collection, w *Wanted, all []candidate, spec *SpecError) error {
	key := r.specKey(w.Type)
	var fitting []candidate
	for _, one := range all {
		if e, ok := c.entry(one.body); ok && e.Type == w.Type {
			fitting = append(fitting, one)
		}
	}
	if byID := slices.IndexFunc(fitting, func(one candidate) bool { return one.body.text("id") == w.Name }); byID >= 0 {
		fitting = fitting[byID : byID+1]
	}
	switch {
	case len(fitting) > 1:
		spec.add(w.Line, "%s %q is ambiguous: %s bear this name; list the id instead", key, w.Name, ids(fitting))
		return nil
	case len(fitting) == 0:
		return r.explainMissing(ctx, w, key, spec)
	}
	e, _ := r.q.Catalog.Entry(w.Type)
	b := fitting[0].body
	tags, _ := b.tags()
	if cluster, made := createdByAny(tags); made {
		spec.add(w.Line, "%s %q was made by NCP of %q; it goes with scope ncp and must not be listed", key, w.Name, cluster)
		return nil
	}
	if cluster := r.whose().goesWith(tags); cluster != "" {
		spec.add(w.Line, "%s %q is of the network of the nodes of %q; it goes with scope ncp of that cluster and must not be listed", key, w.Name, cluster)
		return nil
	}
	if other, listed := r.objects[mp.Ref{Type: w.Type, ID: b.text("id")}]; listed {
		spec.add(w.Line, "%s %q is listed twice, also in line %d", key, w.Name, other.Wanted.Line)
		return nil
	}
	o := r.add(e, b, fitting[0].position)
	o.Wanted = w
	return nil
}

func (r *retrieval) specKey(t mp.Type) string {
	e, _ := r.q.Catalog.Entry(t)
	return e.SpecKey
}

func ids(candidates []candidate) []string {
	found := make([]string, 0, len(candidates))
	for _, one := range candidates {
		found = append(found, one.body.text("id"))
	}
	slices.Sort(found)
	return found
}

// explainMissing says that no such object exists, or what bears the name instead.
func (r *retrieval) explainMissing(ctx context.Context, w *Wanted, key string, spec *SpecError) error {
	var others []string
	err := r.search(ctx, mp.Manager, mp.AnyOf("id", []string{w.Name})+" OR "+mp.AnyOf("display_name", []string{w.Name}), func(b body) error {
		if b.text("id") == w.Name || b.text("display_name") == w.Name {
			what := b.text("resource_type")
			if e, ok := accepting(r.q.Catalog.Entries(), b); ok && e.SpecKey != "" {
				what += ", which is listed under " + e.SpecKey
			}
			others = append(others, what)
		}
		return nil
	})
	if err != nil && !r.indexLost(err) {
		return fmt.Errorf("searching %q of the user spec: %w", w.Name, err)
	}
	slices.Sort(others)
	if len(others) > 0 {
		spec.add(w.Line, "%s %q is of another kind: %s", key, w.Name, others[0])
	} else {
		spec.add(w.Line, "%s %q does not exist: NSX knows no such name or id", key, w.Name)
	}
	return nil
}

// addSwitchPorts takes the ports of a listed switch along, since all ports of a switch travel together (vmware-nsx).
// NCP's own stay for scope ncp, and ports made on a switch that was Policy already have nothing to be migrated: NSX
// keeps a Policy shadow of each.
func (r *retrieval) addSwitchPorts(ctx context.Context, logicalSwitch string) error {
	e, _ := r.q.Catalog.Entry(mp.LogicalPort)
	_, err := r.list(ctx, e.List, url.Values{e.ParentField: {logicalSwitch}}, func(b body) error {
		tags, _, shadowed := b.promotion()
		if _, made := createdByAny(tags); !made && !shadowed && b.text(e.ParentField) == logicalSwitch {
			r.add(e, b, 0)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing the ports of switch %s: %w", logicalSwitch, err)
	}
	return nil
}

// listStaticRoutes reads the static routes of one router.
func (r *retrieval) listStaticRoutes(ctx context.Context, router string) error {
	e, _ := r.q.Catalog.Entry(mp.Tier1Port)
	if _, err := r.list(ctx, e.PartPath(router), nil, func(b body) error {
		s := readRoute(b, r.whose())
		s.router = router
		r.mu.Lock()
		defer r.mu.Unlock()
		r.routes = append(r.routes, s)
		return nil
	}); err != nil {
		return fmt.Errorf("listing the static routes of router %s: %w", router, err)
	}
	return nil
}

// addListedAllocations notes the addresses that the user spec lists below pools, and checks that they are allocated.
func (r *retrieval) addListedAllocations(ctx context.Context, spec *SpecError) error {
	e, _ := r.q.Catalog.Entry(mp.IPPoolAllocation)
	for _, o := range r.ofType(mp.IPPool) {
		if o.Wanted == nil || len(o.Wanted.Allocations) == 0 {
			continue
		}
		allocated := map[string]bool{}
		if _, err := r.list(ctx, e.ListPath(o.ID), nil, func(b body) error {
			allocated[b.text("allocation_id")] = true
			return nil
		}); err != nil {
			return fmt.Errorf("listing the allocations of pool %q: %w", o.Name, err)
		}
		for ip := range o.Wanted.Allocations {
			if !allocated[ip] {
				spec.add(o.Wanted.Line, "ip_pools %q: the pool gave out no address %q", o.Wanted.Name, ip)
				continue
			}
			w := *o.Wanted
			w.Name, w.PolicyID, w.Metadata, w.LinkedIDs, w.Allocations = ip, o.Wanted.Allocations[ip], nil, nil, nil
			r.noteUse(o.Ref, use{pool: o.ID, ip: ip, wanted: &w})
		}
	}
	return nil
}
