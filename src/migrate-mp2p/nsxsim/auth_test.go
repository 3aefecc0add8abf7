package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("authentication", func() {
	It("accepts basic authentication over TLS that its own CA signed", func() {
		server := start(nsxsim.Options{})
		version := admin(server).get("/api/v1/node/version")
		Expect(version.Status).To(Equal(http.StatusOK))
		Expect(version.Body["product_version"]).To(HavePrefix("4.1.1.0."))
	})

	It("refuses a wrong password with 403 and NSX's error form, and journals it", func() {
		server := start(nsxsim.Options{})
		c := admin(server)
		c.password = "wrong"
		refused := c.get("/api/v1/node")
		Expect(refused.Status).To(Equal(http.StatusForbidden))
		Expect(refused.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(403)))
		Expect(refused.Body).To(HaveKeyWithValue("module_name", "common-services"))
		Expect(refused.Body).To(HaveKeyWithValue("httpStatus", "FORBIDDEN"))
		requests := server.Requests()
		Expect(requests).To(HaveLen(1))
		Expect(requests[0].User).To(Equal("admin"))
		Expect(requests[0].Status).To(Equal(http.StatusForbidden))
	})
})
