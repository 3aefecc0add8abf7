package inventory

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/wait"
)

// policyAPI stands before Policy paths.
const policyAPI = "/policy/api/v1"

// collection is one list of the Manager API and the types that stand in it.
type collection struct {
	path    string
	params  url.Values
	ordered bool
	entries []*catalog.Entry
}

// collections groups the types whose objects carry tags by the list that they stand in.
func collections(cat *catalog.Catalog) []*collection {
	var all []*collection
	byPath := map[string]*collection{}
	for _, e := range cat.Entries() {
		if e.Found != catalog.ByTag || e.PerParent() {
			continue
		}
		c := byPath[e.List]
		if c == nil {
			c = &collection{path: e.List, params: parameters(e), ordered: e.Ordered}
			byPath[e.List] = c
			all = append(all, c)
		}
		c.entries = append(c.entries, e)
	}
	return all
}

func parameters(e *catalog.Entry) url.Values {
	params := url.Values{}
	for key, value := range e.Query {
		params.Set(key, value)
	}
	return params
}

// entry finds the type of an object of the collection.
func (c *collection) entry(b body) (*catalog.Entry, bool) {
	return accepting(c.entries, b)
}

func accepting(entries []*catalog.Entry, b body) (*catalog.Entry, bool) {
	for _, e := range entries {
		if e.Accepts(b.text("resource_type"), b.text("router_type")) {
			return e, true
		}
	}
	return nil, false
}

// holds tells whether objects of the type stand in the collection.
func (c *collection) holds(t mp.Type) bool {
	return slices.ContainsFunc(c.entries, func(e *catalog.Entry) bool { return e.Type == t })
}

// source reads NSX for a retrieval.
type source struct {
	api API
	q   Query
}

// visitor gets one object after the other; it clones what it keeps.
type visitor func(b body) error

// list reads a list to its end.
func (s *source) list(ctx context.Context, path string, params url.Values, visit visitor) (int, error) {
	return s.api.List(ctx, path, params, visiting(visit))
}

// visiting takes the objects of a page.
func visiting(visit visitor) mp.Page {
	return func(results []json.RawMessage) error {
		var b body
		for _, raw := range results {
			var err error
			if b, err = decode(raw, b); err != nil {
				return err
			}
			if err := visit(b); err != nil {
				return err
			}
		}
		return nil
	}
}

// search reads everything that a query finds, and splits it by the first digits of the ids when NSX hands out no more
// than a part.
func (s *source) search(ctx context.Context, f mp.Flavour, query string, visit visitor) error {
	_, err := s.api.Search(ctx, f, query, visiting(visit))
	if !mp.IsKind(err, mp.KindSearchCap) {
		return err
	}
	total, err := s.api.SearchCount(ctx, f, query)
	if err != nil {
		return err
	}
	read, err := s.split(ctx, f, query, "", visit)
	if err != nil {
		return err
	}
	if read != total {
		return fmt.Errorf("searching %s: NSX counts %d objects, more than it hands out at once, and %d were found by the first digits of their ids", query, total, read)
	}
	return nil
}

// deepest is the number of digits by which a query is split at most: 16^4 parts of 50,000 objects.
const deepest = 4

// divided names by flavour the field by whose digits a query is split. Manager ids are UUIDs or numbers; Policy ids are
// names as well, but each Policy object has a UUID beside (unique_id in the NSX Go SDK).
var divided = map[mp.Flavour]string{mp.Manager: "id", mp.Policy: "unique_id"}

// split searches once for every digit that can follow the prefix.
func (s *source) split(ctx context.Context, f mp.Flavour, query, prefix string, visit visitor) (read int, err error) {
	for _, digit := range "0123456789abcdef" {
		part := prefix + string(digit)
		n, err := s.api.Search(ctx, f, query+" AND "+divided[f]+":"+part+"*", visiting(visit))
		if mp.IsKind(err, mp.KindSearchCap) && len(part) < deepest {
			n, err = s.split(ctx, f, query, part, visit)
		}
		if err != nil {
			return 0, err
		}
		read += n
	}
	return read, nil
}

// caughtUp waits until Search counts as many objects of the collection as the list does, and gives that number. It
// answers false when the index does not move any more or the time is up; then the list has to be read.
func (s *source) caughtUp(ctx context.Context, c *collection) (listed int, ready bool, err error) {
	const steady = 3 // equal looks in a row that mean: it does not move
	query := mp.OfTypes(managerTypes(c.entries))
	pause, waited, same := 2*time.Second, time.Duration(0), 0
	lastFound, lastListed := -1, -1
	for {
		found, err := s.api.SearchCount(ctx, mp.Manager, query)
		if err != nil {
			return 0, false, err
		}
		listed, err := s.api.ListCount(ctx, c.path, c.params)
		if err != nil {
			return 0, false, err
		}
		if found == listed {
			return listed, true, nil
		}
		if found == lastFound && listed == lastListed {
			same++
		} else {
			same = 1
		}
		lastFound, lastListed = found, listed
		if same >= steady || waited >= s.q.IndexTimeout {
			return listed, false, nil
		}
		s.waiting("the search index knows %d objects of %s and the list %d; waiting for the index", found, c.path, listed)
		if err := s.sleep(ctx, pause); err != nil {
			return 0, false, err
		}
		waited += pause
		pause *= 2
	}
}

// indexLost says whether an error means that Search has not worked for as long as it was asked to, so that lists have to
// be read. An index that is out of step stays so until somebody has it built anew, and no run waits for that.
func (s *source) indexLost(err error) bool {
	if !mp.IsKind(err, mp.KindSearch) {
		return false
	}
	if s.q.IndexLost != nil {
		s.q.IndexLost(err)
	}
	return true
}

// read visits the objects of a collection that may be the cluster's, and tells how long its list is and whether they came
// from it: fresh, and not from the search index. Where Search fails half-way it visits some twice.
func (s *source) read(ctx context.Context, c *collection, cluster string, visit visitor) (int, bool, error) {
	if !c.ordered && !s.q.Whole {
		listed, ready, err := s.caughtUp(ctx, c)
		if err != nil && !s.indexLost(err) {
			return 0, false, fmt.Errorf("comparing Search with %s: %w", c.path, err)
		}
		if ready {
			query := mp.OfTypes(managerTypes(c.entries)) + " AND " + ofCluster(cluster)
			err := s.search(ctx, mp.Manager, query, visit)
			if err == nil {
				return listed, false, nil
			}
			if !s.indexLost(err) {
				return 0, false, fmt.Errorf("searching the objects of %s: %w", c.path, err)
			}
		}
		s.waiting("the search index stays behind %s; reading the list", c.path)
	}
	listed, err := s.list(ctx, c.path, c.params, visit)
	if err != nil {
		return 0, false, fmt.Errorf("listing %s: %w", c.path, err)
	}
	return listed, true, nil
}

func (s *source) waiting(format string, values ...any) {
	s.q.Waiting(fmt.Sprintf(format, values...))
}

func (s *source) sleep(ctx context.Context, d time.Duration) error {
	if s.q.Sleep != nil {
		return s.q.Sleep(ctx, d)
	}
	return wait.For(ctx, d)
}
