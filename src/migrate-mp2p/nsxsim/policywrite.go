package nsxsim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxIntents is the size of a hierarchical PATCH on a Local Manager (Broadcom API docs).
const maxIntents = 5000

// intent is one object to be written.
type intent struct {
	path   string
	kind   policy.Kind
	fields map[string]any
	// revision demands the current _revision (PUT, or enforce_revision_check).
	revision bool
	// merges keeps the fields that the body does not name.
	merges bool
}

func (s *Server) putPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	return s.writeOne(r, intent{revision: true}, true)
}

func (s *Server) patchPolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	return s.writeOne(r, s.patchIntent(r), false)
}

// patchIntent is an intent with the manners of a PATCH.
func (s *Server) patchIntent(r *api.Request) intent {
	return intent{revision: r.Query.Get("enforce_revision_check") == "true", merges: s.options.PartialPatch}
}

// writeOne carries out a PUT (which answers with the object) or a PATCH (which does not) of the request's path.
func (s *Server) writeOne(r *api.Request, in intent, answers bool) (*api.Response, error) {
	var bad *api.Error
	if in.fields, bad = decodeBody(r.Body); bad != nil {
		return nil, bad
	}
	in.path = policyKey(r)
	in.kind, _ = s.tree.Object(in.path)
	response := &api.Response{}
	err := s.store.Update(func(tx *store.Tx) error {
		o, err := s.write(tx, r, in)
		if err != nil || !answers {
			return err
		}
		response.Body, err = policyBody(tx, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// write creates or updates one Policy object, with the rules and children that its body holds.
func (s *Server) write(tx *store.Tx, r *api.Request, in intent) (*store.Object, error) {
	if parent := in.kind.Parent(in.path); !s.exists(tx, parent) {
		return nil, errPath(parent)
	}
	if given := text(in.fields["id"]); given != "" && given != lastOf(in.path) && !in.kind.Single() {
		return nil, api.BadRequest(500127, api.ModulePolicy, "The id %q differs from that of the path %s.", given, in.path)
	}
	if given := text(in.fields["resource_type"]); given != "" && !slices.Contains(in.kind.Types, given) {
		return nil, api.BadRequest(500127, api.ModulePolicy, "resource_type %q does not belong at %s.", given, in.path)
	}
	fields := maps.Clone(in.fields)
	rules, _ := fields["rules"].([]any)
	children, _ := fields["children"].([]any)
	delete(fields, "children")
	if holdsRules(in.kind) {
		delete(fields, "rules")
	}
	o, err := s.writeFields(tx, r, in, fields)
	if err != nil {
		return nil, err
	}
	if holdsRules(in.kind) {
		if err := s.writeRules(tx, r, in, rules); err != nil {
			return nil, err
		}
	}
	return o, s.writeChildren(tx, r, in, children)
}

func holdsRules(k policy.Kind) bool { return k.Child == "SecurityPolicy" || k.Child == "GatewayPolicy" }

func (s *Server) writeFields(tx *store.Tx, r *api.Request, in intent, fields map[string]any) (*store.Object, error) {
	if err := checkTags(fields); err != nil {
		return nil, err
	}
	author := r.Author(s.clock.Now())
	old, found := tx.Policy().Get(in.path)
	if !found {
		in.kind.Complete(fields, in.path)
		id := tx.NewID()
		fields["unique_id"], fields["realization_id"] = id, id
		fields["_system_owned"] = false
		fields["_protection"] = "NOT_PROTECTED"
		return tx.Policy().Create(in.path, fields, author)
	}
	if err := s.mayWrite(r, old); err != nil {
		return nil, err
	}
	before, err := old.Fields()
	if err != nil {
		return nil, err
	}
	if text(fields["resource_type"]) == "" {
		fields["resource_type"] = old.ResourceType
	}
	for name, value := range before {
		if _, given := fields[name]; !given && (in.merges || name == "display_name") {
			fields[name] = value
		}
	}
	for _, fixed := range []string{"unique_id", "realization_id", "owner_id", "remote_path", "overridden"} {
		if value, had := before[fixed]; had {
			fields[fixed] = value
		}
	}
	in.kind.Complete(fields, in.path)
	if !in.revision {
		return tx.Policy().Overwrite(in.path, fields, author)
	}
	o, err := tx.Policy().Replace(in.path, fields, author)
	if errors.Is(err, store.ErrStale) {
		return nil, api.StaleRevision(old.ResourceType, old.ID)
	}
	return o, err
}

// writeRules stores the rules of a policy's body as objects of their own. Rules that the body does not hold stay
// (ASSUMED).
func (s *Server) writeRules(tx *store.Tx, r *api.Request, above intent, rules []any) error {
	for i, element := range rules {
		fields, ok := element.(map[string]any)
		if !ok || text(fields["id"]) == "" {
			return api.BadRequest(500127, api.ModulePolicy, "Rule %d of %s has no id.", i+1, above.path)
		}
		path := above.path + "/rules/" + text(fields["id"])
		kind, _ := s.tree.Object(path)
		if _, err := s.write(tx, r, intent{path: path, kind: kind, fields: fields, merges: above.merges}); err != nil {
			return err
		}
	}
	return nil
}

// patchInfra is the hierarchical API: all or nothing.
func (s *Server) patchInfra(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, bad := decodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	if text(fields["resource_type"]) != "Infra" {
		return nil, api.BadRequest(500127, api.ModulePolicy, "resource_type must be Infra.")
	}
	for name := range fields {
		if !slices.Contains([]string{"resource_type", "children", "id", "display_name", "path", "connectivity_strategy", "_revision"}, name) {
			return nil, api.BadRequest(220, api.ModuleCommon, "Unknown field %q in Infra.", name)
		}
	}
	children, _ := fields["children"].([]any)
	if n := countIntents(children); n > maxIntents {
		return nil, api.BadRequest(500127, api.ModulePolicy, "%d intents are in the request; the limit is %d.", n, maxIntents)
	}
	top := s.patchIntent(r)
	top.path = "/infra"
	if err := s.store.Update(func(tx *store.Tx) error { return s.writeChildren(tx, r, top, children) }); err != nil {
		return nil, err
	}
	return api.Empty()
}

// countIntents counts the objects in a hierarchical body, at every depth.
func countIntents(children []any) int {
	n := 0
	for _, element := range children {
		child, _ := element.(map[string]any)
		body := child
		if kind := childKind(child); kind != "ResourceReference" {
			n++
			body, _ = child[kind].(map[string]any)
		}
		below, _ := body["children"].([]any)
		n += countIntents(below)
	}
	return n
}

// childKind is the type that a Child wrapper wraps: "Tier1" for "ChildTier1".
func childKind(child map[string]any) string {
	return strings.TrimPrefix(text(child["resource_type"]), "Child")
}

func (s *Server) writeChildren(tx *store.Tx, r *api.Request, above intent, children []any) error {
	for i, element := range children {
		child, ok := element.(map[string]any)
		if !ok || !strings.HasPrefix(text(child["resource_type"]), "Child") {
			return api.BadRequest(500127, api.ModulePolicy, "Child %d of %s has no resource_type Child<Type>.", i+1, above.path)
		}
		if err := s.writeChild(tx, r, above, child); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) writeChild(tx *store.Tx, r *api.Request, above intent, child map[string]any) error {
	name := childKind(child)
	body := child
	reference := name == "ResourceReference"
	if reference {
		name = text(child["target_type"])
	} else if body, _ = child[name].(map[string]any); body == nil {
		return api.BadRequest(500127, api.ModulePolicy, "Child%s below %s holds no %q.", name, above.path, name)
	}
	path, kind, known := s.tree.Child(above.path, name, text(body["id"]))
	if !known {
		return api.BadRequest(500127, api.ModulePolicy, "A %s cannot stand below %s.", name, above.path)
	}
	if text(body["id"]) == "" && !kind.Single() {
		return api.BadRequest(500127, api.ModulePolicy, "A %s below %s has no id.", name, above.path)
	}
	in := intent{path: path, kind: kind, fields: body, revision: above.revision, merges: above.merges}
	switch {
	case reference:
		if !s.exists(tx, path) {
			return errPath(path)
		}
		below, _ := child["children"].([]any)
		return s.writeChildren(tx, r, in, below)
	case text(child["marked_for_delete"]) == "true" || text(body["marked_for_delete"]) == "true":
		return s.remove(tx, r, path)
	}
	_, err := s.write(tx, r, in)
	return err
}

func (s *Server) deletePolicy(_ context.Context, r *api.Request) (*api.Response, error) {
	if err := s.store.Update(func(tx *store.Tx) error { return s.remove(tx, r, policyKey(r)) }); err != nil {
		return nil, err
	}
	return api.Empty()
}

// remove deletes an object and what lies below it, unless somebody else names it.
func (s *Server) remove(tx *store.Tx, r *api.Request, path string) error {
	o, found := tx.Policy().Get(path)
	if !found {
		return api.NotFound(path)
	}
	if err := s.mayWrite(r, o); err != nil {
		return err
	}
	if users := referrers(tx, path); len(users) > 0 {
		return api.BadRequest(500030, api.ModulePolicy,
			"The object path=[%s] cannot be deleted as either it has children or it is being referenced by other objects path=[%s].",
			path, strings.Join(users, ","))
	}
	for _, below := range tx.Policy().Under(path) {
		if err := tx.Policy().Delete(below.Key); err != nil {
			return fmt.Errorf("deleting below %s: %w", path, err)
		}
	}
	return tx.Policy().Delete(path)
}

// referrers lists the objects outside a subtree whose bodies name its path.
func referrers(tx *store.Tx, path string) []string {
	quoted := []byte(`"` + path + `"`)
	var users []string
	for o := range tx.Policy().All() {
		inside := o.Key == path || strings.HasPrefix(o.Key, path+"/")
		if !inside && bytes.Contains(o.Body, quoted) {
			users = append(users, o.Key)
		}
	}
	return users
}
