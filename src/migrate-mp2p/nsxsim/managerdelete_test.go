package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// reference is a ResourceReference.
func reference(targetType, id string) object {
	return object{"target_type": targetType, "target_id": id, "is_valid": true}
}

// connected is the fabric with objects that need each other.
func connected() map[string]object {
	byID := object{"resource_type": "NSGroupSimpleExpression", "target_type": "NSGroup", "target_property": "id", "op": "EQUALS", "value": "inner"}
	return with(fabric(), map[string]object{
		"logical-ports/plain": {"id": "plain", "resource_type": "LogicalPort", "logical_switch_id": "s", "_revision": 0,
			"switching_profile_ids": []any{object{"key": "SpoofGuardSwitchingProfile", "value": "sg"}}},
		"logical-ports/router": {"id": "router", "resource_type": "LogicalPort", "logical_switch_id": "v", "_revision": 0,
			"attachment": object{"id": "down", "attachment_type": "LOGICALROUTER"}},
		"logical-router-ports/down": {"id": "down", "resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t1",
			"linked_logical_switch_port_id": reference("LogicalPort", "router"), "_revision": 0},
		"logical-routers/t0": {"id": "t0", "resource_type": "LogicalRouter", "router_type": "TIER0",
			"firewall_sections": []any{reference("FirewallSection", "edge")}, "_revision": 0},
		"logical-router-ports/top": {"id": "top", "resource_type": "LogicalRouterLinkPortOnTIER0", "logical_router_id": "t0",
			"linked_logical_router_port_id": "bottom", "_revision": 0},
		"logical-router-ports/bottom": {"id": "bottom", "resource_type": "LogicalRouterLinkPortOnTIER1", "logical_router_id": "t1",
			"linked_logical_router_port_id": reference("LogicalRouterLinkPortOnTIER0", "top"), "_revision": 0},
		"logical-routers/t1/nat/rules/n": {"id": "n", "resource_type": "NatRule", "logical_router_id": "t1"},
		"firewall/sections/edge":         {"id": "edge", "resource_type": "FirewallSection", "section_type": "LAYER3"},
		"firewall/sections/fw":           {"id": "fw", "resource_type": "FirewallSection", "section_type": "LAYER3"},
		"firewall/sections/fw/rules/7": {"id": "7", "resource_type": "FirewallRule", "_revision": 0, "section_id": "fw",
			"sources": []any{reference("NSGroup", "ruled")}, "destinations": []any{reference("IPSet", "set")}},
		"ns-groups/ruled":                 {"id": "ruled", "resource_type": "NSGroup"},
		"ns-groups/inner":                 {"id": "inner", "resource_type": "NSGroup"},
		"ns-groups/outer":                 {"id": "outer", "resource_type": "NSGroup", "members": []any{byID}},
		"ip-sets/set":                     {"id": "set", "resource_type": "IPSet"},
		"pools/ip-subnets/n":              {"id": "n", "resource_type": "IpBlockSubnet", "block_id": "b", "size": 16, "cidr": "10.0.0.0/28"},
		"pools/ip-pools/p":                {"id": "p", "resource_type": "IpPool"},
		"pools/ip-pools/p/allocations/10": {"allocation_id": "10"},
		"loadbalancer/rules/r": {"id": "r", "resource_type": "LbRule", "_revision": 0,
			"actions": []any{object{"type": "LbSelectPoolAction", "pool_id": "web"}}},
		"loadbalancer/virtual-servers/vs": {"id": "vs", "resource_type": "LbVirtualServer", "rule_ids": []any{"r"}, "_revision": 0},
	})
}

