package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// ErrNotFound, ErrExists and ErrStale are the reasons for which a write is refused. Test them with errors.Is.
var (
	ErrNotFound = errors.New("object not found")
	ErrExists   = errors.New("object exists already")
	// ErrStale means that the body's _revision is missing or not the stored one.
	ErrStale = errors.New("stale revision")
)

// Space is one side of NSX, the Manager objects or the Policy tree, seen through a transaction. It is only valid
// inside the View or Update that gave it.
type Space struct {
	side   *side
	tx     *Tx
	prefix string
}

// side is the stored state behind a Space.
type side struct {
	objects map[string]*Object
	// The indexes map to lists that are sorted by id, then key. Types and tags are in lower case, since NSX's search
	// does not look at case. Objects without a resource type stand in their collection only.
	typed       posting
	collections map[string]*posting
	types       map[string]*posting
	scopes      map[string]*posting
	values      map[string]*posting
	// marked are the keys of objects that are marked for deletion.
	marked map[string]bool
	recent []change
}

func newSide() *side {
	return &side{
		objects:     map[string]*Object{},
		collections: map[string]*posting{},
		types:       map[string]*posting{},
		scopes:      map[string]*posting{},
		values:      map[string]*posting{},
		marked:      map[string]bool{},
	}
}

// Get returns the object at a key.
func (sp *Space) Get(key string) (*Object, bool) {
	o, found := sp.side.objects[key]
	return o, found
}

// Len is the number of objects of this side.
func (sp *Space) Len() int { return len(sp.side.objects) }

// List returns the objects directly in a collection ("logical-switches", "/infra/segments"), sorted by id.
func (sp *Space) List(collection string) []*Object {
	return sp.read(sp.side.collections, collection)
}

// ByType returns the objects of a resource type, in any case, sorted by id.
func (sp *Space) ByType(resourceType string) []*Object {
	return sp.read(sp.side.types, strings.ToLower(resourceType))
}

// ByTagScope returns the typed objects with at least one tag of that scope, in any case, sorted by id.
func (sp *Space) ByTagScope(scope string) []*Object {
	return sp.read(sp.side.scopes, strings.ToLower(scope))
}

// ByTagValue returns the typed objects with at least one tag of that value, in any case, sorted by id.
func (sp *Space) ByTagValue(value string) []*Object {
	return sp.read(sp.side.values, strings.ToLower(value))
}

// Typed returns all objects of this side that have a resource type, sorted by id.
func (sp *Space) Typed() []*Object { return sp.side.typed.read() }

func (sp *Space) read(index map[string]*posting, name string) []*Object {
	if p := index[name]; p != nil {
		return p.read()
	}
	return nil
}

// Marked returns the objects that are marked for deletion, sorted by key.
func (sp *Space) Marked() []*Object {
	var marked []*Object
	for _, key := range slices.Sorted(maps.Keys(sp.side.marked)) {
		marked = append(marked, sp.side.objects[key])
	}
	return marked
}

// All goes through every object, sorted by key.
func (sp *Space) All() iter.Seq[*Object] {
	return func(yield func(*Object) bool) {
		for _, key := range slices.Sorted(maps.Keys(sp.side.objects)) {
			if o, found := sp.side.objects[key]; found && !yield(o) {
				return
			}
		}
	}
}

// Under returns every object whose key lies below the given key, at any depth, sorted by key. It reads the whole side
// and is meant for rare calls such as the deletion of a subtree.
func (sp *Space) Under(key string) []*Object {
	prefix := strings.TrimSuffix(key, "/") + "/"
	var below []*Object
	for k, o := range sp.side.objects {
		if strings.HasPrefix(k, prefix) {
			below = append(below, o)
		}
	}
	slices.SortFunc(below, func(a, b *Object) int { return strings.Compare(a.Key, b.Key) })
	return below
}

// Put stores a body as it is, in place of what was there. It checks nothing but that the body is a JSON object; worlds
// are loaded with it, and the coordinator writes with it. Requests of clients go through Create and Replace.
func (sp *Space) Put(key string, body []byte) (*Object, error) {
	compact, err := sp.tx.compact(body)
	if err != nil {
		return nil, fmt.Errorf("reading the body of %s: %w", key, err)
	}
	o, err := sp.tx.newObject(key, bytes.Clone(compact))
	if err != nil {
		return nil, err
	}
	if err := sp.put(o); err != nil {
		return nil, err
	}
	return o, nil
}

