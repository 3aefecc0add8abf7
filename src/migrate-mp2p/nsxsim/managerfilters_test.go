package nsxsim_test

import (
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// filtered is a world with two objects of each sort that a filter tells apart.
func filtered() map[string]object {
	port := func(id, attachmentType string, context object) object {
		return object{"id": id, "resource_type": "LogicalPort", "logical_switch_id": "s", "admin_state": "UP", "attachment": object{
			"id": "at-" + id, "attachment_type": attachmentType, "context": context}}
	}
	return with(fabric(), map[string]object{
		"logical-ports/host":  port("host", "VIF", object{"vif_type": "PARENT", "transport_node_uuid": "edge"}),
		"logical-ports/pod":   port("pod", "VIF", object{"vif_type": "CHILD", "parent_vif_id": "at-host"}),
		"logical-ports/other": port("other", "VIF", object{"vif_type": "CHILD", "parent_vif_id": "elsewhere"}),
		"logical-ports/free":  {"id": "free", "resource_type": "LogicalPort", "logical_switch_id": "v", "admin_state": "DOWN"},
		"transport-zones/own": {"id": "own", "resource_type": "TransportZone", "transport_type": "VLAN", "is_default": true, "_system_owned": true,
			"display_name": "mine", "uplink_teaming_policy_names": []any{"first", "second"}},
		"transport-nodes/edge": {"id": "edge", "resource_type": "TransportNode", "node_id": "n1", "maintenance_mode": "ENABLED",
			"node_deployment_info": object{"resource_type": "EdgeNode", "ip_addresses": []any{"192.0.2.5"}},
			"host_switch_spec":     object{"host_switches": []any{object{"transport_zone_endpoints": []any{object{"transport_zone_id": "tz"}}}}}},
		"transport-nodes/esx": {"id": "esx", "resource_type": "TransportNode", "display_name": "tz", "maintenance_mode": "DISABLED", "node_deployment_info": object{"resource_type": "HostNode"},
			"host_switch_spec": object{"host_switches": []any{object{"transport_zone_endpoints": []any{object{"transport_zone_id": "vlan"}}}}}},
		"logical-routers/t1/nat/rules/dn":  {"id": "dn", "resource_type": "NatRule", "action": "DNAT"},
		"logical-routers/t1/nat/rules/six": {"id": "six", "resource_type": "NatRule", "action": "NAT64"},
		"ns-service-groups/mine":           {"id": "mine", "resource_type": "NSServiceGroup", "default_service": false},
		"ns-service-groups/nsx":            {"id": "nsx", "resource_type": "NSServiceGroup", "default_service": true},
		"loadbalancer/services/lb1":        {"id": "lb1", "resource_type": "LbService", "attachment": object{"target_type": "LogicalRouter", "target_id": "t1"}},
		"loadbalancer/services/lb2":        {"id": "lb2", "resource_type": "LbService"},
		"firewall/sections/whole": {"id": "whole", "resource_type": "FirewallSection", "section_type": "LAYER3", "priority": 1,
			"applied_tos": []any{object{"target_type": "NSGroup", "target_id": "g", "is_valid": true}}},
		"firewall/sections/broken": {"id": "broken", "resource_type": "FirewallSection", "section_type": "LAYER3", "priority": 2,
			"applied_tos": []any{object{"target_type": "NSGroup", "target_id": "g", "is_valid": false}}},
	})
}

var _ = Describe("filters of Manager lists", func() {
	var c *client

	BeforeEach(func() { c = admin(start(nsxsim.Options{Store: world(filtered())})) })

	DescribeTable("leave the objects that fit", func(path string, ids ...string) {
		Expect(c.get("/api/v1/" + path).ids()).To(HaveExactElements(ids))
	},
		Entry("ports on a transport node, and below these", "logical-ports?transport_node_id=edge", "host", "pod"),
		Entry("ports without attachment", "logical-ports?attachment_type=NONE", "free"),
		Entry("ports with one", "logical-ports?attachment_type=VIF", "host", "other", "pod"),
		Entry("all ports, as there are no transit ones", "logical-ports?diagnostic=true", "free", "host", "other", "pod"),
		Entry("all switches, as there are no transit ones", "logical-switches?diagnostic=true", "s", "v"),
		Entry("zones that the system does not own", "transport-zones", "tz", "vlan"),
		Entry("zones by type", "transport-zones?transport_type=OVERLAY", "tz"),
		Entry("zones that are default", "transport-zones?include_system_owned=true&is_default=true", "own"),
		Entry("zones by name", "transport-zones?include_system_owned=true&display_name=mine", "own"),
		Entry("zones by teaming policy", "transport-zones?include_system_owned=true&uplink_teaming_policy_name=second", "own"),
		Entry("nodes in maintenance", "transport-nodes?in_maintenance_mode=true", "edge"),
		Entry("nodes that are not", "transport-nodes?in_maintenance_mode=false", "esx"),
		Entry("nodes by type", "transport-nodes?node_types=HostNode,PublicCloudGatewayNode", "esx"),
		Entry("nodes by address", "transport-nodes?node_ip=192.0.2.5", "edge"),
		Entry("nodes by fabric node", "transport-nodes?node_id=n1", "edge"),
		Entry("nodes by zone", "transport-nodes?transport_zone_id=tz", "edge"),
		Entry("NAT rules for IPv4", "logical-routers/t1/nat/rules?rule_type=NATv4", "dn"),
		Entry("NAT rules from IPv6 to IPv4", "logical-routers/t1/nat/rules?rule_type=NAT64", "six"),
		Entry("all NAT rules", "logical-routers/t1/nat/rules?rule_type=ALL", "dn", "six"),
		Entry("service groups of NSX", "ns-service-groups?default_service=true", "nsx"),
		Entry("load balancers on a router", "loadbalancer/services?logical_router_id=t1", "lb1"),
		Entry("sections with valid references", "firewall/sections?applied_tos=g", "whole"),
		Entry("sections with broken ones too", "firewall/sections?applied_tos=g&search_invalid_references=true", "whole", "broken"),
		Entry("sections of the only enforcement point", "firewall/sections?search_scope=default", "whole", "broken"),
	)

	DescribeTable("leave nothing for a value that nothing has", func(path string) {
		answer := c.get("/api/v1/" + path)
		Expect(answer.Status).To(Equal(http.StatusOK), answer.Raw)
		Expect(answer.Body).To(HaveKeyWithValue("results", BeEmpty()))
	},
		Entry("bridge cluster", "logical-ports?bridge_cluster_id=b"),
		Entry("transport node of a port", "logical-ports?transport_node_id=none"),
		Entry("attachment type", "logical-ports?attachment_type=X"),
		Entry("router of VRFs", "logical-routers?vrfs_on_logical_router_id=t1"),
		Entry("transport type of a switch", "logical-switches?transport_type=X"),
		Entry("switch type", "logical-switches?switch_type=X"),
		Entry("enforcement point", "firewall/sections?search_scope=other"),
		Entry("kind of section", "firewall/sections?enforced_on=X"),
		Entry("node of a certificate", "trust-management/certificates?node_id=x"),
		Entry("certificates of the nodes", "trust-management/certificates?type=api_certificate"),
		Entry("node of a revocation list", "trust-management/crls?node_id=x"),
		Entry("type of revocation list", "trust-management/crls?type=api_certificate"),
		Entry("type of node", "transport-nodes?node_types=X"),
	)

	DescribeTable("refuse a value that there is not", func(path string) {
		refused(c.get("/api/v1/"+path), http.StatusBadRequest)
	},
		Entry("diagnostic", "logical-ports?diagnostic=maybe"),
		Entry("type of NAT rule", "logical-routers/t1/nat/rules?rule_type=NAT"),
		Entry("transport type of a zone", "transport-zones?transport_type=X"),
		Entry("maintenance", "transport-nodes?in_maintenance_mode=x"),
		Entry("invalid references", "firewall/sections?search_invalid_references=x"),
		Entry("source of a status", "logical-ports/host/status?source=hearsay"),
		Entry("source of a status of many", "logical-switches/status?source=realtime"),
		Entry("state of switches", "logical-switches/state?status=GOOD"),
		Entry("source of statistics", "firewall/sections/whole/rules/stats?source=x"),
		Entry("source of the summary of sections", "firewall/sections/summary?source=x"),
		Entry("force", "capacity/usage?force=perhaps"),
	)

	It("apply to the statuses of all switches and ports as well, which name them", func() {
		Expect(c.get("/api/v1/logical-switches/status").Body).To(And(HaveKeyWithValue("total_switches", BeEquivalentTo(2)), HaveKeyWithValue("filters", BeEmpty())))
		Expect(c.get("/api/v1/logical-switches/status?transport_type=VLAN&source=cached").Body).To(And(
			HaveKeyWithValue("total_switches", BeEquivalentTo(1)), HaveKeyWithValue("fully_realized_switches", BeEquivalentTo(1)),
			HaveKeyWithValue("filters", ConsistOf(object{"name": "transport_type", "value": "VLAN"}))))
		Expect(c.get("/api/v1/logical-ports/status").Body).To(And(HaveKeyWithValue("total_ports", BeEquivalentTo(4)), HaveKeyWithValue("up_ports", BeEquivalentTo(3))))
		Expect(c.get("/api/v1/logical-ports/status?logical_switch_id=v").Body).To(And(
			HaveKeyWithValue("total_ports", BeEquivalentTo(1)), HaveKeyWithValue("up_ports", BeEquivalentTo(0))))
		Expect(c.get("/api/v1/logical-switches/state?status=SUCCESS").results()).To(HaveLen(2))
		Expect(c.get("/api/v1/logical-switches/state?status=PENDING").results()).To(BeEmpty())
	})
})

var _ = Describe("the exclude list with deep_check", func() {
	const list = "/api/v1/firewall/excludelist"
	check := list + "?action=check_if_exists&object_id="
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{Store: world(grouped())}))
		for kind, id := range map[string]string{"LogicalSwitch": "s", "NSGroup": "nested"} {
			Expect(c.do("POST", list+"?action=add_member", object{"target_type": kind, "target_id": id}).Status).To(Equal(http.StatusOK))
		}
	})

	DescribeTable("holds what a member contains", func(id, kind string) {
		refused(c.do("POST", check+id, nil), http.StatusNotFound)
		refused(c.do("POST", check+id+"&deep_check=false", nil), http.StatusNotFound)
		Expect(c.do("POST", check+id+"&deep_check=true", nil).Body).To(And(HaveKeyWithValue("target_id", id), HaveKeyWithValue("target_type", kind)))
		Expect(c.do("POST", check+id+"&deep_check=true&object_type="+kind, nil).Status).To(Equal(http.StatusOK))
	},
		Entry("a port of a switch", "web1", "LogicalPort"),
		Entry("a port in a group in a group", "db", "LogicalPort"),
		Entry("a group in a group", "port", "NSGroup"),
	)

	It("does not hold others, nor objects of another type than was asked for", func() {
		for _, query := range []string{"tag&deep_check=true", "db&deep_check=true&object_type=NSGroup"} {
			refused(c.do("POST", check+query, nil), http.StatusNotFound)
		}
		refused(c.do("POST", check+"db&deep_check=sure", nil), http.StatusBadRequest)
		refused(c.do("POST", check+"db&deep_check=true&object_type=Cloud", nil), http.StatusBadRequest)
	})

	It("gives back only what is in it by itself", func() {
		refused(c.do("POST", list+"?action=remove_member&object_id=db&deep_check=true", nil), http.StatusNotFound)
		Expect(c.get(list).Body).To(HaveKeyWithValue("member_count", BeEquivalentTo(2)))
	})
})

