package apiserver

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// patience bounds what a server may take to start or to stop. It only ends what hangs.
	patience = 2 * time.Minute
	// serviceRange is where the simulator's models have their cluster IPs; the API itself has the first.
	serviceRange, firstServiceIP = "10.96.0.0/12", "10.96.0.1"
	// issuer is who signs the tokens of ServiceAccounts, as kubeadm names it.
	issuer = "https://kubernetes.default.svc.cluster.local"
)

// Options say what a server starts with. The zero value is an empty cluster.
type Options struct {
	// Programs is the folder that `scripts/kubernetes-tools` printed; empty is $MP2P_KUBERNETES.
	Programs string
	// Dir gets all files: data of etcd, keys, logs (etcd.log, kube-apiserver.log, kube-controller-manager.log). It may exist and
	// must hold no other server. Empty is a temporary folder, which Stop removes; a failed Start leaves it and names it.
	Dir string
	// Manifests are YAML documents, as `nsxsim manifests` prints them. Their objects are there from the beginning, with the uids
	// and the status that they have there. Kinds: see storage; others are an error.
	Manifests io.Reader
	// Pods is a number of further pods, in namespaces of their own (crowd-0000 and so on, 250 in each).
	Pods int
	// EtcdData is an archive that Save or Archive wrote. Manifests and Pods are added to what it holds.
	EtcdData string
	// ControllerManager runs kube-controller-manager with the controllers that give Jobs their pods, namespaces their end and
	// their ServiceAccounts, and owners' dependents theirs. Only with it is the admission plugin ServiceAccount on, which needs
	// the ServiceAccount "default" in a pod's namespace, and gives pods the volume with their token.
	ControllerManager bool
	// Flags are further ones of kube-apiserver.
	Flags []string
}

// controllers are those that a cluster without nodes can do with: others would take its pods for lost.
const controllers = "job-controller,garbage-collector-controller,namespace-controller,serviceaccount-controller," +
	"root-ca-certificate-publisher-controller,ttl-after-finished-controller"

// Server is a running API server with its etcd.
type Server struct {
	// URL is https://127.0.0.1:PORT; CAFile holds, in PEM, the CA that signed its certificate.
	URL, CAFile string
	// AdminToken may do everything (group system:masters).
	AdminToken string
	// Kubeconfig is the path of a kubeconfig with AdminToken.
	Kubeconfig string

	dir       string
	temporary bool
	ports     []port
	authority *authority
	tokens    *tokens
	client    *http.Client

	etcd             *etcd
	api, controllers *process
}

