package nsxsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
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

// Requests that rules may match.
func list(c *client) reply { return c.get(ipSets) }
func node(c *client) reply { return c.get("/api/v1/node") }

func post(body object) func(*client) reply {
	return func(c *client) reply { return c.do("POST", ipSets, body) }
}

func query(text string) func(*client) reply {
	return func(c *client) reply { return c.get(ipSets + text) }
}

// phased is a coordinator that is at whatever it is told.
type phased struct {
	judge
	now string
}

func newPhased(api.Env) (api.Coordinator, error) { return &phased{now: coordinator.PhaseIdle}, nil }

func (p *phased) Phase() string { return p.now }

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

	DescribeTable("breaks the connection", func(cut faults.Rule, when string, seen error, created int) {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.When, r.Drop, r.Reset = when, cut.Drop, cut.Reset })})
		c := admin(server)
		_, err := c.try("POST", ipSets, object{})
		Expect(err).To(MatchError(seen))
		Expect(c.get(ipSets).results()).To(HaveLen(created))
		Expect(server.Requests()[0]).To(And(HaveField("Method", "POST"), HaveField("Status", 0)))
	},
		Entry("in order before the effect", faults.Rule{Drop: true}, faults.Before, io.EOF, 0),
		Entry("in order after it", faults.Rule{Drop: true}, faults.After, io.EOF, 1),
		Entry("by a TCP reset before the effect", faults.Rule{Reset: true}, faults.Before, syscall.ECONNRESET, 0),
		Entry("by a TCP reset after it", faults.Rule{Reset: true}, faults.After, syscall.ECONNRESET, 1),
	)

	DescribeTable("never answers and leaves the connection open", func(when string, created int) {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.When, r.Hang = when, true })})
		c := admin(server)
		ctx, giveUp := context.WithCancel(context.Background())
		var hanging sync.WaitGroup
		hanging.Go(func() {
			defer GinkgoRecover()
			_, err := c.tryWithin(ctx, "POST", ipSets, object{})
			Expect(err).To(MatchError(context.Canceled))
		})
		Eventually(server.Requests).Should(ConsistOf(And(HaveField("Status", 0), HaveField("Fault", "posts"))))
		giveUp()
		hanging.Wait()
		Expect(admin(server).get(ipSets).results()).To(HaveLen(created))
	},
		Entry("before the effect", faults.Before, 0),
		Entry("after it", faults.After, 1),
	)

	It("lets a hanging request go when the simulator ends", func() {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.Hang = true })})
		c := admin(server)
		var hanging sync.WaitGroup
		hanging.Go(func() {
			defer GinkgoRecover()
			_, err := c.try("POST", ipSets, object{})
			Expect(err).To(HaveOccurred())
		})
		Eventually(server.Requests).Should(HaveLen(1))
		Expect(server.Close()).To(Succeed())
		hanging.Wait()
	})

	DescribeTable("changes the body of NSX's own answer to", func(change func(*faults.Rule), expected string) {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.When = faults.After; change(r) })})
		answer := admin(server).do("POST", ipSets, object{"id": "a"})
		Expect(answer.Status).To(Equal(http.StatusCreated))
		Expect(answer.Raw).To(HaveLen(len(expected)))
		Expect(answer.Raw).To(HavePrefix(expected))
	},
		Entry("nothing", func(r *faults.Rule) { r.Empty = true }, ""),
		Entry("its first bytes", func(r *faults.Rule) { r.Truncate = 1 }, "{"),
	)

	DescribeTable("breaks the connection in the middle of the body", func(change func(*faults.Rule), seen error) {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.When, r.Truncate = faults.After, 10; change(r) })})
		_, err := admin(server).try("POST", ipSets, object{})
		Expect(err).To(MatchError(seen))
		Expect(admin(server).get(ipSets).results()).To(HaveLen(1))
	},
		Entry("in order", func(r *faults.Rule) { r.Drop = true }, io.ErrUnexpectedEOF),
		Entry("by a reset", func(r *faults.Rule) { r.Reset = true }, syscall.ECONNRESET),
	)

	It("slows the body down", func() {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.BytesPerSecond, r.Status, r.RawBody = 1000, 200, strings.Repeat("x", 150) })})
		began := time.Now()
		Expect(admin(server).do("POST", ipSets, object{}).Raw).To(HaveLen(150))
		Expect(time.Since(began)).To(BeNumerically(">=", 150*time.Millisecond))
	})

	It("adds headers to NSX's own answer", func() {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.Headers = map[string]string{"X-Proxy": "yes"} })})
		answer := admin(server).do("POST", ipSets, object{})
		Expect(answer.Status).To(Equal(http.StatusCreated))
		Expect(answer.Header.Get("X-Proxy")).To(Equal("yes"))
	})

	DescribeTable("gives well-known answers", func(name string, status int, body string) {
		c := admin(start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.Answer = name })}))
		answer := c.do("POST", ipSets, object{})
		Expect(answer.Status).To(Equal(status))
		Expect(answer.Raw).To(ContainSubstring(body))
		Expect(c.get(ipSets).results()).To(BeEmpty())
	},
		Entry("of a full disk", "disk-full", 500, "No space left on device"),
		Entry("of a limit", "rate-limit", 429, "Client 'admin' exceeded"),
		Entry("of a proxy", "proxy-error", 502, "<h1>502 Bad Gateway</h1>"),
		Entry("of a program gone mad", "wrong-json", 200, `{"results": [}`),
	)

	It("comes only while the coordinator is in a phase, and can crash it there", func() {
		server := start(nsxsim.Options{Coordinator: newPhased})
		c := admin(server)
		for _, phase := range []string{
			coordinator.PhaseIdle, coordinator.PhasePrecheck, coordinator.PhasePaused,
			coordinator.PhaseMigration, coordinator.PhaseDone, coordinator.PhaseRollback, coordinator.PhaseCancel,
		} {
			Expect(server.Faults().Replace([]faults.Rule{{Phase: phase}})).To(Succeed(), phase)
		}
		Expect(server.Faults().Replace([]faults.Rule{{
			Path: summary, Phase: coordinator.PhaseMigration, Change: &faults.Change{Coordinator: faults.CrashCoordinator},
		}})).To(Succeed())
		pids := c.do("POST", service+"?action=start", nil).Body["pids"]
		c.get(summary)
		Expect(c.get(service + "/status").Body["pids"]).To(Equal(pids))
		server.Coordinator().(*phased).now = coordinator.PhaseMigration
		c.get(summary)
		Expect(c.get(service + "/status").Body["pids"]).NotTo(Equal(pids))
	})

	DescribeTable("is for requests with", func(match faults.Rule, hit, missed func(*client) reply) {
		match.Status = http.StatusTeapot
		c := admin(start(nsxsim.Options{Nodes: 2, Faults: []faults.Rule{match}}))
		Expect(missed(c).Status).NotTo(Equal(http.StatusTeapot))
		Expect(hit(c).Status).To(Equal(http.StatusTeapot))
	},
		Entry("a method", faults.Rule{Method: "POST"}, post(object{}), list),
		Entry("a path", faults.Rule{Path: "*/ip-sets"}, list, node),
		Entry("a path's expression", faults.Rule{PathRegexp: "sets$"}, list, node),
		Entry("a query", faults.Rule{Query: "action=start"}, query("?action=start"), list),
		Entry("a text in the body", faults.Rule{Body: "10.0.0.1"}, post(object{"ip_addresses": []any{"10.0.0.1"}}), post(object{})),
		Entry("a type in the body", faults.Rule{BodyType: "IPSet"}, post(object{"resource_type": "IPSet"}), post(object{"display_name": "IPSet"})),
		Entry("a header", faults.Rule{RequestHeaders: map[string]string{"X-Allow-Overwrite": "true"}},
			func(c *client) reply { return list(c.with("X-Allow-Overwrite", "true")) }, list),
		Entry("a user", faults.Rule{User: nsxsim.AuditorUser}, func(c *client) reply {
			auditor := *c
			auditor.user = nsxsim.AuditorUser
			return list(&auditor)
		}, list),
		Entry("a number", faults.Rule{Nth: 2}, list, list),
		Entry("a range of numbers", faults.Rule{From: 2, To: 2}, list, list),
		Entry("every second number", faults.Rule{Every: 2}, list, list),
		Entry("certainty by chance", faults.Rule{Method: "POST", Probability: 1}, post(object{}), list),
	)

	It("is for one node", func() {
		server := start(nsxsim.Options{Nodes: 2, Faults: []faults.Rule{{Node: "node-2", Status: 500}}})
		Expect(admin(server).get(ipSets).Status).To(Equal(http.StatusOK))
		Expect(admin(server).onNode(server, 1).get(ipSets).Status).To(Equal(http.StatusInternalServerError))
	})

	It("lasts for a while after another one", func() {
		clock := &manualClock{now: time.Now()}
		c := admin(start(nsxsim.Options{Clock: clock, Faults: []faults.Rule{
			{Name: "trigger", Method: "POST"}, {AfterRule: "trigger", Ends: faults.Duration(time.Minute), Answer: "overload"},
		}}))
		Expect(c.get(ipSets).Status).To(Equal(http.StatusOK))
		Expect(c.do("POST", ipSets, object{}).Status).To(Equal(http.StatusCreated))
		Expect(c.get(ipSets).Status).To(Equal(http.StatusServiceUnavailable))
		clock.now = clock.now.Add(time.Minute)
		Expect(c.get(ipSets).Status).To(Equal(http.StatusOK))
	})

	It("chooses by chance what the seed says", func() {
		storm := func(seed uint64) []int {
			c := admin(start(nsxsim.Options{Seed: seed, Faults: []faults.Rule{{Probability: 0.5, Status: 503}}}))
			var statuses []int
			for range 30 {
				statuses = append(statuses, c.get(ipSets).Status)
			}
			return statuses
		}
		Expect(storm(1)).To(And(Equal(storm(1)), ContainElements(200, 503), Not(Equal(storm(2)))))
	})

	It("lets the search index fall behind from then on", func() {
		c := admin(start(nsxsim.Options{Faults: []faults.Rule{{Method: "POST", Change: &faults.Change{SearchLag: new(faults.Duration(time.Hour))}}}}))
		Expect(c.do("POST", ipSets, object{"resource_type": "IPSet"}).Status).To(Equal(http.StatusCreated))
		Expect(c.search("resource_type:IPSet", "").results()).To(BeEmpty())
		Expect(c.get(ipSets).results()).To(HaveLen(1))
	})

	It("ends all sessions", func() {
		server := start(nsxsim.Options{Faults: []faults.Rule{{Method: "POST", Path: ipSets, Change: &faults.Change{EndSessions: true}}}})
		c, _ := login(server, "admin", server.Password())
		Expect(c.do("POST", ipSets, object{}).Status).To(Equal(http.StatusCreated))
		Expect(c.get(ipSets).Status).To(Equal(http.StatusForbidden))
	})

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

	It("answers success without a body, while nothing has happened", func() {
		c := admin(start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.Status, r.Empty, r.When = 200, true, faults.Before })}))
		answer := c.do("POST", ipSets, object{})
		Expect(answer.Status).To(Equal(http.StatusOK))
		Expect(answer.Raw).To(BeEmpty())
		Expect(answer.Header).NotTo(HaveKey("Content-Type"))
		Expect(c.get(ipSets).results()).To(BeEmpty())
	})

	It("calls a hook at that moment, with the request's body", func() {
		var seen []string
		c := admin(start(nsxsim.Options{Faults: rule(func(r *faults.Rule) {
			r.When, r.Hook = faults.After, func(call faults.Call) { seen = append(seen, call.Method+" "+call.Path+" "+string(call.Body)) }
		})}))
		Expect(c.do("POST", ipSets, `{"id":"x"}`).Status).To(Equal(http.StatusCreated))
		Expect(seen).To(Equal([]string{`POST /api/v1/ip-sets {"id":"x"}`}))
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

	It("tell when to come back, where that is configured", func() {
		for wait, header := range map[time.Duration]string{0: "", 1500 * time.Millisecond: "2"} {
			c := admin(start(nsxsim.Options{Limits: nsxsim.Limits{PerSecond: 1, RetryAfter: wait}, Clock: &manualClock{now: time.Now()}}))
			Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
			Expect(c.get("/api/v1/node").Header.Get("Retry-After")).To(Equal(header))
		}
	})
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
