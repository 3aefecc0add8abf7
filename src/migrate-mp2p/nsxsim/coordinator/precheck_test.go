package coordinator_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// version makes the simulator an NSX of another version.
func version(v string) func(*nsxsim.Options) {
	return func(o *nsxsim.Options) { o.Version = v }
}

// one is a batch of a single object.
func one(kind, id string) batch { return batch{kind, []resource{{ManagerID: id}}} }

var _ = Describe("the pre-check", func() {
	// failed starts a run on this state and returns why the batch is refused.
	failed := func(st *store.Store, options coordinator.Options, b batch, changes ...func(*nsxsim.Options)) string {
		GinkgoHelper()
		n := serve(st, options, changes...)
		n.initiate()
		precheck := n.check(b)
		Expect(precheck.Status).To(Equal("FAILED"))
		Expect(n.refused(400, "POST", migration+"plan?action=continue", nil)).To(ContainSubstring("MP_TO_POLICY_PRECHECK"))
		return precheck.Details
	}

	It("names duplicates by their Manager id and in NSX's words", func() {
		st, world := tas()
		n := serve(st, coordinator.Options{})
		n.initiate()
		sets := simple("IP_SET", made(world, "ip-sets"))
		n.promote(batch{"IP_SET", sets.resources[:1]})
		precheck := n.check(sets)
		Expect(precheck.Status).To(Equal("FAILED"))
		Expect(precheck.Details).To(ContainSubstring("is duplicate or already migrated"))
		Expect(precheck.Details).To(ContainSubstring(sets.resources[0].ManagerID))
		Expect(precheck.Details).NotTo(ContainSubstring(sets.resources[1].ManagerID))
		rows := n.ok("GET", migration+"mp-to-policy/feedback?resource_type=IP_SET", nil)["results"].([]any)
		Expect(rows).To(HaveLen(1))
		Expect(rows[0]).To(And(HaveKeyWithValue("mp_id", sets.resources[0].ManagerID), HaveKeyWithValue("error_list", ConsistOf(
			HaveKeyWithValue("error_desc", "resource "+sets.resources[0].ManagerID+" is duplicate or already migrated")))))
		Expect(n.ok("GET", migration+"mp-to-policy/feedback?resource_type=NAT", nil)["results"]).To(BeEmpty())
	})

	It("names an object twice in one batch, one that is Policy for other reasons, and router ports sent again", func() {
		st, world := tas()
		var native string
		for _, o := range world.In("ns-groups") {
			if body := decode(o); body["display_name"] == "operations" {
				native = o.ID
			}
		}
		Expect(failed(st, coordinator.Options{}, one("NS_GROUP", native))).To(ContainSubstring("already migrated"))

		st, world = tas()
		set := made(world, "ip-sets")[0].ID
		Expect(failed(st, coordinator.Options{}, batch{"IP_SET", []resource{{ManagerID: set}, {ManagerID: set}}})).To(ContainSubstring("duplicate"))

		st, world = tas()
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		own := ncpBatches(world)
		n.promote(own[:8]...)
		Expect(n.check(own[7]).Details).To(ContainSubstring("already migrated"))
	})

	It("names objects that do not exist or are of another type", func() {
		st, _ := tas()
		Expect(failed(st, coordinator.Options{}, one("LOGICAL_SWITCH", "nowhere"))).To(ContainSubstring("nowhere"))
		st, world := tas()
		tier1 := made(world, "logical-routers", "LogicalRouter")[0].ID
		Expect(failed(st, coordinator.Options{}, one("TIER0", tier1))).To(ContainSubstring("is a TIER1"))
		st, _ = tas()
		Expect(failed(st, coordinator.Options{}, one("EDGE_FIREWALL_SECTION", "x"))).To(ContainSubstring("not supported"))
	})

	It("refuses objects of the system, but for switching profiles", func() {
		st, world := tas()
		for _, o := range world.In("loadbalancer/monitors") {
			if decode(o)["_system_owned"] == true {
				Expect(failed(st, coordinator.Options{}, one("LB_MONITOR", o.ID))).To(ContainSubstring("system"))
				return
			}
		}
		Fail("the world has no system monitor")
	})

	It("refuses a Policy id that is taken, and one that two objects want", func() {
		st, world := tas()
		groups := made(world, "ns-groups")
		Expect(failed(st, coordinator.Options{}, batch{"NS_GROUP", []resource{{ManagerID: groups[0].ID, PolicyID: "operations"}}})).To(ContainSubstring("exists already"))
		st, _ = tas()
		Expect(failed(st, coordinator.Options{}, batch{"NS_GROUP", []resource{
			{ManagerID: groups[0].ID, PolicyID: "same"}, {ManagerID: groups[1].ID, PolicyID: "same"},
		}})).To(ContainSubstring("is wanted by"))
	})

	DescribeTable("counts the tags of a port", func(tags int, fits bool) {
		var id string
		st, world := tas(func(world *model.World) {
			id = made(world, "logical-ports")[1].ID
			Expect(world.SetTagCount("logical-ports", id, tags)).To(Succeed())
		})
		n := serve(st, coordinator.Options{})
		n.initiate()
		precheck := n.check(simple("LOGICAL_PORT", made(world, "logical-ports")))
		if fits {
			Expect(precheck.Status).To(Equal("SUCCESS"))
		} else {
			Expect(precheck.Details).To(ContainSubstring("has %d tags", tags))
			Expect(precheck.Details).To(ContainSubstring(id))
		}
	}, Entry("29 leave room for policyPath", 29, true), Entry("30 do not", 30, false), Entry("31 do not", 31, false))

	It("wants all ports of a switch in one request from NSX 3.2 on", func() {
		for nsxVersion, together := range map[string]bool{"3.1": false, "3.2": true, "4.1.1": true} {
			st, world := tas()
			ports := simple("LOGICAL_PORT", made(world, "logical-ports"))
			ports.resources = ports.resources[:5]
			n := serve(st, coordinator.Options{}, version(nsxVersion))
			n.initiate()
			precheck := n.check(ports)
			if together {
				Expect(precheck.Details).To(ContainSubstring("in one request"), nsxVersion)
			} else {
				Expect(precheck.Status).To(Equal("SUCCESS"), nsxVersion)
			}
		}
	})

	It("does not count ports of routers among those that must travel together", func() {
		st, world := tas()
		ports := batch{kind: "LOGICAL_PORT"}
		for _, o := range made(world, "logical-ports") {
			if decode(o)["attachment"].(object)["attachment_type"] != "LOGICALROUTER" {
				ports.resources = append(ports.resources, resource{ManagerID: o.ID})
			}
		}
		Expect(len(ports.resources)).To(BeNumerically("<", len(made(world, "logical-ports"))))
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(n.check(ports).Status).To(Equal("SUCCESS"))
	})

	It("enforces the sizes of batches only if so configured", func() {
		st, world := tas()
		tier0s := batch{"TIER0", []resource{{ManagerID: world.Shared[0].ID}, {ManagerID: "other"}}}
		Expect(failed(st, coordinator.Options{EnforceLimits: true}, tier0s)).To(ContainSubstring("at most 1"))
		st, _ = tas()
		Expect(failed(st, coordinator.Options{}, tier0s)).NotTo(ContainSubstring("at most 1"))
	})

	It("wants a NAT rule's router in its linked ids", func() {
		st, world := tas()
		rules := natBatch(world)
		rules.resources[0].LinkedIDs = nil
		Expect(failed(st, coordinator.Options{}, rules)).To(ContainSubstring("key TIER0"))
		st, world = tas()
		rules = natBatch(world)
		rules.resources[0].LinkedIDs[0].Value = made(world, "logical-routers", "LogicalRouter")[0].ID
		Expect(failed(st, coordinator.Options{}, rules)).To(ContainSubstring("no such NAT rule"))
	})

	It("refuses sections that CONSUMER mode cannot migrate", func() {
		st, world := tas()
		for _, o := range world.In("firewall/sections") {
			if body := decode(o); body["display_name"] == "Default LR Layer3 Section" {
				Expect(failed(st, coordinator.Options{}, one("DFW_SECTION", o.ID))).To(ContainSubstring("system"))
			}
		}
		st, world = tas()
		sections := sectionBatch(world)
		sections.resources[0].Metadata[0].Value = "Default"
		Expect(failed(st, coordinator.Options{}, sections)).To(ContainSubstring(`category "Default"`))
	})

	It("finds an address in the pool that is named, or in the only one that holds it", func() {
		var pools []string
		st, world := tas()
		for _, shared := range world.Shared {
			if shared.Kind == "IPPOOL" {
				pools = append(pools, shared.ID)
			}
		}
		Expect(st.Update(func(tx *store.Tx) error {
			_, err := tx.Manager().PutFields(fmt.Sprintf("pools/ip-pools/%s/allocations/100.80.0.5", pools[1]), object{"allocation_id": "100.80.0.5"})
			return err
		})).To(Succeed())
		n := serve(st, coordinator.Options{})
		n.initiate()
		Expect(n.check(one("IPPOOL_ALLOCATION", "100.80.0.5")).Details).To(ContainSubstring("several pools"))
		n.plan("abort")
		Expect(n.check(one("IPPOOL_ALLOCATION", "100.80.0.9")).Details).To(ContainSubstring("no pool"))
		n.plan("abort")
		Expect(n.check(one("IPPOOL_ALLOCATION", "100.80.0.6")).Status).To(Equal("SUCCESS"))
		n.plan("abort")
		linked := batch{"IPPOOL_ALLOCATION", []resource{{ManagerID: "100.80.0.5", LinkedIDs: []pair{{"anything", pools[1]}}}}}
		Expect(n.check(linked).Status).To(Equal("SUCCESS"))
	})

	It("fails for objects named in the options", func() {
		st, world := tas()
		sets := simple("IP_SET", made(world, "ip-sets"))
		Expect(failed(st, coordinator.Options{FailPrecheck: map[string]string{sets.resources[1].ManagerID: "is cursed"}}, sets)).
			To(Equal("IP_SET " + sets.resources[1].ManagerID + ": is cursed"))
	})
})
