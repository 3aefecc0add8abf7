package rendering_test

import (
	"flag"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "rewrite testdata/*/expected")

func TestRendering(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Rendering")
}
