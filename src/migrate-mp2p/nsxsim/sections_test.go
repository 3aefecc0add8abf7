package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

const sections = "/api/v1/firewall/sections"

// section is the body of a section with that name; more are further fields.
func section(name string, more object) object {
	body := object{"id": name, "display_name": name, "section_type": "LAYER3", "stateful": true}
	for field, value := range more {
		body[field] = value
	}
	return body
}

// rules are the bodies of rules with those names.
func rules(names ...string) []any {
	var list []any
	for _, name := range names {
		list = append(list, object{"display_name": name, "action": "ALLOW"})
	}
	return list
}

// names are the display names of a list.
func names(list any) []string {
	var all []string
	for _, element := range list.([]any) {
		all = append(all, element.(object)["display_name"].(string))
	}
	return all
}

var _ = Describe("firewall sections", func() {
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{Store: world(map[string]object{"firewall/sections/default": {
			"id": "default", "resource_type": "FirewallSection", "display_name": "default", "section_type": "LAYER3", "is_default": true,
			"stateful": true, "priority": 900, "rule_count": 0, "_revision": 0}})}))
	})

	create := func(name, position string) {
		GinkgoHelper()
		created := c.do("POST", sections+"?"+position, section(name, nil))
		Expect(created.Status).To(Equal(http.StatusCreated), created.Raw)
	}
	order := func() []string { return names(c.get(sections).Body["results"]) }

	It("are created with their rules and listed with them in their order", func() {
		created := c.do("POST", sections+"?action=create_with_rules", section("s", object{"rules": rules("first", "second")}))
		Expect(created.Status).To(Equal(http.StatusOK), created.Raw)
		for _, method := range []string{"GET", "POST"} {
			listed := c.do(method, sections+"/s?action=list_with_rules", nil)
			Expect(listed.Body).To(HaveKeyWithValue("rule_count", BeEquivalentTo(2)))
			Expect(names(listed.Body["rules"])).To(Equal([]string{"first", "second"}))
			Expect(listed.Body["rules"].([]any)[0].(object)["id"]).To(MatchRegexp(`^\d+$`))
		}
		Expect(c.get(sections + "/s").Body).NotTo(HaveKey("rules"))
		Expect(c.get(sections + "/s/rules").results()).To(HaveLen(2))
	})

	It("stand where the operation says, the default one last", func() {
		create("b", "")
		create("a", "operation=insert_top")
		create("z", "operation=insert_bottom")
		create("c", "operation=insert_after&id=b")
		create("y", "operation=insert_before&id=z")
		create("a2", "operation=insert_after&id=a")
		Expect(order()).To(Equal([]string{"a", "a2", "b", "c", "y", "z", "default"}))
		revised := c.do("POST", sections+"/a?action=revise&operation=insert_after&id=y", section("a", object{"_revision": 0, "description": "moved"}))
		Expect(revised.Body).To(And(HaveKeyWithValue("description", "moved"), HaveKeyWithValue("_revision", BeEquivalentTo(1))))
		Expect(order()).To(Equal([]string{"a2", "b", "c", "y", "a", "z", "default"}))
		Expect(c.get(sections+"/default").Body).To(HaveKeyWithValue("priority", BeEquivalentTo(900)), "who is not in the way stays")
	})

	DescribeTable("refuse a position", func(query string, status int) {
		Expect(c.do("POST", sections+"?"+query, section("s", nil)).Status).To(Equal(status))
		Expect(order()).To(Equal([]string{"default"}))
	},
		Entry("without anchor", "operation=insert_after", http.StatusBadRequest),
		Entry("that does not exist", "operation=insert_between", http.StatusBadRequest),
		Entry("beside a section that does not exist", "operation=insert_after&id=none", http.StatusNotFound),
	)

	It("keep priority and count whatever a client sends", func() {
		create("s", "")
		before := c.get(sections + "/s").Body
		changed := c.do("PUT", sections+"/s", section("s", object{"_revision": 0, "priority": 7, "rule_count": 9}))
		Expect(changed.Status).To(Equal(http.StatusOK), changed.Raw)
		Expect(changed.Body).To(And(HaveKeyWithValue("priority", before["priority"]), HaveKeyWithValue("rule_count", BeEquivalentTo(0))))
	})

	It("take whole new lists of rules, keeping those with a known id", func() {
		created := c.do("POST", sections+"?action=create_with_rules", section("s", object{"rules": rules("first", "second")}))
		second := created.Body["rules"].([]any)[1].(object)
		second["display_name"] = "kept"
		updated := c.do("POST", sections+"/s?action=update_with_rules", section("s", object{"_revision": 0, "rules": append(rules("new"), second)}))
		Expect(updated.Status).To(Equal(http.StatusOK), updated.Raw)
		Expect(names(updated.Body["rules"])).To(Equal([]string{"new", "kept"}))
		Expect(updated.Body["rules"].([]any)[1]).To(HaveKeyWithValue("id", second["id"]))
		Expect(c.get(sections + "/s").Body).To(HaveKeyWithValue("rule_count", BeEquivalentTo(2)))

		create("other", "operation=insert_top")
		Expect(c.do("POST", sections+"/s?action=revise_with_rules&operation=insert_top", section("s", object{"_revision": 0, "rules": rules("one")})).Status).
			To(Equal(http.StatusPreconditionFailed))
		Expect(c.do("POST", sections+"/s?action=revise_with_rules&operation=insert_top", section("s", object{"_revision": 1, "rules": rules("one")})).Status).
			To(Equal(http.StatusOK))
		Expect(order()).To(Equal([]string{"s", "other", "default"}))
		Expect(c.get(sections + "/s/rules").results()).To(HaveLen(1))
	})

	It("are only removed with their rules when the client says so, and never the default one", func() {
		c.do("POST", sections+"?action=create_with_rules", section("s", object{"rules": rules("first")}))
		Expect(c.do("DELETE", sections+"/s", nil).Status).To(Equal(http.StatusBadRequest))
		Expect(c.do("DELETE", sections+"/s?cascade=true", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(sections + "/s/rules").Status).To(Equal(http.StatusNotFound))
		Expect(c.do("DELETE", sections+"/default?cascade=true", nil).Status).To(Equal(http.StatusBadRequest))
	})

	It("are closed to others while somebody has locked them", func() {
		server := start(nsxsim.Options{Users: []nsxsim.User{{Name: "other", Password: nsxsim.DefaultPassword, Role: api.EnterpriseAdmin}}})
		c, other := admin(server), as(server, "other")
		c.do("POST", sections+"?action=create_with_rules", section("s", object{"rules": rules("first")}))
		rule := c.get(sections + "/s/rules").ids()[0]
		Expect(c.do("POST", sections+"/s?action=lock", object{"section_revision": 5}).Status).To(Equal(http.StatusPreconditionFailed))
		Expect(c.do("POST", sections+"/s?action=lock", object{"comments": "mine"}).Body).To(And(
			HaveKeyWithValue("locked", true), HaveKeyWithValue("lock_modified_by", "admin"), HaveKeyWithValue("comments", "mine")))
		for _, refused := range []reply{
			other.do("PUT", sections+"/s", section("s", object{"_revision": 1})),
			other.do("POST", sections+"/s/rules", rules("x")[0]),
			other.do("DELETE", sections+"/s/rules/"+rule, nil),
			other.do("DELETE", sections+"/s?cascade=true", nil),
			other.do("POST", sections+"/s?action=unlock", object{}),
		} {
			Expect(refused.Status).To(Equal(http.StatusLocked), refused.Raw)
		}
		Expect(c.do("POST", sections+"/s/rules", rules("x")[0]).Status).To(Equal(http.StatusCreated))
		Expect(c.do("POST", sections+"/s?action=unlock", object{}).Body).To(HaveKeyWithValue("locked", false))
		Expect(other.do("DELETE", sections+"/s/rules/"+rule, nil).Status).To(Equal(http.StatusOK))
	})
})

