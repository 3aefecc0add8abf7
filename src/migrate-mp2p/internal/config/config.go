package config

// Config is config.json as the job template renders it. Every key has the name and nesting of the
// BOSH property it comes from; the job's spec describes each for operators.
type Config struct {
	NCP        NCP        `json:"ncp"`
	NSX        NSX        `json:"nsx"`
	Migration  Migration  `json:"migration"`
	Kubernetes Kubernetes `json:"kubernetes"`
	Records    Records    `json:"records"`
	Log        Log        `json:"log"`
	Instance   Instance   `json:"instance"`
}

// NCP names the foundation or cluster to migrate.
type NCP struct {
	// Platform is tas, tkgi or kubernetes.
	Platform string `json:"platform"`
	// Cluster is the value of the ncp/cluster tag.
	Cluster string `json:"cluster"`
}

// NSX says where NSX Manager is, who we are there and how gently it is to be treated.
type NSX struct {
	Managers                []Manager `json:"managers"`
	Username                string    `json:"username"`
	Password                Secret    `json:"password"`
	PasswordFile            string    `json:"password_file"`
	ClientCertificate       string    `json:"client_certificate"` // path of a PEM file
	ClientKey               string    `json:"client_key"`         // path of a PEM file
	CACertificate           string    `json:"ca_certificate"`     // path of a PEM file
	PrincipalIdentity       string    `json:"principal_identity"`
	NodePrincipalIdentity   string    `json:"node_principal_identity"`
	SharedPrincipalIdentity string    `json:"shared_principal_identity"`
	Insecure                bool      `json:"insecure"`
	Proxy                   string    `json:"proxy"`
	RequestsPerSecond       float64   `json:"requests_per_second"`
	Concurrency             int       `json:"concurrency"`
	Timeouts                Timeouts  `json:"timeouts"`
	Lease                   bool      `json:"lease"`
	BreakLease              string    `json:"break_lease"` // id of a lease whose records are lost
	AllowOverwrite          bool      `json:"allow_overwrite"`
	AcceptOtherNode         string    `json:"accept_other_node"`
	EndWorkflow             string    `json:"end_workflow"` // id of the node whose open workflow, begun by nobody known, may be ended
	AbsentCodes             []int     `json:"absent_codes"`
}

// Manager is one NSX Manager: "host[:port]" or an object.
type Manager struct {
	Address    string `json:"address"`
	ServerName string `json:"server_name"`
	Thumbprint string `json:"thumbprint"` // SHA-256 of the leaf certificate
}

// Timeouts bound what NSX may take.
type Timeouts struct {
	Connect     Duration `json:"connect"`     // TCP and TLS (10s)
	Request     Duration `json:"request"`     // an ordinary call (180s)
	Coordinator Duration `json:"coordinator"` // the coordinator service coming up (10m)
	Batch       Duration `json:"batch"`       // one batch, pre-check and migration each (100m)
	Finish      Duration `json:"finish"`      // workflow DONE and one rollback call (30m)
	Index       Duration `json:"index"`       // the search index catching up (5m)
}

// Migration says what to do and how the window is run.
type Migration struct {
	Enabled              bool                `json:"enabled"`
	Command              string              `json:"command"`            // run plan precheck rollback status verify
	Strategy             string              `json:"strategy"`           // all-down, one-by-one
	Resources            string              `json:"resources"`          // shared, ncp, all
	UserSpec             string              `json:"user_spec"`          // path of user-spec.yaml
	WriteUserSpec        bool                `json:"write_user_spec"`    // command plan infers a user spec and writes it
	TKGIConfiguration    string              `json:"tkgi_configuration"` // path; what the inferred user spec is to hold, too
	PolicyIDs            string              `json:"policy_ids"`
	MigrateAfterRollback bool                `json:"migrate_after_rollback"`
	Adopt                bool                `json:"adopt"` // take over Policy objects whose records are lost
	IgnorePrechecks      []string            `json:"ignore_prechecks"`
	PlanFingerprint      string              `json:"plan_fingerprint"`
	Overrides            map[string]Override `json:"overrides"` // by resource type of the migration API
	ReinferUpdates       bool                `json:"reinfer_updates"`
	WaiveUpdates         []string            `json:"waive_updates"` // Policy paths
	LeaveOutOptionalTags bool                `json:"leave_out_optional_tags"`
	UpdateRules          string              `json:"update_rules"` // path of a file replacing the built-in rules
}

// Override replaces what the catalog says of one resource type, since a live NSX has the last word.
type Override struct {
	Limit     int               `json:"limit"`
	After     []string          `json:"after"`
	Metadata  map[string]string `json:"metadata"`   // extra metadata pairs; a value may hold {id} {policy_id} {name} {parent}
	LinkedIDs map[string]string `json:"linked_ids"` // likewise
}

// Kubernetes says how to reach the API server: by a kubeconfig, by an address and one login, or, where nothing is given on
// platform kubernetes, by the service account of the pod. Empty in TAS.
type Kubernetes struct {
	APIServer         string   `json:"api_server"`
	CACertificate     string   `json:"ca_certificate"` // path
	Token             Secret   `json:"token"`
	TokenFile         string   `json:"token_file"`         // path; read anew each time that the API is asked
	ClientCertificate string   `json:"client_certificate"` // path
	ClientKey         string   `json:"client_key"`         // path
	Kubeconfig        string   `json:"kubeconfig"`         // path
	CheckPods         bool     `json:"check_pods"`         // compare ports with the pods there are; nothing needs it
	Timeout           Duration `json:"timeout"`            // one request (30s)
}

// Records says where the migration records lie.
type Records struct {
	Directory    string `json:"directory"`
	RequireMount bool   `json:"require_mount"`
	Discard      string `json:"discard"` // run id
}

// Log says what is logged and where log, plan and report go.
type Log struct {
	Level     string `json:"level"`
	Directory string `json:"directory"`
}

// Instance is what BOSH says of this VM; not a property.
type Instance struct {
	Bootstrap bool `json:"bootstrap"`
	// Name is the instance group and the instance's id, as the bosh CLI takes it ("master/5f0c..."). Empty outside BOSH,
	// where there is no other instance.
	Name       string `json:"name"`
	Deployment string `json:"deployment"`
}
