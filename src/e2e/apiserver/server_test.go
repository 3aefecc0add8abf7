package apiserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"gopkg.in/yaml.v3"

	"nsx-mp2p/e2e/apiserver"
)

// kinds are those that the models' manifests have, with the paths of their lists.
var kinds = map[string]string{
	"Node": "/api/v1/nodes", "Namespace": "/api/v1/namespaces", "Secret": "/api/v1/secrets", "Service": "/api/v1/services", "Pod": "/api/v1/pods",
	"Ingress": "/apis/networking.k8s.io/v1/ingresses", "NetworkPolicy": "/apis/networking.k8s.io/v1/networkpolicies",
}

var _ = Describe("An API server with the manifests of a model", func() {
	It("has each object, with the uid by which the NSX objects name it", func(ctx SpecContext) {
		wanted := map[string]string{}
		counts := map[string]int{}
		for text := range strings.SplitSeq(string(manifests), "---\n") {
			var one struct {
				Kind     string
				Metadata struct{ Name, Namespace, UID string }
			}
			Expect(yaml.Unmarshal([]byte(text), &one)).To(Succeed())
			if one.Kind == "" {
				continue
			}
			wanted[one.Kind+" "+one.Metadata.Namespace+"/"+one.Metadata.Name] = one.Metadata.UID
			counts[one.Kind]++
		}
		Expect(len(wanted)).To(BeNumerically(">", 300))
		Expect(counts).To(HaveLen(len(kinds)))
		found, versions := map[string]string{}, map[string]string{}
		for kind, path := range kinds {
			var all list
			get(ctx, shop, path, &all)
			for _, one := range all.Items {
				name := kind + " " + one.Metadata.Namespace + "/" + one.Metadata.Name
				if _, ok := wanted[name]; !ok {
					continue // of the API server itself
				}
				found[name] = one.Metadata.UID
				Expect(one.Metadata.CreationTimestamp).NotTo(BeEmpty(), name)
				Expect(versions).NotTo(HaveKey(one.Metadata.ResourceVersion), "%s has the resourceVersion of another object", name)
				versions[one.Metadata.ResourceVersion] = name
			}
		}
		Expect(found).To(Equal(wanted))
	})

	It("takes each for one that it could have accepted itself", func(ctx SpecContext) {
		for kind, path := range kinds {
			var all struct{ Items []map[string]any }
			get(ctx, shop, path, &all)
			first := all.Items[0]
			group := path[:strings.LastIndex(path, "/")]
			first["kind"], first["apiVersion"] = kind, strings.TrimPrefix(strings.TrimPrefix(group, "/apis/"), "/api/")
			meta := first["metadata"].(map[string]any)
			if namespace, ok := meta["namespace"].(string); ok {
				path = group + "/namespaces/" + namespace + path[len(group):]
			}
			body, err := json.Marshal(first)
			Expect(err).NotTo(HaveOccurred())
			code, message := codeOf(ctx, shop, apiserver.Request{
				Method: http.MethodPut, Path: fmt.Sprintf("%s/%s?dryRun=All&fieldValidation=Strict", path, meta["name"]), Body: body,
			})
			Expect(code).To(Equal(http.StatusOK), "%s: %s", kind, message)
		}
	})

	It("gives a list in pages, each object once", func(ctx SpecContext) {
		var whole list
		get(ctx, shop, kinds["Pod"], &whole)
		Expect(whole.Metadata.Continue).To(BeEmpty())
		seen := map[string]bool{}
		pages := 0
		for after := ""; pages == 0 || after != ""; pages++ {
			var page list
			get(ctx, shop, kinds["Pod"]+"?limit=100&continue="+url.QueryEscape(after), &page)
			Expect(len(page.Items)).To(BeNumerically("<=", 100))
			for _, one := range page.Items {
				Expect(seen).NotTo(HaveKey(one.Metadata.UID))
				seen[one.Metadata.UID] = true
			}
			after = page.Metadata.Continue
			Expect(after == "").To(Equal(page.Metadata.RemainingItemCount == 0))
		}
		Expect(seen).To(HaveLen(len(whole.Items)))
		Expect(pages).To(Equal((len(whole.Items) + 99) / 100))
		Expect(pages).To(BeNumerically(">", 2))
	})

	It("lets a user do what a role says and nothing else", func(ctx SpecContext) {
		token := shop.AddToken("reader", "readers")
		code, message := codeOf(ctx, shop, apiserver.Request{Path: kinds["Namespace"], Token: token})
		Expect(code).To(Equal(http.StatusForbidden))
		Expect(message).To(Equal(`namespaces is forbidden: User "reader" cannot list resource "namespaces" in API group "" at the cluster scope`))
		apply(ctx, shop, role("readers", "Group", "readers"))
		Eventually(func(ctx SpecContext) int { // the authorizer hears of roles by a watch
			code, _ := codeOf(ctx, shop, apiserver.Request{Path: kinds["Namespace"], Token: token})
			return code
		}).WithContext(ctx).Should(Equal(http.StatusOK))
		for _, refused := range []apiserver.Request{
			{Path: kinds["Secret"]},
			{Path: kinds["Namespace"] + "/team-0000"}, // list does not imply get
			{Path: kinds["Namespace"] + "/team-0000", Method: http.MethodDelete},
		} {
			refused.Token = token
			code, message := codeOf(ctx, shop, refused)
			Expect(code).To(Equal(http.StatusForbidden), message)
		}
	})

	It("answers 401 to a token that it does not know, and to one that was taken back", func(ctx SpecContext) {
		code, _ := codeOf(ctx, shop, apiserver.Request{Path: "/api", Token: "unknown"})
		Expect(code).To(Equal(http.StatusUnauthorized))
		token := shop.AddToken("passer-by")
		code, _, err := shop.Do(ctx, apiserver.Request{Path: "/api", Token: token})
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusOK))
		Expect(shop.RevokeToken(ctx, token)).To(Succeed())
		code, _ = codeOf(ctx, shop, apiserver.Request{Path: "/api", Token: token})
		Expect(code).To(Equal(http.StatusUnauthorized))
	})

	It("knows a user by a client certificate", func(ctx SpecContext) {
		certificate, key, err := shop.ClientCertificate("holder", "holders")
		Expect(err).NotTo(HaveOccurred())
		pair, err := tls.X509KeyPair(certificate, key)
		Expect(err).NotTo(HaveOccurred())
		ca, err := os.ReadFile(shop.CAFile)
		Expect(err).NotTo(HaveOccurred())
		trusted := x509.NewCertPool()
		Expect(trusted.AppendCertsFromPEM(ca)).To(BeTrue())
		client := http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{pair}}, DisableKeepAlives: true,
		}}
		review := `{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`
		response, err := client.Post(shop.URL+"/apis/authentication.k8s.io/v1/selfsubjectreviews", "application/json", strings.NewReader(review))
		Expect(err).NotTo(HaveOccurred())
		defer func() { Expect(response.Body.Close()).To(Succeed()) }()
		var answer struct {
			Status struct {
				UserInfo struct {
					Username string
					Groups   []string
				}
			}
		}
		Expect(json.NewDecoder(response.Body).Decode(&answer)).To(Succeed())
		Expect(answer.Status.UserInfo.Username).To(Equal("holder"))
		Expect(answer.Status.UserInfo.Groups).To(ConsistOf("holders", "system:authenticated"))
	})

	It("ends a deleted namespace with all that was in it", func(ctx SpecContext) {
		shop := started(ctx, apiserver.Options{Manifests: bytes.NewReader(manifests), ControllerManager: true}) // one to lose
		code, _, err := shop.Do(ctx, apiserver.Request{Method: http.MethodDelete, Path: kinds["Namespace"] + "/team-0001"})
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusOK))
		// A pod on a node ends when its kubelet says so, or with a grace period of 0.
		Eventually(func(ctx SpecContext) int {
			query := "/api/v1/namespaces/team-0001/pods?gracePeriodSeconds=0"
			_, _, err := shop.Do(ctx, apiserver.Request{Method: http.MethodDelete, Path: query})
			Expect(err).NotTo(HaveOccurred())
			code, _, err := shop.Do(ctx, apiserver.Request{Path: kinds["Namespace"] + "/team-0001"})
			Expect(err).NotTo(HaveOccurred())
			return code
		}).WithContext(ctx).Should(Equal(http.StatusNotFound))
		for _, path := range []string{"/api/v1/namespaces/team-0001/services", "/apis/networking.k8s.io/v1/namespaces/team-0001/ingresses"} {
			var left list
			get(ctx, shop, path, &left)
			Expect(left.Items).To(BeEmpty())
		}
	})

	It("gives a Job its pod, which has a token of its ServiceAccount, and fails it as its policy says", func(ctx SpecContext) {
		apply(ctx, shop, job)
		var pods list
		const path = "/api/v1/namespaces/jobs/pods"
		Eventually(func(ctx SpecContext) []item {
			get(ctx, shop, path, &pods)
			return pods.Items
		}).WithContext(ctx).Should(HaveLen(1))
		pod := path + "/" + pods.Items[0].Metadata.Name
		var spec struct {
			Spec struct{ Volumes []map[string]any }
		}
		get(ctx, shop, pod, &spec)
		Expect(spec.Spec.Volumes).To(ContainElement(HaveKey("projected")))
		binding := fmt.Sprintf(`{"apiVersion":"v1","kind":"Binding","metadata":{"name":%q},"target":{"kind":"Node","name":"here"}}`, pods.Items[0].Metadata.Name)
		code, message := codeOf(ctx, shop, apiserver.Request{Method: http.MethodPost, Path: pod + "/binding", Body: []byte(binding)})
		Expect(code).To(Equal(http.StatusCreated), message)
		code, message = codeOf(ctx, shop, apiserver.Request{
			Method: http.MethodPatch, Path: pod + "/status", ContentType: "application/merge-patch+json",
			Body: []byte(`{"status":{"phase":"Failed","containerStatuses":[{"name":"main","image":"none","imageID":"","ready":false,"restartCount":0,
				"state":{"terminated":{"exitCode":2,"reason":"Error"}}}]}}`),
		})
		Expect(code).To(Equal(http.StatusOK), message)
		Eventually(func(ctx SpecContext) []map[string]any {
			var job struct {
				Status struct{ Conditions []map[string]any }
			}
			get(ctx, shop, "/apis/batch/v1/namespaces/jobs/jobs/one", &job)
			return job.Status.Conditions
		}).WithContext(ctx).Should(ContainElement(And(HaveKeyWithValue("type", "Failed"), HaveKeyWithValue("reason", "PodFailurePolicy"))))
	})

	It("refuses manifests with a field that does not exist, and keeps nothing of a dry run", func(ctx SpecContext) {
		const namespace = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: dry\n"
		Expect(shop.Apply(ctx, strings.NewReader(namespace+"  labls: {}\n"), true)).To(MatchError(ContainSubstring(".metadata.labls")))
		Expect(shop.Apply(ctx, strings.NewReader(namespace), true)).To(Succeed())
		code, _ := codeOf(ctx, shop, apiserver.Request{Path: kinds["Namespace"] + "/dry"})
		Expect(code).To(Equal(http.StatusNotFound))
	})
})

