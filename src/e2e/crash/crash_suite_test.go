package crash_test

import (
	"runtime/debug"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
)

func TestCrash(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Crash")
}

// earth is what every point begins with.
var earth *world

var _ = BeforeSuite(func(ctx SpecContext) {
	// Each NSX is small and short-lived; collecting its garbage less often saves a tenth of the time.
	debug.SetGCPercent(400)
	built, err := programs.Build(ctx, GinkgoT().TempDir(), "-tags=crashtest")
	Expect(err).NotTo(HaveOccurred())
	earth, err = newWorld(built)
	Expect(err).NotTo(HaveOccurred())
	usual = undisturbed(ctx)
})
