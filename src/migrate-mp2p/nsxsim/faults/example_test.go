package faults_test

import (
	"fmt"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

func ExampleParse() {
	rules, err := faults.Parse([]byte(`
- {name: lost answer, method: POST, path: /api/v1/migration/*, nth: 2, when: after, reset: true}
- {name: storm, after_rule: lost answer, to: 2, answer: rate-limit, headers: {Retry-After: "1"}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	set := &faults.Set{}
	if err := set.Replace(rules); err != nil {
		fmt.Println(err)
		return
	}
	for range 5 {
		rule, _ := set.Check(faults.Call{Method: "POST", Path: "/api/v1/migration/plan", User: "admin"})
		fmt.Printf("%q %d\n", rule.Name, rule.Status)
	}
	for _, s := range set.Status() {
		fmt.Printf("%s: matched %d, acted %d\n", s.Name, s.Matched, s.Acted)
	}
	// Output:
	// "" 0
	// "lost answer" 0
	// "storm" 429
	// "storm" 429
	// "" 0
	// lost answer: matched 5, acted 1
	// storm: matched 3, acted 2
}
