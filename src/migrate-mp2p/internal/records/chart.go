package records

import "slices"

// runArrows is the chart of a run: from each state to those that may follow it. The arrows back to rolling-back from
// applying, complete, closing and rolled-back are for an NSX that was restored from a backup under the run; that from
// complete to applying is for a run that is taken up again, whose updates are looked at once more.
var runArrows = map[State][]State{
	Planned:     {Initiating},
	Initiating:  {Migrating, Closing},
	Migrating:   {Migrated, RollingBack},
	Migrated:    {Inferred, RollingBack},
	Inferred:    {Committing, RollingBack},
	Committing:  {Applying, RollingBack}, // back only when NSX refused DONE and nothing is realised
	Applying:    {Complete, RollingBack},
	Complete:    {Applying, RollingBack},
	RollingBack: {Closing},
	Closing:     {RolledBack, RollingBack},
	RolledBack:  {RollingBack},
}

// batchArrows is the chart of a batch. An arrow to the same state is another attempt. The arrow to
// rolled-back from a state before migrated is for a batch that settling found to have changed nothing; that from
// rolled-back to migrated is for a batch whose objects are Policy all the same when they are read again.
var batchArrows = map[BatchState][]BatchState{
	BatchPlanned:     {BatchPosting},
	BatchPosting:     {BatchPosting, BatchStarting, BatchRollingBack, BatchRolledBack},
	BatchStarting:    {BatchPosting, BatchContinuing, BatchRollingBack, BatchRolledBack}, // posted again without duplicates
	BatchContinuing:  {BatchContinuing, BatchMigrated, BatchRollingBack, BatchRolledBack},
	BatchMigrated:    {BatchRollingBack},
	BatchRollingBack: {BatchRollingBack, BatchReturned, BatchRolledBack},
	BatchReturned:    {BatchRollingBack, BatchRolledBack},
	BatchRolledBack:  {BatchMigrated},
}

// updateArrows is the chart of an update; pending to pending is another refused attempt or a new delta. What was
// applied or gone is pending again when the last read does not show it: an answer is a claim, and only what is read
// proves it. What the operator let go stays so.
var updateArrows = map[UpdateState][]UpdateState{
	UpdatePending: {UpdatePending, UpdateApplied, UpdateGone, UpdateWaived},
	UpdateApplied: {UpdateApplied, UpdatePending, UpdateGone},
	UpdateGone:    {UpdateGone, UpdatePending},
	UpdateWaived:  {UpdateWaived},
}

// Finished says whether a run in this state has nothing left to do but to be archived.
func (s State) Finished() bool { return s == Complete || s == RolledBack }

// arrow refuses a change that the chart does not hold.
func arrow[S ~string](chart map[S][]S, what string, from, to S) error {
	if !slices.Contains(chart[from], to) {
		return &ErrArrow{What: what, From: string(from), To: string(to)}
	}
	return nil
}
