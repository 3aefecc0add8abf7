//go:build !crashtest

package main

import "nsx-mp2p/migrate-mp2p/internal/records"

// onFailpoint answers what is called at the failpoints of the records: nothing. Builds for crash tests differ
// (failpoint_crashtest.go).
func onFailpoint() (func(at records.Failpoint, transaction int), error) { return nil, nil }
