package coordinator

import (
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// profileTypes are the Policy types of switching profiles.
var profileTypes = map[string]string{
	"IpDiscoverySwitchingProfile": "IPDiscoveryProfile", "MacManagementSwitchingProfile": "MacDiscoveryProfile",
	"QosSwitchingProfile": "QoSProfile", "SwitchSecuritySwitchingProfile": "SegmentSecurityProfile",
}

// profileNames are Policy's names of what a Manager profile calls otherwise, by dotted
// path ("NSX Go SDK"; that these belong together is ASSUMED). What has no Policy name is
// left behind.
var profileNames = map[string]map[string]string{
	"IpDiscoverySwitchingProfile": {"trust_on_first_use_enabled": "tofu_enabled"},
	"MacManagementSwitchingProfile": {
		"mac_change_allowed": "mac_change_enabled", "mac_learning.enabled": "mac_learning_enabled",
		"mac_learning.aging_time": "mac_learning_aging_time", "mac_learning.limit": "mac_limit",
		"mac_learning.limit_policy": "mac_limit_policy", "mac_learning.unicast_flooding_allowed": "unknown_unicast_flooding_enabled",
		"mac_learning.remote_overlay_mac_limit": "remote_overlay_mac_limit",
	},
	"SwitchSecuritySwitchingProfile": {
		"block_non_ip_traffic": "non_ip_traffic_block_enabled", "bpdu_filter.enabled": "bpdu_filter_enable",
		"bpdu_filter.white_list": "bpdu_filter_allow", "dhcp_filter.client_block_enabled": "dhcp_client_block_enabled",
		"dhcp_filter.server_block_enabled":    "dhcp_server_block_enabled",
		"dhcp_filter.v6_client_block_enabled": "dhcp_client_block_v6_enabled",
		"dhcp_filter.v6_server_block_enabled": "dhcp_server_block_v6_enabled",
	},
}

// buildSwitchingProfile makes a profile of the kinds other than spoof guard.
func buildSwitchingProfile(p *promotion, fields map[string]any) error {
	own(fields, p.body)
	kind := profileTypes[p.source.ResourceType]
	fields["resource_type"] = kind
	for from, to := range profileNames[p.source.ResourceType] {
		if value := store.FieldAt(p.body, from); value != nil {
			fields[to] = value
		}
	}
	if _, set := fields["mac_learning_enabled"]; !set && kind == "MacDiscoveryProfile" {
		fields["mac_learning_enabled"] = false // required there
	}
	types, err := schema.Policy()
	if err != nil {
		return err
	}
	known := types.Fields(kind)
	maps.DeleteFunc(fields, func(name string, _ any) bool { return !slices.Contains(known, name) })
	return nil
}
