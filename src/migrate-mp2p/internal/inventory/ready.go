package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// Bounds of telling what the end of a migration left undone.
const (
	// sampled objects are read one by one before Search is believed that so many are not as they should be.
	sampled = 20
	// mostRead is how many are read one by one where Search does not work at all.
	mostRead = 200
)

// FindUnready names those of the objects whose Policy side lacks the cluster's tag or this version of NCP's tags, which
// the end of a migration leaves on each, and NCP in Policy mode on what it makes. Search says which have them; what it
// does not show is read, since the index may be behind. Of many that prove to lack them only some are read. Without a
// search index it looks at no more than 200 of the objects.
func FindUnready(ctx context.Context, api API, q Query, version string, objects []*Object) ([]mp.Ref, error) {
	q.Waiting = oneAtATime(q.Waiting)
	s := &source{api: api, q: q}
	pause := 2 * time.Second
	for waited := time.Duration(0); ; waited += pause {
		unproven, err := s.notShownReady(ctx, version, objects)
		lost := s.indexLost(err)
		if lost {
			unproven, err = spread(objects, mostRead), nil
		}
		if err != nil {
			return nil, fmt.Errorf("searching Policy objects with NCP's tags of version %s: %w", version, err)
		}
		last := lost || waited >= q.IndexTimeout
		some := unproven
		if !last {
			some = spread(unproven, sampled)
		}
		ready, err := s.readReady(ctx, version, some)
		if err != nil {
			return nil, err
		}
		if last || len(ready) < len(some) || len(some) == len(unproven) {
			var unready []mp.Ref
			for _, o := range unproven {
				if !ready[o] {
					unready = append(unready, o.Ref)
				}
			}
			return unready, nil
		}
		s.waiting("the search index does not show the tags of %d Policy objects, and those that were read have them; waiting for the index", len(unproven))
		if err := s.sleep(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// notShownReady are the objects that Search does not show with the tags.
func (s *source) notShownReady(ctx context.Context, version string, objects []*Object) ([]*Object, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	ready := map[string]bool{}
	query := ofCluster(s.q.Cluster) + " AND tags.scope:" + mp.Quote(scopeVersion) + " AND tags.tag:" + mp.Quote(version)
	if err := s.search(ctx, mp.Policy, query, func(b body) error {
		if s.isReady(b, version) {
			ready[b.text("path")] = true
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(objects), func(o *Object) bool { return ready[o.PolicyPath] }), nil
}

func (s *source) isReady(b body, version string) bool {
	tags, _ := b.tags()
	return slices.Contains(tags, mp.Tag{Scope: scopeCluster, Tag: s.q.Cluster}) && slices.Contains(tags, mp.Tag{Scope: scopeVersion, Tag: version})
}

// readReady reads Policy objects and tells which have the tags. One that is not there has none.
func (s *source) readReady(ctx context.Context, version string, objects []*Object) (map[*Object]bool, error) {
	ready := map[*Object]bool{}
	for _, o := range objects {
		b, err := s.get(ctx, policyAPI+o.PolicyPath)
		if err != nil {
			return nil, err
		}
		if s.isReady(b, version) {
			ready[o] = true
		}
	}
	return ready, nil
}

// spread picks at most n, evenly from all.
func spread[T any](all []T, n int) []T {
	if len(all) <= n {
		return all
	}
	some := make([]T, n)
	for i := range some {
		some[i] = all[i*len(all)/n]
	}
	return some
}
