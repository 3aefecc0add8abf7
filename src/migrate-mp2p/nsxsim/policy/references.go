package policy

import (
	"bytes"
	"iter"
	"maps"
	"slices"
	"strings"
)

// identity are the fields whose paths say who the object is, not what it refers to, and those that hold free text;
// children are objects of their own.
var identity = map[string]bool{
	"path": true, "parent_path": true, "remote_path": true, "children": true, "_links": true, "_self": true, "tags": true,
	"display_name": true, "description": true,
}

// References are the paths that an object's body names, sorted, each once.
func References(body map[string]any) []string {
	found := map[string]bool{}
	collect(body, found)
	return slices.Sorted(maps.Keys(found))
}

func collect(value any, found map[string]bool) {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "/infra/") {
			found[v] = true
		}
	case []any:
		for _, element := range v {
			collect(element, found)
		}
	case map[string]any:
		for name, inner := range v {
			if !identity[name] {
				collect(inner, found)
			}
		}
	}
}

// PathsIn goes through all strings of an encoded body that begin like a path, its own and its parent's included. It
// decodes nothing, so that many bodies can be searched.
func PathsIn(body []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			at := bytes.Index(body, []byte(`"/infra/`))
			if at < 0 {
				return
			}
			body = body[at+1:]
			end := bytes.IndexByte(body, '"')
			if end < 0 || !yield(string(body[:end])) {
				return
			}
			body = body[end:]
		}
	}
}
