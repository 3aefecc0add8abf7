package nsxsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"gopkg.in/yaml.v3"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// pathControl begins the endpoints that are the simulator's own and not NSX's.
const pathControl = "/_nsxsim/"

// moduleSimulator is what errors of the simulator itself name.
const moduleSimulator = "nsxsim"

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
		{"POST", "/_nsxsim/change", "alters NSX as the change of a fault rule does (YAML or JSON)", controlChange},
		{"GET", "/_nsxsim/nodes", "how each address answers", controlNodes},
		{"PUT", "/_nsxsim/nodes/{name}", "the body is up, down or silent", controlNode},
		{"GET", "/_nsxsim/coordinator", "what the migration coordinator is at", controlPhase},
		{"POST", "/_nsxsim/coordinator", "the body is crash or stop", controlCoordinator},
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
		if path == pathControl {
			path += "{$}"
		}
		mux.HandleFunc(e.Method+" "+path, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
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
		if errors.Is(err, faults.ErrNoRule) {
			status = http.StatusNotFound
		}
		body, contentType = failure(&api.Error{Status: status, Module: moduleSimulator, Message: err.Error()}).body, "application/json"
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

func controlChange(s *Server, _ *http.Request, body []byte) (any, error) {
	change, err := faults.ParseChange(body)
	if err != nil {
		return nil, err
	}
	return nil, s.Change(change)
}

func controlNodes(s *Server, _ *http.Request, _ []byte) (any, error) {
	nodes := map[string]any{}
	for _, at := range s.addresses() {
		nodes[at.name] = map[string]any{"url": at.url(), "reach": at.listener.reached()}
	}
	return nodes, nil
}

func controlNode(s *Server, r *http.Request, body []byte) (any, error) {
	change := faults.Change{Nodes: map[string]faults.Reach{r.PathValue("name"): faults.Reach(word(body))}}
	return nil, s.Change(change)
}

func controlPhase(s *Server, _ *http.Request, _ []byte) (any, error) {
	return map[string]any{"phase": s.phase()}, nil
}

func controlCoordinator(s *Server, _ *http.Request, body []byte) (any, error) {
	how := word(body)
	if how == "" {
		return nil, fmt.Errorf("changing the coordinator: the body is empty, not %s or %s", faults.CrashCoordinator, faults.StopCoordinator)
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
	return s.journal.since(since), nil
}
