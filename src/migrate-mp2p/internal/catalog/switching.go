package catalog

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// switching: switching profiles, switches and their ports (vmware-nsx, SAP networking-nsx-t).
func switching() []Entry {
	profileTypes := []mp.Type{mp.SpoofGuardProfile, mp.MACDiscoveryProfile, mp.SegmentSecurityProfile, mp.QOSProfile, mp.IPDiscoveryProfile}
	profiles := Field{Path: "switching_profile_ids.value", Kind: "key", To: profileTypes}
	return []Entry{
		switchingProfile(mp.SpoofGuardProfile, "spoofguard_profiles", "SpoofGuardSwitchingProfile", "SpoofGuardProfile", "spoofguard-profiles"),
		switchingProfile(mp.MACDiscoveryProfile, "mac_discovery_profiles", "MacManagementSwitchingProfile", "MacDiscoveryProfile", "mac-discovery-profiles"),
		switchingProfile(mp.SegmentSecurityProfile, "segment_security_profiles", "SwitchSecuritySwitchingProfile", "SegmentSecurityProfile", "segment-security-profiles"),
		switchingProfile(mp.QOSProfile, "qos_profiles", "QosSwitchingProfile", "QoSProfile", "qos-profiles"),
		switchingProfile(mp.IPDiscoveryProfile, "ip_discovery_profiles", "IpDiscoverySwitchingProfile", "IPDiscoveryProfile", "ip-discovery-profiles"),
		{
			Type: mp.LogicalSwitch, SpecKey: "logical_switches",
			ManagerTypes: []string{"LogicalSwitch"}, List: "/api/v1/logical-switches",
			Limit: 500, Named: true, After: slices.Concat([]mp.Type{mp.IPPool, mp.IPBlockSubnet}, profileTypes),
			PolicyType: "Segment", PolicyPath: "/infra/segments/{policy_id}",
			Refers: []Field{profiles, {Path: "ip_pool_id", To: []mp.Type{mp.IPPool}}},
		},
		{
			Type:         mp.LogicalPort,
			ManagerTypes: []string{"LogicalPort"}, List: "/api/v1/logical-ports",
			Parents: []mp.Type{mp.LogicalSwitch}, ParentField: "logical_switch_id", Together: true,
			Limit: 1500, Named: true, After: []mp.Type{mp.LogicalSwitch},
			Metadata: []mp.KeyValue{
				{Key: "security-profile-binding-maps-id", Value: "DEFAULT"},
				{Key: "discovery-profile-binding-maps-id", Value: "DEFAULT"},
				{Key: "qos-profile-binding-maps-id", Value: "DEFAULT"},
			},
			PolicyType: "SegmentPort", PolicyPath: "{parent_path}/ports/{policy_id}",
			Refers:  []Field{profiles},
			Assumed: []string{"the binding maps of a port are named DEFAULT"},
		},
	}
}

func switchingProfile(t mp.Type, specKey, managerType, policyType, policyCollection string) Entry {
	return Entry{
		Type: t, SpecKey: specKey,
		ManagerTypes: []string{managerType}, List: "/api/v1/switching-profiles", Query: map[string]string{"include_system_owned": "true"},
		Limit: 1500, Named: true,
		PolicyType: policyType, PolicyPath: "/infra/" + policyCollection + "/{policy_id}",
	}
}
