package nsxsim

import (
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// mayWrite protects what belongs to Policy or to another principal identity. An enterprise admin may insist with
// X-Allow-Overwrite (nsxlib, bosh-vsphere-cpi issue 285). Objects of local users are open to every writer (ASSUMED).
func (s *Server) mayWrite(r *api.Request, o *store.Object) error {
	overwrite := strings.EqualFold(r.Header.Get("X-Allow-Overwrite"), "true")
	switch {
	case o.Owner == "" || o.Owner == r.Identity.Name || o.Owner == "system" || s.front.Accounts().Local(o.Owner):
		return nil
	case overwrite && r.Identity.Role == api.EnterpriseAdmin:
		return nil
	}
	return api.NotOwner(r.Identity, o.ResourceType, o.Owner, overwrite)
}
