package manager

import (
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// routingKinds are routers and what is below them.
func routingKinds() []Kind {
	return []Kind{
		{
			collection: RouterCollection, types: []string{"LogicalRouter"}, parent: true,
			filters: map[string]filter{
				"router_type": oneOf("router_type", "router_type", "TIER0", "TIER1", "VRF"), "vrfs_on_logical_router_id": without(),
			},
			filterNotes: []string{"no router tells on which other one it is a VRF: vrfs_on_logical_router_id gives an empty list"},
			force:       "force", drops: []string{"cascade_delete_linked_ports"}, removing: removeRouter,
		},
		{
			collection: routerPortCollection,
			types: []string{
				"LogicalRouterDownLinkPort", "LogicalRouterUpLinkPort", "LogicalRouterLinkPortOnTIER0", "LogicalRouterLinkPortOnTIER1",
				"LogicalRouterLoopbackPort", "LogicalRouterIPTunnelPort", "LogicalRouterCentralizedServicePort",
			},
			filters: map[string]filter{
				"logical_router_id": field("logical_router_id"), "resource_type": byType(),
				"logical_switch_id": linkedSwitch(),
			},
			written: linkRouterPort, force: "force", drops: []string{"cascade_delete_linked_ports"},
			removing: removeRouterPort, removed: unlinkRouterPort,
			notes: []string{api.Assumed + "a router port becomes the attachment of the switch's port that it names, and " +
				"leaves it free again when it goes; why: NSX shows the attachment on the port, and no client writes it"},
		},
		{
			collection: "logical-routers/{router}/nat/rules", types: []string{"NatRule"},
			complete: completeOfRouter, filters: map[string]filter{"rule_type": byRuleType()},
		},
		{
			collection: "logical-routers/{router}/routing/static-routes", types: []string{"StaticRoute"},
			complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing", types: []string{"RoutingConfig"}, single: true,
			fresh: map[string]any{"forwarding_up_timer": 0}, complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing/advertisement", types: []string{"AdvertisementConfig"},
			single: true,
			fresh: map[string]any{
				"enabled": false, "advertise_nsx_connected_routes": false, "advertise_static_routes": false, "advertise_nat_routes": false,
				"advertise_lb_vip": false, "advertise_lb_snat_ip": false, "advertise_dns_forwarder": false, "advertise_ipsec_local_ip": false,
			},
			complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing/advertisement/rules",
			types:      []string{"AdvertiseRuleList"}, single: true, fresh: map[string]any{"rules": []any{}},
			complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing/redistribution", types: []string{"RedistributionConfig"},
			single: true, fresh: map[string]any{"bgp_enabled": false}, complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing/redistribution/rules",
			types:      []string{"RedistributionRuleList"}, single: true, fresh: map[string]any{"rules": []any{}},
			complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing/bgp", types: []string{"BgpConfig"}, single: true,
			fresh: map[string]any{"enabled": false, "ecmp": true}, complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing/bgp/neighbors", types: []string{"BgpNeighbor"},
			complete: completeOfRouter,
		},
		{
			collection: "logical-routers/{router}/routing/ip-prefix-lists", types: []string{"IPPrefixList"},
			complete: completeOfRouter,
		},
		{collection: "logical-routers/{router}/routing/route-maps", types: []string{"RouteMap"}, complete: completeOfRouter},
	}
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

// completeOfRouter names the router in what is below it.
func completeOfRouter(w *write) error {
	w.fields["logical_router_id"] = strings.Split(w.key, "/")[1]
	return nil
}
