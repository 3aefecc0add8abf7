package inventory

import (
	"context"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// pathsPerQuery keeps the URL of a query that names each path four times below 8 KB.
const pathsPerQuery = 12

// FindBuiltUpon finds Policy objects that somebody built upon the objects at these Policy paths: gateways below a
// Tier-0, segments at a gateway, subnets of a block, addresses of a pool. Those in ours are left out, and addresses that
// belong to one of the principals, in whose names the promotions were asked for and might make some that no record names
// (ASSUMED). The result holds paths.
//
// Search compares loosely, so the paths are compared again on our side. It is the one last look that uses Search, since no list leads from an object to those that refer to it. Without a search
// index the lists of all that may refer to them are read.
func FindBuiltUpon(ctx context.Context, api API, paths []string, ours map[string]bool, principals []string) ([]string, error) {
	s := &source{api: api}
	var found []string
	for _, some := range chunks(paths, pathsPerQuery) {
		query := mp.AnyOf("tier0_path", some) + " OR " + mp.AnyOf("connectivity_path", some) + " OR " + mp.AnyOf("ip_block_path", some) +
			" OR (resource_type:IpAddressAllocation AND " + mp.AnyOf("parent_path", some) + notOf(principals) + ")"
		err := s.search(ctx, mp.Policy, query, func(b body) error {
			if path := b.text("path"); !ours[path] && !b.is("marked_for_delete") && builtUpon(b, some, principals) {
				found = append(found, path)
			}
			return nil
		})
		if s.indexLost(err) {
			return s.listBuiltUpon(ctx, paths, ours, principals)
		}
		if err != nil {
			return nil, fmt.Errorf("searching Policy objects that others built upon ours: %w", err)
		}
	}
	return found, nil
}

// notOf is the part of a query that leaves out what belongs to one of the principals.
func notOf(principals []string) string {
	if len(principals) == 0 {
		return ""
	}
	return " AND NOT " + mp.AnyOf("_create_user", principals)
}

// builtUpon tells whether an object names one of the paths, spelled just so.
func builtUpon(b body, paths, principals []string) bool {
	if b.text("resource_type") == "IpAddressAllocation" {
		return slices.Contains(paths, b.text("parent_path")) && !slices.Contains(principals, b.text("_create_user"))
	}
	return slices.ContainsFunc([]string{"tier0_path", "connectivity_path", "ip_block_path"}, func(field string) bool {
		return slices.Contains(paths, b.text(field))
	})
}

// listBuiltUpon is FindBuiltUpon by lists.
func (s *source) listBuiltUpon(ctx context.Context, paths []string, ours map[string]bool, principals []string) ([]string, error) {
	const pools = "/infra/ip-pools"
	var found []string
	// note collects the objects of a list that name one of the paths in a field.
	note := func(list, field string) error {
		_, err := s.list(ctx, policyAPI+list, nil, func(b body) error {
			path := b.text("path")
			if !ours[path] && !b.is("marked_for_delete") && slices.Contains(paths, b.text(field)) {
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("listing %s: %w", list, err)
		}
		return nil
	}
	if err := note("/infra/tier-1s", "tier0_path"); err != nil {
		return nil, err
	}
	if err := note("/infra/segments", "connectivity_path"); err != nil {
		return nil, err
	}
	var all []string
	if _, err := s.list(ctx, policyAPI+pools, nil, func(b body) error {
		all = append(all, b.text("path"))
		return nil
	}); err != nil {
		return nil, fmt.Errorf("listing %s: %w", pools, err)
	}
	for _, pool := range all {
		if err := note(pool+"/ip-subnets", "ip_block_path"); err != nil {
			return nil, err
		}
		if !slices.Contains(paths, pool) {
			continue
		}
		if _, err := s.list(ctx, policyAPI+pool+"/ip-allocations", nil, func(b body) error {
			if path := b.text("path"); !ours[path] && !slices.Contains(principals, b.text("_create_user")) {
				found = append(found, path)
			}
			return nil
		}); err != nil {
			return nil, fmt.Errorf("listing the addresses of %s: %w", pool, err)
		}
	}
	return found, nil
}
