package coordinator

import (
	"fmt"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Statuses of plan and components ("NSX Go SDK", MigrationStatus).
const (
	statusNotStarted = "NOT_STARTED"
	statusInProgress = "IN_PROGRESS"
	statusPausing    = "PAUSING"
	statusPaused     = "PAUSED"
	statusSuccess    = "SUCCESS"
	statusFailed     = "FAILED"
	// statusCanceled is what component 1 shows after a cancelled GENERIC run ("KB
	// scripts"); the enumeration of the SDK does not have it.
	statusCanceled = "CANCELED"
)

// The two components of the plan.
const (
	componentPrecheck  = "MP_TO_POLICY_PRECHECK"
	componentMigration = "MP_TO_POLICY_MIGRATION"
)

// The state is kept in the store's sections: this one, and one for the records of
// each batch, so that a batch does not rewrite the records of all others.
const sectionState = "coordinator"

func sectionBatch(number int) string { return fmt.Sprintf("coordinator/batch-%06d", number) }

// state is what the coordinator remembers beside the records.
type state struct {
	// Workflow is true from INITIATE, or the start of a GENERIC run, to DONE.
	Workflow bool `json:"workflow"`
	// Node is where the service ran last.
	Node  string         `json:"node,omitempty"`
	Batch *migrationData `json:"batch,omitempty"`
	// Promoted is the number of the section with what the stored batch promoted, 0
	// before that.
	Promoted int `json:"promoted,omitempty"`
	// Overall is the status at rest; while something is at work it is PAUSING.
	Overall   string    `json:"overall"`
	Precheck  component `json:"precheck"`
	Migration component `json:"migration"`
	// Pause is set by the plan action pause, for the end of what is at work.
	Pause    bool      `json:"pause,omitempty"`
	Feedback []failure `json:"feedback,omitempty"`
	// Generic is the GENERIC run, nil in CONSUMER mode.
	Generic *genericRun `json:"generic,omitempty"`
	// Undo is a cancellation or a rollback of the plan at work.
	Undo *undoing `json:"undo,omitempty"`
	// Orphan is a migration that was aborted and works on.
	Orphan       *orphan `json:"orphan,omitempty"`
	CancelFailed bool    `json:"cancel_failed,omitempty"`
	// Run is the last workflow, never nil, Archive the one before it; Rank is the place
	// of the last promoted type in NSX's enumeration.
	Run     *run `json:"run,omitempty"`
	Archive *run `json:"archive,omitempty"`
	Rank    int  `json:"rank,omitempty"`

	History []event `json:"history,omitempty"`
	// Batches are the numbers of the sections that hold records.
	Batches   []int `json:"batches,omitempty"`
	LastBatch int   `json:"last_batch"`
}

// run is what one workflow did, for statistics and the archived feedback.
type run struct {
	// First is the number of the first batch of the run.
	First int `json:"first"`
	// Generic tells the mode; Totals are the objects that a GENERIC run found at its
	// beginning, by type.
	Generic  bool           `json:"generic,omitempty"`
	Totals   map[string]int `json:"totals,omitempty"`
	Feedback []failure      `json:"feedback,omitempty"`
}

// orphan is component 1 at work on a batch that the plan does not know any more.
type orphan struct {
	Batch *migrationData `json:"batch"`
	Ends  time.Time      `json:"ends"`
}

type component struct {
	Status  string    `json:"status"`
	Details string    `json:"details,omitempty"`
	Began   time.Time `json:"began"`
	Ends    time.Time `json:"ends"`
}

// event is one line of the promotion history.
type event struct {
	At     int64  `json:"at"` // milliseconds
	Status string `json:"status"`
}

// failure is one object that could not be checked, promoted or rolled back.
type failure struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
	Text string `json:"text"`
}

func (f failure) String() string { return fmt.Sprintf("%s %s: %s", f.Type, f.ID, f.Text) }

func newState() state {
	s := state{Run: &run{First: 1}}
	s.reset()
	return s
}

