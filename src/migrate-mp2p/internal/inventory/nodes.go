package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// What TKGI made for the nodes of a cluster is found like NCP's objects, by its tags. This file finds what belongs to it
// without such tags, and what only seems to.

// addNodePorts takes along what is plugged into the switches of the nodes, since all ports of a switch are promoted
// together (vmware-nsx): the nodes' ports may be tagged or not, and vSphere makes a second, untagged one by itself at times
// (SAP networking-nsx-t). What goes with another cluster stays, and keeps the switch from moving.
func (r *retrieval) addNodePorts(ctx context.Context) error {
	if !r.movesNodes() {
		return nil
	}
	e, _ := r.q.Catalog.Entry(mp.LogicalPort)
	for _, on := range r.toMigrate(mp.LogicalSwitch) {
		if !on.Nodes {
			continue
		}
		if _, err := r.list(ctx, e.List, url.Values{e.ParentField: {on.ID}}, func(b body) error {
			r.addNodePort(e, on, b)
			return nil
		}); err != nil {
			return fmt.Errorf("listing the ports of switch %q: %w", on.Name, err)
		}
	}
	return nil
}

// addNodePort takes one port of a switch of the nodes along.
func (r *retrieval) addNodePort(e *catalog.Entry, on *Object, b body) {
	tags, policyPath := b.tags()
	switch other := r.whose().goesWith(tags); {
	case b.text(e.ParentField) != on.ID || other == r.q.Cluster: // by its tags, like everything
	case other == "":
		r.add(e, b, 0).Nodes = true
	case policyPath == "":
		r.inv.Strays = append(r.inv.Strays, Unsupported{
			ResourceType: b.text("resource_type"), ID: b.text("id"), Name: b.text("display_name"),
			Why: fmt.Sprintf("it is on the nodes' switch %s and goes with cluster %q", on.Name, other),
		})
	}
}

func (r *retrieval) movesNodes() bool { return r.q.Scope == mp.NCP && r.whose().nodes }

// floating gives the addresses of the administrator's pools that an object of the nodes' network may use: TKGI notes one in
// a tag; those of NAT rules and virtual servers stand in them, too.
func floating(o *Object, b body) []string {
	found := strings.Split(tagValue(o.Tags, scopeFloating), ",")
	switch {
	case o.Type == mp.LBVirtualServer:
		found = append(found, b.text("ip_address"))
	case o.Type == mp.NAT && b.text("action") == "SNAT":
		found = append(found, b.text("translated_network"))
	case o.Type == mp.NAT && b.text("action") == "DNAT":
		found = append(found, b.text("match_destination_network"))
	}
	for i := range found {
		found[i] = strings.TrimSpace(found[i])
	}
	slices.Sort(found)
	return slices.DeleteFunc(slices.Compact(found), func(ip string) bool { _, err := netip.ParseAddr(ip); return err != nil })
}

