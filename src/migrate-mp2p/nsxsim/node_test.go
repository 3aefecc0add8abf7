package nsxsim_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// judge is a coordinator with one endpoint that needs the service, and one verdict about realization.
type judge struct {
	status   string
	promoted bool
	reason   string
}

func (j judge) Routes() []api.Route {
	return []api.Route{{Method: "GET", Pattern: "/api/v1/migration/status-summary", Extent: api.Partial, OnCoordinator: true,
		Handle: func(context.Context, *api.Request) (*api.Response, error) { return api.OK(object{"up": true}) }}}
}
func (j judge) ServiceStarted(string) {}
func (j judge) ServiceStopped(string) {}
func (j judge) Realized(string) (api.Realization, bool) {
	return api.Realization{Status: j.status, Reason: j.reason}, j.promoted
}

// Unrealized is the verdict about the one segment of the tests.
func (j judge) Unrealized() map[string]api.Realization {
	if !j.promoted || j.status == "SUCCESS" {
		return nil
	}
	return map[string]api.Realization{"/infra/segments/s": {Status: j.status, Reason: j.reason}}
}
func (j judge) Phase() string                   { return "idle" }
func (j judge) Hold(bool)                       {}
func (j judge) Held(context.Context) error      { return nil }
func (j judge) Close()                          {}
func newJudge(api.Env) (api.Coordinator, error) { return judge{}, nil }

const (
	service = "/api/v1/node/services/migration-coordinator"
	summary = "/api/v1/migration/status-summary"
)

// onNode gives the same client on another node.
func (c *client) onNode(server *nsxsim.Server, node int) *client {
	copied := *c
	copied.base = server.NodeURL(node)
	return &copied
}

// heldClock is a clock that stands, and holds its last timer back until somebody calls it.
type heldClock struct {
	manualClock
	delay time.Duration
	timer func()
}

func (c *heldClock) AfterFunc(delay time.Duration, timer func()) api.Timer {
	c.delay, c.timer = delay, timer
	return stoppedTimer{}
}

var _ = Describe("the migration coordinator's service", func() {
	It("is stopped at first, and its endpoints answer 500 then", func() {
		c := admin(start(nsxsim.Options{Coordinator: newJudge}))
		Expect(c.get(service).Body).To(HaveKeyWithValue("service_name", "migration-coordinator"))
		Expect(c.get(service + "/status").Body).To(And(HaveKeyWithValue("runtime_state", "stopped"), HaveKeyWithValue("pids", BeEmpty())))
		Expect(c.get(summary).Status).To(Equal(http.StatusInternalServerError))
	})

	It("runs on one node only, with other pids after a restart", func() {
		server := start(nsxsim.Options{Coordinator: newJudge, Nodes: 3})
		one := admin(server)
		two := one.onNode(server, 1)
		Expect(one.do("POST", service+"?action=start", nil).Body).To(HaveKeyWithValue("runtime_state", "running"))
		Expect(one.get(summary).Status).To(Equal(http.StatusOK))
		Expect(two.get(summary).Status).To(Equal(http.StatusInternalServerError))
		Expect(two.get(service + "/status").Body).To(HaveKeyWithValue("runtime_state", "stopped"))
		Expect(two.do("POST", service+"?action=start", nil).Status).To(Equal(http.StatusBadRequest))

		pids := one.get(service + "/status").Body["pids"]
		Expect(one.do("POST", service+"?action=start", nil).Body).To(HaveKeyWithValue("pids", pids))
		Expect(one.do("POST", service+"?action=restart", nil).Body["pids"]).NotTo(Equal(pids))
		Expect(one.do("POST", service+"?action=stop", nil).Body).To(HaveKeyWithValue("runtime_state", "stopped"))
		Expect(two.do("POST", service+"?action=start", nil).Body).To(HaveKeyWithValue("runtime_state", "running"))
	})

	It("needs a while to start when that is configured", func() {
		clock := &heldClock{manualClock: manualClock{now: time.Now()}}
		c := admin(start(nsxsim.Options{Coordinator: newJudge, ServiceStartDelay: time.Minute, Clock: clock}))
		Expect(c.do("POST", service+"?action=start", nil).Body).To(HaveKeyWithValue("runtime_state", "stopped"))
		Expect(c.get(summary).Status).To(Equal(http.StatusInternalServerError))
		Expect(clock.delay).To(Equal(time.Minute))
		clock.timer()
		Expect(c.get(summary).Status).To(Equal(http.StatusOK))
	})

	It("gets new pids when it crashes", func() {
		server := start(nsxsim.Options{Coordinator: newJudge})
		c := admin(server)
		pids := c.do("POST", service+"?action=start", nil).Body["pids"]
		Expect(server.RestartCoordinator()).To(Succeed())
		Expect(c.get(service + "/status").Body).To(And(HaveKeyWithValue("runtime_state", "running"), HaveKeyWithValue("pids", Not(Equal(pids)))))
	})
})

