package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// world is an NSX as phase 2 sees it: objects that are Manager or Policy, and a migration coordinator with its
// two components, which works while virtual time passes. It is strict: what a real coordinator may refuse, it
// refuses, and what must never be sent fails the spec at once.
type world struct {
	now   time.Time
	store *records.Store // what must be durable at the moment of a call

	objects  map[mp.Ref]catalog.Evidence // IsManager, IsPolicy or IsAbsent
	unclear  map[mp.Ref]bool             // reading these decides nothing
	restarts int
	workflow bool
	stored   mp.Promotion // what was posted last
	overall  string
	precheck mp.ComponentStatus
	migrate  mp.ComponentStatus
	ends     time.Time // of the component at work

	precheckTakes, batchTakes time.Duration
	lags                      time.Duration             // overall says PAUSING so long after a component has ended
	ahead                     time.Duration             // overall says SUCCESS so long before the migration has ended
	pausesAfterSuccess        bool                      // the plan rests at PAUSED after a whole batch
	duplicate                 func(ids []string) string // words of the pre-check on objects that are Policy already
	invalid                   map[string]string         // what the pre-check says against an id
	breaks                    map[string]int            // type -> how many objects a failing migration gets done; once
	sleeping                  func(d time.Duration)     // hears of every sleep
	faults                    map[string]map[int]fault  // call -> the how many-th -> what goes wrong
	ignored                   map[int]bool              // the how many-th rollback is answered without being carried out
	at                        int                       // the fault of the at-th call of all; 0: of none
	atFault                   fault

	count    map[string]int
	calls    int
	sent     []string    // every write, in order
	statusAt []time.Time // when the status was read
}

// fault is what goes wrong with one call: an error before or after it took effect, and what else happens then.
type fault struct {
	before, after error
	happens       func()
}

var (
	errCut  = errors.New("the connection is cut")
	errLost = &nsx.Error{Kind: mp.KindLost, Method: "POST", Message: "no answer"}
)

var lostBefore, lostAfter = fault{before: errLost}, fault{after: errLost}

func newWorld() *world {
	return &world{
		now:     time.Date(2024, 5, 1, 8, 0, 0, 0, time.UTC),
		objects: map[mp.Ref]catalog.Evidence{}, unclear: map[mp.Ref]bool{},
		workflow: true, overall: mp.StatusNotStarted,
		precheckTakes: 200 * time.Millisecond, batchTakes: time.Second,
		duplicate: func(ids []string) string {
			return strings.Join(ids, ", ") + " is duplicate or already migrated"
		},
		invalid: map[string]string{}, breaks: map[string]int{}, faults: map[string]map[int]fault{}, count: map[string]int{},
	}
}

// Now and Sleep make the world its own clock.
func (w *world) Now() time.Time { return w.now }

func (w *world) Sleep(ctx context.Context, d time.Duration) error {
	if w.sleeping != nil {
		w.sleeping(d)
	}
	w.now = w.now.Add(d)
	return ctx.Err()
}

// goesWrong scripts a fault of the nth call of one kind.
func (w *world) goesWrong(call string, nth int, f fault) {
	if w.faults[call] == nil {
		w.faults[call] = map[int]fault{}
	}
	w.faults[call][nth] = f
}

// call lets one call take effect, or what is scripted instead.
func (w *world) call(ctx context.Context, name string, effect func() error) error {
	w.calls++
	w.count[name]++
	f := w.faults[name][w.count[name]]
	if w.calls == w.at {
		f = w.atFault
	}
	if f.happens != nil {
		f.happens()
	}
	if ctx.Err() != nil {
		return &nsx.Error{Kind: mp.KindCanceled, Message: name, Cause: context.Cause(ctx)}
	}
	if f.before != nil {
		return f.before
	}
	w.advance()
	if err := effect(); err != nil {
		return err
	}
	return f.after
}

// write is a call that changes something in NSX.
func (w *world) write(ctx context.Context, name, what string, effect func() error) error {
	return w.call(ctx, name, func() error {
		w.sent = append(w.sent, strings.TrimSpace(name+" "+what))
		return effect()
	})
}

func refused(format string, args ...any) error {
	return &nsx.Error{Kind: mp.KindInvalid, Status: 400, Message: fmt.Sprintf(format, args...)}
}

func (w *world) working() bool {
	return w.precheck.Status == mp.StatusInProgress || w.migrate.Status == mp.StatusInProgress
}

// busy says whether the plan is at work, which it is for a while after a component has ended.
func (w *world) busy() bool {
	return w.working() || w.precheck.Status != "" && w.now.Before(w.ends.Add(w.lags))
}

func (w *world) reset() {
	w.stored, w.overall = mp.Promotion{}, mp.StatusNotStarted
	w.precheck, w.migrate = mp.ComponentStatus{}, mp.ComponentStatus{}
}

