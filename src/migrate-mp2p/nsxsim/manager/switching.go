package manager

import (
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

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

// removeRouter takes the ports of a router along when the client insists (NSX Go SDK).
func removeRouter(d *removal) error {
	if !d.force {
		return nil
	}
	ids, err := idsWith(d.tx, routerPortCollection, "logical_router_id", d.target.ID)
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if err := d.also(routerPortCollection+"/"+id, true); err != nil {
			return err
		}
	}
	return nil
}

// removeRouterPort takes the switch's side of the port along when the client asks for it (NSX Go SDK).
func removeRouterPort(d *removal) error {
	cascade, err := d.option("cascade_delete_linked_ports")
	if err != nil || !cascade {
		return err
	}
	if id := store.TextAt(d.target, "linked_logical_switch_port_id.target_id"); id != "" {
		return d.also(PortCollection+"/"+id, true)
	}
	return nil
}

// linkRouterPort writes a router port into what it is linked to: the switch's port, or the Tier-0's side of a link.
func linkRouterPort(w *write) error {
	if key := PortCollection + "/" + store.Text(store.FieldAt(w.fields, "linked_logical_switch_port_id.target_id")); exists(w.tx, key) {
		return w.s.changePort(w.tx, key, func(port map[string]any) {
			if port["attachment"] == nil {
				port["attachment"] = map[string]any{"attachment_type": "LOGICALROUTER", "id": api.LastOf(w.key)}
			}
		})
	}
	return noteLink(w.tx, store.Text(store.FieldAt(w.fields, "linked_logical_router_port_id.target_id")), api.LastOf(w.key))
}

// unlinkRouterPort undoes linkRouterPort.
func unlinkRouterPort(d *removal) error {
	key := PortCollection + "/" + store.TextAt(d.target, "linked_logical_switch_port_id.target_id")
	if port, found := d.tx.Manager().Get(key); found && store.TextAt(port, "attachment.id") == d.target.ID {
		return d.s.changePort(d.tx, key, func(port map[string]any) { delete(port, "attachment") })
	}
	return noteLink(d.tx, store.TextAt(d.target, "linked_logical_router_port_id.target_id"), "")
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

// noteLink writes the id of the Tier-1's side of a link into the Tier-0's.
func noteLink(tx *store.Tx, top, bottom string) error {
	key := routerPortCollection + "/" + top
	if !exists(tx, key) {
		return nil
	}
	_, err := tx.Manager().Mutate(key, func(port map[string]any) error {
		if bottom == "" {
			delete(port, "linked_logical_router_port_id")
		} else {
			port["linked_logical_router_port_id"] = bottom
		}
		return nil
	})
	return err
}

func exists(tx *store.Tx, key string) bool {
	_, found := tx.Manager().Get(key)
	return found
}

// completeOfRouter names the router in what is below it.
func completeOfRouter(w *write) error {
	w.fields["logical_router_id"] = strings.Split(w.key, "/")[1]
	return nil
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

// takeRulesAlong removes the rules of a virtual server once it is gone, when the client asks for it (NSX Go SDK).
func takeRulesAlong(d *removal) error {
	wanted, err := d.option("delete_associated_rules")
	if err != nil || !wanted {
		return err
	}
	body, err := d.target.Fields()
	if err != nil {
		return err
	}
	list, _ := body["rule_ids"].([]any)
	for _, id := range list {
		if err := d.also("loadbalancer/rules/"+store.Text(id), false); err != nil {
			return err
		}
	}
	return nil
}