var _ = Describe("nodes", func() {
	It("have ids of their own and one cluster", func() {
		server := start(nsxsim.Options{Nodes: 2})
		one := admin(server)
		two := one.onNode(server, 1)
		Expect(one.get("/api/v1/node").Body["node_uuid"]).NotTo(Equal(two.get("/api/v1/node").Body["node_uuid"]))
		cluster := one.get("/api/v1/cluster").Body
		Expect(cluster["nodes"]).To(HaveLen(2))
		Expect(two.get("/api/v1/cluster").Body).To(HaveKeyWithValue("cluster_id", cluster["cluster_id"]))
		Expect(one.get("/api/v1/cluster/api-virtual-ip").Body).To(HaveKeyWithValue("ip_address", "0.0.0.0"))
	})

	answering := func(virtual nsxsim.VirtualAddress) []string {
		server := start(nsxsim.Options{Nodes: 3, VirtualAddress: virtual})
		c := admin(server)
		Expect(c.get("/api/v1/cluster/api-virtual-ip").Body).To(HaveKeyWithValue("ip_address", "127.0.0.1"))
		var names []string
		for range 3 {
			names = append(names, c.get("/api/v1/node").Body["hostname"].(string))
		}
		slices.Sort(names)
		return names
	}

	It("answer in turns behind an address without persistence [R10]", func() {
		Expect(answering(nsxsim.RoundRobin)).To(Equal([]string{"node-1", "node-2", "node-3"}))
	})

	It("answer alone behind an address with source-IP persistence [R10]", func() {
		names := answering(nsxsim.SourcePersistent)
		Expect(slices.Compact(names)).To(HaveLen(1))
	})
})

var _ = Describe("other system endpoints", func() {
	It("tell health and version", func() {
		c := admin(start(nsxsim.Options{Version: "3.2"}))
		Expect(c.get("/api/v1/reverse-proxy/node/health").Body).To(HaveKeyWithValue("healthy", true))
		Expect(c.get("/api/v1/node").Body["node_version"]).To(HavePrefix("3.2.0.0."))
	})

	It("tell of a recent backup unless the state says otherwise", func() {
		server := start(nsxsim.Options{})
		c := admin(server)
		statuses := c.get("/api/v1/cluster/backups/history").Body["cluster_backup_statuses"].([]any)
		Expect(statuses[0]).To(HaveKeyWithValue("success", true))
		Expect(server.Store().Update(func(tx *store.Tx) error {
			return tx.SetSection("backups", object{"cluster_backup_statuses": []any{}})
		})).To(Succeed())
		Expect(c.get("/api/v1/cluster/backups/history").Body["cluster_backup_statuses"]).To(BeEmpty())
	})

	It("count what the capacity dashboard counts", func() {
		usage := admin(start(nsxsim.Options{Store: world(manyPorts(4))})).get("/api/v1/capacity/usage").Body["capacity_usage"]
		Expect(usage).To(ContainElement(And(
			HaveKeyWithValue("usage_type", "NUMBER_OF_LOGICAL_PORTS"), HaveKeyWithValue("current_usage_count", BeEquivalentTo(4)),
			HaveKeyWithValue("max_supported_count", BeEquivalentTo(25000)), HaveKeyWithValue("severity", "INFO"))))
	})

	It("answer an unknown endpoint with 404 in NSX's form and mark it as a gap", func() {
		server := start(nsxsim.Options{})
		c := admin(server)
		unknown := c.get("/api/v1/nonsense/x")
		Expect(unknown.Status).To(Equal(http.StatusNotFound))
		Expect(unknown.Body).To(And(HaveKeyWithValue("httpStatus", "NOT_FOUND"), HaveKey("error_code"), HaveKey("error_message")))
		Expect(c.do("PATCH", "/api/v1/node", nil).Status).To(Equal(http.StatusMethodNotAllowed))
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		gaps := slices.DeleteFunc(server.Requests(), func(r nsxsim.Request) bool { return !r.Gap })
		Expect(gaps).To(HaveLen(2))
	})

	It("are all on the coverage page, with what is assumed", func() {
		endpoints, err := nsxsim.Coverage(nsxsim.Options{Coordinator: newJudge})
		Expect(err).NotTo(HaveOccurred())
		var page strings.Builder
		Expect(nsxsim.WriteCoverage(&page, endpoints)).To(Succeed())
		for _, e := range endpoints {
			Expect(page.String()).To(ContainSubstring(e.Path + "\n"))
		}
		Expect(page.String()).To(And(ContainSubstring(summary), ContainSubstring("OR"), ContainSubstring("everywhere:")))

		older, err := nsxsim.Coverage(nsxsim.Options{Version: "9.0"})
		Expect(err).NotTo(HaveOccurred())
		Expect(older).NotTo(ContainElement(HaveField("Path", "/api/v1/logical-ports")))
	})
})
