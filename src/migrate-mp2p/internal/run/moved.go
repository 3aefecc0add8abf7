package run

import (
	"cmp"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// noteShared keeps what the closing words say of the objects that the user spec names: NCP's configuration names the same
// ones, and before NCP is started in Policy mode it has to name them by their Policy ids.
func (r *Runner) noteShared(inv *inventory.Inventory) {
	r.moved = nil
	for _, o := range slices.Concat(inv.Objects, inv.Policy) {
		if e, ok := r.Catalog.Entry(o.Type); ok && e.SpecKey != "" {
			r.moved = append(r.moved, report.Moved{Name: o.Name, Mapping: report.Mapping{Type: string(o.Type), ManagerID: o.ID, PolicyPath: o.PolicyPath}})
		}
	}
	slices.SortFunc(r.moved, func(a, b report.Moved) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ManagerID, b.ManagerID))
	})
}

// noteMoved adds to these objects where a run that has migrated them put them.
func (r *Runner) noteMoved(header records.Header) {
	if header.Scope != string(mp.Shared) || header.State != records.Complete {
		return
	}
	paths := map[mp.Ref]string{} // by type, too: a router and its configuration have one id
	for m, err := range r.idMap() {
		if err != nil { // the id map tells of it, too
			break
		}
		paths[mp.Ref{Type: mp.Type(m.Type), ID: m.ManagerID}] = m.PolicyPath
	}
	for i, m := range r.moved {
		r.moved[i].PolicyPath = cmp.Or(paths[mp.Ref{Type: mp.Type(m.Type), ID: m.ManagerID}], m.PolicyPath)
	}
}

// nowPolicy are those of the user spec's objects of which it is known where they are in Policy.
func (r *Runner) nowPolicy() []report.Moved {
	return slices.DeleteFunc(slices.Clone(r.moved), func(m report.Moved) bool { return m.PolicyPath == "" })
}
