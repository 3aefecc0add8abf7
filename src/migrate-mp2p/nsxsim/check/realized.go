package check

import (
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/coordinator"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// rowRealized is the row of intents that are not realized.
const rowRealized = "realized"

// unrealized are the intents of the cluster, of its shared objects and of its nodes that are not realized: those that no
// DONE ever came for, which NCP must not meet, and those that DONE left behind. NCP may start with the latter (ASSUMED:
// there is no way back, and a transport node that is down must not keep it stopped).
func (v *view) unrealized() (missing, behind []Violation, err error) {
	intents, err := coordinator.UnrealizedIn(v.tx)
	if err != nil || len(intents) == 0 {
		return nil, nil, err
	}
	concerned := v.placesOfCluster()
	for _, intent := range intents {
		if !below(intent.Path, concerned) {
			continue
		}
		if !intent.Committed {
			missing = append(missing, Violation{Path: intent.Path, Row: rowRealized, Text: fmt.Sprintf("intent is not realized: %s", intent.Status)})
			continue
		}
		text := fmt.Sprintf("DONE left the intent behind: %s", intent.Status)
		if intent.Reason != "" {
			text += ": " + intent.Reason
		}
		behind = append(behind, Violation{Path: intent.Path, Row: rowRealized, Assumed: true, Text: text})
	}
	return missing, behind, nil
}

// placesOfCluster are the Policy paths of the cluster's objects, of what they share and of its nodes' network.
func (v *view) placesOfCluster() map[string]bool {
	places := map[string]bool{}
	for _, objects := range [][]*store.Object{v.own(), v.shared(), v.nodeNetwork()} {
		for _, o := range objects {
			if path, promoted := o.Tag(scopePolicyPath); promoted {
				places[path] = true
			}
		}
	}
	for _, one := range v.allocations() {
		if o, promoted := v.policyAllocation(one); promoted {
			places[o.Key] = true
		}
	}
	return places
}

// below tells whether a path is one of the places, or lies below one.
func below(path string, places map[string]bool) bool {
	for path != "" {
		if places[path] {
			return true
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	return false
}
