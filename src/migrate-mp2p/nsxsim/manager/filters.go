package manager

import (
	"bytes"
	"net/url"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// test tells whether an object stays in a list. The body is decoded, but for tests of a filter that is plain.
type test func(o *store.Object, body map[string]any) bool

// filter is one query parameter of a list.
type filter struct {
	// literal means that the value stands in the body of whatever passes, and plain that the test does not look at the
	// decoded body: both save decoding, which costs seconds in a world of a hundred thousand ports.
	literal, plain bool
	// prepare makes the test for the parameter's value, or refuses the value.
	prepare func(tx *store.Tx, value string) (test, error)
}

// simple is a filter that looks at nothing but the object.
func simple(passes func(o *store.Object, body map[string]any, value string) bool) filter {
	return filter{prepare: func(_ *store.Tx, value string) (test, error) {
		return func(o *store.Object, body map[string]any) bool { return passes(o, body, value) }, nil
	}}
}

// without passes nothing: whatever the parameter names, the simulator has no such objects.
func without() filter {
	return filter{plain: true, prepare: func(*store.Tx, string) (test, error) {
		return func(*store.Object, map[string]any) bool { return false }, nil
	}}
}

// field passes objects with that value at a dotted path.
func field(path string) filter {
	f := simple(func(_ *store.Object, body map[string]any, value string) bool {
		return store.Text(store.FieldAt(body, path)) == value
	})
	f.literal = true
	return f
}

// oneOf is field for a parameter with a fixed set of values.
func oneOf(path, parameter string, values ...string) filter {
	f := field(path)
	return filter{literal: true, prepare: func(tx *store.Tx, value string) (test, error) {
		if err := api.OneValue(url.Values{parameter: {value}}, parameter, values...); err != nil {
			return nil, err
		}
		return f.prepare(tx, value)
	}}
}

// listed passes objects with that value in the list at a dotted path.
func listed(path string) filter {
	f := simple(func(_ *store.Object, body map[string]any, value string) bool {
		list, _ := store.FieldAt(body, path).([]any)
		return slices.ContainsFunc(list, func(element any) bool { return store.Text(element) == value })
	})
	f.literal = true
	return f
}

// flag is a parameter that is true or false; passes says what it wants of an object.
func flag(parameter string, passes func(body map[string]any, wanted bool) bool) filter {
	return filter{prepare: func(_ *store.Tx, value string) (test, error) {
		wanted, bad := api.Boolean(parameter, value)
		if bad != nil {
			return nil, bad
		}
		return func(_ *store.Object, body map[string]any) bool { return passes(body, wanted) }, nil
	}}
}

// shows is a parameter that asks for further objects, of which the simulator has none.
func shows(parameter string) filter {
	f := flag(parameter, func(map[string]any, bool) bool { return true })
	f.plain = true
	return f
}

// byType passes objects of one of the resource types, which commas separate.
func byType() filter {
	f := simple(func(o *store.Object, _ map[string]any, value string) bool {
		return slices.ContainsFunc(strings.Split(value, ","), func(kind string) bool { return strings.EqualFold(o.ResourceType, kind) })
	})
	f.plain = true
	return f
}

// byProfile passes objects that name a switching profile.
func byProfile() filter {
	f := simple(func(_ *store.Object, body map[string]any, value string) bool {
		return namesProfile(body, value)
	})
	f.literal = true
	return f
}

func namesProfile(body map[string]any, profile string) bool {
	return slices.ContainsFunc(store.ObjectsIn(body["switching_profile_ids"]), func(pair map[string]any) bool { return store.Text(pair["value"]) == profile })
}

// containerPorts passes ports of containers (CHILD) when the value is true, and every port otherwise.
func containerPorts() filter {
	return filter{plain: true, prepare: func(_ *store.Tx, value string) (test, error) {
		only, bad := api.Boolean("container_ports_only", value)
		if bad != nil {
			return nil, bad
		}
		return func(o *store.Object, _ map[string]any) bool {
			return !only || store.QuickText(o, "vif_type") == "CHILD"
		}, nil
	}}
}

// byAttachment passes ports with an attachment of a type, or for NONE those without attachment.
func byAttachment() filter {
	f := simple(func(o *store.Object, _ map[string]any, value string) bool {
		kind := store.QuickText(o, "attachment_type")
		return kind == value || kind == "" && value == "NONE"
	})
	f.plain = true
	return f
}

// onTransportNode passes ports on a transport node: those whose attachment names it, and those below these.
func onTransportNode() filter {
	return filter{plain: true, prepare: func(tx *store.Tx, value string) (test, error) {
		ids, err := idsWith(tx, PortCollection, "attachment.context.transport_node_uuid", value)
		if err != nil {
			return nil, err
		}
		parents := map[string]bool{}
		for id := range ids {
			port, _ := tx.Manager().Get(PortCollection + "/" + id)
			parents[store.TextAt(port, "attachment.id")] = true
		}
		delete(parents, "")
		return func(o *store.Object, _ map[string]any) bool {
			return ids[o.ID] || parents[store.QuickText(o, "parent_vif_id")]
		}, nil
	}}
}

// inZone passes transport nodes with a host switch in a transport zone.
func inZone() filter {
	f := simple(func(_ *store.Object, body map[string]any, value string) bool {
		return slices.ContainsFunc(store.ObjectsIn(store.FieldAt(body, "host_switch_spec.host_switches")), func(hostSwitch map[string]any) bool {
			return slices.ContainsFunc(store.ObjectsIn(hostSwitch["transport_zone_endpoints"]), func(end map[string]any) bool {
				return store.Text(end["transport_zone_id"]) == value
			})
		})
	})
	f.literal = true
	return f
}

// byNodeType passes transport nodes of one of the types, which commas separate.
func byNodeType() filter {
	return simple(func(_ *store.Object, body map[string]any, value string) bool {
		return slices.Contains(strings.Split(value, ","), store.Text(store.FieldAt(body, "node_deployment_info.resource_type")))
	})
}

// byRuleType passes NAT rules for IPv4, from IPv6 to IPv4, or both (NSX Go SDK).
func byRuleType() filter {
	return filter{prepare: func(_ *store.Tx, value string) (test, error) {
		if err := api.OneValue(url.Values{"rule_type": {value}}, "rule_type", "ALL", "NATv4", "NAT64"); err != nil {
			return nil, err
		}
		return func(_ *store.Object, body map[string]any) bool {
			return value == "ALL" || (store.Text(body["action"]) == "NAT64") == (value == "NAT64")
		}, nil
	}}
}

// related passes objects whose field, which stands in a body once, names one of the objects of a collection that have a
// value somewhere.
func related(name, collection, in string) filter {
	return filter{plain: true, prepare: func(tx *store.Tx, value string) (test, error) {
		ids, err := idsWith(tx, collection, in, value)
		if err != nil {
			return nil, err
		}
		return func(o *store.Object, _ map[string]any) bool { return ids[store.QuickText(o, name)] }, nil
	}}
}

// linkedSwitch passes router ports that lead to a port of a switch.
func linkedSwitch() filter {
	return filter{prepare: func(tx *store.Tx, value string) (test, error) {
		ids, err := idsWith(tx, PortCollection, "logical_switch_id", value)
		if err != nil {
			return nil, err
		}
		return func(_ *store.Object, body map[string]any) bool {
			return ids[store.Text(store.FieldAt(body, "linked_logical_switch_port_id.target_id"))]
		}, nil
	}}
}

// idsWith are the ids of the objects of a collection with that value at a dotted path.
func idsWith(tx *store.Tx, collection, path, value string) (map[string]bool, error) {
	ids := map[string]bool{}
	for _, o := range tx.Manager().List(collection) {
		if !bytes.Contains(o.Body, []byte(value)) {
			continue
		}
		body, err := o.Fields()
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(store.Text(store.FieldAt(body, path)), value) {
			ids[o.ID] = true
		}
	}
	return ids, nil
}

// byDefault passes NSX's own services when the value is true, and all services otherwise.
func byDefault() filter {
	return flag("default_service", func(body map[string]any, wanted bool) bool { return !wanted || body["default_service"] == true })
}

// memberTypes passes groups that have a member or a criterion of one of the target types, which commas separate.
func memberTypes() filter {
	return simple(func(_ *store.Object, body map[string]any, value string) bool {
		types := GroupTypes(body)
		return slices.ContainsFunc(strings.Split(value, ","), func(kind string) bool { return slices.Contains(types, kind) })
	})
}

// filter applies the list's parameters. Parameters that NSX does not know are ignored.
func (k Kind) filter(tx *store.Tx, objects []*store.Object, r *api.Request) ([]*store.Object, error) {
	w, err := k.prepare(tx, r.Query)
	if err != nil {
		return nil, err
	}
	if k.hidesSystem {
		show, bad := api.Boolean("include_system_owned", r.Query.Get("include_system_owned"))
		if bad != nil {
			return nil, bad
		}
		w.tests = append(w.tests, func(o *store.Object, _ map[string]any) bool { return show || !o.System })
	}
	if len(w.tests) == 0 {
		return objects, nil
	}
	var kept []*store.Object
	for _, o := range objects {
		passes, err := w.passes(o)
		if err != nil {
			return nil, err
		}
		if passes {
			kept = append(kept, o)
		}
	}
	return kept, nil
}

// wanted is what a query asks of the objects of a list.
type wanted struct {
	tests []test
	// literals stand in the body of whatever passes; decode says that a test needs the decoded body.
	literals []string
	decode   bool
}

func (w *wanted) passes(o *store.Object) (bool, error) {
	if slices.ContainsFunc(w.literals, func(value string) bool { return !bytes.Contains(o.Body, []byte(value)) }) {
		return false, nil
	}
	var body map[string]any
	if w.decode {
		var err error
		if body, err = o.Fields(); err != nil {
			return false, err
		}
	}
	return !slices.ContainsFunc(w.tests, func(t test) bool { return !t(o, body) }), nil
}

// prepare reads the parameters of a query.
func (k Kind) prepare(tx *store.Tx, query url.Values) (*wanted, error) {
	w := &wanted{}
	for name, f := range k.filters {
		value := query.Get(name)
		if value == "" {
			value = k.preset[name]
		}
		if value == "" {
			continue
		}
		t, err := f.prepare(tx, value)
		if err != nil {
			return nil, err
		}
		w.tests = append(w.tests, t)
		w.decode = w.decode || !f.plain
		if f.literal {
			w.literals = append(w.literals, value)
		}
	}
	if k.firewall == nil {
		return w, nil
	}
	t, err := k.firewall(tx, query)
	if t != nil {
		w.tests, w.decode = append(w.tests, t), true
	}
	return w, err
}
