package inventory

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// API is what this package asks of NSX; *nsx.Client has it.
type API interface {
	Search(ctx context.Context, flavour mp.Flavour, query string, page mp.Page) (int, error)
	SearchCount(ctx context.Context, flavour mp.Flavour, query string) (int, error)
	List(ctx context.Context, path string, params url.Values, page mp.Page) (int, error)
	ListCount(ctx context.Context, path string, params url.Values) (int, error)
	Get(ctx context.Context, path string, out any) error
	MigratedResources(ctx context.Context, resourceType, id string, each func(mp.MigratedResource) error) error
}

// Query says what to retrieve.
type Query struct {
	Scope   mp.Scope
	Cluster string // value of the ncp/cluster tag
	// Platform is ncp.platform: on tkgi the network of the cluster's nodes goes with scope ncp, too.
	Platform string
	Catalog  *catalog.Catalog
	// Spec are the entries of the user spec; only scope shared looks at them.
	Spec []Wanted
	// IndexTimeout is how long the search index may take to catch up before the lists are read instead.
	IndexTimeout time.Duration
	// Waiting is told why nothing seems to happen, by one goroutine at a time; it may be nil.
	Waiting func(reason string)
	// Whole asks for the same of objects that are Policy already as of the others, since a run is about to take them over,
	// and for lists instead of Search, whose index may not show yet what became Policy last.
	Whole bool
	// IndexLost is told that Search does not work for good and that the lists are read instead; it may be nil.
	IndexLost func(cause error)
	// Sleep waits, unless the context ends; nil means the real clock.
	Sleep func(ctx context.Context, d time.Duration) error
	// Concurrency is the number of collections read at once; 0 means 4.
	Concurrency int
}

// Wanted is one entry of the user spec.
type Wanted struct {
	Type mp.Type
	// Name is the Manager display name or the Manager id.
	Name     string
	PolicyID string // wanted Policy id; empty: by the rule of the plan
	// Metadata and LinkedIDs are sent beside the catalog's pairs.
	Metadata  []mp.KeyValue
	LinkedIDs []mp.KeyValue
	// Allocations are addresses of an IP pool that move with it: address -> wanted Policy id ("" for the default).
	Allocations map[string]string
	// StaticRoutes are wanted Policy ids of a Tier-1's static routes, by Manager id or name. All its routes move anyway.
	StaticRoutes map[string]string
	// Config asks for the routing configuration of a Tier-0 even where the Tier-0 is Policy already.
	Config bool
	Line   int // of the user spec, for errors
}

// Object is one entry of a plan to be: what NSX showed of it.
type Object struct {
	mp.Ref
	Name   string
	Tags   []mp.Tag // without policyPath
	Parent mp.Ref
	// Order is the place in NSX's evaluation order (sections) or the rule priority (NAT).
	Order    int
	Category string // of a firewall section
	Refs     []Reference
	Parts    []Part
	Owner    string // _create_user
	Hash     string // of the body, see Hash
	Created  int64  // milliseconds since 1970
	Modified int64
	// ModifiedBy made the last change.
	ModifiedBy string
	// PolicyPath is the value of the policyPath tag: the object is Policy already.
	PolicyPath string
	// Nodes says that the object is of the network of the cluster's nodes: not NCP's, but TKGI's, or a port that goes with
	// a switch of TKGI's.
	Nodes bool
	// Shadowed says that NSX keeps a Policy twin of the object by itself, which is no promotion: a port made on a
	// switch that was Policy already.
	Shadowed bool
	Names    map[string]string  // of LB rules: Manager id -> display name
	Facts    map[mp.Fact]string // what update rules need beyond tags
	Wanted   *Wanted            // the entry of the user spec that asked for it
}

// Reference is a Manager object that another one names.
type Reference struct {
	To    mp.Ref
	Field string // where it is named
}

// Part is what travels inside an entry: a rule of a section, a port or a static route of a router.
type Part struct {
	ID         string
	IsPort     bool   // of a router
	Switch     string // of a router port: the switch behind it; empty when it is not wired
	PolicyID   string // wanted Policy id; empty: the Manager id
	PolicyPath string // value of its policyPath tag
}

// Outside is an object that ours refer to and that does not go with this run.
type Outside struct {
	Ref        mp.Ref
	Name       string
	PolicyPath string // it is Policy
	System     bool   // NSX's own: exists on both sides
	Missing    bool   // NSX has no such object
}

// Unsupported is an object that the migration does not take along.
type Unsupported struct {
	ResourceType string
	ID           string
	Name         string
	Why          string
}

// Inventory is what a run works on.
type Inventory struct {
	Scope   mp.Scope
	Cluster string
	// Objects are still Manager, in the order of types and then of ids (sections: of evaluation).
	Objects []*Object
	// Policy are objects of this scope that are Policy already. In scope ncp those that no records claim mean that
	// records are lost.
	Policy []*Object
	// Outside are the objects referred to that are not in Objects, by Manager id.
	Outside     map[string]Outside
	Unsupported []Unsupported
	// Orphans are NCP's parts of objects that go nowhere (scope ncp).
	Orphans []Orphan
	// Strays are objects that have to do with the network of the cluster's nodes and do not go with it (scope ncp): what
	// seems to be of it, and ports of others that keep a switch of the nodes from moving.
	Strays []Unsupported
	// CriteriaScopes are the tag scopes that some group on this NSX asks for; such tags must stay.
	CriteriaScopes map[string]bool
}

// Skipped are the objects that are Policy already, as a census asks for them.
func (inv *Inventory) Skipped() []Known { return knownOf(nil, inv.Policy) }

// Known are all objects of the scope, as a census asks for them. The bodies are not compared.
func (inv *Inventory) Known() []Known { return knownOf(inv.Objects, inv.Policy) }

func knownOf(lists ...[]*Object) []Known {
	known := []Known{}
	for _, o := range slices.Concat(lists...) {
		known = append(known, Known{Ref: o.Ref, Place: Place{Parent: o.Parent.ID, PolicyPath: o.PolicyPath}})
	}
	return known
}

// SpecError lists everything in the user spec that NSX does not confirm.
type SpecError struct{ Problems []SpecProblem }

// SpecProblem is one entry that cannot be resolved.
type SpecProblem struct {
	Line int
	Text string
}

func (e *SpecError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "resolving the user spec against NSX: %d entries are wrong", len(e.Problems))
	for _, p := range e.Problems {
		fmt.Fprintf(&b, "\nline %d: %s", p.Line, p.Text)
	}
	return b.String()
}
