package nsxsim

import (
	"context"
	"strconv"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// realizationRoutes tell how far intents are realized.
func (s *Server) realizationRoutes() []api.Route {
	place := policyPrefix + "/infra/realized-state/"
	note := "the coordinator decides for promoted objects; others are IN_PROGRESS for the delay that was asked for, then SUCCESS"
	return []api.Route{
		{Method: "GET", Pattern: place + "status", Extent: api.Partial, Query: []string{"intent_path"},
			Notes: []string{note}, Handle: s.realizedStatus},
		{Method: "GET", Pattern: place + "realized-entities", Extent: api.Partial, Query: append(api.Paging(), "intent_path"),
			Notes: []string{note, assumedMark + "an intent has one realized entity, and none before its realization begins; the names of entity_type; why: the SDK's entity names the Manager object that realizes an intent"}, Handle: s.realizedEntities},
	}
}

// realized tells how far an intent is realized, in the words of consolidated_status.
func (s *Server) realized(tx *store.Tx, path string) (string, error) {
	if !s.exists(tx, path) {
		return "", errPath(path)
	}
	if s.coordinator != nil {
		if promoted, ok := s.coordinator.Realized(path); ok {
			return promoted, nil
		}
	}
	o, found := tx.Policy().Get(path)
	if !found {
		return "SUCCESS", nil
	}
	fields, err := o.Fields()
	if err != nil {
		return "", err
	}
	written, err := strconv.ParseInt(text(fields["_last_modified_time"]), 10, 64)
	if err == nil && s.clock.Now().Before(time.UnixMilli(written).Add(s.options.RealizationDelay)) {
		return "IN_PROGRESS", nil
	}
	return "SUCCESS", nil
}

func (s *Server) realizedStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	path := r.Query.Get("intent_path")
	status, _, err := s.realization(path)
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{
		"intent_path": path, "publish_status": publishStatus(status),
		"consolidated_status": map[string]any{"consolidated_status": status},
	})
}

// realization reads an intent, nil if it is an implicit one, with its status.
func (s *Server) realization(path string) (status string, intent *store.Object, err error) {
	err = s.store.View(func(tx *store.Tx) (err error) {
		intent, _ = tx.Policy().Get(path)
		status, err = s.realized(tx, path)
		return err
	})
	return status, intent, err
}

// entityTypes are the realized types of Policy types (ASSUMED); those of others are called like the intent's.
var entityTypes = map[string]string{
	"Segment": "RealizedLogicalSwitch", "SegmentPort": "RealizedLogicalPort", "Tier0": "RealizedLogicalRouter", "Tier1": "RealizedLogicalRouter",
	"Group": "RealizedNSGroup", "SecurityPolicy": "RealizedFirewallSection", "Rule": "RealizedFirewallRule", "PolicyNatRule": "RealizedNatRule",
}

func (s *Server) realizedEntities(_ context.Context, r *api.Request) (*api.Response, error) {
	path := r.Query.Get("intent_path")
	status, intent, err := s.realization(path)
	if err != nil {
		return nil, err
	}
	var entities []any
	if intent != nil && status != "UNINITIALIZED" {
		entities = append(entities, s.entity(intent, status))
	}
	return pageOfValues(r, entities)
}

// entity is what realizes an intent.
func (s *Server) entity(intent *store.Object, status string) map[string]any {
	entityType, named := entityTypes[intent.ResourceType]
	if !named {
		entityType = intent.ResourceType
	}
	place := "/infra/sites/default/enforcement-points/default"
	entity := map[string]any{
		"resource_type": "GenericPolicyRealizedResource", "id": intent.ID, "display_name": intent.DisplayName, "relative_path": intent.ID,
		"path":        "/infra/realized-state/enforcement-points/default/" + lastOf(intent.Collection()) + "/" + intent.ID,
		"entity_type": entityType, "state": publishStatus(status), "publish_status": publishStatus(status),
		"intent_paths": []string{intent.Key}, "intent_reference": []string{intent.Key}, "alarms": []any{}, "extended_attributes": []any{},
		"enforcement_point_path": place, "runtime_status": "SUCCESS",
		"_create_user": "system", "_system_owned": false, "_revision": 0,
	}
	if fields, err := intent.Fields(); err == nil {
		entity["realization_specific_identifier"] = fields["unique_id"]
	}
	return entity
}

func publishStatus(status string) string {
	switch status {
	case "SUCCESS":
		return "REALIZED"
	case "ERROR":
		return "ERROR"
	}
	return "UNREALIZED"
}
