package precheck_test

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestPrecheck(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Precheck")
}
