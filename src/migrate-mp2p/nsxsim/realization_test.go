package nsxsim_test

import (
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

var _ = DescribeTable("an intent whose realization stands at", func(status, published string, states ...string) {
	c := admin(start(nsxsim.Options{Coordinator: func(api.Env) (api.Coordinator, error) { return judge{status: status, promoted: true}, nil }}))
	Expect(c.do("PUT", infra+"/segments/s", object{})).To(works())
	Expect(c.get(infra + "/realized-state/status?intent_path=/infra/segments/s").Body).To(And(
		HaveKeyWithValue("intent_path", "/infra/segments/s"), HaveKeyWithValue("publish_status", published),
		HaveKeyWithValue("consolidated_status", HaveKeyWithValue("consolidated_status", status))))
	found := []string{}
	for _, entity := range c.get(infra + "/realized-state/realized-entities?intent_path=/infra/segments/s").results() {
		found = append(found, entity["state"].(string))
	}
	Expect(found).To(Equal(states))
},
	Entry("nothing", "UNINITIALIZED", "UNREALIZED"),
	Entry("a beginning", "IN_PROGRESS", "UNREALIZED", "UNREALIZED"),
	Entry("success", "SUCCESS", "REALIZED", "REALIZED"),
	Entry("an error", "ERROR", "ERROR", "ERROR"),
	Entry("what nobody knows", "UNKNOWN", "UNREALIZED", "UNREALIZED"),
)

var _ = Describe("a search for realized entities", func() {
	const kind = "resource_type:GenericPolicyRealizedResource"

	// entities searches Policy and returns the answer.
	entities := func(c *client, query, more string) reply {
		GinkgoHelper()
		found := c.get("/policy/api/v1/search/query?query=" + url.QueryEscape(query) + more)
		Expect(found).To(works())
		return found
	}
	intents := func(r reply) []string {
		var paths []string
		for _, entity := range r.results() {
			for _, path := range entity["intent_paths"].([]any) {
				paths = append(paths, path.(string))
			}
		}
		return paths
	}
	// segments makes segments with these ids.
	segments := func(c *client, ids ...string) {
		GinkgoHelper()
		for _, id := range ids {
			Expect(c.do("PUT", infra+"/segments/"+id, object{})).To(works())
		}
	}

	It("finds one for each intent, the same that realized-entities shows", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t")
		Expect(c.do("PUT", infra+"/tier-1s/r", object{})).To(works())
		Expect(c.do("PUT", infra+"/tier-1s/r/static-routes/x", object{"network": "10.0.0.0/8", "next_hops": []any{object{"ip_address": "10.1.0.1"}}})).To(works())
		found := entities(c, kind, "")
		Expect(intents(found)).To(ConsistOf("/infra/segments/s", "/infra/segments/t", "/infra/tier-1s/r", "/infra/tier-1s/r/static-routes/x"))
		for i, path := range intents(found) {
			Expect(c.get(infra + "/realized-state/realized-entities?intent_path=" + path).results()).To(Equal([]object{found.results()[i]}))
		}
		Expect(intents(entities(c, kind+` AND intent_paths:"/infra/tier-1s/r/static-routes/x"`, ""))).To(HaveLen(1))
		Expect(entities(c, kind+" AND entity_type:RealizedLogicalSwitch", "").Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(2)))
		route := entities(c, kind+` AND id:"r-x"`, "").results()
		Expect(route).To(ConsistOf(HaveKeyWithValue("path", "/infra/realized-state/enforcement-points/default/tier-1-static-routes/r-x")))
	})

	It("finds the Manager object behind one, as OpenStack asks for it", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t")
		behind := c.get(infra + "/segments/s").Body["unique_id"].(string)
		Expect(intents(entities(c, kind+" AND realization_specific_identifier:"+behind+" AND entity_type:RealizedLogicalSwitch", ""))).To(Equal([]string{"/infra/segments/s"}))
	})

	It("gives them in pages, sorted, and cut to some fields", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t", "u")
		Expect(intents(entities(c, kind, "&page_size=2&sort_by=id&sort_ascending=false"))).To(Equal([]string{"/infra/segments/u", "/infra/segments/t"}))
		Expect(intents(entities(c, kind, "&page_size=2&cursor=2"))).To(Equal([]string{"/infra/segments/u"}))
		Expect(entities(c, kind, "&page_size=1&sort_by=intent_paths&included_fields=state").results()).To(Equal([]object{{"state": "REALIZED"}}))
	})

	It("can be split by unique_id, as a search for more than can be reached must be", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t", "u")
		found := 0
		for _, digit := range "0123456789abcdef" {
			found += len(entities(c, kind+" AND unique_id:"+string(digit)+"*", "").results())
		}
		Expect(found).To(Equal(3))
	})

	It("also finds other objects that the query asks for, and no entities when it does not name them", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s")
		Expect(entities(c, "resource_type:(Segment OR GenericPolicyRealizedResource)", "").results()).To(ConsistOf(
			HaveKeyWithValue("resource_type", "Segment"), HaveKeyWithValue("resource_type", "GenericPolicyRealizedResource")))
		for _, query := range []string{"id:s", "resource_type:Segment", "NOT " + kind, "resource_type:Generic*"} {
			Expect(intentsOrNone(entities(c, query, ""))).To(BeEmpty(), query)
		}
		Expect(c.get("/api/v1/search/query?query="+kind).results()).To(BeEmpty(), "they are Policy's")
	})

	It("knows what is under way, as time tells, and what was deleted", func() {
		clock := &manualClock{now: time.UnixMilli(1_700_000_000_000)}
		c := admin(start(nsxsim.Options{Clock: clock, RealizationDelay: time.Minute}))
		segments(c, "s")
		clock.now = clock.now.Add(30 * time.Second)
		segments(c, "t")
		clock.now = clock.now.Add(30 * time.Second)
		Expect(intents(entities(c, kind+" AND NOT state:REALIZED", ""))).To(Equal([]string{"/infra/segments/t"}))
		Expect(intents(entities(c, kind+" AND state:REALIZED", ""))).To(Equal([]string{"/infra/segments/s"}))
		clock.now = clock.now.Add(30 * time.Second)
		Expect(intents(entities(c, kind+" AND NOT state:REALIZED", ""))).To(BeEmpty())
		Expect(c.do("DELETE", infra+"/segments/s", nil)).To(works())
		Expect(intents(entities(c, kind, ""))).To(Equal([]string{"/infra/segments/t"}))
	})

	It("shows none of what a lagging index does not show yet", func() {
		clock := &manualClock{now: time.UnixMilli(1_700_000_000_000)}
		c := admin(start(nsxsim.Options{Clock: clock, SearchLag: time.Minute}))
		segments(c, "s")
		Expect(intents(entities(c, kind, ""))).To(BeEmpty())
		clock.now = clock.now.Add(time.Minute)
		Expect(intents(entities(c, kind, ""))).To(HaveLen(1))
	})

	It("understands the other languages of the search", func() {
		c := admin(start(nsxsim.Options{}))
		segments(c, "s", "t")
		pipeline := object{"query_pipeline": []any{object{"query": kind}, object{"query": `intent_paths:"/infra/segments/t"`}}}
		Expect(intents(c.do("POST", "/policy/api/v1/search/querypipeline", pipeline))).To(Equal([]string{"/infra/segments/t"}))
		aggregate := c.do("POST", "/policy/api/v1/search/aggregate", object{"primary": object{"resource_type": "GenericPolicyRealizedResource"}})
		Expect(aggregate.results()).To(HaveLen(2))
		Expect(aggregate.results()).To(ContainElement(HaveKeyWithValue("primary", HaveKeyWithValue("state", "REALIZED"))))
	})

	It("agrees with what the coordinator says of a promoted intent", func() {
		c := admin(start(nsxsim.Options{Coordinator: func(api.Env) (api.Coordinator, error) {
			return judge{status: "ERROR", promoted: true, reason: "no host"}, nil
		}}))
		segments(c, "s")
		Expect(entities(c, kind+" AND state:ERROR", "").results()).To(ConsistOf(HaveKeyWithValue("publish_status_error", "no host")))
		Expect(entities(c, kind+" AND state:REALIZED", "").results()).To(BeEmpty())
	})
})

// intentsOrNone are the intent paths of what has any.
func intentsOrNone(r reply) []any {
	var paths []any
	for _, one := range r.results() {
		if path, is := one["intent_paths"]; is {
			paths = append(paths, path)
		}
	}
	return paths
}
