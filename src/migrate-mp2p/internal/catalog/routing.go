package catalog

import "nsx-mp2p/migrate-mp2p/internal/nsx"

// routing: routers, their ports and their NAT rules. Limits, metadata and linked ids are those of vmware-nsx.
func routing() []Entry {
	return []Entry{
		{
			Type: Tier0, SpecKey: "tier0_routers",
			ManagerTypes: []string{"LogicalRouter"}, RouterType: "TIER0", List: "/api/v1/logical-routers",
			Limit: 1, Named: true, Principal: AlwaysShared,
			PolicyType: "Tier0", PolicyPath: "/infra/tier-0s/{policy_id}",
		},
		{
			Type:         Tier1,
			SpecKey:      "tier1_routers",
			ManagerTypes: []string{"LogicalRouter"}, RouterType: "TIER1", List: "/api/v1/logical-routers",
			Limit: 1000, Named: true, After: []Type{Tier0},
			PolicyType: "Tier1", PolicyPath: "/infra/tier-1s/{policy_id}",
		},
		{
			// The manager_id is the router's; one entry moves all of its ports and static routes.
			Type:         Tier1Port,
			ManagerTypes: []string{"LogicalRouterDownLinkPort", "LogicalRouterCentralizedServicePort", "CentralizedServicePort"}, List: "/api/v1/logical-router-ports",
			Found: WithParent, Parents: []Type{Tier1}, ParentField: "logical_router_id",
			Parts: []string{
				"LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER1",
				"LogicalRouterLoopbackPort", "LogicalRouterIPTunnelPort", "StaticRoute",
			},
			PartList: "/api/v1/logical-routers/{parent}/routing/static-routes",
			Limit:    1000, After: []Type{Tier1, LogicalSwitch, LogicalPort},
			Metadata:     []nsx.KeyValue{{Key: "localeServiceId", Value: "{parent_policy_id}-0"}},
			PartMetadata: []nsx.KeyValue{{Key: "{part}", Value: "{part_policy_id}"}},
			Proof:        RouterParts,
			Assumed: []string{
				"its link to the Tier-0 moves along on both sides without being named",
				"static routes keep their Manager id as Policy id",
			},
		},
		{
			Type:         NAT,
			ManagerTypes: []string{"NatRule"}, List: "/api/v1/logical-routers/{parent}/nat/rules",
			Parents: []Type{Tier1, Tier0}, ParentField: "logical_router_id",
			Limit: 1500, Named: true, After: []Type{Tier0, Tier1, Tier1Port},
			Metadata:   []nsx.KeyValue{{Key: "SEQUENCE_NUMBER", Value: "{sequence}"}},
			LinkedIDs:  []nsx.KeyValue{{Key: "{parent_type}", Value: "{parent}"}},
			PolicyType: "PolicyNatRule", PolicyPath: "{parent_path}/nat/USER/nat-rules/{policy_id}",
			Assumed: []string{"rules of a Tier-0 name it by the linked id TIER0"},
		},
		{
			Type:         Tier0Port,
			ManagerTypes: []string{"LogicalRouterUpLinkPort"}, List: "/api/v1/logical-router-ports",
			Found: WithParent, Parents: []Type{Tier0}, ParentField: "logical_router_id",
			Limit: 1000, After: []Type{Tier0, LogicalPort}, Principal: AlwaysShared,
			PolicyType: "Tier0Interface",
		},
		{
			// The Tier-0 once more: BGP, redistribution, static routes.
			Type:         Tier0Config,
			ManagerTypes: []string{"LogicalRouter"}, RouterType: "TIER0", List: "/api/v1/logical-routers",
			Found: WithParent, Parents: []Type{Tier0},
			Limit: 1, After: []Type{Tier0Port}, Principal: AlwaysShared, Proof: MigratedResources,
		},
	}
}
