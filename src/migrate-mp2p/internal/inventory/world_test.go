package inventory_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("A TAS foundation", func() {
	It("is planned whole and without problems [R4] [R13]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		_, ncp := g.both(ctx)
		Expect(ncp.Objects()).To(BeNumerically(">", 480))
	})
})
