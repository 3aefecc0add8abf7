package report

import (
	"iter"
	"time"
)

// Data is everything that the report of one run says.
type Data struct {
	Version    string    `json:"version"` // of this tool
	Command    string    `json:"command"`
	RunID      string    `json:"run_id,omitempty"`
	Platform   string    `json:"platform"`
	Cluster    string    `json:"cluster"`
	Scope      string    `json:"scope,omitempty"`
	Manager    string    `json:"nsx_manager,omitempty"` // address
	NodeID     string    `json:"nsx_node_id,omitempty"`
	NSXVersion string    `json:"nsx_version,omitempty"`
	Began      time.Time `json:"began"`
	Ended      time.Time `json:"ended"`

	// Result is what this run came to, in words. Outcome is that of the whole execution, whose code may speak of
	// another scope.
	Result     string       `json:"result,omitempty"`
	Outcome    Outcome      `json:"outcome"`
	Types      []TypeCount  `json:"types,omitempty"`
	Phases     []Phase      `json:"phases,omitempty"`
	Updates    UpdateCount  `json:"updates"`
	Unapplied  []Update     `json:"unapplied_updates,omitempty"` // failed, gone and waived ones
	Unrestored []string     `json:"unrestored,omitempty"`        // what a rollback could not restore
	Unrealised []string     `json:"unrealised,omitempty"`        // Policy objects that NSX failed to realise or has not yet, with its reasons
	Warnings   []string     `json:"warnings,omitempty"`
	Requests   RequestCount `json:"nsx_requests"`

	// IDMap is read once per file that it is written to; nil when nothing is Policy. A pair with an error ends it.
	IDMap iter.Seq2[Mapping, error] `json:"-"`
}

// TypeCount is what became of the objects of one resource type.
type TypeCount struct {
	Type     string `json:"type"`
	Planned  int    `json:"planned"`
	Migrated int    `json:"migrated"`
	Already  int    `json:"already_policy"` // Policy before the run
	NotOurs  int    `json:"not_ours"`       // taken out as duplicates
}

// UpdateCount counts the tag and name updates of phase 4.
type UpdateCount struct {
	Applied int `json:"applied"`
	Pending int `json:"pending"`
	Gone    int `json:"gone"`
	Waived  int `json:"waived"`
}

// Total is the number of all updates.
func (c UpdateCount) Total() int { return c.Applied + c.Pending + c.Gone + c.Waived }

// Update is an update that was not applied, and why.
type Update struct {
	Path   string `json:"path"` // Policy path
	State  string `json:"state"`
	URL    string `json:"url,omitempty"`
	Answer string `json:"answer,omitempty"` // NSX's words
}

// RequestCount is what the run asked of NSX.
type RequestCount struct {
	Requests int64         `json:"requests"`
	Retries  int64         `json:"retries"`
	Waited   time.Duration `json:"waited_ns"` // held back by the limiter or by NSX
}

// Mapping is a row of the id map: where a Manager object is found in Policy.
type Mapping struct {
	Type       string `json:"type"`
	ManagerID  string `json:"manager_id"`
	PolicyPath string `json:"policy_path"`
}

// Duration is how long the run took, to the second.
func (d Data) Duration() time.Duration { return d.Ended.Sub(d.Began).Round(time.Second) }

// Took says how long a phase took, to a tenth of a second.
func (p Phase) Took() string {
	if p.Ended.IsZero() {
		return "not ended"
	}
	return p.Ended.Sub(p.Begun).Round(100 * time.Millisecond).String()
}

// totals adds the counts of all types up.
func totals(types []TypeCount) TypeCount {
	sum := TypeCount{Type: "all"}
	for _, t := range types {
		sum.Planned += t.Planned
		sum.Migrated += t.Migrated
		sum.Already += t.Already
		sum.NotOurs += t.NotOurs
	}
	return sum
}
