package main

import (
	"github.com/spf13/cobra"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

func (p *program) verify() *cobra.Command {
	return p.errand(&cobra.Command{
		Use:     config.CommandVerify,
		Short:   "tell whether records and NSX are in order",
		Long:    `Tells whether records and NSX are in order, by comparing them.`,
		Example: `  migrate-mp2p verify --config config.json`,
	})
}
