package check_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// The uids of clusters by their names, from Python's uuid.uuid5(uuid.NAMESPACE_X500, name).
var clusterUIDs = map[string]string{
	"c": "33ed51b6-a330-5830-bda9-2bac09e15753", "shop": "1196dded-2458-506f-b319-fcf3e53fb004", "pks-shop": "472d4b68-4103-59d1-ba8e-059ce608675c",
}

// strangeUID is a uid that nothing has.
const strangeUID = "5d1e3a52-7e3c-4c0f-9d8f-1f2e3d4c5b6a"

// arrived is a cluster of a model that is Policy with all that NCP expects: as a migration leaves it that makes no
// mistake. What it expects of each object comes from the model itself, not from its manifests.
type arrived struct {
	world     *model.World
	cluster   string
	workloads *model.Workloads
	state     []byte
	manifests string
	read      *check.Workloads
}

func arrive(platform string, options model.Options) arrived {
	GinkgoHelper()
	build, name := model.Kubernetes, "shop"
	if platform == "tkgi" {
		build, name = model.TKGI, "pks-shop"
	}
	options.Cluster = name
	world, err := build(1, 1, options)
	Expect(err).NotTo(HaveOccurred())
	return arrivedFrom(world)
}

// arrivedFrom is the first cluster of a world in Manager mode, when it is Policy.
func arrivedFrom(world *model.World) arrived {
	GinkgoHelper()
	a := arrived{world: world, cluster: world.Workloads[0].Cluster, workloads: world.Workloads[0]}
	st := loaded(world)
	Expect(st.Update(a.promote)).To(Succeed())
	var saved, text bytes.Buffer
	Expect(st.Save(&saved)).To(Succeed())
	Expect(model.WriteManifests(&text, a.workloads)).To(Succeed())
	a.state, a.manifests, a.read = saved.Bytes(), text.String(), workloadsOf(text.String())
	return a
}

// Building one takes a while; each spec takes a copy of its state.
var (
	onKubernetes = sync.OnceValue(func() arrived { return arrive("kubernetes", model.Options{Rare: true}) })
	onTKGI       = sync.OnceValue(func() arrived { return arrive("tkgi", model.Options{}) })
	onOneTier1   = sync.OnceValue(func() arrived { return arrive("tkgi", model.Options{SharedTier1: true, Rare: true}) })
)

// copy is a state of its own.
func (a arrived) copy() *store.Store {
	GinkgoHelper()
	st, err := store.Load(bytes.NewReader(a.state))
	Expect(err).NotTo(HaveOccurred())
	return st
}

func workloadsOf(manifests string) *check.Workloads {
	GinkgoHelper()
	read, err := check.ReadWorkloads("shop.yaml", strings.NewReader(manifests))
	Expect(err).NotTo(HaveOccurred())
	return read
}

// judge compares with the manifests.
func (a arrived) judge(st *store.Store) *check.Report {
	GinkgoHelper()
	report, err := check.InspectWith(st, a.cluster, check.Options{Workloads: a.read})
	Expect(err).NotTo(HaveOccurred())
	return report
}

// promote gives every Manager object of the cluster and of its nodes a Policy object, and every address that they use.
func (a arrived) promote(tx *store.Tx) error {
	for _, pool := range tx.Manager().ByType("IpPool") {
		if _, ours := pool.Tag("ncp/version"); ours {
			continue
		}
		if err := a.twin(tx, pool, "/infra/ip-pools/"+pool.ID, nil, ""); err != nil {
			return err
		}
	}
	for _, o := range slices.Collect(tx.Manager().All()) {
		_, versioned := o.Tag("ncp/version")
		_, nodes := o.Tag("pks/cluster")
		if !o.HasTag("ncp/cluster", a.cluster) || !versioned && !nodes {
			continue
		}
		tags := map[string]string{}
		for _, tag := range o.Tags {
			tags[tag.Scope] = tag.Value
		}
		name := a.expect(o, tags)
		if ip, floating := o.Tag("pks/floating_ip"); floating {
			if err := a.floating(tx, ip); err != nil {
				return err
			}
		}
		if o.ResourceType == "LbVirtualServer" {
			if err := a.address(tx, tags["ncp/ip_pool_id"], serverOf(o).IP, o.Tags); err != nil {
				return err
			}
		} else if ip, used := o.Tag("ncp/snat_ip"); used {
			if err := a.address(tx, tags["ncp/extpoolid"], ip, o.Tags); err != nil {
				return err
			}
		}
		if err := a.twin(tx, o, "/infra/promoted/"+o.ID, tags, name); err != nil {
			return err
		}
	}
	return nil
}

