package nsxsim_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// with adds objects to a world.
func with(objects, more map[string]object) map[string]object {
	maps.Copy(objects, more)
	return objects
}

// adding is a body with more fields.
func adding(body, more object) object {
	whole := maps.Clone(body)
	maps.Copy(whole, more)
	return whole
}

// refused checks that an answer is an error in NSX's form and gives its text.
func refused(answer reply, status int) string {
	GinkgoHelper()
	Expect(answer.Status).To(Equal(status), answer.Raw)
	Expect(answer.Body).To(And(HaveKey("httpStatus"), HaveKey("error_code"), HaveKey("module_name"), HaveKey("error_message")))
	return answer.Raw
}

var _ = Describe("bodies of Manager objects", func() {
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{Store: world(with(fabric(), map[string]object{
			"loadbalancer/application-profiles/tcp": {"id": "tcp", "resource_type": "LbFastTcpProfile", "_revision": 0}}))}))
	})

	DescribeTable("are refused with the field", func(path string, body object, field string) {
		Expect(refused(c.do("POST", "/api/v1/"+path, body), http.StatusBadRequest)).To(ContainSubstring(field))
		Expect(c.get("/api/v1/" + path + "/new").Status).To(Equal(http.StatusNotFound))
	},
		Entry("that is not known", "ip-sets", object{"id": "new", "ip_adresses": []any{}}, "ip_adresses"),
		Entry("that is not known further down", "ns-groups",
			object{"id": "new", "members": []any{object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "colour": "red"}}}, "colour"),
		Entry("that is required", "logical-switches", object{"id": "new", "transport_zone_id": "tz"}, "admin_state"),
		Entry("of the wrong type", "ip-sets", object{"id": "new", "ip_addresses": "10.0.0.1"}, "ip_addresses"),
		Entry("with a value that does not exist", "logical-switches",
			object{"id": "new", "transport_zone_id": "tz", "admin_state": "SIDEWAYS"}, "admin_state"),
		Entry("of a pool whose range lies outside", "pools/ip-pools", object{"id": "new", "subnets": []any{
			object{"cidr": "10.0.0.0/24", "allocation_ranges": []any{object{"start": "10.0.0.9", "end": "10.0.1.3"}}}}}, "allocation_ranges"),
		Entry("of a pool whose range runs backwards", "pools/ip-pools", object{"id": "new", "subnets": []any{
			object{"cidr": "10.0.0.0/24", "allocation_ranges": []any{object{"start": "10.0.0.9", "end": "10.0.0.3"}}}}}, "allocation_ranges"),
		Entry("of a block that is no network", "pools/ip-blocks", object{"id": "new", "cidr": "10.0.0.0"}, "cidr"),
		Entry("that is unknown in a child of a router", "logical-routers/t1/nat/rules", object{"id": "new", "action": "SNAT", "x": 1}, "x"),
	)

	DescribeTable("may hold numbers where NSX has strings, and come back with strings", func(path string, body, want object) {
		created := c.do("POST", "/api/v1/"+path, body)
		Expect(created.Status).To(Equal(http.StatusCreated), created.Raw)
		for name, value := range want {
			Expect(created.Body).To(HaveKeyWithValue(name, value))
		}
		again := c.do("PUT", "/api/v1/"+path+"/"+created.Body["id"].(string), adding(body, object{"_revision": 0}))
		Expect(again.Status).To(Equal(http.StatusOK), again.Raw)
		for name, value := range want {
			Expect(again.Body).To(HaveKeyWithValue(name, value))
		}
	},
		Entry("the port of a virtual server", "loadbalancer/virtual-servers",
			object{"ip_address": "10.0.0.9", "ip_protocol": "TCP", "application_profile_id": "tcp", "port": 80}, object{"port": "80"}),
		Entry("a list of ports", "loadbalancer/virtual-servers",
			object{"ip_address": "10.0.0.9", "ip_protocol": "TCP", "application_profile_id": "tcp", "ports": []any{80, "443"}}, object{"ports": []any{"80", "443"}}),
		Entry("the port of a pool's member", "loadbalancer/pools", object{"members": []any{object{"ip_address": "10.0.0.1", "port": 8080}}},
			object{"members": ConsistOf(HaveKeyWithValue("port", "8080"))}),
		Entry("the port of a monitor", "loadbalancer/monitors", object{"resource_type": "LbTcpMonitor", "monitor_port": 22}, object{"monitor_port": "22"}),
		Entry("the ports of a service", "ns-services", object{"nsservice_element": object{
			"resource_type": "L4PortSetNSService", "l4_protocol": "TCP", "source_ports": []any{1024}, "destination_ports": []any{80, 443}}},
			object{"nsservice_element": And(HaveKeyWithValue("source_ports", []any{"1024"}), HaveKeyWithValue("destination_ports", []any{"80", "443"}))}),
		Entry("the ports of a NAT rule", "logical-routers/t1/nat/rules", object{"action": "DNAT", "match_destination_network": "10.0.0.5",
			"translated_network": "10.1.0.5", "translated_ports": 8080}, object{"translated_ports": "8080"}),
	)

	It("may not hold strings where NSX has numbers, nor numbers where it has one of several words", func() {
		Expect(refused(c.do("POST", "/api/v1/loadbalancer/monitors", object{"resource_type": "LbTcpMonitor", "interval": "5"}), http.StatusBadRequest)).
			To(ContainSubstring("interval must be a number"))
		Expect(refused(c.do("POST", "/api/v1/logical-switches", object{"transport_zone_id": "tz", "admin_state": 1}), http.StatusBadRequest)).
			To(ContainSubstring("admin_state must be one of"))
	})

	DescribeTable("of virtual servers have their ports in both fields", func(sent, want object) {
		base := object{"ip_address": "10.0.0.9", "ip_protocol": "TCP", "application_profile_id": "tcp"}
		created := c.do("POST", "/api/v1/loadbalancer/virtual-servers", adding(base, sent))
		Expect(created.Status).To(Equal(http.StatusCreated), created.Raw)
		for name, value := range want {
			Expect(created.Body).To(HaveKeyWithValue(name, value))
		}
	},
		Entry("when only the old one is sent", object{"port": "80", "default_pool_member_port": "8080"},
			object{"port": "80", "ports": []any{"80"}, "default_pool_member_port": "8080", "default_pool_member_ports": []any{"8080"}}),
		Entry("when only the new one is sent", object{"ports": []any{"80", "443"}, "default_pool_member_ports": []any{"81", "82"}},
			object{"port": "80", "ports": []any{"80", "443"}, "default_pool_member_port": "81", "default_pool_member_ports": []any{"81", "82"}}),
		Entry("as the new one says when both are sent", object{"port": "1", "ports": []any{"443"}}, object{"port": "443", "ports": []any{"443"}}),
	)

	It("may hold what only NSX sets, which is ignored", func() {
		created := c.do("POST", "/api/v1/ip-sets", object{"_create_user": "somebody", "_create_time": 5, "_system_owned": true, "_protection": "PROTECTED",
			"_revision": 9, "_last_modified_user": "x", "_last_modified_time": 7, "_schema": "IPSet", "_self": object{"href": "/x"}})
		Expect(created.Status).To(Equal(http.StatusCreated), created.Raw)
		Expect(created.Body).To(And(HaveKeyWithValue("_create_user", "admin"), HaveKeyWithValue("_system_owned", false),
			HaveKeyWithValue("_protection", "NOT_PROTECTED"), HaveKeyWithValue("_revision", BeEquivalentTo(0)), Not(HaveKey("_schema")), Not(HaveKey("_self"))))
		body := created.Body
		Expect(body["display_name"]).To(Equal(body["id"]))
		body["_create_user"] = "somebody"
		Expect(c.do("PUT", "/api/v1/ip-sets/"+body["id"].(string), body).Body).To(HaveKeyWithValue("_create_user", "admin"))
	})

	It("cannot make another sort of object out of one, nor lie about the place", func() {
		c := admin(start(nsxsim.Options{Store: world(map[string]object{
			"loadbalancer/monitors/m": {"id": "m", "resource_type": "LbTcpMonitor", "display_name": "m", "_revision": 0}})}))
		Expect(refused(c.do("PUT", "/api/v1/loadbalancer/monitors/m", object{"resource_type": "LbHttpMonitor", "_revision": 0}), http.StatusBadRequest)).
			To(ContainSubstring("LbTcpMonitor"))
		Expect(c.do("PUT", "/api/v1/loadbalancer/monitors/m", object{"_revision": 0}).Body).To(And(
			HaveKeyWithValue("resource_type", "LbTcpMonitor"), HaveKeyWithValue("display_name", "m")))
		refused(c.do("POST", "/api/v1/ip-sets", object{"id": "a/b"}), http.StatusBadRequest)
	})

	It("are refused in a PUT as in a POST", func() {
		id := c.do("POST", "/api/v1/ip-sets", object{}).Body["id"].(string)
		for _, body := range []object{{"_revision": 0, "x": 1}, {"_revision": 0, "ip_addresses": 5}} {
			refused(c.do("PUT", "/api/v1/ip-sets/"+id, body), http.StatusBadRequest)
		}
		Expect(c.get("/api/v1/ip-sets/" + id).Body).To(HaveKeyWithValue("_revision", BeEquivalentTo(0)))
	})
})

