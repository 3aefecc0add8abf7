package kubernetes_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
	"nsx-mp2p/e2e/programs"
)

// cannotTell is the exit code of a run that stopped before it knew anything.
const cannotTell = 3

var _ = Describe("The workloads of a real API server", func() {
	DescribeTable("give the objects in Policy mode the values that NCP looks for [R2] [R15]",
		func(ctx SpecContext, platform string) {
			manifests := manifestsOf(platform)
			server := serving(ctx, apiserver.Options{Manifests: bytes.NewReader(manifests)})
			s := newSite(platform)
			token := server.AddToken("migrate-mp2p", "migration")
			result := s.run(ctx, "run", byToken(server, token))
			Expect(result.Code).To(BeZero(), result.Output)
			Expect(result.Output).To(MatchRegexp(`Kubernetes API %s: \d+ namespaces.*, \d+ services, \d+ ingresses, \d+ network policies read`, server.URL))
			report, err := s.nsx.Check(s.nsx.Ready().Cluster, "--workloads", s.file("manifests.yaml", manifests))
			Expect(err).NotTo(HaveOccurred())
			Expect(report.NotReady).To(BeEmpty())
			s.expectNo(token, result)
		},
		Entry("of Kubernetes", "kubernetes"),
		Entry("of TKGI", "tkgi"),
	)

	It("count in a namespace that is being deleted, since its objects in NSX are there as well", func(ctx SpecContext) {
		manifests := manifestsOf("kubernetes")
		server := serving(ctx, apiserver.Options{Manifests: bytes.NewReader(manifests)})
		// Without the controller that empties namespaces, this one stays in that state.
		code, body, err := server.Do(ctx, apiserver.Request{Method: http.MethodDelete, Path: "/api/v1/namespaces/team-0000"})
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusOK), "%s", body)
		s := newSite("kubernetes")
		result := s.run(ctx, "run", byToken(server, server.AddToken("migrate-mp2p", "migration")))
		Expect(result.Code).To(BeZero(), result.Output)
		Expect(result.Output).To(ContainSubstring("namespaces (1 of them being deleted)"))
		report, err := s.nsx.Check(s.nsx.Ready().Cluster, "--workloads", s.file("manifests.yaml", manifests))
		Expect(err).NotTo(HaveOccurred())
		Expect(report.NotReady).To(BeEmpty())
	})

	It("are listed in pages of 500, of five kinds at most, and nothing else is asked", func(ctx SpecContext) {
		server := serving(ctx, apiserver.Options{Manifests: bytes.NewReader(manifestsOf("kubernetes")), Pods: 1100})
		between := newWitness(server)
		keys := byToken(server, server.AddToken("migrate-mp2p", "migration"))
		keys["kubernetes.api_server"], keys["kubernetes.check_pods"] = between.url, true
		s := newSite("kubernetes")
		result := s.run(ctx, "plan", keys)
		Expect(result.Code).NotTo(Equal(cannotTell), result.Output)
		Expect(len(between.requests("/api/v1/pods"))).To(BeNumerically(">=", 3))
		lists := []string{
			"/api/v1/namespaces", "/api/v1/services", "/api/v1/pods", "/apis/networking.k8s.io/v1/ingresses", "/apis/networking.k8s.io/v1/networkpolicies",
		}
		for _, r := range between.requests("") {
			Expect(r.Method).To(Equal(http.MethodGet))
			Expect(lists).To(ContainElement(r.URL.Path))
			Expect(r.URL.Query().Get("limit")).To(Equal("500"))
			Expect(r.URL.Query()).NotTo(HaveKey("resourceVersion"), "with one, a server may ignore the limit")
			Expect(r.Header.Get("Accept")).To(HavePrefix("application/vnd.kubernetes.protobuf"))
		}
		s.expectNothingWritten()
	})

	It("are listed anew when the server forgets a list in its midst", func(ctx SpecContext) {
		server := serving(ctx, apiserver.Options{
			Manifests: bytes.NewReader(manifestsOf("kubernetes")), Pods: 600, Flags: []string{"--feature-gates=ListFromCacheSnapshot=false"},
		})
		between := newWitness(server)
		var once sync.Once
		var failed error
		between.meanwhile = func(r *http.Request) {
			if r.URL.Path != "/api/v1/pods" || r.URL.Query().Has("continue") {
				return
			}
			once.Do(func() { // a write, since what is newest is never forgotten
				const later = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: later\n"
				if failed = server.Apply(ctx, strings.NewReader(later), false); failed == nil {
					failed = server.Compact(ctx)
				}
			})
		}
		keys := byToken(server, server.AddToken("migrate-mp2p", "migration"))
		keys["kubernetes.api_server"], keys["kubernetes.check_pods"] = between.url, true
		s := newSite("kubernetes")
		result := s.run(ctx, "plan", keys)
		Expect(failed).NotTo(HaveOccurred())
		Expect(result.Code).NotTo(Equal(cannotTell), result.Output)
		var continues []bool
		for _, r := range between.requests("/api/v1/pods") {
			continues = append(continues, r.URL.Query().Has("continue"))
		}
		Expect(len(continues)).To(BeNumerically(">=", 4))
		Expect(continues[:3]).To(Equal([]bool{false, true, false}), "the page that was refused is followed by a new first one")
		modelled := bytes.Count(manifestsOf("kubernetes"), []byte("\nkind: Pod\n"))
		Expect(result.Output).To(ContainSubstring(fmt.Sprintf("%d pods", modelled+600)), "each pod counts once")
	})
})

