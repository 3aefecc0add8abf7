package inventory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// use says that one of our objects uses an address of an external pool. Addresses carry no tags: who they belong to is
// only known from their users (NCP clean-up scripts).
type use struct {
	pool, ip   string
	kind       string // catalog.OwnerSNAT, catalog.OwnerVirtualServer
	project    string
	service    string
	serverType string
	wanted     *Wanted // the user spec lists the address
	// nodes says that an object of the nodes' network uses it, and owner who made that. Such uses name no pool at first.
	nodes bool
	owner string
}

// noteUses notes the external addresses that an object uses. The lock is held.
func (r *retrieval) noteUses(o *Object, b body) {
	if o.Nodes {
		for _, ip := range floating(o, b) {
			r.uses[o.Ref] = append(r.uses[o.Ref], use{ip: r.intern.one(ip), nodes: true, owner: o.Owner})
		}
		return
	}
	project := tagValue(o.Tags, scopeProject)
	if o.Type == mp.LBVirtualServer {
		r.noteUse(o.Ref, use{
			pool: tagValue(o.Tags, scopeServerPool), ip: b.text("ip_address"), kind: mp.OwnerVirtualServer, project: project,
			service: tagValue(o.Tags, scopeService), serverType: tagValue(o.Tags, scopeServerType),
		})
		return
	}
	for _, ip := range strings.Split(tagValue(o.Tags, scopeSNAT), ",") {
		r.noteUse(o.Ref, use{pool: tagValue(o.Tags, scopePool), ip: strings.TrimSpace(ip), kind: mp.OwnerSNAT, project: project})
	}
}

func (r *retrieval) noteUse(user mp.Ref, u use) {
	if u.pool != "" && u.ip != "" {
		r.uses[user] = append(r.uses[user], u)
	}
}

// facts are what update rules may ask about an address.
func (u use) facts() map[mp.Fact]string {
	facts := map[mp.Fact]string{mp.FactPool: u.pool, mp.FactIP: u.ip}
	for key, value := range map[mp.Fact]string{mp.FactOwnerKind: u.kind, mp.FactOwnerProject: u.project, mp.FactOwnerService: u.service, mp.FactOwnerLBType: u.serverType} {
		if value != "" {
			facts[key] = value
		}
	}
	return facts
}

// placeSubnets gives every subnet the pool over it as parent: the pool names the subnet in a tag.
func (r *retrieval) placeSubnets(context.Context) error {
	for _, pool := range r.ofType(mp.IPPool) {
		subnet := r.objects[mp.Ref{Type: mp.IPBlockSubnet, ID: tagValue(pool.Tags, scopeSubnetID)}]
		if subnet != nil && subnet.Parent.ID == "" {
			subnet.Parent = pool.Ref
		}
	}
	return nil
}

// addAllocations makes the entries of the addresses in use, one list per pool.
func (r *retrieval) addAllocations(ctx context.Context) error {
	all := slices.Concat(slices.Collect(maps.Values(r.uses))...)
	slices.SortFunc(all, func(x, y use) int {
		return cmp.Or(cmp.Compare(x.pool, y.pool), cmp.Compare(x.ip, y.ip), -cmp.Compare(x.kind, y.kind), cmp.Compare(x.project, y.project), cmp.Compare(x.service, y.service), cmp.Compare(x.serverType, y.serverType))
	})
	byPool := map[string]map[string]use{}
	for _, u := range all {
		if byPool[u.pool] == nil {
			byPool[u.pool] = map[string]use{}
		}
		if _, ok := byPool[u.pool][u.ip]; !ok {
			byPool[u.pool][u.ip] = u
		}
	}
	var tasks []func(context.Context) error
	for pool, uses := range byPool {
		policyPath := r.poolPath(pool)
		tasks = append(tasks, func(ctx context.Context) error { return r.addFromPool(ctx, pool, policyPath, uses) })
	}
	r.uses = nil
	return inParallel(ctx, r.q.Concurrency, tasks)
}

// addFromPool makes the entries of the addresses of one pool that are in use and allocated.
func (r *retrieval) addFromPool(ctx context.Context, pool, policyPath string, uses map[string]use) error {
	e, _ := r.q.Catalog.Entry(mp.IPPoolAllocation)
	twins, err := policyAllocations(ctx, &r.source, policyPath)
	if err != nil {
		return err
	}
	path := e.ListPath(pool)
	_, err = r.list(ctx, path, nil, func(b body) error {
		ip := b.text("allocation_id")
		u, used := uses[ip]
		if !used {
			return nil
		}
		o := &Object{Ref: mp.Ref{Type: e.Type, ID: ip}, Parent: mp.Ref{Type: mp.IPPool, ID: pool}, Name: ip, Hash: b.hash(),
			PolicyPath: twins[ip], Facts: u.facts(), Wanted: u.wanted, Nodes: u.nodes, Owner: u.owner}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.addAllocation(o)
		return nil
	})
	if mp.IsKind(err, mp.KindNotFound) {
		return nil // the plan reports the missing pool with those who refer to it
	}
	if err != nil {
		return fmt.Errorf("listing %s: %w", path, err)
	}
	return nil
}

// addAllocation keeps an allocation. The address is the only id it has; when two pools gave out the same one, the
// migration API cannot tell them apart.
func (r *retrieval) addAllocation(o *Object) {
	if other, taken := r.objects[o.Ref]; taken && other.Parent != o.Parent {
		r.inv.Unsupported = append(r.inv.Unsupported, Unsupported{ResourceType: "AllocationIpAddress", ID: o.ID, Name: o.Name,
			Why: fmt.Sprintf("the pools %s and %s both gave out this address, and the migration API names it by the address alone", min(o.Parent.ID, other.Parent.ID), max(o.Parent.ID, other.Parent.ID))})
		return
	}
	r.objects[o.Ref] = o
}

// poolPath is the Policy path of a pool that is Policy, else empty.
func (r *retrieval) poolPath(pool string) string {
	if o, ok := r.objects[mp.Ref{Type: mp.IPPool, ID: pool}]; ok {
		return o.PolicyPath
	}
	return r.inv.Outside[pool].PolicyPath
}

// policyAllocations lists the allocations of a Policy pool: address -> path. A pool that is not Policy has none.
func policyAllocations(ctx context.Context, s *source, pool string) (map[string]string, error) {
	if pool == "" {
		return nil, nil
	}
	if found, err := s.get(ctx, policyAPI+pool); found == nil || err != nil {
		return nil, err // the list of a pool that does not exist is an invalid path to NSX, not an empty list
	}
	paths := map[string]string{}
	path := policyAPI + pool + "/ip-allocations"
	if _, err := s.list(ctx, path, nil, func(b body) error {
		if !b.is("marked_for_delete") {
			paths[b.text("allocation_ip")] = b.text("path")
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("listing %s: %w", path, err)
	}
	return paths, nil
}
