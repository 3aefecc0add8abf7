package records

import (
	"encoding/json"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Format is the version of the records that this release writes. Older ones are always read. Format 2 brought the batch
// state returned, adopted batches, and arrows of a run that lead back where NSX was restored from a backup.
const Format = 2

// State is the state of a run; package run draws the chart.
type State string

// The states of a run, in the order of the chart.
const (
	Planned     State = "planned"
	Initiating  State = "initiating"
	Migrating   State = "migrating"
	Migrated    State = "migrated"
	Inferred    State = "inferred"
	Committing  State = "committing" // the point of no return
	Applying    State = "applying"
	Complete    State = "complete"
	RollingBack State = "rolling-back"
	Closing     State = "closing"
	RolledBack  State = "rolled-back"
)

// BatchState is the state of one promotion request.
type BatchState string

// The states of a batch; each is durable before the call that it names.
const (
	BatchPlanned     BatchState = "planned"
	BatchPosting     BatchState = "posting"
	BatchStarting    BatchState = "starting"
	BatchContinuing  BatchState = "continuing"
	BatchMigrated    BatchState = "migrated"
	BatchRollingBack BatchState = "rolling-back"
	BatchReturned    BatchState = "returned" // NSX says that it is rolled back; the objects have not been read since
	BatchRolledBack  BatchState = "rolled-back"
)

// UpdateState is the state of one tag or name update.
type UpdateState string

// The states of an update.
const (
	UpdatePending UpdateState = "pending"
	UpdateApplied UpdateState = "applied"
	UpdateGone    UpdateState = "gone"   // the Policy object no longer exists
	UpdateWaived  UpdateState = "waived" // the operator let it go
)

// Header is the run as a whole; it is rewritten with every change of state.
type Header struct {
	Format             int               `json:"format"`
	RunID              string            `json:"run_id"`
	ToolVersion        string            `json:"tool_version"`
	Platform           string            `json:"platform"`
	Cluster            string            `json:"cluster"`
	Scope              string            `json:"scope"`
	NSXClusterID       string            `json:"nsx_cluster_id"`
	NodeID             string            `json:"node_id"`
	NodeAddress        string            `json:"node_address"`
	CoordinatorPIDs    []int             `json:"coordinator_pids,omitempty"`
	CoordinatorStarted bool              `json:"coordinator_started,omitempty"` // by us, or about to be: recorded before the call
	Leased             bool              `json:"leased,omitempty"`              // this run holds the lease on NSX, or is about to take it
	Released           bool              `json:"released,omitempty"`            // it has given up lease and coordinator: nothing on NSX is its own any more
	NotInitiated       bool              `json:"not_initiated,omitempty"`       // NSX refused INITIATE: no workflow is ours
	DoneSent           bool              `json:"done_sent,omitempty"`           // DONE was sent, or about to be: the workflow may be closed
	DoneShown          bool              `json:"done_shown,omitempty"`          // the realization of objects has shown that DONE took effect
	EndedWorkflow      string            `json:"ended_workflow,omitempty"`      // node whose open workflow, nobody's in these records, the operator let us end
	Job                string            `json:"job,omitempty"`                 // Kubernetes Job whose pod began the run, or took it up last
	State              State             `json:"state"`
	Failure            string            `json:"failure,omitempty"` // why it is rolled back
	PlanDigest         string            `json:"plan_digest"`
	Adopted            int               `json:"adopted,omitempty"`    // objects that were taken over as Policy, since the records of their migration are lost
	Realised           bool              `json:"realised,omitempty"`   // NSX realised of those: the lost run was past DONE, and only forward remains
	GoBack             bool              `json:"go_back,omitempty"`    // the operator asked to roll back what was taken over
	Objects            int               `json:"objects"`              // entries of the plan
	Already            map[string]int    `json:"already,omitempty"`    // objects of each type that were Policy before the run
	Skipped            []Skipped         `json:"skipped,omitempty"`    // scope shared: entries of the user spec that were Policy before the run
	Unrealised         map[string]string `json:"unrealised,omitempty"` // Policy path of some objects -> what NSX said of their realization before DONE
	Restored           string            `json:"restored,omitempty"`   // how it was seen that NSX was restored from a backup under this run
	References         map[string]string `json:"references,omitempty"` // Manager id -> Policy path of objects outside the plan
	Settings           map[string]string `json:"settings,omitempty"`   // what recovery must use whatever today's configuration says
	Created            time.Time         `json:"created"`
	Updated            time.Time         `json:"updated"`
}

// Skipped is an object that was asked for and was Policy before the run: the run must not touch it, and its end counts it.
type Skipped struct {
	Type       string `json:"type"`
	ID         string `json:"id"`
	Parent     string `json:"parent,omitempty"` // Manager id
	PolicyPath string `json:"policy_path,omitempty"`
}

// Entry is one object of a batch.
type Entry struct {
	Type       string `json:"type"`
	ID         string `json:"id"`                    // Manager id
	PolicyPath string `json:"policy_path,omitempty"` // where the plan expects it; "" when NSX decides
	NotOurs    bool   `json:"not_ours,omitempty"`    // taken out as a duplicate; never rolled back by us
}

// Batch is one promotion request and how far it got.
type Batch struct {
	Seq      uint64     `json:"seq"`
	Type     string     `json:"type"`
	State    BatchState `json:"state"`
	Entries  []Entry    `json:"entries,omitempty"` // on disk in a row of their own, as they hardly ever change
	Attempts int        `json:"attempts"`
	Started  time.Time  `json:"started,omitzero"`
	Ended    time.Time  `json:"ended,omitzero"`
	// Waiting says that the plan was seen waiting for "continue", which had not arrived, before it was aborted.
	Waiting bool `json:"waiting,omitempty"`
	// Continued says that "continue" was about to be sent at least once: without it nothing of a batch can have taken effect.
	Continued bool `json:"continued,omitempty"`
	// Adopted says that the objects were Policy before the run, which took them over because their records were lost. They
	// are rolled back only when the operator asks for it.
	Adopted bool `json:"adopted,omitempty"`
}

// MigratedObject is one migration record: the object is Policy because this run made it so.
type MigratedObject struct {
	Type       string `json:"type"`
	ID         string `json:"id"`
	PolicyPath string `json:"policy_path"`
}

// Original is what an object was before the run, as far as the run must know.
type Original struct {
	Type  string             `json:"type"`
	ID    string             `json:"id"`
	Hash  string             `json:"hash"` // of the body without revision, times, owner and policyPath tag
	Name  string             `json:"name,omitempty"`
	Tags  []mp.Tag           `json:"tags,omitempty"`
	Names map[string]string  `json:"names,omitempty"` // names of embedded parts: LB rule id -> display name
	Facts map[mp.Fact]string `json:"facts,omitempty"` // what update rules need beyond tags, e.g. the parent's id
}

// PlannedBatch is one batch as the plan hands it over.
type PlannedBatch struct {
	Type      string
	Entries   []Entry
	Request   mp.Promotion
	Originals []Original
	// Adopted says that the objects are Policy already: the batch begins as migrated, with a migration record for each entry.
	Adopted bool
}

// Delta is a change of tags and display names, and of nothing else.
type Delta struct {
	SetTags     []mp.Tag          `json:"set_tags,omitempty"`    // added unless present
	RemoveTags  []mp.Tag          `json:"remove_tags,omitempty"` // removed if present
	DisplayName *string           `json:"display_name,omitempty"`
	RuleNames   map[string]string `json:"rule_names,omitempty"` // embedded LB rule's present name -> wanted name
}

// Update is one change in phase 4.
type Update struct {
	Seq          uint64          `json:"seq"`
	ResourceType string          `json:"resource_type"` // Policy resource type, e.g. Segment
	Path         string          `json:"path"`          // Policy path
	Type         string          `json:"type"`          // migration type and Manager id it belongs to
	ID           string          `json:"id"`
	Delta        Delta           `json:"delta"`
	State        UpdateState     `json:"state"`
	Attempts     int             `json:"attempts"`
	URL          string          `json:"url,omitempty"`    // of the call that failed
	Body         json.RawMessage `json:"body,omitempty"`   // as it was sent and refused
	Answer       string          `json:"answer,omitempty"` // NSX's words
}
