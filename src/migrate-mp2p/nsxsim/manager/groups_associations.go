package manager

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// sourceTypes are what the groups of can be asked for (NSX Go SDK).
var sourceTypes = []string{
	"NSGroup", "IPSet", "MACSet", "LogicalSwitch", "LogicalPort", "VirtualMachine", "DirectoryGroup", "VirtualNetworkInterface", "TransportNode", "IPAddress",
}

// associationRoutes tell in which groups something is, and which rules name a group (NSX Go SDK).
func (s *API) associationRoutes() []api.Route {
	group := api.ManagerPrefix + GroupCollection + "/{id}"
	return []api.Route{
		{Method: "GET", Pattern: api.ManagerPrefix + "associations", Extent: api.Partial,
			Query:  append(api.Paging(), "associated_resource_type", "fetch_ancestors", "resource_id", "resource_type"),
			Notes:  []string{"the groups of objects and addresses; other resources, such as virtual machines, do not exist and have none"},
			Handle: s.groupsAround},
		{Method: "GET", Pattern: group + "/service-associations", Extent: api.Partial,
			Query: append(api.Paging(), "fetch_parentgroup_associations", "service_type"),
			Notes: []string{"there is no IPFIX: its list is empty"}, Handle: s.rulesWithGroup},
		{Method: "GET", Pattern: group + "/consolidated-effective-ip-address-members", Extent: api.Full,
			Query:  append(api.Paging(), "ip_filter", "site_id"),
			Notes:  []string{api.Assumed + "the only site is this NSX, with the id of its cluster; why: the list goes by sites, and there is no federation"},
			Handle: s.addressesBySite},
	}
}

// groupsAround lists the groups that something is in: those that name it, and with fetch_ancestors those around them.
func (s *API) groupsAround(_ context.Context, r *api.Request) (*api.Response, error) {
	kind, id := r.Query.Get("resource_type"), r.Query.Get("resource_id")
	for _, name := range []string{"resource_type", "resource_id", "associated_resource_type"} {
		if r.Query.Get(name) == "" {
			return nil, api.InvalidField(name, "it is required")
		}
	}
	if err := api.OneValue(r.Query, "associated_resource_type", "NSGroup"); err != nil {
		return nil, err
	}
	if err := api.OneValue(r.Query, "resource_type", sourceTypes...); err != nil {
		return nil, err
	}
	deep, bad := api.Boolean("fetch_ancestors", r.Query.Get("fetch_ancestors"))
	if bad != nil {
		return nil, bad
	}
	found := []any{}
	err := s.store.View(func(tx *store.Tx) error {
		collection, _ := references.TypeCollection(kind)
		none, err := newMembers(tx)
		if err != nil {
			return err
		}
		none.switchPorts() // once for all groups
		for _, group := range tx.Manager().List(GroupCollection) {
			m := none.ofAnother()
			if deep || kind == "IPAddress" {
				err = m.add(group)
			} else {
				err = m.addNamed(group)
			}
			if err != nil {
				return err
			}
			if m.holds(collection+"/"+id) && collection+"/"+id != group.Key || kind == "IPAddress" && m.holdsAddress(id) {
				found = append(found, resource("NSGroup", group))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return listing.PageOfValues(r, found)
}

// holds tells whether an object, given by its key, is among the members.
func (m *members) holds(key string) bool {
	id := api.LastOf(key)
	switch strings.TrimSuffix(key, "/"+id) {
	case PortCollection:
		return m.ports[id] != nil
	case SwitchCollection:
		return m.switches[id] != nil
	case setCollection:
		return m.sets[id] != nil
	case GroupCollection:
		return m.groups[id] != nil
	}
	return false
}

func (m *members) holdsAddress(address string) bool {
	return len(overlapping(m.addresses(), address)) > 0
}

// overlapping are the addresses, ranges and networks of a list that overlap with one.
func overlapping(list []any, with string) []any {
	wanted, known := parseElement(with)
	return slices.DeleteFunc(list, func(element any) bool {
		r, ok := parseElement(store.Text(element))
		return !known || !ok || r.to.Less(wanted.from) || wanted.to.Less(r.from)
	})
}

// parseElement reads an address, a range or a network, as an IP set holds them.
func parseElement(element string) (addressRange, bool) {
	if network, err := netip.ParsePrefix(element); err == nil {
		return addressRange{network.Masked().Addr(), last(network)}, true
	}
	first, second, isRange := strings.Cut(element, "-")
	if !isRange {
		second = first
	}
	from, badFrom := netip.ParseAddr(first)
	to, badTo := netip.ParseAddr(second)
	return addressRange{from, to}, badFrom == nil && badTo == nil
}

// rulesWithGroup lists the firewall rules that name a group, or with fetch_parentgroup_associations one around it.
func (s *API) rulesWithGroup(_ context.Context, r *api.Request) (*api.Response, error) {
	service := r.Query.Get("service_type")
	if service == "" {
		return nil, api.InvalidField("service_type", "it is required")
	}
	if err := api.OneValue(r.Query, "service_type", "firewall", "ipfix"); err != nil {
		return nil, err
	}
	parents, bad := api.Boolean("fetch_parentgroup_associations", r.Query.Get("fetch_parentgroup_associations"))
	if bad != nil {
		return nil, bad
	}
	list := listing.List{}
	err := s.store.View(func(tx *store.Tx) error {
		ids := []string{r.Params["id"]}
		if !exists(tx, GroupCollection+"/"+ids[0]) {
			return api.NotFound(ids[0])
		}
		var err error
		if parents {
			if ids, err = withGroupsAround(tx, ids); err != nil {
				return err
			}
		}
		named := &firewallQuery{any: true, invalid: true, wanted: map[string][]string{"sources": ids, "destinations": ids, "applied_tos": ids}}
		var rules []*store.Object
		for _, rule := range s.ObjectsOf(tx, RulePattern) {
			body, err := rule.Fields()
			if err != nil {
				return err
			}
			if service == "firewall" && named.passes([]map[string]any{body}) {
				rules = append(rules, rule)
			}
		}
		list, err = listing.Arrange(rules, r.Query, "id")
		return err
	})
	if err != nil {
		return nil, err
	}
	list.Name = listing.Name(r)
	list.More = map[string]any{"service_type": map[string]string{
		"firewall": "FireWallServiceAssociationListResult", "ipfix": "IpfixServiceAssociationListResult",
	}[service]}
	return list.Page(r.Query, nil)
}

// addressesBySite lists the addresses that a group comes to, by site.
func (s *API) addressesBySite(_ context.Context, r *api.Request) (*api.Response, error) {
	found, err := s.membersOf(r.Params["id"], (*members).addresses)
	if err != nil {
		return nil, err
	}
	if wanted := r.Query.Get("ip_filter"); wanted != "" {
		if _, ok := parseElement(wanted); !ok {
			return nil, api.InvalidField("ip_filter", "%q is no address, range or network", wanted)
		}
		found = overlapping(found, wanted)
	}
	sites := []any{}
	if site := r.Query.Get("site_id"); site == "" || site == s.cluster {
		sites = append(sites, map[string]any{"site_id": s.cluster, "effective_ips": found})
	}
	return listing.PageOfValues(r, sites)
}
