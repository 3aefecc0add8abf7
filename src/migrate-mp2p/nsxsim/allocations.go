package nsxsim

import (
	"context"
	"net/netip"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// allocationRoutes allocate and release addresses of IP pools. An allocation has no id but its address (NSX Go SDK).
func (s *Server) allocationRoutes() []api.Route {
	pool := apiPrefix + "pools/ip-pools/{id}"
	return []api.Route{
		{Method: "POST", Pattern: pool, Action: "ALLOCATE", Extent: api.Partial,
			Notes: []string{"a released address is free at once; pool_usage stays as it is"}, Handle: s.allocate},
		{Method: "POST", Pattern: pool, Action: "RELEASE", Extent: api.Full, Handle: s.release},
	}
}

// allocate takes the address that the body names, or the first free one.
func (s *Server) allocate(_ context.Context, r *api.Request) (*api.Response, error) {
	allocated := ""
	err := s.onPool(r, func(tx *store.Tx, pool *store.Object, address string) error {
		if address == "" {
			var err error
			if address, err = firstFree(tx, pool); err != nil {
				return err
			}
		}
		key := pool.Key + "/allocations/" + address
		if _, taken := tx.Manager().Get(key); taken {
			return api.BadRequest(5109, api.ModuleCommon, "The address %s is allocated already.", address)
		}
		allocated = address
		_, err := tx.Manager().PutFields(key, map[string]any{"allocation_id": address})
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"allocation_id": allocated})
}

// firstFree is the lowest address of the pool's ranges that nobody has.
func firstFree(tx *store.Tx, pool *store.Object) (string, error) {
	fields, err := pool.Fields()
	if err != nil {
		return "", err
	}
	subnets, _ := fields["subnets"].([]any)
	for _, element := range subnets {
		subnet, _ := element.(map[string]any)
		ranges, _ := subnet["allocation_ranges"].([]any)
		for _, element := range ranges {
			limits, _ := element.(map[string]any)
			from, badFrom := netip.ParseAddr(text(limits["start"]))
			to, badTo := netip.ParseAddr(text(limits["end"]))
			if badFrom != nil || badTo != nil {
				continue
			}
			for at := from; at.IsValid() && at.Compare(to) <= 0; at = at.Next() {
				if _, taken := tx.Manager().Get(pool.Key + "/allocations/" + at.String()); !taken {
					return at.String(), nil
				}
			}
		}
	}
	return "", api.BadRequest(5110, api.ModuleCommon, "The IP pool %s has no free address.", pool.ID)
}

func (s *Server) release(_ context.Context, r *api.Request) (*api.Response, error) {
	err := s.onPool(r, func(tx *store.Tx, pool *store.Object, address string) error {
		if err := tx.Manager().Delete(pool.Key + "/allocations/" + address); err != nil {
			return api.NotFound(address)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.Empty()
}

// onPool runs a change of the request's pool for the address that the body names; empty when it names none.
func (s *Server) onPool(r *api.Request, change func(tx *store.Tx, pool *store.Object, address string) error) error {
	fields, bad := decodeBody(r.Body)
	if bad != nil {
		return bad
	}
	return s.store.Update(func(tx *store.Tx) error {
		pool, found := tx.Manager().Get(managerKey(r.Path))
		if !found {
			return api.NotFound(lastOf(r.Path))
		}
		if err := s.mayWrite(r, pool); err != nil {
			return err
		}
		return change(tx, pool, text(fields["allocation_id"]))
	})
}
