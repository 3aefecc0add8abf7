package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const statusFile = "status.json"

// Status is what a live run says of itself to `status` and `plan`, which cannot open the records meanwhile.
type Status struct {
	RunID   string    `json:"run_id"`
	Scope   string    `json:"scope"`
	Cluster string    `json:"cluster"`
	State   State     `json:"state"`
	Title   string    `json:"title"` // of the phase
	Done    int       `json:"done"`
	Total   int       `json:"total"`
	What    string    `json:"what,omitempty"`    // what is counted
	Waiting string    `json:"waiting,omitempty"` // why nothing moves at the moment
	PID     int       `json:"pid"`
	Updated time.Time `json:"updated"`
}

// WriteStatus replaces status.json, durably, and stamps it with process and time.
func (s *Store) WriteStatus(status Status) error {
	status.PID, status.Updated = os.Getpid(), s.clock()
	data, err := json.MarshalIndent(status, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the status: %w", err)
	}
	return DurableWrite(filepath.Join(s.dir, statusFile), append(data, '\n'))
}

// ReadStatus reads status.json from a records folder; false when there is none. It takes no lock.
func ReadStatus(dir string) (Status, bool, error) {
	path := filepath.Join(dir, statusFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, false, nil
	}
	if err != nil {
		return Status{}, false, fmt.Errorf("reading the status: %w", err)
	}
	var status Status
	if err := json.Unmarshal(data, &status); err != nil {
		return Status{}, false, fmt.Errorf("reading the status %s: %w", path, err)
	}
	return status, true, nil
}
