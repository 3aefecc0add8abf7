package manager

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// fabricKinds are what a hypervisor administrator makes; it is only read here.
func fabricKinds() []Kind {
	return []Kind{
		{
			collection: "transport-zones", types: []string{"OverlayTransportZone", "TransportZone"}, stays: true,
			readOnly: true, hidesSystem: true,
			filters: map[string]filter{
				"display_name": field("display_name"), "transport_type": oneOf("transport_type", "transport_type", "OVERLAY", "VLAN"),
				"is_default":                 flag("is_default", func(body map[string]any, wanted bool) bool { return (body["is_default"] == true) == wanted }),
				"uplink_teaming_policy_name": listed("uplink_teaming_policy_names"),
			},
		},
		{collection: "edge-clusters", types: []string{"EdgeCluster"}, stays: true, readOnly: true},
		{
			collection: "transport-nodes", types: []string{"TransportNode"}, stays: true, readOnly: true,
			filters: map[string]filter{
				"in_maintenance_mode": flag("in_maintenance_mode", func(body map[string]any, wanted bool) bool {
					return slices.Contains([]string{"ENABLED", "FORCE_ENABLED"}, store.Text(body["maintenance_mode"])) == wanted
				}),
				"node_id": field("node_id"), "node_ip": listed("node_deployment_info.ip_addresses"), "node_types": byNodeType(), "transport_zone_id": inZone(),
			},
		},
	}
}