var _ = Describe("the parameters of the capacity dashboard", func() {
	usage := func(c *client, query string) (types []string) {
		GinkgoHelper()
		for _, line := range c.get("/api/v1/capacity/usage" + query).Body["capacity_usage"].([]any) {
			types = append(types, line.(object)["usage_type"].(string))
		}
		return types
	}

	It("choose categories and sort", func() {
		c := admin(start(nsxsim.Options{Store: world(filtered())}))
		Expect(usage(c, "?category=security")).To(ConsistOf("NUMBER_OF_FIREWALL_SECTIONS", "NUMBER_OF_DFW_RULES", "NUMBER_OF_FIREWALL_RULES"))
		Expect(usage(c, "?category=inventory,system&force=true")).To(ConsistOf(
			"NUMBER_OF_NSGROUP", "NUMBER_OF_GROUPS_BASED_ON_IP_SETS", "NUMBER_OF_IPSETS",
			"NUMBER_OF_EDGE_CLUSTERS", "NUMBER_OF_EDGE_NODES", "NUMBER_OF_PREPARED_HOSTS"))
		Expect(usage(c, "?category=weather")).To(BeEmpty())
		Expect(len(usage(c, ""))).To(Equal(len(usage(c, "?category=security,inventory,networking,system"))))
		Expect(usage(c, "?category=networking&sort_by=current_usage_count&sort_ascending=false")[0]).To(Equal("NUMBER_OF_LOGICAL_PORTS"))
		Expect(usage(c, "?category=security&sort_by=usage_type&sort_ascending=false")[0]).To(Equal("NUMBER_OF_FIREWALL_SECTIONS"))
	})
})

