package nsxsim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// apiPrefix stands before every Manager path.
const apiPrefix = "/api/v1/"

// managerRoutes are the logical objects of the Manager API. NSX 9 has only those that stay.
func (s *Server) managerRoutes() []api.Route {
	var routes []api.Route
	for _, k := range managerKinds() {
		if s.version.AtLeast(9, 0) && !k.stays {
			continue
		}
		routes = append(routes, s.kindRoutes(k)...)
	}
	if !s.version.AtLeast(9, 0) {
		routes = append(routes, s.sectionRoutes()...)
		routes = append(routes, s.allocationRoutes()...)
	}
	return routes
}

func (s *Server) kindRoutes(k managerKind) []api.Route {
	list, one := apiPrefix+k.collection, apiPrefix+k.collection+"/{id}"
	route := func(method, pattern string, handle api.Handler, notes ...string) api.Route {
		all := slices.Concat(k.notes, notes)
		extent := api.Full
		if len(all) > 0 {
			extent = api.Partial
		}
		return api.Route{Method: method, Pattern: pattern, Extent: extent, Notes: all, Handle: handle}
	}
	if k.single {
		return []api.Route{route("GET", list, s.getManager), route("PUT", list, s.putManager)}
	}
	routes := []api.Route{route("GET", list, s.listManager(k)), route("GET", one, s.getManager)}
	if !k.readOnly {
		routes = append(routes,
			route("POST", list, s.postManager(k), referencesNote),
			route("PUT", one, s.putManager, referencesNote),
			route("DELETE", one, s.deleteManager, referencesNote),
		)
	}
	return routes
}

const referencesNote = "neither references between objects nor required fields are checked"

// managerKey is the store's key for a Manager path.
func managerKey(path string) string { return strings.Trim(strings.TrimPrefix(path, apiPrefix), "/") }

func (s *Server) listManager(k managerKind) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		var list listing
		err := s.store.View(func(tx *store.Tx) (err error) {
			collection := managerKey(r.Path)
			if err := parentExists(tx, k.collection, collection); err != nil {
				return err
			}
			list, err = s.lists.fetch(tx, listName(r), func() (listing, error) {
				objects, err := k.filter(tx.Manager().List(collection), r)
				if err != nil {
					return listing{}, err
				}
				if k.ordered {
					sortBy(objects, "priority")
					return arrange(objects, r.Query, "priority"), nil
				}
				return arrange(objects, r.Query, "id"), nil
			})
			return err
		})
		if err != nil {
			return nil, err
		}
		return list.page(r.Query)
	}
}

// parentExists refuses lists and creations below an object that does not exist.
func parentExists(tx *store.Tx, pattern, collection string) error {
	at := strings.LastIndexByte(pattern, '}')
	if at < 0 {
		return nil
	}
	depth := strings.Count(pattern[:at], "/") + 1
	parent := strings.Join(strings.SplitN(collection, "/", depth+1)[:depth], "/")
	if _, found := tx.Manager().Get(parent); !found {
		return api.NotFound(parent[strings.LastIndexByte(parent, '/')+1:])
	}
	return nil
}

// filter applies the list's parameters.
func (k managerKind) filter(objects []*store.Object, r *api.Request) ([]*store.Object, error) {
	hide := k.hidesSystem && r.Query.Get("include_system_owned") != "true"
	var kept []*store.Object
	for _, o := range objects {
		if hide && o.System {
			continue
		}
		passes, err := k.passes(o, r.Query)
		if err != nil {
			return nil, err
		}
		if passes {
			kept = append(kept, o)
		}
	}
	return kept, nil
}

// passes tells whether an object passes all filters that the query names.
func (k managerKind) passes(o *store.Object, query url.Values) (bool, error) {
	for name, f := range k.filters {
		value := query.Get(name)
		if value == "" {
			continue
		}
		if f.literal && !bytes.Contains(o.Body, []byte(value)) {
			return false, nil
		}
		body, err := o.Fields()
		if err != nil {
			return false, err
		}
		if !f.passes(o, body, value) {
			return false, nil
		}
	}
	return true, nil
}

