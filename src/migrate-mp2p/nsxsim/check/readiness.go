package check

import (
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// policyVersion is the tag schema's version of NCP in Policy mode ("policy report").
const policyVersion = "1.2.0"

// subject is one Policy object of the cluster: with the Manager object behind it, or,
// for an address, with the object that uses it.
type subject struct {
	object *store.Object
	source *store.Object
	user   *store.Object
}

// row is one expectation of NCP in Policy mode. It returns what is missing, or
// nothing. Where there are workloads to compare with, exact is asked, too; either may be
// nil.
type row struct {
	name    string
	assumed bool
	missing func(v *view, s subject) string
	exact   func(v *view, s subject) string
}

// violated tells what an object lacks of a row.
func (r row) violated(v *view, s subject) string {
	if r.missing != nil {
		if text := r.missing(v, s); text != "" {
			return text
		}
	}
	if r.exact == nil || v.workloads == nil {
		return ""
	}
	return r.exact(v, s)
}

// readiness is NCP's expectation of each Policy object on every platform, from the
// public facts about NCP: what differs between the two modes, and what the promotion
// loses.
var readiness = []row{
	{name: "cluster", missing: func(v *view, s subject) string { return wantTag(s, scopeCluster, v.cluster) }},
	{name: "version", missing: func(_ *view, s subject) string { return wantTag(s, scopeVersion, policyVersion) }},
	{name: "old version", assumed: true, missing: oldVersion},
	{name: "pool of a virtual server", missing: serverPool},
	{name: "external pool", assumed: true, missing: externalPool},
	{name: "health check section", assumed: true, missing: healthSection},
	{name: "purpose of an address", missing: addressPurpose, exact: exactPurpose},
	{name: "project of an address", missing: addressProject},
	{name: "names of load balancer rules", missing: ruleNames},
	{name: "name of a certificate", missing: certificateName},
}

// notReady goes through the tables of the platform for every Policy object of the
// cluster.
func (v *view) notReady(platform string) []Violation {
	rows := readiness
	var violations []Violation
	switch platform {
	case platformTKGI:
		violations = v.nodeNetworkBehind()
		fallthrough
	case platformKubernetes:
		rows = slices.Concat(readiness, kubernetesReadiness)
	}
	for _, s := range v.subjects() {
		for _, r := range rows {
			if text := r.violated(v, s); text != "" {
				violations = append(violations, Violation{Path: s.object.Key, Row: r.name, Assumed: r.assumed, Text: text})
			}
		}
	}
	return violations
}

// subjects are the Policy objects that Manager objects of NCP became, and those of
// its addresses.
func (v *view) subjects() []subject {
	var all []subject
	for _, source := range v.own() {
		path, _ := source.Tag(scopePolicyPath)
		if o, exists := v.tx.Policy().Get(path); exists && v.text(o, "unique_id") == source.ID {
			all = append(all, subject{object: o, source: source})
		}
	}
	for _, one := range v.allocations() {
		if o, promoted := v.policyAllocation(one); promoted {
			all = append(all, subject{object: o, user: one.user})
		}
	}
	return all
}

// The platforms on which NCP runs.
const (
	platformTAS        = "tas"
	platformTKGI       = "tkgi"
	platformKubernetes = "kubernetes"
)

// platform tells by the cluster's tags what it is: CF tags mean TAS, the name that
// TKGI gives its clusters means TKGI.
func (v *view) platform() string {
	if strings.HasPrefix(v.cluster, tkgiPrefix) {
		return platformTKGI
	}
	for _, o := range v.own() {
		for _, tag := range o.Tags {
			if strings.HasPrefix(tag.Scope, "ncp/cf_") {
				return platformTAS
			}
		}
	}
	return platformKubernetes
}

func wantTag(s subject, scope, value string) string {
	if s.object.HasTag(scope, value) {
		return ""
	}
	has, _ := s.object.Tag(scope)
	return fmt.Sprintf("tag %s must be %q, it is %q", scope, value, has)
}

// with demands a tag wherever another one is.
func with(s subject, where, wanted string) string {
	if _, concerned := s.object.Tag(where); !concerned {
		return ""
	}
	if has, _ := s.object.Tag(wanted); has == "" {
		return "tag " + wanted + " is missing"
	}
	return ""
}

// oldVersion refuses the Manager's version beside the new one, unless a group looks
// for it.
func oldVersion(v *view, s subject) string {
	for _, tag := range s.object.Tags {
		if tag.Scope == scopeVersion && tag.Value != policyVersion && !v.criterion(tag) {
			return fmt.Sprintf("tag %s still has the value %q", scopeVersion, tag.Value)
		}
	}
	return ""
}

// criterion tells whether any group's condition asks for a tag.
func (v *view) criterion(tag store.Tag) bool {
	for _, group := range v.tx.Policy().ByType("Group") {
		if asksFor(v.bodies[group.Key]["expression"], tag.Scope+"|"+tag.Value) {
			return true
		}
	}
	return false
}

func asksFor(expression any, value string) bool {
	switch expression := expression.(type) {
	case []any:
		return slices.ContainsFunc(expression, func(one any) bool { return asksFor(one, value) })
	case map[string]any:
		return expression["value"] == value || asksFor(expression["expressions"], value)
	}
	return false
}

// policyPoolID is the Policy id of a Manager pool.
func (v *view) policyPoolID(pool string) string {
	o, found := v.tx.Manager().Get("pools/ip-pools/" + pool)
	if !found {
		return ""
	}
	path, _ := o.Tag(scopePolicyPath)
	return path[strings.LastIndexByte(path, '/')+1:]
}

// serverPool wants ncp/ip_pool_id, by which Policy mode names what ext_pool_id named.
func serverPool(v *view, s subject) string {
	pool, concerned := tagOf(s.source, scopeServerPool)
	if !concerned {
		return ""
	}
	return wantTag(s, "ncp/ip_pool_id", v.policyPoolID(pool))
}

func externalPool(v *view, s subject) string {
	pool, concerned := tagOf(s.source, scopePoolID)
	if !concerned {
		return ""
	}
	return wantTag(s, scopePoolID, v.policyPoolID(pool))
}

func healthSection(v *view, s subject) string {
	section, concerned := tagOf(s.source, "ncp/hc_sect_id")
	if !concerned {
		return ""
	}
	o, found := v.tx.Manager().Get("firewall/sections/" + section)
	if !found {
		return fmt.Sprintf("its health check section %s does not exist", section)
	}
	path, _ := o.Tag(scopePolicyPath)
	return wantTag(s, "ncp/hc_sect_id", path[strings.LastIndexByte(path, '/')+1:])
}

// addressPurpose wants ncp/created_for. Its value is known for virtual servers, which
// are for services unless their type says otherwise: in Manager mode NCP gave a type to
// those of ingresses only. For SNAT addresses any value will do.
func addressPurpose(_ *view, s subject) string {
	if s.user == nil {
		return ""
	}
	if s.user.ResourceType == virtualServer {
		if forIngress(s.user) {
			return wantTag(s, scopePurpose, purposeIngressAddress)
		}
		return wantTag(s, scopePurpose, purposeServiceAddress)
	}
	if purpose, _ := s.object.Tag(scopePurpose); purpose == "" {
		return "tag ncp/created_for is missing"
	}
	return ""
}

func addressProject(_ *view, s subject) string { return sameAsUser(s, "ncp/project") }

// sameAsUser wants an address to carry a tag of the object that uses it.
func sameAsUser(s subject, scope string) string {
	value, concerned := tagOf(s.user, scope)
	if !concerned {
		return ""
	}
	return wantTag(s, scope, value)
}

// ruleNames wants the rules inside a virtual server to have the names that the
// Manager's rules have; the promotion names them by their ids.
func ruleNames(v *view, s subject) string {
	rules, _ := v.bodies[s.object.Key]["rules"].([]any)
	if s.object.ResourceType != "LBVirtualServer" || s.source == nil {
		return ""
	}
	for i, id := range idsOf(v.bodies[s.source.Key]["rule_ids"]) {
		source, found := v.tx.Manager().Get("loadbalancer/rules/" + id)
		if !found || i >= len(rules) {
			continue // an inconsistency, and reported as such
		}
		rule, _ := rules[i].(map[string]any)
		if rule["display_name"] != source.DisplayName {
			return fmt.Sprintf("rule %d must be named %q, it is %q", i, source.DisplayName, rule["display_name"])
		}
	}
	return ""
}

func certificateName(_ *view, s subject) string {
	if s.object.ResourceType != "TlsCertificate" || s.source == nil || s.object.DisplayName == s.source.DisplayName {
		return ""
	}
	return fmt.Sprintf("must be named %q, it is %q", s.source.DisplayName, s.object.DisplayName)
}
