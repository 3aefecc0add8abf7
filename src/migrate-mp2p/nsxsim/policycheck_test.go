package nsxsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

const groups = infra + "/domains/default/groups"

// refusedWith matches a 400 with a code and a part of its message.
func refusedWith(code int, message string) OmegaMatcher {
	return And(HaveField("Status", http.StatusBadRequest),
		HaveField("Body", And(HaveKeyWithValue("error_code", BeEquivalentTo(code)), HaveKeyWithValue("error_message", ContainSubstring(message)))))
}

// works matches a 200.
func works() OmegaMatcher { return HaveField("Status", http.StatusOK) }

var _ = Describe("the bodies of Policy objects", func() {
	var c *client

	BeforeEach(func() { c = admin(start(nsxsim.Options{})) })

	DescribeTable("are refused", func(path string, body object, code int, message string) {
		for _, method := range []string{"PUT", "PATCH"} {
			Expect(c.do(method, infra+path, body)).To(refusedWith(code, message))
		}
		Expect(c.get(infra + path).Status).To(Equal(http.StatusNotFound))
	},
		Entry("with an unknown field", "/segments/s", object{"colour": "red"}, 255, "colour is not a field of Segment"),
		Entry("with an unknown field deep inside", "/segments/s", object{"subnets": []any{object{"gateway": "10.0.0.1/24"}}}, 255, "subnets[0].gateway is not a field"),
		Entry("without a required field", "/ip-pools/p/ip-subnets/s", object{"resource_type": "IpAddressPoolBlockSubnet"}, 500012, "[/infra/ip-pools/p]"),
		Entry("with a value of the wrong kind", "/segments/s", object{"vlan_ids": 5}, 255, "vlan_ids must be a list"),
		Entry("with a value that is none of those possible", "/segments/s", object{"admin_state": "ON"}, 255, "admin_state must be one of UP, DOWN"),
		Entry("without a resource_type where several are possible", "/lb-app-profiles/a", object{}, 500127, "LBFastTcpProfile"),
		Entry("with 31 tags", "/segments/s", object{"tags": manyTags(31)}, 255, "31"),
		Entry("with a group's expression that does not alternate", "/domains/default/groups/g",
			object{"expression": []any{object{"resource_type": "IPAddressExpression", "ip_addresses": []any{"10.0.0.1"}}, object{"resource_type": "ConjunctionOperator", "conjunction_operator": "OR"}}},
			500127, "must be odd"),
		Entry("with rules that are no list", "/domains/default/security-policies/p", object{"rules": "all"}, 255, "rules must be a list"),
		Entry("with a rule without id", "/domains/default/security-policies/p", object{"rules": []any{object{"action": "ALLOW"}}}, 500127, "no id"),
		Entry("with children that are no list", "/segments/s", object{"children": object{}}, 255, "children must be a list"),
		Entry("that name what does not exist", "/segments/s", object{"connectivity_path": "/infra/tier-1s/none"}, 500012, "[/infra/tier-1s/none]"),
		Entry("that name what does not exist, deep inside", "/segments/s", object{"advanced_config": object{"address_pool_paths": []any{"/infra/ip-pools/none"}}}, 500012, "[/infra/ip-pools/none]"),
		Entry("whose rules name what does not exist", "/domains/default/security-policies/p",
			object{"rules": []any{object{"id": "r", "action": "ALLOW", "source_groups": []any{"/infra/domains/default/groups/none"}}}}, 500012, "groups/none]"),
	)

	It("may name what is not simulated, and words in place of paths", func() {
		Expect(c.do("PUT", infra+"/domains/default/security-policies/p", object{"rules": []any{
			object{"id": "r", "action": "ALLOW", "source_groups": []any{"ANY"}, "profiles": []any{"/infra/context-profiles/DNS"}},
		}})).To(works())
	})

	It("may be checked in part when partial patch is on", func() {
		c = admin(start(nsxsim.Options{PartialPatch: true}))
		rule := infra + "/tier-1s/t/nat/USER/nat-rules/r"
		c.do("PUT", infra+"/tier-1s/t", object{})
		Expect(c.do("PATCH", rule, object{"enabled": true})).To(refusedWith(255, "action is required"))
		Expect(c.do("PATCH", rule, object{"action": "SNAT"})).To(works())
		Expect(c.do("PATCH", rule, object{"enabled": true})).To(works())
		Expect(c.get(rule).Body).To(And(HaveKeyWithValue("action", "SNAT"), HaveKeyWithValue("enabled", true)))
	})

	It("are not read when enforce_revision_check is neither true nor false", func() {
		for _, path := range []string{infra, infra + "/segments/s"} {
			Expect(c.do("PATCH", path+"?enforce_revision_check=perhaps", infraBody())).To(refusedWith(255, "enforce_revision_check"))
		}
	})

	It("keep their name when a PATCH has none", func() {
		c.do("PUT", infra+"/segments/s", object{"display_name": "named"})
		Expect(c.do("PATCH", infra+"/segments/s", object{})).To(works())
		Expect(c.get(infra + "/segments/s").Body).To(HaveKeyWithValue("display_name", "named"))
	})

	It("keep what only NSX sets", func() {
		created := c.do("PUT", infra+"/segments/s", object{"unique_id": "mine", "_create_user": "me"}).Body
		Expect(created).To(And(HaveKeyWithValue("_create_user", "admin"), Not(HaveKeyWithValue("unique_id", "mine"))))
		Expect(c.do("PATCH", infra+"/segments/s", object{"unique_id": "mine", "path": "/infra/segments/x", "_create_user": "me"})).To(works())
		Expect(c.get(infra + "/segments/s").Body).To(And(
			HaveKeyWithValue("unique_id", created["unique_id"]), HaveKeyWithValue("path", "/infra/segments/s"), HaveKeyWithValue("_create_user", "admin")))
	})
})