var _ = Describe("references of Manager objects", func() {
	DescribeTable("are refused when they lead nowhere", func(path string, body object, missing string) {
		c := admin(start(nsxsim.Options{Store: world(fabric())}))
		body["id"] = "new"
		Expect(refused(c.do("POST", "/api/v1/"+path, body), http.StatusNotFound)).To(And(ContainSubstring("none"), ContainSubstring(missing)))
		Expect(c.get("/api/v1/" + path + "/new").Status).To(Equal(http.StatusNotFound))
	},
		Entry("a switch's zone", "logical-switches", object{"transport_zone_id": "none", "admin_state": "UP"}, "transport_zone_id"),
		Entry("a port's switch", "logical-ports", object{"logical_switch_id": "none", "admin_state": "UP"}, "logical_switch_id"),
		Entry("a port's profile", "logical-ports", object{"logical_switch_id": "s", "admin_state": "UP",
			"switching_profile_ids": []any{object{"key": "QosSwitchingProfile", "value": "none"}}}, "switching_profile_ids"),
		Entry("a router port's router", "logical-router-ports", object{"resource_type": "LogicalRouterLinkPortOnTIER0", "logical_router_id": "none"}, "logical_router_id"),
		Entry("a group's member", "ns-groups", object{"members": []any{object{"resource_type": "NSGroupSimpleExpression",
			"target_type": "LogicalSwitch", "target_property": "id", "op": "EQUALS", "value": "none"}}}, "members"),
		Entry("a section's target", "firewall/sections", section("new", object{"applied_tos": []any{object{"target_type": "NSGroup", "target_id": "none"}}}), "applied_tos"),
		Entry("a virtual server's pool", "loadbalancer/virtual-servers", object{"ip_address": "10.0.0.1", "application_profile_id": "none"}, "application_profile_id"),
		Entry("a subnet's block", "pools/ip-subnets", object{"block_id": "none", "size": 16}, "block_id"),
		Entry("a DHCP server's profile", "dhcp/servers", object{"dhcp_profile_id": "none"}, "dhcp_profile_id"),
	)

	It("are looked at again only when they change", func() {
		c := admin(start(nsxsim.Options{Store: world(with(fabric(), map[string]object{"logical-ports/p": {
			"id": "p", "resource_type": "LogicalPort", "display_name": "p", "admin_state": "UP", "logical_switch_id": "gone", "_revision": 0}}))}))
		body := c.get("/api/v1/logical-ports/p").Body
		body["description"] = "still there"
		Expect(c.do("PUT", "/api/v1/logical-ports/p", body).Status).To(Equal(http.StatusOK))
		body["logical_switch_id"], body["_revision"] = "none", 1
		refused(c.do("PUT", "/api/v1/logical-ports/p", body), http.StatusNotFound)
	})
})

