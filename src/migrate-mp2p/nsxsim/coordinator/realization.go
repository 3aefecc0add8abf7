package coordinator

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Statuses of an intent's realization ("NSX Go SDK", ConsolidatedStatus).
const (
	realizationSuccess    = "SUCCESS"
	realizationInProgress = "IN_PROGRESS"
	realizationError      = "ERROR"
	realizationNone       = "UNINITIALIZED"
)

// Unrealized says which promoted intents DONE leaves behind, and how.
type Unrealized struct {
	// Paths is a glob over the Policy path: "*" stands for any characters, slashes too, "?" for one.
	Paths string
	// Reason leaves the intents in ERROR, with this text; empty, they are late: IN_PROGRESS.
	Reason string
	// For is how long they are late; 0 means for ever.
	For time.Duration
}

// ParseUnrealized reads GLOB=error, GLOB=error:REASON, GLOB=late or GLOB=late:DURATION.
func ParseUnrealized(text string) (Unrealized, error) {
	at := strings.LastIndex(text, "=")
	if at <= 0 {
		return Unrealized{}, fmt.Errorf("reading %q: it is not GLOB=error or GLOB=late", text)
	}
	u := Unrealized{Paths: text[:at]}
	how, more, told := strings.Cut(text[at+1:], ":")
	switch how {
	case "error":
		u.Reason = cmp.Or(more, "The transport node is not connected.")
		return u, nil
	case "late":
		if !told {
			return u, nil
		}
		var err error
		if u.For, err = time.ParseDuration(more); err == nil && u.For <= 0 {
			err = errors.New("it must be longer than 0")
		}
		if err != nil {
			return Unrealized{}, fmt.Errorf("reading how late %q is: %w", text, err)
		}
		return u, nil
	}
	return Unrealized{}, fmt.Errorf("reading %q: behind = stands %q, which is neither error nor late", text, how)
}

// remainder is an Unrealized that is ready to be used.
type remainder struct {
	Unrealized
	paths *regexp.Regexp
}

func remainders(rules []Unrealized) ([]remainder, error) {
	var all []remainder
	for _, rule := range rules {
		glob := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(rule.Paths))
		paths, err := regexp.Compile("^(?s:" + glob + ")$")
		if err != nil {
			return nil, fmt.Errorf("reading the glob %q: %w", rule.Paths, err)
		}
		all = append(all, remainder{rule, paths})
	}
	return all, nil
}

// behind is an intent that DONE left behind.
type behind struct {
	// Reason is that of an ERROR; without it the intent is late.
	Reason string `json:"reason,omitempty"`
	// Due is when a late one will be realized; nil means never.
	Due *time.Time `json:"due,omitempty"`
}

// Intent is a Policy object of a promotion that is not realized.
type Intent struct {
	Path string
	api.Realization
	// Committed tells that DONE came after the promotion and left the intent behind. Otherwise no DONE came.
	Committed bool
}

// UnrealizedIn lists the intents in a saved state that promotions made and that are not realized, sorted by path. DONE
// is not part of a state while it works: what it would realize is not realized.
func UnrealizedIn(tx *store.Tx) ([]Intent, error) {
	_, records, err := loadRecords(tx)
	if err != nil {
		return nil, err
	}
	var intents []Intent
	for _, r := range records {
		for _, path := range r.Created {
			if how := r.realization(path, false); how.Status != realizationSuccess {
				intents = append(intents, Intent{Path: path, Realization: how, Committed: r.Realized})
			}
		}
	}
	slices.SortFunc(intents, func(a, b Intent) int { return strings.Compare(a.Path, b.Path) })
	return intents, nil
}

// realization is how far one of the record's intents is; committing tells that DONE is at work.
func (r *record) realization(path string, committing bool) api.Realization {
	left, isLeft := r.Behind[path]
	switch {
	case !r.Realized && committing:
		return api.Realization{Status: realizationInProgress}
	case !r.Realized:
		return api.Realization{Status: realizationNone}
	case !isLeft:
		return api.Realization{Status: realizationSuccess}
	case left.Reason != "":
		return api.Realization{Status: realizationError, Reason: left.Reason}
	}
	return api.Realization{Status: realizationInProgress}
}

// Realized tells how far a promoted Policy object is realized; objects that no
// promotion made are not the coordinator's business.
func (c *Coordinator) Realized(path string) (api.Realization, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, found := c.byPath[path]
	if !found {
		return api.Realization{}, false
	}
	return r.realization(path, c.committing()), true
}

// Unrealized are all promoted Policy objects that are not realized, by path.
func (c *Coordinator) Unrealized() map[string]api.Realization {
	c.mu.Lock()
	defer c.mu.Unlock()
	intents := map[string]api.Realization{}
	for _, r := range c.records {
		if r.Realized && len(r.Behind) == 0 {
			continue
		}
		for _, path := range r.Created {
			if how := r.realization(path, c.committing()); how.Status != realizationSuccess {
				intents[path] = how
			}
		}
	}
	return intents
}

// committing tells that DONE is at work.
func (c *Coordinator) committing() bool { return c.call != nil && c.call.phase == PhaseDone }

// realize is what DONE does to a record: everything is realized but what is left behind.
func (r *record) realize(rules []remainder, now time.Time) {
	r.Realized = true
	for _, path := range r.Created {
		at := slices.IndexFunc(rules, func(rule remainder) bool { return rule.paths.MatchString(path) })
		if at < 0 {
			continue
		}
		left := behind{Reason: rules[at].Reason}
		if lasts := rules[at].For; lasts > 0 {
			due := now.Add(lasts)
			left.Due = &due
		}
		if r.Behind == nil {
			r.Behind = map[string]behind{}
		}
		r.Behind[path] = left
	}
}

// scheduleLate sets the timer for the next intent that is late for a while only.
func (c *Coordinator) scheduleLate() {
	if c.late != nil {
		c.late.Stop()
		c.late = nil
	}
	var next *time.Time
	for _, r := range c.records {
		for _, left := range r.Behind {
			if left.Due != nil && (next == nil || left.Due.Before(*next)) {
				next = left.Due
			}
		}
	}
	if next == nil || c.closed {
		return
	}
	c.late = c.clock.AfterFunc(max(0, next.Sub(c.clock.Now())), c.realizeLate)
}

// realizeLate realizes the late intents whose time has come.
func (c *Coordinator) realizeLate() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	updated := map[int]bool{}
	for _, r := range c.records {
		for path, left := range r.Behind {
			if left.Due != nil && !left.Due.After(c.clock.Now()) {
				delete(r.Behind, path)
				updated[r.batch] = true
			}
		}
	}
	if len(updated) > 0 {
		err := c.store.Update(func(tx *store.Tx) error { return c.saveBatches(tx, updated) })
		c.failOn(err)
	}
	c.scheduleLate()
}
