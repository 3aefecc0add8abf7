package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/wait"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

const (
	defaultTimeout = 30 * time.Second
	defaultLimit   = 10 * time.Minute
	// serviceAccount is where the kubelet puts a pod's credentials (Kubernetes documentation, "Accessing the API from a Pod").
	serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"
)

// Options say how the API server is reached and what is read of it. One way is to be given: a kubeconfig; an API server with
// a token, a token file or a client certificate; or nothing, which means the service account of the pod that this runs in.
type Options struct {
	APIServer         string // URL
	CACertificate     string // path of a PEM file; "" for the authorities of the system
	Token             string
	TokenFile         string // path; the file may change at any time
	ClientCertificate string // path of a PEM file
	ClientKey         string // path of a PEM file
	Kubeconfig        string // path
	// ServiceAccount is the folder of a pod's own credentials ("" for the usual one).
	ServiceAccount string

	Pods      bool          // read pods as well
	Timeout   time.Duration // of one request, 0 for 30 s
	Limit     time.Duration // of one Read, 0 for 10 minutes
	UserAgent string

	Log    logrus.FieldLogger               // what is asked again, and why
	Say    func(format string, args ...any) // takes one line for the operator after each Read
	Redact func(secrets ...string)          // is told each secret before it is used
	// Pause waits before something is asked again, nil for a timer. It returns early with an error when the context ends.
	Pause func(context.Context, time.Duration) error
}

// New checks that there is one way to the API server, not two, and contacts nothing.
func New(o Options) (workloads.Platform, error) {
	if err := o.oneWay(); err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Limit == 0 {
		o.Limit = defaultLimit
	}
	if o.ServiceAccount == "" {
		o.ServiceAccount = serviceAccount
	}
	if o.Log == nil {
		quiet := logrus.New()
		quiet.SetLevel(logrus.PanicLevel)
		o.Log = quiet
	}
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	if o.Redact == nil {
		o.Redact = func(...string) {}
	}
	if o.Pause == nil {
		o.Pause = wait.For
	}
	return &platform{o}, nil
}

func (o *Options) oneWay() error {
	direct := o.CACertificate != "" || o.Token != "" || o.TokenFile != "" || o.ClientCertificate != "" || o.ClientKey != ""
	logins := 0
	for _, given := range []bool{o.Token != "", o.TokenFile != "", o.ClientCertificate != "" || o.ClientKey != ""} {
		if given {
			logins++
		}
	}
	switch {
	case o.Kubeconfig != "" && (direct || o.APIServer != ""):
		return errors.New("opening the Kubernetes API: kubernetes.kubeconfig replaces the other keys: give it alone")
	case o.APIServer == "" && direct:
		return errors.New("opening the Kubernetes API: kubernetes.api_server is missing")
	case o.APIServer != "" && logins != 1:
		return errors.New("opening the Kubernetes API: give one of kubernetes.token, kubernetes.token_file and kubernetes.client_certificate")
	case (o.ClientCertificate == "") != (o.ClientKey == ""):
		return errors.New("opening the Kubernetes API: kubernetes.client_certificate and kubernetes.client_key belong together")
	}
	return nil
}

// platform is a cluster of Kubernetes.
type platform struct{ o Options }

// Provides is true for every kind, but for pods only if they are read.
func (p *platform) Provides(k workloads.Kind) bool {
	_, known := workloads.Keys(k)
	return known && (k != workloads.PodUID || p.o.Pods)
}

// Read lists the workloads. Where the account may not list several kinds, the error names them all.
func (p *platform) Read(ctx context.Context) (workloads.Source, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.o.Limit, fmt.Errorf("the Kubernetes API has not shown everything within %s", p.o.Limit))
	defer cancel()
	way, err := p.o.access()
	if err != nil {
		return nil, fmt.Errorf("opening the Kubernetes API: %w", err)
	}
	r, err := newReader(p.o, way)
	if err != nil {
		return nil, fmt.Errorf("opening the Kubernetes API: %w", err)
	}
	cluster := workloads.NewCluster()
	var read []string
	var forbidden []error
	for _, k := range kinds {
		if k.resource == "pods" && !p.o.Pods {
			continue
		}
		items, err := r.list(ctx, k)
		var refused *Error
		switch {
		case errors.As(err, &refused) && refused.Kind == Forbidden:
			forbidden = append(forbidden, err)
			continue
		case err != nil:
			return nil, errors.Join(append(forbidden, err)...)
		}
		if k.resource == "namespaces" && len(items) == 0 {
			return nil, fmt.Errorf("listing namespaces (%s): there is none, which no cluster of Kubernetes shows: is this the API server of the cluster?", r.url(k))
		}
		for i := range items {
			k.add(cluster, &items[i])
		}
		read = append(read, count(k, items))
	}
	if len(forbidden) > 0 {
		return nil, errors.Join(forbidden...)
	}
	p.o.Say("Kubernetes API %s: %s read", way.server, strings.Join(read, ", "))
	return cluster, nil
}

func count(k kind, items []item) string {
	deleted := 0
	for _, i := range items {
		if i.deleted {
			deleted++
		}
	}
	text := fmt.Sprintf("%d %s", len(items), k.name)
	if deleted > 0 && k.resource == "namespaces" {
		text += fmt.Sprintf(" (%d of them being deleted)", deleted)
	}
	return text
}
