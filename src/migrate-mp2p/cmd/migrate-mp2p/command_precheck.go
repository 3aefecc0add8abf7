package main

import (
	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

func (p *program) precheck() *cobra.Command {
	return p.errand(&cobra.Command{
		Use:     config.CommandPrecheck,
		Short:   "do every check, and name all failures at once",
		Long:    `Does every check that a migration does before its first write, and names all failures at once.`,
		Example: `  migrate-mp2p precheck --config config.json`,
	})
}
