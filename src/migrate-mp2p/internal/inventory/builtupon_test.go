package inventory_test

import (
	"context"
	"encoding/json"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// loose is an NSX whose search finds these bodies, whatever is asked.
type loose struct {
	inventory.API
	bodies []string
}

func (l loose) Search(_ context.Context, _ mp.Flavour, _ string, page mp.Page) (int, error) {
	var found []json.RawMessage
	for _, text := range l.bodies {
		found = append(found, json.RawMessage(text))
	}
	return len(found), page(found)
}

var _ = Describe("FindBuiltUpon", func() {
	It("names what is built upon just these paths, and nothing that Search takes for it or that is being deleted [I3]", func(ctx SpecContext) {
		api := loose{bodies: []string{
			`{"resource_type":"Tier1","path":"/infra/tier-1s/theirs","tier0_path":"/infra/tier-0s/t0"}`,
			`{"resource_type":"Tier1","path":"/infra/tier-1s/other-case","tier0_path":"/infra/tier-0s/T0"}`,
			`{"resource_type":"Tier1","path":"/infra/tier-1s/deleted","tier0_path":"/infra/tier-0s/t0","marked_for_delete":true}`,
			`{"resource_type":"Segment","path":"/infra/segments/theirs","connectivity_path":"/infra/tier-0s/t0"}`,
			`{"resource_type":"Segment","path":"/infra/segments/ours","connectivity_path":"/infra/tier-0s/t0"}`,
			`{"resource_type":"IpAddressAllocation","path":"/infra/ip-pools/p/ip-allocations/a","parent_path":"/infra/ip-pools/p","_create_user":"admin"}`,
			`{"resource_type":"IpAddressAllocation","path":"/infra/ip-pools/p/ip-allocations/b","parent_path":"/infra/ip-pools/p","_create_user":"ncp"}`,
			`{"resource_type":"IpAddressAllocation","path":"/infra/ip-pools/p/ip-allocations/d","parent_path":"/infra/ip-pools/p","_create_user":"superuser"}`,
			`{"resource_type":"IpAddressAllocation","path":"/infra/ip-pools/p-2/ip-allocations/c","parent_path":"/infra/ip-pools/p-2","_create_user":"admin"}`,
		}}
		Expect(inventory.FindBuiltUpon(ctx, api, []string{"/infra/tier-0s/t0", "/infra/ip-pools/p"}, map[string]bool{"/infra/segments/ours": true}, []string{"ncp", "superuser"})).
			To(ConsistOf("/infra/tier-1s/theirs", "/infra/segments/theirs", "/infra/ip-pools/p/ip-allocations/a"))
	})
})
