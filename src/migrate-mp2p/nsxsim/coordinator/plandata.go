package coordinator

import (
	"context"
	"strconv"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// getStatus is what clients poll.
func (c *Coordinator) getStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	components := []any{}
	for _, one := range c.components() {
		if wants(r.Query, "component_type", one.name) {
			components = append(components, map[string]any{
				"component_type": one.name, "status": one.Status, "percent_complete": c.percent(one),
				"can_skip": one.Status == statusFailed, "details": one.Details,
			})
		}
	}
	return api.OK(map[string]any{"overall_migration_status": c.overall(), "component_status": components})
}

type namedComponent struct {
	name string
	component
}

// components are the parts of a promotion's plan; NSX 9 has none.
func (c *Coordinator) components() []namedComponent {
	if !until9.have(c.version) {
		return nil
	}
	return []namedComponent{{componentPrecheck, c.state.Precheck}, {componentMigration, c.state.Migration}}
}

func (c *Coordinator) percent(one namedComponent) int {
	switch {
	case one.Status == statusNotStarted:
		return 0
	case c.state.Generic != nil && one.name == componentMigration && one.Status != statusSuccess:
		return c.progress(c.clock.Now())
	case one.Status == statusInProgress:
		return min(99, int(100*share(one.Began, one.Ends, c.clock.Now())))
	}
	return 100
}

// unitGroups are the two components as groups of units, which are the types to be
// promoted. With summary they tell only how many units they have.
func (c *Coordinator) unitGroups(summary bool) []any {
	groups := []any{}
	for _, one := range c.components() {
		units := c.units(one.name)
		count := len(units)
		if summary {
			units = []any{}
		}
		groups = append(groups, map[string]any{
			"id": one.name, "display_name": one.name, "resource_type": "MigrationUnitGroup",
			"type": one.name, "enabled": true, "parallel": false, "pause_after_each_migration_unit": false,
			"migration_unit_count": count, "migration_units": units, "extended_configuration": []any{},
		})
	}
	return groups
}

func (c *Coordinator) units(component string) []any {
	units := []any{}
	for _, name := range c.planned() {
		units = append(units, map[string]any{
			"id": component + "-" + name, "display_name": name, "type": component, "current_version": c.version.String(),
			"group":    map[string]any{"target_id": component, "target_type": "MigrationUnitGroup", "target_display_name": component, "is_valid": true},
			"metadata": []any{map[string]any{"key": "object_count", "value": strconv.Itoa(c.objectsOf(name))}}, "warnings": []any{},
		})
	}
	return units
}

// objectsOf is how many objects of a type the stored batch or the GENERIC run has.
func (c *Coordinator) objectsOf(typeName string) int {
	if c.state.Generic != nil {
		return c.state.Run.Totals[typeName]
	}
	return c.state.Batch.count(typeName)
}

func (c *Coordinator) getUnitGroups(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return page(r.Query, chosen(c.unitGroups(r.Query.Get("summary") == "true"), r, map[string]string{"component_type": "type"}))
}

func (c *Coordinator) getUnitGroup(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, group := range c.unitGroups(r.Query.Get("summary") == "true") {
		if cell(group, "id") == r.Params["type"] {
			return api.OK(group)
		}
	}
	return nil, api.NotFound(r.Params["type"])
}

func (c *Coordinator) getUnits(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := []any{}
	if r.Query.Get("has_warnings") != "true" { // no unit ever has any
		for _, one := range c.components() {
			if wants(r.Query, "group_id", one.name) {
				all = append(all, c.units(one.name)...)
			}
		}
	}
	return page(r.Query, chosen(all, r, map[string]string{
		"component_type": "type", "migration_unit_type": "type", "current_version": "current_version",
	}))
}

func (c *Coordinator) getSummary(context.Context, *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return api.OK(map[string]any{
		"migration_status": c.overall(), "migration_coordinator_version": c.version.String(),
		"system_version": c.version.String(), "target_version": c.version.String(), "component_target_versions": []any{},
	})
}

func (c *Coordinator) getSetup(context.Context, *api.Request) (*api.Response, error) {
	return api.OK(map[string]any{})
}
