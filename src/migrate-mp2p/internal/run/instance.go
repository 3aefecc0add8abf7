package run

import (
	"context"
	"errors"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// An errand on several instances runs on all of them side by side, and none sees the disk of another. One of them acts:
//
//  1. the one with unfinished records on its disk;
//  2. else the bootstrap instance, unless the lease on NSX belongs to a run of this very cluster: the records of that run
//     lie on another instance, which the lease names, and it alone may go on;
//  3. all others end in 0 and say that this is no word about the migration, except the one that the lease names although
//     the records are not there: it is where the operator is sent, and must not look like success.
//
// What 2 cannot see is an instance that gives its lease back in the moment before the bootstrap instance looks: then the
// bootstrap instance begins as a re-run would.

// elsewhere says that the records of the cluster's unfinished run lie on another instance.
type elsewhere struct{ leaseHeld }

func (e *elsewhere) Error() string {
	return fmt.Sprintf("the lease %s belongs to run %s of this cluster, whose records are not on this instance but on %s: run the errand there (%s); if that disk is lost for good, set nsx.break_lease: %s and migration.adopt: true, deploy, and run the errand on all instances",
		leasePath, e.run, e.place(), e.rerun(), e.run)
}

// place names the instance that took the lease; releases before did not write it down.
func (h leaseHeld) place() string {
	switch {
	case h.instance == "":
		return "an instance that the lease does not name"
	case h.deployment == "":
		return "instance " + h.instance
	}
	return fmt.Sprintf("instance %s of deployment %s", h.instance, h.deployment)
}

// rerun is the command that runs the errand where the records of the lease's run lie.
func (h leaseHeld) rerun() string {
	if h.instance == "" {
		return "bosh run-errand migrate-mp2p --instance GROUP/ID, for each that `bosh instances` shows"
	}
	if h.deployment == "" {
		return "bosh run-errand migrate-mp2p --instance " + h.instance
	}
	return fmt.Sprintf("bosh -d %s run-errand migrate-mp2p --instance %s", h.deployment, h.instance)
}

// named says whether the lease names this instance.
func (r *Runner) named(h leaseHeld) bool {
	return h.instance == r.Config.Instance.Name && h.deployment == r.Config.Instance.Deployment
}

// isElsewhere says whether the lease belongs to a run of this cluster whose records another instance has. Outside BOSH an
// instance has no name, and there is no other.
func (r *Runner) isElsewhere(h leaseHeld) bool {
	return r.Config.Instance.Name != "" && h.cluster == r.Config.NCP.Cluster && !r.named(h)
}

// actsHere refuses to begin anything without unfinished records while another instance has those of this cluster's run.
// Whatever else stands in the lease's place is judged where the lease is taken.
func (r *Runner) actsHere(ctx context.Context) error {
	if !r.Config.NSX.Lease || r.Config.Instance.Name == "" {
		return nil
	}
	held, err := r.readLease(ctx)
	if err != nil {
		return err
	}
	var other leaseHeld
	if _, err := r.judgeLease(held, ""); !errors.As(err, &other) || !r.isElsewhere(other) {
		return nil //nolint:nilerr // taking the lease meets it again
	}
	return &elsewhere{other}
}

// leaseIsHere is actsHere as a condition of the commands that only read.
func (r *Runner) leaseIsHere(ctx context.Context, _ []draft) (string, error) {
	if _, unfinished, err := r.takenUp(); err != nil || unfinished || r.live != nil {
		return "", err
	}
	return "", r.actsHere(ctx)
}

// standsAside is the outcome of the bootstrap instance whose cluster's run is on another one. What NSX's objects are is not
// asked, since that other instance may be at work on them now.
func (r *Runner) standsAside(e *elsewhere) report.Outcome {
	return report.Outcome{
		Code: Mixed, Failure: e.Error(), Ladder: ladderAgain,
		Meaning: fmt.Sprintf("NOT ACTING: run %s of this cluster is unfinished, and its records lie on %s; nothing was changed here; NCP may run in neither mode", e.run, e.place()),
		Next: []string{
			"start NCP in neither mode",
			"unless that instance has just acted, too, and says how it ended: " + e.rerun(),
			fmt.Sprintf("if its disk is lost for good: set nsx.break_lease to %s and migration.adopt to true, deploy, and run the errand on all instances", e.run),
		},
	}
}

// notActing is the outcome of an instance that has no unfinished records and is not the bootstrap one.
func (r *Runner) notActing(ctx context.Context) report.Outcome {
	h, archived, err := r.nameInLease(ctx)
	switch {
	case err != nil:
		r.Report.Warn("whether the lease on NSX names this instance could not be read (the instance that acts says more): %v", err)
	case h.run != "" && archived:
		return report.Outcome{
			Code: CannotTell, Ladder: ladderAgain,
			Meaning: fmt.Sprintf("NOT ACTING: the lease on NSX is that of run %s, which has ended and is archived on this instance; nothing was changed here", h.run),
			Next:    []string{fmt.Sprintf("NSX was restored from a backup, or the lease could not be removed: set nsx.break_lease to %s, deploy, and run the errand on all instances", h.run)},
		}
	case h.run != "":
		return report.Outcome{
			Code: Mixed, Ladder: ladderAgain,
			Meaning: fmt.Sprintf("NOT ACTING: the lease on NSX says that the records of run %s lie on this instance, and they do not; nothing was changed here; NCP may run in neither mode", h.run),
			Next: []string{
				"start NCP in neither mode",
				"if the disk with the records is still there (bosh disks --orphaned), attach it and run again: " + h.rerun(),
				fmt.Sprintf("if it is lost for good: set nsx.break_lease to %s and migration.adopt to true, deploy, and run the errand on all instances", h.run),
			},
		}
	}
	where := ""
	if name := r.Config.Instance.Name; name != "" {
		where = " " + name
	}
	return report.Outcome{
		Code:    AllPolicy,
		Meaning: fmt.Sprintf("NOT ACTING: this is no word about the migration, and no success; instance%s has no unfinished records and is not the bootstrap one; read the last line of the instance that acts", where),
	}
}

// nameInLease is the holder of the lease where that names this instance, and the zero value else; archived says that the
// run has ended and is archived here. Only an armed command that writes asks NSX.
func (r *Runner) nameInLease(ctx context.Context) (h leaseHeld, archived bool, err error) {
	if !r.writes() || !r.Config.Migration.Enabled || !r.Config.NSX.Lease || r.Config.Instance.Name == "" {
		return leaseHeld{}, false, nil
	}
	if _, err := r.NSX.Connect(ctx, ""); err != nil {
		return leaseHeld{}, false, fmt.Errorf("connecting to NSX Manager: %w", err)
	}
	held, err := r.readLease(ctx)
	if err != nil {
		return leaseHeld{}, false, err
	}
	h = held.holder()
	if h.run == "" || h.run == r.Config.NSX.BreakLease || h.cluster != r.Config.NCP.Cluster || !r.named(h) {
		return leaseHeld{}, false, nil
	}
	if _, archived, err = records.HasArchive(r.Config.Records.Directory, h.run); err != nil {
		return leaseHeld{}, false, fmt.Errorf("looking for the archive of run %s, which holds the lease: %w", h.run, err)
	}
	return h, archived, nil
}
