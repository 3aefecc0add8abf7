package records

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"
)

// fileName is the name of the bbolt file in the records folder.
const fileName = "records.db"

// Options says how to open the records.
type Options struct {
	RequireMount bool                   // refuse a folder on the machine's own disk or in memory
	Timeout      time.Duration          // how long to wait for another process; 0 means not at all
	Holder       string                 // who we are, for others who find the records locked
	MinFree      uint64                 // bytes that must be free to begin; unfinished records open on a full disk too
	MountInfo    func() ([]byte, error) // default: reads /proc/self/mountinfo
	Clock        func() time.Time       // default: time.Now

	// OnFailpoint is called at each of the failpoints of a write transaction, with the transaction's number, counted from 1. It is
	// for tests and the crash harness only: they end the process there.
	OnFailpoint func(at Failpoint, transaction int)
}

// Failpoint names a moment at which tests end the process.
type Failpoint string

// The failpoints of a write transaction: everything is ready to be committed, and everything is on the disk.
const (
	BeforeCommit Failpoint = "before-commit"
	AfterCommit  Failpoint = "after-commit"
)

// Store is the open records. It may be used by several goroutines.
type Store struct {
	dir         string
	db          *bbolt.DB
	clock       func() time.Time
	onFailpoint func(at Failpoint, transaction int)
	readOnly    bool

	mu      sync.Mutex // held from reading what a change is based on until its commit
	commits int        // transactions so far
}

// Open opens the records for writing, creating folder and file where needed, and checks every row. It fails
// with *ErrNotMounted, *ErrLocked, *ErrNewer, *ErrDamaged or *ErrNoSpace; in all these cases the records are
// left as they were found.
func Open(dir string, o Options) (*Store, error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if err := o.mounted(dir); err != nil {
		return nil, err
	}
	if err := prepare(dir); err != nil {
		return nil, noSpace(dir, fmt.Errorf("creating records in %s: %w", dir, err))
	}
	s := &Store{dir: dir, clock: o.Clock, onFailpoint: o.OnFailpoint}
	if err := s.open(max(o.Timeout, 1)); err != nil {
		return nil, err
	}
	if err := s.admit(o.MinFree); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := writeHolder(dir, Holder{Who: o.Holder, PID: os.Getpid(), Since: o.Clock()}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// mounted makes sure, where it is required, that the folder is on a disk of its own.
func (o Options) mounted(dir string) error {
	if !o.RequireMount {
		return nil
	}
	read := o.MountInfo
	if read == nil {
		read = func() ([]byte, error) { return os.ReadFile("/proc/self/mountinfo") }
	}
	info, err := read()
	if err != nil {
		return fmt.Errorf("reading the mounts: %w", err)
	}
	return checkMounted(dir, info)
}

// Examine says what would keep Open from working in a folder, all of it at once, and changes nothing there. What is
// in the file, and who holds it, OpenReadOnly tells. Options are those for Open; with unfinished records MinFree is 0.
func Examine(dir string, o Options) []error {
	var all []error
	if err := o.mounted(dir); err != nil {
		all = append(all, err)
	}
	existing, err := writable(dir)
	if err != nil {
		return append(all, fmt.Errorf("records cannot be written in %s: %w", dir, err))
	}
	if o.MinFree > 0 {
		if err := checkFree(existing, o.MinFree); err != nil {
			all = append(all, err)
		}
	}
	return all
}

// writable makes sure that we may write to the records in a folder, or make the folder; it answers the innermost
// folder of the path that exists.
func writable(dir string) (existing string, err error) {
	for existing = filepath.Clean(dir); ; existing = filepath.Dir(existing) {
		info, err := os.Stat(existing)
		switch {
		case errors.Is(err, fs.ErrNotExist) && existing != filepath.Dir(existing):
			continue
		case err != nil:
			return "", err
		case !info.IsDir():
			return "", fmt.Errorf("%s is no folder", existing)
		}
		break
	}
	if err := unix.Access(existing, unix.W_OK|unix.X_OK); err != nil {
		return "", fmt.Errorf("writing to %s: %w", existing, err)
	}
	file := filepath.Join(dir, fileName)
	if err := unix.Access(file, unix.R_OK|unix.W_OK); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("writing to %s: %w", file, err)
	}
	return existing, nil
}

// OpenReadOnly opens existing records for reading. It creates nothing and does not wait: while a run is live it
// fails with *ErrLocked, and ReadStatus tells what that run does. Without records the error is fs.ErrNotExist.
func OpenReadOnly(dir string) (*Store, error) {
	if _, err := os.Stat(filepath.Join(dir, fileName)); err != nil {
		return nil, fmt.Errorf("opening records: %w", err)
	}
	s := &Store{dir: dir, clock: time.Now, readOnly: true}
	if err := s.open(1); err != nil {
		return nil, err
	}
	if err := s.admit(0); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Dir is the records folder.
func (s *Store) Dir() string { return s.dir }

// Close releases the file and its lock.
func (s *Store) Close() error {
	if err := s.guard(s.db.Close); err != nil {
		return fmt.Errorf("closing records: %w", err)
	}
	return nil
}

// prepare makes folder and file. The file appears under its name only when it is whole, so that a crash in
// between does not leave one that looks damaged; when two processes race, the first one's file stays.
func prepare(dir string) error {
	path := filepath.Join(dir, fileName)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeFolder(dir); err != nil {
		return err
	}
	temp, err := os.CreateTemp(dir, "."+fileName+".*.tmp")
	if err != nil {
		return err
	}
	if err = errors.Join(temp.Close(), create(temp.Name())); err == nil {
		if err = os.Link(temp.Name(), path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return errors.Join(err, os.Remove(temp.Name()), syncDir(dir))
}

// makeFolder makes the folder, or closes an existing one to others. One that belongs to another user, such as
// a Kubernetes volume, stays as it is: the files in it are closed to others anyway.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// create turns an empty file into one with all buckets.
func create(path string) error {
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, db.Close())
}

// open opens the file; bbolt asks for a timeout above 0, else it waits for ever.
func (s *Store) open(timeout time.Duration) error {
	var file *os.File
	err := s.guard(func() error {
		var err error
		s.db, err = bbolt.Open(s.path(), 0o600, &bbolt.Options{
			Timeout:      timeout,
			ReadOnly:     s.readOnly,
			FreelistType: bbolt.FreelistMapType, // finds the contiguous pages of the ballast quickly
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				var err error
				file, err = os.OpenFile(name, flag, mode)
				return file, err
			},
		})
		return err
	})
	var damaged *ErrDamaged
	switch {
	case err == nil:
		return nil
	case errors.Is(err, bbolterrors.ErrTimeout):
		return &ErrLocked{Dir: s.dir, Holder: readHolder(s.dir)}
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrChecksum), errors.Is(err, bbolterrors.ErrVersionMismatch):
		return &ErrDamaged{File: s.path(), Cause: err}
	case errors.As(err, &damaged) && file != nil:
		return errors.Join(err, file.Close()) // bbolt gave up half-way and would keep the lock
	}
	return noSpace(s.dir, fmt.Errorf("opening records in %s: %w", s.dir, err))
}

// admit makes sure that what was opened can be worked with.
func (s *Store) admit(minFree uint64) error {
	_, found, err := s.Run() // first: a later format may have other rows
	if err != nil {
		return err
	}
	if err := s.checkFile(); err != nil {
		return err
	}
	if found || minFree == 0 {
		return nil
	}
	return checkFree(s.dir, minFree)
}

func (s *Store) path() string { return filepath.Join(s.dir, fileName) }

// guard turns what bbolt does with a damaged file, a panic or a memory fault, into an error.
func (s *Store) guard(work func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = &ErrDamaged{File: s.path(), Cause: fmt.Errorf("%v", p)}
		}
	}()
	return work()
}

