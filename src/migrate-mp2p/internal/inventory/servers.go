package inventory

import (
	"context"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Where virtual servers and their rules name what NCP in Policy mode tells apart (catalog, LB_VIRTUAL_SERVER).
const (
	fieldPool               = "pool_id"
	fieldRulePool           = "actions.pool_id"
	fieldDefaultCertificate = "client_ssl_profile_binding.default_certificate_id"
)

// typeLayer4 is the type that NCP in Policy mode gives the virtual servers of services; in Manager mode they have none
// (policy report, NCP 2.3 debug log).
const typeLayer4 = "layer_4"

// noteOwn notes the facts that an object of the load balancer shows by itself. Where ports differ there is none.
func (o *Object) noteOwn(b body) {
	switch o.Type {
	case mp.LBVirtualServer:
		o.note(mp.FactServerPort, theOne(b, "ports"))
		o.note(mp.FactServerProtocol, b.text("ip_protocol"))
	case mp.LBPersistenceProfile:
		o.note(mp.FactResourceType, b.text("resource_type"))
	case mp.LBPool:
		o.note(mp.FactMemberPort, theOne(b, "members.port"))
	}
}

// theOne gives the one value that stands at a path, however often; "" where there are several, or none.
func theOne(b body, path string) (value string) {
	different := false
	b.each(path, func(leaf string, _ body) {
		different = different || value != "" && leaf != value
		value = leaf
	})
	if different {
		return ""
	}
	return value
}

func (o *Object) note(fact mp.Fact, value string) {
	if value == "" {
		return
	}
	if o.Facts == nil {
		o.Facts = map[mp.Fact]string{}
	}
	o.Facts[fact] = value
}

// noteUsers notes on pools and certificates which virtual servers use them: what a pool is for, its own body does not tell.
func (r *retrieval) noteUsers(context.Context) error {
	if r.q.Scope != mp.NCP {
		return nil
	}
	servers := r.toMigrate(mp.LBVirtualServer)
	for _, server := range servers {
		for _, ref := range server.Refs {
			used := r.objects[ref.To]
			switch {
			case used == nil:
			case ref.Field == fieldRulePool && used.Facts[mp.FactUsedBy] == "":
				used.note(mp.FactUsedBy, mp.UsedByRule)
			case ref.Field == fieldDefaultCertificate:
				used.note(mp.FactUsedBy, mp.UsedByIngresses)
			}
		}
	}
	for _, server := range servers {
		if kind := tagValue(server.Tags, scopeServerType); kind != "" && kind != typeLayer4 {
			continue
		}
		for _, ref := range server.Refs {
			if used := r.objects[ref.To]; used != nil && ref.Field == fieldPool {
				used.note(mp.FactUsedBy, mp.UsedByServer)
				used.note(mp.FactServerPort, server.Facts[mp.FactServerPort])
				used.note(mp.FactServerProtocol, server.Facts[mp.FactServerProtocol])
			}
		}
	}
	return nil
}