var _ = Describe("Where the workloads cannot be read", func() {
	var s *site
	BeforeEach(func() { s = newSite("kubernetes") })

	// expectRefused expects that a run stops, says all of this and has changed nothing.
	expectRefused := func(ctx SpecContext, keys programs.Changes, words ...string) programs.Result {
		GinkgoHelper()
		result := s.run(ctx, "run", keys)
		Expect(result.Code).To(SatisfyAny(Equal(cannotTell), Equal(2)), "nothing was written, which neither 0 nor 1 says")
		for _, word := range words {
			Expect(result.Output).To(ContainSubstring(word))
		}
		s.expectNothingWritten()
		return result
	}

	It("since the account may not list them, all that it lacks is named at once, with the API groups [I4] [I10]", func(ctx SpecContext) {
		allow(ctx, shop, "half", "namespaces", "ingresses")
		token := shop.AddToken("half-way", "half")
		result := expectRefused(ctx, byToken(shop, token),
			`cannot list resource "services" in API group ""`, `cannot list resource "networkpolicies" in API group "networking.k8s.io"`,
			shop.URL+"/api/v1/services", `"half-way"`)
		Expect(result.Output).NotTo(ContainSubstring(`cannot list resource "namespaces"`))
		s.expectNo(token, result)
	})

	It("since the token has expired, the run says so, and a file with a new one is enough for the next [I4] [I7]", func(ctx SpecContext) {
		old := shop.AddToken("migrate-mp2p", "migration")
		file := s.file("token", []byte(old+"\n"))
		keys := byToken(shop, "")
		delete(keys, "kubernetes.token")
		keys["kubernetes.token_file"] = file
		Expect(shop.RevokeToken(ctx, old)).To(Succeed())
		result := expectRefused(ctx, keys, shop.URL, file, "expired")
		s.expectNo(old, result, file)
		fresh := shop.AddToken("migrate-mp2p", "migration")
		s.file("token", []byte(fresh+"\n"))
		result = s.run(ctx, "run", keys)
		Expect(result.Code).To(BeZero(), result.Output)
		s.expectNo(fresh, result, file)
	})

	It("since the token expires between two lists, the file is read again and the run goes on [I7]", func(ctx SpecContext) {
		old, fresh := shop.AddToken("migrate-mp2p", "migration"), shop.AddToken("migrate-mp2p", "migration")
		file := s.file("token", []byte(old))
		between := newWitness(shop)
		var once sync.Once
		var failed error
		between.meanwhile = func(r *http.Request) {
			if r.URL.Path == "/api/v1/services" {
				once.Do(func() {
					if failed = os.WriteFile(file, []byte(fresh), 0o600); failed == nil {
						failed = shop.RevokeToken(ctx, old)
					}
				})
			}
		}
		result := s.run(ctx, "run", programs.Changes{
			"kubernetes.api_server": between.url, "kubernetes.ca_certificate": shop.CAFile, "kubernetes.token_file": file,
		})
		Expect(failed).NotTo(HaveOccurred())
		Expect(result.Code).To(BeZero(), result.Output)
		s.expectNo(old, result, file)
		s.expectNo(fresh, result, file)
	})

	It("since it does not answer, the run ends by itself and says how to allow more time [I4]", func(ctx SpecContext) {
		server := serving(ctx, apiserver.Options{})
		keys := byToken(server, server.AddToken("migrate-mp2p", "migration"))
		keys["kubernetes.timeout"] = "1s"
		Expect(server.Pause()).To(Succeed())
		expectRefused(ctx, keys, server.URL+"/api/v1/namespaces", "kubernetes.timeout")
		Expect(server.Resume()).To(Succeed())
	})

	It("since there is no server, the run ends by itself and names the address [I4]", func(ctx SpecContext) {
		server := serving(ctx, apiserver.Options{})
		keys := byToken(server, "unused")
		keys["kubernetes.ca_certificate"] = shop.CAFile
		Expect(server.Stop()).To(Succeed())
		expectRefused(ctx, keys, server.URL+"/api/v1/namespaces", "refused")
	})

	It("since its certificate is of another authority, the run says what to give [I4]", func(ctx SpecContext) {
		keys := byToken(shop, shop.AddToken("migrate-mp2p", "migration"))
		keys["kubernetes.ca_certificate"] = s.file("other-ca.pem", []byte(s.nsx.Ready().CA))
		expectRefused(ctx, keys, shop.URL, "hold the authority that signed")
	})

	It("since a workload that NSX names was deleted, both sides are named before anything is sent [I4] [R23]", func(ctx SpecContext) {
		server := serving(ctx, apiserver.Options{Manifests: bytes.NewReader(manifestsOf("kubernetes"))})
		code, body, err := server.Do(ctx, apiserver.Request{
			Method: http.MethodDelete, Path: "/apis/networking.k8s.io/v1/namespaces/team-0000/networkpolicies",
		})
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusOK), "%s", body)
		expectRefused(ctx, byToken(server, server.AddToken("migrate-mp2p", "migration")), "team-0000", "need")
	})
})

