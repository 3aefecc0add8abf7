package nsx

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	testUser     = "migrator"
	testPassword = "correct-horse-battery"
	testAttempts = 6 // of a request; the pauses between them are milliseconds
)

// manager is a stand-in for one NSX Manager: it logs in, says who it is, and answers everything else as a spec wants.
type manager struct {
	*httptest.Server
	NodeID string

	mu       sync.Mutex
	journal  []string // "METHOD uri" in the order of arrival, logins included
	bodies   map[string]string
	headers  map[string]http.Header
	sessions int // how many logins succeeded
	valid    string
	conns    int
	answers  map[string]http.HandlerFunc
}

func newManager() *manager {
	m := &manager{NodeID: "node-1", bodies: map[string]string{}, headers: map[string]http.Header{}, answers: map[string]http.HandlerFunc{}}
	m.on("GET /api/v1/reverse-proxy/node/health", reply(200, `{"healthy":true}`))
	m.on("GET /api/v1/node", func(w http.ResponseWriter, _ *http.Request) { write(w, 200, `{"node_uuid":"`+m.node()+`"}`) })
	m.on("GET /api/v1/node/version", reply(200, `{"product_version":"4.1.0.0.0.2"}`))
	m.on("GET /api/v1/cluster", reply(200, `{"cluster_id":"nsx-cluster"}`))
	m.on("POST /api/session/create", m.login)
	m.Server = httptest.NewUnstartedServer(http.HandlerFunc(m.serve))
	m.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.conns++
		}
	}
	m.Config.ErrorLog = log.New(GinkgoWriter, "", 0)
	m.StartTLS()
	DeferCleanup(m.Close)
	return m
}

func (m *manager) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	key := r.Method + " " + r.URL.Path
	m.mu.Lock()
	m.journal = append(m.journal, r.Method+" "+r.URL.RequestURI())
	m.bodies[key], m.headers[key] = string(body), r.Header.Clone()
	answer, valid := m.answers[key], m.valid
	m.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	cookie, err := r.Cookie(sessionCookie)
	loggedIn := err == nil && cookie.Value == valid && r.Header.Get(tokenHeader) == "token-"+valid
	switch {
	case key != "POST /api/session/create" && len(r.TLS.PeerCertificates) == 0 && !loggedIn:
		write(w, 403, `{"error_code":403,"module_name":"common-services","error_message":"session refused"}`)
	case answer == nil:
		write(w, 404, `{"error_code":600,"module_name":"common-services","error_message":"no such object"}`)
	default:
		answer(w, r)
	}
}

func (m *manager) login(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("j_username") != testUser || r.PostFormValue("j_password") != testPassword {
		write(w, 403, `{"error_code":403,"module_name":"common-services","error_message":"The credentials were incorrect or the account was locked"}`)
		return
	}
	m.mu.Lock()
	m.sessions++
	m.valid = fmt.Sprintf("session-%d", m.sessions)
	valid := m.valid
	m.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: valid})
	w.Header().Set(tokenHeader, "token-"+valid)
	w.WriteHeader(200)
}

// on says how a request is answered, e.g. on("GET /api/v1/x", reply(200, "{}")).
func (m *manager) on(request string, answer http.HandlerFunc) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answers[request] = answer
}

func (m *manager) node() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.NodeID
}

func (m *manager) become(node string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.NodeID = node
}

func (m *manager) endSession() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.valid = "ended"
}

// asked gives the journal since the last call.
func (m *manager) asked() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.journal
	m.journal = nil
	return all
}

func (m *manager) count(request string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, r := range m.journal {
		if r == request {
			n++
		}
	}
	return n
}

func (m *manager) body(request string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.bodies[request]
}

func (m *manager) header(request, name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.headers[request].Get(name)
}

func (m *manager) connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conns
}

func (m *manager) address() string { return m.Listener.Addr().String() }

// authority writes the manager's certificate to a file.
func (m *manager) authority() string { return pemFile("CERTIFICATE", m.Certificate().Raw) }

func pemFile(kind string, der []byte) string {
	path := filepath.Join(GinkgoT().TempDir(), "file.pem")
	Expect(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)).To(Succeed())
	return path
}

func write(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := io.WriteString(w, body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { write(w, status, body) }
}

// replies answers one after the other; the last one stays.
func replies(answers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		answer := answers[min(next, len(answers)-1)]
		next++
		mu.Unlock()
		answer(w, r)
	}
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func nsxError(status, code int) http.HandlerFunc {
	return reply(status, fmt.Sprintf(`{"error_code":%d,"module_name":"test","error_message":"refused %d"}`, code, code))
}

// page renders a page of a list or search with objects of ids from..to-1.
func page(from, to, count int, cursor string) string {
	results := []map[string]int{}
	for i := from; i < to; i++ {
		results = append(results, map[string]int{"id": i})
	}
	encoded, err := json.Marshal(map[string]any{"results": results, "result_count": count, "cursor": cursor})
	Expect(err).NotTo(HaveOccurred())
	return string(encoded)
}

// options for a client of these managers: log lines go to out, repetitions come quickly.
func options(out io.Writer, managers ...*manager) Options {
	logger := logrus.New()
	logger.SetOutput(out)
	logger.SetLevel(logrus.DebugLevel)
	o := Options{
		Username: testUser, Password: testPassword, CACertificate: managers[0].authority(), Logger: logger,
		RequestsPerSecond: 10000, Concurrency: 4, FirstPause: time.Millisecond, attempts: testAttempts,
	}
	for _, m := range managers {
		o.Managers = append(o.Managers, Endpoint{Address: m.address()})
	}
	return o
}

// connected gives a client that is pinned to the first of the managers, whose journals are empty then.
func connected(change func(*Options), managers ...*manager) *Client {
	o := options(GinkgoWriter, managers...)
	if change != nil {
		change(&o)
	}
	c, err := New(o)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	_, err = c.Connect(context.Background(), "")
	Expect(err).NotTo(HaveOccurred())
	for _, m := range managers {
		m.asked()
	}
	return c
}

// beKind matches an error of this kind.
func beKind(k mp.Kind) types.GomegaMatcher {
	return WithTransform(func(err error) mp.Kind {
		var e *Error
		if !errors.As(err, &e) {
			return mp.Kind(fmt.Sprintf("not an nsx.Error: %v", err))
		}
		return e.Kind
	}, Equal(k))
}
