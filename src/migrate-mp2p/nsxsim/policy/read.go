package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Routes are the endpoints of the Policy tree, one set for each kind of object.
func (s *API) Routes() []api.Route {
	routes := []api.Route{
		{Method: "GET", Pattern: api.PolicyPrefix + "/infra", Extent: api.Partial, Query: []string{"type_filter"},
			Notes: []string{"with type_filter the wanted objects come inside their ancestors; without it the bare root"}, Handle: s.getInfra},
		{Method: "PATCH", Pattern: api.PolicyPrefix + "/infra", Extent: api.Partial, Query: []string{revisionCheck},
			Notes:  []string{fmt.Sprintf("atomic, up to %d intents, in any order", s.options.MaxIntents), patchNote, mergeNote, goneNote, checksNote, pathsNote, idNote},
			Handle: s.patchInfra},
	}
	for _, k := range Kinds() {
		object := api.PolicyPrefix + named(k.Pattern)
		if !k.Single() {
			routes = append(routes, api.Route{Method: "GET", Pattern: api.PolicyPrefix + named(k.Collection()), Extent: api.Partial, Query: append(api.Paging(), includeMarked),
				Notes: []string{"parameters of single types, such as segment_type, are ignored", markedNote}, Handle: s.listPolicy})
		}
		put := []string{checksNote, pathsNote, idNote}
		patch := []string{patchNote, mergeNote, goneNote, checksNote, pathsNote, idNote}
		if k.Sent != "" {
			put, patch = append(put, trustNote, keyNote), append(patch, trustNote, keyNote, modifyNote)
		}
		gone := []string{deleteNote, markedNote, pendingNote}
		if k.Embeds != "" {
			put = append(put, embeddedNote)
		}
		if k.Child == "SegmentPort" {
			gone = append(gone, shadowKeptNote)
		}
		routes = append(routes,
			api.Route{Method: "GET", Pattern: object, Extent: api.Full, Handle: s.getPolicy},
			api.Route{Method: "PUT", Pattern: object, Extent: api.Partial, Notes: put, Handle: s.putPolicy},
			api.Route{Method: "PATCH", Pattern: object, Extent: api.Partial, Query: []string{revisionCheck},
				Notes: patch, Handle: s.patchPolicy},
			api.Route{Method: "DELETE", Pattern: object, Extent: api.Partial, Notes: gone, Handle: s.deletePolicy},
		)
	}
	return slices.Concat(routes, s.realizationRoutes(), s.memberRoutes(), s.partialPatchRoutes(), s.trustRoutes())
}

// What the notes of the Policy routes say.
const (
	checksNote = "bodies are checked for unknown fields, missing ones, kinds and enumerations; not for lengths, ranges and formats"
	pathsNote  = api.Assumed + "a body that breaks the schema is refused with error_code 255, one that names an object " +
		"that does not exist with 500012; paths of kinds that are not simulated pass; why: these codes are known for " +
		"neighbouring cases"
	goneNote = api.Assumed + "a PATCH that carries the _revision of an object that was deleted meanwhile makes it anew " +
		"(what NSX does is UNKNOWN); why: a PATCH creates what does not exist"
	embeddedNote = api.Assumed + "rules in the body of a policy, and entries in that of a service, need an id but no _revision of their own, " +
		"and a PATCH leaves those that it does not name; why: clients send them so, and of PUT alone it is said that it replaces all"
	deleteNote = api.Assumed + "an object with children or referrers is refused with error_code 500030 whatever its kind, " +
		"although NSX has 520009, 520013 and 503093 as well; why: which kind gets which code is not public"
)

// named turns the stars of a pattern into names for the routing table.
func named(pattern string) string {
	parts := strings.Split(pattern, "/")
	for i, part := range parts {
		if part == "*" {
			parts[i] = "{" + strings.TrimSuffix(parts[i-1], "s") + "}"
		}
	}
	return strings.Join(parts, "/")
}

