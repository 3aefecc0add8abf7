// Package sdk_test lets VMware's own Go SDK for NSX judge nsxsim, the NSX of this project's tests. What the SDK calls
// must be answered, and the answers must be what the SDK's models say, field by field (strict_test.go). The other way
// round, every body that migrate-mp2p sends must fit the models (bodies_test.go).
//
// The tables of manager_test.go and policy_test.go name one client of the SDK per line: to cover a further kind of
// object, add a line. Which calls were made is listed in testdata/calls.txt; the suite fails when
// that page is not true, and `go test ./sdk -update` writes it anew.
//
// Where the SDK itself is wrong, the test and not the simulator makes up for it: artefacts_test.go lists these places.
package sdk_test
