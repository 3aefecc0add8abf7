package nsxsim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// Paths that need no login, or are the login.
const (
	pathSessionCreate  = "/api/session/create"
	pathSessionDestroy = "/api/session/destroy"
	pathControl        = "/_nsxsim/"
)

// maxBody is the largest request body: well above a hierarchical PATCH of 5000 intents.
const maxBody = 256 << 20

// answer is what goes out, unless the connection is dropped.
type answer struct {
	status  int
	body    []byte
	headers map[string]string
	dropped bool
}

// exchange is one request on its way through the server.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	body  []byte
	entry Request
	rule  *faults.Rule
}

// serve handles one HTTP request on one node: authentication, limits, faults, the route, the journal.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, node int) {
	name := s.cluster.Nodes[node].Name
	x := &exchange{w: w, r: r, entry: Request{
		Seq: s.journal.next(), Time: s.clock.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Node: name,
	}}
	var err error
	if x.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		s.send(x, failure(api.BadRequest(220, api.ModuleCommon, "The request body cannot be read.")))
		return
	}
	x.entry.BodyBytes = len(x.body)
	if strings.HasPrefix(r.URL.Path, pathControl) {
		s.control(x)
		return
	}
	if s.options.KeepBodies && r.URL.Path != pathSessionCreate {
		x.entry.Body = string(x.body)
	}
	identity, refused := s.identify(x)
	x.entry.User = identity.Name

	client := identity.Name
	if client == "" {
		client, _, _ = net.SplitHostPort(r.RemoteAddr)
	}
	if tooMuch := s.throttle.enter(client); tooMuch != nil {
		s.send(x, failure(tooMuch))
		return
	}
	defer s.throttle.leave(client)

	rule, acts := s.faults.Check(faults.Call{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, User: identity.Name, Node: name, Body: x.body,
	})
	if acts {
		x.rule = &rule
		x.entry.Fault = rule.Name
	}
	if done := s.disturb(x, faults.Before); done != nil {
		s.send(x, *done)
		return
	}
	s.wait(r.Context(), s.options.Latency)
	out := s.perform(x, identity, refused, node)
	if done := s.disturb(x, faults.After); done != nil {
		out = *done
	}
	s.send(x, out)
}

// identify authenticates the caller; the login call authenticates by its form.
func (s *Server) identify(x *exchange) (api.Identity, *api.Error) {
	if x.r.URL.Path == pathSessionCreate && x.r.Method == http.MethodPost {
		return s.guard.createSession(x.w, x.r, x.body)
	}
	return s.guard.authenticate(x.r)
}

// disturb applies the exchange's fault rule if it acts at that moment. nil means that NSX answers itself.
func (s *Server) disturb(x *exchange, when string) *answer {
	if x.rule == nil || x.rule.When != when {
		return nil
	}
	s.wait(x.r.Context(), time.Duration(x.rule.Delay))
	if x.rule.Hook != nil {
		x.rule.Hook(faults.Call{
			Method: x.r.Method, Path: x.r.URL.Path, Query: x.r.URL.RawQuery, User: x.entry.User, Node: x.entry.Node, Body: x.body,
		})
	}
	switch {
	case x.rule.Drop:
		return &answer{dropped: true}
	case x.rule.RawBody != "":
		status := x.rule.Status
		if status == 0 {
			status = http.StatusOK
		}
		return &answer{status: status, body: []byte(x.rule.RawBody), headers: x.rule.Headers}
	case x.rule.Status != 0:
		out := failure(&api.Error{
			Status: x.rule.Status, Code: x.rule.ErrorCode, Module: x.rule.Module, Message: x.rule.Message, Details: x.rule.Details,
		})
		out.headers = x.rule.Headers
		return &out
	}
	return nil
}

