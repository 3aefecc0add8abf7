package workloads

import (
	"context"
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
	ServicePort      Kind = "service_port"       // keys: namespace, service, port at which the pods listen, or ""
	NetworkPolicyUID Kind = "network_policy_uid" // keys: namespace, network policy
)

// keys says how many keys each kind takes.
var keys = map[Kind]int{NamespaceUID: 1, PodUID: 2, ServiceUID: 2, ServicePort: 3, NetworkPolicyUID: 2}

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

// Missing names a workload that does not exist. It wraps ErrNotFound.
type Missing struct {
	Kind      string // as the platform calls it: Namespace, Service, NetworkPolicy, Pod
	Namespace string // "" for a Namespace itself
	Name      string
}

// Workload is the kind and the name, such as Service team-a/web.
func (m *Missing) Workload() string {
	if m.Namespace == "" {
		return m.Kind + " " + m.Name
	}
	return m.Kind + " " + m.Namespace + "/" + m.Name
}

func (m *Missing) Error() string { return m.Workload() + " is missing" }

// Unwrap is ErrNotFound.
func (m *Missing) Unwrap() error { return ErrNotFound }

// Platform is what the platform under NCP can tell about its workloads, and how it is read.
type Platform interface {
	// Provides says whether the platform has facts of this kind at all; it reads nothing.
	Provides(Kind) bool
	// Read reads the workloads as they are now. An error says what could not be read, and what helps.
	Read(ctx context.Context) (Source, error)
}

// Source answers from what was read at one moment: it never changes.
type Source interface {
	// Lookup gives one fact. An error that wraps ErrNotFound is a *Missing and means that the workload does not exist.
	Lookup(kind Kind, keys ...string) (string, error)
}

// TAS is a Cloud Foundry foundation. It has no facts beyond the tags of the NSX objects.
type TAS struct{}

// Provides is false for every kind.
func (TAS) Provides(Kind) bool { return false }

// Read reads nothing.
func (TAS) Read(context.Context) (Source, error) { return None{}, nil }

// None is a Source that knows nothing.
type None struct{}

// Lookup finds nothing.
func (None) Lookup(kind Kind, keys ...string) (string, error) {
	return "", fmt.Errorf("looking up %s of %q: this platform is not asked for workloads", kind, keys)
}
