package inventory_test

import (
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// tkgi is a simulated NSX with clusters of TKGI; one of them is ours.
type tkgi struct {
	*ground
	cluster string
}

const tkgiCluster = "pks-5a0bd4e6-1c7f"

func startTKGI(ctx SpecContext, further []string, change func(*store.Tx) error) *tkgi {
	GinkgoHelper()
	options := model.Options{Cluster: tkgiCluster}
	for _, name := range further {
		options.Further = append(options.Further, model.Foundation{Name: name})
	}
	world, err := model.TKGI(1, 1, options)
	Expect(err).NotTo(HaveOccurred())
	t := &tkgi{ground: serve(world, nsxsim.Options{}, change), cluster: tkgiCluster}
	t.connect(ctx)
	return t
}

func (t *tkgi) query(scope mp.Scope) inventory.Query {
	return inventory.Query{Scope: scope, Cluster: t.cluster, Platform: "tkgi", Catalog: t.cat, Spec: t.spec(), IndexTimeout: time.Minute}
}

func (t *tkgi) retrieve(ctx SpecContext, scope mp.Scope) *inventory.Inventory {
	GinkgoHelper()
	inv, err := inventory.Retrieve(ctx, t.client, t.query(scope))
	Expect(err).NotTo(HaveOccurred())
	return inv
}

func (t *tkgi) census(ctx SpecContext, p *plan.Plan) *inventory.Census {
	GinkgoHelper()
	c, err := inventory.TakeCensus(ctx, t.client, t.cat, inventory.CensusQuery{Scope: mp.NCP, Cluster: t.cluster, Platform: "tkgi", Known: known(p)})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// nodeObjects are those of an inventory that are of the nodes' network, by type.
func nodeObjects(objects []*inventory.Object) map[mp.Type]int {
	found := map[mp.Type]int{}
	for _, o := range objects {
		if o.Nodes {
			found[o.Type]++
		}
	}
	return found
}

// theNodes is what the model makes for the nodes of a cluster at scale 1: the ports of the router are one entry.
var theNodes = map[mp.Type]int{
	mp.Tier1: 1, mp.Tier1Port: 1, mp.LogicalSwitch: 1, mp.LogicalPort: 4, mp.IPBlockSubnet: 1,
	mp.NAT: 1, mp.IPPoolAllocation: 1,
}

var _ = Describe("The network of the nodes of a TKGI cluster", func() {
	It("is retrieved with the cluster on tkgi, and on no other platform [R2] [R4]", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, nil)
		inv := t.retrieve(ctx, mp.NCP)
		Expect(nodeObjects(inv.Objects)).To(Equal(theNodes))
		Expect(inv.Strays).To(BeEmpty())
		Expect(inv.Orphans).To(BeEmpty())
		for _, o := range inv.Objects {
			if o.Nodes {
				Expect(o.Owner).To(Equal("pks-nsx-t-superuser"), o.String())
			}
		}
		for _, platform := range []string{"tas", "kubernetes", ""} {
			q := t.query(mp.NCP)
			q.Platform = platform
			other, err := inventory.Retrieve(ctx, t.client, q)
			Expect(err).NotTo(HaveOccurred())
			Expect(nodeObjects(other.Objects)).To(BeEmpty(), platform)
			Expect(other.Objects).To(HaveLen(len(inv.Objects) - 10))
		}
	})

	It("is found, looked at and counted through a migration and its way back, in batches of its own [R14] [R17]", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, nil)
		shared := t.build(t.retrieve(ctx, mp.Shared), nil)
		t.promote(ctx, shared.Batches, true)
		p := t.build(t.retrieve(ctx, mp.NCP), nil)
		Expect(p.Nodes).To(Equal(10))
		Expect(p.NodePrincipals).To(ConsistOf("pks-nsx-t-superuser"))
		Expect(t.census(ctx, p)).To(beAll("Manager", p.Objects()))
		t.promote(ctx, p.Batches, false)
		expectEvidence(t.look(ctx, p.Batches), catalog.IsPolicy)
		Expect(t.census(ctx, p)).To(beAll("Policy", p.Objects()))
		after := t.retrieve(ctx, mp.NCP)
		Expect(after.Objects).To(BeEmpty())
		Expect(nodeObjects(after.Policy)).To(Equal(theNodes))
		t.rollBack(ctx, p.Batches)
		Expect(t.census(ctx, p)).To(beAll("Manager", p.Objects()))
		Expect(t.build(t.retrieve(ctx, mp.NCP), nil).Digest).To(Equal(p.Digest))
	})

	It("is counted as new where the records do not know it", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, nil)
		inv := t.retrieve(ctx, mp.NCP)
		var ofNCP []inventory.Known
		for _, o := range inv.Objects {
			if !o.Nodes {
				ofNCP = append(ofNCP, inventory.Known{Ref: o.Ref, Place: inventory.Place{Parent: o.Parent.ID}})
			}
		}
		for platform, want := range map[string]int{"tkgi": 8, "kubernetes": 0} { // the address and the router's ports carry no tags
			c, err := inventory.TakeCensus(ctx, t.client, t.cat, inventory.CensusQuery{Scope: mp.NCP, Cluster: t.cluster, Platform: platform, Known: ofNCP})
			Expect(err).NotTo(HaveOccurred())
			Expect(c.New.N).To(Equal(want), platform)
		}
	})

	It("is kept apart from those of other clusters, though names begin alike", func(ctx SpecContext) {
		t := startTKGI(ctx, []string{tkgiCluster + "0", "pks-5a0bd4e6"}, nil)
		seen := map[string]string{}
		for _, name := range []string{tkgiCluster, tkgiCluster + "0", "pks-5a0bd4e6"} {
			t.cluster = name
			inv := t.retrieve(ctx, mp.NCP)
			Expect(nodeObjects(inv.Objects)).To(Equal(theNodes), name)
			Expect(inv.Strays).To(BeEmpty())
			for _, o := range inv.Objects {
				if o.Type != mp.Tier1Port {
					Expect(seen).NotTo(HaveKey(o.ID), name+" and "+seen[o.ID])
					seen[o.ID] = name
				}
			}
		}
	})

	It("is found by the lists where Search does not work", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, put(map[string]object{"logical-switches/lonely": {
			"id": "lonely", "resource_type": "LogicalSwitch", "tags": []object{{"scope": "pks/cluster", "tag": tkgiCluster[4:]}}},
		}))
		lost := bent{API: t.client, search: func(string) error { return &nsx.Error{Kind: mp.KindSearch, Status: 400, Code: 60515} }}
		inv, err := inventory.Retrieve(ctx, lost, t.query(mp.NCP))
		Expect(err).NotTo(HaveOccurred())
		Expect(nodeObjects(inv.Objects)).To(Equal(theNodes))
		Expect(inv.Strays).To(ConsistOf(HaveField("ID", "lonely")))
	})

	It("costs few requests more than without", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, nil)
		requests := map[string]int64{}
		for _, platform := range []string{"kubernetes", "tkgi"} {
			q := t.query(mp.NCP)
			q.Platform = platform
			before := t.client.Stats().Requests
			_, err := inventory.Retrieve(ctx, t.client, q)
			Expect(err).NotTo(HaveOccurred())
			requests[platform] = t.client.Stats().Requests - before
		}
		Expect(requests["tkgi"] - requests["kubernetes"]).To(BeNumerically("<", 7))
	})

	DescribeTable("is told by both tags, which must name one cluster, and no ncp/version",
		func(ctx SpecContext, tags []object, ours bool, why string) {
			t := startTKGI(ctx, nil, put(map[string]object{"logical-switches/s": {"id": "s", "resource_type": "LogicalSwitch", "display_name": "s", "tags": tags}}))
			inv := t.retrieve(ctx, mp.NCP)
			found := slices.ContainsFunc(inv.Objects, func(o *inventory.Object) bool { return o.ID == "s" && o.Nodes })
			Expect(found).To(Equal(ours))
			if why == "" {
				Expect(inv.Strays).To(BeEmpty())
				return
			}
			Expect(inv.Strays).To(ConsistOf(And(HaveField("ID", "s"), HaveField("Why", why))))
		},
		Entry("as they are", scopes("ncp/cluster", tkgiCluster, "pks/cluster", tkgiCluster[4:]), true, ""),
		Entry("in the other spelling of the docs", scopes("ncp/cluster", tkgiCluster, "pks/clusters", tkgiCluster[4:]), true, ""),
		Entry("TKGI's alone", scopes("pks/cluster", tkgiCluster[4:]), false, "it has no tag ncp/cluster"),
		Entry("with the name instead of the UUID", scopes("ncp/cluster", tkgiCluster, "pks/cluster", tkgiCluster), false,
			`its tag pks/cluster is "`+tkgiCluster+`" and not "`+tkgiCluster[4:]+`"`),
		Entry("of two clusters", scopes("ncp/cluster", "pks-other", "pks/cluster", tkgiCluster[4:]), false, `its tag ncp/cluster is "pks-other"`),
		Entry("of another cluster", scopes("ncp/cluster", "pks-other", "pks/cluster", "other"), false, ""),
		Entry("of another cluster alone", scopes("pks/cluster", "other"), false, ""),
		Entry("in capitals", scopes("ncp/cluster", tkgiCluster, "PKS/CLUSTER", tkgiCluster[4:]), false, ""),
		Entry("of a cluster whose name TKGI did not give", scopes("ncp/cluster", "mine", "pks/cluster", "mine"), false, ""),
		Entry("NCP's alone", scopes("ncp/cluster", tkgiCluster), false, ""),
		Entry("NCP's, with a version: then it is NCP's", scopes("ncp/cluster", tkgiCluster, "ncp/version", "1.1.0", "pks/cluster", tkgiCluster[4:]), false, ""),
		Entry("promoted by somebody", scopes("pks/cluster", tkgiCluster[4:], "policyPath", "/infra/segments/s"), false, ""),
	)

	It("takes its floating addresses along, be they noted in a tag or not, where a pool gave them out", func(ctx SpecContext) {
		nodes := scopes("ncp/cluster", tkgiCluster, "pks/cluster", tkgiCluster[4:])
		objects := map[string]object{
			"loadbalancer/virtual-servers/given":  {"id": "given", "resource_type": "LbVirtualServer", "ip_address": "100.80.77.1", "tags": nodes},
			"loadbalancer/virtual-servers/others": {"id": "others", "resource_type": "LbVirtualServer", "ip_address": "100.80.77.2", "tags": nodes},
			"loadbalancer/virtual-servers/inner":  {"id": "inner", "resource_type": "LbVirtualServer", "ip_address": "172.16.0.9", "tags": nodes},
		}
		t := startTKGI(ctx, nil, put(objects))
		pool := ""
		for _, s := range t.world.Shared {
			if s.Kind == "IPPOOL" && s.DisplayName == "floating-ip-pool-1" {
				pool = s.ID
			}
		}
		rule := t.nodeObject(ctx, mp.NAT)
		Expect(t.server.Store().Update(func(tx *store.Tx) error {
			_, err := tx.Manager().PutFields("pools/ip-pools/"+pool+"/allocations/100.80.77.1", map[string]any{"id": "100.80.77.1", "allocation_id": "100.80.77.1"})
			if err != nil {
				return err
			}
			_, err = tx.Manager().Mutate("logical-routers/"+rule.Parent.ID+"/nat/rules/"+rule.ID, func(fields map[string]any) error {
				fields["tags"] = slices.DeleteFunc(fields["tags"].([]any), func(tag any) bool { return tag.(map[string]any)["scope"] == "pks/floating_ip" })
				return nil
			})
			return err
		})).To(Succeed())
		var found []string
		for _, o := range t.retrieve(ctx, mp.NCP).Objects {
			if o.Type == mp.IPPoolAllocation && o.Nodes {
				Expect(o.Parent.ID).To(Equal(pool))
				Expect(o.Facts).To(HaveKeyWithValue(mp.FactIP, o.ID))
				Expect(o.Facts).NotTo(HaveKey(mp.FactOwnerKind))
				found = append(found, o.ID)
			}
		}
		Expect(found).To(HaveLen(2))
		Expect(found).To(ContainElement("100.80.77.1"))
	})

	It("names what it holds of types that the migration API does not know", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, put(map[string]object{"dhcp/servers/d": {
			"id": "d", "resource_type": "LogicalDhcpServer", "display_name": "nodes", "tags": scopes("ncp/cluster", tkgiCluster, "pks/cluster", tkgiCluster[4:])},
		}))
		Expect(t.retrieve(ctx, mp.NCP).Strays).To(ConsistOf(And(HaveField("ID", "d"), HaveField("Why", "the migration API has no type for it"))))
	})

	It("takes along what is a part of it, whatever its tags, and names orphans", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, nil)
		router := t.nodeObject(ctx, mp.Tier1).ID
		ofTKGI := scopes("pks/cluster", tkgiCluster[4:])
		Expect(t.server.Store().Update(put(map[string]object{
			"logical-routers/" + router + "/routing/static-routes/r": {"id": "r", "resource_type": "StaticRoute", "logical_router_id": router, "tags": ofTKGI},
			"logical-router-ports/p":                                 {"id": "p", "resource_type": "LogicalRouterLoopbackPort", "logical_router_id": router, "tags": ofTKGI},
			"logical-routers/t":                                      {"id": "t", "resource_type": "LogicalRouter", "router_type": "TIER0"},
			"logical-routers/t/routing/static-routes/o": {"id": "o", "resource_type": "StaticRoute", "display_name": "route", "logical_router_id": "t",
				"tags": scopes("ncp/cluster", tkgiCluster, "pks/cluster", tkgiCluster[4:])},
		}))).To(Succeed())
		inv := t.retrieve(ctx, mp.NCP)
		Expect(inv.Strays).To(BeEmpty())
		Expect(inv.Orphans).To(ConsistOf(HaveField("ID", "o")))
		for _, o := range inv.Objects {
			if o.Type == mp.Tier1Port && o.ID == router {
				Expect(o.Parts).To(ContainElement(HaveField("ID", "r")))
				Expect(o.Nodes).To(BeTrue())
			}
		}
	})

	It("must not be listed in the user spec, whosever it is", func(ctx SpecContext) {
		t := startTKGI(ctx, []string{"pks-other"}, nil)
		q := t.query(mp.Shared)
		for _, name := range []string{tkgiCluster, "pks-other"} {
			q.Spec = append(q.Spec, inventory.Wanted{Type: mp.Tier1, Name: name + "-nodes", Line: 7})
		}
		_, err := inventory.Retrieve(ctx, t.client, q)
		Expect(err).To(MatchError(And(
			ContainSubstring(`"`+tkgiCluster+`-nodes" is of the network of the nodes of "`+tkgiCluster+`"`), ContainSubstring(`of the nodes of "pks-other"`))))
	})

	It("goes with the switch that its ports are on, where that is the administrator's and is listed", func(ctx SpecContext) {
		t := startTKGI(ctx, nil, put(map[string]object{
			"logical-switches/admins": {"id": "admins", "resource_type": "LogicalSwitch", "display_name": "admins"},
			"logical-ports/node": {"id": "node", "resource_type": "LogicalPort", "logical_switch_id": "admins",
				"tags": scopes("ncp/cluster", tkgiCluster, "ncp/node_name", "n", "pks/cluster", tkgiCluster[4:])},
		}))
		q := t.query(mp.Shared)
		q.Spec = append(q.Spec, inventory.Wanted{Type: mp.LogicalSwitch, Name: "admins"})
		inv, err := inventory.Retrieve(ctx, t.client, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(inv.Objects).To(ContainElement(HaveField("ID", "node")))
	})

	DescribeTable("is seen half-way by another cluster's run, but not where it was left behind as a whole [I8]",
		func(ctx SpecContext, promoted func(ncp, nodes, router []plan.Batch) []plan.Batch, halfWay bool) {
			t := startTKGI(ctx, []string{"pks-other"}, nil)
			t.promote(ctx, t.build(t.retrieve(ctx, mp.Shared), nil).Batches, true)
			var ncp, nodes, router []plan.Batch
			for _, b := range t.build(t.retrieve(ctx, mp.NCP), nil).Batches {
				if b.Request.SetupDetails.PrincipalIdentity == "pks-nsx-t-superuser" {
					nodes = append(nodes, b)
				} else {
					ncp = append(ncp, b)
				}
				if b.Type == mp.Tier1 {
					router = nodes
				}
			}
			t.promote(ctx, promoted(ncp, slices.Clone(nodes), slices.Clip(router)), true)
			found, err := inventory.FindHalfWay(ctx, t.client, t.cat, "tkgi", "pks-other")
			Expect(err).NotTo(HaveOccurred())
			if halfWay {
				Expect(found).To(ConsistOf(HaveField("Cluster", tkgiCluster)))
			} else {
				Expect(found).To(BeEmpty())
			}
			Expect(inventory.FindHalfWay(ctx, t.client, t.cat, "tkgi", tkgiCluster)).To(BeEmpty(), "our own cluster is judged by our records")
		},
		Entry("nothing of the cluster is Policy", func(_, _, _ []plan.Batch) []plan.Batch { return nil }, false),
		Entry("the nodes' router is", func(_, _, router []plan.Batch) []plan.Batch { return router }, true),
		Entry("the nodes' network is, and NCP's objects are not", func(_, nodes, _ []plan.Batch) []plan.Batch { return nodes }, true),
		Entry("NCP's objects are, and the nodes' router, not their switch", func(ncp, _, router []plan.Batch) []plan.Batch { return slices.Concat(router, ncp) }, true),
		Entry("NCP's objects are, as releases before NCP 4.1.1 leave it", func(ncp, _, _ []plan.Batch) []plan.Batch { return ncp }, false),
		Entry("everything is", func(ncp, nodes, _ []plan.Batch) []plan.Batch { return slices.Concat(ncp, nodes) }, false),
	)
})

// nodeObject is an object of the nodes' network.
func (t *tkgi) nodeObject(ctx SpecContext, of mp.Type) *inventory.Object {
	GinkgoHelper()
	objects := t.retrieve(ctx, mp.NCP).Objects
	i := slices.IndexFunc(objects, func(o *inventory.Object) bool { return o.Nodes && o.Type == of })
	Expect(i).To(BeNumerically(">=", 0))
	return objects[i]
}

// scopes are tags by scope and value.
func scopes(pairs ...string) []object {
	var tags []object
	for i := 0; i+1 < len(pairs); i += 2 {
		tags = append(tags, object{"scope": pairs[i], "tag": pairs[i+1]})
	}
	return tags
}
