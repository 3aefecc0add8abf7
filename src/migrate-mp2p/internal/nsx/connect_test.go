package nsx

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

var _ = Describe("connecting", func() {
	ctx := context.Background()

	client := func(o Options) *Client {
		c, err := New(o)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(c.Close)
		return c
	}

	// closed gives an address at which nobody listens.
	closed := func() Endpoint {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		Expect(l.Close()).To(Succeed())
		return Endpoint{Address: l.Addr().String()}
	}

	It("says which node, version and cluster it is connected with", func() {
		m := newManager()
		node, err := client(options(GinkgoWriter, m)).Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(node).To(Equal(mp.Node{ID: "node-1", Address: m.address(), Version: "4.1.0.0.0.2", ClusterID: "nsx-cluster"}))
		Expect(m.connections()).To(Equal(1), "all was read on one connection")
	})

	It("skips managers that are down or unhealthy, with a warning, and stays with the first healthy one [R18]", func() {
		sick, healthy, spare := newManager(), newManager(), newManager()
		sick.on("GET /api/v1/reverse-proxy/node/health", reply(200, `{"healthy":false}`))
		log := gbytes.NewBuffer()
		o := options(log, sick, healthy, spare)
		o.Managers = append([]Endpoint{closed()}, o.Managers...)
		c := client(o)
		node, err := c.Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(node.Address).To(Equal(healthy.address()))
		Expect(log).To(gbytes.Say("skipping a manager.*connecting with NSX Manager " + o.Managers[0].Address))
		Expect(log).To(gbytes.Say("skipping a manager.*not healthy"))
		Expect(c.Get(ctx, "/api/v1/cluster", &clusterProperties{})).To(Succeed())
		Expect(spare.asked()).To(BeEmpty())
	})

	It("names every manager and its reason when none can be used [R18]", func() {
		m := newManager()
		m.on("GET /api/v1/reverse-proxy/node/health", reply(200, `{"healthy":false}`))
		o := options(GinkgoWriter, m)
		o.Managers = append(o.Managers, closed())
		_, err := client(o).Connect(ctx, "")
		Expect(err).To(MatchError(And(ContainSubstring(m.address()), ContainSubstring("not healthy"),
			ContainSubstring(o.Managers[1].Address), ContainSubstring("connection refused"))))
	})

	It("tries a wrong password once, on one manager, and never again, so that no account is locked", func() {
		first, second := newManager(), newManager()
		o := options(GinkgoWriter, first, second)
		o.Password = "wrong-password"
		c := client(o)
		_, err := c.Connect(ctx, "")
		Expect(err).To(beKind(mp.KindAuth))
		Expect(err).To(MatchError(And(ContainSubstring(testUser), ContainSubstring("not tried again"))))
		Expect(first.asked()).To(Equal([]string{"POST /api/session/create"}))
		Expect(second.asked()).To(BeEmpty())
	})

	DescribeTable("tries few logins when something answers them that is no NSX",
		func(status int, body string, logins int) {
			m := newManager()
			m.on("POST /api/session/create", func(w http.ResponseWriter, _ *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "ROUTE", Value: "node-1"})
				if strings.HasPrefix(body, "<") { // somebody else's Java
					http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: "theirs"})
				}
				w.Header().Set("Location", "/login")
				write(w, status, body)
			})
			_, err := client(options(GinkgoWriter, m)).Connect(ctx, "")
			Expect(err).To(beKind(mp.KindAuth))
			Expect(m.asked()).To(HaveLen(logins))
		},
		Entry("a login page", 200, "<html>welcome</html>", maxLostLogins),
		Entry("nothing", 200, "", maxLostLogins),
		Entry("JSON", 200, `{"welcome":true}`, maxLostLogins),
		Entry("an error with status 200", 200, `{"error_code":403}`, maxLostLogins),
		Entry("a redirection", 302, "", maxLostLogins),
		Entry("no way", 404, "<html>", maxLostLogins),
		Entry("overload", 429, "<html>", maxLostLogins),
		Entry("failure", 500, "<html>", maxLostLogins),
		Entry("NSX's failure", 500, `{"error_code":36000}`, maxLostLogins),
		Entry("no gateway", 502, "", maxLostLogins),
		Entry("unavailability", 503, "<html>", maxLostLogins),
		Entry("a refusal", 401, "<html>", 1),
		Entry("an empty refusal", 403, "", 1),
		Entry("NSX's refusal", 401, `{"error_code":401}`, 1),
		Entry("NSX's other refusal", 400, `{"error_code":98}`, 1),
	)

	It("uses only the node that it is told to use", func() {
		first, second := newManager(), newManager()
		second.become("node-2")
		node, err := client(options(GinkgoWriter, first, second)).Connect(ctx, "node-2")
		Expect(err).NotTo(HaveOccurred())
		Expect(node.Address).To(Equal(second.address()))
	})

	It("names the wanted node when no manager is it", func() {
		m := newManager()
		c := client(options(GinkgoWriter, m))
		_, err := c.Connect(ctx, "node-9")
		Expect(err).To(beKind(mp.KindOtherNode))
		Expect(err).To(MatchError(And(ContainSubstring("node-9"), ContainSubstring("this is node node-1"))))
		Expect(c.Get(ctx, "/api/v1/cluster", &clusterProperties{})).To(beKind(mp.KindUnreachable), "nothing is pinned")
	})

	It("goes through the proxy, and says so when the proxy is not there", func() {
		m := newManager()
		tunnels := 0
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tunnels++
			manager, err := net.Dial("tcp", r.Host)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			client, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			if _, err := io.WriteString(client, "HTTP/1.1 200 Connection Established\r\n\r\n"); err != nil {
				return
			}
			for _, way := range [][2]net.Conn{{client, manager}, {manager, client}} {
				go func() {
					// Either side ends the tunnel by closing its connection.
					_, err := io.Copy(way[0], way[1])
					fmt.Fprintln(GinkgoWriter, "tunnel ended:", err, way[0].Close())
				}()
			}
		}))
		DeferCleanup(proxy.Close)
		o := options(GinkgoWriter, m)
		o.Proxy = proxy.URL
		_, err := client(o).Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(tunnels).To(Equal(1))
		o.Proxy = "http://" + testUser + ":" + testPassword + "@" + closed().Address
		_, err = client(o).Connect(ctx, "")
		Expect(err).To(MatchError(And(ContainSubstring("proxyconnect"), Not(ContainSubstring(testPassword)))))
	})

	It("ends with the context", func() {
		m := newManager()
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := client(options(GinkgoWriter, m)).Connect(ended, "")
		Expect(err).To(MatchError(context.Canceled))
		Expect(err).To(beKind(mp.KindCanceled))
	})

	DescribeTable("refuses options that no client can be made of [I10]",
		func(change func(*Options), text string) {
			o := Options{Managers: []Endpoint{{Address: "nsx"}}, Username: "u", Password: "p"}
			change(&o)
			_, err := New(o)
			Expect(err).To(MatchError(ContainSubstring(text)))
		},
		Entry("no manager", func(o *Options) { o.Managers = nil }, "no manager"),
		Entry("a manager without address", func(o *Options) { o.Managers = []Endpoint{{}} }, "manager 1 has no address"),
		Entry("no way to log in", func(o *Options) { o.Username, o.Password = "", "" }, "neither a password nor"),
		Entry("a user without password", func(o *Options) { o.Password = "" }, "belong together"),
		Entry("two ways to log in", func(o *Options) { o.ClientCertificate = "c.pem" }, "both a password and"),
		Entry("half a client certificate", func(o *Options) { o.Username, o.Password, o.ClientKey = "", "", "k.pem" }, "belong together"),
		Entry("a negative rate", func(o *Options) { o.RequestsPerSecond = -1 }, "must be positive"),
		Entry("no proxy's URL", func(o *Options) { o.Proxy = "user:secret@proxy" }, "the proxy is not a URL"),
		Entry("no authority's file", func(o *Options) { o.CACertificate = "absent.pem" }, "nsx.ca_certificate"),
	)

	It("keeps the default port", func() {
		Expect(Endpoint{Address: "nsx.example.com"}.hostPort()).To(Equal("nsx.example.com:443"))
		Expect(Endpoint{Address: "[fd00::1]"}.hostPort()).To(Equal("[fd00::1]:443"))
		Expect(Endpoint{Address: "10.0.0.1:8443"}.hostPort()).To(Equal("10.0.0.1:8443"))
	})

	It("shows no credential in log lines, errors and printed options [I7]", func() {
		m := newManager()
		m.on("GET /api/v1/echo", reply(400, `{"error_code":1,"error_message":"bad password `+testPassword+`","details":"`+testPassword+`",
			"related_errors":[{"error_code":2,"error_message":"`+testPassword+`"}]}`))
		m.on("GET /api/v1/html", reply(418, strings.Repeat("x", maxQuoted-5)+testPassword))
		var log bytes.Buffer
		o := options(&log, m)
		c := client(o)
		_, err := c.Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		for _, path := range []string{"/api/v1/echo", "/api/v1/html"} {
			err := c.Get(ctx, path, nil)
			Expect(err).To(HaveOccurred())
			Expect(err.Error()).To(And(ContainSubstring("***"), Not(ContainSubstring(testPassword))))
		}
		Expect(log.String()).To(ContainSubstring("/api/session/create"))
		for _, secret := range []string{testPassword, "session-1", "token-"} {
			Expect(log.String()).NotTo(ContainSubstring(secret))
		}
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			Expect(fmt.Sprintf(format, o)).NotTo(ContainSubstring(testPassword))
		}
	})
})
