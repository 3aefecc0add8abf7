package nsxsim

import (
	"context"
	"fmt"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// allocationRoutes allocate and release addresses of IP pools.
func (s *Server) allocationRoutes() []api.Route {
	pool := apiPrefix + "pools/ip-pools/{id}"
	return []api.Route{
		{Method: "POST", Pattern: pool, Action: "ALLOCATE", Extent: api.Partial,
			Notes: []string{"only with an explicit allocation_id"}, Handle: s.allocate},
		{Method: "POST", Pattern: pool, Action: "RELEASE", Extent: api.Full, Handle: s.release},
	}
}

func (s *Server) allocate(_ context.Context, r *api.Request) (*api.Response, error) {
	return s.onAllocation(r, func(tx *store.Tx, key, address string) error {
		if _, taken := tx.Manager().Get(key); taken {
			return api.BadRequest(5109, api.ModuleCommon, "The address %s is allocated already.", address)
		}
		_, err := tx.Manager().PutFields(key, map[string]any{"allocation_id": address})
		return err
	})
}

func (s *Server) release(_ context.Context, r *api.Request) (*api.Response, error) {
	_, err := s.onAllocation(r, func(tx *store.Tx, key, address string) error {
		if err := tx.Manager().Delete(key); err != nil {
			return api.NotFound(address)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.Empty()
}

func (s *Server) onAllocation(r *api.Request, change func(tx *store.Tx, key, address string) error) (*api.Response, error) {
	fields, bad := decodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	address := text(fields["allocation_id"])
	if address == "" {
		return nil, api.BadRequest(220, api.ModuleCommon, "allocation_id is missing.")
	}
	err := s.store.Update(func(tx *store.Tx) error {
		key := managerKey(r.Path)
		pool, found := tx.Manager().Get(key)
		if !found {
			return api.NotFound(lastOf(r.Path))
		}
		if err := s.mayWrite(r, pool); err != nil {
			return err
		}
		return change(tx, key+"/allocations/"+address, address)
	})
	if err != nil {
		return nil, fmt.Errorf("changing an allocation: %w", err)
	}
	return api.OK(map[string]any{"allocation_id": address})
}
