package run

import (
	"context"
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// An NSX that was restored from a backup under a run is another NSX than its records say. It is recognised in every state
// of the chart, before anything is done:
//
//	none of the objects that the records claim is Policy       nothing of the run is left: the records are void
//	past DONE, some are Manager, or none is realised           the backup is of phase 2: what is Policy is rolled back
//	past the rollback, some of what was sent is Policy         the backup is of phase 2: they are claimed again, likewise
//	past DONE, updates are missing                             the backup is of phase 4: applying looks at all of them again
//
// Before DONE no more is needed: a recovery reads the objects and rolls back what is Policy. That Manager mode shows none of
// them does not make the records void there: rolling back asks for the Policy side before it closes them.

// standing is what the objects that the records claim are now.
type standing struct {
	policy, manager, undecided int
	claimed                    int
	first                      []string // some of those that are Manager
}

// standing reads the objects that the records claim, and those of batches whose outcome is unknown.
func (r *Runner) standing(ctx context.Context) (standing, error) {
	var refs []mp.Ref
	var s standing
	err := r.Records.Migrated(func(m records.MigratedObject) error {
		refs = append(refs, mp.Ref{Type: mp.Type(m.Type), ID: m.ID})
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("reading the migration records: %w", err)
	}
	s.claimed = len(refs)
	err = r.Records.Batches(func(b records.Batch) error {
		if b.State == records.BatchContinuing {
			for _, e := range b.Entries {
				refs = append(refs, mp.Ref{Type: mp.Type(e.Type), ID: e.ID})
			}
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("reading the batches from the records: %w", err)
	}
	if s.claimed == 0 {
		return s, nil
	}
	found, err := inventory.Look(ctx, r.NSX, r.Catalog, refs, r.places())
	if err != nil {
		return s, fmt.Errorf("reading the migrated objects: %w", err)
	}
	for _, ref := range refs {
		switch found[ref].Evidence {
		case catalog.IsPolicy:
			s.policy++
		case catalog.IsManager:
			s.manager++
			if len(s.first) < 5 {
				s.first = append(s.first, ref.String())
			}
		case catalog.Undecided:
			s.undecided++
		}
	}
	return s, nil
}

// voided says that NSX holds nothing of what a run did.
type voided struct{ claimed int }

func (v *voided) Error() string {
	return fmt.Sprintf("none of the %d objects that the run migrated is Policy any more", v.claimed)
}

// unlessRestored compares what the records claim with what NSX shows. The error is an *again where the run has to go on
// elsewhere, and *voided where nothing of it is left.
func (j *job) unlessRestored(ctx context.Context, header records.Header) error {
	past := false // DONE
	switch header.State {
	case records.Applying, records.Complete:
		past = true
	case records.Migrating, records.Migrated, records.Inferred, records.Committing:
	case records.RolledBack:
		return j.reclaim(ctx, "although the run is rolled back")
	default:
		return nil
	}
	s, err := j.standing(ctx)
	switch {
	case err != nil || s.claimed == 0:
		return err
	case s.policy == 0 && (s.manager > 0 || past && s.undecided == 0):
		return &voided{s.claimed}
	case s.manager > 0 && (past || header.State == records.Committing):
		return &again{records.RollingBack, fmt.Sprintf("%d of the objects that it migrated are Manager again (%s, ...) and %d are Policy", s.manager, strings.Join(s.first, ", "), s.policy), true}
	case past && header.DoneShown: // an NSX that never shows what it realises is no restored one
		return j.unlessUnrealised(ctx)
	}
	return nil
}

// unlessUnrealised finds an NSX that was restored from a backup made between the last batch and DONE: all objects are
// Policy, and NSX has begun to realise none of them.
func (j *job) unlessUnrealised(ctx context.Context) error {
	seen, err := j.effectOfDone(ctx, doneSettle, 0)
	if err != nil || seen != effectNone {
		return err
	}
	return &again{records.RollingBack, "NSX has realised none of its objects, although DONE had taken effect", true}
}

// reclaim reads everything that the run sent to NSX and says was rolled back. What is Policy all the same is claimed again,
// and the run goes back to rolling back. It claims nothing once the run has given up its lease.
func (j *job) reclaim(ctx context.Context, when string) error {
	header, _, err := j.Records.Run()
	if err != nil || header.Released {
		return err
	}
	if header.Leased {
		held, err := j.readLease(ctx)
		if err != nil {
			return err
		}
		if held.tag(leaseRun) != header.RunID {
			return nil
		}
	}
	claimed, err := j.migrator().Reclaim(ctx)
	if err != nil || len(claimed) == 0 {
		return err
	}
	return &again{records.RollingBack, fmt.Sprintf("%d objects that were rolled back are Policy %s (%s, ...): they are rolled back again",
		len(claimed), when, strings.Join(claimed[:min(len(claimed), 5)], ", ")), false}
}

// archiveVoid ends a run of which NSX holds nothing any more.
func (r *Runner) archiveVoid(ctx context.Context, header records.Header, why *voided) error {
	r.Report.Warn("%v: NSX was restored from a backup. Nothing is written to NSX but for the lease of run %s; the records are archived as void", why, header.RunID)
	if err := r.releaseLease(ctx, header); err != nil {
		return err
	}
	if err := r.archived(r.Records.ArchiveVoid(r.archiveInput(report.Files{}))); err != nil {
		return fmt.Errorf("archiving the records of run %s as void: %w", header.RunID, err)
	}
	return nil
}

// releaseLease gives up the lease alone, where the coordinator is not the run's any more.
func (r *Runner) releaseLease(ctx context.Context, header records.Header) error {
	if !header.Leased || header.Released {
		return nil
	}
	held, err := r.readLease(ctx)
	if err != nil || held.tag(leaseRun) != header.RunID {
		return err
	}
	return r.removeLease(ctx, header.RunID)
}

// isGone says whether a Policy object does not exist, in NSX's own words.
func (r *Runner) isGone(ctx context.Context, path string) (bool, error) {
	var body map[string]any
	err := r.NSX.GetPolicy(ctx, path, &body)
	if mp.IsKind(err, mp.KindNotFound) {
		return true, nil
	}
	return false, err
}
