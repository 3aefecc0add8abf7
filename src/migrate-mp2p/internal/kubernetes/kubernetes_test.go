package kubernetes_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"nsx-mp2p/migrate-mp2p/internal/kubernetes"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// client reads from a server, and keeps what is said and waited.
type client struct {
	kubernetes.Options
	said    []string
	secrets []string
	log     *bytes.Buffer
	pauses  []time.Duration
}

// of is a client that logs in by token.
func of(s *apiServer) *client {
	c := bare()
	c.APIServer, c.CACertificate, c.Token = s.URL, s.folder+"/ca.crt", secret
	return c
}

func bare() *client {
	c := &client{log: &bytes.Buffer{}}
	log := logrus.New()
	log.SetOutput(c.log)
	c.Log = log
	c.Say = func(format string, args ...any) { c.said = append(c.said, fmt.Sprintf(format, args...)) }
	c.Redact = func(secrets ...string) { c.secrets = append(c.secrets, secrets...) }
	c.Pause = func(ctx context.Context, d time.Duration) error {
		c.pauses = append(c.pauses, d)
		return context.Cause(ctx)
	}
	return c
}

func (c *client) read(ctx context.Context) (workloads.Source, error) {
	GinkgoHelper()
	p, err := kubernetes.New(c.Options)
	Expect(err).NotTo(HaveOccurred())
	source, err := p.Read(ctx)
	if err != nil {
		Expect(err.Error()).NotTo(ContainSubstring(secret))
	}
	Expect(c.log.String()).NotTo(ContainSubstring(secret))
	return source, err
}

// kindOf is the kind of an error, which is to be one of this package.
func kindOf(err error) kubernetes.Kind {
	GinkgoHelper()
	var e *kubernetes.Error
	Expect(errors.As(err, &e)).To(BeTrue(), "%v", err)
	return e.Kind
}

func lookup(s workloads.Source, kind workloads.Kind, keys ...string) string {
	GinkgoHelper()
	value, err := s.Lookup(kind, keys...)
	Expect(err).NotTo(HaveOccurred())
	return value
}

