package nsx

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// called is one kind of request that the client makes.
type called struct {
	name   string
	uri    string // as the stand-in knows it
	due    bool   // NSX sends a body
	repeat bool   // a write that may be carried out twice
	call   func(context.Context, *Client) error
}

func (c called) reads() bool { return strings.HasPrefix(c.uri, "GET ") }

func (c called) plan() bool { return strings.HasPrefix(c.uri, "POST "+migrationAPI+"plan") }

var calls = func() []called {
	nobody := func([]json.RawMessage) error { return nil }
	batch := mp.Promotion{MigrationData: []mp.Resource{{Type: "TIER1", ResourceIDs: []mp.ResourceDetails{{ManagerID: "m1"}}}}}
	const policy, x = "/policy/api/v1", "/infra/x"
	return []called{
		{"get", "GET /api/v1/x", true, false, func(ctx context.Context, c *Client) error { return c.Get(ctx, "/api/v1/x", nil) }},
		{"list", "GET /api/v1/l", true, false, func(ctx context.Context, c *Client) error {
			_, err := c.List(ctx, "/api/v1/l", nil, nobody)
			return err
		}},
		{"list's count", "GET /api/v1/l", true, false, func(ctx context.Context, c *Client) error { _, err := c.ListCount(ctx, "/api/v1/l", nil); return err }},
		{"Manager search", "GET /api/v1/search/query", true, false, func(ctx context.Context, c *Client) error {
			_, err := c.Search(ctx, mp.Manager, "q", nobody)
			return err
		}},
		{"Policy search", "GET " + policy + "/search/query", true, false, func(ctx context.Context, c *Client) error {
			_, err := c.Search(ctx, mp.Policy, "q", nobody)
			return err
		}},
		{"search's count", "GET /api/v1/search/query", true, false, func(ctx context.Context, c *Client) error { _, err := c.SearchCount(ctx, mp.Manager, "q"); return err }},
		{"get of Policy", "GET " + policy + x, true, false, func(ctx context.Context, c *Client) error { return c.GetPolicy(ctx, x, nil) }},
		{"realization", "GET " + policy + "/infra/realized-state/status", true, false, func(ctx context.Context, c *Client) error { _, err := c.Realization(ctx, x); return err }},
		{"service status", "GET " + coordinatorService + "/status", true, false, func(ctx context.Context, c *Client) error { _, err := c.CoordinatorService(ctx); return err }},
		{"migration status", "GET " + migrationAPI + "status-summary", true, false, func(ctx context.Context, c *Client) error { _, err := c.MigrationStatus(ctx); return err }},
		{"feedback", "GET " + promotionPath + "/feedback", true, false, func(ctx context.Context, c *Client) error {
			return c.Feedback(ctx, func(mp.Feedback) error { return nil })
		}},
		{"put", "PUT " + policy + x, true, false, func(ctx context.Context, c *Client) error { return c.PutPolicy(ctx, x, struct{}{}, nil) }},
		{"patch", "PATCH " + policy + x, false, true, func(ctx context.Context, c *Client) error { return c.PatchPolicy(ctx, x, struct{}{}) }},
		{"hierarchical patch", "PATCH " + policy + infra, false, true, func(ctx context.Context, c *Client) error { return c.PatchInfra(ctx, struct{}{}) }},
		{"delete", "DELETE " + policy + x, false, true, func(ctx context.Context, c *Client) error { return c.DeletePolicy(ctx, x) }},
		{"start", "POST " + coordinatorService, false, true, func(ctx context.Context, c *Client) error { return c.StartCoordinator(ctx) }},
		{"stop", "POST " + coordinatorService, false, true, func(ctx context.Context, c *Client) error { return c.StopCoordinator(ctx) }},
		{"initiate", "POST " + promotionPath + "/workflow", false, false, func(ctx context.Context, c *Client) error { return c.Initiate(ctx) }},
		{"done", "POST " + promotionPath + "/workflow", false, false, func(ctx context.Context, c *Client) error { return c.Done(ctx) }},
		{"promote", "POST " + promotionPath, false, false, func(ctx context.Context, c *Client) error { return c.Promote(ctx, batch) }},
		{"plan action", "POST " + migrationAPI + "plan", false, false, func(ctx context.Context, c *Client) error { return c.PlanAction(ctx, "continue") }},
		{"rollback", "POST " + promotionPath + "/rollback", false, false, func(ctx context.Context, c *Client) error { return c.Rollback(ctx, batch) }},
	}
}()

