package coordinator

import (
	"errors"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// undoing is work in the background that takes promotions back: the cancellation of a
// GENERIC run, or the plan action rollback.
type undoing struct {
	Cancel bool      `json:"cancel,omitempty"`
	Ends   time.Time `json:"ends"`
}

// cancel stops a GENERIC run and, after a while, restores the state before it.
func (c *Coordinator) cancel() error {
	if c.call != nil || c.state.Undo != nil {
		return busy()
	}
	if !c.state.Workflow || !c.state.Run.Generic {
		return refuse("No promotion is in progress that could be cancelled.")
	}
	c.state.CancelFailed = false
	for _, one := range []*component{&c.state.Precheck, &c.state.Migration} {
		if one.Status == statusInProgress {
			one.Status = statusCanceled
		}
	}
	c.beginUndo(true)
	return c.save()
}

// undoPlan rolls back what the stored batch promoted.
func (c *Coordinator) undoPlan() error {
	if c.version.AtLeast(9, 0) {
		return refuse("Plan action rollback is no longer supported.")
	}
	if c.state.running() {
		return concurrent()
	}
	if !c.state.Workflow || c.state.Promoted == 0 {
		return refuse("The plan has migrated nothing that could be rolled back.")
	}
	c.beginUndo(false)
	return nil
}

func (c *Coordinator) beginUndo(cancel bool) {
	gone := c.undone(cancel)
	sections := 0
	for _, r := range gone {
		if r.Type == typeSection {
			sections++
		}
	}
	length := c.lasting(c.options.RollbackTime, len(gone)) + time.Duration(sections)*c.options.SectionTime
	c.state.Undo = &undoing{Cancel: cancel, Ends: c.clock.Now().Add(length)}
	c.schedule()
}

// undone are the records that a cancellation, or else a rollback of the plan, takes back.
func (c *Coordinator) undone(cancel bool) []*record {
	return c.sortedRecords(func(r *record) bool {
		if cancel {
			return r.batch >= c.state.Run.First
		}
		return r.batch == c.state.Promoted
	})
}

// endUndo takes the promotions back, all or none of them.
func (c *Coordinator) endUndo() {
	cancel := c.state.Undo.Cancel
	problems, err := c.takeBack(c.undone(cancel))
	c.state.Undo = nil
	if err != nil || len(problems) > 0 {
		c.state.Overall = statusFailed
		c.state.CancelFailed = cancel
		c.state.Migration.Status = statusFailed
		c.report(&c.state.Migration, problems, err)
		c.saveOrFail()
		return
	}
	c.state.reset()
	if cancel {
		c.state.Migration.Status = statusCanceled
		c.state.Workflow = false
		c.note("CANCELLED")
	}
	c.saveOrFail()
}

// takeBack restores the records' objects in one transaction and drops the records.
func (c *Coordinator) takeBack(gone []*record) ([]failure, error) {
	var problems []failure
	updated := map[int]bool{}
	err := c.store.Update(func(tx *store.Tx) error {
		for _, r := range gone {
			text := c.options.FailRollback[r.ManagerID]
			if err := c.restore(tx, r); err != nil {
				text = err.Error()
			}
			if text != "" {
				problems = append(problems, failure{Type: r.Type, ID: r.ManagerID, Text: text})
				return errStop
			}
			updated[r.batch] = true
		}
		if problems = c.stillNeeded(tx, gone); len(problems) > 0 {
			return errStop
		}
		return c.forget(tx, gone, updated)
	})
	if errors.Is(err, errStop) {
		return problems, nil
	}
	return problems, err
}
