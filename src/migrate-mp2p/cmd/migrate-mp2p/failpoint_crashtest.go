//go:build crashtest

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

// failpoint is the environment variable that tells a build for crash tests where to die, such as before-commit:12: right before
// the twelfth transaction of the records is committed. Releases are built without the tag crashtest and know nothing of it.
const failpoint = "MIGRATE_MP2P_FAILPOINT"

// onFailpoint kills this process with SIGKILL, so that nothing is put in order first.
func onFailpoint() (func(at records.Failpoint, transaction int), error) {
	text, set := os.LookupEnv(failpoint)
	if !set {
		return nil, nil
	}
	name, number, _ := strings.Cut(text, ":")
	n, err := strconv.Atoi(number)
	if point := records.Failpoint(name); err != nil || point != records.BeforeCommit && point != records.AfterCommit {
		return nil, fmt.Errorf("reading %s: %q is no failpoint such as %s:12", failpoint, text, records.BeforeCommit)
	}
	return func(at records.Failpoint, transaction int) {
		if string(at) == name && transaction == n {
			// It cannot fail, and nothing follows it.
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}, nil
}
