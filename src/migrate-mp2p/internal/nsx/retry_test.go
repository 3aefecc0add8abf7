package nsx

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

var _ = Describe("repeating requests", func() {
	ctx := context.Background()

	DescribeTable("repeats a read that NSX could not answer for now [R18]",
		func(fail http.HandlerFunc) {
			m := newManager()
			m.on("GET /api/v1/x", replies(fail, fail, reply(200, `{"id":"x"}`)))
			c := connected(nil, m)
			var out struct{ ID string }
			Expect(c.Get(ctx, "/api/v1/x", &out)).To(Succeed())
			Expect(out.ID).To(Equal("x"))
			Expect(m.count("GET /api/v1/x")).To(Equal(3))
		},
		Entry("too many requests", nsxError(429, 102)),
		Entry("overloaded", nsxError(503, 102)),
		Entry("not up", nsxError(503, 98)),
		Entry("backend not up", nsxError(404, 202)),
		Entry("proxy cannot connect", nsxError(500, 98)),
		Entry("persistence reconfiguring", nsxError(500, 607)),
		Entry("search index being built", nsxError(400, 60508)),
		Entry("search timed out", nsxError(400, 60514)),
		Entry("search out of step", nsxError(400, 60515)),
		Entry("a proxy without answer", reply(502, "<html>bad gateway</html>")),
		Entry("connection ended", http.HandlerFunc(hangUp)),
		Entry("answer cut off", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			write(w, 200, `{"id":`)
		})),
	)

	It("waits for a search index that does not work once, and later asks it a single time until it works again [R18]", func() {
		m := newManager()
		lost := nsxError(400, 60515)
		m.on("GET /api/v1/search/query", replies(lost, lost, lost, lost, reply(200, `{"results":[],"result_count":0}`), lost, reply(200, `{"results":[],"result_count":0}`)))
		c := connected(func(o *Options) { o.IndexTimeout = time.Nanosecond }, m)
		search := func() error {
			_, err := c.Search(ctx, mp.Manager, "x", func([]json.RawMessage) error { return nil })
			return err
		}
		Expect(search()).To(beKind(mp.KindSearch))
		c.options.IndexTimeout = time.Minute
		Expect(search()).To(beKind(mp.KindSearch))
		_, err := c.SearchCount(ctx, mp.Manager, "x")
		Expect(err).To(beKind(mp.KindSearch))
		Expect(search()).To(beKind(mp.KindSearch))
		Expect(search()).To(Succeed())
		Expect(search()).To(Succeed(), "now it is waited for again")
	})

	DescribeTable("repeats a write that NSX is known not to have carried out",
		func(refuse http.HandlerFunc) {
			m := newManager()
			m.on("PUT /policy/api/v1/infra/x", replies(refuse, reply(200, `{"id":"x"}`)))
			c := connected(nil, m)
			Expect(c.PutPolicy(ctx, "/infra/x", map[string]int{"a": 1}, nil)).To(Succeed())
			Expect(m.count("PUT /policy/api/v1/infra/x")).To(Equal(2))
			Expect(m.body("PUT /policy/api/v1/infra/x")).To(Equal(`{"a":1}`))
		},
		Entry("too many requests", nsxError(429, 102)),
		Entry("overloaded", nsxError(503, 102)),
		Entry("stale dependency", nsxError(400, 500087)),
		Entry("coordinator busy", nsxError(400, 30722)),
	)

	DescribeTable("does not repeat what may have been carried out or will be refused again",
		func(answer http.HandlerFunc, kind mp.Kind) {
			m := newManager()
			m.on("PUT /policy/api/v1/infra/x", answer)
			c := connected(nil, m)
			Expect(c.PutPolicy(ctx, "/infra/x", struct{}{}, nil)).To(beKind(kind))
			Expect(m.count("PUT /policy/api/v1/infra/x")).To(Equal(1))
		},
		Entry("the answer was lost", http.HandlerFunc(hangUp), mp.KindLost),
		Entry("a proxy gave up waiting", reply(504, "<html>time-out</html>"), mp.KindLost),
		Entry("a proxy that is not NSX says overloaded", reply(503, "busy"), mp.KindLost),
		Entry("NSX failed, and may go on", nsxError(500, 36000), mp.KindLost),
		Entry("NSX's proxy did not get through, it says", nsxError(500, 98), mp.KindLost),
		Entry("NSX is not up, it says", nsxError(503, 98), mp.KindLost),
		Entry("the backend is missing, it says", nsxError(404, 202), mp.KindLost),
		Entry("bad request", nsxError(400, 500127), mp.KindInvalid),
		Entry("an unknown answer", nsxError(418, 7), mp.KindInvalid),
		Entry("stale revision", nsxError(412, 604), mp.KindStale),
		Entry("conflict", nsxError(409, 1), mp.KindConflict),
		Entry("still referenced", nsxError(400, 500030), mp.KindConflict),
		Entry("another owner", nsxError(400, 289), mp.KindNotOwner),
	)

	It("repeats a lost PATCH, which may be carried out twice", func() {
		m := newManager()
		m.on("PATCH /policy/api/v1/infra", replies(hangUp, reply(200, "")))
		c := connected(nil, m)
		Expect(c.PatchInfra(ctx, struct{}{})).To(Succeed())
	})

	DescribeTable("tells what became of a lost PATCH only when a repetition decides it",
		func(second http.HandlerFunc, kind mp.Kind) {
			m := newManager()
			m.on("PATCH /policy/api/v1/infra", replies(hangUp, second))
			c := connected(nil, m)
			Expect(c.PatchInfra(ctx, struct{}{})).To(beKind(kind))
		},
		Entry("too many requests", nsxError(429, 102), mp.KindLost),
		Entry("a missing right", nsxError(403, 403), mp.KindLost),
		Entry("NSX failed", nsxError(500, 36000), mp.KindLost),
		Entry("somebody changes the same, perhaps the first one", nsxError(409, 409), mp.KindLost),
		Entry("still being deleted", nsxError(400, 500045), mp.KindLost),
		Entry("not found, with an unknown code", nsxError(404, 258), mp.KindLost),
		Entry("a proxy's page", reply(404, page404), mp.KindLost),
		Entry("a stale revision", nsxError(412, 604), mp.KindStale),
		Entry("a refusal", nsxError(400, 500127), mp.KindInvalid),
		Entry("another owner", nsxError(400, 289), mp.KindNotOwner),
	)

	It("calls a write lost, not canceled, when the context ends while NSX works on it for longer than the grace", func() {
		m := newManager()
		working, done := make(chan struct{}), make(chan struct{})
		m.on("PUT /policy/api/v1/infra/x", func(http.ResponseWriter, *http.Request) { close(working); <-done })
		c := connected(func(o *Options) { o.writeGrace = 20 * time.Millisecond }, m)
		ending, cancel := context.WithCancel(ctx)
		go func() { <-working; cancel() }()
		err := c.PutPolicy(ending, "/infra/x", struct{}{}, nil)
		close(done)
		Expect(err).To(beKind(mp.KindLost))
		Expect(err).To(MatchError(context.Canceled))
	})

	It("lets a write that is under way end in order when the context ends", func() {
		m := newManager()
		working, ended := make(chan struct{}), make(chan struct{})
		m.on("PUT /policy/api/v1/infra/x", func(w http.ResponseWriter, _ *http.Request) { close(working); <-ended; write(w, 200, `{"id":"x"}`) })
		c := connected(nil, m)
		ending, cancel := context.WithCancel(ctx)
		go func() { <-working; cancel(); close(ended) }()
		Expect(c.PutPolicy(ending, "/infra/x", struct{}{}, nil)).To(Succeed())
		Expect(c.PutPolicy(ending, "/infra/y", struct{}{}, nil)).To(beKind(mp.KindCanceled), "no new write begins")
	})

	It("gives a write 6 of the 8 seconds that a run may take to end, and a read none, in virtual time [R18]", func() {
		synctest.Test(suiteT, func(t *testing.T) {
			g := NewWithT(t)
			c, err := New(Options{Managers: []Endpoint{{Address: "nsx"}}, Username: "u", Password: "p"})
			g.Expect(err).NotTo(HaveOccurred())
			silent := roundTripper(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			})
			x := &exchange{next: silent, log: c.log, redact: c.redact, sent: &c.sent, writeGrace: c.options.writeGrace}
			for method, grace := range map[string]time.Duration{http.MethodPost: 6 * time.Second, http.MethodPatch: 6 * time.Second, http.MethodGet: 0} {
				ending, cancel := context.WithCancel(withManner(t.Context(), manner{timeout: time.Hour}))
				time.AfterFunc(time.Minute, cancel)
				req, err := http.NewRequestWithContext(ending, method, "https://nsx/x", nil)
				g.Expect(err).NotTo(HaveOccurred())
				started := time.Now()
				_, err = x.RoundTrip(req)
				g.Expect(err).To(HaveOccurred())
				g.Expect(time.Since(started)).To(Equal(time.Minute+grace), method)
			}
		})
	})

	It("stops waiting to ask again when the context ends, and says why it waited", func() {
		m := newManager()
		m.on("GET /api/v1/x", nsxError(503, 7))
		log := gbytes.NewBuffer()
		c := connected(func(o *Options) { o.FirstPause, o.Logger = time.Hour, options(log, m).Logger }, m)
		ending, cancel := context.WithCancel(ctx)
		waits := log.Detect("asking again")
		go func() { <-waits; cancel() }()
		err := c.sendOver(ending, c.pinned(), request{method: http.MethodGet, path: "/api/v1/x", manner: manner{patience: 24 * time.Hour}})
		Expect(err).To(beKind(mp.KindCanceled))
		Expect(err).To(MatchError(context.Canceled))
		Expect(err).To(MatchError(ContainSubstring("refused 7")))
	})

	It("bounds attempts and says how many there were and why", func() {
		m := newManager()
		m.on("GET /api/v1/x", nsxError(503, 7))
		log := gbytes.NewBuffer()
		c := connected(func(o *Options) { o.Logger = options(log, m).Logger }, m)
		err := c.sendOver(ctx, c.pinned(), request{method: http.MethodGet, path: "/api/v1/x", manner: manner{attempts: 4}})
		Expect(err).To(beKind(mp.KindUnavailable))
		Expect(err).To(MatchError(And(ContainSubstring("GET /api/v1/x"), ContainSubstring("after 4 attempts"), ContainSubstring("refused 7"))))
		Expect(m.count("GET /api/v1/x")).To(Equal(4))
		Expect(log).To(gbytes.Say("asking again in .*refused 7"))
		Expect(c.Stats().Retries).To(BeEquivalentTo(3))
	})

	It("gives up after the patience of the call, whatever the number of attempts, in virtual time", func() {
		synctest.Test(suiteT, func(t *testing.T) {
			g := NewWithT(t)
			c, err := New(Options{Managers: []Endpoint{{Address: "nsx"}}, Username: "u", Password: "p"})
			g.Expect(err).NotTo(HaveOccurred())
			attempts := 0
			always503 := roundTripper(func(req *http.Request) (*http.Response, error) {
				attempts++
				e := &Error{Method: req.Method, Path: pathOf(req), Status: 503}
				e.Code = 98
				e.classify(nil)
				return nil, e
			})
			chain := &retry{next: always503, log: c.log, firstPause: c.options.FirstPause, retries: &c.retries, waited: &c.waited}
			started := time.Now()
			err = c.sendOver(t.Context(), &link{address: "nsx:443", chain: chain}, request{method: http.MethodGet, path: "/x"})
			g.Expect(err).To(beKind(mp.KindUnavailable))
			g.Expect(time.Since(started)).To(BeNumerically("~", 2*c.options.RequestTimeout, 30*time.Second))
			g.Expect(attempts).To(BeNumerically("~", 30, 8))
		})
	})
})

