package run

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// lostRecords stops before any write when NCP objects of this cluster are Policy although neither records
// nor an archive say who migrated them, and they stand beside others that are Manager or lack the tags that
// the end of a migration gives them.
func (r *Runner) lostRecords(ctx context.Context, drafts []draft) error {
	for _, d := range drafts {
		if d.scope != catalog.NCP || len(d.policy) == 0 {
			continue
		}
		unclaimed, err := r.unclaimed(d.policy)
		if err != nil {
			return err
		}
		if len(unclaimed) > 0 && d.objects() == 0 {
			if unclaimed, err = r.unready(ctx, unclaimed); err != nil {
				return fmt.Errorf("looking for Policy objects whose updates were never made: %w", err)
			}
		}
		if len(unclaimed) > 0 {
			return &lostRecords{total: len(unclaimed), manager: d.objects(), names: unclaimed[:min(len(unclaimed), 5)]}
		}
	}
	return nil
}

// unclaimed are the objects that no archive claims.
func (r *Runner) unclaimed(policy []catalog.Ref) ([]catalog.Ref, error) {
	refs := make([]records.Ref, 0, len(policy))
	for _, ref := range policy {
		refs = append(refs, records.Ref{Type: string(ref.Type), ID: ref.ID})
	}
	claimed, err := records.ClaimedByArchive(r.Config.Records.Directory, refs)
	if err != nil {
		return nil, fmt.Errorf("reading the archived records: %w", err)
	}
	var rest []catalog.Ref
	for i, ref := range policy {
		if _, ok := claimed[refs[i]]; !ok {
			rest = append(rest, ref)
		}
	}
	return rest, nil
}

// unready are those of the objects whose Policy side still carries another version of NCP's tags than phase 4
// leaves there. NCP in Policy mode writes that version, too, so that what it makes later is not meant.
func (r *Runner) unready(ctx context.Context, objects []catalog.Ref) ([]catalog.Ref, error) {
	version := r.Rules.Constant("ncp/version")
	if version == "" {
		return nil, nil
	}
	byID := make(map[string]catalog.Ref, len(objects))
	for _, ref := range objects {
		byID[ref.ID] = ref
	}
	query := fmt.Sprintf("tags.scope:%q AND tags.tag:%q AND tags.scope:%q AND NOT tags.tag:%q", "ncp/cluster", r.Config.NCP.Cluster, "ncp/version", version)
	var found []catalog.Ref
	_, err := r.NSX.Search(ctx, nsx.Policy, query, func(results []json.RawMessage) error {
		for _, raw := range results {
			var o struct {
				UniqueID string `json:"unique_id"` // of a migrated object: its Manager id
			}
			if err := json.Unmarshal(raw, &o); err != nil {
				return fmt.Errorf("reading a result: %w", err)
			}
			if ref, ok := byID[o.UniqueID]; ok {
				found = append(found, ref)
			}
		}
		return nil
	})
	if nsx.IsKind(err, nsx.KindSearchCap) { // so many that one need not look at each
		return objects, nil
	}
	return found, err
}

// lostRecords says that a migration was begun whose records are not here.
type lostRecords struct {
	total, manager int
	names          []catalog.Ref
}

func (e *lostRecords) Error() string {
	beside := fmt.Sprintf("while %d are Manager", e.manager)
	if e.manager == 0 {
		beside = "and without the tags that the end of a migration gives them"
	}
	var names []string
	for _, ref := range e.names {
		names = append(names, ref.String())
	}
	if e.total > len(names) {
		names = append(names, "...")
	}
	return fmt.Sprintf("%d NCP objects of this cluster are Policy although no records on this disk claim them (%s), %s: a migration was begun from another machine or disk, or its records were lost; run the errand where those records lie",
		e.total, strings.Join(names, ", "), beside)
}
