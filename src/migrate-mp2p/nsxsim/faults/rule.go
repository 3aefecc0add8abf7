package faults

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Moments at which a rule acts.
const (
	// Before means that the request has no effect on NSX (the default).
	Before = "before"
	// After means that the request took effect, and only its answer is disturbed.
	After = "after"
)

// phases are those of the migration coordinator (coordinator.Coordinator.Phase).
var phases = []string{"idle", "precheck", "paused", "migration", "done", "rollback", "cancel"}

// Rule is one fault: which requests it is about, which of those it chooses, and what then happens. Empty fields of the
// match match everything. The package comment has a table of all keys.
type Rule struct {
	// Name identifies the rule in hit counts; by default it is "rule-<n>".
	Name string `yaml:"name" json:"name"`
	// Method is an HTTP method.
	Method string `yaml:"method" json:"method,omitempty"`
	// Path is a glob over the path without query: "*" stands for any characters, slashes too, "?" for one.
	Path string `yaml:"path" json:"path,omitempty"`
	// PathRegexp is a regular expression that must match somewhere in the path.
	PathRegexp string `yaml:"path_regexp" json:"path_regexp,omitempty"`
	// Query is a text that the raw query must contain, such as "action=start".
	Query string `yaml:"query" json:"query,omitempty"`
	// Body is a text that the request's body must contain.
	Body string `yaml:"body" json:"body,omitempty"`
	// BodyType is a resource_type or a migration type that must stand anywhere in the request's JSON body.
	BodyType string `yaml:"body_type" json:"body_type,omitempty"`
	// RequestHeaders must all be sent, each with a value that contains the given text.
	RequestHeaders map[string]string `yaml:"request_headers" json:"request_headers,omitempty"`
	// User is the name of the caller. Nothing else than the login itself happens before it is known.
	User string `yaml:"user" json:"user,omitempty"`
	// Node is the name of the answering node, such as "node-1".
	Node string `yaml:"node" json:"node,omitempty"`
	// Phase is what the migration coordinator must be at, such as "migration".
	Phase string `yaml:"phase" json:"phase,omitempty"`

	// Begins and Ends limit the rule to a time: so long after it was set, or after AfterRule first acted. Ends 0 means
	// for ever.
	Begins Duration `yaml:"begins" json:"begins,omitempty"`
	Ends   Duration `yaml:"ends" json:"ends,omitempty"`
	// AfterRule is the name of a rule that must have acted on an earlier call.
	AfterRule string `yaml:"after_rule" json:"after_rule,omitempty"`

	// Nth acts on that matching call only (1 is the first). From and To act on a range, To 0 meaning for ever.
	// Every acts on each n-th call of that range. All zero: on every call.
	Nth   int `yaml:"nth" json:"nth,omitempty"`
	From  int `yaml:"from" json:"from,omitempty"`
	To    int `yaml:"to" json:"to,omitempty"`
	Every int `yaml:"every" json:"every,omitempty"`
	// Probability, above 0 and up to 1, is the share of those calls that the rule acts on. Set.Seed decides which.
	Probability float64 `yaml:"probability" json:"probability,omitempty"`

	// When is Before or After.
	When string `yaml:"when" json:"when,omitempty"`
	// Delay is waited first, and up to Jitter on top.
	Delay  Duration `yaml:"delay" json:"delay,omitempty"`
	Jitter Duration `yaml:"jitter" json:"jitter,omitempty"`
	// Hold keeps the request until Set.Release lets it go, even when its client has gone away meanwhile.
	Hold bool `yaml:"hold" json:"hold,omitempty"`
	// Change alters NSX itself from now on.
	Change *Change `yaml:"change" json:"change,omitempty"`

	// Drop closes the connection without an answer, in the orderly way; Reset does it with a TCP reset. Hang gives no
	// answer and keeps the connection open until the client gives up or the simulator ends.
	Drop  bool `yaml:"drop" json:"drop,omitempty"`
	Reset bool `yaml:"reset" json:"reset,omitempty"`
	Hang  bool `yaml:"hang" json:"hang,omitempty"`

	// Answer is the name of one of the well-known answers (see Answers).
	Answer string `yaml:"answer" json:"answer,omitempty"`
	// Status answers with this HTTP status and the error below; 0 leaves NSX's answer as it is. An ErrorCode of 0 becomes
	// 600 for status 404, else the number of the status.
	Status    int    `yaml:"status" json:"status,omitempty"`
	ErrorCode int    `yaml:"error_code" json:"error_code,omitempty"`
	Module    string `yaml:"module" json:"module,omitempty"`
	Message   string `yaml:"message" json:"message,omitempty"`
	Details   string `yaml:"details" json:"details,omitempty"`
	// RawBody replaces the error body, for answers that are not NSX's (a proxy's HTML page). Empty means no body at
	// all.
	RawBody string `yaml:"raw_body" json:"raw_body,omitempty"`
	Empty   bool   `yaml:"empty" json:"empty,omitempty"`
	// Headers are added to the answer, for example Retry-After.
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
	// Truncate sends only so many bytes of the body: as a whole answer, or with Drop or Reset as the part that came
	// before the connection broke.
	Truncate int `yaml:"truncate" json:"truncate,omitempty"`
	// BytesPerSecond slows the body down.
	BytesPerSecond int `yaml:"bytes_per_second" json:"bytes_per_second,omitempty"`

	// Hook is called when the rule acts, after the delay and before the rest, a hold too. It can only be set from Go.
	Hook func(Call) `yaml:"-" json:"-"`
}

