package nsxsim_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("a node's services", func() {
	const services = "/api/v1/node/services"

	It("are listed and run", func() {
		c := admin(start(nsxsim.Options{}))
		Expect(c.get(services).Body["results"]).To(ContainElements(
			HaveKeyWithValue("service_name", "manager"), HaveKeyWithValue("service_name", "http"), HaveKeyWithValue("service_name", "migration-coordinator")))
		for _, name := range []string{"manager", "policy", "search", "http", "controller", "cluster_manager"} {
			Expect(c.get(services + "/" + name).Body).To(HaveKeyWithValue("service_name", name))
			Expect(c.get(services + "/" + name + "/status").Body).To(And(HaveKeyWithValue("runtime_state", "running"), HaveKeyWithValue("health", "STABLE")))
		}
		refused(c.get(services+"/nonsense"), http.StatusNotFound)
		refused(c.get(services+"/nonsense/status"), http.StatusNotFound)
	})

	It("hold the limits of the API, which take effect when they are changed", func() {
		server := start(nsxsim.Options{Limits: nsxsim.DefaultLimits(), Clock: &manualClock{now: time.Now()}})
		c := admin(server)
		properties := c.get(services + "/http").Body
		Expect(properties["service_properties"]).To(And(HaveKeyWithValue("client_api_rate_limit", BeEquivalentTo(100)),
			HaveKeyWithValue("client_api_concurrency_limit", BeEquivalentTo(40)), HaveKeyWithValue("global_api_concurrency_limit", BeEquivalentTo(199))))
		properties["service_properties"].(object)["client_api_rate_limit"] = 2
		Expect(c.do("PUT", services+"/http", properties).Body["service_properties"]).To(HaveKeyWithValue("client_api_rate_limit", BeEquivalentTo(2)))
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		Expect(refused(c.get("/api/v1/node"), http.StatusTooManyRequests)).To(ContainSubstring("exceeded request rate of 2 per second"))
	})

	It("end all sessions after the lifetime that was set, and when the proxy restarts", func() {
		clock := &manualClock{now: time.Now()}
		server := start(nsxsim.Options{Clock: clock})
		c, _ := login(server, "admin", server.Password())
		Expect(admin(server).do("PUT", services+"/http", object{"service_name": "http", "service_properties": object{"session_timeout": 60}}).Status).
			To(Equal(http.StatusOK))
		clock.now = clock.now.Add(61 * time.Second)
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
		c, _ = login(server, "admin", server.Password())
		Expect(admin(server).do("POST", services+"/http?action=restart", nil).Status).To(Equal(http.StatusNoContent))
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("refuse limits that cannot be", func() {
		c := admin(start(nsxsim.Options{}))
		for _, sent := range []object{{"client_api_rate_limit": -1}, {"client_api_rate_limit": "many"}, {"colour": "red"}} {
			refused(c.do("PUT", services+"/http", object{"service_properties": sent}), http.StatusBadRequest)
		}
	})
})

var _ = Describe("the cluster", func() {
	It("shows its nodes one by one, and that they are well", func() {
		c := admin(start(nsxsim.Options{Nodes: 3}))
		nodes := c.get("/api/v1/cluster").Body["nodes"].([]any)
		id := nodes[1].(object)["node_uuid"].(string)
		Expect(c.get("/api/v1/cluster/" + id).Body).To(And(HaveKeyWithValue("fqdn", "node-2"), HaveKeyWithValue("status", "JOINED"), HaveKey("api_listen_addr")))
		refused(c.get("/api/v1/cluster/none"), http.StatusNotFound)
		Expect(c.get("/api/v1/cluster/nodes").results()).To(ConsistOf(
			HaveKeyWithValue("display_name", "node-1"), HaveKeyWithValue("id", id), HaveKeyWithValue("display_name", "node-3")))
		status := c.get("/api/v1/cluster/status").Body
		Expect(status).To(And(HaveKeyWithValue("mgmt_cluster_status", And(HaveKeyWithValue("status", "STABLE"), HaveKeyWithValue("online_nodes", HaveLen(3)))),
			HaveKeyWithValue("control_cluster_status", HaveKeyWithValue("status", "STABLE")),
			HaveKeyWithValue("detailed_cluster_status", HaveKeyWithValue("overall_status", "STABLE"))))
	})

	It("stays the same over a restart", func() {
		server := start(nsxsim.Options{})
		before := admin(server).get("/api/v1/cluster").Body["cluster_id"]
		Expect(server.Close()).To(Succeed())
		Expect(admin(start(nsxsim.Options{Store: server.Store()})).get("/api/v1/cluster").Body["cluster_id"]).To(Equal(before))
	})

	It("keeps the set-up of backups without its secrets, and makes none", func() {
		c := admin(start(nsxsim.Options{}))
		const backups = "/api/v1/cluster/backups"
		Expect(c.get(backups + "/config").Body).To(HaveKeyWithValue("backup_enabled", false))
		Expect(c.get(backups + "/status").Body).To(HaveKeyWithValue("operation_type", "NONE"))
		set := c.do("PUT", backups+"/config", object{"backup_enabled": true, "passphrase": "s3cret-phrase", "remote_file_server": object{
			"server": "sftp", "protocol": object{"protocol_name": "sftp", "authentication_scheme": object{"username": "u", "password": "s3cret-word"}}}})
		Expect(set.Status).To(Equal(http.StatusOK))
		stored := c.get(backups + "/config")
		Expect(stored.Body).To(And(HaveKeyWithValue("backup_enabled", true), HaveKey("remote_file_server")))
		Expect(set.Raw + stored.Raw).NotTo(ContainSubstring("s3cret"))
	})

	It("has a licence", func() {
		c := admin(start(nsxsim.Options{}))
		Expect(c.get("/api/v1/licenses").results()).To(ConsistOf(HaveKeyWithValue("is_expired", false)))
		Expect(c.get("/api/v1/license").Body).To(HaveKeyWithValue("is_eval", false))
	})
})

var _ = Describe("the capacity dashboard", func() {
	usageOf := func(c *client, kind string) object {
		GinkgoHelper()
		for _, line := range c.get("/api/v1/capacity/usage").Body["capacity_usage"].([]any) {
			if line.(object)["usage_type"] == kind {
				return line.(object)
			}
		}
		Fail("no line of the type " + kind)
		return nil
	}

	DescribeTable("counts", func(kind string, count, maximum int) {
		c := admin(start(nsxsim.Options{Store: world(connected())}))
		Expect(usageOf(c, kind)).To(And(HaveKeyWithValue("current_usage_count", BeEquivalentTo(count)), HaveKeyWithValue("max_supported_count", BeEquivalentTo(maximum))))
	},
		Entry("switches", "NUMBER_OF_LOGICAL_SWITCHES", 2, 10_000),
		Entry("Tier-1 routers", "NUMBER_OF_TIER1_ROUTERS", 1, 4_000),
		Entry("Tier-0 routers", "NUMBER_OF_TIER0_ROUTERS", 1, 160),
		Entry("NAT rules", "NUMBER_OF_NAT_RULES", 1, 25_000),
		Entry("firewall rules", "NUMBER_OF_FIREWALL_RULES", 1, 100_000),
		Entry("groups", "NUMBER_OF_NSGROUP", 3, 20_000),
	)

	It("warns by thresholds that can be set", func() {
		c := admin(start(nsxsim.Options{Store: world(connected())}))
		Expect(usageOf(c, "NUMBER_OF_NSGROUP")).To(And(HaveKeyWithValue("severity", "INFO"), HaveKeyWithValue("min_threshold_percentage", BeEquivalentTo(70))))
		const path = "/api/v1/capacity/threshold"
		list := c.get(path).Body
		list["capacity_thresholds"] = append(list["capacity_thresholds"].([]any), object{
			"threshold_type": "NUMBER_OF_NSGROUP", "min_threshold_percentage": 0.001, "max_threshold_percentage": 50})
		Expect(c.do("PUT", path, list).Status).To(Equal(http.StatusOK))
		Expect(usageOf(c, "NUMBER_OF_NSGROUP")).To(HaveKeyWithValue("severity", "WARNING"))
		Expect(usageOf(c, "NUMBER_OF_LOGICAL_SWITCHES")).To(HaveKeyWithValue("severity", "INFO"))
		list["capacity_thresholds"].([]any)[1].(object)["max_threshold_percentage"] = 0.002
		Expect(c.do("PUT", path, list).Status).To(Equal(http.StatusOK))
		Expect(usageOf(c, "NUMBER_OF_NSGROUP")).To(HaveKeyWithValue("severity", "CRITICAL"))
		refused(c.do("PUT", path, object{"colour": "red"}), http.StatusBadRequest)
	})
})

var _ = DescribeTable("an endpoint exists on", func(version, path string, status int) {
	c := admin(start(nsxsim.Options{Version: version, Store: world(connected())}))
	Expect(c.get("/api/v1/" + path).Status).To(Equal(status))
},
	Entry("3.2", "3.2", "logical-switches", http.StatusOK),
	Entry("4.0.1.1", "4.0.1.1", "ns-groups/ruled/effective-logical-port-members", http.StatusOK),
	Entry("4.1.1", "4.1.1", "firewall/sections/summary", http.StatusOK),
	Entry("4.2", "4.2", "pools/ip-pools", http.StatusOK),
	Entry("9.0 only if it is no logical object: switches", "9.0", "logical-switches", http.StatusNotFound),
	Entry("9.0 only if it is no logical object: states", "9.0", "logical-switches/s/state", http.StatusNotFound),
	Entry("9.0 only if it is no logical object: groups", "9.0", "ns-groups/ruled/member-types", http.StatusNotFound),
	Entry("9.0 only if it is no logical object: firewall", "9.0", "firewall/status", http.StatusNotFound),
	Entry("9.0 if it is about trust", "9.0", "trust-management/certificates", http.StatusOK),
	Entry("9.0 if it is about the fabric", "9.0", "transport-zones", http.StatusOK),
	Entry("9.0 if it is about nodes", "9.0", "node/services/http", http.StatusOK),
	Entry("9.0 if it is about the cluster", "9.0", "cluster/backups/config", http.StatusOK),
)
