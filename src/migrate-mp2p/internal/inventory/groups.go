package inventory

import (
	"context"
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// noteCriteria notes the tag scopes that an NSGroup asks for. The lock is held.
func (r *retrieval) noteCriteria(b body) {
	for _, path := range []string{"membership_criteria.scope", "membership_criteria.expressions.scope"} {
		b.each(path, func(scope string, _ body) {
			r.inv.CriteriaScopes[r.intern.one(scope)] = true
		})
	}
}

// readOthersGroups notes what the NSGroups ask for that Search does not take for the cluster's; those that it does are
// read anyway, and some may be another cluster's.
func (r *retrieval) readOthersGroups(ctx context.Context) error {
	e, _ := r.q.Catalog.Entry(mp.NSGroup)
	query := mp.OfTypes(e.ManagerTypes) + " AND NOT (" + ofCluster(r.q.Cluster) + ")"
	note := func(b body) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.noteCriteria(b)
		return nil
	}
	err := r.search(ctx, mp.Manager, query, note)
	if r.indexLost(err) {
		_, err = r.list(ctx, e.List, parameters(e), note) // with the cluster's own, whose criteria are noted anyway
	}
	if err != nil {
		return fmt.Errorf("reading NSGroups: %w", err)
	}
	return nil
}

// readPolicyGroups notes what Policy groups ask for. Their conditions write scope and tag as "scope|tag".
func (r *retrieval) readPolicyGroups(ctx context.Context) error {
	note := func(b body) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, path := range []string{"expression.value", "expression.expressions.value"} {
			b.each(path, func(value string, holder body) {
				if scope, _, tag := strings.Cut(value, "|"); tag && holder.text("key") == "Tag" {
					r.inv.CriteriaScopes[scope] = true
				}
			})
		}
		return nil
	}
	err := r.search(ctx, mp.Policy, "resource_type:Group AND marked_for_delete:false", note)
	if r.indexLost(err) {
		_, err = r.list(ctx, policyAPI+"/infra/domains/default/groups", nil, note)
	}
	if err != nil {
		return fmt.Errorf("reading Policy groups: %w", err)
	}
	return nil
}
