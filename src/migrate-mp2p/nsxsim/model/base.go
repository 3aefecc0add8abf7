package model

import "strings"

// Ids and paths that are the same in every NSX.
const (
	policySite        = "/infra/sites/default/enforcement-points/default"
	policyDomain      = "/infra/domains/default"
	defaultAppProfile = "/infra/lb-app-profiles/default-tcp-lb-app-profile"
)

// fabric is what every NSX has before anybody makes a logical object.
type fabric struct {
	overlayZone  string
	vlanZone     string
	edgeCluster  string
	spoofGuard   string
	segmentSec   string
	macDiscovery string
	ipDiscovery  string
	qos          string
	tcpMonitor   string
}

// profiles lists the switching profiles of a switch or port: the system's, but for
// spoof guard.
func (f fabric) profiles(spoofGuard string) []fields {
	return []fields{
		{"key": "SwitchSecuritySwitchingProfile", "value": f.segmentSec},
		{"key": "SpoofGuardSwitchingProfile", "value": spoofGuard},
		{"key": "IpDiscoverySwitchingProfile", "value": f.ipDiscovery},
		{"key": "MacManagementSwitchingProfile", "value": f.macDiscovery},
		{"key": "QosSwitchingProfile", "value": f.qos},
	}
}

// Empty returns an NSX as it comes out of the box: fabric, system profiles,
// default firewall sections and the roots of the Policy tree.
func Empty(seed int64, options Options) (*World, error) {
	b := newBuilder(seed, options.withDefaults("").BuiltAt)
	b.base()
	b.defaultSections()
	return b.finish()
}

// base adds the fabric and the system's own profiles, on both sides.
func (b *builder) base() fabric {
	f := fabric{
		overlayZone: b.add("transport-zones", ownerAdmin, fields{
			"resource_type": "TransportZone", "display_name": "overlay-tz", "transport_type": "OVERLAY",
		}),
		vlanZone: b.add("transport-zones", ownerAdmin, fields{
			"resource_type": "TransportZone", "display_name": "vlan-tz", "transport_type": "VLAN",
		}),
		edgeCluster: b.add("edge-clusters", ownerAdmin, fields{
			"resource_type": "EdgeCluster", "display_name": "edge-cluster-1", "deployment_type": "VIRTUAL_MACHINE",
		}),
	}
	b.policyRoots(f)
	f.spoofGuard = b.systemProfile("SpoofGuardSwitchingProfile", "nsx-default-spoof-guard-vif-profile", "spoofguard-profiles", fields{"white_list_providers": []string{}}, fields{})
	f.segmentSec = b.systemProfile("SwitchSecuritySwitchingProfile", "nsx-default-switch-security-vif-profile", "segment-security-profiles", fields{"block_non_ip_traffic": false}, fields{})
	f.macDiscovery = b.systemProfile("MacManagementSwitchingProfile", "nsx-default-mac-profile", "mac-discovery-profiles", fields{"mac_change_allowed": false}, fields{"mac_learning_enabled": false})
	f.ipDiscovery = b.systemProfile("IpDiscoverySwitchingProfile", "nsx-default-ip-discovery-vif-profile", "ip-discovery-profiles", fields{"arp_snooping_enabled": true}, fields{})
	f.qos = b.systemProfile("QosSwitchingProfile", "nsx-default-qos-switching-profile", "qos-profiles", fields{"class_of_service": 0}, fields{})
	f.tcpMonitor = b.add("loadbalancer/monitors", ownerSystem, fields{
		"resource_type": "LbTcpMonitor", "display_name": "nsx-default-tcp-monitor",
		"interval": 5, "timeout": 15, "rise_count": 3, "fall_count": 3,
	})
	b.addPolicy("/infra/lb-monitor-profiles/default-tcp-lb-monitor", ownerSystem, f.tcpMonitor, fields{"resource_type": "LBTcpMonitorProfile"})
	b.addPolicy(defaultAppProfile, ownerSystem, "", fields{"resource_type": "LBFastTcpProfile"})
	return f
}

// policyRoots adds the Policy objects that paths begin with, and those by which
// Policy names fabric objects: the id stays the same on both sides.
func (b *builder) policyRoots(f fabric) {
	b.addPolicy(policyDomain, ownerSystem, "", fields{"resource_type": "Domain"})
	b.addPolicy("/infra/sites/default", ownerSystem, "", fields{"resource_type": "Site"})
	b.addPolicy(policySite, ownerSystem, "", fields{"resource_type": "EnforcementPoint"})
	b.addPolicy(policySite+"/transport-zones/"+f.overlayZone, ownerAdmin, f.overlayZone, fields{
		"resource_type": "PolicyTransportZone", "display_name": "overlay-tz", "tz_type": "OVERLAY_STANDARD",
	})
	b.addPolicy(policySite+"/transport-zones/"+f.vlanZone, ownerAdmin, f.vlanZone, fields{
		"resource_type": "PolicyTransportZone", "display_name": "vlan-tz", "tz_type": "VLAN_BACKED",
	})
	b.addPolicy(policySite+"/edge-clusters/"+f.edgeCluster, ownerAdmin, f.edgeCluster, fields{
		"resource_type": "PolicyEdgeCluster", "display_name": "edge-cluster-1",
	})
}

// systemProfile adds a switching profile of the system and its Policy twin, with the
// fields of the twin that are required. Both exist from the start and no promotion
// touches them.
func (b *builder) systemProfile(resourceType, name, policyCollection string, body, twin fields) string {
	body["resource_type"] = resourceType
	body["display_name"] = name
	id := b.add("switching-profiles", ownerSystem, body)
	b.addPolicy("/infra/"+policyCollection+"/default-"+strings.TrimSuffix(policyCollection, "s"), ownerSystem, id, twin)
	return id
}

// defaultSections adds the last distributed section and the Policy one beside it.
func (b *builder) defaultSections() {
	section := b.section(ownerSystem, "Default Layer3 Section", sectionOrderDefault, nil, nil, fields{"is_default": true})
	b.rule(section, ownerSystem, ruleSpec{name: "Default Layer3 Rule", action: "ALLOW"})
	b.addPolicy(policyDomain+"/security-policies/default-layer3-section", ownerSystem, "", fields{
		"resource_type": "SecurityPolicy", "category": "Application", "sequence_number": 2147483647, "is_default": true,
	})
}
