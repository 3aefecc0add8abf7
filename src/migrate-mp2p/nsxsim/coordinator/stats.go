package coordinator

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// The promotion statuses of a type ("NSX Go SDK", MigrationStats); the first is the
// plan's NOT_STARTED.
const (
	promotionInProgress = "IN_PROGRESS"
	promotionProcessing = "PROCESSING"
	promotionDone       = "DONE"
)

// span is a workflow as statistics see it: the records of the batches from first to
// before.
type span struct {
	*run
	before  int
	current bool
}

// at finds the workflow that the parameter location names; it is empty when there was
// none.
func (c *Coordinator) at(query url.Values) (span, error) {
	location := query.Get("location")
	of := span{run: c.state.Run, before: c.state.LastBatch + 1, current: true}
	switch location {
	case "", "CURRENT":
	case "ARCHIVED":
		of = span{run: c.state.Archive, before: c.state.Run.First}
	default:
		return span{}, refuse("location %q is neither CURRENT nor ARCHIVED.", location)
	}
	if of.run == nil {
		of.run = &run{First: of.before}
	}
	return of, nil
}

func (s span) holds(r *record) bool { return r.batch >= s.First && r.batch < s.before }

// failed are the failures of the workflow whose objects are not promoted, each object
// once.
func (c *Coordinator) failed(in *run) []failure {
	promoted := map[[2]string]bool{}
	for _, r := range c.records {
		promoted[[2]string{r.Type, r.ManagerID}] = true
	}
	var rows []failure
	for _, row := range in.Feedback {
		key := [2]string{row.Type, row.ID}
		if !promoted[key] {
			promoted[key] = true // once is enough
			rows = append(rows, row)
		}
	}
	return rows
}

// notPromoted are the objects that failed in the workflow at work and stayed behind.
func (c *Coordinator) notPromoted() []failure { return c.failed(c.state.Run) }

// getStats counts objects of each type: what would be promoted, or what a workflow did.
// The counts of a type are texts in the schema, the sum is a number ("NSX Go SDK").
func (c *Coordinator) getStats(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of, err := c.at(r.Query)
	if err != nil {
		return nil, err
	}
	promoted, failed, total := map[string]int{}, map[string]int{}, 0
	for _, one := range c.records {
		if of.holds(one) {
			promoted[one.Type]++
		}
	}
	for _, row := range c.failed(of.run) {
		failed[row.Type]++
	}
	stats := []any{}
	row := func(k *kind, count, promoted, failed int, status string) {
		total += count
		stats = append(stats, map[string]any{
			"resource_type": k.name, "promotion_status": status, "total_count": strconv.Itoa(count),
			"promoted_objects_count": strconv.Itoa(promoted), "failed_objects_count": strconv.Itoa(failed),
		})
	}
	err = c.store.View(func(tx *store.Tx) error {
		shared := newLookups(tx)
		for i := range kinds {
			k := &kinds[i]
			if r.Query.Get("pre_promotion") == "true" {
				row(k, len(c.candidates(shared, k)), 0, 0, statusNotStarted)
				continue
			}
			count := promoted[k.name] + failed[k.name]
			if of.Generic {
				count = of.Totals[k.name]
			}
			row(k, count, promoted[k.name], failed[k.name], c.promotionStatus(of, k.name, promoted[k.name]))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"current_resource_type_in_promotion": c.promoting(), "migration_stats": stats, "total_count": total})
}

// promotionStatus is how far a type is.
func (c *Coordinator) promotionStatus(of span, typeName string, promoted int) string {
	if !of.current {
		return promotionDone
	}
	if c.state.Precheck.Status == statusInProgress && slices.Contains(c.planned(), typeName) {
		return promotionProcessing
	}
	if c.promoting() == typeName {
		return promotionInProgress
	}
	if run := c.state.Generic; run != nil {
		if run.Next < len(run.Steps) && !slices.Contains(run.Steps[:run.Next], typeName) {
			return statusNotStarted
		}
		return promotionDone
	}
	if promoted == 0 {
		return statusNotStarted
	}
	return promotionDone
}

// planned are the types of the stored batch or of the GENERIC run.
func (c *Coordinator) planned() []string {
	if c.state.Generic != nil {
		return c.state.Generic.Steps
	}
	var names []string
	if c.state.Batch != nil {
		for _, resource := range c.state.Batch.MigrationData {
			names = append(names, resource.Type)
		}
	}
	return names
}

// promoting names the type at work, "NONE" when there is none ("SAP simulator").
func (c *Coordinator) promoting() string {
	names := c.planned()
	if c.state.Migration.Status != statusInProgress || len(names) == 0 {
		return "NONE"
	}
	if c.state.Generic != nil {
		return names[c.state.Generic.Next]
	}
	reached := int(share(c.state.Migration.Began, c.state.Migration.Ends, c.clock.Now()) * float64(c.state.Batch.size()))
	for _, resource := range c.state.Batch.MigrationData {
		if reached -= len(resource.ResourceIDs); reached < 0 {
			return resource.Type
		}
	}
	return names[len(names)-1]
}

// getMapping tells which Policy object each object of a workflow became.
func (c *Coordinator) getMapping(_ context.Context, r *api.Request) (*api.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of, err := c.at(r.Query)
	if err != nil {
		return nil, err
	}
	made, left := map[string][]any{}, map[string][]any{}
	for _, one := range c.sortedRecords(of.holds) {
		made[one.Type] = append(made[one.Type], map[string]any{
			"mp_resource_id": one.ManagerID, "mp_resource_type": one.Type,
			"policy_resource_id": one.PolicyID, "policy_resource_path": one.PolicyPath, "error_list": []any{},
		})
	}
	for _, row := range c.failed(of.run) {
		left[row.Type] = append(left[row.Type], map[string]any{
			"mp_resource_id": row.ID, "mp_resource_type": row.Type, "error_list": errorList(row),
		})
	}
	mapping := []any{}
	for _, k := range kinds {
		if len(made[k.name])+len(left[k.name]) > 0 {
			mapping = append(mapping, map[string]any{
				"resource_type": k.name, "promotion_status": c.promotionStatus(of, k.name, len(made[k.name])),
				"promoted_objects_count": len(made[k.name]), "failed_objects_count": len(left[k.name]),
				"resource_map": notNil(made[k.name]), "failed_mp_resources": notNil(left[k.name]),
			})
		}
	}
	return api.OK(map[string]any{"migrated_resource_mapping": mapping})
}

// notNil is a list that is written as [] when it is empty.
func notNil(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}
