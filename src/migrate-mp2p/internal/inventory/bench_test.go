package inventory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// portsNSX has 10,000 ports of NCP and nothing else.
type portsNSX struct{ pages [][]json.RawMessage }

func newPortsNSX() *portsNSX {
	p := &portsNSX{}
	for n := range 10 {
		var page []json.RawMessage
		for i := range 1000 {
			page = append(page, json.RawMessage(fmt.Sprintf(`{"resource_type":"LogicalPort","id":"b3f1c1de-0000-4000-8000-%012d",
				"display_name":"app-%d","admin_state":"UP","logical_switch_id":"0b6c7f0e-6d0c-4c7f-8a55-1f6e4ad1a001",
				"attachment":{"attachment_type":"CIF","id":"%032d","context":{"resource_type":"CifAttachmentContext","vlan_tag":12}},
				"tags":[{"scope":"ncp/cluster","tag":"tas1"},{"scope":"ncp/version","tag":"1.2.0"},{"scope":"ncp/cf_app_id","tag":"%d"}],
				"_create_user":"ncp","_revision":0,"_create_time":1606000000000}`, 1000*n+i, i, i, i)))
		}
		p.pages = append(p.pages, page)
	}
	return p
}

func (p *portsNSX) deliver(page mp.Page) (int, error) {
	for _, results := range p.pages {
		if err := page(results); err != nil {
			return 0, err
		}
	}
	return 1000 * len(p.pages), nil
}

func (p *portsNSX) Search(_ context.Context, _ mp.Flavour, query string, page mp.Page) (int, error) {
	if !strings.HasPrefix(query, "resource_type:(LogicalPort)") {
		return 0, nil
	}
	return p.deliver(page)
}

func (p *portsNSX) List(_ context.Context, path string, _ url.Values, page mp.Page) (int, error) {
	if path != "/api/v1/logical-ports" {
		return 0, nil
	}
	return p.deliver(page)
}

func (p *portsNSX) SearchCount(context.Context, mp.Flavour, string) (int, error) { return 0, nil }

func (p *portsNSX) ListCount(context.Context, string, url.Values) (int, error) { return 0, nil }

func (p *portsNSX) Get(_ context.Context, path string, _ any) error {
	return &nsx.Error{Kind: mp.KindNotFound, Method: "GET", Path: path}
}

func (p *portsNSX) MigratedResources(context.Context, string, string, func(mp.MigratedResource) error) error {
	return nil
}

func benchCatalog(b *testing.B) *catalog.Catalog {
	types, err := catalog.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	return types
}

// BenchmarkRetrieve reads 10,000 ports for a plan.
func BenchmarkRetrieve(b *testing.B) {
	api, types := newPortsNSX(), benchCatalog(b)
	b.ReportAllocs()
	for b.Loop() {
		inv, err := inventory.Retrieve(context.Background(), api, inventory.Query{Scope: mp.NCP, Cluster: "tas1", Catalog: types})
		if err != nil || len(inv.Objects) != 10_000 {
			b.Fatal(len(inv.Objects), err)
		}
	}
}

// BenchmarkCensus counts 10,000 ports that a run knows.
func BenchmarkCensus(b *testing.B) {
	api, types := newPortsNSX(), benchCatalog(b)
	inv, err := inventory.Retrieve(context.Background(), api, inventory.Query{Scope: mp.NCP, Cluster: "tas1", Catalog: types})
	if err != nil {
		b.Fatal(err)
	}
	var known []inventory.Known
	for _, o := range inv.Objects {
		known = append(known, inventory.Known{Ref: o.Ref, Hash: o.Hash})
	}
	b.ReportAllocs()
	for b.Loop() {
		census, err := inventory.TakeCensus(context.Background(), api, types, inventory.CensusQuery{Scope: mp.NCP, Cluster: "tas1", Known: known})
		if err != nil || census.Manager.N != 10_000 || census.Changed.N != 0 {
			b.Fatal(census, err)
		}
	}
}
