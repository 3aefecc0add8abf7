package references

import (
	"maps"
	"slices"
	"strings"
)

// Reference is one place in a body that names another object.
type Reference struct {
	// Field is the path of the field in the table.
	Field string
	ID    string
	// Type is the target_type that came with the id, if any.
	Type string
	// Keys are the places of the store where such an object may be; it exists if one of them holds something.
	Keys []string
	// Back is true for NSX's own notes: they do not keep the target from being deleted.
	Back bool
}

// Of lists what a Manager object refers to, in the order of the table. The key is the object's own.
func Of(key string, body map[string]any) []Reference {
	var found []Reference
	for _, f := range Fields(Pattern(key)) {
		walk(body, strings.Split(f.Path, "."), func(value any) {
			if r, names := f.read(key, value); names {
				found = append(found, r)
			}
		})
	}
	return found
}

// OfTags lists what the tags of a Manager body name by NCP's habit.
func OfTags(body map[string]any) []Reference {
	var found []Reference
	walk(body, []string{"tags"}, func(value any) {
		tag, _ := value.(map[string]any)
		scope, _ := tag["scope"].(string)
		id, _ := tag["tag"].(string)
		if target, known := tags[scope]; known && id != "" {
			found = append(found, Reference{Field: "tags." + scope, ID: id, Keys: []string{target + "/" + id}})
		}
	})
	return found
}

// Fields is the table's entry for a collection, given as Pattern writes it; nil for one that refers to nothing.
func Fields(pattern string) []Field { return table[pattern] }

// Patterns lists the collections of the table, sorted.
func Patterns() []string { return slices.Sorted(maps.Keys(table)) }

// Pattern is the collection of a key as the table writes it: "logical-routers/r/nat/rules/7" is in
// "logical-routers/{parent}/nat/rules". Singletons below an object, such as a router's BGP configuration, are their
// own collection.
func Pattern(key string) string {
	parts := strings.Split(key, "/")
	for _, parent := range []struct {
		of    string
		depth int
	}{{routers, 1}, {sections, 2}, {"pools/ip-pools", 2}, {"dhcp/servers", 2}} {
		if strings.HasPrefix(key, parent.of+"/") && len(parts) > parent.depth+1 {
			parts[parent.depth] = "{parent}"
		}
	}
	whole := strings.Join(parts, "/")
	if _, single := table[whole]; single {
		return whole
	}
	return strings.Join(parts[:len(parts)-1], "/")
}

// TypeCollection is the collection of a target_type; ok is false for types that name no object, such as IPv4Address.
func TypeCollection(targetType string) (collection string, ok bool) {
	collection, ok = types[targetType]
	return collection, ok
}

// walk calls visit for every value at a path; lists are walked through, also at the end.
func walk(value any, path []string, visit func(any)) {
	if list, is := value.([]any); is {
		for _, element := range list {
			walk(element, path, visit)
		}
		return
	}
	if len(path) == 0 {
		visit(value)
		return
	}
	if fields, is := value.(map[string]any); is {
		if inner, set := fields[path[0]]; set {
			walk(inner, path[1:], visit)
		}
	}
}

// read makes a Reference of a value; names is false when it names no object.
func (f Field) read(key string, value any) (r Reference, names bool) {
	r.Field = f.Path
	switch v := value.(type) {
	case string:
		r.ID = v
	case map[string]any:
		r.ID, r.Type = named(v)
	}
	if r.ID == "" {
		return Reference{}, false
	}
	targets := f.Targets
	if r.Type != "" {
		target, known := types[r.Type]
		if !known {
			return Reference{}, false
		}
		targets = []string{target}
	}
	for _, target := range targets {
		r.Keys = append(r.Keys, strings.Replace(target, "{parent}", parentOf(key), 1)+"/"+r.ID)
	}
	r.Back = f.Back == Always || f.Back == WhenBare && r.Type == ""
	return r, len(targets) > 0
}

// Referring lists the collections whose objects may refer to objects of a collection, sorted. Both are given as
// Pattern writes them.
func Referring(collection string) []string {
	var found []string
	for _, pattern := range Patterns() {
		if slices.ContainsFunc(table[pattern], func(f Field) bool { return f.reaches(collection) }) {
			found = append(found, pattern)
		}
	}
	return found
}

// reaches tells whether a field may name an object of a collection; typed references may name one of any type.
func (f Field) reaches(collection string) bool {
	return slices.Contains(f.Targets, collection) || len(f.Targets) == 0 && slices.Contains(slices.Collect(maps.Values(types)), collection)
}

// named reads the id and the type out of a ResourceReference, a group's member or a switching profile's pair.
func named(v map[string]any) (id, targetType string) {
	targetType, _ = v["target_type"].(string)
	if id, _ = v["target_id"].(string); id != "" {
		return id, targetType
	}
	id, _ = v["value"].(string)
	if property, member := v["target_property"]; member && property != "id" {
		return "", ""
	}
	return id, targetType
}

// parentOf is the id by which a key of a sub-object begins.
func parentOf(key string) string {
	parts := strings.Split(key, "/")
	if parts[0] == routers && len(parts) > 1 {
		return parts[1]
	}
	if len(parts) > 2 {
		return parts[2]
	}
	return ""
}
