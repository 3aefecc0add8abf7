package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// With migration.adopt a run takes over what another one has made Policy whose records are lost. Its records are rebuilt
// from what NSX shows: the policyPath tags, and for what has none the coordinator's memory. The adopted objects become
// batches that are migrated already; what is left follows in ordinary batches, and the run goes through the whole chart.
//
//	1 NSX realises none of the adopted objects: the lost run was before DONE. Its plan, if it waits half-way, is aborted, its
//	  workflow, if it is open, is the one that these objects were made in, and our DONE ends it. They can still be rolled
//	  back: the command rollback does that.
//	2 NSX realises some: the lost run was past DONE. Only forward remains. A workflow that is open now is somebody else's.
//	3 On failure only what this run sent is rolled back. As long as adopted objects are Policy and not realised, no DONE is
//	  sent, since it would realise them: the workflow stays open, the records are archived, and the next run adopts again.
//	4 What a rollback restores is what NSX does. Tags and names that the lost run had changed are not in the records.
//	5 Shared objects that are Policy are nothing unusual. Those that NSX has not begun to realise were left by a run that
//	  was interrupted, and only they are adopted.

// maxRealised is how many objects are asked whether NSX realises them, before anybody says that they are lost.
const maxRealised = 50

// takeOver decides which objects of an inventory the run adopts, given those that show that records are lost, and moves
// to inv.Policy what proves to be Policy without a tag of its own.
func (r *Runner) takeOver(ctx context.Context, scope mp.Scope, inv *inventory.Inventory, lost lostObjects) (map[mp.Ref]bool, error) {
	adopt := map[mp.Ref]bool{}
	if r.Config.Migration.Adopt && len(lost.refs) > 0 {
		of := inv.Policy
		var err error
		if scope == mp.Shared {
			of, err = r.unrealised(ctx, inv.Policy, len(inv.Policy))
		} else if of, err = r.notOfCompleteRuns(of, lost.refs); err == nil {
			err = r.proveWithoutTags(ctx, inv, func(o *inventory.Object) { of = append(of, o) })
		}
		if err != nil {
			return nil, err
		}
		for _, o := range of {
			adopt[o.Ref] = true
		}
		if scope == mp.Shared {
			parents := func(o *inventory.Object) {
				if adopt[o.Parent] {
					adopt[o.Ref] = true
				}
			}
			if err := r.proveWithoutTags(ctx, inv, parents); err != nil {
				return nil, err
			}
			for _, o := range inv.Policy { // the uplinks of a Tier-0, of which NSX tells nothing by themselves
				if e, _ := r.Catalog.Entry(o.Type); e.PolicyPath == "" {
					parents(o)
				}
			}
		}
	}
	r.leaveConfigurations(inv, adopt)
	return adopt, nil
}

// leaveConfigurations counts the configurations of Tier-0 routers that are Policy and not adopted among what is Policy.
func (r *Runner) leaveConfigurations(inv *inventory.Inventory, adopt map[mp.Ref]bool) {
	kept := withoutConfigurations(inv, adopt)
	stay := map[*inventory.Object]bool{}
	for _, o := range kept {
		stay[o] = true
	}
	for _, o := range inv.Objects {
		if i := slices.IndexFunc(inv.Policy, isTier0(o.ID)); !stay[o] && i >= 0 {
			o.PolicyPath = inv.Policy[i].PolicyPath
			inv.Policy = append(inv.Policy, o)
		}
	}
	inv.Objects = kept
}

func isTier0(id string) func(*inventory.Object) bool {
	tier0 := mp.Ref{Type: mp.Tier0, ID: id}
	return func(o *inventory.Object) bool { return o.Ref == tier0 }
}

// withoutConfigurations leaves out the configurations of Tier-0 routers that are Policy and not adopted: a configuration
// moves with its router, or when the user spec asks for it.
func withoutConfigurations(inv *inventory.Inventory, adopt map[mp.Ref]bool) []*inventory.Object {
	return slices.DeleteFunc(slices.Clone(inv.Objects), func(o *inventory.Object) bool {
		tier0 := mp.Ref{Type: mp.Tier0, ID: o.ID}
		return o.Type == mp.Tier0Config && slices.ContainsFunc(inv.Policy, isTier0(o.ID)) && !adopt[tier0] && (o.Wanted == nil || !o.Wanted.Config)
	})
}

