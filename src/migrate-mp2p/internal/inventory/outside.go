package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// mostConfirmed is how many outside objects are read one by one to confirm what Search says of them. More than a
// handful of shared objects that are still Manager means that the shared scope was not migrated; nothing is gained by
// confirming each.
const mostConfirmed = 100

// lookedUp is an object found by its id, or none.
type lookedUp struct {
	body body
	err  error
}

// lookUp searches objects of any type by id. An id that NSX does not know has no body. A failure stands under every id.
func (s *source) lookUp(ctx context.Context, ids []string) map[string]lookedUp {
	found := make(map[string]lookedUp, len(ids))
	for _, some := range chunks(ids, perQuery) {
		err := s.search(ctx, nsx.Manager, anyOf("id", some), func(b body) error {
			found[b.text("id")] = lookedUp{body: b.clone()}
			return nil
		})
		for _, id := range some {
			if err != nil {
				found[id] = lookedUp{err: fmt.Errorf("searching objects by id: %w", err)}
			} else if _, ok := found[id]; !ok {
				found[id] = lookedUp{}
			}
		}
	}
	return found
}

// lookOutside reads what the objects of the run refer to and that is not among them: is it Policy?
func (r *retrieval) lookOutside(ctx context.Context) error {
	hints := r.outsideIDs()
	found := r.lookUp(ctx, slices.Sorted(maps.Keys(hints)))
	confirmed := 0
	for _, id := range slices.Sorted(maps.Keys(hints)) {
		if err := found[id].err; err != nil {
			return err
		}
		o := r.describe(hints[id], found[id].body)
		if o.PolicyPath == "" && !o.System && confirmed < mostConfirmed {
			confirmed++
			var err error
			if o, err = r.confirm(ctx, o); err != nil {
				return err
			}
		}
		r.inv.Outside[id] = o
	}
	r.settleParents()
	return nil
}

// outsideIDs collects the ids that are referred to and not ours, with the type that the reference expects.
func (r *retrieval) outsideIDs() map[string]catalog.Ref {
	ours := make(map[string]bool, len(r.objects))
	for ref, o := range r.objects {
		if ref.Type != catalog.IPPoolAllocation && (o.Parent.ID != ref.ID) {
			ours[ref.ID] = true
		}
	}
	hints := map[string]catalog.Ref{}
	note := func(ref catalog.Ref) {
		if ref.ID == "" || ours[ref.ID] {
			return
		}
		if known, ok := hints[ref.ID]; !ok || ref.Type < known.Type {
			hints[ref.ID] = ref
		}
	}
	for _, o := range r.objects {
		if o.PolicyPath != "" {
			continue
		}
		note(o.Parent)
		for _, ref := range o.Refs {
			note(ref.To)
		}
	}
	for _, u := range r.uses { // whoever uses the address, Policy or not
		note(catalog.Ref{Type: catalog.IPPool, ID: u.pool})
	}
	return hints
}

// describe says what an outside object is.
func (r *retrieval) describe(hint catalog.Ref, b body) Outside {
	if b == nil {
		return Outside{Ref: hint, Missing: true}
	}
	_, policyPath := b.tags()
	o := Outside{Ref: hint, Name: b.text("display_name"), PolicyPath: policyPath, System: b.is("_system_owned")}
	if e, ok := accepting(r.q.Catalog.Entries(), b); ok && e.Found == catalog.ByTag {
		o.Ref.Type = e.Type
	}
	return o
}

// confirm reads an outside object itself, since the index may lag behind.
func (r *retrieval) confirm(ctx context.Context, o Outside) (Outside, error) {
	e, _ := r.q.Catalog.Entry(o.Ref.Type)
	if e.PerParent() {
		return o, nil
	}
	b, err := r.get(ctx, e.Item("", o.Ref.ID))
	if err != nil {
		return o, err
	}
	if b == nil {
		o.Missing = true
		return o, nil
	}
	return r.describe(o.Ref, b), nil
}

// settleParents corrects the type of parents that may be of several types: the router of a NAT rule.
func (r *retrieval) settleParents() {
	for _, o := range r.objects {
		if o.Type != catalog.NAT {
			continue
		}
		if outside, ok := r.inv.Outside[o.Parent.ID]; ok {
			o.Parent.Type = outside.Ref.Type
		} else if _, ok := r.objects[catalog.Ref{Type: catalog.Tier0, ID: o.Parent.ID}]; ok {
			o.Parent.Type = catalog.Tier0
		}
	}
}
