package inventory

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// pathsPerQuery keeps the URL of a query that names each path four times below 8 KB.
const pathsPerQuery = 12

// FindBuiltUpon finds Policy objects that somebody built upon the objects at these Policy paths: gateways below a
// Tier-0, segments at a gateway, subnets of a block, addresses of a pool. Those in ours are left out, and addresses that
// belong to principal, for whom a promotion might make some that no record names (ASSUMED). The result holds paths.
//
// It is the one last look that uses Search, since no list leads from an object to those that refer to it.
func FindBuiltUpon(ctx context.Context, api API, paths []string, ours map[string]bool, principal string) ([]string, error) {
	s := &source{api: api}
	var found []string
	for _, some := range chunks(paths, pathsPerQuery) {
		query := anyOf("tier0_path", some) + " OR " + anyOf("connectivity_path", some) + " OR " + anyOf("ip_block_path", some) +
			" OR (resource_type:IpAddressAllocation AND " + anyOf("parent_path", some) + " AND NOT _create_user:" + quote(principal) + ")"
		err := s.search(ctx, nsx.Policy, query, func(b body) error {
			if path := b.text("path"); !ours[path] {
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("searching Policy objects that others built upon ours: %w", err)
		}
	}
	return found, nil
}
