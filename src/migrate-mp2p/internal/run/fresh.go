package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/config"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/plan"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/updates"
)

// draft is one scope, read and planned, with nothing sent.
type draft struct {
	scope    mp.Scope
	plan     *plan.Plan
	criteria map[string]bool      // tag scopes that group criteria use
	policy   []mp.Ref             // objects of the scope that are Policy already
	skipped  []inventory.Known    // the same, as a census asks for them
	inv      *inventory.Inventory // dropped once the prechecks have seen it

	lost     lostObjects // which show that the records of a migration are lost
	adopted  int         // objects that the run takes over
	realised bool        // NSX realises some of those
}

// work says whether there is anything to do.
func (d draft) work() bool { return d.objects() > 0 || d.adopted > 0 }

func (d draft) objects() int {
	n := 0
	for _, t := range d.plan.Totals {
		n += t.Objects
	}
	return n
}

// work says whether the drafts hold anything to do.
func work(drafts []draft) bool { return slices.ContainsFunc(drafts, draft.work) }

// scopes are what the configuration asks for, in the order of their runs.
func (r *Runner) scopes() []mp.Scope {
	switch r.Config.Migration.Resources {
	case "shared":
		return []mp.Scope{mp.Shared}
	case "ncp":
		return []mp.Scope{mp.NCP}
	}
	return []mp.Scope{mp.Shared, mp.NCP}
}