var _ = Describe("An account of a real API server", func() {
	DescribeTable("is taken from", func(ctx SpecContext, keys func(*site) programs.Changes) {
		s := newSite("kubernetes")
		changes := keys(s)
		result := s.run(ctx, "plan", changes)
		Expect(result.Code).NotTo(Equal(cannotTell), result.Output)
		Expect(result.Output).To(ContainSubstring("Kubernetes API " + shop.URL))
		s.expectNothingWritten()
	},
		Entry("a client certificate", func(s *site) programs.Changes {
			certificate, key, err := shop.ClientCertificate("migrate-mp2p", "migration")
			Expect(err).NotTo(HaveOccurred())
			return programs.Changes{
				"kubernetes.api_server": shop.URL, "kubernetes.ca_certificate": shop.CAFile,
				"kubernetes.client_certificate": s.file("client.pem", certificate), "kubernetes.client_key": s.file("client-key.pem", key),
			}
		}),
		Entry("a kubeconfig", func(s *site) programs.Changes {
			config := shop.Config(shop.AddToken("migrate-mp2p", "migration"))
			return programs.Changes{"kubernetes.kubeconfig": s.file("kubeconfig", config)}
		}),
	)
})

var _ = Describe("A user spec written by the flag of command plan", func() {
	DescribeTable("needs neither one that is given nor the Kubernetes API, and is all that the migration needs [R2] [R3]",
		func(ctx SpecContext, platform string) {
			s := newSite(platform)
			spec := filepath.Join(s.dir, "inferred.yaml")
			shared := programs.Changes{"migration.user_spec": nil, "migration.resources": "shared"}
			result := s.run(ctx, "plan", shared, "--write-user-spec", spec)
			Expect(result.Code).To(BeZero(), result.Output)
			Expect(result.Output).To(MatchRegexp(`in all \d+ objects would be migrated`))
			s.expectNothingWritten()

			manifests := manifestsOf(platform)
			server := serving(ctx, apiserver.Options{Manifests: bytes.NewReader(manifests)})
			keys := byToken(server, server.AddToken("migrate-mp2p", "migration"))
			keys["migration.user_spec"] = spec
			result = s.run(ctx, "run", keys)
			Expect(result.Code).To(BeZero(), result.Output)
			report, err := s.nsx.Check(s.nsx.Ready().Cluster, "--workloads", s.file("manifests.yaml", manifests))
			Expect(err).NotTo(HaveOccurred())
			Expect(report.NotReady).To(BeEmpty())
		},
		Entry("of Kubernetes", "kubernetes"),
		Entry("of TKGI", "tkgi"),
	)
})
