package updates

import (
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestUpdates(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Updates")
}
