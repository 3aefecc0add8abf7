package coordinator

import (
	"net/http"
	"time"
)

// Options set how long things take and which flaws the coordinator shows. The zero
// value is a fast one without flaws.
type Options struct {
	// PrecheckTime and BatchTime are how long component 0 and component 1 take for
	// any batch, and in mode GENERIC for everything and for each type; ObjectTime is
	// added to both for each object.
	PrecheckTime time.Duration
	BatchTime    time.Duration
	ObjectTime   time.Duration
	// DoneTime and RollbackTime are how long these calls take; a cancellation and the
	// plan action rollback take RollbackTime and ObjectTime for each object.
	DoneTime     time.Duration
	RollbackTime time.Duration
	// SectionTime is added to each of these ways back for each firewall section, which
	// NSX is slow to bring back ("NCP docs").
	SectionTime time.Duration
	// OverallAhead makes the overall status SUCCESS this long before component 1 is
	// ("vmware-nsx" waits for the component for this reason).
	OverallAhead time.Duration
	// Conflicts is how many of the next plan actions that know a 409 get one, as if
	// somebody else had changed the plan at the same moment ("NSX Go SDK").
	Conflicts int
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
	// EnumOrder demands that within a workflow no type follows one that stands after it
	// in NSX's own enumeration; ports of Tier-1s are left out of that, as their place
	// there is before the switches that they need.
	EnumOrder bool
	// ForgetOnRestart loses workflow and plan when the service stops. A service that
	// starts on another node than before loses them anyway.
	ForgetOnRestart bool
	// KeepOnRestore brings workflow and plan back with a restored backup; what was at work then has failed. By default they
	// are gone, as they are after a start on another node.
	KeepOnRestore bool
	// AbortStops makes abort end a migration at work, with nothing of its batch promoted. By default it works on to its end,
	// unseen.
	AbortStops bool
	// KeepPartial leaves the objects promoted that a failing batch had reached before
	// the failing one, and those that an abort or a crash had reached; a crash leaves a
	// rollback half done then.
	KeepPartial bool
	// FailPrecheck, FailMigration and FailRollback name Manager ids that fail there,
	// with the text of the failure; a cancellation meets FailRollback.
	FailPrecheck  map[string]string
	FailMigration map[string]string
	FailRollback  map[string]string
	// LossyRollback makes every way back leave something behind of a DFW_SECTION, although
	// it reports success: the section stands behind all others, above the default one, and
	// its rules have new ids ("NCP docs": not fully reversible after DFW import; what is
	// lost is ASSUMED).
	LossyRollback bool
	// SkipSilently names Manager ids that a batch reports as migrated although they
	// were left alone.
	SkipSilently map[string]bool
	// UnfitIDs lets a batch bring Policy ids that no path can name, see policy.CheckID. What is promoted under one can be
	// rolled back, but every call to it is refused.
	UnfitIDs bool
	// Unrealized are promoted intents that DONE leaves in ERROR or late although it succeeds; of several rules about a
	// path the first counts.
	Unrealized []Unrealized
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
