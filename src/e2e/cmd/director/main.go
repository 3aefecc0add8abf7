// Command director runs the loopback Director stand-in until it is told to end (SIGINT or SIGTERM).
// When it answers, it writes what the bosh CLI needs as export lines to DIR/env.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"nsx-mp2p/e2e/director"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "director:", err)
		os.Exit(1)
	}
}

func run() error {
	var options director.Options
	flag.StringVar(&options.Dir, "dir", "", "folder of VMs, disks and blobs")
	flag.StringVar(&options.Agent, "agent", "", "path of the bosh-agent binary")
	flag.StringVar(&options.Compiled, "compiled", "", "folder of compiled packages")
	flag.Parse()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	d, err := director.Start(options)
	if err != nil {
		return err
	}
	env := "export " + strings.Join(d.Environment(), "\nexport ") + "\n"
	partial := filepath.Join(options.Dir, "env.partial")
	if err := os.WriteFile(partial, []byte(env), 0o600); err != nil {
		return err
	}
	if err := os.Rename(partial, filepath.Join(options.Dir, "env")); err != nil {
		return err
	}
	<-stop
	return d.Close()
}
