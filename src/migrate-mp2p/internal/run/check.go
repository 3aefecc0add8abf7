package run

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/precheck"
)

// check runs every precheck over every draft that has work, says what each came to, and answers the failures.
func (r *Runner) check(ctx context.Context, drafts []draft) (failures []string, err error) {
	for _, d := range drafts {
		results, err := precheck.Run(ctx, precheck.Input{
			API: r.NSX, Platform: r.Config.NCP.Platform, Cluster: r.Config.NCP.Cluster, Strategy: r.Config.Migration.Strategy,
			Scope: d.scope, Node: r.node, Inventory: d.inv, Now: r.Clock.Now(), Ignore: r.Config.Migration.IgnorePrechecks,
			HalfWay: func(ctx context.Context) ([]inventory.HalfWay, error) {
				return inventory.FindHalfWay(ctx, r.NSX, r.Catalog, r.Config.NCP.Cluster)
			},
		})
		if err != nil {
			return nil, fmt.Errorf("running the prechecks of scope %s: %w", d.scope, err)
		}
		passed := 0
		for _, result := range results {
			switch {
			case result.Verdict == precheck.Fail && !result.Ignored:
				failures = append(failures, fmt.Sprintf("%s: %s %s", result.Name, result.Text, result.Cure))
			case result.Verdict == precheck.Fail:
				r.Report.Warn("precheck %s failed and is ignored, as migration.ignore_prechecks asks: %s", result.Name, result.Text)
			case result.Verdict == precheck.Warn:
				r.Report.Warn("precheck %s: %s %s", result.Name, result.Text, result.Cure)
			default:
				passed++
			}
		}
		r.Report.Say("prechecks of scope %s: %d of %d passed", d.scope, passed, len(results))
	}
	return failures, nil
}