var _ = Describe("configurations of which a router has one", func() {
	It("are there before anybody wrote them, and are changed by PUT", func() {
		c := admin(start(nsxsim.Options{Store: world(fabric())}))
		const path = "/api/v1/logical-routers/t1/routing/advertisement"
		fresh := c.get(path).Body
		Expect(fresh).To(And(HaveKeyWithValue("resource_type", "AdvertisementConfig"), HaveKeyWithValue("logical_router_id", "t1"), HaveKeyWithValue("enabled", false)))
		fresh["enabled"] = true
		changed := c.do("PUT", path, fresh)
		Expect(changed.Status).To(Equal(http.StatusOK), changed.Raw)
		Expect(c.get(path).Body).To(And(HaveKeyWithValue("enabled", true), HaveKeyWithValue("_revision", BeEquivalentTo(1))))
		Expect(c.do("PUT", path, fresh).Status).To(Equal(http.StatusPreconditionFailed))
		Expect(c.get("/api/v1/logical-routers/none/routing/bgp").Status).To(Equal(http.StatusNotFound))
		for _, name := range []string{"", "/bgp", "/redistribution", "/redistribution/rules", "/advertisement/rules"} {
			Expect(c.get("/api/v1/logical-routers/t1/routing" + name).Body).To(HaveKeyWithValue("_revision", BeEquivalentTo(0)))
		}
	})
})

