package coordinator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// codeBusy is the error_code of a plan action that comes too soon ("SAP
// networking-nsx-t"); codeRefused is ours for what the real code is UNKNOWN.
const (
	codeBusy    = 30722
	codeRefused = 30700
)

func refuse(format string, args ...any) error {
	return api.BadRequest(codeRefused, api.ModuleCoordinator, format, args...)
}

func busy() error {
	return api.BadRequest(codeBusy, api.ModuleCoordinator, "Migration coordinator backend is busy. Please try again after some time.")
}

// initiate begins a workflow.
func (c *Coordinator) initiate() error {
	if c.call != nil || c.state.Orphan != nil {
		return busy()
	}
	if c.state.Workflow {
		return refuse("A migration workflow is already in progress.")
	}
	c.state.open()
	c.note("INITIATED")
	return c.save()
}

// accept stores a batch in place of an earlier one, or begins a GENERIC run. A body
// without objects is accepted at any time that no plan is at work: clients probe with it.
func (c *Coordinator) accept(data *migrationData) error {
	if c.call != nil || c.state.Orphan != nil {
		return busy()
	}
	if status := c.overall(); c.state.running() || (status != statusNotStarted && status != statusSuccess) {
		return refuse("Migration data cannot be set while the migration is in state %s.", status)
	}
	if c.state.Workflow && c.state.Run.Generic {
		return refuse("A promotion in mode GENERIC has not been ended yet.")
	}
	if data.Mode == modeGeneric {
		return c.beginGeneric(data)
	}
	c.state.reset()
	c.state.Batch = data
	return c.save()
}

// act carries out a plan action.
func (c *Coordinator) act(action, component string, skip bool) error {
	now := c.clock.Now()
	if now.Before(c.busyUntil) || c.call != nil || c.state.Undo != nil || c.state.Orphan != nil {
		return busy()
	}
	if err := c.dispatch(action, component, skip); err != nil {
		return err
	}
	c.busyUntil = now.Add(c.options.BusyFor)
	return c.save()
}

func (c *Coordinator) dispatch(action, component string, skip bool) error {
	switch action {
	case "abort":
		c.abort()
		return nil
	case "rollback":
		return c.undoPlan()
	case "update_site_migration_state":
		return refuse("This NSX has no federation sites.")
	case "start", "continue", "pause", "finish", "reset":
	default:
		return refuse("Plan action %q is not one of %s.", action, strings.Join(c.planActions(), ", "))
	}
	if c.options.Conflicts > 0 {
		c.options.Conflicts--
		return concurrent()
	}
	if c.state.running() && action != "pause" {
		return concurrent()
	}
	switch action {
	case "start":
		return c.start()
	case "continue":
		return c.proceed(skip)
	case "pause":
		return c.pause()
	case "finish":
		return c.finishPlan()
	}
	return checkReset(component)
}

// abort resets the plan. A migration at work has reached NSX's objects and is not called back by that: the plan looks as
// if nothing was, and a while later the batch is Policy, without a word of success or failure.
func (c *Coordinator) abort() {
	goesOn := c.state.Migration.Status == statusInProgress && c.state.Generic == nil && !c.options.AbortStops && !c.options.KeepPartial
	if goesOn {
		c.state.Orphan = &orphan{Batch: c.state.Batch, Ends: c.state.Migration.Ends}
	} else if c.state.running() {
		c.interrupt()
	}
	c.state.reset()
	c.schedule()
}

// endOrphan promotes the batch of an aborted plan.
func (c *Coordinator) endOrphan() {
	c.state.Batch, c.state.Orphan = c.state.Orphan.Batch, nil
	c.conclude(c.promoteBatch(c.state.Batch.size()), func(_ []failure, err error) {
		c.state.Batch, c.state.Promoted = nil, 0
		c.failOn(err)
	})
}

// planActions are the actions of this version ("NSX Go SDK").
func (c *Coordinator) planActions() []string {
	actions := []string{"abort", "continue", "finish", "pause", "reset", "start", "update_site_migration_state"}
	if !c.version.AtLeast(9, 0) {
		actions = append(actions, "rollback")
	}
	return actions
}

func (c *Coordinator) start() error {
	if c.state.Batch == nil {
		return &api.Error{Status: http.StatusInternalServerError, Code: codeRefused, Module: api.ModuleCoordinator, Message: "No running migration."}
	}
	if !c.state.Workflow {
		return refuse("The migration workflow has not been initiated.")
	}
	if c.state.Overall != statusNotStarted {
		return refuse("The plan cannot be started in state %s.", c.state.Overall)
	}
	c.state.Precheck = c.begin(c.options.PrecheckTime, c.state.Batch.size())
	c.schedule()
	return nil
}

