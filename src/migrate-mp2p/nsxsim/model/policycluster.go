package model

import (
	"slices"
	"strings"
)

// policyVersion is the tag schema's version that NCP writes in Policy mode ("policy
// report").
const policyVersion = "1.2.0"

// policyNCP is a small cluster whose NCP works in Policy mode: everything that it made
// is a Policy object, and a Manager object that realizes it.
type policyNCP struct {
	b        *builder
	on       ground
	name     string
	identity string
	// kubernetes is false for TAS, where no uids are among the tags.
	kubernetes bool
}

// policyCluster adds a cluster in Policy mode with one namespace, or a foundation with
// one organisation, on a Tier-0 of its own. A migration of another one finds it done
// already and leaves it alone.
func (b *builder) policyCluster(name, platform string, on ground) {
	c := &policyNCP{b: b, on: on, name: name, identity: name + "-ncp", kubernetes: platform != platformTAS}
	b.world.Foundations = append(b.world.Foundations, Foundation{Name: name, Platform: platform, Identity: c.identity})
	const project = "shop"
	tags := c.tags(Tag{scopeProject, project})
	if c.kubernetes {
		tags = append(tags, Tag{"ncp/project_uid", b.uuid()})
	}

	tier0, tier0Path := c.pair("logical-routers", "/infra/tier-0s/t0-policy", nil, fields{
		"resource_type": "LogicalRouter", "router_type": "TIER0", "edge_cluster_id": on.edgeCluster, "high_availability_mode": "ACTIVE_STANDBY",
	}, fields{"ha_mode": "ACTIVE_STANDBY"})
	b.addPolicy(tier0Path+"/locale-services/default", ownerAdmin, "", fields{
		"display_name": "default", "edge_cluster_path": policySite + "/edge-clusters/" + on.edgeCluster,
	})
	router, routerPath := c.pair("logical-routers", "/infra/tier-1s/"+name+"-"+project, tags, fields{
		"resource_type": "LogicalRouter", "router_type": "TIER1", "failover_mode": "NON_PREEMPTIVE",
	}, fields{"tier0_path": tier0Path, "failover_mode": "NON_PREEMPTIVE", "route_advertisement_types": []string{"TIER1_NAT", "TIER1_LB_VIP"}})
	b.linkRouters(ownerPolicy, name, router, tier0, 15_998, []Tag{{ScopePolicyPath, routerPath}})
	c.network(project, tags, router, routerPath)
	c.firewall(project, tags)
	c.loadBalancer(project, tags, router, routerPath)
	c.pair("logical-routers/"+router+"/nat/rules", routerPath+"/nat/USER/nat-rules/"+name+"-snat", tags, fields{
		"resource_type": "NatRule", "logical_router_id": router, "action": "SNAT", "match_source_network": "192.0.2.128/25",
		"translated_network": "198.51.100.78", "rule_priority": 1000, "enabled": true,
	}, fields{
		"action": "SNAT", "source_network": "192.0.2.128/25", "translated_network": "198.51.100.78", "sequence_number": 1000,
		"enabled": true, "firewall_match": "BYPASS", "scope": []string{},
	})
}

// tags returns NCP's base tags in Policy mode followed by more.
func (c *policyNCP) tags(more ...Tag) []Tag {
	return append([]Tag{{ScopeVersion, policyVersion}, {ScopeCluster, c.name}}, more...)
}

// pair adds a Policy object and the Manager object that realizes it. Both are named by
// the last part of the path. It returns the Manager id and the path.
func (c *policyNCP) pair(collection, path string, tags []Tag, manager, policy fields) (id, at string) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	manager["display_name"] = name
	manager["tags"] = append(slices.Clone(tags), Tag{ScopePolicyPath, path})
	id = c.b.add(collection, ownerPolicy, manager)
	policy["display_name"] = name
	if len(tags) > 0 {
		policy["tags"] = tags
	}
	owner := c.identity
	if len(tags) == 0 {
		owner = ownerAdmin
	}
	return id, c.b.addPolicy(path, owner, id, policy)
}