// Start starts a server and waits until it answers. The context bounds the start alone. A failed Start leaves no process
// behind; its error ends with the log of what failed.
func Start(ctx context.Context, options Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := &Server{dir: options.Dir}
	if err := s.start(ctx, options); err != nil {
		where := ""
		if s.dir != "" {
			where = " in " + s.dir
		}
		err = fmt.Errorf("starting a Kubernetes API server%s: %w", where, err)
		s.temporary = false // the logs stay
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, options Options) error {
	programs, err := findPrograms(options.Programs)
	if err != nil {
		return err
	}
	if s.dir == "" {
		s.temporary = true
		if s.dir, err = os.MkdirTemp("", "kubernetes-"); err != nil {
			return fmt.Errorf("making its folder: %w", err)
		}
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil { // the programs run in it
		return fmt.Errorf("finding its folder: %w", err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("making its folder: %w", err)
	}
	if options.EtcdData != "" {
		if err := unpack(options.EtcdData, filepath.Join(s.dir, "etcd")); err != nil {
			return err
		}
	}
	ports, err := s.reserve(3)
	if err != nil {
		return err
	}
	s.URL, s.AdminToken = ports[2].url("https"), rand.Text()
	if err := s.writeFiles(); err != nil {
		return err
	}
	if s.etcd, err = startEtcd(s.dir, programs, ports[0], ports[1]); err != nil {
		return err
	}
	if options.Manifests != nil || options.Pods > 0 {
		if err := s.load(ctx, options.Manifests, options.Pods); err != nil {
			return err
		}
	}
	if err := s.startAPI(ctx, programs, ports[2], options); err != nil {
		return err
	}
	if options.ControllerManager {
		return s.startControllers(ctx, programs)
	}
	return nil
}

// findPrograms is the folder of the programs.
func findPrograms(folder string) (string, error) {
	if folder == "" {
		folder = os.Getenv("MP2P_KUBERNETES")
	}
	if folder == "" {
		return "", errors.New("finding the programs of Kubernetes: MP2P_KUBERNETES is not set; it is the folder that scripts/kubernetes-tools prints")
	}
	if _, err := os.Stat(filepath.Join(folder, "kube-apiserver")); err != nil {
		return "", fmt.Errorf("finding the programs of Kubernetes: %w", err)
	}
	return filepath.Abs(folder)
}

func (s *Server) reserve(count int) ([]port, error) {
	for range count {
		p, err := reservePort()
		if err != nil {
			return nil, err
		}
		s.ports = append(s.ports, p)
	}
	return s.ports, nil
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// writeFiles makes keys, certificates and what names them, and begins to answer for tokens.
func (s *Server) writeFiles() (err error) {
	if s.authority, err = newAuthority(); err != nil {
		return err
	}
	certificate, key, err := s.authority.serving()
	if err != nil {
		return err
	}
	_, accountKey, err := newKey()
	if err != nil {
		return err
	}
	if s.tokens, err = serveTokens(certificate, key); err != nil {
		return err
	}
	s.CAFile, s.Kubeconfig = s.file("ca.crt"), s.file("kubeconfig")
	for name, content := range map[string][]byte{
		"ca.crt": s.authority.pem, "server.crt": certificate, "server.key": key, "accounts.key": accountKey,
		"tokens.csv":  []byte(s.AdminToken + `,admin,admin,"system:masters"` + "\n"),
		"kubeconfig":  s.Config(s.AdminToken),
		"reviews.cfg": kubeconfig(s.tokens.url, s.authority.pem, ""),
	} {
		if err := os.WriteFile(s.file(name), content, 0o600); err != nil {
			return fmt.Errorf("writing its files: %w", err)
		}
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(s.authority.certificate)
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, ForceAttemptHTTP2: true}}
	return nil
}

// load writes into etcd, whose API server must not run yet.
func (s *Server) load(ctx context.Context, manifests io.Reader, pods int) error {
	if err := s.etcd.ready(ctx); err != nil {
		return err
	}
	if manifests != nil {
		if err := load(ctx, s.etcd, manifests); err != nil {
			return err
		}
	}
	return loadCrowd(ctx, s.etcd, pods)
}

func (s *Server) startAPI(ctx context.Context, programs string, at port, options Options) (err error) {
	arguments := []string{
		"--etcd-servers=" + s.etcd.url, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", at.number),
		"--permit-port-sharing", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=" + serviceRange,
		"--cert-dir=" + s.dir, "--tls-cert-file=" + s.file("server.crt"), "--tls-private-key-file=" + s.file("server.key"),
		"--client-ca-file=" + s.CAFile, "--authorization-mode=RBAC", "--token-auth-file=" + s.file("tokens.csv"),
		"--authentication-token-webhook-config-file=" + s.file("reviews.cfg"), "--authentication-token-webhook-version=v1",
		"--authentication-token-webhook-cache-ttl=0s", "--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=" + issuer, "--service-account-key-file=" + s.file("accounts.key"),
		"--service-account-signing-key-file=" + s.file("accounts.key"),
	}
	if !options.ControllerManager {
		arguments = append(arguments, "--disable-admission-plugins=ServiceAccount")
	}
	arguments = append(arguments, options.Flags...)
	if s.api, err = startProcess(s.dir, filepath.Join(programs, "kube-apiserver"), arguments...); err != nil {
		return err
	}
	return s.waitFor(ctx, s.api, "/readyz")
}

func (s *Server) startControllers(ctx context.Context, programs string) (err error) {
	s.controllers, err = startProcess(s.dir, filepath.Join(programs, "kube-controller-manager"),
		"--kubeconfig="+s.Kubeconfig, "--authentication-kubeconfig="+s.Kubeconfig, "--authorization-kubeconfig="+s.Kubeconfig,
		"--secure-port=0", "--leader-elect=false", "--controllers="+controllers, "--root-ca-file="+s.CAFile,
	)
	if err != nil {
		return err
	}
	return s.waitFor(ctx, s.controllers, "/api/v1/namespaces/default/serviceaccounts/default") // the work of one of them
}

// waitFor waits until the API answers a GET with success, for as long as a process runs.
func (s *Server) waitFor(ctx context.Context, p *process, path string) error {
	return p.until(ctx, "waiting for "+path, func() (bool, error) {
		code, body, err := s.Do(ctx, Request{Path: path})
		if err == nil && code != http.StatusOK {
			err = fmt.Errorf("%d: %s", code, body)
		}
		return err == nil, err
	})
}

// Stop ends the server; what it held is lost with its temporary folder, and stays in a Dir of the caller's. Stopping a
// stopped one is no error.
func (s *Server) Stop() error {
	errs := []error{s.stopAll()}
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	if s.tokens != nil {
		errs = append(errs, s.tokens.server.Close())
		s.tokens = nil
	}
	for _, p := range s.ports {
		errs = append(errs, p.free())
	}
	s.ports = nil
	if s.temporary {
		s.temporary = false
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// Wait waits until the context ends, which is no error, or until a process of the server ends by itself, which is one.
func (s *Server) Wait(ctx context.Context) error {
	controllers := make(<-chan struct{}) // without them, one that never ends
	if s.controllers != nil {
		controllers = s.controllers.ended
	}
	select {
	case <-ctx.Done():
		return nil
	case <-s.etcd.ended:
		return fmt.Errorf("etcd ended by itself; its log ends:\n%s", s.etcd.tail())
	case <-s.api.ended:
		return fmt.Errorf("the API server ended by itself; its log ends:\n%s", s.api.tail())
	case <-controllers:
		return fmt.Errorf("the controllers ended by themselves; their log ends:\n%s", s.controllers.tail())
	}
}

// Pause makes the API server hang: connections are accepted by the kernel and nothing is answered, until Resume.
func (s *Server) Pause() error { return s.api.signal(syscall.SIGSTOP) }

// Resume lets a paused API server go on.
func (s *Server) Resume() error { return s.api.signal(syscall.SIGCONT) }

// Compact makes etcd forget all but what is there now, as happens in a cluster every five minutes: a list that is in the
// midst of its pages is then answered with 410. At once that is so only with the flag
// --feature-gates=ListFromCacheSnapshot=false (lists as they were before Kubernetes 1.34); the snapshots of newer servers
// last up to 15 s more.
func (s *Server) Compact(ctx context.Context) error { return s.etcd.compact(ctx) }

// AddToken makes a bearer token of a user in groups (besides system:authenticated). What it may do is up to RBAC.
func (s *Server) AddToken(name string, groups ...string) string { return s.tokens.add(name, groups) }

// RevokeToken makes a token of AddToken unknown, as an expired one is, and returns when the API server answers it with 401:
// it remembers tokens for 10 s (kubeapiserver's option TokenSuccessCacheTTL, which no flag changes).
func (s *Server) RevokeToken(ctx context.Context, token string) error {
	s.tokens.remove(token)
	return s.api.until(ctx, "revoking a token", func() (bool, error) {
		code, _, err := s.Do(ctx, Request{Path: "/api", Token: token})
		return code == http.StatusUnauthorized, err
	})
}

// ClientCertificate makes the certificate, and its key, of a user in groups, both in PEM. It is good for 24 hours.
func (s *Server) ClientCertificate(name string, groups ...string) (certificate, key []byte, err error) {
	return s.authority.client(name, groups)
}

// ServingCertificate makes the certificate, and its key, of another server on loopback of the same cluster, both in PEM.
func (s *Server) ServingCertificate() (certificate, key []byte, err error) {
	return s.authority.serving()
}

// Config is the text of a kubeconfig with a token, JSON being YAML. The CA stands in it.
func (s *Server) Config(token string) []byte { return kubeconfig(s.URL, s.authority.pem, token) }

func kubeconfig(url string, ca []byte, token string) []byte {
	type named map[string]any
	text, _ := json.MarshalIndent(map[string]any{ // strings and bytes alone, which cannot fail
		"apiVersion": "v1", "kind": "Config", "current-context": "test",
		"clusters": []named{{"name": "test", "cluster": named{"server": url, "certificate-authority-data": ca}}},
		"users":    []named{{"name": "test", "user": named{"token": token}}},
		"contexts": []named{{"name": "test", "context": named{"cluster": "test", "user": "test"}}},
	}, "", "  ")
	return append(text, '\n')
}
