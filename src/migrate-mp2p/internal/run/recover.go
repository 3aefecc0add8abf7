package run

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// recover takes up a run that an earlier execution left unfinished. What it does is decided by the records
// and by what NSX answers. It says whether a fresh run may follow.
func (r *Runner) recover(ctx context.Context, header records.Header) (goOn bool, err error) {
	s, err := stepOf(header.State)
	if err != nil {
		return false, err
	}
	if r.Job != "" && header.Job != r.Job {
		header.Job = r.Job
		if err := r.Records.Amend(func(h *records.Header) { h.Job = r.Job }); err != nil {
			return false, err
		}
	}
	r.Report.Say("found unfinished records of run %s (scope %s, state %s, since %s)", header.RunID, header.Scope, header.State, header.Created.Format("2006-01-02 15:04 MST"))
	if s.Found == "" {
		return true, r.discardPlanned(ctx, header)
	}
	j := &job{Runner: r, header: header, recovered: true}
	var void *voided
	var elsewhere *again
	switch err := j.unlessRestored(ctx, header); {
	case errors.As(err, &void):
		return false, r.archiveVoid(ctx, header, void)
	case errors.As(err, &elsewhere):
		if err := r.turn(elsewhere); err != nil {
			return false, err
		}
		s.Found = elsewhere.to
	case err != nil:
		return false, err
	default:
		if err := r.found(header, s.Found); err != nil {
			return false, err
		}
	}
	r.sayDifferences(header)
	if err := j.drive(ctx); err != nil {
		return false, err
	}
	// What only had to be finished is followed by a fresh run, a completed scope by the next one. A run that
	// was rolled back here stops, unless the operator asked otherwise.
	rolledBack := s.Found == records.RollingBack || s.Found == records.Closing
	return !rolledBack || r.Config.Migration.MigrateAfterRollback, nil
}

// found records the state that a re-run goes on with.
func (r *Runner) found(header records.Header, state records.State) error {
	if state == header.State {
		return nil
	}
	err := r.Records.Transition(state, func(h *records.Header) {
		if h.Failure == "" && state != records.Applying {
			h.Failure = fmt.Sprintf("an earlier execution ended in state %s", header.State)
		}
	})
	if err != nil {
		return fmt.Errorf("recording the state %q: %w", state, err)
	}
	return nil
}

// sayDifferences prints where today's configuration asks for something else than the run that is taken up.
func (r *Runner) sayDifferences(header records.Header) {
	if !slices.Contains(r.scopes(), mp.Scope(header.Scope)) {
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
		"nsx.node_principal_identity":   r.Config.NSX.NodePrincipalIdentity,
		"nsx.shared_principal_identity": r.Config.NSX.SharedPrincipalIdentity,
	}
}

// discardPlanned drops a run that never sent anything, with its lease and the service that it started.
func (r *Runner) discardPlanned(ctx context.Context, header records.Header) error {
	if header.CoordinatorStarted && header.NodeID != r.node.ID {
		if r.Config.NSX.AcceptOtherNode != r.node.ID {
			return &elsewhereStarted{header, r.node}
		}
		r.Report.Warn("the coordinator service that run %s started on node %s is left running, as nsx.accept_other_node asks", header.RunID, header.NodeID)
		if err := r.Records.Amend(func(h *records.Header) { h.CoordinatorStarted = false }); err != nil {
			return err
		}
		header.CoordinatorStarted = false
	}
	if err := r.giveBack(ctx, header); err != nil {
		return err
	}
	if err := r.archived(r.Records.Discard(header.RunID)); err != nil {
		return fmt.Errorf("discarding the records of run %s, which sent nothing: %w", header.RunID, err)
	}
	r.Report.Say("run %s had sent nothing to NSX; its records are discarded", header.RunID)
	return nil
}

// elsewhereStarted says that a run started the coordinator on a node that nsx.managers leads to no longer.
type elsewhereStarted struct {
	header records.Header
	node   mp.Node
}

func (e *elsewhereStarted) Error() string {
	return fmt.Sprintf("run %s sent nothing, but started the migration coordinator on node %s (%s), and nsx.managers leads to node %s now: no other node can run it meanwhile. "+
		"List that node's own address in nsx.managers, or let the virtual address lead there, and run again; or stop the service there by hand and set nsx.accept_other_node: %s",
		e.header.RunID, e.header.NodeID, e.header.NodeAddress, e.node.ID, e.node.ID)
}
