package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
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
