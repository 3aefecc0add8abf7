package nsx

import (
	"context"
	"net/http"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

var _ = Describe("the session", func() {
	ctx := context.Background()
	const logIn = "POST /api/session/create"

	It("is renewed once when it ends in mid-run, and the request is sent again with its body [R18]", func() {
		m := newManager()
		m.on("PATCH /policy/api/v1/infra/segments/s", reply(200, ""))
		c := connected(nil, m)
		m.endSession()
		Expect(c.PatchPolicy(ctx, "/infra/segments/s", map[string]string{"display_name": "s"})).To(Succeed())
		Expect(m.count(logIn)).To(Equal(1))
		Expect(m.body("PATCH /policy/api/v1/infra/segments/s")).To(Equal(`{"display_name":"s"}`))
	})

	It("is renewed by one of many requests that find it ended", func() {
		m := newManager()
		m.on("GET /api/v1/x", reply(200, `{"id":"x"}`))
		c := connected(nil, m)
		m.endSession()
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() { errs[i] = c.Get(ctx, "/api/v1/x", nil) })
		}
		all.Wait()
		Expect(errs).To(HaveEach(BeNil()))
		Expect(m.count(logIn)).To(Equal(1))
	})

	It("tells a missing right from an ended session", func() {
		m := newManager()
		m.on("GET /api/v1/secret", nsxError(403, 403))
		c := connected(nil, m)
		err := c.Get(ctx, "/api/v1/secret", nil)
		Expect(err).To(beKind(mp.KindAuth))
		Expect(err).To(MatchError(ContainSubstring("lacks the right")))
		Expect(m.asked()).To(Equal([]string{"GET /api/v1/secret", logIn, "GET /api/v1/secret"}))
	})

	DescribeTable("is renewed as well when what stands before NSX says that it has ended, but no write is sent twice for it",
		func(status int) {
			m := newManager()
			const get, patch, done = "GET /api/v1/x", "PATCH /policy/api/v1/infra/x", "POST " + promotionPath + "/workflow"
			m.on(get, replies(reply(status, page404), reply(200, `{"id":"x"}`)))
			m.on(patch, replies(reply(status, page404), reply(200, "")))
			m.on(done, replies(reply(status, page404), reply(200, "")))
			c := connected(nil, m)
			Expect(c.Get(ctx, "/api/v1/x", nil)).To(Succeed())
			Expect(m.asked()).To(Equal([]string{get, logIn, get}))
			Expect(c.PatchPolicy(ctx, "/infra/x", struct{}{})).To(Succeed())
			Expect(m.asked()).To(Equal([]string{patch + "?enforce_revision_check=true", logIn, patch + "?enforce_revision_check=true"}))
			Expect(c.Done(ctx)).To(beKind(mp.KindLost))
			Expect(m.count(done + "?action=DONE")).To(Equal(1))
			Expect(m.count(logIn)).To(BeZero())
		},
		Entry(nil, 401), Entry(nil, 403),
	)

	It("does not forget, after it was renewed, that the write may have been carried out before", func() {
		m := newManager()
		m.on("PATCH /policy/api/v1/infra/x", replies(reply(403, page404), nsxError(403, 403)))
		c := connected(nil, m)
		Expect(c.PatchPolicy(ctx, "/infra/x", struct{}{})).To(beKind(mp.KindLost))
	})

	It("is not asked for again once NSX refused to renew it", func() {
		m := newManager()
		c := connected(nil, m)
		m.endSession()
		m.on(logIn, nsxError(403, 403))
		for range 3 {
			Expect(c.Get(ctx, "/api/v1/cluster", &clusterProperties{})).To(beKind(mp.KindAuth))
		}
		Expect(m.count(logIn)).To(Equal(1))
	})

	It("waits for an NSX that is too busy to log in", func() {
		m := newManager()
		m.on(logIn, replies(nsxError(503, 98), nsxError(429, 102), m.login))
		c := connected(nil, m)
		Expect(c.Stats().Retries).To(BeEquivalentTo(2))
	})

	It("does not try to log in for ever when the answers get lost", func() {
		m := newManager()
		m.on(logIn, hangUp)
		c, err := New(options(GinkgoWriter, m))
		Expect(err).NotTo(HaveOccurred())
		_, err = c.Connect(ctx, "")
		Expect(err).To(beKind(mp.KindAuth))
		Expect(m.count(logIn)).To(Equal(maxLostLogins))
	})

	It("does not leak to other hosts by a redirection [I7]", func() {
		elsewhere := newManager()
		m := newManager()
		m.on("GET /api/v1/moved", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/api/v1/cluster", http.StatusFound)
		})
		c := connected(nil, m)
		err := c.Get(ctx, "/api/v1/moved", nil)
		Expect(err).To(beKind(mp.KindUnclear))
		Expect(err).To(MatchError(ContainSubstring("a redirection to https://" + elsewhere.address())))
		Expect(elsewhere.asked()).To(BeEmpty())
	})

	It("follows no redirection within the host either, and does not show what it carries [I7]", func() {
		m := newManager()
		to := func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/login?session=secret", http.StatusTemporaryRedirect)
		}
		m.on("GET /api/v1/a", to)
		m.on("PUT /policy/api/v1/infra/a", to)
		c := connected(nil, m)
		err := c.Get(ctx, "/api/v1/a", nil)
		Expect(err).To(beKind(mp.KindUnclear))
		Expect(err).To(MatchError(And(ContainSubstring("a redirection to "+m.URL+"/login,"), Not(ContainSubstring("session=secret,")))))
		Expect(c.PutPolicy(ctx, "/infra/a", struct{}{}, nil)).To(beKind(mp.KindLost))
		Expect(m.count("GET /login?session=secret") + m.count("PUT /login?session=secret")).To(BeZero())
	})
})
