//go:build !crashtest

package main

// onCommit answers what is called when records are committed: nothing. Builds for crash tests differ (commit_crashtest.go).
func onCommit() (func(n int), error) { return nil, nil }
