package manager

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// defaultReleaseDelay is how long a pool keeps a released address unless it says otherwise (NSX Go SDK: 2 minutes).
const defaultReleaseDelay = 2 * time.Minute

// sectionReleased is where the saved state holds the addresses that were released and are not free yet: the time when
// they are, in milliseconds, by the key that the allocation had.
const sectionReleased = "released-addresses"

// allocationRoutes allocate and release addresses of IP pools and of subnets of IP blocks. An allocation has no id but
// its address (NSX Go SDK).
func (s *API) allocationRoutes() []api.Route {
	var routes []api.Route
	for _, collection := range []string{poolCollection, subnetCollection} {
		one := api.ManagerPrefix + collection + "/{id}"
		routes = append(routes,
			api.Route{Method: http.MethodPost, Pattern: one, Action: "ALLOCATE", Extent: api.Full, Notes: []string{
				api.Assumed + "an address outside of all ranges is refused with 400; why: no source has this case",
				api.Assumed + "pool_usage counts a released address as allocated until ip_release_delay has passed; why: it cannot be given out meanwhile",
			}, Handle: s.allocate},
			api.Route{Method: http.MethodPost, Pattern: one, Action: "RELEASE", Extent: api.Full, Handle: s.release},
		)
	}
	return routes
}

// addressPool is an IP pool, or a subnet of an IP block, and who has which address.
type addressPool struct {
	tx       *store.Tx
	object   *store.Object
	ranges   []addressRange
	delay    time.Duration
	now      time.Time
	released map[string]int64
}

func (s *API) openPool(tx *store.Tx, o *store.Object) (*addressPool, error) {
	body, err := o.Fields()
	if err != nil {
		return nil, err
	}
	p := &addressPool{tx: tx, object: o, now: s.clock.Now(), released: map[string]int64{}, delay: defaultReleaseDelay}
	if o.Collection() == subnetCollection {
		p.delay = 0
	}
	if delay, set := store.WholeNumber(body["ip_release_delay"]); set {
		p.delay = time.Duration(delay) * time.Millisecond
	}
	for _, subnet := range append(store.ObjectsIn(body["subnets"]), body) {
		p.ranges = append(p.ranges, rangesIn(subnet["allocation_ranges"])...)
	}
	_, err = tx.Section(sectionReleased, &p.released)
	return p, err
}

// key is where an allocation of the address stands.
func (p *addressPool) key(address string) string { return p.object.Key + "/allocations/" + address }

// free tells whether nobody has the address.
func (p *addressPool) free(address string) bool {
	return !exists(p.tx, p.key(address)) && p.released[p.key(address)] <= p.now.UnixMilli()
}

// first is the lowest free address, or "".
func (p *addressPool) first() string {
	for _, r := range p.ranges {
		for at := r.from; at.IsValid() && at.Compare(r.to) <= 0; at = at.Next() {
			if p.free(at.String()) {
				return at.String()
			}
		}
	}
	return ""
}

func (p *addressPool) contains(address string) bool {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, r := range p.ranges {
		if r.from.Compare(parsed) <= 0 && parsed.Compare(r.to) <= 0 {
			return true
		}
	}
	return false
}

// usage is NSX's pool_usage.
func (p *addressPool) usage() map[string]any {
	total := uint64(0)
	for _, r := range p.ranges {
		total += r.size()
	}
	taken := uint64(len(p.tx.Manager().List(p.object.Key + "/allocations")))
	for key, until := range p.released {
		if until > p.now.UnixMilli() && key == p.key(api.LastOf(key)) {
			taken++
		}
	}
	return map[string]any{"total_ids": total, "allocated_ids": taken, "free_ids": total - min(taken, total)}
}

// keep remembers a released address until it is free, and forgets those that are.
func (p *addressPool) keep(address string) error {
	for key, until := range p.released {
		if until <= p.now.UnixMilli() {
			delete(p.released, key)
		}
	}
	if p.delay > 0 {
		p.released[p.key(address)] = p.now.Add(p.delay).UnixMilli()
	}
	return p.tx.SetSection(sectionReleased, p.released)
}

// allocate takes the address that the body names, or the first free one.
func (s *API) allocate(_ context.Context, r *api.Request) (*api.Response, error) {
	allocated := ""
	err := s.onPool(r, func(p *addressPool, address string) error {
		switch {
		case address == "":
			if address = p.first(); address == "" {
				return api.BadRequest(5110, api.ModuleCommon, "The IP pool %s has no free address.", p.object.ID)
			}
		case !p.contains(address):
			return api.InvalidField("allocation_id", "%s is in no range of %s", address, p.object.ID)
		case !p.free(address):
			return api.BadRequest(5109, api.ModuleCommon, "The address %s is allocated already.", address)
		}
		allocated = address
		_, err := p.tx.Manager().PutFields(p.key(address), map[string]any{"allocation_id": address})
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"allocation_id": allocated})
}

func (s *API) release(_ context.Context, r *api.Request) (*api.Response, error) {
	err := s.onPool(r, func(p *addressPool, address string) error {
		if err := p.tx.Manager().Delete(p.key(address)); err != nil {
			return api.NotFound(address)
		}
		return p.keep(address)
	})
	if err != nil {
		return nil, err
	}
	return api.Empty()
}

// onPool runs a change of the request's pool for the address that the body names; empty when it names none.
func (s *API) onPool(r *api.Request, change func(p *addressPool, address string) error) error {
	fields, err := schema.ReadBody(r, "AllocationIpAddress")
	if err != nil {
		return err
	}
	return s.store.Update(func(tx *store.Tx) error {
		o, found := tx.Manager().Get(storeKey(r.Path))
		if !found {
			return api.NotFound(api.LastOf(r.Path))
		}
		if err := api.MayWrite(r, o, s.accounts.Local); err != nil {
			return err
		}
		p, err := s.openPool(tx, o)
		if err != nil {
			return err
		}
		return change(p, store.Text(fields["allocation_id"]))
	})
}
