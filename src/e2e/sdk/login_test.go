package sdk_test

import (
	"crypto/tls"
	"net/http"
	"net/url"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/vmware/vsphere-automation-sdk-go/lib/vapi/std/errors"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/protocol/client"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx"
	"github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/aaa"
	manager "github.com/vmware/vsphere-automation-sdk-go/services/nsxt-mp/nsx/model"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	simapi "nsx-mp2p/migrate-mp2p/nsxsim/api"
)

var _ = Describe("logging in", func() {
	// whoAmI asks NSX for the caller's name.
	whoAmI := func(s *session) string {
		GinkgoHelper()
		user, err := aaa.NewUserInfoClient(s).Get(nil, nil)
		s.strictly(user, err)
		return *user.UserName
	}

	It("takes name and password in every request", func() {
		Expect(whoAmI(login(startNSX()))).To(Equal(nsxsim.AdminUser))
	})

	It("refuses a wrong password with an error of the SDK", func() {
		server := startNSX()
		s := connect(server, &tls.Config{}, password(nsxsim.AdminUser, "wrong"))
		_, err := nsx.NewLogicalSwitchesClient(s).Get("any")
		s.refused(err, http.StatusForbidden)
		Expect(err).To(BeAssignableToTypeOf(errors.Unauthorized{}))
	})

	It("lets an auditor read and not write", func() {
		server := startNSX()
		s := connect(server, &tls.Config{}, password(nsxsim.AuditorUser, server.Password()))
		Expect(whoAmI(s)).To(Equal(nsxsim.AuditorUser))
		_, err := nsx.NewIpSetsClient(s).Create(manager.IPSet{DisplayName: name(), IpAddresses: []string{"192.0.2.1"}})
		s.refused(err, http.StatusForbidden)
	})

	It("takes a session with its XSRF token, until it ends", func() {
		server := startNSX()
		var answer *http.Response
		s := connect(server, &tls.Config{}, client.WithRequestProcessors(func(r *http.Request) error {
			r.Header.Set("X-XSRF-TOKEN", answer.Header.Get("X-XSRF-TOKEN"))
			for _, cookie := range answer.Cookies() {
				r.AddCookie(cookie)
			}
			return nil
		}))
		// The SDK has no call to make or end a session.
		answer = s.plainly(http.MethodPost, "/api/session/create", url.Values{"j_username": {nsxsim.AdminUser}, "j_password": {server.Password()}})
		Expect(answer.StatusCode).To(Equal(http.StatusOK))
		Expect(whoAmI(s)).To(Equal(nsxsim.AdminUser))
		object, err := nsx.NewIpSetsClient(s).Create(manager.IPSet{DisplayName: name(), IpAddresses: []string{"192.0.2.1"}})
		s.strictly(object, err)

		answer.Header.Set("X-XSRF-TOKEN", "stolen")
		_, err = nsx.NewIpSetsClient(s).List(nil, nil, nil, nil, nil)
		s.refused(err, http.StatusForbidden)

		server.EndSessions()
		_, err = nsx.NewIpSetsClient(s).List(nil, nil, nil, nil, nil)
		s.refused(err, http.StatusForbidden)
	})

	It("takes a principal identity's client certificate, and protects what it made", func() {
		server := startNSX()
		principal, err := server.NewPrincipal("stranger", simapi.EnterpriseAdmin)
		Expect(err).NotTo(HaveOccurred())
		certificate, err := tls.X509KeyPair([]byte(principal.Certificate), []byte(principal.Key))
		Expect(err).NotTo(HaveOccurred())
		s := connect(server, &tls.Config{Certificates: []tls.Certificate{certificate}})
		Expect(whoAmI(s)).To(Equal("stranger"))
		object, err := nsx.NewIpSetsClient(s).Create(manager.IPSet{DisplayName: name(), IpAddresses: []string{"192.0.2.1"}})
		s.strictly(object, err)
		Expect(*object.CreateUser).To(Equal("stranger"))

		admin := login(server)
		_, err = nsx.NewIpSetsClient(admin).Update(*object.Id, object)
		admin.refused(err, http.StatusBadRequest)
		overwrite := connect(server, &tls.Config{}, password(nsxsim.AdminUser, server.Password()), client.WithRequestProcessors(func(r *http.Request) error {
			r.Header.Set("X-Allow-Overwrite", "true")
			return nil
		}))
		object, err = nsx.NewIpSetsClient(overwrite).Update(*object.Id, object)
		overwrite.strictly(object, err)
	})
})
