package store

import (
	"maps"
	"slices"
)

// Clone returns a store of its own with the same state: objects, sections, seed and the number of ids drawn. It copies
// no bodies, so that a clone is cheap enough to be the backup of a large world. The lag of the search index is not
// part of the state: a clone has none.
func (s *Store) Clone() *Store {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := New(s.seed)
	c.manager, c.policy = s.manager.clone(), s.policy.clone()
	c.sections = maps.Clone(s.sections)
	c.drawn = s.drawn
	return c
}

// Restore puts the state of backup, which stays as it is, in place of this store's, in one step: every View sees
// either the whole old state or the whole new one, and the version grows, so that nothing cached before is used any
// more. It may be called while a server works with the store, but not inside View or Update.
//
// Everything since the backup is gone, the count of ids drawn too: a Save right afterwards writes the backup's bytes,
// and ids that were given out since then are given out again. The search index keeps its lag for writes to come and
// shows the restored state at once.
func (s *Store) Restore(backup *Store) {
	restored := backup.Clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.manager, s.policy = restored.manager, restored.policy
	s.sections = restored.sections
	s.seed, s.drawn = restored.seed, restored.drawn
	s.version++
}

// clone copies the index lists, which change in place; objects never change and are shared.
func (sd *side) clone() *side {
	return &side{
		objects:     maps.Clone(sd.objects),
		typed:       posting{sorted: slices.Clone(sd.typed.sorted)},
		collections: cloneIndex(sd.collections),
		types:       cloneIndex(sd.types),
		scopes:      cloneIndex(sd.scopes),
		values:      cloneIndex(sd.values),
		marked:      maps.Clone(sd.marked),
	}
}

// cloneIndex expects settled lists, as they are outside of every Update.
func cloneIndex(index map[string]*posting) map[string]*posting {
	copied := make(map[string]*posting, len(index))
	for name, p := range index {
		copied[name] = &posting{sorted: slices.Clone(p.sorted)}
	}
	return copied
}
