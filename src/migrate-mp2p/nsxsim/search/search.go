// Package search is the search service of the simulated NSX, over both of its sides. The language of queries is package
// grammar.
package search

import (
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// API is the search API over a store.
type API struct {
	options Options
	store   *store.Store
	clock   api.Clock
	lists   *listing.Cache
	policy  *policy.API
	version api.Version
	index   index
}

// New makes the API; Open comes before its first request.
func New(o Options, st *store.Store, clock api.Clock, lists *listing.Cache, realized *policy.API) *API {
	return &API{options: o, store: st, clock: clock, lists: lists, policy: realized}
}

// Open makes the API that of a version of NSX.
func (s *API) Open(version api.Version) { s.version = version }

// Rebuild makes the index anew, as after a restore: until that is complete, searches are refused.
func (s *API) Rebuild() { s.index.rebuild(s.clock.Now().Add(s.options.Reindexing)) }
