package nsx

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

var _ = Describe("the client on the simulator", func() {
	ctx := context.Background()

	// on starts a simulator and makes a client of it.
	on := func(o nsxsim.Options) (*nsxsim.Server, *Client) {
		o.Coordinator = coordinator.New(coordinator.Options{})
		server, err := nsxsim.Start(o)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(server.Close)
		ca := filepath.Join(GinkgoT().TempDir(), "ca.pem")
		Expect(os.WriteFile(ca, server.CA(), 0o600)).To(Succeed())
		c, err := New(Options{
			Managers: []Endpoint{{Address: strings.TrimPrefix(server.URL(), "https://")}}, CACertificate: ca,
			Username: nsxsim.AdminUser, Password: server.Password(), RequestsPerSecond: 10000, Concurrency: 16, FirstPause: 50 * time.Millisecond,
		})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(c.Close)
		return server, c
	}

	It("works through a promotion's calls behind a load balancer with source-IP persistence [R10]", func() {
		_, c := on(nsxsim.Options{Nodes: 3, VirtualAddress: nsxsim.SourcePersistent})
		_, err := c.Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(c.StartCoordinator(ctx)).To(Succeed())
		Eventually(func() (bool, error) {
			s, err := c.CoordinatorService(ctx)
			return s.Running(), err
		}).Should(BeTrue())
		Eventually(func() error { _, err := c.MigrationStatus(ctx); return err }).Should(Succeed())
		Expect(c.Initiate(ctx)).To(Succeed())
		Expect(c.Done(ctx)).To(Succeed())
		Expect(c.StopCoordinator(ctx)).To(Succeed())
	})

	It("tells an object below something that does not exist as absent, and refuses to write there [R10]", func() {
		_, c := on(nsxsim.Options{})
		_, err := c.Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		const below = "/infra/segments/gone/ports/gone"
		_, err = c.Realization(ctx, below)
		Expect(err).To(beKind(mp.KindNotFound))
		Expect(c.GetPolicy(ctx, below, new(map[string]any))).To(beKind(mp.KindNotFound))
		Expect(c.PatchPolicy(ctx, below, map[string]any{"resource_type": "SegmentPort"})).To(beKind(mp.KindInvalid))
	})

	It("does not connect through one without persistence, and says what is missing [R10]", func() {
		server, c := on(nsxsim.Options{Nodes: 3, VirtualAddress: nsxsim.RoundRobin})
		_, err := c.Connect(ctx, "")
		Expect(err).To(beKind(mp.KindOtherNode))
		Expect(err).To(MatchError(ContainSubstring("source-IP persistence")))
		for _, r := range server.Requests() {
			Expect(r.Writes()).To(BeFalse(), "%s %s", r.Method, r.Path)
		}
	})

	It("slows down until NSX is content, and loses no request", func() {
		server, c := on(nsxsim.Options{Limits: nsxsim.Limits{InFlight: 4, ConcurrencyStatus: 503}})
		_, err := c.Connect(ctx, "")
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Faults().Replace([]faults.Rule{{Name: "busy", Path: "/api/v1/cluster", Hold: true}})).To(Succeed())
		var all sync.WaitGroup
		errs := make([]error, 60)
		for i := range errs {
			all.Go(func() { errs[i] = c.Get(ctx, "/api/v1/cluster", &clusterProperties{}) })
		}
		By("letting NSX go on only when the limits were felt")
		Eventually(func() int64 { return c.Stats().Retries }).Should(BeNumerically(">", 0))
		Expect(server.Faults().Release("busy", false)).To(BeNumerically(">", 0))
		all.Wait()
		Expect(errs).To(HaveEach(BeNil()))
	})
})
