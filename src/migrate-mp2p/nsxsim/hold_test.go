package nsxsim_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// holding is a rule that holds the requests of posts.
func holding(when string) []faults.Rule {
	return rule(func(r *faults.Rule) { r.Hold, r.When = true, when })
}

const holdsOfPosts = "/_nsxsim/holds/posts"

var _ = Describe("a request that is held", func() {
	var ctx context.Context

	BeforeEach(func() {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(context.Background(), time.Minute) // against hanging only
		DeferCleanup(end)
	})

	// post sends a creation and gives its status, 0 where there is no answer.
	post := func(ctx context.Context, c *client) <-chan int {
		answered := make(chan int, 1)
		go func() {
			defer GinkgoRecover()
			answer, _ := c.tryWithin(ctx, "POST", ipSets, object{})
			answered <- answer.Status
		}()
		return answered
	}

	DescribeTable("waits, and goes on when it is told to", func(when string, meanwhile int) {
		server := start(nsxsim.Options{Faults: holding(when)})
		c, own := admin(server), control(server)
		answered := post(ctx, c)
		Expect(own.get(holdsOfPosts + "?wait=1m").elements()).To(ConsistOf(And(
			HaveKeyWithValue("rule", "posts"), HaveKeyWithValue("method", "POST"), HaveKeyWithValue("path", ipSets),
			HaveKeyWithValue("user", "admin"), HaveKeyWithValue("node", "node-1"), HaveKey("since"))))
		Expect(own.get("/_nsxsim/holds").elements()).To(HaveLen(1))
		Expect(c.get(ipSets).results()).To(HaveLen(meanwhile))
		Expect(answered).NotTo(Receive())
		Expect(own.do("POST", holdsOfPosts, nil).Body).To(HaveKeyWithValue("released", BeEquivalentTo(1)))
		Eventually(ctx, answered).Should(Receive(Equal(http.StatusCreated)))
		Expect(c.get(ipSets).results()).To(HaveLen(1))
		Expect(own.get("/_nsxsim/holds").elements()).To(BeEmpty())
		Expect(c.do("POST", ipSets, object{}).Status).To(Equal(http.StatusCreated), "later ones pass")
	},
		Entry("before its effect", faults.Before, 0),
		Entry("after it, before its answer", faults.After, 1),
	)

	It("is carried out late although its client is gone, and the journal says by which rule", func() {
		server := start(nsxsim.Options{Faults: holding(faults.Before), Latency: time.Millisecond})
		own := control(server)
		leaving, leave := context.WithCancel(ctx)
		answered := post(leaving, admin(server))
		own.get(holdsOfPosts + "?wait=1m")
		leave()
		Eventually(ctx, answered).Should(Receive(Equal(0)))
		Expect(own.get(holdsOfPosts).elements()).To(HaveLen(1), "it is still under way")
		own.do("POST", holdsOfPosts, nil)
		Eventually(ctx, server.Requests).Should(ConsistOf(And(
			HaveField("Method", "POST"), HaveField("Fault", "posts"), HaveField("Status", http.StatusCreated))))
		Expect(admin(server).get(ipSets).results()).To(HaveLen(1))
	})

	It("is waited for by NSX to its end, when it is a long one whose client is gone", func() {
		server := start(nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{DoneTime: time.Millisecond}),
			Faults: []faults.Rule{{Name: "late", Query: "action=DONE", Hold: true}}})
		c, own := admin(server), control(server)
		c.do("POST", service+"?action=start", nil)
		c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil)
		leaving, leave := context.WithCancel(ctx)
		left := make(chan error, 1)
		go func() {
			_, err := c.tryWithin(leaving, "POST", "/api/v1/migration/mp-to-policy/workflow?action=DONE", nil)
			left <- err
		}()
		own.get("/_nsxsim/holds/late?wait=1m")
		leave()
		Eventually(ctx, left).Should(Receive(MatchError(context.Canceled)))
		own.do("POST", "/_nsxsim/holds/late", nil)
		Eventually(ctx, server.Requests).Should(ContainElement(And(HaveField("Fault", "late"), HaveField("Status", http.StatusOK))))
	})

	It("does what else its rule says when it is let go", func() {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) { r.Hold, r.Status = true, http.StatusTeapot })})
		answered := post(ctx, admin(server))
		own := control(server)
		own.get(holdsOfPosts + "?wait=1m")
		own.do("POST", holdsOfPosts, nil)
		Eventually(ctx, answered).Should(Receive(Equal(http.StatusTeapot)))
		Expect(admin(server).get(ipSets).results()).To(BeEmpty())
	})

	It("is one of several, of which later ones are held again", func() {
		server := start(nsxsim.Options{Faults: holding(faults.Before)})
		own := control(server)
		first, second := post(ctx, admin(server)), post(ctx, admin(server))
		Expect(own.get(holdsOfPosts + "?wait=1m&calls=2").elements()).To(HaveLen(2))
		own.do("POST", holdsOfPosts+"?later=hold", nil)
		for _, answered := range []<-chan int{first, second} {
			Eventually(ctx, answered).Should(Receive(Equal(http.StatusCreated)))
		}
		third := post(ctx, admin(server))
		Expect(own.get(holdsOfPosts + "?wait=1m").elements()).To(HaveLen(1))
		own.do("POST", holdsOfPosts, nil)
		Eventually(ctx, third).Should(Receive(Equal(http.StatusCreated)))
	})

	It("outlives a restored backup, and changes what it finds then", func() {
		server := start(nsxsim.Options{Faults: holding(faults.Before)})
		own := control(server)
		empty := own.get("/_nsxsim/state").Raw
		answered := post(ctx, admin(server))
		own.get(holdsOfPosts + "?wait=1m")
		Expect(own.do("PUT", "/_nsxsim/state", empty).Status).To(Equal(http.StatusOK))
		own.do("POST", holdsOfPosts, nil)
		Eventually(ctx, answered).Should(Receive(Equal(http.StatusCreated)))
		Expect(admin(server).get(ipSets).results()).To(HaveLen(1))
	})

	DescribeTable("ends with the simulator", func(when string, created int) {
		var journal bytes.Buffer
		options := nsxsim.Options{Faults: holding(when), Journal: &journal}
		server, err := nsxsim.Start(options)
		Expect(err).NotTo(HaveOccurred())
		answered := post(ctx, admin(server))
		control(server).get(holdsOfPosts + "?wait=1m")
		Expect(server.Close()).To(Succeed())
		Expect(journal.String()).To(ContainSubstring(`"status":0,"fault":"posts"`), "the journal has it before Close returns")
		Eventually(ctx, answered).Should(Receive(Equal(0)))
		Expect(admin(start(nsxsim.Options{Store: server.Store()})).get(ipSets).results()).To(HaveLen(created))
	},
		Entry("without effect, when it was held before that", faults.Before, 0),
		Entry("with its effect, when it was held after that", faults.After, 1),
	)

	It("may find the simulator closed by its own hook", func() {
		var server *nsxsim.Server
		server = start(nsxsim.Options{Faults: rule(func(r *faults.Rule) {
			r.Hold, r.Hook = true, func(faults.Call) {
				defer GinkgoRecover()
				Expect(server.Close()).To(Succeed())
			}
		})})
		Eventually(ctx, post(ctx, admin(server))).Should(Receive(Equal(0)))
	})
})

