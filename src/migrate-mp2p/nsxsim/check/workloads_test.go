package check_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// shop is a namespace with a service of two ports behind an ingress: one port the ingress knows by number, one by name.
const shop = `---
apiVersion: v1
kind: Namespace
metadata: {name: shop, uid: u-shop, annotations: {ncp/router_id: t1}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, uid: u-web}
spec:
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: admin, port: 81, targetPort: 9090, protocol: TCP}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site, namespace: shop, uid: u-site}
spec:
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /admin, backend: {service: {name: web, port: {name: admin}}}}
`

// failure is what inspecting a cluster with manifests fails with.
func failure(st *store.Store, cluster, manifests string) error {
	GinkgoHelper()
	_, err := check.InspectWith(st, cluster, check.Options{Workloads: workloadsOf(manifests)})
	return err
}

var _ = Describe("reading the workloads of a cluster", func() {
	DescribeTable("names the file, the document and what is wrong with it", func(wanted string, manifests string) {
		_, err := check.ReadWorkloads("shop.yaml", strings.NewReader(manifests))
		Expect(err).To(MatchError(And(HavePrefix("reading workloads: shop.yaml"), ContainSubstring(wanted))))
	},
		Entry("nothing", "has no Namespace in its 0 documents", ""),
		Entry("no namespace", "has no Namespace in its 1 documents", "kind: Node\napiVersion: v1\nmetadata: {name: n}\n"),
		Entry("no YAML", "document 4: yaml: ", shop+"---\nkind: {\n"),
		Entry("a text", "document 4: it is no manifest: ", shop+"---\nverdict\n"),
		Entry("a list that is none of Kubernetes", "document 1: it is no manifest: ", "- kind: Namespace\n"),
		Entry("no kind", "document 4: it is no manifest: it has no kind", shop+"---\nmetadata: {name: x}\n"),
		Entry("an object cut off before its name", "document 4: the Service has no metadata.name", shop+"---\nkind: Service\napiVersion: v1\n"),
		Entry("an object without uid", "document 4: Service x has no metadata.uid", shop+"---\nkind: Service\napiVersion: v1\nmetadata: {name: x, namespace: shop}\n"),
		Entry("an object without its namespace", `document 4: Service x is in the Namespace "store", which is missing`,
			shop+"---\nkind: Service\napiVersion: v1\nmetadata: {name: x, namespace: store, uid: u}\n"),
		Entry("one uid twice", "document 4: Service x has the uid u-web of document 2", shop+"---\nkind: Service\napiVersion: v1\nmetadata: {name: x, namespace: shop, uid: u-web}\n"),
		Entry("one namespace twice", "document 4: there is a Namespace shop before", shop+"---\nkind: Namespace\napiVersion: v1\nmetadata: {name: shop, uid: u}\n"),
		Entry("one service twice", "document 4: there is a Service shop/web before", shop+"---\nkind: Service\napiVersion: v1\nmetadata: {name: web, namespace: shop, uid: u}\n"),
		Entry("a port without number", "document 4: the ports of Service shop/x: port 1 has no number",
			shop+"---\nkind: Service\napiVersion: v1\nmetadata: {name: x, namespace: shop, uid: u}\nspec: {ports: [{name: http}]}\n"),
		Entry("rules that are none", "document 4: the rules of Ingress shop/x: ",
			shop+"---\nkind: Ingress\napiVersion: networking.k8s.io/v1\nmetadata: {name: x, namespace: shop, uid: u}\nspec: {rules: none}\n"),
		Entry("an item of a list", "document 1: item 2: it is no manifest: it has no kind",
			"kind: List\napiVersion: v1\nitems: [{kind: Namespace, apiVersion: v1, metadata: {name: a, uid: u}}, {metadata: {name: b}}]\n"),
		Entry("an item of a list without uid", "document 1, item 1: Namespace a has no metadata.uid",
			"kind: List\napiVersion: v1\nitems: [{kind: Namespace, apiVersion: v1, metadata: {name: a}}]\n"),
	)

	It("reads what kubectl prints as one list in any order, and passes over what has no value for NCP", func() {
		read, err := check.ReadWorkloads("all", strings.NewReader(`{"kind": "List", "apiVersion": "v1", "items": [
			{"kind": "Service", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "shop", "uid": "u1"}, "spec": {"ports": [{"port": 80}]}},
			{"kind": "Service", "apiVersion": "serving.knative.dev/v1", "metadata": {"name": "web", "namespace": "elsewhere"}},
			{"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-0"}},
			{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "shop", "uid": "u2"}}]}`))
		Expect(err).NotTo(HaveOccurred())
		Expect(read.String()).To(Equal("all (1 namespaces, 1 services, 0 network policies)"))
		Expect(check.ReadWorkloads("shop", strings.NewReader(shop+"---\n"))).NotTo(BeNil(), "with a last separator")
	})

	It("fails where the file is not there", func() {
		_, err := check.LoadWorkloads("/nowhere/shop.yaml")
		Expect(err).To(MatchError(And(HavePrefix("reading workloads: "), ContainSubstring("/nowhere/shop.yaml"))))
	})
})

