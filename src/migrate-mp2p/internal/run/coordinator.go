package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/wait"
)

// startCoordinator makes sure that the migration coordinator runs on the pinned node and answers; it is
// stopped by default and takes minutes to come up. That it is this run which starts it is recorded before.
func (r *Runner) startCoordinator(ctx context.Context) (service mp.ServiceStatus, err error) {
	service, err = r.NSX.CoordinatorService(ctx)
	if err != nil {
		return service, fmt.Errorf("reading the state of the coordinator service: %w", err)
	}
	if !service.Running() {
		r.Report.Say("starting the migration coordinator on node %s", r.node.Address)
		if err := r.holdLease(ctx); err != nil {
			return service, err
		}
		if err := r.Records.Amend(func(h *records.Header) { h.CoordinatorStarted = true }); err != nil {
			return service, fmt.Errorf("recording that the coordinator service is about to be started: %w", err)
		}
		if err := r.NSX.StartCoordinator(ctx); err != nil && !mp.IsKind(err, mp.KindLost) {
			return service, fmt.Errorf("starting the coordinator service: %w", err)
		}
	}
	poll := wait.Poll{Clock: r.Clock, First: 100 * time.Millisecond, Longest: 5 * time.Second, Growth: 2}
	err = poll.Until(ctx, func(waited func() time.Duration) (bool, error) {
		service, err = r.NSX.CoordinatorService(ctx)
		if err == nil && service.Running() {
			if _, err = r.NSX.MigrationStatus(ctx); err == nil {
				return true, nil
			}
		}
		if took := waited(); took > time.Duration(r.Config.NSX.Timeouts.Coordinator) {
			return false, fmt.Errorf("waiting %s for the coordinator service to answer (%s, %s): %w",
				took.Round(time.Second), service.RuntimeState, service.Reason, orUnknown(err))
		}
		r.Report.Waiting("the migration coordinator is starting")
		return false, nil
	})
	return service, err
}

func orUnknown(err error) error {
	if err == nil {
		return fmt.Errorf("it does not run")
	}
	return err
}

// stopTries is how often the service is told to stop while it still runs.
const stopTries = 3

// stopCoordinator leaves the service as the run found it, and reads that it stopped. A failure does no harm and is a
// warning. The caller holds the lease.
func (r *Runner) stopCoordinator(ctx context.Context) {
	var err error
	for range stopTries {
		err = r.NSX.StopCoordinator(ctx)
		if err != nil && !mp.IsKind(err, mp.KindLost) {
			break
		}
		service, readErr := r.NSX.CoordinatorService(ctx)
		if readErr == nil && !service.Running() {
			err = r.Records.Amend(func(h *records.Header) { h.CoordinatorStarted = false })
			break
		}
		err = errors.Join(err, readErr, errors.New("it still runs"))
	}
	if err != nil && ctx.Err() == nil {
		r.Report.Warn("the migration coordinator on node %s, which this run started, could not be stopped: %v", r.node.ID, err)
	}
}

// initiate opens the workflow. Where NSX refuses, no workflow is ours, and an open one is somebody else's: it
// must not be ended by our DONE, unless the operator says so.
func (j *job) initiate(ctx context.Context) error {
	if err := j.holdLease(ctx); err != nil {
		return stay{err}
	}
	if j.takesOverWorkflow() {
		if err := j.migrator().Rest(ctx); err != nil {
			return stay{fmt.Errorf("ending the plan of the run whose objects are adopted: %w", err)}
		}
	}
	err := j.NSX.Initiate(ctx)
	if !refusedByNSX(err) {
		return err
	}
	if j.takesOverWorkflow() {
		j.Report.Warn("NSX did not initiate a workflow: the one in which the adopted objects were made is open, and is used as it is (%v)", err)
		return nil
	}
	if j.Config.NSX.EndWorkflow == j.node.ID {
		if err := j.endWorkflow(ctx, err); err != nil {
			return errors.Join(err, j.notInitiated())
		}
		if err = j.NSX.Initiate(ctx); !refusedByNSX(err) {
			return err
		}
	}
	return errors.Join(fmt.Errorf("%w; if NSX means that a workflow is open already: no unfinished run of these records began it. "+
		"When whoever did is known to be gone, let the next run end it with nsx.end_workflow: %s", err, j.node.ID), j.notInitiated())
}

// refusedByNSX says whether NSX itself refused a call, so that it had no effect.
func refusedByNSX(err error) bool {
	return mp.IsKind(err, mp.KindInvalid) || mp.IsKind(err, mp.KindConflict)
}

