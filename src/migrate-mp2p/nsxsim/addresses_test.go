package nsxsim_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// change alters an NSX where that must succeed.
func change(server *nsxsim.Server, c faults.Change) {
	GinkgoHelper()
	Expect(server.Change(c)).To(Succeed())
}

// reach makes one address answer in another way.
func reach(server *nsxsim.Server, name string, how faults.Reach) {
	GinkgoHelper()
	change(server, faults.Change{Nodes: map[string]faults.Reach{name: how}})
}

// dueClock is a clock of which a test says when something is due.
type dueClock struct {
	api.RealTime
	mu     sync.Mutex
	waits  []time.Duration
	events []func()
}

func (c *dueClock) AfterFunc(d time.Duration, fn func()) api.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits, c.events = append(c.waits, d), append(c.events, fn)
	return stoppedTimer{}
}

// run runs all that is to come, and returns after which times it would have come.
func (c *dueClock) run() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, event := range c.events {
		event()
	}
	return c.waits
}

// hostname is the node that answers.
func hostname(c *client) string {
	GinkgoHelper()
	return c.get("/api/v1/node").Body["hostname"].(string)
}

var _ = Describe("a node", func() {
	It("refuses connections while it is down, and then comes back on the same address", func() {
		server := start(nsxsim.Options{Nodes: 2})
		one, two := admin(server), admin(server).onNode(server, 1)
		Expect(hostname(one)).To(Equal("node-1"))
		reach(server, "node-1", faults.Down)
		_, err := one.try("GET", "/api/v1/node", nil)
		Expect(err).To(MatchError(syscall.ECONNREFUSED))
		Expect(hostname(two)).To(Equal("node-2"))
		reach(server, "node-1", faults.Up)
		Expect(hostname(one)).To(Equal("node-1"))
	})

	It("accepts and never answers while it is silent, on old connections and on new ones", func() {
		server := start(nsxsim.Options{})
		old := admin(server)
		Expect(old.get("/api/v1/node").Status).To(Equal(http.StatusOK))
		reach(server, "node-1", faults.Silent)
		fresh := admin(server)
		for _, c := range []*client{old, fresh} {
			c.http.Timeout = 50 * time.Millisecond
			_, err := c.try("POST", ipSets, object{})
			Expect(err).To(MatchError(context.DeadlineExceeded))
			c.http.Timeout = 0
		}
		_, err := tls.DialWithDialer(&net.Dialer{Timeout: 50 * time.Millisecond}, "tcp", strings.TrimPrefix(server.URL(), "https://"),
			&tls.Config{InsecureSkipVerify: true})
		Expect(err).To(MatchError(context.DeadlineExceeded), "not even TLS begins")
		reach(server, "node-1", faults.Up)
		Expect(fresh.get(ipSets).results()).To(BeEmpty())
	})

	DescribeTable("breaks off the very request that takes it down", func(when string, created int) {
		server := start(nsxsim.Options{Faults: rule(func(r *faults.Rule) {
			r.When, r.Change = when, &faults.Change{Nodes: map[string]faults.Reach{"node-1": faults.Down}}
		})})
		c := admin(server)
		_, err := c.try("POST", ipSets, object{})
		Expect(err).To(HaveOccurred())
		reach(server, "node-1", faults.Up)
		Expect(c.get(ipSets).results()).To(HaveLen(created))
		Expect(server.Requests()[0].Status).To(BeZero())
	},
		Entry("before its effect", faults.Before, 0),
		Entry("after its effect", faults.After, 1),
	)

	It("comes back by itself when that was said", func() {
		clock := &dueClock{}
		server := start(nsxsim.Options{Clock: clock})
		c := admin(server)
		change(server, faults.Change{
			SearchLag:    new(faults.Duration(time.Hour)),
			Nodes:        map[string]faults.Reach{"node-1": faults.Down},
			Certificates: map[string]faults.Certificate{"node-1": faults.Expired},
			For:          faults.Duration(time.Minute),
		})
		_, err := c.try("GET", ipSets, nil)
		Expect(err).To(HaveOccurred())
		Expect(clock.run()).To(Equal([]time.Duration{time.Minute}))
		Expect(c.do("POST", ipSets, object{"resource_type": "IPSet"}).Status).To(Equal(http.StatusCreated))
		Expect(c.search("resource_type:IPSet", "").results()).To(HaveLen(1))
	})

	It("may be closed while it is down", func() {
		server := start(nsxsim.Options{})
		reach(server, "node-1", faults.Down)
		Expect(server.Close()).To(Succeed())
	})

	DescribeTable("shows a certificate", func(kind faults.Certificate, complaint func(error) bool) {
		server := start(nsxsim.Options{})
		old := admin(server)
		Expect(old.get(ipSets).Status).To(Equal(http.StatusOK))
		change(server, faults.Change{Certificates: map[string]faults.Certificate{"node-1": kind}})
		_, err := admin(server).try("GET", ipSets, nil)
		Expect(complaint(err)).To(BeTrue(), "%v", err)
		Expect(old.get(ipSets).Status).To(Equal(http.StatusOK), "a connection that is open gives one answer more")
		_, err = old.try("GET", ipSets, nil)
		Expect(complaint(err)).To(BeTrue(), "%v", err)
		change(server, faults.Change{Certificates: map[string]faults.Certificate{"node-1": faults.GoodCertificate}})
		Expect(old.get(ipSets).Status).To(Equal(http.StatusOK))
	},
		Entry("of another authority", faults.OtherAuthority, func(err error) bool {
			return errors.As(err, &x509.UnknownAuthorityError{})
		}),
		Entry("with another name", faults.WrongName, func(err error) bool {
			return errors.As(err, &x509.HostnameError{})
		}),
		Entry("that has expired", faults.Expired, func(err error) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(err, &invalid) && invalid.Reason == x509.Expired
		}),
	)
})

