package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

const (
	pageSize = 500
	// longestPause bounds what an API server may ask for by Retry-After.
	longestPause = 30 * time.Second
	// beginnings is how often one list is begun. The API server forgets a list's beginning after 5 to 10 minutes, when etcd
	// is compacted (kube-apiserver, --etcd-compaction-interval); a second time says that the list takes longer than that.
	beginnings = 3

	protobuf   = "application/vnd.kubernetes.protobuf"
	inJSON     = "application/json"
	asMetadata = ";as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
)

// pauses are those between the attempts at one page.
var pauses = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// errSlow ends a request that takes too long.
var errSlow = errors.New("it has not answered in time")

// reader reads lists, one request at a time.
type reader struct {
	o      Options
	way    *access
	client *rest.RESTClient
}

func newReader(o Options, way *access) (*reader, error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	config := way.config
	config.GroupVersion = &schema.GroupVersion{}
	config.APIPath = "/"
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	config.ContentType = protobuf
	client, err := rest.RESTClientFor(config)
	if err != nil {
		return nil, err
	}
	return &reader{o, way, client}, nil
}

func (r *reader) url(k kind) string { return "GET " + r.way.server + k.path }

// list reads all of a kind as it was at one moment.
func (r *reader) list(ctx context.Context, k kind) ([]item, error) {
	for begun := 1; ; begun++ {
		items, err := r.pages(ctx, k)
		switch {
		case err == nil:
			return items, nil
		case !expired(err) || ctx.Err() != nil:
			return nil, r.explain(k, err)
		case begun == beginnings:
			return nil, r.explain(k, &forgotten{begun, err})
		}
		r.o.Log.WithField("path", k.path).Warnf("listing %s anew: %v", k.name, err)
	}
}

func (r *reader) pages(ctx context.Context, k kind) ([]item, error) {
	var items []item
	for next := ""; ; {
		list, err := r.page(ctx, k, next)
		if err != nil {
			return nil, err
		}
		more, after, ok := k.page(list)
		switch {
		case !ok:
			return nil, &strangeList{"it answers with a " + strings.TrimPrefix(fmt.Sprintf("%T", list), "*v1.")}
		case after != "" && after == next:
			return nil, &strangeList{"its list goes on where it went on before"}
		}
		items = append(items, more...)
		if after == "" {
			return items, nil
		}
		next = after
	}
}

// page asks for one page until it is there, or nothing is to be hoped for.
func (r *reader) page(ctx context.Context, k kind, next string) (runtime.Object, error) {
	renewed := false
	for attempt := 0; ; attempt++ {
		list, err := r.ask(ctx, k, next)
		switch {
		case err == nil:
			return list, nil
		case ctx.Err() != nil:
			return nil, &stopped{context.Cause(ctx), err}
		case apierrors.IsUnauthorized(err) && !renewed && r.way.token != nil:
			changed, readErr := r.way.token.renew()
			if readErr != nil {
				return nil, errors.Join(err, readErr)
			}
			if !changed {
				return nil, err
			}
			renewed = true
			r.o.Log.WithField("path", k.path).Warnf("asking again with the token that %s holds now: %v", r.way.from, bare(err))
			continue
		case !passing(err):
			return nil, err
		case attempt == len(pauses):
			return nil, &exhausted{attempt + 1, err}
		}
		wait := pauses[attempt]
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			wait = max(wait, min(time.Duration(seconds)*time.Second, longestPause))
		}
		r.o.Log.WithField("path", k.path).WithField("attempt", attempt+1).Warnf("asking again in %s: %v", wait, bare(err))
		if r.o.Pause(ctx, wait) != nil {
			return nil, &stopped{context.Cause(ctx), err}
		}
	}
}

// ask sends one request.
func (r *reader) ask(ctx context.Context, k kind, next string) (runtime.Object, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, r.o.Timeout, errSlow)
	defer cancel()
	ctx = klog.NewContext(ctx, logr.Discard()) // the library must not write to our output
	accept := protobuf + "," + inJSON
	if k.metadata {
		accept = protobuf + asMetadata + "," + inJSON + asMetadata
	}
	// No resourceVersion: "0" would give everything in one page, whatever the limit is (measured).
	request := r.client.Get().AbsPath(k.path).Param("limit", strconv.Itoa(pageSize)).SetHeader("Accept", accept).MaxRetries(0)
	if next != "" {
		request = request.Param("continue", next)
	}
	result := request.Do(ctx)
	if err := result.Error(); err != nil {
		if ctx.Err() != nil && errors.Is(context.Cause(ctx), errSlow) {
			return nil, errSlow
		}
		return nil, err
	}
	list, err := result.Get()
	if err != nil {
		return nil, &damaged{err}
	}
	return list, nil
}
