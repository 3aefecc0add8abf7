package liar

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
)

// Proxy is a liar at work.
type Proxy struct {
	upstream *url.URL
	trust    *tls.Config
	listener net.Listener
	server   *http.Server
	served   chan error
	ca       []byte
	close    func() error

	// late serves deliveries that no client waits for.
	late   *http.Transport
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // deliveries without a client

	mu       sync.Mutex
	changed  chan struct{} // closed and replaced when something is held, kept or finished
	lies     []*told
	held     map[string][]chan struct{}
	kept     map[string][]*request
	requests []*request
}

// request is a request with what is needed to send it again. The proxy's mutex guards what the journal shows.
type request struct {
	Request
	url    url.URL // as it came, path escaped as it was
	header http.Header
}

// Start starts a proxy on a loopback port in front of the NSX at this URL (https://host:port), whose certificate the
// authorities in ca (PEM) have signed. It passes everything on until it is told to lie.
func Start(upstream string, ca []byte) (*Proxy, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, fmt.Errorf("reading the address of NSX: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("reading NSX's certificate authority: there is no certificate")
	}
	certificate, own, err := newCertificate()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a port for the proxy: %w", err)
	}
	p := &Proxy{
		upstream: target, trust: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, listener: listener, ca: own,
		served: make(chan error, 1), changed: make(chan struct{}), held: map[string][]chan struct{}{}, kept: map[string][]*request{},
	}
	p.close = sync.OnceValue(p.end)
	p.late = p.newTransport()
	p.ctx, p.cancel = context.WithCancel(context.Background())
	ways := &ways{byConnection: map[net.Conn]*http.Transport{}}
	p.server = &http.Server{
		Handler:  http.HandlerFunc(p.serve),
		ErrorLog: log.New(io.Discard, "", 0), // clients that are killed are no news
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			return context.WithValue(ctx, wayKey{}, ways.open(connection, p.newTransport()))
		},
		ConnState: func(connection net.Conn, state http.ConnState) {
			if state == http.StateClosed || state == http.StateHijacked {
				ways.end(connection)
			}
		},
	}
	secured := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	go func() { p.served <- p.server.Serve(secured) }()
	return p, nil
}

// newTransport is the way to NSX of one connection.
func (p *Proxy) newTransport() *http.Transport {
	return &http.Transport{TLSClientConfig: p.trust.Clone(), MaxConnsPerHost: 1, DisableCompression: true}
}

type wayKey struct{}

// ways are the ways to NSX of the clients' connections.
type ways struct {
	mu           sync.Mutex
	byConnection map[net.Conn]*http.Transport
}

func (w *ways) open(connection net.Conn, way *http.Transport) *http.Transport {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byConnection[connection] = way
	return way
}

func (w *ways) end(connection net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if way := w.byConnection[connection]; way != nil {
		way.CloseIdleConnections()
	}
	delete(w.byConnection, connection)
}

// URL is where the proxy listens.
func (p *Proxy) URL() string { return "https://" + p.listener.Addr().String() }

// CA is the authority that signed the proxy's certificate, in PEM.
func (p *Proxy) CA() []byte { return p.ca }

// Close ends the proxy. What is held or kept never reaches NSX any more, and what is on its way to NSX is broken off.
// Closing it again does nothing.
func (p *Proxy) Close() error { return p.close() }

func (p *Proxy) end() error {
	p.cancel()
	err := p.server.Close()
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	p.work.Wait()
	p.late.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("ending the proxy: %w", err)
	}
	return nil
}

// Tell puts lies in place of all that are in force; without any the proxy is honest. What is held or kept stays so. A
// request is told the first lie that acts; the counts of all that match go on.
func (p *Proxy) Tell(lies ...Lie) error {
	var all []*told
	for _, l := range lies {
		t, err := compile(l)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(other *told) bool { return other.Name == l.Name }) {
			return fmt.Errorf("reading the lies: two are called %q", l.Name)
		}
		all = append(all, t)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lies = all
	return nil
}

// Told is how often the lie of that name was told since Tell.
func (p *Proxy) Told(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lies {
		if l.Name == name {
			return l.acted
		}
	}
	return 0
}

// Requests are all that came so far, in the order of their arrival.
func (p *Proxy) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Request, len(p.requests))
	for i, r := range p.requests {
		all[i] = r.Request
		all[i].Delivered = slices.Clone(r.Delivered)
	}
	return all
}

// WaitHeld waits until a request is held, or kept for later, by the lie of that name.
func (p *Proxy) WaitHeld(ctx context.Context, name string) error {
	for {
		p.mu.Lock()
		found, changed := len(p.held[name])+len(p.kept[name]) > 0, p.changed
		p.mu.Unlock()
		if found {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for a request that the lie %q holds: %w", name, context.Cause(ctx))
		}
	}
}

// Release lets go on what the lie of that name holds, and says how many requests that were.
func (p *Proxy) Release(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := p.held[name]
	delete(p.held, name)
	for _, one := range waiting {
		close(one)
	}
	return len(waiting)
}

