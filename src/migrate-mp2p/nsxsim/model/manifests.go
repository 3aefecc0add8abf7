package model

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// WriteManifests writes what runs on a cluster as Kubernetes manifests, one YAML
// document each, in an order in which they can be made: nodes, then namespace by
// namespace with secrets, services, pods, ingresses and network policies.
//
// Every uid is the one that the tags of the NSX objects name. An API server gives a
// new object a uid of its own and no status: whoever needs both writes the documents
// into its etcd (as JSON, which it reads as well), under /registry. Cluster IPs are
// from 10.96.0.0/12. LoadBalancer resources of NCP are left out, because they need
// NCP's own definitions.
func WriteManifests(to io.Writer, workloads *Workloads) error {
	for _, one := range manifests(workloads) {
		if err := writeDocument(to, one); err != nil {
			return fmt.Errorf("writing the manifest of %s %s/%s: %w", one.Kind, one.Metadata.Namespace, one.Metadata.Name, err)
		}
	}
	return nil
}

// writeDocument writes one document and what sets it apart from the one before. An
// encoder of its own for each keeps thousands of documents fast: yaml.v3 never forgets
// the events of earlier ones.
func writeDocument(to io.Writer, one manifest) error {
	if _, err := io.WriteString(to, "---\n"); err != nil {
		return err
	}
	encoder := yaml.NewEncoder(to)
	encoder.SetIndent(2)
	return errors.Join(encoder.Encode(one), encoder.Close())
}

// manifests lists the documents of a cluster.
func manifests(workloads *Workloads) []manifest {
	var all []manifest
	for _, node := range workloads.Nodes {
		all = append(all, nodeManifest(node))
	}
	for _, ns := range workloads.Namespaces {
		all = append(all, namespaceManifest(ns))
		for _, secret := range ns.Secrets {
			all = append(all, secretManifest(ns.Name, secret))
		}
		for _, service := range ns.Services {
			all = append(all, serviceManifest(ns.Name, service))
		}
		for _, pod := range ns.Pods {
			all = append(all, podManifest(ns.Name, pod))
		}
		for _, ingress := range ns.Ingresses {
			all = append(all, ingressManifest(ns.Name, ingress))
		}
		for _, policy := range ns.NetworkPolicies {
			all = append(all, networkPolicyManifest(ns.Name, policy))
		}
	}
	return all
}

func nodeManifest(node Node) manifest {
	return manifest{
		APIVersion: "v1", Kind: "Node",
		Metadata: metadata{Name: node.Name, UID: node.UID, Labels: map[string]string{"kubernetes.io/hostname": node.Name, "kubernetes.io/os": "linux"}},
		Status: nodeStatus{
			Addresses:  []nodeAddress{{"InternalIP", node.IP}, {"Hostname", node.Name}},
			Conditions: []condition{{"Ready", "True"}},
		},
	}
}

func namespaceManifest(ns *Namespace) manifest {
	return manifest{
		APIVersion: "v1", Kind: "Namespace",
		Metadata: metadata{
			Name: ns.Name, UID: ns.UID, Annotations: mapOf(ns.Annotations), Labels: map[string]string{"kubernetes.io/metadata.name": ns.Name},
		},
		Spec:   namespaceSpec{Finalizers: []string{"kubernetes"}},
		Status: phaseStatus{Phase: "Active"},
	}
}

func secretManifest(namespace string, secret TLSSecret) manifest {
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	return manifest{
		APIVersion: "v1", Kind: "Secret", Metadata: metadata{Name: secret.Name, Namespace: namespace, UID: secret.UID}, Type: "kubernetes.io/tls",
		Data: map[string]string{"tls.crt": encode(secret.Certificate), "tls.key": encode(secret.Key)},
	}
}

