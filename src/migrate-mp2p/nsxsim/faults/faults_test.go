package faults_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// call is the request of most specs.
var call = faults.Call{
	Method: "POST", Path: "/api/v1/migration/plan", Query: "action=start", User: "admin", Node: "node-1",
	Header: http.Header{"X-Allow-Overwrite": {"true"}},
	Body:   []byte(`{"migration_data":[{"type":"TIER1","resource_ids":[]}],"children":[{"resource_type":"Segment"}]}`),
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
	Entry("a type of a migration", faults.Rule{BodyType: "TIER1"}, true),
	Entry("a resource_type", faults.Rule{BodyType: "Segment"}, true),
	Entry("a text that is no type", faults.Rule{BodyType: "children"}, false),
	Entry("a header", faults.Rule{RequestHeaders: map[string]string{"x-allow-overwrite": "tr"}}, true),
	Entry("a header of another value", faults.Rule{RequestHeaders: map[string]string{"X-Allow-Overwrite": "false"}}, false),
	Entry("a header that is missing", faults.Rule{RequestHeaders: map[string]string{"X-Other": ""}}, false),
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

var _ = Describe("chance", func() {
	choices := func(seed uint64, rule faults.Rule) []bool {
		set := &faults.Set{Seed: seed}
		Expect(set.Replace([]faults.Rule{rule})).To(Succeed())
		var list []bool
		for range 1000 {
			_, acted := set.Check(call)
			list = append(list, acted)
		}
		return list
	}

	It("chooses about as many calls as the probability says, the same ones for the same seed", func() {
		rule := faults.Rule{Name: "storm", Probability: 0.2}
		first := choices(7, rule)
		chosen := 0
		for _, acted := range first {
			if acted {
				chosen++
			}
		}
		Expect(chosen).To(BeNumerically("~", 200, 50))
		Expect(choices(7, rule)).To(Equal(first))
		Expect(choices(8, rule)).NotTo(Equal(first))
	})

	It("adds a jitter to the delay that the seed decides", func() {
		delays := func(seed uint64) []faults.Duration {
			set := &faults.Set{Seed: seed}
			Expect(set.Replace([]faults.Rule{{Delay: faults.Duration(time.Second), Jitter: faults.Duration(time.Second)}})).To(Succeed())
			var list []faults.Duration
			for range 20 {
				rule, _ := set.Check(call)
				list = append(list, rule.Delay)
			}
			return list
		}
		first := delays(1)
		Expect(first).To(HaveEach(And(BeNumerically(">=", faults.Duration(time.Second)), BeNumerically("<=", faults.Duration(2*time.Second)))))
		Expect(slices.Compact(slices.Clone(first))).NotTo(HaveLen(1))
		Expect(delays(1)).To(Equal(first))
	})
})

var _ = Describe("the time of a rule", func() {
	var now time.Time
	var phase string
	var set *faults.Set

	BeforeEach(func() {
		now, phase = time.Unix(1000, 0), "idle"
		set = &faults.Set{Now: func() time.Time { return now }, Phase: func() string { return phase }}
	})

	actsAfter := func(seconds int) bool {
		now = now.Add(time.Duration(seconds) * time.Second)
		_, acted := set.Check(call)
		return acted
	}

	It("begins and ends so long after it was set", func() {
		Expect(set.Replace([]faults.Rule{{Begins: faults.Duration(5 * time.Second), Ends: faults.Duration(7 * time.Second)}})).To(Succeed())
		Expect([]bool{actsAfter(4), actsAfter(1), actsAfter(1), actsAfter(1)}).To(Equal([]bool{false, true, true, false}))
		Expect(set.Status()[0].Matched).To(Equal(2))
	})

	It("begins when another rule first acted, from the next call on", func() {
		Expect(set.Replace([]faults.Rule{
			{Name: "trigger", Nth: 2, Method: "POST"},
			{Name: "storm", AfterRule: "trigger", Ends: faults.Duration(3 * time.Second)},
		})).To(Succeed())
		var names []string
		for _, seconds := range []int{0, 100, 0, 2, 1} {
			now = now.Add(time.Duration(seconds) * time.Second)
			rule, _ := set.Check(call)
			names = append(names, rule.Name)
		}
		Expect(names).To(Equal([]string{"", "trigger", "storm", "storm", ""}))
	})

	It("is the phase of the coordinator", func() {
		Expect(set.Replace([]faults.Rule{{Phase: "migration", Nth: 2}})).To(Succeed())
		Expect(actsAfter(0)).To(BeFalse())
		phase = "migration"
		Expect(actsAfter(0)).To(BeFalse())
		Expect(actsAfter(0)).To(BeTrue())
	})

	It("never comes without a coordinator that tells its phase", func() {
		set.Phase = nil
		Expect(set.Replace([]faults.Rule{{Phase: "idle"}})).To(Succeed())
		Expect(actsAfter(0)).To(BeFalse())
	})
})

var _ = Describe("a well-known answer", func() {
	It("is spelled out for the user who gets it, and may have more headers", func() {
		set := &faults.Set{}
		Expect(set.Replace([]faults.Rule{{Answer: "rate-limit", Headers: map[string]string{"Retry-After": "1"}}})).To(Succeed())
		rule, _ := set.Check(call)
		Expect(rule).To(And(HaveField("Status", 429), HaveField("ErrorCode", 102), HaveField("Message", "Client 'admin' exceeded request rate of 100 per second"),
			HaveField("Headers", HaveKeyWithValue("Retry-After", "1"))))
		Expect(set.Status()[0].Rule.Status).To(BeZero(), "what is shown can be sent back")
	})

	DescribeTable("has NSX's status and code", func(name string, status, code int) {
		answer, known := faults.Answer(name, "admin")
		Expect(known).To(BeTrue())
		Expect([]int{answer.Status, answer.ErrorCode}).To(Equal([]int{status, code}))
	},
		Entry(nil, "overload", 503, 102),
		Entry(nil, "unavailable", 503, 98),
		Entry(nil, "backend-missing", 404, 202),
		Entry(nil, "cannot-connect", 500, 98),
		Entry(nil, "reconfiguring", 500, 607),
		Entry(nil, "bad-credentials", 403, 403),
		Entry(nil, "bad-xsrf-token", 403, 98),
		Entry(nil, "no-licence", 403, 505),
		Entry(nil, "certificate-untrusted", 500, 99),
		Entry(nil, "conflict", 409, 409),
		Entry(nil, "stale-revision", 412, 604),
		Entry(nil, "stale-500087", 400, 500087),
		Entry(nil, "stale-500232", 400, 500232),
		Entry(nil, "stale-100148", 400, 100148),
		Entry(nil, "stale-500090", 404, 500090),
		Entry(nil, "delete-pending", 400, 500045),
		Entry(nil, "atomic-request", 400, 202),
		Entry(nil, "search-indexing", 400, 60508),
		Entry(nil, "search-timeout", 400, 60514),
		Entry(nil, "search-out-of-sync", 400, 60515),
		Entry(nil, "search-page-too-large", 400, 255),
		Entry(nil, "coordinator-busy", 400, 30722),
		Entry(nil, "disk-full", 500, 99),
	)

	DescribeTable("has the words by which clients know it (SAP driver G)", func(name, words string) {
		answer, _ := faults.Answer(name, "admin")
		Expect(answer.Message).To(ContainSubstring(words))
	},
		Entry(nil, "atomic-request", "The object AtomicRequest"),
		Entry(nil, "coordinator-busy", "Migration coordinator backend is busy"),
		Entry(nil, "stale-revision", "Fetch the latest copy of the object and retry"),
	)

	DescribeTable("has a code even when the rule gives none, as every error of NSX has", func(rule faults.Rule, code int) {
		set := &faults.Set{}
		Expect(set.Replace([]faults.Rule{rule})).To(Succeed())
		acts, acted := set.Check(faults.Call{Method: "GET", Path: "/"})
		Expect(acted).To(BeTrue())
		Expect(acts.ErrorCode).To(Equal(code))
	},
		Entry("absent", faults.Rule{Status: 404}, 600),
		Entry("failed", faults.Rule{Status: 500}, 500),
		Entry("as it says", faults.Rule{Status: 404, ErrorCode: 202}, 202),
		Entry("no error", faults.Rule{Status: 200, RawBody: "{}"}, 0),
	)

	It("stands in the package's table with its status and code", func() {
		text, err := os.ReadFile("doc.go")
		Expect(err).NotTo(HaveOccurred())
		for _, name := range faults.Answers() {
			answer, _ := faults.Answer(name, "admin")
			row := fmt.Sprintf(`(?m)^//\t%s +%d\b`, regexp.QuoteMeta(name), answer.Status)
			if answer.ErrorCode != 0 {
				row += fmt.Sprintf(`, %d\b`, answer.ErrorCode)
			}
			Expect(string(text)).To(MatchRegexp(row), name)
		}
	})
})

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
	Entry("two ways to break off", faults.Rule{Drop: true, Hang: true}),
	Entry("a probability above 1", faults.Rule{Probability: 1.5}),
	Entry("an end before its begin", faults.Rule{Begins: 2, Ends: 1}),
	Entry("a phase that the coordinator does not have", faults.Rule{Phase: "commit"}),
	Entry("a rule to wait for that is not there", faults.Rule{AfterRule: "other"}),
	Entry("itself to wait for", faults.Rule{Name: "rule-1", AfterRule: "rule-1"}),
	Entry("an answer that nobody knows", faults.Rule{Answer: "teapot"}),
	Entry("two answers", faults.Rule{Answer: "disk-full", Status: 500}),
	Entry("a negative delay", faults.Rule{Delay: -1}),
	Entry("nothing to truncate", faults.Rule{Drop: true, Truncate: 10}),
	Entry("a body that is empty and cut", faults.Rule{Empty: true, Truncate: 10}),
	Entry("a state that no node has", faults.Rule{Change: &faults.Change{Nodes: map[string]faults.Reach{"node-1": "sleepy"}}}),
	Entry("a certificate of no kind", faults.Rule{Change: &faults.Change{Certificates: map[string]faults.Certificate{"node-1": "blue"}}}),
	Entry("something else to do with the coordinator", faults.Rule{Change: &faults.Change{Coordinator: "thank"}}),
)

