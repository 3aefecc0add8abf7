package plan_test

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
)

var _ = Describe("A plan", func() {
	It("sends what the golden file says (UPDATE_GOLDEN=1 writes it anew) [R13]", func() {
		got, err := json.MarshalIndent(requests(build(foundation(), plan.Options{})), "", "  ")
		Expect(err).NotTo(HaveOccurred())
		golden := filepath.Join("testdata", "foundation.json")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			Expect(os.WriteFile(golden, append(got, '\n'), 0o600)).To(Succeed())
		}
		want, err := os.ReadFile(golden)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(MatchJSON(want))
	})

	It("names the Policy paths that will come out, and what lies outside", func() {
		p := build(foundation(), plan.Options{})
		Expect(p.IDMap()).To(Equal(map[string]string{
			"pool": "/infra/ip-pools/pool", "subnet": "/infra/ip-pools/pool/ip-subnets/subnet", "100.64.0.5": "/infra/ip-pools/external/ip-allocations/100-64-0-5",
			"t1": "/infra/tier-1s/t1", "sg": "/infra/spoofguard-profiles/sg", "ls": "/infra/segments/ls", "lp-1": "/infra/segments/ls/ports/lp-1",
			"lp-2": "/infra/segments/ls/ports/lp-2", "nat": "/infra/tier-0s/top/nat/USER/nat-rules/nat", "group": "/infra/domains/default/groups/group",
			"section": "/infra/domains/default/security-policies/section", "zz-first": "/infra/domains/default/security-policies/zz-first",
			"vs": "/infra/lb-virtual-servers/vs",
		}))
		Expect(p.References).To(Equal(map[string]string{"t0": "/infra/tier-0s/top", "ext": "/infra/ip-pools/external"}))
	})

	It("of objects that are partly Policy keeps for those that it adopts the requests with which they would have gone [R20]", func() {
		options := plan.Options{Principal: "ncp"}
		whole := build(foundation(), options)
		ids := whole.IDMap()
		inv := foundation()
		options.Adopt = map[mp.Ref]bool{}
		inv.Objects = slices.DeleteFunc(inv.Objects, func(o *inventory.Object) bool {
			if !slices.Contains([]mp.Type{mp.IPPool, mp.IPBlockSubnet, mp.IPPoolAllocation, mp.Tier1, mp.SpoofGuardProfile, mp.LogicalSwitch, mp.LogicalPort}, o.Type) {
				return false
			}
			o.PolicyPath = ids[o.ID]
			options.Adopt[o.Ref] = true
			inv.Policy = append(inv.Policy, o)
			return true
		})
		p := build(inv, options)
		Expect(p.Adopted).NotTo(BeEmpty())
		Expect(append(slices.Clone(p.Adopted), p.Batches...)).To(Equal(whole.Batches))
		Expect(p.IDMap()).To(Equal(ids))
		for id, path := range whole.References {
			Expect(p.References).To(HaveKeyWithValue(id, path))
		}
		Expect(p.AlreadyPolicy).To(BeZero())
		Expect(p.Objects() + p.AdoptedObjects()).To(Equal(whole.Objects()))

		options.Adopt = nil
		Expect(build(inv, options).Adopted).To(BeEmpty())
		Expect(build(inv, options).Digest).To(Equal(p.Digest), "what is signed is what is sent")
	})

	It("carries what later phases must know of each object", func() {
		inv := foundation()
		p := build(inv, plan.Options{})
		_, port := find(p, mp.LogicalPort, "lp-1")
		Expect(port.Name).To(Equal("app-1"))
		Expect(port.Hash).To(Equal("hash of lp-1"))
		Expect(port.Facts).To(Equal(map[mp.Fact]string{"parent": "ls", "switch": "ls"}))
		Expect(port.Tags).To(ContainElement(mp.Tag{Scope: "ncp/cluster", Tag: "tas1"}))
		_, address := find(p, mp.IPPoolAllocation, "100.64.0.5")
		Expect(address.Facts).To(Equal(map[mp.Fact]string{"parent": "ext", "pool": "ext", "ip": "100.64.0.5", "owner_kind": "snat"}))
		_, server := find(p, mp.LBVirtualServer, "vs")
		Expect(server.Names).To(Equal(map[string]string{"lbr-1": "rule one"}))
		_, router := find(p, mp.Tier1Port, "t1")
		Expect(router.PolicyPath).To(BeEmpty(), "NSX decides where ports go")
		Expect(inv.Objects[3].Facts).To(BeNil(), "the inventory stays as it is")
	})

	It("keeps the evaluation order of firewall sections [R8]", func() {
		p := build(foundation(), plan.Options{})
		last := p.Batches[len(p.Batches)-1]
		Expect(last.Type).To(Equal(mp.DFWSection))
		Expect(last.Request.MigrationData[0].ResourceIDs[0].ManagerID).To(Equal("zz-first"))
		sequence := func(id string) []mp.KeyValue { d, _ := find(p, mp.DFWSection, id); return d.Metadata }
		Expect(sequence("zz-first")).To(Equal([]mp.KeyValue{{Key: "category", Value: "Environment"}, {Key: "sequence", Value: "9"}}))
		Expect(sequence("section")).To(Equal([]mp.KeyValue{{Key: "category", Value: "Application"}, {Key: "sequence", Value: "17"}}))
	})

	It("gives shared objects to the shared identity and NCP's to the one that made them", func() {
		Expect(owners(build(foundation(), plan.Options{SharedPrincipal: "boss"}))).To(ConsistOf("ncp"))
		Expect(owners(build(foundation(), plan.Options{Principal: "other"}))).To(ConsistOf("other"))
		Expect(owners(build(sharedResources(), plan.Options{}))).To(ConsistOf("admin"))
		Expect(owners(build(sharedResources(), plan.Options{Principal: "ncp", SharedPrincipal: "boss"}))).To(ConsistOf("boss"))

		inv := foundation()
		for _, o := range inv.Objects {
			o.Owner = ""
		}
		Expect(problems(inv, plan.Options{})).To(ContainElement(ContainSubstring("set nsx.principal_identity")))
	})

	It("follows the user spec: Policy ids, pairs of its own, routes [R3]", func() {
		p := build(sharedResources(), plan.Options{})
		router, entry := find(p, mp.Tier1, "shared-t1")
		Expect(router.PolicyID).To(Equal("edge"))
		Expect(router.Metadata).To(Equal([]mp.KeyValue{{Key: "k", Value: "v"}}))
		Expect(router.LinkedIDs).To(Equal([]mp.KeyValue{{Key: "l", Value: "w"}}))
		Expect(entry.PolicyPath).To(Equal("/infra/tier-1s/edge"))
		ports, _ := find(p, mp.Tier1Port, "shared-t1")
		Expect(ports.PolicyID).To(BeEmpty())
		Expect(ports.Metadata).To(Equal([]mp.KeyValue{{Key: "localeServiceId", Value: "edge-0"}, {Key: "r1", Value: "default-route"}}))
		address, entry := find(p, mp.IPPoolAllocation, "10.0.0.9")
		Expect(address.PolicyID).To(Equal("gorouter-vip"))
		Expect(entry.PolicyPath).To(Equal("/infra/ip-pools/external/ip-allocations/gorouter-vip"))
		Expect(p.AlreadyPolicy).To(Equal(1))
	})

	It("takes what another plan moves first for granted", func() {
		inv := foundation()
		inv.Outside["t0"] = inventory.Outside{Ref: mp.Ref{Type: mp.Tier0, ID: "t0"}}
		p := build(inv, plan.Options{Assume: map[string]string{"t0": "/infra/tier-0s/soon"}})
		_, nat := find(p, mp.NAT, "nat")
		Expect(nat.PolicyPath).To(Equal("/infra/tier-0s/soon/nat/USER/nat-rules/nat"))
		Expect(p.References).To(HaveKeyWithValue("t0", "/infra/tier-0s/soon"))
	})

	It("derives ids from names by NCP's old rule when asked to", func() {
		inv := foundation()
		for _, o := range inv.Objects {
			if o.ID == "pool" {
				o.Name = "....."
			}
		}
		p := build(inv, plan.Options{PolicyIDs: plan.ByName})
		paths := p.IDMap()
		Expect(paths).To(HaveKeyWithValue("t1", "/infra/tier-1s/tas1_org_1"))
		Expect(paths).To(HaveKeyWithValue("pool", "/infra/ip-pools/_....."))
		Expect(paths).To(HaveKeyWithValue("subnet", "/infra/ip-pools/_...../ip-subnets/org_1"))
		ports, _ := find(p, mp.Tier1Port, "t1")
		Expect(ports.Metadata).To(ContainElements(mp.KeyValue{Key: "localeServiceId", Value: "tas1_org_1-0"}, mp.KeyValue{Key: "down", Value: "org_1"}))
	})

	It("leaves NCP's objects the Manager ids where NSX would refuse an id made of the name, and counts them [R4] [I10]", func() {
		inv := foundation()
		names := map[string]string{"pool": "組織-1", "ls": "switch-köln", "group": "", "t1": strings.Repeat("x", 300), "vs": "a;b"}
		for _, o := range inv.Objects {
			if name, ok := names[o.ID]; ok && o.Type != mp.Tier1Port {
				o.Name = name
			}
		}
		p := build(inv, plan.Options{PolicyIDs: plan.ByName})
		paths := p.IDMap()
		for id, path := range map[string]string{
			"pool": "/infra/ip-pools/pool", "ls": "/infra/segments/ls", "group": "/infra/domains/default/groups/group", "t1": "/infra/tier-1s/t1",
			"vs": "/infra/lb-virtual-servers/vs", "subnet": "/infra/ip-pools/pool/ip-subnets/org_1",
		} {
			Expect(paths).To(HaveKeyWithValue(id, path))
		}
		ports, _ := find(p, mp.Tier1Port, "t1")
		Expect(ports.Metadata).To(ContainElements(mp.KeyValue{Key: "localeServiceId", Value: "t1-0"}, mp.KeyValue{Key: "down", Value: "ls"}))
		Expect(p.KeptIDs).To(Equal(5))
		Expect(p.KeptNames).To(ContainElement(`IPPOOL/pool "組織-1"`))
		Expect(build(foundation(), plan.Options{PolicyIDs: plan.ByName}).KeptIDs).To(BeZero())
		Expect(build(inv, plan.Options{}).KeptIDs).To(BeZero(), "nothing else was asked for")
	})

	It("sends overridden pairs", func() {
		cat := newCatalog(map[string]catalog.Override{"IPPOOL": {Metadata: map[string]string{"who": "{name}"}, LinkedIDs: map[string]string{"me": "{id}"}}})
		pool, _ := find(build(foundation(), plan.Options{Catalog: cat}), mp.IPPool, "pool")
		Expect(pool.Metadata).To(Equal([]mp.KeyValue{{Key: "who", Value: "org 1"}}))
		Expect(pool.LinkedIDs).To(Equal([]mp.KeyValue{{Key: "me", Value: "pool"}}))
	})

	It("says its totals, in the order of migration", func() {
		p := build(foundation(), plan.Options{})
		Expect(p.Objects()).To(Equal(14))
		Expect(p.Totals[0]).To(Equal(plan.TypeTotal{Type: mp.IPPool, Objects: 1, Batches: 1}))
		Expect(p.Totals).To(ContainElement(plan.TypeTotal{Type: mp.LogicalPort, Objects: 2, Batches: 1}))
	})

	It("of nothing is empty and no error", func() {
		p := build(&inventory.Inventory{Scope: mp.NCP, Cluster: "tas1"}, plan.Options{})
		Expect(p.Batches).To(BeEmpty())
		Expect(p.Objects()).To(BeZero())
	})
})

