package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/kubernetes"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/updates"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
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
	r, err = wire(cfg, reporter, redact, log)
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

// wire puts the parts together.
func wire(cfg *config.Config, reporter *report.Reporter, redact *report.Redactor, log logrus.FieldLogger) (*run.Runner, error) {
	overrides := map[string]catalog.Override{}
	for name, o := range cfg.Migration.Overrides {
		overrides[name] = catalog.Override(o)
	}
	types, err := catalog.New(overrides)
	if err != nil {
		return nil, fmt.Errorf("reading migration.overrides: %w", err)
	}
	spec := &config.UserSpec{}
	if cfg.Migration.UserSpec != "" {
		if spec, err = config.LoadUserSpec(cfg.Migration.UserSpec, run.SpecKinds(types)); err != nil {
			return nil, err
		}
	}
	rules, err := updates.LoadRules(cfg.Migration.UpdateRules)
	if err != nil {
		return nil, fmt.Errorf("reading migration.update_rules: %w", err)
	}
	platform, err := platformOf(cfg, reporter, redact, log)
	if err != nil {
		return nil, err
	}
	if err := rules.Check(cfg.NCP.Platform, platform); err != nil {
		return nil, fmt.Errorf("reading migration.update_rules: %w", err)
	}
	atCommit, err := onCommit()
	if err != nil {
		return nil, err
	}
	client, err := nsx.New(options(cfg, log))
	if err != nil {
		return nil, err
	}
	return &run.Runner{
		Version: version, Config: cfg, Spec: spec, NSX: client, Catalog: types, Rules: rules, Platform: platform,
		Report: reporter, Redact: redact, Log: log, Clock: run.RealClock{}, NewRunID: newRunID, OnCommit: atCommit,
	}, nil
}

// platformOf is how the workloads of the configured platform are read.
func platformOf(cfg *config.Config, reporter *report.Reporter, redact *report.Redactor, log logrus.FieldLogger) (workloads.Platform, error) {
	if cfg.NCP.Platform == config.PlatformTAS {
		return workloads.TAS{}, nil
	}
	k := cfg.Kubernetes
	return kubernetes.New(kubernetes.Options{
		APIServer: k.APIServer, CACertificate: k.CACertificate,
		Token: k.Token.Reveal(), TokenFile: k.TokenFile, ClientCertificate: k.ClientCertificate, ClientKey: k.ClientKey,
		Kubeconfig: k.Kubeconfig, Pods: k.CheckPods, Timeout: time.Duration(k.Timeout), UserAgent: "migrate-mp2p/" + version,
		Log: log, Say: reporter.Say, Redact: redact.Register,
	})
}

func options(cfg *config.Config, log logrus.FieldLogger) nsx.Options {
	o := nsx.Options{
		Username: cfg.NSX.Username, Password: cfg.NSX.Password.Reveal(),
		ClientCertificate: cfg.NSX.ClientCertificate, ClientKey: cfg.NSX.ClientKey,
		CACertificate: cfg.NSX.CACertificate, Insecure: cfg.NSX.Insecure, Proxy: cfg.NSX.Proxy,
		RequestsPerSecond: cfg.NSX.RequestsPerSecond, Concurrency: cfg.NSX.Concurrency,
		ConnectTimeout: time.Duration(cfg.NSX.Timeouts.Connect), RequestTimeout: time.Duration(cfg.NSX.Timeouts.Request),
		FinishTimeout: time.Duration(cfg.NSX.Timeouts.Finish), IndexTimeout: time.Duration(cfg.NSX.Timeouts.Index),
		AllowOverwrite: cfg.NSX.AllowOverwrite, AbsentCodes: cfg.NSX.AbsentCodes, Logger: log,
		ReadOnly: cfg.Migration.Command != config.CommandRun && cfg.Migration.Command != config.CommandRollback,
	}
	for _, m := range cfg.NSX.Managers {
		o.Managers = append(o.Managers, nsx.Endpoint(m))
	}
	return o
}

// newRunID begins with the time, which people look for; the order of archives does not depend on it.
func newRunID() string {
	return time.Now().UTC().Format("20060102-150405") + "-" + strings.ToLower(rand.Text()[:6])
}
