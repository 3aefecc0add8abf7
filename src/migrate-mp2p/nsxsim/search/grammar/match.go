package grammar

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// document is one object under test. Its whole body is decoded only when a term looks at every field.
type document struct {
	object *store.Object
	fields map[string]any
}

// Matches tells whether one object matches.
func (q *Query) Matches(o *store.Object) bool { return q.root.matches(&document{object: o}) }

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

func (everything) matches(*document) bool { return true }

// test is what a node asks of the values of its field.
type test interface {
	// text tests what the store knows of an object, which is never empty.
	text(value string) bool
	// value tests what stands in the body.
	value(value any) bool
}

func (t *term) text(value string) bool { return t.pattern.matches(value) }
func (t *term) value(value any) bool   { return scalar(value, t.pattern.matches) }

func (b *between) text(value string) bool { return b.span.holds(value) }
func (b *between) value(value any) bool   { return scalar(value, b.span.holds) }

func (e *exists) text(string) bool     { return true }
func (e *exists) value(value any) bool { return anyLeaf(value, e.text) }

func (t *term) matches(d *document) bool {
	if t.field == "" {
		return anyLeaf(d.decoded(), t.text)
	}
	return d.at(t.field, t)
}

func (b *between) matches(d *document) bool {
	if b.field == "" {
		return anyLeaf(d.decoded(), b.text)
	}
	return d.at(b.field, b)
}

func (e *exists) matches(d *document) bool { return d.at(e.field, e) }

// at tells whether a value of the field passes the test. What the store knows of an object needs no look into its body.
func (d *document) at(field string, test test) bool {
	o := d.object
	switch field {
	case "resource_type":
		return known(o.ResourceType, test)
	case "id":
		return known(o.ID, test)
	case "display_name":
		return known(o.DisplayName, test)
	case "_create_user":
		return known(o.Owner, test)
	case "unique_id":
		return known(o.UniqueID, test)
	case "tags.scope":
		return slices.ContainsFunc(o.Tags, func(tag store.Tag) bool { return known(tag.Scope, test) })
	case "tags.tag":
		return slices.ContainsFunc(o.Tags, func(tag store.Tag) bool { return known(tag.Value, test) })
	}
	path := strings.Split(field, ".")
	member, set := o.Member(path[0])
	if !set {
		return field == "marked_for_delete" && test.text("false")
	}
	return anyAt(decoded(member), path[1:], test)
}

func known(value string, test test) bool { return value != "" && test.text(value) }

// decoded returns all fields of the body.
func (d *document) decoded() any {
	if d.fields == nil {
		// A stored body decodes; if it did not, nothing would match.
		d.fields, _ = d.object.Fields()
	}
	return d.fields
}

// decoded returns the value of a piece of a body.
func decoded(text json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil
	}
	return value
}

// anyAt tests the values at a path, through arrays.
func anyAt(value any, path []string, test test) bool {
	if list, ok := value.([]any); ok {
		return slices.ContainsFunc(list, func(element any) bool { return anyAt(element, path, test) })
	}
	if len(path) == 0 {
		return test.value(value)
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return false
	}
	inner, set := fields[path[0]]
	return set && anyAt(inner, path[1:], test)
}

// anyLeaf tests a value and all that lies in it.
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
	return scalar(value, test)
}

// scalar tests a text, or a number or truth value as it is written. An object, or null, passes no test.
func scalar(value any, test func(string) bool) bool {
	switch v := value.(type) {
	case string:
		return test(v)
	case json.Number:
		return test(v.String())
	case bool:
		return test(strconv.FormatBool(v))
	}
	return false
}

// collector is a test that every value passes, and that keeps them.
type collector struct{ values []string }

func (c *collector) text(value string) bool {
	c.values = append(c.values, value)
	return false
}

func (c *collector) value(value any) bool { return scalar(value, c.text) }

// Values returns the values of a field of an object, as a query sees them.
func Values(o *store.Object, field string) []string {
	var c collector
	(&document{object: o}).at(field, &c)
	return c.values
}
