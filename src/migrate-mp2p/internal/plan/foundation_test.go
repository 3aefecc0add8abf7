package plan_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
)

// object is one object of NCP.
func object(t mp.Type, id, name string) *inventory.Object {
	return &inventory.Object{
		Ref: mp.Ref{Type: t, ID: id}, Name: name, Owner: "ncp", Hash: "hash of " + id,
		Tags: []mp.Tag{{Scope: "ncp/version", Tag: "1.1.0"}, {Scope: "ncp/cluster", Tag: "tas1"}},
	}
}

// below is one object of NCP with a parent.
func below(parent *inventory.Object, t mp.Type, id, name string) *inventory.Object {
	o := object(t, id, name)
	o.Parent = parent.Ref
	return o
}

func ref(t mp.Type, id string) inventory.Reference {
	return inventory.Reference{To: mp.Ref{Type: t, ID: id}, Field: "test"}
}

// foundation is a small one, one object of every kind that takes something special, on shared resources that are Policy:
// a Tier-0 "t0" and an external pool "ext".
func foundation() *inventory.Inventory {
	pool, t1 := object(mp.IPPool, "pool", "org 1"), object(mp.Tier1, "t1", "tas1/org 1")
	t1.Refs = []inventory.Reference{ref(mp.Tier0, "t0"), ref(mp.IPPool, "ext")}
	segment := object(mp.LogicalSwitch, "ls", "org 1")
	segment.Refs = []inventory.Reference{ref(mp.IPPool, "pool"), ref(mp.SpoofGuardProfile, "sg"), ref(mp.QOSProfile, "system-qos")}
	ports := below(t1, mp.Tier1Port, "t1", "tas1/org 1")
	ports.Parts = []inventory.Part{{ID: "down", IsPort: true, Switch: "ls"}, {ID: "loose", IsPort: true}, {ID: "route", PolicyID: "wanted-route"}}
	ports.Refs = []inventory.Reference{ref(mp.LogicalSwitch, "ls")}
	nat := below(&inventory.Object{Ref: mp.Ref{Type: mp.Tier0, ID: "t0"}}, mp.NAT, "nat", "snat")
	nat.Order = 1024
	group := object(mp.NSGroup, "group", "asg")
	section := object(mp.DFWSection, "section", "asg 1")
	section.Order, section.Category, section.Parts = 17, "Default", []inventory.Part{{ID: "1001"}, {ID: "1002"}}
	section.Refs = []inventory.Reference{ref(mp.NSGroup, "group")}
	first := object(mp.DFWSection, "zz-first", "asg 0")
	first.Order, first.Category = 9, "Environment"
	server := object(mp.LBVirtualServer, "vs", "web")
	server.Names = map[string]string{"lbr-1": "rule one"}
	address := below(&inventory.Object{Ref: mp.Ref{Type: mp.IPPool, ID: "ext"}}, mp.IPPoolAllocation, "100.64.0.5", "100.64.0.5")
	address.Facts = map[mp.Fact]string{"pool": "ext", "ip": "100.64.0.5", "owner_kind": "snat"}
	return &inventory.Inventory{
		Scope: mp.NCP, Cluster: "tas1",
		Objects: []*inventory.Object{
			section, first, group, server, nat, ports, below(segment, mp.LogicalPort, "lp-2", "app-2"), below(segment, mp.LogicalPort, "lp-1", "app-1"),
			segment, t1, address, below(pool, mp.IPBlockSubnet, "subnet", "org 1"), pool, object(mp.SpoofGuardProfile, "sg", "sg"),
		},
		Outside: map[string]inventory.Outside{
			"t0":         {Ref: mp.Ref{Type: mp.Tier0, ID: "t0"}, PolicyPath: "/infra/tier-0s/top"},
			"ext":        {Ref: mp.Ref{Type: mp.IPPool, ID: "ext"}, PolicyPath: "/infra/ip-pools/external"},
			"system-qos": {Ref: mp.Ref{Type: mp.QOSProfile, ID: "system-qos"}, System: true},
		},
	}
}

func newCatalog(overrides map[string]catalog.Override) *catalog.Catalog {
	GinkgoHelper()
	c, err := catalog.New(overrides)
	Expect(err).NotTo(HaveOccurred())
	return c
}

func build(inv *inventory.Inventory, o plan.Options) *plan.Plan {
	GinkgoHelper()
	if o.Catalog == nil {
		o.Catalog = newCatalog(nil)
	}
	p, err := plan.Build(inv, o)
	Expect(err).NotTo(HaveOccurred())
	return p
}

// problems gives what makes an inventory impossible to plan, as text.
func problems(inv *inventory.Inventory, o plan.Options) []string {
	GinkgoHelper()
	if o.Catalog == nil {
		o.Catalog = newCatalog(nil)
	}
	p, err := plan.Build(inv, o)
	Expect(p).To(BeNil())
	var refused *plan.Error
	Expect(err).To(BeAssignableToTypeOf(refused))
	var texts []string
	for _, problem := range err.(*plan.Error).Problems {
		texts = append(texts, problem.String())
	}
	return texts
}

// find gives the details of one object in the plan's requests.
func find(p *plan.Plan, t mp.Type, id string) (mp.ResourceDetails, plan.Entry) {
	GinkgoHelper()
	for _, b := range p.Batches {
		for i, e := range b.Entries {
			if e.Ref == (mp.Ref{Type: t, ID: id}) {
				return b.Request.MigrationData[0].ResourceIDs[i], e
			}
		}
	}
	Fail(fmt.Sprintf("%s/%s is not in the plan", t, id))
	return mp.ResourceDetails{}, plan.Entry{}
}
