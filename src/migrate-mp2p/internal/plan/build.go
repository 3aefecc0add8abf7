package plan

import (
	"cmp"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
)

// defaultSharedPrincipal owns shared infrastructure (vmware-nsx).
const defaultSharedPrincipal = "admin"

// builder makes one plan.
type builder struct {
	inv      *inventory.Inventory
	options  Options
	objects  []*inventory.Object
	plan     *Plan
	problems []Problem
	paths    map[*inventory.Object]string
	planned  map[string]string // Manager id -> Policy path, of the plan
	policy   map[string]string // the same of objects of this scope that are Policy already
	missing  map[string]*missing
	facts    map[string]map[string]string // by type and parent
}

// Build plans a run. The error is an *Error when the inventory cannot be migrated; it lists every reason.
func Build(inv *inventory.Inventory, o Options) (*Plan, error) {
	b := &builder{
		inv: inv, options: o, objects: inOrder(inv.Objects, o.Catalog),
		plan:  &Plan{Scope: inv.Scope, References: map[string]string{}, AlreadyPolicy: len(inv.Policy)},
		paths: make(map[*inventory.Object]string, len(inv.Objects)), planned: make(map[string]string, len(inv.Objects)),
		policy: map[string]string{}, missing: map[string]*missing{}, facts: map[string]map[string]string{},
	}
	for _, done := range inv.Policy {
		if done.PolicyPath != "" && done.Type != catalog.Tier1Port {
			b.policy[done.ID] = done.PolicyPath
		}
	}
	b.choosePrincipal()
	b.choosePaths()
	b.checkUnsupported()
	b.checkTags()
	b.checkReferences()
	b.makeBatches()
	b.adopt()
	b.reportMissing()
	if len(b.problems) > 0 {
		return nil, &Error{Problems: b.problems}
	}
	b.plan.Digest = digest(b.plan)
	return b.plan, nil
}

// inOrder sorts objects as the catalog migrates them; sections among themselves as NSX evaluates them.
func inOrder(objects []*inventory.Object, cat *catalog.Catalog) []*inventory.Object {
	place := map[catalog.Type]int{}
	for i, e := range cat.Entries() {
		place[e.Type] = i
	}
	sorted := slices.Clone(objects)
	slices.SortStableFunc(sorted, func(x, y *inventory.Object) int {
		order := 0
		if e, _ := cat.Entry(x.Type); e.Ordered {
			order = cmp.Compare(x.Order, y.Order)
		}
		return cmp.Or(cmp.Compare(place[x.Type], place[y.Type]), order, strings.Compare(x.ID, y.ID))
	})
	return sorted
}

// choosePrincipal finds who shall own NCP's Policy objects.
func (b *builder) choosePrincipal() {
	b.options.SharedPrincipal = cmp.Or(b.options.SharedPrincipal, defaultSharedPrincipal)
	if b.inv.Scope == catalog.Shared {
		return
	}
	b.plan.Principal = cmp.Or(b.options.Principal, mostFrequentOwner(b.objects))
	if b.plan.Principal == "" && len(b.objects) > 0 {
		first := b.objects[0]
		b.problem(first, "NSX does not say which identity made NCP's objects", "set nsx.principal_identity to the identity of NCP")
	}
}

func mostFrequentOwner(objects []*inventory.Object) string {
	count := map[string]int{}
	for _, o := range objects {
		if o.Owner != "" {
			count[o.Owner]++
		}
	}
	best := ""
	for owner, n := range count {
		if n > count[best] || n == count[best] && owner < best {
			best = owner
		}
	}
	return best
}

// problem notes a reason why an object cannot be planned.
func (b *builder) problem(o *inventory.Object, text, cure string) {
	p := Problem{Type: o.Type, ID: o.ID, Name: o.Name, Text: text, Cure: cure}
	if o.Wanted != nil {
		p.Line = o.Wanted.Line
	}
	b.problems = append(b.problems, p)
}

// entry is the catalog's word on an object.
func (b *builder) entry(o *inventory.Object) *catalog.Entry {
	e, _ := b.options.Catalog.Entry(o.Type)
	return e
}

