package nsxsim_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// manualClock is a clock that stands until it is moved; its timers never fire.
type manualClock struct{ now time.Time }

func (c *manualClock) Now() time.Time { return c.now }

func (c *manualClock) AfterFunc(time.Duration, func()) api.Timer { return stoppedTimer{} }

type stoppedTimer struct{}

func (stoppedTimer) Stop() bool { return true }

// login opens a session and returns a client that uses it.
func login(server *nsxsim.Server, user, password string) (*client, reply) {
	GinkgoHelper()
	c := admin(server)
	c.user = ""
	form := url.Values{"j_username": {user}, "j_password": {password}}
	answer := c.with("Content-Type", "application/x-www-form-urlencoded").do("POST", "/api/session/create", form.Encode())
	if answer.Status != http.StatusOK {
		return nil, answer
	}
	cookie := (&http.Response{Header: answer.Header}).Cookies()[0]
	return c.with("Cookie", cookie.Name+"="+cookie.Value).with("X-XSRF-TOKEN", answer.Header.Get("X-XSRF-TOKEN")), answer
}

var _ = Describe("authentication", func() {
	It("accepts basic authentication over TLS that its own CA signed", func() {
		version := admin(start(nsxsim.Options{})).get("/api/v1/node/version")
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
		Expect(server.Requests()).To(HaveLen(1))
		Expect(server.Requests()[0].User).To(Equal("admin"))
		Expect(server.Requests()[0].Status).To(Equal(http.StatusForbidden))
	})

	It("refuses a call without credentials", func() {
		c := as(start(nsxsim.Options{}), "")
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("opens a session that needs cookie and token, until it is destroyed", func() {
		server := start(nsxsim.Options{})
		c, _ := login(server, "admin", server.Password())
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))

		forged := c.with("X-XSRF-TOKEN", "other").get("/api/v1/node")
		Expect(forged.Status).To(Equal(http.StatusForbidden))
		Expect(forged.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(98)))

		Expect(c.do("POST", "/api/session/destroy", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("refuses a session for a wrong password with 403/403", func() {
		_, refused := login(start(nsxsim.Options{}), "admin", "wrong")
		Expect(refused.Status).To(Equal(http.StatusForbidden))
		Expect(refused.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(403)))
	})

	It("ends sessions after their lifetime, and all at once", func() {
		clock := &manualClock{now: time.Now()}
		server := start(nsxsim.Options{SessionLifetime: time.Minute, Clock: clock})
		c, _ := login(server, "admin", server.Password())
		clock.now = clock.now.Add(59 * time.Second)
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		clock.now = clock.now.Add(time.Second)
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))

		c, _ = login(server, "admin", server.Password())
		server.EndSessions()
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("answers an ended session with 401 where that is configured", func() {
		server := start(nsxsim.Options{SessionStatus: http.StatusUnauthorized})
		c, _ := login(server, "admin", server.Password())
		server.EndSessions()
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusUnauthorized))
		Expect(as(server, "").get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("is good on all nodes, or only on that which opened the session where that is configured", func() {
		statuses := func(options nsxsim.Options) []int {
			options.Nodes = 2
			server := start(options)
			c, _ := login(server, "admin", server.Password())
			return []int{c.get("/api/v1/node").Status, c.onNode(server, 1).get("/api/v1/node").Status}
		}
		Expect(statuses(nsxsim.Options{})).To(Equal([]int{http.StatusOK, http.StatusOK}))
		Expect(statuses(nsxsim.Options{SessionsPerNode: true})).To(Equal([]int{http.StatusOK, http.StatusForbidden}))
	})

	It("opens no session while a fault answers in NSX's place", func() {
		server := start(nsxsim.Options{Faults: []faults.Rule{{Path: "/api/session/create", Answer: "cannot-connect"}}})
		_, refused := login(server, "admin", server.Password())
		Expect(refused.Status).To(Equal(http.StatusInternalServerError))
		Expect(refused.Header).NotTo(Or(HaveKey("Set-Cookie"), HaveKey("X-Xsrf-Token")))
	})

	It("takes each call's own credentials in place of its session", func() {
		server := start(nsxsim.Options{})
		c, _ := login(server, "admin", server.Password())
		c.user, c.password = nsxsim.AuditorUser, server.Password()
		Expect(c.get("/api/v1/aaa/user-info").Body).To(HaveKeyWithValue("user_name", "auditor"))
	})

	It("goes by its session where a call's credentials are wrong, and counts no failed login", func() {
		server := start(nsxsim.Options{LockAfter: 2, LockFor: time.Hour})
		c, _ := login(server, "admin", server.Password())
		for _, password := range []string{"wrong", "wrong again", ""} {
			c.user, c.password = "admin", password
			Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		}
		c.user = "nobody"
		Expect(c.get("/api/v1/aaa/user-info").Body).To(HaveKeyWithValue("user_name", "admin"))
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusOK), "the account was locked")
	})

	It("refuses wrong credentials whose session has ended or comes without its token, and counts them", func() {
		for _, broken := range []func(*client, *nsxsim.Server){
			func(_ *client, server *nsxsim.Server) { server.EndSessions() },
			func(c *client, _ *nsxsim.Server) { c.header.Del("X-XSRF-TOKEN") },
		} {
			server := start(nsxsim.Options{LockAfter: 2, LockFor: time.Hour})
			c, _ := login(server, "admin", server.Password())
			broken(c, server)
			c.user, c.password = "admin", "wrong"
			Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
			Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
			Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusUnauthorized))
		}
	})

	It("goes by right credentials where its session has ended", func() {
		server := start(nsxsim.Options{})
		c, _ := login(server, "admin", server.Password())
		server.EndSessions()
		c.user, c.password = "admin", server.Password()
		Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
	})

	It("refuses a JSON Web Token and marks it as a gap", func() {
		server := start(nsxsim.Options{})
		refused := as(server, "").with("Authorization", "Bearer a.b.c").get("/api/v1/node")
		Expect(refused.Status).To(Equal(http.StatusUnauthorized))
		Expect(refused.Body).To(HaveKeyWithValue("error_message", ContainSubstring("does not know JSON Web Tokens")))
		Expect(server.Requests()[0].Gap).To(BeTrue())
	})

	It("locks an account after failed logins for a while, whatever the password", func() {
		clock := &manualClock{now: time.Now()}
		server := start(nsxsim.Options{LockAfter: 2, LockFor: time.Minute, Clock: clock})
		wrong := admin(server)
		wrong.password = "wrong"
		Expect(wrong.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
		Expect(wrong.get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusUnauthorized))
		clock.now = clock.now.Add(time.Minute)
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusOK))
	})

	It("lets a principal identity in by its certificate, which wins over credentials", func() {
		server := start(nsxsim.Options{})
		principal, err := server.NewPrincipal("tas1-ncp", api.EnterpriseAdmin)
		Expect(err).NotTo(HaveOccurred())
		pair, err := tls.X509KeyPair([]byte(principal.Certificate), []byte(principal.Key))
		Expect(err).NotTo(HaveOccurred())
		c := admin(server)
		c.http.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
		c.password = "wrong"
		Expect(c.get("/api/v1/aaa/user-info").Body).To(HaveKeyWithValue("user_name", "tas1-ncp"))
		Expect(c.with("Authorization", "Bearer a.b.c").get("/api/v1/aaa/user-info").Body).To(HaveKeyWithValue("user_name", "tas1-ncp"))
		Expect(c.get("/api/v1/trust-management/principal-identities").results()[0]).To(HaveKeyWithValue("name", "tas1-ncp"))
	})

	It("opens a session for a principal identity without a form", func() {
		server := start(nsxsim.Options{})
		principal, err := server.NewPrincipal("tas1-ncp", api.EnterpriseAdmin)
		Expect(err).NotTo(HaveOccurred())
		pair, err := tls.X509KeyPair([]byte(principal.Certificate), []byte(principal.Key))
		Expect(err).NotTo(HaveOccurred())
		shown := as(server, "")
		shown.http.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{pair}
		opened := shown.do("POST", "/api/session/create", nil)
		Expect(opened.Status).To(Equal(http.StatusOK))
		cookie := (&http.Response{Header: opened.Header}).Cookies()[0]
		c := as(server, "").with("Cookie", cookie.Name+"="+cookie.Value).with("X-XSRF-TOKEN", opened.Header.Get("X-XSRF-TOKEN"))
		Expect(c.get("/api/v1/aaa/user-info").Body).To(HaveKeyWithValue("user_name", "tas1-ncp"))
		Expect(as(server, "").do("POST", "/api/session/create", nil).Status).To(Equal(http.StatusForbidden))
	})

	It("lets a network engineer change the network, and nothing of the appliance or the migration", func() {
		server := start(nsxsim.Options{Coordinator: newJudge, Users: []nsxsim.User{{Name: "eve", Password: "secret", Role: api.NetworkEngineer}}})
		c := as(server, "eve")
		c.password = "secret"
		Expect(c.do("POST", ipSets, object{"id": "a"}).Status).To(Equal(http.StatusCreated))
		Expect(c.get(service + "/status").Status).To(Equal(http.StatusOK))
		Expect(c.do("POST", service+"?action=start", nil).Status).To(Equal(http.StatusForbidden))
	})

	It("lets an auditor read and refuses it to write", func() {
		server := start(nsxsim.Options{Store: world(map[string]object{"ip-sets/a": {"id": "a", "resource_type": "IPSet"}})})
		auditor := as(server, nsxsim.AuditorUser)
		Expect(auditor.get("/api/v1/ip-sets").ids()).To(Equal([]string{"a"}))
		Expect(auditor.do("DELETE", "/api/v1/ip-sets/a", nil).Status).To(Equal(http.StatusForbidden))
		Expect(auditor.get("/api/v1/ip-sets").ids()).To(Equal([]string{"a"}))
	})
})
