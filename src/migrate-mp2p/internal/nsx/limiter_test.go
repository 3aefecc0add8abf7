package nsx

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

var _ = Describe("the limiter", func() {
	// bubble runs f in virtual time with a limiter in front of a server that takes 100 ms and answers as answer says.
	bubble := func(perSecond float64, concurrency int, answer func() error, f func(g Gomega, l *limiter, ask func() error)) {
		synctest.Test(suiteT, func(t *testing.T) {
			l := newLimiter(perSecond, concurrency, new(atomic.Int64))
			chain := l.over(roundTripper(func(*http.Request) (*http.Response, error) {
				time.Sleep(100 * time.Millisecond)
				return nil, answer()
			}))
			f(NewWithT(t), l, func() error {
				_, err := chain.RoundTrip(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(t.Context()))
				return err
			})
		})
	}
	fine := func() error { return nil }

	It("keeps to the requests per second", func() {
		bubble(10, 1000, fine, func(g Gomega, l *limiter, ask func() error) {
			l.pace.SetBurst(1)
			started := time.Now()
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() { g.Expect(ask()).To(Succeed()) })
			}
			all.Wait()
			g.Expect(time.Since(started)).To(BeNumerically("~", 5*time.Second, 200*time.Millisecond))
			g.Expect(time.Duration(l.waited.Load())).To(BeNumerically(">", time.Minute))
		})
	})

	It("keeps to the requests in flight", func() {
		var flight, most atomic.Int64
		synctest.Test(suiteT, func(t *testing.T) {
			g := NewWithT(t)
			chain := newLimiter(1e6, 3, new(atomic.Int64)).over(roundTripper(func(*http.Request) (*http.Response, error) {
				most.Store(max(most.Load(), flight.Add(1)))
				time.Sleep(time.Second)
				flight.Add(-1)
				return nil, nil
			}))
			started := time.Now()
			var all sync.WaitGroup
			for range 9 {
				all.Go(func() {
					_, err := chain.RoundTrip(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(t.Context()))
					g.Expect(err).NotTo(HaveOccurred())
				})
			}
			all.Wait()
			g.Expect(most.Load()).To(BeEquivalentTo(3))
			g.Expect(time.Since(started)).To(Equal(3 * time.Second))
		})
	})

	It("halves both limits when NSX is overloaded, once per burst, and raises them slowly to what they were", func() {
		var overloaded atomic.Bool
		overloaded.Store(true)
		answer := func() error {
			if overloaded.Load() {
				return &Error{Kind: mp.KindRate, Status: 429}
			}
			return nil
		}
		bubble(40, 8, answer, func(g Gomega, l *limiter, ask func() error) {
			time.Sleep(2 * time.Second)
			g.Expect(ask()).NotTo(Succeed())
			g.Expect(ask()).NotTo(Succeed())
			g.Expect(float64(l.pace.Limit())).To(Equal(20.0))
			g.Expect(l.flightCap).To(Equal(4))
			for range 20 {
				time.Sleep(time.Second)
				g.Expect(ask()).NotTo(Succeed())
			}
			g.Expect(float64(l.pace.Limit())).To(Equal(slowestRate))
			g.Expect(l.flightCap).To(Equal(1))

			overloaded.Store(false)
			time.Sleep(time.Second)
			g.Expect(ask()).To(Succeed())
			g.Expect(float64(l.pace.Limit())).To(Equal(2.0))
			for range 60 {
				time.Sleep(time.Second)
				g.Expect(ask()).To(Succeed())
			}
			g.Expect(float64(l.pace.Limit())).To(Equal(40.0))
			g.Expect(l.flightCap).To(Equal(8))
		})
	})

	It("lets everybody wait as long as NSX asks for", func() {
		answers := []error{&Error{Kind: mp.KindUnavailable, Status: 503, retryAfter: 30 * time.Second}, nil}
		next := 0
		answer := func() error { next++; return answers[next-1] }
		bubble(40, 8, answer, func(g Gomega, l *limiter, ask func() error) {
			g.Expect(ask()).NotTo(Succeed())
			started := time.Now()
			g.Expect(ask()).To(Succeed())
			g.Expect(time.Since(started)).To(BeNumerically("~", 30*time.Second, time.Second))
		})
	})

	It("stops waiting with the context, wherever it waits", func() {
		synctest.Test(suiteT, func(t *testing.T) {
			g := NewWithT(t)
			l := newLimiter(0.001, 1, new(atomic.Int64))
			release := make(chan struct{})
			chain := l.over(roundTripper(func(*http.Request) (*http.Response, error) { <-release; return nil, nil }))
			ask := func() error {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_, err := chain.RoundTrip(httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
				return err
			}
			first := make(chan error)
			go func() { first <- ask() }()
			synctest.Wait()
			g.Expect(ask()).To(beKind(mp.KindCanceled), "no place in flight")
			close(release)
			g.Expect(<-first).To(Succeed())
			g.Expect(ask()).To(beKind(mp.KindCanceled), "no pace")
			l.pausedTo = time.Now().Add(time.Hour)
			g.Expect(ask()).To(beKind(mp.KindCanceled), "paused")
			g.Expect(l.flight).To(BeZero(), "every place was given back")
		})
	})
})
