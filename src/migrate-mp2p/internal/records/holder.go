package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// holderFile tells people who has the records open. The kernel's lock decides, never this file.
const holderFile = "holder.json"

// Holder is a process that opened the records for writing.
type Holder struct {
	Who   string    `json:"who"` // as Options.Holder said it
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

func (h Holder) String() string {
	return fmt.Sprintf("%s (process %d, since %s)", h.Who, h.PID, h.Since.UTC().Format(time.RFC3339))
}

// writeHolder says who we are. A full disk is no error: a recovery must be able to begin on it, and without the
// file only the message to another runner is poorer.
func writeHolder(dir string, h Holder) error {
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encoding the holder of the records: %w", err)
	}
	err = DurableWrite(filepath.Join(dir, holderFile), append(data, '\n'))
	var full *ErrNoSpace
	if errors.As(err, &full) {
		return nil
	}
	return err
}

// readHolder returns the zero value when the file is missing or not readable.
func readHolder(dir string) Holder {
	var h Holder
	data, err := os.ReadFile(filepath.Join(dir, holderFile))
	if err != nil || json.Unmarshal(data, &h) != nil {
		return Holder{}
	}
	return h
}
