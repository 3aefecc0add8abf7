package faults

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
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

// Rule is one fault. Empty fields of the match match everything.
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
	// User is the name of the caller. Nothing else than the login itself happens before it is known.
	User string `yaml:"user" json:"user,omitempty"`
	// Node is the name of the answering node, such as "node-1".
	Node string `yaml:"node" json:"node,omitempty"`

	// Nth acts on that matching call only (1 is the first). From and To act on a range, To 0 meaning for ever.
	// Every acts on each n-th call of that range. All zero: on every call.
	Nth   int `yaml:"nth" json:"nth,omitempty"`
	From  int `yaml:"from" json:"from,omitempty"`
	To    int `yaml:"to" json:"to,omitempty"`
	Every int `yaml:"every" json:"every,omitempty"`

	// When is Before or After.
	When string `yaml:"when" json:"when,omitempty"`
	// Delay is waited first.
	Delay Duration `yaml:"delay" json:"delay,omitempty"`
	// Drop closes the connection without an answer.
	Drop bool `yaml:"drop" json:"drop,omitempty"`
	// Status answers with this HTTP status and the error below; 0 leaves NSX's answer as it is.
	Status    int    `yaml:"status" json:"status,omitempty"`
	ErrorCode int    `yaml:"error_code" json:"error_code,omitempty"`
	Module    string `yaml:"module" json:"module,omitempty"`
	Message   string `yaml:"message" json:"message,omitempty"`
	Details   string `yaml:"details" json:"details,omitempty"`
	// RawBody replaces the error body, for answers that are not NSX's (a proxy's HTML page).
	RawBody string `yaml:"raw_body" json:"raw_body,omitempty"`
	// Headers are added to the answer, for example Retry-After.
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
	// Hook is called when the rule acts, after the delay and before the rest. It can only be set from Go.
	Hook func(Call) `yaml:"-" json:"-"`
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

// Call is a request as rules see it.
type Call struct {
	Method, Path, Query, User, Node string
	Body                            []byte
}

// Status is a rule with its counts.
type Status struct {
	Rule
	// Matched counts the calls that the rule matched, Acted those that it disturbed.
	Matched int `json:"matched"`
	Acted   int `json:"acted"`
}

// Set is a list of rules with their counts. All methods may be called from several goroutines.
type Set struct {
	mu    sync.Mutex
	rules []*counted
}

type counted struct {
	Rule
	path    *regexp.Regexp
	pattern *regexp.Regexp
	matched int
	acted   int
}

// Parse reads a YAML (or JSON) list of rules. Unknown keys are errors.
func Parse(text []byte) ([]Rule, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var rules []Rule
	if err := decoder.Decode(&rules); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading fault rules: %w", err)
	}
	return rules, nil
}

// Replace puts new rules in place of all. When one is bad the old ones stay.
func (s *Set) Replace(rules []Rule) error {
	fresh := make([]*counted, 0, len(rules))
	for i, r := range rules {
		if r.Name == "" {
			r.Name = fmt.Sprintf("rule-%d", i+1)
		}
		if slices.ContainsFunc(fresh, func(c *counted) bool { return c.Name == r.Name }) {
			return fmt.Errorf("setting fault rules: two are named %q", r.Name)
		}
		c, err := compile(r)
		if err != nil {
			return fmt.Errorf("setting fault rule %q: %w", r.Name, err)
		}
		fresh = append(fresh, c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range fresh {
		for _, old := range s.rules {
			if old.Name == c.Name {
				c.matched, c.acted = old.matched, old.acted
			}
		}
	}
	s.rules = fresh
	return nil
}

func compile(r Rule) (*counted, error) {
	if r.When == "" {
		r.When = Before
	}
	if r.When != Before && r.When != After {
		return nil, fmt.Errorf("when is %q, not %q or %q", r.When, Before, After)
	}
	if r.Nth < 0 || r.From < 0 || r.To < 0 || r.Every < 0 {
		return nil, errors.New("nth, from, to and every must not be negative")
	}
	if r.Nth > 0 && (r.From > 0 || r.To > 0 || r.Every > 0) {
		return nil, errors.New("nth cannot stand together with from, to or every")
	}
	if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
		return nil, fmt.Errorf("status %d is no HTTP status", r.Status)
	}
	if r.Drop && r.Status != 0 {
		return nil, errors.New("drop and status exclude each other")
	}
	c := &counted{Rule: r}
	if r.Path != "" {
		glob := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(r.Path))
		compiled, err := regexp.Compile("^" + glob + "$")
		if err != nil {
			return nil, fmt.Errorf("reading path: %w", err)
		}
		c.path = compiled
	}
	if r.PathRegexp != "" {
		compiled, err := regexp.Compile(r.PathRegexp)
		if err != nil {
			return nil, fmt.Errorf("reading path_regexp: %w", err)
		}
		c.pattern = compiled
	}
	return c, nil
}

// Check counts a call and returns the rule that acts on it, if any.
func (s *Set) Check(call Call) (Rule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var acting *counted
	for _, c := range s.rules {
		if !c.matches(call) {
			continue
		}
		c.matched++
		if acting == nil && c.chosen() {
			acting = c
		}
	}
	if acting == nil {
		return Rule{}, false
	}
	acting.acted++
	return acting.Rule, true
}

func (c *counted) matches(call Call) bool {
	return (c.Method == "" || strings.EqualFold(c.Method, call.Method)) &&
		(c.path == nil || c.path.MatchString(call.Path)) &&
		(c.pattern == nil || c.pattern.MatchString(call.Path)) &&
		(c.Query == "" || strings.Contains(call.Query, c.Query)) &&
		(c.User == "" || c.User == call.User) &&
		(c.Node == "" || c.Node == call.Node) &&
		(c.Body == "" || bytes.Contains(call.Body, []byte(c.Body)))
}

// chosen tells whether the rule acts on the call that was counted last.
func (c *counted) chosen() bool {
	if c.Nth > 0 {
		return c.matched == c.Nth
	}
	from := max(c.From, 1)
	if c.matched < from || c.To > 0 && c.matched > c.To {
		return false
	}
	return c.Every == 0 || (c.matched-from+1)%c.Every == 0
}

// Status returns the rules with their counts.
func (s *Set) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.rules))
	for _, c := range s.rules {
		list = append(list, Status{Rule: c.Rule, Matched: c.matched, Acted: c.acted})
	}
	return list
}
