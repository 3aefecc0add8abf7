package records

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// frequent is a kind of row of which there is one per object. These read themselves from their JSON, member by member,
// since encoding/json would take most of a run's time for them.
type frequent interface {
	read(key, value []byte) error
}

func (m *MigratedObject) read(key, value []byte) error {
	switch string(key) {
	case "type":
		m.Type = text(value)
	case "id":
		m.ID = text(value)
	case "policy_path":
		m.PolicyPath = text(value)
	}
	return nil
}

func (r *Original) read(key, value []byte) (err error) {
	switch string(key) {
	case "type":
		r.Type = text(value)
	case "id":
		r.ID = text(value)
	case "hash":
		r.Hash = text(value)
	case "name":
		r.Name = text(value)
	case "tags":
		r.Tags, err = mp.ParseTags(value)
	case "names":
		r.Names = texts[string](value)
	case "facts":
		r.Facts = texts[mp.Fact](value)
	}
	return err
}

func (e *Entry) read(key, value []byte) error {
	switch string(key) {
	case "type":
		e.Type = text(value)
	case "id":
		e.ID = text(value)
	case "policy_path":
		e.PolicyPath = text(value)
	case "not_ours":
		e.NotOurs = string(value) == "true"
	}
	return nil
}

func (u *Update) read(key, value []byte) (err error) {
	switch string(key) {
	case "seq":
		u.Seq, err = strconv.ParseUint(string(value), 10, 64)
	case "resource_type":
		u.ResourceType = text(value)
	case "path":
		u.Path = text(value)
	case "type":
		u.Type = text(value)
	case "id":
		u.ID = text(value)
	case "delta":
		err = readFrequent(value, &u.Delta)
	case "state":
		u.State = UpdateState(text(value))
	case "attempts":
		u.Attempts, err = strconv.Atoi(string(value))
	case "url":
		u.URL = text(value)
	case "body":
		u.Body = slices.Clone(value)
	case "answer":
		u.Answer = text(value)
	}
	return err
}

func (d *decided) read(key, value []byte) error {
	switch string(key) {
	case "path":
		d.Path = text(value)
	case "state":
		d.State = UpdateState(text(value))
	}
	return nil
}

func (d *Delta) read(key, value []byte) (err error) {
	switch string(key) {
	case "set_tags":
		d.SetTags, err = mp.ParseTags(value)
	case "remove_tags":
		d.RemoveTags, err = mp.ParseTags(value)
	case "display_name":
		wanted := text(value)
		d.DisplayName = &wanted
	case "rule_names":
		d.RuleNames = texts[string](value)
	}
	return err
}

func text(value []byte) string {
	s, _ := rawjson.Text(value)
	return s
}

// texts reads an object of strings.
func texts[K ~string](value []byte) map[K]string {
	all := map[K]string{}
	s := rawjson.NewScanner(value)
	s.Object(func(key []byte) {
		name := string(key)
		if strings.Contains(name, `\`) {
			name = text([]byte(`"` + name + `"`))
		}
		all[K(name)] = text(s.Value())
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
	var failed error
	s := rawjson.NewScanner(data)
	s.Object(func(key []byte) {
		if err := row.read(key, s.Value()); err != nil {
			failed = err
		}
	})
	return errors.Join(failed, s.End())
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