// judged is what an answer has to lead to.
type judged struct {
	kind  mp.Kind // empty: success
	sends int
}

// unclearTo is what an answer that is not NSX's leads to.
func unclearTo(c called) judged {
	switch {
	case c.reads():
		return judged{mp.KindUnclear, testAttempts}
	case c.repeat:
		return judged{mp.KindLost, testAttempts}
	default:
		return judged{mp.KindLost, 1}
	}
}

// troubledTo is what NSX's own word of its own trouble leads to.
func troubledTo(c called, read judged) judged {
	switch {
	case c.reads() && strings.HasPrefix(c.uri, "GET "+migrationAPI):
		return judged{mp.KindCoordinatorDown, fewAttempts}
	case c.reads():
		return read
	case c.repeat && !strings.HasPrefix(c.uri, "POST "):
		return judged{mp.KindLost, testAttempts}
	default:
		return judged{mp.KindLost, 1}
	}
}

const page404 = "<html><head><title>Not Found</title></head></html>"

// way is one way to be answered.
type way struct {
	name    string
	status  int
	body    string
	leadsTo func(called) judged
}

var answers = func() []way {
	all := []way{
		{"HTML", 200, "<html>log in</html>", unclearTo},
		{"the error of another API", 200, `{"error":{"code":7}}`, func(c called) judged {
			if c.due {
				return unclearTo(c)
			}
			return judged{"", 1}
		}},
		{"a JSON array", 200, `[{"id":"x"}]`, unclearTo},
		{"JSON that breaks off", 200, `{"id":"x","results":[{`, unclearTo},
		{"an error with status 200", 200, `{"error_code":36000,"id":"x","results":[],"result_count":0,"runtime_state":"running"}`, unclearTo},
		{"404 without a code", 404, `{"error_message":"no such page","httpStatus":"NOT_FOUND"}`, unclearTo},
		{"404 with code 0", 404, `{"error_code":0,"error_message":"no such page"}`, unclearTo},
		{"404 with a code that is no number", 404, `{"error_code":"E600"}`, unclearTo},
		{"404/202", 404, `{"error_code":202}`, func(c called) judged { return troubledTo(c, judged{mp.KindUnavailable, testAttempts}) }},
		{"404/258", 404, `{"error_code":258}`, func(c called) judged {
			switch {
			case c.reads():
				return judged{mp.KindUnclear, fewAttempts}
			case c.repeat && !strings.HasPrefix(c.uri, "POST "):
				return judged{mp.KindLost, fewAttempts}
			default:
				return judged{mp.KindLost, 1}
			}
		}},
		{"404/500090", 404, `{"error_code":500090}`, func(called) judged { return judged{mp.KindStale, 1} }},
		{"404/600", 404, `{"error_code":600}`, func(c called) judged {
			if c.name == "delete" {
				return judged{"", 1}
			}
			return judged{mp.KindNotFound, 1}
		}},
		{"409/409", 409, `{"error_code":409}`, func(c called) judged {
			if c.plan() {
				return judged{mp.KindConflict, testAttempts}
			}
			return judged{mp.KindConflict, 1}
		}},
		{"429/102", 429, `{"error_code":102}`, func(called) judged { return judged{mp.KindRate, testAttempts} }},
		{"500/36000", 500, `{"error_code":36000}`, func(c called) judged {
			if c.repeat && !strings.HasPrefix(c.uri, "POST ") {
				return judged{mp.KindServer, 1}
			}
			return troubledTo(c, judged{mp.KindServer, 1})
		}},
		{"500/98", 500, `{"error_code":98}`, func(c called) judged { return troubledTo(c, judged{mp.KindUnavailable, testAttempts}) }},
		{"503/98", 503, `{"error_code":98}`, func(c called) judged {
			if c.reads() {
				return judged{mp.KindUnavailable, testAttempts}
			}
			return troubledTo(c, judged{})
		}},
		{"503/102", 503, `{"error_code":102}`, func(called) judged { return judged{mp.KindUnavailable, testAttempts} }},
	}
	for _, status := range []int{200, 204} {
		all = append(all, way{fmt.Sprintf("empty %d", status), status, "", func(c called) judged {
			if c.due {
				return unclearTo(c)
			}
			return judged{"", 1}
		}})
	}
	for _, status := range []int{301, 302, 307, 400, 401, 403, 404, 409, 412, 418, 429, 500, 502, 503, 504} {
		all = append(all, way{fmt.Sprintf("%d with HTML", status), status, page404, unclearTo}, way{fmt.Sprintf("%d without a body", status), status, "", unclearTo})
	}
	return all
}()

