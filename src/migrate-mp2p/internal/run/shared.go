package run

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// SpecKinds are the types that the user spec may list, as the catalog knows them.
func SpecKinds(c *catalog.Catalog) []config.Kind {
	var kinds []config.Kind
	for _, e := range c.Entries() {
		if e.SpecKey == "" {
			continue
		}
		kinds = append(kinds, config.Kind{
			Key: e.SpecKey, Type: string(e.Type),
			Router:        e.Type == mp.Tier0 || e.Type == mp.Tier1,
			MigrateConfig: e.Type == mp.Tier0,
			Allocations:   e.Type == mp.IPPool,
		})
	}
	return kinds
}

// wanted shows the user spec to the inventory. Custom resources, which NCP did not make, move with the shared
// ones. Ports need no mention: all ports of a listed router move with it.
func (r *Runner) wanted() []inventory.Wanted {
	var all []inventory.Wanted
	for _, e := range slices.Concat(r.Spec.Shared, r.Spec.Custom) {
		if e.Cluster != "" && e.Cluster != r.Config.NCP.Cluster {
			continue
		}
		w := inventory.Wanted{
			Type: mp.Type(e.Kind.Type), Name: e.Label(), PolicyID: e.PolicyID, Config: e.MigrateConfig, Line: e.Line,
			Metadata: pairs(e.Metadata), LinkedIDs: pairs(e.LinkedIDs),
			Allocations: map[string]string{}, StaticRoutes: map[string]string{},
		}
		for _, a := range e.Allocations {
			w.Allocations[a.IP] = a.PolicyID
		}
		for _, route := range e.StaticRoutes {
			w.StaticRoutes[route.Name+route.ID+route.NameOrID] = route.PolicyID
		}
		all = append(all, w)
	}
	return all
}

func pairs(list []config.KeyValue) []mp.KeyValue {
	var out []mp.KeyValue
	for _, p := range list {
		out = append(out, mp.KeyValue(p))
	}
	return out
}
