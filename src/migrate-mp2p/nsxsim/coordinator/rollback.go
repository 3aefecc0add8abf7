package coordinator

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// rollback brings promoted entries back to Manager mode. It is whole or nothing
// (ASSUMED): entries that are not migrated, and entries that other Policy objects still
// need, make it fail without any change.
func (c *Coordinator) rollback(data *migrationData) error {
	found, problems := c.recordsOf(data)
	var err error
	if len(problems) == 0 {
		problems, err = c.takeBack(found)
	}
	if len(problems) == 0 {
		return err
	}
	lines := make([]string, len(problems))
	for i, problem := range problems {
		lines[i] = problem.String()
	}
	return &api.Error{
		Status: 400, Code: codeRefused, Module: api.ModuleCoordinator,
		Message: "Rollback of MP to Policy migration failed.", Details: strings.Join(lines, "\n"),
	}
}

// interruptRollback is what a crash leaves of a rollback: nothing, or with KeepPartial
// the entries brought back that it had reached, as time tells.
func (c *Coordinator) interruptRollback(data *migrationData, share float64) error {
	found, problems := c.recordsOf(data)
	if !c.options.KeepPartial || len(problems) > 0 {
		return nil
	}
	reached := found[:int(float64(len(found))*share)]
	return c.store.Update(func(tx *store.Tx) error {
		updated := map[int]bool{}
		for _, r := range reached {
			if err := c.restore(tx, r); err != nil {
				return err
			}
			updated[r.batch] = true
		}
		return c.forget(tx, reached, updated)
	})
}

// recordsOf finds the records of the entries, and what is wrong with them.
func (c *Coordinator) recordsOf(data *migrationData) ([]*record, []failure) {
	byID := map[string][]*record{}
	for _, r := range c.records {
		byID[r.Type+" "+r.ManagerID] = append(byID[r.Type+" "+r.ManagerID], r)
	}
	var found []*record
	var problems []failure
	seen := map[*record]bool{}
	for _, resource := range data.MigrationData {
		for _, one := range resource.ResourceIDs {
			problem := func(text string) {
				problems = append(problems, failure{Type: resource.Type, ID: one.ManagerID, Text: text})
			}
			candidates := byID[resource.Type+" "+one.ManagerID]
			if len(candidates) > 1 {
				candidates = slices.DeleteFunc(slices.Clone(candidates), func(r *record) bool { return !linkedTo(r, one) })
			}
			switch {
			case len(candidates) != 1:
				problem("is not migrated")
			case seen[candidates[0]]:
				problem("is listed twice")
			default:
				seen[candidates[0]] = true
				found = append(found, candidates[0])
			}
		}
	}
	return found, problems
}

// linkedTo tells whether the entry's linked ids name the record's pool; two pools
// may hold one and the same address.
func linkedTo(r *record, one entry) bool {
	return slices.ContainsFunc(one.LinkedIDs, func(p pair) bool { return strings.Contains(r.Source, "/"+string(p.Value)+"/") })
}

