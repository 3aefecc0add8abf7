package nsxsim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

const ipSets = "/api/v1/ip-sets"

// posts are the bodies of creations.
var posts = faults.Rule{Name: "posts", Method: "POST", Path: ipSets}

// rule changes the rule posts.
func rule(change func(*faults.Rule)) []faults.Rule {
	r := posts
	change(&r)
	return []faults.Rule{r}
}

var _ = Describe("a fault", func() {
	It("answers in NSX's form before the request takes effect", func() {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) {
			r.Nth, r.Status, r.ErrorCode, r.Module, r.Message = 1, 503, 98, "common-services", "not up"
			r.Headers = map[string]string{"Retry-After": "3"}
		})})
		c := admin(server)
		refused := c.do("POST", ipSets, object{})
		Expect(refused.Status).To(Equal(http.StatusServiceUnavailable))
		Expect(refused.Body).To(And(HaveKeyWithValue("error_code", BeEquivalentTo(98)), HaveKeyWithValue("httpStatus", "SERVICE_UNAVAILABLE")))
		Expect(refused.Header.Get("Retry-After")).To(Equal("3"))
		Expect(c.get(ipSets).results()).To(BeEmpty())
		Expect(c.do("POST", ipSets, object{}).Status).To(Equal(http.StatusCreated))
		Expect(server.Requests()[0].Fault).To(Equal("posts"))
	})

	It("makes the search unready with a 605xx error", func() {
		c := admin(start(nsxsim.Options{Faults: []faults.Rule{{Path: "/api/v1/search*", Nth: 1, Status: 400, ErrorCode: 60508, Module: "search", Message: "indexing"}}}))
		Expect(c.search("id:x", "").Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(60508)))
		Expect(c.search("id:x", "").Status).To(Equal(http.StatusOK))
	})

	It("may hide that the request took effect", func() {
		c := admin(start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.When, r.Status = faults.After, 500 })}))
		Expect(c.do("POST", ipSets, object{}).Status).To(Equal(http.StatusInternalServerError))
		Expect(c.get(ipSets).results()).To(HaveLen(1))
	})

	DescribeTable("drops the connection", func(when string, created int) {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.When, r.Drop = when, true })})
		c := admin(server)
		_, err := c.try("POST", ipSets, object{})
		Expect(err).To(HaveOccurred())
		Expect(c.get(ipSets).results()).To(HaveLen(created))
		Expect(server.Requests()[0]).To(And(HaveField("Method", "POST"), HaveField("Status", 0)))
	},
		Entry("before the effect", faults.Before, 0),
		Entry("after it", faults.After, 1),
	)

	It("delays", func() {
		c := admin(start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.Delay = faults.Duration(30 * time.Millisecond) })}))
		began := time.Now()
		Expect(c.do("POST", ipSets, object{}).Status).To(Equal(http.StatusCreated))
		Expect(time.Since(began)).To(BeNumerically(">=", 30*time.Millisecond))
	})

	It("answers with what a proxy would", func() {
		c := admin(start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.Status, r.RawBody = 502, "<html>bad gateway</html>" })}))
		Expect(c.do("POST", ipSets, object{}).Raw).To(Equal("<html>bad gateway</html>"))
	})

	It("calls a hook at that moment, with the request's body", func() {
		var seen []string
		c := admin(start(nsxsim.Options{Faults: rule(func(r *faults.Rule) {
			r.When, r.Hook = faults.After, func(call faults.Call) { seen = append(seen, call.Method+" "+call.Path+" "+string(call.Body)) }
		})}))
		Expect(c.do("POST", ipSets, `{"id":"x"}`).Status).To(Equal(http.StatusCreated))
		Expect(seen).To(Equal([]string{`POST /api/v1/ip-sets {"id":"x"}`}))
	})

	It("can be set and counted while NSX runs, without a login and beside the journal", func() {
		server := start(nsxsim.Options{})
		c := as(server, "")
		Expect(c.do("PUT", "/_nsxsim/faults", "- {name: gone, path: '*', status: 410}").Status).To(Equal(http.StatusOK))
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusGone))
		var status []object
		Expect(json.Unmarshal([]byte(c.get("/_nsxsim/faults").Raw), &status)).To(Succeed())
		Expect(status).To(ConsistOf(And(HaveKeyWithValue("name", "gone"), HaveKeyWithValue("acted", BeEquivalentTo(1)))))
		refused := c.do("PUT", "/_nsxsim/faults", "- {nmae: x}")
		Expect(refused.Status).To(Equal(http.StatusBadRequest))
		Expect(refused.Raw).To(ContainSubstring("nmae"))
		Expect(server.Requests()).To(HaveLen(1))
	})
})

