package catalog

import (
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// routing: routers, their ports and their NAT rules. Limits, metadata and linked ids are those of vmware-nsx.
func routing() []Entry {
	return []Entry{
		{
			Type: mp.Tier0, SpecKey: "tier0_routers",
			ManagerTypes: []string{"LogicalRouter"}, RouterType: "TIER0", List: "/api/v1/logical-routers",
			Limit: 1, Named: true, Principal: AlwaysShared,
			PolicyType: "Tier0", PolicyPath: "/infra/tier-0s/{policy_id}",
		},
		{
			Type:         mp.Tier1,
			SpecKey:      "tier1_routers",
			ManagerTypes: []string{"LogicalRouter"}, RouterType: "TIER1", List: "/api/v1/logical-routers",
			Limit: 1000, Named: true, After: []mp.Type{mp.Tier0},
			PolicyType: "Tier1", PolicyPath: "/infra/tier-1s/{policy_id}",
		},
		{
			// The manager_id is the router's; one entry moves all of its ports and static routes.
			Type:         mp.Tier1Port,
			ManagerTypes: []string{"LogicalRouterDownLinkPort", "LogicalRouterCentralizedServicePort", "CentralizedServicePort"}, List: "/api/v1/logical-router-ports",
			Found: WithParent, Parents: []mp.Type{mp.Tier1}, ParentField: "logical_router_id",
			Parts: []string{
				"LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER1",
				"LogicalRouterLoopbackPort", "LogicalRouterIPTunnelPort", "StaticRoute",
			},
			PartList: "/api/v1/logical-routers/{parent}/routing/static-routes",
			Limit:    1000, After: []mp.Type{mp.Tier1, mp.LogicalSwitch, mp.LogicalPort},
			Metadata:     []mp.KeyValue{{Key: "localeServiceId", Value: "{parent_policy_id}-0"}},
			PartMetadata: []mp.KeyValue{{Key: "{part}", Value: "{part_policy_id}"}},
			Proof:        RouterParts,
			Assumed: []string{
				"its link to the Tier-0 moves along on both sides without being named",
				"static routes keep their Manager id as Policy id",
			},
		},
		{
			Type:         mp.NAT,
			ManagerTypes: []string{"NatRule"}, List: "/api/v1/logical-routers/{parent}/nat/rules",
			Parents: []mp.Type{mp.Tier1, mp.Tier0}, ParentField: "logical_router_id",
			Limit: 1500, Named: true, After: []mp.Type{mp.Tier0, mp.Tier1, mp.Tier1Port},
			Metadata:   []mp.KeyValue{{Key: "SEQUENCE_NUMBER", Value: "{sequence}"}},
			LinkedIDs:  []mp.KeyValue{{Key: "{parent_type}", Value: "{parent}"}},
			PolicyType: "PolicyNatRule", PolicyPath: "{parent_path}/nat/USER/nat-rules/{policy_id}",
			Assumed: []string{"rules of a Tier-0 name it by the linked id TIER0"},
		},
		{
			Type:         mp.Tier0Port,
			ManagerTypes: []string{"LogicalRouterUpLinkPort"}, List: "/api/v1/logical-router-ports",
			Found: WithParent, Parents: []mp.Type{mp.Tier0}, ParentField: "logical_router_id",
			Limit: 1000, After: []mp.Type{mp.Tier0, mp.LogicalPort}, Principal: AlwaysShared,
			PolicyType: "Tier0Interface",
		},
		{
			// The Tier-0 once more: BGP, redistribution, static routes.
			Type:         mp.Tier0Config,
			ManagerTypes: []string{"LogicalRouter"}, RouterType: "TIER0", List: "/api/v1/logical-routers",
			Found: WithParent, Parents: []mp.Type{mp.Tier0},
			Limit: 1, After: []mp.Type{mp.Tier0Port}, Principal: AlwaysShared, Proof: MigratedResources,
		},
	}
}
