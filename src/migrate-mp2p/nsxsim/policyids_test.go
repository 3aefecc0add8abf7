package nsxsim_test

import (
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// aGroup is a hierarchical body with one group.
func aGroup(id string) object {
	return infraBody(below("Domain", "default", child("Group", object{"id": id})))
}

var _ = Describe("the id of a Policy object", func() {
	DescribeTable("makes every path of it be refused by NSX's front, whatever the verb, in the front's own form:", func(sent, words string) {
		c := admin(start(nsxsim.Options{}))
		for _, verb := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			for _, path := range []string{"/domains/default/groups/" + sent, "/domains/" + sent + "/groups/g"} {
				refused := c.do(verb, infra+path, object{})
				Expect(refused.Status).To(Equal(http.StatusBadRequest))
				Expect(refused.Body).To(And(HaveKeyWithValue("module_name", "common-services"), HaveKeyWithValue("error_code", BeEquivalentTo(400)),
					HaveKeyWithValue("error_message", ContainSubstring(words)), Not(HaveKey("httpStatus"))))
			}
		}
	},
		Entry("with letters beyond ASCII", "pool-k%C3%B6ln", "printable ASCII"),
		Entry("in another script", url.PathEscape("組織-1"), "printable ASCII"),
		Entry("with a control character", "a%09b", "printable ASCII"),
		Entry("with an encoded slash", "a%2fb", `"/"`),
		Entry("with a percent sign", "100%25", `"%"`),
		Entry("with a backslash", "a%5Cb", `\`),
		Entry("with a semicolon", "a;b", `";"`),
	)

	DescribeTable("cannot be created:", func(id string) {
		c := admin(start(nsxsim.Options{}))
		Expect(c.do("PATCH", infra, aGroup(id))).To(refusedWith(500127, "cannot be created"))
		if strings.Contains(id, "/") || strings.Contains(id, "%") {
			return // no path can bring it
		}
		for _, verb := range []string{"PUT", "PATCH"} {
			Expect(c.do(verb, infra+"/domains/default/groups/"+url.PathEscape(id), object{}).Status).To(Equal(http.StatusBadRequest), verb)
		}
		Expect(c.get(infra + "/domains/default/groups").results()).To(BeEmpty())
	},
		Entry("with a blank", "a b"),
		Entry("with a slash", "a/b"),
		Entry("with a question mark", "a?b"),
		Entry("with a number sign", "a#b"),
		Entry("with a percent sign", "100%"),
		Entry("with letters beyond ASCII", "組織-1"),
		Entry("that is too long", strings.Repeat("x", 256)),
		Entry("of nothing but periods", "..."),
	)

	It("is judged in the rules inside a policy, too", func() {
		c := admin(start(nsxsim.Options{}))
		policy := object{"category": "Application", "rules": []any{object{"id": "a b", "action": "ALLOW"}}}
		Expect(c.do("PUT", infra+"/domains/default/security-policies/p", policy)).To(refusedWith(500127, `"a b"`))
	})

	It("may be unfit when told so; no path reaches the object then, but lists and searches show it", func() {
		c := admin(start(nsxsim.Options{UnfitIDs: true}))
		Expect(c.do("PATCH", infra, aGroup("pool-köln"))).To(works())
		Expect(c.get(infra + "/domains/default/groups").ids()).To(Equal([]string{"pool-köln"}))
		Expect(c.get("/policy/api/v1/search/query?query=resource_type:Group").ids()).To(ContainElement("pool-köln"))
		Expect(c.get(infra + "/domains/default/groups/" + url.PathEscape("pool-köln")).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("PATCH", infra, aGroup("a/b"))).To(refusedWith(500127, "a/b"))
	})

	It("does not keep an object from being changed and deleted that has an unfit one already", func() {
		st := store.New(1)
		Expect(st.Update(func(tx *store.Tx) error {
			_, err := tx.Policy().PutFields("/infra/domains/default/groups/a b", object{"id": "a b", "resource_type": "Group"})
			return err
		})).To(Succeed())
		c := admin(start(nsxsim.Options{Store: st}))
		Expect(c.do("PATCH", infra, aGroup("a b"))).To(works())
		Expect(c.do("DELETE", infra+"/domains/default/groups/a%20b", nil)).To(works())
		Expect(c.get(infra + "/domains/default/groups").results()).To(BeEmpty())
	})

	It("does not matter in a query, where paths are encoded, nor on the Manager side", func() {
		c := admin(start(nsxsim.Options{}))
		Expect(c.do("PUT", infra+"/segments/s", object{})).To(works())
		Expect(c.get(infra + "/realized-state/status?intent_path=%2Finfra%2Fsegments%2Fs")).To(works())
		Expect(c.get("/api/v1/ip-sets/a%25b").Status).To(Equal(http.StatusNotFound))
	})
})
