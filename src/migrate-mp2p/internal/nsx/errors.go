package nsx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Kind says what an error means to us, whatever status or code NSX expressed it with.
type Kind string

// The kinds of errors. codes.go says which answers lead to which.
const (
	KindAuth            Kind = "auth"             // login refused, session refused or a right is missing
	KindTLS             Kind = "tls"              // no trust, or not a TLS server
	KindUnreachable     Kind = "unreachable"      // nobody answered; nothing was changed
	KindUnclear         Kind = "unclear"          // a read whose answers were not in NSX's form, or do not fit each other
	KindNotFound        Kind = "not found"        // NSX itself says that the object does not exist
	KindStale           Kind = "stale"            // somebody changed the object since it was read
	KindNotOwner        Kind = "not owner"        // the object belongs to another principal
	KindRate            Kind = "rate"             // NSX wants fewer requests
	KindUnavailable     Kind = "unavailable"      // NSX says that it is overloaded or not up; nothing was changed
	KindCoordinatorBusy Kind = "coordinator busy" // the coordinator is still at its last task
	KindCoordinatorDown Kind = "coordinator down" // NSX says that the coordinator service does not answer; only of reads
	KindSearch          Kind = "search"           // the search index is behind, out of step or gave up
	KindSearchCap       Kind = "search cap"       // more results than Search hands out
	KindMoving          Kind = "moving"           // a collection that somebody changed during each of several readings
	KindConflict        Kind = "conflict"         // refused because of other objects or changes
	KindOtherNode       Kind = "other node"       // another manager node answered than the pinned one
	KindReadOnly        Kind = "read-only"        // a write by a client that must not write; nothing was sent
	KindLost            Kind = "lost"             // a write without an answer of NSX that tells what became of it
	KindInvalid         Kind = "invalid"          // NSX refused the request for any other reason
	KindServer          Kind = "server"           // NSX failed, at a read or at a write that may be carried out twice
	KindCanceled        Kind = "canceled"         // our own context ended; nothing was changed
)

// Error is a request that did not succeed.
type Error struct {
	Kind    Kind
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
	meant      Kind          // what the table of answers says, whatever it means for a write
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

// IsKind says whether err is, or wraps, an Error of this kind.
func IsKind(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}

// decides says whether an error tells what became of an earlier attempt that may have been carried out: only a refusal
// of the write itself does. That of a POST does not, since it may be refused because the first one took effect.
func (e *Error) decides() bool {
	return e.Method != http.MethodPost && e.repeat == never &&
		slices.Contains([]Kind{KindInvalid, KindNotFound, KindStale, KindNotOwner, KindConflict}, e.Kind)
}

// afterAttempt is the outcome of a repetition when an earlier attempt may have been carried out (lost).
func afterAttempt(err error, lost bool) error {
	var e *Error
	if !lost || !errors.As(err, &e) || e.decides() {
		return err
	}
	e.Kind = KindLost
	return err
}

// ended says whether the caller's own context ended, as opposed to the time-out of one attempt.
func ended(ctx context.Context) bool { return ctx.Err() != nil }
