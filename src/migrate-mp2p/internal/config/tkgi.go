package config

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"gopkg.in/yaml.v3"
)

// TKGIName is a name or Manager id that TKGI's configuration gives under a key.
type TKGIName struct{ Key, Name string }

// LoadTKGIConfiguration reads what TKGI's configuration names: a mapping of these keys, each with a text or a list of texts.
// A key without a value names nothing. Its error is an *Error with everything that is wrong, each with its line.
func LoadTKGIConfiguration(path string, keys []string) ([]TKGIName, error) {
	p := &problems{path: path}
	data, err := readBounded(path)
	if err != nil {
		p.add("", "%v", err)
		return nil, p.err()
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, more yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		p.add("", "%s", yamlProblem(err, data))
		return nil, p.err()
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		p.add("", "something follows the end of the first YAML document: write one document only")
		return nil, p.err()
	}
	r := specReader{problems: p}
	var names []TKGIName
	readers := map[string]reader{}
	for _, known := range keys {
		readers[known] = func(n *yaml.Node, key string) {
			for _, name := range r.oneOrMore(n, key) {
				if given := (TKGIName{known, name}); !slices.Contains(names, given) {
					names = append(names, given)
				}
			}
		}
	}
	for _, root := range document.Content {
		if !isNull(root) {
			r.mapping(root, "", readers)
		}
	}
	return names, p.err()
}

// oneOrMore reads a text or a list of texts.
func (r *specReader) oneOrMore(n *yaml.Node, key string) []string {
	var texts []string
	take := func(n *yaml.Node, key string) {
		var text string
		if r.text(&text)(n, key); text != "" {
			texts = append(texts, text)
		}
	}
	switch {
	case isNull(n): // a form of which not everything gets filled in
	case n.Kind == yaml.SequenceNode:
		r.sequence(n, key, take)
	default:
		take(n, key)
	}
	return texts
}
