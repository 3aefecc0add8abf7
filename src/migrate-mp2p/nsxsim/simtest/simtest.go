package simtest

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"testing"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// NSX is a simulated NSX Manager that lives as long as its test.
type NSX struct {
	*nsxsim.Server
	t testing.TB
}

// Start serves an NSX until the end of the test. Without Options.Coordinator it has a migration coordinator that works at
// once; without Options.Store it is empty.
func Start(t testing.TB, options nsxsim.Options) *NSX {
	t.Helper()
	if options.Coordinator == nil {
		options.Coordinator = coordinator.New(coordinator.Options{})
	}
	server, err := nsxsim.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := server.Close(); err != nil {
			t.Errorf("closing the simulator: %v", err)
		}
	})
	return &NSX{Server: server, t: t}
}

// Load puts the objects of a generated world into a new store, for Options.Store.
func Load(t testing.TB, world *model.World) *store.Store {
	t.Helper()
	st := store.New(1)
	if err := nsxsim.LoadWorld(st, world); err != nil {
		t.Fatal(err)
	}
	return st
}

// Client is a client that trusts the server and logs in as admin with each request.
func (n *NSX) Client() *http.Client {
	n.t.Helper()
	return n.ClientAs(nsxsim.AdminUser, n.Password())
}

// ClientAs is a client that trusts the server and sends a name and a password with each request.
func (n *NSX) ClientAs(name, password string) *http.Client {
	n.t.Helper()
	return &http.Client{Transport: login{name: name, password: password, next: n.transport()}}
}

// ClientWith is a client that trusts the server and shows the certificate of a principal identity.
func (n *NSX) ClientWith(principal nsxsim.Principal) *http.Client {
	n.t.Helper()
	pair, err := tls.X509KeyPair([]byte(principal.Certificate), []byte(principal.Key))
	if err != nil {
		n.t.Fatal(err)
	}
	transport := n.transport()
	transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	return &http.Client{Transport: transport}
}

func (n *NSX) transport() *http.Transport {
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(n.CA())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}
	n.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// Disturb puts fault rules, a YAML list, in place of all that are in force.
func (n *NSX) Disturb(rules string) {
	n.t.Helper()
	parsed, err := faults.Parse([]byte(rules))
	if err == nil {
		err = n.Faults().Replace(parsed)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// login adds basic authentication to requests that have none.
type login struct {
	name, password string
	next           http.RoundTripper
}

// RoundTrip sends a copy of the request, since the caller's must stay as it is.
func (l login) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Authorization") == "" {
		r = r.Clone(r.Context())
		r.SetBasicAuth(l.name, l.password)
	}
	return l.next.RoundTrip(r)
}