var _ = Describe("The digest of a plan", func() {
	It("is the same whatever the order of retrieval", func() {
		want := build(foundation(), plan.Options{}).Digest
		for seed := range uint64(20) {
			inv := foundation()
			random := rand.New(rand.NewPCG(seed, 0))
			random.Shuffle(len(inv.Objects), func(i, j int) { inv.Objects[i], inv.Objects[j] = inv.Objects[j], inv.Objects[i] })
			Expect(build(inv, plan.Options{}).Digest).To(Equal(want), "seed %d", seed)
		}
	})

	It("is another one when anything that would be sent differs", func() {
		want := build(foundation(), plan.Options{}).Digest
		Expect(build(foundation(), plan.Options{Principal: "other"}).Digest).NotTo(Equal(want))
		inv := foundation()
		inv.Objects[0].Order++
		Expect(build(inv, plan.Options{}).Digest).NotTo(Equal(want))
	})
})

var _ = Describe("What cannot be planned", func() {
	It("is reported all at once, with cures, and then there is no plan [R13] [I4] [I10]", func() {
		inv := foundation()
		inv.Outside["t0"] = inventory.Outside{Ref: mp.Ref{Type: mp.Tier0, ID: "t0"}, Name: "t0-main"}
		inv.Outside["ext"] = inventory.Outside{Ref: mp.Ref{Type: mp.IPPool, ID: "ext"}, Missing: true}
		inv.Unsupported = []inventory.Unsupported{{ResourceType: "PortMirroringSwitchingProfile", ID: "pm", Name: "mirror", Why: "the migration API has no type for it"}}
		inv.Objects = append(inv.Objects, object(mp.IPBlockSubnet, "orphan", "orphan"), object(mp.IPSet, "group", "same path as the group"))
		server := inv.Objects[3]
		server.Names = map[string]string{"lbr-9": ""}
		for range 29 {
			inv.Objects[6].Tags = append(inv.Objects[6].Tags, mp.Tag{Scope: "label"})
		}
		inv.Objects[7].Tags = []mp.Tag{{Scope: strings.Repeat("ü", 129), Tag: "x"}}
		inv.Objects[8].Tags = []mp.Tag{{Scope: "x", Tag: strings.Repeat("y", 257)}}

		found := problems(inv, plan.Options{})
		Expect(found).To(ConsistOf(
			And(ContainSubstring("TIER0 t0 (t0-main): 2 objects need it"), ContainSubstring(`list it in the user spec (tier0_routers: [{id: "t0"}])`)),
			And(ContainSubstring("IPPOOL ext: 2 objects need it"), ContainSubstring("NSX has no such object")),
			ContainSubstring("PortMirroringSwitchingProfile/pm (mirror): NCP made it, but it cannot be migrated"),
			ContainSubstring("IPBLOCK_SUBNET orphan (orphan): NSX does not show what it belongs to"),
			ContainSubstring("it would get the Policy path /infra/domains/default/groups/group, as would IP_SET/group"),
			ContainSubstring("LB_VIRTUAL_SERVER vs (web): its rule lbr-9 is gone"),
			ContainSubstring("LOGICAL_PORT lp-2 (app-2): it has 31 tags and may have 29 at most"),
			ContainSubstring("LOGICAL_PORT lp-1 (app-1): the tag with scope"),
			ContainSubstring("LOGICAL_SWITCH ls (org 1): the tag with scope"),
		))
	})

	It("names the line of the user spec", func() {
		inv := sharedResources()
		delete(inv.Outside, "shared-t0")
		Expect(problems(inv, plan.Options{})).To(ConsistOf(HavePrefix("user spec, line 3: TIER0 shared-t0")))
	})

	It("counts only what cannot be a port's tag as too much: 30 tags elsewhere are fine", func() {
		inv := foundation()
		for range 28 {
			inv.Objects[8].Tags = append(inv.Objects[8].Tags, mp.Tag{Scope: "label"})
		}
		Expect(build(inv, plan.Options{}).Objects()).To(Equal(14))
		for range 28 {
			inv.Objects[6].Tags = append(inv.Objects[6].Tags, mp.Tag{Scope: "label"})
		}
		Expect(problems(inv, plan.Options{})).To(ConsistOf(ContainSubstring("it has 30 tags and may have 29 at most")))
	})

	It("is a name that two objects of one kind bear, when ids come from names", func() {
		inv := foundation()
		inv.Objects = append(inv.Objects, object(mp.IPPool, "pool-2", "org/1"))
		Expect(problems(inv, plan.Options{PolicyIDs: plan.ByName})).To(ConsistOf(
			And(ContainSubstring("IPPOOL pool-2 (org/1): it would get the Policy path /infra/ip-pools/org_1, as would IPPOOL/pool"), ContainSubstring("set migration.policy_ids to uuid")),
		))
	})

	It("is a name in the user spec of which no Policy id can be made, or an id that NSX would refuse [R3] [I10]", func() {
		inv := sharedResources()
		for i, name := range []string{"pool-köln", "組織-1", "", strings.Repeat("x", 300)} {
			inv.Objects = append(inv.Objects, object(mp.IPPool, fmt.Sprint("pool-", i), name))
			inv.Objects[len(inv.Objects)-1].Wanted = &inventory.Wanted{Type: mp.IPPool, Line: 10 + i}
		}
		named := object(mp.IPPool, "pool-9", "pool-köln")
		named.Wanted = &inventory.Wanted{Type: mp.IPPool, Line: 20, PolicyID: "cologne"}
		kept := object(mp.IPPool, "pool-8", "pool-köln")
		kept.Wanted = &inventory.Wanted{Type: mp.IPPool, Line: 21, PolicyID: "pool-8"}
		bad := object(mp.IPPool, "pool-7", "fine")
		bad.Wanted = &inventory.Wanted{Type: mp.IPPool, Line: 22, PolicyID: "a b/c"}
		inv.Objects = append(inv.Objects, named, kept, bad)
		Expect(problems(inv, plan.Options{PolicyIDs: plan.ByName})).To(ConsistOf(
			And(HavePrefix("user spec, line 10: IPPOOL pool-0 (pool-köln): no Policy id can be made"), ContainSubstring("'ö'"), ContainSubstring(`for example "pool-k_ln"`)),
			And(HavePrefix("user spec, line 11: "), ContainSubstring(`for example "__-1"`)),
			And(HavePrefix("user spec, line 12: "), ContainSubstring("it is empty")),
			And(HavePrefix("user spec, line 13: "), ContainSubstring("300 characters")),
			And(HavePrefix("user spec, line 22: IPPOOL pool-7 (fine): its Policy id"), ContainSubstring(`give it the policy_id "a_b_c"`)),
		))
		Expect(problems(inv, plan.Options{})).To(ConsistOf(HavePrefix("user spec, line 22: ")), "with Manager ids the names do not matter")
	})

	It("is a part of something that cannot be listed: the cure names what it belongs to", func() {
		inv := foundation()
		inv.Objects[2].Refs = []inventory.Reference{ref(mp.LogicalPort, "far"), ref(mp.IPPoolAllocation, "1.2.3.4"), ref(mp.IPSet, "set")}
		Expect(problems(inv, plan.Options{})).To(ConsistOf(
			ContainSubstring("list what it belongs to in the user spec, under logical_switches"),
			ContainSubstring("list what it belongs to in the user spec, under ip_pools"),
			ContainSubstring(`ip_sets: [{id: "set"}]`),
		))
	})

	It("is an override that asks for what is not known", func() {
		cat := newCatalog(map[string]catalog.Override{"IPPOOL": {Metadata: map[string]string{"x": "{colour}"}, LinkedIDs: map[string]string{"y{": "1"}}})
		Expect(problems(foundation(), plan.Options{Catalog: cat})).To(ConsistOf(
			ContainSubstring("nothing is known for the placeholder {colour}"), ContainSubstring("nothing is known for the placeholder {}"),
		))
	})

	It("is spelled out only so far", func() {
		inv := foundation()
		for i := range 30 {
			inv.Unsupported = append(inv.Unsupported, inventory.Unsupported{ResourceType: "Odd", ID: fmt.Sprint(i)})
		}
		_, err := plan.Build(inv, plan.Options{Catalog: newCatalog(nil)})
		Expect(err).To(MatchError(And(ContainSubstring("30 problems"), HaveSuffix("and 10 more"))))
	})
})

