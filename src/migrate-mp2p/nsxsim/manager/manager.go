package manager

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Routes are the logical objects of the Manager API. NSX 9 has only those that stay.
func (s *API) Routes() []api.Route {
	var routes []api.Route
	for _, k := range allKinds() {
		if s.version.AtLeast(9, 0) && !k.stays {
			continue
		}
		routes = append(routes, s.kindRoutes(k)...)
	}
	routes = slices.Concat(routes, s.trustRoutes(), s.registrationRoutes())
	if s.version.AtLeast(9, 0) {
		return routes
	}
	return slices.Concat(routes, s.sectionRoutes(), s.firewallRoutes(), s.allocationRoutes(), s.groupRoutes(), s.associationRoutes(), s.elementRoutes(),
		s.stateRoutes(), s.lbStateRoutes(), s.togetherRoutes())
}

func (s *API) kindRoutes(k Kind) []api.Route {
	list, one := api.ManagerPrefix+k.collection, api.ManagerPrefix+k.collection+"/{id}"
	route := func(method, pattern string, query []string, handle api.Handler, notes ...string) api.Route {
		all := slices.Concat(k.notes, notes)
		extent := api.Full
		if slices.ContainsFunc(all, func(note string) bool { return !strings.HasPrefix(note, api.Assumed) }) {
			extent = api.Partial
		}
		return api.Route{Method: method, Pattern: pattern, Extent: extent, Query: query, Notes: all, Handle: handle}
	}
	if k.single {
		return []api.Route{route("GET", list, k.reads, s.get(k)), route("PUT", list, nil, s.put(k))}
	}
	routes := []api.Route{route("GET", list, k.listQuery(), s.list(k), slices.Concat(k.filterNotes, listNotes)...), route("GET", one, k.reads, s.get(k))}
	if !k.readOnly {
		routes = append(routes, route("DELETE", one, k.deleteQuery(), s.delete(k), deleteNotes...))
		if !k.noPut {
			routes = append(routes, route("PUT", one, nil, s.put(k), writeNotes...))
		}
		if !k.noPost {
			routes = append(routes, route("POST", list, nil, s.post(k), writeNotes...))
		}
	}
	return routes
}

// What no public source states of lists, writes and deletions in general.
var (
	listNotes = []string{
		api.Assumed + "a cursor is good for the list that gave it, and any other is refused with 400; page_size=0 means the largest page; " +
			"parameters that the endpoint does not have are ignored; why: a strict answer to parameters is seen nowhere",
	}
	writeNotes = []string{
		api.Assumed + "unknown fields and wrong types are refused with 400/255; fields that only NSX sets may be sent and " +
			"are ignored; why: the schema allows no other properties; clients send back what they have read",
		api.Assumed + "an object keeps its resource_type; why: its id would name two things",
		api.Assumed + "an object that a body names and that does not exist is refused with 404/600; what the object named " +
			"before is not looked at again; why: 404/600 is what a missing object gives; NSX keeps objects whose neighbours " +
			"went by force",
	}
	deleteNotes = []string{
		api.Assumed + "an object that others name is refused with 400/500030; after a forced deletion their references say " +
			"is_valid: false; why: 500030 is the known code of a blocked deletion; references have that field",
	}
)

// storeKey is the store's key for a Manager path.
func storeKey(path string) string {
	return strings.Trim(strings.TrimPrefix(path, api.ManagerPrefix), "/")
}

func (s *API) list(k Kind) api.Handler {
	return func(_ context.Context, r *api.Request) (response *api.Response, err error) {
		err = s.store.View(func(tx *store.Tx) error {
			collection := storeKey(r.Path)
			if err := parentExists(tx, k.collection, collection); err != nil {
				return err
			}
			list, err := s.lists.Fetch(tx, listing.Name(r), func() (listing.List, error) {
				objects, err := k.filter(tx, tx.Manager().List(collection), r)
				if err != nil {
					return listing.List{}, err
				}
				if k.ordered {
					grammar.Sort(objects, "priority")
					return listing.Arrange(objects, r.Query, "priority")
				}
				return listing.Arrange(objects, r.Query, "id")
			})
			if err != nil {
				return err
			}
			response, err = list.Page(r.Query, s.shown(tx, k, r))
			return err
		})
		return response, err
	}
}

// shown is what a client sees of an object: its body, with what NSX computes on reading.
func (s *API) shown(tx *store.Tx, k Kind, r *api.Request) listing.Shape {
	if k.show == nil {
		return nil
	}
	return func(o *store.Object) (json.RawMessage, error) {
		body, err := o.Fields()
		if err != nil {
			return nil, err
		}
		if err := k.show(s, tx, r, o, body); err != nil {
			return nil, err
		}
		return json.Marshal(body)
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

func (s *API) get(k Kind) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		var body any
		err := s.store.View(func(tx *store.Tx) (err error) {
			key := storeKey(r.Path)
			o, found := tx.Manager().Get(key)
			if !found {
				body, err = k.initial(tx, key)
				return err
			}
			body = o.Body
			if show := s.shown(tx, k, r); show != nil {
				body, err = show(o)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.OK(body)
	}
}

// initial is the body of a singleton that nobody wrote yet: it is there as soon as the object is to which it belongs.
func (k Kind) initial(tx *store.Tx, key string) (map[string]any, error) {
	if !k.single {
		return nil, api.NotFound(api.LastOf(key))
	}
	if err := parentExists(tx, k.collection, key); err != nil {
		return nil, err
	}
	fields := map[string]any{
		"resource_type": k.types[0], "id": api.LastOf(key), "display_name": api.LastOf(key), "_create_user": "system", "_system_owned": false,
		"_protection": "NOT_PROTECTED", "_revision": 0,
	}
	maps.Copy(fields, k.fresh)
	if parts := strings.Split(key, "/"); parts[0] == RouterCollection {
		fields["logical_router_id"] = parts[1]
	}
	return fields, nil
}

// stored reads an object that is to be changed.
func (k Kind) stored(tx *store.Tx, key string) (*store.Object, error) {
	if o, found := tx.Manager().Get(key); found {
		return o, nil
	}
	fields, err := k.initial(tx, key)
	if err != nil {
		return nil, err
	}
	return tx.Manager().PutFields(key, fields)
}

func (s *API) post(k Kind) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		fields, bad := api.DecodeBody(r.Body)
		if bad != nil {
			return nil, bad
		}
		var created *store.Object
		err := s.store.Update(func(tx *store.Tx) (err error) {
			collection := storeKey(r.Path)
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

func (s *API) put(k Kind) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		fields, bad := api.DecodeBody(r.Body)
		if bad != nil {
			return nil, bad
		}
		var stored *store.Object
		err := s.store.Update(func(tx *store.Tx) (err error) {
			old, err := k.stored(tx, storeKey(r.Path))
			if err != nil {
				return err
			}
			stored, err = s.replace(tx, k, old, fields, r)
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.OK(stored.Body)
	}
}

// changeObject answers an action that changes one object, with its new body.
func (s *API) changeObject(r *api.Request, key string, change func(tx *store.Tx, fields map[string]any) error) (*api.Response, error) {
	var stored *store.Object
	err := s.store.Update(func(tx *store.Tx) error {
		k := s.kinds[references.Pattern(key)]
		old, err := k.stored(tx, key)
		if err != nil {
			return err
		}
		fields, err := old.Fields()
		if err != nil {
			return err
		}
		if err := change(tx, fields); err != nil {
			return err
		}
		stored, err = s.replace(tx, k, old, fields, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(stored.Body)
}
