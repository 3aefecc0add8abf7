package manager

import (
	"net/url"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// position is where a section goes among the sections, or a rule among the rules of its section (NSX Go SDK).
type position struct {
	operation string
	anchor    string
}

func readPosition(query url.Values) (position, error) {
	p := position{operation: query.Get("operation"), anchor: query.Get("id")}
	switch p.operation {
	case "":
		p.operation = "insert_top"
	case "insert_top", "insert_bottom":
	case "insert_before", "insert_after":
		if p.anchor == "" {
			return p, api.InvalidField("id", "%s needs an anchor", p.operation)
		}
	default:
		return p, api.InvalidField("operation", "%q is none of insert_top, insert_bottom, insert_before, insert_after", p.operation)
	}
	return p, nil
}

// readPlaced reads the body of a section or rule, or of several rules, and where they are to go.
func readPlaced(r *api.Request) (fields map[string]any, at position, err error) {
	fields, bad := api.DecodeBody(r.Body)
	if bad != nil {
		return nil, position{}, bad
	}
	at, err = readPosition(r.Query)
	return fields, at, err
}

// place gives the object at a key its priority among its neighbours, and moves those behind it when there is no room.
func (p position) place(tx *store.Tx, key string) error {
	o, found := tx.Manager().Get(key)
	if !found {
		return api.NotFound(api.LastOf(key))
	}
	others := slices.DeleteFunc(tx.Manager().List(o.Collection()), func(other *store.Object) bool { return other.Key == key })
	grammar.Sort(others, "priority")
	index, err := p.index(others)
	if err != nil {
		return err
	}
	before, behind := int64(-1), others[index:]
	if index > 0 {
		before = priorityOf(others[index-1])
	}
	priority := before + 1
	if len(behind) > 0 {
		// In the middle, so that there is room on both sides.
		priority = before + max(1, (priorityOf(behind[0])-before)/2)
	}
	if err := setField(tx, key, "priority", priority); err != nil {
		return err
	}
	for _, next := range behind {
		if priorityOf(next) > priority {
			break
		}
		priority++
		if err := setField(tx, next.Key, "priority", priority); err != nil {
			return err
		}
	}
	return nil
}

// index is the place among the others, which are in their order.
func (p position) index(others []*store.Object) (int, error) {
	switch p.operation {
	case "insert_top":
		return 0, nil
	case "insert_bottom":
		end := len(others)
		for end > 0 && store.TextAt(others[end-1], "is_default") == "true" {
			end--
		}
		return end, nil
	}
	at := slices.IndexFunc(others, func(o *store.Object) bool { return o.ID == p.anchor })
	if at < 0 {
		return 0, api.NotFound(p.anchor)
	}
	if p.operation == "insert_after" {
		at++
	}
	return at, nil
}

func priorityOf(o *store.Object) int64 {
	body, err := o.Fields()
	if err != nil {
		return 0 // the store holds JSON objects only
	}
	n, _ := store.WholeNumber(body["priority"])
	return n
}

// setField changes what NSX keeps in a body by itself; the _revision stays.
func setField(tx *store.Tx, key, name string, value any) error {
	o, found := tx.Manager().Get(key)
	if !found {
		return api.NotFound(api.LastOf(key))
	}
	body, err := o.Fields()
	if err != nil {
		return err
	}
	body[name] = value
	_, err = tx.Manager().PutFields(key, body)
	return err
}
