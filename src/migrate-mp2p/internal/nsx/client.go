package nsx

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	leastWait = 3 * time.Minute // that a request is repeated for before its error is final
	keepIdle  = 60 * time.Second
)

// Client speaks with the manager that Connect pinned. Its methods may be used by several goroutines, those of the
// coordinator included: they take turns.
type Client struct {
	options  Options
	trust    *tls.Config
	identity string
	redact   *strings.Replacer
	limiter  *limiter
	log      logrus.FieldLogger

	sent, retries, waited atomic.Int64
	indexLost             atomic.Bool // the last search failed, because the index does not work

	mu   sync.Mutex
	link *link // nil until a manager is pinned
}

// New checks the options and reads the files that they name. Nothing is sent before Connect.
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("preparing the NSX client: %w", err)
	}
	o = o.withDefaults()
	trust, err := o.trust()
	if err != nil {
		return nil, fmt.Errorf("preparing the NSX client: %w", err)
	}
	c := &Client{options: o, trust: trust, identity: o.Username, log: o.Logger, redact: redactor(o.Password)}
	if len(trust.Certificates) > 0 {
		leaf, err := x509.ParseCertificate(trust.Certificates[0].Certificate[0])
		if err != nil {
			return nil, fmt.Errorf("reading nsx.client_certificate: %w", err)
		}
		c.identity = leaf.Subject.CommonName
	}
	c.limiter = newLimiter(o.RequestsPerSecond, o.Concurrency, &c.waited)
	if o.Insecure {
		c.log.Warn("NSX CERTIFICATES ARE NOT VERIFIED (nsx.insecure): anybody in between can read the password and change the answers")
	}
	return c, nil
}

// Identity is who we are on NSX: the user name, or the common name of the client certificate.
func (c *Client) Identity() string { return c.identity }

// Stats counts what was sent so far, logins and repetitions included.
func (c *Client) Stats() Stats {
	return Stats{Requests: c.sent.Load(), Retries: c.retries.Load(), Waited: time.Duration(c.waited.Load())}
}

// Close ends idle connections. The client may not be used afterwards.
func (c *Client) Close() {
	if l := c.pinned(); l != nil {
		l.close()
	}
}

func (c *Client) pinned() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

func (c *Client) pin(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.link = l
}

// link is the way to one manager: its connections and the chain in front of them.
type link struct {
	address string // host:port
	nodeID  string // of the pinned node
	chain   http.RoundTripper
	general *http.Transport
	lane    *lane
}

func (c *Client) newLink(m Endpoint) (*link, error) {
	general, err := c.transport(m)
	if err != nil {
		return nil, err
	}
	general.MaxConnsPerHost, general.MaxIdleConnsPerHost = c.options.Concurrency, c.options.Concurrency
	single, err := c.transport(m)
	if err != nil {
		return nil, err
	}
	l := &link{address: m.hostPort(), general: general, lane: newLane(single)}

	var chain http.RoundTripper = roundTripper(func(req *http.Request) (*http.Response, error) {
		if mannerOf(req.Context()).lane {
			return l.lane.transport.RoundTrip(req)
		}
		return general.RoundTrip(req)
	})
	chain = &exchange{
		next: chain, log: c.log, redact: c.redact, absent: c.options.AbsentCodes, sent: &c.sent, writeGrace: c.options.writeGrace,
		spare: make(chan *bytes.Buffer, spareBuffers),
	}
	chain = c.limiter.over(chain)
	if c.options.Username != "" {
		chain = newSession(chain, "https://"+l.address, c.options)
	}
	chain = &retry{next: chain, log: c.log, firstPause: c.options.FirstPause, retries: &c.retries, waited: &c.waited}
	if c.options.ReadOnly {
		chain = readOnly(chain)
	}
	l.chain = chain
	return l, nil
}

func (c *Client) transport(m Endpoint) (*http.Transport, error) {
	t := &http.Transport{
		TLSClientConfig:     forManager(c.trust, m, c.options.Insecure),
		TLSHandshakeTimeout: c.options.ConnectTimeout,
		IdleConnTimeout:     keepIdle,
		DisableCompression:  true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, c.options.ConnectTimeout)
			defer cancel()
			return c.options.Dial(ctx, network, address)
		},
	}
	proxy, err := c.options.proxyURL()
	if err != nil {
		return nil, err
	}
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	return t, nil
}

func (l *link) close() {
	l.general.CloseIdleConnections()
	l.lane.transport.CloseIdleConnections()
}

// readOnly refuses to write. The login is made below it, by the session.
func readOnly(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet {
			return nil, &Error{Kind: mp.KindReadOnly, Method: req.Method, Path: pathOf(req), Message: "this command must not write; nothing was sent"}
		}
		return next.RoundTrip(req)
	})
}

// request is one call of NSX's API.
type request struct {
	method string
	path   string // not escaped
	query  url.Values
	body   any  // sent as JSON; nil sends nothing
	out    form // of a success; nil is nothing
	header http.Header
	manner manner
}

// send sends a request to the pinned manager.
func (c *Client) send(ctx context.Context, r request) error {
	l := c.pinned()
	if l == nil {
		return &Error{Kind: mp.KindUnreachable, Method: r.method, Path: r.path, Message: "no manager is connected yet"}
	}
	return c.sendOver(ctx, l, r)
}

func (c *Client) sendOver(ctx context.Context, l *link, r request) error {
	if r.manner.timeout == 0 {
		r.manner.timeout = c.options.RequestTimeout
	}
	if r.manner.patience == 0 {
		r.manner.patience = c.options.Patience
	}
	if r.manner.attempts == 0 {
		r.manner.attempts = c.options.attempts
	}
	var body io.Reader = http.NoBody
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return fmt.Errorf("building the body of %s %s: %w", r.method, r.path, err)
		}
		body = bytes.NewReader(encoded)
	}
	target := url.URL{Scheme: "https", Host: l.address, Path: r.path, RawQuery: r.query.Encode()}
	if r.manner.expects = r.out; r.out == nil {
		r.manner.expects = nothing{}
	}
	req, err := http.NewRequestWithContext(withManner(ctx, r.manner), r.method, target.String(), body)
	if err != nil {
		return fmt.Errorf("building %s %s: %w", r.method, r.path, err)
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	resp, err := l.chain.RoundTrip(req)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			c.explain(e)
		}
		return err
	}
	// The chain has read the answer into r.out. A page keeps the body, for what refers to it.
	if page, ok := r.out.(*listing); ok {
		page.body = resp.Body
		return nil
	}
	return resp.Body.Close()
}

// redactor takes the password out of texts, in every spelling that an echo of a request may have.
func redactor(password string) *strings.Replacer {
	if password == "" {
		return strings.NewReplacer()
	}
	spellings := []string{password, url.QueryEscape(password), url.PathEscape(password), html.EscapeString(password)}
	if quoted, err := json.Marshal(password); err == nil {
		spellings = append(spellings, string(quoted[1:len(quoted)-1]))
	}
	var pairs []string
	for _, s := range spellings {
		pairs = append(pairs, s, "***")
	}
	return strings.NewReplacer(pairs...)
}

// explain adds the cure that only the client knows.
func (c *Client) explain(e *Error) {
	if e.Kind == mp.KindNotOwner {
		e.Hint = "we are " + c.identity + "; only the owner that NSX names may change the object, or an Enterprise Admin with nsx.allow_overwrite"
	}
}

// Stats counts what a client did, for the report.
type Stats struct {
	Requests int64
	Retries  int64
	Waited   time.Duration // held back by the limiter or by NSX
}
