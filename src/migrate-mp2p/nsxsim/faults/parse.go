package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// Parse reads a YAML (or JSON) list of rules. Unknown keys and values that mean nothing are errors, with their line.
func Parse(text []byte) ([]Rule, error) {
	var rules []Rule
	if err := decode(text, &rules); err != nil {
		return nil, fmt.Errorf("reading fault rules: %w", err)
	}
	var lines []yaml.Node
	if err := yaml.Unmarshal(text, &lines); err != nil {
		return nil, fmt.Errorf("reading fault rules: %w", err)
	}
	for i, r := range rules {
		if _, err := compile(r); err != nil {
			return nil, fmt.Errorf("reading fault rules: line %d: rule %q: %w", lines[i].Line, r.Name, err)
		}
	}
	return rules, nil
}

// ParseRule reads a single rule.
func ParseRule(text []byte) (Rule, error) {
	var rule Rule
	if err := decode(text, &rule); err != nil {
		return Rule{}, fmt.Errorf("reading a fault rule: %w", err)
	}
	return rule, nil
}

// ParseChange reads a change, as it stands in a rule.
func ParseChange(text []byte) (Change, error) {
	var change Change
	if err := decode(text, &change); err != nil {
		return Change{}, fmt.Errorf("reading a change of NSX: %w", err)
	}
	if err := change.Check(); err != nil {
		return Change{}, fmt.Errorf("reading a change of NSX: %w", err)
	}
	return change, nil
}

// decode reads strict YAML; an empty text leaves the value as it is.
func decode(text []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
