package check

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"gopkg.in/yaml.v3"
)

// Workloads is what runs on a cluster: that for which NCP made its objects, and from which
// come the values that NCP in Policy mode looks for.
type Workloads struct {
	// source is the name of the file, for errors.
	source     string
	documents  int
	namespaces map[string]*namespace
	// places are where objects stand in the file, by uid.
	places map[string]string
}

// namespace is one namespace with what NCP looks for in it.
type namespace struct {
	place string
	uid   string
	// router is the Manager id of the Tier-1 that NCP noted; empty where it noted none.
	router   string
	services map[string]*service
	policies map[string]string
	backends []backend
}

// service is one service with its ports.
type service struct {
	uid   string
	ports []servicePort
}

// servicePort is one port of a service. Its protocol is never empty, its target may be: then it is
// a name, or the port itself.
type servicePort struct {
	name, protocol, port, target string
}

// backend is where an ingress leads requests for a path of a host. The port is a number or a name.
type backend struct {
	host, path    string
	service, port string
}

// LoadWorkloads reads manifests from a file, as [ReadWorkloads] does.
func LoadWorkloads(path string) (*Workloads, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading workloads: %w", err)
	}
	workloads, err := ReadWorkloads(path, file)
	return workloads, errors.Join(err, file.Close())
}

// ReadWorkloads reads what nsxsim manifests writes, or what kubectl get -o yaml or -o json
// prints: one document for each object, or lists of objects. Kinds without a value for NCP are passed
// over. source names the text in errors, which also tell the document, counted from 1.
//
// Text that is no such list is an error, and so is whatever makes a comparison meaningless: nothing in it, an
// object without name or uid, two of one name or one uid, an object whose namespace is missing.
func ReadWorkloads(source string, text io.Reader) (*Workloads, error) {
	w := &Workloads{source: source, namespaces: map[string]*namespace{}, places: map[string]string{}}
	var found []placed
	decoder := yaml.NewDecoder(text)
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		w.documents++
		place := fmt.Sprintf("document %d", w.documents)
		if err == nil {
			found, err = collect(found, place, &node)
		}
		if err != nil {
			return nil, w.errorAt(place, err)
		}
	}
	for _, add := range []func(placed) error{w.addNamespace, w.addWithin} {
		for _, one := range found {
			if err := add(one); err != nil {
				return nil, w.errorAt(one.place, err)
			}
		}
	}
	if len(w.namespaces) == 0 {
		return nil, fmt.Errorf("reading workloads: %s has no Namespace in its %d documents", source, w.documents)
	}
	return w, nil
}

func (w *Workloads) errorAt(place string, err error) error {
	return fmt.Errorf("reading workloads: %s, %s: %w", w.source, place, err)
}

// placed is one manifest and where it stands.
type placed struct {
	manifest
	place string
}

// collect adds the manifest of a document, or those of the list that it is. A document of nothing, which a last separator
// leaves, adds none.
func collect(found []placed, place string, node *yaml.Node) ([]placed, error) {
	var one manifest
	switch err := node.Decode(&one); {
	case err != nil:
		return nil, fmt.Errorf("it is no manifest: %w", err)
	case node.IsZero(), len(node.Content) == 1 && node.Content[0].Tag == "!!null":
		return found, nil
	case one.Kind == "":
		return nil, errors.New("it is no manifest: it has no kind")
	case one.Kind != "List" || one.APIVersion != "v1":
		return append(found, placed{one, place}), nil
	}
	for i := range one.Items {
		var err error
		if found, err = collect(found, fmt.Sprintf("%s, item %d", place, i+1), &one.Items[i]); err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
	}
	return found, nil
}

// manifest has what is read of an object of any kind.
type manifest struct {
	APIVersion string      `yaml:"apiVersion"`
	Kind       string      `yaml:"kind"`
	Items      []yaml.Node `yaml:"items"`
	Metadata   struct {
		Name        string            `yaml:"name"`
		Namespace   string            `yaml:"namespace"`
		UID         string            `yaml:"uid"`
		Annotations map[string]string `yaml:"annotations"`
	} `yaml:"metadata"`
	Spec yaml.Node `yaml:"spec"`
}

// The kinds that are read. The same words in other API groups are other things.
const (
	kindNamespace     = "v1 Namespace"
	kindService       = "v1 Service"
	kindIngress       = "networking.k8s.io/v1 Ingress"
	kindNetworkPolicy = "networking.k8s.io/v1 NetworkPolicy"
)

func (m manifest) kind() string { return m.APIVersion + " " + m.Kind }

// annotationRouter is where NCP notes the Tier-1 of a namespace ("NCP 2.3 debug log").
const annotationRouter = "ncp/router_id"

func (w *Workloads) addNamespace(one placed) error {
	if one.kind() != kindNamespace {
		return nil
	}
	if err := w.identify(one); err != nil {
		return err
	}
	name := one.Metadata.Name
	if w.namespaces[name] != nil {
		return fmt.Errorf("there is a Namespace %s before", name)
	}
	w.namespaces[name] = &namespace{
		place: one.place, uid: one.Metadata.UID, router: one.Metadata.Annotations[annotationRouter],
		services: map[string]*service{}, policies: map[string]string{},
	}
	return nil
}

