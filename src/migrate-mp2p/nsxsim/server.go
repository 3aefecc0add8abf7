package nsxsim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/cluster"
	"nsx-mp2p/migrate-mp2p/nsxsim/control"
	"nsx-mp2p/migrate-mp2p/nsxsim/faults"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/manager"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/search"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Server is a running simulator. Its methods may be called from several goroutines.
type Server struct {
	options Options
	store   *store.Store
	clock   api.Clock
	front   *front.Front
	policy  *policy.API
	search  *search.API
	manager *manager.API
	nodes   *cluster.API
	faults  *faults.Set

	// world guards what is made anew from the store when the state is replaced. Requests hold it for reading.
	world       sync.RWMutex
	version     api.Version
	identity    cluster.Identity // of the cluster and its nodes
	coordinator api.Coordinator
	service     *cluster.Service
	router      *front.Router
	lists       listing.Cache

	mu sync.Mutex
	// life ends when the requests under way must, since their world is replaced.
	life    context.Context
	endLife context.CancelFunc
}

// Start serves an NSX until Close. A later Start with the same Options.Store goes on where the former ended.
func Start(options Options) (*Server, error) {
	s, err := build(options.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("starting the simulator: %w", err)
	}
	if err := s.front.Listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the simulator: %w", err), s.Close())
	}
	return s, nil
}

// build makes a server that does not listen yet.
func build(o Options) (*Server, error) {
	if o.Nodes < 1 || o.Nodes > 3 {
		return nil, fmt.Errorf("an NSX cluster of %d nodes: 1 to 3 are possible", o.Nodes)
	}
	s := &Server{options: o, store: o.Store, clock: o.Clock}
	s.newLife()
	s.faults = &faults.Set{Seed: o.Seed, Now: o.Clock.Now, Phase: s.phase, Accept: s.acceptable}
	if _, known := faults.Answer(o.NotReadyAnswer, ""); !known {
		return nil, fmt.Errorf("the answer %q while NSX is not ready is none of %s", o.NotReadyAnswer, strings.Join(faults.Answers(), ", "))
	}
	var err error
	if s.front, err = front.New(o.front(), site{s}, s.faults, control.New(site{s}, s.clock)); err != nil {
		return nil, err
	}
	accounts := s.front.Accounts()
	s.policy = policy.New(o.policy(), s.store, s.clock, &s.lists, accounts.Local, s.front.Journal().Fail)
	s.manager = manager.New(s.store, s.clock, &s.lists, s.policy, accounts)
	s.nodes = cluster.New(s.store, s.clock, s.front, o.Nodes, s.manager.ObjectsOf)
	s.search = search.New(o.Search, s.store, s.clock, &s.lists, s.policy)
	if err := s.faults.Replace(o.Faults); err != nil {
		return nil, err
	}
	s.store.SetSearchLag(o.SearchLag, o.Clock.Now)
	if err := s.openWorld(false); err != nil {
		return nil, err
	}
	return s, nil
}

// site is the server as its front sees it.
type site struct{ *Server }

// Enter lets a request into the world as it is, which is not replaced before the request leaves.
func (s site) Enter(ctx context.Context) (front.View, context.Context, func()) {
	s.world.RLock()
	inside, end := s.untilRestore(ctx)
	now := front.View{Router: s.router, Nodes: s.identity.Nodes, CoordinatorRuns: s.service.Runs}
	return now, inside, func() {
		end()
		s.world.RUnlock()
	}
}

// Addresses are those of the nodes, and then the virtual one.
func (s site) Addresses() []*front.Address { return s.front.Addresses() }

// Phase tells what the migration coordinator is at, where it can tell.
func (s site) Phase() string { return s.phase() }

// openWorld makes everything that lives in the store: the version, principal identities, the cluster, the coordinator
// and its service, and the routes. restored tells that the store was put back from a backup.
func (s *Server) openWorld(restored bool) error {
	var err error
	if s.version, err = cluster.LoadVersion(s.store, s.options.Version); err != nil {
		return err
	}
	if s.identity, err = cluster.LoadIdentity(s.store, s.options.Nodes); err != nil {
		return err
	}
	s.search.Open(s.version)
	if err := s.manager.Open(s.version, s.identity.ID); err != nil {
		return err
	}
	if s.options.Coordinator != nil {
		env := api.Env{Store: s.store, Clock: s.clock, Version: s.version, Restored: restored}
		made, err := s.options.Coordinator(env)
		if err != nil {
			return fmt.Errorf("making the migration coordinator: %w", err)
		}
		s.coordinator = made
	}
	before := s.service
	if s.service, err = cluster.NewService(s.store, s.clock, s.options.ServiceStartDelay, s.coordinator, restored); err != nil {
		return err
	}
	s.service.GoOnFrom(before)
	s.nodes.Open(s.version, s.identity, s.service)
	if s.router, err = front.NewRouter(s.routes()); err != nil {
		return err
	}
	return s.policy.Open(s.coordinator)
}

// closeWorld stops the timers of what openWorld made. What is closed already may be closed again.
func (s *Server) closeWorld() {
	s.policy.Close()
	if s.service != nil {
		s.service.Close()
	}
	if s.coordinator != nil {
		s.coordinator.Close()
	}
}

// Close ends all connections and timers; requests that are under way or held but did not reach their endpoint yet have no
// effect any more. The store keeps its state. It may be called from a fault's Hook. It returns what went wrong with the journal.
func (s *Server) Close() error {
	return s.front.Close(func() {
		s.world.RLock()
		defer s.world.RUnlock()
		s.closeWorld()
	})
}

// URL is the address that clients should use: the virtual one if there is one, else the first node's.
func (s *Server) URL() string { return s.front.URL() }

// NodeURL is the address of one node, counted from 0.
func (s *Server) NodeURL(node int) string { return s.front.Node(node).URL() }

// CA is the PEM of the authority that signed the servers' certificates.
func (s *Server) CA() []byte { return s.front.Authority().PEM() }

// Password is the password of the users admin and auditor.
func (s *Server) Password() string { return s.options.AdminPassword }

// Version is the NSX version: the one of the options, or the one of the last upgrade. Zeros in its last two places are
// left out, as in "4.2".
func (s *Server) Version() string {
	s.world.RLock()
	defer s.world.RUnlock()
	return strings.TrimSuffix(strings.TrimSuffix(s.version.String(), ".0"), ".0")
}

// Store is the state. It may be read and changed while the server runs.
func (s *Server) Store() *store.Store { return s.store }

// ControlEndpoints lists the endpoints that are the simulator's own.
func ControlEndpoints() []control.Endpoint { return control.Endpoints() }

// Requests returns the journal: every finished request, in the order of arrival.
func (s *Server) Requests() []Request { return s.front.Journal().List() }

// Faults are the fault rules in force.
func (s *Server) Faults() *faults.Set { return s.faults }

// EndSessions ends all login sessions, as a restart of NSX's proxy does.
func (s *Server) EndSessions() { s.front.Accounts().EndAllSessions() }

// Coordinator is the migration coordinator, or nil. After Restore it is another one.
func (s *Server) Coordinator() api.Coordinator {
	s.world.RLock()
	defer s.world.RUnlock()
	return s.coordinator
}
