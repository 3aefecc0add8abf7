package schema_test

import (
	"encoding/json"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
)

// check decodes a body as the simulator does and checks it.
func check(set *schema.Set, resourceType, body string) string {
	GinkgoHelper()
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	var fields map[string]any
	Expect(decoder.Decode(&fields)).To(Succeed())
	return schema.Sentence(set.Check(resourceType, fields))
}

var _ = DescribeTable("a Manager body", func(resourceType, body, problems string) {
	set, err := schema.Manager()
	Expect(err).NotTo(HaveOccurred())
	Expect(check(set, resourceType, body)).To(Equal(problems))
},
	Entry("that is right", "LogicalSwitch", `{"transport_zone_id":"z","admin_state":"UP","vlan":3,"tags":[{"scope":"s","tag":"t"}]}`, ""),
	Entry("as the server sent it", "LogicalSwitch",
		`{"transport_zone_id":"z","admin_state":"UP","_create_user":"admin","_create_time":1,"_revision":0,"_system_owned":false,"_protection":"NOT_PROTECTED"}`, ""),
	Entry("with an unknown field", "LogicalSwitch", `{"transport_zone_id":"z","admin_state":"UP","colour":"red"}`, "colour is not a field of LogicalSwitch"),
	Entry("without required fields", "LogicalSwitch", `{"admin_state":null}`, "admin_state is required, transport_zone_id is required"),
	Entry("with a value outside of an enumeration", "LogicalSwitch", `{"transport_zone_id":"z","admin_state":"up"}`, "admin_state must be one of UP, DOWN"),
	Entry("with a number for a string", "IPSet", `{"ip_addresses":[5]}`, "ip_addresses[0] must be a string"),
	Entry("with a string for a list", "IPSet", `{"ip_addresses":"10.0.0.1"}`, "ip_addresses must be a list"),
	Entry("with a string for a number", "IpBlockSubnet", `{"block_id":"b","size":"16"}`, "size must be a number"),
	Entry("with a fraction for a whole number", "IpBlockSubnet", `{"block_id":"b","size":1.5}`, "size must be a whole number"),
	Entry("with a string for a boolean", "LbService", `{"enabled":"true"}`, "enabled must be true or false"),
	Entry("with a string for an object", "LbService", `{"attachment":"t1"}`, "attachment must be an object"),
	Entry("with a problem deep inside", "LogicalPort",
		`{"logical_switch_id":"s","admin_state":"UP","attachment":{"id":"a","context":{"resource_type":"VifAttachmentContext","vif_type":"PARENTS"}}}`,
		"attachment.context.vif_type must be one of PARENT, CHILD, INDEPENDENT"),
	Entry("with a type that is none of those possible", "NSGroup", `{"membership_criteria":[{"resource_type":"Condition"}]}`,
		"membership_criteria[0].resource_type must be one of NSGroupComplexExpression, NSGroupSimpleExpression, NSGroupTagExpression"),
	Entry("whose type is told by its resource_type", "LogicalRouterPort",
		`{"resource_type":"LogicalRouterLinkPortOnTIER1","logical_router_id":"r","linked_logical_router_port_id":{"target_id":"p"}}`, ""),
	Entry("whose fields belong to another type", "LogicalRouterPort",
		`{"resource_type":"LogicalRouterLinkPortOnTIER0","logical_router_id":"r","linked_logical_router_port_id":{"target_id":"p"}}`,
		"linked_logical_router_port_id must be a string"),
	Entry("called by another name", "certificate_self_signed", `{"pem_encoded":"x"}`, ""),
	Entry("of a type that the SDK lacks", "PortMirroringSwitchingProfile",
		`{"resource_type":"PortMirroringSwitchingProfile","destinations":["10.0.0.1"],"display_name":"mirror"}`, ""),
	Entry("with a field that the SDK lacks", "NatRule", `{"action":"SNAT","nat_pass":true}`, ""),
	Entry("of an unknown type", "Nonsense", `{}`, `resource_type "Nonsense" is not known`),
)

var _ = DescribeTable("a Policy body", func(resourceType, body, problems string) {
	set, err := schema.Policy()
	Expect(err).NotTo(HaveOccurred())
	Expect(check(set, resourceType, body)).To(Equal(problems))
},
	Entry("with the fields that every intent has", "Group",
		`{"path":"/infra/domains/default/groups/g","parent_path":"/infra/domains/default","relative_path":"g","unique_id":"u","realization_id":"u","marked_for_delete":false,"overridden":false}`, ""),
	Entry("with expressions of several types", "Group",
		`{"expression":[{"resource_type":"Condition","key":"Tag","member_type":"SegmentPort","operator":"EQUALS","value":"s|t"},
		{"resource_type":"ConjunctionOperator","conjunction_operator":"OR"},{"resource_type":"PathExpression","paths":["/infra/segments/s"]}]}`, ""),
	Entry("with an expression that lacks a field", "Group", `{"expression":[{"resource_type":"IPAddressExpression"}]}`, "expression[0].ip_addresses is required"),
	Entry("with a list of enumerated strings", "Tier1", `{"route_advertisement_types":["TIER1_NAT","NONE"]}`,
		"route_advertisement_types[1] must be one of TIER1_STATIC_ROUTES, TIER1_CONNECTED, TIER1_NAT, TIER1_LB_VIP, TIER1_LB_SNAT, TIER1_DNS_FORWARDER_IP, TIER1_IPSEC_LOCAL_ENDPOINT"),
	Entry("whose type is one of several", "IpAddressPoolSubnet", `{"resource_type":"IpAddressPoolBlockSubnet","size":16}`, "ip_block_path is required"),
	Entry("with children, which have their own types", "Tier1", `{"children":[{"resource_type":"ChildStaticRoutes"}]}`, ""),
)

var _ = Describe("the tables", func() {
	It("know every type of the Policy tree", func() {
		set, err := schema.Policy()
		Expect(err).NotTo(HaveOccurred())
		for _, kind := range policy.Kinds() {
			for _, name := range kind.Types {
				Expect(set.Has(name)).To(BeTrue(), name)
			}
		}
	})

	It("list a type's fields with those that it shares", func() {
		set, err := schema.Policy()
		Expect(err).NotTo(HaveOccurred())
		Expect(set.Fields("IpAddressAllocation")).To(ContainElements("allocation_ip", "path", "_revision"))
		Expect(set.Fields("Nonsense")).To(BeEmpty())
	})
})
