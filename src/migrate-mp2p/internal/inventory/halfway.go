package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// HalfWay is a cluster, or the shared objects, of which some are Policy and others still Manager.
type HalfWay struct {
	Cluster string // empty: shared objects
	Manager Count
	Policy  Count
	nodes   struct{ manager, policy int } // of these, those of the network of its nodes
}

// isHalfWay tells whether a migration was left half-way. A network of nodes that stays behind a cluster which is Policy is
// none: it takes no part in a migration by a release of NCP before 4.1.1 (TKGI docs), and nothing is under way there.
func (h *HalfWay) isHalfWay() bool {
	manager, policy := h.Manager.N-h.nodes.manager, h.Policy.N-h.nodes.policy
	return manager > 0 && policy > 0 || h.nodes.manager > 0 && h.nodes.policy > 0 || manager > 0 && h.nodes.policy > 0
}

// telling are types of which practically every cluster has objects, from the beginning and the end of the order of
// migration: where a migration stopped half-way, they differ.
func telling() []mp.Type {
	return []mp.Type{
		mp.IPPool, mp.Tier1, mp.LogicalSwitch, mp.NAT, mp.NSGroup, mp.LBVirtualServer, mp.DFWSection,
	}
}

// FindHalfWay looks for other clusters than ours, and for shared Tier-0 routers, that a migration left half-way. It
// reads objects of the types that tell, not all. A Tier-0 counts as half-way when it is Policy and an uplink is not.
// platform is that of a Query.
func FindHalfWay(ctx context.Context, api API, cat *catalog.Catalog, platform, cluster string) ([]HalfWay, error) {
	s := &source{api: api, q: Query{Catalog: cat, Platform: platform}}
	clusters, err := otherClusters(ctx, s, cluster)
	if err != nil {
		return nil, fmt.Errorf("looking for half-way clusters: %w", err)
	}
	shared, err := sharedRouters(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("looking for half-way shared routers: %w", err)
	}
	var found []HalfWay
	for _, h := range append(clusters, shared) {
		if h.isHalfWay() {
			found = append(found, h)
		}
	}
	return found, nil
}

// otherClusters counts the objects of every cluster but ours.
func otherClusters(ctx context.Context, s *source, ours string) ([]HalfWay, error) {
	var entries []*catalog.Entry
	for _, t := range telling() {
		e, _ := s.q.Catalog.Entry(t)
		entries = append(entries, e)
	}
	byCluster := map[string]*HalfWay{}
	// Our own are not left out by the query: Search would leave those out, too, whose names it takes for ours.
	query := mp.OfTypes(managerTypes(entries)) + " AND tags.scope:" + mp.Quote(scopeCluster)
	note := func(b body) error {
		tags, _ := b.tags()
		name := s.whose().goesWith(tags)
		e, ok := accepting(entries, b)
		if name == "" || !ok || name == ours {
			return nil
		}
		if byCluster[name] == nil {
			byCluster[name] = &HalfWay{Cluster: name}
		}
		byCluster[name].note(mp.Ref{Type: e.Type, ID: b.text("id")}, b)
		if _, made := createdByAny(tags); !made {
			byCluster[name].noteNodes(b)
		}
		return nil
	}
	err := s.search(ctx, mp.Manager, query, note)
	if s.indexLost(err) {
		clear(byCluster)
		err = s.listAll(ctx, entries, note)
	}
	if err != nil {
		return nil, err
	}
	all := make([]HalfWay, 0, len(byCluster))
	for _, h := range byCluster {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(x, y HalfWay) int { return strings.Compare(x.Cluster, y.Cluster) })
	return all, nil
}

// listAll reads the lists in which entries stand, but for what is listed by its parent only.
func (s *source) listAll(ctx context.Context, entries []*catalog.Entry, visit visitor) error {
	for _, c := range collections(s.q.Catalog) {
		if !slices.ContainsFunc(c.entries, func(e *catalog.Entry) bool { return slices.Contains(entries, e) }) {
			continue
		}
		if _, err := s.list(ctx, c.path, c.params, visit); err != nil {
			return fmt.Errorf("listing %s: %w", c.path, err)
		}
	}
	return nil
}

func (h *HalfWay) note(ref mp.Ref, b body) {
	if _, policyPath := b.tags(); policyPath != "" {
		h.Policy.add(ref, b.text("display_name"))
	} else {
		h.Manager.add(ref, b.text("display_name"))
	}
}

// noteNodes counts an object of the nodes' network once more.
func (h *HalfWay) noteNodes(b body) {
	if _, policyPath := b.tags(); policyPath != "" {
		h.nodes.policy++
	} else {
		h.nodes.manager++
	}
}

// sharedRouters counts the Tier-0 routers that are Policy and those of their uplinks that are not.
func sharedRouters(ctx context.Context, s *source) (HalfWay, error) {
	var shared HalfWay
	top, _ := s.q.Catalog.Entry(mp.Tier0)
	uplink, _ := s.q.Catalog.Entry(mp.Tier0Port)
	policy := map[string]bool{}
	if _, err := s.list(ctx, top.List, map[string][]string{"router_type": {top.RouterType}}, func(b body) error {
		if _, policyPath := b.tags(); policyPath != "" && top.Accepts(b.text("resource_type"), b.text("router_type")) {
			policy[b.text("id")] = true
			shared.note(mp.Ref{Type: mp.Tier0, ID: b.text("id")}, b)
		}
		return nil
	}); err != nil || len(policy) == 0 {
		return shared, err
	}
	for router := range policy {
		if _, err := s.list(ctx, uplink.List, map[string][]string{uplink.ParentField: {router}}, func(b body) error {
			if movable(uplink, b.text("resource_type")) && b.text(uplink.ParentField) == router {
				shared.note(mp.Ref{Type: mp.Tier0Port, ID: b.text("id")}, b)
			}
			return nil
		}); err != nil {
			return shared, err
		}
	}
	return shared, nil
}