var _ = Describe("reading answers", func() {
	ctx := context.Background()

	It("refuses an answer that is not JSON, quotes its beginning, and names what may have sent it", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(200, "<html>please log in</html>"))
		c := connected(nil, m)
		err := c.Get(ctx, "/api/v1/x", &struct{}{})
		Expect(err).To(beKind(mp.KindUnclear))
		Expect(err).To(MatchError(And(ContainSubstring("please log in"), ContainSubstring("login page"), ContainSubstring("nsx.managers"))))
		Expect(m.count("GET /api/v1/x")).To(Equal(testAttempts))
	})

	It("refuses an answer that is too large", func() {
		_, err := (&exchange{}).takeIn(&http.Response{Body: io.NopCloser(zeros{})})
		Expect(err).To(MatchError(errTooLarge))
	})

	It("gives NSX's own words, details and related errors [R18]", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(400, `{"httpStatus":"BAD_REQUEST","error_code":500127,"module_name":"Policy","error_message":"cannot do it",
			"details":"because of that","related_errors":[{"error_code":7,"module_name":"Other","error_message":"no room"}]}`))
		c := connected(nil, m)
		err := c.Get(ctx, "/api/v1/x", nil)
		Expect(err).To(MatchError("GET /api/v1/x: invalid (status 400, error 500127 of Policy): cannot do it: because of that; related: no room (error 7 of Other)"))
		var e *Error
		Expect(errors.As(err, &e)).To(BeTrue())
		Expect(e.Code).To(Equal(500127))
	})

	It("names owner, our identity and the missing right when an object belongs to another", func() {
		m := newManager()
		m.on("PUT /policy/api/v1/infra/x", reply(400, `{"error_code":289,"module_name":"common-services","error_message":"principal migrator with role x may not modify an object it does not own: createUser=nsx_policy"}`))
		c := connected(nil, m)
		err := c.PutPolicy(ctx, "/infra/x", struct{}{}, nil)
		Expect(err).To(beKind(mp.KindNotOwner))
		Expect(err).To(MatchError(And(ContainSubstring("createUser=nsx_policy"), ContainSubstring("we are migrator"), ContainSubstring("Enterprise Admin"))))
	})

	It("obeys Retry-After in seconds or as a date, within bounds", func() {
		header := func(value string) *http.Response { return &http.Response{Header: http.Header{"Retry-After": {value}}} }
		Expect(retryAfter(header("7"))).To(Equal(7 * time.Second))
		Expect(retryAfter(header("999999999"))).To(Equal(maxRetryAfter))
		Expect(retryAfter(header("-5"))).To(BeZero())
		Expect(retryAfter(header("soon"))).To(BeZero())
		Expect(retryAfter(header(time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)))).To(BeNumerically("~", time.Minute, 5*time.Second))
	})

	It("accepts error codes that are texts", func() {
		var a answer
		Expect(json.Unmarshal([]byte(`{"error_code":"98"}`), &a)).To(Succeed())
		Expect(a.code()).To(Equal(98))
	})
})

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
