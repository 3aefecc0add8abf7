package claims_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/liar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// start makes a machine that is gone when the spec has ended.
func start(change ...func(*nsxsim.Options)) *machine {
	GinkgoHelper()
	m, err := earth.newMachine(change...)
	Expect(err).NotTo(HaveOccurred())
	m.untilEnd()
	return m
}

func (m *machine) untilEnd() {
	DeferCleanup(func() {
		AddReportEntry("history", m.history.String(), ReportEntryVisibilityFailureOrVerbose)
		Expect(m.close()).To(Succeed())
	})
}

// on plays a course up to its stretch, where the lies are told.
func on(ctx context.Context, name string, lies ...liar.Lie) *machine {
	GinkgoHelper()
	for _, c := range courses() {
		if c.name == name {
			m, err := c.begin(ctx, earth, lies...)
			m.untilEnd()
			Expect(err).NotTo(HaveOccurred())
			return m
		}
	}
	Fail("there is no course " + name)
	return nil
}

// settle runs the errand until it has ended, after a rollback once more. Every code must be true, and the first 0 or 2
// is one of those expected.
func (m *machine) settle(ctx context.Context, codes ...int) {
	GinkgoHelper()
	var end ending
	wrong, err := m.playOn(ctx, &end)
	Expect(err).NotTo(HaveOccurred(), m.history.String())
	Expect(wrong).To(BeEmpty(), strings.Join(wrong, "\n")+m.history.String())
	Expect(codes).To(ContainElement(end.code), m.history.String())
}

func (m *machine) run(ctx context.Context) int {
	GinkgoHelper()
	code, err := m.execute(ctx)
	Expect(err).NotTo(HaveOccurred(), m.history.String())
	return code
}

const (
	workflow = "/api/v1/migration/mp-to-policy/workflow$"
	rollback = "/api/v1/migration/mp-to-policy/rollback$"
	plan     = "/api/v1/migration/plan$"
	lists    = "^/policy/api/v1/infra/.*[a-z]s$"
	service  = "/api/v1/node/services/migration-coordinator$"
)

// asked counts the requests with a method, a path and a text in the query or the body.
func asked(requests []liar.Request, method, path, text string) (n int) {
	for _, r := range requests {
		if r.Method == method && regexp.MustCompile(path).MatchString(r.Path) && strings.Contains(r.Query+" "+string(r.Body), text) {
			n++
		}
	}
	return n
}

// after calls a function at the n-th request that follows the moment when begun was set.
func after(begun *atomic.Bool, n int64, do func()) liar.Lie {
	var count atomic.Int64
	return liar.Lie{Name: "counting", Cut: true, Match: func(liar.Request) bool {
		if begun.Load() && count.Add(1) == n {
			do()
		}
		return false
	}}
}

