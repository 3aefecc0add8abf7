package schema

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed manager.txt
var managerTable string

//go:embed manager-more.txt
var managerMore string

//go:embed policy.txt
var policyTable string

//go:embed policy-more.txt
var policyMore string

var (
	manager = sync.OnceValues(func() (*Set, error) { return parse(managerTable, managerMore) })
	policy  = sync.OnceValues(func() (*Set, error) { return parse(policyTable, policyMore) })
)

// Manager returns the types of the Manager API (/api/v1). The tables are read once; a Set may be shared.
func Manager() (*Set, error) { return manager() }

// Policy returns the types of the Policy API (/policy/api/v1).
func Policy() (*Set, error) { return policy() }

// Set is the types of one API.
type Set struct {
	types   map[string]*structure
	choices map[string]*choice
}

// structure is a type: its fields by name.
type structure struct {
	name     string
	fields   map[string]*field
	required []string
}

// field is what may stand in one place of a body.
type field struct {
	kind     kind
	required bool
	// list is how deep the value's lists are nested: 1 for a list of kind.
	list   int
	values []string
	// of is the type of a kindType, among those of a kindChoice.
	of    *structure
	among *choice
}

// kind is what a value, or an element of a list, is.
type kind int

const (
	kindString kind = iota
	kindInteger
	kindNumber
	kindBoolean
	kindObject
	kindType
	kindChoice
)

var scalars = map[string]kind{
	"string": kindString, "integer": kindInteger, "number": kindNumber, "boolean": kindBoolean, "object": kindObject,
}

// choice is a place where one of several types may stand, told apart by a field.
type choice struct {
	name  string
	field string
	of    map[string]*structure
}

// Has tells whether a resource type is known.
func (s *Set) Has(resourceType string) bool {
	return s.types[resourceType] != nil || s.choices[resourceType] != nil
}

// Fields lists the names of a type's fields, sorted.
func (s *Set) Fields(resourceType string) []string {
	t := s.types[resourceType]
	if t == nil {
		return nil
	}
	names := make([]string, 0, len(t.fields))
	for name := range t.fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// section is one block of a table: its first line and the indented lines below.
type section struct {
	words []string
	lines []string
}

// parse reads tables, in which references may go from any to any.
func parse(tables ...string) (*Set, error) {
	s := &Set{types: map[string]*structure{}, choices: map[string]*choice{}}
	sections, err := split(tables)
	if err != nil {
		return nil, err
	}
	for _, part := range sections { // all names first, since types refer to later ones
		if err := s.declare(part); err != nil {
			return nil, err
		}
	}
	for _, pass := range []string{"type", "more", "choice", "name", "require"} {
		for _, part := range sections {
			if part.words[0] != pass {
				continue
			}
			if err := s.define(part); err != nil {
				return nil, fmt.Errorf("reading %q in the schema: %w", strings.Join(part.words, " "), err)
			}
		}
	}
	return s, s.inherit(sections)
}

// split divides tables into sections.
func split(tables []string) ([]section, error) {
	var sections []section
	for _, table := range tables {
		for line := range strings.Lines(table) {
			line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), "#")
			words := strings.Fields(line)
			switch {
			case len(words) == 0:
			case !strings.HasPrefix(line, " "):
				sections = append(sections, section{words: words})
			case len(sections) == 0:
				return nil, fmt.Errorf("reading %q in the schema: it belongs to nothing", line)
			default:
				last := &sections[len(sections)-1]
				last.lines = append(last.lines, line)
			}
		}
	}
	return sections, nil
}

