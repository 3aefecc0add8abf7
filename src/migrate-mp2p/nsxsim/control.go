package nsxsim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
)

// ControlEndpoint is one of the endpoints below /_nsxsim/.
type ControlEndpoint struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Does   string `json:"does"`

	handle func(s *Server, r *http.Request, body []byte) (any, error)
}

// ControlEndpoints lists the endpoints that are the simulator's own. They need no login, and neither faults nor limits
// touch them; the journal does not hold them.
func ControlEndpoints() []ControlEndpoint {
	return []ControlEndpoint{
		{"GET", "/_nsxsim/", "this list", controlList},
		{"GET", "/_nsxsim/faults", "the fault rules with their counts", controlFaults},
		{"PUT", "/_nsxsim/faults", "new rules in place of all (YAML or JSON list)", controlReplaceFaults},
		{"POST", "/_nsxsim/faults", "one rule more, or another one of the same name", controlAddFault},
		{"DELETE", "/_nsxsim/faults/{name}", "one rule less", controlRemoveFault},
		{"GET", "/_nsxsim/holds", "the requests that rules hold", controlHolds},
		{"GET", "/_nsxsim/holds/{rule}", "those of one rule; with ?wait=30s the answer waits for one, or with &calls=2 for more, and is 408 after that time", controlHeld},
		{"POST", "/_nsxsim/holds/{rule}", "lets them go, and all later ones of the rule; with ?later=hold these are held again", controlRelease},
		{"POST", "/_nsxsim/change", "alters NSX as the change of a fault rule does (YAML or JSON)", controlChange},
		{"GET", "/_nsxsim/nodes", "how each address answers", controlNodes},
		{"PUT", "/_nsxsim/nodes/{name}", "the body is up, down or silent", controlNode},
		{"GET", "/_nsxsim/coordinator", "what the migration coordinator is at; with ?wait=30s the answer waits until that is held, and is 408 after that time", controlPhase},
		{"POST", "/_nsxsim/coordinator", "the body is crash, stop, hold (what it is at does not end) or go-on", controlCoordinator},
		{"GET", "/_nsxsim/state", "the whole state, as --save writes it", controlState},
		{"PUT", "/_nsxsim/state", "restores a saved state, as an NSX backup is restored", controlRestore},
		{"POST", "/_nsxsim/backup", "the whole state, and an entry in NSX's backup history", controlBackup},
		{"POST", "/_nsxsim/upgrade", "makes NSX a later version: version, and empty_groups to leave the Policy groups empty (YAML or JSON)", controlUpgrade},
		{"GET", "/_nsxsim/requests", "the journal; with ?since=<seq> what came after that request", controlRequests},
	}
}

// newControl is the handler of these endpoints.
func (s *Server) newControl() http.Handler {
	mux := http.NewServeMux()
	for _, e := range ControlEndpoints() {
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
			sendControl(w, out, err)
		})
	}
	return mux
}

// stateText is an answer that is a saved state.
type stateText []byte

func sendControl(w http.ResponseWriter, out any, err error) {
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

func controlList(*Server, *http.Request, []byte) (any, error) { return ControlEndpoints(), nil }

func controlFaults(s *Server, _ *http.Request, _ []byte) (any, error) { return s.faults.Status(), nil }

func controlReplaceFaults(s *Server, _ *http.Request, body []byte) (any, error) {
	rules, err := faults.Parse(body)
	if err != nil {
		return nil, err
	}
	return nil, s.faults.Replace(rules)
}

func controlAddFault(s *Server, _ *http.Request, body []byte) (any, error) {
	rule, err := faults.ParseRule(body)
	if err != nil {
		return nil, err
	}
	return nil, s.faults.Add(rule)
}

func controlRemoveFault(s *Server, r *http.Request, _ []byte) (any, error) {
	return nil, s.faults.Remove(r.PathValue("name"))
}

func controlHolds(s *Server, _ *http.Request, _ []byte) (any, error) { return s.faults.Held(), nil }

func controlHeld(s *Server, r *http.Request, _ []byte) (any, error) {
	if !r.URL.Query().Has("wait") {
		return s.faults.HeldBy(r.Context(), r.PathValue("rule"), 0)
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
	return s.faults.HeldBy(ctx, r.PathValue("rule"), calls)
}

func controlRelease(s *Server, r *http.Request, _ []byte) (any, error) {
	later := r.URL.Query().Get("later")
	if later != "" && later != "hold" {
		return nil, fmt.Errorf("letting go: later is %q, not \"hold\"", later)
	}
	n, err := s.faults.Release(r.PathValue("rule"), later == "hold")
	if err != nil {
		return nil, err
	}
	return map[string]int{"released": n}, nil
}

// errTimeOver ends a wait.
var errTimeOver = errors.New("the time is over")

// waiting is the context of a request that waits, until its time is over in the server's time.
func (s *Server) waiting(r *http.Request) (context.Context, context.CancelFunc, error) {
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

func controlChange(s *Server, _ *http.Request, body []byte) (any, error) {
	change, err := faults.ParseChange(body)
	if err != nil {
		return nil, err
	}
	return nil, s.Change(change)
}

func controlNodes(s *Server, _ *http.Request, _ []byte) (any, error) {
	nodes := map[string]any{}
	for _, at := range s.front.Addresses() {
		nodes[at.Name()] = map[string]any{"url": at.URL(), "reach": at.Reach()}
	}
	return nodes, nil
}

func controlNode(s *Server, r *http.Request, body []byte) (any, error) {
	change := faults.Change{Nodes: map[string]faults.Reach{r.PathValue("name"): faults.Reach(word(body))}}
	return nil, s.Change(change)
}

func controlPhase(s *Server, r *http.Request, _ []byte) (any, error) {
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
	return map[string]any{"phase": s.phase()}, nil
}

func controlCoordinator(s *Server, _ *http.Request, body []byte) (any, error) {
	how := word(body)
	if how == "" {
		return nil, errors.New("changing the coordinator: the body is empty, and does not say how")
	}
	return nil, s.Change(faults.Change{Coordinator: how})
}

// word is a body of one word, which may be a JSON string.
func word(body []byte) string { return string(bytes.Trim(body, "\" \r\n\t")) }

func controlState(s *Server, _ *http.Request, _ []byte) (any, error) {
	var state bytes.Buffer
	err := s.store.Save(&state)
	return stateText(state.Bytes()), err
}

func controlRestore(s *Server, _ *http.Request, body []byte) (any, error) {
	return nil, s.Restore(bytes.NewReader(body))
}

func controlBackup(s *Server, _ *http.Request, _ []byte) (any, error) {
	var state bytes.Buffer
	err := s.Backup(&state)
	return stateText(state.Bytes()), err
}

func controlUpgrade(s *Server, _ *http.Request, body []byte) (any, error) {
	var to Upgrade
	decoder := yaml.NewDecoder(bytes.NewReader(body))
	decoder.KnownFields(true)
	if err := decoder.Decode(&to); err != nil {
		return nil, fmt.Errorf("reading an upgrade: %w", err)
	}
	return nil, s.Upgrade(to)
}

func controlRequests(s *Server, r *http.Request, _ []byte) (any, error) {
	since := 0
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = strconv.Atoi(text); err != nil {
			return nil, fmt.Errorf("reading the journal: since is %q, not the number of a request", text)
		}
	}
	return s.front.Journal().Since(since), nil
}
