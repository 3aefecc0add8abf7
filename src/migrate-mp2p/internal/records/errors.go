package records

import (
	"errors"
	"fmt"
	"syscall"
)

// ErrNoRun says that there are no records of a run to work on.
var ErrNoRun = errors.New("no run is recorded")

// ErrLocked says that another process has the records open.
type ErrLocked struct {
	Dir    string
	Holder Holder // who opened them last; the zero value when unknown
}

func (e *ErrLocked) Error() string {
	if e.Holder == (Holder{}) {
		return fmt.Sprintf("records in %s are in use by another process; wait until it has ended", e.Dir)
	}
	return fmt.Sprintf("records in %s are in use by %s; wait until it has ended", e.Dir, e.Holder)
}

// ErrNotMounted says that the records would not lie on a disk that survives this machine.
type ErrNotMounted struct {
	Dir    string
	Reason string
}

func (e *ErrNotMounted) Error() string {
	return fmt.Sprintf("records folder %s is not on a disk that outlives this machine: %s; mount one there, or set records.require_mount to false and accept that the records may be lost", e.Dir, e.Reason)
}

// ErrNewer says that a later release wrote the records.
type ErrNewer struct {
	Format    int
	WrittenBy string // tool version
}

func (e *ErrNewer) Error() string {
	return fmt.Sprintf("records have format %d, written by release %s; this release reads up to format %d: run that release or a later one", e.Format, e.WrittenBy, Format)
}

// ErrDamaged says that the records cannot be trusted. The file is left as it was found.
type ErrDamaged struct {
	File   string
	Bucket string // "" when the file as a whole is damaged
	Row    string
	Cause  error
}

func (e *ErrDamaged) Error() string {
	where := "file"
	if e.Bucket != "" {
		where = fmt.Sprintf("bucket %q", e.Bucket)
	}
	if e.Row != "" {
		where += fmt.Sprintf(", row %q", e.Row)
	}
	return fmt.Sprintf("records %s are damaged (%s): %v; keep the file and restore it from a copy, or begin recovery by hand", e.File, where, e.Cause)
}

func (e *ErrDamaged) Unwrap() error { return e.Cause }

// ErrNoSpace says that the disk is full, or too full to begin.
type ErrNoSpace struct {
	Dir   string
	Free  uint64 // bytes; 0 when a write failed
	Need  uint64 // bytes; 0 when a write failed
	Cause error
}

func (e *ErrNoSpace) Error() string {
	if e.Need > 0 {
		return fmt.Sprintf("disk of %s has %d MiB free but %d MiB are needed; make room or use a larger disk", e.Dir, e.Free>>20, e.Need>>20)
	}
	return fmt.Sprintf("disk of %s is full: %v; make room or use a larger disk", e.Dir, e.Cause)
}

func (e *ErrNoSpace) Unwrap() error { return e.Cause }

// ErrArrow says that a change of state is not in the chart.
type ErrArrow struct {
	What     string // run, batch 7, update 12
	From, To string
}

func (e *ErrArrow) Error() string {
	return fmt.Sprintf("%s cannot go from %q to %q", e.What, e.From, e.To)
}

// noSpace gives errors of a full disk or an exhausted quota their type and leaves all others alone, and those that have it.
func noSpace(dir string, err error) error {
	var known *ErrNoSpace
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &ErrNoSpace{Dir: dir, Cause: err}
	}
	return err
}
