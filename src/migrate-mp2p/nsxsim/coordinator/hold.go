package coordinator

import (
	"context"
	"fmt"
)

// Hold keeps what is at work, and what comes to be at work, from its end until it is called
// with false. Abort, a crash and a stop of the service end it all the same. What was due
// meanwhile ends at once then.
func (c *Coordinator) Hold(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == on {
		return
	}
	c.held = on
	c.stopCall()
	c.schedule()
	c.scheduleCall()
}

// Held waits until something is at work whose end is held. The context's end and Close are
// errors.
func (c *Coordinator) Held(ctx context.Context) error {
	for {
		held, changed, err := c.heldNow()
		if held || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for the migration coordinator to be held: %w", context.Cause(ctx))
		}
	}
}

// heldNow tells whether something is at work that is held; the channel is closed when that
// may have changed.
func (c *Coordinator) heldNow() (bool, <-chan struct{}, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false, nil, errClosed
	}
	return c.held && (c.call != nil || c.state.running()), c.changed, nil
}

// tell wakes those that wait in Held.
func (c *Coordinator) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}
