package plan

import (
	"fmt"
	"path"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
)

// policyID is the id that an object shall get in Policy; empty when the request does not name one.
func (b *builder) policyID(o *inventory.Object) string {
	switch e := b.entry(o); {
	case !e.Named:
		return ""
	case o.Wanted != nil && o.Wanted.PolicyID != "" && o.Wanted.Type == o.Type:
		return o.Wanted.PolicyID
	case o.Type == catalog.IPPoolAllocation:
		return allocationID(o)
	case b.options.PolicyIDs == ByName:
		return nameID(o.Name)
	default:
		return o.ID
	}
}

// allocationID is the address with hyphens, or what the user spec wants.
func allocationID(o *inventory.Object) string {
	if o.Wanted != nil && o.Wanted.PolicyID != "" {
		return o.Wanted.PolicyID
	}
	return strings.NewReplacer(".", "-", ":", "-").Replace(o.ID)
}

// nameID is the rule of NCP 3.x (NCP docs 3.2): blanks and slashes become underscores, and a name of nothing but
// periods gets one in front.
func nameID(name string) string {
	id := strings.NewReplacer(" ", "_", "/", "_").Replace(name)
	if id != "" && strings.Trim(id, ".") == "" {
		return "_" + id
	}
	return id
}

// choosePaths finds the Policy path of every object, those of parents first, and reports two objects that would get
// the same one.
func (b *builder) choosePaths() {
	taken := make(map[string]*inventory.Object, len(b.objects))
	for _, o := range b.objects {
		if b.entry(o).PolicyPath != "" {
			b.planned[o.ID] = "" // it stays so when a problem with it is reported
		}
	}
	for _, children := range []bool{false, true} {
		for _, o := range b.objects {
			e := b.entry(o)
			if e.PolicyPath == "" || strings.Contains(e.PolicyPath, "{parent_path}") != children {
				continue
			}
			id := b.policyID(o)
			if id == "" {
				b.problem(o, "its display name is empty, so that no Policy id can be made of it", "give it a name, or set migration.policy_ids to uuid")
				continue
			}
			parent := ""
			if children {
				if parent, _ = b.pathOf(o.Parent.ID); parent == "" {
					continue // the parent's problem is reported
				}
			}
			p, err := fill(e.PolicyPath, map[string]string{"parent_path": parent, "policy_id": id})
			if err != nil {
				b.problem(o, fmt.Sprintf("its Policy path cannot be built: %v", err), "correct the catalog")
				continue
			}
			if other := taken[p]; other != nil {
				b.problem(o, fmt.Sprintf("it would get the Policy path %s, as would %s", p, other.Ref), "rename one of the two, set migration.policy_ids to uuid, or give it a policy_id in the user spec")
				continue
			}
			taken[p] = o
			b.paths[o] = p
			b.planned[o.ID] = p
		}
	}
}

// pathOf finds the Policy path of a Manager object, in the plan or outside.
func (b *builder) pathOf(id string) (p string, ok bool) {
	for _, known := range []map[string]string{b.planned, b.policy, b.options.Assume} {
		if p, ok = known[id]; ok {
			return p, true
		}
	}
	outside := b.inv.Outside[id]
	return outside.PolicyPath, outside.PolicyPath != ""
}

// idOf is the last element of that path.
func (b *builder) idOf(id string) (policyID string, ok bool) {
	p, ok := b.pathOf(id)
	return path.Base(p), ok
}
