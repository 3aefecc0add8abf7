package faults_test

import (
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// call is the request of most specs.
var call = faults.Call{
	Method: "POST", Path: "/api/v1/migration/plan", Query: "action=start", User: "admin", Node: "node-1", Body: []byte(`{"type":"TIER1"}`),
}

// acts sends n equal calls and tells at which ones, from 1, the rule acted.
func acts(rule faults.Rule, n int) []int {
	GinkgoHelper()
	set := &faults.Set{}
	Expect(set.Replace([]faults.Rule{rule})).To(Succeed())
	var at []int
	for i := range n {
		if _, acted := set.Check(call); acted {
			at = append(at, i+1)
		}
	}
	return at
}

var _ = DescribeTable("a rule matches by", func(rule faults.Rule, matches bool) {
	Expect(acts(rule, 1) != nil).To(Equal(matches))
},
	Entry("nothing at all", faults.Rule{}, true),
	Entry("the method", faults.Rule{Method: "post"}, true),
	Entry("another method", faults.Rule{Method: "GET"}, false),
	Entry("the path", faults.Rule{Path: "/api/v1/migration/plan"}, true),
	Entry("a glob that spans slashes", faults.Rule{Path: "/api/*/plan"}, true),
	Entry("a glob that must match whole", faults.Rule{Path: "/api/v1/migration"}, false),
	Entry("a glob with a dot as itself", faults.Rule{Path: "/api.v1*"}, false),
	Entry("a regular expression", faults.Rule{PathRegexp: "migration/(plan|x)$"}, true),
	Entry("another regular expression", faults.Rule{PathRegexp: "^migration"}, false),
	Entry("the query", faults.Rule{Query: "action=start"}, true),
	Entry("another query", faults.Rule{Query: "action=continue"}, false),
	Entry("a part of the body", faults.Rule{Body: `"TIER1"`}, true),
	Entry("another body", faults.Rule{Body: "TIER0"}, false),
	Entry("the user", faults.Rule{User: "auditor"}, false),
	Entry("the node", faults.Rule{Node: "node-2"}, false),
)

var _ = DescribeTable("a rule acts on", func(rule faults.Rule, at ...int) {
	Expect(acts(rule, 7)).To(Equal(at))
},
	Entry("every call", faults.Rule{}, 1, 2, 3, 4, 5, 6, 7),
	Entry("the nth", faults.Rule{Nth: 3}, 3),
	Entry("a range", faults.Rule{From: 2, To: 4}, 2, 3, 4),
	Entry("all from one on", faults.Rule{From: 6}, 6, 7),
	Entry("each second", faults.Rule{Every: 2}, 2, 4, 6),
	Entry("each second of a range", faults.Rule{From: 3, To: 6, Every: 2}, 4, 6),
)

var _ = DescribeTable("a rule is refused with", func(rule faults.Rule) {
	set := &faults.Set{}
	Expect(set.Replace([]faults.Rule{{Name: "good"}})).To(Succeed())
	Expect(set.Replace([]faults.Rule{rule})).To(MatchError(ContainSubstring(`"rule-1"`)))
	Expect(set.Status()).To(HaveLen(1))
	Expect(set.Status()[0].Name).To(Equal("good"))
},
	Entry("an unknown moment", faults.Rule{When: "during"}),
	Entry("a bad regular expression", faults.Rule{PathRegexp: "("}),
	Entry("nth and a range", faults.Rule{Nth: 1, To: 2}),
	Entry("a negative count", faults.Rule{Every: -1}),
	Entry("an impossible status", faults.Rule{Status: 42}),
	Entry("a drop and an answer", faults.Rule{Drop: true, Status: 500}),
)

var _ = Describe("a set of rules", func() {
	It("lets the first rule that acts win, and counts them all", func() {
		set := &faults.Set{}
		Expect(set.Replace([]faults.Rule{{Name: "second-call", Nth: 2}, {Name: "all"}, {Name: "gets", Method: "GET"}})).To(Succeed())
		first, _ := set.Check(call)
		second, _ := set.Check(call)
		Expect([]string{first.Name, second.Name}).To(Equal([]string{"all", "second-call"}))
		var counts []int
		for _, s := range set.Status() {
			counts = append(counts, s.Matched, s.Acted)
		}
		Expect(counts).To(Equal([]int{2, 1, 2, 1, 0, 0}))
	})

	It("keeps the counts of a rule that keeps its name", func() {
		set := &faults.Set{}
		Expect(set.Replace([]faults.Rule{{Name: "a", Nth: 2}})).To(Succeed())
		set.Check(call)
		Expect(set.Replace([]faults.Rule{{Name: "b"}, {Name: "a", Nth: 2, Status: 500}})).To(Succeed())
		Expect(set.Status()[1].Matched).To(Equal(1))
	})

	It("refuses two rules of one name", func() {
		Expect((&faults.Set{}).Replace([]faults.Rule{{Name: "a"}, {Name: "a"}})).To(MatchError(ContainSubstring(`"a"`)))
	})
})

var _ = Describe("a rules file", func() {
	It("is a YAML list", func() {
		rules, err := faults.Parse([]byte(`
- name: lost answer
  method: POST
  path: /api/v1/migration/*
  query: action=continue
  nth: 2
  when: after
  delay: 250ms
  drop: true
- {path: "*", status: 503, error_code: 98, headers: {Retry-After: "1"}}
`))
		Expect(err).NotTo(HaveOccurred())
		Expect(rules).To(Equal([]faults.Rule{
			{Name: "lost answer", Method: "POST", Path: "/api/v1/migration/*", Query: "action=continue", Nth: 2, When: faults.After,
				Delay: faults.Duration(250 * time.Millisecond), Drop: true},
			{Path: "*", Status: 503, ErrorCode: 98, Headers: map[string]string{"Retry-After": "1"}},
		}))
	})

	It("can be sent back as its status is answered", func() {
		delay := faults.Duration(250 * time.Millisecond)
		text, err := json.Marshal([]faults.Rule{{Name: "slow", Delay: delay}})
		Expect(err).NotTo(HaveOccurred())
		var rules []faults.Rule
		Expect(json.Unmarshal(text, &rules)).To(Succeed())
		Expect(rules).To(HaveExactElements(HaveField("Delay", delay)))
		Expect(faults.Parse(text)).To(HaveExactElements(HaveField("Delay", delay)))
	})

	It("may be empty", func() {
		Expect(faults.Parse(nil)).To(BeEmpty())
	})

	It("is refused with the line of an unknown key or a bad duration", func() {
		_, err := faults.Parse([]byte("- path: x\n  stauts: 500\n"))
		Expect(err).To(MatchError(ContainSubstring("line 2")))
		_, err = faults.Parse([]byte("- path: x\n  delay: soon\n"))
		Expect(err).To(MatchError(ContainSubstring("line 2")))
	})
})
