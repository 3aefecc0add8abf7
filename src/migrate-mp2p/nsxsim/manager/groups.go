package manager

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/groups"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// groupsKinds are groups, sets and services.
func groupsKinds() []Kind {
	return []Kind{
		{
			collection: GroupCollection, types: []string{"NSGroup"},
			filters: map[string]filter{"member_types": memberTypes()}, complete: countMembers,
			reads: []string{"populate_references"}, show: showGroup, force: "force",
		},
		{collection: setCollection, types: []string{"IPSet"}, force: "force"},
		{
			collection: "ns-services", types: []string{"NSService"}, force: "force",
			filters: map[string]filter{"default_service": byDefault()},
		},
		{
			collection: "ns-service-groups", types: []string{"NSServiceGroup"}, force: "force",
			filters: map[string]filter{"default_service": byDefault()},
		},
	}
}

// groupRoutes evaluate and change the membership of NS groups (NSX Go SDK).
func (s *API) groupRoutes() []api.Route {
	one := api.ManagerPrefix + GroupCollection + "/{id}"
	effective := func(what string, list func(*members) []any, notes ...string) api.Route {
		extent := api.Full
		if len(notes) > 0 {
			extent = api.Partial
		}
		return api.Route{Method: "GET", Pattern: one + "/effective-" + what + "-members", Extent: extent, Query: api.Paging(), Notes: notes, Handle: s.effective(list)}
	}
	routes := []api.Route{
		effective("logical-port", func(m *members) []any { return resources("LogicalPort", m.ports) }),
		effective("logical-switch", func(m *members) []any { return resources("LogicalSwitch", m.switches) }),
		effective("ipset", func(m *members) []any { return resources("IPSet", m.sets) }),
		effective("ip-address", (*members).addresses,
			"addresses of IP sets and of the ports' bindings; hangs on 3.2.2, as observed there"),
		effective("vif", (*members).interfaces, "interfaces of ports only, told by their attachment"),
		effective("virtual-machine", func(*members) []any { return []any{} }, "there are no virtual machines: always empty"),
		{Method: "GET", Pattern: one + "/member-types", Extent: api.Full, Notes: []string{"on one page, as the answer has no cursor"}, Handle: s.memberTypes},
		{Method: "GET", Pattern: api.ManagerPrefix + GroupCollection + "/unassociated-virtual-machines", Extent: api.Partial,
			Query:  slices.Concat(api.Paging(), []string{"display_name", "exclude_vm_type", "external_id", "host_id"}),
			Notes:  []string{"there are no virtual machines: always empty"},
			Handle: func(_ context.Context, r *api.Request) (*api.Response, error) { return listing.PageOfValues(r, nil) }},
	}
	for _, what := range []string{"cloud-native-service-instance", "directory-group", "physical-server", "transport-node"} {
		routes = append(routes, effective(what, func(*members) []any { return []any{} }, "no group has such members: always empty"))
	}
	for _, action := range []string{"ADD_MEMBERS", "REMOVE_MEMBERS"} {
		routes = append(routes, api.Route{
			Method: http.MethodPost, Pattern: one, Action: action, Extent: api.Full, Handle: s.changeMembers(action == "ADD_MEMBERS"),
		})
	}
	return routes
}

// effective lists what a group comes to.
func (s *API) effective(list func(*members) []any) api.Handler {
	return func(ctx context.Context, r *api.Request) (*api.Response, error) {
		if strings.HasSuffix(r.Path, "/effective-ip-address-members") && strings.HasPrefix(s.version.String(), "3.2.2.") {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		found, err := s.membersOf(r.Params["id"], list)
		if err != nil {
			return nil, err
		}
		return listing.PageOfValues(r, found)
	}
}

// membersOf lists members of one sort of a group.
func (s *API) membersOf(id string, list func(*members) []any) (found []any, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		group, known := tx.Manager().Get(GroupCollection + "/" + id)
		if !known {
			return api.NotFound(id)
		}
		m, err := newMembers(tx)
		if err != nil {
			return err
		}
		if err := m.add(group); err != nil {
			return err
		}
		found = list(m)
		return nil
	})
	return found, err
}

// members is what a group comes to, by id.
type members struct {
	tx                    *store.Tx
	ports, switches, sets map[string]*store.Object
	// groups are those that were evaluated.
	groups map[string]*store.Object
	// portsOf are the ports of each switch, once they were asked for.
	portsOf map[string][]*store.Object
	// emptied are the Policy groups that an upgrade left empty.
	emptied groups.Emptied
}

func newMembers(tx *store.Tx) (*members, error) {
	emptied, err := groups.EmptiedIn(tx)
	return (&members{tx: tx, emptied: emptied}).ofAnother(), err
}

