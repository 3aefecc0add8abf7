package nsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Endpoint is one candidate manager.
type Endpoint struct {
	Address    string // host or host:port; the port is 443 unless given
	ServerName string // name expected in the certificate, when it is not the host
	Thumbprint string // SHA-256 of the leaf certificate in hex, colons allowed; replaces all other checks of it
}

// hostPort adds the default port.
func (e Endpoint) hostPort() string {
	if _, _, err := net.SplitHostPort(e.Address); err == nil {
		return e.Address
	}
	return net.JoinHostPort(trimBrackets(e.Address), "443")
}

func trimBrackets(host string) string {
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// Options say where NSX is, who we are and how gently it is to be treated. A zero limit or time-out takes the
// default that its comment names.
type Options struct {
	Managers []Endpoint // tried in this order

	Username string
	Password string

	ClientCertificate string // path of a PEM file; with ClientKey the other way to authenticate
	ClientKey         string // path of a PEM file

	CACertificate string // path of a PEM file; the system's authorities when empty
	Insecure      bool   // no verification of certificates at all
	Proxy         string // URL of an HTTP proxy; the environment's proxy settings are never used

	RequestsPerSecond float64 // 40; NSX refuses more than 100 of one user
	Concurrency       int     // 8 requests in flight; NSX refuses more than 40 of one user

	ConnectTimeout time.Duration // TCP and TLS: 10s
	RequestTimeout time.Duration // one attempt of an ordinary request: 180s
	FinishTimeout  time.Duration // workflow DONE and one rollback: 30m
	IndexTimeout   time.Duration // the search index catching up: 5m
	Patience       time.Duration // all attempts of one request together, unless it waits for the index: 3m or twice RequestTimeout, whatever is longer
	FirstPause     time.Duration // before the first repetition of a request: 500ms; later ones are longer

	// AbsentCodes are error codes that mean absence when NSX answers 404 with them, beside those that we know.
	AbsentCodes []int

	ReadOnly       bool // refuse everything but GET and the login
	AllowOverwrite bool // permit WithOverwrite to have an effect

	Logger logrus.FieldLogger // nothing is logged when nil

	// Dial opens TCP connections; tests replace it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	writeGrace time.Duration // for a write in flight when the run is told to end: 6s, since BOSH kills after 10
	attempts   int           // of a request, at most: 40; the patience of the call usually ends earlier
}

// String names the managers and nothing secret.
func (o Options) String() string { return fmt.Sprintf("nsx.Options(%d managers)", len(o.Managers)) }

// GoString is String: %#v must not print the password either.
func (o Options) GoString() string { return o.String() }

// withDefaults fills what is unset.
func (o Options) withDefaults() Options {
	if o.RequestsPerSecond == 0 {
		o.RequestsPerSecond = 40
	}
	if o.Concurrency == 0 {
		o.Concurrency = 8
	}
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&o.ConnectTimeout, 10 * time.Second},
		{&o.RequestTimeout, 180 * time.Second},
		{&o.FinishTimeout, 30 * time.Minute},
		{&o.IndexTimeout, 5 * time.Minute},
		{&o.writeGrace, 6 * time.Second},
		{&o.FirstPause, 500 * time.Millisecond},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	if o.Patience == 0 {
		o.Patience = max(leastWait, 2*o.RequestTimeout)
	}
	if o.attempts == 0 {
		o.attempts = maxAttempts
	}
	if o.Logger == nil {
		silent := logrus.New()
		silent.SetOutput(io.Discard)
		o.Logger = silent
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	return o
}

// check refuses options that no client can be made of.
func (o Options) check() error {
	var problems []error
	if len(o.Managers) == 0 {
		problems = append(problems, errors.New("no manager is given"))
	}
	for i, m := range o.Managers {
		if m.Address == "" {
			problems = append(problems, fmt.Errorf("manager %d has no address", i+1))
		}
	}
	byPassword := o.Username != "" || o.Password != ""
	byCertificate := o.ClientCertificate != "" || o.ClientKey != ""
	switch {
	case byPassword && byCertificate:
		problems = append(problems, errors.New("both a password and a client certificate are given"))
	case byPassword && (o.Username == "" || o.Password == ""):
		problems = append(problems, errors.New("user name and password belong together"))
	case byCertificate && (o.ClientCertificate == "" || o.ClientKey == ""):
		problems = append(problems, errors.New("client certificate and key belong together"))
	case !byPassword && !byCertificate:
		problems = append(problems, errors.New("neither a password nor a client certificate is given"))
	}
	if o.RequestsPerSecond < 0 || o.Concurrency < 0 {
		problems = append(problems, errors.New("requests per second and concurrency must be positive"))
	}
	for _, code := range o.AbsentCodes {
		if m := meaningOf(http.StatusNotFound, code); code <= 0 || m.kind != mp.KindNotFound && m.kind != mp.KindUnclear {
			problems = append(problems, fmt.Errorf("error code %d cannot be made to mean absence", code))
		}
	}
	if _, err := o.proxyURL(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// proxyURL parses Proxy. Its error never repeats the value, which may hold a password.
func (o Options) proxyURL() (*url.URL, error) {
	if o.Proxy == "" {
		return nil, nil
	}
	u, err := url.Parse(o.Proxy)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("the proxy is not a URL like http://proxy.example.com:3128")
	}
	return u, nil
}
