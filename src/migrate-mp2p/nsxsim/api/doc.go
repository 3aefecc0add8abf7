// Package api is what the parts of the simulator speak with each other: requests and answers free of net/http details,
// NSX's error form, the routing table that coverage is printed from, and the clock.
//
// The server (package nsxsim) turns HTTP into a Request, finds the Route, and writes the Response or the Error. The
// migration coordinator is one such set of routes; see Coordinator.
package api
