// Package front is the outside of the simulated NSX: addresses, TLS, login and sessions, limits, the faults that disturb
// requests, and the journal. What lies behind it, it knows as a [Site]: it finds the route of a request there, and calls it.
//
// A request goes through serve.go: login (login.go), limits, faults (answer.go), the route (router.go), the journal.
package front

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
)

// Site is what a front serves.
type Site interface {
	// Enter lets a request in. The context that comes back ends when what is behind the front is replaced, and leave has to
	// be called when the request is done. It must not wait for other requests.
	Enter(ctx context.Context) (now View, inside context.Context, leave func())
	// Change alters the site as a fault rule asks for.
	Change(c faults.Change) error
}

// View is the site as one request finds it.
type View struct {
	Router *Router
	// Nodes are the manager nodes, in the order of their addresses.
	Nodes []Node
	// CoordinatorRuns tells whether the migration coordinator's service answers on a node of that name.
	CoordinatorRuns func(node string) bool
}

// Node is one manager node.
type Node struct {
	Name string `json:"name"`
	ID   string `json:"id"`
}

// Front serves a site. Its methods may be called from several goroutines.
type Front struct {
	options   Options
	site      Site
	clock     api.Clock
	authority *Authority
	controls  http.Handler
	accounts  *Accounts
	limiter   *Limiter
	journal   *Journal
	faults    *faults.Set

	nodes   []*Address
	virtual *Address
	serving sync.WaitGroup
	close   sync.Once
	closed  atomic.Bool
	started time.Time
	// holding counts the requests that fault rules hold; ending ends, by end, when they must go because of Close.
	holding sync.WaitGroup
	ending  context.Context
	end     context.CancelFunc

	mu sync.Mutex
	// turn, holder and sources are where the virtual address sends its requests.
	turn    int
	holder  int
	sources map[string]int
}

// New makes a front that does not listen yet. controls serves what is below ControlPath.
func New(o Options, site Site, rules *faults.Set, controls http.Handler) (*Front, error) {
	s := &Front{
		options: o, site: site, clock: o.Clock, controls: controls, faults: rules,
		limiter: newLimiter(o.Limits, o.Clock), journal: &Journal{out: o.Journal},
		started: o.Clock.Now(), sources: map[string]int{},
	}
	s.ending, s.end = context.WithCancel(context.Background())
	var err error
	if s.accounts, err = newAccounts(o); err != nil {
		return nil, err
	}
	if s.authority, err = newAuthority(o.Clock.Now()); err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends all connections; requests that are under way or held but did not reach their endpoint yet have no effect any
// more. Then inside is called, once, and after it no request is at its endpoint. It returns what went wrong with the journal.
func (s *Front) Close(inside func()) error {
	s.close.Do(func() {
		s.mu.Lock() // so that no request comes to be held behind it
		s.closed.Store(true)
		s.mu.Unlock()
		s.end()
		for _, l := range s.Addresses() {
			l.listener.cutAll()
			// Closing the listener a second time is the only failure, and harmless.
			_ = l.http.Close()
		}
		s.serving.Wait()
		s.holding.Wait()
		inside()
	})
	return s.journal.Failed()
}

// Closed tells whether Close was called.
func (s *Front) Closed() bool { return s.closed.Load() }

// Accounts are the users, principal identities and sessions.
func (s *Front) Accounts() *Accounts { return s.accounts }

// Limiter has the limits in force.
func (s *Front) Limiter() *Limiter { return s.limiter }

// Journal has the requests.
func (s *Front) Journal() *Journal { return s.journal }

// Authority signs certificates.
func (s *Front) Authority() *Authority { return s.authority }

// URL is the address that clients should use: the virtual one if there is one, else the first node's.
func (s *Front) URL() string {
	if s.virtual != nil {
		return s.virtual.URL()
	}
	return s.nodes[0].URL()
}

// Node is the address of a node, counted from 0.
func (s *Front) Node(i int) *Address { return s.nodes[i] }

// Virtual is the address in front of the nodes; nil when there is none.
func (s *Front) Virtual() *Address { return s.virtual }
