package inventory_test

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
)

var _ = Describe("FindUnrealised on the simulator", func() {
	// after promotes the shared objects and searches, with one request, for what DONE left behind.
	after := func(ctx SpecContext, left ...coordinator.Unrealized) inventory.Unrealised {
		GinkgoHelper()
		g := start(1, nsxsim.Options{Coordinator: coordinator.New(coordinator.Options{Unrealized: left})}, nil)
		g.connect(ctx)
		g.promote(ctx, g.build(g.retrieve(ctx, mp.Shared), nil).Batches, true)
		before := len(g.server.Requests())
		result, err := inventory.FindUnrealised(ctx, g.client, func(path string) bool { return strings.HasPrefix(path, "/infra/tier-0s/") })
		Expect(err).NotTo(HaveOccurred())
		Expect(g.server.Requests()[before:]).To(HaveLen(1))
		return result
	}

	It("finds nothing where DONE realised everything", func(ctx SpecContext) {
		Expect(after(ctx)).To(Equal(inventory.Unrealised{}))
	})

	It("tells intents in error, with NSX's reason, from those that are late, and leaves out what is not asked for", func(ctx SpecContext) {
		result := after(ctx, coordinator.Unrealized{Paths: "/infra/tier-0s/*/*", Reason: "The edge is down."},
			coordinator.Unrealized{Paths: "/infra/tier-0s/*"}, coordinator.Unrealized{Paths: "/infra/ip-*"})
		Expect(result.Errors).NotTo(BeEmpty())
		Expect(result.Errors).To(HaveEach(And(HaveField("Path", MatchRegexp("^/infra/tier-0s/.*/")), HaveField("State", "ERROR"), HaveField("Reason", "The edge is down."))))
		Expect(result.Late).To(ConsistOf(And(HaveField("Path", MatchRegexp("^/infra/tier-0s/[^/]*$")), HaveField("State", "UNREALIZED"))))
		Expect(result.Incomplete).To(BeFalse())
	})
})
