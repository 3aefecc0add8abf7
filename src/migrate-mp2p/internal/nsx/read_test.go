package nsx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
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

	collect := func(into *[]int) Page {
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
		total, err := c.Search(ctx, Manager, `resource_type:LogicalSwitch AND tags.tag:"a b"`, collect(&ids))
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
		Expect(c.SearchCount(ctx, Policy, "resource_type:Segment")).To(Equal(1))
	})

	It("delivers nothing when search cannot hand out everything", func() {
		m := newManager()
		m.on(searchURI, index(50001))
		c := connected(nil, m)
		var ids []int
		_, err := c.Search(ctx, Manager, "q", collect(&ids))
		Expect(err).To(beKind(KindSearchCap))
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
			Expect(c.Search(ctx, Manager, "q", collect(&ids))).To(Equal(600))
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
		_, err := c.Search(ctx, Manager, "q", collect(new([]int)))
		Expect(err).To(beKind(KindInvalid))
		Expect(len(m.asked())).To(BeNumerically("<", 10))
	})

	DescribeTable("does not go round in circles when the search cursor makes no sense",
		func(second string) {
			m := newManager()
			m.on(searchURI, replies(reply(200, page(0, 10, 20, "10")), reply(200, second)))
			c := connected(nil, m)
			_, err := c.Search(ctx, Manager, "q", collect(new([]int)))
			Expect(err).To(beKind(KindSearch))
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

	It("does not list the same page for ever", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(200, page(0, 1, 9, "again")))
		c := connected(nil, m)
		_, err := c.List(ctx, "/api/v1/x", nil, collect(new([]int)))
		Expect(err).To(beKind(KindServer))
		Expect(m.asked()).To(HaveLen(2))
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
		_, err := c.Search(ctx, Manager, "q", refuse)
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
		Expect(c.Get(ctx, "/api/v1/ns-groups/none", &o)).To(beKind(KindNotFound))
		Expect(c.Get(ctx, "/api/v1/x?%zz", &o)).To(MatchError(ContainSubstring("/api/v1/x?%zz")))
	})
})