// twin makes a Manager object one that a Policy object drives.
func (a arrived) twin(tx *store.Tx, o *store.Object, path string, tags map[string]string, name string) error {
	types := map[string]string{"LbVirtualServer": "LBVirtualServer", "certificate_self_signed": "TlsCertificate", "certificate_ca": "TlsCertificate"}
	policyType := types[o.ResourceType]
	if policyType == "" {
		policyType = o.ResourceType
	}
	if name == "" {
		name = o.DisplayName
	}
	body := object{"id": o.ID, "resource_type": policyType, "display_name": name, "unique_id": o.ID}
	if o.ResourceType == "LbVirtualServer" {
		var rules []any
		for _, id := range serverOf(o).Rules {
			rule, found := tx.Manager().Get("loadbalancer/rules/" + id)
			if !found {
				return fmt.Errorf("no rule %s", id)
			}
			rules = append(rules, object{"display_name": rule.DisplayName})
		}
		body["rules"] = rules
	}
	var all []any
	for scope, value := range tags {
		all = append(all, object{"scope": scope, "tag": value})
	}
	body["tags"] = all
	if _, err := tx.Policy().PutFields(path, body); err != nil {
		return err
	}
	_, err := tx.Manager().Mutate(o.Key, func(fields map[string]any) error {
		own, _ := fields["tags"].([]any)
		fields["tags"] = append(own, object{"scope": "policyPath", "tag": path})
		fields["_create_user"] = "nsx_policy"
		return nil
	})
	return err
}

// server is what is read of a virtual server's body.
type server struct {
	IP    string   `json:"ip_address"`
	Rules []string `json:"rule_ids"`
}

func serverOf(o *store.Object) server {
	GinkgoHelper()
	var body server
	Expect(json.Unmarshal(o.Body, &body)).To(Succeed())
	return body
}

// address makes the Policy object of an address.
func (a arrived) address(tx *store.Tx, pool, ip string, user []store.Tag) error {
	of := map[string]string{}
	for _, tag := range user {
		of[tag.Scope] = tag.Value
	}
	marks := []string{"ncp/cluster", a.cluster, "ncp/version", "1.2.0"}
	switch ns := a.namespace(of["ncp/project"]); {
	case of["ncp/service"] != "":
		marks = append(marks, "ncp/created_for", "l4_service", "ncp/service_uid", service(ns, of["ncp/service"]).UID)
	case of["ncp/lb_vs_type"] != "":
		marks = append(marks, "ncp/created_for", "l7_per_namespace")
	case of["ext_pool_id"] != "":
		marks = append(marks, "ncp/created_for", "l4_service")
	default:
		marks = append(marks, "ncp/created_for", "snat")
	}
	if project := of["ncp/project"]; project != "" {
		marks = append(marks, "ncp/project", project, "ncp/project_uid", a.namespace(project).UID)
	}
	_, err := tx.Policy().PutFields("/infra/ip-pools/"+pool+"/ip-allocations/"+ip, object{
		"id": ip, "resource_type": "IpAddressAllocation", "allocation_ip": ip, "tags": tags(marks...),
	})
	return err
}

// floating makes the Policy object of the nodes' address, in the pool that has it.
func (a arrived) floating(tx *store.Tx, ip string) error {
	for _, pool := range tx.Manager().ByType("IpPool") {
		if _, has := tx.Manager().Get(pool.Key + "/allocations/" + ip); has {
			_, err := tx.Policy().PutFields("/infra/ip-pools/"+pool.ID+"/ip-allocations/"+ip, object{
				"id": ip, "resource_type": "IpAddressAllocation", "allocation_ip": ip,
			})
			return err
		}
	}
	return fmt.Errorf("no pool has %s", ip)
}

