package coordinator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// integer reads a number that travels as text.
func integer(value string) (int64, error) { return strconv.ParseInt(value, 10, 64) }

// buildIPSet makes a group of addresses: Policy has no IP sets (ASSUMED).
func buildIPSet(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "Group"
	fields["expression"] = []any{map[string]any{"resource_type": "IPAddressExpression", "ip_addresses": p.body["ip_addresses"]}}
	return nil
}

// buildGroup turns criteria into conditions and members into paths, all joined by OR.
func buildGroup(p *promotion, fields map[string]any) error {
	var expressions []any
	join := func(expression map[string]any) {
		if len(expressions) > 0 {
			expressions = append(expressions, conjunction("OR"))
		}
		expressions = append(expressions, expression)
	}
	for _, criterion := range objects(p.body["membership_criteria"]) {
		if criterion["resource_type"] != "NSGroupComplexExpression" {
			join(condition(criterion))
			continue
		}
		var nested []any
		for i, one := range objects(criterion["expressions"]) {
			if i > 0 {
				nested = append(nested, conjunction("AND"))
			}
			nested = append(nested, condition(one))
		}
		join(map[string]any{"resource_type": "NestedExpression", "expressions": nested})
	}
	paths, err := p.memberPaths()
	if err != nil {
		return err
	}
	if len(paths) > 0 {
		join(map[string]any{"resource_type": "PathExpression", "paths": paths})
	}
	fields["resource_type"] = "Group"
	fields["expression"] = expressions
	return nil
}

func conjunction(operator string) map[string]any {
	return map[string]any{"resource_type": "ConjunctionOperator", "conjunction_operator": operator}
}

// condition turns an NSGroupTagExpression into a Condition; without a scope or a tag any
// will do, and without an operator EQUALS is meant ("NSX Go SDK").
func condition(expression map[string]any) map[string]any {
	text := func(name, otherwise string) string {
		value, _ := expression[name].(string)
		return cmp.Or(value, otherwise)
	}
	target := text("target_type", "")
	return map[string]any{
		"resource_type": "Condition", "key": "Tag", "member_type": cmp.Or(memberTypes[target], target),
		"operator": text("tag_op", "EQUALS"), "scope_operator": text("scope_op", "EQUALS"), "value": text("scope", "") + "|" + text("tag", ""),
	}
}

// memberTypes are the Policy names of what a criterion looks at.
var memberTypes = map[string]string{"LogicalPort": "SegmentPort", "LogicalSwitch": "Segment", "VirtualMachine": "VirtualMachine", "IPSet": "IPSet"}

// referenceCollections are the lists of what groups and rules refer to.
var referenceCollections = map[string]string{
	"NSGroup": groupCollection, "IPSet": ipSetCollection, "LogicalSwitch": switchCollection, "LogicalPort": portCollection,
	"LogicalRouter": routerCollection,
}

