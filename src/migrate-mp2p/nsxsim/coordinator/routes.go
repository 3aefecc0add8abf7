package coordinator

import (
	"context"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const base = "/api/v1/migration/"

// Routes are the endpoints of the coordinator ("NSX Go SDK", "vmware-nsx").
func (c *Coordinator) Routes() []api.Route {
	routes := []api.Route{
		{Method: http.MethodPost, Pattern: base + "mp-to-policy", Extent: api.Partial, Handle: c.post,
			Notes: append([]string{"mode GENERIC is refused"}, assumptions()...)},
		{Method: http.MethodPost, Pattern: base + "mp-to-policy/workflow", Action: "INITIATE", Extent: api.Full, Handle: c.postInitiate, Notes: []string{
			"ASSUMED: needed before plan start and before rollback; a second one without DONE is refused; abort keeps it",
		}},
		{Method: http.MethodPost, Pattern: base + "mp-to-policy/workflow", Action: "DONE", Extent: api.Full, Handle: c.postDone, Notes: []string{
			"ASSUMED: refused without INITIATE and while a component runs; goes on when the client hangs up",
		}},
		{Method: http.MethodPost, Pattern: base + "mp-to-policy/rollback", Extent: api.Full, Handle: c.postRollback, Notes: []string{
			"ASSUMED: whole or nothing; refuses what is not migrated, what promoted objects still need and what has Policy children; also possible after DONE",
		}},
		{Method: http.MethodPost, Pattern: base + "mp-to-policy/cancel", Extent: api.Partial, Handle: c.postCancel, Notes: []string{
			"refused: there is no GENERIC run to cancel",
		}},
		{Method: http.MethodGet, Pattern: base + "mp-to-policy/stats", Extent: api.Partial, Handle: c.getStats, Notes: []string{
			"counts what is promoted, and with pre_promotion=true what is not; location is ignored",
		}},
		{Method: http.MethodGet, Pattern: base + "mp-to-policy/feedback", Extent: api.Full, Handle: c.getFeedback, Notes: []string{"ASSUMED: error_id is a number of ours"}},
		{Method: http.MethodGet, Pattern: base + "status-summary", Extent: api.Full, Handle: c.getStatus, Notes: []string{
			"ASSUMED: a failed component leaves the overall status PAUSED; details hold one line per object",
		}},
		{Method: http.MethodGet, Pattern: base + "mp-policy-promotion/state", Extent: api.Full, Handle: c.getPromotionState, Notes: []string{
			"ASSUMED: in progress from INITIATE to DONE",
		}},
		{Method: http.MethodGet, Pattern: base + "mp-policy-promotion/history", Extent: api.Full, Handle: c.getHistory},
		{Method: http.MethodGet, Pattern: base + "migrated-resources", Extent: api.Full, Handle: c.getMigrated, Notes: []string{
			"ASSUMED: lists all CONSUMER results since the beginning and survives restarts",
		}},
		{Method: http.MethodGet, Pattern: "/api/v1/mppolicy/migration/object-ids", Extent: api.Partial, Handle: c.getObjectIDs, Notes: []string{
			"filter_value is ignored",
		}},
		{Method: http.MethodPost, Pattern: base + "plan", Action: "*", Extent: api.Partial, Handle: c.postPlan, Notes: []string{
			"actions start, continue and abort; others are refused", "ASSUMED: start without a batch gives 500; continue after a failed pre-check needs skip=true",
			"ASSUMED: abort of a running migration leaves nothing of the batch promoted, unless an option says otherwise",
		}},
		{Method: http.MethodGet, Pattern: base + "migration-unit-groups/{type}", Extent: api.Partial, Handle: c.getUnitGroup, Notes: []string{"without units"}},
		{Method: http.MethodGet, Pattern: base + "migration-units", Extent: api.Partial, Handle: emptyList, Notes: []string{"always empty"}},
		{Method: http.MethodGet, Pattern: base + "summary", Extent: api.Partial, Handle: c.getSummary},
		{Method: http.MethodGet, Pattern: base + "setup", Extent: api.Partial, Handle: c.getSetup},
	}
	for i := range routes {
		routes[i].OnCoordinator = true
	}
	return routes
}

// answer runs work under the lock.
func (c *Coordinator) answer(work func() error) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := work(); err != nil {
		return nil, err
	}
	return api.Empty()
}

