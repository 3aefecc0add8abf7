package records

import (
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
)

// bucketBallast exists only while Reserve works, or until the next Reserve when a process ended in it.
const bucketBallast = "ballast"

// Reserve writes that many bytes into the file and deletes them, so that later transactions find pages that the
// disk has already given us. A disk that is too small shows now, as *ErrNoSpace, and not in the middle of a run.
func (s *Store) Reserve(bytes int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.fillBallast(bytes)
	// Also after a failure: the pages written so far are of use.
	if dropErr := s.update(dropBallast); err == nil {
		err = dropErr
	}
	if err != nil {
		return fmt.Errorf("reserving %d MiB for the records: %w", bytes>>20, err)
	}
	return nil
}

func (s *Store) fillBallast(bytes int64) error {
	if err := s.update(dropBallast); err != nil {
		return err
	}
	const piece = 256 << 10
	block := make([]byte, piece)
	for written := int64(0); written < bytes; {
		err := s.update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte(bucketBallast))
			if err != nil {
				return err
			}
			for size := 0; size < transactionLimit && written < bytes; size += piece {
				key := binary.BigEndian.AppendUint64(nil, uint64(written))
				if err := bucket.Put(key, block); err != nil {
					return err
				}
				written += piece
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func dropBallast(tx *bbolt.Tx) error {
	if err := tx.DeleteBucket([]byte(bucketBallast)); err != nil && err != bbolterrors.ErrBucketNotFound {
		return err
	}
	return nil
}
