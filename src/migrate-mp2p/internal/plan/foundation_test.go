package plan_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/plan"
)

// object is one object of NCP.
func object(t catalog.Type, id, name string) *inventory.Object {
	return &inventory.Object{
		Ref: catalog.Ref{Type: t, ID: id}, Name: name, Owner: "ncp", Hash: "hash of " + id,
		Tags: []nsx.Tag{{Scope: "ncp/version", Tag: "1.1.0"}, {Scope: "ncp/cluster", Tag: "tas1"}},
	}
}

// below is one object of NCP with a parent.
func below(parent *inventory.Object, t catalog.Type, id, name string) *inventory.Object {
	o := object(t, id, name)
	o.Parent = parent.Ref
	return o
}

func ref(t catalog.Type, id string) inventory.Reference {
	return inventory.Reference{To: catalog.Ref{Type: t, ID: id}, Field: "test"}
}

// foundation is a small one, one object of every kind that takes something special, on shared resources that are Policy:
// a Tier-0 "t0" and an external pool "ext".
func foundation() *inventory.Inventory {
	pool, t1 := object(catalog.IPPool, "pool", "org 1"), object(catalog.Tier1, "t1", "tas1/org 1")
	t1.Refs = []inventory.Reference{ref(catalog.Tier0, "t0"), ref(catalog.IPPool, "ext")}
	segment := object(catalog.LogicalSwitch, "ls", "org 1")
	segment.Refs = []inventory.Reference{ref(catalog.IPPool, "pool"), ref(catalog.SpoofGuardProfile, "sg"), ref(catalog.QOSProfile, "system-qos")}
	ports := below(t1, catalog.Tier1Port, "t1", "tas1/org 1")
	ports.Parts = []inventory.Part{{ID: "down", IsPort: true, Switch: "ls"}, {ID: "loose", IsPort: true}, {ID: "route", PolicyID: "wanted-route"}}
	ports.Refs = []inventory.Reference{ref(catalog.LogicalSwitch, "ls")}
	nat := below(&inventory.Object{Ref: catalog.Ref{Type: catalog.Tier0, ID: "t0"}}, catalog.NAT, "nat", "snat")
	nat.Order = 1024
	group := object(catalog.NSGroup, "group", "asg")
	section := object(catalog.DFWSection, "section", "asg 1")
	section.Order, section.Category, section.Parts = 17, "Default", []inventory.Part{{ID: "1001"}, {ID: "1002"}}
	section.Refs = []inventory.Reference{ref(catalog.NSGroup, "group")}
	first := object(catalog.DFWSection, "zz-first", "asg 0")
	first.Order, first.Category = 9, "Environment"
	server := object(catalog.LBVirtualServer, "vs", "web")
	server.Names = map[string]string{"lbr-1": "rule one"}
	address := below(&inventory.Object{Ref: catalog.Ref{Type: catalog.IPPool, ID: "ext"}}, catalog.IPPoolAllocation, "100.64.0.5", "100.64.0.5")
	address.Facts = map[string]string{"pool": "ext", "ip": "100.64.0.5", "owner_kind": "snat"}
	return &inventory.Inventory{
		Scope: catalog.NCP, Cluster: "tas1",
		Objects: []*inventory.Object{
			section, first, group, server, nat, ports, below(segment, catalog.LogicalPort, "lp-2", "app-2"), below(segment, catalog.LogicalPort, "lp-1", "app-1"),
			segment, t1, address, below(pool, catalog.IPBlockSubnet, "subnet", "org 1"), pool, object(catalog.SpoofGuardProfile, "sg", "sg"),
		},
		Outside: map[string]inventory.Outside{
			"t0":         {Ref: catalog.Ref{Type: catalog.Tier0, ID: "t0"}, PolicyPath: "/infra/tier-0s/top"},
			"ext":        {Ref: catalog.Ref{Type: catalog.IPPool, ID: "ext"}, PolicyPath: "/infra/ip-pools/external"},
			"system-qos": {Ref: catalog.Ref{Type: catalog.QOSProfile, ID: "system-qos"}, System: true},
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
func find(p *plan.Plan, t catalog.Type, id string) (nsx.ResourceDetails, plan.Entry) {
	GinkgoHelper()
	for _, b := range p.Batches {
		for i, e := range b.Entries {
			if e.Ref == (catalog.Ref{Type: t, ID: id}) {
				return b.Request.MigrationData[0].ResourceIDs[i], e
			}
		}
	}
	Fail(fmt.Sprintf("%s/%s is not in the plan", t, id))
	return nsx.ResourceDetails{}, plan.Entry{}
}
