// Command migrate-mp2p moves what NCP made in NSX from the Manager API to the Policy API. As a BOSH errand
// it is started by bin/run, on Kubernetes by the Job nsx-ncp-migrate-mp2p.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

// version is written into records and reports; a release changes it.
const version = "0.1.0"

// cannotTell is the exit code for everything that ends before anything was looked at.
const cannotTell = 3

func main() {
	// A Go panic would end in 2 and claim that everything is Manager; like this it ends in 134, which claims
	// nothing. No core file, since one would hold secrets.
	debug.SetTraceback("crash")
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		fmt.Fprintln(os.Stderr, "limiting core files to 0:", err)
		os.Exit(cannotTell)
	}
	// What a run keeps grows with the ids of the objects; the pages of NSX that pass by are garbage at once, and must
	// not pile up to as much again on a small errand VM.
	debug.SetGCPercent(50)
	// The first SIGTERM begins no new write and ends the run in order; a second one ends the process at once,
	// which the records survive, too.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	// A closed pipe on stdout must not end a migration.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(start(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
