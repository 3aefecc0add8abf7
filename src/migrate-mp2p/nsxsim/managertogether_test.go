package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("several objects in one call", func() {
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{Store: world(with(fabric(), map[string]object{
			"loadbalancer/application-profiles/http": {"id": "http", "resource_type": "LbHttpProfile"}}))}))
	})

	It("are NAT rules, all of them or none", func() {
		const rules = "/api/v1/logical-routers/t1/nat/rules"
		sent := object{"rules": []any{
			object{"action": "SNAT", "translated_network": "100.80.0.1", "match_source_network": "10.0.0.0/24"}, object{"action": "NO_SNAT"}}}
		created := c.do("POST", rules+"?action=create_multiple", sent)
		Expect(created.Status).To(Equal(http.StatusOK), created.Raw)
		Expect(created.Body["rules"]).To(And(HaveLen(2), HaveEach(HaveKeyWithValue("logical_router_id", "t1"))))
		Expect(c.get(rules).results()).To(HaveLen(2))
		sent["rules"] = append(sent["rules"].([]any), object{"action": "SNAT", "applied_tos": []any{reference("LogicalRouterUpLinkPort", "none")}})
		refused(c.do("POST", rules+"?action=create_multiple", sent), http.StatusNotFound)
		refused(c.do("POST", "/api/v1/logical-routers/none/nat/rules?action=create_multiple", sent), http.StatusNotFound)
		Expect(c.get(rules).results()).To(HaveLen(2))
	})

	It("are a virtual server and its rules, which come and go with it", func() {
		const servers = "/api/v1/loadbalancer/virtual-servers"
		rule := func(name string) object {
			return object{"display_name": name, "phase": "HTTP_FORWARDING", "match_strategy": "ALL", "actions": []any{object{"type": "LbSelectPoolAction", "pool_id": "web"}}}
		}
		created := c.do("POST", servers+"?action=create_with_rules", object{
			"virtual_server": object{"id": "vs", "ip_address": "10.0.0.1", "application_profile_id": "http"}, "rules": []any{rule("a"), rule("b")}})
		Expect(created.Status).To(Equal(http.StatusOK), created.Raw)
		Expect(c.get(servers + "/vs").Body).To(HaveKeyWithValue("rule_ids", HaveLen(2)))

		first := created.Body["rules"].([]any)[0].(object)
		first["display_name"] = "kept"
		server := created.Body["virtual_server"].(object)
		updated := c.do("PUT", servers+"/vs?action=update_with_rules", object{"virtual_server": server, "rules": []any{rule("c"), first}})
		Expect(updated.Status).To(Equal(http.StatusOK), updated.Raw)
		Expect(names(updated.Body["rules"])).To(Equal([]string{"c", "kept"}))
		Expect(names(c.get("/api/v1/loadbalancer/rules?sort_by=display_name").Body["results"])).To(Equal([]string{"c", "kept"}))
		Expect(updated.Body["virtual_server"]).To(HaveKeyWithValue("_revision", BeEquivalentTo(1)))
		refused(c.do("PUT", servers+"/vs?action=update_with_rules", object{"virtual_server": server, "rules": []any{}}), http.StatusPreconditionFailed)
		refused(c.do("POST", servers+"?action=create_with_rules", object{"rules": []any{}}), http.StatusBadRequest)
		Expect(c.get("/api/v1/loadbalancer/rules").results()).To(HaveLen(2))
	})
})