func (s *Server) getManager(_ context.Context, r *api.Request) (*api.Response, error) {
	var body json.RawMessage
	err := s.store.View(func(tx *store.Tx) error {
		o, found := tx.Manager().Get(managerKey(r.Path))
		if !found {
			return api.NotFound(lastOf(r.Path))
		}
		body = o.Body
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(body)
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func (s *Server) postManager(k managerKind) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		fields, bad := decodeBody(r.Body)
		if bad != nil {
			return nil, bad
		}
		var created *store.Object
		err := s.store.Update(func(tx *store.Tx) (err error) {
			collection := managerKey(r.Path)
			if err := parentExists(tx, k.collection, collection); err != nil {
				return err
			}
			created, err = s.create(tx, k, collection, fields, r)
			return err
		})
		if err != nil {
			return nil, err
		}
		return &api.Response{Status: http.StatusCreated, Body: created.Body}, nil
	}
}

// create stores a new Manager object from a client's body.
func (s *Server) create(tx *store.Tx, k managerKind, collection string, fields map[string]any, r *api.Request) (*store.Object, error) {
	kind := text(fields["resource_type"])
	if kind == "" {
		kind = k.types[0]
		fields["resource_type"] = kind
	}
	if !slices.Contains(k.types, kind) {
		return nil, api.BadRequest(289, api.ModuleCommon, "resource_type %q is none of %s.", kind, strings.Join(k.types, ", "))
	}
	id := text(fields["id"])
	if id == "" {
		id = tx.NewID()
		fields["id"] = id
	}
	if text(fields["display_name"]) == "" {
		fields["display_name"] = id
	}
	if err := checkTags(fields); err != nil {
		return nil, err
	}
	fields["_system_owned"] = false
	fields["_protection"] = "NOT_PROTECTED"
	o, err := tx.Manager().Create(collection+"/"+id, fields, r.Author(s.clock.Now()))
	if errors.Is(err, store.ErrExists) {
		return nil, &api.Error{Status: http.StatusConflict, Code: 202, Module: api.ModuleCommon, Message: "An object with the id " + id + " exists already."}
	}
	return o, err
}

func (s *Server) putManager(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, bad := decodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	var stored *store.Object
	err := s.store.Update(func(tx *store.Tx) (err error) {
		key := managerKey(r.Path)
		old, found := tx.Manager().Get(key)
		if !found {
			return api.NotFound(lastOf(r.Path))
		}
		if err := s.mayWrite(r, old); err != nil {
			return err
		}
		if text(fields["resource_type"]) == "" {
			fields["resource_type"] = old.ResourceType
		}
		if err := checkTags(fields); err != nil {
			return err
		}
		fields["id"] = old.ID
		stored, err = tx.Manager().Replace(key, fields, r.Author(s.clock.Now()))
		if errors.Is(err, store.ErrStale) {
			return api.StaleRevision(old.ResourceType, old.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(stored.Body)
}

func (s *Server) deleteManager(_ context.Context, r *api.Request) (*api.Response, error) {
	err := s.store.Update(func(tx *store.Tx) error {
		key := managerKey(r.Path)
		old, found := tx.Manager().Get(key)
		if !found {
			return api.NotFound(lastOf(r.Path))
		}
		if err := s.mayWrite(r, old); err != nil {
			return err
		}
		for _, below := range tx.Manager().Under(key) {
			if err := tx.Manager().Delete(below.Key); err != nil {
				return err
			}
		}
		return tx.Manager().Delete(key)
	})
	if err != nil {
		return nil, err
	}
	return api.Empty()
}

// decodeBody reads a JSON object.
func decodeBody(body []byte) (map[string]any, *api.Error) {
	fields, err := store.DecodeFields(body)
	if err != nil {
		return nil, api.BadRequest(220, api.ModuleCommon, "Error parsing the request body: %s.", err)
	}
	return fields, nil
}