var _ = Describe("an answer is NSX's own only in NSX's form", func() {
	ctx := context.Background()

	for _, a := range answers {
		It("judges "+a.name+" for every kind of request [R18]", func() {
			m := newManager()
			c := connected(func(o *Options) { o.Concurrency, o.FirstPause = 1, 10*time.Microsecond }, m)
			for _, call := range calls {
				want := a.leadsTo(call)
				m.on(call.uri, func(w http.ResponseWriter, _ *http.Request) {
					if a.status/100 == 3 {
						w.Header().Set("Location", "/login?of=nobody")
					}
					if a.status == 204 {
						w.WriteHeader(204)
						return
					}
					write(w, a.status, a.body)
				})
				m.asked()
				err := call.call(ctx, c)
				sent, logins := 0, 0
				for _, request := range m.asked() {
					switch plain, _, _ := strings.Cut(request, "?"); plain {
					case call.uri:
						sent++
					case "POST /api/session/create":
						logins++
					default:
						Expect(plain).NotTo(ContainSubstring("/login"))
					}
				}
				if a.status == 401 || a.status == 403 { // after a login, because the session may have ended
					if want.sends == 1 {
						Expect(logins).To(BeZero(), call.name)
					}
					sent -= logins
				}
				if want.kind == "" {
					Expect(err).NotTo(HaveOccurred(), call.name)
				} else {
					Expect(err).To(beKind(want.kind), call.name)
				}
				Expect(sent).To(Equal(want.sends), call.name)
			}
		})
	}

	It("knows the documented answers of all of them", func() {
		m := newManager()
		c := connected(nil, m)
		for _, call := range calls {
			m.on(call.uri, reply(200, `{"id":"x","results":[],"result_count":0,"runtime_state":"stopped","overall_migration_status":"NOT_STARTED",
				"consolidated_status":{"consolidated_status":"IN_PROGRESS"}}`))
			Expect(call.call(ctx, c)).To(Succeed(), call.name)
		}
	})

	DescribeTable("asks of an answer what NSX always sends",
		func(uri, body string, call func(*Client) error) {
			m := newManager()
			m.on(uri, reply(200, body))
			Expect(call(connected(nil, m))).To(beKind(mp.KindUnclear))
		},
		Entry("a service with another member", "GET "+coordinatorService+"/status", `{"status":"running"}`,
			func(c *Client) error { _, err := c.CoordinatorService(ctx); return err }),
		Entry("a service without a state", "GET "+coordinatorService+"/status", `{"runtime_state":""}`,
			func(c *Client) error { _, err := c.CoordinatorService(ctx); return err }),
		Entry("a state of another type", "GET "+coordinatorService+"/status", `{"runtime_state":1}`,
			func(c *Client) error { _, err := c.CoordinatorService(ctx); return err }),
		Entry("a plan without a state", "GET "+migrationAPI+"status-summary", `{"component_status":[]}`,
			func(c *Client) error { _, err := c.MigrationStatus(ctx); return err }),
		Entry("a realization without a state", "GET /policy/api/v1/infra/realized-state/status", `{"consolidated_status":{}}`,
			func(c *Client) error { _, err := c.Realization(ctx, "/infra/x"); return err }),
		Entry("an object without id", "GET /api/v1/x", `{"display_name":"x","id":null}`, func(c *Client) error { return c.Get(ctx, "/api/v1/x", nil) }),
		Entry("another object", "GET /policy/api/v1/infra/x", `{"id":"y","path":"/infra/y"}`, func(c *Client) error { return c.GetPolicy(ctx, "/infra/x", nil) }),
		Entry("another object, read by its whole path", "GET /policy/api/v1/infra/x", `{"id":"y","path":"/infra/y"}`,
			func(c *Client) error { return c.Get(ctx, "/policy/api/v1/infra/x", nil) }),
		Entry("another Manager object", "GET /api/v1/logical-switches/x", `{"id":"y","resource_type":"LogicalSwitch"}`,
			func(c *Client) error { return c.Get(ctx, "/api/v1/logical-switches/x", nil) }),
		Entry("a number without objects", "GET /api/v1/l", `{"result_count":7}`, func(c *Client) error { _, err := c.List(ctx, "/api/v1/l", nil, nil); return err }),
		Entry("a search without a number", "GET /api/v1/search/query", `{"results":[]}`,
			func(c *Client) error { _, err := c.Search(ctx, mp.Manager, "q", nil); return err }),
		Entry("a number that is none", "GET /api/v1/l", `{"result_count":"many"}`, func(c *Client) error { _, err := c.ListCount(ctx, "/api/v1/l", nil); return err }),
		Entry("results that are none", "GET /api/v1/l", `{"results":7}`, func(c *Client) error { _, err := c.List(ctx, "/api/v1/l", nil, nil); return err }),
	)

	It("takes the configuration of a router under an id of its own, and an empty list that names no results", func() {
		m := newManager()
		m.on("GET /api/v1/logical-routers/r/routing/bgp", reply(200, `{"id":"b","logical_router_id":"r"}`))
		m.on("GET /api/v1/l", reply(200, `{"result_count":0}`))
		c := connected(nil, m)
		Expect(c.Get(ctx, "/api/v1/logical-routers/r/routing/bgp", nil)).To(Succeed())
		Expect(c.List(ctx, "/api/v1/l", nil, nil)).To(BeZero())
	})

	It("forgets of an unclear answer what it had already taken", func() {
		m := newManager()
		m.on("GET "+coordinatorService+"/status", replies(reply(200, `{"reason":"somebody else","pids":[1],"runtime_state":7}`), reply(200, `{"runtime_state":"stopped"}`)))
		Expect(connected(nil, m).CoordinatorService(ctx)).To(Equal(mp.ServiceStatus{RuntimeState: "stopped"}))
	})

	It("believes an operator about the codes that mean absence, and names the property before", func() {
		m := newManager()
		m.on("GET /api/v1/x", nsxError(404, 8402))
		m.on("DELETE /policy/api/v1/infra/x", nsxError(404, 8402))
		c := connected(nil, m)
		Expect(c.Get(ctx, "/api/v1/x", nil)).To(MatchError(And(ContainSubstring("8402"), ContainSubstring("nsx.absent_codes"))))
		Expect(c.DeletePolicy(ctx, "/infra/x")).To(beKind(mp.KindLost))
		c = connected(func(o *Options) { o.AbsentCodes = []int{7, 8402} }, m)
		Expect(c.Get(ctx, "/api/v1/x", nil)).To(beKind(mp.KindNotFound))
		Expect(c.DeletePolicy(ctx, "/infra/x")).To(Succeed())
	})

	It("tells a call that NSX does not know from one that somebody else does not know", func() {
		m := newManager()
		m.on("GET /api/v1/new", nsxError(404, 258))
		m.on("GET /api/v1/html", reply(404, page404))
		c := connected(nil, m)
		Expect(mp.NoSuchCall(c.Get(ctx, "/api/v1/new", nil))).To(BeTrue())
		Expect(mp.NoSuchCall(c.Get(ctx, "/api/v1/absent", nil))).To(BeTrue())
		Expect(mp.NoSuchCall(c.Get(ctx, "/api/v1/html", nil))).To(BeFalse())
		m.on("GET /api/v1/new", nsxError(404, 202))
		Expect(mp.NoSuchCall(c.Get(ctx, "/api/v1/new", nil))).To(BeFalse())
	})
})