// Cuts tells whether the rule breaks off the connection, or never answers.
func (r Rule) Cuts() bool { return r.Drop || r.Reset || r.Hang }

// answers tells whether the rule replaces NSX's answer.
func (r Rule) answers() bool { return r.Status != 0 || r.Answer != "" || r.RawBody != "" }

// Call is a request as rules see it.
type Call struct {
	Method, Path, Query, User, Node string
	Header                          http.Header
	Body                            []byte
}

// hasType tells whether the JSON body holds an object with that resource_type or type.
func (c Call) hasType(name string) bool {
	// The text is looked for first, since decoding a large body takes long.
	var body any
	return bytes.Contains(c.Body, []byte(name)) && json.Unmarshal(c.Body, &body) == nil && holdsType(body, name)
}

func holdsType(value any, name string) bool {
	inner := func(v any) bool { return holdsType(v, name) }
	switch v := value.(type) {
	case map[string]any:
		if v["resource_type"] == name || v["type"] == name {
			return true
		}
		for _, element := range v {
			if inner(element) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, inner)
	}
	return false
}

// Duration is a time.Duration written as text ("250ms").
type Duration time.Duration

// UnmarshalYAML reads "250ms".
func (d *Duration) UnmarshalYAML(value *yaml.Node) error {
	parsed, err := time.ParseDuration(value.Value)
	if err != nil {
		return fmt.Errorf("line %d: reading a duration: %w", value.Line, err)
	}
	*d = Duration(parsed)
	return nil
}

// MarshalText writes "250ms".
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("reading a duration: %w", err)
	}
	*d = Duration(parsed)
	return nil
}

// compiled is a rule ready for matching.
type compiled struct {
	Rule
	path    *regexp.Regexp
	pattern *regexp.Regexp
}

// compile checks a rule and prepares its patterns.
func compile(r Rule) (compiled, error) {
	if r.When == "" {
		r.When = Before
	}
	if err := errors.Join(r.checkChoice(), r.checkActions()); err != nil {
		return compiled{}, err
	}
	c := compiled{Rule: r}
	var err error
	if r.Path != "" {
		glob := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(r.Path))
		if c.path, err = regexp.Compile("^" + glob + "$"); err != nil {
			return compiled{}, fmt.Errorf("reading path: %w", err)
		}
	}
	if r.PathRegexp != "" {
		if c.pattern, err = regexp.Compile(r.PathRegexp); err != nil {
			return compiled{}, fmt.Errorf("reading path_regexp: %w", err)
		}
	}
	return c, nil
}

