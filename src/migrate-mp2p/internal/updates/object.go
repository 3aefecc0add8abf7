package updates

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// policyObject is a Policy object taken apart only as far as needed: its members with their very bytes. That costs a
// tenth of what encoding/json takes for a whole body, which counts with a hundred thousand of them.
type policyObject struct {
	body    json.RawMessage
	members []member
}

// member is one member of a JSON object. The key is as it stands in the text, so one with escapes is never found;
// NSX has none.
type member struct {
	key   []byte
	value json.RawMessage
}

// parseObject takes a body apart. The text must be valid JSON, as it is after the client has decoded the answer; the
// result refers to it.
func parseObject(body json.RawMessage) (policyObject, error) {
	o := policyObject{body: body, members: make([]member, 0, 32)}
	s := scanner{text: body}
	if !s.skip('{') {
		return o, errors.New("reading a Policy object: it is no JSON object")
	}
	for !s.skip('}') {
		if len(o.members) > 0 && !s.skip(',') {
			return o, s.broken()
		}
		key := s.value()
		colon := s.skip(':')
		value := s.value()
		if len(key) < 2 || key[0] != '"' || !colon || len(value) == 0 {
			return o, s.broken()
		}
		o.members = append(o.members, member{key: key[1 : len(key)-1], value: value})
	}
	return o, nil
}

// raw gives the text of a member, nil when there is none.
func (o policyObject) raw(key string) json.RawMessage {
	for _, m := range o.members {
		if string(m.key) == key {
			return m.value
		}
	}
	return nil
}

// read decodes a member; an absent one leaves out as it was.
func (o policyObject) read(key string, out any) error {
	raw := o.raw(key)
	if raw == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("reading %q of the Policy object: %w", key, err)
	}
	return nil
}

// text decodes a member that is a string; "" when there is none.
func (o policyObject) text(key string) (string, error) {
	raw := o.raw(key)
	if len(raw) > 1 && raw[0] == '"' && !bytes.ContainsRune(raw, '\\') && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1]), nil // nearly all of them, at a tenth of the cost
	}
	var text string
	err := o.read(key, &text)
	return text, err
}

// with gives the object with another value of a member.
func (o policyObject) with(key string, value any) (policyObject, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return o, fmt.Errorf("writing %q of the Policy object: %w", key, err)
	}
	members := make([]member, 0, len(o.members)+1)
	for _, m := range o.members {
		if string(m.key) != key {
			members = append(members, m)
		}
	}
	o.members = append(members, member{key: []byte(key), value: raw})
	return o, nil
}

// encode puts the members together, some of them left out.
func (o policyObject) encode(leftOut ...string) json.RawMessage {
	text := make([]byte, 0, len(o.body)+256)
	text = append(text, '{')
	for _, m := range o.members {
		if slices.Contains(leftOut, string(m.key)) {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(text, '"')
		text = append(text, m.key...)
		text = append(text, '"', ':')
		text = append(text, m.value...)
	}
	return append(text, '}')
}

// scanner walks over valid JSON without decoding it.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) broken() error {
	return fmt.Errorf("reading a Policy object: broken JSON at byte %d", s.at)
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// skip passes over one character if it is the next one.
func (s *scanner) skip(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// value gives the text of the value that comes next; empty at the end.
func (s *scanner) value() []byte {
	s.space()
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '"':
			s.quoted()
			if depth == 0 {
				return s.text[start:s.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 { // of the object around it
				return s.text[start:s.at]
			}
			if depth--; depth == 0 {
				s.at++
				return s.text[start:s.at]
			}
		case ',', ':', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return s.text[start:s.at]
			}
		}
		s.at++
	}
	return s.text[start:s.at]
}

// quoted passes over a string, its quotes included.
func (s *scanner) quoted() {
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return
		}
	}
	s.at = len(s.text)
}
