package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// Tag scopes of what TKGI itself makes for a cluster, and of the administrator's firewall sections between which NCP
// puts its own (TKGI docs).
const (
	scopeNodes  = "pks/cluster"
	scopeMarker = "ncp/fw_sect_marker"
)

// Needs is what a cluster refers to and did not make.
type Needs struct {
	Cluster string
	Objects []Need // in the order of types and then of ids
	// Markers are the sections between which NCP puts its own. Nothing refers to them.
	Markers []Outside
	// Others are the clusters beside this one whose NCP made something on this NSX.
	Others []string
}

// Need is one such object.
type Need struct {
	Outside
	Users int     // number of objects that refer to it
	First *Object // the first of them
	By    []string
}

// deepestNeed bounds how often what is needed is asked for what it needs in turn: a Tier-1 needs a Tier-0, a virtual
// server a profile, that a certificate. NSX's objects refer to each other over fewer steps than that.
const deepestNeed = 10

// Infer finds what has to be Policy before NCP's objects of a cluster are migrated: what they refer to, what the network
// of TKGI's nodes refers to, and what those objects need in turn. nodes is TKGI's own id of the cluster, empty where
// TKGI has no part. It writes nothing.
func Infer(ctx context.Context, api API, q Query, nodes string) (*Needs, error) {
	q.Scope, q.Spec = catalog.NCP, nil
	n := gathering{q: q, found: map[string]Outside{}, ours: map[string]bool{}}
	created, err := Retrieve(ctx, api, q)
	if err != nil {
		return nil, err
	}
	n.own = append(n.own, created)
	if nodes != "" {
		made, err := retrieveNodes(ctx, api, q, nodes)
		if err != nil {
			return nil, fmt.Errorf("retrieving the network of the nodes: %w", err)
		}
		n.own = append(n.own, made)
	}
	n.q.Scope = catalog.Shared
	for range deepestNeed {
		if !n.gather() {
			needs := &Needs{Cluster: q.Cluster, Objects: n.needs()}
			s := newRetrieval(api, n.q).source
			needs.Markers, needs.Others, err = s.surroundings(ctx)
			return needs, err
		}
		n.q.Spec = n.listed()
		if n.shared, err = Retrieve(ctx, api, n.q); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("inferring what cluster %q needs: after %d steps there is still something new", q.Cluster, deepestNeed)
}

// gathering collects needs over the rounds.
type gathering struct {
	q      Query
	own    []*Inventory // of the cluster
	shared *Inventory   // of what was found to be needed; nil in the first round
	found  map[string]Outside
	ours   map[string]bool // ids that the cluster's own objects have
}

func (n *gathering) inventories() []*Inventory {
	if n.shared == nil {
		return n.own
	}
	return append(slices.Clone(n.own), n.shared)
}

// gather takes up what is outside and new, and tells whether there was any.
func (n *gathering) gather() bool {
	for _, inv := range n.own {
		for _, o := range slices.Concat(inv.Objects, inv.Policy) {
			n.ours[o.ID] = true
		}
	}
	before := len(n.found)
	for _, inv := range n.inventories() {
		for id, o := range inv.Outside {
			if _, known := n.found[id]; !known && !n.ours[id] {
				n.found[id] = o
			}
		}
	}
	return len(n.found) > before
}

// listed are the entries of a user spec for what can be listed and is Manager.
func (n *gathering) listed() []Wanted {
	var all []Wanted
	for _, id := range slices.Sorted(maps.Keys(n.found)) {
		if o := n.found[id]; o.Listed(n.q.Catalog) {
			all = append(all, Wanted{Type: o.Ref.Type, Name: id})
		}
	}
	return all
}

// Listed says whether an outside object belongs into the user spec: it is Manager, not NSX's own, and of a type that can
// be listed.
func (o Outside) Listed(cat *catalog.Catalog) bool {
	e, known := cat.Entry(o.Ref.Type)
	return known && e.SpecKey != "" && o.PolicyPath == "" && !o.System && !o.Missing
}

// needs says of each object who refers to it.
func (n *gathering) needs() []Need {
	byID := map[string]*Need{}
	for id, o := range n.found {
		byID[id] = &Need{Outside: o}
	}
	for _, inv := range n.inventories() {
		for _, o := range inv.Objects {
			fields := map[string][]string{}
			if o.Parent.ID != "" {
				fields[o.Parent.ID] = append(fields[o.Parent.ID], "parent")
			}
			for _, ref := range o.Refs {
				fields[ref.To.ID] = append(fields[ref.To.ID], ref.Field)
			}
			for id, by := range fields {
				if need := byID[id]; need != nil {
					need.Users++
					need.First = cmp.Or(need.First, o)
					need.By = append(need.By, by...)
					slices.Sort(need.By)
					need.By = slices.Compact(need.By)
				}
			}
		}
	}
	order := map[catalog.Type]int{}
	for i, e := range n.q.Catalog.Entries() {
		order[e.Type] = i
	}
	all := make([]Need, 0, len(byID))
	for _, need := range byID {
		all = append(all, *need)
	}
	slices.SortFunc(all, func(x, y Need) int {
		return cmp.Or(cmp.Compare(order[x.Ref.Type], order[y.Ref.Type]), cmp.Compare(x.Ref.ID, y.Ref.ID))
	})
	return all
}

// retrieveNodes reads what TKGI made for the nodes of a cluster, with what that refers to.
func retrieveNodes(ctx context.Context, api API, q Query, nodes string) (*Inventory, error) {
	r := newRetrieval(api, q)
	find := func(ctx context.Context) error { return r.findNodes(ctx, nodes) }
	for _, step := range []func(context.Context) error{find, r.readRouterPorts, r.addRouterEntries, r.findFloating, r.lookOutside} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	r.sort()
	return r.inv, nil
}

// findNodes finds what carries TKGI's tag with the id of the cluster and was made by no NCP.
func (r *retrieval) findNodes(ctx context.Context, nodes string) error {
	take := func(b body) error {
		tags, _ := b.tags()
		_, made := createdByAny(tags)
		e, ok := accepting(r.q.Catalog.Entries(), b)
		if ok && e.Found == catalog.ByTag && !made && slices.Contains(tags, nsx.Tag{Scope: scopeNodes, Tag: nodes}) {
			r.add(e, b, 0)
		}
		return nil
	}
	query := "tags.scope:" + quote(scopeNodes)
	if strings.Trim(nodes, plain) == "" {
		query += " AND tags.tag:" + quote(nodes)
	}
	err := r.search(ctx, nsx.Manager, query, take)
	if r.indexLost(err) {
		err = r.listAll(ctx, r.q.Catalog.Entries(), take)
	}
	if err != nil {
		return fmt.Errorf("searching objects with tag %s %q: %w", scopeNodes, nodes, err)
	}
	return nil
}

// findFloating finds the pools that gave the nodes' objects their floating addresses. TKGI's tag has the address and not
// the pool, so a pool is taken whose subnets hold the address.
func (r *retrieval) findFloating(ctx context.Context) error {
	floating := map[netip.Addr][]*Object{}
	for _, o := range r.objects {
		if ip, err := netip.ParseAddr(tagValue(o.Tags, scopeFloating)); err == nil {
			floating[ip] = append(floating[ip], o)
		}
	}
	if len(floating) == 0 {
		return nil
	}
	e, _ := r.q.Catalog.Entry(catalog.IPPool)
	_, err := r.list(ctx, e.List, nil, func(b body) error {
		tags, _ := b.tags()
		if _, made := createdByAny(tags); made {
			return nil
		}
		to := Reference{To: catalog.Ref{Type: catalog.IPPool, ID: b.text("id")}, Field: "tag " + scopeFloating}
		b.each("subnets.cidr", func(cidr string, _ body) {
			network, err := netip.ParsePrefix(cidr)
			for ip, users := range floating {
				if err == nil && network.Contains(ip) {
					for _, o := range users {
						o.Refs = append(slices.Clone(o.Refs), to)
					}
				}
			}
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("listing %s: %w", e.List, err)
	}
	return nil
}

// surroundings finds the markers between which NCP puts its sections, and the other clusters on this NSX.
func (s *source) surroundings(ctx context.Context) (markers []Outside, others []string, err error) {
	clusters, byID := map[string]bool{}, map[string]Outside{}
	note := func(b body) error {
		tags, policyPath := b.tags()
		if cluster, made := createdByAny(tags); made {
			if cluster != s.q.Cluster {
				clusters[cluster] = true
			}
		} else if e, ok := accepting(s.q.Catalog.Entries(), b); ok && e.Type == catalog.DFWSection && has(tags, scopeMarker) {
			id := b.text("id")
			byID[id] = Outside{Ref: catalog.Ref{Type: e.Type, ID: id}, Name: b.text("display_name"), PolicyPath: policyPath}
		}
		return nil
	}
	for _, query := range []string{"tags.scope:" + quote(scopeMarker), typical(s.q.Catalog) + " AND tags.scope:" + quote(scopeCluster)} {
		err := s.search(ctx, nsx.Manager, query, note)
		if s.indexLost(err) {
			err = s.listFlavour(ctx, nsx.Manager, note)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("searching the firewall markers and the clusters of this NSX: %w", err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		markers = append(markers, byID[id])
	}
	return markers, slices.Sorted(maps.Keys(clusters)), nil
}
