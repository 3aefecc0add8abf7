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
// This package wires the rooms together (server.go) and replaces what they serve as a whole (restore.go, upgrade.go). A request
// comes in at the front, which finds its route in the table that the rooms fill, and calls the room.
//
//	front        the outside: addresses, TLS, login, limits, disturbed answers, the journal
//	manager      the Manager API: kinds.go is the type of its rows, each family has a file with its rows and hooks
//	policy       the Policy API: kinds.go is its table of paths
//	search       the search of both; its language is in search/grammar
//	cluster      nodes, services, backups, capacity
//	coordinator  the migration coordinator: rows of types, what a promotion makes of each
//	control      what is the simulator's own: /_nsxsim/
//
// They stand on:
//
//	api          what a route, a request and an error are
//	listing      lists and their pages
//	store        all state, with its indexes, saving and loading
//	schema       which fields a body may have, out of VMware's SDK
//	references   which fields name other objects
//	groups       who is in a group
//	faults       the rules that disturb requests
//
// And beside them:
//
//	model        the worlds to begin with, and Kubernetes manifests of them
//	check        the judge of a state
//	liar         a proxy that lies
//	simtest      an NSX for a Go test
//
// Where new things go: a Manager collection is a row in its family's file in manager; a Policy type is a row in policy/kinds.go;
// what a promotion makes of a type is a row in coordinator/kinds.go; a kind of fault is a field of faults.Rule, and how it
// changes an answer is in front/answer.go; a finding of the judge is in check.
//
// # Caveats
//
// What no public source states is marked ASSUMED in the routes' notes. Nothing is forwarded: there is no data path.
package nsxsim