// makeBatches packs the objects of each type into requests.
func (b *builder) makeBatches() {
	for _, e := range b.options.Catalog.Entries() {
		of := b.ofType(e.Type)
		if len(of) == 0 {
			continue
		}
		batches := pack(of, e)
		for _, objects := range batches {
			b.plan.Batches = append(b.plan.Batches, b.batch(e, objects))
		}
		b.plan.Totals = append(b.plan.Totals, TypeTotal{Type: e.Type, Objects: len(of), Batches: len(batches)})
	}
}

// ofType cuts one type out of the sorted objects.
func (b *builder) ofType(t catalog.Type) []*inventory.Object {
	from := slices.IndexFunc(b.objects, func(o *inventory.Object) bool { return o.Type == t })
	if from < 0 {
		return nil
	}
	to := from
	for to < len(b.objects) && b.objects[to].Type == t {
		to++
	}
	return b.objects[from:to]
}

// pack cuts objects into requests. What must travel together stays together: such a group fills a request alone when
// it is larger than the limit.
func pack(objects []*inventory.Object, e *catalog.Entry) [][]*inventory.Object {
	var batches [][]*inventory.Object
	var current []*inventory.Object
	for _, group := range groups(objects, e) {
		if len(current) > 0 && len(current)+len(group) > e.Limit {
			batches = append(batches, current)
			current = nil
		}
		current = append(current, group...)
	}
	return append(batches, current)
}

// groups are the objects that must not be parted: those of one parent, or each by itself.
func groups(objects []*inventory.Object, e *catalog.Entry) [][]*inventory.Object {
	if !e.Together {
		return slices.Collect(slices.Chunk(objects, 1))
	}
	byParent := slices.Clone(objects)
	slices.SortStableFunc(byParent, func(x, y *inventory.Object) int { return strings.Compare(x.Parent.ID, y.Parent.ID) })
	var all [][]*inventory.Object
	for len(byParent) > 0 {
		end := slices.IndexFunc(byParent, func(o *inventory.Object) bool { return o.Parent.ID != byParent[0].Parent.ID })
		if end < 0 {
			end = len(byParent)
		}
		all = append(all, byParent[:end:end])
		byParent = byParent[end:]
	}
	return all
}

// batch makes one request.
func (b *builder) batch(e *catalog.Entry, objects []*inventory.Object) Batch {
	resource := nsx.Resource{Type: string(e.Type), ResourceIDs: make([]nsx.ResourceDetails, 0, len(objects))}
	batch := Batch{Type: e.Type, Entries: make([]Entry, 0, len(objects))}
	for _, o := range objects {
		resource.ResourceIDs = append(resource.ResourceIDs, b.details(e, o))
		batch.Entries = append(batch.Entries, Entry{
			Ref: o.Ref, PolicyPath: b.paths[o], Name: o.Name, Hash: o.Hash, Tags: o.Tags, Names: o.Names, Facts: b.factsOf(o),
		})
	}
	batch.Request = nsx.Promotion{
		MigrationData: []nsx.Resource{resource},
		SetupDetails:  &nsx.SetupDetails{PrincipalIdentity: b.principal(e)},
	}
	return batch
}

// principal is who will own the Policy objects of a type.
func (b *builder) principal(e *catalog.Entry) string {
	if b.inv.Scope == catalog.Shared || e.Principal == catalog.AlwaysShared {
		return b.options.SharedPrincipal
	}
	return b.plan.Principal
}

// factsOf adds the parent to an object's facts. Objects of one parent share the map.
func (b *builder) factsOf(o *inventory.Object) map[string]string {
	if o.Parent.ID == "" {
		return o.Facts
	}
	key := string(o.Type) + o.Parent.ID
	if o.Facts == nil && b.facts[key] != nil {
		return b.facts[key]
	}
	facts := map[string]string{FactParent: o.Parent.ID}
	if o.Type == catalog.LogicalPort {
		facts[FactSwitch] = o.Parent.ID
	}
	for name, value := range o.Facts {
		facts[name] = value
	}
	if o.Facts == nil {
		b.facts[key] = facts
	}
	return facts
}
