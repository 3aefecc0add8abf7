package main

import (
	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

func (p *program) status() *cobra.Command {
	return p.errand(&cobra.Command{
		Use:   config.CommandStatus,
		Short: "show what the records hold, and what the objects are",
		Long: `Shows what the records hold, and what the objects are in NSX. It may be asked while a migration is
at work.`,
		Example: `  migrate-mp2p status --config config.json
  migrate-mp2p status --config config.json --output json`,
	})
}
