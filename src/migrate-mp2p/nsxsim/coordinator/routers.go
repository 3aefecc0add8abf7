package coordinator

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// promoteTier0 makes the Tier-0 and, when it runs on an edge cluster, its locale
// service, named "default" (ASSUMED).
func promoteTier0(p *promotion) (string, error) {
	path := policyTier0s + "/" + p.id()
	fields := map[string]any{"resource_type": "Tier0"}
	copyFields(fields, p.body, "failover_mode")
	if mode, ok := p.body["high_availability_mode"]; ok {
		fields["ha_mode"] = mode
	}
	if advanced, ok := p.body["advanced_config"].(map[string]any); ok {
		if transit, ok := advanced["external_transit_networks"]; ok {
			fields["transit_subnets"] = transit
		}
	}
	p.create(path, p.body, fields)
	p.localeService(path, "default")
	p.adopt(p.source.Key, path)
	return path, nil
}

// checkRouter refuses routers with VPN services ("vmware-nsx").
func checkRouter(check *kindCheck) {
	for _, collection := range []string{"vpn/ipsec/services", "vpn/l2vpn/services"} {
		for _, service := range check.shared.tx.Manager().List(collection) {
			if field(service.Body, "logical_router_id") == check.source.ID {
				check.problem("VPN cannot be migrated: %s/%s runs on the router", collection, service.ID)
			}
		}
	}
}

// checkRelay refuses router ports with a service bound to them, which is always a DHCP
// relay ("vmware-nsx").
func checkRelay(check *kindCheck, port *store.Object) {
	if !bytes.Contains(port.Body, []byte(`"service_bindings"`)) {
		return // spares decoding the bodies of most ports
	}
	body, err := port.Fields()
	if err != nil {
		check.problem("%s", err)
		return
	}
	if len(objects(body["service_bindings"])) > 0 {
		check.problem("DHCP relay cannot be migrated: it is bound to router port %s", port.ID)
	}
}

func checkTier0Port(check *kindCheck) { checkRelay(check, check.source) }

func checkTier1Ports(check *kindCheck) {
	for _, key := range check.shared.portsOfRouter(check.source.ID) {
		if port, found := check.shared.tx.Manager().Get(key); found {
			checkRelay(check, port)
		}
	}
}

// localeService collects the locale service of a router on an edge cluster.
func (p *promotion) localeService(router, id string) {
	edges, _ := p.body["edge_cluster_id"].(string)
	if edges == "" {
		return
	}
	p.create(router+"/locale-services/"+id, nil, map[string]any{
		"resource_type": "LocaleServices", "display_name": id, "edge_cluster_path": policySite + "/edge-clusters/" + edges,
	})
}

// buildTier1 names the Tier-0 above, which must be Policy already, and turns the
// advertisement's switches into Policy's list of types.
func buildTier1(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "Tier1"
	copyFields(fields, p.body, "failover_mode")
	for _, key := range p.lookups.portsOfRouter(p.source.ID) {
		if tier0 := p.tier0Behind(key); tier0 != "" {
			path, err := p.pathOf(routerCollection, tier0)
			if err != nil {
				return err
			}
			fields["tier0_path"] = path
		}
	}
	advertised := []string{}
	if advertisement, found := p.tx.Manager().Get(p.source.Key + "/routing/advertisement"); found {
		body, err := advertisement.Fields()
		if err != nil {
			return err
		}
		for _, one := range advertisements {
			if body[one.manager] == true {
				advertised = append(advertised, one.policy)
			}
		}
	}
	fields["route_advertisement_types"] = advertised
	return nil
}

// advertisements pairs the switches of AdvertisementConfig with Tier1's types.
var advertisements = []struct{ manager, policy string }{
	{"advertise_static_routes", "TIER1_STATIC_ROUTES"},
	{"advertise_nsx_connected_routes", "TIER1_CONNECTED"},
	{"advertise_nat_routes", "TIER1_NAT"},
	{"advertise_lb_vip", "TIER1_LB_VIP"},
	{"advertise_lb_snat_ip", "TIER1_LB_SNAT"},
}

// tier0Behind returns the Tier-0 to which a Tier-1's link port leads.
func (p *promotion) tier0Behind(portKey string) string {
	upper, found := p.upperPort(portKey)
	if !found {
		return ""
	}
	return field(upper.Body, "logical_router_id")
}

