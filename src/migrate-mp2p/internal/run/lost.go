package run

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/updates"
)

// versionTag is the scope of the tag by which it is told whether the end of a migration has reached an object.
const versionTag = "ncp/version"

// lostObjects are those of a scope which show that a migration was begun and not ended.
type lostObjects struct {
	refs     []mp.Ref
	managers int  // objects of the scope that are Manager
	nodes    bool // some are of the network of TKGI's nodes
}

func (r *Runner) noteLost(scope mp.Scope, found lostObjects) {
	if r.lost == nil {
		r.lost = map[mp.Scope]lostObjects{}
	}
	r.lost[scope] = found
}

// isLost says whether objects of a scope were found lost, and that was not undone since.
func (r *Runner) isLost(scope mp.Scope) bool { return len(r.lost[scope].refs) > 0 }

func other(scope mp.Scope) mp.Scope {
	if scope == mp.Shared {
		return mp.NCP
	}
	return mp.Shared
}

// lookForLost notes the lost objects of a scope. While a run is unfinished its records say whose they are.
func (r *Runner) lookForLost(ctx context.Context, scope mp.Scope, inv *inventory.Inventory) (lostObjects, error) {
	if _, unfinished, err := r.takenUp(); err != nil || unfinished || r.live != nil {
		return lostObjects{}, err
	}
	refs, err := r.findLost(ctx, scope, inv)
	if err != nil {
		return lostObjects{}, err
	}
	found := lostObjects{refs: refs, managers: len(withoutConfigurations(inv, nil))}
	found.nodes = slices.ContainsFunc(inv.Policy, func(o *inventory.Object) bool { return o.Nodes && slices.Contains(refs, o.Ref) })
	r.noteLost(scope, found)
	return found, nil
}

// findLost names objects that show that a migration was begun and not ended. Nobody's unfinished records are on this disk when
// it is asked, so that the records of that migration are lost, or lie elsewhere, or NSX was restored under an archived run.
//
//	scope ncp     Policy objects without the tags that phase 4 leaves on each, and NCP in Policy mode on what it makes. The
//	              network of TKGI's nodes gets no such tags: of it, routers and segments that NSX has not begun to realise
//	scope shared  Policy objects that NSX has not begun to realise: others that are Policy are nothing unusual. Where none is
//	              Manager, only routers and segments tell, since NSX has nothing to realise of a profile that nobody uses (ASSUMED)
//
// Whether an archive claims them does not count, and neither does whether others are Manager.
func (r *Runner) findLost(ctx context.Context, scope mp.Scope, inv *inventory.Inventory) ([]mp.Ref, error) {
	if scope == mp.Shared {
		asked := inv.Policy
		if len(withoutConfigurations(inv, nil)) == 0 {
			asked = slices.DeleteFunc(slices.Clone(asked), func(o *inventory.Object) bool {
				return !slices.Contains([]mp.Type{mp.Tier0, mp.Tier1, mp.LogicalSwitch}, o.Type)
			})
		}
		unrealised, err := r.unrealised(ctx, asked, maxRealised)
		return refsOf(unrealised), err
	}
	nodes := slices.DeleteFunc(slices.Clone(inv.Policy), func(o *inventory.Object) bool {
		return !o.Nodes || o.Type != mp.Tier1 && o.Type != mp.LogicalSwitch
	})
	unrealised, err := r.unrealised(ctx, nodes, maxRealised)
	if err != nil {
		return nil, err
	}
	ofNCP, err := r.findLostOfNCP(ctx, inv)
	return slices.Concat(ofNCP, refsOf(unrealised)), err
}

// findLostOfNCP is findLost for what NCP made.
func (r *Runner) findLostOfNCP(ctx context.Context, inv *inventory.Inventory) ([]mp.Ref, error) {
	made := slices.DeleteFunc(slices.Clone(inv.Policy), func(o *inventory.Object) bool { return o.Nodes })
	version := r.Rules.Constant(versionTag)
	if version == "" { // rules of the operator that set none: only who migrated an object can be asked
		if len(inv.Objects) == 0 {
			return nil, nil
		}
		return r.unclaimed(refsOf(made))
	}
	env := updates.Env{Platform: r.Config.NCP.Platform, Scope: mp.NCP, Cluster: r.Config.NCP.Cluster}
	tagged := slices.DeleteFunc(made, func(o *inventory.Object) bool { return !r.Rules.Touches(o.Type, env) })
	unready, err := inventory.FindUnready(ctx, r.NSX, r.query(mp.NCP), version, tagged)
	if err != nil {
		return nil, fmt.Errorf("looking for Policy objects whose updates were never made: %w", err)
	}
	return r.notWaived(unready, tagged)
}

