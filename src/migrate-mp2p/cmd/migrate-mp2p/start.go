package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/wiring"
)

const usage = `migrate-mp2p moves what NCP made in NSX from the Manager API to the Policy API.

Usage: migrate-mp2p COMMAND --config FILE [--output text|json] [--job UID]

--job names the Kubernetes Job whose pod this is: one Job migrates no second time after a rollback.

Commands that write to NSX (only when migration.enabled is true):
  run        migrate, or take up unfinished records; does what migration.command says
  rollback   take an unfinished run back to Manager mode

Commands that only read:
  plan       what would be sent, with totals; with --write-user-spec FILE it infers which shared objects have to
             move, and writes them to FILE, which must not exist with other content
  precheck   every check, all failures at once
  status     what the records hold, and what the objects are
  verify     are records and NSX in order?
  version
`

// arguments is the command line.
type arguments struct {
	command, config, job string
	json                 bool
	userSpec             string // file to write an inferred user spec to
}

func parse(args []string) (arguments, error) {
	var a arguments
	flags := flag.NewFlagSet("migrate-mp2p", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.config, "config", "", "")
	flags.StringVar(&a.job, "job", "", "")
	flags.StringVar(&a.userSpec, "write-user-spec", "", "")
	output := flags.String("output", "text", "")
	if len(args) == 0 {
		return a, errors.New("no command given")
	}
	a.command = args[0]
	if err := flags.Parse(args[1:]); err != nil {
		return a, err
	}
	needConfig := []string{"run", "rollback", "plan", "precheck", "status", "verify"}
	known := append(slices.Clone(needConfig), "version", "help", "-h", "--help")
	switch {
	case !slices.Contains(known, a.command):
		return a, fmt.Errorf("unknown command %q; known are %s, version", a.command, strings.Join(needConfig, ", "))
	case flags.NArg() > 0:
		return a, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case a.userSpec != "" && a.command != config.CommandPlan:
		return a, fmt.Errorf("--write-user-spec belongs to command plan, not to %s", a.command)
	case *output != "text" && *output != "json":
		return a, fmt.Errorf("--output is %q; it must be text or json", *output)
	case a.config == "" && slices.Contains(needConfig, a.command):
		return a, fmt.Errorf("%s needs --config FILE (config.json)", a.command)
	}
	a.json = *output == "json"
	return a, nil
}

// start is the whole program but for the process itself; it answers the exit code.
func start(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a, err := parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "%v\n\n%s", err, usage)
		return cannotTell
	}
	switch a.command {
	case "version":
		fmt.Fprintln(stdout, version)
		return 0
	case "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return 0
	}
	redact := &report.Redactor{}
	printer := report.Options{Out: stdout, JSON: a.json, Terminal: isTerminal(stdout), Clock: time.Now, Redact: redact}
	command := a.command
	if command == config.CommandRun {
		command = "" // the errand does what migration.command says
	}
	cfg, err := config.LoadFor(a.config, command, a.userSpec != "")
	if err != nil {
		return finish(report.New(printer), run.Refused(err))
	}
	redact.Register(cfg.NSX.Password.Reveal(), cfg.Kubernetes.Token.Reveal())
	log, closer, err := report.NewLogger(cfg.Log.Level, cfg.Log.Directory, redact)
	if err != nil {
		return finish(report.New(printer), run.Refused(err))
	}
	defer closeLog(closer, stderr)
	printer.Log, printer.LogDir = log, cfg.Log.Directory
	var r *run.Runner
	printer.OnStatus = func(s report.Status) {
		if r != nil {
			r.SaveStatus(s)
		}
	}
	reporter := report.New(printer)
	failpoint, err := onFailpoint()
	if err == nil {
		r, err = wiring.Runner(cfg, wiring.Parts{Version: version, Report: reporter, Redact: redact, Log: log, OnFailpoint: failpoint})
	}
	if err != nil {
		return finish(reporter, run.Refused(err))
	}
	defer r.NSX.Close()
	r.Job = a.job
	r.UserSpecFile = a.userSpec
	return finish(reporter, r.Do(ctx))
}

func finish(r *report.Reporter, out report.Outcome) int {
	r.Finish(out)
	return out.Code
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), unix.TCGETS)
	return err == nil
}

func closeLog(c io.Closer, stderr io.Writer) {
	if err := c.Close(); err != nil {
		fmt.Fprintln(stderr, "closing the log:", err)
	}
}
