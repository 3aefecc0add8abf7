package records

import "slices"

// Row is one state of a run and where it may lead.
type Row struct {
	State State
	// OK follows when what is done in the state succeeded; "" ends the run.
	OK State
	// Fail follows when it failed; "" keeps the state, and a re-run goes on here.
	Fail State
	// Found is what a re-run that finds the state goes on with; "" stands for a run that had sent nothing, so that its records
	// are given up.
	Found State
	// Back is where the run goes when NSX turns out not to be as the records say; "" where that cannot be.
	Back State
}

// chart is the whole life of a run: the program goes by it, and the records refuse everything else. Committing is the point of
// no return: DONE makes NSX realise the Policy objects; until then a rollback is whole, after it there is only forward.
// Committing fails only when NSX refused DONE and nothing is realised; Back is for an NSX that was restored from a backup under
// the run.
var chart = []Row{
	{State: Planned, OK: Initiating},
	{State: Initiating, OK: Migrating, Fail: Closing, Found: Closing},
	{State: Migrating, OK: Migrated, Fail: RollingBack, Found: RollingBack},
	{State: Migrated, OK: Inferred, Fail: RollingBack, Found: RollingBack},
	{State: Inferred, OK: Committing, Fail: RollingBack, Found: RollingBack},
	{State: Committing, OK: Applying, Fail: RollingBack, Found: Committing},
	{State: Applying, OK: Complete, Found: Applying, Back: RollingBack},
	{State: Complete, Found: Applying, Back: RollingBack}, // the updates of a run that is taken up again are looked at once more
	{State: RollingBack, OK: Closing, Found: RollingBack},
	{State: Closing, OK: RolledBack, Found: Closing, Back: RollingBack},
	{State: RolledBack, Found: RolledBack, Back: RollingBack},
}

// Chart is the life of a run, state by state, in the order in which a run that succeeds goes through them, and then of one that
// is rolled back.
func Chart() []Row { return slices.Clone(chart) }

// runArrows leads from each state to those that may follow it.
var runArrows = func() map[State][]State {
	arrows := map[State][]State{}
	for _, row := range chart {
		arrows[row.State] = nil
		for _, next := range []State{row.OK, row.Fail, row.Found, row.Back} {
			if next != "" && next != row.State && !slices.Contains(arrows[row.State], next) {
				arrows[row.State] = append(arrows[row.State], next)
			}
		}
	}
	return arrows
}()

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
