package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"nsx-mp2p/migrate-mp2p/internal/bounded"
	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// NoSuchCluster says that NCP made nothing on this NSX under the cluster's name, spelled just so.
type NoSuchCluster struct {
	Cluster string
	Known   []string // values of ncp/cluster on this NSX
	// Nearest is the one of Known that is probably meant; empty when none is near.
	Nearest string
	// Other are values that stand under the tag's scope in another spelling, which NCP does not read: "NCP/Cluster=tas1".
	Other []string
}

func (e *NoSuchCluster) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "retrieving the objects of cluster %q: this NSX holds ", e.Cluster)
	switch {
	case slices.Contains(e.Known, e.Cluster):
		b.WriteString("objects with this value of ncp/cluster, but none that NCP made: they have no tag ncp/version")
	case len(e.Known) > 0:
		b.WriteString("none; ncp/cluster has the values " + quotedList(e.Known) + " here; check ncp.cluster")
	default:
		b.WriteString("no object with an ncp/cluster tag at all; check nsx.managers")
	}
	if e.Nearest != "" {
		fmt.Fprintf(&b, ": did you mean %q?", e.Nearest)
	}
	if len(e.Other) > 0 {
		b.WriteString("; spelled in another way than ncp/cluster, which NCP does not read, there are " + quotedList(e.Other))
	}
	return b.String()
}

// quotedList names values, and not without end.
func quotedList(values []string) string {
	return strings.Join(bounded.Lines(bounded.Quoted(values), 20), ", ")
}

// CheckCluster answers a *NoSuchCluster when NCP of the cluster made nothing on this NSX, neither Manager nor Policy.
// Search compares loosely, so every name is compared again on our side.
func CheckCluster(ctx context.Context, api API, cat *catalog.Catalog, cluster string) error {
	s := &source{api: api, q: Query{Catalog: cat, Cluster: cluster}}
	for _, flavour := range []mp.Flavour{mp.Manager, mp.Policy} {
		if made, err := s.anyMade(ctx, flavour); err != nil || made {
			return err
		}
	}
	return s.noSuchCluster(ctx)
}

// checkCluster is asked when no Manager object of the cluster was found.
func (r *retrieval) checkCluster(ctx context.Context) error {
	if made, err := r.anyMade(ctx, mp.Policy); err != nil || made {
		return err
	}
	return r.noSuchCluster(ctx)
}

// errEnough ends a search that has found what it is for.
var errEnough = errors.New("enough was found")

// anyMade tells whether there is an object that NCP of the cluster made.
func (s *source) anyMade(ctx context.Context, flavour mp.Flavour) (bool, error) {
	query := ofCluster(s.q.Cluster)
	if flavour == mp.Policy {
		query += " AND marked_for_delete:false"
	}
	err := s.search(ctx, flavour, query, func(b body) error {
		if tags, _ := b.tags(); createdBy(tags, s.q.Cluster) {
			return errEnough
		}
		return nil
	})
	if s.indexLost(err) {
		err = s.listFlavour(ctx, flavour, func(b body) error {
			if tags, _ := b.tags(); createdBy(tags, s.q.Cluster) {
				return errEnough
			}
			return nil
		})
	}
	if errors.Is(err, errEnough) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("searching objects of cluster %q: %w", s.q.Cluster, err)
	}
	return false, nil
}

// typical are types that every cluster has some of; they are enough to learn which clusters there are.
func typical(cat *catalog.Catalog) string {
	var entries []*catalog.Entry
	for _, t := range []mp.Type{mp.Tier0, mp.LogicalSwitch, mp.DFWSection} {
		e, _ := cat.Entry(t)
		entries = append(entries, e)
	}
	return mp.OfTypes(managerTypes(entries))
}

// listFlavour visits, where Search does not work, what the lists show in which NCP's objects stand: on Policy's side those
// of types that every cluster has some of.
func (s *source) listFlavour(ctx context.Context, flavour mp.Flavour, visit visitor) error {
	if flavour == mp.Manager {
		return s.listAll(ctx, s.q.Catalog.Entries(), visit)
	}
	for _, path := range []string{"/infra/tier-1s", "/infra/segments", "/infra/domains/default/security-policies"} {
		if _, err := s.list(ctx, policyAPI+path, nil, visit); err != nil {
			return fmt.Errorf("listing %s: %w", path, err)
		}
	}
	return nil
}

// noSuchCluster finds out which clusters there are.
func (s *source) noSuchCluster(ctx context.Context) error {
	known, other := map[string]bool{}, map[string]bool{}
	note := func(b body) error {
		tags, _ := b.tags()
		for _, t := range tags {
			switch {
			case t.Tag == "":
			case t.Scope == scopeCluster:
				known[t.Tag] = true
			case strings.EqualFold(strings.TrimSpace(t.Scope), scopeCluster):
				other[t.Scope+"="+t.Tag] = true
			}
		}
		return nil
	}
	tagged := "tags.scope:" + mp.Quote(scopeCluster)
	for _, one := range []struct {
		flavour mp.Flavour
		query   string
	}{
		{mp.Manager, typical(s.q.Catalog) + " AND " + tagged},
		{mp.Policy, mp.OfTypes([]string{"Tier1", "Segment", "SecurityPolicy"}) + " AND " + tagged},
		{mp.Manager, ofCluster(s.q.Cluster)}, // of whatever type
	} {
		err := s.search(ctx, one.flavour, one.query, note)
		if s.indexLost(err) {
			err = s.listFlavour(ctx, one.flavour, note)
		}
		if err != nil {
			return fmt.Errorf("searching the clusters of this NSX: %w", err)
		}
	}
	missing := &NoSuchCluster{Cluster: s.q.Cluster, Known: slices.Sorted(maps.Keys(known)), Other: slices.Sorted(maps.Keys(other))}
	missing.Nearest = nearest(s.q.Cluster, missing.Known)
	return missing
}

// nearest gives the name that was probably meant: the one with the fewest letters to change, if these are few. Case,
// blanks and punctuation count for nothing.
func nearest(name string, among []string) string {
	best, fewest := "", len(letters(name))/3+1
	for _, other := range among {
		if other == name {
			continue
		}
		if n := changes(letters(name), letters(other)); n < fewest {
			best, fewest = other, n
		}
	}
	return best
}

func letters(name string) []rune {
	var kept []rune
	for _, c := range name {
		if unicode.IsLetter(c) || unicode.IsNumber(c) {
			kept = append(kept, unicode.ToLower(c))
		}
	}
	return kept
}

// changes counts the letters to be put in, left out or replaced to make one text the other (Levenshtein).
func changes(from, to []rune) int {
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, c := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, d := range to {
			replaced := diagonal
			if c != d {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(to)]
}
