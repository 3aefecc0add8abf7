package policy

import "strings"

// Tree answers questions about paths. Build it once with NewTree.
type Tree struct {
	root *branch
}

// branch is a level of the tree; "*" is the child for ids.
type branch struct {
	below map[string]*branch
	kind  *Kind
}

// NewTree makes a Tree of all Kinds.
func NewTree() *Tree {
	t := &Tree{root: &branch{}}
	for _, k := range Kinds() {
		at := t.root
		for _, part := range split(k.Pattern) {
			if at.below == nil {
				at.below = map[string]*branch{}
			}
			if at.below[part] == nil {
				at.below[part] = &branch{}
			}
			at = at.below[part]
		}
		kind := k
		at.kind = &kind
	}
	return t
}

func split(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

func (t *Tree) find(path string) *branch {
	at := t.root
	for _, part := range split(path) {
		next := at.below[part]
		if next == nil {
			next = at.below["*"]
		}
		if next == nil {
			return nil
		}
		at = next
	}
	return at
}

// Object returns the kind of object that stands at a path.
func (t *Tree) Object(path string) (Kind, bool) {
	if b := t.find(path); b != nil && b.kind != nil {
		return *b.kind, true
	}
	return Kind{}, false
}

// Collection returns the kind of the objects that are listed at a path.
func (t *Tree) Collection(path string) (Kind, bool) {
	if b := t.find(path); b != nil && b.below["*"] != nil && b.below["*"].kind != nil {
		return *b.below["*"].kind, true
	}
	return Kind{}, false
}

// Child returns the path of an object below parent ("/infra" for the top), by the name of its type in a hierarchical
// body, and its kind.
func (t *Tree) Child(parent, name, id string) (string, Kind, bool) {
	b := t.find(parent)
	if b == nil {
		return "", Kind{}, false
	}
	return b.child(parent, name, id, 2)
}

// child looks at most depth levels down: the fixed parts between an object and its children ("sites",
// "static-routes") and the id.
func (b *branch) child(path, name, id string, depth int) (string, Kind, bool) {
	for part, next := range b.below {
		at := path + "/" + part
		if part == "*" {
			at = path + "/" + id
		}
		if next.kind != nil {
			if next.kind.Child == name || (next.kind.Sent == name && name != "") {
				return at, *next.kind, true
			}
			continue
		}
		if depth > 1 {
			if found, kind, ok := next.child(at, name, id, depth-1); ok {
				return found, kind, true
			}
		}
	}
	return "", Kind{}, false
}

// Parent returns the path of the object above: "/infra" for top objects.
func (k Kind) Parent(path string) string {
	parts := split(path)
	above := len(parts) - 2
	if k.Single() {
		above = len(parts) - 1
	}
	return "/" + strings.Join(parts[:max(above, 1)], "/")
}

// Implicit tells whether an object exists at the path without having been created.
func (t *Tree) Implicit(path string) bool {
	if path == "/infra" {
		return true
	}
	kind, ok := t.Object(path)
	if !ok {
		return false
	}
	if kind.Single() {
		return true
	}
	_, implicit := kind.Implicit[path[strings.LastIndexByte(path, '/')+1:]]
	return implicit
}

// Type is the resource type that an object has unless its body says so: that of an implicit object or the only one
// possible; "" where one of several must be named.
func (k Kind) Type(id string) string {
	switch implicit := k.Implicit[id]; {
	case implicit != "":
		return implicit
	case len(k.Types) == 1:
		return k.Types[0]
	}
	return ""
}

// owner is the owner_id of all intents: that of the NSX on which they were made (ASSUMED, as a site's objects share one).
const owner = "3f5f4c8e-6f3c-4d57-9a3a-5d0b7d3f1c20"

// Complete adds the fields that NSX adds to an intent. What is there already stays, but for those that follow from
// the path.
func (k Kind) Complete(fields map[string]any, path string) {
	id := path[strings.LastIndexByte(path, '/')+1:]
	fields["id"] = id
	fields["path"] = path
	fields["relative_path"] = id
	fields["parent_path"] = k.Parent(path)
	fields["remote_path"] = "" // of Federation
	fields["owner_id"] = owner
	for name, value := range map[string]any{
		"resource_type": k.Type(id), "display_name": id, "marked_for_delete": false, "overridden": false,
	} {
		if _, set := fields[name]; !set {
			fields[name] = value
		}
	}
}
