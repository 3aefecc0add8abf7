package manager

import "nsx-mp2p/migrate-mp2p/nsxsim/store"

// lbKinds are load balancers.
func lbKinds() []Kind {
	return []Kind{
		{
			collection: "loadbalancer/services", types: []string{"LbService"},
			filters: map[string]filter{"logical_router_id": field("attachment.target_id")},
		},
		{
			collection: "loadbalancer/virtual-servers", types: []string{"LbVirtualServer"},
			drops: []string{"delete_associated_rules"}, complete: mirrorPorts, removed: takeRulesAlong,
		},
		{collection: lbPoolCollection, types: []string{"LbPool"}},
		{collection: "loadbalancer/rules", types: []string{"LbRule"}},
		{
			collection: "loadbalancer/monitors",
			types: []string{
				"LbTcpMonitor", "LbHttpMonitor", "LbHttpsMonitor", "LbIcmpMonitor", "LbUdpMonitor", "LbPassiveMonitor",
			},
			filters: map[string]filter{"type": byType()},
		},
		{
			collection: "loadbalancer/application-profiles",
			types:      []string{"LbFastTcpProfile", "LbFastUdpProfile", "LbHttpProfile"},
			filters:    map[string]filter{"type": byType()},
		},
		{
			collection: "loadbalancer/persistence-profiles",
			types: []string{
				"LbSourceIpPersistenceProfile", "LbCookiePersistenceProfile", "LbGenericPersistenceProfile",
			},
			filters: map[string]filter{"type": byType()},
		},
		{collection: "loadbalancer/client-ssl-profiles", types: []string{"LbClientSslProfile"}},
		{collection: "loadbalancer/server-ssl-profiles", types: []string{"LbServerSslProfile"}},
	}
}

// mirrorPorts completes a virtual server's ports: the old field with one port and the new list are both in the answer, the one as
// the first of the list, which counts where a client sends both (NSX Go SDK: LbVirtualServer).
func mirrorPorts(w *write) error {
	for one, all := range map[string]string{"port": "ports", "default_pool_member_port": "default_pool_member_ports"} {
		if list, _ := w.fields[all].([]any); len(list) > 0 {
			w.fields[one] = list[0]
		} else if port := w.fields[one]; port != nil {
			w.fields[all] = []any{port}
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
