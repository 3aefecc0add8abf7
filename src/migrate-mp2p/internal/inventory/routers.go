package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// The kinds of router ports that matter beside those that the catalog names (NSX Go SDK).
const linkOnTier1 = "LogicalRouterLinkPortOnTIER1"

// routerPort is one port of a router, whoever made it.
type routerPort struct {
	id         string
	kind       string
	router     string
	switchPort string // the logical port that it is wired to
	peer       string // the port on the other router
	cluster    string // with which it goes, since its NCP or TKGI made it for that; empty for others
	policyPath string
	hash       string
}

// route is one static route.
type route struct {
	id, name, router, policyPath string
	made                         bool // by NCP of our cluster, or for its nodes
}

// readRouterPorts reads the ports of all routers. They are listed, not searched: ports go with their router, whoever
// made them.
func (r *retrieval) readRouterPorts(ctx context.Context) error {
	e, _ := r.q.Catalog.Entry(mp.Tier1Port)
	whose := r.whose()
	if _, err := r.list(ctx, e.List, nil, func(b body) error {
		p := readRouterPort(b)
		if tags, _ := b.tags(); whose.nodes {
			p.cluster = whose.goesWith(tags)
		}
		r.ports = append(r.ports, p)
		return nil
	}); err != nil {
		return fmt.Errorf("listing %s: %w", e.List, err)
	}
	return nil
}

func readRouterPort(b body) *routerPort {
	tags, policyPath := b.tags()
	p := &routerPort{id: b.text("id"), kind: b.text("resource_type"), router: b.text("logical_router_id"), policyPath: policyPath}
	if cluster, made := createdByAny(tags); made {
		p.cluster = cluster
	}
	p.hash = b.hashWith(tags)
	b.each("linked_logical_switch_port_id.target_id", func(id string, _ body) { p.switchPort = id })
	// A plain id on the Tier-0's side, a reference on the Tier-1's (go-vmware-nsxt).
	p.peer = b.text("linked_logical_router_port_id")
	b.each("linked_logical_router_port_id.target_id", func(id string, _ body) { p.peer = id })
	return p
}

// readStaticRoutes reads the static routes of all routers; there is no list of them all.
func (r *retrieval) readStaticRoutes(ctx context.Context) error {
	var found []route
	err := r.search(ctx, mp.Manager, "resource_type:StaticRoute", func(b body) error {
		found = append(found, readRoute(b, r.whose()))
		return nil
	})
	if r.indexLost(err) {
		return r.listStaticRoutesOfAll(ctx)
	}
	if err != nil {
		return fmt.Errorf("searching static routes: %w", err)
	}
	r.routes = found
	return nil
}

// listStaticRoutesOfAll reads the routes of every router, router by router.
func (r *retrieval) listStaticRoutesOfAll(ctx context.Context) error {
	var routers []string
	if err := r.eachRouter(ctx, func(b body) { routers = append(routers, b.text("id")) }); err != nil {
		return err
	}
	r.routesListed = true
	for _, router := range routers {
		if err := r.listStaticRoutes(ctx, router); err != nil && !mp.IsKind(err, mp.KindNotFound) {
			return err // a router that is gone took its routes along
		}
	}
	return nil
}

func readRoute(b body, whose whose) route {
	tags, policyPath := b.tags()
	return route{
		id: b.text("id"), name: b.text("display_name"), router: b.text("logical_router_id"), policyPath: policyPath,
		made: whose.ours(tags),
	}
}

// proveRoutes reads the static routes of our routers from their lists, where Search has found some.
func (r *retrieval) proveRoutes(ctx context.Context) error {
	if r.q.Scope != mp.NCP || r.routesListed {
		return nil // they came from the lists
	}
	ours := map[string]bool{}
	r.routes = slices.DeleteFunc(r.routes, func(s route) bool {
		_, whole := r.objects[mp.Ref{Type: mp.Tier1, ID: s.router}]
		ours[s.router] = ours[s.router] || whole
		return whole
	})
	var tasks []func(context.Context) error
	for router, whole := range ours {
		if whole {
			tasks = append(tasks, func(ctx context.Context) error { return r.listStaticRoutes(ctx, router) })
		}
	}
	return inParallel(ctx, r.q.Concurrency, tasks)
}

