package policy

import (
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// API is the Policy API over a store.
type API struct {
	options     Options
	store       *store.Store
	clock       api.Clock
	tree        *Tree
	lists       *listing.Cache
	local       func(user string) bool
	fail        func(error)
	coordinator api.Coordinator
	purging     purging
}

// Options are those of the whole simulator that the Policy API heeds; package nsxsim says what each means.
type Options struct {
	PartialPatch     bool
	MaxIntents       int
	PurgeDelay       time.Duration
	RealizationDelay time.Duration
	UnfitIDs         bool
}

// New makes the API; Open comes before its first request. local tells of a user whether it is none of a principal identity, and
// fail is told what went wrong where nobody waits.
func New(o Options, st *store.Store, clock api.Clock, lists *listing.Cache, local func(user string) bool, fail func(error)) *API {
	return &API{options: o, store: st, clock: clock, tree: NewTree(), lists: lists, local: local, fail: fail}
}

// Open begins with what the store holds now. coordinator says how far it realized what; it may be nil.
func (s *API) Open(coordinator api.Coordinator) error {
	s.coordinator = coordinator
	s.purging.start()
	return s.purgeDue()
}

// Close stops timers; Open may follow.
func (s *API) Close() { s.purging.stop() }
