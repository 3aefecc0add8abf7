package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// duplicateText is how NSX's pre-check marks an object that is Policy already; there is no code for it
// (vmware-nsx nsx-migrate-t2p, NCP docs 4.0).
const duplicateText = "is duplicate or already migrated"

// duplicates finds out which entries the pre-check means: those whose id its details name, or else those
// that NSX shows as Policy when they are read.
func (m *Migrator) duplicates(ctx context.Context, body mp.Promotion, component mp.ComponentStatus) ([]string, error) {
	var named []string
	var refs []mp.Ref
	words := idsIn(component.Details)
	for ref := range sent(body) {
		refs = append(refs, ref)
		if words[ref.ID] {
			named = append(named, ref.ID)
		}
	}
	if len(named) > 0 {
		slices.Sort(named)
		return named, nil
	}
	found, err := m.Look(ctx, refs)
	if err != nil {
		return nil, fmt.Errorf("looking for the duplicates that NSX reports: %w", err)
	}
	for ref, f := range found {
		if f.Evidence == catalog.IsPolicy {
			named = append(named, ref.ID)
		}
	}
	if len(named) == 0 {
		return nil, m.failure(ctx, "pre-check", component)
	}
	slices.Sort(named)
	return named, nil
}

// idsIn splits free text into what may be ids (UUIDs, names, IP addresses), so that 10.0.0.1 is not found
// in 10.0.0.11.
func idsIn(text string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("-_.:", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		words[w] = true
		words[strings.TrimRight(w, ".:")] = true
	}
	return words
}

// takeOut marks the duplicates as not ours and replaces the batch's request by one without them, in one
// transaction, so that a rollback can never touch what somebody else migrated.
func (m *Migrator) takeOut(ctx context.Context, b records.Batch, body mp.Promotion, ids []string) error {
	if !m.TakeOutDuplicates {
		return fmt.Errorf("NSX says that %s are Policy already though no record claims them: %w", strings.Join(bounded.Lines(ids, maxNamed), ", "), errDuplicates)
	}
	if err := m.abort(ctx); err != nil {
		return err
	}
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	var rest []mp.Resource
	for _, r := range body.MigrationData {
		var keep []mp.ResourceDetails
		for _, d := range r.ResourceIDs {
			if !out[d.ManagerID] {
				keep = append(keep, d)
			}
		}
		if len(keep) > 0 {
			rest = append(rest, mp.Resource{Type: r.Type, ResourceIDs: keep})
		}
	}
	body.MigrationData = rest
	m.Events.Warn("%d of %d x %s are Policy already and are left to whoever migrated them: %s", len(ids), len(b.Entries), b.Type, strings.Join(bounded.Lines(ids, maxNamed), ", "))
	if err := m.Records.TakeOut(b.Seq, ids, body); err != nil {
		return fmt.Errorf("recording that duplicates are not ours: %w", err)
	}
	return nil
}

var errDuplicates = errors.New("records of an earlier migration were lost, or another tool migrated them; migration.adopt: true lets a run go on")
