package migrate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// Settle finds out what became of a batch whose outcome is unknown: the run died, an answer was lost, or
// NSX failed in the middle of it. Afterwards the batch is either migrated, with a migration record for
// exactly the objects that are Policy, or rolled-back, because nothing of it took effect.
func (m *Migrator) Settle(ctx context.Context) error {
	unknown, _, err := m.batches(records.BatchPosting, records.BatchStarting, records.BatchContinuing)
	if err != nil || len(unknown) == 0 {
		return err
	}
	status, err := m.Idle(ctx)
	if err != nil {
		return err
	}
	restarted, err := m.restarted(ctx)
	if err != nil {
		return err
	}
	for _, b := range unknown {
		if err := m.settleBatch(ctx, b, status, restarted); err != nil {
			return fmt.Errorf("settling batch %d (%d x %s, %s): %w", b.Seq, len(b.Entries), b.Type, b.State, err)
		}
	}
	return nil
}

// closeDoor makes sure that a "continue" which is still under way, held up by the network, can do nothing when it arrives:
// the plan that waits for it is aborted, after which NSX refuses to continue it. If it slips in before, the objects show
// what it did. That the plan was seen waiting is recorded first, since an aborted plan does not tell.
func (m *Migrator) closeDoor(ctx context.Context, b records.Batch) error {
	if !b.Waiting {
		if err := m.Records.SetBatch(b.Seq, b.State, func(b *records.Batch) { b.Waiting = true }); err != nil {
			return fmt.Errorf("recording that it waits for its migration to start: %w", err)
		}
	}
	if err := m.Rest(ctx); err != nil {
		return fmt.Errorf("closing its plan, so that no late call can move it: %w", err)
	}
	_, err := m.Idle(ctx)
	return err
}

// Rest brings the coordinator to rest: it works on nothing, and no plan of ours is half-way in it.
func (m *Migrator) Rest(ctx context.Context) error {
	status, err := m.Idle(ctx)
	if err != nil {
		return err
	}
	return m.unlessResting(ctx, status)
}

// Idle waits until the coordinator works on nothing, because nothing may be aborted or rolled back before.
func (m *Migrator) Idle(ctx context.Context) (mp.MigrationStatus, error) {
	var status mp.MigrationStatus
	err := m.poll(ctx, func(waited func() time.Duration) (idle bool, err error) {
		status, err = m.API.MigrationStatus(ctx)
		if err != nil {
			return false, fmt.Errorf("reading the coordinator's status: %w", err)
		}
		if !working(status) {
			return true, nil
		}
		if took := waited(); took > m.BatchTimeout {
			return false, fmt.Errorf("%w: its status is %s after %s", ErrStillRunning, status.Overall, took.Round(time.Second))
		}
		m.Events.Waiting(fmt.Sprintf("the coordinator is still working on an earlier batch (%s)", status.Overall))
		return false, nil
	})
	return status, err
}

func (m *Migrator) settleBatch(ctx context.Context, b records.Batch, status mp.MigrationStatus, restarted bool) error {
	migration := status.Component(mp.ComponentMigration)
	if b.State != records.BatchContinuing { // nothing migrates before "continue"
		if restarted || !movedOn(b, status) {
			return m.setAside(b)
		}
		m.Events.Warn("a \"continue\" that was sent for an earlier batch has reached batch %d; reading its objects", b.Seq)
		if err := m.Records.SetBatch(b.Seq, records.BatchContinuing, func(b *records.Batch) { b.Continued = true }); err != nil {
			return fmt.Errorf("recording that its migration was started: %w", err)
		}
	}
	waiting := b.Waiting || !restarted && status.Overall == mp.StatusPaused && migration.Status == mp.StatusNotStarted
	if waiting {
		if err := m.closeDoor(ctx, b); err != nil {
			return err
		}
	}
	body, err := m.Records.Request(b.Seq)
	if err != nil {
		return fmt.Errorf("reading its request from the records: %w", err)
	}
	set := sent(body)
	refs := make([]mp.Ref, 0, len(set))
	for ref := range set {
		refs = append(refs, ref)
	}
	found, err := m.Look(ctx, refs)
	if err != nil {
		return fmt.Errorf("reading its objects: %w", err)
	}
	paths := map[mp.Ref]string{}
	for _, e := range b.Entries {
		paths[refOf(e)] = e.PolicyPath
	}
	var undecided []string
	for ref := range set {
		took, known := decide(found[ref], migration, restarted)
		if found[ref].Evidence == catalog.IsAbsent && paths[ref] != "" {
			// What the lists do not show may have gone with the batch all the same: Policy is asked before it is given up.
			gone, err := m.Gone(ctx, paths[ref])
			if err != nil {
				return fmt.Errorf("reading the Policy object of %s, which the lists of Manager mode do not show: %w", ref, err)
			}
			took = !gone
		}
		known = known || waiting
		if !known {
			withRouter, err := m.goesWithRouter(ref)
			if err != nil {
				return err
			}
			if !withRouter {
				undecided = append(undecided, ref.String())
			}
		}
		if !took {
			delete(set, ref)
		}
	}
	if len(undecided) > 0 {
		return fmt.Errorf("%w: %s", ErrUndecided, strings.Join(bounded.Lines(undecided, maxNamed), ", "))
	}
	if len(set) == 0 {
		return m.setAside(b)
	}
	return m.Records.BatchDone(b.Seq, claimed(b.Entries, set, found))
}

