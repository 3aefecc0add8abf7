// Package nsxsim is a stand-in for an NSX Manager cluster: a TLS server with the endpoints that a migration from the
// Manager API to the Policy API meets, for tests and for people without an NSX.
//
//	server, err := nsxsim.Start(nsxsim.Options{Store: st, Coordinator: coordinator.New(coordinator.Options{})})
//	defer server.Close()
//	// server.URL(), server.CA(), nsxsim.AdminUser, server.Password()
//
// # What it promises
//
//   - All state is in a store.Store. It outlives the server: Close, and Start with the same store goes on.
//   - The same seed and the same requests give the same state; only TLS keys and times differ, and times come from
//     Options.Clock.
//   - Every endpoint is in one routing table, which also prints the coverage (Coverage). What it does not know it
//     answers with 404 in NSX's error form and marks as a gap in the journal.
//   - It imports nothing of the product that it tests.
//
// # Where things are
//
// A request goes through serve.go: login (auth.go), limits, faults (disturb.go), the route (router.go), the journal.
//
//	manager*.go, sections.go, allocations.go   the Manager API; managerkinds.go is its table of collections
//	policy*.go                                 the Policy API; package policy has its table of paths
//	search*.go, listing.go                     search and lists
//	node.go, clusterstatus.go, service.go      nodes, the cluster, the coordinator's service
//	dashboard.go                               backups, capacity
//	control.go, change.go, restore.go, upgrade.go   what is the simulator's own: /_nsxsim/
//
//	api          what a route, a request and an error are
//	store        all state, with its indexes, saving and loading
//	schema       which fields a body may have, out of VMware's SDK
//	references   which fields name other objects
//	groups       who is in a group
//	search       the query language
//	coordinator  the migration coordinator
//	faults       the rules that disturb requests
//	model        the worlds to begin with, and Kubernetes manifests of them
//	check        the judge of a state
//	simtest      an NSX for a Go test
//
// # Caveats
//
// What no public source states is marked ASSUMED in the routes' notes. Nothing is forwarded: there is no data path.
package nsxsim
