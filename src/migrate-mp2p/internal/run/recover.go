package run

import (
	"context"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/report"
)

// recover takes up a run that an earlier execution left unfinished. What it does is decided by the records
// and by what NSX answers. It says whether a fresh run may follow.
func (r *Runner) recover(ctx context.Context, header records.Header) (again bool, err error) {
	s, err := stepOf(header.State)
	if err != nil {
		return false, err
	}
	r.Report.Say("found unfinished records of run %s (scope %s, state %s, since %s)", header.RunID, header.Scope, header.State, header.Created.Format("2006-01-02 15:04 MST"))
	if s.found == discard {
		return true, r.discardPlanned(ctx, header)
	}
	void, err := r.restored(ctx, header)
	if err != nil {
		return false, err
	}
	if void {
		return false, r.archiveVoid(ctx, header)
	}
	if s.found != header.State {
		err := r.Records.Transition(s.found, func(h *records.Header) {
			if h.Failure == "" {
				h.Failure = fmt.Sprintf("an earlier execution ended in state %s", header.State)
			}
		})
		if err != nil {
			return false, fmt.Errorf("recording the state %q: %w", s.found, err)
		}
	}
	r.sayDifferences(header)
	if !header.State.Finished() { // later steps end or undo what the coordinator holds: it must still be ours
		if err := r.takeLease(ctx, header.RunID, header.Cluster); err != nil {
			return false, err
		}
	}
	j := &job{Runner: r, header: header, recovered: true}
	if err := j.drive(ctx); err != nil {
		return false, err
	}
	// What only had to be finished is followed by a fresh run, a completed scope by the next one. A run that
	// was rolled back here stops, unless the operator asked otherwise.
	rolledBack := s.found == records.RollingBack || s.found == records.Closing
	return !rolledBack || r.Config.Migration.MigrateAfterRollback, nil
}

// sayDifferences prints where today's configuration asks for something else than the run that is taken up.
func (r *Runner) sayDifferences(header records.Header) {
	if !slices.Contains(r.scopes(), catalog.Scope(header.Scope)) {
		r.Report.Warn("run %s is of scope %s, which migration.resources (%s) leaves out: it is brought to its end all the same", header.RunID, header.Scope, r.Config.Migration.Resources)
	}
	today := r.settings()
	for _, key := range slices.Sorted(maps.Keys(today)) {
		if recorded, known := header.Settings[key]; known && recorded != today[key] {
			r.Report.Warn("%s was %q when run %s began and is %q now: for this run what was recorded counts", key, recorded, header.RunID, today[key])
		}
	}
}

// settings are those parts of the configuration that decide what a run sends, as its records keep them.
func (r *Runner) settings() map[string]string {
	return map[string]string{
		"ncp.platform":                  r.Config.NCP.Platform,
		"migration.policy_ids":          r.Config.Migration.PolicyIDs,
		"migration.user_spec":           fmt.Sprintf("%d objects, checksum %08x", len(r.wanted()), crc32.ChecksumIEEE(fmt.Appendf(nil, "%+v", r.wanted()))),
		"nsx.principal_identity":        r.Config.NSX.PrincipalIdentity,
		"nsx.shared_principal_identity": r.Config.NSX.SharedPrincipalIdentity,
	}
}

// discardPlanned drops a run that never sent anything, with its lease and the service that it started.
func (r *Runner) discardPlanned(ctx context.Context, header records.Header) error {
	if err := r.releaseLease(ctx, header.RunID); err != nil {
		return err
	}
	r.stopCoordinator(ctx, header)
	if err := r.archived(r.Records.Discard(header.RunID)); err != nil {
		return fmt.Errorf("discarding the records of run %s, which sent nothing: %w", header.RunID, err)
	}
	r.Report.Say("run %s had sent nothing to NSX; its records are discarded", header.RunID)
	return nil
}

// restored says whether NSX was restored from a backup under the records: they claim objects as Policy,
// and not one of them is.
func (r *Runner) restored(ctx context.Context, header records.Header) (bool, error) {
	switch header.State {
	case records.Migrated, records.Inferred, records.Committing, records.Applying, records.Complete:
	default: // batches or rollbacks may be under way
		return false, nil
	}
	var refs []catalog.Ref
	err := r.Records.Migrated(func(m records.MigratedObject) error {
		refs = append(refs, catalog.Ref{Type: catalog.Type(m.Type), ID: m.ID})
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("reading the migration records: %w", err)
	}
	found, err := inventory.Look(ctx, r.NSX, r.Catalog, refs, r.places())
	if err != nil {
		return false, fmt.Errorf("reading the migrated objects: %w", err)
	}
	for _, f := range found {
		if f.Evidence == catalog.IsPolicy {
			return false, nil
		}
	}
	return len(refs) > 0, nil
}

func (r *Runner) archiveVoid(ctx context.Context, header records.Header) error {
	r.Report.Warn("none of the %d objects that run %s migrated is Policy any more: NSX was restored from a backup. Nothing is written to NSX; the records are archived as void", header.Objects, header.RunID)
	if err := r.releaseLease(ctx, header.RunID); err != nil {
		return err
	}
	if err := r.archived(r.Records.ArchiveVoid(r.archiveInput(report.Files{}))); err != nil {
		return fmt.Errorf("archiving the records of run %s as void: %w", header.RunID, err)
	}
	return nil
}
