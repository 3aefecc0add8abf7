package records

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// complete says that the run migrated everything that it had planned.
func (a ArchiveInfo) complete() bool { return a.Kind == ArchiveFinished && a.Header.State == Complete }

// Archives visits the archives of this records folder, oldest first.
func (s *Store) Archives(visit func(ArchiveInfo) error) error { return Archives(s.dir, visit) }

// Archives visits the archives of a records folder in the order in which they were made. It needs no open records,
// so that it serves while another process holds them, too. A folder without archives is no error. An archive that cannot
// be read is: the error comes after the others were visited.
func Archives(dir string, visit func(ArchiveInfo) error) error {
	names, err := archiveNames(dir)
	if err != nil {
		return err
	}
	var all []ArchiveInfo
	var damaged error
	for _, name := range names {
		info, err := readInfo(dir, name)
		if err != nil {
			damaged = errors.Join(damaged, err)
			continue
		}
		all = append(all, info)
	}
	slices.SortFunc(all, older)
	for _, info := range all {
		if err := visit(info); err != nil {
			return err
		}
	}
	return damaged
}

// older compares by sequence; archives without one come first, by their time.
func older(a, b ArchiveInfo) int {
	return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), a.Archived.Compare(b.Archived))
}

// archiveNames lists the folders of archives that are whole.
func archiveNames(dir string) ([]string, error) {
	folders, err := os.ReadDir(filepath.Join(dir, archiveFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("listing archives: %w", err)
	}
	var names []string
	for _, f := range folders {
		if f.IsDir() && f.Name()[0] != '.' { // else a partial one
			names = append(names, f.Name())
		}
	}
	return names, nil
}

func readInfo(dir, name string) (ArchiveInfo, error) {
	path := filepath.Join(dir, archiveFolder, name)
	data, err := os.ReadFile(filepath.Join(path, archiveFile))
	info := ArchiveInfo{}
	if err == nil {
		err = json.Unmarshal(data, &info)
	}
	if err != nil {
		return ArchiveInfo{}, fmt.Errorf("reading archive %s: %w", path, err)
	}
	info.Path = path
	return info, nil
}

// nextSequence is the number of the next archive: one more than any has, but for an earlier attempt at the same run.
// The archives themselves are counted, not the records, so that the order outlives a lost records file. One that
// cannot be read is passed over, since it must not keep a run from being archived.
func nextSequence(dir, runID string) (uint64, error) {
	names, err := archiveNames(dir)
	if err != nil {
		return 0, err
	}
	newest := uint64(0)
	for _, name := range names {
		if name == runID {
			continue
		}
		if info, err := readInfo(dir, name); err == nil {
			newest = max(newest, info.Sequence)
		}
	}
	return newest + 1, nil
}

// HasArchive says whether a run id is that of one of this folder's archived runs, and what became of it. Runs that
// claim nothing are forgotten once 20 newer ones are archived.
func (s *Store) HasArchive(runID string) (ArchiveInfo, bool, error) { return HasArchive(s.dir, runID) }

// HasArchive is Store.HasArchive without open records.
func HasArchive(dir, runID string) (ArchiveInfo, bool, error) {
	names, err := archiveNames(dir)
	if err != nil || !slices.Contains(names, runID) {
		return ArchiveInfo{}, false, err
	}
	info, err := readInfo(dir, runID)
	return info, err == nil, err
}

// Restore unpacks files that a run gave to its archive into a folder, as they were, and answers the paths of those
// that are there afterwards. One that the folder has already is left alone, and one that the archive does not hold is
// left out.
func (a ArchiveInfo) Restore(folder string, names ...string) ([]string, error) {
	var paths []string
	var failed error
	for _, name := range names {
		packed, target := filepath.Join(a.Path, name+".gz"), filepath.Join(folder, name)
		if _, err := os.Stat(target); err == nil {
			paths = append(paths, target)
			continue
		}
		if _, err := os.Stat(packed); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := os.MkdirAll(folder, 0o700)
		if err == nil {
			err = DurableStream(target, func(w io.Writer) error { return unpack(packed, w) })
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("unpacking %s of the archive of run %s: %w", name, a.Header.RunID, err))
			continue
		}
		paths = append(paths, target)
	}
	return paths, failed
}

func unpack(path string, w io.Writer) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	zip, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, zip)
	return err
}

// Replace writes files of an archive anew: those that can only be completed once the execution that archived the run
// is at its end.
func (a ArchiveInfo) Replace(files map[string]func(io.Writer) error) error {
	for name, write := range files {
		if err := writeCompressed(filepath.Join(a.Path, name+".gz"), write); err != nil {
			return fmt.Errorf("replacing %s in the archive of run %s: %w", name, a.Header.RunID, err)
		}
	}
	return nil
}

// ClaimedByArchive returns which of the objects a completed, archived run migrated, and to which Policy path.
func (s *Store) ClaimedByArchive(refs []Ref) (map[Ref]string, error) {
	return ClaimedByArchive(s.dir, refs)
}

// ClaimedByArchive is Store.ClaimedByArchive without open records. It reads only the migration records, the newest
// archive first, and stops when all are found.
func ClaimedByArchive(dir string, refs []Ref) (map[Ref]string, error) {
	wanted := make(map[Ref]bool, len(refs))
	for _, r := range refs {
		wanted[r] = true
	}
	var claiming []ArchiveInfo
	err := Archives(dir, func(a ArchiveInfo) error {
		if a.complete() && a.Migrated > 0 {
			claiming = append(claiming, a)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	claimed := make(map[Ref]string)
	for _, a := range slices.Backward(claiming) {
		if len(claimed) == len(wanted) {
			break
		}
		if err := readClaims(filepath.Join(a.Path, migratedFile), wanted, claimed); err != nil {
			return nil, fmt.Errorf("reading the migration records of run %s: %w", a.Header.RunID, err)
		}
	}
	return claimed, nil
}

// readClaims adds the wanted objects of one archive to claimed, unless a newer archive has them already.
func readClaims(path string, wanted map[Ref]bool, claimed map[Ref]string) error {
	return eachRow(path, func(o MigratedObject) {
		ref := Ref{o.Type, o.ID}
		if _, known := claimed[ref]; wanted[ref] && !known {
			claimed[ref] = o.PolicyPath
		}
	})
}

// eachRow visits the rows of one bucket in an archive.
func eachRow[T any](path string, visit func(T)) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	zip, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	for lines := json.NewDecoder(zip); ; {
		var row T
		if err := lines.Decode(&row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		visit(row)
	}
}

// WaivedByArchive visits the Policy paths whose updates the operator let go in a completed run whose archive is whole.
func WaivedByArchive(dir string, visit func(path string)) error {
	return Archives(dir, func(a ArchiveInfo) error {
		if !a.complete() || a.Thinned {
			return nil
		}
		err := eachRow(filepath.Join(a.Path, bucketUpdates+rowsSuffix), func(u Update) {
			if u.State == UpdateWaived {
				visit(u.Path)
			}
		})
		if err != nil {
			return fmt.Errorf("reading the updates of run %s: %w", a.Header.RunID, err)
		}
		return nil
	})
}
