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
	timer       api.Timer
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
	one.done = make(chan error, 1)
	c.call = one
	one.timer = c.clock.AfterFunc(lasts, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch {
		case c.call != one: // it was interrupted
		case c.closed:
			one.done <- errClosed // somebody else may serve the store by now
		default:
			c.call = nil
			one.done <- work()
		}
	})
}

// cutCall ends the call that is at work as a crash does: without its effect, but for
// what the call itself leaves.
func (c *Coordinator) cutCall() {
	if c.call == nil {
		return
	}
	cut := c.call
	c.call = nil
	cut.timer.Stop()
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
