package nsx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

var _ = Describe("reading many objects", func() {
	ctx := context.Background()
	const searchURI = "GET /api/v1/search/query"

	// index answers searches over n objects, as NSX does: the cursor counts what was handed out.
	index := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			from, size := 0, 0
			if _, err := fmt.Sscan(r.FormValue("cursor")+" 0", &from); err != nil {
				from = 0
			}
			if _, err := fmt.Sscan(r.FormValue("page_size"), &size); err != nil {
				panic(http.ErrAbortHandler)
			}
			to := min(from+size, n)
			write(w, 200, page(from, to, n, strconv.Itoa(to)))
		}
	}

	collect := func(into *[]int) mp.Page {
		return func(results []json.RawMessage) error {
			for _, raw := range results {
				var o struct{ ID int }
				if err := json.Unmarshal(raw, &o); err != nil {
					return err
				}
				*into = append(*into, o.ID)
			}
			return nil
		}
	}

	It("searches page by page in a stable order [R13]", func() {
		m := newManager()
		m.on(searchURI, index(2500))
		c := connected(nil, m)
		var ids []int
		total, err := c.Search(ctx, mp.Manager, `resource_type:LogicalSwitch AND tags.tag:"a b"`, collect(&ids))
		Expect(err).NotTo(HaveOccurred())
		Expect(total).To(Equal(2500))
		Expect(ids).To(HaveLen(2500))
		Expect(ids[2499]).To(Equal(2499))
		asked := m.asked()
		Expect(asked).To(HaveLen(3))
		for _, request := range asked {
			Expect(request).To(And(ContainSubstring("page_size=1000"), ContainSubstring("sort_by=id"),
				ContainSubstring("query="+url.QueryEscape(`resource_type:LogicalSwitch AND tags.tag:"a b"`))))
		}
		Expect(asked[2]).To(ContainSubstring("cursor=2000"))
	})

	It("searches Policy with the other search API", func() {
		m := newManager()
		m.on("GET /policy/api/v1/search/query", index(1))
		c := connected(nil, m)
		Expect(c.SearchCount(ctx, mp.Policy, "resource_type:Segment")).To(Equal(1))
	})

	It("delivers nothing when search cannot hand out everything", func() {
		m := newManager()
		m.on(searchURI, index(50001))
		c := connected(nil, m)
		var ids []int
		_, err := c.Search(ctx, mp.Manager, "q", collect(&ids))
		Expect(err).To(beKind(mp.KindSearchCap))
		Expect(ids).To(BeEmpty())
		Expect(m.asked()).To(HaveLen(1))
	})

	DescribeTable("halves pages that NSX calls too large, and goes on from where it was",
		func(status, code int) {
			m := newManager()
			all := index(600)
			m.on(searchURI, func(w http.ResponseWriter, r *http.Request) {
				if size, err := strconv.Atoi(r.FormValue("page_size")); err != nil || size > 250 {
					nsxError(status, code)(w, r)
					return
				}
				all(w, r)
			})
			c := connected(nil, m)
			var ids []int
			Expect(c.Search(ctx, mp.Manager, "q", collect(&ids))).To(Equal(600))
			Expect(ids).To(HaveLen(600))
			Expect(m.asked()).To(HaveLen(2 + 3))
		},
		Entry("by 400/255", 400, 255),
		Entry("by 503/60576", 503, 60576),
	)

	It("does not halve for ever", func() {
		m := newManager()
		m.on(searchURI, nsxError(400, 255))
		c := connected(nil, m)
		_, err := c.Search(ctx, mp.Manager, "q", collect(new([]int)))
		Expect(err).To(beKind(mp.KindInvalid))
		Expect(len(m.asked())).To(BeNumerically("<", 10))
	})

	DescribeTable("does not go round in circles when the search cursor makes no sense",
		func(second string) {
			m := newManager()
			m.on(searchURI, replies(reply(200, page(0, 10, 20, "10")), reply(200, second)))
			c := connected(nil, m)
			_, err := c.Search(ctx, mp.Manager, "q", collect(new([]int)))
			Expect(err).To(beKind(mp.KindSearch))
		},
		Entry("an empty page before the end", page(0, 0, 20, "10")),
		Entry("a cursor that stays", page(10, 15, 20, "10")),
		Entry("no cursor before the end", page(10, 15, 20, "")),
	)

	It("lists page by page with the cursor that NSX gave, until there is none or one of zeros", func() {
		m := newManager()
		const uri = "GET /api/v1/logical-ports"
		m.on(uri, replies(reply(200, page(0, 3, 5, "0036abc")), reply(200, page(3, 5, 5, "0000"))))
		c := connected(nil, m)
		params := url.Values{"logical_switch_id": {"s"}}
		var ids []int
		Expect(c.List(ctx, "/api/v1/logical-ports", params, collect(&ids))).To(Equal(5))
		Expect(ids).To(Equal([]int{0, 1, 2, 3, 4}))
		Expect(m.asked()).To(Equal([]string{
			uri + "?logical_switch_id=s&page_size=1000", uri + "?cursor=0036abc&logical_switch_id=s&page_size=1000",
		}))
		Expect(params).To(Equal(url.Values{"logical_switch_id": {"s"}}), "the caller's parameters are left alone")
	})

	DescribeTable("does not list the same page for ever",
		func(asked int, why string, pages ...string) {
			m := newManager()
			var answers []http.HandlerFunc
			for _, p := range pages {
				answers = append(answers, reply(200, p))
			}
			m.on("GET /api/v1/x", replies(answers...))
			c := connected(nil, m)
			_, err := c.List(ctx, "/api/v1/x", nil, collect(new([]int)))
			Expect(err).To(beKind(mp.KindUnclear))
			Expect(err).To(MatchError(And(ContainSubstring("GET /api/v1/x"), ContainSubstring(why))))
			Expect(m.asked()).To(HaveLen(asked))
		},
		Entry("whose cursor stays", 2, `the cursor "again" was given before`, page(0, 1, 9, "again"), page(1, 2, 9, "again")),
		Entry("whose cursors go in a circle", 3, `the cursor "a" was given before`, page(0, 1, 9, "a"), page(1, 2, 9, "b"), page(2, 3, 9, "a")),
		Entry("whose objects come again under new cursors", 3, "object 0 came a second time", page(0, 1, 9, "a"), page(1, 2, 9, "b"), page(0, 1, 9, "c")),
		Entry("with an object twice on one page", 1, "object 7 came a second time", `{"results":[{"id":7},{"id":8},{"id":7}],"result_count":3}`),
		Entry("with an address twice", 1, "object 10.0.0.1 came a second time", `{"results":[{"allocation_id":"10.0.0.1"},{"allocation_id":"10.0.0.1"}]}`),
		Entry("that goes on without objects", 2, "a page without objects goes on", page(0, 1, 9, "a"), page(1, 1, 9, "b")),
	)

	It("takes rows without ids as they come, and objects of one id at several places of a search", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(200, `{"results":[{"a":1},{"a":1},7],"result_count":3}`))
		m.on("GET /policy/api/v1/search/query", reply(200, `{"results":[{"id":"a","path":"/infra/x/a"},{"id":"a","path":"/infra/y/a"}],"result_count":2}`))
		c := connected(nil, m)
		Expect(c.List(ctx, "/api/v1/x", nil, func([]json.RawMessage) error { return nil })).To(Equal(3))
		Expect(c.Search(ctx, mp.Policy, "q", func([]json.RawMessage) error { return nil })).To(Equal(2))
		Expect(m.asked()).To(HaveLen(2))
	})

	// readings answers a list, one set of pages for each time that it is read from the beginning; the last one stays.
	readings := func(all ...[]string) http.HandlerFunc {
		at := -1
		next := 0
		return func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("cursor") == "" {
				at, next = min(at+1, len(all)-1), 0
			}
			next++
			write(w, 200, all[at][next-1])
		}
	}

	It("reads a list again that outgrew its number of objects, and hands out each object once [R13]", func() {
		m := newManager()
		m.on("GET /api/v1/x", readings(
			[]string{page(0, 3, 5, "a"), page(3, 6, 5, "")},
			[]string{page(0, 3, 7, "a"), page(3, 7, 7, "")},
		))
		c := connected(nil, m)
		var ids []int
		Expect(c.List(ctx, "/api/v1/x", nil, collect(&ids))).To(Equal(7))
		Expect(ids).To(Equal([]int{0, 1, 2, 3, 4, 5, 6}))
		Expect(m.asked()).To(HaveLen(4))
	})

	It("reads a list again that gave fewer objects than it had told", func() {
		m := newManager()
		m.on("GET /api/v1/x", readings([]string{page(0, 4, 5, "")}, []string{page(0, 5, 5, "")}))
		c := connected(nil, m)
		var ids []int
		Expect(c.List(ctx, "/api/v1/x", nil, collect(&ids))).To(Equal(5))
		Expect(ids).To(HaveLen(5))
	})

	It("says who writes when a list changes during each of three readings", func() {
		m := newManager()
		with := func(n int) []string {
			results := make([]string, n)
			for i := range results {
				results[i] = fmt.Sprintf(`{"resource_type":"LogicalPort","id":"p%d","display_name":"pod %d","_create_user":"ncp-tas1","_create_time":%d}`, i, i, 1700000000000+i*1000)
			}
			return []string{fmt.Sprintf(`{"results":[%s],"result_count":%d}`, strings.Join(results, ","), n-1)}
		}
		m.on("GET /api/v1/x", readings(with(3), with(4), with(9)))
		c := connected(nil, m)
		_, err := c.List(ctx, "/api/v1/x", nil, func([]json.RawMessage) error { return nil })
		Expect(err).To(beKind(mp.KindMoving))
		Expect(err).To(MatchError(And(ContainSubstring("GET /api/v1/x"), ContainSubstring("3 of 2 objects, then 4 of 3 objects, then 9 of 8 objects"),
			ContainSubstring(`came in between: LogicalPort p8 "pod 8", made by ncp-tas1 at 2023-11-14T22:13:28Z; LogicalPort p7`), ContainSubstring("stop who writes"))))
		Expect(m.asked()).To(HaveLen(maxReadings))
	})

	It("names who changed an object last, where NSX tells", func() {
		at, text := authorship([]byte(`{"id":"a","_create_user":"x","_create_time":1,"_last_modified_user":"y","_last_modified_time":1700000000000}`))
		Expect(text).To(Equal("object a, changed by y at 2023-11-14T22:13:20Z"))
		Expect(at).To(BeEquivalentTo(1700000000000))
	})

	It("takes a list whose number is never right, with a warning, when three readings agree", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(200, page(0, 4, 5, "")))
		log := gbytes.NewBuffer()
		c := connected(func(o *Options) { o.Logger = options(log, m).Logger }, m)
		var ids []int
		Expect(c.List(ctx, "/api/v1/x", nil, collect(&ids))).To(Equal(4))
		Expect(ids).To(HaveLen(4))
		Expect(m.asked()).To(HaveLen(maxReadings))
		Expect(log).To(gbytes.Say("taking 4 of 5 objects: all readings agree"))
	})

	It("does not take three readings of one size that differ", func() {
		m := newManager()
		m.on("GET /api/v1/x", readings([]string{page(0, 4, 5, "")}, []string{page(1, 5, 5, "")}, []string{page(0, 4, 5, "")}))
		c := connected(nil, m)
		_, err := c.List(ctx, "/api/v1/x", nil, collect(new([]int)))
		Expect(err).To(beKind(mp.KindMoving))
	})

	It("lists what tells no number", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(200, `{"results":[{"id":1}]}`))
		c := connected(nil, m)
		Expect(c.List(ctx, "/api/v1/x", nil, collect(new([]int)))).To(Equal(1))
		_, err := c.ListCount(ctx, "/api/v1/x", nil)
		Expect(err).To(beKind(mp.KindUnclear), "a number was asked for")
	})

	It("searches again in an index that changes meanwhile, hands out each object once, and goes on in the end", func() {
		m := newManager()
		m.on(searchURI, readings(
			[]string{page(0, 3, 5, "3"), page(2, 5, 6, "6")},
			[]string{page(0, 3, 6, "3"), page(3, 6, 6, "6")},
		))
		c := connected(nil, m)
		var ids []int
		Expect(c.Search(ctx, mp.Manager, "q", collect(&ids))).To(Equal(6))
		Expect(ids).To(Equal([]int{0, 1, 2, 3, 4, 5}))
		m.on(searchURI, readings([]string{page(0, 3, 5, "3"), page(2, 5, 6, "6")}))
		ids = nil
		Expect(c.Search(ctx, mp.Manager, "q", collect(&ids))).To(Equal(5))
		Expect(ids).To(Equal([]int{0, 1, 2, 3, 4}))
	})

	It("counts a collection without reading it", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(200, page(0, 1, 4711, "1")))
		c := connected(nil, m)
		Expect(c.ListCount(ctx, "/api/v1/x", nil)).To(Equal(4711))
		Expect(m.asked()).To(Equal([]string{"GET /api/v1/x?page_size=1"}))
	})

	It("stops at the first error of whoever receives the pages", func() {
		m := newManager()
		m.on(searchURI, index(5000))
		m.on("GET /api/v1/x", reply(200, page(0, 1, 2, "c")))
		c := connected(nil, m)
		full := errors.New("disk full")
		refuse := func([]json.RawMessage) error { return full }
		_, err := c.Search(ctx, mp.Manager, "q", refuse)
		Expect(err).To(MatchError(full))
		_, err = c.List(ctx, "/api/v1/x", nil, refuse)
		Expect(err).To(MatchError(full))
		Expect(m.asked()).To(HaveLen(2))
	})

	It("reads one object, with a query in the path, and tells an absent one", func() {
		m := newManager()
		m.on("GET /api/v1/ns-groups/g h", reply(200, `{"id":"g h"}`))
		c := connected(nil, m)
		var o struct{ ID string }
		Expect(c.Get(ctx, "/api/v1/ns-groups/g h?populate_references=true", &o)).To(Succeed())
		Expect(o.ID).To(Equal("g h"))
		Expect(m.asked()).To(Equal([]string{"GET /api/v1/ns-groups/g%20h?populate_references=true"}))
		Expect(c.Get(ctx, "/api/v1/ns-groups/none", &o)).To(beKind(mp.KindNotFound))
		Expect(c.Get(ctx, "/api/v1/x?%zz", &o)).To(MatchError(ContainSubstring("/api/v1/x?%zz")))
	})
})
