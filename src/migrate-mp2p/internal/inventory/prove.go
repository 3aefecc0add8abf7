package inventory

import (
	"context"
	"fmt"
	"net/url"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// The search index may show an object as it was before a migration or before its rollback: then objects are skipped as
// Policy that are Manager, or sent a second time. Whatever Search shows is therefore proved by lists before it is
// planned: in both directions where the list is not much longer than what is ours, and otherwise for all that is going
// to be skipped.
const (
	// shortList is how many objects a list may have to be read in any case: ten pages.
	shortList = 10_000
	// longer is how many times as long as what Search found a list may be.
	longer = 4
)

// claim is what Search says of the objects of one list.
type claim struct {
	objects map[mp.Ref]*Object
	skipped int // how many of them are Policy
}

func (c *claim) note(ref mp.Ref, o *Object) {
	if c.objects == nil {
		c.objects = map[mp.Ref]*Object{}
	}
	c.objects[ref] = o
	if o.PolicyPath != "" {
		c.skipped++
	}
}

// claims are the objects of some types that were found so far.
func (r *retrieval) claims(of func(mp.Type) bool) *claim {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := &claim{}
	for ref, o := range r.objects {
		if of(ref.Type) {
			found.note(ref, o)
		}
	}
	return found
}

// prove compares what Search has shown of a collection, whose list has so many objects, with the objects themselves.
func (r *retrieval) prove(ctx context.Context, c *collection, listed int, take visitor) error {
	found := r.claims(c.holds)
	if listed > max(shortList, longer*len(found.objects)) {
		behind, err := r.anyManager(ctx, found)
		if err != nil {
			return fmt.Errorf("proving that objects of %s are Policy: %w", c.path, err)
		}
		if !behind {
			return nil
		}
	}
	return r.relist(ctx, c.path, c.params, found, take)
}

// anyManager tells whether something that is going to be skipped as Policy is not.
func (r *retrieval) anyManager(ctx context.Context, found *claim) (bool, error) {
	var refs []mp.Ref
	for ref, o := range found.objects {
		if o.PolicyPath != "" {
			refs = append(refs, ref)
		}
	}
	shown, err := Look(ctx, r.api, r.q.Catalog, refs, nil)
	if err != nil {
		return false, err
	}
	for _, f := range shown {
		if f.Evidence != catalog.IsPolicy {
			return true, nil
		}
	}
	return false, nil
}

// relist reads a list anew and lets it replace what Search has shown of it.
func (r *retrieval) relist(ctx context.Context, path string, params url.Values, found *claim, take visitor) error {
	r.mu.Lock()
	for ref := range found.objects {
		delete(r.objects, ref)
		delete(r.uses, ref)
	}
	r.mu.Unlock()
	if _, err := r.list(ctx, path, params, take); err != nil {
		return fmt.Errorf("listing %s: %w", path, err)
	}
	if n := r.changed(found); n > 0 {
		r.waiting("the search index is behind: %d objects of %s are not what it shows; the list has the last word", n, path)
	}
	return nil
}

// changed counts the objects that are gone, or not what they were found as.
func (r *retrieval) changed(found *claim) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for ref, before := range found.objects {
		if now := r.objects[ref]; now == nil || now.PolicyPath != before.PolicyPath || now.Hash != before.Hash {
			n++
		}
	}
	return n
}
