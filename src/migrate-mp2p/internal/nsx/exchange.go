package nsx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const (
	maxAnswer     = 64 << 20        // bytes of one answer
	maxRetryAfter = 2 * time.Minute // a longer wish of NSX is cut to this
	maxQuoted     = 200             // bytes that an error quotes of an answer that is not NSX's
	maxSearched   = 64 << 10        // bytes of it in which secrets are looked for; far more than what is quoted
	spareBuffers  = 4               // buffers of answers that are kept for the next ones
	spareSize     = 4 << 20         // bytes that such a buffer has at most; a page of 1000 objects needs one or two MiB
)

// manner is how one call wants its requests to be treated; it travels in their context.
type manner struct {
	timeout    time.Duration // of one attempt
	patience   time.Duration // of all attempts together
	attempts   int           // at most
	repeatable bool          // a write that may be carried out twice
	planAction bool          // 409 means that the plan is busy
	lane       bool          // over the coordinator's connection
	mayBeDown  bool          // a coordinator that does not answer is an answer
	pinned     bool          // fail with errNewConnection rather than open a connection
	expects    form          // of a success
	indexLost  bool          // the search index is known not to work: that answer is final
}

type mannerKey struct{}

func withManner(ctx context.Context, m manner) context.Context {
	return context.WithValue(ctx, mannerKey{}, m)
}

func mannerOf(ctx context.Context) manner {
	m, ok := ctx.Value(mannerKey{}).(manner)
	if !ok {
		return manner{}
	}
	return m
}

// exchange sends one request once, reads the whole answer within the attempt's time-out, writes a line into the
// log and turns everything but a success in the form that the request expects into an *Error.
type exchange struct {
	next       http.RoundTripper
	log        logrus.FieldLogger
	redact     *strings.Replacer
	absent     []int // Options.AbsentCodes
	sent       *atomic.Int64
	writeGrace time.Duration // for a write that is under way when its context ends
	spare      chan *bytes.Buffer
}

func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := x.attempt(req)
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	x.sent.Add(1)
	started := time.Now()
	resp, err := x.next.RoundTrip(req.WithContext(ctx))
	var body *taken
	if err == nil {
		body, err = x.takeIn(resp)
	}
	line := x.log.WithFields(logrus.Fields{
		"op": req.Method, "path": pathOf(req), "ms": time.Since(started).Milliseconds(),
	})
	if err != nil {
		failure := x.unanswered(req, connected.Load(), err)
		line.WithField("kind", failure.Kind).Debug("no answer from NSX")
		return nil, failure
	}
	line.WithFields(logrus.Fields{"status": resp.StatusCode, "bytes": body.buffer.Len()}).Debug("asked NSX")
	if failure := x.judge(req, resp, body.buffer.Bytes()); failure != nil {
		body.release()
		return nil, failure
	}
	resp.Body = body
	resp.ContentLength = int64(body.buffer.Len())
	return resp, nil
}

// taken is the body of an answer that has been read to its end. Nothing of it may be used after Close, since its memory
// serves the next answer: a run reads a gigabyte in pages of a megabyte.
type taken struct {
	buffer *bytes.Buffer
	spare  chan<- *bytes.Buffer
}

func (t *taken) Read(p []byte) (int, error) { return t.buffer.Read(p) }

func (t *taken) Close() error {
	t.release()
	return nil
}

func (t *taken) release() {
	if t.buffer.Cap() <= spareSize {
		select {
		case t.spare <- t.buffer:
		default:
		}
	}
	t.buffer, t.spare = &bytes.Buffer{}, nil
}

// attempt bounds one attempt in time. A read ends with its context; a write that is under way when the context ends
// gets writeGrace, so that its outcome is known rather than lost.
func (x *exchange) attempt(req *http.Request) (context.Context, context.CancelFunc) {
	timeout := mannerOf(req.Context()).timeout
	if req.Method == http.MethodGet {
		return context.WithTimeout(req.Context(), timeout)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), timeout)
	stop := context.AfterFunc(req.Context(), func() {
		select {
		case <-ctx.Done():
		case <-time.After(x.writeGrace):
			cancel()
		}
	})
	return ctx, func() { stop(); cancel() }
}

func pathOf(req *http.Request) string { return req.URL.RequestURI() }

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)

func (x *exchange) takeIn(resp *http.Response) (body *taken, err error) {
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	var buffer *bytes.Buffer
	select {
	case buffer = <-x.spare:
		buffer.Reset()
	default:
		buffer = &bytes.Buffer{}
	}
	_, err = buffer.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if buffer.Len() > maxAnswer {
		return nil, errTooLarge
	}
	return &taken{buffer: buffer, spare: x.spare}, nil
}