var _ = Describe("NSX's limits", func() {
	It("refuse a user's requests above the rate with 429/102 that names the user", func() {
		clock := &manualClock{now: time.Now()}
		server := start(nsxsim.Options{Limits: nsxsim.Limits{PerSecond: 2}, Clock: clock})
		c := admin(server)
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		refused := c.get("/api/v1/node")
		Expect(refused.Status).To(Equal(http.StatusTooManyRequests))
		Expect(refused.Body).To(And(HaveKeyWithValue("error_code", BeEquivalentTo(102)),
			HaveKeyWithValue("error_message", "Client 'admin' exceeded request rate of 2 per second")))
		Expect(as(server, nsxsim.AuditorUser).get("/api/v1/node").Status).To(Equal(http.StatusOK))
		clock.now = clock.now.Add(time.Second)
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
	})

	DescribeTable("refuse too many requests in flight", func(limits nsxsim.Limits, status int) {
		inFlight, release := make(chan struct{}), make(chan struct{})
		server := start(nsxsim.Options{Limits: limits, Faults: []faults.Rule{{Path: ipSets, Hook: func(faults.Call) {
			inFlight <- struct{}{}
			<-release
		}}}})
		c := admin(server)
		var first sync.WaitGroup
		first.Go(func() {
			defer GinkgoRecover()
			Expect(c.get(ipSets).Status).To(Equal(http.StatusOK))
		})
		<-inFlight
		Expect(c.get("/api/v1/node").Status).To(Equal(status))
		close(release)
		first.Wait()
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
	},
		Entry("of one user with 429", nsxsim.Limits{InFlight: 1}, 429),
		Entry("of one user with 503 where that is configured", nsxsim.Limits{InFlight: 1, ConcurrencyStatus: 503}, 503),
		Entry("of all users with 503", nsxsim.Limits{TotalInFlight: 1}, 503),
	)
})

var _ = Describe("the journal", func() {
	It("is written as JSON lines and kept in order, bodies only where asked for, a login's never", func() {
		var file bytes.Buffer
		server := start(nsxsim.Options{Journal: &file, KeepBodies: true})
		_, _ = login(server, "admin", server.Password())
		c := admin(server)
		c.do("POST", ipSets+"?x=y", `{"id":"a"}`)
		c.get("/api/v1/node")

		requests := server.Requests()
		Expect(requests).To(HaveExactElements(
			And(HaveField("Path", "/api/session/create"), HaveField("User", "admin"), HaveField("Body", ""), HaveField("Writes()", false)),
			And(HaveField("Method", "POST"), HaveField("Query", "x=y"), HaveField("Status", 201), HaveField("Node", "node-1"),
				HaveField("Body", `{"id":"a"}`), HaveField("BodyBytes", 10), HaveField("Writes()", true)),
			And(HaveField("Method", "GET"), HaveField("Path", "/api/v1/node"), HaveField("Writes()", false))))
		lines := strings.Split(strings.TrimSpace(file.String()), "\n")
		Expect(lines).To(HaveLen(3))
		var line object
		Expect(json.Unmarshal([]byte(lines[1]), &line)).To(Succeed())
		Expect(line).To(And(HaveKey("time"), HaveKeyWithValue("method", "POST"), HaveKeyWithValue("path", ipSets), HaveKeyWithValue("status", BeEquivalentTo(201))))
		Expect(file.String()).NotTo(ContainSubstring(server.Password()))
	})

	It("holds no bodies by default", func() {
		server := start(nsxsim.Options{})
		admin(server).do("POST", ipSets, `{"id":"a"}`)
		Expect(server.Requests()[0].Body).To(BeEmpty())
	})
})
