package nsxsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
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

	It("refuses a query that it cannot parse", func() {
		refused := admin(start(nsxsim.Options{})).search("tags.scope:ncp/cluster", "")
		Expect(refused.Status).To(Equal(http.StatusBadRequest))
		Expect(refused.Body["error_message"]).To(ContainSubstring("offset"))
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
