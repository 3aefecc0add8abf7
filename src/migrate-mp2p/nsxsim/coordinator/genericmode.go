package coordinator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// genericRun is a promotion of everything that is not Policy yet ("SAP
// networking-nsx-t", "KB scripts"): one request starts it, it promotes type after type,
// and DONE ends it.
type genericRun struct {
	// Steps are the types that had objects at the beginning, in the order of
	// promotion; Next is the one at work or to come.
	Steps []string `json:"steps"`
	Next  int      `json:"next"`
}

// genericOrder is the order of types in a GENERIC run: parents first (the order of
// vmware-nsx, and ASSUMED where that has no such type).
var genericOrder = []string{
	"IPBLOCK", "IPPOOL", "IPBLOCK_SUBNET", "IPPOOL_ALLOCATION", "DHCP_SERVER", "TIER0", "TIER1",
	"SPOOFGUARD_PROFILES", "MACDISCOVERY_PROFILES", "SEGMENT_SECURITY_PROFILES", "QOS_PROFILES", "IPDISCOVERY_PROFILES",
	"CERTIFICATE", "CRL", "METADATA_PROXY", "LOGICAL_SWITCH", "LOGICAL_PORT", "TIER1_LOGICAL_ROUTER_PORT", "NAT",
	"TIER0_LOGICAL_ROUTER_PORT", "TIER0_LOGICAL_ROUTER_CONFIG", "IP_SET", "NS_GROUP",
	"LB_MONITOR", "LB_POOL", "LB_APPLICATION_PROFILE", "LB_PERSISTENCE_PROFILE", "LB_CLIENT_SSL_PROFILE",
	"LB_VIRTUAL_SERVER", "LB_SERVICE", "EDGE_FIREWALL_SECTION", "DFW_SECTION",
}

// unsupported are objects that a GENERIC run cannot promote ("NSX admin guide"), as far
// as the simulator can hold them. Their pre-check fails.
var unsupported = []struct {
	what, typeName, collection string
	// field is where the value makes an object unsupported; "" looks at its type.
	field, value string
	// uncovered objects belong to no type, so no type's entries include them.
	uncovered bool
}{
	{"VRF configuration", "TIER0", routerCollection, "router_type", "VRF", true},
	{"local or remote SPAN", "SWITCHING_PROFILES", profileCollection, "", "PortMirroringSwitchingProfile", true},
	{"bridge firewall", "DFW_SECTION", sectionCollection, "enforced_on", "BRIDGEENDPOINT", false},
	{"service insertion", "DFW_SECTION", sectionCollection, "section_type", "L3REDIRECT", false},
	{"L2 forwarder", "LOGICAL_PORT", portCollection, "attachment_type", "L2FORWARDER", false},
	{"Active Directory group", "NS_GROUP", groupCollection, "target_type", "DirectoryGroup", false},
}

