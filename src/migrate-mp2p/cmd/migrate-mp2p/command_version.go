package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nsx-mp2p/migrate-mp2p/internal/cli"
	"nsx-mp2p/migrate-mp2p/internal/run"
)

func (p *program) version() *cobra.Command {
	command := &cobra.Command{
		Use:     "version",
		Short:   "print the version",
		Long:    "Prints the version, and nothing else.",
		Example: "  migrate-mp2p version",
	}
	// Those who give every command the same flags may give them to this one; its help is silent about them.
	var a arguments
	a.register(command.Flags())
	command.Flags().VisitAll(func(flag *pflag.Flag) { flag.Hidden = true })
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := a.checkOutput(command); err != nil {
			return err
		}
		return p.printVersion()
	}
	cli.SetExitCodes(command,
		cli.Code{Code: run.AllPolicy, Meaning: "the version was printed"},
		cli.Code{Code: cannotTell, Meaning: "the command line is wrong"})
	return command
}

// printVersion does its best: a closed pipe is no failure of the program.
func (p *program) printVersion() error {
	fmt.Fprintln(p.stdout, version)
	return nil
}
