package precheck

import (
	"context"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// orphans finds what NCP made that the migration API cannot take along, since nothing takes it along.
func orphans(_ context.Context, in *Input) (Verdict, string, error) {
	if in.Scope != mp.NCP {
		return Skipped, "it concerns NCP-created objects", nil
	}
	var found []string
	for _, o := range in.Inventory.Orphans {
		found = append(found, o.String())
	}
	if len(found) > 0 {
		return Fail, "nothing takes along " + some(found), nil
	}
	return OK, "every part belongs to something that is, or is going to be, Policy", nil
}
