package kubelet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"nsx-mp2p/e2e/apiserver"
)

// nodeName is the one node.
const nodeName = "stand-in"

// again is how long the stand-in waits before it tries once more what may come to work, as the API or a missing ConfigMap.
const again = 200 * time.Millisecond

var errNotFound = errors.New("not found")

// Options say what a node is of.
type Options struct {
	// Server is the cluster's, with its controllers (apiserver.Options.ControllerManager).
	Server *apiserver.Server
	// Dir gets the containers' root folders, logs and the volumes of claims; what lies in it from an earlier node is kept.
	Dir string
	// Images are what the node can run, by the names that pods have for them.
	Images map[string]Image
}

// Image is what a container image would hold.
type Image struct {
	// Files are copied into the root folder: path in it, file on this machine. They keep their modes.
	Files      map[string]string
	Entrypoint []string
	// User and Group are the container's unless the pod says otherwise.
	User, Group int
}

// Kubelet is the stand-in, at work.
type Kubelet struct {
	server *apiserver.Server
	dir    string
	images map[string]Image
	logs   *http.Server

	cancel context.CancelFunc
	all    sync.WaitGroup

	mu   sync.Mutex
	pods map[string]*runner // by uid, also those that have ended
}

// Start registers the node and begins to run pods. The context bounds the start alone.
func Start(ctx context.Context, options Options) (*Kubelet, error) {
	if os.Getuid() != 0 {
		return nil, errors.New("starting a node: only root can run containers")
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("starting a node: %w", err)
	}
	k := &Kubelet{server: options.Server, dir: dir, images: options.Images, pods: map[string]*runner{}}
	port, err := k.serveLogs()
	if err != nil {
		return nil, fmt.Errorf("starting a node: %w", err)
	}
	if err := k.register(ctx, port); err != nil {
		return nil, errors.Join(fmt.Errorf("starting a node: %w", err), k.logs.Close())
	}
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k.cancel = cancel
	k.all.Add(1)
	go func() {
		defer k.all.Done()
		for working.Err() == nil {
			_ = k.watch(working) // it ends when the API does, and is begun again
			sleep(working, again)
		}
	}()
	return k, nil
}

// Stop is a loss of power: all containers are killed at once and nothing is reported. Another node on the same Dir finds the
// claims' volumes as they were left; its pods are those that the API has for it.
func (k *Kubelet) Stop() error {
	k.cancel()
	k.all.Wait()
	return k.logs.Close()
}

// register makes the node, or takes over the one that is there.
func (k *Kubelet) register(ctx context.Context, port int) error {
	text := fmt.Sprintf("apiVersion: v1\nkind: Node\nmetadata:\n  name: %s\n  labels:\n    kubernetes.io/hostname: %[1]s\n    kubernetes.io/os: linux\n", nodeName)
	if err := k.server.Apply(ctx, strings.NewReader(text), false); err != nil {
		return err
	}
	return k.patch(ctx, "/api/v1/nodes/"+nodeName+"/status", map[string]any{"status": map[string]any{
		"addresses":       []map[string]any{{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": nodeName}},
		"daemonEndpoints": map[string]any{"kubeletEndpoint": map[string]any{"Port": port}},
		"conditions":      []map[string]any{{"type": "Ready", "status": "True", "reason": "StandIn", "message": ""}},
	}})
}

// watch takes all pods as they are and then their changes, until the API ends the watch.
func (k *Kubelet) watch(ctx context.Context) error {
	var now struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
		} `json:"metadata"`
		Items []*pod `json:"items"`
	}
	if err := k.get(ctx, "/api/v1/pods", &now); err != nil {
		return err
	}
	for _, p := range now.Items {
		k.take(ctx, p)
	}
	query := url.Values{"watch": {"1"}, "resourceVersion": {now.Metadata.ResourceVersion}}
	response, err := k.server.Open(ctx, apiserver.Request{Path: "/api/v1/pods?" + query.Encode()})
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // read until it failed
	for events := json.NewDecoder(response.Body); ; {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := events.Decode(&event); err != nil {
			return err
		}
		if event.Type != "ADDED" && event.Type != "MODIFIED" {
			if event.Type == "ERROR" { // the revision is too old
				return fmt.Errorf("watching pods: %s", event.Object)
			}
			continue
		}
		var p pod
		if err := json.Unmarshal(event.Object, &p); err != nil {
			return err
		}
		k.take(ctx, &p)
	}
}

// take begins to run a pod that nobody runs, and ends one that is being deleted.
func (k *Kubelet) take(ctx context.Context, p *pod) {
	if p.Spec.NodeName != "" && p.Spec.NodeName != nodeName {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r, known := k.pods[p.Metadata.UID]
	if !known {
		r = &runner{kubelet: k, pod: p, deleted: make(chan time.Duration, 1)}
		k.pods[p.Metadata.UID] = r
		k.all.Add(1)
		go func() {
			defer k.all.Done()
			r.run(ctx)
		}()
	}
	if p.Metadata.DeletionTimestamp != nil {
		r.delete(time.Duration(p.Metadata.DeletionGracePeriodSeconds) * time.Second)
	}
}

// Signal sends a signal to the running process of a pod, as if it came from its node.
func (k *Kubelet) Signal(namespace, name string, s syscall.Signal) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range k.pods {
		if r.pod.Metadata.Namespace == namespace && r.pod.Metadata.Name == name && r.process != nil {
			return r.process.Signal(s)
		}
	}
	return fmt.Errorf("sending %v to the pod %s/%s: no process of it runs", s, namespace, name)
}

// get, patch and call speak to the API as the administrator.
func (k *Kubelet) get(ctx context.Context, path string, into any) error {
	return k.call(ctx, apiserver.Request{Method: http.MethodGet, Path: path}, into)
}

func (k *Kubelet) patch(ctx context.Context, path string, change any) error {
	body, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("encoding a change of %s: %w", path, err)
	}
	request := apiserver.Request{Method: http.MethodPatch, Path: path, ContentType: "application/merge-patch+json", Body: body}
	return k.call(ctx, request, &struct{}{})
}

func (k *Kubelet) call(ctx context.Context, request apiserver.Request, into any) error {
	code, body, err := k.server.Do(ctx, request)
	if err != nil {
		return err
	}
	if code == http.StatusNotFound {
		return fmt.Errorf("%s %s: %w", request.Method, request.Path, errNotFound)
	}
	if code >= 300 {
		return fmt.Errorf("%s %s: %d: %s", request.Method, request.Path, code, body)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("reading the answer to %s %s: %w", request.Method, request.Path, err)
	}
	return nil
}

// sleep waits, but no longer than the context lasts.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