// view runs work in a read transaction. Nothing that belongs to the caller may run in it.
func (s *Store) view(work func(*bbolt.Tx) error) error {
	return s.named(s.guard(func() error { return s.db.View(work) }))
}

// update runs work in a write transaction: all of it is durable afterwards, or nothing of it happened. The
// caller holds s.mu.
func (s *Store) update(work func(*bbolt.Tx) error) error {
	worked := false
	err := s.guard(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			if err := work(tx); err != nil {
				return err
			}
			worked = true
			s.commits++
			s.failpoint(BeforeCommit)
			return nil
		})
	})
	switch {
	case err == nil:
		s.failpoint(AfterCommit)
		return nil
	case worked:
		return s.commitError(err)
	}
	return s.named(err)
}

// growStep is by how much bbolt lets a large file grow.
const growStep = 16 << 20

// commitError finds out whether a full disk is behind an error. Where bbolt fails to let the file grow, it
// hands on the words of the cause alone, so that the disk has to be asked.
func (s *Store) commitError(err error) error {
	err = noSpace(s.dir, s.named(err))
	var full *ErrNoSpace
	if !errors.As(err, &full) && errors.As(checkFree(s.dir, growStep), &full) {
		return &ErrNoSpace{Dir: s.dir, Cause: err}
	}
	return err
}

// failpoint is the moment of that name in the present transaction.
func (s *Store) failpoint(at Failpoint) {
	if s.onFailpoint != nil {
		s.onFailpoint(at, s.commits)
	}
}

// named puts the file's name into damage that was found in a row.
func (s *Store) named(err error) error {
	var damaged *ErrDamaged
	if errors.As(err, &damaged) && damaged.File == "" {
		damaged.File = s.path()
	}
	return err
}
