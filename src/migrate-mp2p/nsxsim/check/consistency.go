package check

import (
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// mode is where an object is.
type mode int

const (
	inManager mode = iota
	inPolicy
	halfWay
)

// modeOf judges one Manager object: the tag, the owner and the Policy object have to
// tell the same.
func (v *view) modeOf(o *store.Object) (mode, string) {
	path, tagged := o.Tag(scopePolicyPath)
	owned := o.Owner == store.PolicyUser
	if o.ResourceType == firewallRule {
		return inManager, ""
	}
	if !tagged {
		if owned {
			return halfWay, "belongs to " + store.PolicyUser + " but has no tag policyPath"
		}
		if twin := v.realizedBy[o.ID]; twin != nil && !twin.System && !fabricTwin(twin) {
			return halfWay, "has no tag policyPath although " + twin.Key + " exists"
		}
		return inManager, ""
	}
	if _, exists := v.tx.Policy().Get(path); !exists {
		return halfWay, "has the tag policyPath " + path + ", but no such Policy object exists"
	}
	if !owned && !shadow(o) {
		return halfWay, "has the tag policyPath but belongs to " + o.Owner
	}
	return inPolicy, ""
}

// firewallRule is the type of rules in sections; they have no tags of their own and
// are where their section is.
const firewallRule = "FirewallRule"

// fabricTwin tells whether a Policy object only gives a path to a fabric object.
func fabricTwin(o *store.Object) bool { return strings.HasPrefix(o.Key, "/infra/sites/") }

// modeOfAllocation judges an address, whose Manager object cannot carry the tag.
func (v *view) modeOfAllocation(one use) mode {
	if _, promoted := v.policyAllocation(one); promoted {
		return inPolicy
	}
	return inManager
}

// inconsistencies lists what contradicts itself anywhere in this NSX.
func (v *view) inconsistencies() []string {
	var problems []string
	for _, o := range v.manager {
		if at, reason := v.modeOf(o); at == halfWay {
			problems = append(problems, o.Key+" "+reason)
		}
	}
	for _, o := range v.policy {
		problems = append(problems, v.policyTwin(o)...)
	}
	problems = append(problems, v.dangling()...)
	problems = append(problems, v.networks()...)
	return append(problems, v.ruleOwners()...)
}

// policyTwin checks that what realizes a Policy object points back to it.
func (v *view) policyTwin(o *store.Object) []string {
	if parent := v.text(o, "parent_path"); parent != "" && !v.tree.Implicit(parent) {
		if _, exists := v.tx.Policy().Get(parent); !exists {
			return []string{fmt.Sprintf("%s has the parent %s, which does not exist", o.Key, parent)}
		}
	}
	source := v.byID[v.text(o, "unique_id")]
	if source == nil || o.System || fabricTwin(o) || source.ResourceType == firewallRule {
		return nil
	}
	if path, _ := source.Tag(scopePolicyPath); path != o.Key {
		return []string{fmt.Sprintf("%s is realized by %s, whose tag policyPath says %q", o.Key, source.Key, path)}
	}
	return nil
}

// networks checks ports against their switches and down-links against their segments.
func (v *view) networks() []string {
	var problems []string
	for _, port := range v.tx.Manager().List("logical-ports") {
		path, promoted := port.Tag(scopePolicyPath)
		on, exists := v.tx.Manager().Get("logical-switches/" + v.text(port, "logical_switch_id"))
		if !promoted || !exists {
			continue
		}
		segment, _ := on.Tag(scopePolicyPath)
		if segment == "" || (path != segment && !strings.HasPrefix(path, segment+"/ports/")) {
			problems = append(problems, fmt.Sprintf("%s is Policy at %s, but its switch %s is at %q", port.Key, path, on.ID, segment))
		}
	}
	for _, port := range v.tx.Manager().ByType("LogicalRouterDownLinkPort") {
		path, promoted := port.Tag(scopePolicyPath)
		segment, exists := v.tx.Policy().Get(path)
		if !promoted || !exists {
			continue
		}
		router, _ := v.tx.Manager().Get("logical-routers/" + v.text(port, "logical_router_id"))
		above, _ := tagOf(router, scopePolicyPath)
		if connected := v.text(segment, "connectivity_path"); connected != above {
			problems = append(problems, fmt.Sprintf("%s is Policy, but segment %s is connected to %q instead of %q", port.Key, path, connected, above))
		}
	}
	return problems
}

// ruleOwners checks that load balancer rules go with their virtual servers.
func (v *view) ruleOwners() []string {
	var problems []string
	for _, server := range v.tx.Manager().List("loadbalancer/virtual-servers") {
		path, promoted := server.Tag(scopePolicyPath)
		ids := idsOf(v.bodies[server.Key]["rule_ids"])
		for _, id := range ids {
			rule, exists := v.tx.Manager().Get("loadbalancer/rules/" + id)
			if at, _ := tagOf(rule, scopePolicyPath); exists && at != path {
				problems = append(problems, fmt.Sprintf("%s points to %q, its virtual server %s to %q", rule.Key, at, server.ID, path))
			}
		}
		if at, exists := v.tx.Policy().Get(path); promoted && exists {
			if rules, _ := v.bodies[at.Key]["rules"].([]any); len(rules) != len(ids) {
				problems = append(problems, fmt.Sprintf("%s has %d rules, its Manager object %d", path, len(rules), len(ids)))
			}
		}
	}
	return problems
}
