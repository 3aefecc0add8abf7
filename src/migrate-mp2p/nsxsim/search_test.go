package nsxsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// manyPorts is a world of n ports p00000, p00001...
func manyPorts(n int) map[string]object {
	objects := map[string]object{}
	for i := range n {
		id := fmt.Sprintf("p%05d", i)
		objects["logical-ports/"+id] = object{"id": id, "resource_type": "LogicalPort", "display_name": fmt.Sprint("port ", n-i), "tags": tags("ncp/cluster", "tas1")}
	}
	return objects
}

var _ = Describe("the Search API", func() {
	It("pages with a numeric cursor that counts what was returned and stands on the last page too", func() {
		c := admin(start(nsxsim.Options{Store: world(manyPorts(5))}))
		first := c.search("resource_type:LogicalPort", "&page_size=3")
		Expect(first.ids()).To(Equal([]string{"p00000", "p00001", "p00002"}))
		Expect(first.Body).To(HaveKeyWithValue("cursor", "3"))
		Expect(first.Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(5)))
		last := c.search("resource_type:LogicalPort", "&page_size=3&cursor=3")
		Expect(last.ids()).To(Equal([]string{"p00003", "p00004"}))
		Expect(last.Body).To(HaveKeyWithValue("cursor", "5"))
		Expect(last.Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(5)))
	})

	It("counts with page_size 0, defaults to 1000 and refuses more", func() {
		c := admin(start(nsxsim.Options{Store: world(manyPorts(1001))}))
		Expect(c.search("resource_type:LogicalPort", "&page_size=0").Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(1001)))
		Expect(c.search("resource_type:LogicalPort", "").results()).To(HaveLen(1000))
		tooLarge := c.search("resource_type:LogicalPort", "&page_size=1001")
		Expect(tooLarge.Status).To(Equal(http.StatusBadRequest))
		Expect(tooLarge.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(255)))
	})

	It("reaches no further than 50,000 objects", func() {
		c := admin(start(nsxsim.Options{Store: world(manyPorts(3))}))
		Expect(c.search("resource_type:LogicalPort", "&cursor=49000").Status).To(Equal(http.StatusOK))
		Expect(c.search("resource_type:LogicalPort", "&cursor=49001").Status).To(Equal(http.StatusBadRequest))
	})

	It("sorts by a field, both ways", func() {
		c := admin(start(nsxsim.Options{Store: world(manyPorts(3))}))
		Expect(c.search("resource_type:LogicalPort", "&sort_by=display_name").ids()).To(Equal([]string{"p00002", "p00001", "p00000"}))
		Expect(c.search("resource_type:LogicalPort", "&sort_by=id&sort_ascending=false").ids()).To(Equal([]string{"p00002", "p00001", "p00000"}))
	})

	It("keeps the sides apart, and cuts fields on the Policy side only", func() {
		c := admin(start(nsxsim.Options{Store: world(map[string]object{
			"logical-switches/a": {"id": "a", "resource_type": "LogicalSwitch", "display_name": "x"},
			"/infra/segments/a":  {"id": "a", "resource_type": "Segment", "display_name": "x", "path": "/infra/segments/a"},
		})}))
		query := "?included_fields=id,path&query=" + url.QueryEscape("display_name:x AND marked_for_delete:false")
		Expect(c.get("/policy/api/v1/search/query" + query).results()).To(Equal([]object{{"id": "a", "path": "/infra/segments/a"}}))
		Expect(c.get("/api/v1/search" + query).results()).To(ConsistOf(HaveKeyWithValue("resource_type", "LogicalSwitch")))
	})

	It("sorts by nested fields, numbers before texts, and puts what has no value last", func() {
		c := admin(start(nsxsim.Options{Store: world(map[string]object{
			"logical-ports/a": {"id": "a", "resource_type": "LogicalPort", "attachment": object{"context": object{"traffic_tag": 10}}},
			"logical-ports/b": {"id": "b", "resource_type": "LogicalPort", "attachment": object{"context": object{"traffic_tag": 9}}},
			"logical-ports/c": {"id": "c", "resource_type": "LogicalPort", "attachment": object{"context": object{"traffic_tag": "x"}}},
			"logical-ports/d": {"id": "d", "resource_type": "LogicalPort"},
		})}))
		Expect(c.search("*", "&sort_by=attachment.context.traffic_tag").ids()).To(Equal([]string{"b", "a", "c", "d"}))
	})

	It("refuses a query that it cannot parse, and says where", func() {
		c := admin(start(nsxsim.Options{}))
		for _, path := range []string{"/api/v1/search", "/api/v1/search/query", "/policy/api/v1/search/query"} {
			refused := c.get(path + "?query=" + url.QueryEscape("tags.scope:ncp/cluster"))
			Expect(refused.Status).To(Equal(http.StatusBadRequest), path)
			Expect(refused.Body).To(And(
				HaveKeyWithValue("httpStatus", "BAD_REQUEST"), HaveKeyWithValue("module_name", "search"),
				HaveKeyWithValue("error_message", ContainSubstring("position 14")), HaveKeyWithValue("details", "tags.scope:ncp/cluster"),
			))
		}
		Expect(c.get("/api/v1/search/query").Body).To(HaveKeyWithValue("error_message", ContainSubstring("empty")))
	})

	It("refuses parameters that make no sense", func() {
		c := admin(start(nsxsim.Options{}))
		for _, more := range []string{"&page_size=-1", "&page_size=x", "&cursor=x", "&cursor=-1", "&sort_ascending=perhaps"} {
			Expect(c.search("id:a", more).Status).To(Equal(http.StatusBadRequest), more)
		}
	})

	It("does not show what has no type, such as an allocation", func() {
		c := admin(start(nsxsim.Options{Store: world(map[string]object{
			"pools/ip-pools/p":                      {"id": "p", "resource_type": "IpPool"},
			"pools/ip-pools/p/allocations/10.0.0.1": {"allocation_id": "10.0.0.1"},
		})}))
		Expect(c.search("*:*", "").ids()).To(Equal([]string{"p"}))
		Expect(c.search("10.0.0.1", "").results()).To(BeEmpty())
	})

	It("gives up its Manager flavour in version 9, and keeps the Policy one", func() {
		c := admin(start(nsxsim.Options{Version: "9.0"}))
		Expect(c.search("id:a", "").Status).To(Equal(http.StatusNotFound))
		Expect(c.get("/policy/api/v1/search/query?query=id:a").Status).To(Equal(http.StatusOK))
	})

	DescribeTable("refuses a page that its service cannot put together", func(options nsxsim.SearchOptions, status, code int) {
		options.LargestPage = 900
		c := admin(start(nsxsim.Options{Search: options}))
		for _, more := range []string{"", "&page_size=901"} {
			tooLarge := c.search("id:a", more)
			Expect(tooLarge.Status).To(Equal(status))
			Expect(tooLarge.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(code)))
		}
		Expect(c.search("id:a", "&page_size=900").Status).To(Equal(http.StatusOK))
	},
		Entry("with 400", nsxsim.SearchOptions{}, http.StatusBadRequest, 255),
		Entry("with 503", nsxsim.SearchOptions{LargePageStatus: 503}, http.StatusServiceUnavailable, 60576),
	)

	DescribeTable("fails by a fault rule as its service does", func(code int) {
		c := admin(start(nsxsim.Options{Faults: []faults.Rule{{
			Name: "search", Path: "/api/v1/search/*", Nth: 1, Status: 400, ErrorCode: code, Module: "search", Message: "not now",
		}}}))
		Expect(c.search("id:a", "").Body).To(And(HaveKeyWithValue("error_code", BeEquivalentTo(code)), HaveKeyWithValue("module_name", "search")))
		Expect(c.search("id:a", "").Status).To(Equal(http.StatusOK))
	},
		Entry("when indexing is in progress", 60508),
		Entry("when it takes too long", 60514),
		Entry("when the index is out of sync", 60515),
	)

	It("makes its index anew by reconcile, and answers 60508 until that is done", func() {
		clock := &manualClock{now: time.Now()}
		c := admin(start(nsxsim.Options{SearchLag: time.Hour, Search: nsxsim.SearchOptions{Reindexing: time.Minute}, Clock: clock}))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"display_name": "x"}).Status).To(Equal(http.StatusCreated))
		Expect(c.search("resource_type:IPSet", "").results()).To(BeEmpty())
		Expect(c.do("POST", "/api/v1/search/reconcile?action=COMPLETE_REINDEXING&override=true&scope=manager", nil).Status).To(Equal(http.StatusNoContent))
		Expect(c.search("resource_type:IPSet", "").Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(60508)))
		clock.now = clock.now.Add(time.Minute)
		Expect(c.search("resource_type:IPSet", "").results()).To(HaveLen(1))
	})

	It("refuses to reconcile for reasons that NSX does not know, or for an auditor", func() {
		server := start(nsxsim.Options{})
		Expect(admin(server).do("POST", "/policy/api/v1/search/reconcile?action=BOREDOM", nil).Status).To(Equal(http.StatusBadRequest))
		Expect(admin(server).do("POST", "/policy/api/v1/search/reconcile?action=REBALANCE&override=7", nil).Status).To(Equal(http.StatusBadRequest))
		Expect(as(server, nsxsim.AuditorUser).do("POST", "/api/v1/search/reconcile?action=REBALANCE", nil).Status).To(Equal(http.StatusForbidden))
	})

	It("answers a pipeline of queries, each of which narrows the one before, to an auditor too", func() {
		server := start(nsxsim.Options{Store: world(manyPorts(5))})
		c := as(server, nsxsim.AuditorUser)
		pipeline := func(queries ...string) object {
			var steps []object
			for _, query := range queries {
				steps = append(steps, object{"query": query})
			}
			return object{"query_pipeline": steps}
		}
		path := "/api/v1/search/querypipeline?sort_by=id&page_size=2&cursor=0"
		found := c.do("POST", path, pipeline("resource_type:LogicalPort", "NOT id:p00000"))
		Expect(found.ids()).To(Equal([]string{"p00001", "p00002"}))
		Expect(found.Body).To(And(HaveKeyWithValue("result_count", BeEquivalentTo(4)), HaveKeyWithValue("cursor", "2")))
		Expect(c.do("POST", path, pipeline("resource_type:LogicalPort")).Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(5)))
		for _, bad := range []any{nil, object{}, pipeline("a:b:c"), object{"query_pipeline": []object{{"question": "?"}}}, "{} {}"} {
			Expect(c.do("POST", path, bad).Status).To(Equal(http.StatusBadRequest))
		}
	})

	It("answers questions in words", func() {
		c := admin(start(nsxsim.Options{Store: world(manyPorts(3))}))
		ask := func(question string) reply { return c.get("/api/v1/search/dsl?query=" + url.QueryEscape(question)) }
		Expect(ask("find port where name is \"port 2\" or id = p00002").ids()).To(Equal([]string{"p00001", "p00002"}))
		Expect(ask("find port where").Body).To(HaveKeyWithValue("error_message", ContainSubstring("position 15")))
	})

	It("runs behind by the configured lag, while lists are up to date", func() {
		clock := &manualClock{now: time.Now()}
		server := start(nsxsim.Options{SearchLag: time.Minute, Clock: clock})
		c := admin(server)
		created := c.do("POST", "/api/v1/ip-sets", object{"display_name": "x"})
		Expect(created.Status).To(Equal(http.StatusCreated))
		Expect(c.search("resource_type:IPSet", "").results()).To(BeEmpty())
		Expect(c.get("/api/v1/ip-sets").results()).To(HaveLen(1))
		clock.now = clock.now.Add(time.Minute)
		Expect(c.search("resource_type:IPSet", "").results()).To(HaveLen(1))
	})

	It("sees a change between two pages", func() {
		server := start(nsxsim.Options{Store: world(manyPorts(4))})
		c := admin(server)
		Expect(c.search("resource_type:LogicalPort", "&page_size=2").Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(4)))
		Expect(c.do("DELETE", "/api/v1/logical-ports/p00003", nil).Status).To(Equal(http.StatusOK))
		Expect(c.search("resource_type:LogicalPort", "&page_size=2&cursor=2").ids()).To(Equal([]string{"p00002"}))
	})
})
