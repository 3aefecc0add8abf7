package apiserver

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// tokens are the bearer tokens that tests hand out. The API server asks for each that it does not know itself, with a
// TokenReview, so that they can be given and taken back while it runs.
type tokens struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	users map[string]user
}

type user struct {
	Username string   `json:"username"`
	UID      string   `json:"uid"`
	Groups   []string `json:"groups"`
}

// review is as much of authentication.k8s.io/v1 TokenReview as is needed.
type review struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Spec       reviewSpec   `json:"spec"`
	Status     reviewStatus `json:"status"`
}

type reviewSpec struct {
	Token string `json:"token,omitempty"`
}

type reviewStatus struct {
	Authenticated bool  `json:"authenticated"`
	User          *user `json:"user,omitempty"`
}

// serveTokens answers TokenReviews on loopback until it is closed.
func serveTokens(certificate, key []byte) (*tokens, error) {
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of the token reviews: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for token reviews: %w", err)
	}
	t := &tokens{url: "https://" + listener.Addr().String(), users: map[string]user{}}
	t.server = &http.Server{Handler: t, ReadHeaderTimeout: time.Minute}
	go func() {
		// It ends with an error whenever it is closed.
		_ = t.server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}))
	}()
	return t, nil
}

// ServeHTTP answers one TokenReview.
func (t *tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked review
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&asked); err != nil {
		http.Error(w, "not a TokenReview: "+err.Error(), http.StatusBadRequest)
		return
	}
	answer := review{APIVersion: "authentication.k8s.io/v1", Kind: "TokenReview"}
	t.mu.Lock()
	if known, ok := t.users[asked.Spec.Token]; ok {
		answer.Status = reviewStatus{Authenticated: true, User: &known}
	}
	t.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // a caller that has gone asks again
}

func (t *tokens) add(name string, groups []string) string {
	token := rand.Text()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users[token] = user{Username: name, UID: name, Groups: groups}
	return token
}

func (t *tokens) remove(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.users, token)
}
