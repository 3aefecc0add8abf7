package bosh_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/director"
)

const (
	scripts   = "../../../scripts"
	manifests = "../../manifests"
)

func TestBOSH(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "BOSH")
}

// theDirector serves all specs; each has a deployment and an NSX of its own.
var theDirector *director.Director

var _ = BeforeSuite(func() {
	var err error
	theDirector, err = director.Start(director.Options{
		Dir: GinkgoT().TempDir(), Agent: needed("MP2P_AGENT"), Compiled: needed("MP2P_COMPILED"),
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(theDirector.Close()).To(Succeed()) })
	expectBOSH("upload-release", needed("MP2P_RELEASE"))
})

func needed(variable string) string {
	value := os.Getenv(variable)
	Expect(value).NotTo(BeEmpty(), "%s is not set: these tests are run by `scripts/test bosh`", variable)
	return value
}

// command is the bosh CLI with nothing of its user's: neither configuration nor caches.
func command(arguments ...string) *exec.Cmd {
	c := exec.Command(needed("MP2P_BOSH"), arguments...)
	c.Env = append(theDirector.Environment(), "PATH="+os.Getenv("PATH"), "HOME="+GinkgoT().TempDir())
	return c
}

// expectBOSH runs the CLI, which must succeed, and returns what it prints.
func expectBOSH(arguments ...string) string {
	output, err := command(arguments...).CombinedOutput()
	if err != nil {
		Fail(fmt.Sprintf("bosh %s: %v\n%s", strings.Join(arguments, " "), err, output))
	}
	return string(output)
}
