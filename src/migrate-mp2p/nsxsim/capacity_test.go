package nsxsim_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// dashboard is the lines of the capacity dashboard by their types.
func dashboard(objects map[string]object) map[string]object {
	GinkgoHelper()
	lines := map[string]object{}
	for _, line := range admin(start(nsxsim.Options{Store: world(objects)})).get("/api/v1/capacity/usage").Body["capacity_usage"].([]any) {
		lines[line.(object)["usage_type"].(string)] = line.(object)
	}
	return lines
}

// The maxima are those that a large manager of about NSX-T 3.1 reported itself.
var _ = DescribeTable("the capacity dashboard knows the maximum of", func(kind string, maximum int) {
	Expect(dashboard(nil)).To(HaveKeyWithValue(kind, And(HaveKeyWithValue("max_supported_count", BeEquivalentTo(maximum)),
		HaveKeyWithValue("current_usage_count", BeEquivalentTo(0)), HaveKeyWithValue("current_usage_percentage", BeEquivalentTo(0)), HaveKey("display_name"))))
},
	Entry("logical switches", "NUMBER_OF_LOGICAL_SWITCHES", 10_000),
	Entry("switch ports", "NUMBER_OF_LOGICAL_PORTS", 25_000),
	Entry("Tier-1 routers", "NUMBER_OF_TIER1_ROUTERS", 4_000),
	Entry("Tier-1 routers with NAT", "NUMBER_OF_TIER1_WITH_NAT_RULE", 4_000),
	Entry("Tier-0 routers", "NUMBER_OF_TIER0_ROUTERS", 160),
	Entry("NAT rules", "NUMBER_OF_NAT_RULES", 25_000),
	Entry("DFW rules", "NUMBER_OF_DFW_RULES", 100_000),
	Entry("all firewall rules", "NUMBER_OF_FIREWALL_RULES", 100_000),
	Entry("DFW sections", "NUMBER_OF_FIREWALL_SECTIONS", 10_000),
	Entry("groups", "NUMBER_OF_NSGROUP", 20_000),
	Entry("groups based on IP sets", "NUMBER_OF_GROUPS_BASED_ON_IP_SETS", 10_000),
	Entry("IP sets", "NUMBER_OF_IPSETS", 10_000),
	Entry("DHCP servers", "NUMBER_OF_DHCP_SERVERS", 10_000),
	Entry("edge clusters", "NUMBER_OF_EDGE_CLUSTERS", 160),
	Entry("edge nodes", "NUMBER_OF_EDGE_NODES", 320),
	Entry("hypervisors", "NUMBER_OF_PREPARED_HOSTS", 1_024),
	Entry("prefix lists", "NUMBER_OF_PREFIX_LIST", 500),
)

var _ = DescribeTable("the capacity dashboard counts", func(kind string, count int, percentage float64) {
	Expect(dashboard(with(connected(), map[string]object{
		"logical-routers/t1/routing/ip-prefix-lists/l": {"id": "l", "resource_type": "IPPrefixList"},
		"dhcp/servers/d":                 {"id": "d", "resource_type": "LogicalDhcpServer"},
		"ns-groups/sets":                 {"id": "sets", "resource_type": "NSGroup", "members": []any{byID("IPSet", "set")}},
		"firewall/sections/edge":         {"id": "edge", "resource_type": "FirewallSection", "section_type": "LAYER3", "enforced_on": "LOGICALROUTER"},
		"firewall/sections/edge/rules/8": {"id": "8", "resource_type": "FirewallRule", "section_id": "edge"},
		"transport-nodes/edge":           {"id": "edge", "resource_type": "TransportNode", "node_deployment_info": object{"resource_type": "EdgeNode"}},
		"transport-nodes/host":           {"id": "host", "resource_type": "TransportNode", "node_deployment_info": object{"resource_type": "HostNode"}},
	}))).To(HaveKeyWithValue(kind, And(
		HaveKeyWithValue("current_usage_count", BeEquivalentTo(count)), HaveKeyWithValue("current_usage_percentage", BeNumerically("~", percentage, 1e-9)))))
},
	Entry("routers with NAT rules only", "NUMBER_OF_TIER1_WITH_NAT_RULE", 1, 0.025),
	Entry("rules of the distributed firewall only", "NUMBER_OF_DFW_RULES", 1, 0.001),
	Entry("rules of edge firewalls, too", "NUMBER_OF_FIREWALL_RULES", 2, 0.002),
	Entry("sections of the distributed firewall only", "NUMBER_OF_FIREWALL_SECTIONS", 1, 0.01),
	Entry("groups with IP sets", "NUMBER_OF_GROUPS_BASED_ON_IP_SETS", 1, 0.01),
	Entry("IP sets", "NUMBER_OF_IPSETS", 1, 0.01),
	Entry("DHCP servers", "NUMBER_OF_DHCP_SERVERS", 1, 0.01),
	Entry("edge clusters", "NUMBER_OF_EDGE_CLUSTERS", 1, 0.625),
	Entry("edge nodes", "NUMBER_OF_EDGE_NODES", 1, 0.3125),
	Entry("hypervisors", "NUMBER_OF_PREPARED_HOSTS", 1, 0.09765625),
	Entry("prefix lists", "NUMBER_OF_PREFIX_LIST", 1, 0.2),
)

var _ = Describe("the capacity dashboard", func() {
	It("says what it cannot report, and its thresholds: 70 and 100 percent", func() {
		Expect(admin(start(nsxsim.Options{})).get("/api/v1/capacity/usage").Body).To(And(
			HaveKeyWithValue("unreported_usage_types", BeEmpty()),
			HaveKeyWithValue("meta_info", And(HaveKeyWithValue("min_global_threshold_percentage", BeEquivalentTo(70)),
				HaveKeyWithValue("max_global_threshold_percentage", BeEquivalentTo(100)), HaveKey("last_updated_timestamp"))),
			HaveKeyWithValue("capacity_usage", HaveEach(And(HaveKeyWithValue("severity", "INFO"),
				HaveKeyWithValue("min_threshold_percentage", BeEquivalentTo(70)), HaveKeyWithValue("max_threshold_percentage", BeEquivalentTo(100)))))))
	})
})
