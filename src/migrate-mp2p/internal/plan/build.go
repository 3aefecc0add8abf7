package plan

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/inventory"
	"nsx-mp2p/migrate-mp2p/internal/mp"
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
	facts    map[string]map[mp.Fact]string // by type and parent
	parents  map[string]*inventory.Object  // switches, by Manager id
	makers   map[string]string             // of the nodes' objects: Manager id -> the identity that made it
	maker    string                        // the one that made most of these
}

// Build plans a run. The error is an *Error when the inventory cannot be migrated; it lists every reason.
func Build(inv *inventory.Inventory, o Options) (*Plan, error) {
	b := &builder{
		inv: inv, options: o, objects: inOrder(inv.Objects, o.Catalog),
		plan:  &Plan{Scope: inv.Scope, References: map[string]string{}, AlreadyPolicy: len(inv.Policy)},
		paths: make(map[*inventory.Object]string, len(inv.Objects)), planned: make(map[string]string, len(inv.Objects)),
		policy: map[string]string{}, missing: map[string]*missing{}, facts: map[string]map[mp.Fact]string{},
	}
	for _, done := range inv.Policy {
		if done.PolicyPath != "" && done.Type != mp.Tier1Port {
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
	place := map[mp.Type]int{}
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
	if b.inv.Scope == mp.Shared {
		return
	}
	ncp, nodes := byNodes(b.objects)
	b.plan.Principal = cmp.Or(b.options.Principal, mostFrequentOwner(ncp))
	b.noteMakers(nodes)
	if b.plan.Principal == "" && len(ncp) > 0 {
		b.problem(ncp[0], "NSX does not say which identity made NCP's objects", "set nsx.principal_identity to the identity of NCP")
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

// byNodes parts the objects that NCP made from those of the nodes' network.
func byNodes(objects []*inventory.Object) (ncp, nodes []*inventory.Object) {
	for _, o := range objects {
		if o.Nodes {
			nodes = append(nodes, o)
		} else {
			ncp = append(ncp, o)
		}
	}
	return ncp, nodes
}

// noteMakers notes who made what of the nodes' network. It is not NCP's, and TKGI, BOSH and vSphere may have made it under
// different identities.
func (b *builder) noteMakers(nodes []*inventory.Object) {
	b.makers, b.parents = map[string]string{}, map[string]*inventory.Object{}
	for _, o := range b.objects {
		if o.Type == mp.LogicalSwitch {
			b.parents[o.ID] = o
		}
	}
	var known []*inventory.Object
	for _, o := range nodes {
		if o.Owner != "" && o.Owner != inventory.PolicyUser {
			b.makers[o.ID] = o.Owner
			known = append(known, o)
		}
	}
	b.maker = mostFrequentOwner(known)
	b.plan.Nodes = len(nodes)
	principals := map[string]bool{}
	for _, o := range nodes {
		principal := b.principal(b.entry(o), o)
		principals[principal] = true
		if principal == "" && b.maker == "" {
			b.problem(o, "NSX does not say which identity made the nodes' network", "set nsx.node_principal_identity to the identity of TKGI")
			break
		}
	}
	b.plan.NodePrincipals = slices.Sorted(maps.Keys(principals))
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
		batches := b.pack(of, e)
		for _, objects := range batches {
			b.plan.Batches = append(b.plan.Batches, b.batch(e, objects))
		}
		b.plan.Totals = append(b.plan.Totals, TypeTotal{Type: e.Type, Objects: len(of), Batches: len(batches)})
	}
}

// ofType cuts one type out of the sorted objects.
func (b *builder) ofType(t mp.Type) []*inventory.Object {
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

// pack cuts objects into requests. A request has one principal, so that no two owners share one: NCP's objects come first,
// and ordered types are cut where the owner changes.
func (b *builder) pack(objects []*inventory.Object, e *catalog.Entry) [][]*inventory.Object {
	key := func(o *inventory.Object) string {
		if principal := b.principal(e, o); principal != b.plan.Principal {
			return principal
		}
		return ""
	}
	if !e.Ordered {
		objects = slices.Clone(objects)
		slices.SortStableFunc(objects, func(x, y *inventory.Object) int { return strings.Compare(key(x), key(y)) })
	}
	var batches [][]*inventory.Object
	for len(objects) > 0 {
		first := key(objects[0])
		end := slices.IndexFunc(objects, func(o *inventory.Object) bool { return key(o) != first })
		if end < 0 {
			end = len(objects)
		}
		batches = append(batches, pack(objects[:end], e)...)
		objects = objects[end:]
	}
	return batches
}

// pack cuts objects of one owner into requests. What must travel together stays together: such a group fills a request alone when
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
	resource := mp.Resource{Type: string(e.Type), ResourceIDs: make([]mp.ResourceDetails, 0, len(objects))}
	batch := Batch{Type: e.Type, Entries: make([]Entry, 0, len(objects))}
	for _, o := range objects {
		resource.ResourceIDs = append(resource.ResourceIDs, b.details(e, o))
		batch.Entries = append(batch.Entries, Entry{
			Ref: o.Ref, PolicyPath: b.paths[o], Name: o.Name, Hash: o.Hash, Tags: o.Tags, Names: o.Names, Facts: b.factsOf(o),
		})
	}
	batch.Request = mp.Promotion{
		MigrationData: []mp.Resource{resource},
		SetupDetails:  &mp.SetupDetails{PrincipalIdentity: b.principal(e, objects[0])},
	}
	return batch
}

// principal is who will own the Policy object of an object. Where all objects of one parent travel together, that is the
// parent's owner.
func (b *builder) principal(e *catalog.Entry, o *inventory.Object) string {
	if b.inv.Scope == mp.Shared || e.Principal == catalog.AlwaysShared {
		return b.options.SharedPrincipal
	}
	nodes, maker := o.Nodes, b.makers[o.ID]
	if e.Together {
		maker = b.makers[o.Parent.ID]
		if parent, planned := b.parents[o.Parent.ID]; planned {
			nodes = parent.Nodes
		}
	}
	if !nodes {
		return b.plan.Principal
	}
	return cmp.Or(b.options.NodePrincipal, maker, b.maker)
}

// factsOf adds the parent to an object's facts. Objects of one parent share the map.
func (b *builder) factsOf(o *inventory.Object) map[mp.Fact]string {
	if o.Parent.ID == "" {
		return o.Facts
	}
	key := string(o.Type) + o.Parent.ID
	if o.Facts == nil && b.facts[key] != nil {
		return b.facts[key]
	}
	facts := map[mp.Fact]string{mp.FactParent: o.Parent.ID}
	if o.Type == mp.LogicalPort {
		facts[mp.FactSwitch] = o.Parent.ID
	}
	for name, value := range o.Facts {
		facts[name] = value
	}
	if o.Facts == nil {
		b.facts[key] = facts
	}
	return facts
}
