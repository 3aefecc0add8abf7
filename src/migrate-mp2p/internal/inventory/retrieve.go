package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// retrieval is one reading of NSX. The tasks that run at once share it under its lock.
type retrieval struct {
	source
	intern *interner

	mu        sync.Mutex
	objects   map[mp.Ref]*Object
	ruleCount map[string]int   // section id -> number of its rules
	uses      map[mp.Ref][]use // of external addresses, by who uses them
	ports     []*routerPort
	routes    []route
	// strays are what seems to be of the nodes' network and is not, by id, as long as it is unknown what goes.
	strays map[string]body
	// routesListed says that the routes came from the lists of all routers, so that there is nothing to prove.
	routesListed bool

	inv *Inventory
}

// Retrieve reads everything that a plan needs. It writes nothing.
func Retrieve(ctx context.Context, api API, q Query) (*Inventory, error) {
	r := newRetrieval(api, q)
	find := r.findCreated
	if q.Scope == mp.Shared {
		find = r.findWanted
	}
	for _, step := range []func(context.Context) error{
		find, r.placeSubnets, r.addNodePorts, r.placeFloating, r.readRules, r.noteUsers, r.addRouterEntries, r.lookOutside, r.addAllocations, r.readOrphans, r.settleStrays,
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("retrieving the %s resources: %w", q.Scope, err)
		}
	}
	r.sort()
	return r.inv, nil
}

// newRetrieval begins a reading, with the defaults of what the query leaves out.
func newRetrieval(api API, q Query) *retrieval {
	if q.Concurrency <= 0 {
		q.Concurrency = 4
	}
	q.Waiting = oneAtATime(q.Waiting)
	return &retrieval{
		source: source{api: api, q: q}, intern: newInterner(),
		objects: map[mp.Ref]*Object{}, ruleCount: map[string]int{}, uses: map[mp.Ref][]use{},
		strays: map[string]body{},
		inv:    &Inventory{Scope: q.Scope, Cluster: q.Cluster, Outside: map[string]Outside{}, CriteriaScopes: map[string]bool{}},
	}
}

// findCreated finds what NCP of the cluster made, and on TKGI the network of its nodes.
func (r *retrieval) findCreated(ctx context.Context) error {
	tasks := []func(context.Context) error{r.readRouterPorts, r.readStaticRoutes, r.readNAT, r.readOthersGroups, r.readPolicyGroups, r.findUnsupported, r.findStrays}
	for _, c := range collections(r.q.Catalog) {
		tasks = append(tasks, func(ctx context.Context) error { return r.collect(ctx, c) })
	}
	if err := inParallel(ctx, r.q.Concurrency, tasks); err != nil {
		return err
	}
	if len(r.objects) > 0 || len(r.inv.Unsupported) > 0 {
		return nil
	}
	return r.checkCluster(ctx)
}

// collect takes the cluster's objects of one collection.
func (r *retrieval) collect(ctx context.Context, c *collection) error {
	position := 0
	whose := r.whose()
	take := func(b body) error {
		position++
		tags, _ := b.tags()
		r.noteStray(b, tags)
		switch e, ok := c.entry(b); {
		case ok && whose.ours(tags):
			r.add(e, b, position)
		case ok && e.Type == mp.NSGroup: // found by a name that Search takes for ours
			r.mu.Lock()
			r.noteCriteria(b)
			r.mu.Unlock()
		}
		return nil
	}
	listed, fresh, err := r.read(ctx, c, r.q.Cluster, take)
	if err != nil || fresh {
		return err
	}
	return r.prove(ctx, c, listed, take)
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
	delete(r.uses, o.Ref)
	switch e.Type {
	case mp.DFWSection:
		r.ruleCount[o.ID] = int(b.number("rule_count"))
	case mp.LBVirtualServer:
		b.each("rule_ids", func(id string, _ body) {
			if o.Names == nil {
				o.Names = map[string]string{}
			}
			o.Names[id] = ""
		})
	case mp.NSGroup:
		r.noteCriteria(b)
	}
	if r.q.Scope == mp.NCP {
		o.noteOwn(b)
		r.noteUses(o, b)
	}
	return o
}