func (j *job) notInitiated() error {
	return j.Records.Amend(func(h *records.Header) { h.NotInitiated = true })
}

// endWorkflow ends a workflow that nobody in these records began, as the operator asks, once it is certain that nothing is
// half-way: DONE would realise what is Policy by then.
func (j *job) endWorkflow(ctx context.Context, refusal error) error {
	census, err := j.census(ctx)
	if err != nil {
		return fmt.Errorf("reading all objects before the open workflow is ended: %w", err)
	}
	if n := census.Policy.N - len(j.header.Skipped); n > 0 && census.Manager.N > 0 {
		return fmt.Errorf("NSX refuses to open a workflow (%w), and the one that is open is not ended, as nsx.end_workflow asks, because %d objects of this run are Policy already", refusal, n)
	}
	half, err := j.halfWay(ctx)
	if err != nil {
		return err
	}
	if len(half) > 0 {
		return fmt.Errorf("NSX refuses to open a workflow (%w), and the one that is open is not ended, as nsx.end_workflow asks, because other clusters or shared objects are half-way: %s", refusal, half[0].Cluster)
	}
	if err := j.holdLease(ctx); err != nil {
		return err
	}
	if err := j.Records.Amend(func(h *records.Header) { h.EndedWorkflow = j.node.ID }); err != nil {
		return fmt.Errorf("recording that an open workflow is about to be ended: %w", err)
	}
	j.Report.Warn("ending the workflow that is open on node %s, as nsx.end_workflow asks", j.node.ID)
	if err := j.NSX.Done(ctx); err != nil {
		return fmt.Errorf("ending the workflow that is open on node %s: %w", j.node.ID, err)
	}
	return nil
}

// Bounds of settling DONE.
const (
	doneSends  = 3                // how often DONE is sent at most
	doneSettle = 10 * time.Second // how long realisation may take to show after a lost DONE before it is sent again
	doneShows  = time.Minute      // likewise after a DONE that was answered
	doneSample = 6                // objects whose realisation is read
)

