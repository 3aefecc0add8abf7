package front

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"

	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// Address is one address with its HTTP server: a node's, or the virtual one in front of the nodes.
type Address struct {
	name        string
	hosts       []string
	http        *http.Server
	listener    *listener
	certificate atomic.Pointer[tls.Certificate]
}

func (l *Address) URL() string { return "https://" + l.listener.Addr().String() }

// Name is node-1 to node-3, or that of the virtual address.
func (l *Address) Name() string { return l.name }

// Reach tells how the address answers.
func (l *Address) Reach() faults.Reach { return l.listener.reached() }

// SetReach changes how the address answers from now on.
func (l *Address) SetReach(reach faults.Reach) error { return l.listener.set(reach) }

// Host and Port are the parts of the address; others than TCP ones have none.
func (l *Address) Host() string {
	if tcp, ok := l.listener.Addr().(*net.TCPAddr); ok {
		return tcp.IP.String()
	}
	return ""
}

// Port is 0 when there is none.
func (l *Address) Port() int {
	if tcp, ok := l.listener.Addr().(*net.TCPAddr); ok {
		return tcp.Port
	}
	return 0
}

// connectionKey is where a request's context holds its *connection.
type connectionKey struct{}

// Listen opens the nodes' addresses and the virtual one.
func (s *Front) Listen() error {
	count := s.options.Nodes
	if s.options.VirtualAddress != NoVirtualAddress {
		count++
	}
	listeners := s.options.Listeners
	if listeners == nil {
		for range count {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return fmt.Errorf("listening on loopback: %w", err)
			}
			listeners = append(listeners, l)
		}
	}
	if len(listeners) != count {
		return fmt.Errorf("%d listeners were given for %d addresses", len(listeners), count)
	}
	for i, l := range listeners {
		at, err := s.newAddress(i, l)
		if err != nil {
			return err
		}
		if i == s.options.Nodes {
			s.virtual = at
		} else {
			s.nodes = append(s.nodes, at)
		}
	}
	// Not before all are known: a request may come at once.
	for _, at := range s.Addresses() {
		s.serving.Go(func() {
			// It always ends with an error; the expected one is that of Close.
			_ = at.http.ServeTLS(at.listener, "", "")
		})
	}
	return nil
}

// newAddress prepares one address; the one behind the last node is the virtual one.
func (s *Front) newAddress(i int, l net.Listener) (*Address, error) {
	host, _, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		host = l.Addr().String()
	}
	name, choose := faults.VirtualAddress, s.balance
	if i < s.options.Nodes {
		name, choose = NodeName(i), func(*http.Request) int { return i }
	}
	at := &Address{
		name: name, hosts: []string{host, "localhost", "127.0.0.1", "::1", "nsx.example.com"}, listener: newListener(l),
	}
	if err := s.Show(at, faults.GoodCertificate); err != nil {
		return nil, err
	}
	at.http = &http.Server{
		Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, at, choose) }),
		TLSConfig: serverTLS(at.certificate.Load),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if secure, ok := c.(*tls.Conn); ok {
				c = secure.NetConn()
			}
			return context.WithValue(ctx, connectionKey{}, c)
		},
		// Only HTTP/1.1, as a dropped connection must hit one request alone.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ErrorLog:     log.New(io.Discard, "", 0),
	}
	return at, nil
}

// Show makes an address show another certificate. Connections that are open end with their next answer.
func (s *Front) Show(at *Address, kind faults.Certificate) error {
	certificate, err := s.authority.server(kind, at.hosts)
	if err != nil {
		return err
	}
	at.certificate.Store(certificate)
	at.listener.retire()
	return nil
}

// Addresses are all of them, the virtual one last.
func (s *Front) Addresses() []*Address {
	if s.virtual == nil {
		return s.nodes
	}
	return append(s.nodes[:len(s.nodes):len(s.nodes)], s.virtual)
}

// Address finds one by its name; nil when there is none.
func (s *Front) Address(name string) *Address {
	for _, at := range s.Addresses() {
		if at.name == name {
			return at
		}
	}
	return nil
}

// NodeName is the name of a node, counted from 0.
func NodeName(i int) string { return fmt.Sprintf("node-%d", i+1) }

// NodeIndex is the other way round; -1 when no node has that name.
func (s *Front) NodeIndex(name string) int {
	for i := range s.options.Nodes {
		if NodeName(i) == name {
			return i
		}
	}
	return -1
}

// balance chooses the node for a request to the virtual address. It passes over nodes that do not answer, as the health
// checks of a load balancer do.
func (s *Front) balance(r *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.options.VirtualAddress {
	case RoundRobin:
		node := s.answering(s.turn)
		s.turn = node + 1
		return node
	case ClusterIP:
		s.holder = s.answering(s.holder)
		return s.holder
	}
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	node, known := s.sources[source]
	if !known {
		node = s.holder + len(s.sources)
	}
	s.sources[source] = s.answering(node)
	return s.sources[source]
}

// answering is the first node from the given one on that can be reached, or the given one when none can.
func (s *Front) answering(from int) int {
	for i := range s.nodes {
		node := (from + i) % len(s.nodes)
		if s.nodes[node].listener.reached() == faults.Up {
			return node
		}
	}
	return from % len(s.nodes)
}

// ErrNoHolder refuses a failover where requests go to all nodes.
var ErrNoHolder = errors.New("a failover needs a virtual address that belongs to one node at a time")

// Failover makes the virtual address go to another node. With persistence by source, all sources known so far go there.
func (s *Front) Failover(node int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holder = node
	for source := range s.sources {
		s.sources[source] = node
	}
}
