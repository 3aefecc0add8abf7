package inventory

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// retrieval is one reading of NSX. The tasks that run at once share it under its lock.
type retrieval struct {
	source
	intern *interner

	mu        sync.Mutex
	objects   map[catalog.Ref]*Object
	ruleCount map[string]int // section id -> number of its rules
	uses      []use          // of external addresses
	ports     []*routerPort
	routes    []route

	inv *Inventory
}

// Retrieve reads everything that a plan needs. It writes nothing.
func Retrieve(ctx context.Context, api API, q Query) (*Inventory, error) {
	if q.Concurrency <= 0 {
		q.Concurrency = 4
	}
	q.Waiting = oneAtATime(q.Waiting)
	r := &retrieval{
		source: source{api: api, q: q}, intern: newInterner(),
		objects: map[catalog.Ref]*Object{}, ruleCount: map[string]int{},
		inv: &Inventory{Scope: q.Scope, Cluster: q.Cluster, Outside: map[string]Outside{}, CriteriaScopes: map[string]bool{}},
	}
	find := r.findCreated
	if q.Scope == catalog.Shared {
		find = r.findWanted
	}
	for _, step := range []func(context.Context) error{find, r.placeSubnets, r.readRules, r.addRouterEntries, r.lookOutside, r.addAllocations} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("retrieving the %s resources: %w", q.Scope, err)
		}
	}
	r.sort()
	return r.inv, nil
}

// findCreated finds what NCP of the cluster made.
func (r *retrieval) findCreated(ctx context.Context) error {
	tasks := []func(context.Context) error{r.readRouterPorts, r.readStaticRoutes, r.readNAT, r.readOthersGroups, r.readPolicyGroups, r.findUnsupported, r.countPolicy}
	for _, c := range collections(r.q.Catalog) {
		tasks = append(tasks, func(ctx context.Context) error { return r.collect(ctx, c) })
	}
	if err := inParallel(ctx, r.q.Concurrency, tasks); err != nil {
		return err
	}
	if len(r.objects) > 0 || len(r.inv.Unsupported) > 0 || r.inv.PolicyCount > 0 {
		return nil
	}
	return r.checkCluster(ctx)
}

// collect takes the cluster's objects of one collection.
func (r *retrieval) collect(ctx context.Context, c *collection) error {
	position := 0
	return r.read(ctx, c, r.q.Cluster, func(b body) error {
		position++
		tags, _ := b.tags()
		if e, ok := c.entry(b); ok && createdBy(tags, r.q.Cluster) {
			r.add(e, b, position)
		}
		return nil
	})
}

