package nsxsim_test

import (
	"context"
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

// byID is a group's member that names one object.
func byID(targetType, id string) object {
	return object{"resource_type": "NSGroupSimpleExpression", "target_type": targetType, "target_property": "id", "op": "EQUALS", "value": id}
}

// byTag is a group's criterion on a tag.
func byTag(targetType, scope, tag string) object {
	return object{"resource_type": "NSGroupTagExpression", "target_type": targetType, "scope": scope, "tag": tag}
}

// grouped is a world with groups of every sort.
func grouped() map[string]object {
	group := func(id string, members, criteria []any) object {
		return object{"id": id, "resource_type": "NSGroup", "display_name": id, "_revision": 0, "members": members, "membership_criteria": criteria}
	}
	port := func(id, on, vif, address string, tags []any) object {
		return object{"id": id, "resource_type": "LogicalPort", "display_name": id + "-port", "logical_switch_id": on, "tags": tags,
			"attachment": object{"id": vif, "attachment_type": "VIF"}, "address_bindings": []any{object{"ip_address": address}}}
	}
	return with(fabric(), map[string]object{
		"logical-ports/web1": port("web1", "s", "vif1", "10.0.0.1", tags("app", "web", "stage", "prod")),
		"logical-ports/web2": port("web2", "s", "vif2", "10.0.0.2", tags("app", "web", "stage", "test")),
		"logical-ports/db":   port("db", "v", "vif3", "10.0.0.3", tags("app", "db")),
		"ip-sets/set":        {"id": "set", "resource_type": "IPSet", "display_name": "set", "ip_addresses": []any{"192.168.0.0/24"}},
		"ns-groups/port":     group("port", []any{byID("LogicalPort", "db")}, nil),
		"ns-groups/switch":   group("switch", []any{byID("LogicalSwitch", "s")}, nil),
		"ns-groups/tag":      group("tag", nil, []any{byTag("LogicalPort", "app", "web")}),
		"ns-groups/starting": group("starting", nil, []any{object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "scope": "app", "tag": "w", "tag_op": "STARTSWITH"}}),
		"ns-groups/not":      group("not", nil, []any{object{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "scope": "stage", "tag": "prod", "tag_op": "NOTEQUALS"}}),
		"ns-groups/both": group("both", nil, []any{object{"resource_type": "NSGroupComplexExpression", "expressions": []any{
			byTag("LogicalPort", "app", "web"), byTag("LogicalPort", "stage", "prod")}}}),
		"ns-groups/either": group("either", nil, []any{byTag("LogicalPort", "stage", "prod"), byTag("LogicalPort", "app", "db")}),
		"ns-groups/named": group("named", []any{object{"resource_type": "NSGroupSimpleExpression", "target_type": "LogicalPort",
			"target_property": "display_name", "op": "CONTAINS", "value": "b2-p"}}, nil),
		"ns-groups/ending": group("ending", []any{object{"resource_type": "NSGroupSimpleExpression", "target_type": "LogicalPort",
			"target_property": "display_name", "op": "ENDSWITH", "value": "1-port"}, byID("LogicalPort", "db"), byID("VirtualMachine", "vm")}, nil),
		"ns-groups/nested": group("nested", []any{byID("NSGroup", "port"), byID("NSGroup", "nested"), byID("IPSet", "set")}, nil),
	})
}

