package manager

import (
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// LeftInManager are the users' objects that are in Manager mode and of collections that NSX 9 does not have. What lies
// below others goes with them.
func LeftInManager(tx *store.Tx) []string {
	var left []string
	for _, k := range allKinds() {
		if k.stays || k.single || k.readOnly || k.collection != k.pattern() {
			continue
		}
		for _, o := range tx.Manager().List(k.collection) {
			if _, promoted := o.Tag(policy.PathScope); !promoted && !o.System && o.Owner != store.PolicyUser {
				left = append(left, o.Key)
			}
		}
	}
	return left
}