// manyTags are n different tags.
func manyTags(n int) []any {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprint("s", i), "t")
	}
	return tags(pairs...)
}

var _ = Describe("the rules of a policy", func() {
	const policy = infra + "/domains/default/security-policies/p"
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{}))
		Expect(c.do("PUT", policy, object{"rules": []any{object{"id": "a", "action": "ALLOW"}, object{"id": "b", "action": "DROP"}}})).To(works())
	})

	It("are replaced by PUT", func() {
		Expect(c.do("PUT", policy, object{"_revision": 0, "rules": []any{object{"id": "b", "action": "ALLOW"}}})).To(works())
		Expect(c.get(policy + "/rules").ids()).To(Equal([]string{"b"}))
	})

	It("stay on PATCH unless the body names them", func() {
		Expect(c.do("PATCH", policy, object{"rules": []any{object{"id": "b", "action": "ALLOW"}}})).To(works())
		Expect(c.get(policy + "/rules").ids()).To(Equal([]string{"a", "b"}))
		Expect(c.get(policy + "/rules/b").Body).To(HaveKeyWithValue("action", "ALLOW"))
	})

	It("go with their policy", func() {
		Expect(c.do("DELETE", policy, nil)).To(works())
		Expect(c.get(policy + "/rules/a").Status).To(Equal(http.StatusNotFound))
	})
})

