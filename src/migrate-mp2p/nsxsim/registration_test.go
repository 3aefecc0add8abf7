package nsxsim_test

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

var _ = Describe("registration tokens", func() {
	const path = "/api/v1/aaa/registration-token"

	It("stand for the caller until they are deleted", func() {
		server := start(nsxsim.Options{Users: []nsxsim.User{{Name: "engineer", Password: nsxsim.DefaultPassword, Role: api.NetworkEngineer}}})
		c := as(server, "engineer")
		created := c.do("POST", path, nil)
		Expect(created.Status).To(Equal(http.StatusCreated), created.Raw)
		Expect(created.Body).To(And(HaveKeyWithValue("user", "engineer"), HaveKeyWithValue("roles", ConsistOf("network_engineer"))))
		token := created.Body["token"].(string)
		Expect(c.get(path + "/" + token).Body).To(Equal(created.Body))
		Expect(c.do("POST", path+"/retrieve", object{"token": token}).Body).To(Equal(created.Body))

		other := c.do("POST", path, nil).Body["token"].(string)
		Expect(other).NotTo(Equal(token))
		Expect(c.do("DELETE", path+"/"+token, nil).Status).To(Equal(http.StatusNoContent))
		Expect(c.do("POST", path+"/delete", object{"token": other}).Status).To(Equal(http.StatusNoContent))
		for _, gone := range []string{token, other} {
			refused(c.get(path+"/"+gone), http.StatusNotFound)
			refused(c.do("POST", path+"/retrieve", object{"token": gone}), http.StatusNotFound)
			refused(c.do("DELETE", path+"/"+gone, nil), http.StatusNotFound)
			refused(c.do("POST", path+"/delete", object{"token": gone}), http.StatusNotFound)
		}
		refused(c.do("POST", path+"/retrieve", object{"tokens": "x"}), http.StatusBadRequest)
	})
})