func serviceManifest(namespace string, service Service) manifest {
	spec := serviceSpec{
		Type: "ClusterIP", ClusterIP: service.ClusterIP, ClusterIPs: []string{service.ClusterIP}, IPFamilies: []string{"IPv4"}, IPFamilyPolicy: "SingleStack",
		SessionAffinity: "None", Selector: mapOf(service.Selector),
	}
	if service.Sticky {
		spec.SessionAffinity = "ClientIP"
	}
	for _, port := range service.Ports {
		spec.Ports = append(spec.Ports, servicePort(port))
	}
	one := manifest{APIVersion: "v1", Kind: "Service", Metadata: metadata{Name: service.Name, Namespace: namespace, UID: service.UID}}
	if service.ExternalIP != "" {
		nodePorts := false
		spec.Type, spec.NodePorts = "LoadBalancer", &nodePorts
		one.Status = loadBalancerAt(service.ExternalIP)
	}
	one.Spec = spec
	return one
}

func podManifest(namespace string, pod Pod) manifest {
	main := container{Name: "main", Image: "registry.example.com/" + pod.Labels[0].Value + ":1"}
	if pod.ProbePort > 0 {
		main.ReadinessProbe = &probe{TCPSocket: portOnly{Port: pod.ProbePort}}
	}
	one := manifest{
		APIVersion: "v1", Kind: "Pod", Metadata: metadata{Name: pod.Name, Namespace: namespace, UID: pod.UID, Labels: mapOf(pod.Labels)},
		Spec: podSpec{NodeName: pod.Node, Containers: []container{main}},
		Status: podStatus{
			Phase: "Running", HostIP: pod.NodeIP, PodIP: pod.IP, PodIPs: []ipOnly{{pod.IP}}, Conditions: []condition{{"Ready", "True"}},
		},
	}
	if pod.IngressController {
		one.Metadata.Annotations = map[string]string{"ncp/ingress-controller": "True"}
	}
	return one
}

func ingressManifest(namespace string, ingress Ingress) manifest {
	var paths []ingressPath
	for _, path := range ingress.Paths {
		paths = append(paths, ingressPath{path.Path, "Prefix", ingressBackend{backendService{path.Service, portNumber{path.Port}}}})
	}
	spec := ingressSpec{Rules: []ingressRule{{Host: ingress.Host, HTTP: ingressPaths{paths}}}}
	if ingress.Secret != "" {
		spec.TLS = []ingressTLS{{Hosts: []string{ingress.Host}, SecretName: ingress.Secret}}
	}
	return manifest{
		APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Metadata: metadata{Name: ingress.Name, Namespace: namespace, UID: ingress.UID},
		Spec: spec, Status: loadBalancerAt(ingress.IP),
	}
}

func networkPolicyManifest(namespace string, policy NetworkPolicy) manifest {
	rule := func(labels []Label, port int) (peers []policyPeer, ports []policyPort) {
		return []policyPeer{{selector{mapOf(labels)}}}, []policyPort{{"TCP", port}}
	}
	spec := networkPolicySpec{PodSelector: selector{mapOf(policy.Target)}, PolicyTypes: []string{"Ingress"}}
	from, ports := rule(policy.From, policy.FromPort)
	spec.Ingress = []ingressPeers{{From: from, Ports: ports}}
	if policy.To != nil {
		to, ports := rule(policy.To, policy.ToPort)
		spec.PolicyTypes = append(spec.PolicyTypes, "Egress")
		spec.Egress = []egressPeers{{To: to, Ports: ports}}
	}
	return manifest{
		APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy", Metadata: metadata{Name: policy.Name, Namespace: namespace, UID: policy.UID}, Spec: spec,
	}
}

// loadBalancerAt is the status of a service or ingress that has its address.
func loadBalancerAt(ip string) loadBalancerStatus {
	var status loadBalancerStatus
	status.LoadBalancer.Ingress = []ipOnly{{ip}}
	return status
}

func mapOf(labels []Label) map[string]string {
	all := make(map[string]string, len(labels))
	for _, label := range labels {
		all[label.Key] = label.Value
	}
	return all
}
