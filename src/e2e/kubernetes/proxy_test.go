package kubernetes_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/e2e/apiserver"
)

// witness stands before an API server, by a certificate of the same CA, and notes what it is asked.
type witness struct {
	url string
	// meanwhile is called with each answer before it is passed on.
	meanwhile func(*http.Request)

	mu    sync.Mutex
	asked []*http.Request
}

func newWitness(server *apiserver.Server) *witness {
	GinkgoHelper()
	to, err := url.Parse(server.URL)
	Expect(err).NotTo(HaveOccurred())
	ca, err := os.ReadFile(server.CAFile)
	Expect(err).NotTo(HaveOccurred())
	trusted := x509.NewCertPool()
	Expect(trusted.AppendCertsFromPEM(ca)).To(BeTrue())
	pair, err := tls.X509KeyPair(servingCertificate(server))
	Expect(err).NotTo(HaveOccurred())

	w := &witness{meanwhile: func(*http.Request) {}}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}},
		ModifyResponse: func(r *http.Response) error {
			w.meanwhile(r.Request)
			return nil
		},
	}
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.asked = append(w.asked, r)
		w.mu.Unlock()
		proxy.ServeHTTP(rw, r)
	}))
	front.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	front.StartTLS()
	DeferCleanup(front.Close)
	w.url = front.URL
	return w
}

func servingCertificate(server *apiserver.Server) (certificate, key []byte) {
	GinkgoHelper()
	certificate, key, err := server.ServingCertificate()
	Expect(err).NotTo(HaveOccurred())
	return certificate, key
}

// requests are those for a path, or all for "".
func (w *witness) requests(path string) []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	var some []*http.Request
	for _, r := range w.asked {
		if path == "" || r.URL.Path == path {
			some = append(some, r)
		}
	}
	return some
}
