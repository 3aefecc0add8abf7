// Package wait is how the product waits: never longer than its context lives.
package wait

import (
	"context"
	"time"
)

// Clock is time as the product sees it.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or until ctx ends, whose error it returns.
	Sleep(ctx context.Context, d time.Duration) error
}

// Wall is the clock of the wall.
type Wall struct{}

// Now is the time of day.
func (Wall) Now() time.Time { return time.Now() }

// Sleep is For.
func (Wall) Sleep(ctx context.Context, d time.Duration) error { return For(ctx, d) }

// For waits for d or until ctx ends, whose error it returns.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Poll looks at something again and again: at once, then after First, and then ever less often, at least every Longest.
type Poll struct {
	Clock   Clock
	First   time.Duration
	Longest time.Duration
}

// Until looks until that is done or fails, or ctx ends, whose error it returns. look is told how long this has gone on, and
// ends with an error when that is too long: what is missing then only it can say.
func (p Poll) Until(ctx context.Context, look func(waited time.Duration) (done bool, err error)) error {
	begin := p.Clock.Now()
	for pause := p.First; ; pause = min(pause*3/2, p.Longest) {
		done, err := look(p.Clock.Now().Sub(begin))
		if done || err != nil {
			return err
		}
		if err := p.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