// expect turns the tags of Manager mode into those of Policy mode, and tells the name.
func (a arrived) expect(o *store.Object, tags map[string]string) string {
	name := o.DisplayName
	if _, versioned := tags["ncp/version"]; !versioned {
		return name
	}
	tags["ncp/version"] = "1.2.0"
	if pool := tags["ext_pool_id"]; pool != "" {
		tags["ncp/ip_pool_id"] = pool
		delete(tags, "ext_pool_id")
	}
	ns := a.namespace(tags["ncp/project"])
	if ns != nil {
		tags["ncp/project_uid"] = ns.UID
	}
	if uid := tags["ncp/pod_uid"]; uid != "" {
		tags["external_id"] = uid
	}
	if policy := tags["ncp/network_policy"]; policy != "" {
		for _, one := range ns.NetworkPolicies {
			if one.Name == policy {
				tags["ncp/network_policy_uid"] = one.UID
			}
		}
	}
	switch {
	case tags["ncp/service"] != "":
		of := service(ns, tags["ncp/service"])
		port, err := strconv.Atoi(name[strings.LastIndexByte(name, '-')+1:])
		if err != nil {
			Fail("the model's names end in the port: " + name)
		}
		tags["ncp/created_for"], tags["ncp/service_port"] = "SLB", strconv.Itoa(port)
		if of.ExternalIP != "" {
			tags["ncp/service_uid"], tags["external_id"] = of.UID, of.UID
			tags["ncp/service_port_protocol"] = of.Ports[slices.IndexFunc(of.Ports, func(p model.ServicePort) bool { return p.Port == port })].Protocol
		}
		if o.ResourceType == "LbVirtualServer" {
			tags["ncp/lb_vs_type"] = "layer_4"
		}
	case tags["ncp/lb_vs_type"] != "":
		tags["ncp/created_for"], tags["external_id"] = "SLB", clusterUIDs[a.cluster]
		name = strings.TrimSuffix(name, "-"+tags["ncp/lb_vs_type"]) + "_" + tags["ncp/lb_vs_type"]
	case o.ResourceType == "LbSourceIpPersistenceProfile", o.ResourceType == "certificate_self_signed" && name == a.cluster:
		tags["external_id"] = clusterUIDs[a.cluster]
	}
	return name
}

func (a arrived) namespace(name string) *model.Namespace {
	for _, ns := range a.workloads.Namespaces {
		if ns.Name == name {
			return ns
		}
	}
	return nil
}

func service(ns *model.Namespace, name string) model.Service {
	return ns.Services[slices.IndexFunc(ns.Services, func(one model.Service) bool { return one.Name == name })]
}

// anything stands for every value of a tag.
const anything = "*"

// find is the path of the first Policy object that has all of the tags and a type.
func (a arrived) find(st *store.Store, resourceType string, pairs ...string) string {
	GinkgoHelper()
	path := ""
	Expect(st.View(func(tx *store.Tx) error {
		for o := range tx.Policy().All() {
			fits := o.ResourceType == resourceType
			for i := 0; i < len(pairs); i += 2 {
				value, has := o.Tag(pairs[i])
				fits = fits && has && (pairs[i+1] == anything || pairs[i+1] == value)
			}
			if fits && path == "" {
				path = o.Key
			}
		}
		return nil
	})).To(Succeed())
	Expect(path).NotTo(BeEmpty(), "%s with %q", resourceType, pairs)
	return path
}

// retag gives an object other values in a scope; none takes the tag away.
func retag(st *store.Store, path, scope string, values ...string) {
	GinkgoHelper()
	edit(st, path, func(body object) {
		kept := slices.DeleteFunc(listOf(body["tags"]), func(tag any) bool { return tag.(object)["scope"] == scope })
		for _, value := range values {
			kept = append(kept, object{"scope": scope, "tag": value})
		}
		body["tags"] = kept
	})
}

// tagAt is the value that an object has in a scope.
func tagAt(st *store.Store, path, scope string) string {
	GinkgoHelper()
	value := ""
	Expect(st.View(func(tx *store.Tx) error {
		o, found := side(tx, path).Get(path)
		Expect(found).To(BeTrue(), path)
		value, _ = o.Tag(scope)
		return nil
	})).To(Succeed())
	return value
}

