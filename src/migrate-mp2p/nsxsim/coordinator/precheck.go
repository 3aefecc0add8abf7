package coordinator

import (
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxPortTags is how many tags a port may have: NSX allows 30 and needs room for
// policyPath ("SAP networking-nsx-t").
const maxPortTags = 29

// precheck is component 0 at work: it judges entries and collects what is wrong.
type precheck struct {
	c        *Coordinator
	shared   *lookups
	problems []failure
	// targets are the places in Policy that entries want, with the id that wants them.
	targets map[string]string
}

func (c *Coordinator) newPrecheck(tx *store.Tx) *precheck {
	return &precheck{c: c, shared: c.newLookups(tx), targets: map[string]string{}}
}

// kindCheck is what the checks of one kind see of an entry.
type kindCheck struct {
	shared *lookups
	entry  entry
	source *store.Object
	// inBatch tells whether another object of the same type is in the batch.
	inBatch func(id string) bool
	// before tells whether NSX is older than a version.
	before func(numbers ...int) bool
	// fitID refuses what cannot be a Policy id.
	fitID   func(id string) error
	problem func(format string, args ...any)
}

// precheck judges a batch as component 0 does.
func (c *Coordinator) precheck(tx *store.Tx, data *migrationData) []failure {
	check := c.newPrecheck(tx)
	rank := c.state.Rank
	for _, resource := range data.MigrationData {
		k, known := kindOf(resource.Type)
		if !known || k.genericOnly {
			check.problem(resource.Type, entry{}, "type is not supported")
			continue
		}
		if n, limit := len(resource.ResourceIDs), c.limit(k); limit > 0 && n > limit {
			check.problem(k.name, entry{}, "%d objects in one request, at most %d are possible", n, limit)
		}
		if c.options.EnumOrder && k.rank() > 0 {
			if k.rank() < rank {
				check.problem(k.name, entry{}, "type comes before %s, which was migrated already", kinds[rank-1].name)
			}
			rank = max(rank, k.rank())
		}
		listed := map[string]int{}
		for _, one := range resource.ResourceIDs {
			listed[one.ManagerID]++
		}
		for _, one := range resource.ResourceIDs {
			check.entry(k, one, listed)
		}
	}
	return check.problems
}

// limit is the largest number of a kind's objects in one request; 0 means none. From
// NSX 3.2 on ports have none, as those of a switch must travel together (vmware-nsx).
func (c *Coordinator) limit(k *kind) int {
	if !c.options.EnforceLimits || (k.collection == portCollection && c.version.AtLeast(3, 2)) {
		return 0
	}
	return k.limit
}

func (p *precheck) problem(typeName string, one entry, format string, args ...any) {
	p.problems = append(p.problems, failure{Type: typeName, ID: one.ManagerID, Name: p.shared.name(typeName, one), Text: fmt.Sprintf(format, args...)})
}

// entry judges one entry and tells whether it may be promoted.
func (p *precheck) entry(k *kind, one entry, listed map[string]int) bool {
	found := len(p.problems)
	problem := func(format string, args ...any) { p.problem(k.name, one, format, args...) }
	if text, fails := p.c.options.FailPrecheck[one.ManagerID]; fails {
		problem("%s", text)
		return false
	}
	source, err := k.find(p.shared, one)
	if err != nil {
		problem("%s", err)
		return false
	}
	_, promoted := source.Tag(tagPolicyPath)
	_, recorded := p.c.records[k.name+" "+source.Key]
	if recorded || (promoted && !k.aside) || (listed[one.ManagerID] > 1 && k.locate == nil) {
		problem("resource %s is duplicate or already migrated", one.ManagerID)
		return false
	}
	if source.System && k.collection != profileCollection {
		problem("is owned by the system and cannot be migrated")
		return false
	}
	if p.shared.generic {
		if what := unsupportedIn(k.collection, source); what != "" {
			problem("%s cannot be promoted", what)
			return false
		}
	}
	p.target(k, one, source, problem)
	check := &kindCheck{
		shared: p.shared, entry: one, source: source, problem: problem,
		inBatch: func(id string) bool { return p.shared.generic || listed[id] > 0 },
		before:  func(numbers ...int) bool { return before(p.c.version, numbers...) },
		fitID:   p.c.fitID,
	}
	if !p.shared.generic {
		checkKeys(k, check)
	}
	if k.check != nil {
		k.check(check)
	}
	return len(p.problems) == found
}

// fitID refuses what cannot be a Policy id.
func (c *Coordinator) fitID(id string) error {
	if c.options.UnfitIDs && !strings.Contains(id, "/") {
		return nil
	}
	return policy.CheckID(id)
}

// target finds Policy ids that cannot be, that are taken, or that are wanted twice.
func (p *precheck) target(k *kind, one entry, source *store.Object, problem func(string, ...any)) {
	if k.aside {
		return
	}
	id := one.PolicyID
	if id == "" {
		id = one.ManagerID
	}
	if err := p.c.fitID(id); err != nil {
		problem("policy_id %q is not valid: %s", id, err)
		return
	}
	path := k.root + "/" + id
	if k.root == "" {
		path = k.name + " below " + k.parent(source) + "/" + id
	}
	if other, taken := p.targets[path]; taken {
		problem("policy_id %s is wanted by %s too", id, other)
		return
	}
	p.targets[path] = one.ManagerID
	if _, exists := p.shared.tx.Policy().Get(path); exists {
		problem("a Policy object with path %s exists already", path)
	}
}
