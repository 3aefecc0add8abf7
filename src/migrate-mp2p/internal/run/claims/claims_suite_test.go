package claims_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestClaims(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "claims")
}

// earth is what every history begins with.
var earth *world

var _ = BeforeSuite(func() {
	var err error
	earth, err = newWorld()
	Expect(err).NotTo(HaveOccurred())
})
