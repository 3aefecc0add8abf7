// Package control serves what is the simulator's own and not NSX's: the endpoints below /_nsxsim/, by which tests and people
// disturb it, hold it, save it and restore it. They need no login, and neither faults nor limits touch them.
package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/cluster"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// NSX is what the endpoints act on.
type NSX interface {
	Faults() *faults.Set
	Store() *store.Store
	Requests() []front.Request
	Addresses() []*front.Address
	// Phase tells what the migration coordinator is at, "" where it cannot tell.
	Phase() string
	CoordinatorHeld(ctx context.Context) error
	Change(c faults.Change) error
	Backup(w io.Writer) error
	Restore(state io.Reader) error
	Upgrade(to cluster.Upgrade) error
}

// Endpoint is one of the endpoints below /_nsxsim/.
type Endpoint struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Does   string `json:"does"`

	handle func(s *control, r *http.Request, body []byte) (any, error)
}

// Endpoints lists the endpoints that are the simulator's own. They need no login, and neither faults nor limits
// touch them; the journal does not hold them.
func Endpoints() []Endpoint {
	return []Endpoint{
		{"GET", "/_nsxsim/", "this list", list},
		{"GET", "/_nsxsim/faults", "the fault rules with their counts", listFaults},
		{"PUT", "/_nsxsim/faults", "new rules in place of all (YAML or JSON list)", replaceFaults},
		{"POST", "/_nsxsim/faults", "one rule more, or another one of the same name", addFault},
		{"DELETE", "/_nsxsim/faults/{name}", "one rule less", removeFault},
		{"GET", "/_nsxsim/holds", "the requests that rules hold", holds},
		{"GET", "/_nsxsim/holds/{rule}", "those of one rule; with ?wait=30s the answer waits for one, or with &calls=2 for " +
			"more, and is 408 after that time", held},
		{"POST", "/_nsxsim/holds/{rule}", "lets them go, and all later ones of the rule; with ?later=hold these are held again", release},
		{"POST", "/_nsxsim/change", "alters NSX as the change of a fault rule does (YAML or JSON)", change},
		{"GET", "/_nsxsim/nodes", "how each address answers", nodes},
		{"PUT", "/_nsxsim/nodes/{name}", "the body is up, down or silent", node},
		{"GET", "/_nsxsim/coordinator", "what the migration coordinator is at; with ?wait=30s the answer waits until that is " +
			"held, and is 408 after that time", phase},
		{"POST", "/_nsxsim/coordinator", "the body is crash, stop, hold (what it is at does not end) or go-on", coordinator},
		{"GET", "/_nsxsim/state", "the whole state, as --save writes it", state},
		{"PUT", "/_nsxsim/state", "restores a saved state, as an NSX backup is restored", restore},
		{"POST", "/_nsxsim/backup", "the whole state, and an entry in NSX's backup history", backup},
		{"POST", "/_nsxsim/upgrade", "makes NSX a later version: version, and empty_groups to leave the Policy groups empty (YAML or JSON)", upgrade},
		{"GET", "/_nsxsim/requests", "the journal; with ?since=<seq> what came after that request", requests},
	}
}

// control is the endpoints over an NSX.
type control struct {
	NSX
	clock api.Clock
}

// New is the handler of these endpoints.
func New(nsx NSX, clock api.Clock) http.Handler {
	s := &control{NSX: nsx, clock: clock}
	mux := http.NewServeMux()
	for _, e := range Endpoints() {
		path := e.Path
		if path == front.ControlPath {
			path += "{$}"
		}
		mux.HandleFunc(e.Method+" "+path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, front.MaxBody))
			var out any
			if err == nil {
				out, err = e.handle(s, r, body)
			}
			send(w, out, err)
		})
	}
	return mux
}

// stateText is an answer that is a saved state.
type stateText []byte

