package api

import (
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// MayWrite protects what belongs to Policy or to another principal identity. An enterprise admin may insist with
// X-Allow-Overwrite (nsxlib, bosh-vsphere-cpi issue 285). Objects of local users are open to every writer (ASSUMED).
func MayWrite(r *Request, o *store.Object, local func(user string) bool) error {
	overwrite := strings.EqualFold(r.Header.Get("X-Allow-Overwrite"), "true")
	switch {
	case o.Owner == "" || o.Owner == r.Identity.Name || o.Owner == "system" || local(o.Owner):
		return nil
	case overwrite && r.Identity.Role == EnterpriseAdmin:
		return nil
	}
	return NotOwner(r.Identity, o.ResourceType, o.Owner, overwrite)
}
