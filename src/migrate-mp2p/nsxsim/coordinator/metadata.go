package coordinator

import (
	"fmt"
	"slices"
	"strings"
)

// keyCheck judges one pair of metadata or linked_ids; it returns what is wrong with it.
type keyCheck func(check *kindCheck, one pair) string

// checkKeys judges metadata and linked_ids by the table of the type. A kind without a
// keyCheck takes any key: nobody knows what NSX wants there.
func checkKeys(k *kind, check *kindCheck) {
	for _, list := range []struct {
		name  string
		pairs []pair
		judge keyCheck
	}{{"metadata", check.entry.Metadata, k.metadata}, {"linked_ids", check.entry.LinkedIDs, k.linked}} {
		if list.judge == nil {
			continue
		}
		for _, one := range list.pairs {
			if text := list.judge(check, one); text != "" {
				check.problem("%s: %s", list.name, text)
			}
		}
	}
}

// unknownKey is what is wrong with a key that the type's table does not have. That NSX
// refuses such keys is ASSUMED.
func unknownKey(one pair) string { return fmt.Sprintf("key %q is not known for this type", one.Key) }

// noKeys is for types that need no pairs ("vmware-nsx").
func noKeys(_ *kindCheck, one pair) string { return unknownKey(one) }

// oneOf is for types with a few fixed keys.
func oneOf(keys ...string) keyCheck {
	return func(_ *kindCheck, one pair) string {
		if slices.Contains(keys, one.Key) {
			return ""
		}
		return unknownKey(one)
	}
}

// needsNumber tells that a pair's value is no number.
func needsNumber(one pair) string {
	if _, err := integer(string(one.Value)); err != nil {
		return fmt.Sprintf("%s %q is not a number", one.Key, one.Value)
	}
	return ""
}

// needsID tells that a pair's value cannot be the id of a Policy object.
func (check *kindCheck) needsID(one pair) string {
	if err := check.fitID(string(one.Value)); err != nil {
		return fmt.Sprintf("%s %q is not a valid id: %s", one.Key, one.Value, err)
	}
	return ""
}

// natMetadata is the place of the rule.
func natMetadata(_ *kindCheck, one pair) string {
	if one.Key != "SEQUENCE_NUMBER" {
		return unknownKey(one)
	}
	return needsNumber(one)
}

// tier1PortMetadata names segments and routes by the ids of the router's ports and
// static routes, and the locale service.
func tier1PortMetadata(check *kindCheck, one pair) string {
	if one.Key == "localeServiceId" ||
		slices.Contains(check.shared.portsOfRouter(check.source.ID), routerPortCollection+"/"+one.Key) {
		return check.needsID(one)
	}
	if _, found := check.shared.tx.Manager().Get(check.source.Key + "/routing/static-routes/" + one.Key); found {
		return check.needsID(one)
	}
	return fmt.Sprintf("key %q is neither localeServiceId nor a port or static route of the router", one.Key)
}

// staticBindingKey begins the keys that name the DHCP static bindings of a switch.
const staticBindingKey = "v4-static-binding"

func switchMetadata(check *kindCheck, one pair) string {
	id, binding := strings.CutPrefix(one.Key, staticBindingKey)
	if !binding {
		return unknownKey(one)
	}
	for _, server := range check.shared.attachedTo(check.source.ID, "DHCP_SERVICE") {
		if _, found := check.shared.tx.Manager().Get(dhcpCollection + "/" + server + "/static-bindings/" + id); found {
			return check.needsID(one)
		}
	}
	return fmt.Sprintf("no DHCP server of the switch has the static binding %q", id)
}

// sectionMetadata places a section. The key domain is named by the docs beside the
// others; only the default domain is possible here.
func sectionMetadata(_ *kindCheck, one pair) string {
	switch one.Key {
	case "category":
		if !slices.Contains(policyCategories, string(one.Value)) {
			return fmt.Sprintf("category %q is not one of %v", one.Value, policyCategories)
		}
	case "sequence":
		return needsNumber(one)
	case "domain":
		if one.Value != "default" {
			return fmt.Sprintf("domain %q does not exist", one.Value)
		}
	default:
		return unknownKey(one)
	}
	return ""
}

// sectionLinked gives the section's rules their sequence and Policy ids.
func sectionLinked(check *kindCheck, one pair) string {
	id, policyID := strings.CutSuffix(one.Key, "-policyid")
	if _, found := check.shared.tx.Manager().Get(check.source.Key + "/rules/" + id); !found {
		return fmt.Sprintf("key %q names no rule of the section", one.Key)
	}
	if policyID {
		return check.needsID(one)
	}
	return needsNumber(one)
}
