package migrate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// Back rolls everything back that this run migrated, newest batch first, and deletes the migration
// records of each batch once it is back. What cannot be settled first is not touched. It may be called as
// often as needed: it goes on where it stopped.
func (m *Migrator) Back(ctx context.Context) error {
	if err := m.Settle(ctx); err != nil {
		return err
	}
	begun, _, err := m.batches(records.BatchMigrated, records.BatchRollingBack, records.BatchRolledBack)
	if err != nil || len(begun) == 0 {
		return err
	}
	// Even when nothing is left to be rolled back, a failed batch may have left a plan half-way, which would
	// keep every later run from starting.
	if err := m.ready(ctx); err != nil {
		return err
	}
	batches, total, err := m.batches(records.BatchMigrated, records.BatchRollingBack)
	if err != nil {
		return err
	}
	slices.Reverse(batches)
	done := 0
	var found map[catalog.Ref]inventory.Finding
	for i, b := range batches {
		if i == 0 || b.Type != batches[i-1].Type {
			if found, err = m.lookAt(ctx, batches[i:], b.Type); err != nil {
				return fmt.Errorf("reading what is to be rolled back: %w", err)
			}
		}
		if err := m.undo(ctx, b, found); err != nil {
			return fmt.Errorf("rolling back batch %d (%d x %s): %w", b.Seq, len(b.Entries), b.Type, err)
		}
		done += len(b.Entries)
		m.Events.Progress(done, total, "objects rolled back")
	}
	return nil
}

// ready brings the coordinator into a state in which it takes a rollback: no plan of ours half-way, and a
// workflow initiated. A coordinator that was restarted has forgotten the workflow.
func (m *Migrator) ready(ctx context.Context) error {
	restarted, err := m.restarted(ctx)
	if err != nil {
		return err
	}
	if restarted {
		if err := m.initiateAgain(ctx); err != nil {
			return err
		}
	}
	status, err := m.Idle(ctx)
	if err != nil {
		return err
	}
	if status.Overall == nsx.StatusPaused || status.Overall == nsx.StatusFailed {
		return m.abort(ctx)
	}
	return nil
}

// initiateAgain opens the workflow in a coordinator that was restarted, and remembers its processes. An
// execution that ended before it could remember them has opened it already, and NSX refuses to do so twice:
// that is no reason to stop, because a rollback that needs more is refused as well.
func (m *Migrator) initiateAgain(ctx context.Context) error {
	m.Events.Warn("the migration coordinator was restarted; initiating its workflow again for the rollback")
	err := m.API.Initiate(ctx)
	switch {
	case nsx.IsKind(err, nsx.KindInvalid), nsx.IsKind(err, nsx.KindConflict), nsx.IsKind(err, nsx.KindServer):
		m.Events.Warn("NSX did not initiate the workflow, which may be open from an earlier execution; going on: %v", err)
	case err != nil:
		return fmt.Errorf("initiating the workflow again: %w", err)
	}
	service, err := m.API.CoordinatorService(ctx)
	if err != nil {
		return fmt.Errorf("reading the state of the coordinator service: %w", err)
	}
	err = m.Records.Amend(func(h *records.Header) { h.CoordinatorPIDs = service.PIDs })
	if err != nil {
		return fmt.Errorf("recording the coordinator's new processes: %w", err)
	}
	return nil
}

// lookAt reads what the entries of all leading batches of one type are now, in one go.
func (m *Migrator) lookAt(ctx context.Context, batches []records.Batch, kind string) (map[catalog.Ref]inventory.Finding, error) {
	var refs []catalog.Ref
	for _, b := range batches {
		if b.Type != kind {
			break
		}
		for _, e := range b.Entries {
			refs = append(refs, refOf(e))
		}
	}
	return m.Look(ctx, refs)
}

// undo rolls back one batch: those of its entries that our records claim and that NSX does not show as
// Manager already.
func (m *Migrator) undo(ctx context.Context, b records.Batch, found map[catalog.Ref]inventory.Finding) error {
	body, err := m.Records.Request(b.Seq)
	if err != nil {
		return fmt.Errorf("reading its request from the records: %w", err)
	}
	ours := map[catalog.Ref]bool{}
	for _, e := range b.Entries {
		claimed, err := m.Records.IsMigrated(e.Type, e.ID)
		if err != nil {
			return fmt.Errorf("reading the migration records: %w", err)
		}
		ref := refOf(e)
		switch evidence := found[ref].Evidence; {
		case !claimed || e.NotOurs || evidence == catalog.IsManager:
		case evidence == catalog.IsAbsent:
			m.Events.Warn("%s no longer exists in NSX; it cannot be rolled back", ref)
		default:
			ours[ref] = true
		}
	}
	if err := m.Records.SetBatch(b.Seq, records.BatchRollingBack, nil); err != nil {
		return fmt.Errorf("recording that it is about to be rolled back: %w", err)
	}
	if len(ours) > 0 {
		if err := m.rollback(ctx, only(body, ours), ours); err != nil {
			return err
		}
	}
	if err := m.Records.BatchUndone(b.Seq); err != nil {
		return fmt.Errorf("recording that it is rolled back: %w", err)
	}
	return nil
}

// rollback sends one rollback and, when its answer is lost, reads the objects until they show that it took
// effect: a second rollback is never sent on top of one that may still be going on.
func (m *Migrator) rollback(ctx context.Context, body nsx.Promotion, ours map[catalog.Ref]bool) error {
	err := m.API.Rollback(ctx, body)
	if !nsx.IsKind(err, nsx.KindLost) || ctx.Err() != nil {
		if err != nil {
			return fmt.Errorf("sending the rollback: %w", err)
		}
		return nil
	}
	m.Events.Warn("the answer to a rollback was lost (%v); reading the objects instead", err)
	refs := make([]catalog.Ref, 0, len(ours))
	for ref := range ours {
		refs = append(refs, ref)
	}
	deadline := m.Clock.Now().Add(m.FinishTimeout)
	for wait := pollMin; ; wait = longer(wait) {
		found, err := m.Look(ctx, refs)
		if err != nil {
			return fmt.Errorf("reading what became of the rollback: %w", err)
		}
		var left []string
		for _, ref := range refs {
			if e := found[ref].Evidence; e != catalog.IsManager && e != catalog.IsAbsent {
				left = append(left, ref.String())
			}
		}
		if len(left) == 0 {
			return nil
		}
		if m.Clock.Now().After(deadline) {
			return fmt.Errorf("its answer was lost and after %s these are still not back: %s", m.FinishTimeout, strings.Join(head(left, maxNamed), ", "))
		}
		m.Events.Waiting(fmt.Sprintf("a rollback whose answer was lost: %d of %d objects are not back yet", len(left), len(refs)))
		if err := m.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// only makes the body of a rollback: the original entries, with policy ids, metadata and linked ids, of
// the objects in the set. Whether NSX needs more than the Manager ids is not known publicly.
func only(body nsx.Promotion, set map[catalog.Ref]bool) nsx.Promotion {
	var out nsx.Promotion
	for _, r := range body.MigrationData {
		var keep []nsx.ResourceDetails
		for _, d := range r.ResourceIDs {
			if set[catalog.Ref{Type: catalog.Type(r.Type), ID: d.ManagerID}] {
				keep = append(keep, d)
			}
		}
		if len(keep) > 0 {
			out.MigrationData = append(out.MigrationData, nsx.Resource{Type: r.Type, ResourceIDs: keep})
		}
	}
	return out
}
