package migrate

import (
	"context"
	"fmt"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/wait"
)

// Bounds of polling: short batches are not doubled by waiting, long ones are not pestered.
const (
	pollMin   = 50 * time.Millisecond
	pollMax   = 2 * time.Second
	firstMax  = 30 * time.Second // however long a batch is predicted to take
	lostPolls = 10               // reads of NOT_STARTED, about six seconds, before a plan counts as lost

	// abortTimeout bounds the wait for an abort, which has nothing to wait for: no component works then.
	abortTimeout = 2 * time.Minute
)

// poll looks until that is done or fails.
func (m *Migrator) poll(ctx context.Context, look func(waited func() time.Duration) (done bool, err error)) error {
	return wait.Poll{Clock: m.Clock, First: pollMin, Longest: pollMax}.Until(ctx, look)
}

// pace learns how long NSX takes per object, by type and component, so that the first look at a batch
// comes when it is likely to be done.
type pace map[string]time.Duration

func (p pace) predict(key string, objects int) time.Duration {
	return min(max(p[key]*time.Duration(objects), pollMin), firstMax)
}

// learn takes in what a batch took. One that had ended by the first look may have ended long before: half
// of the time is taken, so that one slow batch does not slow down all that follow.
func (p pace) learn(key string, objects int, took time.Duration, looks int) {
	if looks == 1 {
		took /= 2
	}
	if objects > 0 {
		p[key] = took / time.Duration(objects)
	}
}

// await polls until the component has ended and the plan rests, and returns the last status. It leaves
// with ErrStillRunning at the deadline and with ErrRestarted when the coordinator has forgotten the plan.
//
// The overall status alone lies: it can be final while the migration component still works (vmware-nsx,
// change e62392683), and PAUSING stands for work in progress.
func (m *Migrator) await(ctx context.Context, b records.Batch, component string) (mp.MigrationStatus, error) {
	if m.pace == nil {
		m.pace = pace{}
	}
	key := b.Type + component
	begin := m.Clock.Now()
	if err := m.Clock.Sleep(ctx, m.pace.predict(key, len(b.Entries))); err != nil {
		return mp.MigrationStatus{}, err
	}
	var status mp.MigrationStatus
	forgotten, looks := 0, 0
	err := m.poll(ctx, func(func() time.Duration) (done bool, err error) {
		if status, err = m.API.MigrationStatus(ctx); err != nil {
			return false, fmt.Errorf("reading the coordinator's status: %w", err)
		}
		looks++
		c := status.Component(component)
		took := m.Clock.Now().Sub(begin)
		if ended(c.Status) && resting(status.Overall) {
			m.pace.learn(key, len(b.Entries), took, looks)
			return true, nil
		}
		if c.Status == mp.StatusNotStarted && resting(status.Overall) {
			// The action that should have started it did not arrive, or the plan was forgotten.
			if forgotten++; forgotten == lostPolls {
				return false, m.unlessRestarted(ctx, fmt.Errorf("%s is %s and the plan is %s: NSX did not take the plan action", component, c.Status, status.Overall))
			}
		}
		if took > m.BatchTimeout {
			return false, fmt.Errorf("%w: %s is %s, the plan %s, after %s", ErrStillRunning, component, c.Status, status.Overall, took.Round(time.Second))
		}
		m.Events.Waiting(fmt.Sprintf("%s of %d x %s: %s", component, len(b.Entries), b.Type, c.Status))
		return false, nil
	})
	return status, err
}

func ended(status string) bool { return status == mp.StatusSuccess || status == mp.StatusFailed }

func resting(overall string) bool {
	return overall != mp.StatusPausing && overall != mp.StatusInProgress
}

// working says whether the coordinator is at something, so that it takes no batch and nothing may be aborted
// or rolled back.
func working(s mp.MigrationStatus) bool {
	return !resting(s.Overall) || s.Component(mp.ComponentMigration).Status == mp.StatusInProgress
}
