package manager

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// write is one Manager object on its way into the store.
type write struct {
	s   *API
	tx  *store.Tx
	r   *api.Request
	key string
	// fields is the body, which completions may change.
	fields map[string]any
	// old is what is replaced; nil when the object is new.
	old *store.Object
}

// create stores a new Manager object from a client's body.
func (s *API) create(tx *store.Tx, k Kind, collection string, fields map[string]any, r *api.Request) (*store.Object, error) {
	if store.Text(fields["resource_type"]) == "" && k.types[0] != "" {
		fields["resource_type"] = k.types[0]
	}
	id := store.Text(fields["id"])
	switch {
	case strings.Contains(id, "/"):
		return nil, api.InvalidField("id", "%q would lead to another object", id)
	case id == "" && k.numbered:
		id = tx.NewNumber()
	case id == "":
		id = tx.NewID()
	}
	fields["id"] = id
	if store.Text(fields["display_name"]) == "" {
		fields["display_name"] = id
	}
	w := &write{s: s, tx: tx, r: r, key: collection + "/" + id, fields: fields}
	if err := s.check(k, w); err != nil {
		return nil, err
	}
	fields["_system_owned"] = false
	fields["_protection"] = "NOT_PROTECTED"
	o, err := tx.Manager().Create(w.key, fields, r.Author(s.clock.Now()))
	if errors.Is(err, store.ErrExists) {
		return nil, &api.Error{
			Status: http.StatusConflict, Code: 202, Module: api.ModuleCommon, Message: "An object with the id " + id + " exists already.",
		}
	}
	if err == nil && k.written != nil {
		err = k.written(w)
	}
	return o, err
}

// replace stores a client's whole new body of an object.
func (s *API) replace(tx *store.Tx, k Kind, old *store.Object, fields map[string]any, r *api.Request) (*store.Object, error) {
	if err := api.MayWrite(r, old, s.accounts.Local); err != nil {
		return nil, err
	}
	if store.Text(fields["resource_type"]) == "" && old.ResourceType != "" {
		fields["resource_type"] = old.ResourceType
	}
	fields["id"] = old.ID
	if store.Text(fields["display_name"]) == "" {
		fields["display_name"] = old.ID
	}
	w := &write{s: s, tx: tx, r: r, key: old.Key, fields: fields, old: old}
	if err := s.check(k, w); err != nil {
		return nil, err
	}
	o, err := tx.Manager().Replace(old.Key, fields, r.Author(s.clock.Now()))
	if errors.Is(err, store.ErrStale) {
		return nil, api.StaleRevision(old.ResourceType, old.ID)
	}
	if err == nil && k.written != nil {
		err = k.written(w)
	}
	return o, err
}

// check refuses bodies that NSX refuses, and completes those that it completes.
func (s *API) check(k Kind, w *write) error {
	kind := store.Text(w.fields["resource_type"])
	switch {
	case !slices.Contains(k.types, kind):
		return api.InvalidField("resource_type", "%q is none of %s", kind, strings.Join(k.types, ", "))
	case w.old != nil && w.old.ResourceType != "" && w.old.ResourceType != kind:
		return api.InvalidField("resource_type", "%q is not %s, which the object is", kind, w.old.ResourceType)
	}
	if err := api.CheckTags(w.fields); err != nil {
		return err
	}
	if err := schema.CheckManager(kind, w.fields); err != nil {
		return err
	}
	if err := w.references(); err != nil {
		return err
	}
	for _, name := range []string{"_self", "_links", "_schema"} {
		delete(w.fields, name)
	}
	if k.complete != nil {
		return k.complete(w)
	}
	return nil
}

// references refuses a body that names an object that does not exist and that the stored body does not name.
func (w *write) references() error {
	known := map[string]bool{}
	if w.old != nil {
		before, err := w.old.Fields()
		if err != nil {
			return err
		}
		for _, r := range references.Of(w.key, before) {
			known[strings.Join(r.Keys, " ")] = true
		}
	}
	for _, r := range references.Of(w.key, w.fields) {
		exists := known[strings.Join(r.Keys, " ")] || slices.ContainsFunc(r.Keys, func(key string) bool {
			_, found := w.tx.Manager().Get(key)
			return found
		})
		if !exists {
			refused := api.NotFound(r.ID)
			refused.Details = fmt.Sprintf("%s of %s names it.", r.Field, w.key)
			return refused
		}
	}
	return nil
}

// keep sets read-only fields to what is stored, or to what a new object begins with.
func (w *write) keep(fresh map[string]any) error {
	before := map[string]any{}
	if w.old != nil {
		var err error
		if before, err = w.old.Fields(); err != nil {
			return err
		}
	}
	for name, value := range fresh {
		if was, set := before[name]; set {
			value = was
		}
		w.fields[name] = value
	}
	return nil
}
