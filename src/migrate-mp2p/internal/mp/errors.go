package mp

import "errors"

// Kind says what an error means to us, whatever status or code NSX expressed it with.
type Kind string

// The kinds of errors. The table of codes in package nsx says which answers lead to which.
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

// failure is what the errors of requests have.
type failure interface {
	error
	Means() Kind
	NoSuchCall() bool
}

// IsKind says whether err is, or wraps, a failed request of this kind; of several, the outermost counts.
func IsKind(err error, k Kind) bool {
	var e failure
	return errors.As(err, &e) && e.Means() == k
}

// NoSuchCall says whether NSX itself answered 404, with a code that need not mean the absence of an object.
func NoSuchCall(err error) bool {
	var e failure
	return errors.As(err, &e) && e.NoSuchCall()
}