// beginGeneric starts a GENERIC run, without INITIATE and plan start.
func (c *Coordinator) beginGeneric(data *migrationData) error {
	if c.state.Workflow {
		return refuse("A migration workflow is already in progress.")
	}
	c.state.reset()
	c.state.open()
	c.state.Batch = data
	run := &genericRun{}
	c.state.Generic = run
	c.state.Run.Generic, c.state.Run.Totals = true, map[string]int{}
	objects := 0
	err := c.store.View(func(tx *store.Tx) error {
		shared := newLookups(tx)
		for _, name := range genericOrder {
			if n := len(c.wanted(shared, name)); n > 0 {
				run.Steps = append(run.Steps, name)
				c.state.Run.Totals[name] = n
				objects += n
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.note("INITIATED")
	c.state.Precheck = c.begin(c.options.PrecheckTime, objects)
	c.schedule()
	return c.save()
}

// candidates are the objects of a type that neither Policy nor the system owns and that
// no promotion knows.
func (c *Coordinator) candidates(shared *lookups, k *kind) []*store.Object {
	return slices.DeleteFunc(slices.Clone(k.objects(shared)), func(o *store.Object) bool { return !c.left(k, o) })
}

// left tells whether an object is left to be promoted.
func (c *Coordinator) left(k *kind, o *store.Object) bool {
	if _, recorded := c.records[k.name+" "+o.Key]; recorded || o.System {
		return false
	}
	_, promoted := o.Tag(tagPolicyPath)
	return k.aside || (!promoted && o.Owner != store.PolicyUser)
}

// wanted are the entries of a type in the run at work, in the order of their promotion.
func (c *Coordinator) wanted(shared *lookups, typeName string) []entry {
	k, _ := kindOf(typeName)
	all := slices.Clone(k.objects(shared))
	if k.collection == sectionCollection {
		slices.SortStableFunc(all, func(a, b *store.Object) int { return cmp.Compare(priority(a), priority(b)) })
	}
	var entries []entry
	names := map[string]bool{}
	for i, o := range all {
		if !c.left(k, o) || !c.state.Batch.chooses(typeName, o.ID) {
			continue
		}
		one := genericEntry(shared, k, o, i)
		if names[one.PolicyID] {
			one.PolicyID = o.ID
		}
		names[one.PolicyID] = true
		entries = append(entries, one)
	}
	return entries
}

// chooses tells whether a GENERIC run includes an object: its request may name types,
// and ids of these.
func (d *migrationData) chooses(typeName, id string) bool {
	return len(d.MigrationData) == 0 || slices.ContainsFunc(d.MigrationData, func(resource mpResource) bool {
		named := func(one entry) bool { return one.ManagerID == id }
		return resource.Type == typeName && (len(resource.ResourceIDs) == 0 || slices.ContainsFunc(resource.ResourceIDs, named))
	})
}

// genericEntry is what a client would have to say about an object in CONSUMER mode.
// Ports and switching profiles get the id "default:<id>", segments the name of their
// switch ("SAP networking-nsx-t"), all others keep their id, and all their owner
// (ASSUMED from the schema's principle_identity).
func genericEntry(shared *lookups, k *kind, o *store.Object, order int) entry {
	one := entry{ManagerID: o.ID, PolicyID: o.ID, PrincipleIdentity: o.Owner}
	switch {
	case k.collection == portCollection || k.collection == profileCollection:
		one.PolicyID = policy.AutomaticPrefix + o.ID
	case k.collection == switchCollection:
		name := strings.ReplaceAll(o.DisplayName, "/", "_")
		if _, taken := shared.tx.Policy().Get(policySegments + "/" + name); !taken && policy.CheckID(name) == nil {
			one.PolicyID = name
		}
	case k.collection == sectionCollection:
		one.Metadata = []pair{{"sequence", text(strconv.Itoa(order))}}
		for _, rule := range shared.tx.Manager().List(o.Key + "/rules") {
			one.LinkedIDs = append(one.LinkedIDs, pair{rule.ID + "-policyid", text(rule.ID)})
		}
	case k.name == "IPPOOL_ALLOCATION":
		one.LinkedIDs = []pair{{"IPPOOL", text(poolOfAllocation(o))}}
	case k.name == "NAT":
		router := field(o.Body, "logical_router_id")
		one.LinkedIDs = []pair{{shared.routerType(router), text(router)}}
	}
	return one
}

// precheckAll is component 0 of a GENERIC run.
func (c *Coordinator) precheckAll(tx *store.Tx) []failure {
	check := c.newPrecheck(tx)
	for _, resource := range c.state.Batch.MigrationData {
		if !slices.Contains(genericOrder, resource.Type) {
			check.problem(resource.Type, entry{}, "type is not supported")
		}
	}
	if len(c.state.Batch.MigrationData) == 0 {
		check.uncovered()
	}
	for _, name := range c.state.Generic.Steps {
		k, _ := kindOf(name)
		for _, one := range c.wanted(check.shared, name) {
			check.entry(k, one, map[string]int{})
		}
	}
	return check.problems
}

// uncovered finds unsupported objects that no type has among its entries.
func (p *precheck) uncovered() {
	for _, one := range unsupported {
		if !one.uncovered {
			continue
		}
		for _, o := range p.shared.tx.Manager().List(one.collection) {
			_, promoted := o.Tag(tagPolicyPath)
			if what := unsupportedIn(one.collection, o); what != "" && !promoted && !o.System {
				p.problem(one.typeName, entry{ManagerID: o.ID}, "%s cannot be promoted", what)
			}
		}
	}
}

// unsupportedIn tells what makes an object unsupported, "" if nothing does.
func unsupportedIn(collection string, o *store.Object) string {
	for _, one := range unsupported {
		value := o.ResourceType
		if one.field != "" {
			value = field(o.Body, one.field)
		}
		if one.collection == collection && one.value == value {
			return one.what
		}
	}
	return ""
}

// afterPrecheckAll goes on to the promotion at once, unless a failure or pause keeps the
// run.
func (c *Coordinator) afterPrecheckAll() {
	failed := c.state.Precheck.Status == statusFailed && !c.state.Batch.SkipFailed
	if !failed && !c.state.Pause {
		c.nextStep()
	}
}

// proceedGeneric resumes a paused GENERIC run: with the type at which it stopped, or
// with skip after that.
func (c *Coordinator) proceedGeneric(skip bool) error {
	if c.state.Migration.Status == statusFailed && skip {
		c.state.Generic.Next++
	}
	c.nextStep()
	return nil
}

// nextStep begins the promotion of the next type, or ends the run.
func (c *Coordinator) nextStep() {
	details := c.state.Migration.Details
	run := c.state.Generic
	if run.Next >= len(run.Steps) {
		c.state.Migration = component{Status: statusSuccess, Details: details}
		c.state.Overall = statusSuccess
		return
	}
	c.state.Migration = c.begin(c.options.BatchTime, c.state.Run.Totals[run.Steps[run.Next]])
	c.state.Migration.Details = details
	c.schedule()
}

// endStep promotes the objects of one type. What can be promoted is, even if others
// fail; without skip_failed_resources the run pauses then.
func (c *Coordinator) endStep() {
	c.conclude(c.promoteStep(c.state.Generic.Steps[c.state.Generic.Next]), func(problems []failure, err error) {
		c.report(&c.state.Migration, problems, err)
		switch {
		case c.state.Migration.Status == statusFailed:
			c.state.Overall = statusPaused
		case c.state.Pause:
			c.state.Generic.Next++
			c.state.Migration.Status, c.state.Overall = statusPaused, statusPaused
		default:
			c.state.Generic.Next++
			c.nextStep()
		}
		c.state.Pause = false
	})
}

// promoteStep promotes all objects of a type. Objects that refer to others of the same
// type wait for these, so it goes round as long as that helps.
func (c *Coordinator) promoteStep(typeName string) attempt {
	return func(tx *store.Tx) (fresh []*record, problems []failure, err error) {
		check := c.newPrecheck(tx)
		k, _ := kindOf(typeName)
		shared := check.shared
		left := slices.DeleteFunc(c.wanted(shared, typeName), func(one entry) bool {
			return c.options.SkipSilently[one.ManagerID] || !check.entry(k, one, map[string]int{})
		})
		for progress := true; progress; {
			progress = false
			problems = slices.Clone(check.problems)
			var waiting []entry
			for _, one := range left {
				r, err := c.promoteEntry(tx, shared, typeName, one)
				if err != nil {
					problems = append(problems, failure{Type: typeName, ID: one.ManagerID, Name: shared.name(typeName, one), Text: err.Error()})
					waiting = append(waiting, one)
					continue
				}
				fresh = append(fresh, r)
				progress = true
			}
			left = waiting
		}
		return fresh, problems, nil
	}
}

// mixed refuses references from Manager objects to Policy objects that this run did not
// make: NSX does not support such a mixture before 4.2.1 ("NSX admin guide").
func (c *Coordinator) mixed(shared *lookups) func(path string) error {
	if c.state.Generic == nil || !before(c.version, 4, 2, 1) {
		return func(string) error { return nil }
	}
	return func(path string) error {
		if r, known := c.byPath[path]; shared.made[path] || (known && r.batch >= c.state.Run.First) {
			return nil
		}
		return fmt.Errorf("refers to %s, which was Policy before; a mixture of modes is not supported before NSX 4.2.1", path)
	}
}

// before tells whether a version is older than the given one.
func before(v api.Version, numbers ...int) bool { return slices.Compare(v[:], numbers) < 0 }

// progress is how much of a GENERIC run's promotion is over, in percent.
func (c *Coordinator) progress(now time.Time) int {
	run := c.state.Generic
	if len(run.Steps) == 0 {
		return 0
	}
	done := float64(run.Next)
	if c.state.Migration.Status == statusInProgress {
		done += share(c.state.Migration.Began, c.state.Migration.Ends, now)
	}
	return min(99, int(100*done/float64(len(run.Steps))))
}
