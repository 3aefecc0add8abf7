package faults

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Set is a list of rules with their counts. The zero value is empty and ready. Its fields must not change once it is in
// use; all methods may be called from several goroutines.
type Set struct {
	// Seed decides the choices by probability and the jitter.
	Seed uint64
	// Now is the time; nil means time.Now.
	Now func() time.Time
	// Phase tells what the migration coordinator is at; nil means that no rule with a phase matches.
	Phase func() string
	// Accept may refuse a change, for example of a node that does not exist; nil accepts all.
	Accept func(Change) error

	mu    sync.Mutex
	rules []*counted
	// changed is closed when a call comes to be held and when rules change; nil while nobody waits for that.
	changed chan struct{}
}

// counted is a rule in force.
type counted struct {
	compiled
	random  *rand.Rand
	set     time.Time // when it came into force
	hit     time.Time // when it first acted
	matched int
	acted   int
	gate    *gate
}

// Status is a rule with its counts.
type Status struct {
	Rule
	// Matched counts the calls that the rule matched, Acted those that it disturbed. Held is how many it holds now.
	Matched int `json:"matched"`
	Acted   int `json:"acted"`
	Held    int `json:"held"`
}

// ErrNoRule means that no rule has that name.
var ErrNoRule = errors.New("no such fault rule")

// Replace puts new rules in place of all. When one is bad the old ones stay.
func (s *Set) Replace(rules []Rule) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.install(rules)
}

// Add puts a rule behind the others, or in the place of the one with its name.
func (s *Set) Add(rule Rule) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := s.plain()
	at := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == rule.Name })
	if rule.Name == "" || at < 0 {
		return s.install(append(rules, rule))
	}
	rules[at] = rule
	return s.install(rules)
}

// Remove takes a rule out. A rule that another one waits for stays.
func (s *Set) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := s.plain()
	kept := slices.DeleteFunc(slices.Clone(rules), func(r Rule) bool { return r.Name == name })
	if len(kept) == len(rules) {
		return fmt.Errorf("removing %q: %w", name, ErrNoRule)
	}
	return s.install(kept)
}

// plain are the rules without their counts.
func (s *Set) plain() []Rule {
	rules := make([]Rule, 0, len(s.rules))
	for _, c := range s.rules {
		rules = append(rules, c.Rule)
	}
	return rules
}

// install checks rules and puts them in force.
func (s *Set) install(rules []Rule) error {
	fresh := make([]*counted, 0, len(rules))
	for i, r := range rules {
		if r.Name == "" {
			r.Name = fmt.Sprintf("rule-%d", i+1)
		}
		if find(fresh, r.Name) != nil {
			return fmt.Errorf("setting fault rules: two are named %q", r.Name)
		}
		c, err := compile(r)
		if err == nil && r.Change != nil && s.Accept != nil {
			err = s.Accept(*r.Change)
		}
		if err != nil {
			return fmt.Errorf("setting fault rule %q: %w", r.Name, err)
		}
		fresh = append(fresh, s.begin(c))
	}
	for _, c := range fresh {
		if c.AfterRule != "" && find(fresh, c.AfterRule) == nil {
			return fmt.Errorf("setting fault rule %q: after_rule %q: %w", c.Name, c.AfterRule, ErrNoRule)
		}
	}
	old := s.rules
	s.rules = fresh
	s.letGo(old)
	return nil
}

// begin starts the counts of a rule, or goes on with those of its name.
func (s *Set) begin(c compiled) *counted {
	if old := find(s.rules, c.Name); old != nil {
		kept := *old
		kept.compiled = c
		return &kept
	}
	stream := fnv.New64a()
	_, _ = stream.Write([]byte(c.Name)) // a hash takes everything
	return &counted{compiled: c, gate: &gate{}, set: s.now(), random: rand.New(rand.NewPCG(s.Seed, stream.Sum64()))}
}

func find(rules []*counted, name string) *counted {
	for _, c := range rules {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (s *Set) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// Check counts a call and returns the rule that acts on it, if any: with its jitter drawn and added to the delay, and
// its named answer spelled out.
func (s *Set) Check(call Call) (Rule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	phase := sync.OnceValue(func() string {
		if s.Phase == nil {
			return ""
		}
		return s.Phase()
	})
	var acting *counted
	for _, c := range s.rules {
		if !c.matches(call) || !s.inTime(c, now) || c.Phase != "" && c.Phase != phase() {
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
	if acting.acted++; acting.acted == 1 {
		acting.hit = now
	}
	rule := acting.resolved(call.User)
	if rule.Jitter > 0 {
		rule.Delay += Duration(acting.random.Int64N(int64(rule.Jitter) + 1))
	}
	return rule, true
}

// inTime tells whether the rule's time has come and not passed.
func (s *Set) inTime(c *counted, now time.Time) bool {
	start := c.set
	if c.AfterRule != "" {
		// The other rule exists, as install has checked.
		trigger := find(s.rules, c.AfterRule)
		if trigger.acted == 0 {
			return false
		}
		start = trigger.hit
	}
	elapsed := Duration(now.Sub(start))
	return elapsed >= c.Begins && (c.Ends == 0 || elapsed < c.Ends)
}

// chosen tells whether the rule acts on the call that was counted last.
func (c *counted) chosen() bool {
	if c.Nth > 0 && c.matched != c.Nth {
		return false
	}
	from := max(c.From, 1)
	if c.matched < from || c.To > 0 && c.matched > c.To {
		return false
	}
	if c.Every > 0 && (c.matched-from+1)%c.Every != 0 {
		return false
	}
	return c.Probability == 0 || c.random.Float64() < c.Probability
}

// Status returns the rules with their counts.
func (s *Set) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Status, 0, len(s.rules))
	for _, c := range s.rules {
		list = append(list, Status{Rule: c.Rule, Matched: c.matched, Acted: c.acted, Held: len(c.gate.waiting)})
	}
	return list
}
