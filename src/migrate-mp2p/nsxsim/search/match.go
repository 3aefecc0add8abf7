package search

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// document is one object under test. Its body is decoded only when a term asks for a field that is not in the header.
type document struct {
	object *store.Object
	fields map[string]any
}

func (l allOf) matches(d *document) bool {
	for _, n := range l {
		if !n.matches(d) {
			return false
		}
	}
	return true
}

func (l anyOf) matches(d *document) bool {
	for _, n := range l {
		if n.matches(d) {
			return true
		}
	}
	return false
}

func (n negated) matches(d *document) bool { return !n.of.matches(d) }

func (t term) matches(d *document) bool {
	o := d.object
	switch t.field {
	case "resource_type":
		return t.pattern.matches(o.ResourceType)
	case "id":
		return t.pattern.matches(o.ID)
	case "display_name":
		return t.pattern.matches(o.DisplayName)
	case "_create_user":
		return t.pattern.matches(o.Owner)
	case "unique_id":
		return o.UniqueID != "" && t.pattern.matches(o.UniqueID)
	case "tags.scope":
		return slices.ContainsFunc(o.Tags, func(tag store.Tag) bool { return t.pattern.matches(tag.Scope) })
	case "tags.tag":
		return slices.ContainsFunc(o.Tags, func(tag store.Tag) bool { return t.pattern.matches(tag.Value) })
	}
	if d.fields == nil {
		fields, err := o.Fields()
		if err != nil {
			return false
		}
		d.fields = fields
	}
	if t.field == "" {
		return anyLeaf(d.fields, t.pattern.matches)
	}
	if _, set := d.fields["marked_for_delete"]; t.field == "marked_for_delete" && !set {
		return t.pattern.matches("false")
	}
	return leafAt(d.fields, strings.Split(t.field, "."), t.pattern.matches)
}

// leafAt tests the values at a dotted path, through arrays.
func leafAt(value any, path []string, test func(string) bool) bool {
	if list, ok := value.([]any); ok {
		return slices.ContainsFunc(list, func(element any) bool { return leafAt(element, path, test) })
	}
	if len(path) == 0 {
		return testLeaf(value, test)
	}
	if fields, ok := value.(map[string]any); ok {
		inner, set := fields[path[0]]
		return set && leafAt(inner, path[1:], test)
	}
	return false
}

func anyLeaf(value any, test func(string) bool) bool {
	switch v := value.(type) {
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return anyLeaf(element, test) })
	case map[string]any:
		for _, inner := range v {
			if anyLeaf(inner, test) {
				return true
			}
		}
		return false
	}
	return testLeaf(value, test)
}

func testLeaf(value any, test func(string) bool) bool {
	switch v := value.(type) {
	case string:
		return test(v)
	case json.Number:
		return test(v.String())
	case bool:
		return test(fmt.Sprint(v))
	}
	return false
}

// Run returns the objects that match, as the search index shows them, sorted by id.
func (q *Query) Run(space *store.Space) []*store.Object {
	candidates, narrowed := narrow(q.root, space)
	if !narrowed {
		candidates = slices.SortedFunc(space.All(), store.Compare)
	}
	unindexed := space.Unindexed()
	found := make([]*store.Object, 0, min(len(candidates), 1024))
	for _, o := range candidates {
		if _, changed := unindexed[o.Key]; !changed && q.Matches(o) {
			found = append(found, o)
		}
	}
	if len(unindexed) == 0 {
		return found
	}
	for _, old := range unindexed {
		if old != nil && q.Matches(old) {
			found = append(found, old)
		}
	}
	slices.SortFunc(found, store.Compare)
	return found
}

// Matches tells whether one object matches.
func (q *Query) Matches(o *store.Object) bool { return q.root.matches(&document{object: o}) }

// narrow finds, by the store's indexes, a list that holds everything that can match, sorted by id. It returns false
// when no index helps.
func narrow(n node, space *store.Space) ([]*store.Object, bool) {
	switch n := n.(type) {
	case term:
		value, exact := n.pattern.exact()
		if !exact {
			return nil, false
		}
		switch n.field {
		case "resource_type":
			return space.ByType(value), true
		case "tags.scope":
			return space.ByTagScope(value), true
		case "tags.tag":
			return space.ByTagValue(value), true
		}
	case allOf:
		var best []*store.Object
		narrowed := false
		for _, part := range n {
			if list, ok := narrow(part, space); ok && (!narrowed || len(list) < len(best)) {
				best, narrowed = list, true
			}
		}
		return best, narrowed
	case anyOf:
		var union []*store.Object
		for _, part := range n {
			list, ok := narrow(part, space)
			if !ok {
				return nil, false
			}
			union = append(union, list...)
		}
		slices.SortFunc(union, store.Compare)
		return slices.Compact(union), true
	}
	return nil, false
}
