package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Known is one object that the run's records know.
type Known struct {
	mp.Ref
	Place
	Hash string // of the body before the run; empty: not compared
}

// CensusQuery says what to count.
type CensusQuery struct {
	Scope   mp.Scope
	Cluster string
	// Platform is that of a Query.
	Platform string
	// Known are the objects of the run. In scope ncp, what goes with the cluster beside them is found, too.
	Known []Known
	// OrphanRoutes are static routes of NCP that may be without a parent, see Inventory.OrphanRoutes; no list shows them.
	OrphanRoutes []string
}

// Count is a number of objects and the first few of them, for people.
type Count struct {
	N     int
	First []string // "TYPE/id (name)", at most 50
}

// named is how many objects a Count names.
const named = 50

func (c *Count) add(ref mp.Ref, name string) {
	text := ref.String()
	if name != "" {
		text += " (" + name + ")"
	}
	c.addText(text)
}

func (c *Count) addText(text string) {
	c.N++
	if len(c.First) < named {
		c.First = append(c.First, text)
	}
}

func (c *Count) merge(other Count) {
	c.N += other.N
	c.First = append(c.First, other.First[:min(len(other.First), named-len(c.First))]...)
}

// Census is what a pass over the lists of every type found. The counts exclude each other, but for Changed, which are
// among Manager. Orphans are among none of the others: they cannot be promoted, so that they say nothing about how far a
// migration is.
type Census struct {
	Manager   Count // known and still, or again, Manager
	Policy    Count // ours and Policy
	Absent    Count // known, but gone
	Undecided Count // known, and NSX does not show what it is
	New       Count // going with this cluster, Manager, and not known
	Changed   Count // known, Manager, and not what it was before the run
	Orphans   Count // NCP's parts of this cluster that stay Manager, since what they belong to goes nowhere
}

func (c *Census) merge(other *Census) {
	c.Manager.merge(other.Manager)
	c.Policy.merge(other.Policy)
	c.Absent.merge(other.Absent)
	c.Undecided.merge(other.Undecided)
	c.New.merge(other.New)
	c.Changed.merge(other.Changed)
	c.Orphans.merge(other.Orphans)
}

// note counts one object. known is nil for one that no record knows.
func (c *Census) note(ref mp.Ref, f Finding, known *Known) {
	switch f.Evidence {
	case catalog.IsPolicy:
		c.Policy.add(ref, f.Name)
	case catalog.IsAbsent:
		c.Absent.add(ref, f.Name)
	case catalog.Undecided:
		c.Undecided.add(ref, f.Name)
	case catalog.IsManager:
		if known == nil {
			c.New.add(ref, f.Name)
			return
		}
		c.Manager.add(ref, f.Name)
		if known.Hash != "" && known.Hash != f.Hash {
			c.Changed.add(ref, f.Name)
		}
	}
}

// TakeCensus reads the lists of every type once and counts. It never uses Search. In scope ncp it finds the objects
// of NCP, and on TKGI those of its nodes, that the records do not know, with two exceptions that no list shows: addresses,
// and NAT rules on Tier-1 routers that have none in the records.
func TakeCensus(ctx context.Context, api API, cat *catalog.Catalog, q CensusQuery) (*Census, error) {
	c := &counting{source: source{api: api, q: Query{Catalog: cat, Cluster: q.Cluster, Platform: q.Platform}}, CensusQuery: q, known: map[mp.Type]map[string]*Known{}}
	for i := range q.Known {
		k := &q.Known[i]
		if c.known[k.Type] == nil {
			c.known[k.Type] = map[string]*Known{}
		}
		c.known[k.Type][k.ID] = k
	}
	var tasks []func(context.Context, *Census) error
	for _, one := range collections(cat) {
		if q.Scope == mp.NCP || slices.ContainsFunc(one.entries, func(e *catalog.Entry) bool { return len(c.known[e.Type]) > 0 }) {
			tasks = append(tasks, func(ctx context.Context, out *Census) error { return c.countList(ctx, one, out) })
		}
	}
	tasks = append(tasks, c.countNAT)
	if q.Scope == mp.NCP {
		tasks = append(tasks, c.countOrphans)
	}
	for _, e := range cat.Entries() {
		if (e.Found != catalog.ByTag) && len(c.known[e.Type]) > 0 {
			tasks = append(tasks, func(ctx context.Context, out *Census) error { return c.countByLooking(ctx, e, out) })
		}
	}
	results := make([]Census, len(tasks))
	parallel := make([]func(context.Context) error, len(tasks))
	for i, task := range tasks {
		parallel[i] = func(ctx context.Context) error { return task(ctx, &results[i]) }
	}
	const atOnce = 4
	if err := inParallel(ctx, atOnce, parallel); err != nil {
		return nil, fmt.Errorf("taking the census of scope %s: %w", q.Scope, err)
	}
	total := &Census{}
	for i := range results {
		total.merge(&results[i])
	}
	return total, nil
}

