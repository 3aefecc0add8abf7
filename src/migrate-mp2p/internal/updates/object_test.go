package updates

import (
	"encoding/json"
	"reflect"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("parseObject", func() {
	It("gives members with their very bytes", func() {
		o, err := parseObject(json.RawMessage(` { "a" : 1.50 , "b":"x\"}, {" ,"c" : [ {"d":"]"} , 2 ] , "e":{} ,"f":null } `), nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(o.raw("a"))).To(Equal(`1.50`))
		Expect(string(o.raw("b"))).To(Equal(`"x\"}, {"`))
		Expect(string(o.raw("c"))).To(Equal(`[ {"d":"]"} , 2 ]`))
		Expect(string(o.raw("e"))).To(Equal(`{}`))
		Expect(string(o.raw("f"))).To(Equal(`null`))
		Expect(o.raw("g")).To(BeNil())
		Expect(string(o.encode("b", "c"))).To(Equal(`{"a":1.50,"e":{},"f":null}`))
	})

	DescribeTable("refuses what is broken, without going astray",
		func(text string) {
			_, err := parseObject(json.RawMessage(text), nil)
			Expect(err).To(MatchError(ContainSubstring("reading a Policy object")))
		},
		Entry("nothing", ""), Entry("a list", "[1]"), Entry("an end", "{"), Entry("no colon", `{"a" 1}`), Entry("no value", `{"a":}`),
		Entry("no comma", `{"a":1 "b":2}`), Entry("no key", `{1:2}`), Entry("an open string", `{"a":"b`), Entry("an open list", `{"a":[`),
		Entry("an escape at the end", `{"a":"b\`),
	)
})

func FuzzParseObject(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\\\""}],"c":null , "tags" : []}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := parseObject(text, nil)
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || want == nil {
			return // only valid objects are promised to be read; no crash is all that is asked of others
		}
		if err != nil {
			t.Fatalf("a valid object is refused: %v", err)
		}
		var again, first any
		if err := json.Unmarshal(o.encode(), &again); err != nil {
			t.Fatalf("%s is put together as %s: %v", text, o.encode(), err)
		}
		if err := json.Unmarshal(text, &first); err != nil || !reflect.DeepEqual(first, again) {
			t.Fatalf("%s is put together as %s", text, o.encode())
		}
	})
}
