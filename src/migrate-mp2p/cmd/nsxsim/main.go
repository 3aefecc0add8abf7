package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// Exit codes: 0 fine, 1 check found something, 2 wrong usage, 3 anything else that failed.
const (
	exitOK       = 0
	exitFindings = 1
	exitUsage    = 2
	exitFailed   = 3
)

const usage = `Usage: nsxsim COMMAND [flags]

  serve      run a simulated NSX until SIGINT or SIGTERM
  manifests  print what runs on a cluster of a model, as Kubernetes manifests
  check      judge a saved state: consistent? how many of a cluster's objects are Manager, Policy, half-way?
  coverage   list the endpoints that are simulated, how far, and what is assumed

Try: nsxsim serve --model tas --ready-file nsx.json
     nsxsim COMMAND --help
`

// A large world lives long and its requests leave much garbage behind: collecting that at twice the world's size costs a
// fifth of all processor time. So the collector may wait until four times, but not beyond what the largest world needs.
const (
	garbagePercent = 300
	softMemory     = 5 << 30
)

func main() {
	debug.SetGCPercent(garbagePercent)
	debug.SetMemoryLimit(softMemory)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// usageError is a wrong command line.
type usageError struct{ error }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		// A closed stderr cannot be told anything.
		_, _ = io.WriteString(stderr, usage)
		return exitUsage
	}
	var err error
	switch command, rest := args[0], args[1:]; command {
	case "serve":
		err = serve(ctx, rest, stdout, stderr)
	case "manifests":
		err = manifests(rest, stdout, stderr)
	case "check":
		err = checkState(rest, stdout, stderr)
	case "coverage":
		err = coverage(rest, stdout, stderr)
	case "help", "-h", "--help":
		_, err = io.WriteString(stdout, usage)
	default:
		err = usageError{fmt.Errorf("unknown command %q; see nsxsim help", command)}
	}
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errFindings):
		return exitFindings
	}
	_, _ = fmt.Fprintln(stderr, "nsxsim:", err)
	if errors.As(err, &wrong) {
		return exitUsage
	}
	return exitFailed
}

// parse reads a command's flags; positional arguments are errors.
func parse(flags *flag.FlagSet, args []string, stderr io.Writer) error {
	flags.SetOutput(stderr)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return usageError{err}
	}
	if flags.NArg() > 0 {
		return usageError{fmt.Errorf("%s takes no arguments but flags; %q is too much", flags.Name(), flags.Arg(0))}
	}
	return nil
}

// coverage prints the routing table.
func coverage(args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("coverage", flag.ContinueOnError)
	version := flags.String("nsx-version", nsxsim.DefaultVersion, "NSX version")
	page := flags.Bool("markdown", false, "print a page for documentation")
	if err := parse(flags, args, stderr); err != nil {
		return err
	}
	endpoints, err := nsxsim.Coverage(nsxsim.Options{Version: *version, Coordinator: coordinator.New(coordinator.Options{})})
	if err != nil {
		return err
	}
	if *page {
		return nsxsim.WriteCoveragePage(stdout, endpoints)
	}
	return nsxsim.WriteCoverage(stdout, endpoints)
}
