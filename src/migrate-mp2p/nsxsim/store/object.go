package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// PolicyUser owns Manager objects that Policy drives. Nobody else may write them (NSX answers 400/289).
const PolicyUser = "nsx_policy"

// Tag is one tag of an object. NSX allows either part to be empty.
type Tag struct {
	Scope string `json:"scope"`
	Value string `json:"tag"`
}

// Object is one stored object: its JSON body, and the parts of the body that the store indexes.
type Object struct {
	// Key is the whole address: collection, slash, id. See the package comment.
	Key string
	// ID is the body's id, or the last part of the key for objects without one (singletons, IP allocations).
	ID string
	// ResourceType is the body's resource_type; it may be empty for sub-objects that have none.
	ResourceType string
	DisplayName  string
	Tags         []Tag
	// Owner is the body's _create_user.
	Owner string
	// UniqueID is the body's unique_id, of Policy objects. Clients split large searches by it.
	UniqueID string
	Revision int64
	// System is the body's _system_owned.
	System bool
	// Marked is the body's marked_for_delete, of Policy objects that were deleted and are not purged yet.
	Marked bool
	// Body is compact JSON. It must not be modified.
	Body json.RawMessage
}

// newObject makes an object of a body that is valid and compact JSON. It keeps the body.
func (tx *Tx) newObject(key string, body []byte) (*Object, error) {
	if len(body) == 0 || body[0] != '{' {
		return nil, fmt.Errorf("reading the body of %s: it is not a JSON object", key)
	}
	o := &Object{Key: key, Body: body}
	for name, value := range members(body) {
		if target := o.indexed(name); target != nil {
			if err := decode(value, target); err != nil {
				return nil, fmt.Errorf("reading the body of %s: its %s: %w", key, name, err)
			}
		}
	}
	if o.ID == "" {
		o.ID = lastPart(key)
	}
	for i, tag := range o.Tags {
		o.Tags[i] = Tag{Scope: tx.intern(tag.Scope), Value: tx.intern(tag.Value)}
	}
	o.ResourceType = tx.intern(o.ResourceType)
	o.Owner = tx.intern(o.Owner)
	return o, nil
}

// intern keeps one copy of strings that occur in many objects, so that a large world stays small.
func (tx *Tx) intern(s string) string {
	if !tx.writable {
		return s
	}
	if known, found := tx.store.strings[s]; found {
		return known
	}
	tx.store.strings[s] = s
	return s
}

// indexed returns where a member of the body goes; nil for members that the store does not look at.
func (o *Object) indexed(name []byte) any {
	switch string(name) {
	case "id":
		return &o.ID
	case "resource_type":
		return &o.ResourceType
	case "display_name":
		return &o.DisplayName
	case "tags":
		return &o.Tags
	case "_create_user":
		return &o.Owner
	case "unique_id":
		return &o.UniqueID
	case "_revision":
		return &o.Revision
	case "_system_owned":
		return &o.System
	case "marked_for_delete":
		return &o.Marked
	}
	return nil
}

// Collection is the key without its last part.
func (o *Object) Collection() string { return collectionOf(o.Key) }

// Tag returns the value of the first tag with that scope.
func (o *Object) Tag(scope string) (string, bool) {
	for _, t := range o.Tags {
		if t.Scope == scope {
			return t.Value, true
		}
	}
	return "", false
}

// HasTag tells whether the very pair of scope and value is among the tags.
func (o *Object) HasTag(scope, value string) bool {
	for _, t := range o.Tags {
		if t.Scope == scope && t.Value == value {
			return true
		}
	}
	return false
}

// Member returns the text of one top field of the body.
func (o *Object) Member(name string) (json.RawMessage, bool) {
	for member, value := range members(o.Body) {
		if string(member) == name {
			return value, true
		}
	}
	return nil, false
}

// Fields decodes the body into a map of its own that the caller may change. Numbers are json.Number, so that writing
// the map back changes nothing that was not touched.
func (o *Object) Fields() (map[string]any, error) { return DecodeFields(o.Body) }

// DecodeFields decodes a JSON object as Fields does.
func DecodeFields(body []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return nil, fmt.Errorf("decoding a JSON object: %w", err)
	}
	if fields == nil {
		return nil, fmt.Errorf("decoding a JSON object: null is not an object")
	}
	return fields, nil
}

// FieldAt is the value at a dotted path of decoded fields, such as "attachment.id"; nil when there is none.
func FieldAt(fields map[string]any, path string) any {
	value := any(fields)
	for name := range strings.SplitSeq(path, ".") {
		inner, _ := value.(map[string]any)
		value = inner[name]
	}
	return value
}

// Author is who writes and when; it ends up in _create_user, _last_modified_user and the two times.
type Author struct {
	User string
	At   time.Time
}

func (a Author) millis() int64 { return a.At.UnixMilli() }

func lastPart(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

func collectionOf(key string) string {
	if i := strings.LastIndexByte(key, '/'); i >= 0 {
		return key[:i]
	}
	return ""
}
