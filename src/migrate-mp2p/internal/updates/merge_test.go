package updates

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

func mergeText(body string, d records.Delta, k kind) (json.RawMessage, bool, error) {
	o, err := parseObject(json.RawMessage(body), nil)
	if err != nil {
		return nil, false, err
	}
	return merge(o, d, k)
}

func ptr(text string) *string { return &text }

var _ = DescribeTable("merge",
	func(body string, d records.Delta, k kind, want string, wantChanged bool) {
		merged, changed, err := mergeText(body, d, k)
		Expect(err).NotTo(HaveOccurred())
		Expect(changed).To(Equal(wantChanged))
		Expect(string(merged)).To(MatchJSON(want))
	},
	Entry("adds, removes and keeps tags", `{"id":"x","_revision":3,"tags":[{"scope":"a","tag":"1"},{"scope":"b","tag":"2"}]}`,
		records.Delta{SetTags: tags("c=3"), RemoveTags: tags("a=1", "z=9")}, kind{},
		`{"id":"x","_revision":3,"tags":[{"scope":"b","tag":"2"},{"scope":"c","tag":"3"}]}`, true),
	Entry("adds the first tag", `{}`, records.Delta{SetTags: tags("c=3")}, kind{}, `{"tags":[{"scope":"c","tag":"3"}]}`, true),
	Entry("sees that nothing is left to do", `{"display_name":"n","tags":[{"scope":"c","tag":"3"}],"rules":[{"display_name":"shop"}]}`,
		records.Delta{SetTags: tags("c=3"), RemoveTags: tags("a=1"), DisplayName: ptr("n"), RuleNames: map[string]string{"r1": "shop"}}, kind{},
		`{"display_name":"n","tags":[{"scope":"c","tag":"3"}],"rules":[{"display_name":"shop"}]}`, false),
	Entry("renames", `{"display_name":"internal"}`, records.Delta{DisplayName: ptr("mine")}, kind{}, `{"display_name":"mine"}`, true),
	Entry("renames LB rules in their place", `{"rules":[{"display_name":"r1","phase":"P"},{"phase":"Q"},{"display_name":"r2","actions":[{"x":1.50}]}]}`,
		records.Delta{RuleNames: map[string]string{"r2": "shop"}}, kind{},
		`{"rules":[{"display_name":"r1","phase":"P"},{"phase":"Q"},{"display_name":"shop","actions":[{"x":1.50}]}]}`, true),
	Entry("leaves a security policy's rules and all children out", `{"tags":[],"rules":[{"id":"r"}],"children":[{}]}`,
		records.Delta{SetTags: tags("c=3")}, kind{Embedded: "rules"}, `{"tags":[{"scope":"c","tag":"3"}]}`, true),
)

var _ = DescribeTable("merge refuses what is no Policy object",
	func(body, part string) {
		_, _, err := mergeText(body, records.Delta{SetTags: tags("a=1"), DisplayName: ptr("n"), RuleNames: map[string]string{"a": "b"}}, kind{})
		Expect(err).To(MatchError(ContainSubstring(part)))
	},
	Entry("a list", `[]`, "no JSON object"),
	Entry("rules that are no objects", `{"rules":[7]}`, "no JSON object"),
	Entry("tags that are none", `{"tags":7}`, `"tags"`),
	Entry("a name that is none", `{"display_name":7}`, `"display_name"`),
	Entry("rules that are none", `{"rules":7}`, `"rules"`),
	Entry("a rule's name that is none", `{"rules":[{"display_name":7}]}`, `"display_name"`),
)

var _ = It("merge changes nothing but tags and display names in a thousand generated bodies [I6]", func() {
	random := rand.New(rand.NewPCG(1, uint64(GinkgoRandomSeed())))
	for range 1000 {
		original := map[string]any{"tags": randomTags(random), "rules": randomRules(random), "display_name": fmt.Sprint(random.IntN(5))}
		for i := range random.IntN(8) {
			original[fmt.Sprintf("field-%d", i)] = randomValue(random, 3)
		}
		if random.IntN(4) == 0 {
			delete(original, "tags")
		}
		body, err := json.Marshal(original)
		Expect(err).NotTo(HaveOccurred())
		delta := records.Delta{DisplayName: ptr(fmt.Sprint(random.IntN(5))), RuleNames: map[string]string{"rule-1": "named"}}
		for _, pair := range randomTags(random) {
			delta.SetTags = append(delta.SetTags, tags(pair["scope"]+"="+pair["tag"])...)
		}
		for _, pair := range randomTags(random) {
			delta.RemoveTags = append(delta.RemoveTags, tags(pair["scope"]+"="+pair["tag"])...)
		}

		merged, _, err := mergeText(string(body), delta, kind{})
		Expect(err).NotTo(HaveOccurred())
		Expect(string(withoutNamesAndTags(merged))).To(MatchJSON(string(withoutNamesAndTags(body))))

		again, changed, err := mergeText(string(merged), delta, kind{})
		Expect(err).NotTo(HaveOccurred())
		Expect(changed).To(BeFalse(), "a delta that is shown already changes nothing")
		Expect(again).To(MatchJSON(merged))
	}
})

// withoutNamesAndTags blanks what may change.
func withoutNamesAndTags(body []byte) []byte {
	var object map[string]any
	Expect(json.Unmarshal(body, &object)).To(Succeed())
	delete(object, "tags")
	delete(object, "display_name")
	rules, _ := object["rules"].([]any)
	for _, rule := range rules {
		delete(rule.(map[string]any), "display_name")
	}
	rest, err := json.Marshal(object)
	Expect(err).NotTo(HaveOccurred())
	return rest
}

func randomTags(random *rand.Rand) []map[string]string {
	all := []map[string]string{}
	for range random.IntN(6) {
		all = append(all, map[string]string{"scope": fmt.Sprintf("s%d", random.IntN(3)), "tag": fmt.Sprint(random.IntN(3))})
	}
	return all
}

func randomRules(random *rand.Rand) []any {
	rules := []any{}
	for i := range random.IntN(4) {
		rules = append(rules, map[string]any{"display_name": fmt.Sprintf("rule-%d", i), "match": randomValue(random, 2)})
	}
	return rules
}

func randomValue(random *rand.Rand, depth int) any {
	switch random.IntN(6) {
	case 0:
		return random.Int64()
	case 1:
		return random.Float64()
	case 2:
		return random.IntN(2) == 0
	case 3:
		return nil
	case 4:
		if depth == 0 {
			return "leaf"
		}
		return []any{randomValue(random, depth-1), randomValue(random, depth-1)}
	default:
		if depth == 0 {
			return "ünïcode \"<&>"
		}
		return map[string]any{"a": randomValue(random, depth-1), "tags": randomValue(random, depth-1)}
	}
}
