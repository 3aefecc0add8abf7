package catalog

import (
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// firewall: address sets, groups and the sections of the distributed firewall (vmware-nsx).
func firewall() []Entry {
	// What groups, sections and rules may point to; literal addresses and services are no objects of ours.
	targets := []mp.Type{mp.NSGroup, mp.IPSet, mp.LogicalSwitch, mp.LogicalPort}
	return []Entry{
		{
			Type: mp.IPSet, SpecKey: "ip_sets",
			ManagerTypes: []string{"IPSet"}, List: "/api/v1/ip-sets",
			Limit: 1000, Named: true,
			PolicyType: "Group", PolicyPath: "/infra/domains/default/groups/{policy_id}",
			Assumed: []string{"limit", "it becomes a group with an IPAddressExpression; no metadata, no linked ids"},
		},
		{
			Type: mp.NSGroup, SpecKey: "ns_groups",
			ManagerTypes: []string{"NSGroup"}, List: "/api/v1/ns-groups",
			Limit: 2000, Named: true, After: []mp.Type{mp.IPSet, mp.LogicalSwitch, mp.LogicalPort},
			PolicyType: "Group", PolicyPath: "/infra/domains/default/groups/{policy_id}",
			Refers: []Field{{Path: "members.value", Kind: "target_type", To: targets}},
		},
		{
			// Sections come last: they are the slowest to roll back.
			Type: mp.DFWSection, SpecKey: "firewall_sections",
			ManagerTypes: []string{"FirewallSection"}, List: "/api/v1/firewall/sections", Ordered: true,
			Parts: []string{"FirewallRule"}, PartList: "/api/v1/firewall/sections/{parent}/rules",
			Limit: 3000, Named: true, After: []mp.Type{mp.IPSet, mp.NSGroup, mp.LogicalSwitch, mp.LogicalPort, mp.Tier1Port, mp.NAT, mp.Tier0Config, mp.LBService},
			Metadata: []mp.KeyValue{{Key: "category", Value: "{category}"}, {Key: "sequence", Value: "{sequence}"}},
			PartLinkedIDs: []mp.KeyValue{
				{Key: "{part}", Value: "{sequence}"},
				{Key: "{part}-policyid", Value: "{part_policy_id}"},
			},
			PolicyType: "SecurityPolicy", PolicyPath: "/infra/domains/default/security-policies/{policy_id}",
			Refers: []Field{{Path: "applied_tos.target_id", Kind: "target_type", To: targets}},
			PartRefers: []Field{
				{Path: "sources.target_id", Kind: "target_type", To: targets},
				{Path: "destinations.target_id", Kind: "target_type", To: targets},
				{Path: "applied_tos.target_id", Kind: "target_type", To: targets},
			},
			Assumed: []string{"sections of Manager category Default become category Application", "rules keep their Manager id as Policy id"},
		},
	}
}