// upperPort returns the Tier-0's end of a Tier-1's link port.
func (p *promotion) upperPort(portKey string) (*store.Object, bool) {
	port, found := p.tx.Manager().Get(portKey)
	if !found || port.ResourceType != "LogicalRouterLinkPortOnTIER1" {
		return nil, false
	}
	return p.tx.Manager().Get(routerPortCollection + "/" + linkedID(port, "linked_logical_router_port_id"))
}

// linkedID reads the target of a reference of a router port.
func linkedID(port *store.Object, name string) string {
	body, err := port.Fields()
	if err != nil {
		return ""
	}
	id, _ := store.FieldAt(body, name+".target_id").(string)
	return id
}

// promoteTier0Port makes an interface. Its segment is named only when the switch
// behind it is Policy: vmware-nsx sends uplinks of switches that are not.
func promoteTier0Port(p *promotion) (string, error) {
	router, _ := p.body["logical_router_id"].(string)
	above, err := p.pathOf(routerCollection, router)
	if err != nil {
		return "", err
	}
	path := above + "/locale-services/default/interfaces/" + p.id()
	fields := map[string]any{"resource_type": "Tier0Interface", "type": "EXTERNAL", "subnets": interfaceSubnets(p.body)}
	copyFields(fields, p.body, "urpf_mode")
	if segment, found := p.segmentBehind(p.source); found {
		fields["segment_path"] = segment
		p.needs[segment] = true
	}
	p.create(path, p.body, fields)
	p.adopt(p.source.Key, path)
	p.parent = parent{"TIER0", router}
	return path, nil
}

func interfaceSubnets(port map[string]any) []any {
	var all []any
	for _, subnet := range objects(port["subnets"]) {
		all = append(all, map[string]any{"ip_addresses": subnet["ip_addresses"], "prefix_len": subnet["prefix_length"]})
	}
	return all
}

// segmentBehind returns the Policy path of the switch behind a router port.
func (p *promotion) segmentBehind(port *store.Object) (string, bool) {
	linked := linkedID(port, "linked_logical_switch_port_id")
	switchPort, found := p.tx.Manager().Get(portCollection + "/" + linked)
	if !found {
		return "", false
	}
	return p.findPath(switchCollection, field(switchPort.Body, "logical_switch_id"))
}

// promoteTier0Config makes BGP, its neighbors and the static routes of a Tier-0 that
// is Policy together with all its uplinks.
func promoteTier0Config(p *promotion) (string, error) {
	router, err := p.pathOf(routerCollection, p.source.ID)
	if err != nil {
		return "", err
	}
	for _, key := range p.lookups.portsOfRouter(p.source.ID) {
		if port, found := p.tx.Manager().Get(key); found && port.ResourceType == "LogicalRouterUpLinkPort" {
			if _, err := p.pathOf(routerPortCollection, port.ID); err != nil {
				return "", err
			}
		}
	}
	path := router + "/locale-services/default/bgp"
	routing := p.source.Key + "/routing"
	bgp, err := p.bgp(path, routing)
	if err != nil {
		return "", err
	}
	for _, neighbor := range p.tx.Manager().List(routing + "/bgp/neighbors") {
		if !bgp {
			return "", errors.New("BGP is disabled although neighbors are defined")
		}
		if err := p.follow(neighbor, path+"/neighbors/"+neighbor.ID, "BgpNeighborConfig", "neighbor_address", "remote_as_num"); err != nil {
			return "", err
		}
	}
	if redistribution, found := p.tx.Manager().Get(routing + "/redistribution"); found {
		if err := p.redistribute(redistribution, router+"/locale-services/default"); err != nil {
			return "", err
		}
	}
	for _, route := range p.tx.Manager().List(routing + "/static-routes") {
		if err := p.followRoute(route, router+"/static-routes/"+route.ID); err != nil {
			return "", err
		}
	}
	p.parent = parent{"TIER0", p.source.ID}
	return path, nil
}

// redistribute tells the locale service whether routes are redistributed, unless it knows
// already or there is none, as on a Tier-0 without edges.
func (p *promotion) redistribute(config *store.Object, localeService string) error {
	p.adopt(config.Key, localeService)
	o, found := p.tx.Policy().Get(localeService)
	if !found || bytes.Contains(o.Body, []byte(`"route_redistribution_config"`)) {
		return nil
	}
	body, err := config.Fields()
	if err != nil {
		return err
	}
	to := map[string]any{}
	copyFields(to, body, "bgp_enabled")
	p.patch(localeService, map[string]any{"route_redistribution_config": to})
	return nil
}

