package updates

import (
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
)

// Problem says why the update of one object cannot be inferred.
type Problem struct {
	Type catalog.Type
	ID   string // Manager id
	Name string
	Path string // Policy path, if it is known
	Text string // what is missing
	Cure string // what the operator can do about it
}

// Error names the object, what is missing and the cure.
func (p *Problem) Error() string {
	return fmt.Sprintf("inferring the update of %s %q (%s): %s; %s", p.Type, p.Name, p.ID, p.Text, p.Cure)
}

// NotInferred lists every object whose update cannot be inferred, with every reason.
type NotInferred struct {
	Problems []*Problem
}

// Error gives the number of problems and the first few of them; the report prints all.
func (e *NotInferred) Error() string {
	const shown = 5
	var text strings.Builder
	fmt.Fprintf(&text, "inferring updates: %d cannot be inferred", len(e.Problems))
	for i, p := range e.Problems {
		if i == shown {
			fmt.Fprintf(&text, "\n  and %d more", len(e.Problems)-shown)
			break
		}
		text.WriteString("\n  " + p.Error())
	}
	return text.String()
}

// Unwrap gives the single problems.
func (e *NotInferred) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p
	}
	return all
}
