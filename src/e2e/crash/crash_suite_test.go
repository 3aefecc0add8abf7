package crash_test

import (
	"runtime/debug"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

func TestCrash(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Crash")
}

var (
	built *programs.Programs
	// earth is the TAS foundation with which most points begin.
	earth *world
)

var _ = BeforeSuite(func(ctx SpecContext) {
	// Each NSX is small and short-lived; collecting its garbage less often saves a tenth of the time.
	debug.SetGCPercent(400)
	var err error
	built, err = programs.Build(ctx, GinkgoT().TempDir(), "-tags=crashtest")
	Expect(err).NotTo(HaveOccurred())
	tas, err := model.TAS(1, 1, model.Options{Cluster: "tas1"})
	Expect(err).NotTo(HaveOccurred())
	earth, err = newWorld(built, tas)
	Expect(err).NotTo(HaveOccurred())
	earth.undisturbed(ctx)
})
