package inventory

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
)

// Known is one object that the run's records know.
type Known struct {
	catalog.Ref
	Place
	Hash string // of the body before the run; empty: not compared
}

// CensusQuery says what to count.
type CensusQuery struct {
	Scope   catalog.Scope
	Cluster string
	// Known are the objects of the run. In scope ncp, NCP-created objects beside them are found, too.
	Known []Known
}

// Count is a number of objects and the first few of them, for people.
type Count struct {
	N     int
	First []string // "TYPE/id (name)", at most 50
}

// Census is what a pass over the lists of every type found.
type Census struct {
	Manager   Count // ours and still, or again, Manager
	Policy    Count // ours and Policy
	Absent    Count // known, but gone
	Undecided Count // known, and NSX does not show what it is
	New       Count // NCP's of this cluster, Manager, and not known
	Changed   Count // known, Manager, and not what it was before the run
}

// TakeCensus reads the lists of every type once and counts. It never uses Search.
func TakeCensus(ctx context.Context, api API, cat *catalog.Catalog, q CensusQuery) (*Census, error) {
	return nil, fmt.Errorf("taking the census of scope %s: not built yet", q.Scope)
}
