package run

import (
	"context"
	"fmt"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// startCoordinator makes sure that the migration coordinator runs on the pinned node and answers; it is
// stopped by default and takes minutes to come up. It says whether it had to be started.
func (r *Runner) startCoordinator(ctx context.Context) (service nsx.ServiceStatus, started bool, err error) {
	service, err = r.NSX.CoordinatorService(ctx)
	if err != nil {
		return service, false, fmt.Errorf("reading the state of the coordinator service: %w", err)
	}
	if !service.Running() {
		r.Report.Say("starting the migration coordinator on node %s", r.node.Address)
		if err := r.NSX.StartCoordinator(ctx); err != nil && !nsx.IsKind(err, nsx.KindLost) {
			return service, false, fmt.Errorf("starting the coordinator service: %w", err)
		}
		started = true
	}
	begin := r.Clock.Now()
	for wait := 100 * time.Millisecond; ; wait = min(wait*2, 5*time.Second) {
		service, err = r.NSX.CoordinatorService(ctx)
		if err == nil && service.Running() {
			if _, err = r.NSX.MigrationStatus(ctx); err == nil {
				return service, started, nil
			}
		}
		if waited := r.Clock.Now().Sub(begin); waited > time.Duration(r.Config.NSX.Timeouts.Coordinator) {
			return service, started, fmt.Errorf("waiting %s for the coordinator service to answer (%s, %s): %w", waited.Round(time.Second), service.RuntimeState, service.Reason, orUnknown(err))
		}
		r.Report.Waiting("the migration coordinator is starting")
		if err := r.Clock.Sleep(ctx, wait); err != nil {
			return service, started, err
		}
	}
}

func orUnknown(err error) error {
	if err == nil {
		return fmt.Errorf("it does not run")
	}
	return err
}

// stopCoordinator leaves the service as the run found it. A failure does no harm and is a warning.
func (r *Runner) stopCoordinator(ctx context.Context, header records.Header) {
	if !header.CoordinatorStarted {
		return
	}
	if err := r.NSX.StopCoordinator(ctx); err != nil {
		r.Report.Warn("the migration coordinator, which this run started, could not be stopped: %v", err)
	}
}

// Bounds of settling a DONE whose answer was lost.
const (
	doneSends  = 3                // how often DONE is sent at most
	doneSettle = 10 * time.Second // how long realisation may take to show before DONE is sent again
	doneSample = 20               // objects whose realisation is read
)

// commit sends DONE, the point of no return, and makes sure that it took effect. An error that is not
// marked as staying means: NSX refused it and realised nothing, so that a rollback is still whole. The
// refusal of a DONE that follows one without an answer says less: the first may have closed the workflow and
// be at work, so that a rollback waits for the whole finish time-out without any realisation.
func (j *job) commit(ctx context.Context) error {
	if j.recovered {
		if _, _, err := j.startCoordinator(ctx); err != nil {
			return stay{err}
		}
	}
	for attempt := 1; ; attempt++ {
		var sent error
		if attempt > 1 || !j.recovered { // found on disk: it may have been sent already
			sent = j.NSX.Done(ctx)
			if sent == nil {
				return nil
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		lost := sent == nil || nsx.IsKind(sent, nsx.KindLost)
		var patience time.Duration
		switch {
		case lost:
			patience = doneSettle
		case attempt > 1:
			patience = time.Duration(j.Config.NSX.Timeouts.Finish)
		}
		realised, err := j.realised(ctx, patience)
		switch {
		case err != nil:
			return stay{fmt.Errorf("finding out whether DONE took effect (%v): %w", sent, err)}
		case realised:
			return nil
		case !lost:
			return fmt.Errorf("NSX refused DONE and has realised nothing: %w", sent)
		case attempt == doneSends:
			return stay{fmt.Errorf("DONE was sent %d times and its answer lost each time: %w", attempt, sent)}
		}
		if _, err := j.migrator().Idle(ctx); err != nil {
			return stay{err}
		}
		j.Report.Warn("DONE has realised nothing on NSX; sending it again")
	}
}

// realised says whether NSX has realised any of the migrated objects. Between INITIATE and DONE it
// realises none. It goes on looking for as long as patience says, since realisation follows DONE.
func (j *job) realised(ctx context.Context, patience time.Duration) (bool, error) {
	paths, err := j.samplePaths()
	if err != nil {
		return false, err
	}
	begin := j.Clock.Now()
	for wait := 200 * time.Millisecond; ; wait = min(wait*2, 2*time.Second) {
		for _, path := range paths {
			status, err := j.NSX.Realization(ctx, path)
			if err != nil {
				return false, fmt.Errorf("reading the realisation of %s: %w", path, err)
			}
			if status == "SUCCESS" {
				return true, nil
			}
		}
		if j.Clock.Now().Sub(begin) >= patience {
			return false, nil
		}
		j.Report.Waiting("finding out whether DONE took effect")
		if err := j.Clock.Sleep(ctx, wait); err != nil {
			return false, err
		}
	}
}

// samplePaths picks Policy paths of migrated objects, spread over all of them.
func (j *job) samplePaths() ([]string, error) {
	count, err := j.Records.MigratedCount()
	if err != nil {
		return nil, fmt.Errorf("counting the migration records: %w", err)
	}
	every := max(count/doneSample, 1)
	var paths []string
	n := 0
	err = j.Records.Migrated(func(m records.MigratedObject) error {
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

// closeWorkflow sends the DONE that must follow a rollback too. Everything is Manager by now, so that a
// refusal can do no harm. A workflow that NSX did not open for us is not ours to close.
func (j *job) closeWorkflow(ctx context.Context) error {
	if j.running.NotInitiated {
		return nil
	}
	if _, _, err := j.startCoordinator(ctx); err != nil {
		return err
	}
	if err := j.NSX.Done(ctx); err != nil {
		if ctx.Err() != nil || nsx.IsKind(err, nsx.KindUnreachable) {
			return err
		}
		j.Report.Warn("NSX did not accept DONE after the rollback, which is complete all the same: %v", err)
	}
	return nil
}