var _ = Describe("Packing", func() {
	It("holds every object exactly once, in order, within the limits, whatever the foundation [R13]", func() {
		for seed := range uint64(50) {
			random := rand.New(rand.NewPCG(seed, 1))
			limit := 1 + random.IntN(9)
			cat := newCatalog(map[string]catalog.Override{"LOGICAL_PORT": {Limit: limit}, "LOGICAL_SWITCH": {Limit: limit}, "NS_GROUP": {Limit: limit}})
			inv := &inventory.Inventory{Scope: mp.NCP}
			switchOf := map[string]string{}
			for s := range random.IntN(8) {
				segment := object(mp.LogicalSwitch, fmt.Sprintf("ls-%d", s), "s")
				inv.Objects = append(inv.Objects, segment, object(mp.NSGroup, fmt.Sprintf("g-%d", s), "g"))
				for p := range random.IntN(12) {
					port := below(segment, mp.LogicalPort, fmt.Sprintf("lp-%d-%d", s, p), "p")
					switchOf[port.ID] = segment.ID
					inv.Objects = append(inv.Objects, port)
				}
			}
			random.Shuffle(len(inv.Objects), func(i, j int) { inv.Objects[i], inv.Objects[j] = inv.Objects[j], inv.Objects[i] })
			p := build(inv, plan.Options{Catalog: cat})

			seen := map[string]bool{}
			place := map[mp.Type]int{}
			batchOfSwitch := map[string]int{}
			for n, b := range p.Batches {
				for later, first := range place {
					Expect(first <= n && (later == b.Type || !needs(cat, later, b.Type))).To(BeTrue(), "seed %d: %s after %s", seed, b.Type, later)
				}
				place[b.Type] = n
				switches := map[string]bool{}
				Expect(b.Request.MigrationData).To(HaveLen(1))
				for i, d := range b.Request.MigrationData[0].ResourceIDs {
					Expect(b.Entries[i].ID).To(Equal(d.ManagerID))
					Expect(seen).NotTo(HaveKey(d.ManagerID))
					seen[d.ManagerID] = true
					if s := switchOf[d.ManagerID]; s != "" {
						switches[s] = true
						Expect(batchOfSwitch).To(Or(Not(HaveKey(s)), HaveKeyWithValue(s, n)), "seed %d: the ports of %s travel together", seed, s)
						batchOfSwitch[s] = n
					}
				}
				if len(b.Entries) > limit {
					Expect(switches).To(HaveLen(1), "seed %d: only one switch's ports may exceed the limit", seed)
				}
				Expect(b.Entries).NotTo(BeEmpty())
			}
			Expect(seen).To(HaveLen(len(inv.Objects)), "seed %d", seed)
		}
	})

	It("sends a Tier-0 by itself, its uplinks, and its configuration last", func() {
		p := build(sharedResources(), plan.Options{})
		var order []mp.Type
		for _, b := range p.Batches {
			order = append(order, b.Type)
		}
		Expect(order).To(Equal([]mp.Type{
			mp.IPPoolAllocation, mp.Tier0, mp.Tier0, mp.Tier1, mp.Tier1Port, mp.Tier0Port, mp.Tier0Config,
		}))
	})
})

