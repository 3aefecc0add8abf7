package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// checkBody refuses bodies that do not belong at their path, and those that NSX's schema does not allow.
func (s *API) checkBody(c change, fields map[string]any) error {
	id := api.LastOf(c.path)
	if given := store.Text(fields["id"]); given != "" && given != id && !c.kind.Single() {
		return api.BadRequest(500127, api.ModulePolicy, "The id %q differs from that of the path %s.", given, c.path)
	}
	resourceType := store.Text(fields["resource_type"])
	if resourceType == "" {
		resourceType = c.kind.Type(id)
	}
	if !slices.Contains(c.kind.Types, resourceType) {
		return api.BadRequest(500127, api.ModulePolicy, "resource_type %q at %s is none of %s.", resourceType, c.path, strings.Join(c.kind.Types, ", "))
	}
	if err := api.CheckTags(fields); err != nil {
		return err
	}
	if err := checkPolicySchema(resourceType, c.path, fields); err != nil {
		return err
	}
	if resourceType == "Group" {
		expression, _ := fields["expression"].([]any)
		if err := CheckExpression(expression); err != nil {
			return api.BadRequest(500127, api.ModulePolicy, "The expression of %s is invalid: %s.", c.path, err)
		}
	}
	return nil
}

// checkPolicySchema refuses unknown fields, missing ones and values of the wrong kind.
func checkPolicySchema(resourceType, path string, fields map[string]any) error {
	set, err := schema.Policy()
	if err != nil {
		return err
	}
	if problems := set.Check(resourceType, fields); len(problems) > 0 {
		return api.BadRequest(255, api.ModuleCommon, "Field level validation errors: {%s} at %s", schema.Sentence(problems), path)
	}
	return nil
}

// checkReferences refuses bodies that name an object that does not exist. Paths of kinds that are not simulated pass.
func (s *API) checkReferences(tx *store.Tx, changes []change) error {
	for _, c := range changes {
		if c.verb != writeObject {
			continue
		}
		for _, path := range References(c.fields) {
			if _, known := s.tree.Object(path); known && !s.exists(tx, path) {
				return errPath(path)
			}
		}
	}
	return nil
}

// checkUnused refuses deletions of objects that still have children or are named by others, and deletes the parts of
// those that may go.
func (s *API) checkUnused(tx *store.Tx, changes []change) error {
	removed := map[string]bool{}
	for _, c := range changes {
		if c.verb == removeObject {
			removed[c.path] = true
		}
	}
	if len(removed) == 0 {
		return nil
	}
	users := map[string][]string{}
	var parts []string
	for o := range tx.Policy().All() {
		if o.Marked {
			continue
		}
		if s.partOf(o.Key, removed) {
			parts = append(parts, o.Key)
			continue
		}
		if above := ancestorIn(o.Key, removed); above != "" {
			users[above] = append(users[above], o.Key)
			continue
		}
		for path := range PathsIn(o.Body) {
			if removed[path] {
				users[path] = append(users[path], o.Key)
			}
		}
	}
	if len(users) > 0 {
		path := slices.Min(slices.Collect(maps.Keys(users)))
		return api.BadRequest(500030, api.ModulePolicy,
			"The object path=[%s] cannot be deleted as either it has children or it is being referenced by other objects path=[%s].",
			path, strings.Join(slices.Compact(users[path]), ","))
	}
	for _, part := range parts {
		if err := s.discard(tx, part); err != nil {
			return fmt.Errorf("deleting the part %s: %w", part, err)
		}
	}
	return nil
}

// partOf tells whether an object is a part, or a part of a part, of one that is removed.
func (s *API) partOf(path string, removed map[string]bool) bool {
	for {
		kind, known := s.tree.Object(path)
		if !known || !kind.Part {
			return false
		}
		if path = kind.Parent(path); removed[path] {
			return true
		}
	}
}

// ancestorIn returns the object above that is removed, "" if none is.
func ancestorIn(path string, removed map[string]bool) string {
	for at := len(path) - 1; at > 0; at-- {
		if path[at] == '/' && removed[path[:at]] {
			return path[:at]
		}
	}
	return ""
}
