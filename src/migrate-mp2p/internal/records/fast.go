package records

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// frequent is a kind of row of which there is one per object. These read themselves from their JSON, since
// encoding/json would take most of a run's time for them.
type frequent interface{ read(rawjson.Object) error }

func (m *MigratedObject) read(o rawjson.Object) error {
	m.Type, m.ID, m.PolicyPath = text(o, "type"), text(o, "id"), text(o, "policy_path")
	return nil
}

func (r *Original) read(o rawjson.Object) (err error) {
	r.Type, r.ID, r.Hash, r.Name = text(o, "type"), text(o, "id"), text(o, "hash"), text(o, "name")
	r.Names, r.Facts = texts(o, "names"), texts(o, "facts")
	r.Tags, err = nsx.ParseTags(o.Raw("tags"))
	return err
}

func (e *Entry) read(o rawjson.Object) error {
	e.Type, e.ID, e.PolicyPath = text(o, "type"), text(o, "id"), text(o, "policy_path")
	e.NotOurs = string(o.Raw("not_ours")) == "true"
	return nil
}

func (u *Update) read(o rawjson.Object) error {
	u.ResourceType, u.Path, u.Type, u.ID = text(o, "resource_type"), text(o, "path"), text(o, "type"), text(o, "id")
	u.State, u.URL, u.Answer = UpdateState(text(o, "state")), text(o, "url"), text(o, "answer")
	u.Body = slices.Clone(o.Raw("body"))
	return errors.Join(json.Unmarshal(o.Raw("seq"), &u.Seq), json.Unmarshal(o.Raw("attempts"), &u.Attempts), u.Delta.read(o.Raw("delta")))
}

func (d *Delta) read(raw json.RawMessage) error {
	o, err := rawjson.Parse(raw, nil)
	if err != nil {
		return err
	}
	if name := o.Raw("display_name"); name != nil {
		wanted, _ := rawjson.Text(name)
		d.DisplayName = &wanted
	}
	d.RuleNames = texts(o, "rule_names")
	var set, remove error
	d.SetTags, set = nsx.ParseTags(o.Raw("set_tags"))
	d.RemoveTags, remove = nsx.ParseTags(o.Raw("remove_tags"))
	return errors.Join(set, remove)
}

func text(o rawjson.Object, key string) string {
	s, _ := rawjson.Text(o.Raw(key))
	return s
}

// texts reads an object of strings; nil when there is none.
func texts(o rawjson.Object, key string) map[string]string {
	value := o.Raw(key)
	if value == nil {
		return nil
	}
	all := map[string]string{}
	s := rawjson.NewScanner(value)
	s.Object(func(key []byte) {
		name := string(key)
		if strings.Contains(name, `\`) {
			name, _ = rawjson.Text([]byte(`"` + name + `"`))
		}
		all[name], _ = rawjson.Text(s.Value())
	})
	return all
}

// unmarshal is json.Unmarshal, but for frequent rows, for the entries of a batch, and for rows that are only copied.
func unmarshal(data []byte, value any) error {
	switch row := value.(type) {
	case frequent:
		return readFrequent(data, row)
	case *[]Entry:
		return readEntries(data, row)
	case *json.RawMessage: // the checksum has shown that the row is what was written
		*row = slices.Clone(data)
		return nil
	default:
		return json.Unmarshal(data, value)
	}
}

func readFrequent(data []byte, row frequent) error {
	o, err := rawjson.Parse(data, make(rawjson.Object, 0, 16))
	if err != nil {
		return err
	}
	return row.read(o)
}

func readEntries(data []byte, entries *[]Entry) error {
	var failed error
	s := rawjson.NewScanner(data)
	s.Array(func() {
		var e Entry
		if err := readFrequent(s.Value(), &e); err != nil {
			failed = err
		}
		*entries = append(*entries, e)
	})
	return errors.Join(failed, s.End())
}