func send(w http.ResponseWriter, out any, err error) {
	status, contentType := http.StatusOK, "application/json"
	var body []byte
	switch text := out.(type) {
	case stateText:
		body, contentType = text, "application/x-ndjson"
	default:
		if err == nil && out != nil {
			body, err = json.Marshal(out)
		}
	}
	if err != nil {
		status = http.StatusBadRequest
		switch {
		case errors.Is(err, faults.ErrNoRule):
			status = http.StatusNotFound
		case errors.Is(err, errTimeOver):
			status = http.StatusRequestTimeout
		}
		body, contentType = front.ErrorBody(&api.Error{Status: status, Module: front.ModuleSimulator, Message: err.Error()}), "application/json"
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	// A client that went away needs no answer.
	_, _ = w.Write(body)
}

func list(*control, *http.Request, []byte) (any, error) { return Endpoints(), nil }

func listFaults(s *control, _ *http.Request, _ []byte) (any, error) { return s.Faults().Status(), nil }

func replaceFaults(s *control, _ *http.Request, body []byte) (any, error) {
	rules, err := faults.Parse(body)
	if err != nil {
		return nil, err
	}
	return nil, s.Faults().Replace(rules)
}

func addFault(s *control, _ *http.Request, body []byte) (any, error) {
	rule, err := faults.ParseRule(body)
	if err != nil {
		return nil, err
	}
	return nil, s.Faults().Add(rule)
}

func removeFault(s *control, r *http.Request, _ []byte) (any, error) {
	return nil, s.Faults().Remove(r.PathValue("name"))
}

func holds(s *control, _ *http.Request, _ []byte) (any, error) { return s.Faults().Held(), nil }

func held(s *control, r *http.Request, _ []byte) (any, error) {
	if !r.URL.Query().Has("wait") {
		return s.Faults().HeldBy(r.Context(), r.PathValue("rule"), 0)
	}
	calls := 1
	if text := r.URL.Query().Get("calls"); text != "" {
		var err error
		if calls, err = strconv.Atoi(text); err != nil || calls < 1 {
			return nil, fmt.Errorf("waiting: calls is %q, not a number from 1", text)
		}
	}
	ctx, cancel, err := s.waiting(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return s.Faults().HeldBy(ctx, r.PathValue("rule"), calls)
}

func release(s *control, r *http.Request, _ []byte) (any, error) {
	later := r.URL.Query().Get("later")
	if later != "" && later != "hold" {
		return nil, fmt.Errorf("letting go: later is %q, not \"hold\"", later)
	}
	n, err := s.Faults().Release(r.PathValue("rule"), later == "hold")
	if err != nil {
		return nil, err
	}
	return map[string]int{"released": n}, nil
}

// errTimeOver ends a wait.
var errTimeOver = errors.New("the time is over")

// waiting is the context of a request that waits, until its time is over in the server's time.
func (s *control) waiting(r *http.Request) (context.Context, context.CancelFunc, error) {
	text := r.URL.Query().Get("wait")
	most, err := time.ParseDuration(text)
	if err != nil || most < 0 {
		return nil, nil, fmt.Errorf("waiting: wait is %q, not a time such as \"30s\"", text)
	}
	ctx, end := context.WithCancelCause(r.Context())
	timer := s.clock.AfterFunc(most, func() { end(errTimeOver) })
	return ctx, func() {
		timer.Stop()
		end(nil)
	}, nil
}

func change(s *control, _ *http.Request, body []byte) (any, error) {
	change, err := faults.ParseChange(body)
	if err != nil {
		return nil, err
	}
	return nil, s.Change(change)
}

func nodes(s *control, _ *http.Request, _ []byte) (any, error) {
	nodes := map[string]any{}
	for _, at := range s.Addresses() {
		nodes[at.Name()] = map[string]any{"url": at.URL(), "reach": at.Reach()}
	}
	return nodes, nil
}

func node(s *control, r *http.Request, body []byte) (any, error) {
	change := faults.Change{Nodes: map[string]faults.Reach{r.PathValue("name"): faults.Reach(word(body))}}
	return nil, s.Change(change)
}

func phase(s *control, r *http.Request, _ []byte) (any, error) {
	if r.URL.Query().Has("wait") {
		ctx, cancel, err := s.waiting(r)
		if err != nil {
			return nil, err
		}
		defer cancel()
		if err := s.CoordinatorHeld(ctx); err != nil {
			return nil, err
		}
	}
	return map[string]any{"phase": s.Phase()}, nil
}

func coordinator(s *control, _ *http.Request, body []byte) (any, error) {
	how := word(body)
	if how == "" {
		return nil, errors.New("changing the coordinator: the body is empty, and does not say how")
	}
	return nil, s.Change(faults.Change{Coordinator: how})
}

// word is a body of one word, which may be a JSON string.
func word(body []byte) string { return string(bytes.Trim(body, "\" \r\n\t")) }

func state(s *control, _ *http.Request, _ []byte) (any, error) {
	var state bytes.Buffer
	err := s.Store().Save(&state)
	return stateText(state.Bytes()), err
}

func restore(s *control, _ *http.Request, body []byte) (any, error) {
	return nil, s.Restore(bytes.NewReader(body))
}

func backup(s *control, _ *http.Request, _ []byte) (any, error) {
	var state bytes.Buffer
	err := s.Backup(&state)
	return stateText(state.Bytes()), err
}

func upgrade(s *control, _ *http.Request, body []byte) (any, error) {
	var to cluster.Upgrade
	decoder := yaml.NewDecoder(bytes.NewReader(body))
	decoder.KnownFields(true)
	if err := decoder.Decode(&to); err != nil {
		return nil, fmt.Errorf("reading an upgrade: %w", err)
	}
	return nil, s.Upgrade(to)
}

func requests(s *control, r *http.Request, _ []byte) (any, error) {
	since := 0
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("reading the journal: since is %q, not the number of a request", text)
		}
	}
	return slices.DeleteFunc(s.Requests(), func(r front.Request) bool { return r.Seq <= since }), nil
}
