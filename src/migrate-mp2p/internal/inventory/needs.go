package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// scopeMarker is the tag scope of the administrator's firewall sections between which NCP puts its own (TKGI docs).
const scopeMarker = "ncp/fw_sect_marker"

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
	Keys  []string // of TKGI's configuration, which name it
	// Others are other clusters that use it, as far as their routers, switches, subnets, NAT rules, virtual servers and
	// firewall sections tell.
	Others []string
}

// deepestNeed bounds how often what is needed is asked for what it needs in turn: a Tier-1 needs a Tier-0, a virtual
// server a profile, that a certificate. NSX's objects refer to each other over fewer steps than that.
const deepestNeed = 10

// Infer finds what has to be Policy before NCP's objects of a cluster are migrated: what they refer to, and on TKGI what the
// network of the nodes refers to, what the configuration names, and what those objects need in turn. It writes nothing. What
// the configuration names and NSX lacks, or no user spec may list, is an error that names the key.
func Infer(ctx context.Context, api API, q Query, configured []Configured) (*Needs, error) {
	q.Scope, q.Spec = mp.NCP, nil
	n := gathering{q: q, found: map[string]Outside{}, keys: map[string][]string{}, ours: map[string]bool{}}
	var err error
	if n.own, err = Retrieve(ctx, api, q); err != nil {
		return nil, err
	}
	n.q.Scope = mp.Shared
	if err := n.configure(ctx, api, configured); err != nil {
		return nil, err
	}
	for range deepestNeed {
		if !n.gather() {
			return n.surroundings(ctx, api)
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
	own    *Inventory // of the cluster
	shared *Inventory // of what was found to be needed; nil in the first round
	found  map[string]Outside
	keys   map[string][]string // of TKGI's configuration, by what they name
	ours   map[string]bool     // ids that the cluster's own objects have
}

func (n *gathering) inventories() []*Inventory {
	if n.shared == nil {
		return []*Inventory{n.own}
	}
	return []*Inventory{n.own, n.shared}
}

// gather takes up what is outside and new, and tells whether there was any. A pool out of which an address may have come that
// it did not give out is looked at, too, and nothing refers to it.
func (n *gathering) gather() bool {
	for _, o := range slices.Concat(n.own.Objects, n.own.Policy) {
		n.ours[o.ID] = true
	}
	before := len(n.found)
	if n.shared == nil {
		before = 0 // what is configured is new
	}
	for _, inv := range n.inventories() {
		for _, o := range inv.Objects {
			for id := range o.refersTo() {
				outside, is := inv.Outside[id]
				if _, known := n.found[id]; is && !known && !n.ours[id] {
					n.found[id] = outside
				}
			}
		}
	}
	return len(n.found) > before
}

// refersTo gives the ids that an object names, each with the fields in which it does.
func (o *Object) refersTo() map[string][]string {
	fields := map[string][]string{}
	if o.Parent.ID != "" {
		fields[o.Parent.ID] = append(fields[o.Parent.ID], "parent")
	}
	for _, ref := range o.Refs {
		fields[ref.To.ID] = append(fields[ref.To.ID], ref.Field)
	}
	return fields
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
		byID[id] = &Need{Outside: o, Keys: n.keys[id]}
	}
	for _, inv := range n.inventories() {
		going := map[mp.Ref]bool{}
		for _, o := range inv.Objects {
			going[o.Ref] = true
		}
		for _, o := range inv.Objects {
			for id, by := range o.refersTo() {
				if id == o.Parent.ID && going[o.Parent] {
					continue // a part of it, such as a router's uplink
				}
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
	order := map[mp.Type]int{}
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

// surroundings says beside the needs between which markers NCP puts its sections, and which other clusters there are on this
// NSX and use the same.
func (n *gathering) surroundings(ctx context.Context, api API) (*Needs, error) {
	needs := &Needs{Cluster: n.q.Cluster, Objects: n.needs()}
	r := newRetrieval(api, n.q)
	clusters, users, markers := map[string]bool{}, map[string]map[string]bool{}, map[string]Outside{}
	note := func(b body) error {
		tags, policyPath := b.tags()
		e, ok := accepting(n.q.Catalog.Entries(), b)
		switch cluster := r.whose().goesWith(tags); {
		case cluster == n.q.Cluster || !ok && cluster == "":
		case cluster != "":
			clusters[cluster] = true
			if !ok {
				return nil
			}
			for id := range r.object(e, b).refersTo() {
				if _, needed := n.found[id]; needed && users[id] == nil {
					users[id] = map[string]bool{cluster: true}
				} else if needed {
					users[id][cluster] = true
				}
			}
		case e.Type == mp.DFWSection && has(tags, scopeMarker):
			id := b.text("id")
			if _, needed := n.found[id]; !needed {
				markers[id] = Outside{Ref: mp.Ref{Type: e.Type, ID: id}, Name: b.text("display_name"), PolicyPath: policyPath}
			}
		}
		return nil
	}
	for _, query := range []string{"tags.scope:" + mp.Quote(scopeMarker), revealing(n.q.Catalog) + " AND tags.scope:" + mp.Quote(scopeCluster)} {
		err := r.search(ctx, mp.Manager, query, note)
		if r.indexLost(err) {
			err = r.listFlavour(ctx, mp.Manager, note)
		}
		if err != nil {
			return nil, fmt.Errorf("searching the firewall markers and the clusters of this NSX: %w", err)
		}
	}
	for i := range needs.Objects {
		needs.Objects[i].Others = slices.Sorted(maps.Keys(users[needs.Objects[i].Ref.ID]))
	}
	for _, id := range slices.Sorted(maps.Keys(markers)) {
		needs.Markers = append(needs.Markers, markers[id])
	}
	needs.Others = slices.Sorted(maps.Keys(clusters))
	return needs, nil
}

// revealing are the types of a cluster's objects that tell which shared ones it uses. They are not its ports, groups and IP
// sets, of which there are by far the most.
func revealing(cat *catalog.Catalog) string {
	var entries []*catalog.Entry
	for _, t := range []mp.Type{
		mp.Tier1, mp.LogicalSwitch, mp.DFWSection, mp.IPBlockSubnet, mp.NAT, mp.LBVirtualServer,
	} {
		e, _ := cat.Entry(t)
		entries = append(entries, e)
	}
	return mp.OfTypes(managerTypes(entries))
}