var _ = Describe("deletions of Manager objects", func() {
	var c *client

	BeforeEach(func() { c = admin(start(nsxsim.Options{Store: world(connected())})) })

	remove := func(path string) reply { return c.do("DELETE", "/api/v1/"+path, nil) }
	status := func(path string) int { return c.get("/api/v1/" + path).Status }

	DescribeTable("are refused, naming who needs the object", func(path, referrer string) {
		Expect(refused(remove(path), http.StatusBadRequest)).To(And(ContainSubstring("500030"), ContainSubstring(referrer)))
		Expect(status(path)).To(Equal(http.StatusOK))
	},
		Entry("a switch with ports", "logical-switches/s", "LogicalPort/plain"),
		Entry("a port with an attachment", "logical-ports/router", "attachment"),
		Entry("a router with ports", "logical-routers/t1", "LogicalRouterDownLinkPort/down"),
		Entry("the upper end of a link", "logical-router-ports/top", "LogicalRouterLinkPortOnTIER1/bottom"),
		Entry("a group in a rule", "ns-groups/ruled", "FirewallRule/7"),
		Entry("a group in a group", "ns-groups/inner", "NSGroup/outer"),
		Entry("a set in a rule", "ip-sets/set", "FirewallRule/7"),
		Entry("a profile of a port", "switching-profiles/sg", "LogicalPort/plain"),
		Entry("a block with subnets", "pools/ip-blocks/b", "IpBlockSubnet/n"),
		Entry("a pool with allocations", "pools/ip-pools/p", "allocated"),
		Entry("a pool of a load balancer rule", "loadbalancer/pools/web", "LbRule/r"),
		Entry("a rule of a virtual server", "loadbalancer/rules/r", "LbVirtualServer/vs"),
	)

	It("work from the outside in, and NSX's own notes hold nobody", func() {
		for _, path := range []string{
			"logical-router-ports/bottom", "logical-router-ports/top", "logical-router-ports/down", "logical-ports/router", "logical-switches/v",
			"firewall/sections/edge", "logical-routers/t1", "logical-ports/plain", "switching-profiles/sg", "pools/ip-subnets/n", "pools/ip-blocks/b",
		} {
			Expect(remove(path).Status).To(Equal(http.StatusOK), path)
			Expect(status(path)).To(Equal(http.StatusNotFound), path)
		}
		Expect(status("logical-routers/t1/nat/rules/n")).To(Equal(http.StatusNotFound))
	})

	DescribeTable("go through when the client insists", func(path string, gone, left []string) {
		Expect(remove(path).Status).To(Equal(http.StatusOK))
		for _, key := range gone {
			Expect(status(key)).To(Equal(http.StatusNotFound), key)
		}
		for _, key := range left {
			Expect(status(key)).To(Equal(http.StatusOK), key)
		}
	},
		Entry("a switch with its ports", "logical-switches/s?cascade=true", []string{"logical-switches/s", "logical-ports/plain"}, nil),
		Entry("a switch with ports that something is attached to", "logical-switches/v?detach=true",
			[]string{"logical-switches/v", "logical-ports/router"}, []string{"logical-router-ports/down"}),
		Entry("a port with an attachment", "logical-ports/router?detach=true", []string{"logical-ports/router"}, []string{"logical-router-ports/down"}),
		Entry("a router with its ports", "logical-routers/t1?force=true",
			[]string{"logical-routers/t1", "logical-router-ports/down", "logical-router-ports/bottom"}, []string{"logical-ports/router", "logical-router-ports/top"}),
		Entry("a router with the switches' sides too", "logical-routers/t1?force=true&cascade_delete_linked_ports=true",
			[]string{"logical-routers/t1", "logical-ports/router"}, nil),
		Entry("a group in use", "ns-groups/ruled?force=true", []string{"ns-groups/ruled"}, nil),
		Entry("a set in use", "ip-sets/set?force=true", []string{"ip-sets/set"}, nil),
		Entry("a pool in use", "pools/ip-pools/p?force=true", []string{"pools/ip-pools/p"}, nil),
		Entry("a profile that is bound", "switching-profiles/sg?unbind=true", []string{"switching-profiles/sg"}, []string{"logical-ports/plain"}),
		Entry("a virtual server with its rules", "loadbalancer/virtual-servers/vs?delete_associated_rules=true",
			[]string{"loadbalancer/virtual-servers/vs", "loadbalancer/rules/r"}, nil),
		Entry("a virtual server without its rules", "loadbalancer/virtual-servers/vs?delete_associated_rules=false",
			[]string{"loadbalancer/virtual-servers/vs"}, []string{"loadbalancer/rules/r"}),
		Entry("a section with its rules", "firewall/sections/fw?cascade=true", []string{"firewall/sections/fw"}, nil),
	)

	It("by cascade stop at a port with an attachment, and change nothing then", func() {
		refused(remove("logical-switches/v?cascade=true"), http.StatusBadRequest)
		Expect(status("logical-ports/router")).To(Equal(http.StatusOK))
	})

	It("that were forced mark the references as broken, and unbinding takes them away", func() {
		Expect(remove("ns-groups/ruled?force=true").Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/firewall/sections/fw/rules/7").Body["sources"]).To(ConsistOf(HaveKeyWithValue("is_valid", false)))
		Expect(c.get("/api/v1/firewall/sections/fw/rules/7").Body["destinations"]).To(ConsistOf(HaveKeyWithValue("is_valid", true)))
		Expect(remove("switching-profiles/sg?unbind=true").Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/logical-ports/plain").Body["switching_profile_ids"]).To(BeEmpty())
	})

	It("take along what is there, and do not stumble over what is not", func() {
		Expect(remove("logical-ports/router?detach=true").Status).To(Equal(http.StatusOK))
		Expect(remove("logical-router-ports/down?cascade_delete_linked_ports=true").Status).To(Equal(http.StatusOK))
	})

	It("refuse an option that is neither true nor false", func() {
		refused(remove("ns-groups/ruled?force=perhaps"), http.StatusBadRequest)
	})

	It("of router ports free the switch's port and the other end of a link", func() {
		Expect(remove("logical-router-ports/down").Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/logical-ports/router").Body).NotTo(HaveKey("attachment"))
		Expect(remove("logical-router-ports/bottom").Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/logical-router-ports/top").Body).NotTo(HaveKey("linked_logical_router_port_id"))
	})
})

var _ = Describe("router ports", func() {
	It("become the attachment of the switch's port, and the other end of a link", func() {
		c := admin(start(nsxsim.Options{Store: world(with(connected(), map[string]object{
			"logical-routers/t2":       {"id": "t2", "resource_type": "LogicalRouter", "router_type": "TIER1"},
			"logical-router-ports/new": {"id": "new", "resource_type": "LogicalRouterLinkPortOnTIER0", "logical_router_id": "t0", "_revision": 0},
		}))}))
		down := c.do("POST", "/api/v1/logical-router-ports", object{"resource_type": "LogicalRouterDownLinkPort", "logical_router_id": "t2",
			"linked_logical_switch_port_id": reference("LogicalPort", "plain"),
			"subnets":                       []any{object{"ip_addresses": []any{"10.0.0.1"}, "prefix_length": 24}}})
		Expect(down.Status).To(Equal(http.StatusCreated), down.Raw)
		Expect(c.get("/api/v1/logical-ports/plain").Body["attachment"]).To(And(
			HaveKeyWithValue("attachment_type", "LOGICALROUTER"), HaveKeyWithValue("id", down.Body["id"])))
		link := c.do("POST", "/api/v1/logical-router-ports", object{"resource_type": "LogicalRouterLinkPortOnTIER1", "logical_router_id": "t2"})
		Expect(link.Status).To(Equal(http.StatusCreated), link.Raw)
		link.Body["linked_logical_router_port_id"] = reference("LogicalRouterLinkPortOnTIER0", "new")
		Expect(c.do("PUT", "/api/v1/logical-router-ports/"+link.Body["id"].(string), link.Body).Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/logical-router-ports/new").Body).To(HaveKeyWithValue("linked_logical_router_port_id", link.Body["id"]))
	})
})
