package crash_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// snapshot is what a kill at one moment would leave behind.
type snapshot struct {
	// at is the moment in words.
	at    string
	state *store.Store // never written: each point has a clone
	disk  image
	// seen are the requests that NSX had answered, and as the last one that at which the errand stood, if it did at one.
	seen []nsxsim.Request
	// expected is the one exit code that can follow, or either.
	expected int
	// moments is how many moments, one after the other, left just this behind.
	moments int
}

// blockSize is the unit in which images share what has not changed.
const blockSize = 4096

// image is the content of a folder: the blocks of its files by their paths.
type image map[string][][]byte

// forPeople are the files that nothing is decided by. They change all the time.
var forPeople = []string{"status.json", "holder.json"}

// photograph reads a folder. Blocks that are as in the last image are shared with it; changed tells whether anything is not.
func photograph(dir string, last image) (now image, changed bool, err error) {
	now = image{}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		before, known := last[name]
		blocks := slices.Collect(slices.Chunk(content, blockSize))
		differ := !known || len(before) != len(blocks)
		for i := range blocks {
			if i < len(before) && bytes.Equal(before[i], blocks[i]) {
				blocks[i] = before[i]
				continue
			}
			blocks[i] = bytes.Clone(blocks[i]) // else it would keep the whole file
			differ = true
		}
		now[name] = blocks
		changed = changed || differ && !slices.Contains(forPeople, name)
		return nil
	})
	if err != nil {
		return nil, false, fmt.Errorf("reading the records: %w", err)
	}
	return now, changed || len(now) != len(last), nil
}

// restore writes the image's files into a folder.
func (i image) restore(dir string) error {
	for name, blocks := range i {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("putting the records back: %w", err)
		}
		if err := os.WriteFile(path, bytes.Join(blocks, nil), 0o600); err != nil {
			return fmt.Errorf("putting the records back: %w", err)
		}
	}
	return nil
}
