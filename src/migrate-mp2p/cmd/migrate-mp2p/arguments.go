package main

import (
	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/cli"
)

// The forms of what is printed.
const (
	outputText = "text"
	outputJSON = "json"
)

// arguments are the values of a command's flags.
type arguments struct {
	config, job, output string
	userSpec            string // file to write an inferred user spec to
}

func (a arguments) check(command *cobra.Command) error {
	switch {
	case a.output != outputText && a.output != outputJSON:
		return cli.Usagef(command, "--output is %q; it must be %s or %s", a.output, outputText, outputJSON)
	case a.config == "":
		return cli.Usagef(command, "%s needs --config FILE (config.json)", command.Name())
	}
	return nil
}