var _ = Describe("Reading a cluster", func() {
	It("tells uids and ports of all its workloads, by pages in protobuf, with names alone where these are enough [R13]", func(ctx SpecContext) {
		s := newAPIServer()
		s.objects = map[string][]runtime.Object{}
		s.fill(1234, 1)
		c := of(s)
		source, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		for _, in := range []string{"team-0000", "team-0499", "team-0500", "team-1233"} {
			Expect(lookup(source, workloads.NamespaceUID, in)).To(Equal("uid-of-" + in))
			Expect(lookup(source, workloads.ServiceUID, in, "web-0")).To(Equal("uid-of-" + in + "/web-0"))
			Expect(lookup(source, workloads.NetworkPolicyUID, in, "web-0")).To(Equal("uid-of-" + in + "/web-0"))
			Expect(lookup(source, workloads.ServicePort, in, "web-0", "")).To(Equal("80"), "where its Ingress leads")
		}
		_, err = source.Lookup(workloads.NamespaceUID, "team-1234")
		Expect(err).To(MatchError(workloads.ErrNotFound))
		Expect(c.said).To(Equal([]string{"Kubernetes API " + s.URL + ": 1234 namespaces, 1234 services, 1234 ingresses, 1234 network policies read"}))

		Expect(s.asked()).To(HaveLen(4 * 3))
		for i, raw := range s.asked() {
			Expect(query(raw).Get("limit")).To(Equal("500"))
			Expect(query(raw)).NotTo(HaveKey("resourceVersion"), "which would give all in one page")
			Expect(query(raw).Get("continue")).To(Equal([]string{"", "from-500", "from-1000"}[i%3]))
			accept := s.requests[i].Header.Get("Accept")
			if strings.HasPrefix(raw, services) || strings.HasPrefix(raw, ingresses) {
				Expect(accept).To(HavePrefix("application/vnd.kubernetes.protobuf,"), raw)
			} else {
				Expect(accept).To(HavePrefix("application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;"), raw)
			}
		}
		Expect(strings.Join(s.asked(), " ")).NotTo(Or(ContainSubstring("pods"), ContainSubstring("secrets")))
	})

	It("works with an API server that speaks JSON only", func(ctx SpecContext) {
		s := newAPIServer()
		s.onlyJSON = true
		source, err := of(s).read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(lookup(source, workloads.NamespaceUID, "team-0001")).To(Equal("uid-of-team-0001"))
		Expect(lookup(source, workloads.ServicePort, "team-0001", "web-1", "8080")).To(Equal("80"))
	})

	It("reads pods only where they are wanted", func(ctx SpecContext) {
		s := newAPIServer()
		c := of(s)
		p, err := kubernetes.New(c.Options)
		Expect(err).NotTo(HaveOccurred())
		Expect(p.Provides(workloads.NamespaceUID)).To(BeTrue())
		Expect(p.Provides(workloads.PodUID)).To(BeFalse())
		c.Pods = true
		p, err = kubernetes.New(c.Options)
		Expect(err).NotTo(HaveOccurred())
		Expect(p.Provides(workloads.PodUID)).To(BeTrue())
		Expect(s.asked()).To(BeEmpty(), "nothing is contacted before reading")
		source, err := p.Read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(lookup(source, workloads.PodUID, "team-0002", "web-1")).To(Equal("uid-of-team-0002/web-1"))
		Expect(c.said).To(ConsistOf(ContainSubstring("6 network policies, 6 pods read")))
	})

	It("knows where a service's ports lead, and which an Ingress asks for by number, by name and by default", func(ctx SpecContext) {
		s := newAPIServer()
		s.objects[ingresses] = nil
		s.add(ingresses, ingress("team-0000", "by-name", "web-0", networkingv1.ServiceBackendPort{Name: "https"}))
		other := ingress("team-0001", "by-default", "web-1", networkingv1.ServiceBackendPort{Number: 1})
		other.Spec = networkingv1.IngressSpec{DefaultBackend: &networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: "web-1", Port: networkingv1.ServiceBackendPort{Number: 9000}},
		}}
		s.add(ingresses, other)
		bucket := ingress("team-0002", "resource", "", networkingv1.ServiceBackendPort{})
		bucket.Spec.Rules[1].HTTP.Paths[0].Backend = networkingv1.IngressBackend{Resource: &corev1.TypedLocalObjectReference{Kind: "Bucket", Name: "web-0"}}
		s.add(ingresses, bucket)
		source, err := of(s).read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(lookup(source, workloads.ServicePort, "team-0000", "web-0", "8080")).To(Equal("443"))
		Expect(lookup(source, workloads.ServicePort, "team-0001", "web-1", "")).To(Equal("9000"))
		for listening, port := range map[string]string{"8080": "80", "tls": "443", "9000": "9000"} {
			Expect(lookup(source, workloads.ServicePort, "team-0002", "web-0", listening)).To(Equal(port), listening)
		}
	})

	It("counts a namespace that is being deleted as there, and says how many are", func(ctx SpecContext) {
		s := newAPIServer()
		ending := &corev1.Namespace{ObjectMeta: meta("", "ending")}
		ending.DeletionTimestamp = deletedAt()
		s.add(namespaces, ending)
		c := of(s)
		source, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(lookup(source, workloads.NamespaceUID, "ending")).To(Equal("uid-of-ending"))
		Expect(c.said).To(ConsistOf(ContainSubstring("4 namespaces (1 of them being deleted), 6 services")))
	})

	It("takes a namespace for missing that was deleted between two lists, whatever is left of it", func(ctx SpecContext) {
		s := newAPIServer()
		s.objects[namespaces] = s.objects[namespaces][1:]
		source, err := of(s).read(ctx)
		Expect(err).NotTo(HaveOccurred())
		_, err = source.Lookup(workloads.ServiceUID, "team-0000", "web-0")
		var missing *workloads.Missing
		Expect(errors.As(err, &missing)).To(BeTrue())
		Expect(missing.Workload()).To(Equal("Namespace team-0000"))
	})
})

