package nsx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/sirupsen/logrus"
)

const (
	longestPause = 15 * time.Second
	maxAttempts  = 40 // the patience of the call usually ends earlier
	downAttempts = 3  // for a coordinator service that does not answer: waiting for it is the caller's task
)

// retry sends a request again where the table of answers and the manner of the call permit it.
type retry struct {
	next       http.RoundTripper
	log        logrus.FieldLogger
	firstPause time.Duration
	retries    *atomic.Int64
	waited     *atomic.Int64 // nanoseconds
}

func (r *retry) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	m := mannerOf(ctx)
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(r.firstPause),
		backoff.WithMaxInterval(longestPause),
		backoff.WithMultiplier(2),
		backoff.WithMaxElapsedTime(m.patience),
	)
	limited := backoff.WithMaxRetries(pauses, uint64(m.attempts-1))
	var resp *http.Response
	var last error
	lost := false // an attempt may have been carried out
	attempts := 0
	send := func() error {
		attempts++
		fresh, err := again(req)
		if err == nil {
			resp, err = r.next.RoundTrip(fresh)
		}
		last = err
		lost = lost || IsKind(err, KindLost)
		if err == nil || mayRepeat(err, m, req.Method, attempts) {
			return err
		}
		return backoff.Permanent(err)
	}
	notify := func(err error, pause time.Duration) {
		r.retries.Add(1)
		r.waited.Add(int64(pause))
		r.log.WithFields(logrus.Fields{"op": req.Method, "path": pathOf(req), "attempt": attempts}).
			Warnf("asking again in %s: %v", pause.Round(time.Millisecond), err)
	}
	err := backoff.RetryNotify(send, backoff.WithContext(limited, ctx), notify)
	if err == nil {
		return resp, nil
	}
	var e *Error
	switch {
	case !errors.As(last, &e):
		return nil, last
	case ended(ctx) && e.Kind != KindCanceled && e.Kind != KindLost && e.repeat != never:
		cause := fmt.Errorf("%w while waiting to ask again, because: %w", context.Cause(ctx), e)
		e = &Error{Kind: KindCanceled, Method: e.Method, Path: e.Path, Cause: cause}
	}
	if neverDecided := e.Status == 0 || e.repeat == always; lost && neverDecided {
		e.Kind = KindLost
	}
	e.attempts = attempts
	return nil, e
}

// mayRepeat says whether the request that ended in err may be sent once more.
func mayRepeat(err error, m manner, method string, attempts int) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	if e.Kind == KindCoordinatorDown && (m.mayBeDown || attempts >= downAttempts) {
		return false
	}
	switch e.repeat {
	case always:
		return true
	case planAction:
		return m.planAction
	case reads:
		return method == http.MethodGet || m.repeatable
	default:
		return false
	}
}