var _ = Describe("NS groups", func() {
	const groups = "/api/v1/ns-groups/"
	var c *client

	BeforeEach(func() { c = admin(start(nsxsim.Options{Store: world(grouped())})) })

	targets := func(path string) []string {
		GinkgoHelper()
		ids := []string{}
		for _, r := range c.get(groups + path).results() {
			ids = append(ids, r["target_id"].(string))
		}
		return ids
	}

	DescribeTable("have as effective ports", func(group string, ports ...string) {
		Expect(targets(group + "/effective-logical-port-members")).To(Equal(ports))
	},
		Entry("a named one", "port", "db"),
		Entry("those of a switch", "switch", "web1", "web2"),
		Entry("those with a tag", "tag", "web1", "web2"),
		Entry("those with the beginning of a tag", "starting", "web1", "web2"),
		Entry("those with the end of a name", "ending", "db", "web1"),
		Entry("those with another tag of the scope", "not", "web2"),
		Entry("those that fit all parts of an expression", "both", "web1"),
		Entry("those that fit any expression", "either", "db", "web1"),
		Entry("those with a part of a name", "named", "web2"),
		Entry("those of groups in them, even in a circle", "nested", "db"),
	)

	It("have effective switches, sets, addresses and interfaces", func() {
		Expect(targets("switch/effective-logical-switch-members")).To(Equal([]string{"s"}))
		Expect(targets("nested/effective-ipset-members")).To(Equal([]string{"set"}))
		Expect(c.get(groups + "nested/effective-ip-address-members").Body["results"]).To(Equal([]any{"10.0.0.3", "192.168.0.0/24"}))
		Expect(c.get(groups + "port/effective-vif-members").results()).To(ConsistOf(HaveKeyWithValue("lport_attachment_id", "vif3")))
		Expect(c.get(groups + "port/effective-virtual-machine-members").results()).To(BeEmpty())
		Expect(c.get(groups + "unassociated-virtual-machines").results()).To(BeEmpty())
		Expect(c.get(groups + "none/effective-logical-port-members").Status).To(Equal(http.StatusNotFound))
	})

	It("page through effective members", func() {
		first := c.get(groups + "tag/effective-logical-port-members?page_size=1")
		Expect(first.Body).To(HaveKeyWithValue("result_count", BeEquivalentTo(2)))
		second := c.get(groups + "tag/effective-logical-port-members?page_size=1&cursor=" + url.QueryEscape(first.Body["cursor"].(string)))
		Expect(second.results()).To(ConsistOf(HaveKeyWithValue("target_id", "web2")))
		Expect(second.Body).NotTo(HaveKey("cursor"))
	})

	It("tell the types of their members", func() {
		Expect(c.get(groups + "nested/member-types").Body).To(And(
			HaveKeyWithValue("results", Equal([]any{"IPSet", "NSGroup"})), HaveKeyWithValue("result_count", BeEquivalentTo(2))))
		Expect(c.get(groups + "none/member-types").Status).To(Equal(http.StatusNotFound))
	})

	It("take members and give them up one by one, and count them", func() {
		added := c.do("POST", groups+"port?action=ADD_MEMBERS", object{"members": []any{byID("LogicalPort", "web1"), byID("LogicalPort", "db")}})
		Expect(added.Status).To(Equal(http.StatusOK), added.Raw)
		Expect(added.Body).To(And(HaveKeyWithValue("members", HaveLen(2)), HaveKeyWithValue("member_count", BeEquivalentTo(2)), HaveKeyWithValue("_revision", BeEquivalentTo(1))))
		Expect(targets("port/effective-logical-port-members")).To(Equal([]string{"db", "web1"}))
		Expect(c.do("POST", groups+"port?action=REMOVE_MEMBERS", object{"members": []any{byID("LogicalPort", "db")}}).Body).To(HaveKeyWithValue("member_count", BeEquivalentTo(1)))
		refused(c.do("POST", groups+"port?action=ADD_MEMBERS", object{"members": []any{byID("LogicalPort", "none")}}), http.StatusNotFound)
		refused(c.do("POST", groups+"port?action=ADD_MEMBERS", object{"members": []any{object{"colour": "red"}}}), http.StatusBadRequest)
		refused(c.do("POST", groups+"port?action=ADD_MEMBERS", object{}), http.StatusBadRequest)
		Expect(targets("port/effective-logical-port-members")).To(Equal([]string{"web1"}))
	})

	It("hang with their addresses on 3.2.2, until the client gives up", func() {
		server := start(nsxsim.Options{Store: world(grouped()), Version: "3.2.2"})
		c := admin(server)
		Expect(c.get(groups + "nested/effective-logical-port-members").Status).To(Equal(http.StatusOK))
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, "GET", server.URL()+groups+"nested/effective-ip-address-members", nil)
		Expect(err).NotTo(HaveOccurred())
		request.SetBasicAuth(c.user, c.password)
		answer, err := c.http.Do(request)
		if err == nil {
			Expect(answer.Body.Close()).To(Succeed())
		}
		Expect(err).To(MatchError(context.DeadlineExceeded))
	})
})

var _ = Describe("the state of ports and switches", func() {
	It("is well, unless somebody switched them off", func() {
		c := admin(start(nsxsim.Options{Store: world(with(grouped(), map[string]object{
			"logical-ports/off": {"id": "off", "resource_type": "LogicalPort", "logical_switch_id": "v", "admin_state": "DOWN"}}))}))
		Expect(c.get("/api/v1/logical-ports/db/state").Body).To(And(
			HaveKeyWithValue("attachment", HaveKeyWithValue("state", "ATTACHED")),
			HaveKeyWithValue("realized_bindings", ConsistOf(HaveKeyWithValue("binding", HaveKeyWithValue("ip_address", "10.0.0.3"))))))
		Expect(c.get("/api/v1/logical-ports/db/status").Body).To(Equal(object{"logical_port_id": "db", "status": "UP"}))
		down := c.get("/api/v1/logical-ports/off/status").Body
		Expect(down).To(HaveKeyWithValue("status", "DOWN"))
		Expect(c.get("/api/v1/logical-switches/s/state").Body).To(HaveKeyWithValue("state", "success"))
		Expect(c.get("/api/v1/logical-switches/s/summary").Body).To(HaveKeyWithValue("num_logical_ports", BeEquivalentTo(2)))
		Expect(c.get("/api/v1/logical-switches/status").Body).To(HaveKeyWithValue("total_switches", BeEquivalentTo(2)))
		for _, path := range []string{"logical-ports/none/state", "logical-ports/none/status", "logical-switches/none/state", "logical-switches/none/summary"} {
			refused(c.get("/api/v1/"+path), http.StatusNotFound)
		}
	})
})
