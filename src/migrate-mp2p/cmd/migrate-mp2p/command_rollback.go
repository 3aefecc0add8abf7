package main

import (
	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

func (p *program) rollback() *cobra.Command {
	return p.errand(&cobra.Command{
		Use:   config.CommandRollback,
		Short: "take an unfinished run back to Manager mode",
		Long: `Takes an unfinished run back to Manager mode, whatever migration.command says. A migration that is
past DONE cannot be taken back. Unless migration.enabled is true it looks at nothing and touches
nothing.`,
		Example: `  migrate-mp2p rollback --config config.json`,
	})
}
