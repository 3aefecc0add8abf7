package coordinator

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/references"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// promotion is one entry on its way to Policy. Builders read through it and collect
// effects in it; nothing is written before they have all succeeded.
type promotion struct {
	tx     *store.Tx
	kind   *kind
	entry  entry
	source *store.Object
	// body is the source's decoded body.
	body map[string]any
	// lookups are shared by the entries of a batch.
	lookups *lookups

	creates []creation
	adopts  []takeover
	patches []patch
	needs   map[string]bool
	// asked are the ids of the objects for whose Policy paths a builder has asked.
	asked  map[string]bool
	parent parent
}

type creation struct {
	path   string
	unique string // Manager id of what realizes it
	tags   any
	fields map[string]any
}

type takeover struct{ key, path string }

type patch struct {
	path   string
	fields map[string]any
}

type parent struct{ kind, id string }

// id is the Policy id of the entry: the wanted one or the Manager id.
func (p *promotion) id() string {
	if p.entry.PolicyID != "" {
		return p.entry.PolicyID
	}
	return p.entry.ManagerID
}

// create collects a Policy object that stands for a Manager object: its tags are
// copied and its name, unless fields bring one.
func (p *promotion) create(path string, from map[string]any, fields map[string]any) {
	if _, named := fields["display_name"]; !named {
		fields["display_name"] = from["display_name"]
	}
	if description, described := from["description"]; described {
		fields["description"] = description
	}
	unique, _ := from["id"].(string)
	if p.source.System {
		unique = "" // it may be that of NSX's own twin
	}
	p.creates = append(p.creates, creation{path: path, unique: unique, tags: from["tags"], fields: fields})
}

// adopt collects a Manager object that gets the tag policyPath and a new owner.
func (p *promotion) adopt(key, path string) {
	p.adopts = append(p.adopts, takeover{key: key, path: path})
}

// patch collects fields for a Policy object of another entry.
func (p *promotion) patch(path string, fields map[string]any) {
	p.patches = append(p.patches, patch{path: path, fields: fields})
	p.needs[path] = true
}

// pathOf returns the Policy path of a Manager object that must be Policy already.
func (p *promotion) pathOf(collection, id string) (string, error) {
	path, found := p.findPath(collection, id)
	if !found {
		return "", fmt.Errorf("%s/%s, to which it refers, is not a Policy object; it has to be migrated first", collection, id)
	}
	if err := p.lookups.mixed(path); err != nil && !p.system(path) {
		return "", err
	}
	p.needs[path] = true
	return path, nil
}

// system tells whether a Policy object is the system's own.
func (p *promotion) system(path string) bool {
	o, found := p.tx.Policy().Get(path)
	return found && o.System
}

// findPath is pathOf for references that may stay in Manager mode.
func (p *promotion) findPath(collection, id string) (string, bool) {
	p.asked[id] = true
	if o, found := p.tx.Manager().Get(collection + "/" + id); found {
		if path, promoted := o.Tag(tagPolicyPath); promoted {
			return path, true
		}
	}
	path, found := p.lookups.twins(collection)[id]
	return path, found
}

