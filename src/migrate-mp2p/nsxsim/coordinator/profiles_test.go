package coordinator_test

import (
	"maps"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = DescribeTable("a promoted switching profile", func(managerType string, body object, kind, path string, promoted object) {
	profile := object{"id": "p", "resource_type": managerType, "display_name": "p", "_revision": 0, "_create_user": "admin"}
	maps.Copy(profile, body)
	st := store.New(1)
	Expect(st.Update(func(tx *store.Tx) error {
		_, err := tx.Manager().PutFields("switching-profiles/p", profile)
		return err
	})).To(Succeed())
	n := serve(st, coordinator.Options{})
	n.initiate()
	n.promote(batch{kind: kind, resources: []resource{{ManagerID: "p", PolicyID: "p"}}})
	n.done()
	Expect(st.View(func(tx *store.Tx) error {
		o, found := tx.Policy().Get(path)
		Expect(found).To(BeTrue())
		fields, err := o.Fields()
		Expect(err).NotTo(HaveOccurred())
		for name, value := range promoted {
			Expect(fields).To(HaveKeyWithValue(name, value))
		}
		types, err := schema.Policy()
		Expect(err).NotTo(HaveOccurred())
		Expect(types.Check(o.ResourceType, fields)).To(BeEmpty())
		return nil
	})).To(Succeed())
},
	Entry("of MAC management", "MacManagementSwitchingProfile",
		object{"mac_change_allowed": true, "mac_learning": object{"enabled": true, "limit_policy": "DROP"}},
		"MACDISCOVERY_PROFILES", "/infra/mac-discovery-profiles/p",
		object{"mac_change_enabled": true, "mac_learning_enabled": true, "mac_limit_policy": "DROP"}),
	Entry("of MAC management without learning", "MacManagementSwitchingProfile", object{},
		"MACDISCOVERY_PROFILES", "/infra/mac-discovery-profiles/p", object{"mac_learning_enabled": false}),
	Entry("of switch security", "SwitchSecuritySwitchingProfile",
		object{"block_non_ip_traffic": true, "dhcp_filter": object{"client_block_enabled": true, "server_block_enabled": false}},
		"SEGMENT_SECURITY_PROFILES", "/infra/segment-security-profiles/p",
		object{"non_ip_traffic_block_enabled": true, "dhcp_client_block_enabled": true, "dhcp_server_block_enabled": false}),
	Entry("of IP discovery", "IpDiscoverySwitchingProfile", object{"trust_on_first_use_enabled": false, "arp_snooping_enabled": true},
		"IPDISCOVERY_PROFILES", "/infra/ip-discovery-profiles/p", object{"tofu_enabled": false}),
)

// vmware-nsx promotes the system's own switching profiles with the others, as Policy lacks them.
var _ = Describe("a switching profile of the system's own", func() {
	kinds := map[string]string{
		"SpoofGuardSwitchingProfile": "SPOOFGUARD_PROFILES", "SwitchSecuritySwitchingProfile": "SEGMENT_SECURITY_PROFILES",
		"MacManagementSwitchingProfile": "MACDISCOVERY_PROFILES", "IpDiscoverySwitchingProfile": "IPDISCOVERY_PROFILES", "QosSwitchingProfile": "QOS_PROFILES",
	}

	It("is promoted beside what Policy has of itself, and rolled back", func() {
		st, world := tas()
		before := lasting(st)
		n := serve(st, coordinator.Options{})
		n.initiate()
		var batches []batch
		for _, o := range world.In("switching-profiles") {
			if body := decode(o); body["_system_owned"] == true {
				batches = append(batches, one(kinds[body["resource_type"].(string)], o.ID))
			}
		}
		Expect(batches).To(HaveLen(len(kinds)))
		for _, b := range batches {
			n.promote(b)
			Expect(tag(n.manager("switching-profiles/"+b.resources[0].ManagerID), "policyPath")).To(HaveSuffix("/" + b.resources[0].ManagerID))
		}
		for _, b := range batches {
			n.rollback(b)
		}
		n.done()
		Expect(lasting(st)).To(Equal(before))
	})
})

// expectWritable judges all Policy objects of a state as if a client had written them.
func expectWritable(st *store.Store) {
	GinkgoHelper()
	types, err := schema.Policy()
	Expect(err).NotTo(HaveOccurred())
	tree := policy.NewTree()
	Expect(st.View(func(tx *store.Tx) error {
		for o := range tx.Policy().All() {
			fields, err := o.Fields()
			Expect(err).NotTo(HaveOccurred())
			Expect(types.Check(o.ResourceType, fields)).To(BeEmpty(), o.Key)
			for _, path := range policy.References(fields) {
				_, known := tree.Object(path)
				_, found := tx.Policy().Get(path)
				Expect(!known || found || tree.Implicit(path)).To(BeTrue(), o.Key+" names "+path)
			}
		}
		return nil
	})).To(Succeed())
}

var _ = Describe("what a promotion makes", func() {
	It("is what a client could have written: the schema knows its fields, and its references exist", func() {
		world, err := model.TAS(1, 1, model.Options{Rare: true})
		Expect(err).NotTo(HaveOccurred())
		st := store.New(1)
		Expect(nsxsim.LoadWorld(st, world)).To(Succeed())
		n := serve(st, coordinator.Options{})
		n.initiate()
		n.promote(sharedBatches(world)...)
		n.promote(append(profileBatches(world), ncpBatches(world)...)...)
		n.done()
		expectWritable(st)
	})
})
