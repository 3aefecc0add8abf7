package store

import "time"

// change is one write that the search index may not have seen yet.
type change struct {
	at  time.Time
	key string
	// old is what the index still shows; nil when the object did not exist.
	old *Object
}

// SetSearchLag makes the search index run behind by d: Search sees each object as it was d ago. Zero, the default,
// means an index that is always up to date. The clock gives the time of writes and of searches.
func (s *Store) SetSearchLag(d time.Duration, now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag, s.now = d, now
	s.manager.recent, s.policy.recent = nil, nil
}

// Reindex makes the search index show everything that was written until now, whatever its lag.
func (s *Store) Reindex() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manager.recent, s.policy.recent = nil, nil
	s.version++
}

// remember keeps the writes of one Update for as long as the index does not show them.
func (s *Store) remember(writes []undo) {
	if s.lag <= 0 {
		return
	}
	at := s.now()
	for _, sd := range []*side{s.manager, s.policy} {
		sd.forget(at.Add(-s.lag))
	}
	for _, w := range writes {
		w.side.recent = append(w.side.recent, change{at: at, key: w.key, old: w.old})
	}
}

// forget drops the changes that the index has caught up with.
func (sd *side) forget(until time.Time) {
	done := 0
	for done < len(sd.recent) && !sd.recent[done].at.After(until) {
		done++
	}
	sd.recent = sd.recent[done:]
}

// Unindexed returns, for each object that changed too recently for the search index, what the index still shows (nil
// when it shows nothing). It is empty unless SetSearchLag was called.
func (sp *Space) Unindexed() map[string]*Object {
	s := sp.tx.store
	if s.lag <= 0 {
		return nil
	}
	until := s.now().Add(-s.lag)
	shown := map[string]*Object{}
	for _, c := range sp.side.recent {
		if _, known := shown[c.key]; !known && c.at.After(until) {
			shown[c.key] = c.old
		}
	}
	return shown
}
