package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

var _ = Describe("the status of the cluster", func() {
	var server *nsxsim.Server
	var c *client
	var ids []string

	BeforeEach(func() {
		server = start(nsxsim.Options{Nodes: 3})
		c = admin(server)
		ids = nil
		for _, one := range c.get("/api/v1/cluster/nodes").results() {
			ids = append(ids, one["id"].(string))
		}
	})

	// summary is what the three parts of ClusterStatus say of the whole.
	summary := func() []any {
		GinkgoHelper()
		status := c.get("/api/v1/cluster/status").Body
		return []any{
			status["mgmt_cluster_status"].(object)["status"], status["control_cluster_status"].(object)["status"],
			status["detailed_cluster_status"].(object)["overall_status"],
		}
	}
	// members are the statuses of the three nodes in each group of services.
	members := func() map[string][]any {
		GinkgoHelper()
		all := map[string][]any{}
		for _, group := range c.get("/api/v1/cluster/status").Body["detailed_cluster_status"].(object)["groups"].([]any) {
			for i, member := range group.(object)["members"].([]any) {
				Expect(member).To(HaveKeyWithValue("member_uuid", ids[i]))
				kind := group.(object)["group_type"].(string)
				all[kind] = append(all[kind], member.(object)["member_status"])
			}
		}
		return all
	}
	uuids := func(list string) []string {
		GinkgoHelper()
		var all []string
		for _, one := range c.get("/api/v1/cluster/status").Body["mgmt_cluster_status"].(object)[list].([]any) {
			all = append(all, one.(object)["uuid"].(string))
		}
		return all
	}
	reach := func(node, how string) {
		GinkgoHelper()
		Expect(control(server).do("PUT", "/_nsxsim/nodes/"+node, how).Status).To(Equal(http.StatusOK))
	}

	It("is stable while all nodes are there", func() {
		Expect(summary()).To(Equal([]any{"STABLE", "STABLE", "STABLE"}))
		Expect(members()).To(HaveKeyWithValue("MANAGER", []any{"UP", "UP", "UP"}))
		Expect(uuids("online_nodes")).To(Equal(ids))
		Expect(uuids("offline_nodes")).To(BeEmpty())
	})

	DescribeTable("is degraded without one node, and names it", func(how string) {
		reach("node-2", how)
		Expect(summary()).To(Equal([]any{"DEGRADED", "DEGRADED", "DEGRADED"}))
		for _, group := range []string{"MANAGER", "POLICY", "CONTROLLER", "DATASTORE"} {
			Expect(members()).To(HaveKeyWithValue(group, []any{"UP", "DOWN", "UP"}))
		}
		Expect(uuids("online_nodes")).To(Equal([]string{ids[0], ids[2]}))
		Expect(uuids("offline_nodes")).To(Equal([]string{ids[1]}))
		Expect(c.get("/api/v1/cluster/nodes/" + ids[1] + "/status").Body).To(And(
			HaveKeyWithValue("mgmt_cluster_status", HaveKeyWithValue("mgmt_cluster_status", "DISCONNECTED")),
			HaveKeyWithValue("control_cluster_status", HaveKeyWithValue("control_cluster_status", "DISCONNECTED"))))
		Expect(c.get("/api/v1/cluster/nodes/" + ids[0] + "/status").Body).To(
			HaveKeyWithValue("mgmt_cluster_status", HaveKeyWithValue("mgmt_cluster_status", "CONNECTED")))
		all := c.get("/api/v1/cluster/nodes/status").Body
		Expect(all["cluster_status"]).To(HaveKeyWithValue("overall_status", "DEGRADED"))
		Expect(all["management_cluster"]).To(ContainElement(And(HaveKeyWithValue("display_name", "node-2"),
			HaveKeyWithValue("node_status", HaveKeyWithValue("mgmt_cluster_status", HaveKeyWithValue("mgmt_cluster_status", "DISCONNECTED"))))))

		reach("node-2", "up")
		Expect(summary()).To(Equal([]any{"STABLE", "STABLE", "STABLE"}))
	},
		Entry("that is down", "down"),
		Entry("that is silent", "silent"),
	)

	It("is unavailable without a majority", func() {
		reach("node-2", "down")
		reach("node-3", "down")
		Expect(summary()).To(Equal([]any{"UNSTABLE", "UNSTABLE", "UNAVAILABLE"}))
		Expect(members()).To(HaveKeyWithValue("MANAGER", []any{"UP", "DOWN", "DOWN"}))
	})

	It("follows a fault that takes a node down", func() {
		Expect(server.Faults().Add(faults.Rule{
			Name: "a node goes", Path: ipSets, Change: &faults.Change{Nodes: map[string]faults.Reach{"node-3": faults.Down}},
		})).To(Succeed())
		Expect(summary()).To(ContainElement("STABLE"))
		c.get(ipSets)
		Expect(summary()).To(Equal([]any{"DEGRADED", "DEGRADED", "DEGRADED"}))
		Expect(uuids("offline_nodes")).To(Equal([]string{ids[2]}))
	})

	It("knows no other nodes", func() {
		Expect(c.get("/api/v1/cluster/nodes/nowhere/status").Status).To(Equal(http.StatusNotFound))
	})
})