var _ = Describe("workloads that do not fit the cluster", func() {
	// without are the manifests without an object.
	without := func(manifests, kind, name, namespace string) string {
		GinkgoHelper()
		head := "kind: " + kind + "\nmetadata:\n  name: " + name + "\n"
		if namespace != "" {
			head += "  namespace: " + namespace + "\n"
		}
		documents := strings.Split(manifests, "---\n")
		var kept []string
		for _, one := range documents {
			if !strings.Contains(one, head) {
				kept = append(kept, one)
			}
		}
		Expect(kept).To(HaveLen(len(documents)-1), "%s %s/%s", kind, namespace, name)
		return strings.Join(kept, "---\n")
	}

	It("are refused, with file and document, when they are another cluster's", func() {
		a := onKubernetes()
		other, err := model.Kubernetes(1, 2, model.Options{Cluster: "shop"})
		Expect(err).NotTo(HaveOccurred())
		for _, workloads := range []*model.Workloads{other.Workloads[0], a.world.Workloads[1]} {
			var text strings.Builder
			Expect(model.WriteManifests(&text, workloads)).To(Succeed())
			Expect(failure(a.copy(), "shop", text.String())).To(MatchError(MatchRegexp(
				`comparing with the workloads: shop\.yaml, document \d+: Namespace default is on the router [-0-9a-f]+ \(annotation ncp/router_id\), which is none of cluster "shop": these are the workloads of another cluster`)))
		}
		Expect(failure(a.copy(), "shop-other", a.manifests)).To(MatchError(ContainSubstring("another cluster")))
		Expect(failure(loaded(a.world), "shop-other", a.manifests)).To(MatchError(ContainSubstring("another cluster")), "in Manager mode, too")
		Expect(failure(a.copy(), "shop", strings.ReplaceAll(a.manifests, "ncp/router_id", "router"))).
			To(MatchError(MatchRegexp(`none of the \d+ Namespaces of shop\.yaml has the annotation ncp/router_id`)))
	})

	It("are refused for a foundation of TAS", func() {
		st, _ := tas()
		Expect(failure(st, "tas1", onKubernetes().manifests)).To(MatchError(ContainSubstring(`"tas1" is a foundation of TAS`)))
	})

	It("are refused when NSX has objects for what they lack", func() {
		a := onTKGI()
		fails := func(manifests string) string {
			GinkgoHelper()
			err := failure(a.copy(), "pks-shop", manifests)
			Expect(err).To(MatchError(MatchRegexp(`comparing with the workloads: shop\.yaml has in its \d+ documents no `)))
			return err.Error()
		}
		Expect(fails(without(a.manifests, "Service", "gateway", "team-0000"))).To(MatchRegexp(`no Service team-0000/gateway, which loadbalancer/\S+ is for$`))
		Expect(fails(without(a.manifests, "Service", "web", "team-0000"))).To(MatchRegexp(`no Service team-0000/web, which loadbalancer/pools/\S+ is for$`))
		Expect(fails(without(a.manifests, "NetworkPolicy", "api-access", "team-0001"))).To(ContainSubstring("no NetworkPolicy team-0001/api-access, which "))
		Expect(fails(without(without(a.manifests, "Service", "gateway", "team-0000"), "NetworkPolicy", "api-access", "team-0001"))).
			To(And(ContainSubstring("no NetworkPolicy team-0001/api-access"), ContainSubstring("; no Service team-0000/gateway")), "all at once")
		Expect(fails(strings.ReplaceAll(a.manifests, "port: 1883", "port: 1884"))).To(ContainSubstring("no port 1883/TCP of Service team-0002/gateway"))

		var kept []string
		for _, one := range strings.Split(a.manifests, "---\n") {
			if !strings.Contains(one, "team-0003") {
				kept = append(kept, one)
			}
		}
		Expect(fails(strings.Join(kept, "---\n"))).To(MatchRegexp(`no Namespace team-0003, which \S+ is for$`))
	})

	It("are no hindrance when a pod is missing or has come anew", func() {
		a := onTKGI()
		var kept []string
		for _, one := range strings.Split(a.manifests, "---\n") {
			if !strings.Contains(one, "kind: Pod\n") {
				kept = append(kept, one)
			}
		}
		report, err := check.InspectWith(a.copy(), "pks-shop", check.Options{Workloads: workloadsOf(strings.Join(kept, "---\n"))})
		Expect(err).NotTo(HaveOccurred())
		Expect(report.NotReady).To(BeEmpty())
	})

	It("are no hindrance in Manager mode, where nothing is compared", func() {
		a := onTKGI()
		report, err := check.InspectWith(loaded(a.world), "pks-shop", check.Options{Workloads: workloadsOf(without(a.manifests, "Service", "gateway", "team-0000"))})
		Expect(err).NotTo(HaveOccurred())
		Expect(report.AllManager()).To(BeTrue())
		Expect(report.Workloads).To(BeEmpty())
	})
})
