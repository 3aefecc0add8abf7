package kubernetes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/kubelet"
	"nsx-mp2p/e2e/programs"
)

const (
	// shipped is the folder of the manifests and of the procedure's script.
	shipped   = "../../kubernetes"
	namespace = "nsx-system"
	jobName   = "nsx-ncp-migrate-mp2p"
	image     = "registry.example.com/migrate-mp2p:0.1.0" // as example has it
)

// nsxSystem is what a cluster with NCP has, as far as the procedure touches it.
const nsxSystem = `
apiVersion: v1
kind: Namespace
metadata: {name: nsx-system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: nsx-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: nsx-ncp-config, namespace: nsx-system}
data:
  ncp.ini: |
    [coe]
    cluster = k8scluster
    [nsx_v3]
    #policy_nsxapi = False
    top_tier_router = t0-main
    container_ip_blocks = container-block
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: nsx-ncp, namespace: nsx-system}
spec:
  replicas: 1
  selector: {matchLabels: {tier: nsx-networking, component: nsx-ncp}}
  template:
    metadata: {labels: {tier: nsx-networking, component: nsx-ncp}}
    spec: {containers: [{name: nsx-ncp, image: nsx-ncp}]}
`

// newYard starts a cluster with the controllers of Jobs, and makes what the base has but for the Job. All campaigns use it,
// one after the other.
func newYard(ctx context.Context) *apiserver.Server {
	GinkgoHelper()
	server, err := apiserver.Start(ctx, apiserver.Options{
		Manifests: bytes.NewReader(manifestsOf("kubernetes")), ControllerManager: true,
		// Without its controller nobody would take its mark from a claim that is deleted.
		Flags: []string{"--disable-admission-plugins=StorageObjectInUseProtection"},
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(server.Stop()).To(Succeed()) })
	Expect(server.Apply(ctx, strings.NewReader(nsxSystem), false)).To(Succeed())
	for _, name := range []string{"serviceaccount.yaml", "rbac.yaml"} {
		text, err := os.ReadFile(filepath.Join(shipped, "base", name))
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Apply(ctx, bytes.NewReader(text), false)).To(Succeed())
	}
	return server
}

// campaign is a migration of the cluster in the yard: NSX, a node of the cluster's, and what the operator has.
type campaign struct {
	nsx    *programs.NSX
	node   *kubelet.Kubelet
	folder string // the operator's copy of src/kubernetes
	config map[string]any
}

// newCampaign makes an NSX before any migration, and a node without volumes. The operator has filled in the example.
func newCampaign(ctx SpecContext) *campaign {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	c := &campaign{folder: filepath.Join(dir, "kubernetes")}
	nsx := filepath.Join(dir, "nsx")
	Expect(os.Mkdir(nsx, 0o700)).To(Succeed())
	var err error
	c.nsx, err = built.StartNSX(nsx, "--model", "kubernetes", "--scale", "1", "--seed", "1", "--principal", "nsx-ncp")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(c.nsx.Stop()).To(Succeed()) })
	c.node, err = kubelet.Start(ctx, kubelet.Options{Server: yard, Dir: filepath.Join(dir, "node"), Images: map[string]kubelet.Image{
		image: {Files: map[string]string{"/migrate-mp2p": built.Migrate}, Entrypoint: []string{"/migrate-mp2p"}, User: 65532, Group: 65532},
	}})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(c.node.Stop()).To(Succeed()) })
	c.kubectl(ctx, "delete", "jobs,persistentvolumeclaims", "--all", "--cascade=foreground", "--wait")
	Expect(os.CopyFS(c.folder, os.DirFS(shipped))).To(Succeed())
	text, err := os.ReadFile(c.example("config.json"))
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Unmarshal(text, &c.config)).To(Succeed())
	ready := c.nsx.Ready()
	Expect(os.WriteFile(c.example("user-spec.yaml"), []byte(programs.UserSpec(ready.Shared)), 0o600)).To(Succeed())
	c.configure(programs.Changes{
		"nsx.managers": []string{strings.TrimPrefix(ready.URL, "https://")}, "nsx.requests_per_second": 10_000,
		"records.require_mount": false, // a folder for temporary files may lie in memory
	})
	c.arm()
	secret, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "nsx-secret", "namespace": namespace},
		"stringData": map[string]string{"tls.crt": ready.Principal.Certificate, "tls.key": ready.Principal.Key, "tls.ca": ready.CA},
	})
	Expect(err).NotTo(HaveOccurred())
	Expect(yard.Apply(ctx, bytes.NewReader(secret), false)).To(Succeed())
	return c
}