// restore undoes one promotion. What Policy clients changed meanwhile is lost.
func (c *Coordinator) restore(tx *store.Tx, r *record) error {
	for _, one := range r.Patched {
		if _, exists := tx.Policy().Get(one.Path); !exists {
			continue
		}
		_, err := tx.Policy().Mutate(one.Path, func(fields map[string]any) error {
			for _, name := range one.Fields {
				delete(fields, name)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if r.Source == switchCollection+"/"+r.ManagerID {
		if err := dropShadows(tx, r.PolicyPath); err != nil {
			return err
		}
	}
	for _, path := range slices.Backward(r.Created) {
		if err := tx.Policy().Delete(path); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	for _, one := range slices.Backward(r.Adopted) {
		if _, exists := tx.Manager().Get(one.Key); !exists {
			continue
		}
		_, err := tx.Manager().Mutate(one.Key, func(fields map[string]any) error {
			giveBack(fields, one)
			fields["_last_modified_user"] = store.PolicyUser
			fields["_last_modified_time"] = c.clock.Now().UnixMilli()
			return nil
		})
		if err != nil {
			return err
		}
	}
	if c.options.LossyRollback && r.Type == typeSection {
		return makeAnew(tx, r.Source)
	}
	return nil
}

// dropShadows makes the ports that a Manager client made on a promoted switch ordinary ones: NSX made their Policy
// objects by itself, so these go with the segment.
func dropShadows(tx *store.Tx, segment string) error {
	for _, child := range tx.Policy().List(segment + "/ports") {
		port, found := tx.Manager().Get(portCollection + "/" + strings.TrimPrefix(child.ID, policy.AutomaticPrefix))
		if !found || !port.HasTag(tagPolicyPath, child.Key) {
			continue
		}
		if err := tx.Policy().Delete(child.Key); err != nil {
			return err
		}
		_, err := tx.Manager().Mutate(port.Key, func(fields map[string]any) error {
			giveBack(fields, adopted{Owner: port.Owner, HadTags: len(port.Tags) > 1})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// makeAnew leaves a section as one would be that was made once more from its Policy
// object: last, but above the default sections, and with other rules of the same content.
func makeAnew(tx *store.Tx, section string) error {
	if _, exists := tx.Manager().Get(section); !exists {
		return nil
	}
	for _, old := range tx.Manager().List(section + "/rules") {
		rule, err := old.Fields()
		if err != nil {
			return err
		}
		id := tx.NewNumber()
		rule["id"], rule["_revision"] = id, 0
		if _, err := tx.Manager().PutFields(section+"/rules/"+id, rule); err != nil {
			return err
		}
		if err := tx.Manager().Delete(old.Key); err != nil {
			return err
		}
	}
	return moveToEnd(tx, section)
}

// moveToEnd gives a section the place behind all others but the default ones, which make
// room for it if need be.
func moveToEnd(tx *store.Tx, section string) error {
	last := int64(-1)
	var defaults []*store.Object
	for _, other := range tx.Manager().List(sectionCollection) {
		switch {
		case other.Key == section || isEdgeSection(other):
		case isDefaultSection(other):
			defaults = append(defaults, other)
		default:
			last = max(last, priority(other))
		}
	}
	if err := setPriority(tx, section, last+1); err != nil {
		return err
	}
	for _, one := range defaults {
		if priority(one) <= last+1 {
			if err := setPriority(tx, one.Key, last+2); err != nil {
				return err
			}
		}
	}
	return nil
}

func setPriority(tx *store.Tx, section string, to int64) error {
	_, err := tx.Manager().Mutate(section, func(fields map[string]any) error {
		fields["priority"] = to
		return nil
	})
	return err
}

func giveBack(fields map[string]any, one adopted) {
	tags, _ := fields["tags"].([]any)
	tags = slices.DeleteFunc(tags, func(tag any) bool {
		pair, _ := tag.(map[string]any)
		return pair["scope"] == tagPolicyPath
	})
	if one.HadTags {
		fields["tags"] = tags
	} else {
		delete(fields, "tags")
	}
	if one.Owner == "" {
		delete(fields, "_create_user")
	} else {
		fields["_create_user"] = one.Owner
	}
}

// stillNeeded finds deleted Policy objects that other promoted entries refer to, or
// below which somebody else's Policy objects lie.
func (c *Coordinator) stillNeeded(tx *store.Tx, gone []*record) []failure {
	deleted := map[string]*record{}
	leaving := map[*record]bool{}
	for _, r := range gone {
		leaving[r] = true
		for _, path := range r.Created {
			deleted[path] = r
		}
	}
	var problems []failure
	needing := func(r *record) bool {
		return !leaving[r] && slices.ContainsFunc(r.Needs, func(path string) bool { return deleted[path] != nil })
	}
	for _, r := range c.sortedRecords(needing) {
		for _, path := range r.Needs {
			if target := deleted[path]; target != nil {
				problems = append(problems, failure{Type: target.Type, ID: target.ManagerID, Text: fmt.Sprintf("is still referenced by %s", r.PolicyPath)})
			}
		}
	}
	for _, path := range sortedKeys(deleted) {
		r := deleted[path]
		for _, collection := range childCollections {
			for _, child := range tx.Policy().List(path + collection) {
				problems = append(problems, failure{Type: r.Type, ID: r.ManagerID, Text: fmt.Sprintf("still has the child %s", child.Key)})
			}
		}
	}
	return problems
}

// forget drops the records of what was rolled back.
func (c *Coordinator) forget(tx *store.Tx, gone []*record, batches map[int]bool) error {
	for _, r := range gone {
		delete(c.records, r.key())
		c.unindex(r)
	}
	if err := c.saveBatches(tx, batches); err != nil {
		return err
	}
	return tx.SetSection(sectionState, c.state)
}
