package migrate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/wait"
)

// Errors that decide what the run does next.
var (
	// ErrStillRunning says that NSX is still working on a batch past its time-out. Nothing may be aborted
	// or rolled back now; a later run goes on waiting.
	ErrStillRunning = errors.New("the migration coordinator is still working on a batch")
	// ErrRestarted says that the coordinator lost its plan: it was restarted under us.
	ErrRestarted = errors.New("the migration coordinator was restarted and has forgotten its plan")
	// ErrUndecided says that neither the objects nor the coordinator tell whether entries were migrated.
	ErrUndecided = errors.New("cannot tell whether these objects were migrated")
)

// API is what this package needs of NSX; *nsx.Client is one.
type API interface {
	CoordinatorService(ctx context.Context) (mp.ServiceStatus, error)
	MigrationStatus(ctx context.Context) (mp.MigrationStatus, error)
	Initiate(ctx context.Context) error
	Promote(ctx context.Context, body mp.Promotion) error
	PlanAction(ctx context.Context, action string) error
	Rollback(ctx context.Context, body mp.Promotion) error
	Feedback(ctx context.Context, each func(mp.Feedback) error) error
}

// Records is what this package needs of the records; *records.Store is one.
type Records interface {
	Run() (records.Header, bool, error)
	Batches(each func(records.Batch) error) error
	Request(seq uint64) (mp.Promotion, error)
	SetBatch(seq uint64, to records.BatchState, change func(*records.Batch)) error
	BatchDone(seq uint64, objects []records.MigratedObject) error
	BatchUndone(seq uint64) error
	TakeOut(seq uint64, ids []string, body mp.Promotion) error
	IsMigrated(kind, id string) (bool, error)
	Amend(change func(*records.Header)) error
}

// Look reads what entries are now, by lists and GETs; inventory.Look does it.
type Look func(ctx context.Context, refs []mp.Ref) (map[mp.Ref]inventory.Finding, error)

// Events hears how the work goes.
type Events interface {
	Progress(done, total int, what string)
	Waiting(reason string)
	Warn(format string, args ...any)
}

// Migrator does phase 2 and its undoing for one run.
type Migrator struct {
	API     API
	Records Records
	Look    Look
	// Gone says whether the object at a Policy path does not exist, in NSX's own words.
	Gone func(ctx context.Context, policyPath string) (bool, error)
	// Hold makes sure that the lease is this run's at this moment. It is asked before a plan is aborted, a workflow is
	// initiated and a round of rollbacks begins.
	Hold   func(ctx context.Context) error
	Events Events
	Clock  wait.Clock
	// BatchTimeout bounds the pre-check and the migration of one batch, each.
	BatchTimeout time.Duration
	// FinishTimeout bounds one rollback whose answer was lost.
	FinishTimeout time.Duration
	// UndoAdopted lets Back take back the batches that an adopting run found as Policy, too.
	UndoAdopted bool
	// TakeOutDuplicates lets entries that NSX reports as migrated already be taken out and the rest be
	// sent again. Right for shared objects; an NCP-created duplicate means that records were lost.
	TakeOutDuplicates bool

	pace pace
}

// maxResends bounds how often one batch is sent again: after duplicates were taken out, and after the
// answer to a POST was lost.
const maxResends = 5

// Forward sends every planned batch in order. It stops at the first failure; what was migrated until then
// is in the records. A cancelled context ends it between two calls.
func (m *Migrator) Forward(ctx context.Context) error {
	batches, total, err := m.batches(records.BatchPlanned)
	if err != nil {
		return err
	}
	done := 0
	for i, b := range batches {
		if err := m.forwardBatch(ctx, b, i == 0); err != nil {
			return fmt.Errorf("migrating batch %d of %d (%d x %s): %w", b.Seq, len(batches), len(b.Entries), b.Type, err)
		}
		done += len(b.Entries)
		m.Events.Progress(done, total, "objects migrated")
	}
	return nil
}