// bgp makes the routing configuration and tells whether BGP is enabled.
func (p *promotion) bgp(path, routing string) (bool, error) {
	config, found := p.tx.Manager().Get(routing + "/bgp")
	if !found {
		p.create(path, nil, map[string]any{"resource_type": "BgpRoutingConfig", "display_name": "bgp", "enabled": false})
		return false, nil
	}
	body, err := config.Fields()
	if err != nil {
		return false, err
	}
	if err := p.follow(config, path, "BgpRoutingConfig", "enabled", "ecmp"); err != nil {
		return false, err
	}
	return body["enabled"] == true, nil
}

// follow makes a Policy object out of a Manager object that has no entry of its own.
func (p *promotion) follow(source *store.Object, path, resourceType string, same ...string) error {
	body, err := source.Fields()
	if err != nil {
		return err
	}
	fields := map[string]any{"resource_type": resourceType}
	copyFields(fields, body, same...)
	p.create(path, body, fields)
	p.adopt(source.Key, path)
	return nil
}

// followRoute makes a static route, whose next hops Policy spells in its own way ("NSX
// Go SDK"); a hop's interface is not taken over.
func (p *promotion) followRoute(source *store.Object, path string) error {
	body, err := source.Fields()
	if err != nil {
		return err
	}
	var hops []any
	for _, hop := range objects(body["next_hops"]) {
		to := map[string]any{}
		copyFields(to, hop, "ip_address")
		if distance, set := hop["administrative_distance"]; set {
			to["admin_distance"] = distance
		}
		hops = append(hops, to)
	}
	p.create(path, body, map[string]any{"resource_type": "StaticRoutes", "network": body["network"], "next_hops": hops})
	p.adopt(source.Key, path)
	return nil
}

// promoteTier1Ports moves a Tier-1's wiring: down-links become their segment's
// connectivity, centralized ports become interfaces, link ports are taken over.
func promoteTier1Ports(p *promotion) (string, error) {
	router, err := p.pathOf(routerCollection, p.source.ID)
	if err != nil {
		return "", err
	}
	localeService, named := value(p.entry.Metadata, "localeServiceId")
	if !named {
		localeService = lastPart(router) + "-0"
	}
	p.localeService(router, localeService)
	for _, key := range p.lookups.portsOfRouter(p.source.ID) {
		port, found := p.tx.Manager().Get(key)
		if !found {
			continue
		}
		switch port.ResourceType {
		case "LogicalRouterDownLinkPort":
			err = p.downLink(port, router)
		case "LogicalRouterCentralizedServicePort":
			err = p.centralizedPort(port, router+"/locale-services/"+localeService)
		case "LogicalRouterLinkPortOnTIER1":
			p.adoptOnce(port, router)
			if upper, found := p.upperPort(key); found {
				p.adoptOnce(upper, router)
			}
		}
		if err != nil {
			return "", err
		}
	}
	for _, route := range p.tx.Manager().List(p.source.Key + "/routing/static-routes") {
		id, named := value(p.entry.Metadata, route.ID)
		if p.lookups.generic {
			id, named = route.ID, true
		}
		if !named {
			return "", fmt.Errorf("metadata names no policy id for static route %s", route.ID)
		}
		if err := p.followRoute(route, router+"/static-routes/"+id); err != nil {
			return "", err
		}
	}
	p.parent = parent{"TIER1", p.source.ID}
	return router, nil
}

// adoptOnce takes over an object that may be Policy already.
func (p *promotion) adoptOnce(o *store.Object, path string) {
	if _, promoted := o.Tag(tagPolicyPath); !promoted {
		p.adopt(o.Key, path)
	}
}