var _ = Describe("an answer that is not NSX's", func() {
	DescribeTable("to DONE, while NSX works on it, lets the run wait and go forward to 0 [I2] [R18]",
		func(ctx SpecContext, answer *liar.Answer, others int) {
			m := start()
			hold := migration("mp-to-policy/workflow", "action=DONE", 2)
			hold.Hook = func(faults.Call) {
				defer GinkgoRecover()
				Expect(m.server.Change(faults.Change{Coordinator: faults.HoldCoordinator})).To(Succeed())
			}
			Expect(m.fault(hold)).To(Succeed())
			goOn := func() {
				defer GinkgoRecover()
				Expect(m.server.Change(faults.Change{Coordinator: faults.ReleaseCoordinator})).To(Succeed())
			}
			var begun atomic.Bool
			Expect(m.proxy.Tell(
				liar.Lie{Name: "DONE", Method: "POST", Path: workflow, Query: "action=DONE", Nth: 2, First: liar.Meanwhile, Answer: answer, Hook: func(liar.Request) {
					defer GinkgoRecover()
					Expect(m.server.CoordinatorHeld(ctx)).To(Succeed()) // NSX is at it
					begun.Store(true)
				}},
				after(&begun, int64(others), goOn),
			)).To(Succeed())
			Expect(m.run(ctx)).To(Equal(run.AllPolicy), m.output)
			Expect(earth.judge(m.state, run.AllPolicy, "")).To(BeEmpty())
		},
		Entry("as HTML", liar.HTML(500), 1),
		Entry("as HTML, for long", liar.HTML(500), 40),
		Entry("as NSX's error 36000", liar.NSX(500, 36000, "internal"), 1),
		Entry("as NSX's error 36000, for long", liar.NSX(500, 36000, "internal"), 40),
		Entry("as HTML 504", liar.HTML(504), 40),
		Entry("as a login page with 200", liar.HTML(200), 40),
	)

	It("to three lists of phase 4 makes the run read again, and end in 0 only when all updates are applied [R15]", func(ctx SpecContext) {
		var done atomic.Bool
		m := start()
		Expect(m.proxy.Tell(liar.Lie{Name: "lists", Method: "GET", Path: lists, Times: 3, Answer: liar.HTML(404), Match: func(liar.Request) bool { return done.Load() }},
			liar.Lie{Name: "DONE", Method: "POST", Path: workflow, Query: "action=DONE", Nth: 2, First: liar.Now, Hook: func(liar.Request) { done.Store(true) }})).To(Succeed())
		m.settle(ctx, run.AllPolicy)
		Expect(m.proxy.Told("lists")).To(Equal(3))
	})

	DescribeTable("to one reading of ports in a rollback keeps no record from being rolled back [I2] [R17]",
		func(ctx SpecContext, path string) {
			m := on(ctx, "rollback", liar.Lie{Name: "ports", Method: "GET", Path: path, Answer: liar.HTML(404)})
			m.settle(ctx, run.AllManager)
			Expect(m.proxy.Told("ports")).To(Equal(1))
		},
		Entry("as a list", "^/api/v1/logical-ports$"),
		Entry("of a router", "^/api/v1/logical-router-ports"),
		Entry("of switches", "^/api/v1/logical-switches"),
	)

	It("to a rollback that had no effect is seen through by reading, and the rollback is sent again [I2] [R17]", func(ctx SpecContext) {
		m := on(ctx, "rollback", liar.Lie{Name: "rollback", Method: "POST", Path: rollback, Answer: liar.Empty(200)})
		m.settle(ctx, run.AllManager)
		Expect(m.proxy.Told("rollback")).To(Equal(1))
		bodies := map[string]int{}
		for _, r := range m.proxy.Requests() {
			if r.Method == http.MethodPost && regexp.MustCompile(rollback).MatchString(r.Path) {
				bodies[string(r.Body)]++
			}
		}
		Expect(bodies).To(ContainElement(BeNumerically(">", 1)))
	})

	DescribeTable("to INITIATE leaves no workflow open for ever [I8] [R17]",
		func(ctx SpecContext, answer *liar.Answer, times int) {
			m := start()
			Expect(m.proxy.Tell(liar.Lie{Name: "INITIATE", Method: "POST", Path: workflow, Query: "action=INITIATE", Nth: 2, Times: times, First: liar.Now, Answer: answer, Cut: answer == nil})).To(Succeed())
			m.settle(ctx, run.AllPolicy, run.AllManager)
			Expect(m.proxy.Told("INITIATE")).NotTo(BeZero())
		},
		Entry("as HTML 500", liar.HTML(500), 1),
		Entry("as HTML 503", liar.HTML(503), 1),
		Entry("as NSX's error 36000", liar.NSX(500, 36000, "internal"), 1),
		Entry("as HTML 503, three times", liar.HTML(503), 3),
		Entry("as HTML 404", liar.HTML(404), 1),
		Entry("as nothing", nil, 1),
	)

	DescribeTable("to the DONE that closes a rollback leaves no workflow open for ever [I8] [R17]",
		func(ctx SpecContext, answer *liar.Answer, first liar.Delivery) {
			m := on(ctx, "rollback", liar.Lie{Name: "DONE", Method: "POST", Path: workflow, Query: "action=DONE", First: first, Answer: answer, Cut: answer == nil})
			m.settle(ctx, run.AllManager)
			Expect(m.proxy.Told("DONE")).To(Equal(1))
		},
		Entry("as HTML 500, without effect", liar.HTML(500), liar.Never),
		Entry("as a refusal of NSX's", liar.NSX(400, 36001, "not now"), liar.Never),
		Entry("as NSX's error 36000, without effect", liar.NSX(500, 36000, "internal"), liar.Never),
		Entry("as nothing, without effect", nil, liar.Never),
		Entry("as nothing, with effect", nil, liar.Now),
		Entry("as a login page with 200, without effect", liar.HTML(200), liar.Never),
		Entry("as an empty 200, without effect", liar.Empty(200), liar.Never),
	)

	DescribeTable("with status 200 to what had no effect is no success [I2] [R15]",
		func(ctx SpecContext, method, path, query string, nth, times int, answer *liar.Answer) {
			m := start()
			Expect(m.proxy.Tell(liar.Lie{Name: "200", Method: method, Path: path, Query: query, Nth: nth, Times: times, Answer: answer})).To(Succeed())
			m.settle(ctx, run.AllPolicy, run.AllManager)
			Expect(m.proxy.Told("200")).NotTo(BeZero())
		},
		Entry("a login page to DONE of the shared objects", "POST", workflow, "action=DONE", 1, 1, liar.HTML(200)),
		Entry("a login page to DONE of NCP's", "POST", workflow, "action=DONE", 2, 1, liar.HTML(200)),
		Entry("a login page to DONE of NCP's, three times", "POST", workflow, "action=DONE", 2, 3, liar.HTML(200)),
		Entry("an empty answer to DONE of NCP's", "POST", workflow, "action=DONE", 2, 1, liar.Empty(200)),
		Entry("a login page to the first PATCH", "PATCH", "", "", 1, 1, liar.HTML(200)),
		Entry("a login page to a later PATCH", "PATCH", "", "", 15, 1, liar.HTML(200)),
		Entry("NSX's own to the first PATCH", "PATCH", "", "", 1, 1, liar.Empty(200)),
		Entry("NSX's own to a later PATCH", "PATCH", "", "", 15, 1, liar.Empty(200)),
		Entry("NSX's own to all PATCHes of an execution", "PATCH", "", "", 1, 19, liar.Empty(200)),
		Entry("a login page to continue", "POST", plan, "action=continue", 12, 1, liar.HTML(200)),
		Entry("an empty answer to continue", "POST", plan, "action=continue", 12, 1, liar.Empty(200)),
		Entry("an empty answer to start", "POST", plan, "action=start", 12, 1, liar.Empty(200)),
		Entry("an empty answer to a batch", "POST", "mp-to-policy$", "", 12, 1, liar.Empty(200)),
		Entry("an empty answer to the lease", "PUT", "lease$", "", 1, 1, liar.Empty(200)),
		Entry("an empty answer to the lease's deletion", "DELETE", "lease$", "", 2, 1, liar.Empty(200)),
	)

	It("to the login is an error, and the login is not repeated when it was a refusal", func(ctx SpecContext) {
		m := start()
		Expect(m.proxy.Tell(liar.Lie{Name: "login", Path: "session/create", Answer: liar.HTML(403)})).To(Succeed())
		Expect(ended(m.run(ctx))).To(BeFalse(), m.output)
		Expect(asked(m.proxy.Requests(), "POST", "session/create", "")).To(Equal(1))
		m.settle(ctx, run.AllPolicy)
	})

	It("to a list whose cursors go round in a circle is an error that speaks of the cursor, and soon [I10]", func(ctx SpecContext) {
		page := func(cursor string) *liar.Answer {
			return liar.JSON(200, fmt.Sprintf(`{"results": [], "result_count": 2000, "cursor": %q}`, cursor))
		}
		m := start()
		Expect(m.proxy.Tell(
			liar.Lie{Name: "A", Path: "^/api/v1/logical-switches$", Query: "cursor=A", Times: 300, Answer: page("B")},
			liar.Lie{Name: "B", Path: "^/api/v1/logical-switches$", Query: "cursor=B", Times: 300, Answer: page("A")},
			liar.Lie{Name: "first", Path: "^/api/v1/logical-switches$", Query: "page_size=1000", Times: 300, Answer: page("A")},
		)).To(Succeed())
		code := m.run(ctx)
		Expect(code).NotTo(Equal(run.AllPolicy), m.output)
		Expect(m.output).To(ContainSubstring("cursor"))
		Expect(m.proxy.Told("A")).To(BeNumerically("<", 20))
		Expect(earth.judge(m.state, code, "")).To(BeEmpty())
		Expect(m.proxy.Tell()).To(Succeed())
		m.settle(ctx, run.AllPolicy, run.AllManager)
	})

	It("to a list that shows an object on two pages is an error, and soon [I10]", func(ctx SpecContext) {
		object := `{"resource_type": "LogicalSwitch", "id": "11111111-2222-3333-4444-555555555555", "display_name": "twice"}`
		m := start()
		Expect(m.proxy.Tell(
			liar.Lie{Name: "second", Path: "^/api/v1/logical-switches$", Query: "cursor=B", Times: 300, Answer: liar.JSON(200, `{"result_count": 2, "results": [`+object+`]}`)},
			liar.Lie{Name: "first", Path: "^/api/v1/logical-switches$", Query: "page_size=1000", Times: 300, Answer: liar.JSON(200, `{"result_count": 2, "cursor": "B", "results": [`+object+`]}`)},
		)).To(Succeed())
		code := m.run(ctx)
		Expect(code).NotTo(Equal(run.AllPolicy), m.output)
		Expect(m.output).To(ContainSubstring("logical-switches"))
		Expect(m.proxy.Told("second")).To(BeNumerically("<", 20))
		Expect(earth.judge(m.state, code, "")).To(BeEmpty())
		Expect(m.proxy.Tell()).To(Succeed())
		m.settle(ctx, run.AllPolicy, run.AllManager)
	})
})