// policyKey is the store's key for a request's path.
func policyKey(r *api.Request) string { return strings.TrimPrefix(r.Path, api.PolicyPrefix) }

// errPath is NSX's answer to a path below something that does not exist (policy report).
func errPath(path string) *api.Error {
	return api.BadRequest(500012, api.ModulePolicy, "The path=[%s] is invalid", path)
}

// exists tells whether an object is there, implicit ones included, with everything above it.
func (s *API) exists(tx *store.Tx, path string) bool {
	if path == "/infra" {
		return true
	}
	if _, found := intent(tx, path); found {
		return true
	}
	kind, known := s.tree.Object(path)
	return known && s.tree.Implicit(path) && s.exists(tx, kind.Parent(path))
}

// policyShown is an object as the caller sees it: some carry children in their body, and _protection says what the caller may do.
func (s *API) policyShown(tx *store.Tx, r *api.Request, o *store.Object) (json.RawMessage, error) {
	body := o.Body
	if kind, _ := s.tree.Object(o.Key); kind.Embeds != "" {
		var err error
		if body, err = withEmbedded(tx, kind, o); err != nil {
			return nil, err
		}
	}
	if protection := s.protection(r, o); protection != notProtected {
		body = bytes.Replace(body, []byte(`"_protection":"`+notProtected+`"`), []byte(`"_protection":"`+protection+`"`), 1)
	}
	return body, nil
}

// notProtected is the _protection that stored bodies have.
const notProtected = "NOT_PROTECTED"

// protection tells whether the caller may change an object: yes, no, or with X-Allow-Overwrite (NSX Go SDK).
func (s *API) protection(r *api.Request, o *store.Object) string {
	switch {
	case api.MayWrite(&api.Request{Identity: r.Identity}, o, s.local) == nil:
		return notProtected
	case r.Identity.Role == api.EnterpriseAdmin:
		return "REQUIRE_OVERRIDE"
	}
	return "PROTECTED"
}

// withEmbedded is the body of an object with the children that it shows, rules in their order.
func withEmbedded(tx *store.Tx, kind Kind, o *store.Object) (json.RawMessage, error) {
	children := unmarked(tx.Policy().List(kind.Embedded(o.Key)))
	if len(children) == 0 {
		return o.Body, nil
	}
	grammar.Sort(children, "sequence_number")
	fields, err := o.Fields()
	if err != nil {
		return nil, err
	}
	bodies := make([]json.RawMessage, 0, len(children))
	for _, child := range children {
		bodies = append(bodies, child.Body)
	}
	fields[kind.Embeds] = bodies
	return json.Marshal(fields)
}

// read returns an object's body, with defaults for implicit ones.
func (s *API) read(tx *store.Tx, r *api.Request, path string) (json.RawMessage, error) {
	if o, found := intent(tx, path); found {
		return s.policyShown(tx, r, o)
	}
	if !s.exists(tx, path) {
		return nil, api.NotFound(path)
	}
	o, err := s.implicit(path)
	if err != nil {
		return nil, err
	}
	return o.Body, nil
}

// implicit makes an object that exists without having been created.
func (s *API) implicit(path string) (*store.Object, error) {
	kind, _ := s.tree.Object(path)
	fields := map[string]any{"_create_user": "system", "_system_owned": false, "_protection": notProtected, "_revision": 0}
	kind.Complete(fields, path)
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", path, err)
	}
	id := api.LastOf(path)
	return &store.Object{Key: path, ID: id, DisplayName: id, ResourceType: store.Text(fields["resource_type"]), Body: body}, nil
}

