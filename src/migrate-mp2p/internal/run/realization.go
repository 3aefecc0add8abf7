package run

import (
	"context"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// namedIntents is how many intents that are not realised a report names of each kind.
const namedIntents = 1000

// realization names the objects of a complete run that NSX failed to realise or has not realised yet, with its reasons.
// They do not change the code: there is no way back, and a dead transport node must not keep NCP stopped.
func (j *job) realization(ctx context.Context, header records.Header) (lines []string) {
	if header.State != records.Complete {
		return nil
	}
	ours := map[string]bool{}
	err := j.Records.Migrated(func(m records.MigratedObject) error {
		ours[m.PolicyPath] = true
		return nil
	})
	if err != nil {
		j.Report.Warn("whether all objects are realised could not be found out: reading the migration records: %v", err)
		return nil
	}
	found, err := inventory.FindUnrealised(ctx, j.NSX, func(path string) bool { return ours[path] })
	if err != nil {
		j.Report.Warn("whether all objects are realised could not be found out: %v", err)
		return nil
	}
	name := func(intents []inventory.Intent, what string) {
		if len(intents) == 0 {
			return
		}
		j.Report.Warn("NSX %s %d of the migrated objects, such as %s: the report names them; NCP may start all the same", what, len(intents), intents[0])
		lines = append(lines, bounded.Lines(bounded.Texts(intents), namedIntents)...)
	}
	name(found.Errors, "failed to realise")
	name(found.Late, "has not realised yet")
	if found.Incomplete {
		lines = append(lines, "there are more than NSX's search hands out")
	}
	return lines
}
