package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Held is a call that waits until somebody lets it go.
type Held struct {
	// Rule is the name of the rule that holds it, and Since the time from which it does.
	Rule  string    `json:"rule"`
	Since time.Time `json:"since"`
	// The rest says which call it is.
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	User   string `json:"user,omitempty"`
	Node   string `json:"node,omitempty"`
}

// gate is where a rule holds its calls. It outlives a change of the rule that keeps its name.
type gate struct {
	// open lets later calls pass.
	open    bool
	waiting []*waiting
}

// waiting is a call at a gate.
type waiting struct {
	Held
	goOn chan struct{}
}

// release lets go who waits, in the order of arrival.
func (g *gate) release() int {
	for _, w := range g.waiting {
		close(w.goOn)
	}
	n := len(g.waiting)
	g.waiting = nil
	return n
}

// ErrNoHold means that a rule holds nothing, ever.
var ErrNoHold = errors.New("the rule does not hold")

// Hold keeps a call for as long as the rule of that name holds it. It returns at once when the rule does not hold, was
// told to let go what comes, or is gone. The context's end is an error; the call then was not let go.
func (s *Set) Hold(ctx context.Context, name string, call Call) error {
	w := s.arrive(name, call)
	if w == nil {
		return nil
	}
	select {
	case <-w.goOn:
		return nil
	case <-ctx.Done():
		s.leave(name, w)
		return fmt.Errorf("holding a call by %q: %w", name, ctx.Err())
	}
}

// arrive puts a call at the gate of the rule; nil when it may pass.
func (s *Set) arrive(name string, call Call) *waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := find(s.rules, name)
	if c == nil || !c.Hold || c.gate.open {
		return nil
	}
	w := &waiting{goOn: make(chan struct{}), Held: Held{
		Rule: name, Since: s.now(), Method: call.Method, Path: call.Path, Query: call.Query, User: call.User, Node: call.Node,
	}}
	c.gate.waiting = append(c.gate.waiting, w)
	s.tell()
	return w
}

// leave takes away a call that does not wait any more.
func (s *Set) leave(name string, w *waiting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := find(s.rules, name); c != nil {
		c.gate.waiting = slices.DeleteFunc(c.gate.waiting, func(other *waiting) bool { return other == w })
	}
}

// Release lets go the calls that the rule holds and returns how many. Later ones are not held either, unless the rule
// shall go on to hold.
func (s *Set) Release(name string, holdLater bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.holder(name)
	if err != nil {
		return 0, fmt.Errorf("letting go what %q holds: %w", name, err)
	}
	c.gate.open = !holdLater
	return c.gate.release(), nil
}

// Held are the calls that rules hold now, by the order of rules and of arrival.
func (s *Set) Held() []Held {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []Held{}
	for _, c := range s.rules {
		list = append(list, c.held()...)
	}
	return list
}

// HeldBy waits until the rule holds at least so many calls, and returns them. The context's end is an error, as is a
// rule that does not exist, or not any more.
func (s *Set) HeldBy(ctx context.Context, name string, atLeast int) ([]Held, error) {
	for {
		list, changed, err := s.heldNow(name)
		if err != nil {
			return nil, fmt.Errorf("waiting for a call that %q holds: %w", name, err)
		}
		if len(list) >= atLeast {
			return list, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for a call that %q holds: %w", name, context.Cause(ctx))
		}
	}
}

// heldNow are the calls that a rule holds, and a channel that is closed when that may have changed.
func (s *Set) heldNow(name string) ([]Held, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.holder(name)
	if err != nil {
		return nil, nil, err
	}
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return c.held(), s.changed, nil
}

// holder finds a rule that holds.
func (s *Set) holder(name string) (*counted, error) {
	switch c := find(s.rules, name); {
	case c == nil:
		return nil, ErrNoRule
	case !c.Hold:
		return nil, ErrNoHold
	default:
		return c, nil
	}
}

func (c *counted) held() []Held {
	list := make([]Held, 0, len(c.gate.waiting))
	for _, w := range c.gate.waiting {
		list = append(list, w.Held)
	}
	return list
}

// tell wakes those that wait in HeldBy.
func (s *Set) tell() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// letGo releases what rules held that are gone, or that hold no more: nobody could name them.
func (s *Set) letGo(old []*counted) {
	for _, c := range old {
		if now := find(s.rules, c.Name); now == nil || !now.Hold {
			c.gate.release()
		}
	}
	s.tell()
}
