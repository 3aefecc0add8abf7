package grammar_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// bodies are the Manager objects of all specs, by key.
var bodies = map[string]string{
	"logical-switches/a": `{"id":"a","resource_type":"LogicalSwitch","display_name":"web one","vlan":7,"tags":[{"scope":"ncp/cluster","tag":"tas1"},{"scope":"ncp/version","tag":"1.1.0"}]}`,
	"logical-switches/b": `{"id":"b","resource_type":"LogicalSwitch","display_name":"web-two","tags":[{"scope":"ncp/cluster","tag":"tas2"},{"scope":"note","tag":"tas1"}]}`,
	"logical-ports/c":    `{"id":"c","resource_type":"LogicalPort","logical_switch_id":"a","attachment":{"id":"vif","context":{"vif_type":"CHILD"}},"tags":[{"scope":"ncp/cluster","tag":"tas1"}]}`,
	"logical-ports/d":    `{"id":"d","resource_type":"LogicalPort","logical_switch_id":"b","admin_state":"UP","locked":true,"_create_time":1700000000000}`,
	"ip-sets/e":          `{"id":"e","resource_type":"IPSet","display_name":"(x) AND y","ip_addresses":["10.0.0.1","10.0.0.2"]}`,
}

func filled() *store.Store {
	GinkgoHelper()
	st := store.New(1)
	Expect(fill(st)).To(Succeed())
	return st
}

func fill(st *store.Store) error {
	return st.Update(func(tx *store.Tx) error {
		for key, body := range bodies {
			if _, err := tx.Manager().Put(key, []byte(body)); err != nil {
				return err
			}
		}
		return nil
	})
}

// find returns the ids that match, in their order, as one text.
func find(st *store.Store, text string) string {
	GinkgoHelper()
	query, err := grammar.Parse(text)
	Expect(err).NotTo(HaveOccurred())
	return found(st, query)
}

func found(st *store.Store, query *grammar.Query) string {
	GinkgoHelper()
	ids := ""
	Expect(st.View(func(tx *store.Tx) error {
		for _, o := range query.Run(tx.Manager()) {
			ids += o.ID
		}
		return nil
	})).To(Succeed())
	return ids
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
	Entry("nothing for a field that holds an object", `attachment:vif`, ""),

	Entry("a star at the beginning", `display_name:*two`, "b"),
	Entry("a star at both ends", `display_name:*E*`, "ab"),
	Entry("several stars and question marks", `display_name:*e?*?w*`, "b"),
	Entry("no value that is too short for its question marks", `id:??`, ""),
	Entry("a wildcard in any field", `*.0.0.*`, "e"),
	Entry("an escaped question mark as itself", `id:\?`, ""),
	Entry("everything with *:*", `*:*`, "abcde"),
	Entry("everything with a star", `*`, "abcde"),
	Entry("a value in any field with *:value", `*:vif`, "c"),
	Entry("a phrase in any field", `"web one"`, "a"),
	Entry("wildcards in a phrase as themselves", `display_name:"web*"`, ""),
	Entry("an escaped quote", `display_name:"(x) AND \y"`, "e"),
	Entry("an escaped colon", `display_name:web\:one`, ""),
	Entry("a dash and a plus inside a word", `display_name:web-two OR id:a+b`, "b"),
	Entry("operators in small letters as words", `id:a and id:b`, "ab"),
	Entry("a small not as a word", `not id:a`, "a"),
	Entry("an escaped operator as a word", `id:(\AND b)`, "b"),

	Entry("what must match with +, whatever stands beside it", `+resource_type:LogicalSwitch id:c`, "ab"),
	Entry("what all clauses with + match", `+resource_type:LogicalSwitch +tags.tag:tas2`, "b"),
	Entry("without what stands behind -", `resource_type:LogicalSwitch -id:a`, "b"),
	Entry("without what stands behind NOT beside a term", `resource_type:LogicalSwitch NOT id:a`, "b"),
	Entry("without what stands behind ! at the end of a word", `resource_type:LogicalSwitch!id:a`, "b"),
	Entry("all but one with a lone -", `-id:a`, "bcde"),
	Entry("all but one with a lone NOT", `NOT id:a`, "bcde"),
	Entry("neither of two", `-id:a -id:b`, "cde"),
	Entry("NOT as an alternative behind OR", `id:a OR NOT resource_type:LogicalSwitch`, "acde"),
	Entry("a negation before OR as an alternative", `NOT resource_type:LogicalSwitch OR id:a`, "acde"),
	Entry("without what stands behind - even after OR", `resource_type:LogicalSwitch OR -id:a`, "b"),
	Entry("a group whose conditions all count", `tags.tag:tas2 AND (resource_type:LogicalSwitch AND id:a)`, ""),
	Entry("what is not in a group of conditions", `resource_type:LogicalSwitch AND NOT (tags.tag:tas1 AND id:a)`, "b"),
	Entry("+ and - inside a field's group", `id:(a b c -b)`, "ac"),
	Entry("+ in front of what AND joins", `+resource_type:LogicalSwitch AND -id:b`, "a"),
	Entry("two negations", `NOT NOT id:a`, "a"),
	Entry("a negated group", `resource_type:LogicalSwitch AND NOT (id:a OR id:c)`, "b"),

	Entry("a range with both ends", `vlan:[5 TO 7]`, "a"),
	Entry("a range without its ends", `vlan:{7 TO 9}`, ""),
	Entry("a range with one of its ends", `vlan:{6 TO 7]`, "a"),
	Entry("a range open below", `vlan:[* TO 7]`, "a"),
	Entry("a range open above", `vlan:[7 TO *]`, "a"),
	Entry("numbers as numbers", `vlan:[10 TO 100]`, ""),
	Entry("more than", `vlan:>6`, "a"),
	Entry("more than, not the same", `vlan:>7`, ""),
	Entry("not less than", `vlan:>=7`, "a"),
	Entry("less than", `vlan:<7`, ""),
	Entry("not more than", `vlan:<=7.0`, "a"),
	Entry("not more than a negative number", `vlan:<=-1`, ""),
	Entry("comparisons in a group", `vlan:(>=5 AND <8)`, "a"),
	Entry("a range of texts", `id:[B TO "d"}`, "bc"),
	Entry("a range of times in milliseconds", `_create_time:[1699999999999 TO 1700000000001]`, "d"),
	Entry("a range of days", `_create_time:[2023-11-14 TO 2023-11-15]`, "d"),
	Entry("a range of times with a zone", `_create_time:>"2023-11-14T23:13:19+01:00"`, "d"),
	Entry("an escaped time", `_create_time:[2023\-11\-14T22\:13\:20Z TO 2023\-11\-14T22\:13\:20Z]`, "d"),
	Entry("no range of a field that is not there", `nonsense:[0 TO 9]`, ""),

	Entry("what has a field", `_exists_:vlan`, "a"),
	Entry("what has a field that the store knows", `_exists_:tags.scope`, "abc"),
	Entry("what has an object", `_exists_:attachment`, "c"),
	Entry("what has none", `resource_type:LogicalPort AND NOT _exists_:attachment.id`, "d"),
	Entry("what has one of several fields", `_exists_:(vlan OR locked)`, "ad"),
	Entry("what is to be deleted, which is nothing", `marked_for_delete:true`, ""),
)

