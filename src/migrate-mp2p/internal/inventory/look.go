package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Finding is what NSX shows of one entry when it is read directly.
type Finding struct {
	Evidence   catalog.Evidence
	PolicyPath string // where NSX says it is, when it is Policy and NSX says so
	Name       string
	Hash       string // of the body of an object that is Manager, see Hash
}

// Place is what must be known of an entry to find it: the Manager id of its parent (NAT rules, allocations) and its Policy
// path: the one that the plan expects (allocations), or for ports and the configuration of routers, for which no plan
// expects one, that of an entry which was Policy when it was found. Records hold what the plan expects.
type Place struct {
	Parent     string
	PolicyPath string
}

// few is the number of objects up to which they are read one by one; more are read by list.
const few = 20

// Look reads what the entries are now, by lists where there are many and by single reads where there are few, never by
// Search. Every ref gets a finding. place tells where an entry lives; it is asked for NAT rules, allocations, and ports and
// configurations of routers that do not show what they are, and may be nil without the first two. What cannot be found out is Undecided; an error means that NSX could not be read.
func Look(ctx context.Context, api API, cat *catalog.Catalog, refs []mp.Ref, place func(mp.Ref) Place) (map[mp.Ref]Finding, error) {
	l := &look{source: source{api: api, q: Query{Catalog: cat}}, place: place, found: make(map[mp.Ref]Finding, len(refs))}
	byType := map[mp.Type][]mp.Ref{}
	for _, ref := range refs {
		l.found[ref] = Finding{}
		byType[ref.Type] = append(byType[ref.Type], ref)
	}
	for _, e := range cat.Entries() {
		of := byType[e.Type]
		if len(of) == 0 {
			continue
		}
		slices.SortFunc(of, func(x, y mp.Ref) int { return strings.Compare(x.ID, y.ID) })
		if err := l.lookAt(ctx, e, slices.Compact(of)); err != nil {
			return nil, fmt.Errorf("looking at %d objects of type %s: %w", len(of), e.Type, err)
		}
	}
	return l.found, nil
}

// look is one call of Look.
type look struct {
	source
	place func(mp.Ref) Place
	found map[mp.Ref]Finding
}

func (l *look) lookAt(ctx context.Context, e *catalog.Entry, refs []mp.Ref) error {
	switch {
	case e.Proof == catalog.RouterParts:
		return l.atRouters(ctx, e, refs)
	case e.Proof == catalog.PolicyChild:
		return l.byPlace(refs, func(pool string, of []mp.Ref) error { return l.atAllocations(ctx, e, pool, of) })
	case e.Proof == catalog.MigratedResources:
		return l.atConfigurations(ctx, e, refs)
	case e.PerParent():
		return l.byPlace(refs, func(parent string, of []mp.Ref) error { return l.atObjects(ctx, e, parent, of) })
	default:
		return l.atObjects(ctx, e, "", refs)
	}
}

