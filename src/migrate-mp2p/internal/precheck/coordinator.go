package precheck

import (
	"context"
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

const promotionStatePath = "/api/v1/migration/mp-policy-promotion/state"

// promotionIdle is the state of NSX's own promoter when it does nothing (NSX Go SDK). A failed cancel does not run.
var promotionIdle = map[string]bool{"PROMOTION_NOT_IN_PROGRESS": true, "CANCEL_FAILED": true, "": true}

func coordinatorIdle(ctx context.Context, in *Input) (Verdict, string, error) {
	service, err := in.API.CoordinatorService(ctx)
	if err != nil {
		return Fail, "", err
	}
	if !service.Running() {
		return OK, "the coordinator service is stopped; the run will start it", nil
	}
	status, err := in.API.MigrationStatus(ctx)
	if err != nil {
		return Fail, "", err
	}
	if status.Overall != mp.StatusNotStarted && status.Overall != mp.StatusSuccess {
		if in.TakesOver && (status.Overall == mp.StatusPaused || status.Overall == mp.StatusFailed) {
			return Warn, "a plan of the run whose objects are taken over is " + status.Overall + "; it is aborted once the lease is ours", nil
		}
		return Fail, "somebody else's migration is " + status.Overall, nil
	}
	var promotion promotionState
	err = in.API.Get(ctx, promotionStatePath, &promotion)
	if err != nil && !mp.NoSuchCall(err) { // NSX before 4.0 has no such call
		return Fail, "", err
	}
	if promotionIdle[promotion.State] {
		return OK, "no migration is under way", nil
	}
	if in.TakesOver {
		return Warn, "NSX says " + promotion.State + ", as it may of the workflow of the run whose objects are taken over", nil
	}
	// The plan rests, and yet a workflow is open: of a run that was given up, or of NSX's own promotion.
	text := fmt.Sprintf("the plan rests, and a promotion workflow is open all the same (%s), which no unfinished run of these records began", promotion.State)
	if in.EndWorkflow != "" && in.EndWorkflow == in.Node.ID {
		return Warn, text + "; it will be ended if NSX refuses to open another, as nsx.end_workflow asks", nil
	}
	return Fail, fmt.Sprintf("%s; when whoever did is known to be gone, let the next run end it with nsx.end_workflow: %s", text, in.Node.ID), nil
}

// promotionState is what we need of the promotion of all objects at once.
type promotionState struct {
	State string `json:"mp_policy_promotion"`
}

// Whole says whether the state was told.
func (s promotionState) Whole() bool { return s.State != "" }

func halfWay(ctx context.Context, in *Input) (Verdict, string, error) {
	found, err := in.HalfWay(ctx)
	if err != nil {
		return Fail, "", err
	}
	if len(found) == 0 {
		return OK, "none is half-way", nil
	}
	var names []string
	for _, h := range found {
		name := "cluster " + h.Cluster
		if h.Cluster == "" {
			name = "shared objects"
		}
		names = append(names, fmt.Sprintf("%s: %d Manager, %d Policy", name, h.Manager.N, h.Policy.N))
	}
	return Fail, strings.Join(names, "; "), nil
}
