package nsx

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// suiteT lets specs open bubbles of virtual time (testing/synctest).
var suiteT *testing.T

func TestNSX(t *testing.T) {
	suiteT = t
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(time.Minute) // for loaded machines; nothing waits that long for its own sake
	RunSpecs(t, "nsx")
}