var _ = Describe("the entries of a service", func() {
	const service = infra + "/services/web"
	const entries = service + "/service-entries"
	var server *nsxsim.Server
	var c *client

	port := func(id, number string) object {
		return object{"id": id, "resource_type": "L4PortSetServiceEntry", "l4_protocol": "TCP", "destination_ports": []any{number}}
	}

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c = admin(server)
		Expect(c.do("PUT", service, object{"description": "web", "service_entries": []any{port("http", "80"), port("https", "443")}})).To(works())
	})

	// embedded are the ids of the entries that the service shows.
	embedded := func() []string {
		GinkgoHelper()
		var ids []string
		list, _ := c.get(service).Body["service_entries"].([]any)
		for _, entry := range list {
			ids = append(ids, entry.(object)["id"].(string))
		}
		return ids
	}

	It("are objects with paths of their own, which the service shows", func() {
		Expect(c.get(entries).ids()).To(Equal([]string{"http", "https"}))
		entry := c.get(entries + "/http").Body
		Expect(entry).To(And(HaveKeyWithValue("path", "/infra/services/web/service-entries/http"), HaveKeyWithValue("parent_path", "/infra/services/web"),
			HaveKeyWithValue("destination_ports", []any{"80"})))
		Expect(c.get(service).Body["service_entries"]).To(ContainElement(entry))
		Expect(c.get(infra + "/services").results()).To(ConsistOf(HaveKeyWithValue("service_entries", HaveLen(2))))
	})

	It("may be written and deleted one by one", func() {
		Expect(c.do("PUT", entries+"/alt", port("alt", "8080"))).To(works())
		Expect(c.do("DELETE", entries+"/http", nil)).To(works())
		Expect(embedded()).To(Equal([]string{"alt", "https"}))
		Expect(c.do("PATCH", entries+"/alt", port("alt", "8081"))).To(works())
		Expect(c.get(service).Body["service_entries"]).To(ContainElement(HaveKeyWithValue("destination_ports", []any{"8081"})))
	})

	It("are replaced by PUT of the service", func() {
		Expect(c.do("PUT", service, object{"_revision": 0, "service_entries": []any{port("https", "8443")}}).Body).To(HaveKeyWithValue("service_entries", HaveLen(1)))
		Expect(c.get(entries).ids()).To(Equal([]string{"https"}))
		Expect(c.get(entries + "/https").Body).To(HaveKeyWithValue("destination_ports", []any{"8443"}))
		Expect(c.do("PUT", service, object{"_revision": 1})).To(works())
		Expect(embedded()).To(BeEmpty())
	})

	It("stay on PATCH of the service unless the body names them", func() {
		Expect(c.do("PATCH", service, object{"service_entries": []any{port("https", "8443"), port("alt", "8080")}})).To(works())
		Expect(embedded()).To(Equal([]string{"alt", "http", "https"}))
		Expect(merging(c).do("PATCH", service, object{"service_entries": []any{object{"id": "http", "description": "plain"}}})).To(works())
		Expect(c.get(entries + "/http").Body).To(And(HaveKeyWithValue("description", "plain"), HaveKeyWithValue("destination_ports", []any{"80"})))
	})

	It("come in a hierarchical body, inside the service or as its children", func() {
		Expect(c.do("PATCH", infra, infraBody(
			child("Service", object{"id": "inside", "resource_type": "Service", "service_entries": []any{port("a", "1")}}),
			child("Service", object{"id": "below", "resource_type": "Service", "children": []any{child("ServiceEntry", port("a", "1"))}}),
		))).To(works())
		for _, id := range []string{"inside", "below"} {
			Expect(c.get(infra + "/services/" + id).Body).To(HaveKeyWithValue("service_entries", ConsistOf(HaveKeyWithValue("id", "a"))))
			Expect(c.get(infra + "/services/" + id + "/service-entries").ids()).To(Equal([]string{"a"}))
		}
	})

	It("are found by the search", func() {
		found := c.get("/policy/api/v1/search/query?query=" + url.QueryEscape("resource_type:L4PortSetServiceEntry AND destination_ports:443"))
		Expect(found.ids()).To(Equal([]string{"https"}))
	})

	It("go with their service", func() {
		Expect(c.do("DELETE", service, nil)).To(works())
		Expect(c.get(entries + "/http").Status).To(Equal(http.StatusNotFound))
	})

	It("keep a service that they name", func() {
		Expect(c.do("PUT", infra+"/services/both", object{"service_entries": []any{
			object{"id": "n", "resource_type": "NestedServiceServiceEntry", "nested_service_path": "/infra/services/web"}}})).To(works())
		Expect(c.do("DELETE", service, nil)).To(refusedWith(500030, "/infra/services/both/service-entries/n"))
		Expect(c.do("PUT", infra+"/services/other", object{"service_entries": []any{
			object{"id": "n", "resource_type": "NestedServiceServiceEntry", "nested_service_path": "/infra/services/none"}}})).To(refusedWith(500012, "/infra/services/none"))
	})

	DescribeTable("are refused", func(entries any, code int, text string) {
		Expect(c.do("PATCH", service, object{"service_entries": entries})).To(refusedWith(code, text))
		Expect(embedded()).To(Equal([]string{"http", "https"}))
	},
		Entry("when they are no list", object{}, 255, "service_entries must be a list"),
		Entry("without an id", []any{object{"resource_type": "IGMPTypeServiceEntry"}}, 500127, "no id"),
		Entry("without a type", []any{object{"id": "x"}}, 500127, "resource_type"),
		Entry("with what their type lacks", []any{object{"id": "x", "resource_type": "IGMPTypeServiceEntry", "alg": "FTP"}}, 255, "alg is not a field"),
	)
})

