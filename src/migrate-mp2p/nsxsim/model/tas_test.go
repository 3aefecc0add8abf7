package model_test

import (
	"encoding/json"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

var _ = Describe("model tas", func() {
	tas := func(scale int, seed int64) *model.World {
		GinkgoHelper()
		world, err := model.TAS(scale, seed, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		return world
	}
	// small is the world of most tests; they do not change it.
	small := sync.OnceValue(func() *model.World { return tas(1, 1) })
	created := func(world *model.World, cluster string) []model.Object {
		GinkgoHelper()
		objects, err := world.CreatedBy(cluster)
		Expect(err).NotTo(HaveOccurred())
		return objects
	}

	It("is byte-identical for the same seed and differs for another", func() {
		Expect(tas(1, 7)).To(Equal(tas(1, 7)))
		Expect(tas(1, 7)).NotTo(Equal(tas(1, 8)))
	})

	It("holds about 500 objects that NCP made, and grows in proportion", func() {
		one := len(created(small(), "tas1"))
		Expect(one).To(BeNumerically("~", 500, 50))
		Expect(len(created(tas(4, 1), "tas1"))).To(BeNumerically("~", 4*one, one/5))
	})

	It("holds, made by NCP, every kind that the migration API knows and NCP makes", func() {
		kinds := map[string]bool{}
		for _, object := range created(small(), "tas1") {
			var body struct {
				Type string `json:"resource_type"`
			}
			Expect(json.Unmarshal(object.Body, &body)).To(Succeed())
			kinds[body.Type] = true
		}
		Expect(kinds).To(HaveLen(24))
		for _, kind := range []string{
			"LogicalRouter", "LogicalRouterDownLinkPort", "LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER1", "LogicalSwitch",
			"LogicalPort", "SpoofGuardSwitchingProfile", "NatRule", "IpBlockSubnet", "IpPool", "FirewallSection", "NSGroup", "IPSet",
			"LbService", "LbVirtualServer", "LbPool", "LbRule", "LbHttpMonitor", "LbHttpProfile", "LbFastTcpProfile",
			"LbCookiePersistenceProfile", "LbClientSslProfile", "certificate_self_signed", "Crl",
		} {
			Expect(kinds).To(HaveKey(kind))
		}
	})

	It("makes every object of NCP as NCP's identity and all of them before the time given", func() {
		builtAt := time.Date(1999, time.December, 1, 0, 0, 0, 0, time.UTC)
		world, err := model.TAS(1, 1, model.Options{BuiltAt: builtAt, Cluster: "blue", Identity: "ncp-blue"})
		Expect(err).NotTo(HaveOccurred())
		objects := created(world, "blue")
		Expect(objects).NotTo(BeEmpty())
		for _, object := range objects {
			var body struct {
				Owner    string `json:"_create_user"`
				Created  int64  `json:"_create_time"`
				Revision *int   `json:"_revision"`
			}
			Expect(json.Unmarshal(object.Body, &body)).To(Succeed())
			Expect(body.Owner).To(Equal("ncp-blue"))
			Expect(body.Revision).NotTo(BeNil())
			Expect(time.UnixMilli(body.Created)).To(And(BeTemporally(">", builtAt.AddDate(0, -2, 0)), BeTemporally("<=", builtAt)))
		}
	})

	It("has ports with many labels, none with more than 29 tags", func() {
		most := 0
		for _, object := range created(small(), "tas1") {
			tags, err := object.Tags()
			Expect(err).NotTo(HaveOccurred())
			most = max(most, len(tags))
		}
		Expect(most).To(BeNumerically(">", 20))
		Expect(most).To(BeNumerically("<=", 29))
	})

	It("does not count virtual machines' ports, the Tier-0 or the external pools as made by NCP", func() {
		world := small()
		ids := map[string]bool{}
		for _, object := range created(world, "tas1") {
			ids[object.ID] = true
		}
		nodes := 0
		for _, object := range world.In("logical-ports") {
			tags, err := object.Tags()
			Expect(err).NotTo(HaveOccurred())
			for _, tag := range tags {
				if tag.Scope == "ncp/node_name" {
					nodes++
					Expect(ids).NotTo(HaveKey(object.ID))
				}
			}
		}
		Expect(nodes).To(BeNumerically(">", 1))
		for _, shared := range world.Shared {
			Expect(ids).NotTo(HaveKey(shared.ID))
		}
	})

	It("describes what the user spec must list", func() {
		world := small()
		kinds := map[string]int{}
		custom := 0
		for _, shared := range world.Shared {
			kinds[shared.Kind]++
			custom += len(shared.Allocations)
		}
		Expect(kinds).To(Equal(map[string]int{"TIER0": 1, "IPBLOCK": 2, "IPPOOL": 2}))
		Expect(custom).To(Equal(2))
	})

	It("holds a second foundation that shares nothing that NCP made", func() {
		world := small()
		Expect(world.Foundations).To(HaveLen(2))
		Expect(len(created(world, world.Foundations[1].Name))).To(BeNumerically(">", 50))
	})

	It("gives no two objects one address", func() {
		seen := map[string]bool{}
		for _, object := range tas(3, 1).Manager {
			key := object.Collection + "/" + object.ID
			Expect(seen).NotTo(HaveKey(key))
			seen[key] = true
		}
	})

	DescribeTable("refuses a scale that it cannot build", func(scale int) {
		_, err := model.TAS(scale, 1, model.Options{})
		Expect(err).To(MatchError(ContainSubstring("scale")))
	}, Entry("none", 0), Entry("too large", 2001))
})

var _ = Describe("changing a world", func() {
	var world *model.World

	BeforeEach(func() {
		var err error
		world, err = model.TAS(1, 1, model.Options{})
		Expect(err).NotTo(HaveOccurred())
	})

	It("sets the number of an object's tags", func() {
		port := world.In("logical-ports")[30]
		for _, n := range []int{31, 3} {
			Expect(world.SetTagCount("logical-ports", port.ID, n)).To(Succeed())
			changed, err := world.Find("logical-ports", port.ID)
			Expect(err).NotTo(HaveOccurred())
			Expect(changed.Tags()).To(HaveLen(n))
		}
	})

	It("adds rules to a virtual server", func() {
		before := len(world.In("loadbalancer/rules"))
		Expect(world.AddLBRules("tas1", 253)).To(Succeed())
		Expect(world.In("loadbalancer/rules")).To(HaveLen(before + 253))
	})

	It("puts an administrator's section and rule among those of NCP", func() {
		Expect(world.AddSectionBetween("tas1", "between")).To(Succeed())
		Expect(world.AddAdminRule("tas1", "9999")).To(Succeed())
		_, err := world.Find("firewall/sections", "between")
		Expect(err).NotTo(HaveOccurred())
	})

	It("counts the rules of every section", func() {
		Expect(world.AddAdminRule("tas1", "9998")).To(Succeed())
		for _, section := range world.In("firewall/sections") {
			if section.Collection != "firewall/sections" {
				continue
			}
			var body struct {
				RuleCount int `json:"rule_count"`
			}
			Expect(json.Unmarshal(section.Body, &body)).To(Succeed())
			Expect(body.RuleCount).To(Equal(len(world.In("firewall/sections/"+section.ID+"/rules"))), section.ID)
		}
	})

	It("names what it cannot find", func() {
		Expect(world.Rename("logical-ports", "nowhere", "x")).To(MatchError(ContainSubstring("logical-ports/nowhere")))
		Expect(world.Remove("logical-ports", "nowhere")).To(MatchError(ContainSubstring("logical-ports/nowhere")))
		Expect(world.AddLBRules("unknown", 1)).To(MatchError(ContainSubstring("unknown")))
	})
})
