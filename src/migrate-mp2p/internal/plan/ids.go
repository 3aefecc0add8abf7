package plan

import (
	"fmt"
	"path"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/policyid"
)

// policyID is the id that an object shall get in Policy; empty when the request does not name one.
func (b *builder) policyID(o *inventory.Object) string {
	switch e := b.entry(o); {
	case !e.Named:
		return ""
	case o.PolicyPath != "": // adopted: it has one
		return path.Base(o.PolicyPath)
	case o.Wanted != nil && o.Wanted.PolicyID != "" && o.Wanted.Type == o.Type:
		return o.Wanted.PolicyID
	case o.Type == mp.IPPoolAllocation:
		return allocationID(o)
	case b.options.PolicyIDs == ByName && policyid.Judge(nameID(o.Name)) == "":
		return nameID(o.Name)
	default:
		return o.ID
	}
}

// judgeID reports an id that NSX would refuse in a path, and notes an object that keeps its Manager id because its name
// makes no other. Whoever stands in the user spec is not given another id than the operator asked for.
func (b *builder) judgeID(o *inventory.Object, id string) bool {
	why := policyid.Judge(id)
	if why != "" {
		cure := "see the assumptions about " + string(o.Type) + " in the documentation"
		if o.Wanted != nil {
			cure = fmt.Sprintf("give it the policy_id %q in the user spec", policyid.Propose(id))
		}
		b.problem(o, fmt.Sprintf("its Policy id %.60q would be refused by NSX: %s", id, why), cure)
		return false
	}
	if b.options.PolicyIDs != ByName || id != o.ID || nameID(o.Name) == id {
		return true
	}
	if o.Wanted == nil || o.Wanted.Type != o.Type {
		b.plan.KeptIDs++
		if len(b.plan.KeptNames) < someNames {
			b.plan.KeptNames = append(b.plan.KeptNames, fmt.Sprintf("%s %.60q", o.Ref, o.Name))
		}
		return true
	}
	if o.Wanted.PolicyID == id {
		return true // the operator wants just this one
	}
	b.problem(o, fmt.Sprintf("no Policy id can be made of its display name %.60q: %s", o.Name, policyid.Judge(nameID(o.Name))),
		fmt.Sprintf("give it a policy_id in the user spec, for example %q, or set migration.policy_ids to uuid", policyid.Propose(o.Name)))
	return false
}

// someNames is how many of the objects that keep their ids a plan names.
const someNames = 5

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
			if !b.judgeID(o, id) {
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
