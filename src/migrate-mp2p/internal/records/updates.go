package records

import (
	"encoding/binary"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// PutUpdates records what was inferred, in the order given, numbered from 1 and pending. Those of an earlier
// attempt are discarded first. Only a run in state migrated may do this: later there are results to keep.
func (s *Store) PutUpdates(updates iter.Seq[Update]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.putUpdates(updates); err != nil {
		return fmt.Errorf("recording updates: %w", err)
	}
	return nil
}

func (s *Store) putUpdates(updates iter.Seq[Update]) error {
	h, err := s.header()
	if err != nil {
		return err
	}
	if h.State != Migrated {
		return fmt.Errorf("the run is %s, not %s", h.State, Migrated)
	}
	if err := s.update(func(tx *bbolt.Tx) error { return empty(tx, bucketUpdates) }); err != nil {
		return err
	}
	rows := chunk{store: s}
	seq := uint64(0)
	for u := range updates {
		seq++
		u.Seq, u.State = seq, UpdatePending
		if err := rows.add(bucketUpdates, sequenceKey(seq), u); err != nil {
			return err
		}
	}
	return rows.flush()
}

// PutWorkloads records what phase 3 was told of the platform's workloads, by question: whoever reads the updates again
// must not depend on the platform, nor on what changed there since. It takes the place of what was recorded before.
func (s *Store) PutWorkloads(answers map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.header()
	if err == nil {
		err = s.update(func(tx *bbolt.Tx) error { return put(tx, bucketRun, workloadsKey, answers) })
	}
	if err != nil {
		return fmt.Errorf("recording the workloads: %w", err)
	}
	return nil
}

// Workloads gives what PutWorkloads recorded; nothing when it never did.
func (s *Store) Workloads() (map[string]string, error) {
	var answers map[string]string
	if _, err := s.get(bucketRun, workloadsKey, &answers); err != nil {
		return nil, fmt.Errorf("reading the recorded workloads: %w", err)
	}
	return answers, nil
}

// AddUpdates records further updates as pending, behind those that there are: what the last read found beyond what was
// inferred. Only a run in state applying may do this. The caller makes sure that no object gets two updates.
func (s *Store) AddUpdates(updates []Update) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.addUpdates(updates); err != nil {
		return fmt.Errorf("recording further updates: %w", err)
	}
	return nil
}

func (s *Store) addUpdates(updates []Update) error {
	h, err := s.header()
	if err != nil {
		return err
	}
	if h.State != Applying {
		return fmt.Errorf("the run is %s, not %s", h.State, Applying)
	}
	seq, err := s.lastUpdate()
	if err != nil {
		return err
	}
	rows := chunk{store: s}
	for _, u := range updates {
		seq++
		u.Seq, u.State = seq, UpdatePending
		if err := rows.add(bucketUpdates, sequenceKey(seq), u); err != nil {
			return err
		}
	}
	return rows.flush()
}

// lastUpdate is the highest sequence number in use; 0 when there is no update.
func (s *Store) lastUpdate() (seq uint64, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		bucket, err := in(tx, bucketUpdates)
		if err != nil {
			return err
		}
		if key, _ := bucket.Cursor().Last(); key != nil {
			seq = binary.BigEndian.Uint64(key)
		}
		return nil
	})
	return seq, err
}

// PendingUpdates returns at most limit pending updates, from the sequence number from on (the first is 1).
func (s *Store) PendingUpdates(from uint64, limit int) ([]Update, error) {
	var pending []Update
	err := each(s, bucketUpdates, sequenceKey(from), func(u Update) (bool, error) {
		if u.State == UpdatePending && len(pending) < limit {
			pending = append(pending, u)
		}
		return len(pending) < limit, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading pending updates: %w", err)
	}
	return pending, nil
}

// SetUpdates records the outcome of updates, all in one transaction. Waived is final; applied and gone are until a later
// read shows something else.
func (s *Store) SetUpdates(updates []Update) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.update(func(tx *bbolt.Tx) error {
		bucket, err := in(tx, bucketUpdates)
		if err != nil {
			return err
		}
		for _, u := range updates {
			if err := setUpdate(tx, bucket, u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("recording the outcome of updates: %w", err)
	}
	return nil
}

// decided is the part of a recorded Update that says whether an outcome may follow it.
type decided struct {
	Path  string      `json:"path"`
	State UpdateState `json:"state"`
}

func setUpdate(tx *bbolt.Tx, bucket *bbolt.Bucket, u Update) error {
	key := sequenceKey(u.Seq)
	row := bucket.Get(key)
	if row == nil {
		return fmt.Errorf("update %d of %s is not recorded", u.Seq, u.Path)
	}
	var old decided
	if err := decode(bucketUpdates, key, row, &old); err != nil {
		return err
	}
	if old.Path != u.Path {
		return fmt.Errorf("update %d is for %s, not for %s", u.Seq, old.Path, u.Path)
	}
	if err := arrow(updateArrows, fmt.Sprintf("update %d", u.Seq), old.State, u.State); err != nil {
		return err
	}
	return put(tx, bucketUpdates, key, u)
}

// CountUpdates returns how many updates there are in each state. It reads them all.
func (s *Store) CountUpdates() (pending, applied, gone, waived int, err error) {
	err = s.Updates(func(u Update) error {
		switch u.State {
		case UpdatePending:
			pending++
		case UpdateApplied:
			applied++
		case UpdateGone:
			gone++
		case UpdateWaived:
			waived++
		default:
			return fmt.Errorf("update %d has the unknown state %q", u.Seq, u.State)
		}
		return nil
	})
	if err != nil {
		return 0, 0, 0, 0, fmt.Errorf("counting updates: %w", err)
	}
	return pending, applied, gone, waived, nil
}

// Updates visits every update in its order.
func (s *Store) Updates(visit func(Update) error) error {
	return each(s, bucketUpdates, nil, func(u Update) (bool, error) { return true, visit(u) })
}
