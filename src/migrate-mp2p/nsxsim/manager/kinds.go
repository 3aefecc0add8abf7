package manager

import (
	"maps"
	"net/url"
	"regexp"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Collections that several files name.
const (
	RouterCollection      = "logical-routers"
	routerPortCollection  = "logical-router-ports"
	SwitchCollection      = "logical-switches"
	PortCollection        = "logical-ports"
	GroupCollection       = "ns-groups"
	SectionCollection     = "firewall/sections"
	poolCollection        = "pools/ip-pools"
	subnetCollection      = "pools/ip-subnets"
	certificateCollection = "trust-management/certificates"
	crlCollection         = "trust-management/crls"
	principalCollection   = "trust-management/principal-identities"
)

// Kind is one collection of the Manager API (shapes: nsxtsdk, go-vmware-nsxt; parameters: NSX Go SDK).
type Kind struct {
	// collection is the path below /api/v1, with "{name}" for ids.
	collection string
	// types are the resource types; the first is given to bodies that name none.
	types []string

	// single means that the path is one object, not a list; fresh is what it holds before anybody wrote it.
	single bool
	fresh  map[string]any
	// parent means that objects below go with it.
	parent bool
	// readOnly collections have no POST, PUT or DELETE here; noPost and noPut leave out one of them.
	readOnly, noPost, noPut bool
	// numbered objects get numbers for ids.
	numbered bool
	// stays means that NSX 9 still has it.
	stays bool

	// filters are the list's own query parameters, and preset the values of those that a query does not name.
	filters map[string]filter
	preset  map[string]string
	// firewall makes one test of the parameters that only sections and rules have.
	firewall func(tx *store.Tx, query url.Values) (test, error)
	// filterNotes are the notes of the list alone.
	filterNotes []string
	// hidesSystem leaves system-owned objects out of lists unless include_system_owned is true.
	hidesSystem bool
	// ordered lists go by the body's priority (firewall sections and rules), others by id.
	ordered bool
	// show adds to a body what NSX computes on reading; reads are the query parameters that it heeds.
	reads []string
	show  func(s *API, tx *store.Tx, r *api.Request, o *store.Object, body map[string]any) error

	// complete checks a body further, and fills in what NSX sets; written follows up once it is stored.
	complete, written func(w *write) error
	// force is the deletion's parameter that overrides references; removing refuses a deletion or takes other objects
	// along, and removed follows up.
	force string
	// drops are further parameters of a deletion.
	drops             []string
	removing, removed func(d *removal) error

	notes []string
}

// listQuery are the query parameters of the list.
func (k Kind) listQuery() []string {
	query := slices.Concat(api.Paging(), k.reads, slices.Sorted(maps.Keys(k.filters)))
	if k.hidesSystem {
		query = append(query, "include_system_owned")
	}
	if k.firewall != nil {
		query = slices.Concat(query, firewallFields, []string{
			"deep_search", "exclude_applied_to_type", "filter_type", "include_applied_to_type", "search_invalid_references",
		})
	}
	return query
}

// deleteQuery are the query parameters of a deletion.
func (k Kind) deleteQuery() []string {
	if k.force == "" {
		return k.drops
	}
	return append([]string{k.force}, k.drops...)
}

// pattern is the collection as package references writes it.
func (k Kind) pattern() string { return namedPart.ReplaceAllString(k.collection, "{parent}") }

// allKinds is the Manager API as far as it is simulated.
func allKinds() []Kind {
	return slices.Concat(
		switchingKinds(), routingKinds(), poolsKinds(), firewallKinds(), groupsKinds(), lbKinds(), dhcpKinds(), trustKinds(), fabricKinds(),
	)
}

// kindsByPattern are the kinds by their collection as package references writes it.
func kindsByPattern() map[string]Kind {
	kinds := map[string]Kind{}
	for _, k := range allKinds() {
		kinds[k.pattern()] = k
	}
	return kinds
}

// namedPart is a part of a collection that stands for an id.
var namedPart = regexp.MustCompile(`\{[^}]*\}`)
