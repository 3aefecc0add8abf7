package precheck

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// latePorts finds ports for which NSX made a Policy port by itself ("default:" in its path, SAP networking-nsx-t). That
// such a port cannot be migrated is ASSUMED: to NSX it is Policy already.
func latePorts(_ context.Context, in *Input) (Verdict, string, error) {
	var late []string
	ports := 0
	for _, o := range in.Inventory.Objects {
		if o.Type != mp.LogicalPort {
			continue
		}
		ports++
		if o.Shadowed {
			late = append(late, fmt.Sprintf("%s (%s)", o.Name, o.ID))
		}
	}
	if len(late) > 0 {
		return Fail, "NSX has a Policy port of its own for " + some(late), nil
	}
	return OK, fmt.Sprintf("%d ports looked at", ports), nil
}
