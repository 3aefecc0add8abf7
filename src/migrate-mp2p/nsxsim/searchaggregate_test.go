package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("an aggregate search", func() {
	const path = "/policy/api/v1/search/aggregate?page_size=2"
	var c *client

	BeforeEach(func() {
		segment := func(id, router string) object {
			return object{"id": id, "resource_type": "Segment", "path": "/infra/segments/" + id, "connectivity_path": "/infra/tier-1s/" + router}
		}
		router := func(id, name string) object {
			return object{"id": id, "resource_type": "Tier1", "display_name": name, "path": "/infra/tier-1s/" + id}
		}
		c = admin(start(nsxsim.Options{Store: world(map[string]object{
			"/infra/tier-1s/a": router("a", "Web"), "/infra/tier-1s/b": router("b", "web two"), "/infra/tier-1s/c": router("c", "db"),
			"/infra/segments/x": segment("x", "a"), "/infra/segments/y": segment("y", "a"), "/infra/segments/z": segment("z", "b"),
		})}))
	})

	It("pages through the primary objects, each with what refers to it", func() {
		found := c.do("POST", path, object{
			"primary": object{"resource_type": "Tier1", "included_fields": "id"},
			"related": []object{{
				"resource_type": "Segment", "alias": "segments", "join_condition": "path:connectivity_path", "included_fields": "id", "size": 1,
			}},
		})
		Expect(found.Status).To(Equal(http.StatusOK), found.Raw)
		Expect(found.Body).To(And(HaveKeyWithValue("result_count", BeEquivalentTo(3)), HaveKeyWithValue("cursor", "2")))
		Expect(found.results()).To(Equal([]object{
			{"primary": object{"id": "a"}, "related": []any{object{"alias": "segments", "result_count": 2.0, "results": []any{object{"id": "x"}}}}},
			{"primary": object{"id": "b"}, "related": []any{object{"alias": "segments", "result_count": 1.0, "results": []any{object{"id": "z"}}}}},
		}))
		last := c.do("POST", path+"&cursor=2", object{"primary": object{"resource_type": "Tier1"}})
		Expect(last.results()).To(HaveLen(1))
		Expect(last.results()[0]["related"]).To(BeEmpty())
	})

	It("filters with regard to case unless told otherwise", func() {
		count := func(filter object) any {
			return c.do("POST", path, object{"primary": object{"resource_type": "Tier1", "filters": []object{filter}}}).Body["result_count"]
		}
		Expect(count(object{"field_names": "id, display_name", "value": "web*"})).To(BeEquivalentTo(1))
		Expect(count(object{"field_names": "id, display_name", "value": "web*", "case_sensitive": false})).To(BeEquivalentTo(2))
		Expect(count(object{"field_names": "id", "value": "web*"})).To(BeEquivalentTo(0))
	})

	DescribeTable("is refused", func(body any, reason string) {
		refused := c.do("POST", path, body)
		Expect(refused.Status).To(Equal(http.StatusBadRequest))
		Expect(refused.Body["error_message"]).To(ContainSubstring(reason))
	},
		Entry("without a body", nil, "body"),
		Entry("with an unknown field", object{"secondary": object{}}, "secondary"),
		Entry("without a type", object{"primary": object{}}, "primary.resource_type"),
		Entry("with a filter for no field", object{"primary": object{"resource_type": "A", "filters": []object{{"value": "x"}}}}, "field_names"),
		Entry("without a way to join", object{"primary": object{"resource_type": "A"}, "related": []object{{"resource_type": "B"}}}, "join_condition"),
		Entry("with too many related objects", object{"primary": object{"resource_type": "A"}, "related": []object{
			{"resource_type": "B", "join_condition": "a:b", "size": 1001},
		}}, "size"),
	)
})
