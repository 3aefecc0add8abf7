package policy

import (
	"context"
	"maps"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// MaxIntents is the largest hierarchical PATCH on a Local Manager (Broadcom API docs).
const MaxIntents = 5000

// patchInfra is the hierarchical API: all or nothing.
func (s *API) patchInfra(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, bad := api.DecodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	if store.Text(fields["resource_type"]) != "Infra" {
		return nil, api.BadRequest(500127, api.ModulePolicy, "resource_type must be Infra.")
	}
	if err := checkPolicySchema("Infra", "/infra", fields); err != nil {
		return nil, err
	}
	changes, err := s.unfoldChildren("/infra", fields["children"])
	if err != nil {
		return nil, err
	}
	if n := countIntents(changes); n > s.options.MaxIntents {
		return nil, api.BadRequest(500127, api.ModulePolicy, "%d intents are in the request; the limit is %d.", n, s.options.MaxIntents)
	}
	how, bad := patchManners(r)
	if bad != nil {
		return nil, bad
	}
	if err := s.store.Update(func(tx *store.Tx) error { return s.apply(tx, r, changes, how) }); err != nil {
		return nil, err
	}
	return api.Empty()
}

// countIntents counts the objects in a hierarchical body; references are none.
func countIntents(changes []change) int {
	n := 0
	for _, c := range changes {
		if c.verb != passObject {
			n++
		}
	}
	return n
}

// unfold turns an object into changes: itself, then its children, those that it embeds first.
func (s *API) unfold(c change) ([]change, error) {
	fields := maps.Clone(c.fields)
	children := fields["children"]
	delete(fields, "children")
	var below []change
	if c.kind.Embeds != "" {
		var err error
		if below, err = s.unfoldEmbedded(c, fields[c.kind.Embeds]); err != nil {
			return nil, err
		}
		delete(fields, c.kind.Embeds)
	}
	more, err := s.unfoldChildren(c.path, children)
	if err != nil {
		return nil, err
	}
	c.fields = fields
	return append(append([]change{c}, below...), more...), nil
}

// unfoldEmbedded makes objects of their own of those in the body of another one: rules, service entries.
func (s *API) unfoldEmbedded(above change, embedded any) ([]change, error) {
	list, ok := embedded.([]any)
	if !ok && embedded != nil {
		return nil, api.BadRequest(255, api.ModuleCommon, "Field level validation errors: {%s must be a list} at %s", above.kind.Embeds, above.path)
	}
	var changes []change
	for i, element := range list {
		fields, ok := element.(map[string]any)
		if !ok || store.Text(fields["id"]) == "" {
			return nil, api.BadRequest(500127, api.ModulePolicy, "Element %d of %s at %s has no id.", i+1, above.kind.Embeds, above.path)
		}
		if err := onePart(store.Text(fields["id"])); err != nil {
			return nil, err
		}
		path := above.kind.Embedded(above.path) + "/" + store.Text(fields["id"])
		kind, _ := s.tree.Object(path)
		changes = append(changes, change{path: path, kind: kind, fields: fields, embedded: true})
	}
	return changes, nil
}

// unfoldChildren makes changes of what the Child wrappers below an object hold.
func (s *API) unfoldChildren(above string, children any) ([]change, error) {
	list, ok := children.([]any)
	if !ok && children != nil {
		return nil, api.BadRequest(255, api.ModuleCommon, "Field level validation errors: {children must be a list} at %s", above)
	}
	var changes []change
	for i, element := range list {
		child, _ := element.(map[string]any)
		name, wraps := strings.CutPrefix(store.Text(child["resource_type"]), "Child")
		if !wraps {
			return nil, api.BadRequest(500127, api.ModulePolicy, "Child %d of %s has no resource_type Child<Type>.", i+1, above)
		}
		unfolded, err := s.unfoldChild(above, name, child)
		if err != nil {
			return nil, err
		}
		changes = append(changes, unfolded...)
	}
	return changes, nil
}

func (s *API) unfoldChild(above, name string, child map[string]any) ([]change, error) {
	if name == "ResourceReference" {
		return s.unfoldReference(above, child)
	}
	body, _ := child[name].(map[string]any)
	if body == nil {
		return nil, api.BadRequest(500127, api.ModulePolicy, "Child%s below %s holds no %q.", name, above, name)
	}
	path, kind, err := s.childPath(above, name, store.Text(body["id"]))
	if err != nil {
		return nil, err
	}
	wrapper := maps.Clone(child)
	delete(wrapper, name)
	if err := checkPolicySchema("ChildPolicyConfigResource", path, wrapper); err != nil {
		return nil, err
	}
	c := change{path: path, kind: kind, fields: body}
	if store.Text(child["marked_for_delete"]) != "true" && store.Text(body["marked_for_delete"]) != "true" {
		return s.unfold(c)
	}
	c.verb = removeObject
	below, err := s.unfoldChildren(path, body["children"])
	return append(below, c), err
}

// unfoldReference steps through an object that is itself not changed.
func (s *API) unfoldReference(above string, child map[string]any) ([]change, error) {
	path, kind, err := s.childPath(above, store.Text(child["target_type"]), store.Text(child["id"]))
	if err != nil {
		return nil, err
	}
	if err := checkPolicySchema("ChildResourceReference", path, child); err != nil {
		return nil, err
	}
	below, err := s.unfoldChildren(path, child["children"])
	return append([]change{{verb: passObject, path: path, kind: kind}}, below...), err
}

// childPath finds the place of a child by its type.
func (s *API) childPath(above, name, id string) (string, Kind, error) {
	path, kind, known := s.tree.Child(above, name, id)
	if !known {
		return "", Kind{}, api.BadRequest(500127, api.ModulePolicy, "A %s cannot stand below %s.", name, above)
	}
	if id == "" && !kind.Single() {
		return "", Kind{}, api.BadRequest(500127, api.ModulePolicy, "A %s below %s has no id.", name, above)
	}
	if err := onePart(id); err != nil {
		return "", Kind{}, err
	}
	return path, kind, nil
}
