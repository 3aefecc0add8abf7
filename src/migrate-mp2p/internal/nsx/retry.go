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

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	longestPause = 15 * time.Second
	maxAttempts  = 40 // unless the options say otherwise
	fewAttempts  = 3  // for what hardly changes by itself; waiting for a coordinator that is down is the caller's task
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
		lost = lost || mayBeDone(err)
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
	case ended(ctx) && e.Kind != mp.KindCanceled && e.Kind != mp.KindLost && e.repeat != never:
		cause := fmt.Errorf("%w while waiting to ask again, because: %w", context.Cause(ctx), e)
		e = &Error{Kind: mp.KindCanceled, Method: e.Method, Path: e.Path, Cause: cause}
	}
	e.attempts = attempts
	return nil, afterAttempt(e, lost)
}

// mayBeDone says whether NSX may have carried out a write that ended in err.
func mayBeDone(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == mp.KindLost || e.maybeDone)
}

// mayRepeat says whether the request that ended in err may be sent once more.
func mayRepeat(err error, m manner, method string, attempts int) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	if e.Kind == mp.KindCoordinatorDown && (m.mayBeDown || attempts >= fewAttempts) {
		return false
	}
	if e.Kind == mp.KindSearch && m.indexLost {
		return false
	}
	switch e.repeat {
	case always:
		return true
	case planAction:
		return m.planAction
	case reads, fewReads:
		return (method == http.MethodGet || m.repeatable) && (e.repeat == reads || attempts < fewAttempts)
	default:
		return false
	}
}
