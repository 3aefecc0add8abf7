package inventory_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var _ = Describe("Retrieving what NCP made", Ordered, func() {
	var (
		g    *ground
		want *inventory.Inventory
	)

	BeforeAll(func(ctx SpecContext) {
		g = start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		want = g.retrieve(ctx, mp.NCP)
	})

	// retrieveBy retrieves through a bent API, in virtual time, and gives the reasons for waiting.
	retrieveBy := func(ctx context.Context, api inventory.API) (inv *inventory.Inventory, reasons []string, slept time.Duration) {
		GinkgoHelper()
		var mu sync.Mutex
		q := g.query(mp.NCP)
		q.Waiting = func(reason string) {
			mu.Lock()
			defer mu.Unlock()
			reasons = append(reasons, reason)
		}
		q.Sleep = func(_ context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			slept += d
			return nil
		}
		inv, err := inventory.Retrieve(ctx, api, q)
		Expect(err).NotTo(HaveOccurred())
		return inv, reasons, slept
	}

	It("waits for a search index that is behind, and says so [R13]", func(ctx SpecContext) {
		looks := 0
		inv, reasons, slept := retrieveBy(ctx, bent{API: g.client, searchCount: func(query string, n int) int {
			if query == "resource_type:(LogicalSwitch)" {
				if looks++; looks < 4 {
					return looks
				}
			}
			return n
		}})
		Expect(inv).To(Equal(want))
		Expect(reasons).To(HaveLen(3))
		Expect(reasons[0]).To(ContainSubstring("the search index knows 1 objects of /api/v1/logical-switches and the list"))
		Expect(slept).To(Equal((2 + 4 + 8) * time.Second))
	})

	It("reads the list when the index does not catch up: nothing is left out [R13]", func(ctx SpecContext) {
		hidden := want.Objects[len(want.Objects)-12].ID
		all := func(query string, n int) int {
			if strings.HasPrefix(query, "resource_type:(") && !strings.Contains(query, " AND ") {
				return n - 1
			}
			return n
		}
		inv, reasons, slept := retrieveBy(ctx, bent{API: g.client, searchCount: all, hide: func(_, id string) bool { return id == hidden }})
		Expect(inv).To(Equal(want))
		Expect(reasons).To(ContainElement(ContainSubstring("stays behind /api/v1/logical-ports; reading the list")))
		Expect(slept).To(BeNumerically("<", 5*time.Minute), "an index that does not move is not waited for to the end")
	})

	It("splits a query that finds more than NSX hands out", func(ctx SpecContext) {
		asked := 0
		inv, _, _ := retrieveBy(ctx, bent{API: g.client, search: func(query string) error {
			if strings.Contains(query, "(LogicalPort)") && !strings.Contains(query, " AND id:00*") && (!strings.Contains(query, " AND id:") || strings.Contains(query, "id:0*")) {
				return &nsx.Error{Kind: mp.KindSearchCap}
			}
			if strings.Contains(query, " AND id:") {
				asked++
			}
			return nil
		}})
		Expect(inv).To(Equal(want))
		Expect(asked).To(BeNumerically(">=", 15+16))
	})

	It("refuses to go on when the parts do not add up", func(ctx SpecContext) {
		_, err := inventory.Retrieve(ctx, bent{API: g.client,
			search: func(query string) error {
				if strings.Contains(query, "(LogicalPort)") && !strings.Contains(query, " AND id:") {
					return &nsx.Error{Kind: mp.KindSearchCap}
				}
				return nil
			},
			searchCount: func(query string, n int) int {
				if strings.Contains(query, "(LogicalPort) AND") {
					return n + 1
				}
				return n
			}}, g.query(mp.NCP))
		Expect(err).To(MatchError(ContainSubstring("were found by the first digits of their ids")))
	})

	It("lists the rules of sections that Search does not show in full, in their order [R13]", func(ctx SpecContext) {
		var listed []string
		var mu sync.Mutex
		n := 0
		inv, reasons, _ := retrieveBy(ctx, bent{API: g.client,
			hide: func(query, _ string) bool {
				if !strings.Contains(query, "section_id") {
					return false
				}
				n++ // only one task reads rules
				return n%2 == 1
			},
			list: func(path string) {
				mu.Lock()
				defer mu.Unlock()
				if strings.HasSuffix(path, "/rules") && strings.Contains(path, "sections") {
					listed = append(listed, path)
				}
			}})
		Expect(inv).To(Equal(want))
		Expect(listed).NotTo(BeEmpty())
		Expect(reasons).To(ContainElement(ContainSubstring("listing them one by one")))
	})

	It("lists the NAT rules of a Tier-0 when the index misses some", func(ctx SpecContext) {
		inv, _, _ := retrieveBy(ctx, bent{API: g.client,
			hide: func(query, _ string) bool { return strings.HasPrefix(query, "resource_type:(NatRule)") },
			searchCount: func(query string, n int) int {
				if strings.Contains(query, "logical_router_id") {
					return 0
				}
				return n
			}})
		Expect(inv).To(Equal(want))
	})

	It("believes the object itself where the index shows a reference as missing", func(ctx SpecContext) {
		inv, _, _ := retrieveBy(ctx, bent{API: g.client, hide: func(query, _ string) bool { return strings.HasPrefix(query, "id:(") }})
		Expect(inv.Outside).To(HaveLen(len(want.Outside)))
		for id, o := range want.Outside {
			Expect(inv.Outside[id].Missing).To(BeFalse())
			Expect(inv.Outside[id].PolicyPath).To(Equal(o.PolicyPath))
		}
	})

	It("hands on what NSX says when it cannot be read", func(ctx SpecContext) {
		refused := &nsx.Error{Kind: mp.KindUnavailable, Message: "overloaded"}
		for _, part := range []string{"(NatRule)", "StaticRoute", "NSGroup", "Group AND marked", "AND NOT resource_type", "FirewallRule", "id:("} {
			_, err := inventory.Retrieve(ctx, bent{API: g.client, search: func(query string) error {
				if strings.Contains(query, part) {
					return refused
				}
				return nil
			}}, g.query(mp.NCP))
			Expect(err).To(MatchError(refused), part)
		}
	})

	It("survives a panic of one of its readers as an error", func(ctx SpecContext) {
		_, err := inventory.Retrieve(ctx, bent{API: g.client, list: func(string) { panic("boom") }}, g.query(mp.NCP))
		Expect(err).To(MatchError(ContainSubstring("a programming error: boom")))
	})
})

