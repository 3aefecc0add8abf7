package model_test

import (
	"encoding/json"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

var _ = Describe("model tkgi", func() {
	tkgi := func(scale int, seed int64, options model.Options) *model.World {
		GinkgoHelper()
		world, err := model.TKGI(scale, seed, options)
		Expect(err).NotTo(HaveOccurred())
		return world
	}
	created := func(world *model.World, cluster string) []model.Object {
		GinkgoHelper()
		objects, err := world.CreatedBy(cluster)
		Expect(err).NotTo(HaveOccurred())
		return objects
	}
	// mine is the world of most tests; they do not change it.
	mine := sync.OnceValue(func() *model.World { return tkgi(1, 1, model.Options{Cluster: "pks-mine"}) })
	// body is what the tests read of an object.
	type body struct {
		Name  string   `json:"display_name"`
		Owner string   `json:"_create_user"`
		Ports []string `json:"ports"`
		CIDR  string   `json:"cidr"`
		On    string   `json:"logical_switch_id"`
	}
	read := func(object model.Object) body {
		GinkgoHelper()
		var b body
		Expect(json.Unmarshal(object.Body, &b)).To(Succeed())
		return b
	}
	// tagged are the objects of a collection with a tag, whatever its value.
	tagged := func(world *model.World, collection, scope string) []body {
		GinkgoHelper()
		var found []body
		for _, object := range world.In(collection) {
			tags, err := object.Tags()
			Expect(err).NotTo(HaveOccurred())
			for _, tag := range tags {
				if tag.Scope == scope {
					found = append(found, read(object))
				}
			}
		}
		return found
	}

	It("is byte-identical for the same seed and differs for another", func() {
		Expect(tkgi(1, 7, model.Options{})).To(Equal(tkgi(1, 7, model.Options{})))
		Expect(tkgi(1, 7, model.Options{})).NotTo(Equal(tkgi(1, 8, model.Options{})))
	})

	It("holds about 550 objects that NCP made, and grows in proportion", func() {
		small := len(created(mine(), "pks-mine"))
		Expect(small).To(BeNumerically("~", 550, 50))
		Expect(len(created(tkgi(3, 1, model.Options{Cluster: "pks-mine"}), "pks-mine"))).To(BeNumerically("~", 3*small, small/2))
	})

	It("calls its clusters pks- and an id, and takes no other names", func() {
		world := tkgi(1, 1, model.Options{Cluster: "pks-mine", Further: []model.Foundation{{Name: "pks-yours"}}})
		for _, cluster := range world.Foundations {
			Expect(cluster).To(And(HaveField("Name", HavePrefix("pks-")), HaveField("Platform", "tkgi"), HaveField("Identity", cluster.Name+"-ncp")))
		}
		Expect(world.Foundations).To(HaveLen(3))
		_, err := model.TKGI(1, 1, model.Options{Cluster: "mine"})
		Expect(err).To(MatchError(ContainSubstring(`"mine"`)))
	})

	It("has TKGI's superuser make the network of the nodes and their ports, which are not NCP's", func() {
		world := mine()
		for _, collection := range []string{"logical-routers", "logical-router-ports", "logical-switches", "logical-ports", "pools/ip-subnets"} {
			found := tagged(world, collection, "pks/cluster")
			Expect(found).NotTo(BeEmpty(), collection)
			for _, one := range found {
				Expect(one.Owner).To(Equal("pks-nsx-t-superuser"))
			}
		}
		Expect(tagged(world, "logical-routers", "pks/floating_ip")).To(HaveLen(2), "a SNAT rule for each cluster's nodes")
		for _, object := range created(world, "pks-mine") {
			Expect(read(object).Owner).To(Equal("pks-mine-ncp"))
			Expect(string(object.Body)).NotTo(ContainSubstring("pks/cluster"))
		}
	})

	It("gives every system namespace a switch, a router and an address, each network being a /24", func() {
		world := mine()
		var switches, routers, rules []string
		for _, object := range created(world, "pks-mine") {
			switch object.Collection {
			case "logical-switches":
				switches = append(switches, read(object).Name)
			case "logical-routers":
				routers = append(routers, read(object).Name)
			case "pools/ip-subnets":
				Expect(read(object).CIDR).To(HaveSuffix(".0/24"))
			}
			if strings.HasSuffix(object.Collection, "/nat/rules") {
				rules = append(rules, read(object).Name)
			}
		}
		for _, namespace := range []string{"default", "kube-public", "kube-system", "pks-system"} {
			Expect(switches).To(ContainElement("pks-mine-" + namespace + "-0"))
			Expect(routers).To(ContainElement("pks-mine-" + namespace))
			Expect(rules).To(ContainElement("pks-mine-" + namespace + "-snat-0"))
		}
	})

	It("puts a virtual server for the API server beside those for HTTP and HTTPS", func() {
		ports := map[string]bool{}
		for _, object := range created(mine(), "pks-mine") {
			if object.Collection == "loadbalancer/virtual-servers" {
				for _, port := range read(object).Ports {
					ports[port] = true
				}
			}
		}
		Expect(ports).To(And(HaveKey("8443"), HaveKey("80"), HaveKey("443")))
	})

	It("registers the superuser and the identity of every cluster, each with its certificate", func() {
		var names []string
		for _, object := range mine().In("trust-management/principal-identities") {
			names = append(names, read(object).Name)
		}
		Expect(names).To(ConsistOf("pks-nsx-t-superuser", "pks-mine-ncp", HaveSuffix("-ncp")))
	})

	It("lists the Tier-0, the blocks of pods and nodes and the pools of floating addresses as shared", func() {
		kinds := map[string]int{}
		for _, shared := range mine().Shared {
			kinds[shared.Kind]++
		}
		Expect(kinds).To(Equal(map[string]int{"TIER0": 1, "IPBLOCK": 2, "IPPOOL": 2}))
	})

	It("puts the second cluster below a Tier-0 of its own on request", func() {
		world := tkgi(1, 1, model.Options{Cluster: "pks-mine", SecondTier0: true})
		below := map[string][]string{} // names of the link ports by the Tier-0
		for _, object := range world.In("logical-router-ports") {
			var port struct {
				Kind   string `json:"resource_type"`
				Router string `json:"logical_router_id"`
			}
			Expect(json.Unmarshal(object.Body, &port)).To(Succeed())
			if port.Kind == "LogicalRouterLinkPortOnTIER0" {
				below[port.Router] = append(below[port.Router], read(object).Name)
			}
		}
		second := world.Shared[len(world.Shared)-1]
		Expect(second.DisplayName).To(Equal("t0-second"))
		Expect(below[second.ID]).To(And(Not(BeEmpty()), HaveEach(HavePrefix(world.Foundations[1].Name))))
		Expect(below[world.Shared[0].ID]).To(And(Not(BeEmpty()), Not(ContainElement(HavePrefix(world.Foundations[1].Name)))))
		Expect(repeated(world)).To(BeEmpty())
	})

	It("translates no address of pods and nodes on request", func() {
		world := tkgi(1, 1, model.Options{Cluster: "pks-mine", NoNAT: true})
		for _, object := range world.Manager {
			Expect(object.Collection).NotTo(HaveSuffix("/nat/rules"))
			Expect(string(object.Body)).NotTo(Or(ContainSubstring("ncp/snat_ip"), ContainSubstring("pks/floating_ip")))
		}
		Expect(repeated(world)).To(BeEmpty())
	})

	It("gives no two clusters one address, network or interface", func() {
		Expect(repeated(tkgi(1, 1, model.Options{Further: []model.Foundation{{Name: "pks-a"}, {Name: "pks-b"}}, Rare: true, OtherProducts: true}))).To(BeEmpty())
	})

	It("shares its NSX with users of other platforms", func() {
		world := tkgi(1, 1, model.Options{Further: []model.Foundation{{Name: "k8s", Platform: "kubernetes"}, {Name: "tas", Platform: "tas"}}, Rare: true})
		Expect(repeated(world)).To(BeEmpty())
		Expect(created(world, "k8s")).NotTo(BeEmpty())
		Expect(created(world, "tas")).NotTo(BeEmpty())
	})
})