func refsOf(objects []*inventory.Object) []mp.Ref {
	var refs []mp.Ref
	for _, o := range objects {
		refs = append(refs, o.Ref)
	}
	return refs
}

// notWaived leaves out the objects whose updates the operator let go, in this configuration or in a run that completed.
func (r *Runner) notWaived(unready []mp.Ref, objects []*inventory.Object) ([]mp.Ref, error) {
	if len(unready) == 0 {
		return nil, nil
	}
	waived := map[string]bool{}
	for _, path := range r.Config.Migration.WaiveUpdates {
		waived[path] = true
	}
	if err := records.WaivedByArchive(r.Config.Records.Directory, func(path string) { waived[path] = true }); err != nil {
		return nil, fmt.Errorf("reading the waived updates of archived runs: %w", err)
	}
	paths := make(map[mp.Ref]string, len(objects))
	for _, o := range objects {
		paths[o.Ref] = o.PolicyPath
	}
	return slices.DeleteFunc(unready, func(ref mp.Ref) bool { return waived[paths[ref]] }), nil
}

// lostRecords stops before any write where records are lost, unless the run may take the objects over.
func (r *Runner) lostRecords(ctx context.Context, drafts []draft) error {
	for _, d := range drafts {
		if len(d.lost.refs) > 0 && d.adopted == 0 {
			return r.describeLost(ctx, d.scope, d.lost, false)
		}
	}
	return nil
}

// describeLost makes the error of what was found, with the lease that stands in the way. realised says that they were adopted
// to be rolled back, and cannot be.
func (r *Runner) describeLost(ctx context.Context, scope mp.Scope, found lostObjects, realised bool) error {
	nobodys, err := r.unclaimed(found.refs)
	if err != nil {
		return err
	}
	held, err := r.readLease(ctx)
	if err != nil {
		return err
	}
	return &lostRecords{
		scope: scope, total: len(found.refs), claimed: len(found.refs) - len(nobodys), manager: found.managers,
		names: found.refs[:min(len(found.refs), 5)], holder: held.tag(leaseRun), nodes: found.nodes, realised: realised,
	}
}

// unclaimed are the objects that no archive claims.
func (r *Runner) unclaimed(policy []mp.Ref) ([]mp.Ref, error) {
	refs := make([]records.Ref, 0, len(policy))
	for _, ref := range policy {
		refs = append(refs, records.Ref{Type: string(ref.Type), ID: ref.ID})
	}
	claimed, err := records.ClaimedByArchive(r.Config.Records.Directory, refs)
	if err != nil {
		return nil, fmt.Errorf("reading the archived records: %w", err)
	}
	var rest []mp.Ref
	for i, ref := range policy {
		if _, ok := claimed[refs[i]]; !ok {
			rest = append(rest, ref)
		}
	}
	return rest, nil
}

// lostRecords says that a migration was begun whose records are not here.
type lostRecords struct {
	scope                   mp.Scope
	total, claimed, manager int
	names                   []mp.Ref
	holder                  string // run that holds the lease
	nodes                   bool   // some are of the network of TKGI's nodes
	realised                bool   // they were adopted to be rolled back, and cannot be
}

func (e *lostRecords) Error() string {
	var names []string
	for _, ref := range e.names {
		names = append(names, ref.String())
	}
	if e.total > len(names) {
		names = append(names, "...")
	}
	what, sign := "NCP objects of this cluster are Policy", "without the tags that the end of a migration gives them"
	if e.nodes {
		what = "NCP objects of this cluster, or objects of its nodes' network, are Policy"
		sign += ", or not realised by NSX yet"
	}
	if e.scope == mp.Shared {
		what, sign = "shared objects are Policy", "and NSX has not begun to realise them"
	}
	text := fmt.Sprintf("%d %s although no records on this disk claim them (%s), %s", e.total, what, strings.Join(names, ", "), sign)
	if e.claimed > 0 {
		text = fmt.Sprintf("%d %s although the archived run that migrated %d of them was complete (%s), %s", e.total, what, e.claimed, strings.Join(names, ", "), sign)
	}
	if e.manager > 0 {
		text += fmt.Sprintf(", while %d are Manager", e.manager)
	}
	cause := ": a migration was begun from another machine or disk, or its records were lost; run again where those records lie, or, if they are lost for good, take the objects over with migration.adopt: true"
	if e.claimed > 0 {
		cause = ": NSX was restored from a backup that was made while the migration went on; take the objects over with migration.adopt: true"
	}
	if e.realised {
		cause = ": that run was past the point of no return (DONE), and NSX realises them, so that nothing can be rolled back; let `run` bring them to their end with migration.adopt: true"
	}
	text += cause
	if e.holder != "" {
		text += fmt.Sprintf(" and, since NSX shows the lease of run %s, nsx.break_lease: %s", e.holder, e.holder)
	}
	return text
}
