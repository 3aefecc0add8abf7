package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// maxRounds bounds how often a rollback that NSX answered without carrying it out is sent again.
const maxRounds = 3

// ErrNotBack says that NSX answered rollbacks, and that objects are Policy all the same when they are read.
var ErrNotBack = errors.New("NSX answered the rollback of these objects and they are Policy all the same")

// Back takes everything that the records claim back to Manager mode, newest batch first, and may be repeated: it goes on
// where it stopped. NSX's answer to a rollback only makes a batch returned. Its migration records go when the objects
// themselves were read as Manager, those of all batches together; what is still Policy is sent again.
func (m *Migrator) Back(ctx context.Context) error {
	if err := m.Settle(ctx); err != nil {
		return err
	}
	begun, _, err := m.batches(records.BatchMigrated, records.BatchRollingBack, records.BatchReturned, records.BatchRolledBack)
	if err != nil || len(begun) == 0 {
		return err
	}
	header, _, err := m.Records.Run()
	if err != nil {
		return fmt.Errorf("reading the records: %w", err)
	}
	// A workflow that DONE has closed, or that a restored NSX does not know, is one reason to refuse a rollback.
	mayBeClosed := header.DoneSent || header.Restored != ""
	for round := 1; ; round++ {
		sendErr := m.takeBack(ctx)
		if sendErr != nil && !refusal(sendErr) {
			return sendErr
		}
		again, err := m.prove(ctx)
		switch {
		case err != nil:
			return errors.Join(sendErr, err)
		case sendErr == nil && len(again) == 0:
			return nil
		case sendErr != nil && len(again) == 0 && mayBeClosed:
			mayBeClosed = false
			if err = m.initiateAgain(ctx, "NSX refuses a rollback, and the workflow may be closed"); err != nil {
				return errors.Join(sendErr, err)
			}
		case sendErr != nil && len(again) == 0:
			return sendErr
		case round >= maxRounds:
			return errors.Join(sendErr, fmt.Errorf("%w, %d times: %s", ErrNotBack, round, strings.Join(bounded.Lines(again, maxNamed), ", ")))
		default:
			m.Events.Warn("NSX answered the rollback of %d objects without carrying it out (%s); sending it again", len(again), strings.Join(bounded.Lines(again, maxNamed), ", "))
		}
	}
}

// refusal says whether an error is NSX's answer to this very rollback, so that others may still get through.
func refusal(err error) bool {
	return slices.ContainsFunc([]mp.Kind{mp.KindInvalid, mp.KindNotFound, mp.KindConflict, mp.KindNotOwner, mp.KindStale},
		func(k mp.Kind) bool { return mp.IsKind(err, k) })
}

