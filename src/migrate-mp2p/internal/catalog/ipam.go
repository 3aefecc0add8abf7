package catalog

import (
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// ipam: address blocks, pools, subnets and single addresses. No public client sends these types; what is known are
// their names (NSX Go SDK), one example body (Broadcom API docs) and NCP's user spec.
func ipam() []Entry {
	unknownKeys := "neither metadata nor linked ids are known to be needed"
	return []Entry{
		{
			Type: mp.IPBlock, SpecKey: "ip_blocks",
			ManagerTypes: []string{"IpBlock", "IPBlock"}, List: "/api/v1/pools/ip-blocks",
			Limit: 1000, Named: true,
			PolicyType: "IpAddressBlock", PolicyPath: "/infra/ip-blocks/{policy_id}",
			Assumed: []string{"limit", unknownKeys},
		},
		{
			Type: mp.IPPool, SpecKey: "ip_pools",
			ManagerTypes: []string{"IpPool", "IPPool"}, List: "/api/v1/pools/ip-pools",
			Limit: 1000, Named: true, After: []mp.Type{mp.IPBlock},
			PolicyType: "IpAddressPool", PolicyPath: "/infra/ip-pools/{policy_id}",
			Assumed: []string{"limit", unknownKeys},
		},
		{
			// The pool over a subnet names it in its tag ncp/subnet_id; the subnet itself knows only its block.
			Type:         mp.IPBlockSubnet,
			ManagerTypes: []string{"IpBlockSubnet"}, List: "/api/v1/pools/ip-subnets",
			Parents: []mp.Type{mp.IPPool},
			Limit:   1000, Named: true, After: []mp.Type{mp.IPBlock, mp.IPPool},
			LinkedIDs:  []mp.KeyValue{{Key: "IPPOOL", Value: "{parent}"}},
			PolicyType: "IpAddressPoolBlockSubnet", PolicyPath: "{parent_path}/ip-subnets/{policy_id}",
			Refers:  []Field{{Path: "block_id", To: []mp.Type{mp.IPBlock}}},
			Assumed: []string{"limit", "it becomes a subnet of the pool whose ncp/subnet_id names it", "linked id IPPOOL: the Manager id of that pool"},
		},
		{
			// The id of an allocation is the address itself (NSX Go SDK).
			Type:         mp.IPPoolAllocation,
			ManagerTypes: []string{"AllocationIpAddress"}, List: "/api/v1/pools/ip-pools/{parent}/allocations",
			Found: ByReferrer, Parents: []mp.Type{mp.IPPool}, Proof: PolicyChild,
			Limit: 1000, Named: true, After: []mp.Type{mp.IPPool, mp.IPBlockSubnet},
			LinkedIDs:  []mp.KeyValue{{Key: "IPPOOL", Value: "{parent}"}},
			PolicyType: "IpAddressAllocation", PolicyPath: "{parent_path}/ip-allocations/{policy_id}",
			Assumed: []string{"limit", "manager_id is the address", "linked id IPPOOL: the Manager id of the pool", "Policy id: the address with - for . and :"},
		},
	}
}
