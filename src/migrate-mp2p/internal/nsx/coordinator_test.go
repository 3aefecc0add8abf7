package nsx

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

var _ = Describe("the migration coordinator", func() {
	ctx := context.Background()
	const (
		nodeURI     = "GET /api/v1/node"
		promoteURI  = "POST /api/v1/migration/mp-to-policy"
		planURI     = "POST /api/v1/migration/plan"
		statusURI   = "GET /api/v1/migration/status-summary"
		rollbackURI = "POST /api/v1/migration/mp-to-policy/rollback"
	)
	batch := mp.Promotion{
		MigrationData: []mp.Resource{{Type: "TIER1", ResourceIDs: []mp.ResourceDetails{{ManagerID: "m1", PolicyID: "m1"}}}},
		SetupDetails:  &mp.SetupDetails{PrincipalIdentity: "admin"},
	}

	It("is sent what the promotion needs, in the words of its API [R14]", func() {
		m := newManager()
		for _, uri := range []string{
			promoteURI, planURI, rollbackURI, "POST /api/v1/migration/mp-to-policy/workflow", "POST /api/v1/node/services/migration-coordinator",
		} {
			m.on(uri, reply(200, ""))
		}
		c := connected(nil, m)
		Expect(c.StartCoordinator(ctx)).To(Succeed())
		Expect(c.Initiate(ctx)).To(Succeed())
		Expect(c.Promote(ctx, batch)).To(Succeed())
		Expect(c.PlanAction(ctx, "start")).To(Succeed())
		Expect(c.PlanAction(ctx, "abort")).To(Succeed())
		Expect(c.Rollback(ctx, batch)).To(Succeed())
		Expect(c.Done(ctx)).To(Succeed())
		Expect(c.StopCoordinator(ctx)).To(Succeed())
		var writes []string
		for _, request := range m.asked() {
			if request != nodeURI {
				writes = append(writes, request)
			}
		}
		Expect(writes).To(Equal([]string{
			"POST /api/v1/node/services/migration-coordinator?action=start",
			"POST /api/v1/migration/mp-to-policy/workflow?action=INITIATE",
			promoteURI, planURI + "?action=start", planURI + "?action=abort", rollbackURI,
			"POST /api/v1/migration/mp-to-policy/workflow?action=DONE",
			"POST /api/v1/node/services/migration-coordinator?action=stop",
		}))
		Expect(m.body(promoteURI)).To(MatchJSON(`{"migration_data":[{"type":"TIER1","resource_ids":[{"manager_id":"m1","policy_id":"m1"}]}],
			"setup_details":{"principal_identity":"admin"}}`))
		Expect(m.body(rollbackURI)).To(MatchJSON(`{"migration_data":[{"type":"TIER1","resource_ids":[{"manager_id":"m1","policy_id":"m1"}]}]}`))
	})

	It("tells service and plan states", func() {
		m := newManager()
		m.on("GET /api/v1/node/services/migration-coordinator/status", reply(200, `{"runtime_state":"running","pids":[4711]}`))
		m.on(statusURI, reply(200, `{"overall_migration_status":"PAUSED","component_status":[
			{"component_type":"MP_TO_POLICY_MIGRATION","status":"NOT_STARTED"},
			{"component_type":"MP_TO_POLICY_PRECHECK","status":"FAILED","percent_complete":50.5,"details":"m1 is bad"}]}`))
		c := connected(nil, m)
		service, err := c.CoordinatorService(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(service.Running()).To(BeTrue())
		Expect(service.PIDs).To(Equal([]int{4711}))
		status, err := c.MigrationStatus(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(status.Overall).To(Equal(mp.StatusPaused))
		Expect(status.Component(mp.ComponentPrecheck).Details).To(Equal("m1 is bad"))
		Expect(status.Component(mp.ComponentMigration).Status).To(Equal(mp.StatusNotStarted))
	})

	It("delivers all migrated resources and complaints", func() {
		m := newManager()
		m.on("GET /api/v1/migration/migrated-resources", replies(
			reply(200, `{"results":[{"resource_type":"TIER1","resource_id":"m1","policy_path":"/infra/tier-1s/m1"}],"cursor":"x"}`),
			reply(200, `{"results":[{"resource_type":"TIER1","resource_id":"m2"}]}`)))
		m.on("GET /api/v1/migration/mp-to-policy/feedback", reply(200, `{"results":[{"type":"TIER1","mp_id":"m3","mp_display_name":"t","error_list":[{"error_id":"7","error_desc":"no"}]}]}`))
		c := connected(nil, m)
		var ids []string
		Expect(c.MigratedResources(ctx, "TIER1", "", func(r mp.MigratedResource) error { ids = append(ids, r.ResourceID); return nil })).To(Succeed())
		Expect(ids).To(Equal([]string{"m1", "m2"}))
		var complaints []mp.Feedback
		Expect(c.Feedback(ctx, func(f mp.Feedback) error { complaints = append(complaints, f); return nil })).To(Succeed())
		Expect(complaints).To(Equal([]mp.Feedback{{Type: "TIER1", ID: "m3", Name: "t", Errors: []mp.FeedbackError{{ID: "7", Description: "no"}}}}))
	})

	It("is down, after few attempts, while its service does not answer", func() {
		m := newManager()
		m.on(statusURI, nsxError(500, 98))
		c := connected(nil, m)
		_, err := c.MigrationStatus(ctx)
		Expect(err).To(beKind(mp.KindCoordinatorDown))
		Expect(m.count(statusURI)).To(Equal(fewAttempts))
	})

	It("is not down while all of NSX is being reconfigured", func() {
		m := newManager()
		m.on(statusURI, replies(nsxError(500, 607), nsxError(500, 607), nsxError(500, 607), nsxError(500, 607), reply(200, `{"overall_migration_status":"NOT_STARTED","component_status":[]}`)))
		c := connected(nil, m)
		status, err := c.MigrationStatus(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(status.Overall).To(Equal(mp.StatusNotStarted))
	})

	It("is not waited for when its memory is asked for", func() {
		m := newManager()
		m.on("GET /api/v1/migration/migrated-resources", nsxError(500, 36000))
		c := connected(nil, m)
		m.asked()
		Expect(c.MigratedResources(ctx, "TIER0", "m1", nil)).To(beKind(mp.KindCoordinatorDown))
		Expect(m.asked()).To(ConsistOf(HavePrefix("GET /api/v1/migration/migrated-resources?"), nodeURI))
	})

	It("is asked again for a plan action while it is busy or somebody changes the plan", func() {
		m := newManager()
		m.on(planURI, replies(nsxError(400, 30722), nsxError(409, 30700), reply(200, "")))
		c := connected(nil, m)
		Expect(c.PlanAction(ctx, "start")).To(Succeed())
		Expect(m.count(planURI + "?action=start")).To(Equal(3))
	})

	It("is started again when the answer was lost, over a connection to the same node", func() {
		m := newManager()
		const serviceURI = "POST /api/v1/node/services/migration-coordinator"
		m.on(serviceURI, replies(hangUp, reply(200, "")))
		c := connected(nil, m)
		Expect(c.StartCoordinator(ctx)).To(Succeed())
		Expect(m.asked()).To(Equal([]string{nodeURI, serviceURI + "?action=start", nodeURI, serviceURI + "?action=start", nodeURI}))
	})

	DescribeTable("may have started when its service refuses to start once more",
		func(second http.HandlerFunc) {
			m := newManager()
			m.on("POST /api/v1/node/services/migration-coordinator", replies(hangUp, second))
			c := connected(nil, m)
			Expect(c.StartCoordinator(ctx)).To(beKind(mp.KindLost))
		},
		Entry("because it starts already", nsxError(400, 7)),
		Entry("because somebody is at it", nsxError(409, 7)),
		Entry("because we have no right", nsxError(403, 403)),
		Entry("as something else says", reply(404, page404)),
	)

	It("may have started when nobody can be asked afterwards", func() {
		m := newManager()
		c := connected(nil, m)
		m.on("POST /api/v1/node/services/migration-coordinator", func(w http.ResponseWriter, r *http.Request) {
			m.on(nodeURI, nsxError(400, 7))
			hangUp(w, r)
		})
		Expect(c.StartCoordinator(ctx)).To(beKind(mp.KindLost))
	})

	It("is initiated again after NSX's limiter refused it, and what NSX says then counts", func() {
		m := newManager()
		const initiateURI = "POST /api/v1/migration/mp-to-policy/workflow"
		m.on(initiateURI, replies(nsxError(503, 102), nsxError(400, 7)))
		c := connected(nil, m)
		Expect(c.Initiate(ctx)).To(beKind(mp.KindInvalid))
		Expect(m.count(initiateURI + "?action=INITIATE")).To(Equal(2))
	})

	It("is not asked again when the answer was lost", func() {
		m := newManager()
		m.on(planURI, hangUp)
		m.on(promoteURI, hangUp)
		c := connected(nil, m)
		Expect(c.PlanAction(ctx, "continue")).To(beKind(mp.KindLost))
		Expect(c.Promote(ctx, batch)).To(beKind(mp.KindLost))
		Expect(m.count(planURI + "?action=continue")).To(Equal(1))
		Expect(m.count(promoteURI)).To(Equal(1))
	})

	Context("behind a load balancer", func() {
		It("is written to only on a connection on which the node was read, before and after [R10]", func() {
			m := newManager()
			m.on(planURI, reply(200, ""))
			m.on(statusURI, reply(200, `{"overall_migration_status":"NOT_STARTED"}`))
			c := connected(nil, m)
			Expect(c.PlanAction(ctx, "start")).To(Succeed())
			Expect(m.asked()).To(Equal([]string{nodeURI, planURI + "?action=start", nodeURI}))
			_, err := c.MigrationStatus(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(c.PlanAction(ctx, "continue")).To(Succeed())
			Expect(m.asked()).To(Equal([]string{statusURI, planURI + "?action=continue", nodeURI}),
				"the check after a write serves the next one while the connection lasts")
		})

		It("reads the node again when the connection has ended, before anything else is sent [R10]", func() {
			m := newManager()
			m.on(planURI, reply(200, ""))
			c := connected(nil, m)
			m.on(nodeURI, replies(reply(200, `{"node_uuid":"node-1"}`), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Connection", "close")
				write(w, 200, `{"node_uuid":"node-1"}`)
			}, reply(200, `{"node_uuid":"node-2"}`)))
			Expect(c.PlanAction(ctx, "start")).To(Succeed())
			m.asked()
			err := c.PlanAction(ctx, "continue")
			Expect(err).To(beKind(mp.KindOtherNode))
			Expect(err).To(MatchError(And(ContainSubstring("node-2"), ContainSubstring("node-1"), ContainSubstring("source-IP persistence"))))
			Expect(m.asked()).To(Equal([]string{nodeURI}), "no write went to the other node")
		})

		It("reads the node again before a write after a while without one", func() {
			m := newManager()
			m.on(planURI, reply(200, ""))
			c := connected(nil, m)
			Expect(c.PlanAction(ctx, "start")).To(Succeed())
			m.asked()
			lane := c.pinned().lane
			lane.checkedAt = lane.checkedAt.Add(-checkLasts)
			Expect(c.PlanAction(ctx, "continue")).To(Succeed())
			Expect(m.asked()).To(Equal([]string{nodeURI, planURI + "?action=continue", nodeURI}))
		})

		It("goes on with polling over a new connection to the same node", func() {
			m := newManager()
			m.on(statusURI, replies(hangUp, reply(200, `{"overall_migration_status":"SUCCESS"}`)))
			c := connected(nil, m)
			status, err := c.MigrationStatus(ctx)
			Expect(err).NotTo(HaveOccurred())
			Expect(status.Overall).To(Equal(mp.StatusSuccess))
			Expect(m.asked()).To(Equal([]string{nodeURI, statusURI, nodeURI, statusURI}))
		})

		It("is noticed after the write when each request goes to another node [R10]", func() {
			m := newManager()
			m.on(promoteURI, func(w http.ResponseWriter, _ *http.Request) { m.become("node-2"); write(w, 200, "") })
			c := connected(nil, m)
			err := c.Promote(ctx, batch)
			Expect(err).To(beKind(mp.KindOtherNode))
			Expect(err).To(MatchError(ContainSubstring("POST /api/v1/migration/mp-to-policy")))
		})

		It("counts a write as lost when nobody can tell which node got it", func() {
			m := newManager()
			m.on(promoteURI, func(w http.ResponseWriter, _ *http.Request) {
				m.on(nodeURI, nsxError(500, 1))
				write(w, 200, "")
			})
			c := connected(nil, m)
			Expect(c.Promote(ctx, batch)).To(beKind(mp.KindLost))
		})

		It("refuses to write when every connection ends after one request", func() {
			m := newManager()
			m.on(nodeURI, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Connection", "close")
				write(w, 200, `{"node_uuid":"node-1"}`)
			})
			c := connected(nil, m)
			err := c.Promote(ctx, batch)
			Expect(err).To(beKind(mp.KindUnreachable))
			Expect(err).To(MatchError(ContainSubstring("nothing was sent")))
			Expect(m.count(promoteURI)).To(BeZero())
		})
	})

	It("refuses rows that it cannot understand", func() {
		m := newManager()
		m.on("GET /api/v1/migration/migrated-resources", reply(200, `{"results":[7]}`))
		c := connected(nil, m)
		err := c.MigratedResources(ctx, "", "", func(mp.MigratedResource) error { return nil })
		Expect(err).To(MatchError(ContainSubstring("migrated-resources")))
	})

	It("writes nothing for a command that must not write [I4]", func() {
		m := newManager()
		c := connected(func(o *Options) { o.ReadOnly = true }, m)
		writes := map[string]func() error{
			"start":    func() error { return c.StartCoordinator(ctx) },
			"stop":     func() error { return c.StopCoordinator(ctx) },
			"initiate": func() error { return c.Initiate(ctx) },
			"done":     func() error { return c.Done(ctx) },
			"promote":  func() error { return c.Promote(ctx, batch) },
			"plan":     func() error { return c.PlanAction(ctx, "abort") },
			"rollback": func() error { return c.Rollback(ctx, batch) },
			"patch":    func() error { return c.PatchPolicy(ctx, "/infra/x", struct{}{}) },
			"infra":    func() error { return c.PatchInfra(ctx, struct{}{}) },
			"put":      func() error { return c.PutPolicy(ctx, "/infra/x", struct{}{}, nil) },
			"delete":   func() error { return c.DeletePolicy(ctx, "/infra/x") },
		}
		for name, attempt := range writes {
			Expect(attempt()).To(beKind(mp.KindReadOnly), name)
		}
		Expect(c.Get(ctx, "/api/v1/cluster", &clusterProperties{})).To(Succeed())
		for _, request := range m.asked() {
			Expect(strings.HasPrefix(request, "GET ")).To(BeTrue(), request)
		}
	})
})

var _ = Describe("Policy objects", func() {
	ctx := context.Background()
	const uri = "/policy/api/v1/infra/segments/s"

	It("are read, changed, replaced and removed at their paths", func() {
		m := newManager()
		m.on("GET "+uri, reply(200, `{"id":"s","_revision":3}`))
		m.on("PUT "+uri, reply(200, `{"id":"s","_revision":4}`))
		m.on("PATCH "+uri, reply(200, ""))
		m.on("PATCH /policy/api/v1/infra", reply(200, ""))
		m.on("GET /policy/api/v1/infra/realized-state/status", reply(200, `{"consolidated_status":{"consolidated_status":"SUCCESS"}}`))
		c := connected(nil, m)
		var s struct {
			Revision int `json:"_revision"`
		}
		Expect(c.GetPolicy(ctx, "/infra/segments/s", &s)).To(Succeed())
		Expect(s.Revision).To(Equal(3))
		Expect(c.PutPolicy(ctx, "/infra/segments/s", s, &s)).To(Succeed())
		Expect(s.Revision).To(Equal(4))
		Expect(c.PatchPolicy(ctx, "/infra/segments/s", s)).To(Succeed())
		Expect(c.PatchInfra(ctx, json.RawMessage(`{"resource_type":"Infra"}`))).To(Succeed())
		Expect(c.Realization(ctx, "/infra/segments/s")).To(Equal("SUCCESS"))
		Expect(m.asked()).To(Equal([]string{
			"GET " + uri, "PUT " + uri, "PATCH " + uri + "?enforce_revision_check=true",
			"PATCH /policy/api/v1/infra?enforce_revision_check=true",
			"GET /policy/api/v1/infra/realized-state/status?intent_path=%2Finfra%2Fsegments%2Fs",
		}))
		Expect(m.body("PATCH /policy/api/v1/infra")).To(Equal(`{"resource_type":"Infra"}`))
	})

	It("count as removed when they are absent already", func() {
		m := newManager()
		c := connected(nil, m)
		Expect(c.DeletePolicy(ctx, "/infra/segments/none")).To(Succeed())
		m.on("DELETE "+uri, nsxError(400, 500030))
		Expect(c.DeletePolicy(ctx, "/infra/segments/s")).To(beKind(mp.KindConflict))
	})

	DescribeTable("of other owners are overwritten only when both configuration and caller want it",
		func(allowed, asked bool, header string) {
			m := newManager()
			m.on("PATCH "+uri, reply(200, ""))
			c := connected(func(o *Options) { o.AllowOverwrite = allowed }, m)
			callerCtx := ctx
			if asked {
				callerCtx = WithOverwrite(ctx)
			}
			Expect(c.PatchPolicy(callerCtx, "/infra/segments/s", struct{}{})).To(Succeed())
			Expect(m.header("PATCH "+uri, overwriteHeader)).To(Equal(header))
		},
		Entry(nil, true, true, "true"),
		Entry(nil, true, false, ""),
		Entry(nil, false, true, ""),
	)

	It("are not looked for outside the Policy tree, and bodies that cannot be built are not sent", func() {
		m := newManager()
		c := connected(nil, m)
		Expect(c.PatchPolicy(ctx, "/api/v1/logical-switches/x", struct{}{})).To(MatchError(ContainSubstring("not a Policy path")))
		Expect(c.PatchPolicy(ctx, "/infra/x", make(chan int))).To(MatchError(ContainSubstring("building the body")))
		Expect(m.asked()).To(BeEmpty())
	})
})
