package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Role is an NSX role. The simulator knows those that a migration meets.
type Role string

// The roles: everything; reading only; and everything but the migration, the appliance and trust. What the last one may
// do is ASSUMED from its name, except that a promotion needs the enterprise admin (NSX admin guide).
const (
	EnterpriseAdmin Role = "enterprise_admin"
	Auditor         Role = "auditor"
	NetworkEngineer Role = "network_engineer"
)

// Roles are all of them.
var Roles = []Role{EnterpriseAdmin, Auditor, NetworkEngineer}

// Identity is the authenticated caller.
type Identity struct {
	// Name is the user or principal identity; it becomes the owner of what the caller creates.
	Name string
	Role Role
}

// Request is one authenticated call. The body has been read already.
type Request struct {
	Identity Identity
	// Node is the name of the manager node that answers, and NodeID its UUID.
	Node   string
	NodeID string
	Method string
	// Path is the decoded path with its /api/v1 or /policy/api/v1 prefix; Params holds the named parts of the
	// route's pattern ("{id}").
	Path   string
	Params map[string]string
	Query  url.Values
	Header http.Header
	Body   []byte
}

// Author is the caller as owner of a write at the given time.
func (r *Request) Author(at time.Time) store.Author {
	return store.Author{User: r.Identity.Name, At: at}
}

// Response is a success. The zero value is 200 with an empty body.
type Response struct {
	// Status is the HTTP status; 0 means 200.
	Status int
	// Body is written as JSON; nil means no body. json.RawMessage goes out as it is.
	Body any
}

// OK is a 200 with a JSON body.
func OK(body any) (*Response, error) { return &Response{Body: body}, nil }

// Empty is a success without a body.
func Empty() (*Response, error) { return &Response{}, nil }

// Error is a failure in NSX's own form (facts: error body and codes).
type Error struct {
	Status  int      `json:"-"`
	Code    int      `json:"error_code"`
	Module  string   `json:"module_name"`
	Message string   `json:"error_message"`
	Details string   `json:"details,omitempty"`
	Related []*Error `json:"related_errors,omitempty"`
	// Bare errors come from NSX's front and lack httpStatus.
	Bare bool `json:"-"`
}

// Error makes *Error a Go error.
func (e *Error) Error() string {
	return fmt.Sprintf("HTTP %d, error_code %d, %s: %s", e.Status, e.Code, e.Module, e.Message)
}

// MarshalJSON adds httpStatus, which NSX writes as a word ("BAD_REQUEST").
func (e *Error) MarshalJSON() ([]byte, error) {
	type plain Error
	if e.Bare {
		return json.Marshal((*plain)(e))
	}
	return json.Marshal(struct {
		HTTPStatus string `json:"httpStatus"`
		*plain
	}{statusWord(e.Status), (*plain)(e)})
}

// Handler answers one request. An error that is no *Error becomes a 500.
type Handler func(ctx context.Context, r *Request) (*Response, error)

// Extent says how much of an endpoint is simulated.
type Extent string

// The extents: as far as public sources tell, or a part that the notes name.
const (
	Full    Extent = "full"
	Partial Extent = "partial"
)

// Route is one endpoint. The routing table is also the coverage page, so what is written here is what users read.
type Route struct {
	Method string
	// Pattern is a path with "{name}" for one part: "/api/v1/logical-ports/{id}". Where two patterns fit, the one with
	// the literal part wins.
	Pattern string
	// Action restricts the route to requests with that ?action=; empty means requests without one, "*" any.
	Action string
	Extent Extent
	// Query are the query parameters that the route heeds, without action. Its handler sees no others, so that the
	// coverage page cannot promise less or more than there is.
	Query []string
	// Notes say what is left out, and start with "ASSUMED: " where no public source states the behaviour; behind
	// "why: " stands what speaks for it.
	Notes []string
	// Reads is true for a call that an auditor may make. GET always is.
	Reads bool
	// OnCoordinator routes need the migration coordinator's service on the answering node.
	OnCoordinator bool
	Handle        Handler
}

// Paging are the parameters that all lists have in common.
func Paging() []string {
	return []string{"cursor", "included_fields", "page_size", "sort_ascending", "sort_by"}
}

// Clock is the time as the simulator sees it.
type Clock interface {
	Now() time.Time
	// AfterFunc runs fn in its own goroutine after d, unless the Timer is stopped before.
	AfterFunc(d time.Duration, fn func()) Timer
}

// Timer is a running AfterFunc.
type Timer interface{ Stop() bool }

// RealTime is the Clock of package time (and of testing/synctest inside a bubble).
type RealTime struct{}

// Now is time.Now.
func (RealTime) Now() time.Time { return time.Now() }

// AfterFunc is time.AfterFunc.
func (RealTime) AfterFunc(d time.Duration, fn func()) Timer { return time.AfterFunc(d, fn) }

// Env is what the server gives to a Coordinator.
type Env struct {
	Store *store.Store
	Clock Clock
	// Version is the simulated NSX version, for behaviour that differs.
	Version Version
	// Restored tells that the store was put back from a backup, so that nothing is in memory of what it says was at work.
	Restored bool
}

// Coordinator is the migration coordinator behind the server. One serves the whole simulated NSX; the server only
// lets requests through (Route.OnCoordinator) on the node where its service runs.
type Coordinator interface {
	Routes() []Route
	// ServiceStarted and ServiceStopped tell that the service came up or went down on a node. What a coordinator
	// forgets by a restart, it forgets here.
	ServiceStarted(node string)
	ServiceStopped(node string)
	// Realized tells how far a Policy path is realized. ok is false when the coordinator has no say (the object is a
	// native one). Neither it nor Unrealized may be called inside a transaction of the store: a coordinator at work
	// locks itself before the store.
	Realized(path string) (how Realization, ok bool)
	// Unrealized are the paths for which Realized says something else than SUCCESS.
	Unrealized() map[string]Realization
	// Phase tells what the coordinator is at, for fault rules: "idle", "precheck", "paused", "migration", "rollback",
	// "done" or "cancel".
	Phase() string
	// Hold keeps what the coordinator is at, and what it comes to be at, from its end, until it is called with false. It
	// lasts over a restart of the service, but is not saved.
	Hold(on bool)
	// Held waits until the coordinator is at something that Hold keeps. The context's end and Close are errors.
	Held(ctx context.Context) error
	// Close stops timers. What is in the store stays and can be served again.
	Close()
}

// Realization is how far NSX is with an intent.
type Realization struct {
	// Status is SUCCESS, IN_PROGRESS, ERROR, UNINITIALIZED or UNKNOWN (consolidated_status, NSX Go SDK).
	Status string
	// Reason says why it is in ERROR.
	Reason string
}

// NewCoordinator makes a coordinator for one server.
type NewCoordinator func(env Env) (Coordinator, error)
