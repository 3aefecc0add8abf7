package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// parents are the collections whose objects have collections of their own.
var parents = []string{"logical-routers", "firewall/sections", "pools/ip-pools"}

// references are those of a Manager object, in its fields and in its tags.
func (v *view) references(o *store.Object) []references.Reference {
	body := v.bodies[o.Key]
	return append(references.Of(o.Key, body), references.OfTags(body)...)
}

// managerReferences are the keys of all objects to which a Manager object refers.
func (v *view) managerReferences(o *store.Object) []string {
	found := map[string]bool{}
	for _, reference := range v.references(o) {
		for _, key := range reference.Keys {
			found[key] = true
		}
	}
	return sortedKeys(found)
}

// parent is the key of the object below which another one lies, as a rule lies below
// its section; empty for most.
func parent(key string) string {
	for _, collection := range parents {
		rest, below := strings.CutPrefix(key, collection+"/")
		if id, _, deeper := strings.Cut(rest, "/"); below && deeper {
			return collection + "/" + id
		}
	}
	return ""
}

func idsOf(value any) []string {
	switch value := value.(type) {
	case string:
		if value != "" {
			return []string{value}
		}
	case []any:
		var all []string
		for _, one := range value {
			all = append(all, idsOf(one)...)
		}
		return all
	}
	return nil
}

// policyReferences are the paths of all Policy objects to which a Policy object
// refers, by fields named ..._path or ..._paths and by the lists of rules and groups.
func (v *view) policyReferences(o *store.Object) []string {
	found := map[string]bool{}
	for name, value := range v.bodies[o.Key] {
		if name != "path" && name != "relative_path" && name != "remote_path" && name != "tags" {
			collectPaths(value, found)
		}
	}
	return sortedKeys(found)
}

func collectPaths(value any, found map[string]bool) {
	switch value := value.(type) {
	case string:
		if strings.HasPrefix(value, "/infra/") {
			found[value] = true
		}
	case []any:
		for _, one := range value {
			collectPaths(one, found)
		}
	case map[string]any:
		for _, one := range value {
			collectPaths(one, found)
		}
	}
}

// dangling lists the references that lead nowhere.
func (v *view) dangling() []string {
	var problems []string
	interfaces := map[any]bool{}
	for _, o := range v.manager {
		if attachment, ok := v.bodies[o.Key]["attachment"].(map[string]any); ok {
			interfaces[attachment["id"]] = true
		}
	}
	exists := func(key string) bool {
		_, found := v.tx.Manager().Get(key)
		return found
	}
	for _, o := range v.manager {
		if above := parent(o.Key); above != "" && !exists(above) {
			problems = append(problems, fmt.Sprintf("%s lies below %s, which does not exist", o.Key, above))
		}
		for _, reference := range v.references(o) {
			if !slices.ContainsFunc(reference.Keys, exists) {
				problems = append(problems, fmt.Sprintf("%s refers to %s, which does not exist", o.Key, strings.Join(reference.Keys, " or ")))
			}
		}
		attachment, _ := v.bodies[o.Key]["attachment"].(map[string]any)
		context, _ := attachment["context"].(map[string]any)
		if above, child := context["parent_vif_id"]; child && !interfaces[above] {
			problems = append(problems, fmt.Sprintf("%s has the parent interface %v, which does not exist", o.Key, above))
		}
	}
	for _, o := range v.policy {
		for _, target := range v.policyReferences(o) {
			if _, exists := v.tx.Policy().Get(target); !exists && !v.tree.Implicit(target) {
				problems = append(problems, fmt.Sprintf("%s refers to %s, which does not exist", o.Key, target))
			}
		}
	}
	return problems
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
