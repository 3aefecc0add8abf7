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
	if c.finishing != "" {
		return busy()
	}
	if c.state.Workflow {
		return refuse("A migration workflow is already in progress.")
	}
	c.state.Workflow = true
	c.note("INITIATED")
	return c.save()
}

// accept stores a batch in place of an earlier one. A body without objects is
// accepted at any time that no plan is at work: clients probe with it.
func (c *Coordinator) accept(data *migrationData) error {
	if data.Mode == "GENERIC" {
		return refuse("Mode GENERIC is not modelled by this simulator.")
	}
	if status := c.overall(); c.state.running() || (status != statusNotStarted && status != statusSuccess) {
		return refuse("Migration data cannot be set while the migration is in state %s.", status)
	}
	c.state.reset()
	c.state.Batch = data
	return c.save()
}

// act carries out a plan action.
func (c *Coordinator) act(action string, skip bool) error {
	now := c.clock.Now()
	if now.Before(c.busyUntil) || c.finishing != "" {
		return busy()
	}
	if err := c.dispatch(action, skip); err != nil {
		return err
	}
	c.busyUntil = now.Add(c.options.BusyFor)
	return c.save()
}

func (c *Coordinator) dispatch(action string, skip bool) error {
	switch action {
	case "start":
		return c.start()
	case "continue":
		return c.proceed(skip)
	case "abort":
		if c.state.running() {
			c.interrupt()
		}
		c.state.reset()
		return nil
	}
	return refuse("Plan action %q is not modelled by this simulator.", action)
}

func (c *Coordinator) start() error {
	if c.state.running() {
		return concurrent()
	}
	if c.state.Batch == nil {
		return &api.Error{Status: http.StatusInternalServerError, Code: codeRefused, Module: api.ModuleCoordinator, Message: "No running migration."}
	}
	if !c.state.Workflow {
		return refuse("The migration workflow has not been initiated.")
	}
	if c.state.Overall != statusNotStarted {
		return refuse("The plan cannot be started in state %s.", c.state.Overall)
	}
	c.state.Precheck = c.begin(c.options.PrecheckTime)
	c.schedule()
	return nil
}

func (c *Coordinator) proceed(skip bool) error {
	if c.state.running() {
		return concurrent()
	}
	if c.state.Overall != statusPaused || c.state.Migration.Status != statusNotStarted {
		return refuse("The plan cannot be continued in state %s.", c.state.Overall)
	}
	if c.state.Precheck.Status != statusSuccess && !skip {
		return refuse("The plan cannot be continued: component %s is %s.", componentPrecheck, c.state.Precheck.Status)
	}
	c.state.Migration = c.begin(c.options.BatchTime)
	c.schedule()
	return nil
}

// concurrent is the 409 of a plan action while another is at work ("NSX Go SDK").
func concurrent() error {
	return &api.Error{Status: http.StatusConflict, Code: codeRefused, Module: api.ModuleCoordinator, Message: "Another plan action is in progress."}
}

func (c *Coordinator) begin(base time.Duration) component {
	now := c.clock.Now()
	length := base + time.Duration(c.state.Batch.size())*c.options.ObjectTime
	return component{Status: statusInProgress, Began: now, Ends: now.Add(length)}
}

// schedule sets the timer for the end of the running component.
func (c *Coordinator) schedule() {
	c.stopTimer()
	var ends time.Time
	var end func()
	switch {
	case c.closed:
		return
	case c.state.Precheck.Status == statusInProgress:
		ends, end = c.state.Precheck.Ends, c.endPrecheck
	case c.state.Migration.Status == statusInProgress:
		ends, end = c.state.Migration.Ends, c.endMigration
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

// endPrecheck judges the batch.
func (c *Coordinator) endPrecheck() {
	var problems []failure
	err := c.store.View(func(tx *store.Tx) error {
		problems = c.precheck(tx, c.state.Batch)
		return nil
	})
	c.state.Precheck.Status = statusSuccess
	c.report(&c.state.Precheck, problems, err)
	c.state.Overall = statusPaused
	c.saveOrFail()
}

// endMigration promotes the batch.
func (c *Coordinator) endMigration() {
	problems, err := c.promoteBatch(c.state.Batch.size())
	c.state.Migration.Status = statusSuccess
	c.state.Overall = statusSuccess
	c.report(&c.state.Migration, problems, err)
	if c.state.Migration.Status == statusFailed {
		c.state.Overall = c.options.FailedOverall
	}
	c.saveOrFail()
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
	c.state.Feedback = problems
	lines := make([]string, len(problems))
	for i, problem := range problems {
		lines[i] = problem.String()
	}
	to.Details = strings.Join(lines, "\n")
	if to == &c.state.Migration && c.state.Batch.SkipFailed {
		return
	}
	to.Status = statusFailed
}

// interrupt stops the running component. With KeepPartial a migration leaves those
// objects promoted that it had reached, as time tells.
func (c *Coordinator) interrupt() {
	c.stopTimer()
	if c.state.Migration.Status == statusInProgress && c.options.KeepPartial {
		running := &c.state.Migration
		length := running.Ends.Sub(running.Began)
		reached := 0
		if length > 0 {
			reached = int(int64(c.state.Batch.size()) * int64(c.clock.Now().Sub(running.Began)) / int64(length))
		}
		if _, err := c.promoteBatch(reached); err != nil {
			running.Details = err.Error()
		}
	}
	for _, one := range []*component{&c.state.Precheck, &c.state.Migration} {
		if one.Status == statusInProgress {
			one.Status = statusFailed
			c.state.Overall = statusFailed
		}
	}
}

// overall is the status that clients see: PAUSING while a component runs, except
// that it may run ahead of the migration's end.
func (c *Coordinator) overall() string {
	if !c.state.running() {
		return c.state.Overall
	}
	if ends := c.state.Migration.Ends; c.state.Migration.Status == statusInProgress &&
		c.options.OverallAhead > 0 && !c.clock.Now().Before(ends.Add(-c.options.OverallAhead)) {
		return statusSuccess
	}
	return statusPausing
}

// done ends the workflow: everything promoted becomes realized.
func (c *Coordinator) done() error {
	updated := map[int]bool{}
	for _, r := range c.records {
		if !r.Realized {
			r.Realized = true
			updated[r.batch] = true
		}
	}
	c.state.Workflow = false
	c.note(statusSuccess)
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
	if c.finishing != "" || c.state.running() {
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
