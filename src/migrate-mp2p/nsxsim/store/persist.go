package store

import (
	"bufio"
	"bytes"
	"cmp"
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

// maxLine is the longest line of a saved state.
const maxLine = 256 << 20

// Load reads what Save wrote. A file that is not whole is refused.
func Load(r io.Reader) (*Store, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<20), maxLine)
	header, err := loadHeader(lines)
	if err != nil {
		return nil, fmt.Errorf("loading a state: %w", err)
	}
	s := New(header.Seed)
	s.drawn = header.Drawn
	maps.Copy(s.sections, header.Sections)
	err = s.Update(func(tx *Tx) error {
		objects, err := loadObjects(tx, lines, header.Objects)
		if err != nil {
			return err
		}
		// In the order of the lists, which then need no sorting.
		slices.SortFunc(objects, Compare)
		for _, o := range objects {
			space := tx.spaceOf(o.Key)
			if _, twice := space.Get(o.Key); twice {
				return fmt.Errorf("%s stands in it twice", o.Key)
			}
			if err := space.put(o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("loading a state: %w", err)
	}
	return s, nil
}

func loadHeader(lines *bufio.Scanner) (fileHeader, error) {
	var header fileHeader
	if !lines.Scan() {
		return header, fmt.Errorf("reading its first line: %w", cmp.Or(lines.Err(), io.ErrUnexpectedEOF))
	}
	if err := json.Unmarshal(lines.Bytes(), &header); err != nil {
		return header, fmt.Errorf("reading its first line: %w", err)
	}
	if header.Format != formatName {
		return header, fmt.Errorf("format is %q, not %q", header.Format, formatName)
	}
	if header.Version != formatVersion {
		return header, fmt.Errorf("its version is %d, this program knows %d", header.Version, formatVersion)
	}
	return header, nil
}

// loadObjects reads all lines behind the first.
func loadObjects(tx *Tx, lines *bufio.Scanner, promised int) ([]*Object, error) {
	var objects []*Object
	for lines.Scan() {
		o, err := loadObject(tx, lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("reading object %d: %w", len(objects)+1, err)
		}
		objects = append(objects, o)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading object %d: %w", len(objects)+1, err)
	}
	if len(objects) != promised {
		return nil, fmt.Errorf("it holds %d objects, its first line promises %d", len(objects), promised)
	}
	return objects, nil
}

// loadObject reads one line, a fileObject. It goes over the text only once, as a world has 100,000 lines.
func loadObject(tx *Tx, line []byte) (*Object, error) {
	line, err := tx.compact(line)
	if err != nil {
		return nil, err
	}
	if line[0] != '{' {
		return nil, errors.New("it is not a JSON object")
	}
	var key string
	var body []byte
	for name, value := range members(line) {
		switch string(name) {
		case "key":
			if err := decode(value, &key); err != nil {
				return nil, fmt.Errorf("its key: %w", err)
			}
		case "body":
			body = bytes.Clone(value)
		}
	}
	return tx.newObject(key, body)
}
