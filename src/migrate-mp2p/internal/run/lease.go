package run

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// The lease is a small Policy object that excludes two runs on one NSX from different VMs, where a file
// lock cannot. It is an empty group, because every role that may migrate may also write one; it is in use
// by nothing. PUT without a revision creates and never overwrites, which makes taking it atomic.
const (
	leaseID      = "nsx-mp2p-lease"
	leasePath    = "/infra/domains/default/groups/" + leaseID
	leaseRun     = "nsx-mp2p/run"     // tag scope: id of the run that holds it
	leaseCluster = "nsx-mp2p/cluster" // tag scope: the cluster being migrated
)

type lease struct {
	ResourceType string    `json:"resource_type"`
	ID           string    `json:"id"`
	DisplayName  string    `json:"display_name"`
	Description  string    `json:"description"`
	Tags         []nsx.Tag `json:"tags"`
}

func (l lease) tag(scope string) string {
	for _, t := range l.Tags {
		if t.Scope == scope {
			return t.Tag
		}
	}
	return ""
}

// leaseHeld says who else migrates on this NSX.
type leaseHeld struct{ run, cluster string }

func (e leaseHeld) Error() string {
	return fmt.Sprintf("NSX is in use by migration run %s of cluster %q (lease %s): wait for it, or run the errand again where its records lie; if those are lost for good, break the lease with nsx.break_lease: %s",
		e.run, e.cluster, leasePath, e.run)
}

// takeLease takes the lease for a run, or takes it over when the same run holds it already.
func (r *Runner) takeLease(ctx context.Context, runID, cluster string) error {
	if !r.Config.NSX.Lease {
		return nil
	}
	held, err := r.readLease(ctx)
	if err != nil {
		return err
	}
	switch holder := held.tag(leaseRun); {
	case held.ID == "":
	case holder == runID:
		return nil
	case holder == r.Config.NSX.BreakLease:
		r.Report.Warn("breaking the lease of run %s as nsx.break_lease asks", holder)
		if err := r.NSX.DeletePolicy(ctx, leasePath); err != nil {
			return fmt.Errorf("breaking the lease of run %s: %w", holder, err)
		}
	default:
		return leaseHeld{run: holder, cluster: held.tag(leaseCluster)}
	}
	body := lease{
		ResourceType: "Group", ID: leaseID, DisplayName: leaseID,
		Description: "Held by migrate-mp2p while it migrates NCP's objects to Policy. Removed at the end of the run.",
		Tags:        []nsx.Tag{{Scope: leaseRun, Tag: runID}, {Scope: leaseCluster, Tag: cluster}},
	}
	if err := r.NSX.PutPolicy(ctx, leasePath, body, nil); err != nil {
		// Somebody may have been faster, or the answer was lost: the object itself tells.
		if held, readErr := r.readLease(ctx); readErr == nil && held.ID != "" {
			if held.tag(leaseRun) == runID {
				return nil
			}
			return leaseHeld{run: held.tag(leaseRun), cluster: held.tag(leaseCluster)}
		}
		return fmt.Errorf("taking the lease %s: %w", leasePath, err)
	}
	return nil
}

// readLease answers the zero lease when nobody holds it.
func (r *Runner) readLease(ctx context.Context) (lease, error) {
	var held lease
	err := r.NSX.GetPolicy(ctx, leasePath, &held)
	if nsx.IsKind(err, nsx.KindNotFound) {
		return lease{}, nil
	}
	if err != nil {
		return lease{}, fmt.Errorf("reading the lease %s: %w", leasePath, err)
	}
	return held, nil
}

// releaseLease removes the lease if the run holds it. Somebody else's is left alone.
func (r *Runner) releaseLease(ctx context.Context, runID string) error {
	if !r.Config.NSX.Lease {
		return nil
	}
	held, err := r.readLease(ctx)
	if err != nil || held.tag(leaseRun) != runID {
		return err
	}
	if err := r.NSX.DeletePolicy(ctx, leasePath); err != nil && !nsx.IsKind(err, nsx.KindNotFound) {
		return fmt.Errorf("releasing the lease %s: %w", leasePath, err)
	}
	return nil
}