// counting is one census. Its tasks only read what they share.
type counting struct {
	source
	CensusQuery
	known map[mp.Type]map[string]*Known
}

// countList counts the objects of one list.
func (c *counting) countList(ctx context.Context, one *collection, out *Census) error {
	seen := map[mp.Ref]bool{}
	if _, err := c.list(ctx, one.path, one.params, func(b body) error {
		if e, ok := one.entry(b); ok {
			c.count(e, b, seen, out)
		}
		return nil
	}); err != nil {
		return fmt.Errorf("listing %s: %w", one.path, err)
	}
	for _, e := range one.entries {
		c.countAbsent(e.Type, seen, out)
	}
	return nil
}

// count counts an object that is ours.
func (c *counting) count(e *catalog.Entry, b body, seen map[mp.Ref]bool, out *Census) {
	ref := mp.Ref{Type: e.Type, ID: b.text("id")}
	known := c.known[ref.Type][ref.ID]
	if known == nil {
		tags, _ := b.tags()
		if c.Scope != mp.NCP || !c.whose().ours(tags) {
			return
		}
	}
	if known != nil {
		seen[ref] = true
	}
	out.note(ref, finding(b), known)
}

// countAbsent counts what is known and was not seen.
func (c *counting) countAbsent(t mp.Type, seen map[mp.Ref]bool, out *Census) {
	var absent []string
	for id := range c.known[t] {
		if !seen[mp.Ref{Type: t, ID: id}] {
			absent = append(absent, id)
		}
	}
	slices.Sort(absent)
	for _, id := range absent {
		out.note(mp.Ref{Type: t, ID: id}, Finding{Evidence: catalog.IsAbsent}, nil)
	}
}

// countNAT counts the NAT rules of all Tier-0 routers and of the routers whose rules are known.
func (c *counting) countNAT(ctx context.Context, out *Census) error {
	e, _ := c.q.Catalog.Entry(mp.NAT)
	var routers []string
	for _, k := range c.known[mp.NAT] {
		routers = append(routers, k.Parent)
	}
	if c.Scope == mp.NCP {
		tops, err := tier0s(ctx, &c.source)
		if err != nil {
			return err
		}
		routers = append(routers, tops...)
	}
	slices.Sort(routers)
	seen := map[mp.Ref]bool{}
	for _, router := range slices.Compact(routers) {
		path := e.ListPath(router)
		_, err := c.list(ctx, path, nil, func(b body) error {
			c.count(e, b, seen, out)
			return nil
		})
		if err != nil && !mp.IsKind(err, mp.KindNotFound) {
			return fmt.Errorf("listing %s: %w", path, err)
		}
	}
	c.countAbsent(mp.NAT, seen, out)
	return nil
}

// countOrphans counts what no promotion can take along.
func (c *counting) countOrphans(ctx context.Context, out *Census) error {
	var routes []place
	for _, known := range c.OrphanRoutes {
		router, id, _ := strings.Cut(known, "/")
		routes = append(routes, place{router, id})
	}
	orphans, err := findOrphans(ctx, &c.source, routes)
	for _, o := range orphans {
		out.Orphans.addText(o.String())
	}
	return err
}

// countByLooking counts known entries that no list shows by a tag of their own.
func (c *counting) countByLooking(ctx context.Context, e *catalog.Entry, out *Census) error {
	of := c.known[e.Type]
	refs := make([]mp.Ref, 0, len(of))
	for id := range of {
		refs = append(refs, mp.Ref{Type: e.Type, ID: id})
	}
	found, err := Look(ctx, c.api, c.q.Catalog, refs, func(ref mp.Ref) Place { return of[ref.ID].Place })
	if err != nil {
		return err
	}
	slices.SortFunc(refs, func(x, y mp.Ref) int { return strings.Compare(x.ID, y.ID) })
	for _, ref := range refs {
		out.note(ref, found[ref], of[ref.ID])
	}
	return nil
}
