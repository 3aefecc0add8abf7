package kubelet_test

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/kubelet"
)

func TestKubelet(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(2 * time.Minute) // the job controller waits 10 s before it replaces a pod
	EnforceDefaultTimeoutsWhenUsingContexts()
	RunSpecs(t, "The stand-in for a kubelet")
}

var (
	cluster *apiserver.Server
	program string
)

var _ = BeforeSuite(func(ctx SpecContext) {
	program = filepath.Join(GinkgoT().TempDir(), "container")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, "./testdata/cmd/container")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
	cluster, err = apiserver.Start(ctx, apiserver.Options{ControllerManager: true})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(cluster.Stop()).To(Succeed()) })
})

// node starts a node on a folder; it is stopped with the spec.
func node(ctx SpecContext, dir string) *kubelet.Kubelet {
	GinkgoHelper()
	started, err := kubelet.Start(ctx, kubelet.Options{Server: cluster, Dir: dir, Images: map[string]kubelet.Image{
		"test": {Files: map[string]string{"/bin/container": program}, Entrypoint: []string{"/bin/container"}},
	}})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(started.Stop()).To(Succeed()) })
	return started
}

// apply applies manifests in which NS stands for the namespace.
func apply(ctx SpecContext, namespace, text string) {
	GinkgoHelper()
	Expect(cluster.Apply(ctx, strings.NewReader(strings.ReplaceAll(text, "NS", namespace)), false)).To(Succeed())
}

func get(ctx SpecContext, path string, into any) {
	GinkgoHelper()
	code, body, err := cluster.Do(ctx, apiserver.Request{Path: path})
	Expect(err).NotTo(HaveOccurred())
	Expect(code).To(Equal(http.StatusOK), "%s: %s", path, body)
	Expect(json.Unmarshal(body, into)).To(Succeed())
}

type pod struct {
	Metadata struct{ Name string }
	Spec     struct{ NodeName string }
	Status   struct {
		Phase             string
		ContainerStatuses []struct {
			State struct {
				Running *struct{ StartedAt string }
				Waiting *struct {
					Reason, Message string
				}
				Terminated *struct {
					ExitCode        int
					Reason, Message string
				}
			}
		}
	}
}

func pods(ctx SpecContext, namespace string) []pod {
	var all struct{ Items []pod }
	get(ctx, "/api/v1/namespaces/"+namespace+"/pods", &all)
	return all.Items
}

// thePod waits until the namespace's only pod has a phase.
func thePod(ctx SpecContext, namespace, phase string) pod {
	GinkgoHelper()
	var found pod
	Eventually(func(ctx SpecContext) string {
		all := pods(ctx, namespace)
		if len(all) != 1 {
			return ""
		}
		found = all[0]
		return found.Status.Phase
	}).WithContext(ctx).Should(Equal(phase))
	return found
}

type jobStatus struct {
	Succeeded, Failed int
	Conditions        []struct{ Type, Reason string }
}

// jobEnd waits until the Job "one" has ended, and returns the type and the reason of its last condition.
func jobEnd(ctx SpecContext, namespace string) (jobStatus, string) {
	GinkgoHelper()
	var job struct{ Status jobStatus }
	var last string
	Eventually(func(ctx SpecContext) string {
		get(ctx, "/apis/batch/v1/namespaces/"+namespace+"/jobs/one", &job)
		last = ""
		if n := len(job.Status.Conditions); n > 0 {
			last = job.Status.Conditions[n-1].Type + " " + job.Status.Conditions[n-1].Reason
		}
		return last
	}).WithContext(ctx).Should(MatchRegexp("^(Complete|Failed) "))
	return job.Status, last
}
