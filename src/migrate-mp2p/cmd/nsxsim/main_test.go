package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// outcome is what a run of the program left.
type outcome struct {
	code           int
	stdout, stderr string
}

// execute runs the program to its end.
func execute(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, &stdout, &stderr)
	return outcome{code, stdout.String(), stderr.String()}
}

var _ = Describe("nsxsim", func() {
	var folder string
	var ctx context.Context

	BeforeEach(func() {
		folder = GinkgoT().TempDir()
		ctx = context.Background()
	})

	in := func(name string) string { return filepath.Join(folder, name) }

	// serving runs serve with the flags while use runs, and returns how it ended.
	serving := func(use func(r ready), flags ...string) outcome {
		GinkgoHelper()
		stopping, stop := context.WithCancel(ctx)
		ended := make(chan outcome, 1)
		flags = append([]string{"serve", "--ready-file", in("ready.json")}, flags...)
		go func() { ended <- execute(stopping, flags...) }()
		Eventually(in("ready.json")).Should(BeARegularFile())
		text, err := os.ReadFile(in("ready.json"))
		Expect(err).NotTo(HaveOccurred())
		var r ready
		Expect(json.Unmarshal(text, &r)).To(Succeed())
		use(r)
		stop()
		var out outcome
		Eventually(ended).Should(Receive(&out))
		Expect(os.Remove(in("ready.json"))).To(Succeed())
		return out
	}

	call := func(r ready, method, path string) int {
		GinkgoHelper()
		pool := x509.NewCertPool()
		Expect(pool.AppendCertsFromPEM([]byte(r.CA))).To(BeTrue())
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
		defer transport.CloseIdleConnections()
		request, err := http.NewRequest(method, r.URL+path, nil)
		Expect(err).NotTo(HaveOccurred())
		request.SetBasicAuth(r.Username, r.Password)
		response, err := transport.RoundTrip(request)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		return response.StatusCode
	}

	It("serves a model, says how to connect, keeps a journal, and saves the state when it is told to stop", func() {
		out := serving(func(r ready) {
			Expect(r.Cluster).To(Equal("tas1"))
			Expect(r.Platform).To(Equal("tas"))
			Expect(r.Principal.Certificate).To(HavePrefix("-----BEGIN CERTIFICATE"))
			Expect(call(r, "GET", "/api/v1/logical-switches")).To(Equal(200))
		}, "--principal", "robot", "--requests", in("requests"), "--save", in("state"))
		Expect(out.code).To(Equal(0), out.stderr)
		Expect(out.stdout).To(ContainSubstring(`serving NSX 4.1.1 with cluster "tas1" on https://127.0.0.1:`))
		Expect(os.ReadFile(in("requests"))).To(ContainSubstring(`"path":"/api/v1/logical-switches"`))

		By("going on from there, with the same bytes")
		Expect(serving(func(r ready) { Expect(r.Cluster).To(Equal("tas1")) }, "--load", in("state"), "--save", in("again")).code).To(Equal(0))
		first, err := os.ReadFile(in("state"))
		Expect(err).NotTo(HaveOccurred())
		Expect(os.ReadFile(in("again"))).To(Equal(first))

		By("checking it")
		checked := execute(ctx, "check", "--load", in("state"), "--cluster", "tas1")
		Expect(checked.code).To(Equal(0), checked.stdout+checked.stderr)
		Expect(checked.stdout).To(ContainSubstring("all Manager"))
		unknown := execute(ctx, "check", "--load", in("state"), "--cluster", "nobody", "--output", "json")
		Expect(unknown.code).To(Equal(1))
		Expect(json.Valid([]byte(unknown.stdout))).To(BeTrue())
	})

	It("serves several clusters, of several platforms, on one NSX", func() {
		out := serving(func(r ready) {
			Expect(r.Platform).To(Equal("tkgi"))
			Expect(r.Clusters).To(ConsistOf("pks-a", "pks-b", "k8s", "pks-done", HavePrefix("pks-c3d1f2a8")))
			Expect(r.Clusters[0]).To(Equal("pks-a"))
		}, "--model", "tkgi", "--cluster", "pks-a", "--cluster", "pks-b", "--cluster", "kubernetes:k8s",
			"--policy-cluster", "pks-done", "--section-between", "--other-products", "--shared-tier1", "--rare", "--save", in("state"))
		Expect(out.code).To(Equal(0), out.stderr)
		for _, cluster := range []string{"pks-a", "pks-b", "k8s", "pks-done"} {
			checked := execute(ctx, "check", "--load", in("state"), "--cluster", cluster)
			Expect(checked.code).To(Equal(0), checked.stdout+checked.stderr)
		}
	})

	It("makes the same state for the same seed", func() {
		for _, name := range []string{"one", "two"} {
			Expect(serving(func(ready) {}, "--seed", "9", "--save", in(name)).code).To(Equal(0))
		}
		one, err := os.ReadFile(in("one"))
		Expect(err).NotTo(HaveOccurred())
		Expect(os.ReadFile(in("two"))).To(Equal(one))
	})

	It("obeys fault rules from a file", func() {
		Expect(os.WriteFile(in("faults"), []byte("- {path: /api/v1/node, status: 503}\n"), 0o600)).To(Succeed())
		serving(func(r ready) { Expect(call(r, "GET", "/api/v1/node")).To(Equal(503)) }, "--model", "empty", "--faults", in("faults"))
	})

	It("stands behind a virtual address", func() {
		serving(func(r ready) {
			Expect(r.Nodes).To(HaveLen(2))
			Expect(r.Nodes).NotTo(ContainElement(r.URL))
		}, "--model", "empty", "--nodes", "2", "--virtual-address", "round-robin")
	})

	DescribeTable("refuses", func(code int, message string, args ...string) {
		Expect(os.WriteFile(in("bad"), []byte("- {nonsense: 1}\n"), 0o600)).To(Succeed())
		for i := range args {
			if args[i] == "BAD" {
				args[i] = in("bad")
			}
		}
		out := execute(ctx, args...)
		Expect(out.code).To(Equal(code))
		Expect(out.stderr).To(ContainSubstring(message))
		Expect(in("ready.json")).NotTo(BeAnExistingFile())
	},
		Entry("no command", exitUsage, "Usage"),
		Entry("an unknown command", exitUsage, `unknown command "dance"`, "dance"),
		Entry("an unknown flag", exitUsage, "-nonsense", "serve", "--nonsense"),
		Entry("an argument", exitUsage, `unexpected argument "x"`, "serve", "x"),
		Entry("an unknown model", exitUsage, `--model "huge" is none of empty, kubernetes, tas, tkgi`, "serve", "--model", "huge"),
		Entry("a platform of the first cluster", exitUsage, "that of --model", "serve", "--cluster", "tas:a"),
		Entry("an unknown platform", exitFailed, `"nomad"`, "serve", "--cluster", "a", "--cluster", "nomad:b"),
		Entry("a name that is taken", exitFailed, `"a" is empty or taken`, "serve", "--cluster", "a", "--cluster", "a"),
		Entry("a bad address", exitUsage, "--listen", "serve", "--listen", "nowhere"),
		Entry("an unknown way to balance", exitUsage, "--virtual-address", "serve", "--virtual-address", "magic"),
		Entry("a bad scale", exitFailed, "scale", "serve", "--scale", "0"),
		Entry("an unknown way to leave intents behind", exitUsage, `"gone"`, "serve", "--unrealized", "*=gone"),
		Entry("a bad version", exitFailed, `NSX version "x"`, "serve", "--nsx-version", "x"),
		Entry("bad fault rules", exitFailed, "nonsense", "serve", "--faults", "BAD"),
		Entry("a state that is none", exitFailed, "loading a state", "serve", "--load", "BAD"),
		Entry("a check without a state", exitUsage, "--load", "check", "--cluster", "tas1"),
		Entry("a check with a strange output", exitUsage, "--output", "check", "--load", "BAD", "--cluster", "x", "--output", "xml"),
	)

	It("prints what it covers and what it assumes", func() {
		out := execute(ctx, "coverage")
		Expect(out.code).To(Equal(0))
		Expect(out.stdout).To(And(
			ContainSubstring("/api/v1/migration/mp-to-policy/workflow?action=INITIATE"), ContainSubstring("/policy/api/v1/infra"), ContainSubstring("assumes")))
		Expect(execute(ctx, "coverage", "--nsx-version", "9.0").stdout).NotTo(ContainSubstring("/api/v1/logical-ports"))
	})

	It("writes files as a whole or not at all", func() {
		Expect(os.WriteFile(in("file"), []byte("old"), 0o600)).To(Succeed())
		full := errors.New("disk full")
		Expect(writeDurably(in("file"), func(w io.Writer) error {
			_, err := io.WriteString(w, "new, in part")
			return errors.Join(err, full)
		})).To(MatchError(full))
		Expect(os.ReadFile(in("file"))).To(BeEquivalentTo("old"))
		Expect(os.ReadDir(folder)).To(HaveLen(1))
	})
})
