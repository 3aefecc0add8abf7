package updates

import (
	"encoding/json"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// policyObject is a Policy object taken apart only as far as needed: its members with their very bytes.
type policyObject struct {
	body    json.RawMessage
	members rawjson.Object
}

// parseObject takes a body apart; the result refers to it. The members are put into room, which may be nil.
func parseObject(body json.RawMessage, room rawjson.Object) (policyObject, error) {
	members, err := rawjson.Parse(body, room)
	if err != nil {
		return policyObject{}, fmt.Errorf("reading a Policy object: %w", err)
	}
	return policyObject{body: body, members: members}, nil
}

// raw gives the text of a member, nil when there is none.
func (o policyObject) raw(key string) json.RawMessage { return o.members.Raw(key) }

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
	if text, ok := rawjson.Text(o.raw(key)); ok {
		return text, nil
	}
	var text string
	err := o.read(key, &text)
	return text, err
}

func (o policyObject) tags() ([]mp.Tag, error) {
	tags, err := mp.ParseTags(o.raw("tags"))
	if err != nil {
		return nil, fmt.Errorf("reading \"tags\" of the Policy object: %w", err)
	}
	return tags, nil
}

// with gives the object with another value of a member.
func (o policyObject) with(key string, value any) (policyObject, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return o, fmt.Errorf("writing %q of the Policy object: %w", key, err)
	}
	members := make(rawjson.Object, 0, len(o.members)+1)
	for _, m := range o.members {
		if string(m.Key) != key {
			members = append(members, m)
		}
	}
	o.members = append(members, rawjson.Member{Key: []byte(key), Value: raw})
	return o, nil
}

// encode puts the members together, some of them left out.
func (o policyObject) encode(leftOut ...string) json.RawMessage {
	text := make([]byte, 0, len(o.body)+256)
	text = append(text, '{')
	for _, m := range o.members {
		if slices.Contains(leftOut, string(m.Key)) {
			continue
		}
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(text, '"')
		text = append(text, m.Key...)
		text = append(text, '"', ':')
		text = append(text, m.Value...)
	}
	return append(text, '}')
}
