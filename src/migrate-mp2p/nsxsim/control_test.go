package nsxsim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// control is a client that nobody knows; the simulator's own endpoints need no login.
func control(server *nsxsim.Server) *client { return as(server, "") }

// elements decodes an answer that is a JSON list.
func (r reply) elements() []object {
	GinkgoHelper()
	Expect(r.Status).To(Equal(http.StatusOK), r.Raw)
	var list []object
	Expect(json.Unmarshal([]byte(r.Raw), &list)).To(Succeed())
	return list
}

var _ = Describe("the simulator's own endpoints", func() {
	It("list themselves", func() {
		listed := control(start(nsxsim.Options{})).get("/_nsxsim/").elements()
		Expect(listed).To(HaveLen(len(nsxsim.ControlEndpoints())))
		Expect(listed).To(HaveEach(HaveKeyWithValue("does", Not(BeEmpty()))))
	})

	It("set and count fault rules, beside limits, faults and the journal", func() {
		server := start(nsxsim.Options{Limits: nsxsim.Limits{PerSecond: 1}, Clock: &manualClock{now: time.Now()}})
		c := control(server)
		Expect(c.do("PUT", "/_nsxsim/faults", "- {name: gone, path: '*', status: 410}").Status).To(Equal(http.StatusOK))
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusGone))
		Expect(c.get("/_nsxsim/faults").elements()).To(ConsistOf(And(HaveKeyWithValue("name", "gone"),
			HaveKeyWithValue("matched", BeEquivalentTo(1)), HaveKeyWithValue("acted", BeEquivalentTo(1)))))
		Expect(server.Requests()).To(HaveLen(1))
	})

	It("add a fault rule and take one out", func() {
		server := start(nsxsim.Options{Faults: []faults.Rule{{Name: "first", Method: "POST", Status: 500}}})
		c := control(server)
		Expect(c.do("POST", "/_nsxsim/faults", "{name: gone, method: GET, status: 410}").Status).To(Equal(http.StatusOK))
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusGone))
		Expect(c.do("DELETE", "/_nsxsim/faults/gone", nil).Status).To(Equal(http.StatusOK))
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusOK))
		Expect(c.get("/_nsxsim/faults").elements()).To(ConsistOf(HaveKeyWithValue("name", "first")))
		Expect(c.do("DELETE", "/_nsxsim/faults/gone", nil).Status).To(Equal(http.StatusNotFound))
	})

	DescribeTable("refuse", func(method, path, body, text string) {
		server := start(nsxsim.Options{Faults: []faults.Rule{{Name: "kept"}}})
		refused := control(server).do(method, path, body)
		Expect(refused.Status).To(Equal(http.StatusBadRequest))
		Expect(refused.Body).To(And(HaveKeyWithValue("module_name", "nsxsim"), HaveKeyWithValue("error_message", ContainSubstring(text))))
		Expect(server.Faults().Status()).To(HaveExactElements(HaveField("Name", "kept")))
	},
		Entry("unknown keys of rules", "PUT", "/_nsxsim/faults", "- path: x\n  nmae: y", "line 2"),
		Entry("unknown keys of a rule", "POST", "/_nsxsim/faults", "path: x\nnmae: y", "line 2"),
		Entry("a rule that means nothing", "POST", "/_nsxsim/faults", "{name: x, drop: true, hang: true}", `"x"`),
		Entry("a change that means nothing", "POST", "/_nsxsim/change", "{coordinator: thank}", "thank"),
		Entry("a change with unknown keys", "POST", "/_nsxsim/change", "{node: x}", "node"),
		Entry("a node that is not there", "PUT", "/_nsxsim/nodes/node-7", "down", "node-7"),
		Entry("a state that no node has", "PUT", "/_nsxsim/nodes/node-1", "sleepy", "sleepy"),
		Entry("nothing to do with the coordinator", "POST", "/_nsxsim/coordinator", "", "empty"),
		Entry("a state that is none", "PUT", "/_nsxsim/state", "{}", "restoring"),
		Entry("a number that is none", "GET", "/_nsxsim/requests?since=x", "", `"x"`),
	)

	It("know no others", func() {
		Expect(control(start(nsxsim.Options{})).get("/_nsxsim/teapot").Status).To(Equal(http.StatusNotFound))
	})

	It("take a node down and bring it back", func() {
		server := start(nsxsim.Options{Nodes: 2})
		two := control(server).onNode(server, 1)
		Expect(two.do("PUT", "/_nsxsim/nodes/node-1", "down").Status).To(Equal(http.StatusOK))
		_, err := admin(server).try("GET", "/api/v1/node", nil)
		Expect(err).To(MatchError(syscall.ECONNREFUSED))
		Expect(two.get("/_nsxsim/nodes").Body).To(HaveKeyWithValue("node-1",
			And(HaveKeyWithValue("reach", "down"), HaveKeyWithValue("url", server.NodeURL(0)))))
		Expect(two.do("PUT", "/_nsxsim/nodes/node-1", `"up"`).Status).To(Equal(http.StatusOK))
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusOK))
	})

	It("change NSX as a rule does", func() {
		server := start(nsxsim.Options{})
		c, _ := login(server, "admin", server.Password())
		Expect(control(server).do("POST", "/_nsxsim/change", "{end_sessions: true}").Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("tell the coordinator's phase, crash it and stop it", func() {
		server := start(nsxsim.Options{Nodes: 2, Coordinator: coordinator.New(coordinator.Options{})})
		c := admin(server).onNode(server, 1)
		pids := c.do("POST", service+"?action=start", nil).Body["pids"]
		Expect(control(server).get("/_nsxsim/coordinator").Body).To(HaveKeyWithValue("phase", coordinator.PhaseIdle))
		Expect(control(server).do("POST", "/_nsxsim/coordinator", "crash").Status).To(Equal(http.StatusOK))
		Expect(c.get(service + "/status").Body).To(And(HaveKeyWithValue("runtime_state", "running"), HaveKeyWithValue("pids", Not(Equal(pids)))))
		Expect(control(server).do("POST", "/_nsxsim/coordinator", "stop").Status).To(Equal(http.StatusOK))
		Expect(c.get(service + "/status").Body).To(HaveKeyWithValue("runtime_state", "stopped"))
	})

	It("give the journal, or what came after a request", func() {
		server := start(nsxsim.Options{})
		for range 3 {
			admin(server).get("/api/v1/node")
		}
		Expect(control(server).get("/_nsxsim/requests").elements()).To(HaveLen(3))
		Expect(control(server).get("/_nsxsim/requests?since=2").elements()).To(ConsistOf(HaveKeyWithValue("seq", BeEquivalentTo(3))))
	})

	It("give the whole state, and restore it", func() {
		server := start(nsxsim.Options{})
		admin(server).do("POST", ipSets, object{"id": "a"})
		var saved bytes.Buffer
		Expect(server.Store().Save(&saved)).To(Succeed())
		state := control(server).get("/_nsxsim/state")
		Expect(state.Raw).To(Equal(saved.String()))
		admin(server).do("POST", ipSets, object{"id": "b"})
		Expect(control(server).do("PUT", "/_nsxsim/state", state.Raw).Status).To(Equal(http.StatusOK))
		Expect(admin(server).get(ipSets).ids()).To(Equal([]string{"a"}))
	})

	It("take a backup that NSX's own history shows", func() {
		server := start(nsxsim.Options{})
		taken := control(server).do("POST", "/_nsxsim/backup", nil)
		Expect(taken.Status).To(Equal(http.StatusOK))
		_, err := store.Load(bytes.NewReader([]byte(taken.Raw)))
		Expect(err).NotTo(HaveOccurred())
		Expect(admin(server).get(backups).Body).To(HaveKeyWithValue("cluster_backup_statuses", HaveLen(1)))
	})
})
