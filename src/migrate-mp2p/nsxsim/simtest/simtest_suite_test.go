package simtest_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestSimtest(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "nsxsim simtest")
}
