package config

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// specVersion is the version of the user spec that this release reads.
const specVersion = "1"

// Kind is a type of objects that a user spec may list, as the catalog knows it.
type Kind struct {
	Key           string // key under shared and custom_resources, e.g. tier1_routers
	Type          string // type of the migration API, e.g. TIER1; the legacy nesting may use it, too
	Router        bool   // entries may have static_routes and ports
	MigrateConfig bool   // entries may have migrate_config
	Allocations   bool   // entries may have ip_allocations
}

// UserSpec lists the objects that an operator wants to be migrated.
type UserSpec struct {
	Path   string
	Shared []SpecEntry // in the file's order
	Custom []SpecEntry // objects of a cluster that NCP did not make
}

// SpecEntry names one object. Exactly one of Name, ID and NameOrID is set.
type SpecEntry struct {
	Kind          Kind
	Line          int    // in the file, counted from 1
	Cluster       string // of a custom resource in the legacy nesting; "" means the cluster that is migrated
	Name          string // display name in Manager mode
	ID            string // Manager id
	NameOrID      string // a bare text
	PolicyID      string // wanted id of the Policy object; "" leaves it to migration.policy_ids
	Metadata      []KeyValue
	LinkedIDs     []KeyValue
	StaticRoutes  []SpecRef
	Ports         []SpecRef
	MigrateConfig bool
	Allocations   []Allocation
}

// Label is what the entry calls its object.
func (e SpecEntry) Label() string { return e.Name + e.ID + e.NameOrID }

// SpecRef names a part of a router. Exactly one of Name, ID and NameOrID is set.
type SpecRef struct {
	Line     int
	Name     string
	ID       string
	NameOrID string
	PolicyID string
}

// Allocation is an allocated address of an IP pool and the id that its Policy object is to have.
type Allocation struct {
	Line     int
	IP       string
	PolicyID string
}

// KeyValue is one pair of metadata or linked_ids.
type KeyValue struct {
	Key   string
	Value string
}

// LoadUserSpec reads a user spec that may list objects of these kinds. Its error is an *Error with everything that is
// wrong, each with its line. An empty file is an empty spec.
func LoadUserSpec(path string, kinds []Kind) (*UserSpec, error) {
	data, err := readBounded(path)
	if err != nil {
		p := &problems{path: path}
		p.add("", "%v", err)
		return nil, p.err()
	}
	return parseUserSpec(path, data, kinds)
}

func parseUserSpec(path string, data []byte, kinds []Kind) (*UserSpec, error) {
	p := &problems{path: path}
	spec := &UserSpec{Path: path}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return spec, nil
	}
	if err != nil {
		p.add("", "%s", yamlProblem(err, data))
		return nil, p.err()
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		p.add("", "something follows the end of the first YAML document: write one document only")
		return nil, p.err()
	}
	r := specReader{problems: p, spec: spec, kinds: kinds}
	for _, root := range document.Content {
		r.document(root)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return spec, nil
}

// yamlProblem adds the usual cause to a parser's error, which names the line.
func yamlProblem(err error, data []byte) string {
	text := "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")
	for _, line := range strings.Split(string(data), "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if strings.Contains(indent, "\t") {
			return text + " (YAML is indented with blanks, and here are tabs)"
		}
	}
	return text
}

// specReader walks the YAML tree, fills the spec and collects what is wrong.
type specReader struct {
	*problems
	spec  *UserSpec
	kinds []Kind
}

func (r *specReader) document(root *yaml.Node) {
	if isNull(root) {
		return
	}
	version := (*yaml.Node)(nil)
	r.mapping(root, "", map[string]reader{
		"version":          func(n *yaml.Node, _ string) { version = n },
		"shared":           r.shared,
		"custom_resources": func(n *yaml.Node, key string) { r.custom(n, key, "") },
		"k8s-clusters":     r.legacyClusters,
	})
	switch {
	case root.Kind != yaml.MappingNode:
		return
	case version == nil:
		r.at(root.Line, "version", "is missing: write version: %s", specVersion)
	case version.Value != specVersion:
		r.at(version.Line, "version", "is %q: this release reads version %s", version.Value, specVersion)
	}
	r.duplicates(r.spec.Shared)
	r.duplicates(r.spec.Custom)
}

func (r *specReader) shared(n *yaml.Node, key string) {
	readers := map[string]reader{}
	for _, kind := range r.kinds {
		readers[kind.Key] = func(list *yaml.Node, key string) {
			r.sequence(list, key, func(item *yaml.Node, key string) {
				r.spec.Shared = append(r.spec.Shared, r.entry(item, key, kind))
			})
		}
	}
	r.mapping(n, key, readers)
}

