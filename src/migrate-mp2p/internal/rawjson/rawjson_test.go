package rawjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// valid are texts that are JSON, broken are texts that are nearly JSON.
var (
	valid = []string{
		`{}`, `[]`, ` { "a" : [ 1 , -0.5e+3 , "x\"}, {" ] , "b":{"c":null} } `, `"\u00e9\n\/"`, `0`, `-12`, `1.5E-7`, `true`, ` null `,
		"\"\xff\"", `{"a":1,"a":2}`, `[[[{}]]]`, "[\t\r\n]",
	}
	broken = []string{
		``, ` `, `{`, `{"a"`, `{"a":`, `{"a":}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1,}`, `{1:2}`, `{"a":"b`, `{"a":"b\`, `"\x"`, `"\u12g4"`, `"\u12"`,
		"\"\n\"", `[1,]`, `[1 2]`, `[`, `]`, `01`, `-`, `1.`, `.5`, `1e`, `+1`, `tru`, `nulll`, `{} {}`, `[}`, `{"a":[1}`, `NaN`, `'a'`,
	}
)

var _ = Describe("Scanner", func() {
	It("accepts JSON, and nothing else [I10]", func() {
		for _, text := range valid {
			Expect(check(text)).To(Succeed(), text)
		}
		for _, text := range broken {
			Expect(check(text)).To(MatchError(ContainSubstring("broken JSON at byte")), text)
		}
	})

	It("refuses values that contain each other without end, rather than fill the stack", func() {
		Expect(check(strings.Repeat("[", 900) + strings.Repeat("]", 900))).To(Succeed())
		Expect(check(strings.Repeat("[", 1e6))).NotTo(Succeed())
	})

	It("visits the elements of an array", func() {
		var elements []string
		Expect(rawjson.Walk([]byte(` [ {"a":"]"} , [1,2] ,null,"x" ] `), func(s *rawjson.Scanner) {
			s.Array(func() { elements = append(elements, string(s.Value())) })
		})).To(Succeed())
		Expect(elements).To(Equal([]string{`{"a":"]"}`, `[1,2]`, `null`, `"x"`}))
	})

	It("gives the text of an element and visits its members in one go", func() {
		var elements, keys []string
		Expect(rawjson.Walk([]byte(` [ {"a":"]"} , [1,2] ,{ "b" : {"c":1} } ] `), func(s *rawjson.Scanner) {
			s.Array(func() {
				elements = append(elements, string(s.Element(func(key []byte) { keys = append(keys, string(key)+"="+string(s.Value())) })))
			})
		})).To(Succeed())
		Expect(elements).To(Equal([]string{`{"a":"]"}`, `[1,2]`, `{ "b" : {"c":1} }`}))
		Expect(keys).To(Equal([]string{`a="]"`, `b={"c":1}`}))
		Expect(rawjson.Walk([]byte(`{"a":`), func(s *rawjson.Scanner) {
			Expect(s.Element(func([]byte) { s.Value() })).To(BeNil())
		})).NotTo(Succeed())
	})

	It("takes null for an empty array", func() {
		Expect(rawjson.Walk([]byte(`null`), func(s *rawjson.Scanner) {
			s.Array(func() { Fail("there is no element") })
		})).To(Succeed())
	})
})

var _ = Describe("Parse", func() {
	It("gives the members of an object with their very bytes", func() {
		o, err := rawjson.Parse([]byte(` { "a" : 1.50 , "b":"x\"}, {" ,"c" : [ {"d":"]"} , 2 ] , "e":{} ,"f":null, "a":7 } `), nil)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(o.Raw("a"))).To(Equal(`7`))
		Expect(string(o.Raw("b"))).To(Equal(`"x\"}, {"`))
		Expect(string(o.Raw("c"))).To(Equal(`[ {"d":"]"} , 2 ]`))
		Expect(string(o.Raw("e"))).To(Equal(`{}`))
		Expect(o.Raw("g")).To(BeNil())
	})

	It("tells JSON that is no object from what is no JSON", func() {
		_, err := rawjson.Parse([]byte(`[1]`), nil)
		Expect(err).To(MatchError(rawjson.ErrNoObject))
		_, err = rawjson.Parse([]byte(`[1`), nil)
		Expect(err).To(MatchError(ContainSubstring("broken JSON at byte 2")))
	})
})

var _ = DescribeTable("Text decodes strings as encoding/json does",
	func(value string) {
		var want string
		Expect(json.Unmarshal([]byte(value), &want)).To(Succeed())
		text, ok := rawjson.Text([]byte(value))
		Expect(ok).To(BeTrue())
		Expect(text).To(Equal(want))
	},
	Entry("plain", `"abc"`), Entry("empty", `""`), Entry("escapes", `"a\n\"\u00e9"`), Entry("UTF-8", `"é"`), Entry("broken UTF-8", "\"\xff\""),
)

func check(text string) error {
	return rawjson.Walk([]byte(text), func(s *rawjson.Scanner) { s.Value() })
}

func FuzzScanner(f *testing.F) {
	for _, text := range append(valid, broken...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var value []byte
		err := rawjson.Walk(text, func(s *rawjson.Scanner) { value = s.Value() })
		if (err == nil) != json.Valid(text) {
			t.Fatalf("%q: %v, while encoding/json says %v", text, err, json.Valid(text))
		}
		if err == nil && string(value) != strings.Trim(string(text), " \t\r\n") {
			t.Fatalf("%q is handed out as %q", text, value)
		}
		want := map[string]json.RawMessage{}
		if json.Unmarshal(text, &want) != nil || want == nil {
			return
		}
		o, err := rawjson.Parse(text, nil)
		if err != nil {
			t.Fatalf("the object %q is refused: %v", text, err)
		}
		for _, m := range o {
			if key, ok := rawjson.Text([]byte(`"` + string(m.Key) + `"`)); !ok || want[key] == nil {
				t.Fatalf("%q has no member %q", text, m.Key)
			}
		}
	})
}
