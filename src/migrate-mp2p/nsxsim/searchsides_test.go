package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// bothSides is one object of each side, so that an answer tells which one was searched.
func bothSides() map[string]object {
	return map[string]object{
		"ip-sets/manager":        {"id": "manager", "resource_type": "IPSet"},
		"/infra/segments/policy": {"id": "policy", "resource_type": "Segment"},
	}
}

var _ = DescribeTable("the Search API stands on both sides, at", func(method, path string, body any) {
	c := admin(start(nsxsim.Options{Store: world(bothSides())}))
	Expect(c.do(method, "/api/v1/search"+path, body).ids()).To(Equal([]string{"manager"}))
	Expect(c.do(method, "/policy/api/v1/search"+path, body).ids()).To(Equal([]string{"policy"}))
},
	Entry("search, as older clients call it", "GET", "?query=*:*", nil),
	Entry("query", "GET", "/query?query=*:*", nil),
	Entry("dsl", "GET", "/dsl?query=find%20e", nil),
	Entry("querypipeline", "POST", "/querypipeline?sort_by=id", object{"query_pipeline": []object{{"query": "*:*"}}}),
)

var _ = Describe("the Search API, on both sides,", func() {
	It("joins objects at aggregate, and makes the index anew at reconcile", func() {
		c := admin(start(nsxsim.Options{Store: world(bothSides())}))
		for side, resourceType := range map[string]string{"/api/v1/search": "IPSet", "/policy/api/v1/search": "Segment"} {
			Expect(c.do("POST", side+"/aggregate", object{"primary": object{"resource_type": resourceType}}).Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(1)))
			Expect(c.do("POST", side+"/reconcile?action=COMPLETE_REINDEXING", nil).Status).To(Equal(http.StatusNoContent))
		}
	})
})

var _ = Describe("the cursor of a search", func() {
	It("is 1 behind the only object, beside a count of 1", func() {
		c := admin(start(nsxsim.Options{Store: world(bothSides())}))
		Expect(c.search("resource_type:IPSet", "").Body).To(And(HaveKeyWithValue("cursor", "1"), HaveKeyWithValue("result_count", BeEquivalentTo(1))))
	})
})