// readNAT finds the cluster's NAT rules. There is no list of all rules, so Search finds the routers, and the lists of the
// Tier-0 routers and of those whose rules are going to be skipped have the last word; with few routers, all lists.
func (r *retrieval) readNAT(ctx context.Context) error {
	e, _ := r.q.Catalog.Entry(mp.NAT)
	take := func(b body) error {
		if tags, _ := b.tags(); r.whose().ours(tags) {
			r.add(e, b, 0)
		}
		return nil
	}
	if r.q.Whole {
		return r.listNAT(ctx, e, take)
	}
	if err := r.search(ctx, mp.Manager, mp.OfTypes(e.ManagerTypes)+" AND "+ofCluster(r.q.Cluster), take); r.indexLost(err) {
		return r.listNAT(ctx, e, take)
	} else if err != nil {
		return fmt.Errorf("searching NAT rules: %w", err)
	}
	routers, err := tier0s(ctx, &r.source)
	if err != nil {
		return err
	}
	byRouter := map[string]*claim{}
	for _, router := range routers {
		byRouter[router] = &claim{skipped: 1}
	}
	for ref, o := range r.claims(func(t mp.Type) bool { return t == mp.NAT }).objects {
		if byRouter[o.Parent.ID] == nil {
			byRouter[o.Parent.ID] = &claim{}
		}
		byRouter[o.Parent.ID].note(ref, o)
	}
	for _, router := range slices.Sorted(maps.Keys(byRouter)) {
		of := byRouter[router]
		if of.skipped == 0 && len(byRouter) > few {
			continue
		}
		if err := r.relist(ctx, e.ListPath(router), nil, of, take); err != nil && !mp.IsKind(err, mp.KindNotFound) {
			return err // a router that is gone took its rules along
		}
	}
	return nil
}

// listNAT reads the NAT rules of every router from its own list: one request a router, but never behind.
func (r *retrieval) listNAT(ctx context.Context, e *catalog.Entry, take visitor) error {
	var routers []string
	if err := r.eachRouter(ctx, func(b body) { routers = append(routers, b.text("id")) }); err != nil {
		return err
	}
	for _, router := range routers {
		path := e.ListPath(router)
		if _, err := r.list(ctx, path, nil, take); err != nil && !mp.IsKind(err, mp.KindNotFound) {
			return fmt.Errorf("listing %s: %w", path, err) // a router that is gone took its rules along
		}
	}
	return nil
}

// eachRouter lists the routers of both tiers.
func (r *retrieval) eachRouter(ctx context.Context, visit func(body)) error {
	upper, _ := r.q.Catalog.Entry(mp.Tier0)
	lower, _ := r.q.Catalog.Entry(mp.Tier1)
	if _, err := r.list(ctx, lower.List, nil, func(b body) error {
		if _, ok := accepting([]*catalog.Entry{upper, lower}, b); ok {
			visit(b)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("listing %s: %w", lower.List, err)
	}
	return nil
}

// tier0s lists the ids of all Tier-0 routers.
func tier0s(ctx context.Context, s *source) ([]string, error) {
	var ids []string
	e, _ := s.q.Catalog.Entry(mp.Tier0)
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
	query := ofCluster(r.q.Cluster) + " AND NOT " + mp.OfTypes(r.q.Catalog.ManagerTypes())
	err := r.search(ctx, mp.Manager, query, func(b body) error {
		if tags, _ := b.tags(); createdBy(tags, r.q.Cluster) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.inv.Unsupported = append(r.inv.Unsupported, Unsupported{
				ResourceType: b.text("resource_type"), ID: b.text("id"), Name: b.text("display_name"), Why: "the migration API has no type for it",
			})
		}
		return nil
	})
	if r.indexLost(err) { // no list shows objects of types that nobody knows
		return nil
	}
	return err
}

// readOrphans notes what NCP made and no plan can take along.
func (r *retrieval) readOrphans(ctx context.Context) (err error) {
	if r.q.Scope != mp.NCP {
		return nil
	}
	var routes []place
	for _, s := range r.routes {
		if s.made {
			routes = append(routes, place{s.router, s.id})
		}
	}
	r.inv.Orphans, err = findOrphans(ctx, &r.source, routes)
	return err
}

// sort puts everything into the order in which the catalog migrates, and apart what is Policy already.
func (r *retrieval) sort() {
	place := map[mp.Type]int{}
	for i, e := range r.q.Catalog.Entries() {
		place[e.Type] = i
	}
	all := make([]*Object, 0, len(r.objects))
	for _, o := range r.objects {
		all = append(all, o)
	}
	slices.SortFunc(all, func(x, y *Object) int {
		ordered := 0
		if x.Type == mp.DFWSection {
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