// Paths lists the ways to all fields of a type, sorted, with dots: "subnets.cidr". Lists and inner objects are gone into, where one
// of several types may stand into all of them, and into a type that stands inside itself once.
func (s *Set) Paths(resourceType string) []string {
	found := map[string]bool{}
	among := []*structure{s.types[resourceType]}
	if c := s.choices[resourceType]; c != nil {
		among = slices.Collect(maps.Values(c.of))
	}
	for _, t := range among {
		if t != nil {
			t.paths("", nil, found)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (t *structure) paths(at string, above []*structure, found map[string]bool) {
	if slices.Contains(above, t) {
		return
	}
	above = append(slices.Clone(above), t)
	for name, f := range t.fields {
		way := join(at, name)
		found[way] = true
		switch f.kind {
		case kindType:
			f.of.paths(way, above, found)
		case kindChoice:
			for _, one := range f.among.of {
				one.paths(way, above, found)
			}
		}
	}
}

// declare notes the name of a type or a choice.
func (s *Set) declare(part section) error {
	bad := fmt.Errorf("reading %q in the schema: expected type, more, choice, name or require", strings.Join(part.words, " "))
	if len(part.words) < 2 {
		return bad
	}
	switch name := part.words[1]; part.words[0] {
	case "type":
		s.types[name] = &structure{name: name, fields: map[string]*field{}}
	case "choice":
		if len(part.words) != 4 {
			return bad
		}
		s.choices[name] = &choice{name: name, field: part.words[3], of: map[string]*structure{}}
	case "name":
		if len(part.words) != 3 {
			return bad
		}
	case "more", "require":
	default:
		return bad
	}
	return nil
}

// define fills a type or a choice with its lines.
func (s *Set) define(part section) error {
	name := part.words[1]
	switch part.words[0] {
	case "choice":
		for _, line := range part.lines {
			of := strings.TrimSpace(line)
			if s.types[of] == nil {
				return fmt.Errorf("choosing type %s: it is not in the tables", of)
			}
			s.choices[name].of[of] = s.types[of]
		}
	case "name":
		if s.types[part.words[2]] == nil {
			return fmt.Errorf("naming type %s: it is not in the tables", part.words[2])
		}
		s.types[name] = s.types[part.words[2]]
	case "require":
		return s.require(name, part.words[2:])
	default:
		t := s.types[name]
		if t == nil {
			return fmt.Errorf("adding to type %s: it is not in the tables", name)
		}
		for _, line := range part.lines {
			words := strings.Fields(line)
			f, err := s.field(words[1:])
			if err != nil {
				return fmt.Errorf("reading field %s: %w", words[0], err)
			}
			t.fields[words[0]] = f
		}
	}
	return nil
}

// require makes fields of a type required.
func (s *Set) require(name string, fields []string) error {
	t := s.types[name]
	if t == nil {
		return fmt.Errorf("requiring fields of type %s: it is not in the tables", name)
	}
	for _, of := range fields {
		if t.fields[of] == nil {
			return fmt.Errorf("requiring field %s: %s has none", of, name)
		}
		t.fields[of].required = true
	}
	return nil
}

// field reads the words behind a field's name: "required []string A|B".
func (s *Set) field(words []string) (*field, error) {
	f := &field{}
	if len(words) > 0 && words[0] == "required" {
		f.required = true
		words = words[1:]
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("it has no kind")
	}
	name := strings.TrimLeft(words[0], "[]")
	f.list = (len(words[0]) - len(name)) / len("[]")
	if k, scalar := scalars[name]; scalar {
		f.kind = k
	} else if of := s.types[name]; of != nil {
		f.kind, f.of = kindType, of
	} else if among := s.choices[name]; among != nil {
		f.kind, f.among = kindChoice, among
	} else {
		return nil, fmt.Errorf("its kind %s is not in the tables", name)
	}
	if len(words) > 1 {
		f.values = strings.Split(strings.Join(words[1:], " "), "|")
	}
	return f, nil
}

// inherit copies the fields of "type X : Y" from Y, and lists what is required.
func (s *Set) inherit(sections []section) error {
	for _, part := range sections {
		if part.words[0] != "type" || len(part.words) < 4 {
			continue
		}
		base := s.types[part.words[3]]
		if base == nil {
			return fmt.Errorf("extending type %s in the schema: %s is not in the tables", part.words[1], part.words[3])
		}
		for name, f := range base.fields {
			if t := s.types[part.words[1]]; t.fields[name] == nil {
				t.fields[name] = f
			}
		}
	}
	for _, t := range s.types {
		t.required = nil
		for name, f := range t.fields {
			if f.required {
				t.required = append(t.required, name)
			}
		}
		slices.Sort(t.required)
	}
	return nil
}
