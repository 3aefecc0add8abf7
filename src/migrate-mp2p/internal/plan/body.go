package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// details makes the entry of one object in a request.
func (b *builder) details(e *catalog.Entry, o *inventory.Object) mp.ResourceDetails {
	values := b.values(o)
	d := mp.ResourceDetails{ManagerID: o.ID, PolicyID: values["policy_id"]}
	d.Metadata = b.expand(o, e.Metadata, values)
	if !poolless(o) {
		d.LinkedIDs = b.expand(o, e.LinkedIDs, values)
	}
	if len(e.PartMetadata)+len(e.PartLinkedIDs) > 0 {
		d.Metadata, d.LinkedIDs = slices.Clip(d.Metadata), slices.Clip(d.LinkedIDs)
		for i, part := range o.Parts {
			if !b.partValues(values, part, i) {
				continue
			}
			d.Metadata = append(d.Metadata, b.expand(o, e.PartMetadata, values)...)
			d.LinkedIDs = append(d.LinkedIDs, b.expand(o, e.PartLinkedIDs, values)...)
		}
	}
	if o.Wanted != nil && o.Wanted.Type == o.Type {
		d.Metadata = catalog.Replace(d.Metadata, o.Wanted.Metadata)
		d.LinkedIDs = catalog.Replace(d.LinkedIDs, o.Wanted.LinkedIDs)
	}
	return d
}

// poolless tells whether an object is a subnet of the nodes that no pool is over: TKGI gives the block's addresses to BOSH,
// which needs none. Policy has subnets below pools only; that NSX makes a pool of its own for such a one is ASSUMED, so
// that the request names none, and NSX decides where the subnet goes.
func poolless(o *inventory.Object) bool {
	return o.Type == mp.IPBlockSubnet && o.Nodes && o.Parent.ID == ""
}

// values fills the placeholders of the catalog's templates for one object.
func (b *builder) values(o *inventory.Object) map[string]string {
	values := map[string]string{"id": o.ID, "policy_id": b.policyID(o), "name": o.Name, "sequence": strconv.Itoa(o.Order)}
	if len(b.entry(o).Parents) > 0 {
		values["parent"] = o.Parent.ID
		values["parent_type"] = string(o.Parent.Type)
		values["parent_policy_id"], _ = b.idOf(o.Parent.ID) // checkReferences reports a parent that is unknown or not Policy
	}
	if o.Type == mp.DFWSection {
		values["category"] = category(o.Category)
	}
	return values
}

// category is the Policy category of a section.
func category(manager string) string {
	if manager == "" || manager == "Default" {
		return "Application"
	}
	return manager
}

// partValues fills the placeholders for the n-th part of an object. It answers false for a part that needs no pair: a
// router port without a switch behind it.
func (b *builder) partValues(values map[string]string, part inventory.Part, n int) bool {
	values["part"], values["part_policy_id"], values["sequence"] = part.ID, part.ID, strconv.Itoa(n+1)
	switch {
	case part.PolicyID != "":
		values["part_policy_id"] = part.PolicyID
	case part.Switch != "":
		id, ok := b.idOf(part.Switch)
		values["part_policy_id"] = id
		return ok // checkReferences reports a switch that is not Policy
	case part.IsPort:
		return false
	}
	return true
}

// expand fills templates. Templates without placeholders are shared by all objects, which saves much memory.
func (b *builder) expand(o *inventory.Object, templates []mp.KeyValue, values map[string]string) []mp.KeyValue {
	if !slices.ContainsFunc(templates, func(t mp.KeyValue) bool { return strings.Contains(t.Key+t.Value, "{") }) {
		return slices.Clip(templates)
	}
	pairs := make([]mp.KeyValue, 0, len(templates))
	for _, t := range templates {
		key, err := fill(t.Key, values)
		if err == nil {
			t.Value, err = fill(t.Value, values)
		}
		if err != nil {
			b.problem(o, fmt.Sprintf("the pair %q of its request cannot be built: %v", t.Key, err), "correct migration.overrides, or see why its parent cannot be planned")
			continue
		}
		pairs = append(pairs, mp.KeyValue{Key: key, Value: t.Value})
	}
	return pairs
}

// fill replaces every {placeholder}.
func fill(template string, values map[string]string) (string, error) {
	var filled strings.Builder
	for {
		before, rest, open := strings.Cut(template, "{")
		filled.WriteString(before)
		if !open {
			return filled.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		value, ok := values[name]
		if !closed || !ok {
			return "", fmt.Errorf("nothing is known for the placeholder {%s}", name)
		}
		filled.WriteString(value)
		template = after
	}
}

// digest is a fingerprint of everything that would be sent.
func digest(p *Plan) string {
	sum := sha256.New()
	encoder := json.NewEncoder(sum)
	for _, b := range p.Batches {
		if err := encoder.Encode(b.Request); err != nil {
			return "" // strings can always be encoded, and a hash takes every byte
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:32]
}