func (c *Coordinator) post(_ context.Context, r *api.Request) (*api.Response, error) {
	data, err := parseData(r.Body)
	if err != nil {
		return nil, refuse("%s", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.accept(data); err != nil {
		return nil, err
	}
	return &api.Response{Status: c.options.PostStatus}, nil
}

func (c *Coordinator) postInitiate(context.Context, *api.Request) (*api.Response, error) {
	return c.answer(c.initiate)
}

func (c *Coordinator) postPlan(_ context.Context, r *api.Request) (*api.Response, error) {
	return c.answer(func() error { return c.act(r.Query.Get("action"), r.Query.Get("skip") == "true") })
}

func (c *Coordinator) postDone(ctx context.Context, _ *api.Request) (*api.Response, error) {
	return c.finish(ctx, PhaseDone, func(o Options) time.Duration { return o.DoneTime }, c.done)
}

func (c *Coordinator) postRollback(ctx context.Context, r *api.Request) (*api.Response, error) {
	data, err := parseData(r.Body)
	if err != nil {
		return nil, refuse("%s", err)
	}
	return c.finish(ctx, PhaseRollback, func(o Options) time.Duration { return o.RollbackTime }, func() error { return c.rollback(data) })
}

func (c *Coordinator) postCancel(context.Context, *api.Request) (*api.Response, error) {
	return nil, refuse("No promotion is in progress that could be cancelled.")
}

func (c *Coordinator) getStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := r.Query.Get("component_type")
	components := []any{}
	for _, one := range []struct {
		name string
		component
	}{{componentPrecheck, c.state.Precheck}, {componentMigration, c.state.Migration}} {
		if wanted == "" || wanted == one.name {
			components = append(components, map[string]any{
				"component_type": one.name, "status": one.Status, "percent_complete": c.percent(one.component),
				"can_skip": false, "details": one.Details,
			})
		}
	}
	return api.OK(map[string]any{"overall_migration_status": c.overall(), "component_status": components})
}

func (c *Coordinator) percent(one component) int {
	switch one.Status {
	case statusNotStarted:
		return 0
	case statusInProgress:
		length := one.Ends.Sub(one.Began)
		if length <= 0 {
			return 0
		}
		return min(99, int(100*c.clock.Now().Sub(one.Began)/length))
	}
	return 100
}

func (c *Coordinator) getFeedback(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := []any{}
	for _, row := range c.state.Feedback {
		if wants(r.Query, "resource_type", row.Type) && wants(r.Query, "mp_id", row.ID) && wants(r.Query, "mp_display_name", row.Name) {
			rows = append(rows, map[string]any{
				"type": row.Type, "mp_id": row.ID, "mp_display_name": row.Name,
				"error_list": []any{map[string]any{"error_id": strconv.Itoa(codeRefused), "error_desc": row.Text}},
			})
		}
	}
	return page(r.Query, rows)
}

// wants tells whether a query parameter, if it is there, has this value.
func wants(query url.Values, name, value string) bool {
	return !query.Has(name) || query.Get(name) == value
}

func (c *Coordinator) getPromotionState(context.Context, *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	state := "PROMOTION_NOT_IN_PROGRESS"
	if c.state.Workflow || c.state.running() {
		state = "PROMOTION_IN_PROGRESS"
	}
	return api.OK(map[string]any{"mp_policy_promotion": state})
}

func (c *Coordinator) getHistory(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := []any{}
	for _, one := range c.state.History {
		rows = append(rows, map[string]any{"date_time": strconv.FormatInt(one.At, 10), "status": one.Status})
	}
	return page(r.Query, rows)
}

func (c *Coordinator) getMigrated(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := []any{}
	wanted := func(one *record) bool {
		return wants(r.Query, "resource_type", one.Type) && wants(r.Query, "resource_id", one.ManagerID)
	}
	for _, one := range c.sortedRecords(wanted) {
		row := map[string]any{"resource_type": one.Type, "resource_id": one.ManagerID, "policy_id": one.PolicyID, "policy_path": one.PolicyPath}
		if one.ParentID != "" {
			row["parent_resource_type"], row["parent_resource_id"] = one.ParentType, one.ParentID
		}
		rows = append(rows, row)
	}
	return page(r.Query, rows)
}

// getObjectIDs lists by owner what is not promoted ("NSX Go SDK"), with the owners in order.
func (c *Coordinator) getObjectIDs(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, known := kindOf(r.Query.Get("resource_type"))
	if !known {
		return nil, refuse("Unknown resource_type %q.", r.Query.Get("resource_type"))
	}
	left := map[string][]any{}
	err := c.store.View(func(tx *store.Tx) error {
		for _, o := range k.objects(newLookups(tx)) {
			_, recorded := c.records[k.name+" "+o.Key]
			if !recorded && !o.System && o.Owner != store.PolicyUser {
				left[o.Owner] = append(left[o.Owner], map[string]any{"manager_id": o.ID, "linked_id": ""})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rows := []any{}
	for _, owner := range slices.Sorted(maps.Keys(left)) {
		rows = append(rows, map[string]any{"principle_identity": owner, "resource_ids": left[owner]})
	}
	return page(r.Query, rows)
}

// getStats counts the promoted objects of each type; the counts are texts in the
// schema, and their sum is a number ("NSX Go SDK").
func (c *Coordinator) getStats(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	promoted := map[string]int{}
	for _, one := range c.records {
		promoted[one.Type]++
	}
	total := 0
	stats := []any{}
	err := c.store.View(func(tx *store.Tx) error {
		shared := newLookups(tx)
		for i := range kinds {
			k := &kinds[i]
			count, status := promoted[k.name], "DONE"
			if r.Query.Get("pre_promotion") == "true" {
				count, status = len(k.objects(shared))-count, statusNotStarted
			}
			total += count
			stats = append(stats, map[string]any{
				"resource_type": k.name, "promotion_status": status, "total_count": strconv.Itoa(count),
				"promoted_objects_count": strconv.Itoa(promoted[k.name]), "failed_objects_count": strconv.Itoa(c.failed(k.name)),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{
		"current_resource_type_in_promotion": c.promoting(), "migration_stats": stats, "total_count": total,
	})
}

func (c *Coordinator) failed(typeName string) int {
	n := 0
	for _, row := range c.state.Feedback {
		if row.Type == typeName {
			n++
		}
	}
	return n
}

// promoting names the type at work, "NONE" when there is none.
func (c *Coordinator) promoting() string {
	if c.state.Migration.Status == statusInProgress && len(c.state.Batch.MigrationData) > 0 {
		return c.state.Batch.MigrationData[0].Type
	}
	return "NONE"
}

func (c *Coordinator) getUnitGroup(_ context.Context, r *api.Request) (*api.Response, error) {
	return api.OK(map[string]any{
		"type": r.Params["type"], "enabled": true, "parallel": false, "migration_unit_count": 0,
		"migration_units": []any{}, "extended_configuration": []any{},
	})
}

func (c *Coordinator) getSummary(context.Context, *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return api.OK(map[string]any{
		"migration_status": c.overall(), "migration_coordinator_version": c.version.String(),
		"system_version": c.version.String(), "target_version": c.version.String(),
	})
}

func (c *Coordinator) getSetup(context.Context, *api.Request) (*api.Response, error) {
	return api.OK(map[string]any{"migration_mode": "MP_TO_POLICY"})
}

func emptyList(_ context.Context, r *api.Request) (*api.Response, error) {
	return page(r.Query, []any{})
}

// maxPage is NSX's page size, and its limit.
const maxPage = 1000

// page cuts a list. Its cursor is opaque and absent at the end, as those of all
// lists but Search ("nsxlib").
func page(query url.Values, rows []any) (*api.Response, error) {
	size := maxPage
	if given := query.Get("page_size"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 0 || n > maxPage {
			return nil, refuse("page_size %q is not between 0 and %d.", given, maxPage)
		}
		if n > 0 {
			size = n
		}
	}
	from := 0
	if cursor := query.Get("cursor"); cursor != "" {
		raw, err := base64.URLEncoding.DecodeString(cursor)
		if err == nil {
			from, err = strconv.Atoi(strings.TrimPrefix(string(raw), "from:"))
		}
		if err != nil || from < 0 || from > len(rows) {
			return nil, refuse("cursor %q is not valid.", cursor)
		}
	}
	to := min(from+size, len(rows))
	body := map[string]any{"results": rows[from:to], "result_count": len(rows)}
	if to < len(rows) {
		body["cursor"] = base64.URLEncoding.EncodeToString([]byte("from:" + strconv.Itoa(to)))
	}
	return api.OK(body)
}