func (s *API) getPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	var body json.RawMessage
	err := s.store.View(func(tx *store.Tx) (err error) {
		body, err = s.read(tx, r, policyKey(r))
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(body)
}

func (s *API) listPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	collection := policyKey(r)
	marked, bad := api.Boolean(includeMarked, r.Query.Get(includeMarked))
	if bad != nil {
		return nil, bad
	}
	var response *api.Response
	err := s.store.View(func(tx *store.Tx) error {
		kind, known := s.tree.Collection(collection)
		if parent := kind.Parent(collection + "/x"); !known || !s.exists(tx, parent) {
			return errPath(parent)
		}
		list, err := s.lists.Fetch(tx, listing.Name(r), func() (listing.List, error) {
			objects, err := s.inCollection(tx, kind, collection, marked)
			if err != nil {
				return listing.List{}, err
			}
			grammar.Sort(objects, "display_name")
			return listing.Arrange(objects, r.Query, "display_name")
		})
		if err != nil {
			return err
		}
		response, err = list.Page(r.Query, func(o *store.Object) (json.RawMessage, error) { return s.policyShown(tx, r, o) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// inCollection lists the objects of a collection, implicit ones included, and those marked for deletion if wanted.
func (s *API) inCollection(tx *store.Tx, kind Kind, collection string, marked bool) ([]*store.Object, error) {
	objects := tx.Policy().List(collection)
	if !marked {
		objects = unmarked(objects)
	}
	for id := range kind.Implicit {
		path := collection + "/" + id
		if _, stored := intent(tx, path); stored {
			continue
		}
		o, err := s.implicit(path)
		if err != nil {
			return nil, err
		}
		objects = append(objects, o)
	}
	return objects, nil
}

// getInfra answers GET /infra?type_filter=Tier1;Segment with a hierarchical body.
func (s *API) getInfra(_ context.Context, r *api.Request) (*api.Response, error) {
	wanted := strings.FieldsFunc(r.Query.Get("type_filter"), func(c rune) bool { return c == ';' || c == ',' })
	root := &hierarchy{path: "/infra"}
	err := s.store.View(func(tx *store.Tx) error {
		for _, name := range wanted {
			for _, o := range unmarked(tx.Policy().ByType(strings.TrimSpace(name))) {
				root.add(s.tree, o.Key)
			}
		}
		children, err := root.children(s, tx, r)
		if err != nil {
			return err
		}
		root.body = map[string]any{
			"resource_type": "Infra", "id": "infra", "path": "/infra", "relative_path": "infra", "display_name": "infra",
			"marked_for_delete": false, "_revision": 0, "connectivity_strategy": "BLACKLIST",
		}
		if len(children) > 0 {
			root.body["children"] = children
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(root.body)
}

// hierarchy is a part of the Policy tree that goes into one answer.
type hierarchy struct {
	path  string
	below []*hierarchy
	body  map[string]any
}

// add puts the object at path, and the objects above it, into the hierarchy.
func (h *hierarchy) add(tree *Tree, path string) *hierarchy {
	if path == h.path {
		return h
	}
	kind, known := tree.Object(path)
	if !known {
		return h
	}
	above := h.add(tree, kind.Parent(path))
	if at := slices.IndexFunc(above.below, func(b *hierarchy) bool { return b.path == path }); at >= 0 {
		return above.below[at]
	}
	fresh := &hierarchy{path: path}
	above.below = append(above.below, fresh)
	return fresh
}

// children wraps what lies below in Child objects.
func (h *hierarchy) children(s *API, tx *store.Tx, r *api.Request) ([]any, error) {
	var children []any
	for _, b := range h.below {
		raw, err := s.read(tx, r, b.path)
		if err != nil {
			return nil, err
		}
		body, err := store.DecodeFields(raw)
		if err != nil {
			return nil, err
		}
		inner, err := b.children(s, tx, r)
		if err != nil {
			return nil, err
		}
		if len(inner) > 0 {
			body["children"] = inner
		}
		kind, _ := s.tree.Object(b.path)
		children = append(children, map[string]any{
			"resource_type": "Child" + kind.Child, kind.Child: body, "marked_for_delete": false, "mark_for_override": false,
		})
	}
	return children, nil
}
