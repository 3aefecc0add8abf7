package nsxsim_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// The parameters are those of the NSX Go SDK; the second object differs in the field that the parameter asks for.
var _ = DescribeTable("a list is filtered by", func(path, collection string, wanted, other object) {
	wanted["id"], other["id"] = "wanted", "other"
	c := admin(start(nsxsim.Options{Store: world(map[string]object{collection + "/wanted": wanted, collection + "/other": other})}))
	Expect(c.get("/api/v1/" + collection + "?page_size=10").ids()).To(ConsistOf("wanted", "other"))
	Expect(c.get("/api/v1/" + path).ids()).To(Equal([]string{"wanted"}))
},
	Entry("VNI", "logical-switches?vni=71680", "logical-switches",
		object{"resource_type": "LogicalSwitch", "vni": 71680}, object{"resource_type": "LogicalSwitch", "vni": 71681}),
	Entry("type of switch", "logical-switches?switch_type=DVPG", "logical-switches",
		object{"resource_type": "LogicalSwitch", "switch_type": "DVPG"}, object{"resource_type": "LogicalSwitch", "switch_type": "DEFAULT"}),
	Entry("a port's switching profile", "logical-ports?switching_profile_id=sg", "logical-ports",
		object{"resource_type": "LogicalPort", "switching_profile_ids": []any{object{"key": "SpoofGuardSwitchingProfile", "value": "sg"}}},
		object{"resource_type": "LogicalPort", "switching_profile_ids": []any{object{"key": "SpoofGuardSwitchingProfile", "value": "other"}}}),
)

var _ = Describe("lists of the Manager side", func() {
	It("have no filter on tags", func() {
		c := admin(start(nsxsim.Options{Store: world(manyPorts(3))}))
		for _, query := range []string{"tags=ncp/cluster", "tag=tas1", "scope=ncp/version", "tags.scope=none", "query=id:none"} {
			Expect(c.get("/api/v1/logical-ports?" + query).ids()).To(HaveLen(3))
		}
	})
})

var _ = Describe("the list of firewall sections", func() {
	It("is filtered by what sections and their rules are applied to", func() {
		applied := []any{reference("NSGroup", "inner")}
		c := admin(start(nsxsim.Options{Store: world(map[string]object{
			"firewall/sections/direct":          {"id": "direct", "resource_type": "FirewallSection", "section_type": "LAYER3", "applied_tos": applied},
			"firewall/sections/by-rule":         {"id": "by-rule", "resource_type": "FirewallSection", "section_type": "LAYER3"},
			"firewall/sections/by-rule/rules/7": {"id": "7", "resource_type": "FirewallRule", "applied_tos": applied},
			"firewall/sections/other":           {"id": "other", "resource_type": "FirewallSection", "section_type": "LAYER3", "applied_tos": []any{reference("NSGroup", "outer")}},
		})}))
		Expect(c.get("/api/v1/firewall/sections?applied_tos=inner").ids()).To(ConsistOf("direct", "by-rule"))
	})
})
