package coordinator

import (
	"net/http"
	"time"
)

// Options set how long things take and which flaws the coordinator shows. The zero
// value is a fast one without flaws.
type Options struct {
	// PrecheckTime and BatchTime are how long component 0 and component 1 take for
	// any batch; ObjectTime is added to both for each object.
	PrecheckTime time.Duration
	BatchTime    time.Duration
	ObjectTime   time.Duration
	// DoneTime and RollbackTime are how long these calls take.
	DoneTime     time.Duration
	RollbackTime time.Duration
	// OverallAhead makes the overall status SUCCESS this long before component 1 is
	// ("vmware-nsx" waits for the component for this reason).
	OverallAhead time.Duration
	// BusyFor makes plan actions fail with 30722 this long after each plan action.
	BusyFor time.Duration
	// FailedOverall is the overall status after component 1 failed; default PAUSED.
	FailedOverall string
	// PostStatus is the HTTP status of an accepted batch; default 200.
	PostStatus int
	// EnforceLimits refuses batches above the sizes that vmware-nsx keeps to.
	EnforceLimits bool
	// StrictOrder demands LB_VIRTUAL_SERVER after LB_SERVICE, the order of NSX's own
	// enumeration; by default both orders are fine.
	StrictOrder bool
	// ForgetOnRestart loses workflow and plan when the service stops.
	ForgetOnRestart bool
	// KeepPartial leaves the objects promoted that a failing batch had reached before
	// the failing one, and those that an abort had reached.
	KeepPartial bool
	// FailPrecheck, FailMigration and FailRollback name Manager ids that fail there,
	// with the text of the failure.
	FailPrecheck  map[string]string
	FailMigration map[string]string
	FailRollback  map[string]string
	// SkipSilently names Manager ids that a batch reports as migrated although they
	// were left alone.
	SkipSilently map[string]bool
}

func (o Options) withDefaults() Options {
	if o.FailedOverall == "" {
		o.FailedOverall = statusPaused
	}
	if o.PostStatus == 0 {
		o.PostStatus = http.StatusOK
	}
	return o
}
