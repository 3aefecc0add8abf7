package claims_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/liar"
)

// course is what happens to an errand beside the lie. Lies are told in a stretch of it only, so that each kind of
// request is lied to where it matters: in a usual run, in the rollback of one, in the recovery of a run that was told to
// end, in settling a DONE, and in sending updates again.
type course struct {
	name string
	ends int // the code without a lie
	// first is the fault of the first execution; where it acts, the stretch begins, or with next: there the execution
	// is told to end, and the stretch is the next execution. Without a fault the stretch is the whole course.
	fault *faults.Rule
	next  bool
	code  int // of the first execution, with next
}

func migration(path, query string, nth int) faults.Rule {
	return faults.Rule{Method: http.MethodPost, Path: "/api/v1/migration/" + path, Query: query, Nth: nth}
}

func refusedBy(r faults.Rule) *faults.Rule {
	r.Status, r.ErrorCode, r.Message = http.StatusBadRequest, 1, "injected"
	return &r
}

func lostAt(r faults.Rule) *faults.Rule {
	r.Drop, r.When = true, faults.After
	return &r
}

// ncpBatch is a batch in the middle of those of NCP's objects; the shared ones come first.
const ncpBatch = 15

func courses() []course {
	return []course{
		{name: "usual run", ends: run.AllPolicy},
		{name: "rollback", ends: run.AllManager, fault: refusedBy(migration("plan", "action=continue", ncpBatch))},
		{name: "recovery", ends: run.AllManager, fault: lostAt(migration("plan", "action=continue", ncpBatch)), next: true, code: run.Interrupted},
		{name: "settling DONE", ends: run.AllPolicy, fault: lostAt(migration("mp-to-policy/workflow", "action=DONE", 2)), next: true, code: run.Interrupted},
		{name: "updates again", ends: run.AllPolicy, fault: refusedBy(faults.Rule{Method: http.MethodPatch, Path: "/policy/api/v1/infra", From: 5}), next: true, code: run.Mixed},
	}
}

// begin makes a machine and plays a course up to its stretch, where the lies are told. Their Match is asked only there.
func (c course) begin(ctx context.Context, w *world, lies ...liar.Lie) (*machine, error) {
	m, err := w.newMachine()
	if err != nil {
		return m, err
	}
	var inStretch atomic.Bool
	for i, l := range lies {
		match := l.Match
		lies[i].Match = func(r liar.Request) bool { return inStretch.Load() && (match == nil || match(r)) }
	}
	page := liar.Lie{Name: "login page", Path: "^/login$", Times: liar.Always, Answer: liar.HTML(http.StatusOK)} // where a redirection leads to
	if err := m.proxy.Tell(append(lies, page)...); err != nil {
		return m, err
	}
	if c.fault == nil {
		inStretch.Store(true)
		return m, nil
	}
	stopping, stop := context.WithCancel(ctx)
	defer stop()
	rule := *c.fault
	rule.Hook = func(faults.Call) {
		switch {
		case !c.next:
			inStretch.Store(true)
		case c.code == run.Interrupted:
			stop()
		}
	}
	if err := m.fault(rule); err != nil || !c.next {
		return m, err
	}
	code, err := m.execute(stopping)
	if err != nil {
		return m, err
	}
	if code != c.code {
		return m, &unexpected{c.name, code, c.code, m.output}
	}
	inStretch.Store(true)
	return m, m.fault()
}

// unexpected says that a course went another way than it should.
type unexpected struct {
	course    string
	code, due int
	output    string
}

func (e *unexpected) Error() string {
	return fmt.Sprintf("the course %q: an execution without a lie ended in %d, not %d:\n%s", e.course, e.code, e.due, e.output)
}

// inStretch gives the requests of a course's stretch, in an undisturbed playing of it.
func (c course) inStretch(ctx context.Context, w *world) (requests []liar.Request, err error) {
	m, err := c.begin(ctx, w, liar.Lie{Name: "none", Times: liar.Always, First: liar.Now})
	defer func() {
		if closing := m.close(); err == nil {
			err = closing
		}
	}()
	if err != nil {
		return nil, err
	}
	code, err := m.execute(ctx)
	if err != nil {
		return nil, err
	}
	if code != c.ends {
		return nil, &unexpected{c.name, code, c.ends, m.output}
	}
	return slices.DeleteFunc(m.proxy.Requests(), func(r liar.Request) bool { return r.Lie == "" }), nil
}

// variable are the parts of paths that differ from object to object: UUIDs, and the id of a Policy object after the
// name of its collection where it is not the same in each run.
var variable = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)

// kindOf names what a request asks for, so that requests which ask for the same of other objects are of one kind: the
// method, the path without ids, and the names of the query's keys, with the value where that is a word of the API.
func kindOf(r liar.Request) string {
	kind := r.Method + " " + variable.ReplaceAllString(r.Path, "*")
	query, err := url.ParseQuery(r.Query)
	if err != nil {
		return kind
	}
	var keys []string
	for key, values := range query {
		if key == "action" || key == "resource_type" || key == "router_type" {
			key += "=" + values[0]
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if len(keys) > 0 {
		kind += "?" + strings.Join(keys, "&")
	}
	return kind
}