var _ = Describe("the deletion of a Policy object", func() {
	var server *nsxsim.Server
	var c *client

	BeforeEach(func() {
		server = start(nsxsim.Options{})
		c = admin(server)
		Expect(c.do("PATCH", infra, infraBody(
			child("Tier1", object{"id": "t", "resource_type": "Tier1", "children": []any{child("LocaleServices", object{"id": "l"})}}),
			child("Tier1", object{"id": "n", "children": []any{below("PolicyNat", "USER", child("PolicyNatRule", object{"id": "r", "action": "SNAT"}))}}),
			child("Segment", object{"id": "s", "connectivity_path": "/infra/tier-1s/t", "children": []any{
				child("SegmentPort", object{"id": "p"}),
				child("SegmentQoSProfileBindingMap", object{"id": "m"}),
			}}),
			below("Domain", "default", child("Group", object{"id": "g"}), child("SecurityPolicy", object{"id": "x", "rules": []any{
				object{"id": "r", "action": "ALLOW", "source_groups": []any{"/infra/domains/default/groups/g"}},
			}})),
		))).To(works())
	})

	DescribeTable("is refused while others need it", func(path string, users ...string) {
		refused := c.do("DELETE", infra+path, nil)
		for _, user := range users {
			Expect(refused).To(refusedWith(500030, user))
		}
		Expect(c.get(infra + path)).To(works())
	},
		Entry("children and objects that name it", "/tier-1s/t", "path=[/infra/tier-1s/t]", "/infra/segments/s", "/infra/tier-1s/t/locale-services/l"),
		Entry("what is two levels below", "/tier-1s/n", "path=[/infra/tier-1s/n/nat/USER/nat-rules/r]"),
		Entry("a port", "/segments/s", "path=[/infra/segments/s/ports/p]"),
		Entry("a rule", "/domains/default/groups/g", "path=[/infra/domains/default/security-policies/x/rules/r]"),
	)

	It("is for the owner, or for who insists", func() {
		put(server.Store(), map[string]object{"/infra/segments/theirs": {"id": "theirs", "resource_type": "Segment", "_create_user": "tas1-ncp"}})
		Expect(c.do("DELETE", infra+"/segments/theirs", nil)).To(refusedWith(289, "createUser=tas1-ncp"))
		Expect(c.with("X-Allow-Overwrite", "true").do("DELETE", infra+"/segments/theirs", nil)).To(works())
	})

	It("takes parts along", func() {
		Expect(c.do("DELETE", infra+"/segments/s/ports/p", nil)).To(works())
		Expect(c.do("DELETE", infra+"/segments/s", nil)).To(works())
		Expect(c.get(infra + "/segments/s/segment-qos-profile-binding-maps/m").Status).To(Equal(http.StatusNotFound))
	})

	It("may happen together with that of its users, in any order", func() {
		gone := func(kind, id string, inside ...object) object {
			o := child(kind, object{"id": id, "children": inside})
			o["marked_for_delete"] = true
			return o
		}
		Expect(c.do("PATCH", infra, infraBody(gone("Tier1", "t", gone("LocaleServices", "l")), gone("Segment", "s", gone("SegmentPort", "p"))))).To(works())
		Expect(c.get(infra + "/tier-1s").ids()).To(Equal([]string{"n"}))
		Expect(c.get(infra + "/segments").results()).To(BeEmpty())
	})

	It("may happen together with a change that lets go of it", func() {
		gone := child("Tier1", object{"id": "t", "children": []any{}})
		gone["marked_for_delete"] = true
		services := child("LocaleServices", object{"id": "l", "marked_for_delete": true})
		Expect(c.do("PATCH", infra, infraBody(below("Tier1", "t", services), gone, child("Segment", object{"id": "s"})))).To(works())
		Expect(c.get(infra + "/tier-1s/t").Status).To(Equal(http.StatusNotFound))
	})
})

