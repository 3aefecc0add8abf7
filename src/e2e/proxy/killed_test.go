package proxy_test

import (
	"context"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim/liar"
)

const (
	cluster = "tas1"
	// maxExecutions is how often the errand is run until it must have ended.
	maxExecutions = 10
	patience      = 2 * time.Minute
	planPath      = "/api/v1/migration/plan$"
)

// stage is an NSX, the proxy before it, and the errand's machine.
type stage struct {
	nsx     *programs.NSX
	proxy   *programs.Proxy
	machine *programs.Machine
}

func newStage() *stage {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	folder := func(name string) string {
		path := filepath.Join(dir, name)
		Expect(os.Mkdir(path, 0o700)).To(Succeed())
		return path
	}
	s := &stage{}
	var err error
	s.nsx, err = built.StartNSX(folder("nsx"), "--scale", "1")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(s.nsx.Stop()).To(Succeed()) })
	s.proxy, err = programs.StartProxy(s.nsx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(s.proxy.Close()).To(Succeed()) })
	s.machine = built.NewMachine(folder("machine"), s.proxy)
	Expect(s.machine.Configure()).To(Succeed())
	return s
}

// settle runs the errand until it has ended, and says how. The code must be what NSX is.
func (s *stage) settle(ctx context.Context) int {
	GinkgoHelper()
	for range maxExecutions {
		ctx, cancel := context.WithTimeout(ctx, patience)
		result, err := s.machine.Run(ctx, "run")
		cancel()
		Expect(err).NotTo(HaveOccurred())
		AddReportEntry("execution", result.Output, ReportEntryVisibilityFailureOrVerbose)
		if result.Code != 0 && result.Code != 2 {
			continue
		}
		report, err := s.nsx.Check(cluster)
		Expect(err).NotTo(HaveOccurred())
		Expect(report.OK()).To(BeTrue(), result.Output)
		Expect(report.AllManager()).To(Equal(result.Code == 2), result.Output)
		Expect(report.Ready()).To(Equal(result.Code == 0), result.Output)
		return result.Code
	}
	Fail("there is no end")
	return -1
}

var _ = Describe("the errand behind a proxy", func() {
	It("ends in 0 when the proxy is honest", func(ctx SpecContext) {
		Expect(newStage().settle(ctx)).To(BeZero())
	})

	DescribeTable("that is killed while a call hangs in the network, and run again, ends as the code says wherever the call arrives [I1] [I2] [R17] [R18]",
		func(ctx SpecContext, method, path, query string, nth int) {
			s := newStage()
			Expect(s.proxy.Tell(liar.Lie{Name: "continue", Method: "POST", Path: planPath, Query: "action=continue", Nth: 12, First: liar.Later, Cut: true,
				Hook: func(liar.Request) { <-ctx.Done() }})).To(Succeed())
			process, err := s.machine.Start("run")
			Expect(err).NotTo(HaveOccurred())
			Expect(s.proxy.WaitHeld(ctx, "continue")).To(Succeed())
			Expect(process.Kill()).To(Succeed())
			<-process.Ended()
			Expect(s.proxy.Tell(liar.Lie{Name: "moment", Method: method, Path: path, Query: query, Nth: nth, First: liar.Now,
				Hook: func(liar.Request) { s.proxy.Deliver(ctx, "continue") }})).To(Succeed())
			code := s.settle(ctx)
			Expect(s.proxy.Told("moment")).To(Equal(1))
			if code == 2 {
				Expect(s.settle(ctx)).To(BeZero())
			}
		},
		Entry("after the plan was read once", "GET", "/api/v1/migration/status-summary$", "", 1),
		Entry("after the plan was read twice", "GET", "/api/v1/migration/status-summary$", "", 2),
		Entry("after the abort", "POST", planPath, "action=abort", 1),
		Entry("after the first rollback", "POST", "mp-to-policy/rollback$", "", 1),
	)
})
