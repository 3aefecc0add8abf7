package model_test

import (
	"encoding/json"
	"slices"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

var _ = Describe("the options of a model", func() {
	world := func(options model.Options) *model.World {
		GinkgoHelper()
		made, err := model.TAS(1, 1, options)
		Expect(err).NotTo(HaveOccurred())
		return made
	}
	// plain is the world without options; the tests do not change it.
	plain := sync.OnceValue(func() *model.World { return world(model.Options{}) })
	created := func(w *model.World, cluster string) int {
		GinkgoHelper()
		objects, err := w.CreatedBy(cluster)
		Expect(err).NotTo(HaveOccurred())
		return len(objects)
	}
	names := func(w *model.World, collection string) []string {
		GinkgoHelper()
		var all []string
		for _, object := range w.In(collection) {
			var body struct {
				Name string `json:"display_name"`
			}
			Expect(json.Unmarshal(object.Body, &body)).To(Succeed())
			all = append(all, body.Name)
		}
		return all
	}

	It("add to the plain world and leave its objects as they are", func() {
		more := world(model.Options{Further: []model.Foundation{{Name: "blue"}}, OtherProducts: true, Rare: true})
		Expect(more.Manager[:len(plain().Manager)]).To(Equal(plain().Manager))
		Expect(more.Shared).To(Equal(plain().Shared))
	})

	It("make the same world for the same seed, all of them together", func() {
		all := model.Options{
			Further:        []model.Foundation{{Name: "pks-further", Platform: "tkgi"}, {Name: "further", Platform: "kubernetes"}},
			SectionBetween: true, OtherProducts: true, PolicyCluster: "done", SharedTier1: true, Rare: true,
		}
		Expect(world(all)).To(Equal(world(all)))
	})

	It("add further foundations of the same size, each with a name and an identity of its own", func() {
		w := world(model.Options{Further: []model.Foundation{{Name: "blue"}, {Name: "red", Identity: "red-user"}}})
		Expect(w.Foundations[2:]).To(Equal([]model.Foundation{
			{Name: "blue", Platform: "tas", Identity: "blue-ncp"}, {Name: "red", Platform: "tas", Identity: "red-user"},
		}))
		Expect(created(w, "blue")).To(Equal(created(w, "tas1")))
		Expect(created(w, "red")).To(Equal(created(w, "tas1")))
	})

	It("give no two foundations one address, network or interface", func() {
		w := world(model.Options{Further: []model.Foundation{{Name: "blue"}, {Name: "red"}}, OtherProducts: true, Rare: true})
		Expect(repeated(w)).To(BeEmpty())
	})

	It("put a section of the administrator between those of NCP, and no two at one place", func() {
		w := world(model.Options{SectionBetween: true})
		type section struct {
			Name     string `json:"display_name"`
			Priority int    `json:"priority"`
		}
		var sections []section
		for _, object := range w.In("firewall/sections") {
			if object.Collection == "firewall/sections" {
				var one section
				Expect(json.Unmarshal(object.Body, &one)).To(Succeed())
				sections = append(sections, one)
			}
		}
		slices.SortFunc(sections, func(a, b section) int { return a.Priority - b.Priority })
		at := slices.IndexFunc(sections, func(s section) bool { return s.Name == "in-between" })
		Expect(sections[at-1].Name).To(Equal("tas1-public_networks"))
		Expect(sections[at+1].Name).To(Equal("tas1-dns"))
		Expect(slices.CompactFunc(slices.Clone(sections), func(a, b section) bool { return a.Priority == b.Priority })).To(HaveLen(len(sections)))
	})

	It("add what NCP rarely makes, owned by its identity", func() {
		w := world(model.Options{Rare: true})
		Expect(names(w, "logical-routers")).To(ContainElement("tas1-dnat"))
		Expect(names(w, "trust-management/certificates")).To(ContainElements("tas1-rare-ca", "tas1-rare-sni"))
		Expect(names(w, "switching-profiles")).To(ContainElements(
			"tas1-QosSwitchingProfile", "tas1-IpDiscoverySwitchingProfile", "tas1-MacManagementSwitchingProfile", "tas1-SwitchSecuritySwitchingProfile"))
	})

	It("add a network of OpenStack that NCP did not make", func() {
		w := world(model.Options{OtherProducts: true})
		Expect(names(w, "logical-switches")).To(ContainElement("os-network"))
		Expect(created(w, "tas1")).To(Equal(created(plain(), "tas1")))
	})

	It("add a cluster in Policy mode, of which no object is open to Manager clients", func() {
		w := world(model.Options{PolicyCluster: "done"})
		Expect(w.Foundations[2].Name).To(Equal("done"))
		objects, err := w.CreatedBy("done")
		Expect(err).NotTo(HaveOccurred())
		Expect(objects).NotTo(BeEmpty())
		for _, object := range objects {
			Expect(string(object.Body)).To(And(ContainSubstring(`"_create_user":"nsx_policy"`), ContainSubstring(`"scope":"policyPath"`)))
		}
		Expect(repeated(w)).To(BeEmpty())
		_, err = model.TAS(1, 1, model.Options{PolicyCluster: "tas1"})
		Expect(err).To(MatchError(ContainSubstring(`"tas1"`)))
	})

	DescribeTable("refuse users that cannot be told apart or built", func(named string, scale int, further ...model.Foundation) {
		_, err := model.TAS(scale, 1, model.Options{Further: further})
		Expect(err).To(MatchError(ContainSubstring(named)))
	},
		Entry("the first's name", `"tas1"`, 1, model.Foundation{Name: "tas1"}),
		Entry("the name of the small one beside the first", `"tas1-other"`, 1, model.Foundation{Name: "tas1-other"}),
		Entry("the same name twice", `"blue"`, 1, model.Foundation{Name: "blue"}, model.Foundation{Name: "blue"}),
		Entry("no name", `""`, 1, model.Foundation{}),
		Entry("an unknown platform", `"nomad"`, 1, model.Foundation{Name: "blue", Platform: "nomad"}),
		Entry("more than fits", "between 1 and 500", 501, model.Foundation{Name: "blue"}),
	)
})

// repeated lists what NSX gives to one object only and several objects of a world
// have: addresses of allocations and interfaces, MAC addresses, interface ids, network
// identifiers, subnets and the VLANs of one parent interface.
func repeated(w *model.World) []string {
	GinkgoHelper()
	seen := map[string]bool{}
	var twice []string
	note := func(what string, parts ...any) {
		key := what
		for _, part := range parts {
			text, err := json.Marshal(part)
			Expect(err).NotTo(HaveOccurred())
			key += " " + string(text)
		}
		if seen[key] {
			twice = append(twice, key)
		}
		seen[key] = true
	}
	for _, object := range w.Manager {
		var body struct {
			Type       string `json:"resource_type"`
			VNI        int    `json:"vni"`
			CIDR       string `json:"cidr"`
			Allocation string `json:"allocation_id"`
			Attachment struct {
				ID      string `json:"id"`
				Context struct {
					Parent string `json:"parent_vif_id"`
					VLAN   int    `json:"traffic_tag"`
				} `json:"context"`
			} `json:"attachment"`
			Bindings []struct {
				IP  string `json:"ip_address"`
				MAC string `json:"mac_address"`
			} `json:"address_bindings"`
			Subnets []any `json:"subnets"`
		}
		Expect(json.Unmarshal(object.Body, &body)).To(Succeed())
		switch body.Type {
		case "LogicalSwitch":
			if body.VNI != 0 {
				note("vni", body.VNI)
			}
		case "IpBlockSubnet":
			note("subnet", body.CIDR)
		case "LogicalRouterLinkPortOnTIER1", "LogicalRouterDownLinkPort":
			note("router port", body.Subnets)
		case "LogicalPort":
			note("interface", body.Attachment.ID)
			if body.Attachment.Context.Parent != "" {
				note("VLAN", body.Attachment.Context.Parent, body.Attachment.Context.VLAN)
			}
		}
		if body.Allocation != "" {
			note("external address", body.Allocation)
		}
		for _, binding := range body.Bindings {
			note("address", binding.IP)
			note("MAC address", binding.MAC)
		}
	}
	return twice
}
