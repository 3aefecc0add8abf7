package inventory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Orphan is a part that NCP of the cluster, or TKGI for its nodes, made and that goes to Policy with nothing: parts travel inside what they
// belong to (a rule inside its virtual server, a route inside its router), and that is neither NCP's nor Policy, or does
// not exist. The migration API has no type for parts, so it stays Manager.
type Orphan struct {
	ResourceType string
	ID           string
	Name         string
	Parent       mp.Ref // what it belongs to; empty when nothing names it
}

func (o Orphan) String() string {
	text := fmt.Sprintf("%s %s (%s)", o.ResourceType, o.ID, o.Name)
	if o.Parent.ID == "" {
		return text + ", which nothing names"
	}
	return text + " of " + o.Parent.String()
}

// place is where a static route is read: the list of its router, and its id.
type place struct{ router, id string }

// OrphanRoutes are the static routes among the orphans, as a census asks for them: "router/route", by Manager ids.
func (inv *Inventory) OrphanRoutes() []string {
	var routes []string
	for _, o := range inv.Orphans {
		if o.ResourceType == staticRoute {
			routes = append(routes, o.Parent.ID+"/"+o.ID)
		}
	}
	return routes
}

const staticRoute = "StaticRoute"

// orphanage is one look for orphans.
type orphanage struct {
	source
	routes []place
	found  []Orphan
}

// findOrphans finds the parts without a parent that goes. LB rules and ports of routers are read by list. Of static routes
// there is no list, so that their places must be known; each is read itself.
func findOrphans(ctx context.Context, s *source, routes []place) ([]Orphan, error) {
	o := &orphanage{source: *s, routes: routes}
	for _, step := range []func(context.Context) error{o.rules, o.routerParts} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("looking for parts without a parent: %w", err)
		}
	}
	slices.SortFunc(o.found, func(x, y Orphan) int {
		return cmp.Or(strings.Compare(x.ResourceType, y.ResourceType), strings.Compare(x.ID, y.ID))
	})
	return o.found, nil
}

func (o *orphanage) made(b body) bool {
	tags, _ := b.tags()
	return o.whose().ours(tags)
}

func orphan(b body, parent mp.Ref) Orphan {
	return Orphan{ResourceType: b.text("resource_type"), ID: b.text("id"), Name: b.text("display_name"), Parent: parent}
}

// goes tells whether a parent is, or is going to be, Policy.
func (o *orphanage) goes(b body) bool {
	tags, policyPath := b.tags()
	return policyPath != "" || o.whose().ours(tags)
}

// rules finds the LB rules that no virtual server names which goes.
func (o *orphanage) rules(ctx context.Context) error {
	e, _ := o.q.Catalog.Entry(mp.LBVirtualServer)
	var made []Orphan
	if _, err := o.list(ctx, e.PartList, nil, func(b body) error {
		if o.made(b) {
			made = append(made, orphan(b, mp.Ref{}))
		}
		return nil
	}); err != nil || len(made) == 0 {
		return inList(e.PartList, err)
	}
	going, others := map[string]bool{}, map[string]string{}
	if _, err := o.list(ctx, e.List, parameters(e), func(b body) error {
		b.each("rule_ids", func(id string, _ body) {
			if o.goes(b) {
				going[id] = true
			} else {
				others[id] = b.text("id")
			}
		})
		return nil
	}); err != nil {
		return inList(e.List, err)
	}
	for _, rule := range made {
		if going[rule.ID] {
			continue
		}
		if server := others[rule.ID]; server != "" {
			rule.Parent = mp.Ref{Type: mp.LBVirtualServer, ID: server}
		}
		o.found = append(o.found, rule)
	}
	return nil
}

func inList(path string, err error) error {
	if err != nil {
		return fmt.Errorf("listing %s: %w", path, err)
	}
	return nil
}

// routerParts finds the static routes of routers that do not go, and those of their ports that are no entry of a plan.
func (o *orphanage) routerParts(ctx context.Context) error {
	e, _ := o.q.Catalog.Entry(mp.Tier1Port)
	routerOf := map[string]string{} // by port
	var ports []Orphan
	var peers []string
	if _, err := o.list(ctx, e.List, nil, func(b body) error {
		p := readRouterPort(b)
		routerOf[p.id] = p.router
		if o.made(b) && slices.Contains(e.Parts, p.kind) {
			ports, peers = append(ports, orphan(b, mp.Ref{ID: p.router})), append(peers, p.peer)
		}
		return nil
	}); err != nil {
		return inList(e.List, err)
	}
	if len(ports)+len(o.routes) == 0 {
		return nil
	}
	going, types, err := o.routers(ctx)
	if err != nil {
		return err
	}
	for i, port := range ports {
		if !going[port.Parent.ID] && !going[routerOf[peers[i]]] {
			port.Parent.Type = types[port.Parent.ID]
			o.found = append(o.found, port)
		}
	}
	for _, route := range o.routes {
		if going[route.router] {
			continue
		}
		b, err := o.get(ctx, e.PartPath(route.router)+"/"+route.id)
		if err != nil {
			return err
		}
		if b == nil || !o.made(b) {
			continue
		}
		if _, policyPath := b.tags(); policyPath == "" {
			o.found = append(o.found, orphan(b, mp.Ref{Type: types[route.router], ID: route.router}))
		}
	}
	return nil
}

// routers lists all routers: which of them go, and what they are.
func (o *orphanage) routers(ctx context.Context) (going map[string]bool, types map[string]mp.Type, err error) {
	going, types = map[string]bool{}, map[string]mp.Type{}
	top, _ := o.q.Catalog.Entry(mp.Tier0)
	_, err = o.list(ctx, top.List, nil, func(b body) error {
		id := b.text("id")
		types[id] = mp.Tier1
		if top.Accepts(b.text("resource_type"), b.text("router_type")) {
			types[id] = mp.Tier0
		}
		going[id] = o.goes(b)
		return nil
	})
	return going, types, inList(top.List, err)
}
