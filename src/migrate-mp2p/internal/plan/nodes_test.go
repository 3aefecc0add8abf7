package plan_test

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
)

// node is an object of the nodes' network.
func node(t mp.Type, id, owner string) *inventory.Object {
	return &inventory.Object{
		Ref: mp.Ref{Type: t, ID: id}, Name: id, Owner: owner, Nodes: true, Hash: "hash of " + id,
		Tags: []mp.Tag{{Scope: "pks/cluster", Tag: "1"}, {Scope: "ncp/cluster", Tag: "tas1"}},
	}
}

// withNodes is the foundation with the network of its nodes: TKGI made it, but BOSH made two of three ports, and nobody
// knows who made the third.
func withNodes() (inv *inventory.Inventory, nodes []*inventory.Object) {
	inv = foundation()
	router, on := node(mp.Tier1, "n-t1", "tkgi"), node(mp.LogicalSwitch, "n-ls", "tkgi")
	ports, rule, subnet := node(mp.Tier1Port, "n-t1", "tkgi"), node(mp.NAT, "n-nat", "tkgi"), node(mp.IPBlockSubnet, "n-sub", "tkgi")
	ports.Parent, rule.Parent = router.Ref, mp.Ref{Type: mp.Tier0, ID: "t0"}
	subnet.Refs = []inventory.Reference{ref(mp.IPBlock, "nodes")}
	address := node(mp.IPPoolAllocation, "100.64.0.9", "tkgi")
	address.Parent = mp.Ref{Type: mp.IPPool, ID: "ext"}
	nodes = []*inventory.Object{router, on, ports, rule, subnet, address}
	for id, owner := range map[string]string{"n-1": "bosh", "n-2": "bosh", "n-3": ""} {
		port := node(mp.LogicalPort, id, owner)
		port.Parent = on.Ref
		nodes = append(nodes, port)
	}
	inv.Objects = append(inv.Objects, nodes...)
	inv.Outside["nodes"] = inventory.Outside{Ref: mp.Ref{Type: mp.IPBlock, ID: "nodes"}, PolicyPath: "/infra/ip-blocks/nodes"}
	return inv, nodes
}

// sentFor gives the Manager ids that are sent in the name of a principal, and how many batches that takes.
func sentFor(p *plan.Plan, principal string) (ids []string, batches int) {
	for _, b := range p.Batches {
		if b.Request.SetupDetails.PrincipalIdentity != principal {
			continue
		}
		batches++
		for _, e := range b.Entries {
			ids = append(ids, e.ID)
		}
	}
	return ids, batches
}

