package precheck

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// maxLBRules is the number of rules that a Policy virtual server takes (NCP docs 4.1).
const maxLBRules = 255

func lbRules(_ context.Context, in *Input) (Verdict, string, error) {
	var over []string
	servers := 0
	for _, o := range in.Inventory.Objects {
		if o.Type != mp.LBVirtualServer {
			continue
		}
		servers++
		if len(o.Names) > maxLBRules {
			over = append(over, fmt.Sprintf("%s (%s) has %d rules, %d are allowed", o.Name, o.ID, len(o.Names), maxLBRules))
		}
	}
	if len(over) > 0 {
		return Fail, some(over), nil
	}
	return OK, fmt.Sprintf("%d virtual servers looked at", servers), nil
}
