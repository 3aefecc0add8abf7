package coordinator

import (
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
)

func buildSpoofGuard(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "SpoofGuardProfile"
	fields["address_binding_allowlist"] = slices.Contains(texts(p.body["white_list_providers"]), "LPORT_BINDINGS")
	return nil
}

// promoteSegment makes the segment without a gateway, which comes with the router's
// ports, but with the switch's DHCP bindings and a binding map for each family of its
// profiles; these maps are what clients clear away afterwards ("vmware-nsx").
func promoteSegment(p *promotion) (string, error) {
	path := policySegments + "/" + p.id()
	fields := map[string]any{}
	if err := buildSegment(p, fields); err != nil {
		return "", err
	}
	p.create(path, p.body, fields)
	p.segmentProfiles(path)
	if err := p.staticBindings(path); err != nil {
		return "", err
	}
	p.adopt(p.source.Key, path)
	return path, nil
}

func buildSegment(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "Segment"
	copyFields(fields, p.body, "admin_state", "replication_mode")
	if zone, ok := p.body["transport_zone_id"].(string); ok {
		fields["transport_zone_path"] = policySite + "/transport-zones/" + zone
	}
	if vni, ok := p.body["vni"]; ok {
		fields["overlay_id"] = vni
	}
	if vlan, ok := p.body["vlan"]; ok {
		fields["vlan_ids"] = []any{fmt.Sprint(vlan)}
	}
	advanced := map[string]any{"connectivity": "ON"}
	if pool, _ := p.body["ip_pool_id"].(string); pool != "" {
		path, err := p.pathOf(poolCollection, pool)
		if err != nil {
			return err
		}
		advanced["address_pool_paths"] = []any{path}
	}
	fields["advanced_config"] = advanced
	if err := p.attachServices(fields); err != nil {
		return err
	}
	return p.checkProfiles()
}

// checkProfiles demands that the switching profiles of a switch or port are Policy.
func (p *promotion) checkProfiles() error {
	for _, profile := range objects(p.body["switching_profile_ids"]) {
		id, _ := profile["value"].(string)
		if _, err := p.pathOf(profileCollection, id); err != nil {
			return err
		}
	}
	return nil
}

// servicePorts are attachments of ports that belong to a service and need not travel
// with the other ports of their switch (ASSUMED).
var servicePorts = map[string]bool{"LOGICALROUTER": true, "DHCP_SERVICE": true, "METADATA_PROXY": true}

// layer2Gateways are attachments that cannot be migrated ("vmware-nsx").
var layer2Gateways = map[string]bool{"BRIDGEENDPOINT": true, "L2VPN_SESSION": true}

// checkPort refuses too many tags and, from NSX 3.2 on, ports that travel without
// the others of their switch ("vmware-nsx"). Router ports are no part of that rule:
// they follow their router (ASSUMED).
func checkPort(check *kindCheck) {
	if n := len(check.source.Tags); n > maxPortTags {
		check.problem("has %d tags, at most %d can be migrated", n, maxPortTags)
	}
	if attached := field(check.source.Body, "attachment_type"); layer2Gateways[attached] {
		check.problem("layer 2 gateways and VPN cannot be migrated: the port is attached to a %s", attached)
	}
	if check.before(3, 2) {
		return
	}
	on := field(check.source.Body, "logical_switch_id")
	for _, id := range check.shared.portsOfSwitch(on) {
		port, found := check.shared.tx.Manager().Get(portCollection + "/" + id)
		if !found || check.inBatch(id) || servicePorts[field(port.Body, "attachment_type")] {
			continue
		}
		if _, promoted := port.Tag(tagPolicyPath); !promoted {
			check.problem("all ports of logical switch %s have to be migrated in one request; %s is missing", on, id)
			return
		}
	}
}

// bindingMaps are the metadata keys by which a client names the profile binding maps
// of a port ("vmware-nsx"). Without a key the map is not modelled.
var bindingMaps = []struct {
	key, collection string
	profiles        map[string]string
}{
	{"security-profile-binding-maps-id", "security-profile-binding-maps", map[string]string{
		"SpoofGuardSwitchingProfile": "spoofguard_profile_path", "SwitchSecuritySwitchingProfile": "segment_security_profile_path",
	}},
	{"discovery-profile-binding-maps-id", "discovery-profile-binding-maps", map[string]string{
		"IpDiscoverySwitchingProfile": "ip_discovery_profile_path", "MacManagementSwitchingProfile": "mac_discovery_profile_path",
	}},
	{"qos-profile-binding-maps-id", "qos-profile-binding-maps", map[string]string{
		"QosSwitchingProfile": "qos_profile_path",
	}},
}

// promotePort makes a port of the segment, with its attachment and binding maps.
func promotePort(p *promotion) (string, error) {
	on, _ := p.body["logical_switch_id"].(string)
	segment, err := p.pathOf(switchCollection, on)
	if err != nil {
		return "", err
	}
	if err := p.checkProfiles(); err != nil {
		return "", err
	}
	path := segment + "/ports/" + p.id()
	p.create(path, p.body, policy.PortFields(p.body))
	p.bindProfiles(path)
	p.adopt(p.source.Key, path)
	p.parent = parent{"LOGICAL_SWITCH", on}
	return path, nil
}

func (p *promotion) bindProfiles(port string) {
	for _, bindingMap := range bindingMaps {
		if id, named := value(p.entry.Metadata, bindingMap.key); named {
			fields := p.profilePaths(bindingMap.profiles)
			fields["display_name"] = id
			p.create(port+"/port-"+bindingMap.collection+"/"+id, nil, fields)
		}
	}
}

// segmentProfiles binds the profiles of a switch to its segment; the id of the maps is
// ASSUMED.
func (p *promotion) segmentProfiles(segment string) {
	for _, bindingMap := range bindingMaps {
		if fields := p.profilePaths(bindingMap.profiles); len(fields) > 0 {
			fields["display_name"] = "default"
			p.create(segment+"/segment-"+bindingMap.collection+"/default", nil, fields)
		}
	}
}

// profilePaths are the Policy paths of the switching profiles of one family, by field.
func (p *promotion) profilePaths(family map[string]string) map[string]any {
	fields := map[string]any{}
	for _, profile := range objects(p.body["switching_profile_ids"]) {
		key, _ := profile["key"].(string)
		name, bound := family[key]
		id, _ := profile["value"].(string)
		if path, found := p.findPath(profileCollection, id); bound && found {
			fields[name] = path
		}
	}
	return fields
}
