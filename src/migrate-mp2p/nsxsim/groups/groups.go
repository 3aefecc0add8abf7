// Package groups evaluates the expressions of Policy groups: which segments, ports and addresses are in them.
//
// Static paths, addresses, and conditions on tags and names count; conditions on what the simulator does not have
// (virtual machines, OSName, ComputerName, external ids) have no members, and so have groups that an upgrade left empty
// (EmptyAll). AND binds stronger than OR (ASSUMED).
package groups

import (
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Of evaluates a group.
func Of(tx *store.Tx, group *store.Object) (*Members, error) {
	emptied, err := EmptiedIn(tx)
	if err != nil {
		return nil, err
	}
	to := newMembers()
	return to, (&evaluation{tx: tx, under: map[string]bool{}, emptied: emptied}).group(group, to)
}

// Members are the objects and the addresses in a group.
type Members struct {
	objects   map[string]*store.Object
	addresses map[string]bool
}

func newMembers() *Members {
	return &Members{objects: map[string]*store.Object{}, addresses: map[string]bool{}}
}

// Objects lists the objects by their paths.
func (m *Members) Objects() []*store.Object {
	var list []*store.Object
	for _, path := range slices.Sorted(maps.Keys(m.objects)) {
		list = append(list, m.objects[path])
	}
	return list
}

// add takes in all that is in other.
func (m *Members) add(other *Members) {
	maps.Copy(m.objects, other.objects)
	maps.Copy(m.addresses, other.addresses)
}

// Addresses lists the addresses, those of the member ports and of the ports of member segments included.
func (m *Members) Addresses() []string { return slices.Sorted(maps.Keys(m.addresses)) }

// intersect keeps what is in other too.
func (m *Members) intersect(other *Members) {
	maps.DeleteFunc(m.objects, func(path string, _ *store.Object) bool { return other.objects[path] == nil })
	maps.DeleteFunc(m.addresses, func(address string, _ bool) bool { return !other.addresses[address] })
}

// evaluation follows the expressions of a group and of the groups in it.
type evaluation struct {
	tx *store.Tx
	// under are the groups that are being evaluated, since groups may contain each other.
	under   map[string]bool
	emptied Emptied
}

// group adds the members of a group, and the addresses of the ports among them.
func (e *evaluation) group(group *store.Object, to *Members) error {
	if e.under[group.Key] || e.emptied.Has(group) {
		return nil
	}
	e.under[group.Key] = true
	defer delete(e.under, group.Key)
	fields, err := group.Fields()
	if err != nil {
		return err
	}
	expression, _ := fields["expression"].([]any)
	if err := e.list(expression, to); err != nil {
		return err
	}
	return e.addressesOf(to)
}

// list evaluates expressions that alternate with conjunctions: the union of what is joined by AND.
func (e *evaluation) list(expressions []any, to *Members) error {
	var joined *Members
	for i := 0; i < len(expressions); i += 2 {
		part, _ := expressions[i].(map[string]any)
		one := newMembers()
		if err := e.one(part, one); err != nil {
			return err
		}
		if joined == nil {
			joined = one
		} else if conjunction, _ := expressions[i-1].(map[string]any); conjunction["conjunction_operator"] == "AND" {
			joined.intersect(one)
		} else {
			to.add(joined)
			joined = one
		}
	}
	if joined != nil {
		to.add(joined)
	}
	return nil
}

// one evaluates an expression that is no conjunction.
func (e *evaluation) one(part map[string]any, to *Members) error {
	switch part["resource_type"] {
	case "IPAddressExpression":
		for _, address := range texts(part["ip_addresses"]) {
			to.addresses[address] = true
		}
	case "PathExpression":
		for _, path := range texts(part["paths"]) {
			if o, found := e.tx.Policy().Get(path); found {
				if err := e.take(o, to); err != nil {
					return err
				}
			}
		}
	case "NestedExpression":
		inner, _ := part["expressions"].([]any)
		return e.list(inner, to)
	case "Condition":
		for _, o := range e.tx.Policy().ByType(text(part["member_type"])) {
			if fits(part, o) {
				if err := e.take(o, to); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// take adds an object, or what is in it if it is a group. What is marked for deletion is no member any more.
func (e *evaluation) take(o *store.Object, to *Members) error {
	if o.Marked {
		return nil
	}
	if o.ResourceType == "Group" {
		return e.group(o, to)
	}
	to.objects[o.Key] = o
	return nil
}

// addressesOf adds the addresses that are bound to the member ports and to the ports of the member segments.
func (e *evaluation) addressesOf(to *Members) error {
	for _, o := range to.Objects() {
		ports := []*store.Object{o}
		if o.ResourceType == "Segment" {
			ports = e.tx.Policy().List(o.Key + "/ports")
		}
		for _, port := range ports {
			if port.Marked {
				continue
			}
			fields, err := port.Fields()
			if err != nil {
				return err
			}
			bindings, _ := fields["address_bindings"].([]any)
			for _, element := range bindings {
				binding, _ := element.(map[string]any)
				if address := text(binding["ip_address"]); address != "" {
					to.addresses[address] = true
				}
			}
		}
	}
	return nil
}

// fits tells whether an object meets a condition on its name or on one of its tags ("scope|tag"), without regard to
// case. An empty scope or value is not looked at (NSX Go SDK).
func fits(condition map[string]any, o *store.Object) bool {
	wanted := strings.ToLower(text(condition["value"]))
	operator := text(condition["operator"])
	switch text(condition["key"]) {
	case "Name":
		return Compare(operator, strings.ToLower(o.DisplayName), wanted)
	case "Tag":
		scope, value, hasScope := strings.Cut(wanted, "|")
		if !hasScope {
			scope, value = "", wanted
		}
		return slices.ContainsFunc(o.Tags, func(tag store.Tag) bool {
			return (scope == "" || Compare(text(condition["scope_operator"]), strings.ToLower(tag.Scope), scope)) &&
				(value == "" || Compare(operator, strings.ToLower(tag.Value), value))
		})
	}
	return false
}

// Compare applies an operator of a condition to a value; none means EQUALS.
func Compare(operator, is, wanted string) bool {
	switch operator {
	case "CONTAINS":
		return strings.Contains(is, wanted)
	case "STARTSWITH":
		return strings.HasPrefix(is, wanted)
	case "ENDSWITH":
		return strings.HasSuffix(is, wanted)
	case "NOTEQUALS":
		return is != wanted
	case "IN", "NOTIN":
		return slices.Contains(strings.Split(wanted, ","), is) == (operator == "IN")
	}
	return is == wanted
}

// texts are the strings of a list.
func texts(value any) []string {
	list, _ := value.([]any)
	var found []string
	for _, element := range list {
		if one, ok := element.(string); ok {
			found = append(found, one)
		}
	}
	return found
}

// text is a string of a body; "" for anything else.
func text(value any) string {
	s, _ := value.(string)
	return s
}