// ofAnother begins the members of another group in the same state, which need not be read again.
func (m *members) ofAnother() *members {
	none := func() map[string]*store.Object { return map[string]*store.Object{} }
	return &members{tx: m.tx, ports: none(), switches: none(), sets: none(), groups: none(), portsOf: m.portsOf, emptied: m.emptied}
}

// isEmptied tells whether a group belongs to a Policy group that an upgrade left empty.
func (m *members) isEmptied(group *store.Object) bool {
	path, promoted := group.Tag(policy.PathScope)
	twin, found := m.tx.Policy().Get(path)
	return promoted && found && m.emptied.Has(twin)
}

// add evaluates a group and the groups in it.
func (m *members) add(group *store.Object) error {
	if m.groups[group.ID] != nil {
		return nil
	}
	m.groups[group.ID] = group
	if m.isEmptied(group) {
		return nil
	}
	named, err := m.named(group)
	if err != nil {
		return err
	}
	for _, o := range named {
		if o.Collection() == GroupCollection {
			if err := m.add(o); err != nil {
				return err
			}
			continue
		}
		m.take(o)
		if o.Collection() == SwitchCollection {
			m.addPortsOf(o.ID)
		}
	}
	return nil
}

// addNamed adds what a group names by itself, and not what that contains.
func (m *members) addNamed(group *store.Object) error {
	named, err := m.named(group)
	for _, o := range named {
		m.take(o)
	}
	return err
}

// named are the objects that fit a group's members and criteria.
func (m *members) named(group *store.Object) ([]*store.Object, error) {
	body, err := group.Fields()
	if err != nil {
		return nil, err
	}
	var all []*store.Object
	for _, expression := range slices.Concat(store.ObjectsIn(body["members"]), store.ObjectsIn(body["membership_criteria"])) {
		all = append(all, m.fitting(expression)...)
	}
	return all, nil
}

// take adds one object.
func (m *members) take(o *store.Object) {
	switch o.Collection() {
	case PortCollection:
		m.ports[o.ID] = o
	case SwitchCollection:
		m.switches[o.ID] = o
	case setCollection:
		m.sets[o.ID] = o
	case GroupCollection:
		m.groups[o.ID] = o
	}
}

func (m *members) addPortsOf(logicalSwitch string) {
	for _, port := range m.switchPorts()[logicalSwitch] {
		m.ports[port.ID] = port
	}
}

// switchPorts are the ports of each switch.
func (m *members) switchPorts() map[string][]*store.Object {
	if m.portsOf == nil {
		m.portsOf = map[string][]*store.Object{}
		for _, port := range m.tx.Manager().List(PortCollection) {
			on := store.QuickText(port, "logical_switch_id")
			m.portsOf[on] = append(m.portsOf[on], port)
		}
	}
	return m.portsOf
}

// fitting are the objects that an expression of a group names.
func (m *members) fitting(expression map[string]any) []*store.Object {
	parts := []map[string]any{expression}
	if nested := store.ObjectsIn(expression["expressions"]); len(nested) > 0 {
		parts = nested // a complex expression: all must fit
	}
	first := parts[0]
	// Types that name no object, such as VirtualMachine, have no collection and therefore no candidates.
	collection, _ := references.TypeCollection(store.Text(first["target_type"]))
	candidates := m.tx.Manager().List(collection)
	if scope := store.Text(first["scope"]); scope != "" && store.Text(first["scope_op"]) != "NOTEQUALS" {
		candidates = m.tx.Manager().ByTagScope(scope)
	} else if store.Text(first["target_property"]) == "id" && store.Text(first["op"]) == "EQUALS" {
		candidates = nil
		if o, found := m.tx.Manager().Get(collection + "/" + store.Text(first["value"])); found {
			candidates = []*store.Object{o}
		}
	}
	return slices.DeleteFunc(candidates, func(o *store.Object) bool {
		return o.Collection() != collection || slices.ContainsFunc(parts, func(part map[string]any) bool { return !fits(o, part) })
	})
}

// fits tells whether an object fits one tag or simple expression.
func fits(o *store.Object, expression map[string]any) bool {
	if property := store.Text(expression["target_property"]); property != "" {
		value := o.ID
		if property != "id" {
			value = store.TextAt(o, property)
		}
		return groups.Compare(store.Text(expression["op"]), value, store.Text(expression["value"]))
	}
	scope, tag := store.Text(expression["scope"]), store.Text(expression["tag"])
	return slices.ContainsFunc(o.Tags, func(t store.Tag) bool {
		return (scope == "" || groups.Compare(store.Text(expression["scope_op"]), t.Scope, scope)) && (tag == "" || groups.Compare(store.Text(expression["tag_op"]), t.Value, tag))
	})
}

// sorted are the objects by id.
func sorted(objects map[string]*store.Object) []*store.Object {
	var list []*store.Object
	for _, id := range slices.Sorted(maps.Keys(objects)) {
		list = append(list, objects[id])
	}
	return list
}

