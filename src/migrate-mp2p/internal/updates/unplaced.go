package updates

import (
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// unplaced says whether a migrated object is one whose place NSX has chosen, so that no path of it is recorded, and which
// no rule fits: there is nothing to read of it, and nothing to update.
func unplaced(rules *Rules, env Env, originals Originals, m records.MigratedObject) (bool, error) {
	if m.PolicyPath != "" {
		return false, nil
	}
	original, _, err := originals.Original(m.Type, m.ID)
	if err != nil {
		return false, fmt.Errorf("reading the record of %s %s: %w", m.Type, m.ID, err)
	}
	o := Object{Type: mp.Type(m.Type), ID: m.ID, Name: original.Name, Tags: original.Tags, Names: original.Names, Facts: original.Facts}
	return !slices.ContainsFunc(rules.rules, func(r rule) bool { return r.fits(o, env) }), nil
}
