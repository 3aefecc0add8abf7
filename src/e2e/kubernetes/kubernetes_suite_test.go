package kubernetes_test

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
)

func TestKubernetes(t *testing.T) {
	RegisterFailHandler(Fail)
	format.MaxLength = 0 // the whole output of a program
	SetDefaultEventuallyTimeout(time.Minute)
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "The errand and a real Kubernetes API")
}

var (
	built *programs.Programs
	// shop is a cluster whose workloads no spec changes: what the simulator's model of Kubernetes says runs on it.
	shop *apiserver.Server
	// yard is a cluster that runs Jobs.
	yard *apiserver.Server
)

var _ = BeforeSuite(func(ctx context.Context) {
	folder, err := os.MkdirTemp("", "programs-")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(os.RemoveAll, folder)
	GinkgoT().Setenv("CGO_ENABLED", "0") // an image holds the program alone
	built, err = programs.Build(ctx, folder)
	Expect(err).NotTo(HaveOccurred())
	shop = serving(ctx, apiserver.Options{Manifests: bytes.NewReader(manifestsOf("kubernetes"))})
	yard = newYard(ctx)
})

// manifestsOf are the workloads of a small modelled cluster, of the platform that nsxsim serve has for --model.
func manifestsOf(platform string) []byte {
	GinkgoHelper()
	build := model.Kubernetes
	if platform == "tkgi" {
		build = model.TKGI
	}
	world, err := build(1, 1, model.Options{})
	Expect(err).NotTo(HaveOccurred())
	var text bytes.Buffer
	Expect(model.WriteManifests(&text, world.Workloads[0])).To(Succeed())
	return text.Bytes()
}

// serving starts a server that ends with the spec or the suite, and lets the group "migration" list what it has to.
func serving(ctx context.Context, options apiserver.Options) *apiserver.Server {
	GinkgoHelper()
	server, err := apiserver.Start(ctx, options)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Stop()).To(Succeed()) })
	allow(ctx, server, "migration", "services, namespaces, pods", "ingresses, networkpolicies")
	return server
}
