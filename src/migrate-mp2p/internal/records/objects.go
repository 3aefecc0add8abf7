package records

import "fmt"

// Ref names an object: type of the migration API and Manager id.
type Ref struct {
	Type string
	ID   string
}

// MigratedCount returns the number of migration records.
func (s *Store) MigratedCount() (int, error) {
	n, err := s.count(bucketMigrated)
	if err != nil {
		return 0, fmt.Errorf("counting migration records: %w", err)
	}
	return n, nil
}

// Migrated visits every migration record, by type and id.
func (s *Store) Migrated(visit func(MigratedObject) error) error {
	return each(s, bucketMigrated, nil, func(o MigratedObject) (bool, error) { return true, visit(o) })
}

// IsMigrated says whether this run migrated an object.
func (s *Store) IsMigrated(kind, id string) (bool, error) {
	var o MigratedObject
	found, err := s.get(bucketMigrated, objectKey(kind, id), &o)
	if err != nil {
		return false, fmt.Errorf("reading the migration record of %s %s: %w", kind, id, err)
	}
	return found, nil
}

// Original returns what an object of the plan was before the run; false when the plan does not hold it.
func (s *Store) Original(kind, id string) (Original, bool, error) {
	var o Original
	found, err := s.get(bucketOriginals, objectKey(kind, id), &o)
	if err != nil {
		return Original{}, false, fmt.Errorf("reading the original of %s %s: %w", kind, id, err)
	}
	return o, found, nil
}

// Originals visits every original, by type and id.
func (s *Store) Originals(visit func(Original) error) error {
	return each(s, bucketOriginals, nil, func(o Original) (bool, error) { return true, visit(o) })
}
