package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/cli"
)

// The exit codes.
const (
	exitOK       = 0
	exitFindings = 1
	exitUsage    = 2
	exitFailed   = 3
)

// usageError is a wrong command line, found by what does not know whose.
type usageError struct{ error }

// run is the whole program but for the process itself; it answers the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := cli.Execute(ctx, program(stdout, stderr), args)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errFindings):
		return exitFindings
	}
	fmt.Fprintln(stderr, "nsxsim:", err)
	if wrong := (*cli.UsageError)(nil); errors.As(err, &wrong) {
		wrong.Explain(stderr)
		return exitUsage
	}
	return exitFailed
}

// program is the command line with all commands.
func program(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "nsxsim COMMAND",
		Short: "runs the NSX simulator",
		Long:  "nsxsim serves a simulated NSX, and judges what was done to it.",
		Example: `  nsxsim serve --model tas --ready-file nsx.json
  nsxsim check --load state --cluster tas1`,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.RunE = func(*cobra.Command, []string) error { return cli.Usagef(root, "no command given") }
	root.AddCommand(
		ending(serveCommand(stdout)),
		ending(manifestsCommand(stdout)),
		ending(checkCommand(stdout), cli.Code{Code: exitFindings, Meaning: "something is not as it should be: the output names it"}),
		ending(coverageCommand(stdout)),
	)
	cli.SetExitCodes(root,
		cli.Code{Code: exitOK, Meaning: "help was printed"},
		cli.Code{Code: exitUsage, Meaning: "the command line is wrong; nothing was done"})
	return root
}

// ending gives a command its exit codes, those that all have and further ones, and says of a wrong command line whose it is.
func ending(command *cobra.Command, further ...cli.Code) *cobra.Command {
	do := command.RunE
	command.RunE = func(_ *cobra.Command, args []string) error {
		err := do(command, args)
		if wrong := (usageError{}); errors.As(err, &wrong) {
			return cli.Usage(command, err)
		}
		return err
	}
	codes := append([]cli.Code{{Code: exitOK, Meaning: "fine"}}, further...)
	cli.SetExitCodes(command, append(codes,
		cli.Code{Code: exitUsage, Meaning: "the command line is wrong"},
		cli.Code{Code: exitFailed, Meaning: "anything else that failed"})...)
	return command
}
