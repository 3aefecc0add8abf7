package updates

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"testing"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// pageNSX hands out a prepared page of ports and takes every write.
type pageNSX struct{ page []json.RawMessage }

func (p *pageNSX) Search(_ context.Context, _ mp.Flavour, _ string, page mp.Page) (int, error) {
	return len(p.page), page(p.page)
}
func (p *pageNSX) List(context.Context, string, url.Values, mp.Page) (int, error) { return 0, nil }
func (p *pageNSX) GetPolicy(context.Context, string, any) error                   { return nil }
func (p *pageNSX) Get(context.Context, string, any) error                         { return nil }
func (p *pageNSX) PatchInfra(_ context.Context, body any) error {
	_, err := json.Marshal(body)
	return err
}

type benchRecords struct {
	fakeRecords
	original records.Original
}

func (r *benchRecords) Original(string, string) (records.Original, bool, error) {
	return r.original, true, nil
}
func (r *benchRecords) PutUpdates(updates iter.Seq[records.Update]) error {
	r.updates = r.updates[:0]
	for u := range updates {
		u.Seq = uint64(len(r.updates) + 1)
		r.updates = append(r.updates, u)
	}
	return nil
}
func (r *benchRecords) SetUpdates([]records.Update) error { return nil }

// BenchmarkThousandPorts is phases 3 and 4 of 1000 ports without NSX and disk; the whole run may take 50 ms of CPU.
func BenchmarkThousandPorts(b *testing.B) {
	rules, err := LoadRules("")
	if err != nil {
		b.Fatal(err)
	}
	fake, store := &pageNSX{}, &benchRecords{}
	for i := range 10 {
		store.original.Tags = append(store.original.Tags, mp.Tag{Scope: fmt.Sprintf("app_label/label-%d", i), Tag: "some value of a label"})
	}
	store.original.Tags = append(store.original.Tags, mp.Tag{Scope: "ncp/version", Tag: "1.1.0"}, mp.Tag{Scope: "ncp/cluster", Tag: "cf"})
	for i := range 1000 {
		path := fmt.Sprintf("/infra/segments/4f1a4a38-3c5e-4b8f-9f6e-%012d/ports/4f1a4a38-3c5e-4b8f-9f6e-%012d", i/4, i)
		store.migrated = append(store.migrated, records.MigratedObject{Type: "LOGICAL_PORT", ID: path[len(path)-36:], PolicyPath: path})
		body, err := json.Marshal(map[string]any{
			"path": path, "id": path[len(path)-36:], "resource_type": "SegmentPort", "display_name": "app", "tags": store.original.Tags,
			"attachment":       map[string]any{"id": "x", "type": "CHILD", "context_id": "y", "traffic_tag": 7, "allocate_addresses": "NONE"},
			"address_bindings": []any{map[string]any{"ip_address": "10.1.2.3", "mac_address": "02:50:56:00:00:01", "vlan_id": 7}},
			"unique_id":        "u", "realization_id": "u", "owner_id": "o", "_create_user": "ncp", "_create_time": 1, "_revision": 0, "_protection": "NOT_PROTECTED",
			"parent_path": path[:62], "relative_path": path[len(path)-36:], "marked_for_delete": false, "overridden": false, "admin_state": "UP",
		})
		if err != nil {
			b.Fatal(err)
		}
		fake.page = append(fake.page, body)
	}
	env := Env{Platform: "tas", Scope: mp.NCP, Cluster: "cf", Workloads: workloads.None{}}
	b.ReportAllocs()
	for b.Loop() {
		if counts, err := Infer(context.Background(), InferInput{API: fake, Records: store, Rules: rules, Env: env, Events: &fakeEvents{}}); err != nil || counts.Updates != 1000 {
			b.Fatal(counts, err)
		}
		if result, err := Apply(context.Background(), ApplyInput{API: fake, Records: store, Scope: mp.NCP, Cluster: "cf", Events: &fakeEvents{}}); err != nil || result.Applied != 1000 {
			b.Fatal(result, err)
		}
	}
}
