package main

import (
	"io"

	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

// coverageCommand prints the routing table.
func coverageCommand(stdout io.Writer) *cobra.Command {
	command := &cobra.Command{
		Use:   "coverage [flags]",
		Short: "list the endpoints that are simulated, how far, and what is assumed",
		Long: `Lists the endpoints that are simulated, with their methods and parameters, how far each goes, and
what is assumed of it because no public source states it.`,
		Example: `  nsxsim coverage
  nsxsim coverage --nsx-version 4.2 --markdown`,
	}
	version := command.Flags().String("nsx-version", nsxsim.DefaultVersion, "NSX `VERSION` whose endpoints are listed")
	page := command.Flags().Bool("markdown", false, "print a page for documentation")
	command.RunE = func(*cobra.Command, []string) error {
		endpoints, err := nsxsim.Coverage(nsxsim.Options{Version: *version, Coordinator: coordinator.New(coordinator.Options{})})
		if err != nil {
			return err
		}
		if *page {
			return nsxsim.WriteCoveragePage(stdout, endpoints)
		}
		return nsxsim.WriteCoverage(stdout, endpoints)
	}
	return command
}
