package updates

import (
	"encoding/json"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// merge puts a delta into the object that NSX gave. Members that the delta does not speak of keep their very bytes;
// embedded children are left out, which a PATCH takes as "no change". changed is false when the object shows the delta
// already.
func merge(o policyObject, d records.Delta, k kind) (merged json.RawMessage, changed bool, err error) {
	for _, change := range []func(policyObject, records.Delta) (policyObject, bool, error){mergeTags, mergeName, mergeRuleNames} {
		next, did, err := change(o, d)
		if err != nil {
			return nil, false, err
		}
		o, changed = next, changed || did
	}
	return o.encode("children", k.Embedded), changed, nil
}

func mergeTags(o policyObject, d records.Delta) (policyObject, bool, error) {
	tags, err := o.tags()
	if err != nil {
		return o, false, err
	}
	before := len(tags)
	tags = slices.DeleteFunc(tags, func(t mp.Tag) bool {
		return slices.Contains(d.RemoveTags, t) && !slices.Contains(d.SetTags, t)
	})
	changed := len(tags) != before
	for _, t := range d.SetTags {
		if !slices.Contains(tags, t) {
			tags = append(tags, t)
			changed = true
		}
	}
	if !changed {
		return o, false, nil
	}
	o, err = o.with("tags", tags)
	return o, true, err
}

func mergeName(o policyObject, d records.Delta) (policyObject, bool, error) {
	if d.DisplayName == nil {
		return o, false, nil
	}
	name, err := o.text("display_name")
	if err != nil || name == *d.DisplayName {
		return o, false, err
	}
	o, err = o.with("display_name", *d.DisplayName)
	return o, true, err
}

// mergeRuleNames renames the LB rules that an LB virtual server embeds.
func mergeRuleNames(o policyObject, d records.Delta) (policyObject, bool, error) {
	if len(d.RuleNames) == 0 {
		return o, false, nil
	}
	var rules []json.RawMessage
	if err := o.read("rules", &rules); err != nil {
		return o, false, err
	}
	changed := false
	for i, text := range rules {
		rule, err := parseObject(text, nil)
		if err != nil {
			return o, false, err
		}
		name, err := rule.text("display_name")
		if err != nil {
			return o, false, err
		}
		wanted, ok := d.RuleNames[name]
		if !ok || wanted == name {
			continue
		}
		if rule, err = rule.with("display_name", wanted); err != nil {
			return o, false, err
		}
		rules[i] = rule.encode()
		changed = true
	}
	if !changed {
		return o, false, nil
	}
	o, err := o.with("rules", rules)
	return o, true, err
}
