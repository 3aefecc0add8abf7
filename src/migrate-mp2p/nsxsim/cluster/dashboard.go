package cluster

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/manager"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Sections of the saved state behind the dashboard's answers, each an object in NSX's form.
const (
	sectionBackups      = "backups"       // where a test or a model puts the answer of the backup history
	sectionBackupConfig = "backup-config" // what clients set
	sectionThresholds   = "capacity-thresholds"
)

// dashboardRoutes are backups, capacity and licences.
func (s *API) dashboardRoutes() []api.Route {
	const backups, capacity = "/api/v1/cluster/backups", "/api/v1/capacity"
	return []api.Route{
		{Method: "GET", Pattern: backups + "/history", Extent: api.Partial,
			Notes: []string{"those that POST /_nsxsim/backup takes, and what the model or a test put into the state's " +
				"section \"backups\"; by default one good backup of every kind, an hour old"},
			Handle: s.backups},
		{Method: "GET", Pattern: backups + "/status", Extent: api.Partial, Notes: []string{"no backup is ever under way"}, Handle: s.backupStatus},
		{Method: "GET", Pattern: backups + "/config", Extent: api.Full, Handle: s.saved(sectionBackupConfig, backupConfig)},
		{Method: "PUT", Pattern: backups + "/config", Extent: api.Partial, Notes: []string{"no backup is ever made; the passphrase is forgotten"}, Handle: s.setBackupConfig},
		{Method: "GET", Pattern: capacity + "/usage", Extent: api.Partial, Query: []string{"category", "force", "sort_ascending", "sort_by"},
			Notes: []string{
				"counts of Manager objects against the maxima of NSX-T 3.1, always computed anew, as force asks for; on one page, as the answer has no cursor",
				api.Assumed + "the names of the usage types, but for those of switches, ports, routers and groups; which category each belongs to; " +
					"why: one public sample has these; the four categories are public (Broadcom API docs), and their contents follow from their names",
			}, Handle: s.capacity},
		{Method: "GET", Pattern: capacity + "/threshold", Extent: api.Full, Handle: s.saved(sectionThresholds, thresholds)},
		{Method: "PUT", Pattern: capacity + "/threshold", Extent: api.Full, Handle: s.setThresholds},
		{Method: "GET", Pattern: "/api/v1/licenses", Extent: api.Partial, Query: api.Paging(), Notes: []string{"one licence without end"},
			Handle: func(_ context.Context, r *api.Request) (*api.Response, error) {
				return listing.PageOfValues(r, []any{license()})
			}},
		{Method: "GET", Pattern: "/api/v1/license", Extent: api.Partial, Notes: []string{"one licence without end"},
			Handle: func(context.Context, *api.Request) (*api.Response, error) { return api.OK(license()) }},
	}
}

func license() map[string]any {
	return map[string]any{
		"license_key": "00000-00000-00000-00000-00000", "description": "NSX of the simulator", "product_name": "NSX", "is_eval": false,
		"is_expired": false, "is_mh": false, "expiry": 0, "quantity": 0, "capacity_type": "CPU", "features": "",
	}
}

