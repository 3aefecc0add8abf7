package nsxsim

import (
	"io"
	"net"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/cluster"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/search"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Defaults that users see.
const (
	DefaultVersion  = "4.1.1"
	DefaultPassword = "nsxsim-Passw0rd!"
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
	// PartialPatch makes a Policy PATCH keep the fields that its body does not name, until system-config says otherwise.
	// It is off on a real NSX unless switched on there, and then the body replaces the object as a PUT does (nsxlib).
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

// What the options of the rooms are made of.
type (
	VirtualAddress = front.VirtualAddress
	User           = front.User
	Limits         = front.Limits
	Request        = front.Request
	SearchOptions  = search.Options
	Upgrade        = cluster.Upgrade
)

// The users that NSX always has, and the ways of an address in front of the nodes; see package front.
const (
	AdminUser   = front.AdminUser
	AuditorUser = front.AuditorUser

	NoVirtualAddress = front.NoVirtualAddress
	SourcePersistent = front.SourcePersistent
	RoundRobin       = front.RoundRobin
	ClusterIP        = front.ClusterIP
)

// DefaultLimits are the ones of a freshly installed NSX.
func DefaultLimits() Limits { return front.DefaultLimits() }

// front are the options that the front heeds.
func (o Options) front() front.Options {
	return front.Options{
		Nodes: o.Nodes, VirtualAddress: o.VirtualAddress, Listeners: o.Listeners,
		AdminPassword: o.AdminPassword, Users: o.Users, SessionLifetime: o.SessionLifetime, SessionStatus: o.SessionStatus,
		SessionsPerNode: o.SessionsPerNode, LockAfter: o.LockAfter, LockFor: o.LockFor,
		Limits: o.Limits, NotReadyFor: o.NotReadyFor, NotReadyAnswer: o.NotReadyAnswer, Latency: o.Latency,
		Journal: o.Journal, KeepBodies: o.KeepBodies, Clock: o.Clock,
	}
}

// policy are the options that the Policy API heeds.
func (o Options) policy() policy.Options {
	return policy.Options{
		PartialPatch: o.PartialPatch, MaxIntents: o.MaxIntents, PurgeDelay: o.PurgeDelay, RealizationDelay: o.RealizationDelay, UnfitIDs: o.UnfitIDs,
	}
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
		o.MaxIntents = policy.MaxIntents
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
