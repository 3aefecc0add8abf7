package liar_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim/liar"
)

// nsx answers every request with what it was asked, and remembers who asked what over which connection.
type nsx struct {
	mu    sync.Mutex
	asked []string
	from  []string
	begun chan struct{} // gets a value when a request has begun that waits for more
	more  chan struct{}
}

func (n *nsx) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	line := strings.TrimSpace(r.Method + " " + r.URL.RequestURI() + " " + string(body))
	n.mu.Lock()
	n.asked, n.from = append(n.asked, line), append(n.from, r.RemoteAddr)
	n.mu.Unlock()
	if strings.Contains(line, "slow") {
		n.begun <- struct{}{}
		<-n.more
	}
	if strings.Contains(line, "broken") {
		if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = connection.Close() // this is what is wanted
		}
		return
	}
	w.Header().Set("X-NSX", "yes")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, line) // a client that is gone needs no answer
}

func (n *nsx) seen() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]string(nil), n.asked...)
}

var _ = Describe("a proxy that lies", func() {
	var (
		behind *nsx
		proxy  *liar.Proxy
		client *http.Client
	)

	newClient := func() *http.Client {
		roots := x509.NewCertPool()
		Expect(roots.AppendCertsFromPEM(proxy.CA())).To(BeTrue())
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		DeferCleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}

	BeforeEach(func() {
		behind = &nsx{begun: make(chan struct{}), more: make(chan struct{})}
		server := httptest.NewUnstartedServer(behind)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		DeferCleanup(server.Close)
		ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		var err error
		proxy, err = liar.Start(server.URL, ca)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { Expect(proxy.Close()).To(Succeed()) })
		client = newClient()
	})

	// ask answers with status 0 when the connection was cut.
	ask := func(c *http.Client, method, uri, body string) (int, string, http.Header) {
		request, err := http.NewRequest(method, proxy.URL()+uri, strings.NewReader(body))
		Expect(err).NotTo(HaveOccurred())
		response, err := c.Do(request)
		if err != nil {
			return 0, "", nil
		}
		text, err := io.ReadAll(response.Body)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		return response.StatusCode, string(text), response.Header
	}

	It("passes on what no lie is about, with its query, its body and its headers, over a connection for each of the client's", func() {
		for range 3 {
			status, body, header := ask(client, http.MethodPost, "/a%2Fb/c?x=1&y=%3A", "hello")
			Expect(status).To(Equal(http.StatusAccepted))
			Expect(body).To(Equal("POST /a%2Fb/c?x=1&y=%3A hello"))
			Expect(header.Get("X-NSX")).To(Equal("yes"))
		}
		ask(newClient(), http.MethodGet, "/", "")
		Expect(behind.from[0]).To(And(Equal(behind.from[1]), Equal(behind.from[2]), Not(Equal(behind.from[3]))))
		Expect(proxy.Requests()).To(HaveLen(4))
		Expect(proxy.Requests()[0]).To(And(HaveField("Lie", ""), HaveField("Status", 202), HaveField("Delivered", []int{202})))
	})

	It("breaks the connection where NSX does, without asking NSX again by itself", func() {
		ask(client, http.MethodGet, "/", "")
		status, _, _ := ask(client, http.MethodPost, "/broken", "")
		Expect(status).To(BeZero())
		Expect(behind.seen()).To(Equal([]string{"GET /", "POST /broken"}))
		Expect(proxy.Requests()[1]).To(And(HaveField("Status", 0), HaveField("Delivered", []int{0})))
	})

	It("answers in NSX's place before NSX hears of it or after it has carried it out, as often as it is told", func() {
		Expect(proxy.Tell(
			liar.Lie{Name: "before", Method: "PUT", Path: "^/x$", Query: "a=1", Body: "b", Nth: 2, Times: 2, Answer: liar.HTML(404)},
			liar.Lie{Name: "after", Method: "POST", Times: liar.Always, First: liar.Now, Answer: liar.Empty(200)},
		)).To(Succeed())
		var statuses []int
		for range 4 {
			status, _, _ := ask(client, http.MethodPut, "/x?a=1", "abc")
			statuses = append(statuses, status)
		}
		ask(client, http.MethodPut, "/x?a=2", "abc")
		ask(client, http.MethodPut, "/xy?a=1", "abc")
		ask(client, http.MethodPut, "/x?a=1", "ac")
		Expect(statuses).To(Equal([]int{202, 404, 404, 202}))
		Expect(behind.seen()).To(HaveLen(5))
		Expect(proxy.Told("before")).To(Equal(2))
		for range 2 {
			status, body, _ := ask(client, http.MethodPost, "/y", "")
			Expect(status).To(Equal(200))
			Expect(body).To(BeEmpty())
		}
		Expect(behind.seen()).To(HaveLen(7))
		last := proxy.Requests()[len(proxy.Requests())-1]
		Expect(last).To(And(HaveField("Lie", "after"), HaveField("Status", 200), HaveField("Delivered", []int{202})))
	})

	It("answers while NSX goes on working", func() {
		Expect(proxy.Tell(liar.Lie{Name: "meanwhile", Path: "slow", First: liar.Meanwhile, Answer: liar.HTML(500), Hook: func(liar.Request) { <-behind.begun }})).To(Succeed())
		status, _, _ := ask(client, http.MethodPost, "/slow", "")
		Expect(status).To(Equal(500))
		Expect(proxy.Requests()[0].Delivered).To(BeEmpty())
		close(behind.more)
		Eventually(func() []int { return proxy.Requests()[0].Delivered }).Should(Equal([]int{202}))
	})

	It("cuts the connection", func() {
		Expect(proxy.Tell(liar.Lie{Name: "cut", Cut: true, First: liar.Now})).To(Succeed())
		status, _, _ := ask(client, http.MethodPost, "/", "")
		Expect(status).To(BeZero())
		Expect(behind.seen()).To(Equal([]string{"POST /"}))
	})

	It("holds a request until it is told to let go", func(ctx SpecContext) {
		Expect(proxy.Tell(liar.Lie{Name: "hold", Hold: true, First: liar.Now})).To(Succeed())
		answered := make(chan int)
		go func() {
			status, _, _ := ask(client, http.MethodPost, "/", "")
			answered <- status
		}()
		Expect(proxy.WaitHeld(ctx, "hold")).To(Succeed())
		Expect(behind.seen()).To(BeEmpty())
		Expect(proxy.Release("hold")).To(Equal(1))
		Expect(<-answered).To(Equal(202))
	})

	It("delivers late, when the client has long had its answer", func(ctx SpecContext) {
		Expect(proxy.Tell(liar.Lie{Name: "late", First: liar.Later, Cut: true})).To(Succeed())
		status, _, _ := ask(client, http.MethodPost, "/late", "body")
		Expect(status).To(BeZero())
		client.CloseIdleConnections()
		Expect(behind.seen()).To(BeEmpty())
		Expect(proxy.WaitHeld(ctx, "late")).To(Succeed())
		Expect(proxy.Deliver(ctx, "late")).To(Equal([]int{202}))
		Expect(behind.seen()).To(Equal([]string{"POST /late body"}))
		Expect(proxy.Deliver(ctx, "late")).To(BeEmpty())
	})

	It("delivers twice, at once or the second time later", func(ctx SpecContext) {
		Expect(proxy.Tell(
			liar.Lie{Name: "twice", Path: "twice", First: liar.Now, Second: liar.Now},
			liar.Lie{Name: "again", Path: "again", First: liar.Now, Second: liar.Later},
		)).To(Succeed())
		status, _, _ := ask(client, http.MethodPost, "/twice", "")
		Expect(status).To(Equal(202))
		Expect(behind.seen()).To(Equal([]string{"POST /twice", "POST /twice"}))
		ask(client, http.MethodPost, "/again", "")
		Expect(behind.seen()).To(HaveLen(3))
		proxy.Deliver(ctx, "again")
		Expect(behind.seen()).To(HaveLen(4))
		Expect(proxy.Requests()[1].Delivered).To(Equal([]int{202, 202}))
	})

	It("ends while something is held, without letting it through", func(ctx SpecContext) {
		Expect(proxy.Tell(liar.Lie{Name: "hold", Hold: true, First: liar.Now})).To(Succeed())
		answered := make(chan int)
		go func() {
			status, _, _ := ask(client, http.MethodPost, "/", "")
			answered <- status
		}()
		Expect(proxy.WaitHeld(ctx, "hold")).To(Succeed())
		Expect(proxy.Close()).To(Succeed())
		Expect(<-answered).To(BeZero())
		Expect(behind.seen()).To(BeEmpty())
	})

	DescribeTable("refuses lies that make no sense, and keeps to the old ones",
		func(expected string, lies ...liar.Lie) {
			Expect(proxy.Tell(liar.Lie{Name: "old", Answer: liar.Empty(418)})).To(Succeed())
			Expect(proxy.Tell(lies...)).To(MatchError(ContainSubstring(expected)))
			status, _, _ := ask(client, http.MethodGet, "/", "")
			Expect(status).To(Equal(418))
		},
		Entry("without a name", "no name", liar.Lie{Cut: true}),
		Entry("with a name twice", "two are called", liar.Lie{Name: "a", Cut: true}, liar.Lie{Name: "a", Cut: true}),
		Entry("without anything for the client", "no answer for the client", liar.Lie{Name: "a", First: liar.Later}),
		Entry("with an answer that is cut", "which it cuts", liar.Lie{Name: "a", Cut: true, Answer: liar.Empty(200)}),
		Entry("with a second delivery only", "without a first one", liar.Lie{Name: "a", Cut: true, Second: liar.Later}),
		Entry("with a bad pattern", "missing closing", liar.Lie{Name: "a", Cut: true, Path: "("}),
	)

	It("gives up waiting with its context", func(ctx SpecContext) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		Expect(proxy.WaitHeld(ended, "none")).To(MatchError(context.Canceled))
	})
})

var _ = Describe("the unclear answers", func() {
	It("have names of their own, and each has an answer or none", func() {
		names := map[string]bool{}
		for _, u := range liar.Unclears() {
			Expect(names).NotTo(HaveKey(u.Name))
			names[u.Name] = true
			Expect(u.Cut).To(Equal(u.Answer == nil), u.Name)
		}
	})
})