// checkChoice finds mistakes in what the rule chooses.
func (r Rule) checkChoice() error {
	switch {
	case r.Nth < 0 || r.From < 0 || r.To < 0 || r.Every < 0:
		return errors.New("nth, from, to and every must not be negative")
	case r.Nth > 0 && (r.From > 0 || r.To > 0 || r.Every > 0):
		return errors.New("nth cannot stand together with from, to or every")
	case r.Probability < 0 || r.Probability > 1:
		return fmt.Errorf("probability is %v, not between 0 and 1", r.Probability)
	case r.Begins < 0 || r.Ends < 0:
		return errors.New("begins and ends must not be negative")
	case r.Ends > 0 && r.Ends <= r.Begins:
		return errors.New("ends must be later than begins")
	case r.AfterRule != "" && r.AfterRule == r.Name:
		return errors.New("after_rule is the rule itself")
	case r.Phase != "" && !slices.Contains(phases, r.Phase):
		return fmt.Errorf("phase %q is none of %s", r.Phase, strings.Join(phases, ", "))
	}
	return nil
}

// checkActions finds mistakes in what the rule does.
func (r Rule) checkActions() error {
	cuts := 0
	for _, set := range []bool{r.Drop, r.Reset, r.Hang} {
		if set {
			cuts++
		}
	}
	_, known := answers[r.Answer]
	switch {
	case r.When != Before && r.When != After:
		return fmt.Errorf("when is %q, not %q or %q", r.When, Before, After)
	case r.Delay < 0 || r.Jitter < 0:
		return errors.New("delay and jitter must not be negative")
	case r.Status != 0 && (r.Status < 200 || r.Status > 599):
		return fmt.Errorf("status %d is no HTTP status", r.Status)
	case cuts > 1:
		return errors.New("drop, reset and hang exclude each other")
	case cuts > 0 && r.answers() && r.Truncate == 0:
		return errors.New("drop, reset and hang exclude an answer, unless it is truncated")
	case r.Answer != "" && !known:
		return fmt.Errorf("answer %q is none of %s", r.Answer, strings.Join(Answers(), ", "))
	case r.Answer != "" && (r.Status != 0 || r.RawBody != "" || r.ErrorCode != 0 || r.Module != "" || r.Message != "" || r.Details != ""):
		return errors.New("answer excludes status, error_code, module, message, details and raw_body")
	case r.Empty && (r.RawBody != "" || r.Truncate > 0):
		return errors.New("empty excludes raw_body and truncate")
	case r.Truncate < 0 || r.BytesPerSecond < 0:
		return errors.New("truncate and bytes_per_second must not be negative")
	case r.Truncate > 0 && r.Hang:
		return errors.New("hang excludes truncate")
	case r.Truncate > 0 && r.Cuts() && r.When == Before && !r.answers():
		return errors.New("truncate with drop or reset needs an answer: NSX's own (when: after) or one of the rule")
	}
	return r.Change.Check()
}

// matches tells whether the rule is about the call, time and phase aside.
func (c *compiled) matches(call Call) bool {
	return (c.Method == "" || strings.EqualFold(c.Method, call.Method)) &&
		(c.path == nil || c.path.MatchString(call.Path)) &&
		(c.pattern == nil || c.pattern.MatchString(call.Path)) &&
		(c.Query == "" || strings.Contains(call.Query, c.Query)) &&
		(c.User == "" || c.User == call.User) &&
		(c.Node == "" || c.Node == call.Node) &&
		c.headersMatch(call.Header) &&
		(c.Body == "" || bytes.Contains(call.Body, []byte(c.Body))) &&
		(c.BodyType == "" || call.hasType(c.BodyType))
}

func (c *compiled) headersMatch(sent http.Header) bool {
	for name, text := range c.RequestHeaders {
		values := sent.Values(name)
		if !slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, text) }) {
			return false
		}
	}
	return true
}