// placeFloating finds the pools of the nodes' floating addresses. Only the address is known, so that every pool out of
// whose ranges it may come is looked into; only a pool that gave it out counts.
func (r *retrieval) placeFloating(ctx context.Context) error {
	wanted := map[string][]string{} // pools by address
	for _, uses := range r.uses {
		for _, u := range uses {
			if u.nodes {
				wanted[u.ip] = nil
			}
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	e, _ := r.q.Catalog.Entry(mp.IPPool)
	if _, err := r.list(ctx, e.List, parameters(e), func(b body) error {
		b.each("subnets.allocation_ranges.start", func(first string, holder body) {
			for ip := range wanted {
				if id := b.text("id"); within(ip, first, holder.text("end")) && !slices.Contains(wanted[ip], id) {
					wanted[ip] = append(wanted[ip], id)
				}
			}
		})
		return nil
	}); err != nil {
		return fmt.Errorf("listing %s: %w", e.List, err)
	}
	for user, uses := range r.uses {
		var placed []use
		for _, u := range uses {
			if !u.nodes {
				placed = append(placed, u)
				continue
			}
			for _, pool := range wanted[u.ip] {
				u.pool = r.intern.one(pool)
				placed = append(placed, u)
			}
		}
		r.uses[user] = placed
	}
	return nil
}

// within tells whether an address lies in a range, both ends included. What is no address lies in none.
func within(address, first, last string) bool {
	ip, err := netip.ParseAddr(address)
	from, fromErr := netip.ParseAddr(first)
	to, toErr := netip.ParseAddr(last)
	return err == nil && fromErr == nil && toErr == nil && from.Compare(ip) <= 0 && ip.Compare(to) <= 0
}

// findStrays searches for objects, of whatever type, that TKGI's tags connect with the cluster.
func (r *retrieval) findStrays(ctx context.Context) error {
	if !r.movesNodes() || uuidOf(r.q.Cluster) == "" {
		return nil
	}
	query := mp.AnyOf("tags.scope", tkgiScopes) + " AND " + mp.AnyOf("tags.tag", []string{uuidOf(r.q.Cluster), r.q.Cluster})
	err := r.search(ctx, mp.Manager, query, func(b body) error {
		tags, _ := b.tags()
		r.noteStray(b, tags)
		return nil
	})
	if r.indexLost(err) { // the lists show those of types that there are lists of
		return nil
	}
	if err != nil {
		return fmt.Errorf("searching objects with tags of TKGI: %w", err)
	}
	return nil
}

// noteStray keeps an object of which it has to be found out whether it goes with something.
func (r *retrieval) noteStray(b body, tags []mp.Tag) {
	whose := r.whose()
	if r.q.Scope != mp.NCP || !whose.seemsOfNodes(tags) && (!whose.ofNodes(tags) || r.hasType(b)) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.strays[b.text("id")] = b.clone()
}

// hasType tells whether objects of this kind can be promoted, by themselves or inside others.
func (r *retrieval) hasType(b body) bool {
	if _, ok := accepting(r.q.Catalog.Entries(), b); ok {
		return true
	}
	return slices.Contains(r.q.Catalog.ManagerTypes(), b.text("resource_type")) && b.text("router_type") == ""
}

// settleStrays names the strays that really stay behind. Search may show a few of them as they were, so these are read.
func (r *retrieval) settleStrays(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.strays)) {
		b := r.strays[id]
		if e, ok := accepting(r.q.Catalog.Entries(), b); ok && !e.PerParent() && len(r.strays) <= few {
			var err error
			if b, err = r.get(ctx, e.Item("", id)); err != nil {
				return err
			}
		}
		if b == nil || r.goesAlong(b) {
			continue
		}
		tags, policyPath := b.tags()
		why := r.whyStray(b, tags)
		if policyPath == "" && why != "" {
			r.inv.Strays = append(r.inv.Strays, Unsupported{
				ResourceType: b.text("resource_type"), ID: id, Name: b.text("display_name"), Why: why,
			})
		}
	}
	slices.SortFunc(r.inv.Strays, func(x, y Unsupported) int {
		return cmp.Or(cmp.Compare(x.ResourceType, y.ResourceType), cmp.Compare(x.ID, y.ID))
	})
	return nil
}

// whyStray says why an object does not go with the nodes' network; empty for one that does after all.
func (r *retrieval) whyStray(b body, tags []mp.Tag) string {
	whose := r.whose()
	named := tagValue(tags, scopeCluster)
	switch {
	case whose.ofNodes(tags) && r.hasType(b):
		return ""
	case whose.ofNodes(tags):
		return "the migration API has no type for it"
	case !whose.seemsOfNodes(tags):
		return ""
	case named == "":
		return "it has no tag " + scopeCluster
	case named != whose.cluster:
		return fmt.Sprintf("its tag %s is %q", scopeCluster, named)
	}
	for _, scope := range tkgiScopes {
		if has(tags, scope) {
			return fmt.Sprintf("its tag %s is %q and not %q", scope, tagValue(tags, scope), uuidOf(whose.cluster))
		}
	}
	return ""
}

// goesAlong tells whether a stray goes inside, or together with, something that does.
func (r *retrieval) goesAlong(b body) bool {
	id := b.text("id")
	if e, ok := accepting(r.q.Catalog.Entries(), b); ok && r.objects[mp.Ref{Type: e.Type, ID: id}] != nil {
		return true
	}
	part, _ := r.q.Catalog.Entry(mp.Tier1Port)
	if kind := b.text("resource_type"); !movable(part, kind) && !slices.Contains(part.Parts, kind) {
		return false
	}
	goes := func(router string) bool { return r.objects[mp.Ref{Type: mp.Tier1, ID: router}] != nil }
	if goes(b.text("logical_router_id")) {
		return true
	}
	routerOf := map[string]string{}
	peer := ""
	for _, p := range r.ports {
		routerOf[p.id] = p.router
		if p.id == id {
			peer = p.peer
		}
	}
	return peer != "" && goes(routerOf[peer])
}
