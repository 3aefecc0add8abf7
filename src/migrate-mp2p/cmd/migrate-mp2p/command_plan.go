package main

import (
	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

func (p *program) plan() *cobra.Command {
	return p.errand(&cobra.Command{
		Use:   config.CommandPlan + " [--write-user-spec SPEC]",
		Short: "show what would be sent, with totals",
		Long: `Shows what would be sent to NSX, with totals, and writes nothing there. With --write-user-spec it
infers which shared objects have to move.`,
		Example: `  migrate-mp2p plan --config config.json
  migrate-mp2p plan --config config.json --write-user-spec user-spec.yaml`,
	})
}