var _ = Describe("What counts as made by NCP of a cluster", func() {
	It("needs the very pair of ncp/cluster and name, and a version [R4]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, put(map[string]object{
			"ip-sets/label":  {"id": "label", "resource_type": "IPSet", "display_name": "x", "tags": tagsOf("another", "app", "tas1")},
			"ip-sets/admin":  {"id": "admin", "resource_type": "IPSet", "display_name": "x", "tags": []object{{"scope": "ncp/cluster", "tag": "tas1"}}},
			"ip-sets/really": {"id": "really", "resource_type": "IPSet", "display_name": "x", "tags": tagsOf("tas1")},
		}))
		g.connect(ctx)
		inv := g.retrieve(ctx, mp.NCP)
		var sets []string
		for _, o := range inv.Objects {
			if o.Type == mp.IPSet {
				sets = append(sets, o.ID)
			}
		}
		Expect(sets).To(ContainElement("really"))
		Expect(sets).NotTo(ContainElements("label"))
		Expect(sets).NotTo(ContainElements("admin"))
	})

	It("may be of a type that cannot be migrated, which blocks the plan", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, put(map[string]object{
			"switching-profiles/pm": {"id": "pm", "resource_type": "PortMirroringSwitchingProfile", "display_name": "mirror", "tags": tagsOf("tas1")},
		}))
		g.connect(ctx)
		inv := g.retrieve(ctx, mp.NCP)
		Expect(inv.Unsupported).To(HaveExactElements(HaveField("ID", "pm")))
		_, err := plan.Build(inv, plan.Options{Catalog: g.cat})
		Expect(err).To(MatchError(ContainSubstring("PortMirroringSwitchingProfile/pm (mirror)")))
	})

	It("takes an address that two pools gave out for neither", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		pools := []string{g.world.Shared[3].ID, g.world.Shared[4].ID}
		change := map[string]object{}
		for i, pool := range pools {
			change["pools/ip-pools/"+pool+"/allocations/9.9.9.9"] = object{"allocation_id": "9.9.9.9"}
			id := "user-" + string(rune('a'+i))
			change["ip-sets/"+id] = object{"id": id, "resource_type": "IPSet", "tags": tagsOf("tas1", "ncp/extpoolid", pool, "ncp/snat_ip", "9.9.9.9")}
		}
		Expect(g.server.Store().Update(put(change))).To(Succeed())
		g.connect(ctx)
		inv := g.retrieve(ctx, mp.NCP)
		Expect(inv.Unsupported).To(HaveExactElements(HaveField("Why", ContainSubstring("both gave out this address"))))
	})

	It("is nothing when NSX holds no such cluster: the clusters that there are are named [I10]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		q := g.query(mp.NCP)
		q.Cluster = "tas-1"
		_, err := inventory.Retrieve(ctx, g.client, q)
		var missing *inventory.NoSuchCluster
		Expect(errors.As(err, &missing)).To(BeTrue())
		Expect(missing.Known).To(Equal([]string{"tas1", "tas1-other"}))
		Expect(err).To(MatchError(And(ContainSubstring(`"tas1", "tas1-other"`), ContainSubstring("check ncp.cluster"), HaveSuffix(`did you mean "tas1"?`))))
	})

	It("is nothing when only the administrator's objects carry the name [I10]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, put(map[string]object{
			"pools/ip-blocks/b": {"id": "b", "resource_type": "IpBlock", "tags": []object{{"scope": "ncp/cluster", "tag": "tas2"}}},
		}))
		g.connect(ctx)
		q := g.query(mp.NCP)
		q.Cluster = "tas2"
		_, err := inventory.Retrieve(ctx, g.client, q)
		Expect(err).To(MatchError(ContainSubstring("but none that NCP made: they have no tag ncp/version")))
	})

	DescribeTable("is compared letter by letter, however loosely Search does it, and the nearest is proposed [R13] [I10]",
		func(ctx SpecContext, name, nearest string) {
			g := start(1, nsxsim.Options{}, put(map[string]object{
				"logical-switches/blank": {"id": "blank", "resource_type": "LogicalSwitch", "tags": tagsOf("tas9 ")},
				"ip-sets/spelt":          {"id": "spelt", "resource_type": "IPSet", "tags": []object{{"scope": "NCP/Cluster", "tag": "spelt"}, {"scope": "ncp/version", "tag": "1"}}},
				"ip-sets/island":         {"id": "island", "resource_type": "IPSet", "tags": tagsOf("lonely island")},
			}))
			g.connect(ctx)
			q := g.query(mp.NCP)
			q.Cluster = name
			_, err := inventory.Retrieve(ctx, g.client, q)
			var missing *inventory.NoSuchCluster
			Expect(errors.As(err, &missing)).To(BeTrue(), "%v", err)
			Expect(missing.Known).To(ContainElements("tas1", "tas1-other"))
			Expect(missing.Nearest).To(Equal(nearest))
			Expect(errors.As(inventory.CheckCluster(ctx, g.client, g.cat, name), &missing)).To(BeTrue())
		},
		Entry("another case", "TAS1", "tas1"),
		Entry("a blank at the end", "tas1 ", "tas1"),
		Entry("a blank too few", "tas9", "tas9 "),
		Entry("a wildcard", "tas*", "tas1"),
		Entry("a wildcard for everything", "*", ""),
		Entry("one of its words", "other", ""),
		Entry("a slash", "tas1/other", "tas1-other"),
		Entry("a quotation mark", `tas"1`, "tas1"),
		Entry("an operator", "tas1 OR tas1-other", ""),
		Entry("a letter too many", "tass1-other", "tas1-other"),
		Entry("the scope in another spelling", "spelt", ""),
		Entry("something else", "production", ""),
	)

	It("is found under a name of blanks, slashes and wildcards", func(ctx SpecContext) {
		names := []string{"a b", "a/b", "a*b", `a"b\c`, "a:b (c)", "ä"}
		objects := map[string]object{}
		for i, name := range names {
			id := "odd-" + string(rune('0'+i))
			objects["ip-sets/"+id] = object{"id": id, "resource_type": "IPSet", "tags": tagsOf(name)}
		}
		g := start(1, nsxsim.Options{}, put(objects))
		g.connect(ctx)
		for i, name := range names {
			q := g.query(mp.NCP)
			q.Cluster = name
			inv, err := inventory.Retrieve(ctx, bent{API: g.client, search: func(query string) error {
				Expect(query).NotTo(ContainSubstring("tags.tag:"), "how NSX takes such a name apart is not known")
				return nil
			}}, q)
			Expect(err).NotTo(HaveOccurred(), name)
			Expect(inv.Objects).To(HaveExactElements(HaveField("ID", "odd-"+string(rune('0'+i)))), name)
			Expect(inventory.CheckCluster(ctx, g.client, g.cat, name)).To(Succeed())
		}
	})

	It("is looked for in Policy, too: a cluster that NCP made in Policy mode exists", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, func(tx *store.Tx) error {
			_, err := tx.Policy().Put("/infra/domains/default/groups/g", []byte(`{"id":"g","path":"/infra/domains/default/groups/g","resource_type":"Group",
				"tags":[{"scope":"ncp/cluster","tag":"modern"},{"scope":"ncp/version","tag":"1.2"}]}`))
			return err
		})
		g.connect(ctx)
		Expect(inventory.CheckCluster(ctx, g.client, g.cat, "modern")).To(Succeed())
		Expect(inventory.CheckCluster(ctx, g.client, g.cat, "Modern")).To(MatchError(ContainSubstring("this NSX holds none")))
		q := g.query(mp.NCP)
		q.Cluster = "modern"
		inv, err := inventory.Retrieve(ctx, g.client, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(inv.Objects).To(BeEmpty())
	})

	It("says nothing of other clusters: groups that are alike but for the case ask for tags that must stay", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, put(map[string]object{
			"ns-groups/g": {"id": "g", "resource_type": "NSGroup", "display_name": "g", "tags": tagsOf("TAS1"),
				"membership_criteria": []object{{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "scope": "flavour", "tag": "x"}}},
			"ns-groups/h": {"id": "h", "resource_type": "NSGroup", "display_name": "h", "tags": []object{{"scope": "label", "tag": "tas1"}},
				"membership_criteria": []object{{"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort", "scope": "taste", "tag": "x"}}},
		}))
		g.connect(ctx)
		Expect(g.retrieve(ctx, mp.NCP).CriteriaScopes).To(And(HaveKey("flavour"), HaveKey("taste")))
		inv, err := inventory.Retrieve(ctx, long(g.client), g.query(mp.NCP))
		Expect(err).NotTo(HaveOccurred())
		Expect(inv.CriteriaScopes).To(And(HaveKey("flavour"), HaveKey("taste")), "not by the list alone")
	})
})