// network adds the namespace's segment with the port of a node and those of two pods.
func (c *policyNCP) network(project string, tags []Tag, router, routerPath string) {
	logicalSwitch, segment := c.pair("logical-switches", "/infra/segments/"+c.name+"-"+project, tags, fields{
		"resource_type": "LogicalSwitch", "transport_zone_id": c.on.overlayZone, "admin_state": "UP", "replication_mode": "MTEP",
		"vni": 65_003, "switching_profile_ids": c.on.profiles(c.on.spoofGuard),
	}, fields{
		"transport_zone_path": policySite + "/transport-zones/" + c.on.overlayZone, "admin_state": "UP", "replication_mode": "MTEP",
		"connectivity_path": routerPath, "subnets": []fields{{"gateway_address": "192.0.2.129/25"}},
	})
	c.b.downLink(ownerPolicy, c.name+"-"+project, router, logicalSwitch, "192.0.2.129", 25, []Tag{{ScopePolicyPath, segment}})
	node := c.b.uuid()
	c.port(segment+"/ports/node-0", logicalSwitch, []Tag{{ScopeCluster, c.name}, {scopeNodeName, "node-0"}}, node, fields{"vif_type": "PARENT"}, 0)
	for i, pod := range []string{"web-0", "web-1"} {
		uid := c.b.uuid()
		podTags := append(slices.Clone(tags), Tag{scopePod, pod}, Tag{scopePodUID, uid}, Tag{"external_id", uid}, Tag{"app", "web"})
		c.port(segment+"/ports/"+pod, logicalSwitch, podTags, c.b.uuid(), fields{
			"vif_type": "CHILD", "parent_vif_id": node, "traffic_tag": i + 1, "app_id": uid,
		}, i+1)
	}
}

func (c *policyNCP) port(path, logicalSwitch string, tags []Tag, vif string, context fields, n int) {
	attachment := fields{"id": vif, "type": context["vif_type"]}
	for manager, policy := range map[string]string{"parent_vif_id": "context_id", "traffic_tag": "traffic_tag", "app_id": "app_id"} {
		if value, given := context[manager]; given {
			attachment[policy] = value
		}
	}
	context["resource_type"] = "VifAttachmentContext"
	ip, hardware := address("192.0.2.140", n), mac(0x7e, n)
	c.pair("logical-ports", path, tags, fields{
		"resource_type": "LogicalPort", "logical_switch_id": logicalSwitch, "admin_state": "UP",
		"attachment":            fields{"id": vif, "attachment_type": "VIF", "context": context},
		"address_bindings":      []fields{{"ip_address": ip, "mac_address": hardware}},
		"switching_profile_ids": c.on.profiles(c.on.spoofGuard),
	}, fields{
		"admin_state": "UP", "attachment": attachment, "address_bindings": []fields{{"ip_address": ip, "mac_address": hardware}},
	})
}

