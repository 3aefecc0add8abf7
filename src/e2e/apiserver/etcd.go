package apiserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
)

// etcd is a running etcd of one member. It is spoken to through its gateway from JSON to gRPC (POST /v3/kv/put, see the page
// "gRPC gateway" of etcd's documentation), which needs no client of etcd's.
type etcd struct {
	*process
	url    string
	client *http.Client
}

// startEtcd starts etcd on two reserved ports with the data in dir/etcd. It may not answer yet.
func startEtcd(dir, programs string, client, peer port) (*etcd, error) {
	p, err := startProcess(dir, filepath.Join(programs, "etcd"),
		"--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync", "--socket-reuse-port", "--log-level=warn",
		"--listen-client-urls="+client.url("http"), "--advertise-client-urls="+client.url("http"),
		"--listen-peer-urls="+peer.url("http"), "--initial-advertise-peer-urls="+peer.url("http"), "--initial-cluster=default="+peer.url("http"),
		"--quota-backend-bytes=8589934592",
	)
	if err != nil {
		return nil, err
	}
	return &etcd{process: p, url: client.url("http"), client: &http.Client{Transport: &http.Transport{}}}, nil
}

// ready waits until etcd has a leader and answers.
func (e *etcd) ready(ctx context.Context) error {
	return e.until(ctx, "waiting for etcd", func() (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url+"/health", nil)
		if err != nil {
			return false, err
		}
		response, err := e.client.Do(request)
		if err != nil {
			return false, err
		}
		return response.StatusCode == http.StatusOK, response.Body.Close()
	})
}

// call sends a request of the gateway and decodes its answer.
func (e *etcd) call(ctx context.Context, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding a request to etcd: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("making a request to etcd: %w", err)
	}
	response, err := e.client.Do(request)
	if err != nil {
		return fmt.Errorf("calling etcd: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end, or given up
	if text, err = io.ReadAll(response.Body); err != nil {
		return fmt.Errorf("reading the answer of etcd to %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s of etcd: %s: %s", path, response.Status, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("reading the answer of etcd to %s: %w", path, err)
	}
	return nil
}

// put writes one key. Each object is a write of its own, as those of an API server are: objects of one transaction would
// have one resourceVersion.
func (e *etcd) put(ctx context.Context, key string, value []byte) error {
	var answer struct{}
	body := struct { // base64 in the gateway's JSON, as bytes are in Go's
		Key   []byte `json:"key"`
		Value []byte `json:"value"`
	}{[]byte(key), value}
	return e.call(ctx, "/v3/kv/put", body, &answer)
}

// compact forgets all revisions but the newest. The API server compacts every five minutes and notes the revision under the
// key compact_rev_key, by which its cache forgets, too (k8s.io/apiserver, pkg/storage/etcd3/compact.go).
func (e *etcd) compact(ctx context.Context) error {
	var now struct {
		Header struct {
			Revision string `json:"revision"` // an int64, which JSON has as a string here
		} `json:"header"`
	}
	if err := e.call(ctx, "/v3/kv/range", map[string]any{"key": []byte(compactKey)}, &now); err != nil {
		return err
	}
	if err := e.put(ctx, compactKey, []byte(now.Header.Revision)); err != nil {
		return err
	}
	var answer struct{}
	return e.call(ctx, "/v3/kv/compaction", map[string]any{"revision": now.Header.Revision, "physical": true}, &answer)
}

const compactKey = "compact_rev_key"
