package coordinator

import (
	"context"
	"errors"
	"net/http"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// call is one of the long synchronous calls, DONE or rollback, while it is at work.
type call struct {
	phase       string
	began, ends time.Time
	// timer is set while the call's end is not held.
	timer api.Timer
	// work is what the call does at its end.
	work func() error
	// done gets the outcome; it has room for it, as the client may be gone.
	done chan error
	// interrupted is what a crash leaves of the call, told how far it had come; nil
	// means nothing.
	interrupted func(share float64) error
}

// errClosed ends what was under way when the coordinator was closed.
var errClosed = errors.New("the coordinator was closed")

// errCrashed is what the client of a call hears whose service went away; like the
// answer of a stopped service it comes from NSX's proxy (ASSUMED).
var errCrashed = &api.Error{
	Status: http.StatusInternalServerError, Code: 98, Module: api.ModuleCommon,
	Message: "The proxy lost the connection to the service MIGRATION_COORDINATOR on this node.",
}

// finish carries out a long call. It takes its time and then goes on to its end,
// whether the client still waits or not.
func (c *Coordinator) finish(ctx context.Context, one *call, length func(Options) time.Duration, work func() error) (*api.Response, error) {
	c.mu.Lock()
	err := c.checkIdle()
	if err == nil {
		c.take(one, length(c.options), work)
	}
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case err = <-one.done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return api.Empty()
}

// take starts the call's time.
func (c *Coordinator) take(one *call, lasts time.Duration, work func() error) {
	one.began = c.clock.Now()
	one.ends = one.began.Add(lasts)
	one.work = work
	one.done = make(chan error, 1)
	c.call = one
	c.scheduleCall()
}

// scheduleCall sets the timer for the end of the call at work, unless that is held.
func (c *Coordinator) scheduleCall() {
	defer c.tell()
	one := c.call
	if one == nil || c.held {
		return
	}
	one.timer = c.clock.AfterFunc(max(0, one.ends.Sub(c.clock.Now())), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.call == one && !c.held { // it was neither interrupted nor held meanwhile
			c.endCall()
		}
	})
}

// endCall does what the call at work does in the end.
func (c *Coordinator) endCall() {
	one := c.call
	c.call = nil
	if c.closed {
		one.done <- errClosed // somebody else may serve the store by now
		return
	}
	one.done <- one.work()
}

// stopCall takes the call's timer back.
func (c *Coordinator) stopCall() {
	if c.call != nil && c.call.timer != nil {
		c.call.timer.Stop()
		c.call.timer = nil
	}
}

// cutCall ends the call that is at work as a crash does: without its effect, but for
// what the call itself leaves.
func (c *Coordinator) cutCall() {
	if c.call == nil {
		return
	}
	c.stopCall()
	cut := c.call
	c.call = nil
	if cut.interrupted != nil {
		if err := cut.interrupted(share(cut.began, cut.ends, c.clock.Now())); err != nil {
			cut.done <- errors.Join(errCrashed, err)
			return
		}
	}
	cut.done <- errCrashed
}

// share is how much of a span is over, from 0 to 1.
func share(began, ends, now time.Time) float64 {
	length := ends.Sub(began)
	if length <= 0 {
		return 0
	}
	return min(1, max(0, float64(now.Sub(began))/float64(length)))
}
