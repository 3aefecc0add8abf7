package director

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"syscall"
	"time"
)

// maxAnswer is what a real Director accepts of an agent over NATS; loopback HTTPS has no such limit.
const maxAnswer = 1 << 20

// agent speaks with the bosh-agent of one VM.
type agent struct {
	url    string // with user and password
	client *http.Client
}

func newAgent(url string, ca []byte) *agent {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &agent{url: url, client: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
}

// blob names a file in the agent's blob store.
type blob struct {
	Name        string `json:"name,omitempty"`
	Version     string `json:"version,omitempty"`
	SHA1        string `json:"sha1"` // by BOSH's tradition; holds a SHA-256 digest
	BlobstoreID string `json:"blobstore_id"`
}

// call sends one message and returns the agent's value.
func (a *agent) call(method string, arguments ...any) (json.RawMessage, error) {
	if arguments == nil {
		arguments = []any{}
	}
	message, err := json.Marshal(map[string]any{"method": method, "arguments": arguments, "reply_to": "director"})
	if err != nil {
		return nil, err
	}
	body, err := a.send(http.MethodPost, "/agent", bytes.NewReader(message))
	isGone := func(kind error) bool { return errors.Is(err, kind) }
	if slices.ContainsFunc([]error{syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF}, isGone) {
		return nil, fmt.Errorf("sending %s: the agent does not answer, its VM is gone", method)
	}
	if err != nil {
		return nil, fmt.Errorf("sending %s to the agent: %w", method, err)
	}
	var answer struct {
		Value     json.RawMessage
		Exception *struct{ Message string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("reading the agent's answer to %s: %w", method, err)
	}
	if answer.Exception != nil {
		return nil, fmt.Errorf("%s: the agent says: %s", method, answer.Exception.Message)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("%s: Response exceeded maximum allowed length", method)
	}
	return answer.Value, nil
}

// run calls a long action and waits for its value. When the context ends, the action is cancelled and waited for.
func (a *agent) run(ctx context.Context, method string, arguments ...any) (json.RawMessage, error) {
	value, err := a.call(method, arguments...)
	cancelled := ctx.Done()
	for id := ""; err == nil; {
		var running struct {
			ID    string `json:"agent_task_id"`
			State string `json:"state"`
		}
		// An action's own value need not be an object; then it is not running.
		if json.Unmarshal(value, &running) != nil || running.State != "running" {
			return value, nil
		}
		id = running.ID
		select {
		case <-cancelled:
			cancelled = nil
			_, err = a.call("cancel_task", id)
		case <-time.After(50 * time.Millisecond):
			value, err = a.call("get_task", id)
		}
	}
	return nil, err
}

// put stores a file under an id in the agent's blob store.
func (a *agent) put(id, path string) (blob, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return blob{}, err
	}
	if _, err := a.send(http.MethodPut, "/blobs/"+id, bytes.NewReader(content)); err != nil {
		return blob{}, fmt.Errorf("storing %s: %w", path, err)
	}
	sum := sha256.Sum256(content)
	return blob{BlobstoreID: id, SHA1: "sha256:" + hex.EncodeToString(sum[:])}, nil
}

// get copies a blob of the agent's blob store into a file, which appears whole or not at all.
func (a *agent) get(id, path string) error {
	content, err := a.send(http.MethodGet, "/blobs/"+id, nil)
	if err != nil {
		return fmt.Errorf("fetching blob %s: %w", id, err)
	}
	partial := fmt.Sprintf("%s.%d", path, time.Now().UnixNano())
	if err := os.WriteFile(partial, content, 0o644); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

func (a *agent) send(method, path string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequest(method, a.url+path, body)
	if err != nil {
		return nil, err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(response.Body)
	if closeErr := response.Body.Close(); err == nil {
		err = closeErr
	}
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s", method, path, response.Status)
	}
	return content, err
}
