// Package manager is the Manager API of the simulated NSX. kinds.go is its table of collections; what every collection can do
// alike is in read, write and delete, and each family of objects has its hooks and its further endpoints in files of its own.
package manager

import (
	"crypto/x509"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Accounts are who may log in.
type Accounts interface {
	// Local tells of a user whether it is none of a principal identity.
	Local(user string) bool
	AddPrincipal(certificate *x509.Certificate, identity api.Identity)
	RemovePrincipal(name string)
}

// API is the Manager API over a store.
type API struct {
	store    *store.Store
	clock    api.Clock
	lists    *listing.Cache
	policy   *policy.API
	accounts Accounts
	kinds    map[string]Kind
	version  api.Version
	cluster  string
}

// New makes the API; Open comes before its first request.
func New(st *store.Store, clock api.Clock, lists *listing.Cache, promoted *policy.API, accounts Accounts) *API {
	return &API{store: st, clock: clock, lists: lists, policy: promoted, accounts: accounts, kinds: kindsByPattern()}
}

// Open makes the API that of a version of NSX, on the cluster of this id, and lets the principal identities of the store in.
func (s *API) Open(version api.Version, cluster string) error {
	s.version, s.cluster = version, cluster
	return s.admitStored()
}
