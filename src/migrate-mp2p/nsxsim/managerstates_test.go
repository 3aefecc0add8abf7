package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("states", func() {
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{Store: world(with(fabric(), map[string]object{
			"logical-ports/p":         {"id": "p", "resource_type": "LogicalPort", "logical_switch_id": "s", "switching_profile_ids": []any{object{"key": "SpoofGuardSwitchingProfile", "value": "sg"}}},
			"logical-router-ports/rp": {"id": "rp", "resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t1"},
			"firewall/sections/fw":    {"id": "fw", "resource_type": "FirewallSection", "_revision": 3},
			"firewall/sections/fw/rules/7": {
				"id": "7", "resource_type": "FirewallRule", "_revision": 2},
			"loadbalancer/rules/r": {"id": "r", "resource_type": "LbRule", "actions": []any{object{"type": "LbSelectPoolAction", "pool_id": "web"}}},
			"loadbalancer/pools/api": {"id": "api", "resource_type": "LbPool", "members": []any{
				object{"ip_address": "10.0.0.1", "port": "80"}, object{"ip_address": "10.0.0.2", "port": "80", "admin_state": "DISABLED"}}},
			"loadbalancer/virtual-servers/one":   {"id": "one", "resource_type": "LbVirtualServer", "pool_id": "api", "rule_ids": []any{"r"}},
			"loadbalancer/virtual-servers/two":   {"id": "two", "resource_type": "LbVirtualServer", "enabled": false, "pool_id": "api"},
			"loadbalancer/virtual-servers/other": {"id": "other", "resource_type": "LbVirtualServer"},
			"loadbalancer/services/lb": {"id": "lb", "resource_type": "LbService", "attachment": object{"target_type": "LogicalRouter", "target_id": "t1"},
				"virtual_server_ids": []any{"one", "two"}},
			"loadbalancer/services/free": {"id": "free", "resource_type": "LbService"},
			"loadbalancer/services/off": {"id": "off", "resource_type": "LbService", "enabled": false, "attachment": object{
				"target_type": "LogicalRouter", "target_id": "t1"}},
		}))}))
	})

	DescribeTable("are told of", func(path, missing, field string, value any) {
		Expect(c.get("/api/v1/" + path).Body).To(HaveKeyWithValue(field, value))
		refused(c.get("/api/v1/"+missing), http.StatusNotFound)
	},
		Entry("a router", "logical-routers/t1/state?barrier_id=1", "logical-routers/none/state", "state", "success"),
		Entry("a router's nodes", "logical-routers/t1/status", "logical-routers/none/status", "logical_router_id", "t1"),
		Entry("a router's port", "logical-router-ports/rp/state", "logical-router-ports/none/state", "state", "success"),
		Entry("a rule", "firewall/rules/7/state", "firewall/rules/8/state", "revision_desired", BeEquivalentTo(2)),
		Entry("a section", "firewall/sections/fw/state", "firewall/sections/none/state", "revision_desired", BeEquivalentTo(3)),
		Entry("a port's counters", "logical-ports/p/statistics", "logical-ports/none/statistics", "rx_bytes", HaveKeyWithValue("total", BeEquivalentTo(0))),
		Entry("a switch's counters", "logical-switches/s/statistics", "logical-switches/none/statistics", "logical_switch_id", "s"),
		Entry("a profile's ports", "switching-profiles/sg/summary", "switching-profiles/none/summary", "num_logical_ports", BeEquivalentTo(1)),
		Entry("a profile's switches", "switching-profiles/sg/summary", "switching-profiles/none/summary", "num_logical_switches", BeEquivalentTo(0)),
		Entry("a load balancer", "loadbalancer/services/lb/status", "loadbalancer/services/none/status", "service_status", "UP"),
		Entry("a load balancer that is off", "loadbalancer/services/off/status", "loadbalancer/services/none/status", "service_status", "DISABLED"),
		Entry("a load balancer without router", "loadbalancer/services/free/status", "loadbalancer/services/none/status", "service_status", "DETACHED"),
		Entry("its virtual servers", "loadbalancer/services/lb/status", "loadbalancer/services/none/status", "virtual_servers", ConsistOf(
			object{"virtual_server_id": "one", "status": "UP"}, object{"virtual_server_id": "two", "status": "DISABLED"})),
		Entry("its pools, also those of rules", "loadbalancer/services/lb/status", "loadbalancer/services/none/status", "pools", ConsistOf(
			HaveKeyWithValue("pool_id", "api"), HaveKeyWithValue("pool_id", "web"))),
		Entry("one virtual server", "loadbalancer/services/lb/virtual-servers/two/status", "loadbalancer/services/lb/virtual-servers/other/status", "status", "DISABLED"),
		Entry("all of them", "loadbalancer/services/lb/virtual-servers/status", "loadbalancer/services/none/virtual-servers/status", "result_count", BeEquivalentTo(2)),
		Entry("one pool", "loadbalancer/services/lb/pools/api/status", "loadbalancer/services/free/pools/api/status", "members", ConsistOf(
			HaveKeyWithValue("status", "UP"), HaveKeyWithValue("status", "DISABLED"))),
		Entry("all pools", "loadbalancer/services/lb/pools/status", "loadbalancer/services/none/pools/status", "result_count", BeEquivalentTo(2)),
		Entry("a load balancer's counters", "loadbalancer/services/lb/statistics", "loadbalancer/services/none/statistics", "statistics",
			HaveKeyWithValue("l7_total_sessions", BeEquivalentTo(0))),
		Entry("a pool's counters", "loadbalancer/services/lb/pools/web/statistics", "loadbalancer/services/lb/pools/none/statistics", "statistics",
			HaveKeyWithValue("bytes_in", BeEquivalentTo(0))),
	)

	It("of a router can be published again", func() {
		Expect(c.do("POST", "/api/v1/logical-routers/t1?action=reprocess", nil).Status).To(Equal(http.StatusNoContent))
		refused(c.do("POST", "/api/v1/logical-routers/none?action=reprocess", nil), http.StatusNotFound)
	})
})
