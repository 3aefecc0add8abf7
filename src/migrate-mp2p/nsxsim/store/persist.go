package store

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// formatName and formatVersion stand in the first line of a saved state.
const (
	formatName    = "nsxsim-state"
	formatVersion = 1
)

// fileHeader is the first line of a saved state.
type fileHeader struct {
	Format   string                     `json:"format"`
	Version  int                        `json:"version"`
	Seed     uint64                     `json:"seed"`
	Drawn    uint64                     `json:"ids_drawn"`
	Objects  int                        `json:"objects"`
	Sections map[string]json.RawMessage `json:"sections"`
}

// fileObject is one further line. Manager and Policy keys cannot be confused: Policy keys begin with a slash.
type fileObject struct {
	Key  string          `json:"key"`
	Body json.RawMessage `json:"body"`
}

// Save writes the state as JSON lines: a header, the Manager objects, the Policy objects, each sorted by key.
func (s *Store) Save(w io.Writer) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	header := fileHeader{
		Format: formatName, Version: formatVersion,
		Seed: s.seed, Drawn: s.drawn,
		Objects:  len(s.manager.objects) + len(s.policy.objects),
		Sections: s.sections,
	}
	if err := encoder.Encode(header); err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	for _, sd := range []*side{s.manager, s.policy} {
		for _, key := range slices.Sorted(maps.Keys(sd.objects)) {
			if err := encoder.Encode(fileObject{Key: key, Body: sd.objects[key].Body}); err != nil {
				return fmt.Errorf("saving %s: %w", key, err)
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("saving the state: %w", err)
	}
	return nil
}

// Load reads what Save wrote. A file that is not whole is refused.
func Load(r io.Reader) (*Store, error) {
	decoder := json.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	var header fileHeader
	if err := decoder.Decode(&header); err != nil {
		return nil, fmt.Errorf("loading a state: reading its first line: %w", err)
	}
	if header.Format != formatName {
		return nil, fmt.Errorf("loading a state: format is %q, not %q", header.Format, formatName)
	}
	if header.Version != formatVersion {
		return nil, fmt.Errorf("loading a state: its version is %d, this program knows %d", header.Version, formatVersion)
	}
	s := New(header.Seed)
	s.drawn = header.Drawn
	maps.Copy(s.sections, header.Sections)
	err := s.Update(func(tx *Tx) error {
		for n := 0; ; n++ {
			var line fileObject
			if err := decoder.Decode(&line); errors.Is(err, io.EOF) {
				if n != header.Objects {
					return fmt.Errorf("loading a state: it holds %d objects, its first line promises %d", n, header.Objects)
				}
				return nil
			} else if err != nil {
				return fmt.Errorf("loading a state: reading object %d: %w", n+1, err)
			}
			space := tx.Manager()
			if len(line.Key) > 0 && line.Key[0] == '/' {
				space = tx.Policy()
			}
			if _, err := space.Put(line.Key, line.Body); err != nil {
				return fmt.Errorf("loading a state: %w", err)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}
