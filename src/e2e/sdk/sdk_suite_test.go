package sdk_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"

	"nsx-mp2p/e2e/programs"
)

func TestSDK(t *testing.T) {
	RegisterFailHandler(Fail)
	format.MaxLength = 0 // lists of what an answer has too much or too little of
	RunSpecs(t, "sdk")
}

// built is migrate-mp2p, whose requests are judged.
var built *programs.Programs

var _ = BeforeSuite(func(ctx context.Context) {
	var err error
	built, err = programs.Build(ctx, GinkgoT().TempDir())
	Expect(err).NotTo(HaveOccurred())
})
