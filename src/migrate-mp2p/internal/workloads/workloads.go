package workloads

import (
	"errors"
	"fmt"
	"slices"
)

// Kind is a kind of fact that a platform may know.
type Kind string

// The facts that rules may ask for. Keys are given in the order stated.
const (
	NamespaceUID     Kind = "namespace_uid"      // keys: namespace
	PodUID           Kind = "pod_uid"            // keys: namespace, pod
	ServiceUID       Kind = "service_uid"        // keys: namespace, service
	NetworkPolicyUID Kind = "network_policy_uid" // keys: namespace, network policy
)

// keys says how many keys each kind takes.
var keys = map[Kind]int{NamespaceUID: 1, PodUID: 2, ServiceUID: 2, NetworkPolicyUID: 2}

// Keys says how many keys a kind takes; known is false for a kind that no platform has.
func Keys(k Kind) (count int, known bool) {
	count, known = keys[k]
	return count, known
}

// Kinds lists the kinds that a platform may have, in the order of their names.
func Kinds() []string {
	var all []string
	for k := range keys {
		all = append(all, string(k))
	}
	slices.Sort(all)
	return all
}

// ErrNotFound says that the platform does not know the workload that an NSX object was made for.
var ErrNotFound = errors.New("the platform has no such object")

// Source is what one platform knows. Its answers are those of one moment: it never changes during a run.
type Source interface {
	// Provides says whether the platform has facts of this kind at all.
	Provides(Kind) bool
	// Lookup gives one fact. An error that wraps ErrNotFound means that the workload does not exist.
	Lookup(kind Kind, keys ...string) (string, error)
}

// ForPlatform gives the source of a platform (tas, tkgi or kubernetes).
func ForPlatform(platform string) (Source, error) {
	switch platform {
	case "tas":
		return TAS{}, nil
	default:
		return nil, fmt.Errorf("reading the workloads of platform %q: this release migrates ncp.platform tas only", platform)
	}
}
