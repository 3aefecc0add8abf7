package nsxsim_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestNsxsim(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "nsxsim")
}