// violations are what a report says of an object, and of no other.
func violations(report *check.Report, path string) []string {
	GinkgoHelper()
	var names []string
	for _, one := range report.NotReady {
		Expect(one.Path).To(Equal(path), one.String())
		names = append(names, one.Row)
	}
	return names
}

var _ = Describe("comparing with the workloads of a cluster", func() {
	DescribeTable("finds one ready that has everything as the workloads say", func(get func() arrived) {
		a := get()
		report := a.judge(a.copy())
		Expect(report.AllPolicy()).To(BeTrue())
		Expect(report.NotReady).To(BeEmpty())
		Expect(report.Workloads).To(MatchRegexp(`^shop\.yaml \(\d+ namespaces, \d\d services, 7 network policies\)$`))
	},
		Entry("on Kubernetes", func() arrived { return onKubernetes() }),
		Entry("on TKGI", func() arrived { return onTKGI() }),
		Entry("on one Tier-1 for all", func() arrived { return onOneTier1() }),
	)

	// Each entry is a tag that a row is about. Without it, with a wrong value that looks right, and with one beside the right
	// value the row is violated, of this object alone.
	type about struct {
		resourceType string
		tags         []string // by which the object is found
		scope        string
		wrong        func(a arrived) string
		// also are rows, set apart by commas, that may be violated by the same mistake.
		also string
	}
	constant := func(value string) func(arrived) string { return func(arrived) string { return value } }
	strange := constant(strangeUID)
	uidOf := func(namespace string) func(arrived) string {
		return func(a arrived) string { return a.namespace(namespace).UID }
	}
	serviceUID := func(namespace, name string) func(arrived) string {
		return func(a arrived) string { return service(a.namespace(namespace), name).UID }
	}
	policyUID := func(namespace string) func(arrived) string {
		return func(a arrived) string { return a.namespace(namespace).NetworkPolicies[0].UID }
	}
	l4 := []string{"ncp/project", "team-0000", "ncp/service", "gateway"}
	of := func(pairs ...string) []string { return pairs }
	DescribeTable("sees a tag that is missing, wrong or not alone", func(row string, what about) {
		for _, a := range []arrived{onKubernetes(), onTKGI()} {
			expected := append(strings.Split(what.also, ","), row)
			path := a.find(a.copy(), what.resourceType, what.tags...)
			right, wrong := tagAt(a.copy(), path, what.scope), what.wrong(a)
			Expect(right).NotTo(Or(BeEmpty(), Equal(wrong)))
			for _, values := range [][]string{{}, {wrong}, {right, wrong}} {
				st := a.copy()
				retag(st, path, what.scope, values...)
				report := a.judge(st)
				Expect(report.Ready()).To(BeFalse())
				Expect(report.NotReady).To(ContainElement(And(HaveField("Path", path), HaveField("Row", row))), "%s %q instead of %q", what.scope, values, right)
				for _, found := range violations(report, path) {
					Expect(expected).To(ContainElement(found))
				}
			}
		}
	},
		Entry("namespace's uid on a router", "project uid",
			about{"LogicalRouter", of("ncp/project", "team-0000"), "ncp/project_uid", strange, "one uid for each project"}),
		Entry("another namespace's on a port", "project uid",
			about{"LogicalPort", of("ncp/project", "team-0003"), "ncp/project_uid", uidOf("team-0004"), "one uid for each project"}),
		Entry("on an address", "project uid",
			about{"IpAddressAllocation", of("ncp/project", "team-0003"), "ncp/project_uid", uidOf("team-0004"), "one uid for each project"}),
		Entry("name of a namespace", "names of workloads",
			about{"LogicalSwitch", of("ncp/project", "team-0000"), "ncp/project", constant("team-0001"), "project uid,one uid for each project"}),
		Entry("name of a pod", "names of workloads",
			about{"LogicalPort", of("ncp/project", "team-0000", "app", "web"), "ncp/pod", constant("web-0"), ""}),
		Entry("name of a network policy", "names of workloads",
			about{"IPSet", of("ncp/project", "team-0000"), "ncp/network_policy", constant("deny-all"), "network policy uid"}),
		Entry("name of a service on a pool", "names of workloads",
			about{"LbPool", of("ncp/project", "team-0000", "ncp/service", "web"), "ncp/service", constant("api"), ""}),
		Entry("pod's uid", "pod uid", about{"LogicalPort", of("ncp/project", "team-0000", "app", "web"), "external_id", strange, ""}),
		Entry("uid of another namespace's policy of the same name", "network policy uid",
			about{"FirewallSection", of("ncp/project", "team-0000"), "ncp/network_policy_uid", policyUID("team-0001"), ""}),
		Entry("on a group", "network policy uid", about{"NSGroup", of("ncp/project", "team-0002"), "ncp/network_policy_uid", uidOf("team-0002"), ""}),
		Entry("on a set of addresses", "network policy uid", about{"IPSet", of("ncp/project", "team-0002"), "ncp/network_policy_uid", strange, ""}),
		Entry("type of a service's server", "service of a virtual server", about{"LBVirtualServer", l4, "ncp/lb_vs_type", constant("layer_7"), ""}),
		Entry("uid of another namespace's service of the same name", "service of a virtual server",
			about{"LBVirtualServer", l4, "ncp/service_uid", serviceUID("team-0001", "gateway"), ""}),
		Entry("namespace's uid in place of the service's", "service of a virtual server",
			about{"LBVirtualServer", l4, "external_id", uidOf("team-0000"), ""}),
		Entry("purpose of a service's server", "service of a virtual server", about{"LBVirtualServer", l4, "ncp/created_for", constant("DLB"), ""}),
		Entry("protocol of a service's server", "service of a virtual server",
			about{"LBVirtualServer", l4, "ncp/service_port_protocol", constant("UDP"), ""}),
		Entry("protocol of one over UDP", "service of a virtual server",
			about{"LBVirtualServer", of("ncp/project", "team-0001", "ncp/service", "gateway"), "ncp/service_port_protocol", constant("TCP"), ""}),
		Entry("uid of another service on the pool of a server", "service of a pool",
			about{"LbPool", l4, "ncp/service_uid", serviceUID("team-0000", "web"), ""}),
		Entry("the same as external id", "service of a pool", about{"LbPool", l4, "external_id", serviceUID("team-0001", "gateway"), ""}),
		Entry("port of the service's other pool", "service of a pool",
			about{"LbPool", append(of("ncp/service_port", "443"), l4...), "ncp/service_port", constant("80"), ""}),
		Entry("port of the pods in place of the service's", "service of a pool",
			about{"LbPool", append(of("ncp/service_port", "80"), l4...), "ncp/service_port", constant("8080"), ""}),
		Entry("protocol of a pool", "service of a pool",
			about{"LbPool", of("ncp/project", "team-0001", "ncp/service", "gateway"), "ncp/service_port_protocol", constant("TCP"), ""}),
		Entry("purpose of a pool", "service of a pool", about{"LbPool", l4, "ncp/created_for", constant("l4_service"), ""}),
		Entry("port of an ingress's pool", "service of a pool",
			about{"LbPool", of("ncp/project", "team-0000", "ncp/service", "web"), "ncp/service_port", constant("8080"), ""}),
		Entry("purpose of an ingress's pool", "service of a pool",
			about{"LbPool", of("ncp/project", "team-0000", "ncp/service", "web"), "ncp/created_for", constant("INGRESS"), ""}),
		Entry("service of an address", "service of an address",
			about{"IpAddressAllocation", of("ncp/project", "team-0000", "ncp/created_for", "l4_service"), "ncp/service_uid", serviceUID("team-0001", "gateway"), ""}),
		Entry("purpose of a service's address", "purpose of an address",
			about{"IpAddressAllocation", of("ncp/project", "team-0000", "ncp/created_for", "l4_service"), "ncp/created_for", constant("l7_per_namespace"), ""}),
		Entry("purpose of an ingress's address", "purpose of an address",
			about{"IpAddressAllocation", of("ncp/created_for", "l7_per_namespace"), "ncp/created_for", constant("l4_service"), ""}),
		Entry("purpose of a server in place of that of SNAT", "purpose of an address",
			about{"IpAddressAllocation", of("ncp/project", "team-0000", "ncp/created_for", "snat"), "ncp/created_for", constant("l4_service"), ""}),
		Entry("purpose of an ingress's server", "owner of an ingress's virtual server",
			about{"LBVirtualServer", of("ncp/lb_vs_type", "http"), "ncp/created_for", constant("l7_per_namespace"), ""}),
		Entry("type of an ingress's server", "owner of an ingress's virtual server",
			about{"LBVirtualServer", of("ncp/lb_vs_type", "http"), "ncp/lb_vs_type", constant("layer_4"), ""}),
		Entry("owner of an ingress's server", "owner of an ingress's virtual server",
			about{"LBVirtualServer", of("ncp/lb_vs_type", "https_terminated"), "external_id", uidOf("team-0000"), ""}),
		Entry("cluster of the default certificate", "uid of the cluster",
			about{"TlsCertificate", of("external_id", anything), "external_id", strange, ""}),
		Entry("cluster of the persistence by source", "uid of the cluster",
			about{"LbSourceIpPersistenceProfile", nil, "external_id", constant(clusterUIDs["c"]), ""}),
	)
})

