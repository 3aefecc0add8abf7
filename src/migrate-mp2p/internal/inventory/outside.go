package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// mostConfirmed is how many outside objects that Search does not know are read one by one. More than a handful means
// that the index is far behind; nothing is gained by confirming each.
const mostConfirmed = 100

// lookedUp is an object found by its id, or none.
type lookedUp struct {
	body body
	err  error
}

// lookUp searches objects of any type by id. An id that NSX does not know has no body. A failure stands under every id.
// Without a search index each is read as the type that it is taken for.
func (s *source) lookUp(ctx context.Context, ids []string, taken func(id string) mp.Type) map[string]lookedUp {
	found := make(map[string]lookedUp, len(ids))
	for _, some := range chunks(ids, perQuery) {
		err := s.search(ctx, mp.Manager, mp.AnyOf("id", some), func(b body) error {
			found[b.text("id")] = lookedUp{body: b.clone()}
			return nil
		})
		lost := s.indexLost(err)
		for _, id := range some {
			if lost {
				found[id] = s.readAs(ctx, taken(id), id)
			} else if err != nil {
				found[id] = lookedUp{err: fmt.Errorf("searching objects by id: %w", err)}
			} else if _, ok := found[id]; !ok {
				found[id] = lookedUp{}
			}
		}
	}
	return found
}

// readAs reads one object as one of that type. What lies below a parent cannot be read by its id alone.
func (s *source) readAs(ctx context.Context, t mp.Type, id string) lookedUp {
	e, known := s.q.Catalog.Entry(t)
	if !known || e.PerParent() {
		return lookedUp{}
	}
	b, err := s.get(ctx, e.Item("", id))
	return lookedUp{body: b, err: err}
}

// lookOutside reads what the objects of the run refer to and that is not among them: is it Policy?
func (r *retrieval) lookOutside(ctx context.Context) error {
	hints := r.outsideIDs()
	found := r.lookUp(ctx, slices.Sorted(maps.Keys(hints)), func(id string) mp.Type { return hints[id].Type })
	confirmed := 0
	for _, id := range slices.Sorted(maps.Keys(hints)) {
		if err := found[id].err; err != nil {
			return err
		}
		o := r.describe(hints[id], found[id].body)
		if o.Missing && confirmed < mostConfirmed {
			confirmed++
			var err error
			if o, err = r.confirm(ctx, o); err != nil {
				return err
			}
		}
		r.inv.Outside[id] = o
	}
	if err := r.proveOutside(ctx); err != nil {
		return err
	}
	r.settleParents()
	return nil
}

// proveOutside reads by lists, or one by one where they are few, whether the outside objects are what Search shows. What
// stands below a parent of its own is left out; those who refer to it are found out by NSX.
func (r *retrieval) proveOutside(ctx context.Context) error {
	var refs []mp.Ref
	for _, o := range r.inv.Outside {
		if e, ok := r.q.Catalog.Entry(o.Ref.Type); ok && e.Found == catalog.ByTag && !e.PerParent() && !o.System && !o.Missing {
			refs = append(refs, o.Ref)
		}
	}
	shown, err := Look(ctx, r.api, r.q.Catalog, refs, nil)
	if err != nil {
		return err
	}
	for ref, f := range shown {
		o := r.inv.Outside[ref.ID]
		o.PolicyPath, o.Missing = f.PolicyPath, f.Evidence == catalog.IsAbsent
		r.inv.Outside[ref.ID] = o
	}
	return nil
}

// outsideIDs collects the ids that are referred to and not ours, with the type that the reference expects.
func (r *retrieval) outsideIDs() map[string]mp.Ref {
	ours := make(map[string]bool, len(r.objects))
	for ref, o := range r.objects {
		if ref.Type != mp.IPPoolAllocation && (o.Parent.ID != ref.ID) {
			ours[ref.ID] = true
		}
	}
	hints := map[string]mp.Ref{}
	note := func(ref mp.Ref) {
		if ref.ID == "" || ours[ref.ID] {
			return
		}
		if known, ok := hints[ref.ID]; !ok || ref.Type < known.Type {
			hints[ref.ID] = ref
		}
	}
	for _, o := range r.objects {
		if o.PolicyPath != "" && !r.q.Whole {
			continue
		}
		note(o.Parent)
		for _, ref := range o.Refs {
			note(ref.To)
		}
	}
	for _, uses := range r.uses { // whoever uses the address, Policy or not
		for _, u := range uses {
			note(mp.Ref{Type: mp.IPPool, ID: u.pool})
		}
	}
	return hints
}

// describe says what an outside object is.
func (r *retrieval) describe(hint mp.Ref, b body) Outside {
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
		if o.Type != mp.NAT {
			continue
		}
		if outside, ok := r.inv.Outside[o.Parent.ID]; ok {
			o.Parent.Type = outside.Ref.Type
		} else if _, ok := r.objects[mp.Ref{Type: mp.Tier0, ID: o.Parent.ID}]; ok {
			o.Parent.Type = mp.Tier0
		}
	}
}
