package nsxsim

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// policyPrefix stands before every Policy path.
const policyPrefix = "/policy/api/v1"

// policyRoutes are the endpoints of the Policy tree, one set for each kind of object.
func (s *Server) policyRoutes() []api.Route {
	routes := []api.Route{
		{Method: "GET", Pattern: policyPrefix + "/infra", Extent: api.Partial,
			Notes: []string{"with type_filter the wanted objects come inside their ancestors; without it the bare root"}, Handle: s.getInfra},
		{Method: "PATCH", Pattern: policyPrefix + "/infra", Extent: api.Partial,
			Notes: []string{"atomic, up to 5000 intents", referencesNote, s.patchNote()}, Handle: s.patchInfra},
		{Method: "GET", Pattern: policyPrefix + "/infra/realized-state/status", Extent: api.Partial,
			Notes: []string{"consolidated status only; the coordinator decides for promoted objects, others are SUCCESS"}, Handle: s.realizedStatus},
	}
	for _, k := range policy.Kinds() {
		object := policyPrefix + named(k.Pattern)
		add := func(method, pattern string, handle api.Handler, notes ...string) {
			extent := api.Full
			if len(notes) > 0 {
				extent = api.Partial
			}
			routes = append(routes, api.Route{Method: method, Pattern: pattern, Extent: extent, Notes: notes, Handle: handle})
		}
		if !k.Single() {
			add("GET", policyPrefix+named(k.Collection()), s.listPolicy)
		}
		add("GET", object, s.getPolicy)
		add("PUT", object, s.putPolicy, referencesNote)
		add("PATCH", object, s.patchPolicy, referencesNote, s.patchNote())
		add("DELETE", object, s.deletePolicy, "refused while another object names the path; removes what lies below")
	}
	return routes
}

func (s *Server) patchNote() string {
	if s.options.PartialPatch {
		return "fields that the body does not name stay as they are"
	}
	return "the body replaces the object as a PUT does (partial patch is off, nsxlib)"
}

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
func policyKey(r *api.Request) string { return strings.TrimPrefix(r.Path, policyPrefix) }

// errPath is NSX's answer to a path below something that does not exist (policy report).
func errPath(path string) *api.Error {
	return api.BadRequest(500012, api.ModulePolicy, "The path=[%s] is invalid", path)
}

// exists tells whether an object is there, implicit ones included, with everything above it.
func (s *Server) exists(tx *store.Tx, path string) bool {
	if path == "/infra" {
		return true
	}
	if _, found := tx.Policy().Get(path); found {
		return true
	}
	kind, known := s.tree.Object(path)
	return known && s.tree.Implicit(path) && s.exists(tx, kind.Parent(path))
}

// policyBody is an object as GET shows it: security and gateway policies carry their rules.
func policyBody(tx *store.Tx, o *store.Object) (json.RawMessage, error) {
	if o.ResourceType != "SecurityPolicy" && o.ResourceType != "GatewayPolicy" {
		return o.Body, nil
	}
	rules := tx.Policy().List(o.Key + "/rules")
	if len(rules) == 0 {
		return o.Body, nil
	}
	sortBy(rules, "sequence_number")
	fields, err := o.Fields()
	if err != nil {
		return nil, err
	}
	bodies := make([]json.RawMessage, 0, len(rules))
	for _, rule := range rules {
		bodies = append(bodies, rule.Body)
	}
	fields["rules"] = bodies
	return json.Marshal(fields)
}

// read returns an object's body, with defaults for implicit ones.
func (s *Server) read(tx *store.Tx, path string) (json.RawMessage, error) {
	if o, found := tx.Policy().Get(path); found {
		return policyBody(tx, o)
	}
	if !s.exists(tx, path) {
		return nil, api.NotFound(path)
	}
	kind, _ := s.tree.Object(path)
	fields := map[string]any{"_create_user": "system", "_system_owned": false, "_revision": 0}
	kind.Complete(fields, path)
	return json.Marshal(fields)
}

func (s *Server) getPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	var body json.RawMessage
	err := s.store.View(func(tx *store.Tx) (err error) {
		body, err = s.read(tx, policyKey(r))
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(body)
}

func (s *Server) listPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	collection := policyKey(r)
	var list listing
	err := s.store.View(func(tx *store.Tx) (err error) {
		kind, known := s.tree.Collection(collection)
		if parent := kind.Parent(collection + "/x"); !known || !s.exists(tx, parent) {
			return errPath(parent)
		}
		list, err = s.lists.fetch(tx, listName(r), func() (listing, error) {
			objects := tx.Policy().List(collection)
			sortBy(objects, "display_name")
			return arrange(objects, r.Query, "display_name")
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return list.page(r.Query, nil)
}

func (s *Server) realizedStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	path := r.Query.Get("intent_path")
	err := s.store.View(func(tx *store.Tx) error {
		if !s.exists(tx, path) {
			return errPath(path)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	status := "SUCCESS"
	if s.coordinator != nil {
		if promoted, ok := s.coordinator.Realized(path); ok {
			status = promoted
		}
	}
	return api.OK(map[string]any{
		"intent_path": path, "publish_status": publishStatus(status),
		"consolidated_status": map[string]any{"consolidated_status": status},
	})
}

func publishStatus(status string) string {
	switch status {
	case "SUCCESS":
		return "REALIZED"
	case "ERROR":
		return "ERROR"
	}
	return "UNREALIZED"
}

// getInfra answers GET /infra?type_filter=Tier1;Segment with a hierarchical body.
func (s *Server) getInfra(_ context.Context, r *api.Request) (*api.Response, error) {
	wanted := strings.FieldsFunc(r.Query.Get("type_filter"), func(c rune) bool { return c == ';' || c == ',' })
	root := &hierarchy{path: "/infra"}
	err := s.store.View(func(tx *store.Tx) error {
		for _, name := range wanted {
			for _, o := range tx.Policy().ByType(strings.TrimSpace(name)) {
				root.add(s.tree, o.Key)
			}
		}
		children, err := root.children(s, tx)
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
func (h *hierarchy) add(tree *policy.Tree, path string) *hierarchy {
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
func (h *hierarchy) children(s *Server, tx *store.Tx) ([]any, error) {
	var children []any
	for _, b := range h.below {
		raw, err := s.read(tx, b.path)
		if err != nil {
			return nil, err
		}
		body, err := store.DecodeFields(raw)
		if err != nil {
			return nil, err
		}
		inner, err := b.children(s, tx)
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

const referencesNote = "neither references between objects nor required fields are checked"
