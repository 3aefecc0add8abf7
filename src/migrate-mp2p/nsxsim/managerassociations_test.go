package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("associations of groups", func() {
	var c *client

	BeforeEach(func() { c = admin(start(nsxsim.Options{Store: world(grouped())})) })

	targets := func(r reply) []string {
		GinkgoHelper()
		Expect(r.Status).To(Equal(http.StatusOK), r.Raw)
		var ids []string
		for _, one := range r.results() {
			ids = append(ids, one["target_id"].(string))
		}
		return ids
	}

	DescribeTable("list the groups that something is in", func(kind, id, more string, groups ...string) {
		Expect(targets(c.get("/api/v1/associations?associated_resource_type=NSGroup&resource_type=" + kind + "&resource_id=" + id + more))).To(ConsistOf(groups))
	},
		Entry("a port, by its id and its tags", "LogicalPort", "db", "", "port", "either", "ending"),
		Entry("a port, with the groups around", "LogicalPort", "db", "&fetch_ancestors=true", "port", "either", "ending", "nested"),
		Entry("a port, not by its switch", "LogicalPort", "web2", "", "tag", "starting", "not", "named"),
		Entry("a port, by its switch too", "LogicalPort", "web2", "&fetch_ancestors=true", "tag", "starting", "not", "named", "switch"),
		Entry("a switch", "LogicalSwitch", "s", "", "switch"),
		Entry("an IP set", "IPSet", "set", "", "nested"),
		Entry("a group, without itself", "NSGroup", "port", "&fetch_ancestors=true", "nested"),
		Entry("an address of a set", "IPAddress", "192.168.0.9", "", "nested"),
		Entry("an address of a port", "IPAddress", "10.0.0.3", "", "port", "either", "ending", "nested"),
		Entry("nothing", "LogicalPort", "none", ""),
		Entry("what there is not", "VirtualMachine", "vm", ""),
	)

	It("are refused without what they are about", func() {
		for _, query := range []string{
			"resource_type=LogicalPort&resource_id=db", "associated_resource_type=NSGroup&resource_id=db", "associated_resource_type=NSGroup&resource_type=LogicalPort",
			"associated_resource_type=IPSet&resource_type=LogicalPort&resource_id=db", "associated_resource_type=NSGroup&resource_type=Cloud&resource_id=db",
			"associated_resource_type=NSGroup&resource_type=LogicalPort&resource_id=db&fetch_ancestors=x",
		} {
			refused(c.get("/api/v1/associations?"+query), http.StatusBadRequest)
		}
	})

	It("list the firewall rules that name a group", func() {
		rule := func(name, target string) object {
			return object{"display_name": name, "action": "ALLOW", "sources": []any{object{"target_type": "NSGroup", "target_id": target}}}
		}
		created := c.do("POST", sections+"?action=create_with_rules", section("s", object{"rules": []any{rule("inner", "port"), rule("outer", "nested")}}))
		Expect(created.Status).To(Equal(http.StatusOK), created.Raw)
		const path = "/api/v1/ns-groups/port/service-associations"
		direct := c.get(path + "?service_type=firewall")
		Expect(direct.Body).To(HaveKeyWithValue("service_type", "FireWallServiceAssociationListResult"))
		Expect(names(direct.Body["results"])).To(ConsistOf("inner"))
		Expect(names(c.get(path + "?service_type=firewall&fetch_parentgroup_associations=true").Body["results"])).To(ConsistOf("inner", "outer"))
		Expect(c.get(path + "?service_type=ipfix").Body).To(And(
			HaveKeyWithValue("service_type", "IpfixServiceAssociationListResult"), HaveKeyWithValue("results", BeEmpty())))
		refused(c.get(path), http.StatusBadRequest)
		refused(c.get(path+"?service_type=x"), http.StatusBadRequest)
		refused(c.get(path+"?service_type=firewall&fetch_parentgroup_associations=x"), http.StatusBadRequest)
		refused(c.get("/api/v1/ns-groups/none/service-associations?service_type=firewall"), http.StatusNotFound)
	})

	It("list the addresses of a group by site, which is but one", func() {
		const path = "/api/v1/ns-groups/nested/consolidated-effective-ip-address-members"
		all := c.get(path).results()
		Expect(all).To(ConsistOf(HaveKeyWithValue("effective_ips", ConsistOf("10.0.0.3", "192.168.0.0/24"))))
		site := all[0]["site_id"].(string)
		Expect(c.get("/api/v1/cluster").Body).To(HaveKeyWithValue("cluster_id", site))
		Expect(c.get(path + "?site_id=" + site).results()).To(HaveLen(1))
		Expect(c.get(path + "?site_id=other").results()).To(BeEmpty())
		for filter, left := range map[string]any{
			"192.168.0.77": ConsistOf("192.168.0.0/24"), "10.0.0.2-10.0.0.4": ConsistOf("10.0.0.3"), "10.0.0.0/8": ConsistOf("10.0.0.3"), "172.16.0.1": BeEmpty(),
		} {
			Expect(c.get(path+"?ip_filter="+filter).results()).To(ConsistOf(HaveKeyWithValue("effective_ips", left)), filter)
		}
		refused(c.get(path+"?ip_filter=x"), http.StatusBadRequest)
		refused(c.get("/api/v1/ns-groups/none/consolidated-effective-ip-address-members"), http.StatusNotFound)
	})

	It("have no members that are no logical objects", func() {
		for _, what := range []string{"cloud-native-service-instance", "directory-group", "physical-server", "transport-node"} {
			Expect(c.get("/api/v1/ns-groups/nested/effective-" + what + "-members").Body).To(HaveKeyWithValue("results", BeEmpty()))
			refused(c.get("/api/v1/ns-groups/none/effective-"+what+"-members"), http.StatusNotFound)
		}
	})
})
