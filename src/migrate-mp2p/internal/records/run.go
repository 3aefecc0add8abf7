package records

import (
	"encoding/json"
	"fmt"
	"iter"

	"go.etcd.io/bbolt"
)

// transactionLimit is about how many bytes of rows one transaction of a plan holds: enough to be quick, little
// enough to fit into memory and into the pages that Reserve sets aside.
const transactionLimit = 4 << 20

// Run returns the header. The bool is false when no run is recorded.
func (s *Store) Run() (Header, bool, error) {
	var h Header
	found := false
	err := s.view(func(tx *bbolt.Tx) error {
		var err error
		h, found, err = readHeader(tx)
		return err
	})
	if err != nil {
		return Header{}, false, fmt.Errorf("reading the run's header: %w", err)
	}
	return h, found, nil
}

// readHeader keeps to the part of the header that every format shares when a later release wrote it.
func readHeader(tx *bbolt.Tx) (h Header, found bool, err error) {
	bucket, err := in(tx, bucketRun)
	if err != nil {
		return h, false, err
	}
	row := bucket.Get(headerKey)
	if row == nil {
		return h, false, nil
	}
	data, err := payload(bucketRun, headerKey, row)
	if err != nil {
		return h, false, err
	}
	var version struct {
		Format      int    `json:"format"`
		ToolVersion string `json:"tool_version"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return h, false, &ErrDamaged{Bucket: bucketRun, Row: string(headerKey), Cause: err}
	}
	if version.Format > Format {
		return h, false, &ErrNewer{Format: version.Format, WrittenBy: version.ToolVersion}
	}
	err = decode(bucketRun, headerKey, row, &h)
	if version.Format < 2 {
		h.Leased = true // format 1 did not say; releasing a lease that is not held does nothing
	}
	return h, true, err
}

// header is Run for methods that need a run.
func (s *Store) header() (Header, error) {
	h, found, err := s.Run()
	if err == nil && !found {
		err = ErrNoRun
	}
	return h, err
}

// Create records a plan as a run in state planned. Batches are numbered from 1 in the order in which they come.
// A planned run that is already there has sent nothing and is replaced; any later one is refused. When Create
// fails or the process ends in it, there is no run.
func (s *Store) Create(h Header, batches iter.Seq[PlannedBatch]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.create(h, batches); err != nil {
		return fmt.Errorf("recording the plan of run %s: %w", h.RunID, err)
	}
	return nil
}

func (s *Store) create(h Header, batches iter.Seq[PlannedBatch]) error {
	old, found, err := s.Run()
	if err != nil {
		return err
	}
	if found && old.State != Planned {
		return fmt.Errorf("run %s is recorded as %s; it must be ended first", old.RunID, old.State)
	}
	if err := s.update(discard); err != nil {
		return err
	}
	h.Format, h.State, h.Objects = Format, Planned, 0
	h.Created = s.clock()
	h.Updated = h.Created
	rows := chunk{store: s}
	seq := uint64(0)
	for b := range batches {
		seq++
		h.Objects += len(b.Entries)
		if err := rows.addBatch(seq, b); err != nil {
			return err
		}
	}
	if err := rows.flush(); err != nil {
		return err
	}
	return s.update(func(tx *bbolt.Tx) error { return put(tx, bucketRun, headerKey, h) })
}

func (c *chunk) addBatch(seq uint64, b PlannedBatch) error {
	key := sequenceKey(seq)
	recorded := Batch{Seq: seq, Type: b.Type, State: BatchPlanned}
	if b.Adopted {
		recorded.State, recorded.Adopted = BatchMigrated, true
		for _, e := range b.Entries {
			if err := c.add(bucketMigrated, objectKey(e.Type, e.ID), MigratedObject{Type: e.Type, ID: e.ID, PolicyPath: e.PolicyPath}); err != nil {
				return err
			}
		}
	}
	if err := c.add(bucketBatches, key, recorded); err != nil {
		return err
	}
	if err := c.add(bucketEntries, key, b.Entries); err != nil {
		return err
	}
	if err := c.add(bucketRequests, key, b.Request); err != nil {
		return err
	}
	for _, o := range b.Originals {
		if err := c.add(bucketOriginals, objectKey(o.Type, o.ID), o); err != nil {
			return err
		}
	}
	return nil
}

// Transition moves the run along an arrow of its chart, in one durable transaction. change may be nil; it can
// alter everything but format, run id and state.
func (s *Store) Transition(to State, change func(*Header)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.header()
	if err == nil {
		err = arrow(runArrows, "run "+h.RunID, h.State, to)
	}
	if err == nil {
		err = s.writeHeader(h, to, change)
	}
	if err != nil {
		return fmt.Errorf("recording the run as %s: %w", to, err)
	}
	return nil
}

// Amend changes the header without moving the run.
func (s *Store) Amend(change func(*Header)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := s.header()
	if err == nil {
		err = s.writeHeader(h, h.State, change)
	}
	if err != nil {
		return fmt.Errorf("amending the run's header: %w", err)
	}
	return nil
}

func (s *Store) writeHeader(h Header, to State, change func(*Header)) error {
	changed := h
	if change != nil {
		change(&changed)
	}
	changed.Format, changed.RunID, changed.State = Format, h.RunID, to
	changed.Updated = s.clock()
	return s.update(func(tx *bbolt.Tx) error { return put(tx, bucketRun, headerKey, changed) })
}
