package front

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// Paths that need no login, or are the login.
const (
	pathSessionCreate  = "/api/session/create"
	pathSessionDestroy = "/api/session/destroy"
)

// MaxBody is the largest request body: well above a hierarchical PATCH of 5000 intents.
const MaxBody = 256 << 20

// exchange is one request on its way through the server.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	via   *Address
	node  int
	body  []byte
	entry Request
	rule  *faults.Rule
	// granted are the headers of a session that was opened for the request.
	granted http.Header
	// journaled is told when the journal has the request; nil where nobody waits for that.
	journaled func()
}

// serve handles one HTTP request that came in by one address: authentication, limits, faults, the route, the journal.
func (s *Front) serve(w http.ResponseWriter, r *http.Request, via *Address, choose func(*http.Request) int) {
	if strings.HasPrefix(r.URL.Path, ControlPath) {
		s.controls.ServeHTTP(w, r)
		return
	}
	x := &exchange{w: w, r: r, via: via, node: choose(r)}
	x.entry = Request{
		Seq: s.journal.next(), Time: s.clock.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Node: NodeName(x.node),
	}
	var err error
	if x.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody)); err != nil {
		s.send(x, failure(api.BadRequest(220, api.ModuleCommon, "The request body cannot be read.")))
		return
	}
	x.entry.BodyBytes = len(x.body)
	if s.options.KeepBodies && r.URL.Path != pathSessionCreate {
		x.entry.Body = string(x.body)
	}
	s.send(x, s.answer(x))
}

// answer finds out what goes out.
func (s *Front) answer(x *exchange) answer {
	if starting := s.notReady(); starting != nil {
		x.entry.Fault = "not ready"
		return *starting
	}
	identity, refused := s.identify(x)
	x.entry.User = identity.Name

	client := identity.Name
	if client == "" {
		client, _, _ = net.SplitHostPort(x.r.RemoteAddr)
	}
	if tooMuch := s.limiter.enter(client); tooMuch != nil {
		out := failure(tooMuch)
		if wait := s.options.Limits.RetryAfter; wait > 0 {
			seconds := (wait + time.Second - 1) / time.Second
			out.headers = map[string]string{"Retry-After": strconv.Itoa(int(seconds))}
		}
		return out
	}
	defer s.limiter.leave(client)

	if rule, acts := s.faults.Check(x.call()); acts {
		x.rule = &rule
		x.entry.Fault = rule.Name
	}
	if done := s.disturb(x, faults.Before); done != nil {
		return x.shaped(*done)
	}
	s.wait(x.lasting(), s.options.Latency)
	if cut := s.unreachable(x); cut != whole {
		return answer{cut: cut}
	}
	out := s.perform(x, identity, refused)
	if done := s.disturb(x, faults.After); done != nil {
		out = *done
	}
	return x.shaped(out)
}

// notReady is the answer while NSX starts; nil afterwards.
func (s *Front) notReady() *answer {
	if s.clock.Now().Sub(s.started) >= s.options.NotReadyFor {
		return nil
	}
	rule, _ := faults.Answer(s.options.NotReadyAnswer, "")
	return ruled(rule)
}

// identify authenticates the caller; the login call authenticates by its form.
func (s *Front) identify(x *exchange) (api.Identity, *api.Error) {
	if x.r.URL.Path == pathSessionCreate && x.r.Method == http.MethodPost {
		identity, granted, refused := s.accounts.createSession(x.r, x.node, x.body)
		x.granted = granted
		return identity, refused
	}
	identity, refused := s.accounts.authenticate(x.r, x.node)
	x.entry.Gap = refused == errToken
	return identity, refused
}

// perform does what the request asks for.
func (s *Front) perform(x *exchange, identity api.Identity, refused *api.Error) answer {
	now, ctx, leave := s.site.Enter(x.lasting())
	defer leave()
	path := x.r.URL.Path
	switch {
	case s.closed.Load():
		return answer{cut: dropped}
	case refused != nil:
		return failure(refused)
	case path == pathSessionDestroy:
		s.accounts.endSession(x.r)
	}
	for name, values := range x.granted {
		x.w.Header()[name] = values
	}
	if refused := rejected(x.r.URL.EscapedPath()); refused != nil {
		return failure(refused)
	}
	// Go would drop parameters with a bare semicolon, which type_filter is commonly sent with.
	query, err := url.ParseQuery(strings.ReplaceAll(x.r.URL.RawQuery, ";", "%3B"))
	if err != nil {
		return failure(api.BadRequest(220, api.ModuleCommon, "The query cannot be read: %s.", err))
	}
	route, params, found, known := now.Router.lookup(x.r.Method, path, query.Get("action"))
	if !found {
		x.entry.Gap = true
		return failure(noSuchEndpoint(x.r.Method, path, known))
	}
	if !permits(identity.Role, x.r.Method, route) {
		return failure(&api.Error{
			Status: http.StatusForbidden, Code: 289, Module: api.ModuleCommon,
			Message: fmt.Sprintf("The role '%s' of user '%s' has no permission for this operation.", identity.Role, identity.Name),
		})
	}
	at := now.Nodes[x.node]
	if route.OnCoordinator && !now.CoordinatorRuns(at.Name) {
		return failure(&api.Error{
			Status: http.StatusInternalServerError, Code: 98, Module: api.ModuleCommon,
			Message: "The proxy cannot connect to the service MIGRATION_COORDINATOR on this node.",
		})
	}
	response, err := route.Handle(ctx, &api.Request{
		Identity: identity, Node: at.Name, NodeID: at.ID,
		Method: x.r.Method, Path: path, Params: params, Query: heeded(query, route), Header: x.r.Header, Body: x.body,
	})
	if err != nil {
		return failure(asAPIError(err))
	}
	return success(response)
}

// heeded are those parameters of a query that a route knows; NSX ignores others (ASSUMED).
func heeded(query url.Values, route api.Route) url.Values {
	known := url.Values{}
	for name, values := range query {
		if name == "action" || slices.Contains(route.Query, name) {
			known[name] = values
		}
	}
	return known
}

// permits tells whether a role may call a route.
func permits(role api.Role, method string, route api.Route) bool {
	switch {
	case method == http.MethodGet || route.Reads || role == api.EnterpriseAdmin:
		return true
	case role == api.NetworkEngineer:
		return !route.OnCoordinator && !strings.HasPrefix(route.Pattern, "/api/v1/node/") &&
			!strings.HasPrefix(route.Pattern, "/api/v1/trust-management/")
	}
	return false
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

func failure(e *api.Error) answer { return answer{status: e.Status, body: ErrorBody(e)} }

// ErrorBody is an error as NSX writes it.
func ErrorBody(e *api.Error) []byte {
	body, err := json.Marshal(e)
	if err != nil {
		return []byte(err.Error())
	}
	return body
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

// ControlPath begins the endpoints that are the simulator's own and not NSX's.
const ControlPath = "/_nsxsim/"

// ModuleSimulator is what errors of the simulator itself name.
const ModuleSimulator = "nsxsim"
