package nsxsim_test

import (
	"net"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// from makes a client's connections come from another address of this machine.
func (c *client) from(address string) *client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	c.http.Transport.(*http.Transport).DialContext = dialer.DialContext
	return c
}

var _ = Describe("a session", func() {
	It("is the cookie JSESSIONID, and its token the header X-XSRF-TOKEN, without which even reading is refused", func() {
		server := start(nsxsim.Options{})
		_, opened := login(server, "admin", server.Password())
		cookies := (&http.Response{Header: opened.Header}).Cookies()
		Expect(cookies).To(HaveLen(1))
		Expect(cookies[0].Name).To(Equal("JSESSIONID"))
		Expect(opened.Header.Get("X-XSRF-TOKEN")).NotTo(BeEmpty())

		c := as(server, "").with("Cookie", "JSESSIONID="+cookies[0].Value)
		Expect(refused(c.get("/api/v1/node"), http.StatusForbidden)).To(ContainSubstring(`"error_code":98`))
		Expect(c.with("X-XSRF-TOKEN", opened.Header.Get("X-XSRF-TOKEN")).get("/api/v1/node").Status).To(Equal(http.StatusOK))
	})

	It("lasts until the proxy's session_timeout, which is 0 on a new NSX", func() {
		properties := admin(start(nsxsim.Options{})).get("/api/v1/node/services/http").Body["service_properties"]
		Expect(properties).To(And(HaveKeyWithValue("session_timeout", BeEquivalentTo(0)), HaveKeyWithValue("connection_timeout", BeEquivalentTo(30))))
	})
})

var _ = Describe("the client that a limit counts", func() {
	It("is a user over all connections, and where there is no user the source address", func() {
		server := start(nsxsim.Options{Limits: nsxsim.Limits{PerSecond: 1}, Clock: &manualClock{now: time.Now()}})
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusOK))
		Expect(admin(server).from("127.0.0.2").get("/api/v1/node").Status).To(Equal(http.StatusTooManyRequests))

		Expect(as(server, "").get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
		Expect(refused(as(server, "").get("/api/v1/node"), http.StatusTooManyRequests)).To(ContainSubstring("Client '127.0.0.1'"))
		Expect(as(server, "").from("127.0.0.2").get("/api/v1/node").Status).To(Equal(http.StatusForbidden))
	})

	It("is not limited by a limit of 0", func() {
		c := admin(start(nsxsim.Options{Limits: nsxsim.Limits{PerSecond: 1}, Clock: &manualClock{now: time.Now()}}))
		Expect(c.do("PUT", "/api/v1/node/services/http", object{"service_properties": object{"client_api_rate_limit": 0}}).Status).To(Equal(http.StatusOK))
		for range 5 {
			Expect(c.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		}
	})
})

var _ = Describe("X-Allow-Overwrite", func() {
	DescribeTable("helps an enterprise admin only", func(path string, body object) {
		server := start(nsxsim.Options{
			Users: []nsxsim.User{{Name: "eve", Password: nsxsim.DefaultPassword, Role: api.NetworkEngineer}},
			Store: world(with(fabric(), map[string]object{
				"ip-sets/theirs":         {"id": "theirs", "resource_type": "IPSet", "_create_user": "tas1-ncp", "_revision": 0},
				"/infra/segments/theirs": {"id": "theirs", "resource_type": "Segment", "_create_user": "tas1-ncp", "_revision": 0},
			}))})
		engineer := as(server, "eve").with("X-Allow-Overwrite", "true")
		for _, method := range []string{"PUT", "DELETE"} {
			Expect(refused(engineer.do(method, path, body), http.StatusBadRequest)).To(And(
				ContainSubstring(`"error_code":289`), ContainSubstring("network_engineer"), ContainSubstring("allowOverwrite=true")))
		}
		Expect(admin(server).with("X-Allow-Overwrite", "true").do("PUT", path, body).Status).To(Equal(http.StatusOK))
	},
		Entry("on the Manager side", "/api/v1/ip-sets/theirs", object{"_revision": 0}),
		Entry("on the Policy side", infra+"/segments/theirs", object{"_revision": 0}),
	)

	It("shows who may not write at all that an object is PROTECTED, an engineer as well", func() {
		server := start(nsxsim.Options{
			Users: []nsxsim.User{{Name: "eve", Password: nsxsim.DefaultPassword, Role: api.NetworkEngineer}},
			Store: world(map[string]object{"/infra/segments/theirs": {
				"id": "theirs", "resource_type": "Segment", "_create_user": "tas1-ncp", "_protection": "NOT_PROTECTED", "_revision": 0}})})
		Expect(as(server, "eve").get(infra + "/segments/theirs").Body).To(HaveKeyWithValue("_protection", "PROTECTED"))
	})
})