// perform does what the request asks for.
func (s *Server) perform(x *exchange, identity api.Identity, refused *api.Error, node int) answer {
	path := x.r.URL.Path
	switch {
	case s.closed.Load():
		return answer{dropped: true}
	case refused != nil:
		return failure(refused)
	case path == pathSessionDestroy:
		s.guard.endSession(x.r)
	}
	// Go would drop parameters with a bare semicolon, which type_filter is commonly sent with.
	query, err := url.ParseQuery(strings.ReplaceAll(x.r.URL.RawQuery, ";", "%3B"))
	if err != nil {
		return failure(api.BadRequest(220, api.ModuleCommon, "The query cannot be read: %s.", err))
	}
	route, params, found, known := s.router.lookup(x.r.Method, path, query.Get("action"))
	if !found {
		x.entry.Gap = true
		return failure(noSuchEndpoint(x.r.Method, path, known))
	}
	if x.r.Method != http.MethodGet && !route.Reads && identity.Role != api.EnterpriseAdmin {
		return failure(&api.Error{
			Status: http.StatusForbidden, Code: 289, Module: api.ModuleCommon,
			Message: fmt.Sprintf("The role '%s' of user '%s' has no permission for this operation.", identity.Role, identity.Name),
		})
	}
	at := s.cluster.Nodes[node]
	if route.OnCoordinator && !s.service.runs(at.Name) {
		return failure(&api.Error{
			Status: http.StatusInternalServerError, Code: 98, Module: api.ModuleCommon,
			Message: "The proxy cannot connect to the service MIGRATION_COORDINATOR on this node.",
		})
	}
	response, err := route.Handle(x.r.Context(), &api.Request{
		Identity: identity, Node: at.Name, NodeID: at.ID,
		Method: x.r.Method, Path: path, Params: params, Query: query, Header: x.r.Header, Body: x.body,
	})
	if err != nil {
		return failure(asAPIError(err))
	}
	return success(response)
}

// noSuchEndpoint is NSX's answer to what it does not know. Its code is ASSUMED.
func noSuchEndpoint(method, path string, known bool) *api.Error {
	e := &api.Error{
		Status: http.StatusNotFound, Code: 258, Module: api.ModuleCommon,
		Message: fmt.Sprintf("The requested URI %s could not be found.", path),
	}
	if known {
		e.Status = http.StatusMethodNotAllowed
		e.Message = fmt.Sprintf("The method %s, with this action, is not allowed on %s.", method, path)
	}
	return e
}

// asAPIError gives every error NSX's form.
func asAPIError(err error) *api.Error {
	var e *api.Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return &api.Error{Status: http.StatusServiceUnavailable, Code: 98, Module: api.ModuleCommon, Message: err.Error()}
	}
	return &api.Error{Status: http.StatusInternalServerError, Code: 99, Module: api.ModuleCommon, Message: err.Error()}
}

func failure(e *api.Error) answer {
	body, err := json.Marshal(e)
	if err != nil {
		return answer{status: http.StatusInternalServerError, body: []byte(err.Error())}
	}
	return answer{status: e.Status, body: body}
}

func success(r *api.Response) answer {
	out := answer{status: http.StatusOK}
	if r == nil {
		return out
	}
	if r.Status != 0 {
		out.status = r.Status
	}
	switch body := r.Body.(type) {
	case nil:
	case json.RawMessage:
		out.body = body
	default:
		encoded, err := json.Marshal(body)
		if err != nil {
			return failure(asAPIError(fmt.Errorf("encoding the answer: %w", err)))
		}
		out.body = encoded
	}
	return out
}

// send writes the answer, or drops the connection, and closes the journal entry. The entry is written before the
// answer leaves, so that whoever has the answer finds the entry.
func (s *Server) send(x *exchange, out answer) {
	if !out.dropped {
		x.entry.Status = out.status
	}
	s.journal.add(x.entry)
	if out.dropped {
		if hijacker, ok := x.w.(http.Hijacker); ok {
			if connection, _, err := hijacker.Hijack(); err == nil {
				// The client sees a broken connection either way.
				_ = connection.Close()
			}
		}
		return
	}
	header := x.w.Header()
	for name, value := range out.headers {
		header.Set(name, value)
	}
	if len(out.body) > 0 && header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	x.w.WriteHeader(out.status)
	// A client that went away needs no answer.
	_, _ = x.w.Write(out.body)
}
