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
// # Caveats
//
// References between objects are checked only where NSX's public sources say what happens. What no source states is
// marked ASSUMED in the routes' notes. Nothing is forwarded: there is no data path.
package nsxsim
