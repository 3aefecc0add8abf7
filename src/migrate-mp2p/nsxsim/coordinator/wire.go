package coordinator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// The request body of the promotion ("Broadcom API docs", MPPolicyMigration). The
// schema allows no other keys; that NSX answers 400 to them is ASSUMED.
type migrationData struct {
	Mode          string       `json:"mode,omitempty"`
	MigrationData []mpResource `json:"migration_data,omitempty"`
	SetupDetails  struct {
		PrincipalIdentity string `json:"principal_identity,omitempty"`
	} `json:"setup_details"`
	SkipFailed bool `json:"skip_failed_resources,omitempty"`
}

type mpResource struct {
	Type        string  `json:"type"`
	ResourceIDs []entry `json:"resource_ids"`
}

// The modes of a promotion; CONSUMER is the default.
const (
	modeConsumer = "CONSUMER"
	modeGeneric  = "GENERIC"
)

// entry is one object of a batch.
type entry struct {
	ManagerID         string `json:"manager_id"`
	PolicyID          string `json:"policy_id,omitempty"`
	PolicyPath        string `json:"policy_path,omitempty"`
	Metadata          []pair `json:"metadata,omitempty"`
	LinkedIDs         []pair `json:"linked_ids,omitempty"`
	Override          bool   `json:"override,omitempty"`
	PrincipleIdentity string `json:"principle_identity,omitempty"` // the schema's own spelling
}

type pair struct {
	Key   string `json:"key"`
	Value text   `json:"value"`
}

// text is a string that may come as a JSON number: vmware-nsx sends integers where
// the schema says string, and works.
type text string

// UnmarshalJSON accepts strings and numbers.
func (t *text) UnmarshalJSON(raw []byte) error {
	var number json.Number
	if len(raw) > 0 && raw[0] != '"' {
		if err := json.Unmarshal(raw, &number); err != nil || number == "" {
			return fmt.Errorf("reading a pair's value: %s is neither a string nor a number", raw)
		}
		*t = text(number)
		return nil
	}
	var value string
	if err := json.Unmarshal(raw, &value); err != nil {
		return err
	}
	*t = text(value)
	return nil
}

// decodeStrict decodes one JSON object and refuses unknown keys and what follows.
func decodeStrict(body []byte, target any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return fmt.Errorf("decoding the request body: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("decoding the request body: something follows the JSON object")
	}
	return nil
}

// parse reads a batch and checks what the schema demands. The mode and what came with it
// are unknown keys before NSX 3.2 (ASSUMED; vmware-nsx, written for 3.1, never sends them).
func (c *Coordinator) parse(body []byte) (*migrationData, error) {
	var data migrationData
	if err := decodeStrict(body, &data); err != nil {
		return nil, err
	}
	if before(c.version, 3, 2) && (data.Mode != "" || data.SkipFailed) {
		return nil, errors.New("decoding the request body: mode and skip_failed_resources are unknown before NSX 3.2")
	}
	if data.Mode != "" && data.Mode != modeConsumer && data.Mode != modeGeneric {
		return nil, fmt.Errorf("mode %q is neither GENERIC nor CONSUMER", data.Mode)
	}
	for _, resource := range data.MigrationData {
		if resource.Type == "" {
			return nil, errors.New("an entry of migration_data has no type")
		}
		if resource.ResourceIDs == nil {
			return nil, fmt.Errorf("migration_data of type %s has no resource_ids", resource.Type)
		}
		for _, one := range resource.ResourceIDs {
			if one.ManagerID == "" {
				return nil, fmt.Errorf("a resource of type %s has no manager_id", resource.Type)
			}
		}
	}
	return &data, nil
}

// size is the number of objects in a batch, count that of one type's.
func (d *migrationData) size() int {
	n := 0
	for _, resource := range d.MigrationData {
		n += len(resource.ResourceIDs)
	}
	return n
}

func (d *migrationData) count(typeName string) int {
	n := 0
	for _, resource := range d.MigrationData {
		if resource.Type == typeName {
			n += len(resource.ResourceIDs)
		}
	}
	return n
}

func value(pairs []pair, key string) (string, bool) {
	for _, p := range pairs {
		if p.Key == key {
			return string(p.Value), true
		}
	}
	return "", false
}