// movable tells whether a port of this kind moves with its Tier-1.
func movable(e *catalog.Entry, kind string) bool {
	return slices.ContainsFunc(e.ManagerTypes, func(t string) bool { return strings.EqualFold(t, kind) })
}

// addRouterEntries makes the entries for the ports and static routes of routers, and notes which Tier-0 a Tier-1 hangs
// on.
func (r *retrieval) addRouterEntries(ctx context.Context) error {
	e, _ := r.q.Catalog.Entry(mp.Tier1Port)
	if err := r.proveRoutes(ctx); err != nil {
		return err
	}
	slices.SortFunc(r.ports, func(x, y *routerPort) int { return cmp.Compare(x.id, y.id) })
	slices.SortFunc(r.routes, func(x, y route) int { return cmp.Compare(x.id, y.id) })
	ports := map[string][]*routerPort{} // by router
	for _, p := range r.ports {
		ports[p.router] = append(ports[p.router], p)
	}
	r.linkTier1s(ports)

	var entries []*Object
	for router, of := range ports {
		whole := r.objects[mp.Ref{Type: mp.Tier1, ID: router}]
		var moving []*routerPort
		for _, p := range of {
			if movable(e, p.kind) && r.moves(p, whole != nil) {
				moving = append(moving, p)
			}
		}
		if whole != nil || len(moving) > 0 {
			entries = append(entries, r.routerEntry(router, whole, moving, of))
		}
	}
	if err := r.placeParts(ctx, entries); err != nil {
		return err
	}
	for _, o := range entries {
		r.objects[o.Ref] = o
	}
	r.addTier0Entries(ports)
	return nil
}

// moves tells whether a port of a Tier-1 goes with this run. A port on somebody else's router goes when our NCP made
// it; a port that any NCP made never goes with a shared router, since its network is still Manager.
func (r *retrieval) moves(p *routerPort, ourRouter bool) bool {
	if r.q.Scope == mp.Shared {
		return ourRouter && p.cluster == ""
	}
	return ourRouter || p.cluster == r.q.Cluster
}

// linkPath is the Policy path that the router's link to the Tier-0 carries.
func linkPath(ports []*routerPort) string {
	for _, p := range ports {
		if p.kind == linkOnTier1 {
			return p.policyPath
		}
	}
	return ""
}

// routerEntry makes the entry of a router's ports and routes. whole is the router itself when it is ours, moving are
// those of its ports that go with this run. The entry is Policy when all of its parts are; a router without parts when
// its link to the Tier-0 is.
func (r *retrieval) routerEntry(router string, whole *Object, moving, all []*routerPort) *Object {
	e, _ := r.q.Catalog.Entry(mp.Tier1Port)
	o := &Object{Ref: mp.Ref{Type: e.Type, ID: router}, Parent: mp.Ref{Type: mp.Tier1, ID: router}, Hash: portsHash(only(e, all))}
	for _, p := range moving {
		o.Parts = append(o.Parts, Part{ID: p.id, IsPort: true, Switch: p.switchPort, PolicyPath: p.policyPath})
	}
	if whole != nil {
		o.Name, o.Owner, o.Nodes, o.Wanted = whole.Name, whole.Owner, whole.Nodes, whole.Wanted
		for _, s := range r.routes {
			if s.router == router {
				o.Parts = append(o.Parts, r.routePart(s, whole.Wanted))
			}
		}
	}
	o.PolicyPath = linkPath(all)
	for i, p := range o.Parts {
		if p.PolicyPath == "" {
			o.PolicyPath = ""
			break
		}
		if i == 0 {
			o.PolicyPath = p.PolicyPath
		}
	}
	return o
}