var _ = Describe("A plan with the network of TKGI's nodes", func() {
	It("keeps what others made apart from NCP's, each in the name of its maker, ports in that of their switch's", func() {
		alone := build(foundation(), plan.Options{})
		inv, nodes := withNodes()
		p := build(inv, plan.Options{})
		Expect(p.Principal).To(Equal("ncp"))
		Expect(p.Nodes).To(Equal(len(nodes)))
		Expect(p.NodePrincipals).To(ConsistOf("tkgi"))
		ids, batches := sentFor(p, "tkgi")
		Expect(ids).To(ConsistOf("n-t1", "n-t1", "n-ls", "n-nat", "n-sub", "100.64.0.9", "n-1", "n-2", "n-3"))
		Expect(batches).To(Equal(7), "one for each type")
		var rest []plan.Batch
		for _, b := range p.Batches {
			if b.Request.SetupDetails.PrincipalIdentity == "ncp" {
				rest = append(rest, b)
			}
		}
		Expect(rest).To(Equal(alone.Batches), "nothing changes for NCP's")
		Expect(p.Objects()).To(Equal(alone.Objects() + len(nodes)))
	})

	It("keeps the catalog's order of types, NCP's objects first", func() {
		inv, _ := withNodes()
		p := build(inv, plan.Options{})
		place := map[mp.Type]int{}
		for i, e := range newCatalog(nil).Entries() {
			place[e.Type] = i
		}
		Expect(slices.IsSortedFunc(p.Batches, func(x, y plan.Batch) int { return place[x.Type] - place[y.Type] })).To(BeTrue())
		for i, b := range p.Batches[1:] {
			if before := p.Batches[i]; before.Type == b.Type {
				Expect(before.Request.SetupDetails.PrincipalIdentity).To(Equal("ncp"))
			}
		}
	})

	It("gives the nodes' network to the configured identity, and needs no batches of its own where that is NCP's", func() {
		inv, nodes := withNodes()
		_, batches := sentFor(build(inv, plan.Options{NodePrincipal: "other"}), "other")
		Expect(batches).To(Equal(7))
		p := build(inv, plan.Options{NodePrincipal: "ncp"})
		Expect(owners(p)).To(ConsistOf("ncp"))
		Expect(len(p.Batches)).To(Equal(len(build(foundation(), plan.Options{}).Batches)))
		Expect(p.Objects()).To(Equal(len(foundation().Objects) + len(nodes)))
	})

	It("cuts ordered types only where the owner changes, so that sections stay in their order [R8]", func() {
		inv := foundation()
		between := node(mp.DFWSection, "between", "tkgi")
		between.Order = 12
		inv.Objects = append(inv.Objects, between)
		var order []string
		for _, b := range build(inv, plan.Options{}).Batches {
			if b.Type == mp.DFWSection {
				order = append(order, b.Request.SetupDetails.PrincipalIdentity)
				for _, e := range b.Entries {
					order = append(order, e.ID)
				}
			}
		}
		Expect(order).To(Equal([]string{"ncp", "zz-first", "tkgi", "between", "ncp", "section"}))
	})

	It("takes whom NSX names for a promoted object for nobody, and asks for the identity where it knows none", func() {
		inv, nodes := withNodes()
		nodes[3].Owner = "nsx_policy"
		Expect(build(inv, plan.Options{}).NodePrincipals).To(ConsistOf("tkgi"))
		for _, o := range nodes {
			o.Owner = ""
		}
		Expect(problems(inv, plan.Options{})).To(ConsistOf(ContainSubstring("set nsx.node_principal_identity")))
		Expect(build(inv, plan.Options{NodePrincipal: "x"}).NodePrincipals).To(ConsistOf("x"))
	})

	It("never parts the ports of one switch, whoever made them [R14]", func() {
		inv, nodes := withNodes()
		ofNCP := below(nodes[1], mp.LogicalPort, "lp-3", "app-3")
		guest := node(mp.LogicalPort, "n-4", "bosh")
		guest.Parent = mp.Ref{Type: mp.LogicalSwitch, ID: "ls"}
		inv.Objects = append(inv.Objects, ofNCP, guest)
		ports := map[string][]string{}
		for _, b := range build(inv, plan.Options{}).Batches {
			for _, e := range b.Entries {
				if e.Type == mp.LogicalPort {
					ports[b.Request.SetupDetails.PrincipalIdentity] = append(ports[b.Request.SetupDetails.PrincipalIdentity], e.ID)
				}
			}
		}
		Expect(ports["ncp"]).To(ConsistOf("lp-1", "lp-2", "n-4"))
		Expect(ports["tkgi"]).To(ConsistOf("n-1", "n-2", "n-3", "lp-3"))
	})

	It("counts no votes of others for the identity of NCP", func() {
		inv, nodes := withNodes()
		for i := range 50 {
			port := node(mp.LogicalPort, fmt.Sprintf("more-%d", i), "tkgi")
			port.Parent = nodes[1].Ref
			inv.Objects = append(inv.Objects, port)
		}
		Expect(build(inv, plan.Options{}).Principal).To(Equal("ncp"))
	})

	It("names no pool for a subnet over which none is, and lets NSX decide where that goes", func() {
		inv, _ := withNodes()
		p := build(inv, plan.Options{})
		details, entry := find(p, mp.IPBlockSubnet, "n-sub")
		Expect(details.LinkedIDs).To(BeEmpty())
		Expect(entry.PolicyPath).To(BeEmpty())
		Expect(p.IDMap()).NotTo(HaveKey("n-sub"))
		Expect(p.References).To(HaveKeyWithValue("nodes", "/infra/ip-blocks/nodes"))

		lonely := object(mp.IPBlockSubnet, "of-ncp", "of-ncp")
		inv.Objects = append(inv.Objects, lonely)
		Expect(problems(inv, plan.Options{})).To(ConsistOf(ContainSubstring("NSX does not show what it belongs to")), "NCP's subnets have pools")
	})
})