// byPlace goes through the parents of refs. Refs without a known parent stay undecided.
func (l *look) byPlace(refs []mp.Ref, visit func(parent string, of []mp.Ref) error) error {
	var parents []string
	byParent := map[string][]mp.Ref{}
	for _, ref := range refs {
		parent := l.placeOf(ref).Parent
		if parent == "" {
			continue
		}
		if byParent[parent] == nil {
			parents = append(parents, parent)
		}
		byParent[parent] = append(byParent[parent], ref)
	}
	slices.Sort(parents)
	for _, parent := range parents {
		if err := visit(parent, byParent[parent]); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) placeOf(ref mp.Ref) Place {
	if l.place == nil {
		return Place{}
	}
	return l.place(ref)
}

// finding is what a Manager object shows by its policyPath tag.
func finding(b body) Finding {
	tags, policyPath := b.tags()
	if policyPath != "" {
		return Finding{Evidence: catalog.IsPolicy, PolicyPath: policyPath, Name: b.text("display_name")}
	}
	return Finding{Evidence: catalog.IsManager, Name: b.text("display_name"), Hash: b.hashWith(tags)}
}

// atObjects reads objects whose own tag proves what they are.
func (l *look) atObjects(ctx context.Context, e *catalog.Entry, parent string, refs []mp.Ref) error {
	if len(refs) <= few {
		for _, ref := range refs {
			b, err := l.get(ctx, e.Item(parent, ref.ID))
			if err != nil {
				return err
			}
			l.found[ref] = Finding{Evidence: catalog.IsAbsent}
			if b != nil {
				l.found[ref] = finding(b)
			}
		}
		return nil
	}
	asked := make(map[string]mp.Ref, len(refs))
	for _, ref := range refs {
		asked[ref.ID] = ref
		l.found[ref] = Finding{Evidence: catalog.IsAbsent}
	}
	_, err := l.list(ctx, e.ListPath(parent), parameters(e), func(b body) error {
		if ref, ok := asked[b.text("id")]; ok {
			l.found[ref] = finding(b)
		}
		return nil
	})
	if mp.IsKind(err, mp.KindNotFound) {
		return nil // the parent is gone, and they with it
	}
	return err
}

// get reads one object; nil when there is none.
func (s *source) get(ctx context.Context, path string) (body, error) {
	var raw json.RawMessage
	err := s.api.Get(ctx, path, &raw)
	if mp.IsKind(err, mp.KindNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return decode(raw, nil)
}

// atAllocations reads addresses of one pool: Policy when the pool's Policy twin holds the address where the plan wanted
// it, else Manager when the Manager's pool does.
func (l *look) atAllocations(ctx context.Context, e *catalog.Entry, pool string, refs []mp.Ref) error {
	hashes := map[string]string{}
	_, err := l.list(ctx, e.ListPath(pool), nil, func(b body) error {
		hashes[b.text("allocation_id")] = b.hash()
		return nil
	})
	if err != nil && !mp.IsKind(err, mp.KindNotFound) {
		return err
	}
	itself, read := "", false
	twins := map[string]map[string]string{} // by Policy pool
	for _, ref := range refs {
		policyPool, _, _ := strings.Cut(l.placeOf(ref).PolicyPath, "/ip-allocations/")
		if policyPool == "" { // no plan says where the pool goes: the pool itself does
			if !read {
				if itself, err = l.policyPathOf(ctx, mp.Ref{Type: mp.IPPool, ID: pool}); err != nil {
					return err
				}
				read = true
			}
			policyPool = itself
		}
		if _, known := twins[policyPool]; !known {
			if twins[policyPool], err = policyAllocations(ctx, &l.source, policyPool); err != nil {
				return err
			}
		}
		f := Finding{Evidence: catalog.IsAbsent, Name: ref.ID, Hash: hashes[ref.ID]}
		if f.Hash != "" {
			f.Evidence = catalog.IsManager
		}
		if p := twins[policyPool][ref.ID]; p != "" {
			f.Evidence, f.PolicyPath = catalog.IsPolicy, p
		}
		l.found[ref] = f
	}
	return nil
}

// policyPathOf reads where an object is in Policy; empty when it is Manager or gone.
func (l *look) policyPathOf(ctx context.Context, ref mp.Ref) (string, error) {
	e, _ := l.q.Catalog.Entry(ref.Type)
	b, err := l.get(ctx, e.Item("", ref.ID))
	if err != nil || b == nil {
		return "", err
	}
	_, policyPath := b.tags()
	return policyPath, nil
}

// atConfigurations reads what became of the routing configuration of Tier-0 routers. It cannot be Policy without its
// router; beyond that only the coordinator's memory tells, and NSX's tag on BGP where it sets one.
func (l *look) atConfigurations(ctx context.Context, e *catalog.Entry, refs []mp.Ref) error {
	for _, ref := range refs {
		router, err := l.get(ctx, e.Item("", ref.ID))
		if err != nil {
			return err
		}
		if router == nil {
			l.found[ref] = Finding{Evidence: catalog.IsAbsent}
			continue
		}
		f := finding(router)
		if f.Evidence == catalog.IsPolicy {
			if f.Evidence, err = l.remembered(ctx, ref, mp.Tier0); err != nil {
				return err
			}
		}
		if f.Evidence == catalog.Undecided {
			bgp, err := l.get(ctx, e.Item("", ref.ID)+"/routing/bgp")
			if err != nil {
				return err
			}
			if _, policyPath := bgp.tags(); policyPath != "" {
				f.Evidence = catalog.IsPolicy
			}
		}
		l.found[ref] = l.orAsFound(ref, f)
	}
	return nil
}

// orAsFound lets an entry count as Policy that was Policy when it was found, where NSX does not show any more what it is.
func (l *look) orAsFound(ref mp.Ref, f Finding) Finding {
	if f.Evidence == catalog.Undecided {
		if path := l.placeOf(ref).PolicyPath; path != "" {
			f.Evidence, f.PolicyPath = catalog.IsPolicy, path
		}
	}
	return f
}

// remembered asks the coordinator whether it migrated an entry. Its silence means something only when it answered, and
// remembers the router that the entry belongs to. A coordinator that does not run, or seems so for a moment, tells nothing.
func (l *look) remembered(ctx context.Context, ref mp.Ref, router mp.Type) (catalog.Evidence, error) {
	known := func(t mp.Type) (listed, answered bool, err error) {
		err = l.api.MigratedResources(ctx, string(t), ref.ID, func(m mp.MigratedResource) error {
			listed = listed || m.ResourceID == ref.ID && m.ResourceType == string(t)
			return nil
		})
		if mp.IsKind(err, mp.KindCoordinatorDown) {
			return false, false, nil
		}
		if err != nil {
			return false, false, fmt.Errorf("asking the coordinator about %s: %w", ref, err)
		}
		return listed, true, nil
	}
	itself, answered, err := known(ref.Type)
	switch {
	case err != nil || !answered:
		return catalog.Undecided, err
	case itself:
		return catalog.IsPolicy, nil
	}
	if parent, _, err := known(router); err != nil || !parent {
		return catalog.Undecided, err
	}
	return catalog.IsManager, nil
}