// fresh plans every wanted scope and checks everything before the first write, and then makes one run per
// scope. NCP's objects are planned again once the shared ones are Policy.
func (r *Runner) fresh(ctx context.Context) error {
	r.Report.Phase("phase 1: retrieving and planning")
	if err := r.awaitIdle(ctx); err != nil {
		return err
	}
	drafts, err := r.draftAll(ctx, r.scopes())
	if err != nil {
		return err
	}
	if err := r.writePlan(drafts); err != nil {
		r.Report.Warn("%v", err)
	}
	if err := r.mayBegin(ctx, planned, drafts); err != nil || !work(drafts) {
		return err
	}
	_, findings, err := r.check(ctx, drafts)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return fmt.Errorf("%d prechecks failed, nothing was migrated:\n%s", len(findings), strings.Join(findings, "\n"))
	}
	for i := range drafts {
		drafts[i].inv = nil // the largest part of a draft, and the plans hold all that is needed from here on
	}
	for i, d := range drafts {
		drafts[i] = draft{} // a plan is large, too, and the next scope needs room
		if !d.work() {
			continue
		}
		if i > 0 && len(r.done) > 0 {
			if err := r.roomForNext(d.scope); err != nil {
				return err
			}
			signed := d.plan.Digest
			if d, err = r.draft(ctx, d.scope, nil); err != nil {
				return err
			}
			d.inv = nil
			if r.Config.Migration.PlanFingerprint != "" && d.plan.Digest != signed {
				return &otherPlan{signed, d.plan.Digest}
			}
		}
		if err := r.migrate(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// roomForNext refuses to begin a scope while the records of the one before are in place, since they could not be archived.
func (r *Runner) roomForNext(scope mp.Scope) error {
	left, found, err := r.Records.Run()
	if err != nil || !found {
		return err
	}
	return fmt.Errorf("the run of scope %s has not begun: the records of run %s are still in %s, since the disk is full; make room or use a larger disk, then run again",
		scope, left.RunID, r.Records.Dir())
}

// draftAll drafts the scopes; later ones assume that the earlier ones are Policy by then. All reasons why
// one cannot be planned are collected.
func (r *Runner) draftAll(ctx context.Context, scopes []mp.Scope) ([]draft, error) {
	var drafts []draft
	var problems []error
	assume := map[string]string{}
	if err := r.warnAbsent(ctx); err != nil {
		return nil, err
	}
	for _, scope := range scopes {
		d, err := r.draft(ctx, scope, assume)
		if err != nil {
			if !isProblem(err) {
				return nil, err
			}
			problems = append(problems, err)
			continue
		}
		maps.Copy(assume, d.plan.IDMap())
		drafts = append(drafts, d)
	}
	return drafts, errors.Join(problems...)
}

// isProblem tells what the operator has to cure in the objects or in the user spec from a failure to read.
func isProblem(err error) bool {
	var planning *plan.Error
	var spec *inventory.SpecError
	var inferring *updates.Problem
	return errors.As(err, &planning) || errors.As(err, &spec) || errors.As(err, &inferring)
}

// draft reads and plans one scope, and runs the update rules over the plan so that phase 3 rarely fails.
func (r *Runner) draft(ctx context.Context, scope mp.Scope, assume map[string]string) (draft, error) {
	inv, err := inventory.Retrieve(ctx, r.NSX, r.query(scope))
	if scope == mp.NCP {
		r.noteCreated(inv, err)
	}
	if err != nil {
		return draft{}, err
	}
	leaveOrphans(inv, assume)
	d := draft{scope: scope, criteria: inv.CriteriaScopes, inv: inv}
	if d.lost, err = r.lookForLost(ctx, scope, inv); err != nil {
		return draft{}, err
	}
	adopt, err := r.takeOver(ctx, scope, inv, d.lost)
	if err != nil {
		return draft{}, err
	}
	if d.realised, err = r.anyRealised(ctx, inv, adopt); err != nil {
		return draft{}, err
	}
	if scope == mp.NCP {
		r.noteCreated(inv, nil) // what is taken over has proved more of the objects to be Policy
	}
	known := inv.Known()
	if r.Config.Migration.Command == config.CommandRollback { // nothing is to be migrated
		inv.Objects, inv.Unsupported = nil, nil
	}
	p, err := plan.Build(inv, plan.Options{
		Catalog: r.Catalog, PolicyIDs: plan.PolicyIDs(r.Config.Migration.PolicyIDs),
		Principal: r.Config.NSX.PrincipalIdentity, NodePrincipal: r.Config.NSX.NodePrincipalIdentity, SharedPrincipal: r.Config.NSX.SharedPrincipalIdentity, Assume: assume, Adopt: adopt,
	})
	if err != nil {
		return draft{}, err
	}
	d.plan, d.adopted = p, p.AdoptedObjects()
	d.skipped = slices.DeleteFunc(inv.Skipped(), func(k inventory.Known) bool { return adopt[k.Ref] })
	for _, o := range inv.Policy {
		if adopt[o.Ref] {
			continue
		}
		d.policy = append(d.policy, o.Ref)
	}
	if scope == mp.Shared {
		r.shared, r.adoptsShared = known, d.adopted > 0
		r.noteShared(inv)
	}
	ids := p.IDMap()
	of := func(id string) (string, bool) { return id, d.adopted > 0 }
	env := r.env(scope, func(id string) (string, bool) {
		for _, m := range []map[string]string{ids, p.References, assume} {
			if path, ok := m[id]; ok {
				return path, true
			}
		}
		return of(id)
	}, d.criteria)
	if err := r.foresee(ctx, p, env); err != nil {
		return draft{}, err
	}
	r.sayPlan(d)
	return d, nil
}

func objects(p *plan.Plan) iter.Seq[updates.Object] {
	return func(yield func(updates.Object) bool) {
		for _, b := range slices.Concat(p.Adopted, p.Batches) {
			for _, e := range b.Entries {
				if !yield(object(e)) {
					return
				}
			}
		}
	}
}

func (r *Runner) sayPlan(d draft) {
	r.Report.Say("plan of scope %s: %d objects in %d batches, %d are Policy already (digest %s)", d.scope, d.objects(), len(d.plan.Batches), d.plan.AlreadyPolicy, d.plan.Digest)
	if d.adopted > 0 {
		r.Report.Say("  %d objects are Policy whose records are lost: they are taken over, as migration.adopt asks", d.adopted)
	}
	var types []string
	for _, t := range d.plan.Totals {
		types = append(types, fmt.Sprintf("%s %d", t.Type, t.Objects))
	}
	if len(types) > 0 {
		r.Report.Say("  %s", strings.Join(types, ", "))
	}
	if n := d.plan.Nodes; n > 0 {
		r.Report.Say("  %d of them are of the nodes' network, whose Policy objects will belong to %s", n, strings.Join(d.plan.NodePrincipals, ", "))
	}
	if n := d.plan.KeptIDs; n > 0 {
		r.Report.Say("  %d objects keep their Manager ids as Policy ids, since NSX would refuse ids made of their names, first %s", n, strings.Join(d.plan.KeptNames, ", "))
	}
}

// migrate makes one whole run of a draft.
func (r *Runner) migrate(ctx context.Context, d draft) error {
	now := r.Clock.Now().UTC()
	already := map[string]int{}
	for _, ref := range d.policy {
		already[string(ref.Type)]++
	}
	settings := r.settings()
	settings[criteriaSetting] = strings.Join(slices.Sorted(maps.Keys(d.criteria)), " ")
	if d.scope == mp.NCP {
		settings[orphanSetting] = strings.Join(r.orphanRoutes, " ")
	}
	header := records.Header{
		Format: records.Format, RunID: r.NewRunID(), ToolVersion: r.Version,
		Platform: r.Config.NCP.Platform, Cluster: r.Config.NCP.Cluster, Scope: string(d.scope),
		NSXClusterID: r.node.ClusterID, NodeID: r.node.ID, NodeAddress: r.node.Address,
		State: records.Planned, PlanDigest: d.plan.Digest, Objects: d.objects(), References: d.plan.References,
		Already: already, Skipped: skippedOf(d), Settings: settings, Created: now, Updated: now,
		Job: r.Job, Adopted: d.adopted, Realised: d.realised, GoBack: r.Config.Migration.Command == config.CommandRollback,
	}
	if err := r.Records.Create(header, batchesOf(d.plan)); err != nil {
		return fmt.Errorf("recording the plan before anything is sent: %w", err)
	}
	d.plan = nil
	if d.scope == mp.NCP {
		r.created = nil // the records know them from here on
	}
	r.Report.Say("run %s of scope %s begins: everything it will do is recorded in %s", header.RunID, d.scope, r.Records.Dir())
	j := &job{Runner: r, header: header}
	err := j.drive(ctx)
	if err != nil && ctx.Err() == nil {
		if left, unfinished, readErr := r.Records.Run(); readErr == nil && unfinished && left.State == records.Planned {
			return errors.Join(err, r.discardPlanned(ctx, left)) // nothing was sent: leave no lease behind
		}
	}
	return err
}

// skippedOf shows the records what the user spec lists and is Policy already. In scope ncp the census finds it by itself.
func skippedOf(d draft) []records.Skipped {
	if d.scope != mp.Shared {
		return nil
	}
	var skipped []records.Skipped
	for _, k := range d.skipped {
		skipped = append(skipped, records.Skipped{Type: string(k.Type), ID: k.ID, Parent: k.Parent, PolicyPath: k.PolicyPath})
	}
	return skipped
}

// criteriaSetting keeps the tag scopes of group criteria in the records, separated by spaces.
const criteriaSetting = "criteria_scopes"

// batchesOf shows a plan to the records.
func batchesOf(p *plan.Plan) iter.Seq[records.PlannedBatch] {
	return func(yield func(records.PlannedBatch) bool) {
		for i, b := range slices.Concat(p.Adopted, p.Batches) {
			planned := records.PlannedBatch{Type: string(b.Type), Request: b.Request, Adopted: i < len(p.Adopted)}
			for _, e := range b.Entries {
				planned.Entries = append(planned.Entries, records.Entry{Type: string(e.Type), ID: e.ID, PolicyPath: e.PolicyPath})
				planned.Originals = append(planned.Originals, records.Original{
					Type: string(e.Type), ID: e.ID, Hash: e.Hash, Name: e.Name, Tags: slices.Clone(e.Tags), Names: e.Names, Facts: e.Facts,
				})
			}
			if !yield(planned) {
				return
			}
		}
	}
}

// fingerprint names what all drafts together would send.
func fingerprint(drafts []draft) string {
	var digests []byte
	for _, d := range drafts {
		digests = fmt.Appendf(digests, "%s=%s;", d.scope, d.plan.Digest)
	}
	sum := sha256.Sum256(digests)
	return hex.EncodeToString(sum[:8])
}

// otherPlan says that NSX or the configuration changed since the operator signed the plan.
type otherPlan struct{ signed, is string }

func (e *otherPlan) Error() string {
	return fmt.Sprintf("migration.plan_fingerprint is %s, but the plan is now %s: NSX or the configuration has changed since; nothing was sent: look at the new plan and sign that", e.signed, e.is)
}
