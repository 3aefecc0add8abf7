package groups_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/groups"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// bodies are what the groups choose from: two segments, two ports of the first with addresses.
var bodies = map[string]string{
	"/infra/segments/red":         `{"id":"red","resource_type":"Segment","display_name":"Red-1","tags":[{"scope":"Colour","tag":"Red"}]}`,
	"/infra/segments/blue":        `{"id":"blue","resource_type":"Segment","display_name":"blue-1","tags":[{"scope":"colour","tag":"blue"}]}`,
	"/infra/segments/red/ports/a": `{"id":"a","resource_type":"SegmentPort","tags":[{"scope":"app","tag":"web"}],"address_bindings":[{"ip_address":"10.0.0.1"}]}`,
	"/infra/segments/red/ports/b": `{"id":"b","resource_type":"SegmentPort","tags":[{"scope":"app","tag":"db"},{"scope":"tier","tag":"back"}],"address_bindings":[{"ip_address":"10.0.0.2"}]}`,
	place + "inner":               `{"id":"inner","resource_type":"Group","expression":[` + tag("SegmentPort", "app|db", "EQUALS") + `,` + or + `,{"resource_type":"PathExpression","paths":["` + place + `g"]}]}`,
}

const (
	place = "/infra/domains/default/groups/"
	and   = `{"resource_type":"ConjunctionOperator","conjunction_operator":"AND"}`
	or    = `{"resource_type":"ConjunctionOperator","conjunction_operator":"OR"}`
)

func tag(memberType, value, operator string) string {
	return fmt.Sprintf(`{"resource_type":"Condition","key":"Tag","member_type":%q,"value":%q,"operator":%q}`, memberType, value, operator)
}

func named(value, operator string) string {
	return fmt.Sprintf(`{"resource_type":"Condition","key":"Name","member_type":"Segment","value":%q,"operator":%q}`, value, operator)
}

var _ = DescribeTable("a group with", func(expression string, ids, addresses []string) {
	st := store.New(1)
	Expect(st.Update(func(tx *store.Tx) error {
		for path, body := range bodies {
			if _, err := tx.Policy().Put(path, []byte(body)); err != nil {
				return err
			}
		}
		group, err := tx.Policy().Put(place+"g", []byte(`{"id":"g","resource_type":"Group","expression":[`+expression+`]}`))
		Expect(err).NotTo(HaveOccurred())
		members, err := groups.Of(tx, group)
		Expect(err).NotTo(HaveOccurred())
		var found []string
		for _, o := range members.Objects() {
			found = append(found, o.ID)
		}
		Expect(found).To(Equal(ids))
		Expect(members.Addresses()).To(ConsistOf(addresses))
		return nil
	})).To(Succeed())
},
	Entry("nothing", "", nil, []string{}),
	Entry("addresses", `{"resource_type":"IPAddressExpression","ip_addresses":["192.0.2.0/24"]}`, nil, []string{"192.0.2.0/24"}),
	Entry("paths, of which one does not exist", `{"resource_type":"PathExpression","paths":["/infra/segments/red","/infra/segments/none"]}`, []string{"red"}, []string{"10.0.0.1", "10.0.0.2"}),
	Entry("a tag, in any case", tag("Segment", "colour|red", "EQUALS"), []string{"red"}, []string{"10.0.0.1", "10.0.0.2"}),
	Entry("a tag without a scope", tag("Segment", "blue", "EQUALS"), []string{"blue"}, []string{}),
	Entry("a tag without a value", tag("SegmentPort", "tier|", "EQUALS"), []string{"b"}, []string{"10.0.0.2"}),
	Entry("the beginning of a tag", tag("SegmentPort", "app|we", "STARTSWITH"), []string{"a"}, []string{"10.0.0.1"}),
	Entry("another tag", tag("Segment", "colour|red", "NOTEQUALS"), []string{"blue"}, []string{}),
	Entry("one of several tags", tag("SegmentPort", "app|web,db", "IN"), []string{"a", "b"}, []string{"10.0.0.1", "10.0.0.2"}),
	Entry("none of several tags", tag("Segment", "colour|red,green", "NOTIN"), []string{"blue"}, []string{}),
	Entry("a name", named("red-1", "EQUALS"), []string{"red"}, []string{"10.0.0.1", "10.0.0.2"}),
	Entry("the end of a name", named("-1", "ENDSWITH"), []string{"blue", "red"}, []string{"10.0.0.1", "10.0.0.2"}),
	Entry("a part of a name", named("lu", "CONTAINS"), []string{"blue"}, []string{}),
	Entry("what nobody has", `{"resource_type":"Condition","key":"OSName","member_type":"VirtualMachine","value":"x","operator":"EQUALS"}`, nil, []string{}),
	Entry("two conditions joined by AND", tag("SegmentPort", "app|db", "EQUALS")+","+and+","+tag("SegmentPort", "tier|back", "EQUALS"), []string{"b"}, []string{"10.0.0.2"}),
	Entry("AND before OR", tag("Segment", "colour|blue", "EQUALS")+","+or+","+tag("SegmentPort", "app|db", "EQUALS")+","+and+","+tag("SegmentPort", "app|web", "EQUALS"), []string{"blue"}, []string{}),
	Entry("a nested expression", `{"resource_type":"NestedExpression","expressions":[`+tag("SegmentPort", "app|", "EQUALS")+","+and+","+tag("SegmentPort", "tier|", "EQUALS")+`]}`, []string{"b"}, []string{"10.0.0.2"}),
	Entry("another group, which contains it in turn", `{"resource_type":"PathExpression","paths":["`+place+`inner"]}`, []string{"b"}, []string{"10.0.0.2"}),
)
