package kubernetes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
)

// Kind says what kept a list from being read.
type Kind string

// The kinds of errors, each with a cure of its own.
const (
	Forbidden    Kind = "forbidden"    // the account may not list this
	Unauthorized Kind = "unauthorized" // the API server does not know us
	NoAPI        Kind = "no api"       // something else than an API server answers
	Untrusted    Kind = "untrusted"    // the certificate of the API server is not to be trusted
	Unreachable  Kind = "unreachable"  // there is no answer
	Busy         Kind = "busy"         // the API server cannot answer now
	Slow         Kind = "slow"         // it has not answered in time
	Forgotten    Kind = "forgotten"    // it forgets lists faster than they are read
	Stopped      Kind = "stopped"      // the run was stopped, or the time for reading everything is over
	Unreadable   Kind = "unreadable"   // the answer is not understood
)

// Error is why a kind of workloads could not be listed, and what helps. Nothing was written by then.
type Error struct {
	Kind  Kind
	What  string // e.g. "services"
	Where string // method and URL
	Cure  string
	Cause error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("listing %s (%s): %v", e.What, e.Where, e.Cause)
	if e.Cure != "" {
		text += ": " + e.Cure
	}
	return text
}

// Unwrap is what the API server or the network said.
func (e *Error) Unwrap() error { return e.Cause }

// exhausted is an error that did not pass.
type exhausted struct {
	attempts int
	error
}

func (e *exhausted) Error() string {
	return fmt.Sprintf("%v (asked %d times)", bare(e.error), e.attempts)
}
func (e *exhausted) Unwrap() error { return e.error }

// forgotten is a list whose beginning the API server has forgotten each time before its end.
type forgotten struct {
	beginnings int
	error
}

func (f *forgotten) Error() string {
	return fmt.Sprintf("%v (begun %d times)", bare(f.error), f.beginnings)
}
func (f *forgotten) Unwrap() error { return f.error }

// stopped is a reading that was ended; last is what the API server or the network said, if anything.
type stopped struct{ why, last error }

func (s *stopped) Error() string {
	if s.last == nil || errors.Is(s.last, s.why) || errors.Is(s.last, context.Canceled) || errors.Is(s.last, context.DeadlineExceeded) {
		return s.why.Error()
	}
	return fmt.Sprintf("%v; before, %v", s.why, bare(s.last))
}

func (s *stopped) Unwrap() []error { return []error{s.why, s.last} }

// damaged is an answer that cannot be decoded.
type damaged struct{ cause error }

func (d *damaged) Error() string {
	if runtime.IsMissingKind(d.cause) || runtime.IsMissingVersion(d.cause) {
		return "the answer does not say what it is" // the error holds the whole answer
	}
	const most = 200
	text := d.cause.Error()
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return "decoding the answer: " + text
}

func (d *damaged) Unwrap() error { return d.cause }

// strangeList is an answer that is none to what was asked.
type strangeList struct{ text string }

func (s *strangeList) Error() string { return s.text }

// expired says whether the API server has forgotten the beginning of the list.
func expired(err error) bool { return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) }

// passing says whether an error may pass by itself, so that the same page is worth asking for again.
func passing(err error) bool {
	switch kindOf(err) {
	case Busy, Slow, Unreachable:
		var lookup *net.DNSError
		return !errors.As(err, &lookup) || !lookup.IsNotFound
	default:
		return false
	}
}

// kindOf sorts an error.
func kindOf(err error) Kind {
	var (
		odd       *strange
		oddList   *strangeList
		lost      *forgotten
		ended     *stopped
		broken    *damaged
		status    apierrors.APIStatus
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		network   net.Error
		operation *net.OpError
	)
	switch {
	case errors.As(err, &ended):
		return Stopped
	case errors.As(err, &broken):
		return Unreadable
	case errors.As(err, &lost):
		return Forgotten
	case errors.Is(err, errSlow):
		return Slow
	case errors.As(err, &odd):
		if odd.status >= 500 {
			return Busy
		}
		return NoAPI
	case errors.As(err, &oddList), errors.Is(err, http.ErrSchemeMismatch):
		return NoAPI
	case errors.As(err, &status):
		return kindOfStatus(err, int(status.Status().Code))
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid), errors.As(err, &verify):
		return Untrusted
	case errors.As(err, &operation), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Unreachable
	default:
		return Unreadable
	}
}

func kindOfStatus(err error, code int) Kind {
	switch {
	case apierrors.IsForbidden(err):
		return Forbidden
	case apierrors.IsUnauthorized(err):
		return Unauthorized
	case expired(err):
		return Forgotten
	case code == 429 || code >= 500:
		return Busy
	default: // 404 and 406 among them
		return NoAPI
	}
}

// explain makes of an error one that an operator can act upon.
func (r *reader) explain(k kind, err error) error {
	e := &Error{Kind: kindOf(err), What: k.name, Where: r.url(k), Cause: bare(err)}
	switch e.Kind {
	case Forbidden:
		e.Cure = fmt.Sprintf("let the account of %s list %s of API group %q in the whole cluster, as the shipped role does", r.way.from, k.resource, k.group)
	case Unauthorized:
		e.Cure = fmt.Sprintf("the credentials of %s have expired, or are not of this cluster: renew them", r.way.from)
		if r.way.token != nil && r.way.token.file != "" {
			e.Cure = fmt.Sprintf("the token in %s has expired, or is not of this cluster, and the file holds no other one: renew it", r.way.token.file)
		}
	case NoAPI:
		e.Cure = "the address must be that of the API server itself, of Kubernetes 1.19 or newer"
	case Untrusted:
		e.Cure = r.distrusted(err)
	case Unreachable:
		e.Cure = "make sure that the API server runs and that this machine reaches it"
	case Busy:
		e.Cure = "look at the health of the API server (/readyz)"
	case Slow:
		e.Cure = fmt.Sprintf("look at the load of the API server, or allow more than %s by kubernetes.timeout", r.o.Timeout)
	case Forgotten:
		e.Cure = "the API server forgets lists before they end: look at its load"
	case Unreadable:
		e.Cure = "it is damaged, or not of a Kubernetes API"
	}
	return e
}

// distrusted says how the API server comes to be trusted.
func (r *reader) distrusted(err error) string {
	var (
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &name):
		return "reach the API server by a name or address that its certificate holds"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "renew the certificate of the API server, or set the clock of this machine"
	default:
		return fmt.Sprintf("let %s hold the authority that signed the certificate of this cluster's API server", r.way.authority)
	}
}

// bare takes off what Error says itself: the method and URL of package net/http.
func bare(err error) error {
	var withURL *url.Error
	if errors.As(err, &withURL) && withURL.Err != nil && strings.HasPrefix(err.Error(), withURL.Op) {
		return withURL.Err
	}
	return err
}
