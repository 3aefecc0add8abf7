//go:build crashtest

package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// killAt is the environment variable that tells a build for crash tests when to die: at the n-th call of
// records.Options.OnCommit, counted from 1. Odd numbers are right before a commit, even ones right after it.
// Releases are built without the tag crashtest and know nothing of it.
const killAt = "MIGRATE_MP2P_KILL_AT_COMMIT"

// onCommit kills this process with SIGKILL, so that nothing is put in order first.
func onCommit() (func(n int), error) {
	text, set := os.LookupEnv(killAt)
	if !set {
		return nil, nil
	}
	at, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", killAt, err)
	}
	return func(n int) {
		if n == at {
			// It cannot fail, and nothing follows it.
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}, nil
}