var _ = Describe("A list that the API server forgets before its end", func() {
	// forget forgets each list of services after a number of pages, the first times that it is begun.
	forget := func(s *apiServer, times int) {
		begun := 0
		s.instead = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != services {
				return false
			}
			if r.URL.Query().Get("continue") == "" {
				begun++
				return false
			}
			if begun > times {
				return false
			}
			fail(w, http.StatusGone, metav1.StatusReasonExpired, "The provided continue parameter is too old")
			return true
		}
	}

	It("is read anew, and nothing of it is kept", func(ctx SpecContext) {
		s := newAPIServer()
		s.fill(300, 2)
		forget(s, 1)
		gone := s.instead
		s.instead = func(n int, w http.ResponseWriter, r *http.Request) bool {
			if !gone(n, w, r) {
				return false
			}
			s.objects[services] = s.objects[services][1:] // the first was deleted meanwhile
			return true
		}
		c := of(s)
		source, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(lookup(source, workloads.ServiceUID, "team-0299", "web-1")).NotTo(BeEmpty())
		_, err = source.Lookup(workloads.ServiceUID, "team-0000", "web-0")
		Expect(err).NotTo(HaveOccurred(), "another one of this name is left")
		Expect(c.said).To(ConsistOf(ContainSubstring("605 services")))
		Expect(c.log.String()).To(ContainSubstring("listing services anew: The provided continue parameter is too old"))
	})

	It("is given up when that happens time and again [R15]", func(ctx SpecContext) {
		s := newAPIServer()
		s.fill(300, 2)
		forget(s, 100)
		_, err := of(s).read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Forgotten))
		Expect(err).To(MatchError(And(ContainSubstring("listing services (GET "+s.URL+services+")"), ContainSubstring("begun 3 times"))))
		Expect(s.asked()).To(HaveLen(1 + 3*2))
	})
})