var _ = Describe("firewall rules", func() {
	var c *client
	const of = sections + "/s/rules"

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{Store: world(map[string]object{
			"ns-groups/inner": {"id": "inner", "resource_type": "NSGroup"},
			"ns-groups/outer": {"id": "outer", "resource_type": "NSGroup", "members": []any{
				object{"resource_type": "NSGroupSimpleExpression", "target_type": "NSGroup", "target_property": "id", "op": "EQUALS", "value": "inner"}}},
		})}))
		Expect(c.do("POST", sections, section("s", nil)).Status).To(Equal(http.StatusCreated))
	})

	order := func() []string { return names(c.get(of).Body["results"]) }

	It("go where the operation says, one or several at once, and are counted", func() {
		first := c.do("POST", of, object{"display_name": "first", "action": "ALLOW"})
		Expect(first.Status).To(Equal(http.StatusCreated), first.Raw)
		Expect(first.Body).To(And(HaveKeyWithValue("section_id", "s"), HaveKeyWithValue("direction", "IN_OUT")))
		several := c.do("POST", of+"?action=create_multiple&operation=insert_after&id="+first.Body["id"].(string), object{"rules": rules("second", "third")})
		Expect(several.Status).To(Equal(http.StatusOK), several.Raw)
		Expect(several.Body["rules"]).To(HaveLen(2))
		Expect(order()).To(Equal([]string{"first", "second", "third"}))
		revised := c.do("POST", of+"/"+first.Body["id"].(string)+"?action=revise&operation=insert_bottom", object{
			"display_name": "last", "action": "DROP", "_revision": 0})
		Expect(revised.Body).To(HaveKeyWithValue("action", "DROP"))
		Expect(order()).To(Equal([]string{"second", "third", "last"}))
		Expect(c.get(sections + "/s").Body).To(HaveKeyWithValue("rule_count", BeEquivalentTo(3)))
		Expect(c.do("DELETE", of+"/"+first.Body["id"].(string), nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(sections + "/s").Body).To(HaveKeyWithValue("rule_count", BeEquivalentTo(2)))
	})

	It("are found by their own id and have counters", func() {
		id := c.do("POST", of, object{"action": "ALLOW"}).Body["id"].(string)
		Expect(c.get("/api/v1/firewall/rules/" + id).Body).To(HaveKeyWithValue("section_id", "s"))
		Expect(c.get("/api/v1/firewall/rules/none").Status).To(Equal(http.StatusNotFound))
		Expect(c.get(of + "/stats").Body["results"]).To(ConsistOf(And(HaveKeyWithValue("rule_id", id), HaveKeyWithValue("hit_count", BeEquivalentTo(0)))))
		Expect(c.get(of + "/" + id + "/stats").Body).To(HaveKeyWithValue("rule_id", id))
		Expect(c.get(sections + "/s/state").Body).To(HaveKeyWithValue("state", "success"))
	})

	DescribeTable("filter the lists of sections and rules", func(query string, fits bool) {
		c.do("POST", of, object{"display_name": "r", "action": "ALLOW",
			"sources":     []any{object{"target_type": "NSGroup", "target_id": "outer"}},
			"applied_tos": []any{object{"target_type": "NSGroup", "target_id": "inner"}}})
		c.do("POST", sections, section("empty", object{"applied_tos": []any{object{"target_type": "NSGroup", "target_id": "inner"}}}))
		rule, section := BeEmpty(), Not(ContainElement("s"))
		if fits {
			rule, section = Equal([]string{"r"}), ContainElement("s")
		}
		Expect(names(c.get(of + "?" + query).Body["results"])).To(rule)
		Expect(names(c.get(sections + "?" + query).Body["results"])).To(section)
	},
		Entry("by source", "sources=outer", true),
		Entry("by another source", "sources=inner", false),
		Entry("by a source in a group", "sources=inner&deep_search=true", true),
		Entry("by all that is named", "sources=outer&destinations=x", false),
		Entry("by any that is named", "sources=outer&destinations=x&filter_type=SEARCH", true),
		Entry("by the type applied to", "include_applied_to_type=NSGroup&sources=outer", true),
		Entry("by another type applied to", "include_applied_to_type=LogicalSwitch", false),
		Entry("without a type applied to", "exclude_applied_to_type=NSGroup", false),
	)

	It("refuse values of those filters that do not exist", func() {
		for _, query := range []string{"filter_type=X", "deep_search=maybe", "type=LAYER9", "locked=perhaps"} {
			Expect(c.get(sections+"?"+query).Status).To(Equal(http.StatusBadRequest), query)
		}
	})
})

