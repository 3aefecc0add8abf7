package coordinator

import (
	"fmt"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxPortTags is how many tags a port may have: NSX allows 30 and needs room for
// policyPath ("SAP networking-nsx-t").
const maxPortTags = 29

// kindCheck is what the pre-check of one kind sees of an entry.
type kindCheck struct {
	shared *lookups
	entry  entry
	source *store.Object
	// inBatch tells whether another object of the same type is in the batch.
	inBatch func(id string) bool
	// portsTogether is true from NSX 3.2 on.
	portsTogether bool
	problem       func(format string, args ...any)
}

// precheck judges a batch as component 0 does.
func (c *Coordinator) precheck(tx *store.Tx, data *migrationData) []failure {
	shared := newLookups(tx)
	var problems []failure
	targets := map[string]string{}
	for _, resource := range data.MigrationData {
		k, known := kindOf(resource.Type)
		if !known {
			problems = append(problems, failure{Type: resource.Type, Text: "type is not supported"})
			continue
		}
		if c.options.EnforceLimits && k.limit > 0 && len(resource.ResourceIDs) > k.limit {
			problems = append(problems, failure{Type: k.name, Text: fmt.Sprintf("%d objects in one request, at most %d are possible", len(resource.ResourceIDs), k.limit)})
		}
		listed := map[string]int{}
		for _, one := range resource.ResourceIDs {
			listed[one.ManagerID]++
		}
		for _, one := range resource.ResourceIDs {
			c.precheckEntry(shared, k, one, listed, targets, func(format string, args ...any) {
				problems = append(problems, failure{Type: k.name, ID: one.ManagerID, Name: shared.name(k.name, one), Text: fmt.Sprintf(format, args...)})
			})
		}
	}
	return problems
}

func (c *Coordinator) precheckEntry(shared *lookups, k *kind, one entry, listed map[string]int, targets map[string]string, problem func(string, ...any)) {
	if text, fails := c.options.FailPrecheck[one.ManagerID]; fails {
		problem("%s", text)
		return
	}
	source, err := k.find(shared, one)
	if err != nil {
		problem("%s", err)
		return
	}
	_, promoted := source.Tag(tagPolicyPath)
	_, recorded := c.records[k.name+" "+source.Key]
	if recorded || (promoted && !k.aside) || (listed[one.ManagerID] > 1 && k.locate == nil) {
		problem("resource %s is duplicate or already migrated", one.ManagerID)
		return
	}
	if source.System {
		problem("is owned by the system and cannot be migrated")
		return
	}
	if k.root != "" {
		c.precheckTarget(shared, k, one, targets, problem)
	}
	if k.check != nil {
		k.check(&kindCheck{
			shared: shared, entry: one, source: source, problem: problem,
			inBatch:       func(id string) bool { return listed[id] > 0 },
			portsTogether: c.version.AtLeast(3, 2),
		})
	}
}

// precheckTarget finds Policy ids that are taken or wanted twice.
func (c *Coordinator) precheckTarget(shared *lookups, k *kind, one entry, targets map[string]string, problem func(string, ...any)) {
	id := one.PolicyID
	if id == "" {
		id = one.ManagerID
	}
	path := k.root + "/" + id
	if other, taken := targets[path]; taken {
		problem("policy_id %s is wanted by %s too", id, other)
		return
	}
	targets[path] = one.ManagerID
	if _, exists := shared.tx.Policy().Get(path); exists {
		problem("a Policy object with path %s exists already", path)
	}
}