var _ = Describe("What keeps a list from being read", func() {
	answer := func(code int, media, body string) func(int, http.ResponseWriter, *http.Request) bool {
		return func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != services {
				return false
			}
			w.Header().Set("Content-Type", media)
			w.WriteHeader(code)
			fmt.Fprint(w, body)
			return true
		}
	}

	DescribeTable("is named with the place and the cure [I10] [R15]",
		func(ctx SpecContext, code int, media, body string, kind kubernetes.Kind, attempts int, parts ...string) {
			s := newAPIServer()
			s.instead = answer(code, media, body)
			c := of(s)
			_, err := c.read(ctx)
			Expect(kindOf(err)).To(Equal(kind))
			Expect(err.Error()).To(HavePrefix("listing services (GET " + s.URL + services + "): "))
			for _, part := range parts {
				Expect(err.Error()).To(ContainSubstring(part))
			}
			Expect(len(err.Error())).To(BeNumerically("<", 600))
			Expect(strings.Count(err.Error(), s.URL)).To(Equal(1), "once is enough: %v", err)
			Expect(s.asked()).To(HaveLen(1 + attempts))
			Expect(c.pauses).To(HaveLen(attempts - 1))
			Expect(strings.Count(c.log.String(), "asking again in")).To(Equal(attempts-1), "each has its reason")
			Expect(c.said).To(BeEmpty())
		},
		Entry("a login page", 200, "text/html; charset=utf-8", "<html>log in</html>", kubernetes.NoAPI, 1, "answers 200 with text/html", "must be that of the API server itself"),
		Entry("plain text in place of a list", 200, "text/plain", "ok", kubernetes.NoAPI, 1, "plain text"),
		Entry("an answer without a type", 200, "", "ok", kubernetes.NoAPI, 1, "must be that of the API server itself"),
		Entry("a proxy that forbids", 403, "text/html", "<html>forbidden</html>", kubernetes.NoAPI, 1, "answers 403 with text/html"),
		Entry("a proxy without a server behind it", 502, "text/html", "<html>bad gateway</html>", kubernetes.Busy, 5, "answers 502", "asked 5 times", "/readyz"),
		Entry("another API", 404, "application/json", `{"error":"not found"}`, kubernetes.NoAPI, 1, "must be that of the API server itself"),
		Entry("another list", 200, "application/json", `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","items":[]}`, kubernetes.NoAPI, 1, "PartialObjectMetadataList"),
		Entry("a list that does not say what it is", 200, "application/json", `{"items":[]}`, kubernetes.Unreadable, 1, "does not say what it is"),
		Entry("a status in place of a list", 200, "application/json", `{"kind":"Status","apiVersion":"v1","status":"Success"}`, kubernetes.NoAPI, 1, "Status"),
		Entry("a kind that nobody knows, at length", 200, "application/json", `{"apiVersion":"v1","kind":"`+strings.Repeat("x", 10_000)+`"}`, kubernetes.Unreadable, 1, "decoding the answer"),
		Entry("a long answer that is no JSON", 200, "application/json", strings.Repeat("x", 10_000), kubernetes.Unreadable, 1, "decoding the answer"),
		Entry("damaged protobuf", 200, "application/vnd.kubernetes.protobuf", "k8s\x00\x0a\xff", kubernetes.Unreadable, 1, "damaged"),
		Entry("a server that has too much to do", 429, "application/json", `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too many","reason":"TooManyRequests","code":429}`, kubernetes.Busy, 5, "asked 5 times"),
		Entry("an error of the server", 500, "application/json", `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"etcdserver: leader changed","reason":"InternalError","code":500}`, kubernetes.Busy, 5, "leader changed"),
		Entry("a server that starts", 503, "text/plain", "apiserver not ready", kubernetes.Busy, 5, "asked 5 times"),
	)

	It("may pass, after pauses that the server may lengthen but not without bound", func(ctx SpecContext) {
		s := newAPIServer()
		s.instead = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 3 {
				return false
			}
			if after := []string{"", "7", "3600"}[n-1]; after != "" {
				w.Header().Set("Retry-After", after)
			}
			w.Header().Set("Content-Type", "text/plain") // as API servers refuse what is too much at once
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, "not yet")
			return true
		}
		c := of(s)
		_, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.pauses).To(Equal([]time.Duration{time.Second, 7 * time.Second, 30 * time.Second}))
		Expect(c.log.String()).To(ContainSubstring("too many requests"))
	})

	It("may be a connection that breaks off in the middle of an answer", func(ctx SpecContext) {
		s := newAPIServer()
		s.instead = func(n int, w http.ResponseWriter, _ *http.Request) bool {
			if n > 1 {
				return false
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"kind":"Part`)
			panic(http.ErrAbortHandler)
		}
		c := of(s)
		_, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.pauses).To(HaveLen(1))
	})

	It("is every verb that the role lacks, all at once [I10] [R15]", func(ctx SpecContext) {
		s := newAPIServer()
		s.instead = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != services && r.URL.Path != policies {
				return false
			}
			forbid(w, r)
			return true
		}
		c := of(s)
		_, err := c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Forbidden))
		Expect(err).To(MatchError(And(
			ContainSubstring(`User "system:serviceaccount:nsx:migrate" cannot list resource "services" in API group ""`),
			ContainSubstring(`let the account of kubernetes.token list services of API group "" in the whole cluster, as the shipped role does`),
			ContainSubstring(`list networkpolicies of API group "networking.k8s.io"`),
			Not(ContainSubstring("ingresses")),
		)))
		Expect(s.asked()).To(HaveLen(4), "none is asked twice")
		Expect(c.said).To(BeEmpty())
	})

	It("is an API server without a namespace, which is none of a cluster [I10]", func(ctx SpecContext) {
		s := newAPIServer()
		s.objects[namespaces] = nil
		_, err := of(s).read(ctx)
		Expect(err).To(MatchError(And(ContainSubstring("there is none"), ContainSubstring("is this the API server of the cluster?"))))
	})

	It("is a redirection, which the credentials do not follow [I7]", func(ctx SpecContext) {
		s, elsewhere := newAPIServer(), newAPIServer()
		s.instead = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
			return true
		}
		_, err := of(s).read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.NoAPI))
		Expect(err).To(MatchError(ContainSubstring("answers 302 with a redirection")))
		Expect(elsewhere.asked()).To(BeEmpty())
	})

	It("is a list that never ends", func(ctx SpecContext) {
		s := newAPIServer()
		s.instead = func(_ int, w http.ResponseWriter, r *http.Request) bool {
			s.encode(w, r, listOf(r.URL.Path, r.Header.Get("Accept"), nil, metav1.ListMeta{Continue: "same"}))
			return true
		}
		_, err := of(s).read(ctx)
		Expect(err).To(MatchError(ContainSubstring("goes on where it went on before")))
	})

	It("is an API server that does not answer within kubernetes.timeout, asked a few times", func(ctx SpecContext) {
		s := newAPIServer()
		s.instead = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		}
		c := of(s)
		c.Timeout = 20 * time.Millisecond
		_, err := c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Slow))
		Expect(err).To(MatchError(And(ContainSubstring("it has not answered in time"), ContainSubstring("allow more than 20ms by kubernetes.timeout"))))
		Expect(c.pauses).To(Equal([]time.Duration{1e9, 2e9, 4e9, 8e9}))
	})

	It("is one that takes too long for everything", func(ctx SpecContext) {
		s := newAPIServer()
		s.instead = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done()
			return true
		}
		c := of(s)
		c.Limit = 20 * time.Millisecond
		_, err := c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Stopped))
		Expect(err).To(MatchError(ContainSubstring("the Kubernetes API has not shown everything within 20ms")))
		Expect(c.pauses).To(BeEmpty())
	})

	It("is a run that is stopped, in a request and in a pause", func(ctx SpecContext) {
		why := errors.New("the errand was cancelled")
		s := newAPIServer()
		inRequest, stop := context.WithCancelCause(ctx)
		s.instead = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			stop(why)
			<-r.Context().Done()
			return true
		}
		_, err := of(s).read(inRequest)
		Expect(err).To(MatchError(why))
		Expect(s.asked()).To(HaveLen(1))

		inPause, stop := context.WithCancelCause(ctx)
		s.instead = answer(503, "text/plain", "")
		c := of(s)
		c.Pause = func(ctx context.Context, _ time.Duration) error {
			stop(why)
			return ctx.Err() // as a timer does
		}
		_, err = c.read(inPause)
		Expect(err).To(MatchError(why))
		Expect(kindOf(err)).To(Equal(kubernetes.Stopped))
	})

	It("is a server that is down, a name that nobody knows, or an authority that did not sign [I10]", func(ctx SpecContext) {
		s := newAPIServer()
		c := of(s)
		c.CACertificate = ""
		_, err := c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Untrusted))
		Expect(err).To(MatchError(ContainSubstring("let kubernetes.ca_certificate hold the authority that signed")))
		Expect(c.pauses).To(BeEmpty())

		c = of(s)
		c.APIServer = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		_, err = c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Untrusted))
		Expect(err).To(MatchError(And(ContainSubstring("not localhost"), ContainSubstring("by a name or address that its certificate holds"))))

		s.Close()
		c = of(s)
		_, err = c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Unreachable))
		Expect(err).To(MatchError(And(ContainSubstring("connection refused"), ContainSubstring("asked 5 times"), ContainSubstring("make sure that the API server runs"))))

		plain := serve((*httptest.Server).Start)
		c = of(s)
		c.APIServer = strings.Replace(plain.URL, "http:", "https:", 1)
		_, err = c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.NoAPI))
		Expect(err).To(MatchError(ContainSubstring("server gave HTTP response to HTTPS client")))
	})
})

