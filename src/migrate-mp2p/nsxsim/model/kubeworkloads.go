package model

import "slices"

// Workloads is what runs on one cluster, as its API server knows it: the source of
// everything that NCP made on NSX. [WriteManifests] writes it for a real API server.
type Workloads struct {
	// Cluster is the value of the ncp/cluster tags.
	Cluster    string
	Nodes      []Node
	Namespaces []*Namespace
}

// Node is one virtual machine of a cluster.
type Node struct {
	Name, UID, IP string
	// vif is the id of the interface to which pods' ports are children.
	vif string
	// healthSection is the section that lets the node probe its pods.
	healthSection string
	pods          int
	probes        int
}

// Namespace is one namespace and what is in it.
type Namespace struct {
	Name, UID string
	// Annotations repeat what NCP made for the namespace.
	Annotations     []Label
	Pods            []Pod
	Services        []Service
	Ingresses       []Ingress
	Secrets         []TLSSecret
	NetworkPolicies []NetworkPolicy
	// router is the Tier-1 of its networks.
	router   string
	networks []network
}

// Label is one label or annotation. NCP makes each label of a pod a tag of its port.
type Label struct{ Key, Value string }

// Pod is one pod with a port on an NSX switch.
type Pod struct {
	Name, UID, IP string
	Node          string
	NodeIP        string
	Labels        []Label
	// ProbePort is the port of its readiness probe; 0 means that it has none.
	ProbePort int
	// IngressController is true for a pod that gets an external address by NAT.
	IngressController bool
}

// Service is one service. Its pods are those with all labels of the selector.
type Service struct {
	Name, UID, ClusterIP string
	Selector             []Label
	Ports                []ServicePort
	// ExternalIP is the load balancer's address; empty means type ClusterIP.
	ExternalIP string
	// Sticky is true when a client's connections go to one pod.
	Sticky bool
}

// ServicePort is one port of a service.
type ServicePort struct {
	Name, Protocol string
	Port           int
	// TargetPort is the port of the pods.
	TargetPort int
}

// Ingress leads requests for a host to services of its namespace.
type Ingress struct {
	Name, UID, Host string
	// Secret is the TLS secret of the host; empty means plain HTTP only.
	Secret string
	Paths  []IngressPath
	// IP is the address of the virtual servers that hold its rules.
	IP string
}

// IngressPath is one path below the host.
type IngressPath struct {
	Path, Service string
	Port          int
}

// TLSSecret is a certificate with its key, both in PEM.
type TLSSecret struct {
	Name, UID, Certificate, Key string
}

// NetworkPolicy lets pods be reached by some and reach some; all else is dropped.
type NetworkPolicy struct {
	Name, UID string
	// Target selects the pods of the namespace for which it is.
	Target []Label
	// From selects those pods of the namespace that may connect to FromPort.
	From     []Label
	FromPort int
	// To selects those pods of the namespace to which the target may connect at
	// ToPort; empty means that it may connect to anybody.
	To     []Label
	ToPort int
}

// selected are the pods that have all of the labels.
func (n *Namespace) selected(labels []Label) []Pod {
	var found []Pod
	for _, pod := range n.Pods {
		if !slices.ContainsFunc(labels, func(wanted Label) bool { return !slices.Contains(pod.Labels, wanted) }) {
			found = append(found, pod)
		}
	}
	return found
}

// addresses are the addresses of pods.
func addresses(pods []Pod) []string {
	var all []string
	for _, pod := range pods {
		all = append(all, pod.IP)
	}
	return all
}
