// Package wait is how the product waits: never longer than its context lives.
package wait

import (
	"cmp"
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
	// Growth is how many times as long each pause is as the one before; 0 means 1.5.
	Growth float64
}

// Until looks until that is done or fails, or ctx ends, whose error it returns. look may ask how long this has gone on, what it
// does itself included, and ends with an error when that is too long: what is missing then only it can say.
func (p Poll) Until(ctx context.Context, look func(waited func() time.Duration) (done bool, err error)) error {
	begin := p.Clock.Now()
	waited := func() time.Duration { return p.Clock.Now().Sub(begin) }
	growth := cmp.Or(p.Growth, 1.5)
	for pause := p.First; ; pause = min(time.Duration(float64(pause)*growth), p.Longest) {
		done, err := look(waited)
		if done || err != nil {
			return err
		}
		if err := p.Clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}
