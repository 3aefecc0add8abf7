package records

import (
	"fmt"

	"go.etcd.io/bbolt"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Batches visits every batch of the run, oldest first.
func (s *Store) Batches(visit func(Batch) error) error {
	return each(s, bucketBatches, nil, func(b Batch) (bool, error) {
		if err := s.need(bucketEntries, b.Seq, &b.Entries); err != nil {
			return false, err
		}
		return true, visit(b)
	})
}

// Batch returns one batch.
func (s *Store) Batch(seq uint64) (Batch, error) {
	var b Batch
	if err := s.need(bucketBatches, seq, &b); err != nil {
		return Batch{}, err
	}
	return b, s.need(bucketEntries, seq, &b.Entries)
}

// Request returns the body that a batch is posted with, as it was last put on disk.
func (s *Store) Request(seq uint64) (mp.Promotion, error) {
	var p mp.Promotion
	return p, s.need(bucketRequests, seq, &p)
}

// need reads a row that must exist.
func (s *Store) need(bucket string, seq uint64, value any) error {
	found, err := s.get(bucket, sequenceKey(seq), value)
	if err == nil && !found {
		err = ErrNoRun
		if n, countErr := s.count(bucket); countErr == nil && n > 0 {
			err = fmt.Errorf("there are only %d", n)
		}
	}
	if err != nil {
		return fmt.Errorf("reading row %d of %s: %w", seq, bucket, err)
	}
	return nil
}

// SetBatch moves a batch along an arrow of its chart. change may be nil; it can alter attempts and times.
// The arrow to migrated is BatchDone's; that to rolled-back is BatchUndone's for a batch with migration records.
func (s *Store) SetBatch(seq uint64, to BatchState, change func(*Batch)) error {
	switch to {
	case BatchMigrated:
		return fmt.Errorf("recording batch %d as %s: this state is set together with its migration records", seq, to)
	case BatchRolledBack:
		return s.changeBatch(seq, to, change, unclaimed)
	}
	return s.changeBatch(seq, to, change, nil)
}

// unclaimed refuses a batch that has migration records.
func unclaimed(tx *bbolt.Tx, _ uint64, entries []Entry) error {
	migrated, err := in(tx, bucketMigrated)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if migrated.Get(objectKey(e.Type, e.ID)) != nil {
			return fmt.Errorf("%s %s is recorded as migrated", e.Type, e.ID)
		}
	}
	return nil
}

// BatchDone moves a batch to migrated and records what it migrated, in one transaction.
func (s *Store) BatchDone(seq uint64, objects []MigratedObject) error {
	return s.changeBatch(seq, BatchMigrated, nil, func(tx *bbolt.Tx, seq uint64, entries []Entry) error {
		return claim(tx, seq, entries, objects)
	})
}

// BatchUndone moves a batch to rolled-back and deletes its migration records, in one transaction.
func (s *Store) BatchUndone(seq uint64) error {
	return s.changeBatch(seq, BatchRolledBack, nil, func(tx *bbolt.Tx, _ uint64, entries []Entry) error {
		migrated, err := in(tx, bucketMigrated)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := migrated.Delete(objectKey(e.Type, e.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// claim writes migration records, for entries that this batch really was sent with.
func claim(tx *bbolt.Tx, seq uint64, entries []Entry, objects []MigratedObject) error {
	ours := make(map[Ref]bool, len(entries))
	for _, e := range entries {
		ours[Ref{e.Type, e.ID}] = !e.NotOurs
	}
	for _, o := range objects {
		if !ours[Ref{o.Type, o.ID}] {
			return fmt.Errorf("%s %s is not an object of batch %d", o.Type, o.ID, seq)
		}
		if err := put(tx, bucketMigrated, objectKey(o.Type, o.ID), o); err != nil {
			return err
		}
	}
	return nil
}

// TakeOut marks entries as not ours, because somebody else migrated them already, and replaces the request by a
// body without them, in one transaction.
func (s *Store) TakeOut(seq uint64, ids []string, body mp.Promotion) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.takeOut(seq, ids, body)
	if err != nil {
		return fmt.Errorf("taking duplicates out of batch %d: %w", seq, err)
	}
	return nil
}

func (s *Store) takeOut(seq uint64, ids []string, body mp.Promotion) error {
	b, err := s.Batch(seq)
	if err != nil {
		return err
	}
	if b.State != BatchPosting && b.State != BatchStarting {
		return fmt.Errorf("it is %s, not being posted", b.State)
	}
	out := make(map[string]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	for i, e := range b.Entries {
		if out[e.ID] {
			b.Entries[i].NotOurs = true
			out[e.ID] = false
		}
	}
	for _, id := range ids {
		if out[id] {
			return fmt.Errorf("it has no object %s", id)
		}
	}
	return s.update(func(tx *bbolt.Tx) error {
		if err := unclaimed(tx, seq, b.Entries); err != nil {
			return err
		}
		if err := put(tx, bucketRequests, sequenceKey(seq), body); err != nil {
			return err
		}
		return put(tx, bucketEntries, sequenceKey(seq), b.Entries)
	})
}

// changeBatch moves a batch and does what belongs to the move, which gets the entries, in the same transaction.
func (s *Store) changeBatch(seq uint64, to BatchState, change func(*Batch), with func(*bbolt.Tx, uint64, []Entry) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b Batch
	err := s.need(bucketBatches, seq, &b)
	if err == nil {
		err = arrow(batchArrows, fmt.Sprintf("batch %d", seq), b.State, to)
	}
	var entries []Entry
	if err == nil && with != nil {
		err = s.need(bucketEntries, seq, &entries)
	}
	if err != nil {
		return fmt.Errorf("recording batch %d as %s: %w", seq, to, err)
	}
	changed := b
	if change != nil {
		change(&changed)
	}
	changed.Seq, changed.Type, changed.Entries, changed.State = b.Seq, b.Type, nil, to
	if to == BatchMigrated || to == BatchRolledBack {
		changed.Ended = s.clock()
	}
	err = s.update(func(tx *bbolt.Tx) error {
		if with != nil {
			if err := with(tx, seq, entries); err != nil {
				return err
			}
		}
		return put(tx, bucketBatches, sequenceKey(seq), changed)
	})
	if err != nil {
		return fmt.Errorf("recording batch %d as %s: %w", seq, to, err)
	}
	return nil
}
