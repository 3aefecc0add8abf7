package kubernetes_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// secret is the token that apiServer takes unless it is told otherwise; it must never be seen.
const secret = "eyJhbGciOi.secret-token"

const (
	namespaces = "/api/v1/namespaces"
	services   = "/api/v1/services"
	ingresses  = "/apis/networking.k8s.io/v1/ingresses"
	policies   = "/apis/networking.k8s.io/v1/networkpolicies"
	pods       = "/api/v1/pods"
)

// apiServer speaks as a Kubernetes API server does, in protobuf or JSON as it is asked, in pages; but it knows no roles.
type apiServer struct {
	*httptest.Server
	folder string

	mu       sync.Mutex
	objects  map[string][]runtime.Object
	requests []*http.Request
	token    string
	onlyJSON bool
	// instead may answer itself; n counts requests from 1.
	instead func(n int, w http.ResponseWriter, r *http.Request) bool
}

func serve(start func(*httptest.Server)) *apiServer {
	GinkgoHelper()
	s := &apiServer{objects: map[string][]runtime.Object{}, token: secret, folder: GinkgoT().TempDir()}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
	start(s.Server)
	DeferCleanup(s.Close)
	return s
}

func newAPIServer() *apiServer {
	s := serve((*httptest.Server).StartTLS)
	s.write("ca.crt", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	s.fill(3, 2)
	return s
}

// write writes a file of the test's folder.
func (s *apiServer) write(name, content string) string {
	GinkgoHelper()
	path := filepath.Join(s.folder, name)
	Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
	return path
}

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID("uid-of-" + strings.TrimPrefix(namespace+"/", "/") + name),
		Labels: map[string]string{"app": name}, ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl", FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{}}`)}},
	}
}

// fill makes namespaces, and in each a number of services, ingresses, network policies and pods.
func (s *apiServer) fill(count, inEach int) {
	for i := range count {
		in := fmt.Sprintf("team-%04d", i)
		s.add(namespaces, &corev1.Namespace{ObjectMeta: meta("", in)})
		for j := range inEach {
			name := fmt.Sprintf("web-%d", j)
			s.add(services, &corev1.Service{ObjectMeta: meta(in, name), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
				{Name: "http", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromInt32(8080)},
				{Name: "https", Protocol: corev1.ProtocolTCP, Port: 443, TargetPort: intstr.FromString("tls")},
				{Name: "same", Protocol: corev1.ProtocolTCP, Port: 9000},
			}}})
			s.add(ingresses, ingress(in, name, name, networkingv1.ServiceBackendPort{Number: 80}))
			s.add(policies, &networkingv1.NetworkPolicy{ObjectMeta: meta(in, name)})
			s.add(pods, &corev1.Pod{ObjectMeta: meta(in, name)})
		}
	}
}

func ingress(in, name, service string, port networkingv1.ServiceBackendPort) *networkingv1.Ingress {
	backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service, Port: port}}
	return &networkingv1.Ingress{ObjectMeta: meta(in, name), Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{
		{Host: "no.paths"},
		{Host: name, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Path: "/", Backend: backend}},
		}}},
	}}}
}

func (s *apiServer) add(path string, o runtime.Object) { s.objects[path] = append(s.objects[path], o) }

// asked are the requests so far, as path and query.
func (s *apiServer) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, r := range s.requests {
		all = append(all, r.URL.String())
	}
	return all
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	n, token := len(s.requests), s.token
	s.mu.Unlock()
	if s.instead != nil && s.instead(n, w, r) {
		return
	}
	objects, known := s.objects[r.URL.Path]
	byCertificate := r.TLS != nil && len(r.TLS.PeerCertificates) > 0
	switch {
	case !byCertificate && r.Header.Get("Authorization") != "Bearer "+token:
		fail(w, http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized")
	case !known && !strings.Contains(pods+policies+ingresses+services+namespaces, r.URL.Path):
		fail(w, http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find the requested resource")
	default:
		s.list(w, r, objects)
	}
}

func (s *apiServer) list(w http.ResponseWriter, r *http.Request, objects []runtime.Object) {
	query := r.URL.Query()
	from, limit := 0, len(objects)
	if l := query.Get("limit"); l != "" {
		limit, _ = strconv.Atoi(l)
	}
	if c := query.Get("continue"); c != "" {
		from, _ = strconv.Atoi(strings.TrimPrefix(c, "from-"))
	}
	to := min(from+limit, len(objects))
	var m metav1.ListMeta
	if to < len(objects) {
		m.Continue = fmt.Sprintf("from-%d", to)
	}
	s.encode(w, r, listOf(r.URL.Path, r.Header.Get("Accept"), objects[from:to], m))
}

// listOf makes the list that is asked for.
func listOf(path, accept string, objects []runtime.Object, m metav1.ListMeta) runtime.Object {
	if strings.Contains(accept, "as=PartialObjectMetadataList") {
		list := &metav1.PartialObjectMetadataList{ListMeta: m}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: "meta.k8s.io", Version: "v1", Kind: "PartialObjectMetadataList"})
		for _, o := range objects {
			list.Items = append(list.Items, metav1.PartialObjectMetadata{ObjectMeta: *o.(metav1.ObjectMetaAccessor).GetObjectMeta().(*metav1.ObjectMeta)})
		}
		return list
	}
	switch path {
	case services:
		list := &corev1.ServiceList{ListMeta: m}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ServiceList"))
		for _, o := range objects {
			list.Items = append(list.Items, *o.(*corev1.Service))
		}
		return list
	case ingresses:
		list := &networkingv1.IngressList{ListMeta: m}
		list.SetGroupVersionKind(networkingv1.SchemeGroupVersion.WithKind("IngressList"))
		for _, o := range objects {
			list.Items = append(list.Items, *o.(*networkingv1.Ingress))
		}
		return list
	default:
		panic("whole objects of " + path + " are asked for where names are enough")
	}
}

var codecs = serializer.NewCodecFactory(runtime.NewScheme())

// encode answers in the first form that is accepted.
func (s *apiServer) encode(w http.ResponseWriter, r *http.Request, o runtime.Object) {
	for form := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		media, _, err := mime.ParseMediaType(form)
		info, known := runtime.SerializerInfoForMediaType(codecs.SupportedMediaTypes(), media)
		if err != nil || !known || s.onlyJSON && media != "application/json" {
			continue
		}
		w.Header().Set("Content-Type", media)
		_ = info.Serializer.Encode(o, w)
		return
	}
	fail(w, http.StatusNotAcceptable, metav1.StatusReasonNotAcceptable, "only JSON and protobuf")
}

// fail answers as API servers do.
func fail(w http.ResponseWriter, code int, reason metav1.StatusReason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,"reason":%q,"code":%d}`, message, reason, code)
}

// forbid answers as API servers do where no role allows the list.
func forbid(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	group, resource := "", parts[len(parts)-1]
	if parts[0] == "apis" {
		group = parts[1]
	}
	fail(w, http.StatusForbidden, metav1.StatusReasonForbidden, fmt.Sprintf(
		`%s is forbidden: User "system:serviceaccount:nsx:migrate" cannot list resource %q in API group %q at the cluster scope`, resource, resource, group))
}

func query(raw string) url.Values {
	GinkgoHelper()
	u, err := url.Parse(raw)
	Expect(err).NotTo(HaveOccurred())
	return u.Query()
}

func deletedAt() *metav1.Time { return &metav1.Time{Time: time.Unix(1, 0)} }
