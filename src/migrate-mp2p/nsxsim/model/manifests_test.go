package model_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

// document is one manifest as anybody would read it.
type document = map[string]any

// platformTags are the beginnings of scopes that NCP and TKGI write themselves; all
// other tags of a pod's port are labels.
var platformTags = []string{"ncp/", "pks/"}

// readManifests writes a cluster's manifests and reads them back, by kind and
// namespace/name.
func readManifests(workloads *model.Workloads) map[string]map[string]document {
	GinkgoHelper()
	var text bytes.Buffer
	Expect(model.WriteManifests(&text, workloads)).To(Succeed())
	kinds := map[string]map[string]document{}
	for decoder := yaml.NewDecoder(&text); ; {
		var one document
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return kinds
		}
		Expect(err).NotTo(HaveOccurred())
		kind := at[string](one, "kind")
		name := at[string](one, "metadata.namespace") + "/" + at[string](one, "metadata.name")
		if kinds[kind] == nil {
			kinds[kind] = map[string]document{}
		}
		Expect(kinds[kind]).NotTo(HaveKey(name), kind)
		kinds[kind][name] = one
	}
}

// at reads the value at a dotted path, numbers being places in lists; what is absent is
// the zero value.
func at[T any](value any, path string) T {
	for _, part := range strings.Split(path, ".") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[part]
		case []any:
			var place int
			if _, err := fmt.Sscan(part, &place); err != nil || place >= len(inner) {
				value = nil
				continue
			}
			value = inner[place]
		default:
			value = nil
		}
	}
	found, _ := value.(T)
	return found
}

func tagsOf(object model.Object) map[string]string {
	GinkgoHelper()
	tags, err := object.Tags()
	Expect(err).NotTo(HaveOccurred())
	all := map[string]string{}
	for _, tag := range tags {
		all[tag.Scope] = tag.Tag
	}
	return all
}

// labelsOf are the tags of a pod's port that are labels.
func labelsOf(tags map[string]string) document {
	labels := document{}
	for scope, tag := range tags {
		if !slices.ContainsFunc(platformTags, func(prefix string) bool { return strings.HasPrefix(scope, prefix) }) {
			labels[scope] = tag
		}
	}
	return labels
}

// seen is an object on NSX, decoded once.
type seen struct {
	collection string
	body       map[string]any
	tags       map[string]string
}

func see(object model.Object) seen {
	GinkgoHelper()
	return seen{object.Collection, body(object), tagsOf(object)}
}

// walk is one cluster, seen from NSX and from its API server.
type walk struct {
	world   *model.World
	cluster string
	created []seen
	kinds   map[string]map[string]document
}

func walkOf(world *model.World, workloads *model.Workloads) walk {
	GinkgoHelper()
	created, err := world.CreatedBy(workloads.Cluster)
	Expect(err).NotTo(HaveOccurred())
	w := walk{world: world, cluster: workloads.Cluster, kinds: readManifests(workloads)}
	for _, object := range created {
		w.created = append(w.created, see(object))
	}
	return w
}

// in are the objects that NCP made in a collection, with a tag if one is named.
func (w walk) in(collection, scope string) []seen {
	return slices.DeleteFunc(slices.Clone(w.created), func(o seen) bool {
		_, tagged := o.tags[scope]
		return o.collection != collection || (scope != "" && !tagged)
	})
}

// nodes finds the nodes by their ports, by the interface's id.
func (w walk) nodes() map[string]document {
	GinkgoHelper()
	found := map[string]document{}
	for _, object := range w.world.In("logical-ports") {
		port := see(object)
		if name := port.tags["ncp/node_name"]; name != "" && port.tags["ncp/cluster"] == w.cluster {
			node := w.kinds["Node"]["/"+name]
			Expect(node).NotTo(BeNil(), name)
			Expect(at[string](node, "status.addresses.0.address")).To(Equal(at[string](port.body, "address_bindings.0.ip_address")))
			found[at[string](port.body, "attachment.id")] = node
		}
	}
	Expect(found).To(HaveLen(len(w.kinds["Node"])))
	return found
}

