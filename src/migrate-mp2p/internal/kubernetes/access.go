package kubernetes

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/flowcontrol"
)

// largest bounds one answer; a page of 500 objects has a few MiB.
const largest = 256 << 20

// access is one way to the API server, with its credentials as they are at this moment.
type access struct {
	config    *rest.Config
	server    string // URL, as the configuration gives it
	from      string // the key that gave the credentials
	authority string // the key that gives the certificates to trust
	token     *token // nil where a client certificate or a password logs in
}

// token is a bearer token that may come from a file.
type token struct {
	file   string // "" for one that does not change
	redact func(...string)

	mu    sync.Mutex
	value string
}

// renew reads the file again; changed says whether the token is another one now.
func (t *token) renew() (changed bool, err error) {
	if t.file == "" {
		return false, nil
	}
	data, err := os.ReadFile(t.file)
	if err != nil {
		return false, fmt.Errorf("reading the token: %w", err)
	}
	value := strings.TrimSpace(string(data))
	if value == "" {
		return false, fmt.Errorf("reading the token: %s is empty", t.file)
	}
	t.redact(value)
	t.mu.Lock()
	defer t.mu.Unlock()
	changed = value != t.value
	t.value = value
	return changed, nil
}

func (t *token) reveal() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.value
}

// access reads the credentials.
func (o *Options) access() (*access, error) {
	var a *access
	var err error
	switch {
	case o.Kubeconfig != "":
		a, err = o.fromKubeconfig()
	case o.APIServer != "":
		a, err = o.direct()
	default:
		a, err = o.inCluster()
	}
	if err != nil {
		return nil, err
	}
	if err := o.readToken(a); err != nil {
		return nil, err
	}
	o.Redact(a.config.Password, string(a.config.KeyData))
	address, err := url.Parse(a.config.Host)
	if err != nil || address.User != nil {
		return nil, fmt.Errorf("reading the address of the API server from %s: it is no URL without a login in it", a.from) // which is secret
	}
	a.server = strings.TrimSuffix(a.config.Host, "/")
	a.config.UserAgent = o.UserAgent
	a.config.WarningHandler = rest.NoWarnings{}
	// One request is in flight at any time: its answer is what holds us back, not a limit of ours.
	a.config.RateLimiter = flowcontrol.NewFakeAlwaysRateLimiter()
	a.config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &exchange{next: next, token: a.token} })
	return a, nil
}

// direct is the way by an API server's address.
func (o *Options) direct() (*access, error) {
	a := &access{config: &rest.Config{Host: o.APIServer}, authority: "kubernetes.ca_certificate"}
	if err := load(o.CACertificate, a.authority, &a.config.CAData); err != nil {
		return nil, err
	}
	switch {
	case o.TokenFile != "":
		a.config.BearerTokenFile, a.from = o.TokenFile, "kubernetes.token_file"
	case o.Token != "":
		a.config.BearerToken, a.from = o.Token, "kubernetes.token"
	default:
		a.from = "kubernetes.client_certificate"
		if err := load(o.ClientCertificate, a.from, &a.config.CertData); err != nil {
			return nil, err
		}
		return a, load(o.ClientKey, "kubernetes.client_key", &a.config.KeyData)
	}
	return a, nil
}

// load reads a file unless there is none to read.
func load(path, key string, into *[]byte) error {
	if path == "" {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", key, err)
	}
	*into = data
	return nil
}

// inCluster is the way of a pod (Kubernetes documentation, "Accessing the Kubernetes API from a Pod").
func (o *Options) inCluster() (*access, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("no way to it is given, and this is no pod of the cluster: give kubernetes.kubeconfig, or kubernetes.api_server and credentials")
	}
	authority := filepath.Join(o.ServiceAccount, "ca.crt")
	a := &access{config: &rest.Config{Host: "https://" + net.JoinHostPort(host, port)}, from: "the pod's service account", authority: authority}
	a.config.BearerTokenFile = filepath.Join(o.ServiceAccount, "token")
	return a, load(authority, a.from, &a.config.CAData)
}

