package run

import (
	"context"
	"time"
)

// RealClock is the clock of the wall.
type RealClock struct{}

// Now is the time of day.
func (RealClock) Now() time.Time { return time.Now() }

// Sleep waits for d or until ctx ends, whose error it returns.
func (RealClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
