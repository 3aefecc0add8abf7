package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

const hidden = "***"

// Secret is a text that must not be seen. It prints as *** in every format and in JSON.
type Secret string

// Reveal gives the text to whoever has to send it.
func (s Secret) Reveal() string { return string(s) }

// String hides the text.
func (s Secret) String() string { return hidden }

// Format hides the text whatever the verb is.
func (s Secret) Format(f fmt.State, _ rune) {
	// A fmt.State has nowhere to report a failed write to.
	fmt.Fprint(f, hidden) //nolint:errcheck
}

// MarshalJSON hides the text.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }

// MarshalYAML hides the text.
func (s Secret) MarshalYAML() (any, error) { return hidden, nil }

// Duration is a time.Duration that is written as "30s" in JSON.
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes the text form.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads the text form.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		return fmt.Errorf(`%s is not a duration: write a text like "30s" or "10m"`, data)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf(`%q is not a duration: write it like "30s" or "10m"`, text)
	}
	*d = Duration(parsed)
	return nil
}

// UnmarshalJSON reads "host[:port]" or an object.
func (m *Manager) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &m.Address) == nil {
		return nil
	}
	type plain Manager
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if strict.Decode((*plain)(m)) != nil {
		return errors.New(`a manager is "host[:port]" or an object with the texts address, server_name and thumbprint`)
	}
	return nil
}