// pods compares pods with their ports.
func (w walk) pods() {
	GinkgoHelper()
	nodes := w.nodes()
	ports := w.in("logical-ports", "ncp/pod_uid")
	Expect(ports).To(HaveLen(len(w.kinds["Pod"])))
	for _, port := range ports {
		tags := port.tags
		pod := w.kinds["Pod"][tags["ncp/project"]+"/"+tags["ncp/pod"]]
		Expect(pod).NotTo(BeNil(), tags["ncp/pod"])
		Expect(at[string](pod, "metadata.uid")).To(Equal(tags["ncp/pod_uid"]))
		Expect(at[document](pod, "metadata.labels")).To(Equal(labelsOf(tags)))
		Expect(at[string](pod, "status.podIP")).To(Equal(at[string](port.body, "address_bindings.0.ip_address")))
		node := nodes[at[string](port.body, "attachment.context.parent_vif_id")]
		Expect(at[string](pod, "spec.nodeName")).To(Equal(at[string](node, "metadata.name")))
		Expect(at[string](pod, "status.hostIP")).To(Equal(at[string](node, "status.addresses.0.address")))
		Expect(at[string](pod, "metadata.annotations.ncp/ingress-controller") == "True").To(Equal(tags["ncp/ing_ctrl"] == "True"))
		_, probed := tags["ncp/hc_sect_id"]
		Expect(at[document](pod, "spec.containers.0.readinessProbe") != nil).To(Equal(probed))
	}
}

// namespaces compares namespaces with their networks.
func (w walk) namespaces() {
	GinkgoHelper()
	projects := map[string]bool{}
	for _, object := range w.created {
		if project := object.tags["ncp/project"]; project != "" {
			projects[project] = true
		}
	}
	Expect(projects).To(HaveLen(len(w.kinds["Namespace"])))
	for project := range projects {
		Expect(w.kinds["Namespace"]).To(HaveKey("/" + project))
	}
	for _, logicalSwitch := range w.in("logical-switches", "") {
		tags := logicalSwitch.tags
		annotations := at[document](w.kinds["Namespace"]["/"+tags["ncp/project"]], "metadata.annotations")
		Expect(annotations["ncp/snat_ip"]).To(Equal(tags["ncp/snat_ip"]))
		Expect(annotations["ncp/extpoolid"]).To(Equal(tags["ncp/extpoolid"]))
		Expect([]any{annotations["ncp/subnet-0"], annotations["ncp/subnet-1"]}).To(ContainElement(tags["ncp/subnet"]))
	}
}

// selectedIPs are the addresses of the pods of a namespace that a selector finds.
func (w walk) selectedIPs(namespace string, selector document) []any {
	var found []any
	for name, pod := range w.kinds["Pod"] {
		labels := at[document](pod, "metadata.labels")
		matches := strings.HasPrefix(name, namespace+"/")
		for key, value := range selector {
			matches = matches && labels[key] == value
		}
		if matches {
			found = append(found, at[string](pod, "status.podIP"))
		}
	}
	return found
}

// networkPolicies compares network policies with their sections, groups and sets.
func (w walk) networkPolicies() {
	GinkgoHelper()
	made := map[string][]string{}
	for _, object := range w.created {
		if tags := object.tags; tags["ncp/network_policy"] != "" {
			key := tags["ncp/project"] + "/" + tags["ncp/network_policy"]
			Expect(w.kinds["NetworkPolicy"]).To(HaveKey(key))
			made[key] = append(made[key], text(object.body, "resource_type")+tags["ncp/isol_sect_id"])
		}
	}
	Expect(made).To(HaveLen(len(w.kinds["NetworkPolicy"])))
	for key, policy := range w.kinds["NetworkPolicy"] {
		want := []string{"NSGroup", "FirewallSection", "FirewallSectiontrue", "IPSet"}
		if at[[]any](policy, "spec.egress") != nil {
			want = append(want, "IPSet")
		}
		Expect(made[key]).To(ConsistOf(want), key)
	}
	for _, set := range w.in("ip-sets", "ncp/network_policy") {
		tags := set.tags
		policy := w.kinds["NetworkPolicy"][tags["ncp/project"]+"/"+tags["ncp/network_policy"]]
		path := "spec.ingress.0.from.0.podSelector.matchLabels"
		if strings.HasSuffix(text(set.body, "display_name"), "-egress") {
			path = "spec.egress.0.to.0.podSelector.matchLabels"
		}
		pods := w.selectedIPs(tags["ncp/project"], at[document](policy, path))
		Expect(pods).NotTo(BeEmpty())
		Expect(at[[]any](set.body, "ip_addresses")).To(ConsistOf(pods))
	}
}

