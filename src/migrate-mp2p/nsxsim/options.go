package nsxsim

import (
	"io"
	"net"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Defaults that users see.
const (
	DefaultVersion  = "4.1.1"
	DefaultPassword = "nsxsim-Passw0rd!"
	AdminUser       = "admin"
	AuditorUser     = "auditor"
)

// Options describe one simulated NSX. The zero value is one node with an empty inventory, no limits and no delays.
type Options struct {
	// Store is the state to serve; nil means an empty one made from Seed, which also decides what faults choose by
	// chance.
	Store *store.Store
	Seed  uint64

	// Version is the NSX version, such as "3.0", "3.2", "4.0.1.1", "4.1.1", "4.2" or "9.0". A state that was upgraded keeps its own.
	Version string
	// Nodes is the number of manager nodes, 1 to 3; default 1.
	Nodes int
	// VirtualAddress adds an address in front of the nodes.
	VirtualAddress VirtualAddress
	// Listeners are used in place of loopback ports: one per node, and one more for the virtual address. In virtual
	// time (testing/synctest) they must be in-memory ones; sleep more than 5 s after Close there, since TLS may wait
	// that long for the other end's farewell.
	Listeners []net.Listener

	// AdminPassword is the password of the users admin (enterprise_admin) and auditor; default DefaultPassword.
	AdminPassword string
	// Users are further local users.
	Users []User
	// SessionLifetime ends a session that long after its creation; 0 means never.
	SessionLifetime time.Duration
	// SessionStatus answers a call with a session that ended: 403 (default) or 401. Clients meet both (nsxlib).
	SessionStatus int
	// SessionsPerNode makes a session good on the node only that created it, so that an address without persistence loses
	// it. Whether a real cluster shares sessions is UNKNOWN.
	SessionsPerNode bool
	// LockAfter locks an account after so many failed logins in a row, for LockFor. 0 means never.
	LockAfter int
	LockFor   time.Duration

	// Limits are off when zero; see DefaultLimits.
	Limits Limits
	// NotReadyFor is how long after Start every call is refused, as while an appliance boots: with NotReadyAnswer, a name
	// out of faults.Answers such as "unavailable" (default), "backend-missing", "cannot-connect" or "reconfiguring".
	NotReadyFor    time.Duration
	NotReadyAnswer string
	// Latency is added to every answer.
	Latency time.Duration
	// SearchLag is how far the search index runs behind.
	SearchLag time.Duration
	// Search are further weaknesses of the search service.
	Search SearchOptions
	// ServiceStartDelay is how long the migration coordinator's service takes to start.
	ServiceStartDelay time.Duration
	// PartialPatch makes a Policy PATCH keep the fields that its body does not name. It is off on a real NSX unless
	// switched on there, and then the body replaces the object as a PUT does (nsxlib).
	PartialPatch bool
	// MaxIntents is the largest number of objects in one hierarchical PATCH; default 5000, as on a Local Manager.
	MaxIntents int
	// PurgeDelay is how long a deleted Policy object stays, marked for deletion, until NSX has purged it. 0, the default,
	// completes each deletion at once.
	PurgeDelay time.Duration
	// RealizationDelay is how long an intent is IN_PROGRESS after it was written.
	RealizationDelay time.Duration

	// UnfitIDs lets bodies of Policy objects bring ids that no path can name, see policy.CheckID. NSX has been seen to hold
	// an object whose every path it refuses (vmware-samples nsx-t issue 41).
	UnfitIDs bool

	// Faults are the first fault rules; see Server.Faults.
	Faults []faults.Rule
	// Journal receives a JSON line for each request.
	Journal io.Writer
	// KeepBodies keeps the bodies of requests in the journal.
	KeepBodies bool

	// Clock is the time; default api.RealTime.
	Clock api.Clock
	// Coordinator makes the migration coordinator; nil means that its endpoints are unknown.
	Coordinator api.NewCoordinator
}

// VirtualAddress is how an address in front of the nodes chooses one.
type VirtualAddress string

const (
	// NoVirtualAddress means that only the nodes' own addresses exist.
	NoVirtualAddress VirtualAddress = ""
	// SourcePersistent sends all requests of one source address to the same node.
	SourcePersistent VirtualAddress = "source-ip"
	// RoundRobin sends each request to the next node: a load balancer without persistence.
	RoundRobin VirtualAddress = "round-robin"
	// ClusterIP sends all requests to one node, until it cannot be reached or a failover moves the address: NSX's own
	// virtual IP.
	ClusterIP VirtualAddress = "cluster-ip"
)

// User is a local user of NSX.
type User struct {
	Name, Password string
	Role           api.Role
}

// Limits are NSX's limits for API clients. 0 switches one off.
type Limits struct {
	// PerSecond is the rate of one user (429, error_code 102).
	PerSecond int
	// InFlight is the number of concurrent requests of one user (ConcurrencyStatus).
	InFlight int
	// TotalInFlight is the number of concurrent requests of all users (503).
	TotalInFlight int
	// ConcurrencyStatus is 429 (default) or 503; public sources differ.
	ConcurrencyStatus int
	// RetryAfter is sent with these refusals, rounded up to seconds; 0 means that the header is missing. What a real NSX
	// does is UNKNOWN.
	RetryAfter time.Duration
}

// DefaultLimits are the ones of a freshly installed NSX (virten.net, KB 427427).
func DefaultLimits() Limits {
	return Limits{PerSecond: 100, InFlight: 40, TotalInFlight: 199}
}

func (o Options) withDefaults() Options {
	if o.Store == nil {
		o.Store = store.New(o.Seed)
	}
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	if o.Nodes == 0 {
		o.Nodes = 1
	}
	if o.AdminPassword == "" {
		o.AdminPassword = DefaultPassword
	}
	if o.MaxIntents == 0 {
		o.MaxIntents = maxIntents
	}
	if o.SessionStatus == 0 {
		o.SessionStatus = 403
	}
	if o.NotReadyAnswer == "" {
		o.NotReadyAnswer = "unavailable"
	}
	if o.Limits.ConcurrencyStatus == 0 {
		o.Limits.ConcurrencyStatus = 429
	}
	if o.Clock == nil {
		o.Clock = api.RealTime{}
	}
	return o
}