// notOfCompleteRuns leaves out what an archived run migrated, unless objects of such a run are among the lost: then NSX was
// restored under it, and the archive says nothing any more.
func (r *Runner) notOfCompleteRuns(policy []*inventory.Object, lost []mp.Ref) ([]*inventory.Object, error) {
	nobodys, err := r.unclaimed(lost)
	if err != nil || len(nobodys) < len(lost) {
		return policy, err
	}
	refs := make([]mp.Ref, len(policy))
	for i, o := range policy {
		refs[i] = o.Ref
	}
	if nobodys, err = r.unclaimed(refs); err != nil {
		return nil, err
	}
	claimed := map[mp.Ref]bool{}
	for _, ref := range refs {
		claimed[ref] = true
	}
	for _, ref := range nobodys {
		delete(claimed, ref)
	}
	return slices.DeleteFunc(slices.Clone(policy), func(o *inventory.Object) bool { return claimed[o.Ref] }), nil
}

// proveWithoutTags looks at the objects that show by other things than a tag that they are Policy, and moves those that
// are. What cannot be told stays: if it is Policy, NSX reports it as a duplicate, and it is taken out of its batch.
func (r *Runner) proveWithoutTags(ctx context.Context, inv *inventory.Inventory, found func(*inventory.Object)) error {
	places := map[mp.Ref]inventory.Place{}
	var refs []mp.Ref
	for _, o := range inv.Objects {
		e, _ := r.Catalog.Entry(o.Type)
		if e.Proof == catalog.RouterParts || e.Proof == catalog.MigratedResources {
			refs = append(refs, o.Ref)
			places[o.Ref] = inventory.Place{Parent: o.Parent.ID}
		}
	}
	if len(refs) == 0 {
		return nil
	}
	findings, err := inventory.Look(ctx, r.NSX, r.Catalog, refs, func(ref mp.Ref) inventory.Place { return places[ref] })
	if err != nil {
		return fmt.Errorf("looking at the objects to adopt: %w", err)
	}
	inv.Objects = slices.DeleteFunc(inv.Objects, func(o *inventory.Object) bool {
		f := findings[o.Ref]
		if f.Evidence != catalog.IsPolicy {
			return false
		}
		o.PolicyPath = f.PolicyPath
		inv.Policy = append(inv.Policy, o)
		found(o)
		return true
	})
	return nil
}

// uninitialised is NSX's word for what it has not begun to realise. Its UNKNOWN is no proof of that.
const uninitialised = "UNINITIALIZED"

// unrealised are those of the objects of which NSX says that it has not begun to realise them. It asks for no more than most
// of them, spread over all. NSX tells it of objects that have a place of their own in Policy.
func (r *Runner) unrealised(ctx context.Context, objects []*inventory.Object, most int) ([]*inventory.Object, error) {
	asked := slices.DeleteFunc(slices.Clone(objects), func(o *inventory.Object) bool {
		e, _ := r.Catalog.Entry(o.Type)
		return o.PolicyPath == "" || e.PolicyPath == ""
	})
	every := max((len(asked)+most-1)/max(most, 1), 1)
	var none []*inventory.Object
	for i := 0; i < len(asked); i += every {
		status, err := r.NSX.Realization(ctx, asked[i].PolicyPath)
		if mp.IsKind(err, mp.KindNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the realisation of %s: %w", asked[i].PolicyPath, err)
		}
		if status == uninitialised {
			none = append(none, asked[i])
		}
	}
	return none, nil
}

// anyRealised says whether NSX has begun to realise adopted objects. Some of them are asked.
func (r *Runner) anyRealised(ctx context.Context, inv *inventory.Inventory, adopt map[mp.Ref]bool) (bool, error) {
	adopted := slices.DeleteFunc(slices.Clone(inv.Policy), func(o *inventory.Object) bool {
		e, _ := r.Catalog.Entry(o.Type)
		return !adopt[o.Ref] || o.PolicyPath == "" || e.PolicyPath == ""
	})
	every := max((len(adopted)+maxRealised-1)/maxRealised, 1)
	for i := 0; i < len(adopted); i += every {
		status, err := r.NSX.Realization(ctx, adopted[i].PolicyPath)
		if err != nil && !mp.IsKind(err, mp.KindNotFound) {
			return false, fmt.Errorf("reading the realisation of %s: %w", adopted[i].PolicyPath, err)
		}
		if err == nil && begun(status, "") {
			return true, nil
		}
	}
	return false, nil
}

// awaitIdle waits until the coordinator works on nothing, since what a batch at work will make Policy cannot be known. A
// coordinator that does not run works on nothing.
func (r *Runner) awaitIdle(ctx context.Context) error {
	if !r.Config.Migration.Adopt {
		return nil
	}
	service, err := r.NSX.CoordinatorService(ctx)
	if err != nil || !service.Running() {
		return err
	}
	_, err = (&job{Runner: r}).migrator().Idle(ctx)
	return err
}