// resources are ResourceReferences to objects.
func resources(kind string, objects map[string]*store.Object) []any {
	list := []any{}
	for _, o := range sorted(objects) {
		list = append(list, resource(kind, o))
	}
	return list
}

// resource is a ResourceReference to an object.
func resource(kind string, o *store.Object) map[string]any {
	return map[string]any{"target_id": o.ID, "target_type": kind, "target_display_name": o.DisplayName, "is_valid": true}
}

func (m *members) addresses() []any {
	found := map[string]bool{}
	for _, o := range m.sets {
		if body, err := o.Fields(); err == nil {
			list, _ := body["ip_addresses"].([]any)
			for _, address := range list {
				found[store.Text(address)] = true
			}
		}
	}
	for _, o := range m.ports {
		if body, err := o.Fields(); err == nil {
			for _, binding := range store.ObjectsIn(body["address_bindings"]) {
				found[store.Text(binding["ip_address"])] = true
			}
		}
	}
	delete(found, "")
	list := []any{}
	for _, address := range slices.Sorted(maps.Keys(found)) {
		list = append(list, address)
	}
	return list
}

func (m *members) interfaces() []any {
	list := []any{}
	for _, o := range sorted(m.ports) {
		if store.TextAt(o, "attachment.attachment_type") == "VIF" {
			id := store.TextAt(o, "attachment.id")
			list = append(list, map[string]any{
				"resource_type": "VirtualNetworkInterface", "external_id": id, "lport_attachment_id": id, "display_name": o.DisplayName,
			})
		}
	}
	return list
}

// GroupTypes are the target types of a group's members and criteria, sorted.
func GroupTypes(body map[string]any) []string {
	found := map[string]bool{}
	for _, expression := range slices.Concat(store.ObjectsIn(body["members"]), store.ObjectsIn(body["membership_criteria"])) {
		for _, part := range append(store.ObjectsIn(expression["expressions"]), expression) {
			if kind := store.Text(part["target_type"]); kind != "" {
				found[kind] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (s *API) memberTypes(_ context.Context, r *api.Request) (*api.Response, error) {
	var types []string
	err := s.store.View(func(tx *store.Tx) error {
		group, known := tx.Manager().Get(GroupCollection + "/" + r.Params["id"])
		if !known {
			return api.NotFound(r.Params["id"])
		}
		body, err := group.Fields()
		types = GroupTypes(body)
		return err
	})
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, kind := range types {
		list = append(list, kind)
	}
	return api.OK(map[string]any{"results": list, "result_count": len(list)})
}

// changeMembers adds the expressions of the body to a group, or takes them away.
func (s *API) changeMembers(add bool) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		sent, bad := api.DecodeBody(r.Body)
		if bad != nil {
			return nil, bad
		}
		given := store.ObjectsIn(sent["members"])
		if len(given) == 0 {
			return nil, api.InvalidField("members", "it is required")
		}
		return s.changeObject(r, GroupCollection+"/"+r.Params["id"], func(_ *store.Tx, group map[string]any) error {
			var kept []any
			for _, member := range store.ObjectsIn(group["members"]) {
				if !slices.ContainsFunc(given, func(g map[string]any) bool { return sameMember(g, member) }) {
					kept = append(kept, member)
				}
			}
			if add {
				for _, member := range given {
					kept = append(kept, member)
				}
			}
			group["members"] = kept
			return nil
		})
	}
}

func sameMember(a, b map[string]any) bool {
	for _, name := range []string{"target_type", "target_property", "op", "value"} {
		if store.Text(a[name]) != store.Text(b[name]) {
			return false
		}
	}
	return true
}

// countMembers writes into a group or the exclude list how many members it has.
func countMembers(w *write) error {
	w.fields["member_count"] = len(store.ObjectsIn(w.fields["members"]))
	return nil
}

// showGroup adds what the members by id refer to when the client asks for it (NSX Go SDK).
func showGroup(_ *API, tx *store.Tx, r *api.Request, _ *store.Object, body map[string]any) error {
	wanted, bad := api.Boolean("populate_references", r.Query.Get("populate_references"))
	if bad != nil {
		return bad
	}
	if !wanted {
		return nil
	}
	for _, member := range store.ObjectsIn(body["members"]) {
		kind, id := store.Text(member["target_type"]), store.Text(member["value"])
		collection, known := references.TypeCollection(kind)
		if !known || store.Text(member["target_property"]) != "id" {
			continue
		}
		target := map[string]any{"target_type": kind, "target_id": id, "is_valid": false}
		if o, found := tx.Manager().Get(collection + "/" + id); found {
			target["target_display_name"], target["is_valid"] = o.DisplayName, true
		}
		member["target_resource"] = target
	}
	return nil
}
