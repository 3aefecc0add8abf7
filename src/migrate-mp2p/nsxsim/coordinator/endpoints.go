package coordinator

import (
	"context"
	"net/http"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

const base = "/api/v1/migration/"

// endpoint is a route and the versions that have it.
type endpoint struct {
	api.Route
	since versions
}

// versions say which NSX versions have an endpoint. The general coordinator is in all
// of them; promotion is gone in 9.0.
type versions int

const (
	always versions = iota
	until9          // until 9.0
	from32          // from 3.2, where promotion became a feature of NSX's own (ASSUMED), until 9.0
	from42          // from 4.2 until 9.0
)

func (v versions) have(nsx api.Version) bool {
	switch v {
	case until9:
		return !nsx.AtLeast(9, 0)
	case from32:
		return nsx.AtLeast(3, 2) && !nsx.AtLeast(9, 0)
	case from42:
		return nsx.AtLeast(4, 2) && !nsx.AtLeast(9, 0)
	}
	return true
}

// Routes are the endpoints of the coordinator in this version ("NSX Go SDK",
// "vmware-nsx").
func (c *Coordinator) Routes() []api.Route {
	var routes []api.Route
	for _, one := range append(c.promotionEndpoints(), c.planEndpoints()...) {
		if one.since.have(c.version) {
			one.OnCoordinator = true
			routes = append(routes, one.Route)
		}
	}
	return routes
}

// get is an endpoint that reads, with the query parameters that it heeds.
func get(since versions, pattern string, handle api.Handler, query []string, notes ...string) endpoint {
	return endpoint{api.Route{Method: http.MethodGet, Pattern: pattern, Extent: api.Full, Handle: handle, Query: query, Notes: notes}, since}
}

// list is get for lists with these filters.
func list(since versions, pattern string, handle api.Handler, filters []string, notes ...string) endpoint {
	return get(since, pattern, handle, append(filters, api.Paging()...), notes...)
}

// post is an endpoint that acts.
func post(since versions, pattern, action string, handle api.Handler, query []string, notes ...string) endpoint {
	return endpoint{api.Route{Method: http.MethodPost, Pattern: pattern, Action: action, Extent: api.Full, Handle: handle, Query: query, Notes: notes}, since}
}

// promotionEndpoints are those that only MP-to-Policy promotion has.
func (c *Coordinator) promotionEndpoints() []endpoint {
	return []endpoint{
		post(until9, base+"mp-to-policy", "", c.post, nil, assumptions()...),
		post(until9, base+"mp-to-policy/workflow", "INITIATE", c.postInitiate, nil,
			"ASSUMED: needed before plan start and before rollback; a second one without DONE is refused; abort keeps it; "+
				"why: vmware-nsx calls it once a run, the SAP driver once a batch, always with DONE behind"),
		post(until9, base+"mp-to-policy/workflow", "DONE", c.postDone, nil,
			"ASSUMED: refused without INITIATE and while a component runs; goes on when the client hangs up; a crash of the "+
				"service ends it without effect; why: clients wait 30 minutes with retries off, as for a call that must not "+
				"be repeated"),
		post(until9, base+"mp-to-policy/rollback", "", c.postRollback, nil,
			"ASSUMED: whole or nothing; refuses what is not migrated, what promoted objects still need and what has Policy "+
				"children; also possible after DONE; why: vmware-nsx rolls back newest first, so order must matter",
			"ASSUMED: a crash of the service ends it without effect, unless an option says otherwise; why: the kindest case "+
				"is the default, the others are options",
			"ASSUMED: firewall sections come back as they were; with an option they come back behind all others and with new "+
				"ids of their rules; why: NCP's documentation says that the import of sections is not fully reversible, and "+
				"not what is lost; a section made anew would lose these"),
		post(from32, base+"mp-to-policy/cancel", "", c.postCancel, nil,
			"ASSUMED: for GENERIC runs only, from their start to DONE; ends the run, so that no DONE follows; component 1 is "+
				"CANCELED then; why: the SAP driver cancels GENERIC runs only; the SDK has CANCELED"),
		get(from32, base+"mp-to-policy/stats", c.getStats, []string{"location", "pre_promotion"},
			"ASSUMED: CURRENT is the last workflow, ARCHIVED the one before it; why: the SDK names the two values and no more",
			"ASSUMED: a type is PROCESSING during its pre-check and IN_PROGRESS during its promotion; total_count of a "+
				"CONSUMER run grows with its batches; why: the SDK names four statuses, and a coordinator cannot know of "+
				"later batches"),
		list(from32, base+"mp-to-policy/feedback", c.getFeedback, []string{"location", "mp_display_name", "mp_id", "resource_type"},
			"ASSUMED: error_id is a number of ours; CURRENT is the stored batch or GENERIC run, ARCHIVED all of the workflow "+
				"before this one; why: concrete error ids are UNKNOWN"),
		get(from42, base+"mp-to-policy/migrated-resource-mapping", c.getMapping, []string{"location"},
			"ASSUMED: the path; sources only tell the body, MigrationMappingResult"),
		get(from32, base+"mp-policy-promotion/state", c.getPromotionState, nil, "ASSUMED: in progress from INITIATE to DONE; "+
			"why: GENERIC runs show it so, and CONSUMER ones have no other bounds"),
		get(from32, base+"mp-policy-promotion/history", c.getHistory, nil,
			"ASSUMED: DONE writes SUCCESS, or PARTIAL_SUCCESS when something failed and is not promoted; why: the SDK names the statuses and no more"),
		list(until9, base+"migrated-resources", c.getMigrated, []string{"resource_id", "resource_type"},
			"ASSUMED: lists all results since the beginning and survives restarts; why: UNKNOWN; a client must not depend on "+
				"it, and the option to forget shows the opposite"),
		list(from32, "/api/v1/mppolicy/migration/object-ids", c.getObjectIDs, []string{"filter_value", "resource_type"},
			"ASSUMED: filter_value is a part of id or name; linked_id is the object's parent where it has one; why: the SDK names the fields and no more"),
	}
}

// planEndpoints are those of the coordinator whatever it migrates.
func (c *Coordinator) planEndpoints() []endpoint {
	return []endpoint{
		get(always, base+"status-summary", c.getStatus, []string{"component_type"},
			"ASSUMED: a failed component leaves the overall status PAUSED; details hold one line per object; what failed can "+
				"be skipped; why: vmware-nsx leaves its loop at PAUSED and then reads details"),
		post(always, base+"plan", "*", c.postPlan, []string{"component_type", "skip"},
			"ASSUMED: start without a batch gives 500; continue after a failed component needs skip=true; why: the SAP "+
				"simulator answers 500; skip exists to pass a failed component",
			"ASSUMED: abort of a running migration resets the plan at once, and the migration works on to its end, unseen: "+
				"the batch becomes Policy; until then all else is refused with 30722; options let it stop, with nothing or a "+
				"part of the batch promoted; why: abort resets the steps (SDK), nobody says that it takes anything back, and "+
				"this is the worst for a client",
			"ASSUMED: pause after component 1 leaves the plan PAUSED, continue makes it SUCCESS; finish needs SUCCESS; reset "+
				"has no effect, as the plan cannot be changed; why: the SDK says of them what they do for migrations between "+
				"systems",
			"ASSUMED: rollback takes back what the stored batch promoted, in the background; update_site_migration_state is "+
				"refused, as there are no sites; why: it is of Federation"),
		list(always, base+"migration-unit-groups", c.getUnitGroups, []string{"component_type", "summary"}),
		get(always, base+"migration-unit-groups/{type}", c.getUnitGroup, []string{"summary"},
			"ASSUMED: a group is named by its component; its units are the types of the stored batch or run; why: the SAP "+
				"driver asks for the group MP_TO_POLICY_MIGRATION"),
		list(always, base+"migration-units", c.getUnits, []string{"component_type", "current_version", "group_id", "has_warnings", "migration_unit_type"}),
		get(always, base+"summary", c.getSummary, nil),
		get(always, base+"setup", c.getSetup, nil, "ASSUMED: empty, as the set-up is that of another kind of migration; why: the SDK's setup has no such mode"),
	}
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
	data, err := c.parse(r.Body)
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
	return c.answer(func() error {
		return c.act(r.Query.Get("action"), r.Query.Get("component_type"), r.Query.Get("skip") == "true")
	})
}

func (c *Coordinator) postDone(ctx context.Context, _ *api.Request) (*api.Response, error) {
	return c.finish(ctx, &call{phase: PhaseDone}, func(o Options) time.Duration { return o.DoneTime }, c.done)
}

func (c *Coordinator) postRollback(ctx context.Context, r *api.Request) (*api.Response, error) {
	data, err := c.parse(r.Body)
	if err != nil {
		return nil, refuse("%s", err)
	}
	one := &call{phase: PhaseRollback, interrupted: func(share float64) error { return c.interruptRollback(data, share) }}
	lasts := func(o Options) time.Duration {
		return o.RollbackTime + time.Duration(data.count(typeSection))*o.SectionTime
	}
	return c.finish(ctx, one, lasts, func() error { return c.rollback(data) })
}

func (c *Coordinator) postCancel(context.Context, *api.Request) (*api.Response, error) {
	return c.answer(c.cancel)
}
