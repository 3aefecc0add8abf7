package search

import (
	"encoding/json"
	"fmt"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

var realizedNotes = []string{
	"a query that names resource_type:" + policy.TypeEntity + " finds the realized entities, one for each intent whose realization has begun (nsxlib)",
	api.Assumed + "no other query finds them, and a lagging index shows their state as it is now, though none of an intent that it does not show yet; why: clients name the type",
}

// finder runs queries over one side, realized entities included.
type finder struct {
	side func(*store.Tx) *store.Space
	// realized is nil unless the query asks for realized entities.
	realized *policy.Realizations
}

// finder makes one for a query. It must not be called inside a transaction.
func (s *API) finder(f flavour, query *grammar.Query) *finder {
	one := &finder{side: f.side}
	if f.realizes && query.Names("resource_type", policy.TypeEntity) {
		one.realized = s.policy.Realizations("")
	}
	return one
}

// run finds what matches, sorted by id. Realized entities have no bodies yet.
func (f *finder) run(tx *store.Tx, query *grammar.Query) ([]*store.Object, error) {
	found := query.Run(f.side(tx))
	if f.realized == nil {
		return found, nil
	}
	addresses, err := policy.NewAddresses(tx)
	if err != nil {
		return nil, err
	}
	entities, err := findEntities(f.realized, f.side(tx), addresses, query)
	if err != nil {
		return nil, err
	}
	found = append(found, entities...)
	slices.SortFunc(found, store.Compare)
	return found, nil
}

// stamp names the moment for which a list is good, beside the version of the store; none when it is good for no other.
func (f *finder) stamp() (name string, lasting bool) {
	if f.realized == nil {
		return "", true
	}
	entities := 0
	for _, how := range f.realized.Unrealized {
		if policy.Begun(how) {
			entities++
		}
	}
	return fmt.Sprintf(" %d of %d", entities, len(f.realized.Unrealized)), f.realized.Delay == 0
}

// fill gives bodies to the realized entities among objects, which stay as they are.
func (f *finder) fill(tx *store.Tx, objects []*store.Object) ([]*store.Object, error) {
	if f.realized == nil {
		return objects, nil
	}
	addresses, err := policy.NewAddresses(tx)
	if err != nil {
		return nil, err
	}
	objects = slices.Clone(objects)
	for i, o := range objects {
		if o.ResourceType != policy.TypeEntity || o.Body != nil {
			continue
		}
		intent, found := f.side(tx).Get(o.Key)
		if !found {
			return nil, fmt.Errorf("reading the realized entity of %s: the intent is gone", o.Key)
		}
		how, err := f.realized.Of(intent)
		if err != nil {
			return nil, err
		}
		if objects[i], err = policy.Filled(o, intent, how, addresses); err != nil {
			return nil, err
		}
	}
	return objects, nil
}

// judged are the fields of an entity by which most are judged without their bodies.
var judged = []string{"resource_type", "state", "publish_status", "entity_type"}

// verdict is what a query says of all entities of one type and status.
type verdict struct{ may, must bool }

// findEntities returns the entities that match. Bodies are made only where the query asks for more than status and type, and
// when it asks for unrealized entities only, the realized ones are not even looked at.
func findEntities(r *policy.Realizations, space *store.Space, addresses *policy.Addresses, query *grammar.Query) ([]*store.Object, error) {
	verdicts := map[[2]string]verdict{}
	judge := func(status, kind string, fields ...string) (verdict, error) {
		at := [2]string{status, kind}
		if v, done := verdicts[at]; done {
			return v, nil
		}
		body, err := json.Marshal(map[string]string{"state": policy.RealizedState(status), "publish_status": status, "entity_type": kind})
		if err != nil {
			return verdict{}, fmt.Errorf("judging realized entities: %w", err)
		}
		var v verdict
		v.may, v.must = query.Judge(&store.Object{ResourceType: policy.TypeEntity, Body: body}, fields...)
		verdicts[at] = v
		return v, nil
	}
	intents, err := candidates(r, space, func() (verdict, error) { return judge("SUCCESS", "", judged[:3]...) })
	if err != nil {
		return nil, err
	}
	unindexed := space.Unindexed()
	var found []*store.Object
	for _, intent := range intents {
		if old, changed := unindexed[intent.Key]; intent.Marked || (changed && old == nil) {
			continue
		}
		how, err := r.Of(intent)
		if err != nil {
			return nil, err
		}
		v, err := judge(how.Status, policy.EntityType(intent), judged...)
		if err != nil {
			return nil, err
		}
		if !policy.Begun(how) || !v.may {
			continue
		}
		entity := policy.EntityOf(intent)
		if !v.must {
			whole, err := policy.Filled(entity, intent, how, addresses)
			if err != nil {
				return nil, err
			}
			if !query.Matches(whole) {
				continue
			}
		}
		found = append(found, entity)
	}
	return found, nil
}

// candidates are the intents whose entities may match: all, or only those of which the coordinator says that they are
// not realized.
func candidates(r *policy.Realizations, space *store.Space, realized func() (verdict, error)) ([]*store.Object, error) {
	v, err := realized()
	if err != nil {
		return nil, err
	}
	if v.may || r.Delay > 0 {
		return space.Typed(), nil
	}
	var intents []*store.Object
	for path := range r.Unrealized {
		if o, found := space.Get(path); found {
			intents = append(intents, o)
		}
	}
	return intents, nil
}
