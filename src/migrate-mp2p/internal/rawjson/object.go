package rawjson

import (
	"encoding/json"
	"errors"
)

// Member is one member of an object. A key with escapes is as it stands in the text, and so never found; NSX has none.
type Member struct {
	Key   []byte
	Value json.RawMessage
}

// Object is a JSON object taken apart one level deep.
type Object []Member

// ErrNoObject says that a text is JSON, but no object.
var ErrNoObject = errors.New("it is no JSON object")

// Parse takes an object apart. It checks the whole text. The members are put into room, whose old content is lost; it may
// be nil.
func Parse(text []byte, room Object) (Object, error) {
	o, isObject := room[:0], false
	err := Walk(text, func(s *Scanner) {
		if isObject = s.peek() == '{'; !isObject {
			s.Value()
			return
		}
		s.Object(func(key []byte) { o = append(o, Member{key, s.Value()}) })
	})
	switch {
	case err != nil:
		return nil, err
	case !isObject:
		return nil, ErrNoObject
	}
	return o, nil
}

// Raw gives the text of a member; nil when there is none. Of several with one key it is the last, as in encoding/json.
func (o Object) Raw(key string) json.RawMessage {
	for i := len(o) - 1; i >= 0; i-- {
		if string(o[i].Key) == key {
			return o[i].Value
		}
	}
	return nil
}

// Text gives the value of a JSON string; false for any other JSON value.
func Text(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	inner := value[1 : len(value)-1]
	for _, c := range inner {
		if c == '\\' || c >= 0x80 { // an escape, or perhaps broken UTF-8
			var text string
			err := json.Unmarshal(value, &text)
			return text, err == nil
		}
	}
	return string(inner), true
}