// takeBack sends the rollbacks of all batches that are not back, newest first, up to the first that fails.
func (m *Migrator) takeBack(ctx context.Context) error {
	// Even when nothing is left to be rolled back, a failed batch may have left a plan half-way, which would
	// keep every later run from starting.
	if err := m.ready(ctx); err != nil {
		return err
	}
	batches, total, err := m.batches(records.BatchMigrated, records.BatchRollingBack)
	if err != nil {
		return err
	}
	batches = m.mayGoBack(batches)
	slices.Reverse(batches)
	done := 0
	var found map[mp.Ref]inventory.Finding
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

// mayGoBack leaves out the batches that an adopting run found as Policy: what this run did not send is rolled back only
// when the operator asks for it.
func (m *Migrator) mayGoBack(batches []records.Batch) []records.Batch {
	return slices.DeleteFunc(batches, func(b records.Batch) bool { return b.Adopted && !m.UndoAdopted })
}

// ready brings the coordinator into a state in which it takes a rollback: no plan of ours half-way, and a
// workflow initiated. A coordinator that was restarted has forgotten the workflow.
func (m *Migrator) ready(ctx context.Context) error {
	if err := m.Hold(ctx); err != nil {
		return err
	}
	restarted, err := m.restarted(ctx)
	if err != nil {
		return err
	}
	if restarted {
		if err := m.initiateAgain(ctx, "the migration coordinator was restarted"); err != nil {
			return err
		}
	}
	return m.Rest(ctx)
}

// unlessResting aborts a plan of ours that is half-way, so that no call that is still under way can move it.
func (m *Migrator) unlessResting(ctx context.Context, status mp.MigrationStatus) error {
	if status.Overall == mp.StatusPaused || status.Overall == mp.StatusFailed {
		return m.abort(ctx)
	}
	return nil
}

// initiateAgain opens the workflow once more, and remembers the coordinator's processes. An execution that ended before
// it could remember them has opened it already, and NSX refuses to do so twice: that is no reason to stop, because a
// rollback that needs more is refused as well.
func (m *Migrator) initiateAgain(ctx context.Context, why string) error {
	m.Events.Warn("%s; initiating the workflow again for the rollback", why)
	if err := m.Hold(ctx); err != nil {
		return err
	}
	if err := m.initiate(ctx); err != nil {
		return err
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

// initiate sends INITIATE until NSX has answered it. A second one does no harm where the answer to the first was lost: NSX
// refuses it.
func (m *Migrator) initiate(ctx context.Context) error {
	for send := 1; ; send++ {
		err := m.API.Initiate(ctx)
		switch {
		case err == nil:
			return nil
		case mp.IsKind(err, mp.KindInvalid), mp.IsKind(err, mp.KindConflict):
			m.Events.Warn("NSX did not initiate the workflow, which may be open from an earlier execution; going on: %v", err)
			return nil
		case !mp.IsKind(err, mp.KindLost) || ctx.Err() != nil || send == maxResends:
			return fmt.Errorf("initiating the workflow again: %w", err)
		}
		m.Events.Warn("the answer to INITIATE was lost (%v); sending it again", err)
	}
}

// lookAt reads what the entries of all leading batches of one type are now, in one go.
func (m *Migrator) lookAt(ctx context.Context, batches []records.Batch, kind string) (map[mp.Ref]inventory.Finding, error) {
	var refs []mp.Ref
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

// undo sends the rollback of one batch: of those of its entries that our records claim and that NSX does not show as
// Manager already.
func (m *Migrator) undo(ctx context.Context, b records.Batch, found map[mp.Ref]inventory.Finding) error {
	body, err := m.Records.Request(b.Seq)
	if err != nil {
		return fmt.Errorf("reading its request from the records: %w", err)
	}
	ours := map[mp.Ref]bool{}
	for _, e := range b.Entries {
		claimed, err := m.Records.IsMigrated(e.Type, e.ID)
		if err != nil {
			return fmt.Errorf("reading the migration records: %w", err)
		}
		ref := refOf(e)
		switch found[ref].Evidence {
		case catalog.IsManager, catalog.IsAbsent: // proved with all others, once more
		default:
			if claimed && !e.NotOurs {
				ours[ref] = true
			}
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
	if err := m.Records.SetBatch(b.Seq, records.BatchReturned, nil); err != nil {
		return fmt.Errorf("recording that NSX says that it is rolled back: %w", err)
	}
	return nil
}

// rollback sends one rollback and, when its answer is lost, reads the objects until they show that it took
// effect: a second rollback is never sent on top of one that may still be going on.
func (m *Migrator) rollback(ctx context.Context, body mp.Promotion, ours map[mp.Ref]bool) error {
	err := m.API.Rollback(ctx, body)
	if !mp.IsKind(err, mp.KindLost) || ctx.Err() != nil {
		if err != nil {
			return fmt.Errorf("sending the rollback: %w", err)
		}
		return nil
	}
	m.Events.Warn("the answer to a rollback was lost (%v); reading the objects instead", err)
	refs := make([]mp.Ref, 0, len(ours))
	for ref := range ours {
		refs = append(refs, ref)
	}
	return m.poll(ctx, func(waited func() time.Duration) (back bool, err error) {
		found, err := m.Look(ctx, refs)
		if err != nil {
			return false, fmt.Errorf("reading what became of the rollback: %w", err)
		}
		var left []string
		for _, ref := range refs {
			if e := found[ref].Evidence; e != catalog.IsManager && e != catalog.IsAbsent {
				left = append(left, ref.String())
			}
		}
		if len(left) == 0 {
			return true, nil
		}
		if waited() > m.FinishTimeout {
			return false, fmt.Errorf("its answer was lost and after %s these are still not back: %s", m.FinishTimeout, strings.Join(bounded.Lines(left, maxNamed), ", "))
		}
		m.Events.Waiting(fmt.Sprintf("a rollback whose answer was lost: %d of %d objects are not back yet", len(left), len(refs)))
		return false, nil
	})
}

// prove reads the objects of every returned batch and closes the batches whose objects are back. The others are taken up
// again; their objects that are still Policy are named.
func (m *Migrator) prove(ctx context.Context) (again []string, err error) {
	returned, _, err := m.batches(records.BatchReturned)
	if err != nil {
		return nil, err
	}
	slices.Reverse(returned)
	var found map[mp.Ref]inventory.Finding
	for i, b := range returned {
		if i == 0 || b.Type != returned[i-1].Type {
			if found, err = m.lookAt(ctx, returned[i:], b.Type); err != nil {
				return nil, fmt.Errorf("reading what was rolled back: %w", err)
			}
		}
		left, err := m.proveBatch(ctx, b, found)
		if err != nil {
			return nil, fmt.Errorf("proving that batch %d (%d x %s) is rolled back: %w", b.Seq, len(b.Entries), b.Type, err)
		}
		again = append(again, left...)
	}
	return again, nil
}

// proveBatch closes a returned batch, or takes it up again and names what is still Policy. What cannot be told of an
// object counts as NSX answered: the answer had NSX's form, and there is nothing else to go by.
func (m *Migrator) proveBatch(ctx context.Context, b records.Batch, found map[mp.Ref]inventory.Finding) (left []string, err error) {
	for _, e := range b.Entries {
		ref := refOf(e)
		claimed, err := m.Records.IsMigrated(e.Type, e.ID)
		if err != nil {
			return nil, fmt.Errorf("reading the migration records: %w", err)
		}
		if !claimed || e.NotOurs {
			continue
		}
		switch found[ref].Evidence {
		case catalog.IsPolicy:
			left = append(left, ref.String())
		case catalog.IsAbsent:
			if err := m.proveGone(ctx, e); err != nil {
				return nil, err
			}
		}
	}
	if len(left) > 0 {
		if err := m.Records.SetBatch(b.Seq, records.BatchRollingBack, nil); err != nil {
			return nil, fmt.Errorf("recording that it is not rolled back: %w", err)
		}
		return left, nil
	}
	if err := m.Records.BatchUndone(b.Seq); err != nil {
		return nil, fmt.Errorf("recording that it is rolled back: %w", err)
	}
	return nil, nil
}

// proveGone makes sure that an object which the Manager's lists do not show has no Policy side either, before its record
// is closed. What the lists and Policy say against each other keeps the record.
func (m *Migrator) proveGone(ctx context.Context, e records.Entry) error {
	gone, err := true, error(nil)
	if e.PolicyPath != "" {
		gone, err = m.Gone(ctx, e.PolicyPath)
	}
	if err != nil {
		return fmt.Errorf("reading the Policy object of %s, which Manager mode does not show: %w", refOf(e), err)
	}
	if !gone {
		return fmt.Errorf("the lists of Manager mode do not show %s, and its Policy object %s is there: the record is kept; delete the Policy object if the other was deleted, and run again", refOf(e), e.PolicyPath)
	}
	m.Events.Warn("%s no longer exists in NSX; it cannot be rolled back", refOf(e))
	return nil
}

// only makes the body of a rollback: the original entries, with policy ids, metadata and linked ids, of
// the objects in the set. Whether NSX needs more than the Manager ids is not known publicly.
func only(body mp.Promotion, set map[mp.Ref]bool) mp.Promotion {
	var out mp.Promotion
	for _, r := range body.MigrationData {
		var keep []mp.ResourceDetails
		for _, d := range r.ResourceIDs {
			if set[mp.Ref{Type: mp.Type(r.Type), ID: d.ManagerID}] {
				keep = append(keep, d)
			}
		}
		if len(keep) > 0 {
			out.MigrationData = append(out.MigrationData, mp.Resource{Type: r.Type, ResourceIDs: keep})
		}
	}
	return out
}