var _ = Describe("a request that comes late or twice", func() {
	// late keeps a continue in the network and kills the errand.
	late := func(ctx context.Context) *machine {
		GinkgoHelper()
		stopping, stop := context.WithCancel(ctx)
		defer stop()
		m := start()
		Expect(m.proxy.Tell(liar.Lie{Name: "continue", Method: "POST", Path: plan, Query: "action=continue", Nth: ncpBatch, First: liar.Later, Cut: true, Hook: func(liar.Request) { stop() }})).To(Succeed())
		Expect(m.run(stopping)).To(Equal(run.Interrupted), m.output)
		return m
	}

	DescribeTable("does no harm: a continue that is held in the network while the errand is killed [I1] [I2] [R18]",
		func(ctx SpecContext, method, path, query string, nth int, then liar.Delivery) {
			m := late(ctx)
			// Just before or just after a request of the next execution the late call arrives.
			arrives := func(liar.Request) { m.proxy.Deliver(ctx, "continue") }
			moment := liar.Lie{Name: "moment", Method: method, Path: path, Query: query, Nth: nth, First: liar.Now, Hook: arrives}
			if then == liar.Never { // before it
				match := 0
				moment = liar.Lie{Name: "moment", Hold: true, First: liar.Now, Match: func(r liar.Request) bool {
					if r.Method == method && regexp.MustCompile(path).MatchString(r.Path) && strings.Contains(r.Query, query) {
						match++
					}
					return match == nth
				}}
			}
			Expect(m.proxy.Tell(moment)).To(Succeed())
			if then == liar.Never {
				go func() {
					if m.proxy.WaitHeld(ctx, "moment") == nil {
						m.proxy.Deliver(ctx, "continue")
						m.proxy.Release("moment")
					}
				}()
			}
			m.settle(ctx, run.AllPolicy, run.AllManager)
			Expect(m.proxy.Deliver(ctx, "continue")).To(BeEmpty(), "the moment did not come: "+m.history.String())
		},
		Entry("before the first reading of the plan", "GET", "status-summary$", "", 1, liar.Never),
		Entry("after the first reading of the plan", "GET", "status-summary$", "", 1, liar.Now),
		Entry("after the second reading of the plan", "GET", "status-summary$", "", 2, liar.Now),
		Entry("before the abort", "POST", plan, "action=abort", 1, liar.Never),
		Entry("after the abort", "POST", plan, "action=abort", 1, liar.Now),
		Entry("before the first rollback", "POST", rollback, "", 1, liar.Never),
		Entry("after the first rollback", "POST", rollback, "", 1, liar.Now),
		Entry("before the closing DONE", "POST", workflow, "action=DONE", 1, liar.Never),
		Entry("after the closing DONE", "POST", workflow, "action=DONE", 1, liar.Now),
	)

	DescribeTable("does no harm: a write that NSX gets twice [I2] [R18]",
		func(ctx SpecContext, course, method, path, query string, nth int) {
			m := on(ctx, course, liar.Lie{Name: "twice", Method: method, Path: path, Query: query, Nth: nth, First: liar.Now, Second: liar.Now})
			m.settle(ctx, run.AllPolicy, run.AllManager)
			Expect(m.proxy.Told("twice")).To(Equal(1))
		},
		Entry("INITIATE", "usual run", "POST", workflow, "action=INITIATE", 2),
		Entry("a batch", "usual run", "POST", "mp-to-policy$", "", 12),
		Entry("start", "usual run", "POST", plan, "action=start", 12),
		Entry("continue", "usual run", "POST", plan, "action=continue", 12),
		Entry("DONE", "usual run", "POST", workflow, "action=DONE", 2),
		Entry("an update", "usual run", "PATCH", "", "", 3),
		Entry("the lease", "usual run", "PUT", "lease$", "", 1),
		Entry("a rollback", "rollback", "POST", rollback, "", 1),
		Entry("the closing DONE", "rollback", "POST", workflow, "action=DONE", 1),
		Entry("an abort", "rollback", "POST", plan, "action=abort", 1),
	)
})

