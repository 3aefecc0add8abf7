package nsxsim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Server is a running simulator. Its methods may be called from several goroutines.
type Server struct {
	options     Options
	version     api.Version
	store       *store.Store
	clock       api.Clock
	tree        *policy.Tree
	authority   *authority
	guard       *guard
	throttle    *throttle
	journal     *journal
	faults      *faults.Set
	router      *router
	service     *service
	coordinator api.Coordinator
	cluster     cluster
	lists       listCache

	nodes   []*listening
	virtual *listening
	serving sync.WaitGroup
	close   sync.Once
	closed  atomic.Bool

	mu      sync.Mutex
	turn    int
	sources map[string]int
}

// listening is one address with its HTTP server.
type listening struct {
	http     *http.Server
	listener *connections
}

func (l *listening) url() string { return "https://" + l.listener.Addr().String() }

// Start serves an NSX until Close. A later Start with the same Options.Store goes on where the former ended.
func Start(options Options) (*Server, error) {
	s, err := build(options.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("starting the simulator: %w", err)
	}
	if err := s.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the simulator: %w", err), s.Close())
	}
	return s, nil
}

// build makes a server that does not listen yet.
func build(o Options) (*Server, error) {
	version, err := api.ParseVersion(o.Version)
	if err != nil {
		return nil, err
	}
	if o.Nodes < 1 || o.Nodes > 3 {
		return nil, fmt.Errorf("an NSX cluster of %d nodes: 1 to 3 are possible", o.Nodes)
	}
	s := &Server{
		options: o, version: version, store: o.Store, clock: o.Clock, tree: policy.NewTree(),
		throttle: newThrottle(o.Limits, o.Clock),
		journal:  &journal{out: o.Journal},
		faults:   &faults.Set{},
		sources:  map[string]int{},
	}
	if err := s.faults.Replace(o.Faults); err != nil {
		return nil, err
	}
	if s.guard, err = newGuard(o); err != nil {
		return nil, err
	}
	if s.authority, err = newAuthority(o.Clock.Now()); err != nil {
		return nil, err
	}
	if s.cluster, err = loadCluster(s.store, o.Nodes); err != nil {
		return nil, err
	}
	s.store.SetSearchLag(o.SearchLag, o.Clock.Now)
	if o.Coordinator != nil {
		env := api.Env{Store: s.store, Clock: s.clock, Version: version}
		if s.coordinator, err = o.Coordinator(env); err != nil {
			return nil, fmt.Errorf("making the migration coordinator: %w", err)
		}
	}
	if s.service, err = newService(s.store, s.clock, o.ServiceStartDelay, s.coordinator); err != nil {
		return nil, err
	}
	if s.router, err = newRouter(s.routes()); err != nil {
		return nil, err
	}
	return s, nil
}

// listen opens the nodes' addresses and the virtual one.
func (s *Server) listen() error {
	addresses := s.options.Nodes
	if s.options.VirtualAddress != NoVirtualAddress {
		addresses++
	}
	listeners := s.options.Listeners
	if listeners == nil {
		for range addresses {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return fmt.Errorf("listening on loopback: %w", err)
			}
			listeners = append(listeners, l)
		}
	}
	if len(listeners) != addresses {
		return fmt.Errorf("%d listeners were given for %d addresses", len(listeners), addresses)
	}
	for i, l := range listeners {
		host, _, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			host = l.Addr().String()
		}
		config, err := s.authority.serverTLS(host, "localhost", "127.0.0.1", "::1", "nsx.example.com")
		if err != nil {
			return err
		}
		choose := func(*http.Request) int { return i }
		if i == s.options.Nodes {
			choose = s.balance
		}
		open := newConnections(l)
		at := &listening{listener: open, http: &http.Server{
			Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, choose(r)) }),
			TLSConfig: config,
			// Only HTTP/1.1, as a dropped connection must hit one request alone.
			TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
			ErrorLog:     log.New(io.Discard, "", 0),
		}}
		if i == s.options.Nodes {
			s.virtual = at
		} else {
			s.nodes = append(s.nodes, at)
		}
		s.serving.Go(func() {
			// It always ends with an error; the expected one is that of Close.
			_ = at.http.ServeTLS(open, "", "")
		})
	}
	return nil
}

// balance chooses the node for a request to the virtual address.
func (s *Server) balance(r *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.VirtualAddress == RoundRobin {
		s.turn++
		return (s.turn - 1) % s.options.Nodes
	}
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	node, known := s.sources[source]
	if !known {
		node = len(s.sources) % s.options.Nodes
		s.sources[source] = node
	}
	return node
}

// Close ends all connections and timers; requests that are under way but did not reach their endpoint yet have no
// effect any more. The store keeps its state. It may be called from a fault's Hook. It returns what went wrong with the journal.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.closed.Store(true)
		for _, l := range append(s.nodes, s.virtual) {
			if l != nil {
				l.listener.cutAll()
				// Closing the listener a second time is the only failure, and harmless.
				_ = l.http.Close()
			}
		}
		s.serving.Wait()
		s.service.close()
		if s.coordinator != nil {
			s.coordinator.Close()
		}
	})
	return s.journal.failed()
}

// URL is the address that clients should use: the virtual one if there is one, else the first node's.
func (s *Server) URL() string {
	if s.virtual != nil {
		return s.virtual.url()
	}
	return s.NodeURL(0)
}

// NodeURL is the address of one node, counted from 0.
func (s *Server) NodeURL(node int) string { return s.nodes[node].url() }

// CA is the PEM of the authority that signed the servers' certificates.
func (s *Server) CA() []byte { return s.authority.pem }

// Password is the password of the users admin and auditor.
func (s *Server) Password() string { return s.options.AdminPassword }

// Store is the state. It may be read and changed while the server runs.
func (s *Server) Store() *store.Store { return s.store }

// Requests returns the journal: every finished request, in the order of arrival.
func (s *Server) Requests() []Request { return s.journal.list() }

// Faults are the fault rules in force.
func (s *Server) Faults() *faults.Set { return s.faults }

// EndSessions ends all login sessions, as a restart of NSX's proxy does.
func (s *Server) EndSessions() { s.guard.endAllSessions() }

// Coordinator is the migration coordinator, or nil.
func (s *Server) Coordinator() api.Coordinator { return s.coordinator }

// RestartCoordinator restarts the migration coordinator's service at once where it runs, as a crash of it would.
func (s *Server) RestartCoordinator() error { return s.service.crash() }

// wait sleeps in the server's time.
func (s *Server) wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	done := make(chan struct{})
	timer := s.clock.AfterFunc(d, func() { close(done) })
	select {
	case <-done:
	case <-ctx.Done():
		timer.Stop()
	}
}