// movedOn says whether the migration of a batch has begun that was not continued yet: a call for the batch before was
// delivered twice, the second time to this one. That NSX forgets of the batch before when it takes another is ASSUMED; where
// it does not, the objects are read once too often.
func movedOn(b records.Batch, status mp.MigrationStatus) bool {
	return b.State == records.BatchStarting &&
		status.Component(mp.ComponentPrecheck).Status == mp.StatusSuccess &&
		status.Component(mp.ComponentMigration).Status != mp.StatusNotStarted
}

// decide says whether an entry was migrated, from its own evidence or else from the coordinator's word on
// the whole batch, which counts only while it is the same coordinator.
func decide(f inventory.Finding, migration mp.ComponentStatus, restarted bool) (took, known bool) {
	switch f.Evidence {
	case catalog.IsPolicy:
		return true, true
	case catalog.IsManager, catalog.IsAbsent:
		return false, true
	}
	if !restarted && migration.Status == mp.StatusSuccess {
		return true, true
	}
	return false, false
}

// goesWithRouter says whether an entry is part of a router that this run migrated, so that rolling back
// the router takes it along whatever became of it.
func (m *Migrator) goesWithRouter(ref mp.Ref) (bool, error) {
	for part, router := range map[mp.Type]mp.Type{
		mp.Tier0Port: mp.Tier0, mp.Tier0Config: mp.Tier0, mp.Tier1Port: mp.Tier1,
	} {
		if ref.Type == part {
			return m.Records.IsMigrated(string(router), ref.ID)
		}
	}
	return false, nil
}

// Reclaim reads everything that was set in motion and counts as rolled back or as never migrated. What is Policy all the same gets
// its migration record back, so that it can be rolled back, and is named: a late call may have done it, or NSX was restored.
func (m *Migrator) Reclaim(ctx context.Context) (claimedAgain []string, err error) {
	back, _, err := m.batches(records.BatchRolledBack)
	if err != nil {
		return nil, err
	}
	var found map[mp.Ref]inventory.Finding
	last := ""
	for i, b := range back {
		if !b.Continued && !b.Adopted {
			last = ""
			continue // whatever of it is Policy was so before: NSX may have refused the batch for just that
		}
		if b.Type != last {
			if found, err = m.lookAt(ctx, back[i:], b.Type); err != nil {
				return nil, fmt.Errorf("reading what was rolled back: %w", err)
			}
			last = b.Type
		}
		set := map[mp.Ref]bool{}
		for _, e := range b.Entries {
			if ref := refOf(e); found[ref].Evidence == catalog.IsPolicy && !e.NotOurs {
				set[ref] = true
				claimedAgain = append(claimedAgain, ref.String())
			}
		}
		if len(set) == 0 {
			continue
		}
		if err := m.Records.BatchDone(b.Seq, claimed(b.Entries, set, found)); err != nil {
			return nil, fmt.Errorf("recording that objects of batch %d are Policy all the same: %w", b.Seq, err)
		}
	}
	return claimedAgain, nil
}

// setAside records that nothing of the batch took effect.
func (m *Migrator) setAside(b records.Batch) error {
	if err := m.Records.SetBatch(b.Seq, records.BatchRolledBack, nil); err != nil {
		return fmt.Errorf("recording that nothing of it was migrated: %w", err)
	}
	return nil
}