var _ = Describe("API servers side by side", func() {
	It("share nothing, and one can be saved and started from", func(ctx SpecContext) {
		empty := started(ctx, apiserver.Options{})
		var namespaces list
		get(ctx, empty, kinds["Namespace"], &namespaces)
		Expect(namespaces.Items).To(HaveLen(4))
		code, _ := codeOf(ctx, empty, apiserver.Request{Path: "/api", Token: shop.AdminToken})
		Expect(code).To(Equal(http.StatusUnauthorized))

		apply(ctx, empty, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: kept\n")
		var before, after item
		get(ctx, empty, kinds["Namespace"]+"/kept", &before)
		archive := filepath.Join(GinkgoT().TempDir(), "etcd.tar.gz")
		Expect(empty.Save(archive)).To(Succeed())
		Expect(empty.Stop()).To(Succeed())
		again := started(ctx, apiserver.Options{EtcdData: archive, Manifests: bytes.NewReader(manifestsOf(1))})
		get(ctx, again, kinds["Namespace"]+"/kept", &after)
		Expect(after).To(Equal(before))
		get(ctx, again, kinds["Namespace"]+"/team-0001", &after) // what is loaded into it
	})

	It("start from an archive with a crowd of pods, the same each time", func(ctx SpecContext) {
		archive := filepath.Join(GinkgoT().TempDir(), "etcd.tar.gz")
		Expect(apiserver.Archive(ctx, "", archive, nil, 600)).To(Succeed())
		var saved, loaded list
		get(ctx, started(ctx, apiserver.Options{EtcdData: archive}), kinds["Pod"], &saved)
		get(ctx, started(ctx, apiserver.Options{Pods: 600}), kinds["Pod"], &loaded)
		Expect(saved.Items).To(HaveLen(600))
		Expect(saved.Items).To(Equal(loaded.Items))
		Expect(saved.Items[599].Metadata.Namespace).To(Equal("crowd-0002"))
		Expect(saved.Items[599].Status.Phase).To(Equal("Running"))
	})

	It("answer 410 in the midst of a list whose revision was compacted", func(ctx SpecContext) {
		server := started(ctx, apiserver.Options{Pods: 10, Flags: []string{"--feature-gates=ListFromCacheSnapshot=false"}})
		var first list
		get(ctx, server, kinds["Pod"]+"?limit=5", &first)
		apply(ctx, server, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: later\n")
		Expect(server.Compact(ctx)).To(Succeed())
		code, message := codeOf(ctx, server, apiserver.Request{Path: kinds["Pod"] + "?limit=5&continue=" + url.QueryEscape(first.Metadata.Continue)})
		Expect(code).To(Equal(http.StatusGone), message)
	})

	It("hang while they are paused, and then answer", func(ctx SpecContext) {
		server := started(ctx, apiserver.Options{})
		Expect(server.Pause()).To(Succeed())
		asking, cancel := context.WithCancel(ctx)
		answered := make(chan error)
		go func() {
			_, _, err := server.Do(asking, apiserver.Request{Path: "/readyz"})
			answered <- err
		}()
		Consistently(answered, "200ms").ShouldNot(Receive())
		cancel()
		Expect(<-answered).To(MatchError(context.Canceled))
		Expect(server.Resume()).To(Succeed())
		code, _, err := server.Do(ctx, apiserver.Request{Path: "/readyz"})
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusOK))
	})
})

