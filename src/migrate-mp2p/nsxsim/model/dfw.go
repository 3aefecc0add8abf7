package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Sections are listed in the order of their priority; the groups below follow each
// other as NSX evaluates them: what Policy made comes first. Markers enclose what NCP makes ("TKGI docs").
const (
	sectionOrderPolicy  = 500
	sectionOrderTop     = 1_000
	sectionOrderNCP     = 100_000
	sectionOrderBottom  = 100_000_000
	sectionOrderDefault = 900_000_000
)

const scopeMarker = "ncp/fw_sect_marker"

// scopeASG names the CF security group of a section ("cf-nsx-rule-usage").
const scopeASG = "ncp/cf_asg_name"

// section adds a distributed firewall section without rules.
func (b *builder) section(owner, name string, priority int, tags []Tag, appliedTo []fields, extra fields) string {
	body := fields{
		"resource_type": "FirewallSection", "display_name": name, "tags": tags, "section_type": "LAYER3", "stateful": true, "is_default": false,
		"category": "Default", "enforced_on": "VIF", "priority": priority, "tcp_strict": false, "locked": false,
		"autoplumbed": false, "rule_count": 0,
	}
	if appliedTo != nil {
		body["applied_tos"] = appliedTo
	}
	maps.Copy(body, extra)
	return b.add("firewall/sections", owner, body)
}

// ruleSpec is what differs between the rules of this world.
type ruleSpec struct {
	name         string
	action       string
	direction    string // empty means both
	sources      []fields
	destinations []fields
	services     []fields
	priority     int
}

// rule adds a rule to a section. Rule ids are numbers, as in the data path.
func (b *builder) rule(section, owner string, spec ruleSpec) string {
	b.ruleID++
	body := fields{
		"id": strconv.Itoa(b.ruleID), "resource_type": "FirewallRule", "display_name": spec.name, "action": spec.action,
		"direction": cmp.Or(spec.direction, "IN_OUT"), "ip_protocol": "IPV4_IPV6", "logged": false, "disabled": false,
		"sources_excluded": false, "destinations_excluded": false, "priority": spec.priority, "section_id": section,
	}
	for key, list := range map[string][]fields{"sources": spec.sources, "destinations": spec.destinations, "services": spec.services} {
		if list != nil {
			body[key] = list
		}
	}
	return b.add("firewall/sections/"+section+"/rules", owner, body)
}

// tcpService is a service written into the rule.
func tcpService(ports ...string) fields {
	return fields{"service": fields{"resource_type": "L4PortSetNSService", "l4_protocol": "TCP", "destination_ports": ports, "source_ports": []string{}}}
}

// cidr is a rule's literal target.
func cidr(value string) fields { return reference("IPv4Address", value, value) }

// adminSections adds the sections above and below the markers that only the
// administrator cares for, and the markers.
func (b *builder) adminSections() {
	top := b.section(ownerAdmin, "corporate-baseline", sectionOrderTop, nil, nil, nil)
	b.rule(top, ownerAdmin, ruleSpec{name: "allow-dns", action: "ALLOW", services: []fields{tcpService("53")}})
	b.rule(top, ownerAdmin, ruleSpec{name: "drop-telnet", action: "DROP", services: []fields{tcpService("23")}, priority: 1})
	b.section(ownerAdmin, "ncp-top-marker", sectionOrderTop+1, []Tag{{scopeMarker, "top"}}, nil, nil)

	b.section(ownerAdmin, "ncp-bottom-marker", sectionOrderBottom, []Tag{{scopeMarker, "bottom"}}, nil, nil)
	bottom := b.section(ownerAdmin, "corporate-catch-all", sectionOrderBottom+1, nil, nil, nil)
	b.rule(bottom, ownerAdmin, ruleSpec{name: "log-rest", action: "ALLOW"})
}

// sectionBetween puts a section of the administrator before the second section that
// NCP of a cluster made, and moves all sections from there on by one place.
func (b *builder) sectionBetween(cluster string) {
	var sections []*Object
	var places []int
	for i := range b.world.Manager {
		object := &b.world.Manager[i]
		if object.Collection != sectionList {
			continue
		}
		sections = append(sections, object)
		tags, err := object.Tags()
		if err != nil {
			b.fail(err)
		}
		if Created(tags, cluster) {
			places = append(places, b.placeOf(object))
		}
	}
	if len(places) < 2 {
		b.fail(fmt.Errorf("adding a section between those of %q: it has %d of them", cluster, len(places)))
		return
	}
	slices.Sort(places)
	for _, object := range sections {
		place := b.placeOf(object)
		if place < places[1] {
			continue
		}
		if err := object.edit(func(body map[string]any) { body["priority"] = place + 1 }); err != nil {
			b.fail(err)
		}
	}
	section := b.section(ownerAdmin, "in-between", places[1], nil, nil, nil)
	b.rule(section, ownerAdmin, ruleSpec{name: "temporary", action: "ALLOW", services: []fields{tcpService("8443")}})
}

