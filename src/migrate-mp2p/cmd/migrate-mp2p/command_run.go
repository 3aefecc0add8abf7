package main

import (
	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

func (p *program) run() *cobra.Command {
	return p.errand(&cobra.Command{
		Use:   config.CommandRun,
		Short: "migrate, or take up unfinished records; does what migration.command says",
		Long: `Migrates what the configuration names, or takes up the unfinished records of an earlier run. It does
what migration.command says: run, or another command, whose exit codes then hold. Unless
migration.enabled is true, a run looks at nothing and touches nothing.`,
		Example: `  migrate-mp2p run --config /var/vcap/jobs/migrate-mp2p/config/config.json`,
	})
}