func (c *campaign) example(name string) string { return filepath.Join(c.folder, "example", name) }

// configure changes the operator's config.json; the next Job has it.
func (c *campaign) configure(changes programs.Changes) {
	GinkgoHelper()
	changes.Apply(c.config)
	text, err := json.Marshal(c.config)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(c.example("config.json"), text, 0o600)).To(Succeed())
}

// arm lets the next Job migrate.
func (c *campaign) arm() {
	GinkgoHelper()
	c.configure(programs.Changes{"migration.enabled": true, "migration.command": "run"})
}

// edit replaces words in the operator's kustomization.yaml.
func (c *campaign) edit(old, new string) {
	GinkgoHelper()
	path := c.example("kustomization.yaml")
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	Expect(string(text)).To(ContainSubstring(old))
	Expect(os.WriteFile(path, []byte(strings.ReplaceAll(string(text), old, new)), 0o600)).To(Succeed())
}

// withComponents puts components into the operator's kustomization.yaml.
func (c *campaign) withComponents(names ...string) {
	GinkgoHelper()
	text := "components:\n"
	for _, name := range names {
		text += "  - ../components/" + name + "\n"
	}
	c.edit("images:\n", text+"images:\n")
}

func kubectlCommand() string {
	return filepath.Join(os.Getenv("MP2P_KUBERNETES"), "kubectl") + " --kubeconfig " + yard.Kubeconfig
}

// kubectl runs the real kubectl in the namespace of NCP, which must succeed.
func (c *campaign) kubectl(ctx context.Context, arguments ...string) string {
	GinkgoHelper()
	words := append(strings.Fields(kubectlCommand()), "--namespace="+namespace)
	command := exec.CommandContext(ctx, words[0], append(words[1:], arguments...)...)
	command.Env = []string{"HOME=" + c.folder}
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "kubectl %v: %s", arguments, output)
	return string(output)
}

