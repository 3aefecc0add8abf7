package run

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/records"
)

// notRolledBackByThisJob refuses to migrate again within one Kubernetes Job. Its server lets a new pod follow one that was lost,
// and that one may have been lost when it had rolled back and archived its run, before it could say so with its exit code:
// to begin once more is for people to decide.
func (r *Runner) notRolledBackByThisJob(_ context.Context, drafts []draft) (string, error) {
	if r.Job == "" || r.Config.Migration.MigrateAfterRollback || !work(drafts) {
		return "", nil
	}
	var last records.Header
	err := records.Archives(r.Config.Records.Directory, func(a records.ArchiveInfo) error {
		last = a.Header
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("reading what the pod before this one has done: %w", err)
	}
	if last.Job != r.Job || last.State != records.RolledBack {
		return "", nil
	}
	return "", fmt.Errorf("a pod of this Job has rolled back run %s (%s); nothing was sent: to migrate again, start a new Job", last.RunID, last.Failure)
}
