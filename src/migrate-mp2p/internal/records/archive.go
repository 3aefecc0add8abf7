package records

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// The archive of a run is a folder of gzip files, one per bucket (JSON, a row each line) and one per file that
// the run gave along, beside archive.json, which says what it is.
const (
	archiveFolder = "runs"
	archiveFile   = "archive.json"
	migratedFile  = bucketMigrated + rowsSuffix
	rowsSuffix    = ".jsonl.gz"
)

// keepFinished is how many finished runs keep their whole archive.
const keepFinished = 20

// ArchiveKind says why records were archived.
type ArchiveKind string

// The kinds of archive. Only finished ones claim objects.
const (
	ArchiveFinished  ArchiveKind = "finished"
	ArchiveVoided    ArchiveKind = "void"      // NSX was restored from a backup under the run
	ArchiveDiscarded ArchiveKind = "discarded" // the operator gave the records up
)

// ArchiveInfo is archive.json.
type ArchiveInfo struct {
	Kind     ArchiveKind `json:"kind"`
	Header   Header      `json:"header"`
	Migrated int         `json:"migrated"` // migration records in it
	// Sequence orders archives, since the wall clock may have been set back between two of them. 0 in archives of
	// releases that did not count; all of those are older than any that has a number.
	Sequence uint64    `json:"sequence,omitempty"`
	Archived time.Time `json:"archived"`
	Thinned  bool      `json:"thinned,omitempty"` // only archive.json and the migration records are left
	Path     string    `json:"-"`
}

// ArchiveInput is what a run adds to its records.
type ArchiveInput struct {
	// Files are written into the archive under these names, compressed; FromFile makes one from a file on disk.
	Files map[string]func(io.Writer) error
	// CopyTo is a folder that gets a copy as well, in runs/<run id>; "" for none.
	CopyTo string
}

// FromFile gives a file on disk to an archive. A file that does not exist is an empty one.
func FromFile(path string) func(io.Writer) error {
	return func(w io.Writer) (err error) {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		_, err = io.Copy(w, file)
		return err
	}
}

// ErrAfterArchive says that the run is archived and its records are cleared, but that the copy or the tidying
// of older archives failed. It is worth a warning and changes nothing else.
type ErrAfterArchive struct {
	Path  string // the archive
	Cause error
}

func (e *ErrAfterArchive) Error() string {
	return fmt.Sprintf("the run is archived in %s, but: %v", e.Path, e.Cause)
}

func (e *ErrAfterArchive) Unwrap() error { return e.Cause }

// ArchivePath is the folder that the archive of a run has or will have.
func (s *Store) ArchivePath(runID string) string { return filepath.Join(s.dir, archiveFolder, runID) }

// Archive moves the records of a finished run into its archive. Any error but *ErrAfterArchive means that the
// records are still in place; without space it is *ErrNoSpace.
func (s *Store) Archive(in ArchiveInput) error {
	h, err := s.header()
	if err == nil && !h.State.Finished() {
		err = fmt.Errorf("it is %s, not finished", h.State)
	}
	if err != nil {
		return fmt.Errorf("archiving the run: %w", err)
	}
	return s.archive(h, ArchiveFinished, in)
}

// ArchiveVoid is Archive for a run, in whatever state, whose objects NSX no longer knows because it was restored.
func (s *Store) ArchiveVoid(in ArchiveInput) error {
	h, err := s.header()
	if err != nil {
		return fmt.Errorf("archiving the run: %w", err)
	}
	return s.archive(h, ArchiveVoided, in)
}

// Discard archives the records of exactly the run that the operator named, in whatever state it is.
func (s *Store) Discard(runID string) error {
	h, err := s.header()
	if err == nil && h.RunID != runID {
		err = fmt.Errorf("the records are those of run %s", h.RunID)
	}
	if err != nil {
		return fmt.Errorf("discarding run %s: %w", runID, err)
	}
	return s.archive(h, ArchiveDiscarded, ArchiveInput{})
}

func (s *Store) archive(h Header, kind ArchiveKind, in ArchiveInput) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := s.ArchivePath(h.RunID)
	if filepath.Base(h.RunID) != h.RunID || h.RunID == "." || h.RunID == ".." {
		return fmt.Errorf("archiving run %q: its id cannot name a folder", h.RunID)
	}
	if err := s.writeArchive(path, h, kind, in.Files); err != nil {
		return noSpace(s.dir, fmt.Errorf("archiving run %s: %w", h.RunID, err))
	}
	if err := s.update(discard); err != nil {
		return fmt.Errorf("clearing the records of run %s: %w", h.RunID, err)
	}
	after := s.thin()
	if in.CopyTo != "" {
		after = errors.Join(after, copyFolder(path, filepath.Join(in.CopyTo, archiveFolder, h.RunID)))
	}
	if after != nil {
		return &ErrAfterArchive{Path: path, Cause: after}
	}
	return nil
}