// reset is what abort does: the plan and the batch are gone, the workflow stays.
func (s *state) reset() {
	s.Batch, s.Promoted, s.Feedback, s.Generic, s.Undo = nil, 0, nil, nil, nil
	s.Pause, s.CancelFailed = false, false
	s.Overall = statusNotStarted
	s.Precheck = component{Status: statusNotStarted}
	s.Migration = component{Status: statusNotStarted}
}

// forget is what a restart may do: the workflow is gone too, without a line in the
// history.
func (s *state) forget() {
	s.reset()
	s.Workflow, s.Orphan = false, nil
}

// cut fails what is at work, without any effect.
func (s *state) cut() {
	s.Orphan = nil
	for _, one := range []*component{&s.Precheck, &s.Migration} {
		if one.Status == statusInProgress {
			one.Status = statusFailed
			s.Overall = statusFailed
		}
	}
	if s.Undo != nil {
		s.CancelFailed = s.Undo.Cancel
		s.Undo = nil
		s.Overall = statusFailed
	}
}

// open begins a workflow; the one before becomes the archived one.
func (s *state) open() {
	s.Workflow = true
	s.Archive, s.Run = s.Run, &run{First: s.LastBatch + 1}
	s.Rank = 0
}

// fail adds failures to what feedback shows, now and after the run.
func (s *state) fail(problems []failure) {
	s.Feedback = append(s.Feedback, problems...)
	s.Run.Feedback = append(s.Run.Feedback, problems...)
}

func (s *state) running() bool {
	return s.Precheck.Status == statusInProgress || s.Migration.Status == statusInProgress || s.Undo != nil || s.Orphan != nil
}

// record is one promoted entry: what rollback and migrated-resources need.
type record struct {
	Type       string `json:"type"`
	ManagerID  string `json:"manager_id"`
	PolicyID   string `json:"policy_id"`
	PolicyPath string `json:"policy_path"`
	ParentType string `json:"parent_type,omitempty"`
	ParentID   string `json:"parent_id,omitempty"`
	// Source is the Manager object's key in the store; with the type it is unique,
	// which an allocation's manager_id, an IP address, is not.
	Source  string    `json:"source"`
	Created []string  `json:"created,omitempty"` // Policy paths
	Adopted []adopted `json:"adopted,omitempty"`
	Patched []patched `json:"patched,omitempty"`
	// Needs are the Policy paths that must outlive this entry.
	Needs []string `json:"needs,omitempty"`
	// Realized tells that a DONE came after the promotion.
	Realized bool `json:"realized,omitempty"`
	// Behind are the created paths that DONE left unrealized.
	Behind map[string]behind `json:"behind,omitempty"`

	batch int
}

func (r *record) key() string { return r.Type + " " + r.Source }

// adopted is a Manager object that Policy took over, and what it was before.
type adopted struct {
	Key     string `json:"key"`
	Owner   string `json:"owner"`
	HadTags bool   `json:"had_tags"`
}

// patched is a Policy object of another entry that got additional fields.
type patched struct {
	Path   string   `json:"path"`
	Fields []string `json:"fields"`
}

// loadState reads state and records out of the store.
func loadState(st *store.Store) (s state, records map[string]*record, err error) {
	err = st.View(func(tx *store.Tx) (err error) {
		s, records, err = loadRecords(tx)
		return err
	})
	return s, records, err
}

// loadRecords is loadState inside a transaction.
func loadRecords(tx *store.Tx) (state, map[string]*record, error) {
	s := newState()
	records := map[string]*record{}
	if _, err := tx.Section(sectionState, &s); err != nil {
		return state{}, nil, fmt.Errorf("loading the coordinator's state: %w", err)
	}
	for _, number := range s.Batches {
		var list []*record
		if _, err := tx.Section(sectionBatch(number), &list); err != nil {
			return state{}, nil, fmt.Errorf("loading the coordinator's state: %w", err)
		}
		for _, r := range list {
			r.batch = number
			records[r.key()] = r
		}
	}
	return s, records, nil
}
