package faults

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Reach is how an address of NSX answers.
type Reach string

// Kinds of reach.
const (
	// Up is the usual one.
	Up Reach = "up"
	// Down refuses connections; those that are open break.
	Down Reach = "down"
	// Silent accepts connections and requests, and never answers.
	Silent Reach = "silent"
)

// Certificate is the kind of certificate that an address shows.
type Certificate string

// Kinds of certificates.
const (
	// GoodCertificate is the usual one, signed by the simulator's authority.
	GoodCertificate Certificate = "good"
	// OtherAuthority is signed by an authority that no client knows.
	OtherAuthority Certificate = "other-authority"
	// WrongName is for another host.
	WrongName Certificate = "wrong-name"
	// Expired ended an hour ago.
	Expired Certificate = "expired"
)

// What a change does to the migration coordinator.
const (
	// CrashCoordinator restarts its service at once, as a crash does.
	CrashCoordinator = "crash"
	// StopCoordinator ends its service until somebody starts it.
	StopCoordinator = "stop"
	// HoldCoordinator lets nothing that it is at, or comes to be at, reach its end: a pre-check, a batch, DONE, a
	// rollback or a cancellation.
	HoldCoordinator = "hold"
	// ReleaseCoordinator lets it go on.
	ReleaseCoordinator = "go-on"
)

var coordinatorChanges = []string{CrashCoordinator, StopCoordinator, HoldCoordinator, ReleaseCoordinator}

// VirtualAddress is the name of the address in front of the nodes, where a change names addresses.
const VirtualAddress = "virtual"

// Change alters the simulated NSX from one moment on. Empty fields change nothing.
type Change struct {
	// Nodes says how addresses answer: those of the nodes by their names, the one in front of them as VirtualAddress.
	// It is about the network only: what runs on a node that is down goes on.
	Nodes map[string]Reach `yaml:"nodes" json:"nodes,omitempty"`
	// Certificates says what addresses show, with the same names.
	Certificates map[string]Certificate `yaml:"certificates" json:"certificates,omitempty"`
	// Failover moves the virtual address to that node.
	Failover string `yaml:"failover" json:"failover,omitempty"`
	// Coordinator is CrashCoordinator, StopCoordinator, HoldCoordinator or ReleaseCoordinator.
	Coordinator string `yaml:"coordinator" json:"coordinator,omitempty"`
	// EndSessions ends all login sessions.
	EndSessions bool `yaml:"end_sessions" json:"end_sessions,omitempty"`
	// SearchLag is how far the search index runs behind from now on; "0s" makes it follow again.
	SearchLag *Duration `yaml:"search_lag" json:"search_lag,omitempty"`
	// For takes nodes, certificates and the search's lag back to what is usual after that time; 0 leaves them changed.
	For Duration `yaml:"for" json:"for,omitempty"`
}

// Check finds values that mean nothing. No change at all is fine.
func (c *Change) Check() error {
	if c == nil {
		return nil
	}
	for name, reach := range c.Nodes {
		if !slices.Contains([]Reach{Up, Down, Silent}, reach) {
			return fmt.Errorf("change: node %q shall be %q, not %q, %q or %q", name, reach, Up, Down, Silent)
		}
	}
	kinds := []Certificate{GoodCertificate, OtherAuthority, WrongName, Expired}
	for name, kind := range c.Certificates {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("change: node %q shall show a certificate %q, which is none of %q", name, kind, kinds)
		}
	}
	if c.Coordinator != "" && !slices.Contains(coordinatorChanges, c.Coordinator) {
		return fmt.Errorf("change: coordinator is %q, which is none of %s", c.Coordinator, strings.Join(coordinatorChanges, ", "))
	}
	if c.For < 0 || c.SearchLag != nil && *c.SearchLag < 0 {
		return errors.New("change: for and search_lag must not be negative")
	}
	return nil
}