// firewall adds the group and the security policy of a network policy or of an
// application security group.
func (c *policyNCP) firewall(project string, tags []Tag) {
	name := c.name + "-" + project + "-web"
	own := append(slices.Clone(tags), Tag{scopeASG, "web"})
	if c.kubernetes {
		own = append(slices.Clone(tags), Tag{scopePolicy, "web"}, Tag{"ncp/network_policy_uid", c.b.uuid()})
	}
	group, groupPath := c.pair("ns-groups", policyDomain+"/groups/"+name, own, fields{
		"resource_type": "NSGroup", "membership_criteria": []fields{tagExpression("app", "web")},
	}, fields{"expression": []fields{{"resource_type": "Condition", "member_type": "SegmentPort", "key": "Tag", "operator": "EQUALS", "value": "app|web"}}})
	target := reference("NSGroup", group, name)
	section, policyPath := c.pair("firewall/sections", policyDomain+"/security-policies/"+name, own, fields{
		"resource_type": "FirewallSection", "section_type": "LAYER3", "stateful": true, "is_default": false, "category": "Application",
		"enforced_on": "VIF", "priority": sectionOrderPolicy, "tcp_strict": false, "locked": false, "autoplumbed": false, "rule_count": 0,
		"applied_tos": []fields{target},
	}, fields{"category": "Application", "sequence_number": 1, "stateful": true, "scope": []string{groupPath}})
	c.b.addPolicy(policyPath+"/rules/allow-web", c.identity, "", fields{
		"display_name": "allow-web", "action": "ALLOW", "direction": "IN_OUT", "ip_protocol": "IPV4_IPV6", "sequence_number": 0,
		"source_groups": []string{"ANY"}, "destination_groups": []string{groupPath}, "scope": []string{"ANY"}, "services": []string{"ANY"},
		"service_entries": []fields{{"resource_type": "L4PortSetServiceEntry", "l4_protocol": "TCP", "destination_ports": []string{"8080"}}},
	})
	c.b.rule(section, ownerPolicy, ruleSpec{name: "allow-web", action: "ALLOW", destinations: []fields{target}, services: []fields{tcpService("8080")}})
}

// loadBalancer adds a virtual server, on Kubernetes that of a service.
func (c *policyNCP) loadBalancer(project string, tags []Tag, router, routerPath string) {
	tags = slices.Clone(tags)
	if c.kubernetes {
		uid := c.b.uuid()
		tags = append(tags, Tag{scopeService, "web"}, Tag{"ncp/service_uid", uid}, Tag{"external_id", uid},
			Tag{"ncp/service_port", "80"}, Tag{"ncp/service_port_protocol", "TCP"}, Tag{"ncp/created_for", "SLB"})
	}
	profile, profilePath := c.pair("loadbalancer/application-profiles", "/infra/lb-app-profiles/ncp_"+c.name+"_LBFastTcpProfile", c.tags(), fields{
		"resource_type": "LbFastTcpProfile", "idle_timeout": 1800,
	}, fields{"resource_type": "LBFastTcpProfile", "idle_timeout": 1800})
	members := []fields{{"display_name": "web.web-0", "ip_address": "192.0.2.141", "port": "8080", "weight": 1, "admin_state": "ENABLED"}}
	pool, poolPath := c.pair("loadbalancer/pools", "/infra/lb-pools/"+c.name+"-web_80_TCP", tags, fields{
		"resource_type": "LbPool", "algorithm": "ROUND_ROBIN", "members": members, "snat_translation": fields{"type": "LbSnatAutoMap"},
	}, fields{"algorithm": "ROUND_ROBIN", "members": members, "snat_translation": fields{"type": "LBSnatAutoMap"}})
	service := "/infra/lb-services/" + c.name
	server, _ := c.pair("loadbalancer/virtual-servers", "/infra/lb-virtual-servers/"+c.name+"-web_80_TCP", append(tags, Tag{scopeVirtualServerType, "layer_4"}), fields{
		"resource_type": "LbVirtualServer", "ip_address": "198.51.100.79", "ip_protocol": "TCP", "ports": []string{"80"}, "enabled": true,
		"application_profile_id": profile, "pool_id": pool,
	}, fields{
		"ip_address": "198.51.100.79", "ports": []string{"80"}, "enabled": true,
		"application_profile_path": profilePath, "pool_path": poolPath, "lb_service_path": service,
	})
	c.pair("loadbalancer/services", service, c.tags(), fields{
		"resource_type": "LbService", "size": "SMALL", "enabled": true, "attachment": reference("LogicalRouter", router, c.name+"-"+project),
		"virtual_server_ids": []string{server},
	}, fields{"size": "SMALL", "enabled": true, "connectivity_path": routerPath})
}
