package front

import (
	"net/http"
	"sync"

	"golang.org/x/time/rate"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// Limiter enforces Limits. A client is an authenticated user over all its connections, or else its source address
// (KB 411782).
type Limiter struct {
	limits Limits
	clock  api.Clock

	mu       sync.Mutex
	inFlight map[string]int
	total    int
	rates    map[string]*rate.Limiter
}

func newLimiter(limits Limits, clock api.Clock) *Limiter {
	return &Limiter{limits: limits, clock: clock, inFlight: map[string]int{}, rates: map[string]*rate.Limiter{}}
}

// enter admits a request, which must then leave, or says why not.
func (t *Limiter) enter(client string) *api.Error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.limits.TotalInFlight > 0 && t.total >= t.limits.TotalInFlight:
		return &api.Error{
			Status: http.StatusServiceUnavailable, Code: 102, Module: api.ModuleCommon,
			Message: "The server is overloaded: too many concurrent requests.",
		}
	case t.limits.InFlight > 0 && t.inFlight[client] >= t.limits.InFlight:
		e := tooMany("Client '%s' exceeded concurrency of %d requests", client, t.limits.InFlight)
		e.Status = t.limits.ConcurrencyStatus
		return e
	case t.limits.PerSecond > 0 && !t.rate(client).AllowN(t.clock.Now(), 1):
		return tooMany("Client '%s' exceeded request rate of %d per second", client, t.limits.PerSecond)
	}
	t.total++
	t.inFlight[client]++
	return nil
}

func tooMany(format string, args ...any) *api.Error {
	e := api.BadRequest(102, api.ModuleCommon, format, args...)
	e.Status = http.StatusTooManyRequests
	return e
}

func (t *Limiter) rate(client string) *rate.Limiter {
	limiter := t.rates[client]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Limit(t.limits.PerSecond), t.limits.PerSecond)
		t.rates[client] = limiter
	}
	return limiter
}

func (t *Limiter) leave(client string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total--
	if t.inFlight[client]--; t.inFlight[client] == 0 {
		delete(t.inFlight, client)
	}
}

// Get returns the limits in force.
func (t *Limiter) Get() Limits {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limits
}

// Set puts other limits in force; requests that were admitted stay.
func (t *Limiter) Set(limits Limits) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.limits = limits
	clear(t.rates)
}
