package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a body.
type Problem struct {
	// Field is where, with dots and indexes: "subnets[0].gateway_address".
	Field string
	// What is wrong there, as a clause: "is required".
	What string
}

// String is the problem as a sentence without a full stop.
func (p Problem) String() string { return p.Field + " " + p.What }

// Check returns what is wrong with a body of a type, in the order of the fields' names; nil if nothing is. The body is
// decoded JSON, numbers as json.Number, float64, int or int64. Where the type is one of several (LBAppProfile), the body's own field
// tells which. A type that is not known has one problem.
func (s *Set) Check(resourceType string, body map[string]any) []Problem {
	c := &checker{}
	switch {
	case s.types[resourceType] != nil:
		c.structure("", s.types[resourceType], body)
	case s.choices[resourceType] != nil:
		c.choice("", s.choices[resourceType], body)
	default:
		return []Problem{{Field: "resource_type", What: fmt.Sprintf("%q is not known", resourceType)}}
	}
	return c.problems
}

// Sentence joins problems as NSX does in its messages about fields.
func Sentence(problems []Problem) string {
	parts := make([]string, 0, len(problems))
	for _, p := range problems {
		parts = append(parts, p.String())
	}
	return strings.Join(parts, ", ")
}

// checker walks through one body.
type checker struct {
	problems []Problem
}

func (c *checker) add(at, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: at, What: fmt.Sprintf(format, args...)})
}

// join is the path of a field below another.
func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

func (c *checker) structure(at string, t *structure, body map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		f := t.fields[name]
		if f == nil {
			c.add(join(at, name), "is not a field of %s", t.name)
			continue
		}
		if body[name] != nil {
			c.value(join(at, name), f, body[name], f.list)
		}
	}
	for _, name := range t.required {
		if body[name] == nil {
			c.add(join(at, name), "is required")
		}
	}
}

func (c *checker) choice(at string, among *choice, body map[string]any) {
	t := among.chosen(body)
	if t == nil {
		c.add(join(at, among.field), "must be one of %s", strings.Join(slices.Sorted(maps.Keys(among.of)), ", "))
		return
	}
	c.structure(at, t, body)
}

// value checks a value that is not null; depth is how many lists are still around its elements.
func (c *checker) value(at string, f *field, value any, depth int) {
	if depth > 0 {
		list, ok := value.([]any)
		if !ok {
			c.add(at, "must be a list")
			return
		}
		for i, element := range list {
			c.value(fmt.Sprintf("%s[%d]", at, i), f, element, depth-1)
		}
		return
	}
	switch f.kind {
	case kindString:
		c.text(at, f, value)
	case kindInteger, kindNumber:
		c.number(at, f.kind, value)
	case kindBoolean:
		if _, ok := value.(bool); !ok {
			c.add(at, "must be true or false")
		}
	default:
		c.object(at, f, value)
	}
}

func (c *checker) text(at string, f *field, value any) {
	text, ok := value.(string)
	if !ok {
		c.add(at, "must be a string")
		return
	}
	if f.values != nil && !slices.Contains(f.values, text) {
		c.add(at, "must be one of %s", strings.Join(f.values, ", "))
	}
}

func (c *checker) number(at string, k kind, value any) {
	var whole, ok bool
	switch n := value.(type) {
	case json.Number:
		_, err := n.Int64()
		whole, ok = err == nil, true
	case float64:
		whole, ok = n == float64(int64(n)), true
	case int, int64:
		whole, ok = true, true
	}
	switch {
	case !ok:
		c.add(at, "must be a number")
	case k == kindInteger && !whole:
		c.add(at, "must be a whole number")
	}
}

func (c *checker) object(at string, f *field, value any) {
	body, ok := value.(map[string]any)
	switch {
	case !ok:
		c.add(at, "must be an object")
	case f.kind == kindType:
		c.structure(at, f.of, body)
	case f.kind == kindChoice:
		c.choice(at, f.among, body)
	}
}