// proceed resumes a paused plan; skip goes on to the next component although one failed.
func (c *Coordinator) proceed(skip bool) error {
	if c.state.Overall != statusPaused {
		return refuse("The plan cannot be continued in state %s.", c.state.Overall)
	}
	if !c.state.Workflow {
		return refuse("The migration workflow has been ended.")
	}
	if c.state.Generic != nil {
		return c.proceedGeneric(skip)
	}
	switch {
	case c.state.Migration.Status == statusSuccess || (c.state.Migration.Status == statusFailed && skip):
		c.state.Overall = statusSuccess // there is no further component
		return nil
	case c.state.Migration.Status == statusFailed:
		return refuse("The plan cannot be continued: component %s is FAILED.", componentMigration)
	case c.state.Precheck.Status != statusSuccess && !skip:
		return refuse("The plan cannot be continued: component %s is %s.", componentPrecheck, c.state.Precheck.Status)
	}
	c.state.Migration = c.begin(c.options.BatchTime, c.state.Batch.size())
	c.schedule()
	return nil
}

// pause stops the plan after what is at work.
func (c *Coordinator) pause() error {
	if !c.state.running() {
		return refuse("The plan cannot be paused in state %s.", c.state.Overall)
	}
	c.state.Pause = true
	return nil
}

// finishPlan marks the end of one execution of the plan and makes room for the next.
func (c *Coordinator) finishPlan() error {
	if c.state.Overall != statusSuccess {
		return refuse("The plan cannot be finished in state %s.", c.state.Overall)
	}
	c.state.reset()
	return nil
}

// checkReset judges the action reset. It puts a changed plan back to the default one;
// here no plan can be changed.
func checkReset(component string) error {
	if component != componentPrecheck && component != componentMigration {
		return refuse("component_type %q is neither %s nor %s.", component, componentPrecheck, componentMigration)
	}
	return nil
}

// concurrent is the 409 of a plan action while another is at work ("NSX Go SDK").
func concurrent() error {
	return &api.Error{Status: http.StatusConflict, Code: codeRefused, Module: api.ModuleCoordinator, Message: "Another plan action is in progress."}
}

func (c *Coordinator) begin(base time.Duration, objects int) component {
	now := c.clock.Now()
	return component{Status: statusInProgress, Began: now, Ends: now.Add(c.lasting(base, objects))}
}

// lasting is how long work on so many objects takes.
func (c *Coordinator) lasting(base time.Duration, objects int) time.Duration {
	return base + time.Duration(objects)*c.options.ObjectTime
}

// schedule sets the timer for the end of what is at work, unless that is held.
func (c *Coordinator) schedule() {
	defer c.tell()
	c.stopTimer()
	var ends time.Time
	var end func()
	switch {
	case c.closed || c.held:
		return
	case c.state.Undo != nil:
		ends, end = c.state.Undo.Ends, c.endUndo
	case c.state.Orphan != nil:
		ends, end = c.state.Orphan.Ends, c.endOrphan
	case c.state.Precheck.Status == statusInProgress:
		ends, end = c.state.Precheck.Ends, c.endPrecheck
	case c.state.Migration.Status == statusInProgress:
		ends, end = c.state.Migration.Ends, c.endMigration
		if c.state.Generic != nil {
			end = c.endStep
		}
	default:
		return
	}
	generation := c.generation
	c.timer = c.clock.AfterFunc(max(0, ends.Sub(c.clock.Now())), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if generation == c.generation && !c.closed {
			end()
		}
	})
}