var _ = Describe("a world that changed between two runs", func() {
	It("is that another machine migrates: the run that had given its lease back touches nothing any more [I8]", func(ctx SpecContext) {
		// The disk as it was when the lease had just been given back is that of an errand which was killed there.
		var a *machine
		disk := filepath.Join(GinkgoT().TempDir(), "records")
		a = on(ctx, "rollback", liar.Lie{Name: "lease", Method: "DELETE", Path: "lease$", First: liar.Now, Hook: func(liar.Request) {
			defer GinkgoRecover()
			Expect(os.CopyFS(disk, os.DirFS(a.config.Records.Directory))).To(Succeed())
			Expect(os.Chmod(disk, 0o700)).To(Succeed())
		}})
		Expect(a.run(ctx)).To(Equal(run.AllManager), a.output)
		Expect(a.proxy.Told("lease")).To(Equal(1))
		Expect(a.fault()).To(Succeed())
		a.config.Records.Directory = disk

		b := &machine{state: a.state, server: a.server, proxy: a.proxy}
		Expect(b.configure(earth)).To(Succeed())
		DeferCleanup(func() { Expect(os.RemoveAll(b.dir)).To(Succeed()) })
		Expect(a.proxy.Tell(liar.Lie{Name: "continue", Method: "POST", Path: plan, Query: "action=continue", Nth: 3, Hold: true, First: liar.Now})).To(Succeed())
		codes := make(chan int, 1)
		go func() {
			defer GinkgoRecover()
			codes <- b.run(ctx)
		}()
		Expect(a.proxy.WaitHeld(ctx, "continue")).To(Succeed())
		seen := len(a.proxy.Requests())
		code := a.run(ctx)
		for _, r := range a.proxy.Requests()[seen:] {
			Expect(r.Writes()).To(BeFalse(), "%s %s %s\n%s", r.Method, r.Path, r.Query, a.output)
		}
		Expect(ended(code)).To(BeFalse(), "B is half-way, so that no code may say that NSX is all of one kind: "+a.output)
		a.proxy.Release("continue")
		Expect(<-codes).To(Equal(run.AllPolicy), b.output)
		a.settle(ctx, run.AllPolicy)
	})

	DescribeTable("is that the search index is behind a rollback: what it says of before the rollback is believed by nobody [I2] [R12]",
		func(ctx SpecContext, behind int64) {
			m := start()
			m.config.Migration.Resources = "shared"
			// In the middle of the rollback the index stands still.
			frozen := time.Unix(1_000_000, 0)
			Expect(m.fault(*refusedBy(migration("plan", "action=continue", 5)))).To(Succeed())
			Expect(m.proxy.Tell(liar.Lie{Name: "rollback", Method: "POST", Path: rollback, Nth: 2, First: liar.Now, Hook: func(liar.Request) {
				m.state.SetSearchLag(time.Hour, func() time.Time { return frozen })
			}})).To(Succeed())
			Expect(m.run(ctx)).To(Equal(run.AllManager), m.output)
			Expect(m.proxy.Told("rollback")).To(Equal(1))
			Expect(m.fault()).To(Succeed())
			var begun atomic.Bool
			begun.Store(true)
			Expect(m.proxy.Tell(after(&begun, behind, m.state.Reindex))).To(Succeed())
			code := m.run(ctx)
			m.state.SetSearchLag(0, time.Now)
			report, err := check.Inspect(m.state, cluster)
			Expect(err).NotTo(HaveOccurred())
			if code == run.AllPolicy {
				Expect(report.Shared.Manager).To(BeZero(), "the code says that all shared objects are Policy; NSX says otherwise: "+m.output)
			}
			if code == run.AllManager {
				Expect(report.Shared.Policy).To(BeZero(), "the code says that all shared objects are Manager; NSX says otherwise: "+m.output)
			}
			m.config.Migration.Resources = "all"
			m.settle(ctx, run.AllPolicy)
		},
		Entry("for a request", int64(1)),
		Entry("for 15 requests", int64(15)),
		Entry("for 60 requests", int64(60)),
		Entry("for good", int64(1<<40)),
	)

	It("is that the virtual address went to another node after SIGTERM in the start of the coordinator: what was begun is found, or the way out is named [R19]", func(ctx SpecContext) {
		m := start(func(o *nsxsim.Options) { o.Nodes, o.VirtualAddress = 2, nsxsim.ClusterIP })
		stopping, stop := context.WithCancel(ctx)
		defer stop()
		Expect(m.proxy.Tell(liar.Lie{Name: "start", Method: "POST", Path: service, Query: "action=start", First: liar.Now, Hook: func(liar.Request) { stop() }})).To(Succeed())
		Expect(m.run(stopping)).NotTo(Equal(run.AllPolicy), m.output)
		Expect(m.proxy.Told("start")).To(Equal(1))
		Expect(m.server.Change(faults.Change{Failover: "node-2"})).To(Succeed())
		Expect(m.run(ctx)).To(Equal(run.AllManager), m.output)
		other := regexp.MustCompile(`stop the service there by hand and set nsx.accept_other_node: ([0-9a-f-]+)`).FindStringSubmatch(m.output)
		Expect(other).To(HaveLen(2), m.output)
		// The operator does what it says.
		Expect(m.server.Change(faults.Change{Coordinator: faults.StopCoordinator})).To(Succeed())
		m.config.NSX.AcceptOtherNode = other[1]
		m.settle(ctx, run.AllPolicy, run.AllManager)
	})

	DescribeTable("is that NSX was restored from a backup of the middle of the batches: that is seen in every state [I2] [I3]",
		func(ctx SpecContext, fault *faults.Rule, code int) {
			var backup strings.Builder
			m := start()
			taken := migration("plan", "action=continue", ncpBatch-2)
			taken.Hook = func(faults.Call) {
				defer GinkgoRecover()
				Expect(m.server.Backup(&backup)).To(Succeed())
			}
			stopping, stop := context.WithCancel(ctx)
			defer stop()
			rule := *fault
			if code == run.Interrupted {
				rule.Hook = func(faults.Call) { stop() }
			}
			Expect(m.fault(taken, rule)).To(Succeed())
			Expect(m.run(stopping)).To(Equal(code), m.output)
			Expect(m.server.Restore(strings.NewReader(backup.String()))).To(Succeed())
			Expect(m.fault()).To(Succeed())
			m.state = m.server.Store()
			if code == run.AllPolicy { // its records are archived, and say nothing of what is half-way
				Expect(m.run(ctx)).To(Equal(run.Mixed), m.output)
				Expect(m.output).To(And(ContainSubstring("NSX was restored from a backup"), ContainSubstring("migration.adopt: true")))
				m.config.Migration.Adopt = true // the operator does what it says
				m.settle(ctx, run.AllPolicy)
				return
			}
			m.settle(ctx, run.AllPolicy, run.AllManager)
		},
		Entry("migrating", lostAt(migration("plan", "action=continue", ncpBatch+3)), run.Interrupted),
		Entry("committing", lostAt(migration("mp-to-policy/workflow", "action=DONE", 2)), run.Interrupted),
		Entry("applying", refusedBy(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", From: 12}), run.Mixed),
		Entry("archived, while the backup holds the lease of the run before", &faults.Rule{Method: http.MethodHead, Path: "/none"}, run.AllPolicy),
	)

	It("is that nsx.lease was switched off: the lease that the records name is given back all the same [I8]", func(ctx SpecContext) {
		m := on(ctx, "recovery")
		m.config.NSX.Lease = false
		m.settle(ctx, run.AllManager)
	})

	It("is a group of the lease's name without our tag: it is refused by its path, and stays [I3] [I8]", func(ctx SpecContext) {
		m := start()
		Expect(m.state.Update(func(tx *store.Tx) error {
			_, err := tx.Policy().PutFields(leasePath, map[string]any{
				"resource_type": "Group", "id": "nsx-mp2p-lease", "display_name": "somebody's", "path": leasePath,
			})
			return err
		})).To(Succeed())
		code := m.run(ctx)
		Expect(code).NotTo(Equal(run.AllPolicy), m.output)
		Expect(m.output).To(ContainSubstring(leasePath))
		Expect(asked(m.proxy.Requests(), "DELETE", "lease$", "")).To(BeZero())
		Expect(m.state.Update(func(tx *store.Tx) error { return tx.Policy().Delete(leasePath) })).To(Succeed())
		m.settle(ctx, run.AllPolicy)
	})
})