var _ = Describe("a hierarchical PATCH", func() {
	var c *client

	BeforeEach(func() { c = admin(start(nsxsim.Options{MaxIntents: 3})) })

	It("brings parents, children and both ends of a reference in any order", func() {
		Expect(c.do("PATCH", infra, infraBody(
			below("Tier1", "t", child("StaticRoutes", object{"id": "r", "network": "10.0.0.0/8", "next_hops": []any{}})),
			child("Segment", object{"id": "s", "connectivity_path": "/infra/tier-1s/t"}),
			child("Tier1", object{"id": "t"}),
		))).To(works())
		Expect(c.get(infra + "/tier-1s/t/static-routes/r")).To(works())
	})

	It("has a limit that an option sets, rules included, references not", func() {
		rules := func(n int) []any {
			var list []any
			for i := range n {
				list = append(list, object{"id": fmt.Sprint("r", i), "action": "ALLOW"})
			}
			return list
		}
		body := func(n int) object {
			return infraBody(below("Domain", "default", child("SecurityPolicy", object{"id": "p", "rules": rules(n)})))
		}
		Expect(c.do("PATCH", infra, body(3))).To(refusedWith(500127, "4 intents"))
		Expect(c.do("PATCH", infra, body(2))).To(works())
	})

	DescribeTable("is refused with wrappers that NSX does not know", func(wrong object, message string) {
		Expect(c.do("PATCH", infra, infraBody(wrong))).To(refusedWith(255, message))
	},
		Entry("Child", object{"resource_type": "ChildSegment", "Segment": object{"id": "s"}, "Tier1": object{}}, "Tier1 is not a field of ChildPolicyConfigResource"),
		Entry("reference", object{"resource_type": "ChildResourceReference", "id": "default", "target_type": "Domain", "Group": object{}}, "Group is not a field of ChildResourceReference"),
		Entry("children", object{"resource_type": "ChildResourceReference", "id": "default", "target_type": "Domain", "children": object{}}, "children must be a list"),
	)

	It("is refused when a reference leads nowhere", func() {
		Expect(c.do("PATCH", infra, infraBody(below("Tier1", "none")))).To(refusedWith(500012, "[/infra/tier-1s/none]"))
	})
})

var _ = Describe("the default profiles of load balancers", func() {
	It("can be read, listed and named without having been made", func() {
		c := admin(start(nsxsim.Options{}))
		Expect(c.get(infra + "/lb-app-profiles/default-http-lb-app-profile").Body).To(HaveKeyWithValue("resource_type", "LBHttpProfile"))
		Expect(c.get(infra + "/lb-app-profiles").ids()).To(Equal([]string{"default-http-lb-app-profile", "default-tcp-lb-app-profile", "default-udp-lb-app-profile"}))
		Expect(c.do("PUT", infra+"/lb-virtual-servers/v", object{
			"ip_address": "192.0.2.1", "ports": []any{"80"}, "application_profile_path": "/infra/lb-app-profiles/default-tcp-lb-app-profile",
		})).To(works())
	})
})

var _ = Describe("the _protection of a Policy object", func() {
	It("tells each reader what he may do", func() {
		server := start(nsxsim.Options{})
		put(server.Store(), map[string]object{"/infra/segments/s": {
			"id": "s", "resource_type": "Segment", "_create_user": "tas1-ncp", "_protection": "NOT_PROTECTED", "_revision": 0}})
		Expect(admin(server).get(infra + "/segments/s").Body).To(HaveKeyWithValue("_protection", "REQUIRE_OVERRIDE"))
		Expect(admin(server).get(infra + "/segments").results()[0]).To(HaveKeyWithValue("_protection", "REQUIRE_OVERRIDE"))
		Expect(as(server, nsxsim.AuditorUser).get(infra + "/segments/s").Body).To(HaveKeyWithValue("_protection", "PROTECTED"))
		admin(server).do("PUT", infra+"/segments/mine", object{})
		Expect(admin(server).get(infra + "/segments/mine").Body).To(HaveKeyWithValue("_protection", "NOT_PROTECTED"))
	})
})

