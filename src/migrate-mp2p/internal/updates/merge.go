package updates

import (
	"encoding/json"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// merge puts a delta into the body that NSX gave. Members that the delta does not speak of keep their very bytes;
// embedded children are left out, which a PATCH takes as "no change". changed is false when the body shows the delta
// already.
func merge(body json.RawMessage, d records.Delta, k kind) (merged json.RawMessage, changed bool, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, false, fmt.Errorf("reading the Policy object: %w", err)
	}
	for _, change := range []func(map[string]json.RawMessage, records.Delta) (bool, error){mergeTags, mergeName, mergeRuleNames} {
		did, err := change(members, d)
		if err != nil {
			return nil, false, err
		}
		changed = changed || did
	}
	delete(members, "children")
	if k.Embedded != "" {
		delete(members, k.Embedded)
	}
	merged, err = json.Marshal(members)
	return merged, changed, err
}

func mergeTags(members map[string]json.RawMessage, d records.Delta) (bool, error) {
	var tags []nsx.Tag
	if err := member(members, "tags", &tags); err != nil {
		return false, err
	}
	before := len(tags)
	tags = slices.DeleteFunc(tags, func(t nsx.Tag) bool {
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
		return false, nil
	}
	return true, setMember(members, "tags", tags)
}

func mergeName(members map[string]json.RawMessage, d records.Delta) (bool, error) {
	if d.DisplayName == nil {
		return false, nil
	}
	var name string
	if err := member(members, "display_name", &name); err != nil || name == *d.DisplayName {
		return false, err
	}
	return true, setMember(members, "display_name", *d.DisplayName)
}

// mergeRuleNames renames the LB rules that an LB virtual server embeds.
func mergeRuleNames(members map[string]json.RawMessage, d records.Delta) (bool, error) {
	if len(d.RuleNames) == 0 {
		return false, nil
	}
	var rules []map[string]json.RawMessage
	if err := member(members, "rules", &rules); err != nil {
		return false, err
	}
	changed := false
	for _, rule := range rules {
		var name string
		if err := member(rule, "display_name", &name); err != nil {
			return false, err
		}
		wanted, ok := d.RuleNames[name]
		if !ok || wanted == name {
			continue
		}
		if err := setMember(rule, "display_name", wanted); err != nil {
			return false, err
		}
		changed = true
	}
	if !changed {
		return false, nil
	}
	return true, setMember(members, "rules", rules)
}

// member reads a member of an object; an absent one leaves out as it was.
func member(members map[string]json.RawMessage, key string, out any) error {
	raw, ok := members[key]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("reading %q of the Policy object: %w", key, err)
	}
	return nil
}

func setMember(members map[string]json.RawMessage, key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("writing %q of the Policy object: %w", key, err)
	}
	members[key] = raw
	return nil
}
