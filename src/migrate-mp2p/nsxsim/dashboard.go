package nsxsim

import (
	"context"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// sectionBackups is where a test or a model puts the answer of the backup history, an object in NSX's form.
const sectionBackups = "backups"

// backups answers with the state's section, or with one good backup of each kind, an hour old.
func (s *Server) backups(context.Context, *api.Request) (*api.Response, error) {
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

// capacityKinds are the usage types that matter to a migration (capacity sample of NSX-T 3.1).
var capacityKinds = []struct {
	usage, name, collection string
	maximum                 int
}{
	{"NUMBER_OF_LOGICAL_SWITCHES", "Logical Switches", "logical-switches", 10000},
	{"NUMBER_OF_LOGICAL_PORTS", "System-wide Logical Switch Ports", "logical-ports", 25000},
	{"NUMBER_OF_TIER1_ROUTERS", "Tier-1 Logical Routers", "logical-routers", 4000},
	{"NUMBER_OF_NSGROUP", "Groups", "ns-groups", 20000},
	{"NUMBER_OF_IPSETS", "IP Sets", "ip-sets", 10000},
	{"NUMBER_OF_FIREWALL_SECTIONS", "Distributed Firewall Sections", "firewall/sections", 10000},
}

func (s *Server) capacity(context.Context, *api.Request) (*api.Response, error) {
	var usage []any
	err := s.store.View(func(tx *store.Tx) error {
		for _, k := range capacityKinds {
			count := len(tx.Manager().List(k.collection))
			percent := float64(count) * 100 / float64(k.maximum)
			usage = append(usage, map[string]any{
				"usage_type": k.usage, "display_name": k.name, "current_usage_count": count, "max_supported_count": k.maximum,
				"min_threshold_percentage": 70, "max_threshold_percentage": 100,
				"current_usage_percentage": percent, "severity": severity(percent),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"capacity_usage": usage, "meta_info": map[string]any{}, "unreported_usage_types": []any{}})
}

func severity(percent float64) string {
	switch {
	case percent >= 100:
		return "CRITICAL"
	case percent >= 70:
		return "WARNING"
	}
	return "INFO"
}