var _ = Describe("the realization of an intent", func() {
	const entities = infra + "/realized-state/realized-entities?intent_path="

	It("takes as long as asked for", func() {
		c := admin(start(nsxsim.Options{RealizationDelay: time.Hour}))
		created := c.do("PUT", infra+"/segments/s", object{})
		Expect(created).To(works())
		status := c.get(infra + "/realized-state/status?intent_path=/infra/segments/s").Body
		Expect(status).To(And(HaveKeyWithValue("publish_status", "UNREALIZED"),
			HaveKeyWithValue("consolidated_status", HaveKeyWithValue("consolidated_status", "IN_PROGRESS"))))
		Expect(c.get(entities + "/infra/segments/s").results()).To(ConsistOf(HaveKeyWithValue("state", "UNREALIZED")))
	})

	It("has an entity", func() {
		c := admin(start(nsxsim.Options{}))
		created := c.do("PUT", infra+"/segments/s", object{}).Body
		Expect(c.get(entities + "/infra/segments/s").results()).To(ConsistOf(And(
			HaveKeyWithValue("state", "REALIZED"), HaveKeyWithValue("entity_type", "RealizedLogicalSwitch"), HaveKeyWithValue("intent_paths", ConsistOf("/infra/segments/s")),
			HaveKeyWithValue("realization_specific_identifier", created["unique_id"]))))
		Expect(c.get(entities+"/infra/domains/default").results()).To(BeEmpty(), "implicit objects")
		Expect(c.get(entities + "/infra/segments/none")).To(refusedWith(500012, "[/infra/segments/none]"))
	})

	It("has no entity before it begins", func() {
		c := admin(start(nsxsim.Options{Coordinator: func(api.Env) (api.Coordinator, error) { return judge{status: "UNINITIALIZED", promoted: true}, nil }}))
		c.do("PUT", infra+"/segments/s", object{})
		Expect(c.get(entities + "/infra/segments/s").results()).To(BeEmpty())
	})
})

var _ = Describe("the members of a group", func() {
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{}))
		Expect(c.do("PATCH", infra, infraBody(
			child("Segment", object{"id": "s", "children": []any{child("SegmentPort", object{
				"id": "p", "display_name": "port", "tags": tags("app", "web"), "address_bindings": []any{object{"ip_address": "10.0.0.7"}}})}}),
			below("Domain", "default", child("Group", object{"id": "g", "expression": []any{
				object{"resource_type": "Condition", "key": "Tag", "member_type": "SegmentPort", "operator": "EQUALS", "value": "app|web"},
				object{"resource_type": "ConjunctionOperator", "conjunction_operator": "OR"},
				object{"resource_type": "IPAddressExpression", "ip_addresses": []any{"10.9.0.0/16"}},
			}})),
		))).To(works())
	})

	DescribeTable("are listed by kind", func(kind string, members ...any) {
		Expect(c.get(groups + "/g/" + kind).Body["results"]).To(HaveExactElements(members...))
	},
		Entry("ports", "members/segment-ports", object{"id": "p", "display_name": "port", "path": "/infra/segments/s/ports/p"}),
		Entry("logical ports", "members/logical-ports", object{"id": "p", "display_name": "port", "path": "/infra/segments/s/ports/p"}),
		Entry("segments", "members/segments"),
		Entry("virtual machines", "members/virtual-machines"),
		Entry("addresses", "members/ip-addresses", "10.0.0.7", "10.9.0.0/16"),
		Entry("their types", "member-types", "IPAddress", "SegmentPort"),
	)

	It("come in pages", func() {
		Expect(c.get(groups + "/g/members/ip-addresses?page_size=1").Body).To(And(
			HaveKeyWithValue("results", HaveExactElements("10.0.0.7")), HaveKey("cursor"), HaveKeyWithValue("result_count", BeEquivalentTo(2))))
	})

	It("are those of a group that exists", func() {
		Expect(c.get(groups + "/none/members/segments")).To(refusedWith(500012, "groups/none]"))
	})
})
