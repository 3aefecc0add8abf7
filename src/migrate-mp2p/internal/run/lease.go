package run

import (
	"context"
	"errors"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// The lease is a small Policy object that excludes two runs on one NSX from different VMs, where a file
// lock cannot. It is an empty group, because every role that may migrate may also write one; it is in use
// by nothing. PUT without a revision creates and never overwrites, which makes taking it atomic.
//
// Whether a run uses a lease is written in its records before it is taken; nsx.lease decides that for new runs only.
// Whatever starts, stops, initiates, aborts or finishes the coordinator asks for the lease at that moment.
const (
	leaseID      = "nsx-mp2p-lease"
	leasePath    = "/infra/domains/default/groups/" + leaseID
	leaseRun     = "nsx-mp2p/run"     // tag scope: id of the run that holds it
	leaseCluster = "nsx-mp2p/cluster" // tag scope: the cluster being migrated

	// Tag scopes: the BOSH instance (group/id) on whose disk the run's records lie, and its deployment. Leases of earlier
	// releases, and those taken outside BOSH, have neither.
	leaseInstance   = "nsx-mp2p/instance"
	leaseDeployment = "nsx-mp2p/deployment"

	leaseTries = 3 // how often removing the lease is tried while it is still there
)

type lease struct {
	ResourceType string   `json:"resource_type"`
	ID           string   `json:"id"`
	DisplayName  string   `json:"display_name"`
	Description  string   `json:"description"`
	Tags         []mp.Tag `json:"tags"`
}

func (l lease) tag(scope string) string {
	for _, t := range l.Tags {
		if t.Scope == scope {
			return t.Tag
		}
	}
	return ""
}

// holder is who holds the lease; its run is empty where nobody does.
func (l lease) holder() leaseHeld {
	return leaseHeld{run: l.tag(leaseRun), cluster: l.tag(leaseCluster), instance: l.tag(leaseInstance), deployment: l.tag(leaseDeployment)}
}

// leaseHeld says who else migrates on this NSX.
type leaseHeld struct{ run, cluster, instance, deployment string }

func (e leaseHeld) Error() string {
	where := "where its records lie"
	if e.instance != "" {
		where = fmt.Sprintf("on %s, where its records lie", e.place())
	}
	return fmt.Sprintf("NSX is in use by migration run %s of cluster %q (lease %s): wait for it, or run again %s; if those are lost for good, break the lease with nsx.break_lease: %s, and take over with migration.adopt: true what that run has made Policy",
		e.run, e.cluster, leasePath, where, e.run)
}

// notALease says that somebody's object stands where the lease would be.
type notALease struct{ name string }

func (e notALease) Error() string {
	return fmt.Sprintf("the Policy object %s (%q) stands where the lease of a migration is kept, and is none, since it lacks the tag %s: it was left alone; remove or rename it, or do without a lease (nsx.lease: false) and make sure that nobody else migrates",
		leasePath, e.name, leaseRun)
}

// holdLease makes sure that the lease is this run's at this moment. A run that began without one holds none.
func (r *Runner) holdLease(ctx context.Context) error {
	header, found, err := r.Records.Run()
	if err != nil || !found || !header.Leased {
		return err
	}
	return r.takeLease(ctx, header.RunID, header.Cluster)
}

// takeLease takes the lease for a run, or takes it over when the same run holds it already, or one that these records know
// as ended: that is what an NSX shows which was restored from a backup.
func (r *Runner) takeLease(ctx context.Context, runID, cluster string) error {
	held, err := r.readLease(ctx)
	if err != nil {
		return err
	}
	standing, err := r.judgeLease(held, runID)
	if err != nil {
		return err
	}
	holder := held.tag(leaseRun)
	switch standing {
	case leaseFree:
	case leaseOurs:
		return nil
	case leaseBroken:
		r.Report.Warn("breaking the lease of run %s as nsx.break_lease asks", holder)
		if err := r.NSX.DeletePolicy(ctx, leasePath); err != nil {
			return fmt.Errorf("breaking the lease of run %s: %w", holder, err)
		}
	case leaseEnded:
		r.Report.Warn("NSX shows the lease of run %s, which has ended and is archived here: NSX was restored from a backup, or the lease could not be removed; it is taken over", holder)
		if err := r.NSX.DeletePolicy(ctx, leasePath); err != nil {
			return fmt.Errorf("removing the lease of run %s, which has ended: %w", holder, err)
		}
	}
	body := lease{
		ResourceType: "Group", ID: leaseID, DisplayName: leaseID,
		Description: "Held by migrate-mp2p while it migrates NCP's objects to Policy. Removed at the end of the run.",
		Tags:        []mp.Tag{{Scope: leaseRun, Tag: runID}, {Scope: leaseCluster, Tag: cluster}},
	}
	if i := r.Config.Instance; i.Name != "" {
		body.Tags = append(body.Tags, mp.Tag{Scope: leaseInstance, Tag: i.Name}, mp.Tag{Scope: leaseDeployment, Tag: i.Deployment})
	}
	putErr := r.NSX.PutPolicy(ctx, leasePath, body, nil)
	// Somebody may have been faster, the answer may be lost, or not NSX's: the object itself tells.
	held, err = r.readLease(ctx)
	switch holder := held.tag(leaseRun); {
	case err != nil:
		return errors.Join(putErr, err)
	case holder == runID:
		return nil
	case held.ID != "":
		return held.holder()
	case putErr == nil:
		putErr = errors.New("NSX answered, and the object is not there")
	}
	return fmt.Errorf("taking the lease %s: %w", leasePath, putErr)
}

// leaseStanding is why a run may have the lease.
type leaseStanding int

const (
	leaseFree   leaseStanding = iota // nobody holds it
	leaseOurs                        // the run itself does
	leaseBroken                      // its holder is the run that nsx.break_lease names
	leaseEnded                       // its holder is archived in these records: that run has ended, whatever NSX shows
)

// judgeLease decides whether a run may have the lease, given what stands in its place. The error says who or what is in
// the way.
func (r *Runner) judgeLease(held lease, runID string) (leaseStanding, error) {
	holder := held.tag(leaseRun)
	switch {
	case held.ID == "":
		return leaseFree, nil
	case holder == "":
		return leaseFree, notALease{held.DisplayName}
	case holder == runID:
		return leaseOurs, nil
	case holder == r.Config.NSX.BreakLease:
		return leaseBroken, nil
	}
	_, ended, err := records.HasArchive(r.Config.Records.Directory, holder)
	if err != nil {
		return leaseFree, fmt.Errorf("looking for the archive of run %s, which holds the lease: %w", holder, err)
	}
	if !ended {
		return leaseFree, held.holder()
	}
	return leaseEnded, nil
}

// readLease answers the zero lease when nobody holds it.
func (r *Runner) readLease(ctx context.Context) (lease, error) {
	var held lease
	err := r.NSX.GetPolicy(ctx, leasePath, &held)
	if mp.IsKind(err, mp.KindNotFound) {
		return lease{}, nil
	}
	if err != nil {
		return lease{}, fmt.Errorf("reading the lease %s: %w", leasePath, err)
	}
	return held, nil
}

// giveBack leaves NSX as the run found it: it stops the coordinator service that the run started, and then gives up the
// lease. Each is recorded, so that a run which is taken up after it touches nothing that is no longer its own.
func (r *Runner) giveBack(ctx context.Context, header records.Header) error {
	if header.Released {
		return nil
	}
	ours := true
	if header.Leased {
		held, err := r.readLease(ctx)
		if err != nil {
			return err
		}
		if ours = held.tag(leaseRun) == header.RunID; !ours && held.ID != "" {
			r.Report.Warn("the lease %s is no longer that of run %s: what it guards is left alone", leasePath, header.RunID)
		}
	}
	if ours && header.CoordinatorStarted {
		r.stopCoordinator(ctx)
		if ctx.Err() != nil { // told to end: the next run goes on here
			return ctx.Err()
		}
	}
	if ours && header.Leased {
		if err := r.removeLease(ctx, header.RunID); err != nil {
			return err
		}
	}
	if err := r.Records.Amend(func(h *records.Header) { h.Released = true }); err != nil {
		return fmt.Errorf("recording that lease and coordinator are given up: %w", err)
	}
	return nil
}

// removeLease removes the lease and reads that it is gone.
func (r *Runner) removeLease(ctx context.Context, runID string) error {
	for try := 1; ; try++ {
		err := r.NSX.DeletePolicy(ctx, leasePath)
		if err != nil && !mp.IsKind(err, mp.KindLost) {
			return fmt.Errorf("releasing the lease %s: %w", leasePath, err)
		}
		held, readErr := r.readLease(ctx)
		switch {
		case readErr != nil:
			return errors.Join(err, readErr)
		case held.tag(leaseRun) != runID:
			return nil
		case try == leaseTries:
			return errors.Join(err, fmt.Errorf("releasing the lease %s: it is still there after %d answers; run again", leasePath, try))
		}
	}
}