// batches reads the batches in one of the wanted states, oldest first, and counts their entries. Entry
// lists are small (ids); request bodies are read one at a time.
func (m *Migrator) batches(states ...records.BatchState) ([]records.Batch, int, error) {
	var found []records.Batch
	entries := 0
	err := m.Records.Batches(func(b records.Batch) error {
		for _, s := range states {
			if b.State == s {
				found = append(found, b)
				entries += len(b.Entries)
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the batches from the records: %w", err)
	}
	return found, entries, nil
}

// forwardBatch takes one batch from planned to migrated.
func (m *Migrator) forwardBatch(ctx context.Context, b records.Batch, first bool) error {
	for range maxResends {
		body, err := m.Records.Request(b.Seq)
		if err != nil {
			return fmt.Errorf("reading its request from the records: %w", err)
		}
		if countIDs(body) == 0 {
			return m.setAside(b) // every entry was taken out: nothing of it is ours
		}
		if err := m.free(ctx, first); err != nil {
			return err
		}
		posted, err := m.post(ctx, b.Seq, body)
		if err != nil {
			return err
		}
		if !posted {
			continue
		}
		duplicates, err := m.precheck(ctx, b, body)
		if err != nil {
			return err
		}
		if len(duplicates) == 0 {
			return m.promote(ctx, b, body)
		}
		if err := m.takeOut(ctx, b, body, duplicates); err != nil {
			return err
		}
	}
	return fmt.Errorf("giving up after sending it %d times", maxResends)
}

// free makes sure that the coordinator can take a batch: it has finished the one before. Before the first
// batch nothing of ours can be half-way, so that such a plan is somebody else's and is left alone.
func (m *Migrator) free(ctx context.Context, first bool) error {
	status, err := m.API.MigrationStatus(ctx)
	if err != nil {
		return fmt.Errorf("reading the coordinator's status: %w", err)
	}
	switch {
	case working(status):
		return fmt.Errorf("%w: its status is %s", ErrStillRunning, status.Overall)
	case status.Overall == mp.StatusSuccess:
		return nil
	case status.Overall == mp.StatusNotStarted:
		return m.unlessRestarted(ctx, nil)
	case first:
		return fmt.Errorf("somebody else's plan is %s in the migration coordinator; it must be ended by whoever began it", status.Overall)
	}
	return m.abort(ctx)
}

// unlessRestarted answers ErrRestarted when the coordinator's processes are not those that the run began
// with, and otherwise the given error.
func (m *Migrator) unlessRestarted(ctx context.Context, otherwise error) error {
	restarted, err := m.restarted(ctx)
	if err != nil {
		return err
	}
	if restarted {
		return ErrRestarted
	}
	return otherwise
}

func (m *Migrator) restarted(ctx context.Context) (bool, error) {
	header, _, err := m.Records.Run()
	if err != nil {
		return false, fmt.Errorf("reading the records: %w", err)
	}
	service, err := m.API.CoordinatorService(ctx)
	if err != nil {
		return false, fmt.Errorf("reading the state of the coordinator service: %w", err)
	}
	return len(header.CoordinatorPIDs) > 0 && !samePIDs(header.CoordinatorPIDs, service.PIDs), nil
}

func samePIDs(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	seen := map[int]bool{}
	for _, pid := range a {
		seen[pid] = true
	}
	for _, pid := range b {
		if !seen[pid] {
			return false
		}
	}
	return true
}

// post stores the batch in the coordinator. When the answer is lost the plan is aborted and the batch may
// be posted anew (posted false): a stored batch that was never started has no effect.
func (m *Migrator) post(ctx context.Context, seq uint64, body mp.Promotion) (posted bool, err error) {
	now := m.Clock.Now()
	err = m.Records.SetBatch(seq, records.BatchPosting, func(b *records.Batch) {
		b.Attempts++
		b.Started = now
	})
	if err != nil {
		return false, fmt.Errorf("recording that it is about to be sent: %w", err)
	}
	err = m.API.Promote(ctx, body)
	if mp.IsKind(err, mp.KindLost) && ctx.Err() == nil {
		m.Events.Warn("the answer to a batch was lost (%v); aborting the plan and sending it again", err)
		return false, m.abort(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("sending it to the coordinator: %w", err)
	}
	return true, nil
}

// precheck runs component 0. It returns the entries that NSX reports as migrated already.
func (m *Migrator) precheck(ctx context.Context, b records.Batch, body mp.Promotion) ([]string, error) {
	if err := m.Records.SetBatch(b.Seq, records.BatchStarting, nil); err != nil {
		return nil, fmt.Errorf("recording that its pre-check is about to start: %w", err)
	}
	if err := m.act(ctx, "start"); err != nil {
		return nil, err
	}
	status, err := m.await(ctx, b, mp.ComponentPrecheck)
	if err != nil {
		return nil, fmt.Errorf("waiting for its pre-check: %w", err)
	}
	component := status.Component(mp.ComponentPrecheck)
	if component.Status == mp.StatusSuccess {
		return nil, nil
	}
	if !strings.Contains(component.Details, duplicateText) {
		return nil, m.failure(ctx, "pre-check", component)
	}
	return m.duplicates(ctx, body, component)
}

// promote runs component 1 and records what the coordinator says it has migrated. That is a claim, good enough to go on,
// as long as it is the same coordinator that speaks; the last look before the point of no return reads the objects.
func (m *Migrator) promote(ctx context.Context, b records.Batch, body mp.Promotion) error {
	if err := m.Records.SetBatch(b.Seq, records.BatchContinuing, func(b *records.Batch) { b.Continued = true }); err != nil {
		return fmt.Errorf("recording that its migration is about to start: %w", err)
	}
	if err := m.act(ctx, "continue"); err != nil {
		return err
	}
	status, err := m.await(ctx, b, mp.ComponentMigration)
	if err != nil {
		return fmt.Errorf("waiting for its migration: %w", err)
	}
	if component := status.Component(mp.ComponentMigration); component.Status != mp.StatusSuccess {
		return m.failure(ctx, "migration", component)
	}
	if err := m.unlessRestarted(ctx, nil); err != nil {
		return err
	}
	if err := m.Records.BatchDone(b.Seq, claimed(b.Entries, sent(body), nil)); err != nil {
		return fmt.Errorf("recording what it migrated: %w", err)
	}
	return nil
}

// act sends one plan action. A lost answer is not an error here: the status read next tells.
func (m *Migrator) act(ctx context.Context, action string) error {
	err := m.API.PlanAction(ctx, action)
	if mp.IsKind(err, mp.KindLost) && ctx.Err() == nil {
		m.Events.Warn("the answer to plan action %q was lost (%v); reading the status instead", action, err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("sending plan action %q: %w", action, err)
	}
	return nil
}

// abort resets the coordinator's plan so that another batch can be posted. It is never sent while the
// migration component works.
func (m *Migrator) abort(ctx context.Context) error {
	if err := m.Hold(ctx); err != nil {
		return err
	}
	if err := m.act(ctx, "abort"); err != nil {
		return err
	}
	return m.poll(ctx, func(waited func() time.Duration) (done bool, err error) {
		status, err := m.API.MigrationStatus(ctx)
		switch {
		case err != nil:
			return false, fmt.Errorf("reading the coordinator's status after an abort: %w", err)
		case status.Overall == mp.StatusNotStarted || status.Overall == mp.StatusSuccess:
			return true, nil
		case waited() > abortTimeout:
			return false, fmt.Errorf("aborting the plan: the coordinator's status is still %s", status.Overall)
		}
		return false, nil
	})
}

// failure tells in NSX's own words why a component failed.
func (m *Migrator) failure(ctx context.Context, what string, component mp.ComponentStatus) error {
	var texts []string
	if details := brief(component.Details); details != "" {
		texts = append(texts, details)
	}
	objects := 0
	err := m.API.Feedback(ctx, func(f mp.Feedback) error {
		if objects++; objects > maxNamed {
			return nil
		}
		var reasons []string
		for _, e := range f.Errors {
			reasons = append(reasons, e.Description)
		}
		texts = append(texts, fmt.Sprintf("%s %s (%s): %s", f.Type, f.Name, f.ID, brief(strings.Join(reasons, ", "))))
		return nil
	})
	if objects > maxNamed {
		texts = append(texts, fmt.Sprintf("and %d more objects", objects-maxNamed))
	}
	if err != nil {
		texts = append(texts, fmt.Sprintf("NSX's feedback could not be read: %v", err))
	}
	return fmt.Errorf("NSX's %s ended in %s: %s", what, component.Status, strings.Join(texts, "; "))
}

// Bounds of what an error repeats of a batch of thousands; the first ones name the cause.
const (
	maxNamed = 5    // objects
	maxWords = 1000 // bytes of one text of NSX
)

// brief puts NSX's text on one line and cuts it where it gets long.
func brief(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxWords {
		return text
	}
	return strings.ToValidUTF8(text[:maxWords], "") + " ..."
}

func countIDs(body mp.Promotion) int {
	n := 0
	for _, r := range body.MigrationData {
		n += len(r.ResourceIDs)
	}
	return n
}

// sent lists the entries of a request.
func sent(body mp.Promotion) map[mp.Ref]bool {
	refs := make(map[mp.Ref]bool, countIDs(body))
	for _, r := range body.MigrationData {
		for _, d := range r.ResourceIDs {
			refs[mp.Ref{Type: mp.Type(r.Type), ID: d.ManagerID}] = true
		}
	}
	return refs
}

// claimed makes migration records of the entries that are in the set and ours; found, where given, knows
// Policy paths better than the plan.
func claimed(entries []records.Entry, set map[mp.Ref]bool, found map[mp.Ref]inventory.Finding) []records.MigratedObject {
	objects := make([]records.MigratedObject, 0, len(entries))
	for _, e := range entries {
		ref := refOf(e)
		if e.NotOurs || !set[ref] {
			continue
		}
		path := e.PolicyPath
		if f, ok := found[ref]; ok && f.PolicyPath != "" {
			path = f.PolicyPath
		}
		objects = append(objects, records.MigratedObject{Type: e.Type, ID: e.ID, PolicyPath: path})
	}
	return objects
}

func refOf(e records.Entry) mp.Ref { return mp.Ref{Type: mp.Type(e.Type), ID: e.ID} }