var _ = Describe("cursors and parameters of Manager lists", func() {
	var c *client

	BeforeEach(func() {
		objects := manyPorts(4)
		objects["ip-sets/a"] = object{"id": "a", "resource_type": "IPSet", "display_name": "z"}
		objects["ip-sets/b"] = object{"id": "b", "resource_type": "IPSet", "display_name": "y"}
		c = admin(start(nsxsim.Options{Store: world(objects)}))
	})

	It("fit only the list that gave them", func() {
		cursor := url.QueryEscape(c.get("/api/v1/ip-sets?page_size=1").Body["cursor"].(string))
		Expect(c.get("/api/v1/ip-sets?page_size=1&cursor=" + cursor).ids()).To(Equal([]string{"b"}))
		for _, other := range []string{"logical-ports?cursor=", "ip-sets?sort_by=display_name&cursor=", "ip-sets?cursor=7", "ip-sets?cursor=%25"} {
			if other[len(other)-1] == '=' {
				other += cursor
			}
			refused(c.get("/api/v1/"+other), http.StatusBadRequest)
		}
	})

	It("are refused when somebody wrote them himself", func() {
		given, err := base64.RawURLEncoding.DecodeString(c.get("/api/v1/ip-sets?page_size=1").Body["cursor"].(string))
		Expect(err).NotTo(HaveOccurred())
		_, rest, _ := strings.Cut(string(given), " ")
		for _, number := range []string{"-5", "0", "x"} {
			forged := base64.RawURLEncoding.EncodeToString([]byte(number + " " + rest))
			refused(c.get("/api/v1/ip-sets?page_size=1&cursor="+forged), http.StatusBadRequest)
		}
	})

	It("tell the number of all objects on the first page, and the order on every one", func() {
		first := c.get("/api/v1/logical-ports?page_size=2")
		Expect(first.Body).To(And(HaveKeyWithValue("result_count", BeEquivalentTo(4)), HaveKeyWithValue("sort_by", "id"), HaveKeyWithValue("sort_ascending", true)))
		second := c.get("/api/v1/logical-ports?page_size=2&cursor=" + url.QueryEscape(first.Body["cursor"].(string)))
		Expect(second.Body).To(And(Not(HaveKey("result_count")), Not(HaveKey("cursor")), HaveKeyWithValue("sort_by", "id")))
	})

	It("sort by a field in either direction", func() {
		Expect(c.get("/api/v1/ip-sets?sort_by=display_name").ids()).To(Equal([]string{"b", "a"}))
		down := c.get("/api/v1/ip-sets?sort_by=display_name&sort_ascending=false")
		Expect(down.ids()).To(Equal([]string{"a", "b"}))
		Expect(down.Body).To(And(HaveKeyWithValue("sort_by", "display_name"), HaveKeyWithValue("sort_ascending", false)))
	})

	It("give only the fields that are asked for", func() {
		Expect(c.get("/api/v1/ip-sets?included_fields=id,display_name").results()).To(ConsistOf(
			Equal(object{"id": "a", "display_name": "z"}), Equal(object{"id": "b", "display_name": "y"})))
	})

	DescribeTable("refuse", func(query string) { refused(c.get("/api/v1/logical-ports?"+query), http.StatusBadRequest) },
		Entry("a page that is too large", "page_size=1001"),
		Entry("a negative page", "page_size=-1"),
		Entry("a page that is no number", "page_size=many"),
		Entry("a direction that is none", "sort_ascending=sideways"),
		Entry("a flag that is none", "container_ports_only=maybe"),
	)

	It("ignore parameters that they do not have, and give a whole page for size 0", func() {
		Expect(c.get("/api/v1/logical-ports?colour=red&page_size=0").ids()).To(HaveLen(4))
	})

	DescribeTable("filter by", func(path string, ids ...string) {
		c := admin(start(nsxsim.Options{Store: world(with(fabric(), map[string]object{
			"logical-ports/a":        {"id": "a", "resource_type": "LogicalPort", "logical_switch_id": "s"},
			"logical-ports/b":        {"id": "b", "resource_type": "LogicalPort", "logical_switch_id": "v", "attachment": object{"id": "x", "attachment_type": "VIF"}},
			"logical-router-ports/d": {"id": "d", "resource_type": "LogicalRouterDownLinkPort", "linked_logical_switch_port_id": object{"target_type": "LogicalPort", "target_id": "a"}},
			"logical-router-ports/e": {"id": "e", "resource_type": "LogicalRouterDownLinkPort", "linked_logical_switch_port_id": object{"target_type": "LogicalPort", "target_id": "b"}},
			"ns-groups/sw":           {"id": "sw", "resource_type": "NSGroup", "members": []any{object{"target_type": "LogicalSwitch", "target_property": "id", "op": "EQUALS", "value": "s"}}},
			"ns-groups/tag":          {"id": "tag", "resource_type": "NSGroup", "membership_criteria": []any{object{"expressions": []any{object{"target_type": "LogicalPort", "scope": "x"}}}}},
			"switching-profiles/qos": {"id": "qos", "resource_type": "QosSwitchingProfile"},
			"ns-services/own":        {"id": "own", "resource_type": "NSService"},
			"ns-services/preset":     {"id": "preset", "resource_type": "NSService", "default_service": true},
		}))}))
		Expect(c.get("/api/v1/" + path).ids()).To(Equal(ids))
	},
		Entry("transport type", "logical-switches?transport_type=VLAN", "v"),
		Entry("a port's transport zone", "logical-ports?transport_zone_id=vlan", "b"),
		Entry("a router port's switch", "logical-router-ports?logical_switch_id=s", "d"),
		Entry("type of members", "ns-groups?member_types=LogicalSwitch", "sw"),
		Entry("one of several types, in criteria too", "ns-groups?member_types=IPSet,LogicalPort", "tag"),
		Entry("several types of profile", "switching-profiles?switching_profile_type=QosSwitchingProfile,MacManagementSwitchingProfile", "qos"),
		Entry("all ports unless container ports are wanted", "logical-ports?container_ports_only=false", "a", "b"),
		Entry("services that come with NSX", "ns-services?default_service=true", "preset"),
	)

	It("tell what members refer to when they are asked", func() {
		c := admin(start(nsxsim.Options{Store: world(with(fabric(), map[string]object{"ns-groups/g": {"id": "g", "resource_type": "NSGroup", "members": []any{
			byID("LogicalSwitch", "s"), byID("VirtualMachine", "vm"), object{"resource_type": "NSGroupSimpleExpression", "target_type": "LogicalSwitch",
				"target_property": "display_name", "op": "EQUALS", "value": "s"}}}}))}))
		for _, path := range []string{"ns-groups/g", "ns-groups"} {
			answer := c.get("/api/v1/" + path + "?populate_references=true").Raw
			Expect(answer).To(ContainSubstring(`"target_resource":{"is_valid":true,"target_display_name":"s","target_id":"s","target_type":"LogicalSwitch"}`))
			Expect(strings.Count(answer, "target_resource")).To(Equal(1), "others are no references")
			Expect(c.get("/api/v1/" + path).Raw).NotTo(ContainSubstring("target_resource"))
		}
	})
})