// restart is what happens when the coordinator's processes die and come again: it has forgotten everything.
func (w *world) restart() {
	w.advance()
	w.restarts++
	w.workflow = false
	w.reset()
}

// advance ends the component whose time is up.
func (w *world) advance() {
	switch {
	case !w.working() || w.now.Before(w.ends):
	case w.precheck.Status == mp.StatusInProgress:
		w.overall = mp.StatusPaused
		w.precheck = w.judge()
	default:
		if w.overall = mp.StatusSuccess; w.pausesAfterSuccess {
			w.overall = mp.StatusPaused
		}
		w.migrate.Status, w.migrate.PercentComplete = mp.StatusSuccess, 100
		w.promote()
	}
}

func (w *world) judge() mp.ComponentStatus {
	var duplicates, problems []string
	for _, ref := range refsOf(w.stored) {
		if w.objects[ref] == catalog.IsPolicy {
			duplicates = append(duplicates, ref.ID)
		}
		if text := w.invalid[ref.ID]; text != "" {
			problems = append(problems, text)
		}
	}
	if len(duplicates) > 0 {
		problems = append(problems, w.duplicate(duplicates))
	}
	if len(problems) > 0 {
		return mp.ComponentStatus{Status: mp.StatusFailed, Details: strings.Join(problems, "\n")}
	}
	return mp.ComponentStatus{Status: mp.StatusSuccess}
}

func (w *world) promote() {
	for i, ref := range refsOf(w.stored) {
		if most, broken := w.breaks[string(ref.Type)]; broken && i == most {
			w.overall = mp.StatusPaused
			w.migrate = mp.ComponentStatus{Status: mp.StatusFailed, Details: "migration of " + ref.ID + " failed"}
			return
		}
		w.objects[ref] = catalog.IsPolicy
	}
}

func (w *world) CoordinatorService(ctx context.Context) (s mp.ServiceStatus, err error) {
	err = w.call(ctx, "service", func() error {
		s = mp.ServiceStatus{RuntimeState: "running", PIDs: []int{100 + w.restarts, 200 + w.restarts}}
		return nil
	})
	return s, err
}

func (w *world) MigrationStatus(ctx context.Context) (s mp.MigrationStatus, err error) {
	err = w.call(ctx, "status", func() error {
		w.statusAt = append(w.statusAt, w.now)
		s = w.status()
		return nil
	})
	return s, err
}

// status lists the migration first, since nobody promises an order.
func (w *world) status() mp.MigrationStatus {
	s := mp.MigrationStatus{Overall: w.overall, Components: []mp.ComponentStatus{w.migrate, w.precheck}}
	s.Components[0].ComponentType, s.Components[1].ComponentType = mp.ComponentMigration, mp.ComponentPrecheck
	for i := range s.Components {
		if s.Components[i].Status == "" {
			s.Components[i].Status = mp.StatusNotStarted
		}
	}
	if w.busy() {
		s.Overall = mp.StatusPausing
		if w.migrate.Status == mp.StatusInProgress && !w.now.Before(w.ends.Add(-w.ahead)) {
			s.Overall = mp.StatusSuccess
		}
	}
	return s
}

func (w *world) Initiate(ctx context.Context) error {
	return w.write(ctx, "INITIATE", "", func() error {
		if w.workflow {
			return refused("a workflow is already in progress")
		}
		w.workflow = true
		return nil
	})
}

// Promote demands that the record of the batch is durable and says that it is being posted.
func (w *world) Promote(ctx context.Context, body mp.Promotion) error {
	w.recorded(body, records.BatchPosting)
	return w.write(ctx, "POST", names(body), func() error {
		if w.busy() || w.overall != mp.StatusNotStarted && w.overall != mp.StatusSuccess {
			return refused("migration data cannot be set while the plan is %s", w.overall)
		}
		w.reset()
		w.stored = body
		return nil
	})
}

func (w *world) PlanAction(ctx context.Context, action string) error {
	switch action {
	case "start":
		w.recorded(w.stored, records.BatchStarting)
	case "continue":
		w.recorded(w.stored, records.BatchContinuing)
	case "abort":
		w.advance()
		Expect(w.busy()).To(BeFalse(), "a plan at work must not be aborted")
	}
	return w.write(ctx, action, "", func() error {
		switch {
		case action == "abort":
			w.reset()
		case w.busy():
			return refused("another plan action is in progress")
		case action == "start" && (!w.workflow || len(w.stored.MigrationData) == 0 || w.overall != mp.StatusNotStarted):
			return refused("the plan cannot be started")
		case action == "start":
			w.precheck.Status, w.ends = mp.StatusInProgress, w.now.Add(w.precheckTakes)
		case w.overall != mp.StatusPaused || w.precheck.Status != mp.StatusSuccess || w.migrate.Status != "":
			return refused("the plan cannot be continued")
		default:
			w.migrate.Status, w.ends = mp.StatusInProgress, w.now.Add(w.batchTakes)
		}
		return nil
	})
}

