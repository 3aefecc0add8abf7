package front

import (
	"io"
	"net"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// The users that NSX always has.
const (
	AdminUser   = "admin"
	AuditorUser = "auditor"
)

// Options are those of the whole simulator that the front heeds; package nsxsim says what each means and which values it has
// when nothing is said.
type Options struct {
	Nodes          int
	VirtualAddress VirtualAddress
	Listeners      []net.Listener

	AdminPassword   string
	Users           []User
	SessionLifetime time.Duration
	SessionStatus   int
	SessionsPerNode bool
	LockAfter       int
	LockFor         time.Duration

	Limits         Limits
	NotReadyFor    time.Duration
	NotReadyAnswer string
	Latency        time.Duration

	Journal    io.Writer
	KeepBodies bool
	Clock      api.Clock
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
