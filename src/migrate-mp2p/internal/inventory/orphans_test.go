package inventory_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/nsxsim"
)

var _ = Describe("Parts of NCP", func() {
	router := func(id, kind string, more ...object) object {
		return object{"id": id, "resource_type": "LogicalRouter", "router_type": kind, "display_name": id, "tags": more}
	}
	policyPath := object{"scope": "policyPath", "tag": "/infra/tier-1s/done"}

	DescribeTable("are orphans only where they go nowhere [R13]",
		func(ctx SpecContext, objects map[string]object, want ...string) {
			g := start(1, nsxsim.Options{}, put(objects))
			g.connect(ctx)
			inv := g.retrieve(ctx, mp.NCP)
			var got []string
			for _, o := range inv.Orphans {
				got = append(got, o.String())
			}
			Expect(got).To(ConsistOf(want))
			census, err := inventory.TakeCensus(ctx, g.client, g.cat, inventory.CensusQuery{Scope: mp.NCP, Cluster: "tas1", OrphanRoutes: inv.OrphanRoutes()})
			Expect(err).NotTo(HaveOccurred())
			Expect(census.Orphans.N).To(Equal(len(want)))
			if len(want) > 0 {
				Expect(census.Orphans.First).To(ConsistOf(want))
			}
		},
		Entry("none in an ordinary foundation", nil),
		Entry("a rule that nothing names", map[string]object{
			"loadbalancer/rules/r": {"id": "r", "resource_type": "LbRule", "display_name": "rule", "tags": tagsOf("tas1")},
		}, "LbRule r (rule), which nothing names"),
		Entry("rules of nobody, and of a cluster that is alike but for the case", map[string]object{
			"loadbalancer/rules/r": {"id": "r", "resource_type": "LbRule"},
			"loadbalancer/rules/s": {"id": "s", "resource_type": "LbRule", "tags": tagsOf("TAS1")},
		}),
		Entry("a rule of a virtual server of the administrator's", map[string]object{
			"loadbalancer/rules/r":           {"id": "r", "resource_type": "LbRule", "display_name": "rule", "tags": tagsOf("tas1")},
			"loadbalancer/virtual-servers/v": {"id": "v", "resource_type": "LbVirtualServer", "rule_ids": []string{"r"}},
		}, "LbRule r (rule) of LB_VIRTUAL_SERVER/v"),
		Entry("a rule of a virtual server that is Policy", map[string]object{
			"loadbalancer/rules/r":           {"id": "r", "resource_type": "LbRule", "display_name": "rule", "tags": tagsOf("tas1")},
			"loadbalancer/virtual-servers/v": {"id": "v", "resource_type": "LbVirtualServer", "rule_ids": []string{"r"}, "tags": []object{policyPath}},
		}),
		Entry("a route and a port of a router of the administrator's", map[string]object{
			"logical-routers/t":                         router("t", "TIER0"),
			"logical-routers/t/routing/static-routes/r": {"id": "r", "resource_type": "StaticRoute", "display_name": "route", "logical_router_id": "t", "tags": tagsOf("tas1")},
			"logical-router-ports/p":                    {"id": "p", "resource_type": "LogicalRouterLoopbackPort", "display_name": "port", "logical_router_id": "t", "tags": tagsOf("tas1")},
		}, "StaticRoute r (route) of TIER0/t", "LogicalRouterLoopbackPort p (port) of TIER0/t"),
		Entry("a route and a port of a router that is Policy", map[string]object{
			"logical-routers/t":                         router("t", "TIER1", policyPath),
			"logical-routers/t/routing/static-routes/r": {"id": "r", "resource_type": "StaticRoute", "display_name": "route", "logical_router_id": "t", "tags": tagsOf("tas1")},
			"logical-router-ports/p":                    {"id": "p", "resource_type": "LogicalRouterLoopbackPort", "display_name": "port", "logical_router_id": "t", "tags": tagsOf("tas1")},
		}),
		Entry("a route of a router of NCP's, and the other end of its link", map[string]object{
			"logical-routers/t":                         router("t", "TIER1", tagsOf("tas1")...),
			"logical-routers/u":                         router("u", "TIER0"),
			"logical-routers/t/routing/static-routes/r": {"id": "r", "resource_type": "StaticRoute", "display_name": "route", "logical_router_id": "t", "tags": tagsOf("tas1")},
			"logical-router-ports/p": {"id": "p", "resource_type": "LogicalRouterLinkPortOnTIER0", "display_name": "port", "logical_router_id": "u", "tags": tagsOf("tas1"),
				"linked_logical_router_port_id": "q"},
			"logical-router-ports/q": {"id": "q", "resource_type": "LogicalRouterLinkPortOnTIER1", "logical_router_id": "t",
				"linked_logical_router_port_id": object{"target_id": "p"}},
		}),
	)

	It("that Search still shows and that are gone are no orphans", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{SearchLag: 1 << 40}, put(map[string]object{
			"logical-routers/t":                         router("t", "TIER0"),
			"logical-routers/t/routing/static-routes/r": {"id": "r", "resource_type": "StaticRoute", "logical_router_id": "t", "tags": tagsOf("tas1")},
		}))
		g.server.Store().Reindex()
		g.connect(ctx)
		Expect(g.retrieve(ctx, mp.NCP).Orphans).To(HaveLen(1))
		Expect(g.server.Store().Update(deleting("logical-routers/t/routing/static-routes/r"))).To(Succeed())
		Expect(g.retrieve(ctx, mp.NCP).Orphans).To(BeEmpty())
	})
})
