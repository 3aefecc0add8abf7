package run

import (
	"context"
	"errors"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/precheck"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// stage is when, on the way of a run to its first write, a condition can be looked at.
type stage int

// The stages, in their order.
const (
	configured stage = iota // before anything is touched: what every command refuses
	recorded                // with the records at hand
	connected               // once NSX has answered
	planned                 // with the plan of every scope
	leasing                 // where the plan holds anything to migrate
)

// condition is something that must hold before a run may begin. The prechecks ask the same of NSX's objects.
type condition struct {
	name string
	at   stage
	// look answers why a run does not begin here, or what the operator should know although it does.
	look func(r *Runner, ctx context.Context, drafts []draft) (remark string, refusal error)
}

// conditions is the table: what makes command run refuse is what plan and precheck say beforehand. Run itself walks it
// up to planned. Where it opens the records, connects and takes the lease it would learn nothing new from the table,
// since doing these things is the same look, under a lock.
func conditions() []condition {
	return []condition{
		{"migration.ignore_prechecks", configured, (*Runner).ignoresKnown},
		{"records.directory", recorded, (*Runner).diskServes},
		{"records.discard", recorded, (*Runner).discardFits},
		{"nsx.accept_other_node", recorded, (*Runner).otherNodeFits},
		{"unfinished records", recorded, (*Runner).nothingUnfinished},
		{"unfinished records of another", connected, (*Runner).recordsAreOurs},
		{"lease of another instance", connected, (*Runner).leaseIsHere},
		{"migration.plan_fingerprint", planned, (*Runner).signed},
		{"nsx.end_workflow", planned, (*Runner).endWorkflowFits},
		{"lost records", planned, (*Runner).noneLost},
		{"migration.migrate_after_rollback", planned, (*Runner).notRolledBackByThisJob},
		{"lease", leasing, (*Runner).leaseIsFree},
	}
}

// mayBegin is the look of a run: the first refusal ends it.
func (r *Runner) mayBegin(ctx context.Context, at stage, drafts []draft) error {
	for _, c := range conditions() {
		if c.at != at {
			continue
		}
		remark, refusal := c.look(r, ctx, drafts)
		if refusal != nil {
			return refusal
		}
		if remark != "" {
			r.Report.Warn("%s", remark)
		}
	}
	return nil
}

// couldBegin is the look of a command that only reads: every refusal is a finding. What comes after an unfinished run,
// which command run takes up first, cannot be foreseen and is not looked at.
func (r *Runner) couldBegin(ctx context.Context, at stage, drafts []draft) (findings []string) {
	if _, unfinished, err := r.takenUp(); at >= planned && (err != nil || unfinished || r.live != nil) {
		return nil
	}
	for _, c := range conditions() {
		if c.at != at {
			continue
		}
		remark, refusal := c.look(r, ctx, drafts)
		if refusal != nil {
			findings = append(findings, fmt.Sprintf("command run would refuse (%s): %v", c.name, refusal))
		}
		if remark != "" {
			r.Report.Warn("%s", remark)
		}
	}
	return findings
}

// takenUp is the header of the unfinished run that command run would take up; none where records.discard gives it up.
func (r *Runner) takenUp() (header records.Header, unfinished bool, err error) {
	header, unfinished, err = r.recorded()
	return header, unfinished && header.RunID != r.Config.Records.Discard, err
}

func (r *Runner) ignoresKnown(context.Context, []draft) (string, error) {
	return "", precheck.Ignorable(r.Config.Migration.IgnorePrechecks)
}

// diskServes asks of a command that reads what opening the records for writing would ask.
func (r *Runner) diskServes(context.Context, []draft) (string, error) {
	if r.writes() {
		return "", nil
	}
	var all []error
	if r.locked != nil {
		all = append(all, r.locked)
	}
	o := r.recordsOptions()
	if _, unfinished, err := r.recorded(); err != nil || unfinished || r.live != nil {
		o.MinFree = 0
	}
	return "", errors.Join(append(all, records.Examine(r.Config.Records.Directory, o)...)...)
}

func (r *Runner) discardFits(context.Context, []draft) (string, error) {
	id := r.Config.Records.Discard
	if id == "" || r.live != nil {
		return "", nil
	}
	header, unfinished, err := r.recorded()
	if err != nil {
		return "", err
	}
	switch {
	case unfinished && header.RunID == id:
		if r.writes() {
			return "", nil // it says so when it does it
		}
		return fmt.Sprintf("command run would first archive the unfinished records of run %s, as records.discard asks", id), nil
	case unfinished:
		return "", fmt.Errorf("records.discard names run %s, but the unfinished records in %s are those of run %s (scope %s, state %s): correct it, or take it out of the configuration",
			id, r.Config.Records.Directory, header.RunID, header.Scope, header.State)
	}
	archive, found, err := records.HasArchive(r.Config.Records.Directory, id)
	if err != nil {
		return "", err
	}
	known := "which is not recorded in " + r.Config.Records.Directory
	if found {
		known = fmt.Sprintf("which is archived already (%s)", archive.Kind)
	}
	return fmt.Sprintf("records.discard names run %s, %s, so that it does nothing: take it out of the configuration", id, known), nil
}

func (r *Runner) otherNodeFits(context.Context, []draft) (string, error) {
	node := r.Config.NSX.AcceptOtherNode
	if node == "" || r.live != nil {
		return "", nil
	}
	header, unfinished, err := r.takenUp()
	switch {
	case err != nil:
		return "", err
	case !unfinished:
		return fmt.Sprintf("nsx.accept_other_node names node %s, but no run is unfinished, so that it does nothing: take it out of the configuration", node), nil
	case header.NodeID == node:
		return fmt.Sprintf("nsx.accept_other_node names node %s, which is the recorded one, so that it does nothing", node), nil
	}
	return "", nil
}

func (r *Runner) nothingUnfinished(context.Context, []draft) (string, error) {
	header, unfinished, err := r.takenUp()
	if err != nil || !unfinished || r.writes() { // run says what it takes up
		return "", err
	}
	return fmt.Sprintf("run %s (scope %s, state %s) is unfinished: command run takes it up first, and what it leaves cannot be foreseen here",
		header.RunID, header.Scope, header.State), nil
}

func (r *Runner) recordsAreOurs(context.Context, []draft) (string, error) {
	header, unfinished, err := r.takenUp()
	if err != nil || !unfinished {
		return "", err
	}
	return "", r.foreign(header)
}

// foreign refuses unfinished records of another NSX or another cluster than those that are configured.
func (r *Runner) foreign(header records.Header) error {
	if header.NSXClusterID != r.node.ClusterID {
		return &foreignRecords{"NSX cluster", header.NSXClusterID, r.node.ClusterID}
	}
	if header.Cluster != r.Config.NCP.Cluster {
		return &foreignRecords{"ncp.cluster", header.Cluster, r.Config.NCP.Cluster}
	}
	return nil
}

// signed refuses every plan but the one whose fingerprint the operator has put into the configuration.
func (r *Runner) signed(_ context.Context, drafts []draft) (string, error) {
	want, is := r.Config.Migration.PlanFingerprint, fingerprint(drafts)
	if want == "" || want == is {
		return "", nil
	}
	return "", &otherPlan{want, is}
}

// endWorkflowFits says where nsx.end_workflow cannot do anything. Whether a workflow is open that it would end is asked by
// the prechecks.
func (r *Runner) endWorkflowFits(context.Context, []draft) (string, error) {
	node := r.Config.NSX.EndWorkflow
	if node == "" || node == r.node.ID {
		return "", nil
	}
	return fmt.Sprintf("nsx.end_workflow names node %s, but this run works with node %s, so that it does nothing: correct it, or take it out of the configuration", node, r.node.ID), nil
}

func (r *Runner) noneLost(ctx context.Context, drafts []draft) (string, error) {
	return "", r.lostRecords(ctx, drafts)
}

// leaseIsFree foresees whether takeLease will succeed.
func (r *Runner) leaseIsFree(ctx context.Context, _ []draft) (string, error) {
	broken := r.Config.NSX.BreakLease
	if !r.Config.NSX.Lease {
		if broken != "" {
			return "nsx.break_lease does nothing while nsx.lease is false: take it out of the configuration", nil
		}
		return "", nil
	}
	held, err := r.readLease(ctx)
	if err != nil {
		return "", err
	}
	standing, err := r.judgeLease(held, "")
	holder := held.tag(leaseRun)
	var other leaseHeld
	switch {
	case errors.As(err, &other) && r.isElsewhere(other):
		return "", nil // said already
	case err != nil:
		return "", err
	case standing == leaseBroken:
		return fmt.Sprintf("command run would break the lease of run %s, as nsx.break_lease asks", holder), nil
	case standing == leaseEnded:
		return fmt.Sprintf("command run would take over the lease of run %s, which has ended and is archived here", holder), nil
	case broken != "":
		return fmt.Sprintf("nsx.break_lease names run %s, but nobody holds the lease, so that it does nothing: take it out of the configuration", broken), nil
	}
	return "", nil
}
