package nsx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Error is a request that did not succeed.
type Error struct {
	Kind    mp.Kind
	Method  string
	Path    string // with query
	Status  int    // HTTP status; 0 without an answer
	Code    int    // NSX's error_code; 0 without one
	Module  string // NSX's module_name
	Message string // NSX's words, or ours without an answer
	Details string
	Related []string // NSX's related errors, one text each
	Hint    string   // the cure, where we know one
	Cause   error

	retryAfter time.Duration // what NSX asked for
	repeat     repeat        // who may send the request again
	attempts   int           // how often it was sent
	meant      mp.Kind       // what the table of answers says, whatever it means for a write
	maybeDone  bool          // an earlier attempt, with a session that ended, may have been carried out
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s", e.Method, e.Path, e.Kind)
	switch {
	case e.Code != 0:
		fmt.Fprintf(&b, " (status %d, error %d", e.Status, e.Code)
		if e.Module != "" {
			fmt.Fprintf(&b, " of %s", e.Module)
		}
		b.WriteString(")")
	case e.Status != 0:
		fmt.Fprintf(&b, " (status %d)", e.Status)
	}
	for _, text := range []string{e.Message, e.Details} {
		if text != "" {
			b.WriteString(": " + text)
		}
	}
	if len(e.Related) > 0 {
		b.WriteString("; related: " + strings.Join(e.Related, "; "))
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	if e.attempts > 1 {
		fmt.Fprintf(&b, ", after %d attempts", e.attempts)
	}
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Unwrap gives the cause, e.g. context.Canceled.
func (e *Error) Unwrap() error { return e.Cause }

// Means says what the error means to us.
func (e *Error) Means() mp.Kind { return e.Kind }

// NoSuchCall says whether NSX itself answered 404, with a code that need not mean the absence of an object. Which code a
// release without the call gives is not public (ASSUMED: any but those that mean something else).
func (e *Error) NoSuchCall() bool {
	return e.Status == http.StatusNotFound && e.Code != 0 && (e.Kind == mp.KindNotFound || e.Kind == mp.KindUnclear)
}

// decides says whether an error tells what became of an earlier attempt that may have been carried out: only a refusal
// of the write itself does. That of a POST does not, since it may be refused because the first one took effect.
func (e *Error) decides() bool {
	return e.Method != http.MethodPost && e.repeat == never &&
		slices.Contains([]mp.Kind{mp.KindInvalid, mp.KindNotFound, mp.KindStale, mp.KindNotOwner, mp.KindConflict}, e.Kind)
}

// afterAttempt is the outcome of a repetition when an earlier attempt may have been carried out (lost).
func afterAttempt(err error, lost bool) error {
	var e *Error
	if !lost || !errors.As(err, &e) || e.decides() {
		return err
	}
	e.Kind = mp.KindLost
	return err
}

// ended says whether the caller's own context ended, as opposed to the time-out of one attempt.
func ended(ctx context.Context) bool { return ctx.Err() != nil }