func (sp *Space) put(o *Object) error {
	if err := sp.checkKey(o.Key); err != nil {
		return err
	}
	return sp.tx.set(sp.side, o.Key, o)
}

// PutFields is Put with a decoded body. Keys are written in alphabetical order.
func (sp *Space) PutFields(key string, fields map[string]any) (*Object, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields); err != nil {
		return nil, fmt.Errorf("encoding the body of %s: %w", key, err)
	}
	return sp.Put(key, body.Bytes())
}

// Create stores a new object with _revision 0 and the author as owner. An object that exists gives ErrExists.
func (sp *Space) Create(key string, fields map[string]any, author Author) (*Object, error) {
	if _, found := sp.Get(key); found {
		return nil, fmt.Errorf("creating %s: %w", key, ErrExists)
	}
	fields = maps.Clone(fields)
	fields["_revision"] = 0
	fields["_create_user"] = author.User
	fields["_create_time"] = author.millis()
	stampModified(fields, author)
	return sp.PutFields(key, fields)
}

// Replace stores a whole new body for an object that exists. The body's _revision must be the stored one, otherwise
// ErrStale; the new one is one higher. Owner and creation time stay.
func (sp *Space) Replace(key string, fields map[string]any, author Author) (*Object, error) {
	old, found := sp.Get(key)
	if !found {
		return nil, fmt.Errorf("replacing %s: %w", key, ErrNotFound)
	}
	if sent, ok := integer(fields["_revision"]); !ok || sent != old.Revision {
		return nil, fmt.Errorf("replacing %s: %w: stored is %d", key, ErrStale, old.Revision)
	}
	return sp.Overwrite(key, fields, author)
}

// Overwrite is Replace without looking at the body's _revision.
func (sp *Space) Overwrite(key string, fields map[string]any, author Author) (*Object, error) {
	old, found := sp.Get(key)
	if !found {
		return nil, fmt.Errorf("replacing %s: %w", key, ErrNotFound)
	}
	before, err := old.Fields()
	if err != nil {
		return nil, fmt.Errorf("replacing %s: %w", key, err)
	}
	fields = maps.Clone(fields)
	for _, kept := range []string{"_create_user", "_create_time", "_system_owned", "_protection"} {
		if value, was := before[kept]; was {
			fields[kept] = value
		}
	}
	fields["_revision"] = old.Revision + 1
	stampModified(fields, author)
	return sp.PutFields(key, fields)
}

// Mutate decodes an object, lets change edit the fields and stores the result with a _revision one higher. When change
// returns an error nothing is stored.
func (sp *Space) Mutate(key string, change func(fields map[string]any) error) (*Object, error) {
	old, found := sp.Get(key)
	if !found {
		return nil, fmt.Errorf("changing %s: %w", key, ErrNotFound)
	}
	fields, err := old.Fields()
	if err != nil {
		return nil, fmt.Errorf("changing %s: %w", key, err)
	}
	if err := change(fields); err != nil {
		return nil, fmt.Errorf("changing %s: %w", key, err)
	}
	fields["_revision"] = old.Revision + 1
	return sp.PutFields(key, fields)
}

// Delete removes one object, not what lies below it. A missing object gives ErrNotFound.
func (sp *Space) Delete(key string) error {
	if _, found := sp.Get(key); !found {
		return fmt.Errorf("deleting %s: %w", key, ErrNotFound)
	}
	return sp.tx.set(sp.side, key, nil)
}

// checkKey refuses keys that no URL could reach.
func (sp *Space) checkKey(key string) error {
	rest, ok := strings.CutPrefix(key, sp.prefix)
	if !ok || rest == "" || strings.HasPrefix(rest, "/") || strings.HasSuffix(rest, "/") || strings.Contains(rest, "//") {
		return fmt.Errorf("storing %q: not an address of this side (Manager: collection/id, Policy: /path)", key)
	}
	return nil
}

func stampModified(fields map[string]any, author Author) {
	fields["_last_modified_user"] = author.User
	fields["_last_modified_time"] = author.millis()
}

// integer reads a whole number as encoding/json gives it with and without UseNumber, or as Go code sets it.
func integer(value any) (int64, bool) {
	switch n := value.(type) {
	case json.Number:
		i, err := n.Int64()
		return i, err == nil
	case float64:
		return int64(n), n == float64(int64(n))
	case int:
		return int64(n), true
	case int64:
		return n, true
	}
	return 0, false
}
