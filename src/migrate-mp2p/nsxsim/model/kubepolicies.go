package model

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Tag scopes of the sections, sets and groups of a network policy ("NCP 2.3 debug log").
const (
	scopeIsolation   = "ncp/isol_sect_id"
	scopePolicy      = "ncp/network_policy"
	scopeSectionType = "ncp/fw_sect_type"
	scopeIngressHash = "ncp/ingress_hash"
	scopeEgressHash  = "ncp/egress_hash"
)

// The sections of a cluster stand in this order: probes first, then what policies
// allow, then what they drop.
const (
	sectionsOfUser    = 1_000_000 // places of each user of an NSX
	policySectionsAt  = 100_000
	isolationSections = 500_000
)

func (c *kubeCluster) sectionOrder(at int) int {
	return sectionOrderNCP + c.room.ordinal*sectionsOfUser + at
}

// healthSection adds the section that lets a node probe its pods. One section per
// node is ASSUMED.
func (c *kubeCluster) healthSection(node Node, index int) string {
	return c.b.section(c.identity, node.Name+"-health-check", c.sectionOrder(index), c.tags(Tag{scopeSectionType, "health_check"}), nil, nil)
}

// healthRule lets a node probe one of its pods.
func (c *kubeCluster) healthRule(node *Node, pod *Pod) {
	c.b.rule(node.healthSection, c.identity, ruleSpec{
		name: pod.Name, action: "ALLOW", direction: "IN", priority: node.probes,
		sources: []fields{cidr(node.IP)}, destinations: []fields{cidr(pod.IP)}, services: []fields{tcpService(strconv.Itoa(pod.ProbePort))},
	})
	node.probes++
}

// networkPolicy lets the web pods reach the API pods. Every second policy also bounds
// where those may connect to. NCP keeps a section of what is allowed, one that drops
// the rest, a group of the pods concerned and a set of addresses for each selector.
func (c *kubeCluster) networkPolicy(ns *Namespace, index int) {
	policy := NetworkPolicy{
		Name: "api-access", UID: c.b.uuid(), Target: []Label{{"app", "api"}}, From: []Label{{"tier", "frontend"}}, FromPort: 8080,
	}
	if index%2 == 1 {
		policy.To, policy.ToPort = []Label{{"app", "db"}}, 5432
	}
	ns.NetworkPolicies = append(ns.NetworkPolicies, policy)

	name := c.name + "-" + ns.Name + "-" + policy.Name
	tags := []Tag{{scopeProject, ns.Name}, {scopePolicy, policy.Name}}
	criteria := []fields{tagExpression(ScopeCluster, c.name), tagExpression(scopeProject, ns.Name)}
	for _, label := range policy.Target {
		criteria = append(criteria, tagExpression(label.Key, label.Value))
	}
	group := c.b.add("ns-groups", c.identity, fields{
		"resource_type": "NSGroup", "display_name": name, "tags": c.tags(tags...),
		"membership_criteria": []fields{{"resource_type": "NSGroupComplexExpression", "expressions": criteria}},
		"member_count":        len(ns.selected(policy.Target)),
	})
	target := reference("NSGroup", group, name)

	sectionTags := append(tags, Tag{scopeSectionType, "networkpolicies"}, Tag{scopeIngressHash, fingerprint(policy.From, policy.FromPort)})
	rules := []ruleSpec{{
		name: name + "-ingress", action: "ALLOW", direction: "IN", destinations: []fields{target},
		sources: []fields{c.selectorSet(name+"-ingress", tags, ns.selected(policy.From))}, services: []fields{tcpService(strconv.Itoa(policy.FromPort))},
	}}
	isolation := []ruleSpec{{name: name + "-drop-ingress", action: "DROP", direction: "IN", destinations: []fields{target}}}
	if policy.To != nil {
		sectionTags = append(sectionTags, Tag{scopeEgressHash, fingerprint(policy.To, policy.ToPort)})
		rules = append(rules, ruleSpec{
			name: name + "-egress", action: "ALLOW", direction: "OUT", sources: []fields{target},
			destinations: []fields{c.selectorSet(name+"-egress", tags, ns.selected(policy.To))}, services: []fields{tcpService(strconv.Itoa(policy.ToPort))},
		})
		isolation = append(isolation, ruleSpec{name: name + "-drop-egress", action: "DROP", direction: "OUT", sources: []fields{target}})
	}
	c.policySection(name+"-whitelist", policySectionsAt, sectionTags, target, rules)
	isolationTags := append([]Tag{{scopeIsolation, "true"}, {scopeSectionType, "networkpolicies"}}, tags...)
	c.policySection(name+"-isolation", isolationSections, isolationTags, target, isolation)
	c.policies++
}

// selectorSet adds the addresses of the pods that a selector finds
// (k8s_np_use_ip_sets, the default in Manager mode).
func (c *kubeCluster) selectorSet(name string, tags []Tag, pods []Pod) fields {
	set := c.b.add("ip-sets", c.identity, fields{
		"resource_type": "IPSet", "display_name": name, "tags": c.tags(tags...), "ip_addresses": addresses(pods),
	})
	return reference("IPSet", set, name)
}

func (c *kubeCluster) policySection(name string, at int, tags []Tag, target fields, rules []ruleSpec) {
	section := c.b.section(c.identity, name, c.sectionOrder(at+c.policies), c.tags(tags...), []fields{target}, nil)
	for i, rule := range rules {
		rule.priority = i
		c.b.rule(section, c.identity, rule)
	}
}

// fingerprint stands for the hash by which NCP sees that a policy's rules changed;
// its form is ASSUMED.
func fingerprint(selector []Label, port int) string {
	var text strings.Builder
	for _, label := range selector {
		fmt.Fprintf(&text, "%s=%s,", label.Key, label.Value)
	}
	sum := sha256.Sum256([]byte(text.String() + strconv.Itoa(port)))
	return hex.EncodeToString(sum[:])
}