var _ = Describe("The login to the Kubernetes API", func() {
	It("takes the token that its file holds when it is needed, and again after it has expired [R15]", func(ctx SpecContext) {
		s := newAPIServer()
		c := of(s)
		c.Token, c.TokenFile = "", s.write("token", secret+"\n")
		p, err := kubernetes.New(c.Options)
		Expect(err).NotTo(HaveOccurred())
		_, err = p.Read(ctx)
		Expect(err).NotTo(HaveOccurred())

		s.token = "second-token"
		s.write("token", "second-token")
		_, err = p.Read(ctx)
		Expect(err).NotTo(HaveOccurred(), "the second reading of a run begins with the new token")

		s.instead = func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == services && s.token == "second-token" {
				s.token = "third-token" // the other one expires in the middle
				s.write("token", "third-token")
			}
			return false
		}
		_, err = p.Read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.log.String()).To(And(ContainSubstring("asking again with the token that kubernetes.token_file holds now"), Not(ContainSubstring("third-token"))))
		Expect(c.secrets).To(ContainElements(secret, "second-token", "third-token"))
	})

	It("ends in an error that says what to renew where the token is refused [I10] [R15]", func(ctx SpecContext) {
		s := newAPIServer()
		s.token = "another"
		c := of(s)
		_, err := c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Unauthorized))
		Expect(err).To(MatchError(ContainSubstring("the credentials of kubernetes.token have expired, or are not of this cluster: renew them")))
		Expect(s.asked()).To(HaveLen(1))

		c = of(s)
		c.Token, c.TokenFile = "", s.write("token", secret)
		_, err = c.read(ctx)
		Expect(err).To(MatchError(ContainSubstring("the token in " + c.TokenFile + " has expired")))
		Expect(s.asked()).To(HaveLen(2), "the same token is not tried twice")

		s.instead = func(n int, _ http.ResponseWriter, _ *http.Request) bool {
			s.write("token", fmt.Sprintf("token-%d", n))
			return false
		}
		_, err = c.read(ctx)
		Expect(kindOf(err)).To(Equal(kubernetes.Unauthorized))
		Expect(s.asked()).To(HaveLen(4), "a new one is tried once")
	})

	It("needs a token in its file", func(ctx SpecContext) {
		s := newAPIServer()
		c := of(s)
		c.Token, c.TokenFile = "", s.folder+"/none"
		_, err := c.read(ctx)
		Expect(err).To(MatchError(And(ContainSubstring("kubernetes.token_file"), ContainSubstring("no such file"))))
		c.TokenFile = s.write("token", "\n")
		_, err = c.read(ctx)
		Expect(err).To(MatchError(ContainSubstring("is empty")))
		Expect(s.asked()).To(BeEmpty())
	})

	It("may be by client certificate", func(ctx SpecContext) {
		s := newAPIServer()
		certificate, key := s.clientCertificate()
		c := of(s)
		c.Token, c.ClientCertificate, c.ClientKey = "", s.write("client.crt", certificate), s.write("client.key", key)
		_, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.secrets).To(ContainElement(key))
		Expect(s.requests[0].Header).NotTo(HaveKey("Authorization"))
	})

	It("may be that of the pod itself [R15]", func(ctx SpecContext) {
		s := newAPIServer()
		address := s.Listener.Addr().String()
		host, port, _ := strings.Cut(address, ":")
		GinkgoT().Setenv("KUBERNETES_SERVICE_HOST", host)
		GinkgoT().Setenv("KUBERNETES_SERVICE_PORT", port)
		s.write("token", secret)
		c := bare()
		c.ServiceAccount = s.folder
		_, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.said).To(ConsistOf(HavePrefix("Kubernetes API https://" + address + ": 3 namespaces")))
		s.token = "another"
		_, err = c.read(ctx)
		Expect(err).To(MatchError(ContainSubstring("the token in " + s.folder + "/token has expired")))
	})

	It("is asked for outside a pod", func(ctx SpecContext) {
		GinkgoT().Setenv("KUBERNETES_SERVICE_HOST", "")
		_, err := bare().read(ctx)
		Expect(err).To(MatchError(ContainSubstring("give kubernetes.kubeconfig, or kubernetes.api_server and credentials")))
	})

	DescribeTable("is refused when it is double or incomplete [I10]", func(o kubernetes.Options, part string) {
		_, err := kubernetes.New(o)
		Expect(err).To(MatchError(ContainSubstring(part)))
	},
		Entry("two logins", kubernetes.Options{APIServer: "https://k", Token: "t", TokenFile: "f"}, "give one of"),
		Entry("none", kubernetes.Options{APIServer: "https://k"}, "give one of"),
		Entry("no server", kubernetes.Options{Token: "t"}, "kubernetes.api_server is missing"),
		Entry("a key without its certificate", kubernetes.Options{APIServer: "https://k", ClientKey: "k"}, "belong together"),
		Entry("a kubeconfig beside a server", kubernetes.Options{APIServer: "https://k", Kubeconfig: "k"}, "give it alone"),
	)
})