// custom reads kind -> Manager id -> what the migration API is to be told.
func (r *specReader) custom(n *yaml.Node, key, cluster string) {
	readers := map[string]reader{}
	for _, kind := range r.kinds {
		readers[kind.Key] = func(n *yaml.Node, key string) { r.customOf(n, key, kind, cluster) }
	}
	r.mapping(n, key, readers)
}

func (r *specReader) customOf(n *yaml.Node, key string, kind Kind, cluster string) {
	r.pairs(n, key, func(id, value *yaml.Node, key string) {
		e := SpecEntry{Kind: kind, Line: id.Line, Cluster: cluster, ID: id.Value}
		r.mapping(value, key, map[string]reader{
			"policy_id":  r.policyID(&e.PolicyID),
			"metadata":   r.keyValues(&e.Metadata),
			"linked_ids": r.keyValues(&e.LinkedIDs),
		})
		r.spec.Custom = append(r.spec.Custom, e)
	})
}

// legacyClusters reads the nesting of NCP's own importer: cluster -> class -> class -> custom_resources (NCP docs 3.2).
func (r *specReader) legacyClusters(n *yaml.Node, key string) {
	r.pairs(n, key, func(cluster, classes *yaml.Node, key string) {
		r.pairs(classes, key, func(_, inner *yaml.Node, key string) {
			r.pairs(inner, key, func(class, value *yaml.Node, key string) {
				kind, known := r.kindOf(class.Value)
				if !known {
					r.at(class.Line, key, "unknown class: the importer's class names are not public, so write one of %s instead, or list the object under custom_resources",
						strings.Join(r.keys(), ", "))
					return
				}
				r.mapping(value, key, map[string]reader{
					"custom_resources": func(n *yaml.Node, key string) { r.customOf(n, key, kind, cluster.Value) },
				})
			})
		})
	})
}

func (r *specReader) kindOf(name string) (Kind, bool) {
	for _, kind := range r.kinds {
		if name == kind.Key || name == kind.Type {
			return kind, true
		}
	}
	return Kind{}, false
}

func (r *specReader) keys() []string {
	var keys []string
	for _, kind := range r.kinds {
		keys = append(keys, kind.Key)
	}
	return keys
}

// entry reads one entry of a list under shared.
func (r *specReader) entry(n *yaml.Node, key string, kind Kind) SpecEntry {
	e := SpecEntry{Kind: kind, Line: n.Line}
	if n.Kind == yaml.ScalarNode {
		r.text(&e.NameOrID)(n, key)
		return e
	}
	readers := map[string]reader{
		"name":       r.text(&e.Name),
		"id":         r.text(&e.ID),
		"policy_id":  r.policyID(&e.PolicyID),
		"metadata":   r.keyValues(&e.Metadata),
		"linked_ids": r.keyValues(&e.LinkedIDs),
	}
	if kind.Router {
		readers["static_routes"] = r.refs(&e.StaticRoutes)
		readers["ports"] = r.refs(&e.Ports)
	}
	if kind.MigrateConfig {
		readers["migrate_config"] = r.truth(&e.MigrateConfig)
	}
	if kind.Allocations {
		readers["ip_allocations"] = r.allocations(&e.Allocations)
		readers["ip-allocations"] = r.allocations(&e.Allocations)
	}
	r.mapping(n, key, readers)
	r.oneLabel(n, key, e.Name, e.ID)
	return e
}

// oneLabel reports an object that is named in no way or in two.
func (r *specReader) oneLabel(n *yaml.Node, key, name, id string) {
	switch {
	case n.Kind != yaml.MappingNode: // reported already
	case name == "" && id == "" && !holds(n, "name") && !holds(n, "id"):
		r.at(n.Line, key, "has neither name nor id: give one of them")
	case name != "" && id != "":
		r.at(n.Line, key, "has both name %q and id %q: give one of them", name, id)
	}
}

// holds says whether a mapping has a key, whatever its value.
func holds(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

// duplicates reports entries that name the same object or want the same Policy id.
func (r *specReader) duplicates(entries []SpecEntry) {
	type claim struct{ kind, what, value string }
	first := map[claim]int{}
	for _, e := range entries {
		for _, c := range []claim{
			{e.Kind.Key, "object", e.Cluster + "/" + e.Label()},
			{e.Kind.Key, "policy_id", e.PolicyID},
		} {
			if c.value == "" || e.Label() == "" {
				continue
			}
			line, taken := first[c]
			switch {
			case !taken:
				first[c] = e.Line
			case c.what == "object":
				r.at(e.Line, e.Kind.Key, "%q stands in line %d already: remove one", e.Label(), line)
			default:
				r.at(e.Line, e.Kind.Key, "policy_id %q is given in line %d already: ids must differ", e.PolicyID, line)
			}
		}
	}
}