var _ = Describe("the endpoints of holds", func() {
	DescribeTable("answer", func(method, path string, status int, text string) {
		server := start(nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{}), Faults: append(holding(faults.Before), faults.Rule{Name: "other"})})
		answer := control(server).do(method, path, nil)
		Expect(answer.Status).To(Equal(status))
		Expect(answer.Body).To(HaveKeyWithValue("error_message", ContainSubstring(text)))
	},
		Entry("that no rule has that name", "GET", "/_nsxsim/holds/gone", http.StatusNotFound, "no such fault rule"),
		Entry("that no rule has that name, when told to let go", "POST", "/_nsxsim/holds/gone", http.StatusNotFound, "no such fault rule"),
		Entry("that a rule does not hold", "GET", "/_nsxsim/holds/other?wait=1m", http.StatusBadRequest, "does not hold"),
		Entry("that nobody came in time", "GET", holdsOfPosts+"?wait=0s", http.StatusRequestTimeout, "the time is over"),
		Entry("that the coordinator was not held in time", "GET", "/_nsxsim/coordinator?wait=0s", http.StatusRequestTimeout, "the time is over"),
		Entry("that a time is none", "GET", holdsOfPosts+"?wait=soon", http.StatusBadRequest, `"soon"`),
		Entry("that a number is none", "GET", holdsOfPosts+"?wait=1m&calls=0", http.StatusBadRequest, `"0"`),
		Entry("that they do not know what becomes of later ones", "POST", holdsOfPosts+"?later=drop", http.StatusBadRequest, `"drop"`),
	)

	It("are those of the coordinator, too, which a rule may hold as well", func() {
		server := start(nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{}), Faults: []faults.Rule{
			{Query: "action=DONE", Change: &faults.Change{Coordinator: faults.HoldCoordinator}},
		}})
		c, own := admin(server), control(server)
		c.do("POST", service+"?action=start", nil)
		c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=INITIATE", nil)
		var done sync.WaitGroup
		done.Go(func() {
			defer GinkgoRecover()
			Expect(c.do("POST", "/api/v1/migration/mp-to-policy/workflow?action=DONE", nil).Status).To(Equal(http.StatusOK))
		})
		Expect(own.get("/_nsxsim/coordinator?wait=1m").Body).To(HaveKeyWithValue("phase", coordinator.PhaseDone))
		Expect(own.do("POST", "/_nsxsim/coordinator", "go-on").Status).To(Equal(http.StatusOK))
		done.Wait()
		Expect(own.get("/_nsxsim/coordinator").Body).To(HaveKeyWithValue("phase", coordinator.PhaseIdle))
		Expect(own.do("POST", "/_nsxsim/coordinator", "hold").Status).To(Equal(http.StatusOK))
	})

	It("refuse to hold a coordinator that is not there", func() {
		server := start(nsxsim.Options{})
		Expect(control(server).do("POST", "/_nsxsim/coordinator", "hold").Status).To(Equal(http.StatusBadRequest))
		Expect(server.CoordinatorHeld(context.Background())).To(MatchError(ContainSubstring("no migration coordinator")))
	})
})