var _ = Describe("the auditor", func() {
	DescribeTable("may not write", func(method, path string) {
		server := start(nsxsim.Options{Store: world(fabric())})
		auditor := as(server, nsxsim.AuditorUser)
		Expect(refused(auditor.do(method, "/api/v1/"+path, object{}), http.StatusForbidden)).To(ContainSubstring(string(api.Auditor)))
		Expect(auditor.get("/api/v1/logical-switches/s").Body).To(HaveKeyWithValue("_revision", BeEquivalentTo(0)))
	},
		Entry("new objects", "POST", "ip-sets"),
		Entry("changes", "PUT", "logical-switches/s"),
		Entry("deletions", "DELETE", "logical-switches/s?detach=true"),
		Entry("sections with rules", "POST", "firewall/sections?action=create_with_rules"),
		Entry("allocations", "POST", "pools/ip-pools/p?action=ALLOCATE"),
		Entry("members of groups", "POST", "ns-groups/g?action=ADD_MEMBERS"),
		Entry("certificates", "POST", "trust-management/certificates?action=import"),
		Entry("principal identities", "POST", "trust-management/principal-identities/with-certificate"),
		Entry("the limits of the API", "PUT", "node/services/http"),
	)

	It("may read, also by POST", func() {
		server := start(nsxsim.Options{Store: world(fabric())})
		Expect(admin(server).do("POST", sections, section("s", nil)).Status).To(Equal(http.StatusCreated))
		auditor := as(server, nsxsim.AuditorUser)
		Expect(auditor.get("/api/v1/logical-switches").Status).To(Equal(http.StatusOK))
		Expect(auditor.do("POST", sections+"/s?action=list_with_rules", nil).Status).To(Equal(http.StatusOK))
	})
})