// Rollback demands a durable record of the intent and a claim on every entry, and nothing at work. Like the
// simulator it is whole or nothing. A router takes its ports along.
func (w *world) Rollback(ctx context.Context, body mp.Promotion) error {
	w.recorded(body, records.BatchRollingBack)
	w.advance()
	Expect(w.busy()).To(BeFalse(), "nothing may be rolled back while the coordinator works")
	Expect(body.SetupDetails).To(BeNil())
	for _, ref := range refsOf(body) {
		Expect(w.store.IsMigrated(string(ref.Type), ref.ID)).To(BeTrue(), "%s is rolled back though no record claims it", ref)
	}
	return w.write(ctx, "ROLLBACK", names(body), func() error {
		if !w.workflow {
			return refused("the workflow has not been initiated")
		}
		if w.overall != mp.StatusNotStarted && w.overall != mp.StatusSuccess {
			return refused("the plan is %s", w.overall)
		}
		for _, ref := range refsOf(body) {
			if w.objects[ref] != catalog.IsPolicy {
				return refused("%s is not migrated", ref)
			}
		}
		if w.ignored[w.count["ROLLBACK"]] {
			return nil
		}
		for _, ref := range refsOf(body) {
			w.objects[ref] = catalog.IsManager
			if port := (mp.Ref{Type: mp.Tier1Port, ID: ref.ID}); ref.Type == mp.Tier1 && w.objects[port] == catalog.IsPolicy {
				w.objects[port] = catalog.IsManager
			}
		}
		return nil
	})
}

func (w *world) Feedback(ctx context.Context, each func(mp.Feedback) error) error {
	return w.call(ctx, "feedback", func() error {
		for _, id := range slices.Sorted(maps.Keys(w.invalid)) {
			row := mp.Feedback{Type: "SWITCH", ID: id, Name: "name-of-" + id, Errors: []mp.FeedbackError{
				{Description: w.invalid[id]}, {Description: "second reason of " + id}, {Description: "third reason of " + id},
			}}
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	})
}

// look reads entries directly.
func (w *world) look(ctx context.Context, refs []mp.Ref) (map[mp.Ref]inventory.Finding, error) {
	found := map[mp.Ref]inventory.Finding{}
	err := w.call(ctx, "look", func() error {
		for _, ref := range refs {
			f := inventory.Finding{Evidence: w.objects[ref]}
			if w.unclear[ref] {
				f.Evidence = catalog.Undecided
			}
			if f.Evidence == catalog.IsPolicy {
				f.PolicyPath = "/infra/seen/" + ref.ID
			}
			found[ref] = f
		}
		return nil
	})
	return found, err
}

// recorded demands that the batch whose entries a body holds is on disk in a state, with this body as the
// source of every entry.
func (w *world) recorded(body mp.Promotion, want records.BatchState) {
	Expect(w.store.Batches(func(b records.Batch) error {
		ids := map[mp.Ref]bool{}
		for _, e := range b.Entries {
			ids[mp.Ref{Type: mp.Type(e.Type), ID: e.ID}] = !e.NotOurs
		}
		refs := refsOf(body)
		if len(refs) == 0 || !slices.ContainsFunc(b.Entries, func(e records.Entry) bool {
			return e.Type == string(refs[0].Type) && e.ID == refs[0].ID
		}) {
			return nil
		}
		Expect(b.State).To(Equal(want), "batch %d at the moment of its call", b.Seq)
		for _, ref := range refs {
			Expect(ids[ref]).To(BeTrue(), "%s was sent as part of batch %d", ref, b.Seq)
		}
		request, err := w.store.Request(b.Seq)
		Expect(err).NotTo(HaveOccurred())
		Expect(details(request)).To(ContainElements(details(body)), "entries of batch %d", b.Seq)
		return nil
	})).To(Succeed())
}

func details(body mp.Promotion) []mp.ResourceDetails {
	var all []mp.ResourceDetails
	for _, r := range body.MigrationData {
		all = append(all, r.ResourceIDs...)
	}
	return all
}

func refsOf(body mp.Promotion) []mp.Ref {
	var refs []mp.Ref
	for _, r := range body.MigrationData {
		for _, d := range r.ResourceIDs {
			refs = append(refs, mp.Ref{Type: mp.Type(r.Type), ID: d.ManagerID})
		}
	}
	return refs
}

// names spells a body for the journal of writes.
func names(body mp.Promotion) string {
	var words []string
	for _, r := range body.MigrationData {
		words = append(words, r.Type)
		for _, d := range r.ResourceIDs {
			words = append(words, d.ManagerID)
		}
	}
	return strings.Join(words, " ")
}