var _ = Describe("the virtual address", func() {
	It("belongs to one node until a failover, where it is the cluster's own", func() {
		server := start(nsxsim.Options{Nodes: 3, VirtualAddress: nsxsim.ClusterIP})
		c := admin(server)
		Expect([]string{hostname(c), hostname(c)}).To(Equal([]string{"node-1", "node-1"}))
		change(server, faults.Change{Failover: "node-3"})
		Expect([]string{hostname(c), hostname(c)}).To(Equal([]string{"node-3", "node-3"}))
		reach(server, "node-3", faults.Down)
		Expect(hostname(c)).To(Equal("node-1"))
		reach(server, "node-3", faults.Up)
		Expect(hostname(c)).To(Equal("node-1"), "it does not go back by itself")
	})

	It("moves a source to another node when its own is down, and by a failover", func() {
		server := start(nsxsim.Options{Nodes: 3, VirtualAddress: nsxsim.SourcePersistent})
		c := admin(server)
		Expect(hostname(c)).To(Equal("node-1"))
		reach(server, "node-1", faults.Down)
		Expect(hostname(c)).To(Equal("node-2"))
		change(server, faults.Change{Failover: "node-3"})
		Expect(hostname(c)).To(Equal("node-3"))
	})

	It("passes over a node that is down, without persistence", func() {
		server := start(nsxsim.Options{Nodes: 3, VirtualAddress: nsxsim.RoundRobin})
		reach(server, "node-2", faults.Down)
		c := admin(server)
		Expect([]string{hostname(c), hostname(c), hostname(c), hostname(c)}).To(Equal([]string{"node-1", "node-3", "node-1", "node-3"}))
	})

	It("can fail while the nodes are well", func() {
		server := start(nsxsim.Options{Nodes: 2, VirtualAddress: nsxsim.ClusterIP})
		change(server, faults.Change{
			Nodes:        map[string]faults.Reach{faults.VirtualAddress: faults.Down},
			Certificates: map[string]faults.Certificate{"node-2": faults.WrongName},
		})
		_, err := admin(server).try("GET", ipSets, nil)
		Expect(err).To(MatchError(syscall.ECONNREFUSED))
		Expect(hostname(admin(server).onNode(server, 0))).To(Equal("node-1"))
		_, err = admin(server).onNode(server, 1).try("GET", ipSets, nil)
		Expect(err).To(MatchError(ContainSubstring("certificate")))
	})

	It("breaks off when no node is left", func() {
		server := start(nsxsim.Options{Nodes: 1, VirtualAddress: nsxsim.ClusterIP})
		reach(server, "node-1", faults.Down)
		_, err := admin(server).try("POST", ipSets, object{})
		Expect(err).To(HaveOccurred())
	})

	It("reaches the coordinator only while it leads to the node where that runs", func() {
		server := start(nsxsim.Options{Nodes: 2, VirtualAddress: nsxsim.ClusterIP, Coordinator: newJudge})
		c := admin(server)
		Expect(c.do("POST", service+"?action=start", nil).Status).To(Equal(http.StatusOK))
		Expect(c.get(summary).Status).To(Equal(http.StatusOK))
		change(server, faults.Change{Failover: "node-2"})
		Expect(c.get(summary).Status).To(Equal(http.StatusInternalServerError))
	})
})

var _ = DescribeTable("a change is refused that names", func(options nsxsim.Options, c faults.Change, text string) {
	options.Nodes = 2
	Expect(start(options).Change(c)).To(MatchError(ContainSubstring(text)))
	options.Faults = []faults.Rule{{Change: &c}}
	_, err := nsxsim.Start(options)
	Expect(err).To(MatchError(ContainSubstring(text)))
},
	Entry("a node that is not there", nsxsim.Options{}, faults.Change{Nodes: map[string]faults.Reach{"node-3": faults.Down}}, `"node-3"`),
	Entry("a certificate of one", nsxsim.Options{}, faults.Change{Certificates: map[string]faults.Certificate{"node-0": faults.Expired}}, `"node-0"`),
	Entry("a virtual address that is not there", nsxsim.Options{}, faults.Change{Nodes: map[string]faults.Reach{"virtual": faults.Down}}, `"virtual"`),
	Entry("a failover to no node", nsxsim.Options{VirtualAddress: nsxsim.ClusterIP}, faults.Change{Failover: "virtual"}, `"virtual"`),
	Entry("a failover of an address that all nodes share", nsxsim.Options{VirtualAddress: nsxsim.RoundRobin}, faults.Change{Failover: "node-2"}, "one node at a time"),
	Entry("a failover of no address", nsxsim.Options{}, faults.Change{Failover: "node-2"}, "one node at a time"),
)