// script is a step of migrate.sh at work.
type script struct {
	command *exec.Cmd
	ended   chan struct{} // closed then

	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what the script prints.
func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// Output is what it has printed so far.
func (s *script) Output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// Ended is closed when the step has ended.
func (s *script) Ended() <-chan struct{} { return s.ended }

// start starts a step of migrate.sh.
func (c *campaign) start(ctx context.Context, arguments ...string) *script {
	GinkgoHelper()
	s := &script{ended: make(chan struct{})}
	s.command = exec.CommandContext(ctx, "sh", append([]string{filepath.Join(c.folder, "migrate.sh")}, arguments...)...)
	s.command.Env = []string{"HOME=" + c.folder, "PATH=" + os.Getenv("PATH"), "KUBECTL=" + kubectlCommand(), "INTERVAL=0"}
	s.command.Stdout, s.command.Stderr = s, s
	Expect(s.command.Start()).To(Succeed())
	go func() {
		defer close(s.ended)
		_ = s.command.Wait() // its state says how it ended
	}()
	return s
}

// wait waits for the script's end and returns its exit code and all that it printed.
func (s *script) wait(ctx context.Context) (code int, output string) {
	GinkgoHelper()
	Eventually(ctx, s.ended).WithTimeout(jobPatience).Should(BeClosed(), s.Output)
	AddReportEntry(strings.Join(s.command.Args[1:], " "), s.Output(), ReportEntryVisibilityFailureOrVerbose)
	Expect(s.Output()).NotTo(MatchRegexp(`(?i)\b(bosh|errand|VM)\b`), "the operator has none of these")
	return s.command.ProcessState.ExitCode(), s.Output()
}

// step runs a step of migrate.sh to its end.
func (c *campaign) step(ctx context.Context, arguments ...string) (code int, output string) {
	GinkgoHelper()
	return c.start(ctx, arguments...).wait(ctx)
}

// run replaces the Job by a new one and follows it to its end.
func (c *campaign) run(ctx context.Context) (code int, output string) {
	GinkgoHelper()
	return c.step(ctx, "run", filepath.Join(c.folder, "example"))
}

// held starts a Job and waits until the rule, one with hold, holds a request of it.
func (c *campaign) held(ctx context.Context, rule string) *script {
	GinkgoHelper()
	Expect(c.nsx.SetFaults([]byte(rule))).To(Succeed())
	s := c.start(ctx, "run", filepath.Join(c.folder, "example"))
	Expect(c.nsx.WaitForHold(ctx, "middle", s)).To(Succeed())
	return s
}

// pod is what a spec looks at in a pod.
type pod struct {
	Metadata struct{ Name string }
	Status   struct {
		Phase             string
		ContainerStatuses []struct {
			State struct {
				Terminated *struct{ ExitCode int }
			}
		}
	}
}

func (p pod) code() int {
	for _, s := range p.Status.ContainerStatuses {
		if s.State.Terminated != nil {
			return s.State.Terminated.ExitCode
		}
	}
	return -1
}

// pods are those of a Job, the oldest first.
func (c *campaign) pods(ctx context.Context, job string) []pod {
	GinkgoHelper()
	var all struct{ Items []pod }
	text := c.kubectl(ctx, "get", "pods", "--selector=job-name="+job, "--sort-by=.metadata.creationTimestamp", "--output=json")
	Expect(json.Unmarshal([]byte(text), &all)).To(Succeed())
	return all.Items
}

// codes are the exit codes of the Job's pods, the oldest first; -1 of one that has none.
func (c *campaign) codes(ctx context.Context) []int {
	GinkgoHelper()
	var codes []int
	for _, p := range c.pods(ctx, jobName) {
		codes = append(codes, p.code())
	}
	return codes
}

// end is type and reason of the Job's last condition.
func (c *campaign) end(ctx context.Context, job string) string {
	GinkgoHelper()
	return c.kubectl(ctx, "get", "job", job, "--output=jsonpath={.status.conditions[-1:].type} {.status.conditions[-1:].reason}")
}

// expectMigrated expects that NCP could start in Policy mode, with the values of the cluster's own workloads.
func (c *campaign) expectMigrated() {
	GinkgoHelper()
	file := filepath.Join(c.folder, "manifests.yaml")
	Expect(os.WriteFile(file, manifestsOf("kubernetes"), 0o600)).To(Succeed())
	report, err := c.nsx.Check(c.nsx.Ready().Cluster, "--workloads", file)
	Expect(err).NotTo(HaveOccurred())
	Expect(report.Ready()).To(BeTrue(), "%+v", report)
	Expect(report.NotReady).To(BeEmpty())
}

// expectManager expects that nothing of NCP's objects is Policy.
func (c *campaign) expectManager() {
	GinkgoHelper()
	report, err := c.nsx.Check(c.nsx.Ready().Cluster)
	Expect(err).NotTo(HaveOccurred())
	Expect(report.AllManager()).To(BeTrue(), "%+v", report)
}

// writes counts what NSX's migration coordinator was asked to do.
func (c *campaign) writes() int {
	GinkgoHelper()
	requests, err := c.nsx.Requests()
	Expect(err).NotTo(HaveOccurred())
	count := 0
	for _, r := range requests {
		if r.Method != http.MethodGet && strings.HasPrefix(r.Path, "/api/v1/migration/") {
			count++
		}
	}
	return count
}

// rendered are the operator's manifests.
func (c *campaign) rendered(ctx context.Context) string {
	GinkgoHelper()
	return c.kubectl(ctx, "kustomize", filepath.Join(c.folder, "example"))
}

// holdBatch is a fault rule that holds the n-th start of a batch of the migration.
func holdBatch(n int) string {
	return fmt.Sprintf("[{name: middle, path: /api/v1/migration/plan, query: action=continue, nth: %d, hold: true}]", n)
}
