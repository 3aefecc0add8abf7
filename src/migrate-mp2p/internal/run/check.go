package run

import (
	"context"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/precheck"
)

// check runs every precheck, says what each came to, and answers the failures. The checks ask about NSX and
// about NCP's objects, so that they look at the draft of scope ncp wherever there is one.
func (r *Runner) check(ctx context.Context, drafts []draft) (results []precheck.Result, failures []string, err error) {
	d := drafts[len(drafts)-1]
	results, err = precheck.Run(ctx, precheck.Input{
		API: r.NSX, Platform: r.Config.NCP.Platform, Cluster: r.Config.NCP.Cluster, Strategy: r.Config.Migration.Strategy, Identity: r.NSX.Identity(),
		Scope: d.scope, Node: r.node, Inventory: d.inv, Now: r.Clock.Now(), Ignore: r.Config.Migration.IgnorePrechecks,
		EndWorkflow: r.Config.NSX.EndWorkflow,
		TakesOver:   slices.ContainsFunc(drafts, func(d draft) bool { return d.adopted > 0 && !d.realised }),
		Moving:      moving(drafts[:len(drafts)-1]),
		HalfWay:     r.halfWay,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("running the prechecks: %w", err)
	}
	passed := 0
	for _, result := range results {
		text := fmt.Sprintf("precheck %s: %s (%s)", result.Name, result.Text, result.Cure)
		switch {
		case result.Verdict == precheck.Fail && !result.Ignored:
			failures = append(failures, text)
		case result.Verdict == precheck.Fail:
			r.Report.Warn("ignored, as migration.ignore_prechecks asks: %s", text)
		case result.Verdict == precheck.Warn:
			r.Report.Warn("%s", text)
		default:
			passed++
		}
	}
	r.Report.Say("prechecks: %d of %d passed", passed, len(results))
	return results, failures, nil
}

// moving tells of an object whether one of the drafts moves it.
func moving(drafts []draft) func(id string) bool {
	ids := map[string]bool{}
	for _, d := range drafts {
		for _, b := range d.plan.Batches {
			for _, e := range b.Entries {
				ids[e.ID] = true
			}
		}
	}
	return func(id string) bool { return ids[id] }
}

// halfWay finds other clusters, and shared objects, that a migration left half-way. Shared ones that this run takes over
// are none of these.
func (r *Runner) halfWay(ctx context.Context) ([]inventory.HalfWay, error) {
	found, err := inventory.FindHalfWay(ctx, r.NSX, r.Catalog, r.Config.NCP.Platform, r.Config.NCP.Cluster)
	return slices.DeleteFunc(found, func(h inventory.HalfWay) bool { return h.Cluster == "" && r.adoptsShared }), err
}