// routePart names the Policy id that a static route shall get.
func (r *retrieval) routePart(s route, w *Wanted) Part {
	part := Part{ID: s.id, PolicyID: s.id, PolicyPath: s.policyPath}
	if w != nil {
		part.PolicyID = cmp.Or(w.StaticRoutes[s.id], w.StaticRoutes[s.name], s.id)
	}
	return part
}

// portsHash is the hash of a router's ports. Static routes are left out: no list shows those of many routers.
func portsHash(sorted []*routerPort) string {
	var hashes strings.Builder
	for _, p := range sorted {
		hashes.WriteString(p.hash)
	}
	return digest([]byte(hashes.String()))
}

// linkTier1s notes which Tier-0 each Tier-1 is linked to.
func (r *retrieval) linkTier1s(ports map[string][]*routerPort) {
	routerOf := make(map[string]string, len(r.ports))
	for _, p := range r.ports {
		routerOf[p.id] = p.router
	}
	for _, o := range r.toMigrate(mp.Tier1) {
		for _, p := range ports[o.ID] {
			if top := routerOf[p.peer]; p.kind == linkOnTier1 && top != "" {
				o.Refs = append(o.Refs, Reference{To: mp.Ref{Type: mp.Tier0, ID: r.intern.one(top)}, Field: "link to the Tier-0"})
			}
		}
	}
}

// placeParts finds the switch behind every port: so far the parts hold the id of the logical port between them.
func (r *retrieval) placeParts(ctx context.Context, entries []*Object) error {
	switchOf := map[string]string{}
	var unknown []string
	for _, o := range entries {
		for _, p := range o.Parts {
			if p.Switch == "" {
				continue
			}
			if port, ok := r.objects[mp.Ref{Type: mp.LogicalPort, ID: p.Switch}]; ok {
				switchOf[p.Switch] = port.Parent.ID
			} else {
				unknown = append(unknown, p.Switch)
			}
		}
	}
	slices.Sort(unknown)
	e, _ := r.q.Catalog.Entry(mp.LogicalPort)
	port := func(string) mp.Type { return mp.LogicalPort }
	for id, found := range r.lookUp(ctx, slices.Compact(unknown), port) {
		if found.err != nil {
			return found.err
		}
		if found.body != nil {
			switchOf[id] = found.body.text(e.ParentField)
		}
	}
	for _, o := range entries {
		for i := range o.Parts {
			p := &o.Parts[i]
			if p.Switch == "" {
				continue
			}
			p.Switch = r.intern.one(switchOf[p.Switch])
			if p.Switch != "" && p.PolicyPath == "" {
				o.Refs = append(o.Refs, Reference{To: mp.Ref{Type: mp.LogicalSwitch, ID: p.Switch}, Field: "port " + p.ID})
			}
		}
	}
	return nil
}

// addTier0Entries makes the entries of the Tier-0 routers of the user spec: their uplinks, and their configuration. That
// of a router which is Policy already is taken for Policy, too, unless the spec asks for it, or whoever takes the router
// over has to find out.
func (r *retrieval) addTier0Entries(ports map[string][]*routerPort) {
	uplink, _ := r.q.Catalog.Entry(mp.Tier0Port)
	for _, router := range r.ofType(mp.Tier0) {
		for _, p := range ports[router.ID] {
			if !movable(uplink, p.kind) {
				continue
			}
			o := &Object{Ref: mp.Ref{Type: mp.Tier0Port, ID: p.id}, Parent: router.Ref, Name: router.Name, Owner: router.Owner,
				Hash: p.hash, PolicyPath: p.policyPath, Wanted: router.Wanted}
			r.objects[o.Ref] = o
		}
		o := &Object{Ref: mp.Ref{Type: mp.Tier0Config, ID: router.ID}, Parent: router.Ref, Name: router.Name, Owner: router.Owner,
			Hash: router.Hash, PolicyPath: router.PolicyPath, Wanted: router.Wanted}
		if r.q.Whole || router.Wanted != nil && router.Wanted.Config {
			o.PolicyPath = ""
		}
		r.objects[o.Ref] = o
	}
}
