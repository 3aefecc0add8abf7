package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// choice is a set of types that share a place in a body; the field tells which one is meant.
type choice struct {
	field string
	of    []string
}

// writer collects the types that a table needs and writes them.
type writer struct {
	table
	*model
	// names are the types' names on the wire, by their Go names.
	names map[string]string
	// wanted are the Go names of the types that are to be written, choices those of which several types are possible.
	wanted  map[string]bool
	choices map[string]choice
}

// write returns the content of a table's file.
func write(t table) (string, error) {
	m, version, err := readModel(t.module, t.folder)
	if err != nil {
		return "", err
	}
	w := &writer{table: t, model: m, names: map[string]string{}, wanted: map[string]bool{}, choices: map[string]choice{}}
	for name := range m.structs {
		w.names[name] = name
	}
	for name, of := range m.byIdentifier {
		w.names[of] = name
	}
	for _, root := range append(slices.Clone(t.roots), t.base) {
		name, known := m.find(root)
		if !known {
			return "", fmt.Errorf("wanting type %s: %s has no such type", root, t.module)
		}
		if err := w.want(name, false); err != nil {
			return "", err
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "# The types of the bodies, from %s %s (BSD-2-Clause).\n", t.module, version)
	out.WriteString("# Made by src/e2e/cmd/schema, do not edit. The form is described in doc.go.\n")
	for _, name := range slices.Sorted(maps.Keys(w.choices)) {
		c := w.choices[name]
		fmt.Fprintf(&out, "\nchoice %s by %s\n", w.names[name], c.field)
		for _, of := range c.of {
			fmt.Fprintf(&out, "  %s\n", of)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.wanted)) {
		w.writeType(&out, name)
	}
	return out.String(), nil
}

// want notes a type and all that its fields refer to. Roots and fields with several possible types want each of them.
func (w *writer) want(name string, several bool) error {
	if slices.Contains(w.opaque, name) && several {
		return nil
	}
	if c, abstract := w.choiceOf(name); abstract {
		if _, done := w.choices[name]; done {
			return nil
		}
		w.choices[name] = c
		for _, of := range c.of {
			possible, known := w.find(of)
			if !known {
				return fmt.Errorf("wanting type %s for %s: %s has no such type", of, name, w.module)
			}
			if err := w.want(possible, false); err != nil {
				return err
			}
		}
		return nil
	}
	if several {
		return fmt.Errorf("wanting type %s: the possible types are neither in the SDK nor in roots.go", name)
	}
	if w.wanted[name] {
		return nil
	}
	w.wanted[name] = true
	for _, f := range w.structs[name] {
		if f.refers == "" {
			continue
		}
		if err := w.want(f.refers, f.several); err != nil {
			return fmt.Errorf("following type %s: %w", name, err)
		}
	}
	return nil
}

// choiceOf finds the types that a common part stands for: one of its required fields lists their names.
func (w *writer) choiceOf(name string) (choice, bool) {
	if c, listed := w.open[name]; listed {
		return c, true
	}
	for _, fieldName := range slices.Sorted(maps.Keys(w.structs[name])) {
		f := w.structs[name][fieldName]
		if !f.required || len(f.values) == 0 || slices.Contains(f.values, w.names[name]) {
			continue
		}
		var of []string
		for _, value := range f.values {
			if _, isType := w.find(value); isType {
				of = append(of, value)
			}
		}
		if len(of) > 0 {
			return choice{field: fieldName, of: of}, true
		}
	}
	return choice{}, false
}

// writeType writes a type, without the fields that it shares with the table's base.
func (w *writer) writeType(out *strings.Builder, name string) {
	fields := w.structs[name]
	base := w.structs[w.base]
	fmt.Fprintf(out, "\ntype %s", w.names[name])
	extends := name != w.base && contains(fields, base)
	if extends {
		fmt.Fprintf(out, " : %s", w.base)
	}
	out.WriteString("\n")
	for _, fieldName := range slices.Sorted(maps.Keys(fields)) {
		if f := fields[fieldName]; !extends || !f.equal(base[fieldName]) {
			fmt.Fprintf(out, "  %s %s\n", fieldName, w.describe(f))
		}
	}
}

// contains tells whether a type has all fields of another one. Their details may differ.
func contains(fields, base structure) bool {
	for name := range base {
		if _, has := fields[name]; !has {
			return false
		}
	}
	return true
}

func (f field) equal(other field) bool {
	return f.required == other.required && f.list == other.list && f.scalar == other.scalar && f.refers == other.refers &&
		slices.Equal(f.values, other.values)
}

// describe is the rest of a field's line: "required []string A|B".
func (w *writer) describe(f field) string {
	kind := f.scalar
	switch {
	case f.refers != "" && f.several && slices.Contains(w.opaque, f.refers):
		kind = "object"
	case f.refers != "":
		kind = w.names[f.refers]
	}
	text := strings.Repeat("[]", f.list) + kind
	if f.required {
		text = "required " + text
	}
	if len(f.values) > 0 {
		text += " " + strings.Join(f.values, "|")
	}
	return text
}