var _ = Describe("lists of what is no stored object", func() {
	It("are sorted and paged as others are", func() {
		c := admin(start(nsxsim.Options{Store: world(grouped())}))
		const effective = "/api/v1/ns-groups/switch/effective-logical-port-members"
		Expect(c.get(effective + "?sort_by=target_id&sort_ascending=false").results()).To(HaveExactElements(
			HaveKeyWithValue("target_id", "web2"), HaveKeyWithValue("target_id", "web1")))
		first := c.get(effective + "?page_size=1")
		Expect(first.results()).To(ConsistOf(HaveKeyWithValue("target_id", "web1")))
		Expect(c.get(effective + "?page_size=1&cursor=" + url.QueryEscape(first.Body["cursor"].(string))).results()).To(ConsistOf(HaveKeyWithValue("target_id", "web2")))
	})
})

var _ = Describe("certificates and revocation lists", func() {
	It("tell what they are for, and what is in them", func() {
		c, who := admin(start(nsxsim.Options{})), newIdentity("web")
		id := c.do("POST", "/api/v1/trust-management/certificates?action=import", object{"pem_encoded": who.certificate}).results()[0]["id"].(string)
		validate := "/api/v1/trust-management/certificates/" + id + "?action=validate&usage="
		Expect(c.get(validate + "CLIENT").Body).To(HaveKeyWithValue("status", "OK"))
		Expect(c.get(validate + "SERVER").Body).To(HaveKeyWithValue("status", "REJECTED"))
		refused(c.get(validate+"BOTH"), http.StatusBadRequest)

		const crls = "/api/v1/trust-management/crls"
		imported := c.do("POST", crls+"?action=import", object{"pem_encoded": who.crl})
		Expect(imported.Status).To(Equal(http.StatusOK), imported.Raw)
		Expect(c.get(crls).results()).To(ConsistOf(Not(HaveKey("details"))))
		Expect(c.get(crls + "?details=true").results()).To(ConsistOf(HaveKeyWithValue("details", And(
			HaveKeyWithValue("issuer", "CN=web"), HaveKeyWithValue("crl_entries", ConsistOf(HaveKeyWithValue("serial_number", "7")))))))
	})
})