// sectionList is the collection of all firewall sections.
const sectionList = "firewall/sections"

// placeOf is a section's place in the order of evaluation.
func (b *builder) placeOf(section *Object) int {
	var body struct {
		Priority int `json:"priority"`
	}
	if err := json.Unmarshal(section.Body, &body); err != nil {
		b.fail(fmt.Errorf("reading section %s: %w", section.ID, err))
	}
	return body.Priority
}

// asgPerScale is the number of application security groups per unit of scale; the
// first two of a foundation are running defaults that apply to every container.
const asgPerScale = 8

// securityGroups adds the foundation's CF security groups: a section each, applied
// to one target, with rules that have at most one destination ("cf-nsx-rule-usage").
func (t *tas) securityGroups() {
	everything := t.b.add("ns-groups", t.identity, fields{
		"resource_type": "NSGroup", "display_name": t.name + "-all-containers", "tags": t.tags(Tag{scopeASG, "default-running"}),
		"membership_criteria": []fields{{
			"resource_type": "NSGroupComplexExpression",
			"expressions": []fields{
				tagExpression(ScopeCluster, t.name),
				tagExpression(scopeIngress, "False"),
			},
		}},
	})
	t.asg("public_networks", reference("NSGroup", everything, t.name+"-all-containers"), nil, 0)
	t.asg("dns", reference("NSGroup", everything, t.name+"-all-containers"), nil, 1)

	for i := 2; i < asgPerScale*t.scale; i++ {
		org := t.orgs[i%len(t.orgs)]
		name := fmt.Sprintf("asg-%04d", i)
		group := t.b.add("ns-groups", t.identity, fields{
			"resource_type": "NSGroup", "display_name": t.name + "-" + name, "tags": t.tags(Tag{scopeASG, name}),
			"members": []fields{{
				"resource_type": "NSGroupSimpleExpression", "target_type": "LogicalSwitch", "target_property": "id", "op": "EQUALS", "value": org.networks[0].logicalSwitch,
			}},
			"membership_criteria": []fields{tagExpression(scopeProject, org.guid)},
			"member_count":        2,
		})
		var destinations *fields
		if i%2 == 0 {
			set := t.b.add("ip-sets", t.identity, fields{
				"resource_type": "IPSet", "display_name": t.name + "-" + name + "-destinations", "tags": t.tags(Tag{scopeASG, name}),
				"ip_addresses": []string{address("10.240.0.0", i*16) + "/28", address("10.250.0.1", i)},
			})
			ref := reference("IPSet", set, t.name+"-"+name+"-destinations")
			destinations = &ref
		}
		t.asg(name, reference("NSGroup", group, t.name+"-"+name), destinations, i)
	}
}

func tagExpression(scope, value string) fields {
	return fields{
		"resource_type": "NSGroupTagExpression", "target_type": "LogicalPort",
		"scope": scope, "scope_op": "EQUALS", "tag": value, "tag_op": "EQUALS",
	}
}

// asg adds one section and its rules: a literal network, a set when there is one,
// and every third one a rule for all protocols to anywhere.
func (t *tas) asg(name string, target fields, set *fields, index int) {
	priority := sectionOrderNCP + t.room.ordinal*1_000_000 + index
	section := t.b.section(t.identity, t.name+"-"+name, priority, t.tags(Tag{scopeASG, name}), []fields{target}, nil)
	network := address("10.128.0.0", index*256) + "/24"
	rules := []ruleSpec{
		{name: "tcp_443_" + network, action: "ALLOW", destinations: []fields{cidr(network)}, services: []fields{tcpService("443")}},
		{name: "tcp_8080-8089_" + network, action: "ALLOW", destinations: []fields{cidr(network)}, services: []fields{tcpService("8080-8089")}},
	}
	if set != nil {
		rules = append(rules, ruleSpec{name: "tcp_5432_" + name, action: "ALLOW", destinations: []fields{*set}, services: []fields{tcpService("5432")}})
	}
	if index%3 == 0 {
		rules = append(rules, ruleSpec{name: "all_all_0.0.0.0/0", action: "ALLOW"})
	}
	for i, rule := range rules {
		rule.priority = i
		t.b.rule(section, t.identity, rule)
	}
}
