package run

import (
	"context"
	"errors"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/migrate"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// step is one state of a run: where it may lead, as the records' chart has it, and what is done in it.
type step struct {
	records.Row
	// says tells people what is being done.
	says string
	do   func(*job, context.Context) error
}

// steps are what is done in each state of the records' chart.
var steps = map[records.State]step{
	records.Planned:     {says: "taking the lease and starting the migration coordinator", do: (*job).prepare},
	records.Initiating:  {says: "initiating the workflow", do: (*job).initiate},
	records.Migrating:   {says: "phase 2: migrating", do: (*job).migrate},
	records.Migrated:    {says: "phase 3: inferring updates", do: (*job).infer},
	records.Inferred:    {says: "the last look before the point of no return", do: (*job).confirm},
	records.Committing:  {says: "committing: NSX realises the Policy objects", do: (*job).commit},
	records.Applying:    {says: "phase 4: applying updates", do: (*job).apply},
	records.Complete:    {says: "verifying, reporting and archiving", do: (*job).finish},
	records.RollingBack: {says: "rolling back", do: (*job).rollBack},
	records.Closing:     {says: "closing the workflow", do: (*job).closeWorkflow},
	records.RolledBack:  {says: "verifying, reporting and archiving", do: (*job).finish},
}

func stepOf(state records.State) (step, error) {
	for _, row := range records.Chart() {
		if s, known := steps[row.State]; known && row.State == state {
			s.Row = row
			return s, nil
		}
	}
	return step{}, fmt.Errorf("the records hold the state %q, which this release does not know", state)
}

// stay marks an error after which the state must be kept: going on, forward or back, could do harm or
// cannot be known to be right.
type stay struct{ error }

func (s stay) Unwrap() error { return s.error }

// stays says whether an error keeps the state whatever the chart says.
func stays(ctx context.Context, err error) bool {
	var marked stay
	return ctx.Err() != nil ||
		errors.As(err, &marked) ||
		errors.Is(err, migrate.ErrStillRunning) ||
		mp.IsKind(err, mp.KindOtherNode) ||
		mp.IsKind(err, mp.KindUnreachable) // minutes were spent on it already: nothing else would get through either
}

// again is the answer of a step that found NSX in another state than the records say: the run goes on elsewhere.
type again struct {
	to       records.State
	why      string
	restored bool // NSX was restored from a backup
}

func (a *again) Error() string { return a.why }

// maxAgain bounds how often one execution is sent elsewhere like that.
const maxAgain = 3

// turn records that the run goes on elsewhere, and says why.
func (r *Runner) turn(a *again) error {
	if a.restored {
		r.Report.Warn("NSX was restored from a backup under this run: %s", a.why)
	} else {
		r.Report.Warn("%s", a.why)
	}
	err := r.Records.Transition(a.to, func(h *records.Header) {
		if a.restored {
			h.Restored = a.why
			h.Released = false // NSX shows it as it was before that: what the run takes or finds is given up at its new end
		}
		if h.Failure == "" {
			h.Failure = a.why
		}
	})
	if err != nil {
		return fmt.Errorf("recording the state %q: %w", a.to, err)
	}
	return nil
}

// drive runs the chart from the state in the records to its end, or to the first error that keeps the
// state. It answers the error that turned the run back, if one did.
func (j *job) drive(ctx context.Context) error {
	for turns := 0; ; {
		header, _, err := j.Records.Run()
		if err != nil {
			return fmt.Errorf("reading the records: %w", err)
		}
		s, err := stepOf(header.State)
		if err != nil {
			return err
		}
		j.running = header
		if err := ctx.Err(); err != nil {
			return err
		}
		j.Report.Phase(s.says)
		failure := s.do(j, ctx)
		var elsewhere *again
		if errors.As(failure, &elsewhere) && turns < maxAgain {
			turns++
			if err := j.turn(elsewhere); err != nil {
				return err
			}
			if j.turned == nil && elsewhere.to == records.RollingBack {
				j.turned = elsewhere
			}
			continue
		}
		next := s.OK
		if failure != nil {
			failure = fmt.Errorf("%s: %w", s.says, failure)
			if s.Fail == "" || stays(ctx, failure) {
				return failure
			}
			j.turned = failure
			j.Report.Warn("%v", failure)
			next = s.Fail
		}
		if next == "" {
			return j.turned
		}
		err = j.Records.Transition(next, func(h *records.Header) {
			if failure != nil {
				h.Failure = failure.Error()
			}
			h.DoneSent = h.DoneSent || next == records.Committing
		})
		if err != nil {
			return fmt.Errorf("recording the state %q: %w", next, err)
		}
	}
}
