package workloads

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The kinds of workloads, as Kubernetes calls them.
const (
	kindNamespace     = "Namespace"
	kindService       = "Service"
	kindNetworkPolicy = "NetworkPolicy"
	kindPod           = "Pod"
)

// Cluster is what was read of a Kubernetes cluster: names, uids and ports, nothing else. It is filled by whoever reads, and
// not changed any more once it answers. A workload of a namespace that was not added is unknown.
type Cluster struct {
	namespaces map[string]*namespace
}

type namespace struct {
	uid      string
	services map[string]*service
	policies map[string]string
	pods     map[string]string
}

type service struct {
	uid   string
	ports []Port
	// backends are the ports, by number or name, at which Ingresses ask for the service.
	backends []string
}

// Port is one port of a Service.
type Port struct {
	Name     string
	Protocol string // TCP, UDP or SCTP
	Port     int
	// TargetPort is where the pods listen: a number, the name of a container's port, or "" for the same number.
	TargetPort string
}

// NewCluster is a cluster without any workload.
func NewCluster() *Cluster { return &Cluster{namespaces: map[string]*namespace{}} }

// AddNamespace adds a namespace.
func (c *Cluster) AddNamespace(name, uid string) { c.in(name).uid = uid }

// AddService adds a service of a namespace.
func (c *Cluster) AddService(in, name, uid string, ports []Port) {
	s := c.service(in, name)
	s.uid, s.ports = uid, ports
}

// AddIngressBackend notes that an Ingress of the namespace leads to a port of a service, named by number or name. The
// service may be added later, or never.
func (c *Cluster) AddIngressBackend(in, toService, port string) {
	s := c.service(in, toService)
	if !slices.Contains(s.backends, port) {
		s.backends = append(s.backends, port)
	}
}

// AddNetworkPolicy adds a network policy of a namespace.
func (c *Cluster) AddNetworkPolicy(in, name, uid string) { add(&c.in(in).policies, name, uid) }

// AddPod adds a pod of a namespace.
func (c *Cluster) AddPod(in, name, uid string) { add(&c.in(in).pods, name, uid) }

func (c *Cluster) in(name string) *namespace {
	n := c.namespaces[name]
	if n == nil {
		n = &namespace{}
		c.namespaces[name] = n
	}
	return n
}

func (c *Cluster) service(in, name string) *service {
	n := c.in(in)
	s := n.services[name]
	if s == nil {
		s = &service{}
		add(&n.services, name, s)
	}
	return s
}

func add[V any](to *map[string]V, key string, value V) {
	if *to == nil {
		*to = map[string]V{}
	}
	(*to)[key] = value
}

// Lookup gives one fact. Where a namespace does not exist, that is what is missing, whatever was asked of it.
func (c *Cluster) Lookup(kind Kind, keys ...string) (string, error) {
	if count, known := Keys(kind); !known || len(keys) != count {
		return "", fmt.Errorf("looking up %s of %q: there is no such question", kind, keys)
	}
	in := c.namespaces[keys[0]]
	if in == nil || in.uid == "" {
		return "", &Missing{Kind: kindNamespace, Name: keys[0]}
	}
	found := func(uid, kind string) (string, error) {
		if uid == "" {
			return "", &Missing{Kind: kind, Namespace: keys[0], Name: keys[1]}
		}
		return uid, nil
	}
	switch kind {
	case NetworkPolicyUID:
		return found(in.policies[keys[1]], kindNetworkPolicy)
	case PodUID:
		return found(in.pods[keys[1]], kindPod)
	case ServiceUID, ServicePort:
		s := in.services[keys[1]]
		if s == nil || s.uid == "" {
			return found("", kindService)
		}
		if kind == ServiceUID {
			return s.uid, nil
		}
		port, err := s.portOf(keys[2])
		if err != nil {
			return "", fmt.Errorf("looking up the port of Service %s/%s: %w", keys[0], keys[1], err)
		}
		return port, nil
	default: // NamespaceUID
		return in.uid, nil
	}
}

// portOf tells which port of a service a pool behind an Ingress is for: that at which an Ingress asks for the service, and
// behind which the members of the pool listen. Each is asked only where the other leaves a choice. A port that names where it
// leads to is taken where no other leads there, since pods, which alone know what the name means, are not read for it.
func (s *service) portOf(listening string) (string, error) {
	candidates := s.ports
	if asked := s.matching(candidates, s.asked); len(asked) > 0 {
		candidates = asked
	}
	if len(numbers(candidates)) > 1 && listening != "" {
		behind := s.matching(candidates, func(p Port) bool { return p.leadsTo(listening) })
		if len(behind) == 0 {
			behind = s.matching(candidates, Port.byName)
		}
		if len(behind) > 0 {
			candidates = behind
		}
	}
	switch all := numbers(candidates); len(all) {
	case 1:
		return all[0], nil
	case 0:
		return "", fmt.Errorf("it has no port")
	default:
		return "", fmt.Errorf("it may be any of %s: neither Ingresses nor the pool's members tell", strings.Join(all, ", "))
	}
}

func (s *service) matching(ports []Port, fits func(Port) bool) []Port {
	return slices.DeleteFunc(slices.Clone(ports), func(p Port) bool { return !fits(p) })
}

// asked says whether an Ingress leads to the port.
func (s *service) asked(p Port) bool {
	return slices.Contains(s.backends, strconv.Itoa(p.Port)) || p.Name != "" && slices.Contains(s.backends, p.Name)
}

func (p Port) leadsTo(listening string) bool {
	if p.TargetPort == "" {
		return strconv.Itoa(p.Port) == listening
	}
	return p.TargetPort == listening
}

// byName says whether only the pods know where the port leads to: it names the port of a container.
func (p Port) byName() bool {
	_, err := strconv.Atoi(p.TargetPort)
	return p.TargetPort != "" && err != nil
}

// numbers are the distinct numbers of ports, in their order.
func numbers(ports []Port) []string {
	var all []string
	for _, p := range ports {
		if n := strconv.Itoa(p.Port); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}
