package policy

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// change is one object of the Policy tree that a request writes, deletes or only steps through.
type change struct {
	verb   verb
	path   string
	kind   Kind
	fields map[string]any
	// embedded objects stand in the body of the object above, whose _revision stands for theirs (ASSUMED).
	embedded bool
}

// verb is what happens to the object of a change; changes are carried out in the order of their verbs.
type verb int

const (
	// writeObject creates or updates it.
	writeObject verb = iota
	// passObject is a ChildResourceReference: the object must exist when all is written.
	passObject
	// removeObject deletes it.
	removeObject
)

// manners are how a request wants its objects to be written.
type manners struct {
	// revision demands the current _revision (PUT, or enforce_revision_check).
	revision bool
	// patches is true for a PATCH, which may be a partial one: then merges keeps what the body does not name.
	patches, merges bool
	// replaces removes the embedded children that a body does not hold (PUT, NSX Go SDK).
	replaces bool
}

func (s *API) putPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	return s.writeOne(r, manners{revision: true, replaces: true}, true)
}

func (s *API) patchPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	how, bad := patchManners(r)
	if bad != nil {
		return nil, bad
	}
	return s.writeOne(r, how, false)
}

// patchManners are those of a PATCH, at the top or of one object.
func patchManners(r *api.Request) (manners, *api.Error) {
	revision, bad := api.Boolean(revisionCheck, r.Query.Get(revisionCheck))
	return manners{revision: revision, patches: true}, bad
}

// revisionCheck is the parameter that makes a PATCH look at _revision.
const revisionCheck = "enforce_revision_check"

// writeOne carries out a PUT (which answers with the object) or a PATCH (which does not) of the request's path.
func (s *API) writeOne(r *api.Request, how manners, answers bool) (*api.Response, error) {
	fields, bad := api.DecodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	path := policyKey(r)
	kind, _ := s.tree.Object(path)
	changes, err := s.unfold(change{path: path, kind: kind, fields: fields})
	if err != nil {
		return nil, err
	}
	response := &api.Response{}
	err = s.store.Update(func(tx *store.Tx) error {
		if err := s.apply(tx, r, changes, how); err != nil || !answers {
			return err
		}
		body, err := s.read(tx, r, path)
		response.Body = body
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func (s *API) deletePolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	path := policyKey(r)
	kind, _ := s.tree.Object(path)
	err := s.store.Update(func(tx *store.Tx) error {
		return s.apply(tx, r, []change{{verb: removeObject, path: path, kind: kind}}, manners{})
	})
	if err != nil {
		return nil, err
	}
	return api.Empty()
}

// apply carries out changes in whatever order they need: what lies above before what lies below, deletions last. What
// the new bodies refer to, and what refers to deleted objects, is looked at when all is done, so that one request may
// bring both ends of a reference.
func (s *API) apply(tx *store.Tx, r *api.Request, changes []change, how manners) error {
	if how.patches {
		var err error
		if how.merges, err = s.merges(tx, r); err != nil {
			return err
		}
	}
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.verb, b.verb), cmp.Compare(strings.Count(a.path, "/"), strings.Count(b.path, "/")))
	})
	for _, c := range changes {
		if err := s.carryOut(tx, r, c, how); err != nil {
			return err
		}
	}
	if how.replaces {
		if err := s.removeOthers(tx, changes); err != nil {
			return err
		}
	}
	if err := s.checkReferences(tx, changes); err != nil {
		return err
	}
	if err := s.checkUnused(tx, changes); err != nil {
		return err
	}
	return s.allocate(tx, changes)
}

func (s *API) carryOut(tx *store.Tx, r *api.Request, c change, how manners) error {
	switch {
	case c.verb == removeObject:
		return s.remove(tx, r, c.path)
	case c.verb == writeObject:
		return s.write(tx, r, c, how)
	case !s.exists(tx, c.path):
		return errPath(c.path)
	}
	return nil
}

// write creates or updates one Policy object.
func (s *API) write(tx *store.Tx, r *api.Request, c change, how manners) error {
	if parent := c.kind.Parent(c.path); !s.exists(tx, parent) {
		return errPath(parent)
	}
	old, found := tx.Policy().Get(c.path)
	fields := maps.Clone(c.fields)
	delete(fields, "marked_for_delete")
	var before map[string]any
	if found {
		var err error
		if before, err = s.overwritable(r, old); err != nil {
			return err
		}
	}
	if err := shapeTrust(c, fields, before, how.merges); err != nil {
		return err
	}
	if found {
		inherit(fields, before, how.merges)
	}
	if err := s.checkBody(c, fields); err != nil {
		return err
	}
	if found && how.revision && !c.embedded && store.Text(c.fields["_revision"]) != strconv.FormatInt(old.Revision, 10) {
		return api.StaleRevision(old.ResourceType, old.ID)
	}
	c.kind.Complete(fields, c.path)
	author := r.Author(s.clock.Now())
	if found {
		_, err := tx.Policy().Overwrite(c.path, fields, author)
		return err
	}
	if !c.kind.Single() {
		if err := s.fitID(api.LastOf(c.path)); err != nil {
			return err
		}
	}
	id := tx.NewID()
	fields["unique_id"], fields["realization_id"] = id, id
	fields["_system_owned"] = false
	fields["_protection"] = "NOT_PROTECTED"
	_, err := tx.Policy().Create(c.path, fields, author)
	return err
}

// overwritable gives the body of an object that the caller may write.
func (s *API) overwritable(r *api.Request, o *store.Object) (map[string]any, error) {
	if o.Marked {
		return nil, errPending(o.Key)
	}
	if err := api.MayWrite(r, o, s.local); err != nil {
		return nil, err
	}
	return o.Fields()
}

// inherit copies to a new body what stays as the stored body has it: what NSX itself sets, the name unless the body has
// one, and everything else that the body does not name if the request is one that merges.
func inherit(fields, before map[string]any, merges bool) {
	for _, fixed := range []string{"unique_id", "realization_id", "owner_id", "origin_site_id", "remote_path", "overridden"} {
		if value, had := before[fixed]; had {
			fields[fixed] = value
		}
	}
	if merges {
		merge(fields, before)
		return
	}
	name, named := before["display_name"]
	if _, given := fields["display_name"]; named && !given {
		fields["display_name"] = name
	}
}

// remove deletes one object; checkUnused deletes its parts.
func (s *API) remove(tx *store.Tx, r *api.Request, path string) error {
	o, found := intent(tx, path)
	if !found {
		return api.NotFound(path)
	}
	if err := api.MayWrite(r, o, s.local); err != nil {
		return err
	}
	if err := mayRemoveShadow(tx, o); err != nil {
		return err
	}
	return s.discard(tx, path)
}

// removeOthers deletes the embedded children of written objects that the request did not bring.
func (s *API) removeOthers(tx *store.Tx, changes []change) error {
	brought := map[string]bool{}
	for _, c := range changes {
		brought[c.path] = true
	}
	for _, c := range changes {
		if c.verb != writeObject || c.kind.Embeds == "" {
			continue
		}
		for _, other := range unmarked(tx.Policy().List(c.kind.Embedded(c.path))) {
			if brought[other.Key] {
				continue
			}
			if err := s.discard(tx, other.Key); err != nil {
				return err
			}
		}
	}
	return nil
}
