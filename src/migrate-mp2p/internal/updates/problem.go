package updates

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/workloads"
)

// Problem says why the update of one object cannot be inferred.
type Problem struct {
	Type    mp.Type
	ID      string // Manager id
	Name    string
	Path    string             // Policy path, if it is known
	Text    string             // what is missing
	Cure    string             // what the operator can do about it
	Missing *workloads.Missing // the workload that the object was made for and that does not exist; else nil
	Tags    int                // how many the object would have, where NSX does not allow as many; else 0
}

// Error names the object, what is missing and the cure.
func (p *Problem) Error() string {
	return fmt.Sprintf("inferring the update of %s: %s; %s", p.object(), p.Text, p.Cure)
}

func (p *Problem) object() string { return fmt.Sprintf("%s %q (%s)", p.Type, p.Name, p.ID) }

// NotInferred lists every object whose update cannot be inferred, with every reason.
type NotInferred struct {
	Problems []*Problem
}

// How many of each an error names.
const (
	shownProblems = 5
	shownMissing  = 20
)

// missingCure helps where NSX holds what was made for workloads that are gone.
const missingCure = "NCP takes away what it made for workloads that were deleted: create them again, or start NCP in Manager mode until it has been quiet for 10 minutes (a backup taken before is void then), stop it, and run again"

// Error names the missing workloads, each once with the number of objects that need it, counts the objects that would have too
// many tags, by what helps, and gives of the other problems the number and the first few.
func (e *NotInferred) Error() string {
	missing, rest := e.byWorkload()
	crowded, others := byCure(rest)
	objects := map[string]bool{}
	for _, p := range e.Problems {
		objects[string(p.Type)+" "+p.ID] = true
	}
	lines := []string{fmt.Sprintf("inferring updates: those of %d objects cannot be inferred", len(objects))}
	lines = append(lines, bounded.LinesOf(bounded.Texts(missing), shownMissing, "workloads are missing")...)
	if len(missing) > 0 {
		lines = append(lines, missingCure)
	}
	lines = append(lines, bounded.Texts(crowded)...)
	var texts []string
	for _, p := range others {
		texts = append(texts, p.Error())
	}
	return strings.Join(append(lines, bounded.Lines(texts, shownProblems)...), "\n  ")
}

// missingWorkload is a workload that does not exist, and who needs it.
type missingWorkload struct {
	what    string
	objects map[string]bool
	first   string
}

func (m *missingWorkload) String() string {
	if len(m.objects) == 1 {
		return fmt.Sprintf("%s is missing; 1 object needs it: %s", m.what, m.first)
	}
	return fmt.Sprintf("%s is missing; %d objects need it, first %s", m.what, len(m.objects), m.first)
}

// byWorkload gathers the problems that the same missing workload causes, those of most objects first; and the others.
func (e *NotInferred) byWorkload() (missing []*missingWorkload, others []*Problem) {
	by := map[string]*missingWorkload{}
	for _, p := range e.Problems {
		if p.Missing == nil {
			others = append(others, p)
			continue
		}
		what := p.Missing.Workload()
		if by[what] == nil {
			by[what] = &missingWorkload{what: what, objects: map[string]bool{}, first: p.object()}
		}
		by[what].objects[string(p.Type)+" "+p.ID] = true
	}
	missing = slices.SortedFunc(maps.Values(by), func(x, y *missingWorkload) int {
		return cmp.Or(-cmp.Compare(len(x.objects), len(y.objects)), strings.Compare(x.what, y.what))
	})
	return missing, others
}

// crowded are objects that would have more tags than NSX allows, and that the same cure helps.
type crowded struct {
	problems []*Problem
}

func (c *crowded) String() string {
	first := c.problems[0]
	if len(c.problems) == 1 {
		return first.Error()
	}
	var named []string
	for _, p := range c.problems[:min(len(c.problems), shownProblems)] {
		named = append(named, fmt.Sprintf("%s with %d", p.object(), p.Tags))
	}
	which := strings.Join(named, ", ")
	if len(named) < len(c.problems) {
		which = "first " + which
	}
	return fmt.Sprintf("%d objects would have more tags than the %d that NSX allows: %s; %s", len(c.problems), maxTags, which, first.Cure)
}

// byCure gathers the objects that would have too many tags, those of most objects first; and the other problems.
func byCure(problems []*Problem) (all []*crowded, others []*Problem) {
	by := map[string]*crowded{}
	for _, p := range problems {
		if p.Tags == 0 {
			others = append(others, p)
			continue
		}
		if by[p.Cure] == nil {
			by[p.Cure] = &crowded{}
			all = append(all, by[p.Cure])
		}
		by[p.Cure].problems = append(by[p.Cure].problems, p)
	}
	slices.SortStableFunc(all, func(x, y *crowded) int { return cmp.Compare(len(y.problems), len(x.problems)) })
	return all, others
}

// Unwrap gives the single problems.
func (e *NotInferred) Unwrap() []error {
	all := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		all[i] = p
	}
	return all
}
