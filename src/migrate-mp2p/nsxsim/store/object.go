package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unique"
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
	// Body is compact JSON. It must not be modified.
	Body json.RawMessage
}

// header is what the store reads out of a body.
type header struct {
	ID           string `json:"id"`
	ResourceType string `json:"resource_type"`
	DisplayName  string `json:"display_name"`
	Tags         []Tag  `json:"tags"`
	Owner        string `json:"_create_user"`
	UniqueID     string `json:"unique_id"`
	Revision     int64  `json:"_revision"`
	System       bool   `json:"_system_owned"`
}

// newObject parses the header of a body. The body is compacted into memory of its own.
func newObject(key string, body []byte) (*Object, error) {
	var compact bytes.Buffer
	compact.Grow(len(body))
	if err := json.Compact(&compact, body); err != nil {
		return nil, fmt.Errorf("reading the body of %s: %w", key, err)
	}
	var h header
	if err := json.Unmarshal(compact.Bytes(), &h); err != nil {
		return nil, fmt.Errorf("reading the body of %s: %w", key, err)
	}
	if h.ID == "" {
		h.ID = lastPart(key)
	}
	for i := range h.Tags {
		h.Tags[i].Scope = intern(h.Tags[i].Scope)
		h.Tags[i].Value = intern(h.Tags[i].Value)
	}
	return &Object{
		Key:          key,
		ID:           h.ID,
		ResourceType: intern(h.ResourceType),
		DisplayName:  h.DisplayName,
		Tags:         h.Tags,
		Owner:        intern(h.Owner),
		UniqueID:     h.UniqueID,
		Revision:     h.Revision,
		System:       h.System,
		Body:         bytes.Clone(compact.Bytes()),
	}, nil
}

// intern keeps one copy of strings that occur in many objects, so that a large world stays small.
func intern(s string) string { return unique.Make(s).Value() }

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