// add takes one object. position is its place in an ordered list.
func (r *retrieval) add(e *catalog.Entry, b body, position int) *Object {
	o := r.object(e, b)
	if e.Ordered {
		o.Order = position
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.objects[o.Ref] = o
	switch e.Type {
	case catalog.DFWSection:
		r.ruleCount[o.ID] = int(b.number("rule_count"))
	case catalog.LBVirtualServer:
		b.each("rule_ids", func(id string, _ body) {
			if o.Names == nil {
				o.Names = map[string]string{}
			}
			o.Names[id] = ""
		})
	case catalog.NSGroup:
		r.noteCriteria(b)
	}
	if r.q.Scope == catalog.NCP {
		r.noteUses(o, b)
	}
	return o
}

// readNAT finds the cluster's NAT rules. There is no list of all rules, so Search is compared with the lists of the
// Tier-0 routers alone, which are few.
func (r *retrieval) readNAT(ctx context.Context) error {
	e, _ := r.q.Catalog.Entry(catalog.NAT)
	take := func(b body) error {
		if tags, _ := b.tags(); createdBy(tags, r.q.Cluster) {
			r.add(e, b, 0)
		}
		return nil
	}
	query := ofTypes(e.ManagerTypes)
	if err := r.search(ctx, nsx.Manager, query+" AND "+ofCluster(r.q.Cluster), take); err != nil {
		return fmt.Errorf("searching NAT rules: %w", err)
	}
	routers, err := tier0s(ctx, &r.source)
	if err != nil {
		return err
	}
	for _, router := range routers {
		path := e.ListPath(router)
		listed, err := r.api.ListCount(ctx, path, nil)
		if err != nil {
			return fmt.Errorf("counting %s: %w", path, err)
		}
		found, err := r.api.SearchCount(ctx, nsx.Manager, query+" AND logical_router_id:"+quote(router))
		if err != nil {
			return fmt.Errorf("counting the NAT rules of router %s: %w", router, err)
		}
		if found == listed {
			continue
		}
		r.waiting("the search index knows %d rules of %s and the list %d; reading the list", found, path, listed)
		if _, err := r.list(ctx, path, nil, take); err != nil {
			return fmt.Errorf("listing %s: %w", path, err)
		}
	}
	return nil
}

// tier0s lists the ids of all Tier-0 routers.
func tier0s(ctx context.Context, s *source) ([]string, error) {
	var ids []string
	e, _ := s.q.Catalog.Entry(catalog.Tier0)
	_, err := s.list(ctx, e.List, url.Values{"router_type": {e.RouterType}}, func(b body) error {
		if e.Accepts(b.text("resource_type"), b.text("router_type")) {
			ids = append(ids, b.text("id"))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing Tier-0 routers: %w", err)
	}
	return ids, nil
}

// findUnsupported finds NCP's objects of types that no entry takes along.
func (r *retrieval) findUnsupported(ctx context.Context) error {
	query := ofCluster(r.q.Cluster) + " AND NOT " + ofTypes(r.q.Catalog.ManagerTypes())
	return r.search(ctx, nsx.Manager, query, func(b body) error {
		if tags, _ := b.tags(); createdBy(tags, r.q.Cluster) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.inv.Unsupported = append(r.inv.Unsupported, Unsupported{
				ResourceType: b.text("resource_type"), ID: b.text("id"), Name: b.text("display_name"), Why: "the migration API has no type for it",
			})
		}
		return nil
	})
}

// countPolicy counts what carries the cluster's tag in Policy.
func (r *retrieval) countPolicy(ctx context.Context) error {
	n, err := r.api.SearchCount(ctx, nsx.Policy, ofCluster(r.q.Cluster)+" AND marked_for_delete:false")
	if err != nil {
		return fmt.Errorf("counting the cluster's Policy objects: %w", err)
	}
	r.inv.PolicyCount = n
	return nil
}

// typical are types that every cluster has some of; they are enough to learn which clusters there are.
func typical(cat *catalog.Catalog) string {
	var entries []*catalog.Entry
	for _, t := range []catalog.Type{catalog.Tier0, catalog.LogicalSwitch, catalog.DFWSection} {
		e, _ := cat.Entry(t)
		entries = append(entries, e)
	}
	return ofTypes(managerTypes(entries))
}

// checkCluster is asked when nothing of the cluster was found: is there such a cluster at all?
func (r *retrieval) checkCluster(ctx context.Context) error {
	n, err := r.api.SearchCount(ctx, nsx.Manager, ofCluster(r.q.Cluster))
	if err != nil || n > 0 {
		return err
	}
	known := map[string]bool{}
	note := func(b body) error {
		tags, _ := b.tags()
		if value := tagValue(tags, scopeCluster); value != "" {
			known[value] = true
		}
		return nil
	}
	tagged := " AND tags.scope:" + quote(scopeCluster)
	for flavour, query := range map[nsx.Flavour]string{nsx.Manager: typical(r.q.Catalog) + tagged, nsx.Policy: "resource_type:(Tier1 OR Segment OR SecurityPolicy)" + tagged} {
		if err := r.search(ctx, flavour, query, note); err != nil {
			return fmt.Errorf("searching the clusters of this NSX: %w", err)
		}
	}
	missing := &NoSuchCluster{Cluster: r.q.Cluster}
	for name := range known {
		missing.Known = append(missing.Known, name)
	}
	slices.Sort(missing.Known)
	return missing
}

// sort puts everything into the order in which the catalog migrates, and apart what is Policy already.
func (r *retrieval) sort() {
	place := map[catalog.Type]int{}
	for i, e := range r.q.Catalog.Entries() {
		place[e.Type] = i
	}
	all := make([]*Object, 0, len(r.objects))
	for _, o := range r.objects {
		all = append(all, o)
	}
	slices.SortFunc(all, func(x, y *Object) int {
		ordered := 0
		if x.Type == catalog.DFWSection {
			ordered = cmp.Compare(x.Order, y.Order)
		}
		return cmp.Or(cmp.Compare(place[x.Type], place[y.Type]), ordered, strings.Compare(x.ID, y.ID), strings.Compare(x.Parent.ID, y.Parent.ID))
	})
	for _, o := range all {
		if o.PolicyPath != "" {
			r.inv.Policy = append(r.inv.Policy, o)
		} else {
			r.inv.Objects = append(r.inv.Objects, o)
		}
	}
	slices.SortFunc(r.inv.Unsupported, func(x, y Unsupported) int { return strings.Compare(x.ID, y.ID) })
}