// unanswered classifies a request without a whole answer. connected says whether it may have left this machine.
func (x *exchange) unanswered(req *http.Request, connected bool, cause error) *Error {
	e := &Error{Method: req.Method, Path: pathOf(req), Cause: cause}
	text, trust := trustProblem(cause)
	refused := errors.Is(cause, errNewConnection)
	switch {
	case trust:
		e.Kind, e.Message, e.Cause = mp.KindTLS, "no TLS connection with "+req.URL.Host, errors.New(text)
	case connected && !refused && req.Method != http.MethodGet:
		e.Kind, e.repeat = mp.KindLost, reads
		e.Message = "the answer was lost, so NSX may have carried it out"
	case ended(req.Context()):
		e.Kind, e.Cause = mp.KindCanceled, context.Cause(req.Context())
	case errors.Is(cause, errTooLarge):
		e.Kind = mp.KindUnclear
	case refused:
		e.Kind = mp.KindUnreachable
	default:
		e.Kind, e.repeat = mp.KindUnreachable, always
		e.Message = "no answer of " + req.URL.Host
	}
	return e
}

// answer is NSX's error body.
type answer struct {
	HTTPStatus string      `json:"httpStatus"`
	Code       json.Number `json:"error_code"`
	Module     string      `json:"module_name"`
	Message    string      `json:"error_message"`
	Details    string      `json:"details"`
	Related    []answer    `json:"related_errors"`
}

// code is 0 where NSX gave none.
func (a answer) code() int {
	n, err := strconv.Atoi(a.Code.String())
	if err != nil {
		return 0
	}
	return n
}

// judge says what an answer means; nil is a success in the form that was expected. An answer of status 400 and above
// is NSX's refusal if it is NSX's error with its code.
func (x *exchange) judge(req *http.Request, resp *http.Response, body []byte) *Error {
	e := &Error{Method: req.Method, Path: pathOf(req), Status: resp.StatusCode, retryAfter: retryAfter(resp)}
	switch {
	case resp.StatusCode >= http.StatusBadRequest:
		var a answer
		if json.Unmarshal(body, &a) != nil || a.code() == 0 {
			x.unclear(e, "it is not NSX's error with an error_code: "+x.quote(req, body))
			return e
		}
		e.Code, e.Module = a.code(), a.Module
		e.Message, e.Details = x.redact.Replace(a.Message), x.redact.Replace(a.Details)
		for _, r := range a.Related {
			e.Related = append(e.Related, x.redact.Replace(fmt.Sprintf("%s (error %d of %s)", r.Message, r.code(), r.Module)))
		}
		e.classify(x.absent)
		return e
	case resp.StatusCode >= http.StatusMultipleChoices:
		x.unclear(e, "it is a redirection"+x.elsewhere(resp)+", which NSX defines for no such call")
		return e
	}
	expected := mannerOf(req.Context()).expects
	if expected == nil {
		expected = nothing{}
	}
	if err := expected.take(body); err != nil {
		x.unclear(e, x.redact.Replace(err.Error())+": "+x.quote(req, body))
		return e
	}
	return nil
}

// unclear fills the error of an answer that is not in NSX's form.
func (x *exchange) unclear(e *Error, why string) {
	e.Kind, e.repeat = mp.KindUnclear, reads
	e.Message = "the answer is not in NSX's form: " + why
	e.Hint = "something between us and NSX answered: a load balancer, a proxy or a login page; check that nsx.managers names NSX Managers"
	if e.Method != http.MethodGet {
		e.Kind = mp.KindLost
		e.Message += "; NSX may have carried it out"
	}
}

// elsewhere names where a redirection leads to, without a query, which may hold a session.
func (x *exchange) elsewhere(resp *http.Response) string {
	to, err := resp.Location()
	if err != nil {
		return ""
	}
	return x.redact.Replace(" to " + to.Scheme + "://" + to.Host + to.EscapedPath())
}

// quote shows the beginning of an answer that cannot be understood, and may echo the request. Secrets go first: the cut
// may go through one.
func (x *exchange) quote(req *http.Request, body []byte) string {
	text := x.redact.Replace(string(body[:min(len(body), maxSearched)]))
	secrets := []string{req.Header.Get(tokenHeader)}
	for _, c := range req.Cookies() {
		secrets = append(secrets, c.Value)
	}
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	text = strings.Join(strings.Fields(text[:min(len(text), maxQuoted)]), " ")
	if text == "" {
		return "empty"
	}
	return strconv.Quote(text)
}

// retryAfter reads the header of that name, in seconds or as a date. Whether NSX ever sends it is unknown.
func retryAfter(resp *http.Response) time.Duration {
	value := resp.Header.Get("Retry-After")
	var wish time.Duration
	if seconds, err := strconv.Atoi(value); err == nil {
		wish = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wish = time.Until(date)
	}
	return max(0, min(wish, maxRetryAfter))
}