var _ = Describe("An API server that does not start", func() {
	DescribeTable("says why, and leaves nothing running",
		func(ctx SpecContext, change func(*apiserver.Options), reason string) {
			dir := GinkgoT().TempDir()
			options := apiserver.Options{Dir: dir}
			change(&options)
			_, err := apiserver.Start(ctx, options)
			Expect(err).To(MatchError(ContainSubstring(reason)))
			Expect(err).To(MatchError(ContainSubstring(dir)))
			Expect(running(dir)).To(BeEmpty())
		},
		Entry("when its programs are not there", func(o *apiserver.Options) { o.Programs = "/nonexistent" }, "finding the programs of Kubernetes"),
		Entry("when a manifest is of an unknown kind", func(o *apiserver.Options) {
			o.Manifests = strings.NewReader("apiVersion: v2\nkind: Thing\nmetadata:\n  name: it\n  uid: x\n")
		}, "loading Thing it: objects of v2 cannot be loaded"),
		Entry("when a manifest names no uid", func(o *apiserver.Options) {
			o.Manifests = strings.NewReader("apiVersion: v1\nkind: Pod\nmetadata:\n  name: it\n  namespace: default\n")
		}, "loading Pod default/it: it has no metadata.uid"),
		Entry("when a manifest is no YAML", func(o *apiserver.Options) { o.Manifests = strings.NewReader("a: b: c\n") }, "reading a manifest"),
		Entry("when its data are not there", func(o *apiserver.Options) { o.EtcdData = "/nonexistent" }, "unpacking /nonexistent"),
		Entry("when kube-apiserver refuses a flag", func(o *apiserver.Options) { o.Flags = []string{"--no-such-flag"} }, "unknown flag: --no-such-flag"),
	)

	It("is given up when its caller does so", func(ctx SpecContext) {
		dir := GinkgoT().TempDir()
		given, giveUp := context.WithCancelCause(ctx)
		giveUp(errors.New("given up"))
		_, err := apiserver.Start(given, apiserver.Options{Dir: dir})
		Expect(err).To(MatchError(context.Canceled))
		Expect(running(dir)).To(BeEmpty())
	})
})

