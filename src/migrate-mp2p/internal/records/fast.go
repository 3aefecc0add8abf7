package records

import (
	"encoding/json"
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

// unmarshal is json.Unmarshal, but for frequent rows.
func unmarshal(data []byte, value any) error {
	row, ok := value.(frequent)
	if !ok {
		return json.Unmarshal(data, value)
	}
	o, err := rawjson.Parse(data, make(rawjson.Object, 0, 16))
	if err != nil {
		return err
	}
	return row.read(o)
}
