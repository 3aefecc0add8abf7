package schema

import (
	"encoding/json"
	"strconv"
)

// Texts writes numbers of a body as strings where its type wants strings, inside lists and inner objects too. Clients send
// ports as numbers, which NSX takes and answers as strings (nsxlib, vmware-nsx). What it does not know stays as it is.
func (s *Set) Texts(resourceType string, body map[string]any) {
	t := s.types[resourceType]
	if among := s.choices[resourceType]; t == nil && among != nil {
		t = among.chosen(body)
	}
	if t != nil {
		t.texts(body)
	}
}

func (c *choice) chosen(body map[string]any) *structure {
	name, _ := body[c.field].(string)
	return c.of[name]
}

func (t *structure) texts(body map[string]any) {
	for name, value := range body {
		if f := t.fields[name]; f != nil {
			body[name] = f.texts(value)
		}
	}
}

// texts is a field's value, or an element of its list, with its numbers as strings. Lists and objects are changed in place.
func (f *field) texts(value any) any {
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			value[i] = f.texts(element)
		}
	case map[string]any:
		switch {
		case f.kind == kindType:
			f.of.texts(value)
		case f.kind == kindChoice && f.among.chosen(value) != nil:
			f.among.chosen(value).texts(value)
		}
	case json.Number:
		if f.kind == kindString {
			return value.String()
		}
	case float64:
		if f.kind == kindString {
			return strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return value
}
