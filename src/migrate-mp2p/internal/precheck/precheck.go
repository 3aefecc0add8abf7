package precheck

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Verdict is what a check came to.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Warn    Verdict = "warn"    // the run may start; the operator should know
	Fail    Verdict = "fail"    // the run must not start
	Skipped Verdict = "skipped" // the check does not apply, or could not look; the text says why
)

// API is what the checks ask NSX.
type API interface {
	Get(ctx context.Context, path string, out any) error
	List(ctx context.Context, path string, params url.Values, page mp.Page) (count int, err error)
	Search(ctx context.Context, f mp.Flavour, query string, page mp.Page) (total int, err error)
	SearchCount(ctx context.Context, f mp.Flavour, query string) (int, error)
	CoordinatorService(ctx context.Context) (mp.ServiceStatus, error)
	MigrationStatus(ctx context.Context) (mp.MigrationStatus, error)
}

// Input is what the checks look at.
type Input struct {
	API       API
	Platform  string
	Cluster   string // value of the ncp/cluster tag
	Strategy  string // all-down or one-by-one
	Identity  string // that we work with: a user, or the name in a client certificate
	Scope     mp.Scope
	Node      mp.Node
	Inventory *inventory.Inventory
	Now       time.Time
	Ignore    []string // names of checks whose failure does not count
	// EndWorkflow is the id of the node whose open workflow the operator lets the run end.
	EndWorkflow string
	// TakesOver says that the run takes over objects of one whose records are lost, and with them the plan that it left.
	TakesOver bool
	// Moving tells whether the object with this Manager id moves with an earlier scope of the same execution; it may be nil.
	Moving func(id string) bool
	// HalfWay finds other clusters, and shared objects, that a migration left half-way.
	HalfWay func(ctx context.Context) ([]inventory.HalfWay, error)
}

// Check is one entry of the table.
type Check struct {
	Name     string // as in migration.ignore_prechecks
	Question string
	Why      string
	Cure     string
	Never    bool // its failure can never be ignored
	// Check gives the verdict and what was found, in words. An error means that NSX could not be asked.
	Check func(ctx context.Context, in *Input) (Verdict, string, error)
}

// Result is what one check came to.
type Result struct {
	Name     string  `json:"name"`
	Question string  `json:"question"`
	Verdict  Verdict `json:"verdict"`
	Text     string  `json:"text"`
	Cure     string  `json:"cure,omitempty"`    // when something was found
	Ignored  bool    `json:"ignored,omitempty"` // failed, and ignored by name
}

// Run runs every check. The error says that Ignore holds names which cannot be ignored; then nothing was asked.
func Run(ctx context.Context, in Input) ([]Result, error) {
	if err := Ignorable(in.Ignore); err != nil {
		return nil, err
	}
	var results []Result
	for _, c := range Checks() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results = append(results, c.run(ctx, &in))
	}
	return results, nil
}

func (c *Check) run(ctx context.Context, in *Input) Result {
	verdict, text, err := c.Check(ctx, in)
	if err != nil {
		verdict, text = Fail, fmt.Sprintf("this could not be checked: %v", err)
	}
	r := Result{Name: c.Name, Question: c.Question, Verdict: verdict, Text: text}
	if verdict == Warn || verdict == Fail {
		r.Cure = c.Why + " " + c.Cure
		r.Ignored = verdict == Fail && slices.Contains(in.Ignore, c.Name)
	}
	return r
}

// Ignorable refuses names that no check has, and those of checks that must not be ignored.
func Ignorable(ignore []string) error {
	table := Checks()
	var wrong []string
	for _, name := range ignore {
		i := slices.IndexFunc(table, func(c Check) bool { return c.Name == name })
		switch {
		case i < 0:
			wrong = append(wrong, fmt.Sprintf("there is no check %q", name))
		case table[i].Never:
			wrong = append(wrong, fmt.Sprintf("check %q can never be ignored", name))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	var names []string
	for _, c := range table {
		if !c.Never {
			names = append(names, c.Name)
		}
	}
	return fmt.Errorf("reading migration.ignore_prechecks: %s; those that can be ignored are %s",
		strings.Join(wrong, ", "), strings.Join(names, ", "))
}

// some lists the first names of what was found.
func some(names []string) string { return bounded.List(names, 10) }

// each decodes the results of a search or list one by one.
func each[T any](visit func(T)) mp.Page {
	return func(results []json.RawMessage) error {
		for _, raw := range results {
			var value T
			if err := json.Unmarshal(raw, &value); err != nil {
				return fmt.Errorf("reading NSX's answer: %w", err)
			}
			visit(value)
		}
		return nil
	}
}
