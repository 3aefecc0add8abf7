package nsxsim_test

import (
	"bytes"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("a PATCH of a Policy object", func() {
	It("replaces lists as a whole, also where partial patch is on", func() {
		for _, partial := range []bool{false, true} {
			c := admin(start(nsxsim.Options{PartialPatch: partial}))
			Expect(c.do("PATCH", infra+"/segments/s", object{"tags": tags("a", "b", "c", "d")})).To(works())
			Expect(c.do("PATCH", infra+"/segments/s", object{"tags": tags("e", "f")})).To(works())
			Expect(c.get(infra + "/segments/s").Body["tags"]).To(Equal(tags("e", "f")))
		}
	})
})

var _ = DescribeTable("a hierarchical PATCH deletes what is marked_for_delete", func(mark func(wrapper, body object)) {
	c := admin(start(nsxsim.Options{}))
	Expect(c.do("PUT", infra+"/segments/s", object{})).To(works())
	body := object{"id": "s", "resource_type": "Segment"}
	wrapper := child("Segment", body)
	mark(wrapper, body)
	Expect(c.do("PATCH", infra, infraBody(wrapper))).To(works())
	Expect(c.get(infra + "/segments/s").Status).To(Equal(http.StatusNotFound))
},
	Entry("in the wrapper", func(wrapper, _ object) { wrapper["marked_for_delete"] = true }),
	Entry("in the object", func(_, body object) { body["marked_for_delete"] = true }),
)

var _ = Describe("the rules in a policy", func() {
	It("come by sequence_number, whatever their ids", func() {
		c := admin(start(nsxsim.Options{}))
		const policy = infra + "/domains/default/security-policies/p"
		Expect(c.do("PUT", policy, object{"rules": []any{
			object{"id": "a", "action": "ALLOW", "sequence_number": 20}, object{"id": "b", "action": "DROP", "sequence_number": 3}}})).To(works())
		Expect(c.get(policy).Body["rules"]).To(HaveExactElements(HaveKeyWithValue("id", "b"), HaveKeyWithValue("id", "a")))
	})
})

const partialPatchConfig = "/policy/api/v1/system-config/nsx-partial-patch-config"

// merging is a client whose Policy PATCHes are to merge.
func merging(c *client) *client { return c.with("nsx-enable-partial-patch", "true") }

var _ = Describe("a partial PATCH", func() {
	const segment = infra + "/segments/s"
	var server *nsxsim.Server
	var c *client

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c = admin(server)
		Expect(c.do("PUT", segment, object{
			"description": "first", "vlan_ids": []any{"1", "2"}, "tags": tags("a", "b"),
			"advanced_config": object{"connectivity": "ON", "urpf_mode": "STRICT"},
		})).To(works())
		Expect(c.do("PUT", segment+"/ports/p", object{"description": "a port"})).To(works())
	})

	It("keeps the fields and children that the body does not name, and replaces lists whole", func() {
		Expect(merging(c).do("PATCH", segment, object{"tags": tags("c", "d")})).To(works())
		Expect(c.get(segment).Body).To(And(
			HaveKeyWithValue("description", "first"), HaveKeyWithValue("vlan_ids", []any{"1", "2"}), HaveKeyWithValue("tags", tags("c", "d"))))
		Expect(c.get(segment + "/ports").ids()).To(Equal([]string{"p"}))
	})

	It("merges objects inside the body as well", func() {
		Expect(merging(c).do("PATCH", segment, object{"advanced_config": object{"connectivity": "OFF"}})).To(works())
		Expect(c.get(segment).Body["advanced_config"]).To(Equal(object{"connectivity": "OFF", "urpf_mode": "STRICT"}))
	})

	It("replaces an object inside the body by one of another type", func() {
		pool := infra + "/lb-pools/p"
		Expect(c.do("PUT", pool, object{"snat_translation": object{"type": "LBSnatIpPool", "ip_addresses": []any{object{"ip_address": "10.0.0.1"}}}})).To(works())
		Expect(merging(c).do("PATCH", pool, object{"snat_translation": object{"type": "LBSnatAutoMap"}})).To(works())
		Expect(c.get(pool).Body["snat_translation"]).To(Equal(object{"type": "LBSnatAutoMap"}))
	})

	It("needs no field that the stored object has, and all when it makes the object", func() {
		rule := infra + "/tier-1s/t/nat/USER/nat-rules/r"
		c.do("PUT", infra+"/tier-1s/t", object{})
		Expect(merging(c).do("PATCH", rule, object{"enabled": true})).To(refusedWith(255, "action is required"))
		Expect(merging(c).do("PATCH", rule, object{"action": "SNAT"})).To(works())
		Expect(merging(c).do("PATCH", rule, object{"enabled": true})).To(works())
		Expect(c.do("PATCH", rule, object{"enabled": true})).To(refusedWith(255, "action is required"))
	})

	It("merges each object of a hierarchical body, rules of a policy included", func() {
		const policy = infra + "/domains/default/security-policies/p"
		Expect(c.do("PUT", policy, object{"category": "Application", "rules": []any{
			object{"id": "a", "action": "ALLOW", "notes": "kept"}, object{"id": "b", "action": "DROP"}}})).To(works())
		Expect(merging(c).do("PATCH", infra, infraBody(
			child("Segment", object{"id": "s", "resource_type": "Segment", "vlan_ids": []any{"3"}, "children": []any{
				child("SegmentPort", object{"id": "p", "resource_type": "SegmentPort", "tags": tags("x", "y")})}}),
			below("Domain", "default", child("SecurityPolicy", object{"id": "p", "resource_type": "SecurityPolicy",
				"rules": []any{object{"id": "a", "action": "REJECT"}}})),
		))).To(works())
		Expect(c.get(segment).Body).To(And(HaveKeyWithValue("description", "first"), HaveKeyWithValue("vlan_ids", []any{"3"})))
		Expect(c.get(segment + "/ports/p").Body).To(And(HaveKeyWithValue("description", "a port"), HaveKeyWithValue("tags", tags("x", "y"))))
		Expect(c.get(policy).Body).To(And(HaveKeyWithValue("category", "Application"), HaveKeyWithValue("rules", HaveLen(2))))
		Expect(c.get(policy + "/rules/a").Body).To(And(HaveKeyWithValue("action", "REJECT"), HaveKeyWithValue("notes", "kept")))
	})

	It("is no PUT, whatever its headers", func() {
		body := object{"_revision": c.get(segment).Body["_revision"], "vlan_ids": []any{"3"}}
		Expect(merging(c).do("PUT", segment, body)).To(works())
		Expect(c.get(segment).Body).NotTo(HaveKey("description"))
	})

	DescribeTable("is asked for by the header", func(value string, merges bool) {
		Expect(c.with("nsx-enable-partial-patch", value).do("PATCH", segment, object{"vlan_ids": []any{"3"}})).To(works())
		Expect(c.get(segment).Body["description"] == "first").To(Equal(merges))
	},
		Entry("true", "true", true),
		Entry("in any case", "True", true),
		Entry("but not by false", "false", false),
		Entry("nor by anything else", "1", false),
	)
})

