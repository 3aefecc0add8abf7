package kubernetes

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// kind is a kind of workload: where it is listed, and what is kept of it.
type kind struct {
	name            string // as people call several
	group, resource string // as roles name it
	path            string
	metadata        bool // names and uids are enough
	add             func(*workloads.Cluster, *item)
}

// kinds are in the order in which they are read.
var kinds = []kind{
	{"namespaces", "", "namespaces", "/api/v1/namespaces", true, func(c *workloads.Cluster, i *item) { c.AddNamespace(i.name, i.uid) }},
	{"services", "", "services", "/api/v1/services", false, func(c *workloads.Cluster, i *item) { c.AddService(i.namespace, i.name, i.uid, i.ports) }},
	{"ingresses", "networking.k8s.io", "ingresses", "/apis/networking.k8s.io/v1/ingresses", false, addBackends},
	{
		"network policies", "networking.k8s.io", "networkpolicies", "/apis/networking.k8s.io/v1/networkpolicies", true,
		func(c *workloads.Cluster, i *item) { c.AddNetworkPolicy(i.namespace, i.name, i.uid) },
	},
	{"pods", "", "pods", "/api/v1/pods", true, func(c *workloads.Cluster, i *item) { c.AddPod(i.namespace, i.name, i.uid) }},
}

// item is what is kept of one object.
type item struct {
	namespace, name, uid string
	deleted              bool // it is being deleted
	ports                []workloads.Port
	backends             []backend
}

// backend is a service's port that an Ingress leads to.
type backend struct{ service, port string }

func addBackends(c *workloads.Cluster, i *item) {
	for _, b := range i.backends {
		c.AddIngressBackend(i.namespace, b.service, b.port)
	}
}

// newScheme knows the lists that are asked for and no other type.
func newScheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	s.AddKnownTypes(corev1.SchemeGroupVersion, &corev1.ServiceList{})
	s.AddKnownTypes(networkingv1.SchemeGroupVersion, &networkingv1.IngressList{})
	metav1.AddToGroupVersion(s, corev1.SchemeGroupVersion) // Status, which errors come as
	return s, metav1.AddMetaToScheme(s)
}

// page takes from a list what is kept, and where the next page is; ok is false for what is no list of this kind.
func (k kind) page(list runtime.Object) (items []item, next string, ok bool) {
	switch l := list.(type) {
	case *metav1.PartialObjectMetadataList:
		for i := range l.Items {
			items = append(items, itemOf(&l.Items[i].ObjectMeta))
		}
		return items, l.Continue, k.metadata
	case *corev1.ServiceList:
		for i := range l.Items {
			kept := itemOf(&l.Items[i].ObjectMeta)
			kept.ports = portsOf(&l.Items[i])
			items = append(items, kept)
		}
		return items, l.Continue, k.resource == "services"
	case *networkingv1.IngressList:
		for i := range l.Items {
			kept := itemOf(&l.Items[i].ObjectMeta)
			kept.backends = backendsOf(&l.Items[i].Spec)
			items = append(items, kept)
		}
		return items, l.Continue, k.resource == "ingresses"
	default:
		return nil, "", false
	}
}

func itemOf(m *metav1.ObjectMeta) item {
	return item{namespace: m.Namespace, name: m.Name, uid: string(m.UID), deleted: m.DeletionTimestamp != nil}
}

func portsOf(s *corev1.Service) []workloads.Port {
	var ports []workloads.Port
	for _, p := range s.Spec.Ports {
		port := workloads.Port{Name: p.Name, Protocol: string(p.Protocol), Port: int(p.Port)}
		if target := p.TargetPort.String(); target != "0" { // 0 is the same number (Kubernetes API, ServicePort)
			port.TargetPort = target
		}
		ports = append(ports, port)
	}
	return ports
}

func backendsOf(s *networkingv1.IngressSpec) []backend {
	var backends []backend
	add := func(b *networkingv1.IngressBackend) {
		if b == nil || b.Service == nil { // a backend may be another resource than a service
			return
		}
		port := b.Service.Port.Name
		if port == "" {
			port = strconv.Itoa(int(b.Service.Port.Number))
		}
		backends = append(backends, backend{b.Service.Name, port})
	}
	add(s.DefaultBackend)
	for _, rule := range s.Rules {
		if rule.HTTP == nil {
			continue
		}
		for i := range rule.HTTP.Paths {
			add(&rule.HTTP.Paths[i].Backend)
		}
	}
	return backends
}