// commit sends DONE, the point of no return, and goes on only when the realization of the objects shows that it took
// effect: its answer alone is a claim. An error that is not marked as staying means: NSX refused it and realised nothing,
// so that a rollback is still whole. The refusal of a DONE that follows one without effect says less: the first may have
// closed the workflow and be at work, so that a rollback waits for the whole finish time-out without any realisation.
func (j *job) commit(ctx context.Context) error {
	if j.recovered {
		if _, err := j.startCoordinator(ctx); err != nil {
			return stay{err}
		}
	}
	taken := false // NSX, or something in its place, has answered a DONE
	for attempt := 1; ; attempt++ {
		var sent error
		asked := attempt > 1 || !j.recovered // otherwise found on disk: it may have been sent already
		if asked {
			if err := j.holdLease(ctx); err != nil {
				return stay{err}
			}
			sent = j.NSX.Done(ctx)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		answered := asked && sent == nil
		refused := refusedByNSX(sent)
		if sent != nil && !refused && !unknown(sent) {
			return stay{sent} // it was not sent, and says nothing of an earlier one
		}
		taken = taken || answered
		toBegin, toEnd := j.patience(taken, refused, attempt == 1)
		seen, err := j.effectOfDone(ctx, toBegin, toEnd)
		switch {
		case err != nil:
			return stay{fmt.Errorf("finding out whether DONE took effect (%w): %w", orAnswered(sent), err)}
		case seen == effectEnded,
			seen == effectAtWork && refused: // NSX takes no further DONE, and is at realising the objects: it has ended
			return j.Records.Amend(func(h *records.Header) { h.DoneShown = true })
		case seen == effectUnseen && (answered || refused && (attempt > 1 || j.header.Realised)):
			return nil
		case refused && taken: // NSX itself says that the workflow has ended, which only our DONE can have done
			j.Report.Warn("NSX took DONE, says that the workflow has ended, and %s: going on; look at their realization before NCP starts", seen)
			return nil
		case refused:
			return fmt.Errorf("NSX refused DONE and has realised nothing: %w", sent)
		case attempt == doneSends:
			return stay{fmt.Errorf("after DONE was sent %d times NSX %s: %w; run again, and look at the realization of the objects in NSX if that does not help", attempt, seen, orAnswered(sent))}
		}
		if seen == effectNone {
			if _, err := j.migrator().Idle(ctx); err != nil {
				return stay{err}
			}
		}
		j.Report.Warn("after DONE NSX %s; sending it again", seen)
	}
}

// unknown says whether NSX may be at work on a DONE, or have carried it out, although it did not say so.
func unknown(sent error) bool {
	return mp.IsKind(sent, mp.KindLost) || mp.IsKind(sent, mp.KindCoordinatorBusy)
}

func orAnswered(err error) error {
	if err == nil {
		return errors.New("it was answered, or had been sent before")
	}
	return err
}

// patience says how long is waited for a realisation to begin, and for one that has begun to end, after a DONE.
func (j *job) patience(taken, refused, first bool) (toBegin, toEnd time.Duration) {
	finish := time.Duration(j.Config.NSX.Timeouts.Finish)
	switch {
	case taken:
		return doneShows, doneShows
	case refused && first:
		return 0, 0
	case refused:
		return finish, 0
	}
	return doneSettle, finish
}

// The words of NSX's realization status (nsx-operator, terraform-provider-nsxt).
const (
	realised     = "SUCCESS"
	realiseError = "ERROR"
)

// begun says whether a realization status means that NSX has begun to realise an object, given what it was before DONE.
// That it says UNINITIALIZED or UNKNOWN until then is ASSUMED, so that what it said before is recorded.
func begun(status, before string) bool {
	switch status {
	case "", "UNINITIALIZED", "UNKNOWN", before:
		return false
	}
	return true
}

// effect is what the realization of some migrated objects shows of DONE. Between INITIATE and DONE none is realised.
type effect string

const (
	effectNone   effect = "has begun to realise none of the objects"
	effectAtWork effect = "is still realising the objects"
	effectEnded  effect = "has realised objects, or failed to"
	effectUnseen effect = "shows nothing of it, since no object can show whether it is realised"
)

// effectOfDone looks at the realization of some objects until it has ended for one, or for as long as is waited for it to
// begin and to end. Objects that were deleted meanwhile show nothing.
func (j *job) effectOfDone(ctx context.Context, toBegin, toEnd time.Duration) (effect, error) {
	paths, before, err := j.sample()
	if err != nil || len(paths) == 0 {
		return effectUnseen, err
	}
	seen := effectNone
	poll := wait.Poll{Clock: j.Clock, First: 200 * time.Millisecond, Longest: 2 * time.Second, Growth: 2}
	err = poll.Until(ctx, func(waited func() time.Duration) (done bool, err error) {
		limit, there := toBegin, 0
		seen = effectNone
		for _, path := range paths {
			status, err := j.NSX.Realization(ctx, path)
			if mp.IsKind(err, mp.KindNotFound) {
				continue
			}
			there++
			switch {
			case err != nil:
				return false, fmt.Errorf("reading the realisation of %s: %w", path, err)
			case !begun(status, before[path]):
			case status == realised || status == realiseError:
				seen = effectEnded
				return true, nil
			default:
				seen, limit = effectAtWork, toEnd
			}
		}
		switch {
		case there == 0:
			seen = effectUnseen
			return true, nil
		case waited() >= limit:
			return true, nil
		}
		j.Report.Waiting("finding out whether DONE took effect")
		return false, nil
	})
	return seen, err
}

// sample gives some of the migrated objects that can show whether DONE took effect, and what NSX said of them before it.
// Objects of which it said SUCCESS already can show nothing.
func (j *job) sample() (paths []string, before map[string]string, err error) {
	header, _, err := j.Records.Run()
	if err != nil {
		return nil, nil, fmt.Errorf("reading the records: %w", err)
	}
	if header.Unrealised == nil { // recorded by an earlier release
		paths, err = j.samplePaths()
		return paths, nil, err
	}
	for path, status := range header.Unrealised {
		if status != realised && status != realiseError {
			paths = append(paths, path)
		}
	}
	return paths, header.Unrealised, nil
}

// noteUnrealised records what NSX says of the realization of some objects before DONE.
func (j *job) noteUnrealised(ctx context.Context) error {
	paths, err := j.samplePaths()
	if err != nil {
		return err
	}
	before := map[string]string{}
	for _, path := range paths {
		if before[path], err = j.NSX.Realization(ctx, path); err != nil {
			return fmt.Errorf("reading the realisation of %s before DONE: %w", path, err)
		}
	}
	if err := j.Records.Amend(func(h *records.Header) { h.Unrealised = before }); err != nil {
		return fmt.Errorf("recording what is not realised before DONE: %w", err)
	}
	return nil
}

// samplePaths picks Policy paths of migrated objects, spread over all of them, but for adopted ones where others are: NSX may
// have realised those before.
func (j *job) samplePaths() ([]string, error) {
	count, err := j.Records.MigratedCount()
	if err != nil {
		return nil, fmt.Errorf("counting the migration records: %w", err)
	}
	adopted := map[records.Ref]bool{}
	if j.header.Adopted > 0 && j.header.Adopted < count {
		count -= j.header.Adopted
		err := j.Records.Batches(func(b records.Batch) error {
			for _, e := range b.Entries {
				adopted[records.Ref{Type: e.Type, ID: e.ID}] = b.Adopted
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("reading the batches from the records: %w", err)
		}
	}
	every := max(count/doneSample, 1)
	var paths []string
	n := 0
	err = j.Records.Migrated(func(m records.MigratedObject) error {
		if adopted[records.Ref{Type: m.Type, ID: m.ID}] {
			return nil
		}
		if n%every == 0 && m.PolicyPath != "" && len(paths) < doneSample {
			paths = append(paths, m.PolicyPath)
		}
		n++
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the migration records: %w", err)
	}
	return paths, nil
}

// othersWorkflow says what shows that an open workflow is not ours although INITIATE was sent: its answer was lost, so that
// NSX may have refused it. As long as no batch was sent, a plan that is half-way is somebody else's.
func (j *job) othersWorkflow(ctx context.Context) (shown string, err error) {
	_, sent, err := j.unsettled()
	if err != nil || sent || j.header.Adopted > 0 {
		return "", err
	}
	status, err := j.NSX.MigrationStatus(ctx)
	if err != nil {
		return "", fmt.Errorf("reading the coordinator's status: %w", err)
	}
	if status.Overall != mp.StatusNotStarted && status.Overall != mp.StatusSuccess {
		return "a plan is " + status.Overall + " in the migration coordinator", nil
	}
	return "", nil
}

// Bounds of closing the workflow after a rollback.
const (
	closeSends   = 8 // how often DONE is sent at most
	closeRefused = 2 // refusals in a row that show that no workflow is open
	closeTaken   = 4 // answers that are believed of an NSX which takes DONE without a workflow, too
)

// closeWorkflow sends the DONE that must follow a rollback too, until NSX itself says that there is no workflow to end: an
// answer alone may be that of something in between, and an open workflow would keep every later run from starting. Before
// it, everything that was sent is read as Manager once more, since DONE would realise what is not. A workflow that NSX did
// not open for us is not ours to close.
func (j *job) closeWorkflow(ctx context.Context) error {
	if err := j.holdLease(ctx); err != nil {
		return err
	}
	if err := j.reclaim(ctx, "before the workflow is closed"); err != nil {
		return err
	}
	if j.running.NotInitiated {
		return nil
	}
	if j.takesOverWorkflow() {
		left, err := j.adoptedLeft(ctx)
		if err != nil {
			return err
		}
		if left > 0 {
			j.Report.Warn("the workflow stays open, since DONE would realise %d adopted objects", left)
			return nil
		}
	}
	if _, err := j.startCoordinator(ctx); err != nil {
		return err
	}
	others, err := j.othersWorkflow(ctx)
	if err != nil {
		return err
	}
	if others != "" {
		j.Report.Warn("this run sent no batch, and %s: a workflow that is open is taken for somebody else's and left open. "+
			"When whoever began it is known to be gone, let the next run end it with nsx.end_workflow: %s", others, j.node.ID)
		return j.notInitiated()
	}
	if err := j.migrator().Rest(ctx); err != nil {
		return err
	}
	// Should something turn out to be Policy all the same, its rollback needs a workflow that is open again.
	if err := j.Records.Amend(func(h *records.Header) { h.DoneSent = true }); err != nil {
		return fmt.Errorf("recording that the workflow is about to be closed: %w", err)
	}
	answers, refusals := 0, 0
	for range closeSends {
		switch err = j.NSX.Done(ctx); {
		case err == nil:
			answers++
			refusals = 0
		case refusedByNSX(err):
			refusals++
		case unknown(err) && ctx.Err() == nil:
			refusals = 0
			if _, err := j.migrator().Idle(ctx); err != nil {
				return err
			}
			if err := j.Clock.Sleep(ctx, doneSettle); err != nil {
				return err
			}
		default:
			return err
		}
		if refusals == closeRefused || answers == closeTaken {
			return nil
		}
	}
	return fmt.Errorf("NSX did not say that the workflow is closed, after DONE was sent %d times: %w", closeSends, orAnswered(err))
}
