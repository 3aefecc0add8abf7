package inventory_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// resources are realised resources that a search finds by state and id.
type resources struct {
	all     []map[string]any
	cap     int // results that are handed out at most; 0: any number
	fails   error
	queries []string
}

// add adds the realised resource of an intent; pairs are further members.
func (r *resources) add(path, state string, pairs ...any) {
	one := map[string]any{
		"resource_type": "GenericPolicyRealizedResource", "id": strings.ReplaceAll(strings.TrimPrefix(path, "/infra/segments/"), "/ports/", "-"),
		"state": state, "intent_paths": []string{path}, "intent_reference": []string{path}, "alarms": []any{},
	}
	for i := 0; i < len(pairs); i += 2 {
		one[pairs[i].(string)] = pairs[i+1]
	}
	r.all = append(r.all, one)
}

var (
	askedState  = regexp.MustCompile(`AND (NOT )?state:(\w+)`)
	askedPrefix = regexp.MustCompile(`id:(\w)\*`)
)

func (r *resources) matching(query string) []json.RawMessage {
	Expect(query).To(HavePrefix("resource_type:GenericPolicyRealizedResource AND "))
	state, prefix := askedState.FindStringSubmatch(query), ""
	if m := askedPrefix.FindStringSubmatch(query); m != nil {
		prefix = m[1]
	}
	var found []json.RawMessage
	for _, one := range r.all {
		if (one["state"] == state[2]) != (state[1] != "") && strings.HasPrefix(one["id"].(string), prefix) {
			body, err := json.Marshal(one)
			Expect(err).NotTo(HaveOccurred())
			found = append(found, body)
		}
	}
	return found
}

func (r *resources) Search(_ context.Context, flavour mp.Flavour, query string, page mp.Page) (int, error) {
	Expect(flavour).To(Equal(mp.Policy))
	r.queries = append(r.queries, query)
	if r.fails != nil {
		return 0, r.fails
	}
	found := r.matching(query)
	if r.cap > 0 && len(found) > r.cap {
		return 0, &nsx.Error{Kind: mp.KindSearchCap}
	}
	return len(found), page(found)
}

func (r *resources) SearchCount(_ context.Context, _ mp.Flavour, query string) (int, error) {
	return len(r.matching(query)), nil
}

var _ = Describe("FindUnrealised", func() {
	var api *resources
	BeforeEach(func() { api = &resources{} })
	ours := func(path string) bool { return !strings.Contains(path, "theirs") }
	find := func() (inventory.Unrealised, error) {
		return inventory.FindUnrealised(context.Background(), api, ours)
	}

	It("reads with one search what is not realised, ours only, with NSX's words", func() {
		api.add("/infra/segments/a", "REALIZED")
		api.add("/infra/segments/b", "ERROR", "alarms", []any{map[string]any{"message": "no transport node", "error_details": map[string]any{"error_message": "code 7"}}},
			"publish_status_error", "no transport node")
		api.add("/infra/segments/c", "UNREALIZED")
		api.add("/infra/segments/d", "UNAVAILABLE", "publish_status_error_details", []any{map[string]any{"sub_system_name": "edge-1", "failure_message": "is down"}})
		api.add("/infra/segments/theirs", "ERROR")
		result, err := find()
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(Equal(inventory.Unrealised{
			Errors: []inventory.Intent{{Path: "/infra/segments/b", State: "ERROR", Reason: "no transport node; code 7"}},
			Late:   []inventory.Intent{{Path: "/infra/segments/c", State: "UNREALIZED"}, {Path: "/infra/segments/d", State: "UNAVAILABLE", Reason: "edge-1: is down"}},
		}))
		Expect(result.Errors[0].String()).To(Equal("/infra/segments/b: ERROR: no transport node; code 7"))
		Expect(api.queries).To(HaveLen(1))
	})

	DescribeTable("finds the reason wherever NSX states it",
		func(member string, value any, reason string) {
			api.add("/infra/segments/a", "ERROR", member, value)
			result, err := find()
			Expect(err).NotTo(HaveOccurred())
			Expect(result.Errors).To(ConsistOf(inventory.Intent{Path: "/infra/segments/a", State: "ERROR", Reason: reason}))
		},
		Entry("in an alarm's error", "alarms", []any{map[string]any{"error_details": map[string]any{"error_message": "x"}}}, "x"),
		Entry("in the publish error", "publish_status_error", "x", "x"),
		Entry("in its details", "publish_status_error_details", []any{map[string]any{"failure_message": "x"}}, "x"),
		Entry("in the operational error", "operational_status_error", "x", "x"),
		Entry("in the runtime error", "runtime_error", " x ", "x"),
		Entry("nowhere", "runtime_error", "", ""),
		Entry("at length", "runtime_error", strings.Repeat("x", 600), strings.Repeat("x", 500)+" ..."),
	)

	It("counts an intent with several realised resources once, in error when one of them is", func() {
		for _, state := range []string{"UNREALIZED", "ERROR", "UNREALIZED"} {
			api.add("/infra/segments/a", state)
		}
		Expect(find()).To(And(HaveField("Errors", HaveLen(1)), HaveField("Late", BeEmpty())))
	})

	It("reads by state and letter what is too much for one search, and says when that does not find all", func() {
		for i := range 8 {
			api.add(fmt.Sprintf("/infra/segments/%x-port", i), "UNREALIZED")
			api.add(fmt.Sprintf("/infra/segments/err-%d", i), "ERROR")
		}
		api.cap = 8
		result, err := find()
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(And(HaveField("Errors", HaveLen(8)), HaveField("Late", HaveLen(8)), HaveField("Incomplete", false)))
		Expect(len(api.queries)).To(Equal(4))

		api.cap = 7
		result, err = find()
		Expect(err).NotTo(HaveOccurred())
		Expect(result).To(And(HaveField("Errors", BeEmpty()), HaveField("Late", HaveLen(8)), HaveField("Incomplete", true)))
	})

	It("says so when it cannot search, or cannot read what it found", func() {
		api.fails = errors.New("go away")
		_, err := find()
		Expect(err).To(MatchError(And(ContainSubstring("not realised"), ContainSubstring("go away"))))
		api.fails = nil
		api.add("/infra/segments/a", "ERROR", "alarms", "none")
		_, err = find()
		Expect(err).To(MatchError(ContainSubstring("reading a realised resource")))
	})
})