var _ = Describe("Package plan", func() {
	It("is pure: it imports no clock, network, disk or chance", func() {
		files, err := filepath.Glob("*.go")
		Expect(err).NotTo(HaveOccurred())
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			Expect(err).NotTo(HaveOccurred())
			for _, spec := range file.Imports {
				impure := []string{"time", "net", "net/http", "os", "io", "io/fs", "math/rand", "math/rand/v2", "crypto/rand", "context"}
				Expect(slices.Contains(impure, strings.Trim(spec.Path.Value, `"`))).To(BeFalse(), "%s imports %s", name, spec.Path.Value)
			}
		}
	})
})

// requests are the bodies of a plan.
func requests(p *plan.Plan) []mp.Promotion {
	var all []mp.Promotion
	for _, b := range p.Batches {
		all = append(all, b.Request)
	}
	return all
}

func owners(p *plan.Plan) []string {
	var all []string
	for _, r := range requests(p) {
		all = append(all, r.SetupDetails.PrincipalIdentity)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// needs tells whether a type must come after another one.
func needs(cat *catalog.Catalog, t, before mp.Type) bool {
	e, _ := cat.Entry(t)
	return slices.Contains(e.After, before)
}

// sharedResources are what a user spec lists: two Tier-0 with all that belongs to one, a Tier-1 that is linked to a
// Policy Tier-0, and one address.
func sharedResources() *inventory.Inventory {
	listed := func(o *inventory.Object, w inventory.Wanted) *inventory.Object {
		w.Type = o.Type
		o.Wanted, o.Owner = &w, "admin"
		return o
	}
	t0, t0b := listed(object(mp.Tier0, "t0", "main"), inventory.Wanted{Line: 1}), listed(object(mp.Tier0, "t0b", "second"), inventory.Wanted{Line: 2})
	t1 := listed(object(mp.Tier1, "shared-t1", "edge"), inventory.Wanted{
		Line: 3, PolicyID: "edge", Metadata: []mp.KeyValue{{Key: "k", Value: "v"}}, LinkedIDs: []mp.KeyValue{{Key: "l", Value: "w"}},
	})
	t1.Refs = []inventory.Reference{ref(mp.Tier0, "shared-t0")}
	routes := below(t1, mp.Tier1Port, "shared-t1", "edge")
	routes.Wanted, routes.Parts = t1.Wanted, []inventory.Part{{ID: "r1", PolicyID: "default-route"}}
	address := below(&inventory.Object{Ref: mp.Ref{Type: mp.IPPool, ID: "ext"}}, mp.IPPoolAllocation, "10.0.0.9", "10.0.0.9")
	address.Wanted = &inventory.Wanted{Type: mp.IPPool, Line: 4, PolicyID: "gorouter-vip"}
	return &inventory.Inventory{
		Scope:   mp.Shared,
		Objects: []*inventory.Object{t0, t0b, t1, routes, address, below(t0, mp.Tier0Port, "uplink", "up"), below(t0, mp.Tier0Config, "t0", "main")},
		Policy:  []*inventory.Object{{Ref: mp.Ref{Type: mp.IPPool, ID: "ext"}, PolicyPath: "/infra/ip-pools/external"}},
		Outside: map[string]inventory.Outside{"shared-t0": {Ref: mp.Ref{Type: mp.Tier0, ID: "shared-t0"}, PolicyPath: "/infra/tier-0s/shared-t0"}},
	}
}
