package coordinator

import (
	"errors"
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

func buildIPBlock(p *promotion, fields map[string]any) error {
	fields["resource_type"] = "IpAddressBlock"
	copyFields(fields, p.body, "cidr")
	return nil
}

// promoteIPPool makes the pool, and static subnets for those of its networks that
// are not cut from a block; those come with IPBLOCK_SUBNET (ASSUMED).
func promoteIPPool(p *promotion) (string, error) {
	path := policyPools + "/" + p.id()
	fields := map[string]any{"resource_type": "IpAddressPool"}
	copyFields(fields, p.body, "ip_release_delay")
	p.create(path, p.body, fields)
	for i, subnet := range objects(p.body["subnets"]) {
		network, _ := subnet["cidr"].(string)
		if p.lookups.cutFromBlock(network) {
			continue
		}
		static := map[string]any{
			"resource_type": "IpAddressPoolStaticSubnet", "display_name": network,
			"cidr": network, "allocation_ranges": subnet["allocation_ranges"],
		}
		copyFields(static, subnet, "gateway_ip", "dns_nameservers", "dns_suffix")
		p.create(fmt.Sprintf("%s/ip-subnets/%s_%d", path, p.id(), i), nil, static)
	}
	p.adopt(p.source.Key, path)
	return path, nil
}

// linkedPool returns the pool that any of the linked ids names: which key NSX wants
// for it is UNKNOWN.
func linkedPool(shared *lookups, one entry) string {
	for _, linked := range one.LinkedIDs {
		if _, found := shared.tx.Manager().Get(poolCollection + "/" + string(linked.Value)); found {
			return string(linked.Value)
		}
	}
	return ""
}

// promoteIPBlockSubnet makes a subnet of the pool that gives its addresses. Without
// a linked id the pool is the one with the same network, and where there is none, as
// over the network of TKGI's nodes, a pool is made with the subnet's id (both ASSUMED).
func promoteIPBlockSubnet(p *promotion) (string, error) {
	network, _ := p.body["cidr"].(string)
	pool := linkedPool(p.lookups, p.entry)
	if pool == "" {
		pool = p.lookups.poolOf(network)
	}
	poolPath, err := policyPools+"/"+p.id(), error(nil)
	if pool == "" {
		p.create(poolPath, nil, map[string]any{"resource_type": "IpAddressPool", "display_name": p.body["display_name"]})
	} else if poolPath, err = p.pathOf(poolCollection, pool); err != nil {
		return "", err
	}
	path := poolPath + "/ip-subnets/" + p.id()
	fields := map[string]any{"resource_type": "IpAddressPoolBlockSubnet", "auto_assign_gateway": true}
	copyFields(fields, p.body, "size", "start_ip")
	if err := p.set(fields, "ip_block_path", "pools/ip-blocks", p.body, "block_id"); err != nil {
		return "", err
	}
	p.create(path, p.body, fields)
	p.adopt(p.source.Key, path)
	if pool != "" {
		p.parent = parent{"IPPOOL", pool}
	}
	return path, nil
}

// locateAllocation finds an allocation by its address. The pool comes from a linked
// id, or is the only one that holds the address (ASSUMED).
func locateAllocation(shared *lookups, one entry) (*store.Object, error) {
	if pool := linkedPool(shared, one); pool != "" {
		if found, ok := shared.tx.Manager().Get(poolCollection + "/" + pool + "/allocations/" + one.ManagerID); ok {
			return found, nil
		}
		return nil, fmt.Errorf("pool %s has no such allocation", pool)
	}
	var found *store.Object
	for _, pool := range shared.tx.Manager().List(poolCollection) {
		candidate, ok := shared.tx.Manager().Get(pool.Key + "/allocations/" + one.ManagerID)
		if ok && found != nil {
			return nil, errors.New("several pools hold this allocation; a linked id has to name the pool")
		}
		if ok {
			found = candidate
		}
	}
	if found == nil {
		return nil, errors.New("no pool holds such an allocation")
	}
	return found, nil
}

// poolOfAllocation is the id of the pool below which an allocation lies.
func poolOfAllocation(allocation *store.Object) string {
	return lastPart(strings.TrimSuffix(allocation.Collection(), "/allocations"))
}

// promoteAllocation makes the allocation below the pool. The Manager's allocation
// cannot carry tags and stays as it is.
func promoteAllocation(p *promotion) (string, error) {
	pool := poolOfAllocation(p.source)
	poolPath, err := p.pathOf(poolCollection, pool)
	if err != nil {
		return "", err
	}
	path := poolPath + "/ip-allocations/" + p.id()
	p.create(path, nil, map[string]any{
		"resource_type": "IpAddressAllocation", "display_name": p.id(), "allocation_ip": p.entry.ManagerID,
	})
	p.parent = parent{"IPPOOL", pool}
	return path, nil
}
