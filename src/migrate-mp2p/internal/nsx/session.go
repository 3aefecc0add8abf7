package nsx

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	loginPath     = "/api/session/create"
	sessionCookie = "JSESSIONID"
	tokenHeader   = "X-XSRF-TOKEN"
	maxLostLogins = 3 // logins without a clear answer; each may count as a failed one on NSX's side
)

// login is one session on NSX.
type login struct {
	cookie, token string
	worked        atomic.Bool // NSX answered a request with it
}

// session logs in before the first request and once more when a session that worked has ended. A refused login is
// final: its error is the answer to everything that follows, so that the account is not locked by us.
type session struct {
	next     http.RoundTripper
	base     string // https://host:port
	username string
	password string
	timeout  time.Duration

	turn    chan struct{} // holds one token; whoever has it may log in and touch the fields below
	current *login
	refusal *Error
	lost    int
}

func newSession(next http.RoundTripper, base string, o Options) *session {
	s := &session{
		next: next, base: base, username: o.Username, password: o.Password, timeout: o.RequestTimeout,
		turn: make(chan struct{}, 1),
	}
	s.turn <- struct{}{}
	return s
}

func (s *session) RoundTrip(req *http.Request) (*http.Response, error) {
	used, err := s.loggedIn(req.Context(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := s.send(req, used)
	var e *Error
	if !errors.As(err, &e) || !e.refusesSession() || !used.worked.Load() {
		return resp, err
	}
	if e.Kind == mp.KindLost && !mannerOf(req.Context()).repeatable {
		return nil, err // the next request finds the session ended, and renews it
	}
	maybeDone := e.Kind == mp.KindLost
	resp, err = s.sendAnew(req, used)
	if maybeDone && errors.As(err, &e) {
		e.maybeDone = true
	}
	return resp, err
}

// sendAnew sends a request once more after a login that replaces the spent one.
func (s *session) sendAnew(req *http.Request, spent *login) (*http.Response, error) {
	fresh, err := s.loggedIn(req.Context(), spent)
	if err != nil {
		return nil, err
	}
	resp, err := s.send(req, fresh)
	var e *Error
	if errors.As(err, &e) && e.Kind == mp.KindAuth {
		e.Hint = "a fresh login did not help: user " + s.username + " lacks the right to do this"
	}
	return resp, err
}

// refusesSession says whether an answer may mean that the session has ended. What stands before NSX keeps sessions, too,
// and says so in its own form.
func (e *Error) refusesSession() bool {
	return e.Kind == mp.KindAuth || e.Code == 0 && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden)
}

// send sends a copy of the request with the session's marks.
func (s *session) send(req *http.Request, l *login) (*http.Response, error) {
	req, err := again(req)
	if err != nil {
		return nil, err
	}
	req.AddCookie(&http.Cookie{Name: sessionCookie, Value: l.cookie})
	if l.token != "" {
		req.Header.Set(tokenHeader, l.token)
	}
	resp, err := s.next.RoundTrip(req)
	var e *Error
	if err == nil || errors.As(err, &e) && e.Code != 0 && e.Kind != mp.KindAuth {
		l.worked.Store(true)
	}
	return resp, err
}

// again copies a request with its body rewound, so that it can be sent once more.
func again(req *http.Request) (*http.Request, error) {
	clone := req.Clone(req.Context())
	if req.GetBody == nil {
		return clone, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	clone.Body = body
	return clone, nil
}

// loggedIn gives the current session, after logging in when there is none or when the current one is the spent one.
func (s *session) loggedIn(ctx context.Context, spent *login) (*login, error) {
	select {
	case <-ctx.Done():
		return nil, &Error{Kind: mp.KindCanceled, Method: http.MethodPost, Path: loginPath, Cause: context.Cause(ctx)}
	case <-s.turn:
	}
	defer func() { s.turn <- struct{}{} }()
	if s.refusal != nil {
		repeated := *s.refusal
		return nil, &repeated
	}
	if s.current != nil && s.current != spent {
		return s.current, nil
	}
	s.current = nil
	fresh, err := s.login(ctx)
	if err != nil {
		return nil, err
	}
	s.current = fresh
	return fresh, nil
}

func (s *session) login(ctx context.Context) (*login, error) {
	m := mannerOf(ctx)
	m.timeout, m.expects = s.timeout, nothing{}
	form := url.Values{"j_username": {s.username}, "j_password": {s.password}}
	req, err := http.NewRequestWithContext(withManner(ctx, m), http.MethodPost, s.base+loginPath, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := s.next.RoundTrip(req)
	var e *Error
	switch {
	case errors.As(err, &e) && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
		return nil, s.refused(*e)
	case e != nil && e.Kind == mp.KindLost && e.meant == mp.KindUnavailable: // NSX's own word that it could not look at it
		e.Kind, e.repeat, e.Hint = mp.KindUnavailable, always, ""
		return nil, e
	case e != nil && e.Kind == mp.KindLost:
		return nil, s.unclear(e)
	case e != nil && (e.repeat == always || e.Kind == mp.KindCanceled || e.Kind == mp.KindTLS || e.Kind == mp.KindUnreachable):
		return nil, err
	case e != nil:
		return nil, s.refused(*e)
	case err != nil:
		return nil, err
	}
	for _, c := range resp.Cookies() {
		if c.Name == sessionCookie && c.Value != "" {
			return &login{cookie: c.Value, token: resp.Header.Get(tokenHeader)}, nil
		}
	}
	return nil, s.unclear(&Error{Method: req.Method, Path: loginPath, Status: resp.StatusCode, Message: "the answer to the login holds no session"})
}

// refused is NSX's no, which is final in any form.
func (s *session) refused(e Error) *Error {
	return s.final(e, "login of user "+s.username+" refused; it is not tried again, so that the account is not locked: "+
		"check nsx.username and nsx.password, and whether the account is locked")
}

// unclear counts a login of which nobody knows whether NSX saw it. Nothing of the caller's was sent, so for the caller NSX
// was just not reachable.
func (s *session) unclear(e *Error) *Error {
	if s.lost++; s.lost >= maxLostLogins {
		return s.final(*e, "the answers to several logins were lost or are not NSX's, and each may count as a failed one; no further one is tried: "+
			"check that nsx.managers names NSX Managers, and what stands between")
	}
	return &Error{Kind: mp.KindUnreachable, Method: e.Method, Path: e.Path, Message: "no clear answer to the login", Cause: e, repeat: always}
}

// final remembers why no further login is tried.
func (s *session) final(e Error, hint string) *Error {
	e.Kind, e.repeat, e.Hint = mp.KindAuth, never, hint
	s.refusal = &e
	answer := e
	return &answer
}
