package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/report"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/internal/wiring"
)

// execute carries out a command with a command line that is in order; it answers the exit code.
func (p *program) execute(ctx context.Context, command string, a arguments) int {
	redact := &report.Redactor{}
	printer := report.Options{Out: p.stdout, JSON: a.output == outputJSON, Terminal: isTerminal(p.stdout), Clock: p.clock, Redact: redact}
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
	defer closeLog(closer, p.stderr)
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