var _ = DescribeTable("a query is refused", func(text string, at int, reason string) {
	_, err := grammar.Parse(text)
	var syntax *grammar.SyntaxError
	Expect(errors.As(err, &syntax)).To(BeTrue())
	Expect(syntax.Query).To(Equal(text))
	Expect(syntax.At).To(Equal(at))
	Expect(syntax.Reason).To(ContainSubstring(reason))
	Expect(syntax.Error()).To(ContainSubstring(fmt.Sprint("offset ", at)))
},
	Entry("when it is empty", "  ", 0, "empty"),
	Entry("with an unescaped slash", `tags.scope:ncp/cluster`, 14, "regular expression"),
	Entry("with a regular expression", `id:/a.*/`, 3, "regular expression"),
	Entry("with a boost", `id:a^2`, 4, "boost"),
	Entry("with a fuzzy term", `id:a~1`, 4, "fuzzy"),
	Entry("with a proximity", `"a b"~2`, 5, "proximity"),
	Entry("with an unescaped colon in a value", `id:a:b`, 4, "colon"),
	Entry("with a field in a field's group", `id:(a OR tags.tag:b)`, 17, "another field"),
	Entry("without a closing parenthesis", `(id:a`, 5, "closing parenthesis"),
	Entry("with too many closing ones", `id:a)`, 4, "unexpected"),
	Entry("with nothing in parentheses", `id:()`, 4, "a term was expected"),
	Entry("without a closing quote", `id:"a`, 3, "closing quote"),
	Entry("that ends in an operator", `id:a AND`, 8, "a term was expected"),
	Entry("that begins with one", `AND id:a`, 0, "a term was expected"),
	Entry("with two operators", `id:a AND OR id:b`, 9, "a term was expected"),
	Entry("with a field without value", `id:`, 3, "no value"),
	Entry("with a sign in front of a value", `vlan:-5`, 5, "escape or quote it"),
	Entry("with a quoted name of a field", `"id":a`, 0, "not quoted"),
	Entry("with a wildcard in the name of a field", `tags.*:a`, 0, "wildcards"),
	Entry("with a wildcard behind _exists_", `_exists_:tag*`, 9, "wildcards"),
	Entry("that ends in a backslash", `id:a\`, 3, "backslash"),
	Entry("with a range without a field", `[1 TO 5]`, 0, "needs a field"),
	Entry("with a comparison without a field", `>5`, 0, "needs a field"),
	Entry("with a comparison without a value", `vlan:> 5`, 6, "value right behind"),
	Entry("with two comparisons in one", `vlan:>>5`, 6, "value right behind"),
	Entry("with a range without TO", `vlan:[1 5]`, 8, "TO"),
	Entry("with a range without an end", `vlan:[1 TO ]`, 11, "end is missing"),
	Entry("with a range that is not closed", `vlan:[1 TO 5`, 12, "must end"),
	Entry("with a range that is not opened", `vlan:5]`, 6, "not opened"),
	Entry("with a quote that is not closed in a range", `vlan:["1 TO 5]`, 6, "closing quote"),
	Entry("with very deep parentheses", strings.Repeat("(", 1000)+"a", 200, "deep"),
	Entry("with very many negations", strings.Repeat("!", 1000)+"a", 200, "deep"),
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

// FuzzParse checks that a query is either refused with a place in it, or answered, and in the same way with the store's
// indexes as without them.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`resource_type:(LogicalSwitch OR IPSet) AND tags.scope:"ncp/cluster"`, `!a && (b || c*)`, `\`, `"`, `a:(b:c)`,
		`+resource_type:LogicalSwitch -tags.tag:tas1`, `vlan:[1 TO 9} vlan:>=5`, `_exists_:tags.tag`, `*:*`, `a^2~/x/`,
		`tags.scope:note OR (tags.tag:tas1 AND NOT resource_type:LogicalPort)`, `-tags.tag:tas1 NOT id:a`, `(((`, `a:[`,
		`resource_type:LogicalSwitch AND (tags.tag:tas1 OR tags.tag:tas2) AND -(tags.scope:note) AND id:?`,
	} {
		f.Add(seed)
	}
	st := store.New(1)
	if err := fill(st); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		query, err := grammar.Parse(text)
		var syntax *grammar.SyntaxError
		if errors.As(err, &syntax) && 0 <= syntax.At && syntax.At <= len(text) && syntax.Reason != "" {
			return
		}
		if err != nil {
			t.Fatalf("an error without a place: %v", err)
		}
		if err := st.View(func(tx *store.Tx) error {
			without := slices.DeleteFunc(tx.Manager().Typed(), func(o *store.Object) bool { return !query.Matches(o) })
			if with := query.Run(tx.Manager()); !slices.Equal(with, without) {
				t.Errorf("%q finds %d objects with indexes, %d without", text, len(with), len(without))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

var _ = DescribeTable("a query judges an object of which only type and vlan are known", func(text string, may, must bool) {
	query, err := grammar.Parse(text)
	Expect(err).NotTo(HaveOccurred())
	can, does := query.Judge(&store.Object{ResourceType: "LogicalSwitch", Body: []byte(`{"vlan":7}`)}, "resource_type", "vlan")
	Expect([]bool{can, does}).To(Equal([]bool{may, must}))
},
	Entry("that fits in all", `resource_type:LogicalSwitch AND vlan:7`, true, true),
	Entry("that does not fit", `resource_type:LogicalSwitch AND vlan:8`, false, false),
	Entry("of which more is asked", `resource_type:LogicalSwitch AND id:a`, true, false),
	Entry("that does not fit whatever else it is", `resource_type:IPSet AND id:a`, false, false),
	Entry("that fits whatever else it is", `resource_type:LogicalSwitch OR id:a`, true, true),
	Entry("that fits if the rest does", `resource_type:IPSet OR id:a`, true, false),
	Entry("that must not be so", `NOT vlan:7`, false, false),
	Entry("that must not be otherwise", `NOT vlan:8`, true, true),
	Entry("that must not be what is not known", `NOT id:a`, true, false),
	Entry("in a range", `vlan:[1 TO 9]`, true, true),
	Entry("by what it has", `_exists_:vlan AND NOT _exists_:name`, true, false),
	Entry("by a word anywhere", `web`, true, false),
	Entry("by nothing", `*`, true, true),
)

var _ = DescribeTable("a query names a value of a field", func(text string, does bool) {
	query, err := grammar.Parse(text)
	Expect(err).NotTo(HaveOccurred())
	Expect(query.Names("resource_type", "IPSet")).To(Equal(does))
},
	Entry("in any case", `resource_type:ipset`, true),
	Entry("beside others", `id:x AND resource_type:(IPSet OR LogicalPort)`, true),
	Entry("but not by wildcards", `resource_type:IP*`, false),
	Entry("nor by excluding it", `NOT resource_type:IPSet`, false),
	Entry("nor in another field", `id:IPSet`, false),
)