var _ = Describe("A kubeconfig", func() {
	kubeconfig := func(s *apiServer, user string) string {
		return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}, {name: there, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: %q, certificate-authority: ca.crt}}]
users: [{name: u, user: %s}]
`, s.URL, user)
	}

	DescribeTable("leads to the API server, with files named relative to it", func(ctx SpecContext, user func(*apiServer) string) {
		s := newAPIServer()
		c := bare()
		c.Kubeconfig = s.write("kubeconfig", kubeconfig(s, user(s)))
		source, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(lookup(source, workloads.NamespaceUID, "team-0001")).NotTo(BeEmpty())
	},
		Entry("by token", func(*apiServer) string { return "{token: " + secret + "}" }),
		Entry("by token file", func(s *apiServer) string { s.write("token", secret); return "{tokenFile: token}" }),
		Entry("by client certificate", func(s *apiServer) string {
			certificate, key := s.clientCertificate()
			s.write("client.crt", certificate)
			s.write("client.key", key)
			return "{client-certificate: client.crt, client-key: client.key}"
		}),
	)

	It("may do without a look at the API server's certificate, which the log says", func(ctx SpecContext) {
		s := newAPIServer()
		c := bare()
		text := strings.Replace(kubeconfig(s, "{token: "+secret+"}"), "certificate-authority: ca.crt", "insecure-skip-tls-verify: true", 1)
		c.Kubeconfig = s.write("kubeconfig", text)
		_, err := c.read(ctx)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.log.String()).To(ContainSubstring("asks not to verify the API server's certificate"))
	})

	It("whose token has expired is named", func(ctx SpecContext) {
		s := newAPIServer()
		c := bare()
		c.Kubeconfig = s.write("kubeconfig", kubeconfig(s, "{token: another-token}"))
		_, err := c.read(ctx)
		Expect(err).To(MatchError(ContainSubstring("the credentials of kubernetes.kubeconfig have expired")))
		Expect(c.secrets).To(ContainElement("another-token"))
	})

	DescribeTable("that cannot be used says why, without its secrets [I7] [I10]", func(ctx SpecContext, change func(text string) string, part string) {
		s := newAPIServer()
		c := bare()
		c.Kubeconfig = s.write("kubeconfig", change(kubeconfig(s, "{token: "+secret+"}")))
		_, err := c.read(ctx)
		Expect(err).To(MatchError(And(ContainSubstring("kubernetes.kubeconfig"), ContainSubstring(part))))
		Expect(s.asked()).To(BeEmpty())
		if part == "nowhere" {
			Expect(c.secrets).To(ContainElement(secret), "whatever is wrong with the rest")
		}
	},
		Entry("a program that logs in", func(t string) string {
			return strings.Replace(t, "{token: "+secret+"}", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/false, interactiveMode: Never}}", 1)
		}, "which is not run here"),
		Entry("an API server without TLS", func(t string) string { return strings.Replace(t, "https://", "http://", 1) }, "by https only"),
		Entry("a password in the API server's address", func(t string) string { return strings.Replace(t, "https://", "https://me:"+secret+"@", 1) }, "without a login"),
		Entry("an empty one", func(string) string { return "" }, "is it empty?"),
		Entry("no YAML", func(t string) string { return t + "\n\t}: " + secret }, "yaml"),
		Entry("a context that it lacks", func(t string) string {
			return strings.Replace(t, "current-context: here", "current-context: nowhere", 1)
		}, "nowhere"),
		Entry("an authority's file that is gone", func(t string) string { return strings.Replace(t, "ca.crt", "none.crt", 1) }, "none.crt"),
	)

	It("that is gone is named", func(ctx SpecContext) {
		c := bare()
		c.Kubeconfig = "/none/kubeconfig"
		_, err := c.read(ctx)
		Expect(err).To(MatchError(And(ContainSubstring("kubernetes.kubeconfig"), ContainSubstring("/none/kubeconfig"))))
	})
})

// clientCertificate is a pair that the server takes: it asks for one, and does not look at it.
func (s *apiServer) clientCertificate() (certificate, key string) {
	GinkgoHelper()
	s.TLS.ClientAuth = tls.RequestClientCert
	pair := s.TLS.Certificates[0]
	encoded, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	Expect(err).NotTo(HaveOccurred())
	block := func(kind string, bytes []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
	}
	return block("CERTIFICATE", pair.Certificate[0]), block("PRIVATE KEY", encoded)
}
