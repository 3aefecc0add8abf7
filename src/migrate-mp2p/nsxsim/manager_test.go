package nsxsim_test

import (
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

var _ = Describe("Manager lists", func() {
	It("page with an opaque cursor that is absent at the end, and go on where they were", func() {
		server := start(nsxsim.Options{Store: world(manyPorts(5))})
		c := admin(server)
		first := c.get("/api/v1/logical-ports?page_size=2")
		Expect(first.ids()).To(Equal([]string{"p00000", "p00001"}))
		Expect(first.Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(5)))
		cursor := first.Body["cursor"].(string)
		Expect(cursor).NotTo(MatchRegexp(`^\d+$`))

		Expect(c.do("DELETE", "/api/v1/logical-ports/p00000", nil).Status).To(Equal(http.StatusOK))
		second := c.get("/api/v1/logical-ports?page_size=2&cursor=" + url.QueryEscape(cursor))
		Expect(second.ids()).To(Equal([]string{"p00002", "p00003"}))
		last := c.get("/api/v1/logical-ports?page_size=2&cursor=" + url.QueryEscape(second.Body["cursor"].(string)))
		Expect(last.ids()).To(Equal([]string{"p00004"}))
		Expect(last.Body).NotTo(HaveKey("cursor"))
		Expect(c.get("/api/v1/logical-ports?cursor=7").Status).To(Equal(http.StatusBadRequest))
	})

	DescribeTable("filter by", func(path string, ids ...string) {
		c := admin(start(nsxsim.Options{Store: world(map[string]object{
			"logical-switches/s1": {"id": "s1", "resource_type": "LogicalSwitch", "transport_zone_id": "tz1", "vlan": 5,
				"switching_profile_ids": []any{object{"key": "SpoofGuardSwitchingProfile", "value": "sg"}}},
			"logical-switches/s2": {"id": "s2", "resource_type": "LogicalSwitch", "transport_zone_id": "tz2"},
			"logical-ports/p1": {"id": "p1", "resource_type": "LogicalPort", "logical_switch_id": "s1", "attachment": object{
				"id": "vif1", "attachment_type": "VIF", "context": object{"vif_type": "CHILD", "parent_vif_id": "node"}}},
			"logical-ports/p2":               {"id": "p2", "resource_type": "LogicalPort", "logical_switch_id": "s2"},
			"logical-routers/t0":             {"id": "t0", "resource_type": "LogicalRouter", "router_type": "TIER0"},
			"logical-routers/t1":             {"id": "t1", "resource_type": "LogicalRouter", "router_type": "TIER1"},
			"logical-router-ports/u":         {"id": "u", "resource_type": "LogicalRouterUpLinkPort", "logical_router_id": "t0"},
			"logical-router-ports/d":         {"id": "d", "resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t1"},
			"pools/ip-subnets/n1":            {"id": "n1", "resource_type": "IpBlockSubnet", "block_id": "b1"},
			"pools/ip-subnets/n2":            {"id": "n2", "resource_type": "IpBlockSubnet", "block_id": "b2"},
			"switching-profiles/sg":          {"id": "sg", "resource_type": "SpoofGuardSwitchingProfile", "_system_owned": true},
			"switching-profiles/qos":         {"id": "qos", "resource_type": "QosSwitchingProfile"},
			"firewall/sections/l3":           {"id": "l3", "resource_type": "FirewallSection", "section_type": "LAYER3", "enforced_on": "VIF", "priority": 2},
			"firewall/sections/l2":           {"id": "l2", "resource_type": "FirewallSection", "section_type": "LAYER2", "enforced_on": "VIF", "priority": 0},
			"firewall/sections/a3":           {"id": "a3", "resource_type": "FirewallSection", "section_type": "LAYER3", "enforced_on": "VIF", "priority": 12, "locked": true},
			"firewall/sections/edge":         {"id": "edge", "resource_type": "FirewallSection", "section_type": "LAYER3", "enforced_on": "LOGICALROUTER", "priority": 1},
			"loadbalancer/monitors/tcp":      {"id": "tcp", "resource_type": "LbTcpMonitor"},
			"loadbalancer/monitors/http":     {"id": "http", "resource_type": "LbHttpMonitor"},
			"logical-routers/t1/nat/rules/7": {"id": "7", "resource_type": "NatRule"},
		})}))
		Expect(c.get("/api/v1/" + path).ids()).To(Equal(ids))
	},
		Entry("nothing", "logical-switches", "s1", "s2"),
		Entry("transport zone", "logical-switches?transport_zone_id=tz2", "s2"),
		Entry("VLAN", "logical-switches?vlan=5", "s1"),
		Entry("switching profile", "logical-switches?switching_profile_id=sg", "s1"),
		Entry("switch", "logical-ports?logical_switch_id=s1", "p1"),
		Entry("attachment", "logical-ports?attachment_id=vif1", "p1"),
		Entry("attachment type", "logical-ports?attachment_type=VIF", "p1"),
		Entry("parent VIF", "logical-ports?parent_vif_id=node", "p1"),
		Entry("ports of containers", "logical-ports?container_ports_only=true", "p1"),
		Entry("router type", "logical-routers?router_type=TIER1", "t1"),
		Entry("router", "logical-router-ports?logical_router_id=t0", "u"),
		Entry("type of router port", "logical-router-ports?resource_type=LogicalRouterDownLinkPort", "d"),
		Entry("two at once", "logical-router-ports?resource_type=LogicalRouterDownLinkPort&logical_router_id=t1", "d"),
		Entry("block", "pools/ip-subnets?block_id=b2", "n2"),
		Entry("hiding what the system owns", "switching-profiles", "qos"),
		Entry("showing what the system owns", "switching-profiles?include_system_owned=true", "qos", "sg"),
		Entry("type of profile", "switching-profiles?include_system_owned=true&switching_profile_type=SpoofGuardSwitchingProfile", "sg"),
		Entry("type of section", "firewall/sections?type=LAYER2", "l2"),
		Entry("type of section, which is LAYER3 unless told", "firewall/sections", "edge", "l3", "a3"),
		Entry("where a section is enforced, by priority", "firewall/sections?enforced_on=VIF", "l3", "a3"),
		Entry("lock", "firewall/sections?locked=true", "a3"),
		Entry("type of monitor", "loadbalancer/monitors?type=LbTcpMonitor", "tcp"),
		Entry("the parent in the path", "logical-routers/t1/nat/rules", "7"),
	)

	It("answer 404/600 below an object that does not exist", func() {
		missing := admin(start(nsxsim.Options{})).get("/api/v1/logical-routers/none/nat/rules")
		Expect(missing.Status).To(Equal(http.StatusNotFound))
		Expect(missing.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(600)))
	})

	It("are gone on NSX 9, with all logical objects and the search over them", func() {
		server := start(nsxsim.Options{Version: "9.0", Store: world(manyPorts(1))})
		c := admin(server)
		for _, path := range []string{"logical-ports", "logical-ports/p00000", "firewall/sections", "search/query?query=id:x", "ns-groups"} {
			gone := c.get("/api/v1/" + path)
			Expect(gone.Status).To(Equal(http.StatusNotFound), path)
			Expect(gone.Body).To(HaveKey("error_code"), path)
		}
		Expect(c.get("/api/v1/node/version").Body["product_version"]).To(HavePrefix("9.0.0.0"))
		Expect(c.get("/api/v1/trust-management/certificates").Status).To(Equal(http.StatusOK))
	})
})

