package sdk_test

import (
	"context"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/format"
	"github.com/vmware/vsphere-automation-sdk-go/runtime/log"

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
	log.SetLogger(logger{})
	var err error
	built, err = programs.Build(ctx, GinkgoT().TempDir())
	Expect(err).NotTo(HaveOccurred())
})

// logger shows the errors that the SDK logs with the spec that fails, and drops the line that it has for each request.
type logger struct{}

func (logger) Error(arguments ...any)                 { GinkgoWriter.Println(arguments...) }
func (logger) Errorf(format string, arguments ...any) { GinkgoWriter.Printf(format+"\n", arguments...) }
func (logger) Info(...any)                            {}
func (logger) Infof(string, ...any)                   {}
func (logger) Debug(...any)                           {}
func (logger) Debugf(string, ...any)                  {}
