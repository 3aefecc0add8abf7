package coordinator_test

import (
	"sync"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// fakeClock is a clock that a test moves on by hand.
type fakeClock struct {
	mu     sync.Mutex
	now    time.Time
	timers []*fakeTimer
}

type fakeTimer struct {
	clock *fakeClock
	at    time.Time
	fn    func()
	over  bool
}

func newClock() *fakeClock {
	return &fakeClock{now: time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc runs fn at once, in a goroutine, when no time is to pass.
func (c *fakeClock) AfterFunc(d time.Duration, fn func()) api.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &fakeTimer{clock: c, at: c.now.Add(d), fn: fn}
	if d <= 0 {
		t.over = true
		go fn()
		return t
	}
	c.timers = append(c.timers, t)
	return t
}

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	stopped := !t.over
	t.over = true
	return stopped
}

// advance moves the clock and runs what is due.
func (c *fakeClock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []*fakeTimer
	for _, t := range c.timers {
		if !t.over && !t.at.After(c.now) {
			t.over = true
			due = append(due, t)
		}
	}
	c.mu.Unlock()
	for _, t := range due {
		t.fn()
	}
}

// waiting is the number of timers that have not run.
func (c *fakeClock) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for _, t := range c.timers {
		if !t.over {
			n++
		}
	}
	return n
}