var _ = Describe("Manager objects", func() {
	It("are created, read, changed with their _revision and deleted by the client that owns them", func() {
		c := admin(start(nsxsim.Options{Store: world(fabric())}))
		created := c.do("POST", "/api/v1/logical-switches", object{
			"transport_zone_id": "tz", "admin_state": "UP", "display_name": "one", "tags": tags("ncp/cluster", "tas1")})
		Expect(created.Status).To(Equal(http.StatusCreated))
		Expect(created.Body).To(And(
			HaveKeyWithValue("resource_type", "LogicalSwitch"), HaveKeyWithValue("_create_user", "admin"), HaveKeyWithValue("_revision", BeEquivalentTo(0))))
		path := "/api/v1/logical-switches/" + created.Body["id"].(string)

		body := c.get(path).Body
		body["display_name"] = "two"
		changed := c.do("PUT", path, body)
		Expect(changed.Body).To(And(HaveKeyWithValue("display_name", "two"), HaveKeyWithValue("_revision", BeEquivalentTo(1))))

		Expect(c.do("PUT", path, body).Status).To(Equal(http.StatusPreconditionFailed))
		delete(body, "_revision")
		Expect(c.do("PUT", path, body).Status).To(Equal(http.StatusPreconditionFailed))

		Expect(c.do("DELETE", path, nil).Status).To(Equal(http.StatusOK))
		missing := c.get(path)
		Expect(missing.Status).To(Equal(http.StatusNotFound))
		Expect(missing.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(600)))
	})

	It("are the same for the same seed and requests", func() {
		ids := func() string {
			c := admin(start(nsxsim.Options{Seed: 5}))
			return c.do("POST", "/api/v1/ip-sets", object{}).Body["id"].(string)
		}
		Expect(ids()).To(Equal(ids()))
	})

	It("refuse a wrong resource_type, a second object with the same id, broken JSON and too many tags", func() {
		c := admin(start(nsxsim.Options{}))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"resource_type": "NSGroup"}).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"id": "one"}).Status).To(Equal(http.StatusCreated))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"id": "one"}).Status).To(Equal(http.StatusConflict))
		Expect(c.do("POST", "/api/v1/ip-sets", "{").Status).To(Equal(http.StatusBadRequest))
		var many []string
		for range 31 {
			many = append(many, "s", "t")
		}
		Expect(c.do("POST", "/api/v1/ip-sets", object{"tags": tags(many...)}).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"tags": tags(many[:60]...)}).Status).To(Equal(http.StatusCreated))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"tags": tags(strings.Repeat("s", 128), strings.Repeat("t", 256))}).Status).To(Equal(http.StatusCreated))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"tags": tags(strings.Repeat("s", 129), "")}).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("POST", "/api/v1/ip-sets", object{"tags": tags("", strings.Repeat("t", 257))}).Status).To(Equal(http.StatusBadRequest))
	})

	Describe("that Policy owns", func() {
		promoted := map[string]object{"logical-switches/a": {
			"id": "a", "resource_type": "LogicalSwitch", "_create_user": "nsx_policy", "_revision": 1, "tags": tags("policyPath", "/infra/segments/a")}}

		DescribeTable("are refused to others with 400/289 that names caller, role and owner", func(method string) {
			server := start(nsxsim.Options{Store: world(promoted)})
			c := admin(server)
			before := c.get("/api/v1/logical-switches/a").Raw
			refused := c.do(method, "/api/v1/logical-switches/a", object{"id": "a", "_revision": 1})
			Expect(refused.Status).To(Equal(http.StatusBadRequest))
			Expect(refused.Body).To(And(HaveKeyWithValue("error_code", BeEquivalentTo(289)), HaveKeyWithValue("module_name", "common-services")))
			Expect(refused.Body["error_message"]).To(And(
				ContainSubstring("'admin'"), ContainSubstring("enterprise_admin"), ContainSubstring("LogicalSwitch"),
				ContainSubstring("createUser=nsx_policy"), ContainSubstring("allowOverwrite=")))
			Expect(c.get("/api/v1/logical-switches/a").Raw).To(Equal(before))
		}, Entry("PUT", "PUT"), Entry("DELETE", "DELETE"))

		It("may be deleted by an enterprise admin who insists", func() {
			c := admin(start(nsxsim.Options{Store: world(promoted)})).with("X-Allow-Overwrite", "true")
			Expect(c.do("DELETE", "/api/v1/logical-switches/a", nil).Status).To(Equal(http.StatusOK))
		})
	})

	It("of another principal identity are protected, those of local users are not", func() {
		server := start(nsxsim.Options{
			Users: []nsxsim.User{{Name: "other", Password: nsxsim.DefaultPassword, Role: api.EnterpriseAdmin}},
			Store: world(map[string]object{
				"ip-sets/ncp":   {"id": "ncp", "resource_type": "IPSet", "_create_user": "tas1-ncp"},
				"ip-sets/admin": {"id": "admin", "resource_type": "IPSet", "_create_user": "admin"},
			})})
		c := as(server, "other")
		Expect(c.do("DELETE", "/api/v1/ip-sets/ncp", nil).Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(289)))
		Expect(c.do("DELETE", "/api/v1/ip-sets/admin", nil).Status).To(Equal(http.StatusOK))
	})
})