var _ = Describe("Retrieving what the user spec lists", func() {
	It("reports everything that is wrong at once, with lines [R3] [I10]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, put(map[string]object{
			"ip-sets/a": {"id": "a", "resource_type": "IPSet", "display_name": "twice"},
			"ip-sets/b": {"id": "b", "resource_type": "IPSet", "display_name": "twice"},
			"ip-sets/c": {"id": "c", "resource_type": "IPSet", "display_name": "mine", "tags": tagsOf("tas1")},
		}))
		g.connect(ctx)
		q := g.query(mp.Shared)
		q.Spec = []inventory.Wanted{
			{Type: mp.Tier0, Name: "t0-missing", Line: 3},
			{Type: mp.IPSet, Name: "twice", Line: 5},
			{Type: mp.IPSet, Name: "mine", Line: 6},
			{Type: mp.Tier1, Name: "t0-main", Line: 8},
			{Type: mp.IPBlock, Name: "container-block-1", Line: 10},
			{Type: mp.IPBlock, Name: g.world.Shared[1].ID, Line: 11},
			{Type: mp.IPPool, Name: "external-pool-1", Line: 13, Allocations: map[string]string{"1.2.3.4": ""}},
			{Type: mp.LogicalPort, Name: "x", Line: 15},
		}
		_, err := inventory.Retrieve(ctx, g.client, q)
		var spec *inventory.SpecError
		Expect(errors.As(err, &spec)).To(BeTrue())
		Expect(spec.Problems).To(HaveExactElements(
			inventory.SpecProblem{Line: 3, Text: `tier0_routers "t0-missing" does not exist: NSX knows no such name or id`},
			inventory.SpecProblem{Line: 5, Text: `ip_sets "twice" is ambiguous: [a b] bear this name; list the id instead`},
			inventory.SpecProblem{Line: 6, Text: `ip_sets "mine" was made by NCP of "tas1"; it goes with scope ncp and must not be listed`},
			inventory.SpecProblem{Line: 8, Text: `tier1_routers "t0-main" is of another kind: LogicalRouter, which is listed under tier0_routers`},
			inventory.SpecProblem{Line: 11, Text: `ip_blocks "` + g.world.Shared[1].ID + `" is listed twice, also in line 10`},
			inventory.SpecProblem{Line: 13, Text: `ip_pools "external-pool-1": the pool gave out no address "1.2.3.4"`},
			inventory.SpecProblem{Line: 15, Text: `resource type "LOGICAL_PORT" cannot be listed`},
		))
		Expect(err).To(MatchError(ContainSubstring("line 8: tier1_routers")))
	})

	It("takes what belongs to it along: ports of switches, ports and routes of routers, addresses of pools [R3]", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		routers := g.world.In("logical-routers")
		var deployment string
		for _, o := range routers {
			if strings.Contains(string(o.Body), `"t1-deployment"`) {
				deployment = o.ID
			}
		}
		Expect(g.server.Store().Update(put(map[string]object{
			"logical-routers/" + deployment + "/routing/static-routes/r": {"id": "r", "resource_type": "StaticRoute", "display_name": "to the lab", "logical_router_id": deployment, "network": "10.9.0.0/16"},
			"firewall/sections/s": {"id": "s", "resource_type": "FirewallSection", "display_name": "shared section", "rule_count": 0, "priority": 5, "section_type": "LAYER3"},
		}))).To(Succeed())
		q := g.query(mp.Shared)
		q.Spec = append(q.Spec,
			inventory.Wanted{Type: mp.Tier1, Name: "t1-deployment", Line: 20, StaticRoutes: map[string]string{"to the lab": "lab"}},
			inventory.Wanted{Type: mp.LogicalSwitch, Name: "deployment", Line: 21},
			inventory.Wanted{Type: mp.LogicalSwitch, Name: "operations", Line: 22},
			inventory.Wanted{Type: mp.DFWSection, Name: "shared section", Line: 23},
		)
		inv, err := inventory.Retrieve(ctx, g.client, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(inv.Policy).To(HaveExactElements(HaveField("Name", "operations")), "it was made in Policy")
		p := g.build(inv, nil)
		Expect(p.Totals).To(ContainElements(
			plan.TypeTotal{Type: mp.IPPoolAllocation, Objects: 2, Batches: 1},
			plan.TypeTotal{Type: mp.Tier1Port, Objects: 1, Batches: 1},
			plan.TypeTotal{Type: mp.LogicalSwitch, Objects: 1, Batches: 1},
			plan.TypeTotal{Type: mp.DFWSection, Objects: 1, Batches: 1},
		))
		for _, b := range p.Batches {
			for i, e := range b.Entries {
				d := b.Request.MigrationData[0].ResourceIDs[i]
				switch b.Type {
				case mp.Tier1Port:
					Expect(d.Metadata).To(HaveLen(3), "locale service, down-link, route")
					Expect(d.Metadata).To(ContainElement(mp.KeyValue{Key: "r", Value: "lab"}))
				case mp.LogicalPort:
					Expect(e.Name).To(Or(HavePrefix("tas1"), Equal("deployment")), "the virtual machines and the gateway, but not the port on the Policy switch, of which NSX keeps a shadow")
				}
			}
		}
		g.promote(ctx, p.Batches, true)
		Expect(g.census(ctx, mp.Shared, p)).To(beAll("Policy", p.Objects()))
		rest, err := inventory.Retrieve(ctx, g.client, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(rest.Objects).To(BeEmpty())
	})

	It("finds what the index does not know yet by the list", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		blind := bent{API: g.client, hide: func(query, _ string) bool { return strings.Contains(query, "display_name:") }}
		inv, err := inventory.Retrieve(ctx, blind, g.query(mp.Shared))
		Expect(err).NotTo(HaveOccurred())
		Expect(g.build(inv, nil).Digest).To(Equal(g.build(g.retrieve(ctx, mp.Shared), nil).Digest))
	})

	It("migrates the configuration of a Policy Tier-0 when the spec asks for it", func(ctx SpecContext) {
		g := start(1, nsxsim.Options{}, nil)
		g.connect(ctx)
		g.promote(ctx, g.build(g.retrieve(ctx, mp.Shared), nil).Batches, true)
		q := g.query(mp.Shared)
		q.Spec = []inventory.Wanted{{Type: mp.Tier0, Name: "t0-main", Config: true}}
		inv, err := inventory.Retrieve(ctx, g.client, q)
		Expect(err).NotTo(HaveOccurred())
		Expect(inv.Objects).To(HaveExactElements(HaveField("Ref.Type", mp.Tier0Config)))
	})
})
