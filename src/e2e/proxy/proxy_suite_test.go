package proxy_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/programs"
)

func TestProxy(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Proxy")
}

var built *programs.Programs

var _ = BeforeSuite(func(ctx SpecContext) {
	var err error
	built, err = programs.Build(ctx, GinkgoT().TempDir())
	Expect(err).NotTo(HaveOccurred())
})
