package precheck

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// quietFor is NCP's longest pause between two attempts (NCP docs 4.0): without a change for that long it has nothing
// left to do, or is stopped.
const quietFor = 10 * time.Minute

// allDown is the strategy in which every cluster stands still, so that an NSX backup can be restored.
const allDown = "all-down"

// newest gives the time of the last change that NCP may have made to any object in the inventory, and that object's
// name. A promotion and its rollback change Manager objects, too: as nsx_policy, or as the identity that asked for them
// (both ASSUMED). Our own identity does not count unless NCP works with the same one; TKGI, whose objects those of the
// nodes are, may well work with ours.
func newest(in *Input) (when time.Time, name string) {
	for _, o := range in.Inventory.Objects {
		last := o.Created
		if o.ModifiedBy != inventory.PolicyUser && (o.ModifiedBy == "" || o.ModifiedBy == o.Owner && !o.Nodes || o.ModifiedBy != in.Identity) {
			last = max(last, o.Modified)
		}
		if t := time.UnixMilli(last); t.After(when) {
			when, name = t, fmt.Sprintf("%s %s (%s)", o.Type, o.Name, o.ID)
		}
	}
	return when, name
}

func ncpStopped(_ context.Context, in *Input) (Verdict, string, error) {
	if in.Scope != mp.NCP {
		return Skipped, "it concerns NCP-created objects", nil
	}
	changed, name := newest(in)
	if changed.IsZero() {
		return Skipped, "NSX tells no times of changes", nil
	}
	if age := in.Now.Sub(changed); age < quietFor {
		return Warn, fmt.Sprintf("%s was changed %s ago", name, age.Round(time.Second)), nil
	}
	return OK, "the last change was at " + changed.UTC().Format(time.RFC3339), nil
}

// backupHistory is what we need of GET /api/v1/cluster/backups/history.
type backupHistory struct {
	Cluster []struct {
		End     int64 `json:"end_time"` // milliseconds since 1970
		Success bool  `json:"success"`
	} `json:"cluster_backup_statuses"`
	Node      []json.RawMessage `json:"node_backup_statuses"`
	Inventory []json.RawMessage `json:"inventory_backup_statuses"`
}

// Whole says whether one of the three lists of BackupOperationHistory (NSX Go SDK) is there, be it empty.
func (h backupHistory) Whole() bool { return h.Cluster != nil || h.Node != nil || h.Inventory != nil }

// backup only warns: a backup that NSX cannot list, for example one of the whole VM, may exist (ASSUMED to be common).
func backup(ctx context.Context, in *Input) (Verdict, string, error) {
	if in.Strategy != allDown {
		return Skipped, "a backup cannot be restored while other clusters go on working (strategy " + in.Strategy + ")", nil
	}
	var history backupHistory
	if err := in.API.Get(ctx, "/api/v1/cluster/backups/history", &history); err != nil {
		return Warn, fmt.Sprintf("the backup history could not be read: %v", err), nil
	}
	var last time.Time
	for _, b := range history.Cluster {
		if end := time.UnixMilli(b.End); b.Success && end.After(last) {
			last = end
		}
	}
	changed, name := newest(in)
	switch {
	case last.IsZero():
		return Warn, "NSX lists no successful backup", nil
	case last.Before(changed):
		return Warn, fmt.Sprintf("the newest backup is of %s, but %s was changed at %s",
			last.UTC().Format(time.RFC3339), name, changed.UTC().Format(time.RFC3339)), nil
	}
	return OK, "the newest backup is of " + last.UTC().Format(time.RFC3339), nil
}
