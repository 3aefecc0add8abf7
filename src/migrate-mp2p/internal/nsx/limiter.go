package nsx

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/wait"
)

const (
	slowestRate = 1.0         // requests per second that are always allowed
	adjustEvery = time.Second // a burst of refusals counts once, and so does a burst of successes
)

// limiter holds requests back: so many per second and so many in flight. Both limits are halved when NSX answers
// 429 or 503 and rise again by one a second while it answers well, never above what was configured.
type limiter struct {
	waited *atomic.Int64 // nanoseconds

	pace               *rate.Limiter
	maxRate            float64
	maxFlight          int
	mu                 sync.Mutex
	flight, flightCap  int
	changed            chan struct{} // closed whenever a place in flight may have become free
	adjusted, pausedTo time.Time
}

func newLimiter(perSecond float64, concurrency int, waited *atomic.Int64) *limiter {
	return &limiter{
		waited:    waited,
		pace:      rate.NewLimiter(rate.Limit(perSecond), max(1, concurrency)),
		maxRate:   perSecond,
		maxFlight: concurrency,
		flightCap: concurrency,
		changed:   make(chan struct{}),
	}
}

// over gives a view of the limiter that sends through next; the limits are shared.
func (l *limiter) over(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if err := l.enter(req.Context()); err != nil {
			return nil, &Error{Kind: mp.KindCanceled, Method: req.Method, Path: pathOf(req), Cause: err}
		}
		resp, err := next.RoundTrip(req)
		l.leave(err)
		return resp, err
	})
}

// roundTripper makes an http.RoundTripper of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// enter waits for a place in flight, for the end of a pause and for the pace, in this order.
func (l *limiter) enter(ctx context.Context) error {
	started := time.Now()
	defer func() { l.waited.Add(int64(time.Since(started))) }()
	if err := l.takePlace(ctx); err != nil {
		return err
	}
	err := l.sitOutPause(ctx)
	if err == nil {
		err = l.pace.Wait(ctx)
	}
	if err != nil {
		l.leave(err)
	}
	return err
}

func (l *limiter) takePlace(ctx context.Context) error {
	for {
		l.mu.Lock()
		if l.flight < l.flightCap {
			l.flight++
			l.mu.Unlock()
			return nil
		}
		changed := l.changed
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

func (l *limiter) sitOutPause(ctx context.Context) error {
	for {
		l.mu.Lock()
		left := time.Until(l.pausedTo)
		l.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if wait.For(ctx, left) != nil {
			return context.Cause(ctx)
		}
	}
}

// leave gives the place back and adapts the limits to how the request ended.
func (l *limiter) leave(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flight--
	close(l.changed)
	l.changed = make(chan struct{})

	now := time.Now()
	var refused *Error
	overloaded := errors.As(err, &refused) &&
		(refused.Status == http.StatusTooManyRequests || refused.Status == http.StatusServiceUnavailable)
	if overloaded && refused.retryAfter > 0 {
		l.pausedTo = now.Add(refused.retryAfter)
	}
	if now.Sub(l.adjusted) < adjustEvery {
		return
	}
	perSecond := float64(l.pace.Limit())
	switch {
	case overloaded:
		perSecond, l.flightCap = perSecond/2, l.flightCap/2
	case err == nil && (perSecond < l.maxRate || l.flightCap < l.maxFlight):
		perSecond, l.flightCap = perSecond+1, l.flightCap+1
	default:
		return
	}
	l.adjusted = now
	l.pace.SetLimit(rate.Limit(min(l.maxRate, max(perSecond, min(slowestRate, l.maxRate)))))
	l.flightCap = min(l.maxFlight, max(l.flightCap, 1))
}
