package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// idFields name, for each field of a Manager body that holds one id or a list of ids,
// the collection of what it refers to.
var idFields = map[string]string{
	"logical_switch_id": "logical-switches", "transport_zone_id": "transport-zones", "ip_pool_id": "pools/ip-pools",
	"logical_router_id": "logical-routers", "edge_cluster_id": "edge-clusters", "block_id": "pools/ip-blocks",
	"section_id": "firewall/sections", "linked_logical_router_port_id": "logical-router-ports",
	"application_profile_id": "loadbalancer/application-profiles", "persistence_profile_id": "loadbalancer/persistence-profiles",
	"pool_id": "loadbalancer/pools", "sorry_pool_id": "loadbalancer/pools", "ssl_profile_id": "loadbalancer/client-ssl-profiles",
	"default_certificate_id": "trust-management/certificates", "rule_ids": "loadbalancer/rules",
	"virtual_server_ids": "loadbalancer/virtual-servers", "active_monitor_ids": "loadbalancer/monitors",
	"client_auth_crl_ids": "trust-management/crls", "sni_certificate_ids": "trust-management/certificates",
}

// targetTypes name the collections of references that bring their type.
var targetTypes = map[string]string{
	"LogicalPort": "logical-ports", "LogicalSwitch": "logical-switches", "LogicalRouter": "logical-routers",
	"LogicalRouterLinkPortOnTIER0": "logical-router-ports", "NSGroup": "ns-groups", "IPSet": "ip-sets",
	"FirewallSection": "firewall/sections",
}

// idTags are tags whose value is a Manager id.
var idTags = map[string]string{
	scopePoolID: "pools/ip-pools", scopeServerPool: "pools/ip-pools", "ncp/subnet_id": "pools/ip-subnets", "ncp/hc_sect_id": "firewall/sections",
}

// managerReferences are the keys of all objects to which a Manager object refers.
func (v *view) managerReferences(o *store.Object) []string {
	found := map[string]bool{}
	collectManager(v.bodies[o.Key], found)
	for _, tag := range o.Tags {
		if collection, known := idTags[tag.Scope]; known {
			found[collection+"/"+tag.Value] = true
		}
	}
	return sortedKeys(found)
}

func collectManager(value any, found map[string]bool) {
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			collectManager(one, found)
		}
	case map[string]any:
		collectTyped(value, "target_id", found)
		collectTyped(value, "value", found)
		if key, _ := value["key"].(string); strings.HasSuffix(key, "SwitchingProfile") {
			found[fmt.Sprintf("switching-profiles/%v", value["value"])] = true
		}
		for name, inner := range value {
			if collection, known := idFields[name]; known {
				for _, id := range idsOf(inner) {
					found[collection+"/"+id] = true
				}
			}
			collectManager(inner, found)
		}
	}
}

// collectTyped reads a ResourceReference, or a group's member by id.
func collectTyped(body map[string]any, field string, found map[string]bool) {
	target, _ := body["target_type"].(string)
	id, _ := body[field].(string)
	byID := field == "target_id" || body["target_property"] == "id"
	if collection, known := targetTypes[target]; known && id != "" && byID {
		found[collection+"/"+id] = true
	}
}

func idsOf(value any) []string {
	switch value := value.(type) {
	case string:
		if value != "" {
			return []string{value}
		}
	case []any:
		var all []string
		for _, one := range value {
			all = append(all, idsOf(one)...)
		}
		return all
	}
	return nil
}

// policyReferences are the paths of all Policy objects to which a Policy object
// refers, by fields named ..._path or ..._paths and by the lists of rules and groups.
func (v *view) policyReferences(o *store.Object) []string {
	found := map[string]bool{}
	for name, value := range v.bodies[o.Key] {
		if name != "path" && name != "relative_path" && name != "remote_path" && name != "tags" {
			collectPaths(value, found)
		}
	}
	return sortedKeys(found)
}

func collectPaths(value any, found map[string]bool) {
	switch value := value.(type) {
	case string:
		if strings.HasPrefix(value, "/infra/") {
			found[value] = true
		}
	case []any:
		for _, one := range value {
			collectPaths(one, found)
		}
	case map[string]any:
		for _, one := range value {
			collectPaths(one, found)
		}
	}
}

// dangling lists the references that lead nowhere.
func (v *view) dangling() []string {
	var problems []string
	interfaces := map[any]bool{}
	for _, o := range v.manager {
		if attachment, ok := v.bodies[o.Key]["attachment"].(map[string]any); ok {
			interfaces[attachment["id"]] = true
		}
	}
	for _, o := range v.manager {
		for _, target := range v.managerReferences(o) {
			if _, exists := v.tx.Manager().Get(target); !exists {
				problems = append(problems, fmt.Sprintf("%s refers to %s, which does not exist", o.Key, target))
			}
		}
		attachment, _ := v.bodies[o.Key]["attachment"].(map[string]any)
		context, _ := attachment["context"].(map[string]any)
		if above, child := context["parent_vif_id"]; child && !interfaces[above] {
			problems = append(problems, fmt.Sprintf("%s has the parent interface %v, which does not exist", o.Key, above))
		}
	}
	for _, o := range v.policy {
		for _, target := range v.policyReferences(o) {
			if _, exists := v.tx.Policy().Get(target); !exists && !v.tree.Implicit(target) {
				problems = append(problems, fmt.Sprintf("%s refers to %s, which does not exist", o.Key, target))
			}
		}
	}
	return problems
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