var _ = It("a rule is refused with a change that this NSX cannot make", func() {
	set := &faults.Set{Accept: func(faults.Change) error { return errors.New("there is no such node") }}
	Expect(set.Replace([]faults.Rule{{Change: &faults.Change{Failover: "node-9"}}})).To(MatchError(ContainSubstring("no such node")))
})

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

	It("takes one rule more, another one in its place, and lets it go", func() {
		set := &faults.Set{}
		Expect(set.Replace([]faults.Rule{{Name: "a"}})).To(Succeed())
		set.Check(call)
		Expect(set.Add(faults.Rule{Name: "b", AfterRule: "a"})).To(Succeed())
		Expect(set.Add(faults.Rule{Name: "a", Status: 500})).To(Succeed())
		Expect(set.Status()).To(HaveExactElements(
			And(HaveField("Name", "a"), HaveField("Rule.Status", 500), HaveField("Matched", 1)), HaveField("Name", "b")))
		Expect(set.Remove("a")).To(MatchError(ContainSubstring(`"a"`)), "b waits for it")
		Expect(set.Remove("b")).To(Succeed())
		Expect(set.Remove("b")).To(MatchError(faults.ErrNoRule))
		Expect(set.Status()).To(HaveExactElements(HaveField("Name", "a")))
	})

	It("goes on choosing where a rule that keeps its name was", func() {
		rule := faults.Rule{Name: "storm", Probability: 0.5}
		choose := func(replace bool) []bool {
			set := &faults.Set{}
			Expect(set.Replace([]faults.Rule{rule})).To(Succeed())
			var list []bool
			for i := range 100 {
				if replace && i == 50 {
					Expect(set.Replace([]faults.Rule{rule})).To(Succeed())
				}
				_, acted := set.Check(call)
				list = append(list, acted)
			}
			return list
		}
		Expect(choose(true)).To(Equal(choose(false)))
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

	It("has a key for everything that a rule can do", func() {
		rules, err := faults.Parse([]byte(`
- name: all
  body_type: TIER1
  request_headers: {X-Allow-Overwrite: "true"}
  phase: migration
  begins: 1s
  ends: 2s
  probability: 0.5
  jitter: 10ms
  hold: true
  hang: true
  empty: true
  bytes_per_second: 10
  change: {nodes: {node-1: silent}, certificates: {virtual: expired}, failover: node-2, coordinator: crash, end_sessions: true, search_lag: 10s, for: 20s}
- {name: next, after_rule: all, reset: true, when: after, truncate: 5}
- {name: known, answer: disk-full}
`))
		Expect(err).NotTo(HaveOccurred())
		lag := faults.Duration(10 * time.Second)
		Expect(rules).To(Equal([]faults.Rule{
			{
				Name: "all", BodyType: "TIER1", RequestHeaders: map[string]string{"X-Allow-Overwrite": "true"}, Phase: "migration",
				Begins: faults.Duration(time.Second), Ends: faults.Duration(2 * time.Second), Probability: 0.5,
				Jitter: faults.Duration(10 * time.Millisecond), Hold: true, Hang: true, Empty: true, BytesPerSecond: 10,
				Change: &faults.Change{
					Nodes: map[string]faults.Reach{"node-1": faults.Silent}, Certificates: map[string]faults.Certificate{"virtual": faults.Expired},
					Failover: "node-2", Coordinator: faults.CrashCoordinator, EndSessions: true, SearchLag: &lag, For: faults.Duration(20 * time.Second),
				},
			},
			{Name: "next", AfterRule: "all", Reset: true, When: faults.After, Truncate: 5},
			{Name: "known", Answer: "disk-full"},
		}))
		text, err := json.Marshal(rules)
		Expect(err).NotTo(HaveOccurred())
		Expect(faults.Parse(text)).To(Equal(rules), "Go, YAML and JSON use the same names")
	})

	It("may be empty", func() {
		Expect(faults.Parse(nil)).To(BeEmpty())
	})

	It("is refused with the line of an unknown key or a bad duration", func() {
		_, err := faults.Parse([]byte("- path: x\n  stauts: 500\n"))
		Expect(err).To(MatchError(ContainSubstring("line 2")))
		_, err = faults.Parse([]byte("- path: x\n  delay: soon\n"))
		Expect(err).To(MatchError(ContainSubstring("line 2")))
		_, err = faults.Parse([]byte("- path: x\n- {name: both, drop: true, hang: true}\n"))
		Expect(err).To(MatchError(And(ContainSubstring("line 2"), ContainSubstring(`"both"`))))
		_, err = faults.Parse([]byte("- change: {nodes: {node-1: up},\n    noods: {}}\n"))
		Expect(err).To(MatchError(ContainSubstring("line 2")))
	})
})
