package kubelet_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/kubelet"
)

var _ = Describe("A node", func() {
	var dir string
	var here *kubelet.Kubelet

	BeforeEach(func(ctx SpecContext) {
		dir = GinkgoT().TempDir()
		here = node(ctx, dir)
	})

	It("runs the pod of a Job to its end, and shows its log to kubectl", func(ctx SpecContext) {
		apply(ctx, "done", job(`["exit", "0"]`))
		status, end := jobEnd(ctx, "done")
		Expect(end).To(HavePrefix("Complete"))
		Expect(status.Succeeded).To(Equal(1))
		one := thePod(ctx, "done", "Succeeded")
		Expect(here.Log("done", one.Metadata.Name)).To(BeEquivalentTo("ending in 0\n"))
		kubectl := exec.CommandContext(ctx, filepath.Join(os.Getenv("MP2P_KUBERNETES"), "kubectl"),
			"--kubeconfig", cluster.Kubeconfig, "--namespace=done", "logs", "--follow", "job/one")
		kubectl.Env = []string{"HOME=" + dir}
		output, err := kubectl.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
		Expect(string(output)).To(Equal("ending in 0\n"))
	})

	It("reports the exit code and the message of a container, by which a Job fails at once", func(ctx SpecContext) {
		apply(ctx, "policy", job(`["exit", "2", "rolled back"]`))
		status, end := jobEnd(ctx, "policy")
		Expect(end).To(Equal("Failed PodFailurePolicy"))
		Expect(status.Failed).To(Equal(1))
		one := thePod(ctx, "policy", "Failed")
		Expect(one.Status.ContainerStatuses[0].State.Terminated).To(HaveValue(Equal(struct {
			ExitCode        int
			Reason, Message string
		}{2, "Error", "rolled back"})))
	})

	It("runs the next pod of a Job on the same claim when its process was ended by a signal", func(ctx SpecContext) {
		apply(ctx, "signal", job(`["twice", "/claim/here"]`))
		one := thePod(ctx, "signal", "Running")
		Eventually(here.Log).WithArguments("signal", one.Metadata.Name).Should(BeEquivalentTo("waiting\n"))
		Expect(filepath.Join(here.Claim("signal", "claim"), "here")).To(BeARegularFile())
		Expect(here.Signal("signal", one.Metadata.Name, syscall.SIGTERM)).To(Succeed())
		status, end := jobEnd(ctx, "signal")
		Expect(end).To(HavePrefix("Complete"))
		Expect([]int{status.Failed, status.Succeeded}).To(Equal([]int{1, 1}))
		var codes []int
		for _, p := range pods(ctx, "signal") {
			codes = append(codes, p.Status.ContainerStatuses[0].State.Terminated.ExitCode)
		}
		Expect(codes).To(ConsistOf(143, 0))
	})

	It("asks a deleted pod's process to end, kills it after the grace period and removes the pod", func(ctx SpecContext) {
		apply(ctx, "grace", `
apiVersion: v1
kind: Namespace
metadata: {name: NS}
---
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: NS}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers: [{name: main, image: test, args: [stay]}]
`)
		thePod(ctx, "grace", "Running")
		Eventually(here.Log).WithArguments("grace", "one").Should(BeEquivalentTo("staying\n"))
		code, body, err := cluster.Do(ctx, apiserver.Request{Method: http.MethodDelete, Path: "/api/v1/namespaces/grace/pods/one"})
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusOK), string(body))
		Eventually(pods).WithContext(ctx).WithArguments("grace").Should(BeEmpty())
		Expect(here.Log("grace", "one")).To(BeEquivalentTo("staying\nstaying still\n"))
		Expect(here.Signal("grace", "one", syscall.SIGTERM)).To(MatchError(ContainSubstring("no process of it runs")))
	})

	It("shows a container its volumes, its environment and a token of its ServiceAccount", func(ctx SpecContext) {
		apply(ctx, "look", look)
		one := thePod(ctx, "look", "Succeeded")
		log, err := here.Log("look", one.Metadata.Name)
		Expect(err).NotTo(HaveOccurred())
		var seen map[string]any
		Expect(json.Unmarshal(log, &seen)).To(Succeed(), string(log))
		Expect(seen).To(HaveKeyWithValue("/etc/config/config.json", "{}"))
		Expect(seen).To(HaveKeyWithValue("/etc/secret/the-password", "secret"))
		Expect(seen).To(HaveKeyWithValue("/etc/one/file", "{}"))
		Expect(seen["/etc/config/absent"]).To(ContainSubstring("no such file"))
		Expect(seen).To(HaveKeyWithValue("host", "stand-in"))
		Expect(seen["arguments"]).To(HaveExactElements("/bin/container", "look", "/etc/config/config.json", "/etc/config/absent", "/etc/secret/the-password",
			"/etc/one/file", account+"token", account+"namespace", account+"ca.crt", "one of look", "$(NOBODY)"))
		Expect(seen["environment"]).To(ContainElements("NAME=one", "PASSWORD=secret", "C_config.json={}", "BOTH=one of look"))
		Expect(seen).To(HaveKeyWithValue(account+"namespace", "look"))
		ca, err := os.ReadFile(cluster.CAFile)
		Expect(err).NotTo(HaveOccurred())
		Expect(seen).To(HaveKeyWithValue(account+"ca.crt", string(ca)))
		code, body, err := cluster.Do(ctx, apiserver.Request{
			Method: http.MethodPost, Path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", Token: seen[account+"token"].(string),
			Body: []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`),
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusCreated), string(body))
		Expect(string(body)).To(ContainSubstring(`"username":"system:serviceaccount:look:default"`))
	})

	It("runs a container as the user and with the rights that its pod says", func(ctx SpecContext) {
		apply(ctx, "rights", `
apiVersion: v1
kind: Namespace
metadata: {name: NS}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim, namespace: NS}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
data: {file: ""}
---
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: NS}
spec:
  restartPolicy: Never
  securityContext: {runAsUser: 1234, runAsGroup: 1235, runAsNonRoot: true, fsGroup: 1236}
  initContainers: [{name: who, image: test, args: [look, /etc/shadow]}]
  containers:
    - name: main
      image: test
      args: [write, /claim/file, /here, /config/file, /config/new, /dev/termination-log]
      securityContext: {readOnlyRootFilesystem: true}
      volumeMounts: [{name: claim, mountPath: /claim}, {name: config, mountPath: /config}]
  volumes:
    - {name: claim, persistentVolumeClaim: {claimName: claim}}
    - {name: config, configMap: {name: config}}
`)
		thePod(ctx, "rights", "Succeeded")
		log, err := here.Log("rights", "one")
		Expect(err).NotTo(HaveOccurred())
		Expect(string(log)).To(ContainSubstring(`"user":1234`))
		Expect(string(log)).To(ContainSubstring(`"group":1235`))
		Expect(string(log)).To(ContainSubstring("/etc/shadow: no such file"))
		Expect(string(log)).To(ContainSubstring("/claim/file <nil>\n"))
		Expect(string(log)).To(ContainSubstring("/dev/termination-log <nil>\n"))
		Expect(strings.Count(string(log), "read-only file system\n")).To(Equal(3))
		var claim struct{ Status struct{ Phase string } }
		get(ctx, "/api/v1/namespaces/rights/persistentvolumeclaims/claim", &claim)
		Expect(claim.Status.Phase).To(Equal("Bound"))
	})

	It("waits for a ConfigMap that is not there yet, and says so", func(ctx SpecContext) {
		apply(ctx, "later", strings.Replace(look, "kind: ConfigMap\nmetadata: {name: config", "kind: ConfigMap\nmetadata: {name: other", 1))
		var waiting pod
		Eventually(func(ctx SpecContext) bool {
			waiting = thePod(ctx, "later", "Pending")
			return len(waiting.Status.ContainerStatuses) > 0
		}).WithContext(ctx).Should(BeTrue())
		Expect(waiting.Status.ContainerStatuses[0].State.Waiting.Message).To(ContainSubstring("configmaps/config: not found"))
		apply(ctx, "later", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config, namespace: NS}\ndata: {config.json: '{}'}\n")
		thePod(ctx, "later", "Succeeded")
	})

	It("fails a pod that asks for what the stand-in would do otherwise", func(ctx SpecContext) {
		apply(ctx, "other", "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}\n---\napiVersion: v1\nkind: Pod\n"+
			"metadata: {name: one, namespace: NS}\nspec: {restartPolicy: Always, containers: [{name: main, image: test, args: [exit, '0']}]}\n")
		failed := thePod(ctx, "other", "Failed")
		Expect(failed.Status.ContainerStatuses[0].State.Terminated.Reason).To(Equal("NotImplemented"))
		Expect(failed.Status.ContainerStatuses[0].State.Terminated.Message).To(Equal("restartPolicy Always"))
	})

	It("loses its processes with its power, and its Jobs go on when it is started anew", func(ctx SpecContext) {
		apply(ctx, "power", job(`["twice", "/claim/here"]`))
		one := thePod(ctx, "power", "Running")
		Eventually(here.Log).WithArguments("power", one.Metadata.Name).Should(BeEquivalentTo("waiting\n"))
		Expect(here.Stop()).To(Succeed())
		Expect(here.Signal("power", one.Metadata.Name, syscall.SIGTERM)).NotTo(Succeed())
		Expect(thePod(ctx, "power", "Running").Metadata.Name).To(Equal(one.Metadata.Name))
		node(ctx, dir)
		status, end := jobEnd(ctx, "power")
		Expect(end).To(HavePrefix("Complete"))
		Expect([]int{status.Failed, status.Succeeded}).To(Equal([]int{1, 1}))
	})
})

var _ = Describe("The program apiserver with an image", func() {
	var dir string
	var running *exec.Cmd

	BeforeEach(func(ctx SpecContext) {
		dir = GinkgoT().TempDir()
		serve, ready := filepath.Join(dir, "apiserver"), filepath.Join(dir, "ready.json")
		build, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", serve, "../cmd/apiserver").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(build))
		running = exec.Command(serve, "serve", "--dir", filepath.Join(dir, "cluster"), "--image", "test="+program, "--ready-file", ready)
		running.Stderr = GinkgoWriter
		Expect(running.Start()).To(Succeed())
		DeferCleanup(func() { _ = running.Process.Kill() })
		Eventually(ready).WithContext(ctx).Should(BeARegularFile())
	})

	kubectl := func(ctx SpecContext, input string, arguments ...string) string {
		GinkgoHelper()
		command := exec.CommandContext(ctx, filepath.Join(os.Getenv("MP2P_KUBERNETES"), "kubectl"), arguments...)
		command.Env = []string{"HOME=" + dir, "KUBECONFIG=" + filepath.Join(dir, "cluster", "kubeconfig")}
		command.Stdin = strings.NewReader(strings.ReplaceAll(input, "NS", "jobs"))
		output, err := command.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(output))
		return string(output)
	}

	It("runs the pods of Jobs, and keeps their claims in its folder", func(ctx SpecContext) {
		kubectl(ctx, job(`["write", "/claim/file"]`), "apply", "--server-side", "--filename=-")
		kubectl(ctx, "", "--namespace=jobs", "wait", "--for=condition=Complete", "--timeout=2m", "job/one")
		Expect(filepath.Join(dir, "cluster", "node", "claims", "jobs", "claim", "file")).To(BeARegularFile())
		Expect(running.Process.Signal(syscall.SIGTERM)).To(Succeed())
		Expect(running.Wait()).To(Succeed())
	})

	It("takes its containers along when it is killed", func(ctx SpecContext) {
		kubectl(ctx, job(`["stay"]`), "apply", "--server-side", "--filename=-")
		Eventually(contained).WithContext(ctx).WithArguments(dir).Should(HaveLen(1))
		Eventually(func(ctx SpecContext) string { return kubectl(ctx, "", "--namespace=jobs", "logs", "job/one") }).WithContext(ctx).Should(Equal("staying\n"))
		Expect(running.Process.Kill()).To(Succeed())
		Expect(running.Wait()).NotTo(Succeed())
		Eventually(contained).WithContext(ctx).WithArguments(dir).Should(BeEmpty())
	})
})

// contained lists the processes whose root folder is below a folder.
func contained(dir string) []string {
	roots, err := filepath.Glob("/proc/[0-9]*/root")
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, root := range roots {
		if path, err := os.Readlink(root); err == nil && strings.HasPrefix(path, dir) { // without error: it has not ended meanwhile
			found = append(found, path)
		}
	}
	return found
}

// account is where a pod finds its ServiceAccount.
const account = "/var/run/secrets/kubernetes.io/serviceaccount/"

// job is a Job whose pods have a claim.
func job(arguments string) string {
	return `
apiVersion: v1
kind: Namespace
metadata: {name: NS}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: NS}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: claim, namespace: NS}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: one, namespace: NS}
spec:
  backoffLimit: 2
  podReplacementPolicy: Failed
  podFailurePolicy:
    rules: [{action: FailJob, onExitCodes: {operator: In, values: [2, 3]}}]
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: main, image: test, args: ` + arguments + `, volumeMounts: [{name: claim, mountPath: /claim}]}
      volumes: [{name: claim, persistentVolumeClaim: {claimName: claim}}]
`
}

const look = `
apiVersion: v1
kind: Namespace
metadata: {name: NS}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: default, namespace: NS}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: NS}
data: {config.json: "{}"}
---
apiVersion: v1
kind: Secret
metadata: {name: secret, namespace: NS}
stringData: {password: secret}
---
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: NS}
spec:
  restartPolicy: Never
  hostNetwork: true
  containers:
    - name: main
      image: test
      args:
        - look
        - /etc/config/config.json
        - /etc/config/absent
        - /etc/secret/the-password
        - /etc/one/file
        - ` + account + `token
        - ` + account + `namespace
        - ` + account + `ca.crt
        - $(BOTH)
        - $(NOBODY)
      envFrom: [{prefix: C_, configMapRef: {name: config}}]
      env:
        - {name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: secret, key: password}}}
        - {name: BOTH, value: $(NAME) of NS}
      volumeMounts:
        - {name: config, mountPath: /etc/config, readOnly: true}
        - {name: secret, mountPath: /etc/secret}
        - {name: config, mountPath: /etc/one/file, subPath: config.json}
  volumes:
    - {name: config, configMap: {name: config}}
    - {name: secret, secret: {secretName: secret, defaultMode: 0400, items: [{key: password, path: the-password}]}}
`
