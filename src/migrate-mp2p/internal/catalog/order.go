package catalog

import (
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// order sorts entries so that each comes after all that it must come after; where nothing is said, the table's order
// stays. Types that wait for each other in a circle are an error that names them.
func order(entries []*Entry) ([]*Entry, error) {
	sorted := make([]*Entry, 0, len(entries))
	done := map[mp.Type]bool{}
	waiting := slices.Clone(entries)
	for len(waiting) > 0 {
		ready := slices.IndexFunc(waiting, func(e *Entry) bool {
			return !slices.ContainsFunc(e.After, func(t mp.Type) bool { return !done[t] })
		})
		if ready < 0 {
			return nil, fmt.Errorf("ordering resource types: %s", circle(waiting, done))
		}
		done[waiting[ready].Type] = true
		sorted = append(sorted, waiting[ready])
		waiting = slices.Delete(waiting, ready, ready+1)
	}
	return sorted, nil
}

// circle follows the waiting types until one repeats.
func circle(waiting []*Entry, done map[mp.Type]bool) string {
	next := map[mp.Type]mp.Type{}
	for _, e := range waiting {
		for _, t := range e.After {
			if !done[t] {
				next[e.Type] = t
				break
			}
		}
	}
	var walked []mp.Type
	t := waiting[0].Type
	for !slices.Contains(walked, t) {
		walked = append(walked, t)
		t = next[t]
	}
	walked = append(walked[slices.Index(walked, t):], t)
	names := make([]string, len(walked))
	for i, w := range walked {
		names[i] = string(w)
	}
	return strings.Join(names, " must come after ")
}
