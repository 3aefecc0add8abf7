package coordinator

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Coordinator is the migration coordinator of one simulated NSX.
type Coordinator struct {
	store   *store.Store
	clock   api.Clock
	version api.Version
	tree    *policy.Tree

	mu      sync.Mutex
	options Options
	state   state
	// records holds what is promoted, by record.key; byPath finds the record that
	// created a Policy path.
	records map[string]*record
	byPath  map[string]*record
	timer   api.Timer
	// late is the timer of the next intent that is late for a while only.
	late api.Timer
	// generation counts the plan's components; a timer of an older one does nothing.
	generation int
	// busyUntil is when the next plan action is accepted.
	busyUntil time.Time
	// call is DONE or rollback while it is at work.
	call   *call
	closed bool
	// held keeps what is at work from its end; changed is closed when somebody who waits
	// for that should look again.
	held    bool
	changed chan struct{}
}

var _ api.Coordinator = (*Coordinator)(nil)

// New returns a maker of coordinators with these options, for the server.
func New(options Options) api.NewCoordinator {
	return func(env api.Env) (api.Coordinator, error) { return Open(env, options) }
}

// Open makes a coordinator over a store. What an earlier one left there goes on:
// a component that was running ends when it would have ended. After a restore nothing goes on.
func Open(env api.Env, options Options) (*Coordinator, error) {
	s, records, err := loadState(env.Store)
	if err != nil {
		return nil, err
	}
	c := &Coordinator{
		store: env.Store, clock: env.Clock, version: env.Version, tree: policy.NewTree(),
		options: options.withDefaults(), state: s, records: records, byPath: map[string]*record{},
		changed: make(chan struct{}),
	}
	for _, r := range records {
		c.index(r)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if env.Restored {
		if err := c.restored(); err != nil {
			return nil, err
		}
	}
	c.schedule()
	c.scheduleLate()
	return c, nil
}

// Configure changes the options of a coordinator that is at work, for example to
// make the next batch fail.
func (c *Coordinator) Configure(change func(*Options)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.options)
	c.options = c.options.withDefaults()
}

// Close stops the timers.
func (c *Coordinator) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.stopTimer()
	c.scheduleLate()
	if c.call != nil && c.held {
		c.endCall() // nobody will let it go
	}
	c.tell()
}

// ServiceStarted loses workflow and plan when the service ran on another node before:
// they are kept per node and not replicated (vmware-nsx). What is promoted stays known.
func (c *Coordinator) ServiceStarted(node string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state.Node == node {
		return
	}
	if c.state.Node != "" {
		c.state.forget()
	}
	c.state.Node = node
	c.saveOrFail()
}

// ServiceStopped ends what is at work: a component as abort would, a cancellation or a
// rollback in its middle, and DONE or rollback for the client that waits for it.
func (c *Coordinator) ServiceStopped(string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cutCall()
	if c.state.running() {
		c.interrupt()
	}
	if c.options.ForgetOnRestart {
		c.state.forget()
	}
	c.saveOrFail()
}

// restored is what is left when the store comes from a backup: what is promoted, and with KeepOnRestore the workflow,
// with a failed plan where something was at work.
func (c *Coordinator) restored() error {
	c.state.Node = ""
	if !c.options.KeepOnRestore {
		c.state.forget()
		return c.save()
	}
	if c.state.running() {
		c.state.cut()
	}
	return c.save()
}

func (c *Coordinator) index(r *record) {
	for _, path := range r.Created {
		c.byPath[path] = r
	}
}

func (c *Coordinator) unindex(r *record) {
	for _, path := range r.Created {
		delete(c.byPath, path)
	}
}

// sortedRecords returns the wanted records by the order of the type table, then by id.
func (c *Coordinator) sortedRecords(wanted func(*record) bool) []*record {
	rank := map[string]int{}
	for i, k := range kinds {
		rank[k.name] = i
	}
	var list []*record
	for _, r := range c.records {
		if wanted(r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *record) int {
		return cmp.Or(cmp.Compare(rank[a.Type], rank[b.Type]), cmp.Compare(a.ManagerID, b.ManagerID), cmp.Compare(a.Source, b.Source))
	})
	return list
}

// save writes the state, without the records.
func (c *Coordinator) save() error {
	return c.store.Update(func(tx *store.Tx) error { return tx.SetSection(sectionState, c.state) })
}

// saveOrFail is save where nobody can be told: a state that cannot be written shows
// as a failed plan.
func (c *Coordinator) saveOrFail() { c.failOn(c.save()) }

func (c *Coordinator) failOn(err error) {
	if err != nil {
		c.state.Overall = statusFailed
		c.state.Precheck.Details = err.Error()
	}
}