// downLink connects the segment behind a port. The metadata has to name that segment
// for the port ("vmware-nsx").
func (p *promotion) downLink(port *store.Object, router string) error {
	segment, found := p.segmentBehind(port)
	if !found {
		return switchMissing(port)
	}
	if wanted, named := value(p.entry.Metadata, port.ID); !p.lookups.generic && (!named || wanted != lastPart(segment)) {
		return fmt.Errorf("metadata says segment %q for router port %s, which leads to segment %q", wanted, port.ID, lastPart(segment))
	}
	body, err := port.Fields()
	if err != nil {
		return err
	}
	var gateways []any
	for _, subnet := range objects(body["subnets"]) {
		for _, ip := range texts(subnet["ip_addresses"]) {
			gateways = append(gateways, map[string]any{"gateway_address": fmt.Sprintf("%s/%v", ip, subnet["prefix_length"])})
		}
	}
	p.patch(segment, map[string]any{"connectivity_path": router, "subnets": gateways})
	p.adopt(port.Key, segment)
	if switchPort, found := p.tx.Manager().Get(portCollection + "/" + linkedID(port, "linked_logical_switch_port_id")); found {
		p.adoptOnce(switchPort, segment)
	}
	return nil
}

// centralizedPort makes an interface of the Tier-1, which in Policy always has a segment.
func (p *promotion) centralizedPort(port *store.Object, localeService string) error {
	segment, found := p.segmentBehind(port)
	if !found {
		return switchMissing(port)
	}
	p.needs[segment] = true
	body, err := port.Fields()
	if err != nil {
		return err
	}
	path := localeService + "/interfaces/" + port.ID
	p.create(path, body, map[string]any{"resource_type": "Tier1Interface", "subnets": interfaceSubnets(body), "segment_path": segment})
	p.adopt(port.Key, path)
	return nil
}

// switchMissing is the failure of a router port whose switch is no segment.
func switchMissing(port *store.Object) error {
	return fmt.Errorf("the switch behind router port %s is not a Policy object; it has to be migrated first", port.ID)
}

// natRouters are the keys of a NAT rule's linked ids; that a Tier-0 is named like
// this is ASSUMED.
var natRouters = []string{"TIER1", "TIER0"}

// locateNATRule finds a NAT rule, on the router that the linked ids name if they do.
func locateNATRule(shared *lookups, one entry) (*store.Object, error) {
	for _, key := range natRouters {
		if router, linked := value(one.LinkedIDs, key); linked {
			rule, found := shared.tx.Manager().Get(routerCollection + "/" + router + "/nat/rules/" + one.ManagerID)
			if !found {
				return nil, fmt.Errorf("router %s has no such NAT rule", router)
			}
			return rule, nil
		}
	}
	for _, rule := range shared.tx.Manager().ByType("NatRule") {
		if rule.ID == one.ManagerID {
			return rule, nil
		}
	}
	return nil, errors.New("no router has such a NAT rule")
}

func checkNAT(check *kindCheck) {
	router := field(check.source.Body, "logical_router_id")
	o, found := check.shared.tx.Manager().Get(routerCollection + "/" + router)
	if !found {
		check.problem("its router %s does not exist", router)
		return
	}
	want := field(o.Body, "router_type")
	if linked, _ := value(check.entry.LinkedIDs, want); linked != router {
		check.problem("linked_ids must name its router: key %s, value %s", want, router)
	}
}

// promoteNAT makes a user NAT rule. Rules that the firewall let pass in Manager mode
// come with firewall_match BYPASS (the requirement).
func promoteNAT(p *promotion) (string, error) {
	router, _ := p.body["logical_router_id"].(string)
	above, err := p.pathOf(routerCollection, router)
	if err != nil {
		return "", err
	}
	path := above + "/nat/USER/nat-rules/" + p.id()
	fields := map[string]any{"resource_type": "PolicyNatRule", "sequence_number": p.body["rule_priority"]}
	if sequence, given := value(p.entry.Metadata, "SEQUENCE_NUMBER"); given {
		number, err := integer(sequence)
		if err != nil {
			return "", fmt.Errorf("reading SEQUENCE_NUMBER: %w", err)
		}
		fields["sequence_number"] = number
	}
	copyFields(fields, p.body, "action", "translated_network", "translated_ports", "enabled", "logging", "firewall_match")
	for from, to := range map[string]string{"match_source_network": "source_network", "match_destination_network": "destination_network"} {
		if network, ok := p.body[from]; ok {
			fields[to] = network
		}
	}
	if action, _ := p.body["action"].(string); strings.HasSuffix(action, "SNAT") || p.body["nat_pass"] == true {
		fields["firewall_match"] = "BYPASS"
	}
	p.create(path, p.body, fields)
	p.adopt(p.source.Key, path)
	p.parent = parent{routerKind(above), router}
	return path, nil
}

func routerKind(path string) string {
	if strings.HasPrefix(path, policyTier0s+"/") {
		return "TIER0"
	}
	return "TIER1"
}
