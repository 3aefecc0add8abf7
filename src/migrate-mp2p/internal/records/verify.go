package records

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
)

// checkFile checks all that can be checked without understanding the rows: every checksum and the structure of
// the file. Checksums come first, since they meet damage where it can be named.
func (s *Store) checkFile() error {
	if err := s.checkRows(); err != nil {
		return err
	}
	return s.view(func(tx *bbolt.Tx) error {
		var all error
		for err := range tx.Check() {
			all = errors.Join(all, err)
		}
		if all != nil {
			return &ErrDamaged{Cause: all}
		}
		return nil
	})
}

// checkRows checks the checksum of every row.
func (s *Store) checkRows() error {
	return s.view(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			bucket, err := in(tx, name)
			if err != nil {
				return err
			}
			err = bucket.ForEach(func(key, row []byte) error {
				_, err := payload(name, key, row)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Verify checks every checksum, the file's structure with bbolt's own check, and that the rows agree with each
// other.
func (s *Store) Verify() error {
	if err := s.checkFile(); err != nil {
		return fmt.Errorf("verifying records: %w", err)
	}
	h, found, err := s.Run()
	if err == nil && found {
		err = s.agree(h)
	}
	if err != nil {
		return fmt.Errorf("verifying records: %w", err)
	}
	return nil
}

// agree checks the rows of a run against each other and reports all that is wrong.
func (s *Store) agree(h Header) error {
	var wrong error
	complain := func(bucket, row, format string, args ...any) {
		wrong = errors.Join(wrong, &ErrDamaged{File: s.path(), Bucket: bucket, Row: row, Cause: fmt.Errorf(format, args...)})
	}
	if _, known := runArrows[h.State]; !known {
		complain(bucketRun, string(headerKey), "the state %q is unknown", h.State)
	}
	entries, batches, claimed := 0, uint64(0), 0
	err := s.Batches(func(b Batch) error {
		batches++
		entries += len(b.Entries)
		row := fmt.Sprint(b.Seq)
		if b.Seq != batches {
			complain(bucketBatches, row, "batch %d is missing", batches)
		}
		if _, known := batchArrows[b.State]; !known {
			complain(bucketBatches, row, "the state %q is unknown", b.State)
		}
		for _, e := range b.Entries {
			migrated, err := s.IsMigrated(e.Type, e.ID)
			if err != nil {
				return err
			}
			if !migrated {
				continue
			}
			claimed++
			if e.NotOurs || b.State == BatchPlanned || b.State == BatchRolledBack {
				complain(bucketMigrated, e.Type+"/"+e.ID, "batch %d (%s) cannot have migrated it", b.Seq, b.State)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if entries != h.Objects {
		complain(bucketBatches, "", "%d objects were planned but %d are there", h.Objects, entries)
	}
	requests, err := s.count(bucketRequests)
	if err != nil {
		return err
	}
	if uint64(requests) != batches {
		complain(bucketRequests, "", "there are %d batches but %d requests", batches, requests)
	}
	migrated, err := s.MigratedCount()
	if err != nil {
		return err
	}
	if migrated != claimed {
		complain(bucketMigrated, "", "%d migration records belong to no batch", migrated-claimed)
	}
	return wrong
}