// rollbackLost is the command rollback without records: it adopts what a lost run has made Policy, and takes that back.
// NCP's objects go first, since they stand on the shared ones.
func (r *Runner) rollbackLost(ctx context.Context) error {
	if err := r.awaitIdle(ctx); err != nil {
		return err
	}
	drafts, err := r.draftAll(ctx, r.scopes())
	if err != nil {
		return err
	}
	if err := r.lostRecords(ctx, drafts); err != nil {
		return err
	}
	for _, d := range slices.Backward(drafts) {
		if d.adopted == 0 {
			continue
		}
		if d.realised {
			return r.describeLost(ctx, d.scope, d.lost, true)
		}
		d.inv = nil
		var asked *again
		if err := r.migrate(ctx, d); err != nil && !errors.As(err, &asked) {
			return err
		}
	}
	return nil
}

// askedBack turns a run whose objects were adopted in order to be rolled back.
func (j *job) askedBack() error {
	if !j.header.GoBack {
		return nil
	}
	return &again{records.RollingBack, "the command rollback takes back what was adopted", false}
}

// undoesAdopted says whether a rollback takes back adopted objects, too: what NSX has realised cannot be.
func (j *job) undoesAdopted() bool {
	return (j.Config.Migration.Command == config.CommandRollback || j.header.GoBack) && !j.header.Realised
}

// takesOverWorkflow says whether a workflow that is open belongs to the run whose objects this one adopted: they were
// made in it, as long as no DONE has realised them.
func (j *job) takesOverWorkflow() bool { return j.header.Adopted > 0 && !j.header.Realised }

// adoptedEnd is what became of adopted objects in a run that is rolled back.
type adoptedEnd struct {
	// left is how many are Policy still.
	left int
	// unrestored says what the rollback could not give back.
	unrestored []string
	// keepWorkflow is true where the coordinator must keep the workflow and the memory of what was migrated in it.
	keepWorkflow bool
}

// adoptedAtEnd says, and warns of, what became of adopted objects at the end of a run. A complete one has migrated them.
func (j *job) adoptedAtEnd(ctx context.Context, header records.Header) (end adoptedEnd, err error) {
	if header.State != records.RolledBack {
		return end, nil
	}
	if end.left, err = j.adoptedLeft(ctx); err != nil {
		return end, err
	}
	if back := header.Adopted - end.left; header.GoBack && back > 0 {
		text := fmt.Sprintf("owners, tags and names of %d adopted objects are what NSX made of them: what they were before the lost run only its records knew", back)
		j.Report.Warn("%s", text)
		end.unrestored = []string{text}
	}
	if end.left > 0 {
		j.Report.Warn("%d objects that were adopted are still Policy: what this run sent was rolled back, and they were not; run again with migration.adopt: true, which adopts them once more", end.left)
		end.keepWorkflow = j.takesOverWorkflow()
	}
	return end, nil
}

// adoptedLeft counts the adopted objects that are Policy after a rollback which left them alone.
func (j *job) adoptedLeft(ctx context.Context) (int, error) {
	if j.header.Adopted == 0 {
		return 0, nil
	}
	var refs []mp.Ref
	err := j.Records.Batches(func(b records.Batch) error {
		if !b.Adopted || b.State == records.BatchRolledBack {
			return nil
		}
		for _, e := range b.Entries {
			refs = append(refs, mp.Ref{Type: mp.Type(e.Type), ID: e.ID})
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reading the batches from the records: %w", err)
	}
	found, err := inventory.Look(ctx, j.NSX, j.Catalog, refs, j.places())
	if err != nil {
		return 0, fmt.Errorf("reading the adopted objects: %w", err)
	}
	left := 0
	for _, f := range found {
		if f.Evidence == catalog.IsPolicy {
			left++
		}
	}
	return left, nil
}

// unclaimedDuplicates refuses to go on past phase 2 where NSX took objects for Policy that were not adopted: no record
// claims them, so that phase 4 would pass them over. The next run finds them.
func (j *job) unclaimedDuplicates() error {
	if j.header.Adopted == 0 {
		return nil
	}
	var passed []string
	err := j.Records.Batches(func(b records.Batch) error {
		if !j.Rules.Touches(mp.Type(b.Type), j.rulesEnv()) {
			return nil
		}
		for _, e := range b.Entries {
			if e.NotOurs {
				passed = append(passed, e.Type+"/"+e.ID)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading the batches from the records: %w", err)
	}
	if n := len(passed); n > 0 {
		return fmt.Errorf("%d objects were Policy already, which their Manager side did not show: %v; run again, so that they are adopted, too", n, passed[:min(n, 5)])
	}
	return nil
}