// TestHoldInVirtualTime is outside ginkgo, because a synctest bubble needs a *testing.T of its own.
func TestHoldInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		listener := newMemoryListener()
		server, err := nsxsim.Start(nsxsim.Options{Listeners: []net.Listener{listener}, Faults: []faults.Rule{{Name: "all", Path: "/api/*", Hold: true}}})
		g.Expect(err).NotTo(HaveOccurred())
		call := func(method, path string) (int, string) {
			request, err := http.NewRequest(method, server.URL()+path, nil)
			g.Expect(err).NotTo(HaveOccurred())
			request.SetBasicAuth(nsxsim.AdminUser, server.Password())
			transport := memoryTransport(server, listener)
			defer transport.CloseIdleConnections()
			response, err := transport.RoundTrip(request)
			g.Expect(err).NotTo(HaveOccurred())
			body, err := io.ReadAll(response.Body)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(response.Body.Close()).To(Succeed())
			return response.StatusCode, string(body)
		}
		began := time.Now()
		status, _ := call("GET", "/_nsxsim/holds/all?wait=30s")
		g.Expect(status).To(Equal(http.StatusRequestTimeout))
		g.Expect(time.Since(began)).To(Equal(30 * time.Second))
		var held sync.WaitGroup
		held.Go(func() {
			status, _ := call("GET", "/api/v1/node")
			g.Expect(status).To(Equal(http.StatusOK))
		})
		status, _ = call("GET", "/_nsxsim/holds/all?wait=30s")
		g.Expect(status).To(Equal(http.StatusOK))
		g.Expect(time.Since(began)).To(Equal(30*time.Second), "it comes at once")
		time.Sleep(time.Hour)
		_, released := call("POST", "/_nsxsim/holds/all")
		g.Expect(released).To(Equal(`{"released":1}`))
		held.Wait()
		g.Expect(server.Close()).To(Succeed())
		// TLS may wait 5 s for the other end's farewell.
		time.Sleep(6 * time.Second)
	})
}
