package policy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// realizationRoutes tell how far intents are realized.
func (s *API) realizationRoutes() []api.Route {
	place := api.PolicyPrefix + "/infra/realized-state/"
	note := "the coordinator decides for promoted objects until it has realized them; all others are IN_PROGRESS for the delay that was asked for, then SUCCESS"
	return []api.Route{
		{Method: "GET", Pattern: place + "status", Extent: api.Partial, Query: []string{"intent_path"},
			Notes: []string{note}, Handle: s.realizedStatus},
		{Method: "GET", Pattern: place + "realized-entities", Extent: api.Partial, Query: append(api.Paging(), "intent_path"),
			Notes: []string{note, entityNote, attributesNote, chosenNote}, Handle: s.realizedEntities},
	}
}

const entityNote = api.Assumed + "an intent has one realized entity, and none before its realization begins; the names of entity_type and of the last two parts of its path; " +
	"an intent in ERROR has one alarm; why: the SDK's entity names the Manager object that realizes an intent, and a test of the vSphere cloud provider shows one of a nested intent"

// Realizations are how far intents are, as of one moment.
type Realizations struct {
	// Unrealized are the promoted intents of which the coordinator says so.
	Unrealized map[string]api.Realization
	now        time.Time
	Delay      time.Duration
}

// Realizations asks the coordinator about one intent, or with "" about all. It must not be called inside a transaction.
func (s *API) Realizations(path string) *Realizations {
	r := &Realizations{now: s.clock.Now(), Delay: s.options.RealizationDelay}
	switch {
	case s.coordinator == nil:
	case path == "":
		r.Unrealized = s.coordinator.Unrealized()
	default:
		if how, promoted := s.coordinator.Realized(path); promoted && how.Status != "SUCCESS" {
			r.Unrealized = map[string]api.Realization{path: how}
		}
	}
	return r
}

// Of tells how far an intent is, in the words of consolidated_status.
func (r *Realizations) Of(intent *store.Object) (api.Realization, error) {
	if how, known := r.Unrealized[intent.Key]; known {
		return how, nil
	}
	if r.Delay > 0 {
		fields, err := intent.Fields()
		if err != nil {
			return api.Realization{}, err
		}
		written, err := strconv.ParseInt(store.Text(fields["_last_modified_time"]), 10, 64)
		if err == nil && r.now.Before(time.UnixMilli(written).Add(r.Delay)) {
			return api.Realization{Status: "IN_PROGRESS"}, nil
		}
	}
	return api.Realization{Status: "SUCCESS"}, nil
}

// realization tells how far an intent is, and what realizes it: nil if it is an implicit one or its realization has not
// begun.
func (s *API) realization(path string) (how api.Realization, entity *realizedEntity, err error) {
	realized := s.Realizations(path)
	err = s.store.View(func(tx *store.Tx) error {
		if !s.exists(tx, path) {
			return errPath(path)
		}
		intent, stored := tx.Policy().Get(path)
		if !stored {
			how = cmp.Or(realized.Unrealized[path], api.Realization{Status: "SUCCESS"})
			return nil
		}
		addresses, err := NewAddresses(tx)
		if err != nil {
			return err
		}
		if how, err = realized.Of(intent); err != nil || !Begun(how) {
			return err
		}
		whole := entityBody(intent, how, addresses)
		entity = &whole
		return nil
	})
	return how, entity, err
}

func (s *API) realizedStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	path := r.Query.Get("intent_path")
	how, _, err := s.realization(path)
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{
		"intent_path": path, "publish_status": RealizedState(how.Status),
		"consolidated_status": map[string]any{"consolidated_status": how.Status},
	})
}

func (s *API) realizedEntities(_ context.Context, r *api.Request) (*api.Response, error) {
	_, entity, err := s.realization(r.Query.Get("intent_path"))
	if err != nil {
		return nil, err
	}
	var entities []any
	if entity != nil {
		entities = append(entities, entity)
	}
	return listing.PageOfValues(r, entities)
}

// Begun tells whether an intent has a realized entity yet.
func Begun(how api.Realization) bool { return how.Status != "UNINITIALIZED" }

// TypeEntity is the resource_type of all realized entities.
const TypeEntity = "GenericPolicyRealizedResource"

// entityTypes are the realized types of Policy types: of routers, switches, the ports of both, groups, firewall sections, load
// balancer services and persistence profiles as nsxlib has them, of others ASSUMED after these. Those that are not here are
// called like the intent's (ASSUMED).
var entityTypes = map[string]string{
	"Segment": "RealizedLogicalSwitch", "SegmentPort": "RealizedLogicalPort", "Tier0": "RealizedLogicalRouter", "Tier1": "RealizedLogicalRouter",
	"Tier0Interface": "RealizedLogicalRouterPort", "Tier1Interface": "RealizedLogicalRouterPort",
	"Group": "RealizedGroup", "SecurityPolicy": "RealizedFirewallSection", "Rule": "RealizedFirewallRule", "PolicyNatRule": "RealizedNatRule",
	"LBService": "LbServiceDto", "LBVirtualServer": "LbVirtualServerDto", "LBPool": "LbPoolDto",
	"LBSourceIpPersistenceProfile": "LbPersistenceProfileDto", "LBCookiePersistenceProfile": "LbPersistenceProfileDto",
	"LBGenericPersistenceProfile": "LbPersistenceProfileDto",
}

// EntityType is the realized type of an intent.
func EntityType(intent *store.Object) string {
	return cmp.Or(entityTypes[intent.ResourceType], intent.ResourceType)
}

