package records

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.etcd.io/bbolt"
)

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

// OriginalHash returns the hash of Original alone, several times as fast: a look at all objects asks it for each.
func (s *Store) OriginalHash(kind, id string) (string, bool, error) {
	hash, found := "", false
	key := objectKey(kind, id)
	err := s.view(func(tx *bbolt.Tx) error {
		bucket, err := in(tx, bucketOriginals)
		if err != nil {
			return err
		}
		row := bucket.Get(key)
		if row == nil {
			return nil
		}
		found = true
		data, err := payload(bucketOriginals, key, row)
		if err == nil {
			hash, err = stringField(data, "hash")
		}
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("reading the original of %s %s: %w", kind, id, err)
	}
	return hash, found, nil
}

// stringField reads a field of a flat beginning of a JSON object, without looking at what follows it.
func stringField(data []byte, name string) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	for isName := false; ; isName = !isName {
		token, err := decoder.Token()
		if err != nil {
			return "", fmt.Errorf("looking for field %q: %w", name, err)
		}
		if isName && token == name {
			var value string
			err := decoder.Decode(&value)
			return value, err
		}
	}
}

// Originals visits every original, by type and id.
func (s *Store) Originals(visit func(Original) error) error {
	return each(s, bucketOriginals, nil, func(o Original) (bool, error) { return true, visit(o) })
}
