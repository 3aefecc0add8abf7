// Package cluster is the appliance side of the simulated NSX: the manager nodes and how they are, the services that run on
// them, among them the migration coordinator's, backups, capacity and licences.
package cluster

import (
	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// API is the API of the appliance.
type API struct {
	store *store.Store
	clock api.Clock
	front *front.Front
	count int // of nodes
	// objectsOf lists the Manager objects of a collection, given as package references writes it.
	objectsOf func(tx *store.Tx, pattern string) []*store.Object

	version  api.Version
	identity Identity
	service  *Service
}

// New makes the API of so many nodes; Open comes before its first request.
func New(st *store.Store, clock api.Clock, outside *front.Front, nodes int, objectsOf func(tx *store.Tx, pattern string) []*store.Object) *API {
	return &API{store: st, clock: clock, front: outside, count: nodes, objectsOf: objectsOf}
}

// Open makes the API that of a version of NSX, with this identity and this service of the migration coordinator.
func (s *API) Open(version api.Version, identity Identity, service *Service) {
	s.version, s.identity, s.service = version, identity, service
}