func (p *promotion) memberPaths() ([]any, error) {
	var paths []any
	for _, member := range objects(p.body["members"]) {
		target, _ := member["target_type"].(string)
		id, _ := member["value"].(string)
		path, err := p.referencePath(target, id)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func (p *promotion) referencePath(target, id string) (string, error) {
	collection, known := referenceCollections[target]
	if !known {
		return "", fmt.Errorf("references to a %s are not modelled", target)
	}
	return p.pathOf(collection, id)
}

// maxOldRules is how many rules a section may have before NSX 3.1: sections of 1500
// failed in 2020 ("vmware-nsx").
const maxOldRules = 1499

// checkSection refuses what vmware-nsx does not send either: sections of other
// layers or other enforcement, and the default section.
func checkSection(check *kindCheck) {
	body, err := check.source.Fields()
	if err != nil {
		check.problem("%s", err)
		return
	}
	if body["section_type"] != "LAYER3" || (body["enforced_on"] != nil && body["enforced_on"] != "VIF") || isDefaultSection(check.source) {
		check.problem("only layer 3 sections enforced on VIFs, without the default one, can be migrated")
	}
	if rules := len(check.shared.tx.Manager().List(check.source.Key + "/rules")); rules > maxOldRules && check.before(3, 1) {
		check.problem("has %d rules, at most %d can be migrated", rules, maxOldRules)
	}
}

// isEdgeSection tells whether a section belongs to the firewall of a router.
func isEdgeSection(section *store.Object) bool {
	return field(section.Body, "enforced_on") == "LOGICALROUTER"
}

// isDefaultSection tells whether a section is one of NSX's own; Policy has those too.
func isDefaultSection(section *store.Object) bool {
	return bytes.Contains(section.Body, []byte(`"is_default":true`))
}

// promoteEdgeSection makes a gateway policy for the routers that the section is applied
// to; its rules are enforced there.
func promoteEdgeSection(p *promotion) (string, error) {
	path := policyEdgeSections + "/" + p.id()
	fields := map[string]any{"resource_type": "GatewayPolicy", "category": "LocalGatewayRules"}
	copyFields(fields, p.body, "stateful", "tcp_strict", "locked")
	routers, err := p.targets(p.body["applied_tos"])
	if err != nil {
		return "", err
	}
	p.create(path, p.body, fields)
	for i, rule := range p.rules() {
		if err := p.rule(path, rule, int64(i), routers); err != nil {
			return "", fmt.Errorf("rule %s: %w", rule.ID, err)
		}
	}
	p.adopt(p.source.Key, path)
	return path, nil
}

// policyCategories are those of the distributed firewall.
var policyCategories = []string{"Ethernet", "Emergency", "Infrastructure", "Environment", "Application"}

// promoteSection makes a security policy and its rules. Metadata give category and
// sequence, linked ids give each rule's sequence and Policy id; a rule without id
// gets a random one ("vmware-nsx").
func promoteSection(p *promotion) (string, error) {
	path := policySections + "/" + p.id()
	fields := map[string]any{"resource_type": "SecurityPolicy", "category": "Application"}
	copyFields(fields, p.body, "stateful", "tcp_strict", "locked")
	if category, given := value(p.entry.Metadata, "category"); given {
		fields["category"] = category
	}
	if given, ok := value(p.entry.Metadata, "sequence"); ok {
		sequence, err := integer(given)
		if err != nil {
			return "", fmt.Errorf("reading sequence: %w", err)
		}
		fields["sequence_number"] = sequence
	}
	scope, err := p.targets(p.body["applied_tos"])
	if err != nil {
		return "", err
	}
	fields["scope"] = scope
	p.create(path, p.body, fields)
	for i, rule := range p.rules() {
		if err := p.rule(path, rule, int64(i), nil); err != nil {
			return "", fmt.Errorf("rule %s: %w", rule.ID, err)
		}
	}
	p.adopt(p.source.Key, path)
	return path, nil
}

// rules returns the section's rules in the order of their evaluation.
func (p *promotion) rules() []*store.Object {
	rules := p.tx.Manager().List(p.source.Key + "/rules")
	slices.SortStableFunc(rules, func(a, b *store.Object) int { return cmp.Compare(priority(a), priority(b)) })
	return rules
}

// priority is the place of a section or rule among its like.
func priority(o *store.Object) int64 {
	var body struct {
		Priority int64 `json:"priority"`
	}
	if err := json.Unmarshal(o.Body, &body); err != nil {
		return 0 // the store holds JSON objects only
	}
	return body.Priority
}

// targets turns references into paths; literal addresses stay, none means ANY.
func (p *promotion) targets(references any) ([]any, error) {
	var all []any
	for _, reference := range objects(references) {
		target, _ := reference["target_type"].(string)
		id, _ := reference["target_id"].(string)
		if target == "IPv4Address" || target == "IPv6Address" {
			all = append(all, id)
			continue
		}
		path, err := p.referencePath(target, id)
		if err != nil {
			return nil, err
		}
		all = append(all, path)
	}
	if all == nil {
		return []any{"ANY"}, nil
	}
	return all, nil
}

// rule makes a rule of a section. routers are where a gateway policy's rules apply.
func (p *promotion) rule(section string, source *store.Object, order int64, routers []any) error {
	body, err := source.Fields()
	if err != nil {
		return err
	}
	id, named := value(p.entry.LinkedIDs, source.ID+"-policyid")
	if !named {
		id = p.tx.NewID()
	}
	fields := map[string]any{"resource_type": "Rule", "sequence_number": order}
	if given, ok := value(p.entry.LinkedIDs, source.ID); ok {
		if fields["sequence_number"], err = integer(given); err != nil {
			return fmt.Errorf("reading its sequence: %w", err)
		}
	}
	if number, err := integer(source.ID); err == nil {
		fields["rule_id"] = number
	}
	copyFields(fields, body, "action", "direction", "ip_protocol", "logged", "disabled", "notes", "sources_excluded", "destinations_excluded")
	for _, one := range []struct{ to, from string }{{"source_groups", "sources"}, {"destination_groups", "destinations"}, {"scope", "applied_tos"}} {
		if fields[one.to], err = p.targets(body[one.from]); err != nil {
			return err
		}
	}
	if routers != nil {
		fields["scope"] = routers
	}
	if tag, ok := body["rule_tag"]; ok {
		fields["tag"] = tag
	}
	if err := p.services(fields, body["services"]); err != nil {
		return err
	}
	p.create(section+"/rules/"+id, body, fields)
	return nil
}

// services splits a rule's services into those that it names and those that are written
// into it, whose kinds and fields have the same names in Policy ("NSX Go SDK").
func (p *promotion) services(fields map[string]any, services any) error {
	named, entries := []any{}, []any{}
	for _, service := range objects(services) {
		if literal, ok := service["service"].(map[string]any); ok {
			kind, _ := literal["resource_type"].(string)
			literal["resource_type"] = strings.TrimSuffix(kind, "NSService") + "ServiceEntry"
			entries = append(entries, literal)
			continue
		}
		id, _ := service["target_id"].(string)
		path, err := p.pathOf(serviceCollection, id)
		if err != nil {
			return err
		}
		named = append(named, path)
	}
	if len(named) == 0 {
		named = []any{"ANY"}
	}
	fields["services"] = named
	if len(entries) > 0 {
		fields["service_entries"] = entries
	}
	return nil
}