// writeArchive fills a folder with a temporary name and renames it, so that an archive is whole or not there.
func (s *Store) writeArchive(path string, h Header, kind ArchiveKind, files map[string]func(io.Writer) error) error {
	root := filepath.Dir(path)
	partial := filepath.Join(root, "."+h.RunID+".partial")
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := os.MkdirAll(partial, 0o700); err != nil {
		return err
	}
	err := s.fillArchive(partial, h, kind, files)
	if err == nil {
		err = os.RemoveAll(path) // of an earlier attempt that ended before the records were cleared
	}
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	return errors.Join(syncDir(root), syncDir(s.dir))
}

func (s *Store) fillArchive(folder string, h Header, kind ArchiveKind, files map[string]func(io.Writer) error) error {
	info := ArchiveInfo{Kind: kind, Header: h, Archived: s.clock()}
	var err error
	if info.Sequence, err = nextSequence(s.dir, h.RunID); err != nil {
		return err
	}
	if info.Migrated, err = s.MigratedCount(); err != nil {
		return err
	}
	for _, name := range buckets {
		err := writeCompressed(filepath.Join(folder, name+rowsSuffix), func(w io.Writer) error { return s.dump(name, w) })
		if err != nil {
			return err
		}
	}
	for name, write := range files {
		if filepath.Base(name) != name {
			return fmt.Errorf("%q cannot name a file of an archive", name)
		}
		if err := writeCompressed(filepath.Join(folder, name+".gz"), write); err != nil {
			return err
		}
	}
	return writeInfo(folder, info)
}

func writeInfo(folder string, info ArchiveInfo) error {
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	return DurableWrite(filepath.Join(folder, archiveFile), append(data, '\n'))
}

func writeCompressed(path string, write func(io.Writer) error) error {
	return DurableStream(path, func(w io.Writer) error {
		zip, err := gzip.NewWriterLevel(w, gzip.BestSpeed) // NCP may not start before this is done
		if err != nil {
			return err
		}
		if err := write(zip); err != nil {
			return err
		}
		return zip.Close()
	})
}

// dump writes the JSON of every row of a bucket, one a line.
func (s *Store) dump(name string, w io.Writer) error {
	return each(s, name, nil, func(data json.RawMessage) (bool, error) {
		_, err := w.Write(append(data, '\n'))
		return true, err
	})
}

// copyFolder copies the files of an archive.
func copyFolder(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := DurableStream(filepath.Join(to, f.Name()), FromFile(filepath.Join(from, f.Name()))); err != nil {
			return fmt.Errorf("copying the archive to %s: %w", to, err)
		}
	}
	return nil
}

// thin reduces archives beyond the newest ones to what ClaimedByArchive needs, and removes those that claim
// nothing. The newest complete one of each scope stays whole, however many follow: its id map goes into NCP's
// configuration. Void and discarded ones with migration records are kept: somebody will want to know what happened.
func (s *Store) thin() error {
	var finished []ArchiveInfo
	last := map[string]string{} // of each scope: the newest complete run
	err := s.Archives(func(a ArchiveInfo) error {
		if a.Kind == ArchiveFinished || a.Migrated == 0 {
			finished = append(finished, a)
		}
		if a.complete() {
			last[a.Header.Scope] = a.Header.RunID
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range finished[:max(0, len(finished)-keepFinished)] {
		if last[a.Header.Scope] == a.Header.RunID {
			continue
		}
		if err := thinOne(a); err != nil {
			return err
		}
	}
	return nil
}

func thinOne(a ArchiveInfo) error {
	if a.Migrated == 0 {
		return os.RemoveAll(a.Path)
	}
	if a.Thinned {
		return nil
	}
	a.Thinned = true
	if err := writeInfo(a.Path, a); err != nil {
		return err
	}
	files, err := os.ReadDir(a.Path)
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name() == archiveFile || f.Name() == migratedFile {
			continue
		}
		if err := os.Remove(filepath.Join(a.Path, f.Name())); err != nil {
			return err
		}
	}
	return nil
}
