package mp

import (
	"encoding/json"
	"strings"
)

// Flavour selects one of the two search APIs.
type Flavour int

// The Manager and the Policy search.
const (
	Manager Flavour = iota
	Policy
)

// Page receives the results of a search or list, one page after the other; it must not keep the slices.
type Page func(results []json.RawMessage) error

// Quote makes a phrase of a search query, of which nothing is read as an operator (grammar: Broadcom API docs).
func Quote(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// AnyOf is the condition of a search query that a field has one of these values.
func AnyOf(field string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = Quote(v)
	}
	return field + ":(" + strings.Join(quoted, " OR ") + ")"
}

// OfTypes is the condition that an object is of one of these Manager or Policy resource types.
func OfTypes(types []string) string { return "resource_type:(" + strings.Join(types, " OR ") + ")" }
