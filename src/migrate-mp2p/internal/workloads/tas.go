package workloads

import "fmt"

// TAS is the source of a Cloud Foundry foundation. It has no facts beyond the tags of the NSX objects.
type TAS struct{}

// Provides is false for every kind.
func (TAS) Provides(Kind) bool { return false }

// Lookup finds nothing.
func (TAS) Lookup(kind Kind, keys ...string) (string, error) {
	return "", fmt.Errorf("looking up %s of %q on tas: %w", kind, keys, ErrNotFound)
}
