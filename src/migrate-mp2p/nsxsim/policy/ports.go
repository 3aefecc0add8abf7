package policy

import "maps"

// Policy's names of a Manager port's fields (nsxtsdk, SAP driver G).
var (
	portNames       = map[string]string{"admin_state": "admin_state", "init_state": "init_state"}
	bindingNames    = map[string]string{"ip_address": "ip_address", "mac_address": "mac_address", "vlan": "vlan_id"}
	attachmentNames = map[string]string{"id": "id"}
	contextNames    = map[string]string{
		"vif_type": "type", "parent_vif_id": "context_id", "traffic_tag": "traffic_tag", "app_id": "app_id", "allocate_addresses": "allocate_addresses",
	}
	// allocations is allocate_addresses as Policy spells it.
	allocations = map[string]string{"IpPool": "IP_POOL", "MacPool": "MAC_POOL", "Both": "BOTH", "None": "NONE", "Dhcp": "DHCP"}
)

// AutomaticPrefix begins the ids that NSX itself gives to the Policy objects of ports and switching profiles; the Manager
// id follows (SAP driver G).
const AutomaticPrefix = "default:"

// PortFields are the fields of a SegmentPort that stands for a Manager port with that body: all but its name, tags and
// place.
func PortFields(port map[string]any) map[string]any {
	fields := renamed(port, portNames)
	fields["resource_type"] = "SegmentPort"
	if attachment, attached := port["attachment"].(map[string]any); attached {
		context, _ := attachment["context"].(map[string]any)
		to := renamed(attachment, attachmentNames)
		maps.Copy(to, renamed(context, contextNames))
		if allocate, named := to["allocate_addresses"].(string); named {
			to["allocate_addresses"] = allocations[allocate]
		}
		fields["attachment"] = to
	}
	if list, _ := port["address_bindings"].([]any); len(list) > 0 {
		bindings := make([]any, 0, len(list))
		for _, element := range list {
			binding, _ := element.(map[string]any)
			bindings = append(bindings, renamed(binding, bindingNames))
		}
		fields["address_bindings"] = bindings
	}
	return fields
}

// renamed are the fields that the table of names has, under their new names.
func renamed(from map[string]any, names map[string]string) map[string]any {
	to := map[string]any{}
	for name, value := range from {
		if other, known := names[name]; known {
			to[other] = value
		}
	}
	return to
}
