package nsxsim_test

import (
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("a simulated NSX", func() {
	It("goes on with the same state after Close and Start, the running service and all ids included", func() {
		st := store.New(1)
		server, err := nsxsim.Start(nsxsim.Options{Store: st, Coordinator: newJudge})
		Expect(err).NotTo(HaveOccurred())
		c := admin(server)
		c.do("POST", ipSets, object{"id": "a"})
		status := c.do("POST", service+"?action=start", nil).Body
		node := c.get("/api/v1/node").Body["node_uuid"]
		Expect(server.Close()).To(Succeed())
		_, err = c.try("GET", "/api/v1/node", nil)
		Expect(err).To(HaveOccurred())

		c = admin(start(nsxsim.Options{Store: st, Coordinator: newJudge}))
		Expect(c.get(ipSets).ids()).To(Equal([]string{"a"}))
		Expect(c.get(service + "/status").Body).To(Equal(status))
		Expect(c.get("/api/v1/node").Body["node_uuid"]).To(Equal(node))
	})

	It("may be closed in the middle of a request, which then has no effect", func() {
		var server *nsxsim.Server
		st := store.New(1)
		server = start(nsxsim.Options{Store: st, Faults: rule(func(r *faults.Rule) {
			r.Hook = func(faults.Call) {
				defer GinkgoRecover()
				Expect(server.Close()).To(Succeed())
			}
		})})
		_, err := admin(server).try("POST", ipSets, object{})
		Expect(err).To(HaveOccurred())
		Expect(admin(start(nsxsim.Options{Store: st})).get(ipSets).results()).To(BeEmpty())
	})

	DescribeTable("is not ready at first, when that is configured", func(answer string, status, code int) {
		clock := &manualClock{now: time.Now()}
		server := start(nsxsim.Options{NotReadyFor: time.Minute, NotReadyAnswer: answer, Clock: clock})
		refused := admin(server).get("/api/v1/node")
		Expect(refused.Status).To(Equal(status))
		Expect(refused.Body).To(HaveKeyWithValue("error_code", BeEquivalentTo(code)))
		clock.now = clock.now.Add(time.Minute)
		Expect(admin(server).get("/api/v1/node").Status).To(Equal(http.StatusOK))
	},
		Entry("with 503", "", 503, 98),
		Entry("with a backend that is not there yet", "backend-missing", 404, 202),
		Entry("with a proxy that cannot connect", "cannot-connect", 500, 98),
		Entry("while it reconfigures its persistence", "reconfiguring", 500, 607),
	)

	It("serves a generated world and knows who uses it", func() {
		generated, err := model.TAS(1, 1, model.Options{})
		Expect(err).NotTo(HaveOccurred())
		st := store.New(1)
		Expect(nsxsim.LoadWorld(st, generated)).To(Succeed())
		users, err := nsxsim.Foundations(st)
		Expect(err).NotTo(HaveOccurred())
		c := admin(start(nsxsim.Options{Store: st}))
		found := c.search(`tags.scope:"ncp/cluster" AND tags.tag:`+users[0].Name, "")
		Expect(found.results()).NotTo(BeEmpty())
		Expect(c.get("/api/v1/logical-switches").results()).NotTo(BeEmpty())
	})

	DescribeTable("is refused with", func(options nsxsim.Options) {
		_, err := nsxsim.Start(options)
		Expect(err).To(MatchError(ContainSubstring("starting the simulator")))
	},
		Entry("a version that is none", nsxsim.Options{Version: "four"}),
		Entry("an answer at its start that nobody knows", nsxsim.Options{NotReadyAnswer: "teapot"}),
		Entry("too many nodes", nsxsim.Options{Nodes: 4}),
		Entry("too few listeners", nsxsim.Options{Nodes: 2, Listeners: []net.Listener{nil}}),
		Entry("a user without password", nsxsim.Options{Users: []nsxsim.User{{Name: "x"}}}),
		Entry("a user without role", nsxsim.Options{Users: []nsxsim.User{{Name: "x", Password: "y"}}}),
	)
})

// memoryListener accepts connections that never leave the process, which virtual time needs.
type memoryListener struct {
	connections chan net.Conn
	closed      chan struct{}
}

func newMemoryListener() *memoryListener {
	return &memoryListener{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	select {
	case <-l.closed:
	default:
		close(l.closed)
	}
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

func (l *memoryListener) dial() (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.connections <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// TestVirtualTime is outside ginkgo, because a synctest bubble needs a *testing.T of its own.
func TestVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		listener := newMemoryListener()
		server, err := nsxsim.Start(nsxsim.Options{
			Listeners: []net.Listener{listener}, Coordinator: newJudge, ServiceStartDelay: 4 * time.Minute, Latency: time.Second,
		})
		g.Expect(err).NotTo(HaveOccurred())
		call := func(method, path string) int {
			request, err := http.NewRequest(method, server.URL()+path, nil)
			g.Expect(err).NotTo(HaveOccurred())
			request.SetBasicAuth(nsxsim.AdminUser, server.Password())
			transport := memoryTransport(server, listener)
			defer transport.CloseIdleConnections()
			response, err := transport.RoundTrip(request)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(response.Body.Close()).To(Succeed())
			return response.StatusCode
		}
		began := time.Now()
		g.Expect(call("POST", service+"?action=start")).To(Equal(http.StatusOK))
		g.Expect(time.Since(began)).To(Equal(time.Second))
		g.Expect(call("GET", summary)).To(Equal(http.StatusInternalServerError))
		time.Sleep(4 * time.Minute)
		g.Expect(call("GET", summary)).To(Equal(http.StatusOK))
		g.Expect(server.Close()).To(Succeed())
		// TLS may wait 5 s for the other end's farewell.
		time.Sleep(6 * time.Second)
	})
}
