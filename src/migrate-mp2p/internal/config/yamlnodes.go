package config

import (
	"fmt"
	"net/netip"
	"strings"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/internal/policyid"
)

// reader reads the value that stands under the key path.
type reader func(n *yaml.Node, key string)

const (
	tagNull = "!!null"
	tagBool = "!!bool"
)

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == tagNull }

// expect reports a node of another kind. Nothing at all is accepted for a mapping or list, since a spec is a form in
// which not everything gets filled in; then there is nothing to read.
func (r *specReader) expect(n *yaml.Node, key string, want yaml.Kind) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		r.at(n.Line, key, "is an alias (*%s): write the value itself", n.Value)
		return false
	case n.Kind == want:
		return true
	case isNull(n):
		return false
	default:
		r.at(n.Line, key, "is %s: write %s", nameOf(n.Kind), nameOf(want))
		return false
	}
}

func nameOf(k yaml.Kind) string {
	switch k {
	case yaml.MappingNode:
		return "a mapping (key: value)"
	case yaml.SequenceNode:
		return "a list (- item)"
	case yaml.ScalarNode:
		return "a text"
	default:
		return "something unexpected"
	}
}

// pairs reads a mapping with keys of any name, each at most once.
func (r *specReader) pairs(n *yaml.Node, key string, each func(name, value *yaml.Node, key string)) {
	if !r.expect(n, key, yaml.MappingNode) {
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind != yaml.ScalarNode || name.Value == "" || isNull(name) {
			r.at(name.Line, key, "a key must be a text")
			continue
		}
		path := join(key, name.Value)
		if line, twice := lines[name.Value]; twice {
			r.at(name.Line, path, "stands in line %d already: remove one", line)
			continue
		}
		lines[name.Value] = name.Line
		each(name, value, path)
	}
}

// mapping reads a mapping with known keys.
func (r *specReader) mapping(n *yaml.Node, key string, known map[string]reader) {
	r.pairs(n, key, func(name, value *yaml.Node, path string) {
		read, ok := known[name.Value]
		if !ok {
			r.at(name.Line, path, "unknown key: known here are %s", strings.Join(sortedKeys(known), ", "))
			return
		}
		read(value, path)
	})
}

// sequence reads a list.
func (r *specReader) sequence(n *yaml.Node, key string, each reader) {
	if !r.expect(n, key, yaml.SequenceNode) {
		return
	}
	for i, item := range n.Content {
		each(item, fmt.Sprintf("%s[%d]", key, i))
	}
}

// text reads a scalar as it is written, so that an id of digits needs no quotes.
func (r *specReader) text(into *string) reader {
	return func(n *yaml.Node, key string) {
		switch {
		case !r.expect(n, key, yaml.ScalarNode):
		case isNull(n) || n.Value == "":
			r.at(n.Line, key, "is empty: write a text, or leave the key out")
		default:
			*into = n.Value
		}
	}
}

// policyID reads the id that a Policy object shall get, and reports one that NSX would refuse.
func (r *specReader) policyID(into *string) reader {
	return func(n *yaml.Node, key string) {
		before := len(r.all)
		if r.text(into)(n, key); len(r.all) > before {
			return
		}
		if why := policyid.Judge(*into); why != "" {
			r.at(n.Line, key, "%s is no id that NSX takes: %s; %q would be one", quoted(*into), why, policyid.Propose(*into))
		}
	}
}

// quoted shows a text of any length.
func quoted(text string) string { return fmt.Sprintf("%.60q", text) }

func (r *specReader) truth(into *bool) reader {
	return func(n *yaml.Node, key string) {
		if !r.expect(n, key, yaml.ScalarNode) {
			return
		}
		if n.Tag != tagBool || n.Decode(into) != nil {
			r.at(n.Line, key, "is %q: write true or false", n.Value)
		}
	}
}

// keyValues reads a list of {key, value}.
func (r *specReader) keyValues(into *[]KeyValue) reader {
	return func(n *yaml.Node, key string) {
		r.sequence(n, key, func(item *yaml.Node, key string) {
			var pair KeyValue
			r.mapping(item, key, map[string]reader{
				"key":   r.text(&pair.Key),
				"value": r.value(&pair.Value),
			})
			if isNull(item) || item.Kind == yaml.MappingNode && !holds(item, "key") {
				r.at(item.Line, key, "is not a pair: write {key: ..., value: ...}")
			}
			*into = append(*into, pair)
		})
	}
}

// value reads a scalar that may be empty.
func (r *specReader) value(into *string) reader {
	return func(n *yaml.Node, key string) {
		if r.expect(n, key, yaml.ScalarNode) && !isNull(n) {
			*into = n.Value
		}
	}
}

// refs reads a list of names or ids.
func (r *specReader) refs(into *[]SpecRef) reader {
	return func(n *yaml.Node, key string) {
		r.sequence(n, key, func(item *yaml.Node, key string) {
			ref := SpecRef{Line: item.Line}
			if item.Kind == yaml.ScalarNode {
				r.text(&ref.NameOrID)(item, key)
			} else {
				r.mapping(item, key, map[string]reader{
					"name": r.text(&ref.Name), "id": r.text(&ref.ID), "policy_id": r.policyID(&ref.PolicyID),
				})
				r.oneLabel(item, key, ref.Name, ref.ID)
			}
			*into = append(*into, ref)
		})
	}
}

// allocations reads address -> Policy id.
func (r *specReader) allocations(into *[]Allocation) reader {
	return func(n *yaml.Node, key string) {
		r.pairs(n, key, func(address, id *yaml.Node, key string) {
			a := Allocation{Line: address.Line, IP: address.Value}
			if _, err := netip.ParseAddr(address.Value); err != nil {
				r.at(address.Line, key, "is not an IP address")
			}
			r.policyID(&a.PolicyID)(id, key)
			*into = append(*into, a)
		})
	}
}