var _ = Describe("The program apiserver", func() {
	var program, dir, ready string
	var command *exec.Cmd
	var output bytes.Buffer

	BeforeEach(func(ctx SpecContext) {
		dir = GinkgoT().TempDir()
		program, ready = filepath.Join(dir, "apiserver"), filepath.Join(dir, "ready.json")
		build, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, "../cmd/apiserver").CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(build))
		output.Reset()
		file := filepath.Join(dir, "manifests.yaml")
		Expect(os.WriteFile(file, manifests, 0o600)).To(Succeed())
		command = exec.Command(program, "serve", "--manifests", file, "--dir", filepath.Join(dir, "cluster"), "--controllers",
			"--ready-file", ready, "--kubeconfig", filepath.Join(dir, "kubeconfig"))
		command.Stdout, command.Stderr = &output, &output
		Expect(command.Start()).To(Succeed())
		DeferCleanup(func() { _ = command.Process.Kill() })
		Eventually(ready, 2*time.Minute).WithContext(ctx).Should(BeARegularFile())
	})

	It("serves until it is asked to end", func(ctx SpecContext) {
		kubectl := exec.CommandContext(ctx, filepath.Join(os.Getenv("MP2P_KUBERNETES"), "kubectl"),
			"--kubeconfig", filepath.Join(dir, "kubeconfig"), "get", "pods", "--all-namespaces", "--output=name")
		kubectl.Env = []string{"HOME=" + dir}
		pods, err := kubectl.CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(pods))
		Expect(strings.Count(string(pods), "pod/")).To(BeNumerically(">", 200))
		Expect(running(filepath.Join(dir, "cluster"))).To(HaveLen(3))
		Expect(command.Process.Signal(syscall.SIGTERM)).To(Succeed())
		Expect(command.Wait()).To(Succeed(), output.String())
		Expect(running(filepath.Join(dir, "cluster"))).To(BeEmpty())
	})

	It("leaves no process behind when it is killed", func(ctx SpecContext) {
		Expect(running(filepath.Join(dir, "cluster"))).To(HaveLen(3))
		Expect(command.Process.Kill()).To(Succeed())
		Expect(command.Wait()).To(MatchError(ContainSubstring("killed")))
		Eventually(running).WithContext(ctx).WithArguments(filepath.Join(dir, "cluster")).Should(BeEmpty())
	})
})

// running lists the programs that were told of a folder, but the one under test.
func running(dir string) []string {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil { // it has ended
			continue
		}
		arguments := strings.Split(string(text), "\x00")
		if strings.Contains(string(text), dir) && filepath.Base(arguments[0]) != "apiserver" {
			found = append(found, filepath.Base(arguments[0]))
		}
	}
	return found
}

// role lets somebody list namespaces.
func role(name, kind, subject string) string {
	return fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: %[1]s
rules:
  - apiGroups: [""]
    resources: [namespaces]
    verbs: [list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: %[1]s
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: %[1]s
subjects:
  - apiGroup: rbac.authorization.k8s.io
    kind: %[2]s
    name: %[3]s
`, name, kind, subject)
}

const job = `
apiVersion: v1
kind: Namespace
metadata:
  name: jobs
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: worker
  namespace: jobs
---
apiVersion: batch/v1
kind: Job
metadata:
  name: one
  namespace: jobs
spec:
  backoffLimit: 3
  podFailurePolicy:
    rules:
      - action: FailJob
        onExitCodes:
          operator: In
          values: [2, 3]
  template:
    spec:
      serviceAccountName: worker
      restartPolicy: Never
      containers:
        - name: main
          image: none
`