// fromKubeconfig is the way that a kubeconfig's current context names. Programs that it names are not run.
func (o *Options) fromKubeconfig() (*access, error) {
	raw, err := (&clientcmd.ClientConfigLoadingRules{ExplicitPath: o.Kubeconfig}).Load()
	if err != nil {
		return nil, fmt.Errorf("reading kubernetes.kubeconfig: %w", err)
	}
	for _, user := range raw.AuthInfos {
		o.Redact(user.Token, user.Password, string(user.ClientKeyData))
	}
	config, err := clientcmd.NewDefaultClientConfig(*raw, &clientcmd.ConfigOverrides{}).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, fmt.Errorf("reading kubernetes.kubeconfig %s: it names no API server: is it empty?", o.Kubeconfig)
	}
	if err != nil {
		return nil, fmt.Errorf("reading kubernetes.kubeconfig %s: %w", o.Kubeconfig, err)
	}
	if config.ExecProvider != nil || config.AuthProvider != nil {
		return nil, fmt.Errorf("reading kubernetes.kubeconfig %s: its user logs in by a program or a plugin, which is not run here: give a token, a token file or a client certificate", o.Kubeconfig)
	}
	if strings.HasPrefix(config.Host, "http://") {
		return nil, fmt.Errorf("reading kubernetes.kubeconfig %s: its API server is %s: credentials are sent by https only", o.Kubeconfig, config.Host)
	}
	if config.Insecure {
		o.Log.Warnf("kubernetes.kubeconfig asks not to verify the API server's certificate")
	}
	a := &access{config: config, from: "kubernetes.kubeconfig", authority: "kubernetes.kubeconfig"}
	for _, file := range []struct {
		path string
		into *[]byte
	}{{config.CAFile, &config.CAData}, {config.CertFile, &config.CertData}, {config.KeyFile, &config.KeyData}} {
		if len(*file.into) > 0 {
			continue
		}
		if err := load(file.path, a.from, file.into); err != nil {
			return nil, err
		}
	}
	config.CAFile, config.CertFile, config.KeyFile = "", "", ""
	return a, nil
}

// readToken takes the token out of the client's own configuration, since we have to know when to read it again.
func (o *Options) readToken(a *access) error {
	c := a.config
	if c.BearerToken == "" && c.BearerTokenFile == "" {
		return nil
	}
	a.token = &token{file: c.BearerTokenFile, value: strings.TrimSpace(c.BearerToken), redact: o.Redact}
	o.Redact(a.token.value)
	c.BearerToken, c.BearerTokenFile = "", ""
	if _, err := a.token.renew(); err != nil {
		return fmt.Errorf("reading %s: %w", a.from, err)
	}
	return nil
}

// exchange logs in, and takes answers of the API only.
type exchange struct {
	next  http.RoundTripper
	token *token
}

func (e *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	if e.token != nil {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", "Bearer "+e.token.reveal())
	}
	resp, err := e.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	// No API server sends a list elsewhere, and the credentials must not follow.
	if resp.StatusCode/100 == 3 {
		return nil, errors.Join(&strange{resp.StatusCode, "a redirection"}, resp.Body.Close())
	}
	switch media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); media {
	case "application/json", "application/vnd.kubernetes.protobuf":
	case "text/plain", "":
		if resp.StatusCode/100 == 2 {
			return nil, errors.Join(&strange{resp.StatusCode, "plain text"}, resp.Body.Close())
		}
	default:
		return nil, errors.Join(&strange{resp.StatusCode, media}, resp.Body.Close())
	}
	resp.Body = &bounded{ReadCloser: resp.Body, left: largest}
	return resp, nil
}

// strange is an answer that no API server gives.
type strange struct {
	status int
	media  string
}

func (s *strange) Error() string {
	return fmt.Sprintf("it answers %d with %s, as a proxy or a login page does", s.status, s.media)
}

// bounded fails rather than fill the memory.
type bounded struct {
	io.ReadCloser
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer is larger than %d MiB", largest>>20)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