// pathsOf is pathOf for a list of ids.
func (p *promotion) pathsOf(collection string, ids []string) ([]string, error) {
	paths := make([]string, 0, len(ids))
	for _, id := range ids {
		path, err := p.pathOf(collection, id)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// set puts the Policy path of the object that body[from] names into fields[to]; an
// absent or empty reference is left out.
func (p *promotion) set(fields map[string]any, to, collection string, body map[string]any, from string) error {
	id, _ := body[from].(string)
	if id == "" {
		return nil
	}
	path, err := p.pathOf(collection, id)
	if err != nil {
		return err
	}
	fields[to] = path
	return nil
}

// promoteBatch promotes up to limit objects of the stored batch. The failures are
// those of single objects; an error means that the store could not be written.
func (c *Coordinator) promoteBatch(limit int) attempt {
	return func(tx *store.Tx) ([]*record, []failure, error) {
		fresh, problems := c.promoteEntries(tx, limit)
		if len(problems) > 0 && !c.state.Batch.SkipFailed && !c.options.KeepPartial {
			return nil, problems, errStop
		}
		return fresh, problems, nil
	}
}

// attempt promotes objects in a transaction. With errStop it is taken back, which is no failure of the simulator's.
type attempt func(tx *store.Tx) (fresh []*record, problems []failure, err error)

// conclude promotes objects and lets ended say what follows for the plan, in one transaction: whoever saves or copies the
// store at any moment finds an object promoted, its record and the plan's new state, or none of these.
func (c *Coordinator) conclude(promote attempt, ended func(problems []failure, err error)) {
	var problems []failure
	err := c.store.Update(func(tx *store.Tx) error {
		var fresh []*record
		var err error
		if fresh, problems, err = promote(tx); err != nil {
			return err
		}
		if err := c.saveFresh(tx, fresh); err != nil {
			return err
		}
		c.remember(fresh)
		ended(problems, nil)
		return tx.SetSection(sectionState, c.state)
	})
	if err == nil {
		return
	}
	if errors.Is(err, errStop) {
		err = nil
	}
	ended(problems, err)
	c.saveOrFail()
}

// saveFresh writes the records of what was just promoted, as a batch of their own.
func (c *Coordinator) saveFresh(tx *store.Tx, fresh []*record) error {
	if len(fresh) == 0 {
		return nil
	}
	for _, r := range fresh {
		r.batch = c.state.LastBatch + 1
	}
	return tx.SetSection(sectionBatch(c.state.LastBatch+1), fresh)
}

// remember takes over what saveFresh wrote.
func (c *Coordinator) remember(fresh []*record) {
	if len(fresh) == 0 {
		return
	}
	c.state.LastBatch++
	c.state.Promoted = c.state.LastBatch
	c.state.Batches = append(c.state.Batches, c.state.LastBatch)
	for _, r := range fresh {
		c.records[r.key()] = r
		c.index(r)
		if k, known := kindOf(r.Type); known {
			c.state.Rank = max(c.state.Rank, k.rank())
		}
	}
}

// promoteEntries promotes the batch's objects one after the other. It stops at the
// first failure unless the batch says to skip failing ones.
func (c *Coordinator) promoteEntries(tx *store.Tx, limit int) ([]*record, []failure) {
	var fresh []*record
	var problems []failure
	shared := c.newLookups(tx)
	for _, resource := range c.state.Batch.MigrationData {
		for _, one := range resource.ResourceIDs {
			if limit == 0 {
				return fresh, problems
			}
			limit--
			if c.options.SkipSilently[one.ManagerID] {
				continue
			}
			r, err := c.promoteEntry(tx, shared, resource.Type, one)
			if err == nil {
				fresh = append(fresh, r)
				continue
			}
			problems = append(problems, failure{Type: resource.Type, ID: one.ManagerID, Name: shared.name(resource.Type, one), Text: err.Error()})
			if !c.state.Batch.SkipFailed {
				return fresh, problems
			}
		}
	}
	return fresh, problems
}

func (c *Coordinator) promoteEntry(tx *store.Tx, shared *lookups, typeName string, one entry) (*record, error) {
	if text, fails := c.options.FailMigration[one.ManagerID]; fails {
		return nil, errors.New(text)
	}
	k, found := kindOf(typeName)
	if !found {
		return nil, errors.New("type is not supported")
	}
	source, err := k.find(shared, one)
	if err != nil {
		return nil, err
	}
	body, err := source.Fields()
	if err != nil {
		return nil, err
	}
	p := &promotion{tx: tx, kind: k, entry: one, source: source, body: body, lookups: shared, needs: map[string]bool{}, asked: map[string]bool{}}
	path, err := k.promote(p)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(source.Key, "loadbalancer/") {
		if err := p.nothingLost(source.Key, body); err != nil {
			return nil, err
		}
	}
	return c.carryOut(p, path)
}

// nothingLost refuses an object of which a reference found no place in Policy. Those of load balancers have one each.
func (p *promotion) nothingLost(key string, body map[string]any) error {
	for _, r := range references.Of(key, body) {
		if !p.asked[r.ID] {
			return fmt.Errorf("%s names %s, and Policy has no place for that", r.Field, r.ID)
		}
	}
	return nil
}

// carryOut writes what a promotion collected.
func (c *Coordinator) carryOut(p *promotion, path string) (*record, error) {
	r := &record{
		Type: p.kind.name, ManagerID: p.entry.ManagerID, PolicyID: lastPart(path), PolicyPath: path,
		ParentType: p.parent.kind, ParentID: p.parent.id, Source: p.source.Key,
	}
	for _, one := range p.creates {
		if _, exists := p.tx.Policy().Get(one.path); exists {
			return nil, fmt.Errorf("a Policy object with path %s exists already", one.path)
		}
	}
	for _, one := range p.creates {
		if err := c.createPolicy(p.tx, one, c.owner(p.entry)); err != nil {
			return nil, err
		}
		r.Created = append(r.Created, one.path)
		p.lookups.made[one.path] = true
	}
	for _, one := range p.adopts {
		if err := c.adoptManager(p.tx, r, one); err != nil {
			return nil, err
		}
	}
	for _, one := range p.patches {
		names, err := c.patchPolicy(p.tx, one)
		if err != nil {
			return nil, err
		}
		r.Patched = append(r.Patched, patched{Path: one.path, Fields: names})
	}
	for _, own := range r.Created {
		delete(p.needs, own)
	}
	r.Needs = sortedKeys(p.needs)
	return r, nil
}

// owner is who will own the Policy objects of an entry: whom setup_details name, and in
// mode GENERIC the owner of the Manager object.
func (c *Coordinator) owner(one entry) string {
	if c.state.Generic != nil && one.PrincipleIdentity != "" {
		return one.PrincipleIdentity
	}
	return cmp.Or(c.state.Batch.SetupDetails.PrincipalIdentity, defaultPrincipal)
}

func (c *Coordinator) createPolicy(tx *store.Tx, one creation, owner string) error {
	place, known := c.tree.Object(one.path)
	if !known {
		return fmt.Errorf("no Policy object can stand at %s", one.path)
	}
	if !place.Single() {
		if err := c.fitID(lastPart(one.path)); err != nil {
			return err
		}
	}
	fields := maps.Clone(one.fields)
	place.Complete(fields, one.path)
	unique := one.unique
	if unique == "" {
		unique = tx.NewID()
	}
	fields["unique_id"] = unique
	fields["realization_id"] = unique
	fields["_system_owned"] = false
	fields["_protection"] = "NOT_PROTECTED"
	if tags, tagged := one.tags.([]any); tagged && len(tags) > 0 {
		fields["tags"] = tags
	}
	_, err := tx.Policy().Create(one.path, fields, store.Author{User: owner, At: c.clock.Now()})
	return err
}

// defaultPrincipal owns the Policy objects of a batch without setup_details
// (ASSUMED: the schema speaks of a default set-up).
const defaultPrincipal = "admin"

func (c *Coordinator) adoptManager(tx *store.Tx, r *record, one takeover) error {
	before := adopted{Key: one.key}
	_, err := tx.Manager().Mutate(one.key, func(fields map[string]any) error {
		before.Owner, _ = fields["_create_user"].(string)
		var tags []any
		tags, before.HadTags = fields["tags"].([]any)
		fields["tags"] = append(tags, map[string]any{"scope": tagPolicyPath, "tag": one.path})
		fields["_create_user"] = store.PolicyUser
		fields["_last_modified_user"] = store.PolicyUser
		fields["_last_modified_time"] = c.clock.Now().UnixMilli()
		return nil
	})
	r.Adopted = append(r.Adopted, before)
	return err
}

func (c *Coordinator) patchPolicy(tx *store.Tx, one patch) ([]string, error) {
	_, err := tx.Policy().Mutate(one.path, func(fields map[string]any) error {
		maps.Copy(fields, one.fields)
		return nil
	})
	return sortedKeys(one.fields), err
}