var _ = Describe("the switch of partial patch", func() {
	const segment = infra + "/segments/s"
	var server *nsxsim.Server
	var c *client

	merges := func(c *client) bool {
		GinkgoHelper()
		Expect(c.do("PATCH", segment, object{"description": "kept"})).To(works())
		Expect(c.do("PATCH", segment, object{"vlan_ids": []any{"3"}})).To(works())
		return c.get(segment).Body["description"] == "kept"
	}

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c = admin(server)
	})

	It("is off at first, or as the option has it", func() {
		Expect(c.get(partialPatchConfig).Body).To(Equal(object{"enable_partial_patch": false}))
		on := admin(start(nsxsim.Options{PartialPatch: true}))
		Expect(on.get(partialPatchConfig).Body).To(Equal(object{"enable_partial_patch": true}))
		Expect(on.do("PATCH", partialPatchConfig, object{"enable_partial_patch": false})).To(works())
		Expect(merges(on)).To(BeFalse())
	})

	It("holds for every PATCH, whatever its header, until it is switched off", func() {
		Expect(merges(c)).To(BeFalse())
		Expect(c.do("PATCH", partialPatchConfig, object{"enable_partial_patch": true}).Raw).To(BeEmpty())
		Expect(c.get(partialPatchConfig).Body).To(Equal(object{"enable_partial_patch": true}))
		Expect(merges(c)).To(BeTrue())
		Expect(merges(c.with("nsx-enable-partial-patch", "false"))).To(BeTrue())
		Expect(c.do("PATCH", partialPatchConfig, object{"enable_partial_patch": "false"})).To(works())
		Expect(merges(c)).To(BeFalse())
	})

	It("outlives the server in the saved state", func() {
		Expect(c.do("PATCH", partialPatchConfig, object{"enable_partial_patch": "true"})).To(works())
		var saved bytes.Buffer
		Expect(server.Store().Save(&saved)).To(Succeed())
		st, err := store.Load(&saved)
		Expect(err).NotTo(HaveOccurred())
		Expect(merges(admin(start(nsxsim.Options{Store: st})))).To(BeTrue())
	})

	DescribeTable("refuses a body", func(body object, text string) {
		Expect(c.do("PATCH", partialPatchConfig, body)).To(refusedWith(255, text))
		Expect(c.get(partialPatchConfig).Body).To(Equal(object{"enable_partial_patch": false}))
	},
		Entry("without it", object{}, "enable_partial_patch is required"),
		Entry("with another value", object{"enable_partial_patch": "yes"}, "enable_partial_patch must be true or false"),
		Entry("with another field", object{"enable_partial_patch": true, "enabled": true}, "enabled is not a field"),
	)
})