// Where all intents are realized.
const (
	realizedAt    = "/infra/sites/default/enforcement-points/default"
	entitiesBelow = "/infra/realized-state/enforcement-points/default"
)

// codeUnrealized is the error_code of an intent in ERROR; each cause has one of its own on NSX, this one is ASSUMED.
const codeUnrealized = 500701

// realizedEntity is what realizes an intent (NSX Go SDK, GenericPolicyRealizedResource).
type realizedEntity struct {
	ResourceType         string        `json:"resource_type"`
	ID                   string        `json:"id"`
	DisplayName          string        `json:"display_name"`
	Path                 string        `json:"path"`
	ParentPath           string        `json:"parent_path"`
	RelativePath         string        `json:"relative_path"`
	UniqueID             string        `json:"unique_id"`
	EntityType           string        `json:"entity_type"`
	State                string        `json:"state"`
	PublishStatus        string        `json:"publish_status"`
	PublishError         string        `json:"publish_status_error,omitempty"`
	PublishErrorCode     int           `json:"publish_status_error_code,omitempty"`
	RuntimeStatus        string        `json:"runtime_status"`
	RuntimeError         string        `json:"runtime_error,omitempty"`
	RealizedID           string        `json:"realization_specific_identifier,omitempty"`
	IntentPaths          []string      `json:"intent_paths"`
	IntentReference      []string      `json:"intent_reference"`
	Alarms               []entityAlarm `json:"alarms"`
	ExtendedAttributes   []attribute   `json:"extended_attributes"`
	EnforcementPointPath string        `json:"enforcement_point_path"`
	SitePath             string        `json:"site_path"`
	CreateUser           string        `json:"_create_user"`
	SystemOwned          bool          `json:"_system_owned"`
	Revision             int           `json:"_revision"`
}

// entityAlarm says what is wrong with a realized entity (NSX Go SDK, PolicyAlarmResource).
type entityAlarm struct {
	ResourceType    string     `json:"resource_type"`
	ID              string     `json:"id"`
	Path            string     `json:"path"`
	SourceReference string     `json:"source_reference"`
	Message         string     `json:"message"`
	ErrorDetails    alarmError `json:"error_details"`
}

type alarmError struct {
	Code    int    `json:"error_code"`
	Module  string `json:"module_name"`
	Message string `json:"error_message"`
}

// entityPlace is where the entity of an intent stands below the enforcement point: /infra/tier-1s/r/static-routes/s is
// realized at tier-1-static-routes/r-s (a test of the vSphere cloud provider).
func entityPlace(intent string) (collection, id string) {
	parts := strings.Split(strings.TrimPrefix(intent, "/infra/"), "/")
	var collections, ids []string
	for i, part := range parts {
		if i%2 == 1 {
			ids = append(ids, part)
			continue
		}
		if i < len(parts)-2 {
			part = strings.TrimSuffix(part, "s")
		}
		collections = append(collections, part)
	}
	return strings.Join(collections, "-"), strings.Join(ids, "-")
}

// EntityOf is the entity of an intent as the search index knows it; its body is made when it is asked for, so that a
// large world does not hold one more body for each intent. Its key is that of the intent.
func EntityOf(intent *store.Object) *store.Object {
	_, id := entityPlace(intent.Key)
	return &store.Object{Key: intent.Key, ID: id, DisplayName: id, ResourceType: TypeEntity, Owner: "system"}
}

// Filled is an entity with all that can be asked of it.
func Filled(entity, intent *store.Object, how api.Realization, addresses *Addresses) (*store.Object, error) {
	content := entityBody(intent, how, addresses)
	body, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encoding the realized entity of %s: %w", intent.Key, err)
	}
	copied := *entity
	copied.UniqueID, copied.Body = content.UniqueID, body
	return &copied, nil
}

func entityBody(intent *store.Object, how api.Realization, addresses *Addresses) realizedEntity {
	collection, id := entityPlace(intent.Key)
	place := entitiesBelow + "/" + collection + "/" + id
	entity := realizedEntity{
		ResourceType: TypeEntity, ID: id, DisplayName: id, Path: place, ParentPath: entitiesBelow, RelativePath: id, UniqueID: store.NameID(place),
		EntityType: EntityType(intent), State: RealizedState(how.Status), PublishStatus: how.Status, RuntimeStatus: "SUCCESS", RealizedID: intent.UniqueID,
		IntentPaths: []string{intent.Key}, IntentReference: []string{intent.Key}, Alarms: []entityAlarm{}, ExtendedAttributes: addresses.attributes(intent, how),
		EnforcementPointPath: realizedAt, SitePath: "/infra/sites/default", CreateUser: "system",
	}
	switch how.Status {
	case "SUCCESS":
	case "ERROR":
		entity.PublishError, entity.PublishErrorCode = how.Reason, codeUnrealized
		entity.RuntimeStatus, entity.RuntimeError = "DOWN", how.Reason
		entity.Alarms = append(entity.Alarms, entityAlarm{
			ResourceType: "PolicyAlarmResource", ID: "REALIZATION_ERROR", Path: place + "/alarms/REALIZATION_ERROR", SourceReference: intent.Key, Message: how.Reason,
			ErrorDetails: alarmError{Code: codeUnrealized, Module: api.ModulePolicy, Message: how.Reason},
		})
	default:
		entity.RuntimeStatus = "UNKNOWN"
	}
	return entity
}

// RealizedState is consolidated_status in the words of an entity's state (NSX Go SDK).
func RealizedState(status string) string {
	switch status {
	case "SUCCESS":
		return "REALIZED"
	case "ERROR":
		return "ERROR"
	}
	return "UNREALIZED"
}