var _ = Describe("the distributed firewall", func() {
	var c *client

	BeforeEach(func() { c = admin(start(nsxsim.Options{Store: world(fabric())})) })

	It("is summed up by type of section", func() {
		c.do("POST", sections+"?action=create_with_rules", section("a", object{"rules": rules("1", "2")}))
		c.do("POST", sections+"?action=create_with_rules", section("b", object{"rules": rules("3")}))
		Expect(c.get(sections + "/summary").Body["sections_summary"]).To(ConsistOf(And(
			HaveKeyWithValue("section_type", "L3DFW"), HaveKeyWithValue("section_count", BeEquivalentTo(2)), HaveKeyWithValue("rule_count", BeEquivalentTo(3)))))
	})

	It("excludes members one by one", func() {
		const list = "/api/v1/firewall/excludelist"
		Expect(c.get(list).Body).To(HaveKeyWithValue("member_count", BeEquivalentTo(0)))
		added := c.do("POST", list+"?action=add_member", object{"target_type": "LogicalSwitch", "target_id": "s"})
		Expect(added.Status).To(Equal(http.StatusOK), added.Raw)
		Expect(c.get(list).Body).To(HaveKeyWithValue("member_count", BeEquivalentTo(1)))
		Expect(c.do("POST", list+"?action=check_if_exists&object_id=s", nil).Body).To(HaveKeyWithValue("target_id", "s"))
		Expect(c.do("POST", list+"?action=check_if_exists&object_id=t", nil).Status).To(Equal(http.StatusNotFound))
		Expect(c.do("DELETE", "/api/v1/logical-switches/s", nil).Body["error_message"]).To(ContainSubstring("ExcludeList/"))
		Expect(c.do("POST", list+"?action=remove_member&object_id=s", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(list).Body).To(HaveKeyWithValue("members", BeEmpty()))
		Expect(c.do("POST", list+"?action=remove_member&object_id=s", nil).Status).To(Equal(http.StatusNotFound))
	})

	It("has a status per context that can be changed", func() {
		const status = "/api/v1/firewall/status"
		Expect(c.get(status).results()).To(HaveEach(HaveKeyWithValue("global_status", "ENABLED")))
		body := c.get(status + "/transport_nodes").Body
		body["global_status"] = "DISABLED"
		Expect(c.do("PUT", status+"/transport_nodes", body).Status).To(Equal(http.StatusOK))
		Expect(c.get(status + "/transport_nodes").Body).To(And(HaveKeyWithValue("global_status", "DISABLED"), HaveKeyWithValue("_revision", BeEquivalentTo(1))))
		Expect(c.do("PUT", status+"/transport_nodes", body).Status).To(Equal(http.StatusPreconditionFailed))
		Expect(c.get(status + "/none").Status).To(Equal(http.StatusNotFound))
	})

	It("is switched off and on for one object", func() {
		const status = "/api/v1/firewall/status/logical_routers"
		Expect(c.get(status + "/t1").Body).To(And(HaveKeyWithValue("target_id", "t1"), HaveKeyWithValue("target_status", "ENABLED")))
		Expect(c.do("POST", status+"/t1?action=disable_firewall", nil).Body).To(HaveKeyWithValue("target_status", "DISABLED"))
		Expect(c.get(status + "/t1").Body).To(HaveKeyWithValue("target_status", "DISABLED"))
		Expect(c.get(status).Body["target_statuses"]).To(ConsistOf(HaveKeyWithValue("target_id", "t1")))
		Expect(c.do("POST", status+"/t1?action=enable_firewall", nil).Body).To(HaveKeyWithValue("target_status", "ENABLED"))
		Expect(c.get(status).Body["target_statuses"]).To(ConsistOf(HaveKeyWithValue("target_status", "ENABLED")))
		body := c.get(status).Body
		body["global_status"], body["target_statuses"] = "DISABLED", []any{}
		Expect(c.do("PUT", status, body).Status).To(Equal(http.StatusOK))
		Expect(c.get(status + "/t1").Body).To(HaveKeyWithValue("target_status", "DISABLED"))
		refused(c.get(status+"/none"), http.StatusNotFound)
		refused(c.do("POST", "/api/v1/firewall/status/bridge_ports/t1?action=disable_firewall", nil), http.StatusNotFound)
		refused(c.get("/api/v1/firewall/status/clouds/t1"), http.StatusNotFound)
	})
})
