// Package wf is an empty stand-in for a Windows-only dependency of bosh-agent.
//
// The real module cannot be fetched from every Go module proxy, and `go mod tidy` wants it although nothing compiles it
// on Linux. See the replace line in ../go.mod.
package wf