// backups answers with the state's section, or with one good backup of each kind, an hour old.
func (s *API) backups(context.Context, *api.Request) (*api.Response, error) {
	history := map[string]any{}
	found := false
	err := s.store.View(func(tx *store.Tx) (err error) {
		found, err = tx.Section(sectionBackups, &history)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		end := s.clock.Now().Add(-time.Hour).UnixMilli()
		for _, kind := range backupKinds {
			history[kind] = []any{map[string]any{
				"backup_id": "backup-1", "start_time": end - 60_000, "end_time": end, "success": true,
			}}
		}
	}
	return api.OK(history)
}

func (s *API) backupStatus(context.Context, *api.Request) (*api.Response, error) {
	return api.OK(map[string]any{"operation_type": "NONE"})
}

func backupConfig() map[string]any {
	return map[string]any{"backup_enabled": false, "inventory_summary_interval": 240}
}

// setBackupConfig keeps all but the passphrase and the password of the file server.
func (s *API) setBackupConfig(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, bad := api.DecodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	delete(sent, "passphrase")
	if scheme, is := store.FieldAt(sent, "remote_file_server.protocol.authentication_scheme").(map[string]any); is {
		delete(scheme, "password")
	}
	return s.save(sectionBackupConfig, sent)
}

// saved answers with a section of the state, or with what it is before anybody set it.
func (s *API) saved(section string, fresh func() map[string]any) api.Handler {
	return func(context.Context, *api.Request) (*api.Response, error) {
		body := fresh()
		err := s.store.View(func(tx *store.Tx) error {
			_, err := tx.Section(section, &body)
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.OK(body)
	}
}

// save puts a section into the state and answers with it.
func (s *API) save(section string, body map[string]any) (*api.Response, error) {
	if err := s.store.Update(func(tx *store.Tx) error { return tx.SetSection(section, body) }); err != nil {
		return nil, err
	}
	return api.OK(body)
}

// capacityKind is one line of the capacity dashboard.
type capacityKind struct {
	category, usage, name string
	maximum               int
	// pattern is the collection, as package references writes it; of, if set, says which of its objects count.
	pattern string
	of      func(o *store.Object) bool
}

// capacityKinds are the usage types that matter to a migration, with the maxima of a public sample of NSX-T 3.1.
func capacityKinds(tx *store.Tx) []capacityKind {
	router := func(kind string) func(*store.Object) bool {
		return func(o *store.Object) bool { return store.TextAt(o, "router_type") == kind }
	}
	translating := func(o *store.Object) bool {
		return router("TIER1")(o) && len(tx.Manager().List(o.Key+"/nat/rules")) > 0
	}
	distributed := func(o *store.Object) bool { return store.TextAt(o, "enforced_on") != "LOGICALROUTER" }
	inDistributed := func(o *store.Object) bool {
		section, found := tx.Manager().Get(strings.TrimSuffix(o.Collection(), "/rules"))
		return found && distributed(section)
	}
	node := func(kind string) func(*store.Object) bool {
		return func(o *store.Object) bool { return store.TextAt(o, "node_deployment_info.resource_type") == kind }
	}
	ofSets := func(o *store.Object) bool {
		body, err := o.Fields()
		return err == nil && slices.Contains(manager.GroupTypes(body), "IPSet")
	}
	return []capacityKind{
		{"networking", "NUMBER_OF_LOGICAL_SWITCHES", "Logical Switches", 10_000, manager.SwitchCollection, nil},
		{"networking", "NUMBER_OF_LOGICAL_PORTS", "System-wide Logical Switch Ports", 25_000, manager.PortCollection, nil},
		{"networking", "NUMBER_OF_TIER0_ROUTERS", "Tier-0 Logical Routers", 160, manager.RouterCollection, router("TIER0")},
		{"networking", "NUMBER_OF_TIER1_ROUTERS", "Tier-1 Logical Routers", 4_000, manager.RouterCollection, router("TIER1")},
		{"networking", "NUMBER_OF_TIER1_WITH_NAT_RULE", "Tier-1 Logical Routers with NAT Rules", 4_000, manager.RouterCollection, translating},
		{"networking", "NUMBER_OF_NAT_RULES", "NAT Rules", 25_000, "logical-routers/{parent}/nat/rules", nil},
		{"networking", "NUMBER_OF_PREFIX_LIST", "Prefix Lists", 500, "logical-routers/{parent}/routing/ip-prefix-lists", nil},
		{"security", "NUMBER_OF_FIREWALL_SECTIONS", "Distributed Firewall Sections", 10_000, manager.SectionCollection, distributed},
		{"security", "NUMBER_OF_DFW_RULES", "Distributed Firewall Rules", 100_000, manager.RulePattern, inDistributed},
		{"security", "NUMBER_OF_FIREWALL_RULES", "System-wide Firewall Rules", 100_000, manager.RulePattern, nil},
		{"inventory", "NUMBER_OF_NSGROUP", "Groups", 20_000, manager.GroupCollection, nil},
		{"inventory", "NUMBER_OF_GROUPS_BASED_ON_IP_SETS", "Groups Based on IP Sets", 10_000, manager.GroupCollection, ofSets},
		{"inventory", "NUMBER_OF_IPSETS", "IP Sets", 10_000, "ip-sets", nil},
		{"networking", "NUMBER_OF_DHCP_SERVERS", "DHCP Server Instances", 10_000, "dhcp/servers", nil},
		{"system", "NUMBER_OF_EDGE_CLUSTERS", "Edge Clusters", 160, "edge-clusters", nil},
		{"system", "NUMBER_OF_EDGE_NODES", "Edge Nodes", 320, "transport-nodes", node("EdgeNode")},
		{"system", "NUMBER_OF_PREPARED_HOSTS", "Hypervisor Hosts", 1_024, "transport-nodes", node("HostNode")},
	}
}

// thresholds are the percentages from which usage is a warning and critical.
func thresholds() map[string]any {
	return map[string]any{"_revision": 0, "capacity_thresholds": []any{
		map[string]any{"threshold_type": "GLOBAL_DEFAULT", "min_threshold_percentage": 70.0, "max_threshold_percentage": 100.0},
	}}
}

// limitsOf are the thresholds of a usage type: its own, or those for all.
func limitsOf(list map[string]any, usage string) (warning, critical float64) {
	warning, critical = 70, 100
	for _, wanted := range []string{"GLOBAL_DEFAULT", usage} {
		for _, t := range store.ObjectsIn(list["capacity_thresholds"]) {
			least, hasLeast := t["min_threshold_percentage"].(float64)
			most, hasMost := t["max_threshold_percentage"].(float64)
			if store.Text(t["threshold_type"]) == wanted && hasLeast && hasMost {
				warning, critical = least, most
			}
		}
	}
	return warning, critical
}

func (s *API) setThresholds(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, err := schema.ReadBody(r, "CapacityThresholdList")
	if err != nil {
		return nil, err
	}
	return s.save(sectionThresholds, sent)
}

func (s *API) capacity(_ context.Context, r *api.Request) (*api.Response, error) {
	if _, bad := api.Boolean("force", r.Query.Get("force")); bad != nil {
		return nil, bad
	}
	var categories []string
	if value := r.Query.Get("category"); value != "" {
		categories = strings.Split(value, ",")
	}
	var usage []any
	list := thresholds()
	err := s.store.View(func(tx *store.Tx) error {
		if _, err := tx.Section(sectionThresholds, &list); err != nil {
			return err
		}
		for _, k := range capacityKinds(tx) {
			if categories != nil && !slices.Contains(categories, k.category) {
				continue
			}
			objects := s.objectsOf(tx, k.pattern)
			if k.of != nil {
				objects = slices.DeleteFunc(objects, func(o *store.Object) bool { return !k.of(o) })
			}
			warning, critical := limitsOf(list, k.usage)
			percent := float64(len(objects)) * 100 / float64(k.maximum)
			usage = append(usage, map[string]any{
				"usage_type": k.usage, "display_name": k.name, "current_usage_count": len(objects), "max_supported_count": k.maximum,
				"min_threshold_percentage": warning, "max_threshold_percentage": critical,
				"current_usage_percentage": percent, "severity": severity(percent, warning, critical),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	lines, err := listing.ArrangeValues(usage, r.Query)
	if err != nil {
		return nil, err
	}
	bodies := []json.RawMessage{}
	for _, line := range lines.Objects {
		bodies = append(bodies, line.Body)
	}
	warning, critical := limitsOf(list, "")
	return api.OK(map[string]any{"capacity_usage": bodies, "unreported_usage_types": []any{}, "meta_info": map[string]any{
		"min_global_threshold_percentage": warning, "max_global_threshold_percentage": critical, "last_updated_timestamp": s.clock.Now().UnixMilli(),
	}})
}

func severity(percent, warning, critical float64) string {
	switch {
	case percent >= critical:
		return "CRITICAL"
	case percent >= warning:
		return "WARNING"
	}
	return "INFO"
}

// backupKinds are the lists of the backup history (NSX Go SDK, BackupOperationHistory).
var backupKinds = []string{"cluster_backup_statuses", "node_backup_statuses", "inventory_backup_statuses"}

// RecordBackup puts a good backup of every kind behind those in the history.
func (s *API) RecordBackup() error {
	at := s.clock.Now().UnixMilli()
	return s.store.Update(func(tx *store.Tx) error {
		history := map[string]any{}
		if _, err := tx.Section(sectionBackups, &history); err != nil {
			return err
		}
		for _, kind := range backupKinds {
			list, _ := history[kind].([]any)
			history[kind] = append(list, map[string]any{
				"backup_id": "backup-" + strconv.Itoa(len(list)+1), "start_time": at, "end_time": at, "success": true,
			})
		}
		return tx.SetSection(sectionBackups, history)
	})
}
