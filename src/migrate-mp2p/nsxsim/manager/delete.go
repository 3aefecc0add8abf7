package manager

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// removal is one Manager object on its way out.
type removal struct {
	s      *API
	tx     *store.Tx
	r      *api.Request
	target *store.Object
	// force is true when the client insists, with the kind's own parameter.
	force bool
}

func (s *API) delete(k Kind) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		err := s.store.Update(func(tx *store.Tx) error {
			target, found := tx.Manager().Get(storeKey(r.Path))
			if !found {
				return api.NotFound(api.LastOf(r.Path))
			}
			d := &removal{s: s, tx: tx, r: r, target: target}
			if k.force != "" {
				var bad *api.Error
				if d.force, bad = api.Boolean(k.force, r.Query.Get(k.force)); bad != nil {
					return bad
				}
			}
			return d.remove(k)
		})
		if err != nil {
			return nil, err
		}
		return api.Empty()
	}
}

// remove deletes the target with what is below it, or says why not.
func (d *removal) remove(k Kind) error {
	if err := api.MayWrite(d.r, d.target, d.s.accounts.Local); err != nil {
		return err
	}
	if k.removing != nil {
		if err := k.removing(d); err != nil {
			return err
		}
	}
	referrers, err := d.referrers()
	if err != nil {
		return err
	}
	if len(referrers) > 0 && !d.force {
		return inUse(d.target, referrers)
	}
	for _, o := range referrers {
		if err := d.invalidate(o.Key); err != nil {
			return err
		}
	}
	if k.parent {
		for _, below := range d.tx.Manager().Under(d.target.Key) {
			if err := d.tx.Manager().Delete(below.Key); err != nil {
				return err
			}
		}
	}
	if err := d.tx.Manager().Delete(d.target.Key); err != nil {
		return err
	}
	if k.removed != nil {
		return k.removed(d)
	}
	return nil
}

// also deletes another object, if it is there, under the same conditions.
func (d *removal) also(key string, force bool) error {
	o, found := d.tx.Manager().Get(key)
	if !found {
		return nil
	}
	other := &removal{s: d.s, tx: d.tx, r: d.r, target: o, force: force}
	return other.remove(d.s.kinds[references.Pattern(key)])
}

// option reads a parameter of the deletion that is true or false.
func (d *removal) option(name string) (bool, error) {
	value, bad := api.Boolean(name, d.r.Query.Get(name))
	if bad != nil {
		return false, bad
	}
	return value, nil
}

// namedReferrers is how many referrers an error lists.
const namedReferrers = 10

// inUse is NSX's answer to the deletion of an object that others need.
func inUse(target *store.Object, referrers []*store.Object) error {
	var names []string
	for _, o := range referrers[:min(len(referrers), namedReferrers)] {
		names = append(names, o.ResourceType+"/"+o.ID)
	}
	return errInUse(target, "it is referenced by %d other objects [%s]", len(referrers), strings.Join(names, ", "))
}

func errInUse(target *store.Object, why string, args ...any) error {
	return api.BadRequest(500030, api.ModuleCommon, "The object %s/%s cannot be deleted: %s.", target.ResourceType, target.ID, fmt.Sprintf(why, args...))
}

// referrers are the objects that need the target; those below it go with it.
func (d *removal) referrers() ([]*store.Object, error) {
	var found []*store.Object
	for _, pattern := range references.Referring(references.Pattern(d.target.Key)) {
		for _, o := range d.s.ObjectsOf(d.tx, pattern) {
			if o.Key == d.target.Key || strings.HasPrefix(o.Key, d.target.Key+"/") || !bytes.Contains(o.Body, []byte(d.target.ID)) {
				continue
			}
			body, err := o.Fields()
			if err != nil {
				return nil, err
			}
			if slices.ContainsFunc(references.Of(o.Key, body), func(r references.Reference) bool {
				return !r.Back && slices.Contains(r.Keys, d.target.Key)
			}) {
				found = append(found, o)
			}
		}
	}
	return found, nil
}

// ObjectsOf are all objects of a collection, given as package references writes it.
func (s *API) ObjectsOf(tx *store.Tx, pattern string) []*store.Object {
	if !strings.Contains(pattern, "{") {
		if o, single := tx.Manager().Get(pattern); single {
			return []*store.Object{o}
		}
		return tx.Manager().List(pattern)
	}
	var all []*store.Object
	for _, kind := range s.kinds[pattern].types {
		for _, o := range tx.Manager().ByType(kind) {
			if references.Pattern(o.Key) == pattern {
				all = append(all, o)
			}
		}
	}
	return all
}

// invalidate marks an object's references to the target as broken (NSX Go SDK: is_valid of ResourceReference).
func (d *removal) invalidate(key string) error {
	_, err := d.tx.Manager().Mutate(key, func(fields map[string]any) error {
		markInvalid(fields, d.target.ID)
		return nil
	})
	return err
}

func markInvalid(value any, id string) {
	switch v := value.(type) {
	case []any:
		for _, element := range v {
			markInvalid(element, id)
		}
	case map[string]any:
		if store.Text(v["target_id"]) == id {
			v["is_valid"] = false
		}
		for _, inner := range v {
			markInvalid(inner, id)
		}
	}
}
