package search_test

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/search"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// bodies are the Manager objects of all specs, by key.
var bodies = map[string]string{
	"logical-switches/a": `{"id":"a","resource_type":"LogicalSwitch","display_name":"web one","vlan":7,"tags":[{"scope":"ncp/cluster","tag":"tas1"},{"scope":"ncp/version","tag":"1.1.0"}]}`,
	"logical-switches/b": `{"id":"b","resource_type":"LogicalSwitch","display_name":"web-two","tags":[{"scope":"ncp/cluster","tag":"tas2"},{"scope":"note","tag":"tas1"}]}`,
	"logical-ports/c":    `{"id":"c","resource_type":"LogicalPort","logical_switch_id":"a","attachment":{"id":"vif","context":{"vif_type":"CHILD"}},"tags":[{"scope":"ncp/cluster","tag":"tas1"}]}`,
	"logical-ports/d":    `{"id":"d","resource_type":"LogicalPort","logical_switch_id":"b","admin_state":"UP","locked":true}`,
	"ip-sets/e":          `{"id":"e","resource_type":"IPSet","display_name":"(x) AND y","ip_addresses":["10.0.0.1","10.0.0.2"]}`,
}

func filled() *store.Store {
	GinkgoHelper()
	st := store.New(1)
	Expect(st.Update(func(tx *store.Tx) error {
		for key, body := range bodies {
			if _, err := tx.Manager().Put(key, []byte(body)); err != nil {
				return err
			}
		}
		return nil
	})).To(Succeed())
	return st
}

// find returns the ids that match, in their order, as one text.
func find(st *store.Store, text string) string {
	GinkgoHelper()
	query, err := search.Parse(text)
	Expect(err).NotTo(HaveOccurred())
	found := ""
	Expect(st.View(func(tx *store.Tx) error {
		for _, o := range query.Run(tx.Manager()) {
			found += o.ID
		}
		return nil
	})).To(Succeed())
	return found
}

var _ = DescribeTable("a query finds", func(text, ids string) {
	Expect(find(filled(), text)).To(Equal(ids))
},
	Entry("a resource type", `resource_type:LogicalSwitch`, "ab"),
	Entry("a resource type in any case", `resource_type:logicalswitch`, "ab"),
	Entry("several types in a group", `resource_type:(LogicalSwitch OR LogicalPort)`, "abcd"),
	Entry("types side by side as OR", `resource_type:(LogicalSwitch IPSet)`, "abe"),
	Entry("a tag scope with an escaped slash", `tags.scope:ncp\/cluster`, "abc"),
	Entry("a quoted tag scope", `tags.scope:"ncp/cluster"`, "abc"),
	Entry("a tag value", `tags.tag:tas2`, "b"),
	Entry("scope and value of different tags, since elements are flattened", `tags.scope:"ncp/cluster" AND tags.tag:tas1`, "abc"),
	Entry("cf-nsx-rule-usage's form", `resource_type:(LogicalSwitch) AND (tags.scope:"ncp/cluster")`, "ab"),
	Entry("AND before OR", `resource_type:IPSet OR resource_type:LogicalSwitch AND tags.tag:tas2`, "be"),
	Entry("parentheses first", `(resource_type:IPSet OR resource_type:LogicalSwitch) AND tags.tag:tas2`, "b"),
	Entry("NOT", `resource_type:LogicalSwitch AND NOT tags.scope:"ncp/version"`, "b"),
	Entry("&&, || and !", `resource_type:LogicalPort && !tags.tag:tas1 || resource_type:IPSet`, "de"),
	Entry("a star", `tags.tag:tas*`, "abc"),
	Entry("a star in the middle and a question mark", `display_name:w?b*two`, "b"),
	Entry("an escaped star as itself", `display_name:web\*`, ""),
	Entry("everything with a field", `tags.scope:*`, "abc"),
	Entry("an escaped blank", `display_name:web\ one`, "a"),
	Entry("a phrase with operators in it", `display_name:"(x) AND y"`, "e"),
	Entry("an escaped dash", `display_name:web\-two`, "b"),
	Entry("a whole value only", `display_name:web`, ""),
	Entry("a nested field", `attachment.context.vif_type:CHILD`, "c"),
	Entry("a number", `vlan:7`, "a"),
	Entry("a boolean", `locked:true`, "d"),
	Entry("an element of an array", `ip_addresses:10.0.0.2`, "e"),
	Entry("a value in any field", `10.0.0.1`, "e"),
	Entry("what is not marked for deletion, although nothing says so", `marked_for_delete:false AND resource_type:IPSet`, "e"),
	Entry("nothing for an unknown field", `nonsense:x`, ""),
	Entry("nothing for a field below a value", `display_name.x:web`, ""),
)

var _ = DescribeTable("a query is refused", func(text string) {
	_, err := search.Parse(text)
	var syntax *search.SyntaxError
	Expect(errors.As(err, &syntax)).To(BeTrue())
	Expect(syntax.Query).To(Equal(text))
},
	Entry("when it is empty", "  "),
	Entry("with an unescaped slash", `tags.scope:ncp/cluster`),
	Entry("with an unescaped colon in a value", `id:a:b`),
	Entry("with a field in a field's group", `id:(a OR tags.tag:b)`),
	Entry("without a closing parenthesis", `(id:a`),
	Entry("with too many closing ones", `id:a)`),
	Entry("without a closing quote", `id:"a`),
	Entry("that ends in an operator", `id:a AND`),
	Entry("that begins with one", `AND id:a`),
	Entry("with a field without value", `id:`),
	Entry("that ends in a backslash", `id:a\`),
	Entry("with a range", `vlan:[1 TO 5]`),
	Entry("with a leading minus", `-id:a`),
)

var _ = Describe("a lagging index", func() {
	It("answers with what was true before", func() {
		st := filled()
		now := time.UnixMilli(1700000000000)
		st.SetSearchLag(time.Minute, func() time.Time { return now })
		Expect(st.Update(func(tx *store.Tx) error {
			if err := tx.Manager().Delete("logical-switches/a"); err != nil {
				return err
			}
			_, err := tx.Manager().Put("logical-switches/f", []byte(`{"id":"f","resource_type":"LogicalSwitch"}`))
			return err
		})).To(Succeed())
		Expect(find(st, "resource_type:LogicalSwitch")).To(Equal("ab"))
		now = now.Add(time.Minute)
		Expect(find(st, "resource_type:LogicalSwitch")).To(Equal("bf"))
	})
})

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`resource_type:(A OR B) AND tags.scope:"x"`, `!a && (b || c*)`, `\`, `"`, `a:(b:c)`} {
		f.Add(seed)
	}
	st := store.New(1)
	f.Fuzz(func(t *testing.T, text string) {
		query, err := search.Parse(text)
		if err != nil {
			return
		}
		if err := st.View(func(tx *store.Tx) error {
			query.Run(tx.Manager())
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
