package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Store is the state of one NSX. All methods may be called from several goroutines.
type Store struct {
	mu       sync.RWMutex
	manager  *side
	policy   *side
	sections map[string]json.RawMessage
	seed     uint64
	drawn    uint64
	version  uint64
	now      func() time.Time
	lag      time.Duration
	// strings holds one copy of each string that the objects' headers share.
	strings map[string]string
}

// New returns an empty store. The seed decides the ids that NewID gives.
func New(seed uint64) *Store {
	return &Store{
		manager:  newSide(),
		policy:   newSide(),
		sections: map[string]json.RawMessage{},
		seed:     seed,
		now:      time.Now,
		strings:  map[string]string{},
	}
}

// Tx is one transaction: a consistent view, or an atomic change. It must not be kept after its function returned.
type Tx struct {
	store    *Store
	writable bool
	undo     []undo
	touched  map[*posting]struct{}
	scratch  bytes.Buffer
}

// undo is what stood somewhere before a write.
type undo struct {
	side *side
	key  string
	old  *Object
}

var errReadOnly = errors.New("writing to the store inside View")

// View runs fn over one consistent state. Writes inside it are refused with an error.
func (s *Store) View(fn func(tx *Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fn(&Tx{store: s})
}

// Update runs fn, which may read and write. When fn returns an error everything is put back as it was, and the error
// is returned.
func (s *Store) Update(fn func(tx *Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &Tx{store: s, writable: true, touched: map[*posting]struct{}{}}
	sections, drawn := s.sections, s.drawn
	s.sections = maps.Clone(sections)
	err := fn(tx)
	if err != nil {
		for _, u := range slices.Backward(tx.undo) {
			tx.index(u.side, u.key, u.old)
		}
		s.sections, s.drawn = sections, drawn
	}
	for p := range tx.touched {
		p.settle()
	}
	if err == nil {
		s.version++
		s.remember(tx.undo)
	}
	return err
}

// Version grows with every Update that changed something or may have. It is not saved.
func (tx *Tx) Version() uint64 { return tx.store.version }

// Lagging tells whether the search index runs behind, so that its picture changes by time alone.
func (tx *Tx) Lagging() bool { return tx.store.lag > 0 }

// Manager is the Manager side: keys like "logical-switches/<id>".
func (tx *Tx) Manager() *Space { return &Space{side: tx.store.manager, tx: tx} }

// Policy is the Policy side: keys like "/infra/segments/<id>".
func (tx *Tx) Policy() *Space { return &Space{side: tx.store.policy, tx: tx, prefix: "/"} }

// spaceOf is the side of a key: those of the Policy side begin with a slash.
func (tx *Tx) spaceOf(key string) *Space {
	if strings.HasPrefix(key, "/") {
		return tx.Policy()
	}
	return tx.Manager()
}

// Section decodes a named section of other state into value. It tells whether the section exists.
func (tx *Tx) Section(name string, value any) (bool, error) {
	raw, found := tx.store.sections[name]
	if !found {
		return false, nil
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return true, fmt.Errorf("decoding section %q of the state: %w", name, err)
	}
	return true, nil
}

// SetSection stores a named section of other state as JSON. It is saved, loaded and undone with everything else.
func (tx *Tx) SetSection(name string, value any) error {
	if !tx.writable {
		return errReadOnly
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding section %q of the state: %w", name, err)
	}
	tx.store.sections[name] = raw
	return nil
}

// NewID draws the next UUID. The sequence depends on the seed and on the number of ids drawn before, only.
// Inside Update only.
func (tx *Tx) NewID() string {
	tx.store.drawn++
	return uuidAt(tx.store.seed, tx.store.drawn)
}

// NewNumber draws an id as firewall rules have them: a number, since it is the data path's as well. Inside Update only.
func (tx *Tx) NewNumber() string {
	n, err := strconv.ParseUint(tx.NewID()[:8], 16, 32)
	if err != nil {
		return "1" // no UUID begins with anything but hexadecimal digits
	}
	return strconv.FormatUint(n, 10)
}

// compact checks that text is JSON and takes the blanks out. The result is good until the next call.
func (tx *Tx) compact(text []byte) ([]byte, error) {
	tx.scratch.Reset()
	if err := json.Compact(&tx.scratch, text); err != nil {
		return nil, err
	}
	return tx.scratch.Bytes(), nil
}

// set puts an object (nil: nothing) at a key and remembers what stood there.
func (tx *Tx) set(sd *side, key string, o *Object) error {
	if !tx.writable {
		return errReadOnly
	}
	tx.undo = append(tx.undo, undo{side: sd, key: key, old: sd.objects[key]})
	tx.index(sd, key, o)
	return nil
}

// index replaces the object at a key, in the indexes too.
func (tx *Tx) index(sd *side, key string, o *Object) {
	old := sd.objects[key]
	var was, is []*posting
	if old != nil {
		was = sd.postings(old)
	}
	if o != nil {
		is = sd.postings(o)
	}
	sameID := old != nil && o != nil && old.ID == o.ID
	for _, p := range was {
		if sameID && slices.Contains(is, p) {
			p.replace(old, o)
		} else {
			p.remove(old)
		}
	}
	for _, p := range is {
		if !sameID || !slices.Contains(was, p) {
			p.added = append(p.added, o)
			tx.touched[p] = struct{}{}
		}
	}
	if o == nil {
		delete(sd.objects, key)
	} else {
		sd.objects[key] = o
	}
	if o != nil && o.Marked {
		sd.marked[key] = true
	} else {
		delete(sd.marked, key)
	}
}

// postings are the index lists in which the object stands, each once. The search index holds what has a type only.
func (sd *side) postings(o *Object) []*posting {
	lists := []*posting{list(sd.collections, o.Collection())}
	if o.ResourceType == "" {
		return lists
	}
	lists = append(lists, &sd.typed, list(sd.types, strings.ToLower(o.ResourceType)))
	for _, t := range o.Tags {
		for _, p := range []*posting{
			list(sd.scopes, strings.ToLower(t.Scope)), list(sd.values, strings.ToLower(t.Value)),
		} {
			if !slices.Contains(lists, p) {
				lists = append(lists, p)
			}
		}
	}
	return lists
}

func list(index map[string]*posting, name string) *posting {
	p := index[name]
	if p == nil {
		p = &posting{}
		index[name] = p
	}
	return p
}
