package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("a firewall rule", func() {
	It("may name networks in place of objects, and services of its own", func() {
		c := admin(start(nsxsim.Options{Store: world(connected())}))
		created := c.do("POST", sections+"/fw/rules", object{"action": "ALLOW",
			"sources":  []any{object{"target_type": "IPv4Address", "target_id": "10.0.0.0/8"}},
			"services": []any{object{"service": object{"resource_type": "L4PortSetNSService", "l4_protocol": "TCP", "destination_ports": []any{"443"}}}}})
		Expect(created.Status).To(Equal(http.StatusCreated), created.Raw)
		Expect(created.Body).To(And(HaveKeyWithValue("sources", HaveLen(1)), HaveKeyWithValue("services", HaveLen(1)), HaveKeyWithValue("id", MatchRegexp(`^\d+$`))))
		for _, wrong := range []object{
			{"action": "ALLOW", "sources": []any{object{"target_type": "IPSet", "target_id": "none"}}},
			{"action": "ALLOW", "services": []any{object{"target_type": "NSService", "target_id": "none"}}},
		} {
			refused(c.do("POST", sections+"/fw/rules", wrong), http.StatusNotFound)
		}
	})
})
