package mp

// ResourceDetails is one object of a promotion request (MPResourceDetails in the NSX Go SDK).
type ResourceDetails struct {
	ManagerID string     `json:"manager_id"`
	PolicyID  string     `json:"policy_id,omitempty"`
	Metadata  []KeyValue `json:"metadata,omitempty"`
	LinkedIDs []KeyValue `json:"linked_ids,omitempty"`
}

// Resource is all objects of one type in a promotion request (MPResource).
type Resource struct {
	Type        string            `json:"type"`
	ResourceIDs []ResourceDetails `json:"resource_ids"`
}

// SetupDetails names the owner of the Policy objects that a promotion creates.
type SetupDetails struct {
	PrincipalIdentity string `json:"principal_identity"`
}

// Promotion is the body of POST migration/mp-to-policy, and without SetupDetails of its rollback.
type Promotion struct {
	MigrationData []Resource    `json:"migration_data"`
	SetupDetails  *SetupDetails `json:"setup_details,omitempty"`
}

// Statuses of the migration plan and of its components (MigrationStatus in the NSX Go SDK).
const (
	StatusNotStarted = "NOT_STARTED"
	StatusInProgress = "IN_PROGRESS"
	StatusPausing    = "PAUSING"
	StatusPaused     = "PAUSED"
	StatusSuccess    = "SUCCESS"
	StatusFailed     = "FAILED"
)

// The two components of a promotion.
const (
	ComponentPrecheck  = "MP_TO_POLICY_PRECHECK"
	ComponentMigration = "MP_TO_POLICY_MIGRATION"
)

// ComponentStatus is the state of one component.
type ComponentStatus struct {
	ComponentType   string  `json:"component_type"`
	Status          string  `json:"status"`
	PercentComplete float64 `json:"percent_complete"`
	Details         string  `json:"details"`
}

// MigrationStatus is what GET migration/status-summary answers.
type MigrationStatus struct {
	Overall    string            `json:"overall_migration_status"`
	Components []ComponentStatus `json:"component_status"`
}

// Whole says whether the plan's state was told.
func (s MigrationStatus) Whole() bool { return s.Overall != "" }

// Component finds a component by its type; absent ones read as NOT_STARTED.
func (s MigrationStatus) Component(kind string) ComponentStatus {
	for _, c := range s.Components {
		if c.ComponentType == kind {
			return c
		}
	}
	return ComponentStatus{ComponentType: kind, Status: StatusNotStarted}
}

// ServiceStatus is the state of the migration-coordinator service on the pinned node.
type ServiceStatus struct {
	RuntimeState string `json:"runtime_state"` // running, stopped
	PIDs         []int  `json:"pids"`
	Reason       string `json:"reason"`
}

// Whole says whether the service's state was told.
func (s ServiceStatus) Whole() bool { return s.RuntimeState != "" }

// Running says whether the service runs.
func (s ServiceStatus) Running() bool { return s.RuntimeState == "running" }

// MigratedResource is one row of GET migration/migrated-resources.
type MigratedResource struct {
	ResourceType string `json:"resource_type"`
	ResourceID   string `json:"resource_id"`
	PolicyID     string `json:"policy_id"`
	PolicyPath   string `json:"policy_path"`
}

// FeedbackError is one reason of a feedback row.
type FeedbackError struct {
	ID          string `json:"error_id"`
	Description string `json:"error_desc"`
}

// Feedback is one object that the coordinator complains about.
type Feedback struct {
	Type   string          `json:"type"`
	ID     string          `json:"mp_id"`
	Name   string          `json:"mp_display_name"`
	Errors []FeedbackError `json:"error_list"`
}