// Deliver sends what the lie of that name kept for later, one after the other, and answers with NSX's statuses; 0 stands
// for a broken connection.
func (p *Proxy) Deliver(ctx context.Context, name string) []int {
	p.mu.Lock()
	kept := p.kept[name]
	delete(p.kept, name)
	p.mu.Unlock()
	var statuses []int
	for _, r := range kept {
		status := 0
		if answer := p.deliver(ctx, r, p.late); answer != nil {
			status = answer.status
		}
		statuses = append(statuses, status)
	}
	return statuses
}

// announce wakes those who wait. The caller holds the mutex.
func (p *Proxy) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// answered is a whole answer of NSX.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func (p *Proxy) serve(w http.ResponseWriter, incoming *http.Request) {
	body, err := io.ReadAll(incoming.Body)
	if err != nil {
		return // the client is gone
	}
	r, lie := p.arrive(incoming, body)
	way, ok := incoming.Context().Value(wayKey{}).(*http.Transport)
	if !ok {
		way = p.late
	}
	if lie == nil {
		// The client's going away ends the request at NSX as it would without the proxy.
		p.reply(w, r, p.deliver(incoming.Context(), r, way))
		return
	}
	if lie.Hold && !p.hold(incoming.Context(), lie.Name) {
		p.reply(w, r, nil)
		return
	}
	own := p.send(r, lie.Name, lie.First, way)
	p.send(r, lie.Name, lie.Second, way)
	if lie.Hook != nil {
		lie.Hook(r.Request)
	}
	switch {
	case lie.Cut:
		p.reply(w, r, nil)
	case lie.Answer != nil:
		p.reply(w, r, &answered{lie.Answer.Status, lie.Answer.Header, []byte(lie.Answer.Body)})
	default:
		p.reply(w, r, own)
	}
}

// arrive writes a request into the journal, and says which lie it is told.
func (p *Proxy) arrive(incoming *http.Request, body []byte) (*request, *told) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &request{url: *incoming.URL, header: incoming.Header.Clone(), Request: Request{
		Seq: len(p.requests) + 1, Method: incoming.Method, Path: incoming.URL.Path, Query: incoming.URL.RawQuery, Body: body,
	}}
	p.requests = append(p.requests, r)
	var chosen *told
	for _, l := range p.lies {
		if l.acts(r.Request) && chosen == nil {
			chosen = l
			r.Lie = l.Name
		}
	}
	return r, chosen
}

// hold waits for Release. It answers false when there is nobody left to wait for.
func (p *Proxy) hold(ctx context.Context, name string) bool {
	released := make(chan struct{})
	p.mu.Lock()
	p.held[name] = append(p.held[name], released)
	p.announce()
	p.mu.Unlock()
	select {
	case <-released:
		return true
	case <-ctx.Done():
	case <-p.ctx.Done():
	}
	return false
}

// send delivers a request in one of the ways. Only Now has an answer.
func (p *Proxy) send(r *request, name string, how Delivery, way *http.Transport) *answered {
	switch how {
	case Now:
		return p.deliver(p.ctx, r, way)
	case Meanwhile:
		sent := make(chan struct{})
		p.work.Go(func() { p.deliver(withSent(p.ctx, sent), r, p.late) })
		<-sent
	case Later:
		p.mu.Lock()
		p.kept[name] = append(p.kept[name], r)
		p.announce()
		p.mu.Unlock()
	}
	return nil
}

// deliver sends a request to NSX and reads the whole answer; nil stands for a broken connection.
func (p *Proxy) deliver(ctx context.Context, r *request, way *http.Transport) *answered {
	answer, err := p.exchange(ctx, r, way)
	status := 0
	if err == nil {
		status = answer.status
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Delivered = append(r.Delivered, status)
	p.announce()
	return answer
}

func (p *Proxy) exchange(ctx context.Context, r *request, way *http.Transport) (answer *answered, err error) {
	defer markSent(ctx)
	target := r.url
	target.Scheme, target.Host = p.upstream.Scheme, p.upstream.Host
	// A body of its own kind keeps the transport from sending a read again by itself.
	outgoing, err := http.NewRequestWithContext(traced(ctx), r.Method, target.String(), io.NopCloser(bytes.NewReader(r.Body)))
	if err != nil {
		return nil, fmt.Errorf("building the request: %w", err)
	}
	outgoing.ContentLength = int64(len(r.Body))
	outgoing.Header = r.header.Clone()
	outgoing.Header.Del("Connection")
	response, err := way.RoundTrip(outgoing)
	if err != nil {
		return nil, fmt.Errorf("asking NSX: %w", err)
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("reading NSX's answer: %w", err)
	}
	return &answered{response.StatusCode, response.Header, body}, nil
}

// reply answers the client, or closes its connection where there is nothing to answer.
func (p *Proxy) reply(w http.ResponseWriter, r *request, answer *answered) {
	if answer == nil {
		if hijacker, ok := w.(http.Hijacker); ok {
			if connection, _, err := hijacker.Hijack(); err == nil {
				// Closing a connection is all that is wanted of it.
				_ = connection.Close()
			}
		}
		return
	}
	p.mu.Lock()
	r.Status = answer.status
	p.mu.Unlock()
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	w.Header().Del("Connection")
	if answer.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	}
	w.WriteHeader(answer.status)
	// A client that went away needs no answer.
	_, _ = w.Write(answer.body)
}