var _ = Describe("what another principal identity owns", func() {
	owned := func() map[string]object {
		return with(fabric(), map[string]object{
			"ns-groups/g":          {"id": "g", "resource_type": "NSGroup", "_create_user": "tas1-ncp", "_revision": 0},
			"pools/ip-pools/p":     {"id": "p", "resource_type": "IpPool", "_create_user": "tas1-ncp", "_revision": 0},
			"firewall/sections/s":  {"id": "s", "resource_type": "FirewallSection", "section_type": "LAYER3", "stateful": true, "_create_user": "tas1-ncp", "_revision": 0},
			"logical-switches/own": {"id": "own", "resource_type": "LogicalSwitch", "admin_state": "UP", "transport_zone_id": "tz", "_create_user": "tas1-ncp", "_revision": 0},
		})
	}

	DescribeTable("is closed to an enterprise admin unless he insists", func(method, path string, body object) {
		c := admin(start(nsxsim.Options{Store: world(owned())}))
		Expect(refused(c.do(method, "/api/v1/"+path, body), http.StatusBadRequest)).To(And(ContainSubstring("289"), ContainSubstring("allowOverwrite=false")))
		insisted := c.with("X-Allow-Overwrite", "true").do(method, "/api/v1/"+path, body)
		Expect(insisted.Raw).NotTo(ContainSubstring("createUser"))
		Expect(insisted.Status).To(BeElementOf(http.StatusOK, http.StatusCreated), insisted.Raw)
	},
		Entry("PUT", "PUT", "logical-switches/own", object{"admin_state": "UP", "transport_zone_id": "tz", "_revision": 0}),
		Entry("DELETE", "DELETE", "logical-switches/own", nil),
		Entry("a rule in its section", "POST", "firewall/sections/s/rules", object{"action": "ALLOW"}),
		Entry("the place of its section", "POST", "firewall/sections/s?action=revise", section("s", object{"_revision": 0})),
		Entry("a lock of its section", "POST", "firewall/sections/s?action=lock", object{}),
		Entry("members of its group", "POST", "ns-groups/g?action=ADD_MEMBERS", object{"members": []any{object{"resource_type": "NSGroupSimpleExpression",
			"target_type": "LogicalSwitch", "target_property": "id", "op": "EQUALS", "value": "s"}}}),
	)
})