// identify demands a name, and a uid that no other object has.
func (w *Workloads) identify(one placed) error {
	name, uid := one.Metadata.Name, one.Metadata.UID
	switch {
	case name == "":
		return fmt.Errorf("the %s has no metadata.name", one.Kind)
	case uid == "":
		return fmt.Errorf("%s %s has no metadata.uid", one.Kind, name)
	case w.places[uid] != "":
		return fmt.Errorf("%s %s has the uid %s of %s", one.Kind, name, uid, w.places[uid])
	}
	w.places[uid] = one.place
	return nil
}

// addWithin adds an object that is in a namespace.
func (w *Workloads) addWithin(one placed) error {
	kind, name := one.kind(), one.Metadata.Name
	if !slices.Contains([]string{kindService, kindIngress, kindNetworkPolicy}, kind) {
		return nil
	}
	if err := w.identify(one); err != nil {
		return err
	}
	in := w.namespaces[one.Metadata.Namespace]
	if in == nil {
		return fmt.Errorf("%s %s is in the Namespace %q, which is missing", one.Kind, name, one.Metadata.Namespace)
	}
	switch kind {
	case kindService:
		if in.services[name] != nil {
			return fmt.Errorf("there is a Service %s/%s before", one.Metadata.Namespace, name)
		}
		ports, err := portsOf(&one.Spec)
		if err != nil {
			return fmt.Errorf("the ports of Service %s/%s: %w", one.Metadata.Namespace, name, err)
		}
		in.services[name] = &service{uid: one.Metadata.UID, ports: ports}
	case kindNetworkPolicy:
		if in.policies[name] != "" {
			return fmt.Errorf("there is a NetworkPolicy %s/%s before", one.Metadata.Namespace, name)
		}
		in.policies[name] = one.Metadata.UID
	case kindIngress:
		backends, err := backendsOf(&one.Spec)
		if err != nil {
			return fmt.Errorf("the rules of Ingress %s/%s: %w", one.Metadata.Namespace, name, err)
		}
		in.backends = append(in.backends, backends...)
	}
	return nil
}

// portsOf reads the ports of a service's spec. Kubernetes takes a port without protocol for one of TCP.
func portsOf(spec *yaml.Node) ([]servicePort, error) {
	var read struct {
		Ports []struct {
			Name       string `yaml:"name"`
			Protocol   string `yaml:"protocol"`
			Port       string `yaml:"port"`
			TargetPort string `yaml:"targetPort"`
		} `yaml:"ports"`
	}
	if err := spec.Decode(&read); err != nil {
		return nil, err
	}
	var ports []servicePort
	for i, one := range read.Ports {
		if one.Port == "" {
			return nil, fmt.Errorf("port %d has no number", i+1)
		}
		if one.Protocol == "" {
			one.Protocol = "TCP"
		}
		ports = append(ports, servicePort{name: one.Name, protocol: one.Protocol, port: one.Port, target: one.TargetPort})
	}
	return ports, nil
}

// ingressBackend is a backend as an ingress names it.
type ingressBackend struct {
	Service struct {
		Name string `yaml:"name"`
		Port struct {
			Name   string `yaml:"name"`
			Number string `yaml:"number"`
		} `yaml:"port"`
	} `yaml:"service"`
}

func (b ingressBackend) at(host, path string) backend {
	port := b.Service.Port.Number
	if port == "" {
		port = b.Service.Port.Name
	}
	return backend{host: host, path: path, service: b.Service.Name, port: port}
}

// backendsOf reads where an ingress's spec leads, its default backend included. Backends that are no services have
// no name here and fit nothing.
func backendsOf(spec *yaml.Node) ([]backend, error) {
	var read struct {
		Default *ingressBackend `yaml:"defaultBackend"`
		Rules   []struct {
			Host string `yaml:"host"`
			HTTP struct {
				Paths []struct {
					Path    string         `yaml:"path"`
					Backend ingressBackend `yaml:"backend"`
				} `yaml:"paths"`
			} `yaml:"http"`
		} `yaml:"rules"`
	}
	if err := spec.Decode(&read); err != nil {
		return nil, err
	}
	var all []backend
	if read.Default != nil {
		all = append(all, read.Default.at("", ""))
	}
	for _, rule := range read.Rules {
		for _, path := range rule.HTTP.Paths {
			all = append(all, path.Backend.at(rule.Host, path.Path))
		}
	}
	return all, nil
}

// namedPort finds a port of a service by number or name.
func (s *service) namedPort(port string) (servicePort, bool) {
	for _, one := range s.ports {
		if one.port == port || one.name == port {
			return one, true
		}
	}
	return servicePort{}, false
}

// numberedPort finds a port of a service by number and protocol.
func (s *service) numberedPort(port, protocol string) bool {
	return slices.ContainsFunc(s.ports, func(one servicePort) bool { return one.port == port && one.protocol == protocol })
}

// String says in a few words what was read, and from where.
func (w *Workloads) String() string {
	services, policies := 0, 0
	for _, in := range w.namespaces {
		services += len(in.services)
		policies += len(in.policies)
	}
	return fmt.Sprintf("%s (%d namespaces, %d services, %d network policies)", w.source, len(w.namespaces), services, policies)
}
