package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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

// register makes them the values of the flags that all commands have.
func (a *arguments) register(flags *pflag.FlagSet) {
	flags.StringVar(&a.config, "config", "", "configuration to work with: `FILE` (config.json); must be given")
	flags.StringVar(&a.output, "output", outputText, "`FORM` of what is printed: text, or json: one object at the end")
	flags.StringVar(&a.job, "job", "",
		"`UID` of the Kubernetes Job whose pod this is: one Job migrates no second time after a rollback (default: no Job)")
}

// checkAll refuses what a command that works on NSX or the records cannot begin with.
func (a *arguments) checkAll(command *cobra.Command) error {
	if err := a.checkOutput(command); err != nil {
		return err
	}
	if a.config == "" {
		return cli.Usagef(command, "%s needs --config FILE (config.json)", command.Name())
	}
	return nil
}

func (a *arguments) checkOutput(command *cobra.Command) error {
	if a.output != outputText && a.output != outputJSON {
		return cli.Usagef(command, "--output is %q; it must be %s or %s", a.output, outputText, outputJSON)
	}
	return nil
}
