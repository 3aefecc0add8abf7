package references_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/references"
)

type object = map[string]any

func typed(targetType, id string) object { return object{"target_type": targetType, "target_id": id} }

// keys are the places that the references lead to.
func keys(list []references.Reference) []string {
	var all []string
	for _, r := range list {
		all = append(all, r.Keys...)
	}
	return all
}

var _ = DescribeTable("the references of an object are found in", func(key string, body object, want ...string) {
	Expect(keys(references.Of(key, body))).To(ConsistOf(want))
},
	Entry("an id", "logical-ports/p", object{"logical_switch_id": "s", "id": "p"}, "logical-switches/s"),
	Entry("a list of ids", "loadbalancer/services/l", object{"virtual_server_ids": []any{"a", "b"}},
		"loadbalancer/virtual-servers/a", "loadbalancer/virtual-servers/b"),
	Entry("a switching profile's pair", "logical-switches/s",
		object{"switching_profile_ids": []any{object{"key": "QosSwitchingProfile", "value": "q"}}}, "switching-profiles/q"),
	Entry("a typed reference", "firewall/sections/s/rules/7",
		object{"sources": []any{typed("NSGroup", "g"), typed("IPSet", "i")}, "section_id": "s"},
		"ns-groups/g", "ip-sets/i", "firewall/sections/s"),
	Entry("a member by id", "ns-groups/g",
		object{"members": []any{object{"target_type": "LogicalSwitch", "target_property": "id", "value": "s"}}}, "logical-switches/s"),
	Entry("nested fields", "loadbalancer/virtual-servers/v", object{"client_ssl_profile_binding": object{"client_auth_crl_ids": []any{"c"}}},
		"trust-management/crls/c"),
	Entry("a load balancer rule's conditions and actions", "loadbalancer/rules/r", object{
		"match_conditions": []any{object{"type": "LbIpHeaderCondition", "group_id": "g"}},
		"actions": []any{object{"type": "LbVariablePersistenceOnAction", "persistence_profile_id": "p"},
			object{"type": "LbJwtAuthAction", "key": object{"type": "LbJwtCertificateKey", "certificate_id": "c"}}}},
		"ns-groups/g", "loadbalancer/persistence-profiles/p", "trust-management/certificates/c"),
	Entry("the plain side of a router link", "logical-router-ports/a", object{"linked_logical_router_port_id": "b"}, "logical-router-ports/b"),
	Entry("the typed side of a router link", "logical-router-ports/b",
		object{"linked_logical_router_port_id": typed("LogicalRouterLinkPortOnTIER0", "a")}, "logical-router-ports/a"),
	Entry("a reference without type", "loadbalancer/services/l", object{"attachment": object{"target_id": "r"}}, "logical-routers/r"),
	Entry("an object below the same router", "logical-routers/r/routing/bgp/neighbors/n", object{"filter_in_routemap_id": "m"},
		"logical-routers/r/routing/route-maps/m"),
	Entry("a router's single configuration", "logical-routers/r/routing/bgp", object{"logical_router_id": "r"}, "logical-routers/r"),
)

var _ = DescribeTable("no reference is", func(key string, body object) {
	Expect(references.Of(key, body)).To(BeEmpty())
},
	Entry("a literal target", "firewall/sections/s/rules/7", object{"sources": []any{typed("IPv4Address", "10.0.0.0/8")}}),
	Entry("a member by tag or name", "ns-groups/g",
		object{"members": []any{object{"target_type": "LogicalSwitch", "target_property": "display_name", "value": "s"}}}),
	Entry("an inline service", "firewall/sections/s/rules/7",
		object{"services": []any{object{"service": object{"resource_type": "L4PortSetNSService"}}}}),
	Entry("an empty or missing id", "logical-ports/p", object{"logical_switch_id": ""}),
	Entry("a field that is no list where one is expected", "logical-routers/r/routing/bgp/neighbors/n", object{"address_families": "x"}),
)

var _ = Describe("the table", func() {
	It("leads to collections that keys can have, and knows the collection of every type", func() {
		for _, pattern := range references.Patterns() {
			for _, f := range references.Fields(pattern) {
				Expect(f.Path).NotTo(BeEmpty(), pattern)
				for _, target := range f.Targets {
					Expect(references.Pattern(strings.ReplaceAll(target, "{parent}", "x")+"/y")).To(Equal(target), pattern)
				}
			}
		}
		collection, ok := references.TypeCollection("LogicalPort")
		Expect(ok).To(BeTrue())
		Expect(collection).To(Equal("logical-ports"))
	})

	It("finds the collections that may refer to one", func() {
		Expect(references.Referring("pools/ip-blocks")).To(Equal([]string{"pools/ip-subnets"}))
		Expect(references.Referring("ns-groups")).To(ContainElements("firewall/sections", "firewall/sections/{parent}/rules", "ns-groups"))
		Expect(references.Referring("logical-routers/{parent}/routing/route-maps")).To(ConsistOf(
			"logical-routers/{parent}/routing/bgp/neighbors", "logical-routers/{parent}/routing/redistribution/rules"))
	})

	It("tells NSX's own notes from references that hold their target", func() {
		back := func(key string, body object) bool { return references.Of(key, body)[0].Back }
		Expect(back("logical-router-ports/a", object{"linked_logical_router_port_id": "b"})).To(BeTrue())
		Expect(back("logical-router-ports/b", object{"linked_logical_router_port_id": typed("LogicalRouterLinkPortOnTIER0", "a")})).To(BeFalse())
		Expect(back("dhcp/servers/d", object{"attached_logical_port_id": "p"})).To(BeTrue())
	})

	It("knows NCP's tags with ids", func() {
		body := object{"tags": []any{object{"scope": "ext_pool_id", "tag": "p"}, object{"scope": "ncp/cluster", "tag": "tas1"}}}
		Expect(keys(references.OfTags(body))).To(ConsistOf("pools/ip-pools/p"))
	})
})
