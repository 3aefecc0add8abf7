package manager

import (
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// switchingKinds are switches, their ports and profiles.
func switchingKinds() []Kind {
	return []Kind{
		{
			collection: SwitchCollection, types: []string{"LogicalSwitch"},
			filters: map[string]filter{
				"transport_zone_id": field("transport_zone_id"), "vlan": field("vlan"), "vni": field("vni"),
				"switch_type": field("switch_type"), "switching_profile_id": byProfile(),
				"transport_type":             related("transport_zone_id", "transport-zones", "transport_type"),
				"uplink_teaming_policy_name": field("uplink_teaming_policy_name"), "diagnostic": shows("diagnostic"),
			},
			force: "detach", drops: []string{"cascade"}, removing: removeSwitch,
		},
		{
			collection: PortCollection, types: []string{"LogicalPort"},
			filters: map[string]filter{
				"logical_switch_id": field("logical_switch_id"), "attachment_id": field("attachment.id"),
				"attachment_type": byAttachment(), "parent_vif_id": field("attachment.context.parent_vif_id"),
				"switching_profile_id": byProfile(), "container_ports_only": containerPorts(),
				"transport_zone_id": related("logical_switch_id", SwitchCollection, "transport_zone_id"),
				"transport_node_id": onTransportNode(), "bridge_cluster_id": without(), "diagnostic": shows("diagnostic"),
			},
			filterNotes: []string{
				"there are no bridge clusters: bridge_cluster_id gives an empty list; diagnostic shows nothing more, as there are no transit ports",
				api.Assumed + "a port is on the transport node that its attachment names, or its parent's; " +
					"attachment_type=NONE lists ports without attachment; why: " +
					"the attachment is all that a port says of its place; the SDK has NONE for queries only",
			},
			complete: completePort, written: portWritten, force: "detach", removing: removePort,
			removed: portRemoved, notes: []string{shadowNote},
		},
		{
			collection: "switching-profiles",
			types: []string{
				"SpoofGuardSwitchingProfile", "IpDiscoverySwitchingProfile", "MacManagementSwitchingProfile", "SwitchSecuritySwitchingProfile",
				"QosSwitchingProfile", "PortMirroringSwitchingProfile",
			},
			hidesSystem: true, filters: map[string]filter{"switching_profile_type": byType()},
			drops: []string{"unbind"}, removing: unbindProfile,
		},
	}
}

// removeSwitch takes the ports of a switch along: with cascade those without attachment, with detach all of them (NSX
// Go SDK).
func removeSwitch(d *removal) error {
	cascade, err := d.option("cascade")
	if err != nil || !cascade && !d.force {
		return err
	}
	ids, err := idsWith(d.tx, PortCollection, "logical_switch_id", d.target.ID)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if err := d.also(PortCollection+"/"+id, d.force); err != nil {
			return err
		}
	}
	return nil
}

// removePort refuses to remove a port that something is attached to (NSX Go SDK).
func removePort(d *removal) error {
	body, err := d.target.Fields()
	if err != nil {
		return err
	}
	if body["attachment"] != nil && !d.force {
		return errInUse(d.target, "it has the attachment %s", store.Text(store.FieldAt(body, "attachment.id")))
	}
	return nil
}

// changePort is NSX's own change of a switch's port.
func (s *API) changePort(tx *store.Tx, key string, change func(port map[string]any)) error {
	_, err := tx.Manager().Mutate(key, func(port map[string]any) error {
		change(port)
		return nil
	})
	if err != nil {
		return err
	}
	return s.policy.CastShadow(tx, key)
}

func exists(tx *store.Tx, key string) bool {
	_, found := tx.Manager().Get(key)
	return found
}

// unbindProfile takes a switching profile off all switches and ports when the client asks for it (NSX Go SDK).
func unbindProfile(d *removal) error {
	unbind, err := d.option("unbind")
	if err != nil || !unbind {
		return err
	}
	bound, err := d.referrers()
	if err != nil {
		return err
	}
	for _, o := range bound {
		_, err := d.tx.Manager().Mutate(o.Key, func(fields map[string]any) error {
			list, _ := fields["switching_profile_ids"].([]any)
			fields["switching_profile_ids"] = slices.DeleteFunc(list, func(element any) bool {
				pair, _ := element.(map[string]any)
				return store.Text(pair["value"]) == d.target.ID
			})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
