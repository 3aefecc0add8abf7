package store

import (
	"bytes"
	"encoding/json"
)

// Text is a decoded JSON scalar as text; "" for anything else.
func Text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case interface{ String() string }:
		return v.String()
	}
	return ""
}

// QuickText is the first string of that name in a body, without decoding it. It serves names that stand in a body once,
// and values that need no unescaping.
func QuickText(o *Object, name string) string {
	_, rest, _ := bytes.Cut(o.Body, []byte(`"`+name+`":"`))
	value, _, _ := bytes.Cut(rest, []byte{'"'})
	return string(value)
}

// WholeNumber is a decoded JSON number without fraction.
func WholeNumber(value any) (int64, bool) {
	n, is := value.(json.Number)
	if !is {
		return 0, false
	}
	whole, err := n.Int64()
	return whole, err == nil
}

// TextAt is a field of an object's body as text; "" when there is none.
func TextAt(o *Object, path string) string {
	body, err := o.Fields()
	if err != nil {
		return "" // the store holds JSON objects only
	}
	return Text(FieldAt(body, path))
}

// ObjectsIn are the objects of a decoded list.
func ObjectsIn(value any) []map[string]any {
	list, _ := value.([]any)
	var all []map[string]any
	for _, element := range list {
		if fields, is := element.(map[string]any); is {
			all = append(all, fields)
		}
	}
	return all
}
