package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/cli"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

// The groups of commands in the help.
const (
	writing = "writing"
	reading = "reading"
)

// program is what the commands get from outside, and the exit code that they leave.
type program struct {
	stdout, stderr io.Writer
	clock          func() time.Time
	code           int
}

// start is the whole program but for the process itself; it answers the exit code.
func start(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := &program{stdout: stdout, stderr: stderr, clock: time.Now}
	err := cli.Execute(ctx, p.root(), args)
	if err == nil {
		return p.code
	}
	fmt.Fprintln(stderr, err)
	if wrong := (*cli.UsageError)(nil); errors.As(err, &wrong) {
		wrong.Explain(stderr)
	}
	return cannotTell
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "migrate-mp2p COMMAND --config FILE",
		Short: "moves what NCP made in NSX from the Manager API to the Policy API",
		Long:  "migrate-mp2p moves what NCP made in NSX from the Manager API to the Policy API.",
		Example: `  migrate-mp2p precheck --config config.json
  migrate-mp2p run --config config.json`,
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.AddGroup(
		&cobra.Group{ID: writing, Title: "Commands that write to NSX (only when migration.enabled is true)"},
		&cobra.Group{ID: reading, Title: "Commands that only read"},
	)
	root.AddCommand(p.run(), p.rollback(), p.plan(), p.precheck(), p.status(), p.verify(), p.version())
	printVersion := root.Flags().Bool("version", false, "print the version")
	root.RunE = func(*cobra.Command, []string) error {
		if *printVersion {
			return p.printVersion()
		}
		return cli.Usagef(root, "no command given")
	}
	cli.SetExitCodes(root,
		cli.Code{Code: run.AllPolicy, Meaning: "help or version was printed"},
		cli.Code{Code: cannotTell, Meaning: "the command line is wrong; nothing was done"})
	return root
}

// errand completes a command that works on NSX or the records: it gets the flags and the exit codes of them all.
func (p *program) errand(command *cobra.Command) *cobra.Command {
	var a arguments
	name := command.Name()
	command.Use = name + " --config FILE [--output text|json] [--job UID]" + command.Use[len(name):]
	a.register(command.Flags())
	if name == config.CommandPlan {
		command.Flags().StringVar(&a.userSpec, "write-user-spec", "",
			"infer which shared objects have to move, and write them to `FILE`, which must not exist with other content (default: as migration.write_user_spec says)")
	}
	command.GroupID = reading
	codes := readingCodes()
	if config.Writes(name) {
		command.GroupID = writing
		codes = writingCodes()
	}
	cli.SetExitCodes(command, codes...)
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := a.checkAll(command); err != nil {
			return err
		}
		p.code = p.execute(command.Context(), name, a)
		return nil
	}
	return command
}

func writingCodes() []cli.Code {
	return []cli.Code{
		{Code: run.AllPolicy, Meaning: "all objects are Policy and no update is pending, or the command was disarmed or\nleft the work to another instance: the last line says which"},
		{Code: run.Mixed, Meaning: "some are Policy and some Manager, updates are pending, or a batch's end is unknown:\nstart NCP in neither mode and run again"},
		{Code: run.AllManager, Meaning: "all objects are Manager: leave NCP stopped, cure the cause, run again"},
		{Code: run.CannotTell, Meaning: "not known: nothing was looked at, or it could not be; also a wrong command line"},
		{Code: run.Interrupted, Meaning: "not known: SIGTERM ended the run in order; run again"},
	}
}

func readingCodes() []cli.Code {
	return []cli.Code{
		{Code: run.AllPolicy, Meaning: "nothing to object to"},
		{Code: run.Mixed, Meaning: "something was found: the output names it"},
		{Code: run.CannotTell, Meaning: "the question could not be answered; also a wrong command line"},
		{Code: run.Interrupted, Meaning: "SIGTERM ended the command; nothing was written to NSX or to the records"},
	}
}
