package policy_test

import (
	"encoding/json"
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

const (
	and = `{"resource_type":"ConjunctionOperator","conjunction_operator":"AND"}`
	or  = `{"resource_type":"ConjunctionOperator","conjunction_operator":"OR"}`
)

func condition(memberType string) string {
	return fmt.Sprintf(`{"resource_type":"Condition","member_type":%q,"key":"Tag","operator":"EQUALS","value":"a|b"}`, memberType)
}

func nested(expressions ...string) string {
	return `{"resource_type":"NestedExpression","expressions":[` + strings.Join(expressions, ",") + `]}`
}

func addresses(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"10.0.%d.%d"`, i/250, i%250)
	}
	return `{"resource_type":"IPAddressExpression","ip_addresses":[` + strings.Join(list, ",") + `]}`
}

// alternating is n conditions with conjunctions between them.
func alternating(n int, conjunction string) string {
	return condition("Segment") + strings.Repeat(","+conjunction+","+condition("Segment"), n-1)
}

var _ = DescribeTable("the expression of a group", func(complaint string, expressions ...string) {
	var decoded []any
	Expect(json.Unmarshal([]byte("["+strings.Join(expressions, ",")+"]"), &decoded)).To(Succeed())
	err := policy.CheckExpression(decoded)
	if complaint == "" {
		Expect(err).NotTo(HaveOccurred())
		return
	}
	Expect(err).To(MatchError(ContainSubstring(complaint)))
},
	Entry("may be empty", ""),
	Entry("may be a condition", "", condition("Segment")),
	Entry("may alternate", "", condition("Segment"), or, nested(condition("SegmentPort"), and, condition("SegmentPort")), or, addresses(500)),
	Entry("has an odd length", "must be odd", condition("Segment"), or),
	Entry("begins with an expression", "element 0 is a conjunction", or, condition("Segment"), or),
	Entry("joins expressions", "element 1 is an expression", condition("Segment"), condition("Segment"), condition("Segment")),
	Entry("has five conditions", "", alternating(5, or)),
	Entry("has no more conditions", "6 conditions", alternating(6, or)),
	Entry("has no more than 500 addresses", "501 addresses", addresses(250), or, addresses(251)),
	Entry("has no empty nested expression", "is empty", nested()),
	Entry("nests odd lists only", "in the nested expression", nested(condition("Segment"), and)),
	Entry("nests by AND only", "by AND only", nested(condition("Segment"), or, condition("Segment"))),
	Entry("nests conditions only", "conditions only", nested(addresses(1))),
	Entry("nests one member type", "several member types", nested(condition("Segment"), and, condition("SegmentPort"))),
	Entry("nests five conditions at most", "6 conditions", nested(alternating(6, and))),
)

var _ = Describe("the references of a body", func() {
	body := `{"path":"/infra/segments/s","parent_path":"/infra","connectivity_path":"/infra/tier-1s/t","description":"/infra/text",
		"advanced_config":{"address_pool_paths":["/infra/ip-pools/p","/infra/ip-pools/p"]},"children":[{"x":"/infra/child/c"}],"tags":[{"tag":"/infra/tag"}]}`

	It("are its paths, but for those that say who the object is", func() {
		var fields map[string]any
		Expect(json.Unmarshal([]byte(body), &fields)).To(Succeed())
		Expect(policy.References(fields)).To(Equal([]string{"/infra/ip-pools/p", "/infra/tier-1s/t"}))
	})

	It("are found in the encoded body, too", func() {
		var found []string
		for path := range policy.PathsIn([]byte(body)) {
			found = append(found, path)
		}
		Expect(found).To(ContainElements("/infra/ip-pools/p", "/infra/tier-1s/t"))
		for range policy.PathsIn([]byte(body)) {
			break // a caller may stop at the first
		}
		for range policy.PathsIn([]byte(`{"broken":"/infra/x`)) {
			Fail("an unfinished string is no path")
		}
	})
})

var _ = DescribeTable("the type of an object without resource_type", func(path, resourceType string) {
	kind, _ := tree.Object(path)
	Expect(kind.Type(path[strings.LastIndexByte(path, '/')+1:])).To(Equal(resourceType))
},
	Entry("where there is one", "/infra/tier-1s/t", "Tier1"),
	Entry("where there are several", "/infra/lb-app-profiles/mine", ""),
	Entry("of a default", "/infra/lb-app-profiles/default-udp-lb-app-profile", "LBFastUdpProfile"),
)
