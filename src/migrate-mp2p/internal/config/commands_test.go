package config_test

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/config"
)

var _ = Describe("the commands", func() {
	It("that write to NSX are run and rollback, and no other", func() {
		writing := slices.DeleteFunc(config.Commands(), func(name string) bool { return !config.Writes(name) })
		Expect(writing).To(ConsistOf(config.CommandRun, config.CommandRollback))
		Expect(config.Writes("")).To(BeFalse())
	})
})