// services compares services with their virtual servers and pools.
func (w walk) services() {
	GinkgoHelper()
	served := map[string][]int{}
	for _, server := range w.in("loadbalancer/virtual-servers", "ncp/service") {
		tags := server.tags
		key := tags["ncp/project"] + "/" + tags["ncp/service"]
		service := w.kinds["Service"][key]
		Expect(at[string](service, "status.loadBalancer.ingress.0.ip")).To(Equal(text(server.body, "ip_address")), key)
		var port int
		_, err := fmt.Sscan(at[string](server.body, "ports.0"), &port)
		Expect(err).NotTo(HaveOccurred())
		served[key] = append(served[key], port)
	}
	for key, service := range w.kinds["Service"] {
		var ports []int
		for _, port := range at[[]any](service, "spec.ports") {
			ports = append(ports, at[int](port, "port"))
		}
		if at[string](service, "spec.type") == "LoadBalancer" {
			Expect(served[key]).To(ConsistOf(ports), key)
		} else {
			Expect(served).NotTo(HaveKey(key))
		}
	}
	for _, pool := range w.in("loadbalancer/pools", "ncp/service") {
		tags := pool.tags
		service := w.kinds["Service"][tags["ncp/project"]+"/"+tags["ncp/service"]]
		var members []any
		for _, member := range at[[]any](pool.body, "members") {
			members = append(members, at[string](member, "ip_address"))
		}
		Expect(members).To(ConsistOf(w.selectedIPs(tags["ncp/project"], at[document](service, "spec.selector"))))
	}
}

// ingresses compares ingresses with the rules of the two virtual servers, and their
// secrets with the certificates.
func (w walk) ingresses() {
	GinkgoHelper()
	ruled := map[string]int{} // host and path -> rules
	for _, rule := range w.in("loadbalancer/rules", "") {
		ruled[at[string](rule.body, "match_conditions.0.header_value")+at[string](rule.body, "match_conditions.1.uri")]++
	}
	certificates := map[string]bool{}
	for _, certificate := range w.in("trust-management/certificates", "") {
		certificates[text(certificate.body, "pem_encoded")] = true
	}
	paths := 0
	for _, ingress := range w.kinds["Ingress"] {
		rules := 1
		if secret := at[string](ingress, "spec.tls.0.secretName"); secret != "" {
			rules = 2
			Expect(w.kinds["Secret"]).To(HaveKey(at[string](ingress, "metadata.namespace") + "/" + secret))
		}
		host := at[string](ingress, "spec.rules.0.host")
		for _, path := range at[[]any](ingress, "spec.rules.0.http.paths") {
			paths++
			Expect(ruled).To(HaveKeyWithValue(host+at[string](path, "path"), rules))
			backend := at[string](ingress, "metadata.namespace") + "/" + at[string](path, "backend.service.name")
			Expect(w.kinds["Service"]).To(HaveKey(backend))
		}
	}
	Expect(ruled).To(HaveLen(paths))
	for name, secret := range w.kinds["Secret"] {
		data := at[document](secret, "data")
		crt, key := decoded(data["tls.crt"]), decoded(data["tls.key"])
		Expect(certificates).To(HaveKey(string(crt)), name)
		_, err := tls.X509KeyPair(crt, key)
		Expect(err).NotTo(HaveOccurred(), name)
	}
}

func decoded(value any) []byte {
	GinkgoHelper()
	text, _ := value.(string)
	raw, err := base64.StdEncoding.DecodeString(text)
	Expect(err).NotTo(HaveOccurred())
	return raw
}

var _ = Describe("manifests", func() {
	DescribeTable("tell the same as the objects on NSX, from both sides",
		func(options model.Options) {
			world := kubernetes(options)
			Expect(world.Workloads).NotTo(BeEmpty())
			for _, workloads := range world.Workloads {
				w := walkOf(world, workloads)
				w.namespaces()
				w.pods()
				w.networkPolicies()
				w.services()
				w.ingresses()
			}
		},
		Entry("of a Kubernetes cluster with a Tier-1 for all namespaces and ingress controllers behind NAT", model.Options{SharedTier1: true, Rare: true}),
		Entry("of clusters of both platforms on one NSX", model.Options{Further: []model.Foundation{{Name: "pks-further", Platform: "tkgi"}}}),
	)

	It("have unique uids", func() {
		seen := map[string]string{}
		for _, workloads := range smallest().Workloads {
			for kind, documents := range readManifests(workloads) {
				for name, one := range documents {
					uid := at[string](one, "metadata.uid")
					Expect(uid).To(HaveLen(36))
					Expect(seen).NotTo(HaveKey(uid), kind+" "+name)
					seen[uid] = name
				}
			}
		}
	})

	It("are the same for the same seed", func() {
		write := func() string {
			var text bytes.Buffer
			Expect(model.WriteManifests(&text, kubernetes(model.Options{}).Workloads[0])).To(Succeed())
			return text.String()
		}
		Expect(write()).To(Equal(write()))
	})

	It("say that they could not be written", func() {
		Expect(model.WriteManifests(fullDisk{}, smallest().Workloads[0])).To(MatchError(ContainSubstring("disk full")))
	})
})

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }
