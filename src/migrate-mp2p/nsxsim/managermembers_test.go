package nsxsim_test

import (
	"maps"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("members that are changed one by one", func() {
	var c *client

	BeforeEach(func() {
		c = admin(start(nsxsim.Options{Store: world(with(fabric(), map[string]object{
			"ip-sets/set": {"id": "set", "resource_type": "IPSet", "ip_addresses": []any{"10.0.0.1"}, "_revision": 0},
		}))}))
	})

	It("are the addresses of an IP set", func() {
		const set = "/api/v1/ip-sets/set"
		Expect(c.do("POST", set+"?action=add_ip", object{"ip_address": "10.0.1.0/24"}).Body).To(HaveKeyWithValue("ip_address", "10.0.1.0/24"))
		Expect(c.do("POST", set+"?action=add_ip", object{"ip_address": "10.0.1.0/24"}).Status).To(Equal(http.StatusOK))
		Expect(c.get(set + "/members").results()).To(HaveExactElements(object{"ip_address": "10.0.0.1"}, object{"ip_address": "10.0.1.0/24"}))
		Expect(c.do("POST", set+"?action=remove_ip", object{"ip_address": "10.0.0.1"}).Status).To(Equal(http.StatusOK))
		Expect(c.get(set).Body).To(HaveKeyWithValue("ip_addresses", ConsistOf("10.0.1.0/24")))
		refused(c.do("POST", set+"?action=remove_ip", object{"ip_address": "10.0.0.1"}), http.StatusNotFound)
		refused(c.do("POST", set+"?action=add_ip", object{}), http.StatusBadRequest)
		refused(c.do("POST", set+"?action=add_ip", object{"address": "x"}), http.StatusBadRequest)
		refused(c.do("POST", "/api/v1/ip-sets/none?action=add_ip", object{"ip_address": "10.0.0.1"}), http.StatusNotFound)
		refused(c.get("/api/v1/ip-sets/none/members"), http.StatusNotFound)
	})

	It("are the members of a load balancer's pool", func() {
		const pool = "/api/v1/loadbalancer/pools/web"
		member := func(address string, more object) object {
			one := object{"ip_address": address, "port": "80"}
			maps.Copy(one, more)
			return object{"members": []any{one}}
		}
		for _, address := range []string{"10.0.0.1", "10.0.0.2"} {
			added := c.do("POST", pool+"?action=ADD_MEMBERS", member(address, nil))
			Expect(added.Status).To(Equal(http.StatusOK), added.Raw)
		}
		refused(c.do("POST", pool+"?action=ADD_MEMBERS", member("10.0.0.1", nil)), http.StatusBadRequest)
		Expect(c.do("POST", pool+"?action=UPDATE_MEMBERS", member("10.0.0.2", object{"admin_state": "DISABLED"})).Body["members"]).To(HaveExactElements(
			And(HaveKeyWithValue("ip_address", "10.0.0.1"), Not(HaveKey("admin_state"))),
			And(HaveKeyWithValue("ip_address", "10.0.0.2"), HaveKeyWithValue("admin_state", "DISABLED"))))
		removed := c.do("POST", pool+"?action=REMOVE_MEMBERS", member("10.0.0.1", nil))
		Expect(removed.Body["members"]).To(ConsistOf(HaveKeyWithValue("ip_address", "10.0.0.2")))
		Expect(c.get(pool).Body).To(Equal(removed.Body))
		for _, action := range []string{"REMOVE_MEMBERS", "UPDATE_MEMBERS"} {
			refused(c.do("POST", pool+"?action="+action, member("10.0.0.1", nil)), http.StatusNotFound)
			refused(c.do("POST", pool+"?action="+action, member("10.0.0.2", object{"port": "81"})), http.StatusNotFound)
		}
		refused(c.do("POST", pool+"?action=ADD_MEMBERS", object{"member": 1}), http.StatusBadRequest)
	})
})