var _ = Describe("a wrong product", func() {
	var a arrived
	var st *store.Store
	BeforeEach(func() {
		a = onKubernetes()
		st = a.copy()
	})

	// caught are the rows that an object violates now.
	caught := func() []string {
		GinkgoHelper()
		var names []string
		for _, one := range a.judge(st).NotReady {
			names = append(names, one.Row)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	// swap changes the tags of two objects for those of the other.
	swap := func(one, other string, scopes ...string) {
		GinkgoHelper()
		for _, scope := range scopes {
			first, second := tagAt(st, one, scope), tagAt(st, other, scope)
			Expect(first).NotTo(Equal(second))
			retag(st, one, scope, second)
			retag(st, other, scope, first)
		}
	}
	unseen := func() {
		GinkgoHelper()
		report, err := check.Inspect(st, a.cluster)
		Expect(err).NotTo(HaveOccurred())
		Expect(report.NotReady).To(BeEmpty(), "without workloads nothing tells")
	}

	It("that mistakes two services of one name for each other is caught", func() {
		one := a.find(st, "LBVirtualServer", "ncp/project", "team-0001", "ncp/service", "gateway")
		other := a.find(st, "LBVirtualServer", "ncp/project", "team-0002", "ncp/service", "gateway")
		swap(one, other, "ncp/service_uid", "external_id")
		unseen()
		Expect(a.judge(st).NotReady).To(ConsistOf(HaveField("Path", one), HaveField("Path", other)))
	})

	It("that mistakes the two ports of a service for each other is caught", func() {
		swap(a.find(st, "LbPool", "ncp/project", "team-0000", "ncp/service_port", "80", "ncp/service", "gateway"),
			a.find(st, "LbPool", "ncp/project", "team-0000", "ncp/service_port", "443"), "ncp/service_port")
		unseen()
		Expect(caught()).To(Equal([]string{"service of a pool"}))
	})

	It("that mistakes two pods, two policies or two addresses for each other is caught", func() {
		swap(a.find(st, "LogicalPort", "ncp/project", "team-0001", "app", "web"), a.find(st, "LogicalPort", "ncp/project", "team-0001", "app", "api"),
			"ncp/pod", "ncp/pod_uid", "external_id")
		swap(a.find(st, "NSGroup", "ncp/project", "team-0001"), a.find(st, "NSGroup", "ncp/project", "team-0002"), "ncp/network_policy_uid")
		swap(a.find(st, "IpAddressAllocation", "ncp/project", "team-0001", "ncp/created_for", "l4_service"),
			a.find(st, "IpAddressAllocation", "ncp/project", "team-0002", "ncp/created_for", "l4_service"), "ncp/service_uid")
		unseen()
		Expect(caught()).To(Equal([]string{"names of workloads", "network policy uid", "pod uid", "service of an address"}))
	})

	It("that takes the uid of something else for all of a namespace is caught", func() {
		for _, path := range a.all(st, "ncp/project", "team-0001") {
			retag(st, path, "ncp/project_uid", service(a.namespace("team-0001"), "web").UID)
		}
		unseen()
		Expect(caught()).To(Equal([]string{"project uid"}))
	})

	It("that loses the names along with the uids is caught", func() {
		for _, path := range a.all(st, "ncp/network_policy", anything) {
			retag(st, path, "ncp/network_policy")
			retag(st, path, "ncp/network_policy_uid")
		}
		for _, path := range a.all(st, "ncp/project", "team-0005") {
			if tagAt(st, path, "ncp/service") == "" && !strings.Contains(path, "/ip-allocations/") {
				retag(st, path, "ncp/project")
				retag(st, path, "ncp/project_uid")
			}
		}
		unseen()
		Expect(caught()).To(Equal([]string{"names of workloads", "network policy uid", "project uid"}))
	})

	It("that gives the servers of two load balancers one name is caught", func() {
		world, err := model.Kubernetes(2, 1, model.Options{Cluster: "shop"})
		Expect(err).NotTo(HaveOccurred())
		a = arrivedFrom(world)
		st = a.copy()
		Expect(caught()).To(BeEmpty())
		for _, path := range a.all(st, "ncp/lb_vs_type", "http") {
			edit(st, path, func(body object) { body["display_name"] = "shop_http" })
		}
		unseen()
		Expect(caught()).To(Equal([]string{"name of an ingress's virtual server"}))
	})

	It("that gives a uid to what is nobody's is caught", func() {
		retag(st, a.find(st, "LBVirtualServer", "ncp/lb_vs_type", "http"), "ncp/project_uid", a.namespace("team-0000").UID)
		retag(st, a.find(st, "LbCookiePersistenceProfile"), "ncp/network_policy_uid", strangeUID)
		retag(st, a.find(st, "IpAddressAllocation", "ncp/created_for", "l7_per_namespace"), "ncp/service_uid", service(a.namespace("team-0000"), "web").UID)
		unseen()
		Expect(caught()).To(Equal([]string{"network policy uid", "project uid", "service of an address"}))
	})

	It("that gives the pool of an ingress or a service's server more is caught when that is wrong", func() {
		pool := a.find(st, "LbPool", "ncp/project", "team-0000", "ncp/service", "web")
		server := a.find(st, "LBVirtualServer", "ncp/project", "team-0001", "ncp/service", "gateway")
		retag(st, pool, "ncp/service_uid", service(a.namespace("team-0000"), "web").UID)
		retag(st, pool, "ncp/service_port_protocol", "TCP")
		retag(st, server, "ncp/service_port", "53")
		Expect(caught()).To(BeEmpty())
		retag(st, pool, "ncp/service_uid", service(a.namespace("team-0001"), "web").UID)
		retag(st, server, "ncp/service_port", "5353")
		Expect(caught()).To(Equal([]string{"service of a pool", "service of a virtual server"}))
	})

	It("that leaves the names off a service's server is right", func() {
		server := a.find(st, "LBVirtualServer", "ncp/project", "team-0001", "ncp/service", "gateway")
		for _, scope := range []string{"ncp/project", "ncp/project_uid", "ncp/service"} {
			retag(st, server, scope)
		}
		Expect(caught()).To(BeEmpty())
	})

	DescribeTable("that knows an object only as it was before it came anew is caught", func(uid func(arrived) string, row string) {
		manifests := strings.ReplaceAll(a.manifests, uid(a), strangeUID)
		Expect(manifests).NotTo(Equal(a.manifests))
		a.read = workloadsOf(manifests)
		Expect(caught()).To(ContainElement(row))
	},
		Entry("a namespace", func(a arrived) string { return a.namespace("team-0006").UID }, "project uid"),
		Entry("a service", func(a arrived) string { return service(a.namespace("team-0002"), "gateway").UID }, "service of a virtual server"),
		Entry("a network policy", func(a arrived) string { return a.namespace("team-0002").NetworkPolicies[0].UID }, "network policy uid"),
	)
})

// all are the paths of the Policy objects that have a tag.
func (a arrived) all(st *store.Store, scope, value string) []string {
	GinkgoHelper()
	var paths []string
	Expect(st.View(func(tx *store.Tx) error {
		for o := range tx.Policy().All() {
			if has, tagged := o.Tag(scope); tagged && (value == anything || value == has) {
				paths = append(paths, o.Key)
			}
		}
		return nil
	})).To(Succeed())
	Expect(paths).NotTo(BeEmpty())
	return paths
}

var _ = Describe("the ports of pools behind ingresses", func() {
	// one is the rows that a pool of service web in namespace shop violates, to which a rule for a path leads.
	one := func(manifests, path, member string, policyTags ...string) []string {
		GinkgoHelper()
		named := tags("ncp/project", "shop", "ncp/service", "web")
		st := tiny("loadbalancer/pools", "LbPool", "/infra/lb-pools/p", "LBPool",
			object{"tags": named, "members": []any{object{"port": member}}}, object{
				"tags": append(append(tags("ncp/version", "1.2.0", "ncp/project_uid", "u-shop", "ncp/created_for", "SLB"), named...), tags(policyTags...)...),
			})
		put(st, "logical-routers/t1", object{"id": "t1", "resource_type": "LogicalRouter", "tags": tags("ncp/cluster", "c")})
		if path != "" {
			put(st, "loadbalancer/rules/r", object{"id": "r", "resource_type": "LbRule",
				"match_conditions": []any{object{"header_name": "Host", "header_value": "shop.example.com"}, object{"uri": path}},
				"actions":          []any{object{"type": "LbSelectPoolAction", "pool_id": "m"}}})
		}
		report, err := check.InspectWith(st, "c", check.Options{Workloads: workloadsOf(manifests)})
		Expect(err).NotTo(HaveOccurred())
		Expect(report.AllPolicy()).To(BeTrue())
		names := []string{}
		for _, violation := range report.NotReady {
			names = append(names, violation.Row)
		}
		return names
	}

	DescribeTable("are told by host and path, or by the members where no rule tells", func(path, member, right, wrong string) {
		Expect(one(shop, path, member, "ncp/service_port", right)).To(BeEmpty())
		Expect(one(shop, path, member, "ncp/service_port", wrong)).To(ConsistOf("service of a pool"))
	},
		Entry("a port by number", "/", "8080", "80", "81"),
		Entry("a port by name", "/admin", "9090", "81", "80"),
		Entry("the name itself", "/admin", "9090", "81", "admin"),
		Entry("a rule of no ingress", "/gone", "9090", "81", "80"),
		Entry("no rule", "", "8080", "80", "81"),
	)

	It("are any that fit where the members do not tell either", func() {
		same := strings.ReplaceAll(shop, "9090", "8080")
		Expect(one(same, "", "8080", "ncp/service_port", "80")).To(BeEmpty())
		Expect(one(same, "", "8080", "ncp/service_port", "81")).To(BeEmpty())
		Expect(one(same, "", "8080", "ncp/service_port", "443")).To(ConsistOf("service of a pool"))
		Expect(one(same, "/admin", "8080", "ncp/service_port", "80")).To(ConsistOf("service of a pool"), "a rule tells all the same")
	})
})

var _ = Describe("a virtual server for the ingresses of one namespace", func() {
	DescribeTable("has the uid of that namespace", func(uid string, expected ...string) {
		named := tags("ncp/lb_vs_type", "http", "ncp/project", "shop")
		st := tiny("loadbalancer/virtual-servers", "LbVirtualServer", "/infra/lb-virtual-servers/p", "LBVirtualServer", object{"tags": named}, object{
			"display_name": "shop_http",
			"tags":         append(tags("ncp/version", "1.2.0", "ncp/project_uid", "u-shop", "ncp/created_for", "SLB", "external_id", uid), named...),
		})
		put(st, "logical-routers/t1", object{"id": "t1", "resource_type": "LogicalRouter", "tags": tags("ncp/cluster", "c")})
		report, err := check.InspectWith(st, "c", check.Options{Workloads: workloadsOf(shop)})
		Expect(err).NotTo(HaveOccurred())
		names := []string{}
		for _, violation := range report.NotReady {
			names = append(names, violation.Row)
		}
		Expect(names).To(Equal(append([]string{}, expected...)))
	},
		Entry("and is right", "u-shop"),
		Entry("and not the cluster's", clusterUIDs["c"], "owner of an ingress's virtual server"),
		Entry("and not that of a service in it", "u-web", "owner of an ingress's virtual server"),
	)
})