func (c *Coordinator) stopTimer() {
	c.generation++
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// endPrecheck judges the batch, or everything in mode GENERIC.
func (c *Coordinator) endPrecheck() {
	var problems []failure
	err := c.store.View(func(tx *store.Tx) error {
		if c.state.Generic != nil {
			problems = c.precheckAll(tx)
		} else {
			problems = c.precheck(tx, c.state.Batch)
		}
		return nil
	})
	c.state.Precheck.Status = statusSuccess
	c.report(&c.state.Precheck, problems, err)
	c.state.Overall = statusPaused
	if c.state.Generic != nil {
		c.afterPrecheckAll()
	}
	c.state.Pause = false
	c.saveOrFail()
}

// endMigration promotes the batch.
func (c *Coordinator) endMigration() {
	c.conclude(c.promoteBatch(c.state.Batch.size()), func(problems []failure, err error) {
		c.state.Migration.Status = statusSuccess
		c.state.Overall = statusSuccess
		if c.state.Pause {
			c.state.Overall = statusPaused
		}
		c.report(&c.state.Migration, problems, err)
		if c.state.Migration.Status == statusFailed {
			c.state.Overall = c.options.FailedOverall
		}
		c.state.Pause = false
	})
}

// report turns the problems of a component into its status, details and feedback.
func (c *Coordinator) report(to *component, problems []failure, err error) {
	if err != nil {
		to.Status, to.Details = statusFailed, err.Error()
		return
	}
	if len(problems) == 0 {
		return
	}
	c.state.fail(problems)
	lines := make([]string, len(problems))
	for i, problem := range problems {
		lines[i] = problem.String()
	}
	if to.Details != "" {
		lines = slices.Insert(lines, 0, to.Details)
	}
	to.Details = strings.Join(lines, "\n")
	if to == &c.state.Migration && c.state.Batch.SkipFailed {
		return
	}
	to.Status = statusFailed
}

// interrupt stops what is at work. With KeepPartial a migration leaves those objects
// promoted that it had reached, as time tells; a cancellation or a rollback leaves
// everything as it was.
func (c *Coordinator) interrupt() {
	c.stopTimer()
	running := &c.state.Migration
	if running.Status == statusInProgress && c.options.KeepPartial && c.state.Generic == nil {
		reached := int(float64(c.state.Batch.size()) * share(running.Began, running.Ends, c.clock.Now()))
		c.conclude(c.promoteBatch(reached), func(_ []failure, err error) {
			if err != nil {
				running.Details = err.Error()
			}
			c.state.cut()
		})
	}
	c.state.cut()
}

// overall is the status that clients see: PAUSING while a component runs, except
// that it may run ahead of the migration's end.
func (c *Coordinator) overall() string {
	if !c.state.running() || c.state.Orphan != nil {
		return c.state.Overall
	}
	if ends := c.state.Migration.Ends; c.state.Migration.Status == statusInProgress && c.state.Generic == nil &&
		c.options.OverallAhead > 0 && !c.clock.Now().Before(ends.Add(-c.options.OverallAhead)) {
		return statusSuccess
	}
	return statusPausing
}

// done ends the workflow: everything promoted becomes realized, but for what the options leave behind.
func (c *Coordinator) done() error {
	rules, err := remainders(c.options.Unrealized)
	if err != nil {
		return err
	}
	updated := map[int]bool{}
	for _, r := range c.records {
		if !r.Realized {
			r.realize(rules, c.clock.Now())
			updated[r.batch] = true
		}
	}
	c.state.Workflow, c.state.CancelFailed = false, false
	outcome := statusSuccess
	if len(c.notPromoted()) > 0 {
		outcome = "PARTIAL_SUCCESS"
	}
	c.note(outcome)
	c.scheduleLate()
	return c.store.Update(func(tx *store.Tx) error {
		if err := c.saveBatches(tx, updated); err != nil {
			return err
		}
		return tx.SetSection(sectionState, c.state)
	})
}

// saveBatches writes the records of these batches anew.
func (c *Coordinator) saveBatches(tx *store.Tx, numbers map[int]bool) error {
	lists := map[int][]*record{}
	for _, r := range c.sortedRecords(func(r *record) bool { return numbers[r.batch] }) {
		lists[r.batch] = append(lists[r.batch], r)
	}
	for number := range numbers {
		if len(lists[number]) == 0 {
			c.state.Batches = slices.DeleteFunc(slices.Clone(c.state.Batches), func(n int) bool { return n == number })
		}
		if err := tx.SetSection(sectionBatch(number), lists[number]); err != nil {
			return fmt.Errorf("saving the records of batch %d: %w", number, err)
		}
	}
	return nil
}

// checkIdle is what DONE and rollback ask first.
func (c *Coordinator) checkIdle() error {
	if c.call != nil || c.state.running() {
		return busy()
	}
	if !c.state.Workflow {
		return refuse("The migration workflow has not been initiated.")
	}
	return nil
}

func (c *Coordinator) note(status string) {
	c.state.History = append(c.state.History, event{At: c.clock.Now().UnixMilli(), Status: status})
}

// errStop undoes a transaction whose failures were collected elsewhere.
var errStop = errors.New("stopping at the first failure")
