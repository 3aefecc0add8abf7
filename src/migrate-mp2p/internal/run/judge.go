package run

import (
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// Exit codes. They are NCP's contract (NCP docs 4.0): 1 means that NCP may run in neither mode, 2 that it
// may run in Manager mode. Any code not listed here means the same as CannotTell.
const (
	AllPolicy   = 0
	Mixed       = 1
	AllManager  = 2
	CannotTell  = 3
	Interrupted = 143
)

// Counts is what a scope's objects are, read by lists after the last write to NSX.
type Counts struct {
	Manager, Policy, Undecided int
	// Orphans are parts that NCP made and no promotion can take along. They stay Manager and are none of the others: they
	// do not decide the exit code.
	Orphans int
}

// Facts is all that the exit code depends on: the state left behind, never the error that led there.
type Facts struct {
	// Armed is migration.enabled, true for the commands that do not write.
	Armed bool
	// Unfinished is the state of records that are left on disk; "" when there are none.
	Unfinished records.State
	// Sent says that the unfinished run sent at least one batch.
	Sent bool
	// Unsettled counts batches of which it is unknown whether they took effect.
	Unsettled int
	// Pending counts updates that phase 4 still has to make.
	Pending int
	// Census is what the judged scope's objects are; nil when they could not be read or nobody looked.
	Census *Counts
	// Interrupted says that SIGTERM ended the run before it had finished.
	Interrupted bool
	// Suspect says that objects are Policy although nothing shows who migrated them or completed them.
	Suspect bool
	// Unproven says that nobody looked whether the end of a migration has reached the objects that are Policy.
	Unproven bool
	// Adopted counts objects that a run took over and left Policy when it went back.
	Adopted int
}

// Judge computes the exit code.
func Judge(f Facts) int {
	switch {
	case f.Interrupted:
		return Interrupted
	case !f.Armed && f.Unfinished != "":
		return Mixed
	case !f.Armed:
		return AllPolicy // disarmed: nothing was looked at, and the last line says so
	case f.Suspect, f.Adopted > 0, f.Unsettled > 0, f.Pending > 0:
		return Mixed
	case f.Unfinished != "" && f.Sent && !ended(f.Unfinished):
		return Mixed
	case f.Census == nil && f.Sent:
		return Mixed
	case f.Census == nil, f.Census.Undecided > 0:
		return CannotTell
	case f.Census.Manager > 0 && f.Census.Policy > 0:
		return Mixed
	case f.Census.Policy > 0 && f.Unproven:
		return CannotTell
	case f.Census.Policy > 0:
		return AllPolicy
	case f.Census.Manager > 0:
		return AllManager
	}
	return CannotTell
}

// ended says that a run in this state has nothing left to do on NSX's objects: what is unfinished is the
// report or the archive.
func ended(s records.State) bool { return s == records.Complete || s == records.RolledBack }
