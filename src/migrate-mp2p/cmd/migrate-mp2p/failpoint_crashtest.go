//go:build crashtest

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

const (
	// failpoint is the environment variable that tells a build for crash tests where to die, such as before-commit:12: right
	// before the twelfth transaction of the records is committed. Releases are built without the tag crashtest and know
	// nothing of it.
	failpoint = "MIGRATE_MP2P_FAILPOINT"
	// ask, in place of a failpoint's name, is followed by a Unix socket: at each failpoint this process says there where it
	// is, and waits for a line before it goes on.
	ask = "ask"
)

// onFailpoint does at the failpoints of the records what the environment says.
func onFailpoint() (func(at records.Failpoint, transaction int), error) {
	text, set := os.LookupEnv(failpoint)
	if !set {
		return nil, nil
	}
	name, rest, _ := strings.Cut(text, ":")
	if name == ask {
		return asking(rest)
	}
	n, err := strconv.Atoi(rest)
	if point := records.Failpoint(name); err != nil || point != records.BeforeCommit && point != records.AfterCommit {
		return nil, fmt.Errorf("reading %s: %q is no failpoint such as %s:12", failpoint, text, records.BeforeCommit)
	}
	return func(at records.Failpoint, transaction int) {
		if string(at) == name && transaction == n {
			// SIGKILL, so that nothing is put in order first. It cannot fail, and nothing follows it.
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}, nil
}

// asking waits at each failpoint until the other end of the socket has answered, or is gone.
func asking(socket string) (func(at records.Failpoint, transaction int), error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", failpoint, err)
	}
	answers := bufio.NewReader(conn)
	return func(at records.Failpoint, transaction int) {
		if _, err := fmt.Fprintf(conn, "%s:%d\n", at, transaction); err == nil {
			_, _ = answers.ReadString('\n')
		}
	}, nil
}
