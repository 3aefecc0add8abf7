package migrate_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/migrate"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// scene is a world, real records that hold a plan, and the operator who watches.
type scene struct {
	*world
	heard []string // progress, waiting and warnings, in order
	// takeOut lets duplicates be taken out, as for shared objects.
	takeOut bool
	// leaseLost is what holding the lease comes to.
	leaseLost error
	// lingers are the Policy paths whose objects are there although Manager mode does not show theirs.
	lingers map[string]bool
	// onProgress is called with each progress line.
	onProgress func()
}

const (
	batchTimeout  = 10 * time.Minute
	finishTimeout = 30 * time.Minute
)

// begin records a plan whose objects are all Manager.
func begin(batches ...records.PlannedBatch) *scene {
	GinkgoHelper()
	s := &scene{world: newWorld()}
	store, err := records.Open(folder(), records.Options{Clock: s.Now, Holder: "spec"})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(store.Close)
	s.store = store
	Expect(store.Create(records.Header{RunID: "run-1", CoordinatorPIDs: []int{200, 100}}, slices.Values(batches))).To(Succeed())
	for _, b := range batches {
		for _, ref := range refsOf(b.Request) {
			s.objects[ref] = catalog.IsManager
		}
	}
	return s
}

// folder makes one for records, in memory where the system has a place for that: the specs make thousands, and
// what the disk does is tested with the records.
func folder() string {
	GinkgoHelper()
	dir, err := os.MkdirTemp("/dev/shm", "migrate-spec-")
	if err != nil {
		return GinkgoT().TempDir()
	}
	DeferCleanup(os.RemoveAll, dir)
	return dir
}

// batch plans one request.
func batch(kind mp.Type, ids ...string) records.PlannedBatch {
	b := records.PlannedBatch{Type: string(kind), Request: mp.Promotion{
		MigrationData: []mp.Resource{{Type: string(kind)}}, SetupDetails: &mp.SetupDetails{PrincipalIdentity: "ncp"},
	}}
	for _, id := range ids {
		b.Entries = append(b.Entries, records.Entry{Type: string(kind), ID: id, PolicyPath: "/infra/planned/" + id})
		b.Request.MigrationData[0].ResourceIDs = append(b.Request.MigrationData[0].ResourceIDs, mp.ResourceDetails{
			ManagerID: id, PolicyID: "policy-" + id,
			Metadata:  []mp.KeyValue{{Key: "meta", Value: id}},
			LinkedIDs: []mp.KeyValue{{Key: "link", Value: id}},
		})
	}
	return b
}

// foundation is a plan with several types and with two batches of one type.
func foundation() []records.PlannedBatch {
	return []records.PlannedBatch{
		batch(mp.Tier1, "t1", "t2"),
		batch(mp.Tier1Port, "t1", "t2"),
		batch(mp.LogicalSwitch, "s1", "s2"),
		batch(mp.LogicalPort, "p1", "p2"),
		batch(mp.LogicalPort, "p3"),
	}
}

// migrator is what a new execution would make of world and records.
func (s *scene) migrator() *migrate.Migrator {
	return &migrate.Migrator{
		API: s.world, Records: s.store, Look: s.look, Events: s, Clock: s.world,
		BatchTimeout: batchTimeout, FinishTimeout: finishTimeout, TakeOutDuplicates: s.takeOut,
		Hold: func(context.Context) error { return s.leaseLost },
		Gone: func(_ context.Context, path string) (bool, error) { return !s.lingers[path], nil },
	}
}

func (s *scene) forward() error { return s.migrator().Forward(context.Background()) }
func (s *scene) back() error    { return s.migrator().Back(context.Background()) }

func (s *scene) Progress(done, total int, what string) {
	s.heard = append(s.heard, fmt.Sprintf("%d/%d %s", done, total, what))
	if s.onProgress != nil {
		s.onProgress()
	}
}
func (s *scene) Waiting(reason string) { s.heard = append(s.heard, "waiting: "+reason) }
func (s *scene) Warn(format string, args ...any) {
	s.heard = append(s.heard, "warning: "+fmt.Sprintf(format, args...))
}

// said lists what was heard with this beginning.
func (s *scene) said(prefix string) []string {
	return slices.DeleteFunc(slices.Clone(s.heard), func(line string) bool { return !strings.HasPrefix(line, prefix) })
}

// writes takes the writes since it was asked last.
func (s *scene) writes() []string {
	sent := s.sent
	s.sent = nil
	return sent
}

// policy names the objects that are Policy now.
func (s *scene) policy() []string {
	var refs []string
	for ref, e := range s.objects {
		if e == catalog.IsPolicy {
			refs = append(refs, ref.String())
		}
	}
	slices.Sort(refs)
	return refs
}

// claims names the objects that have a migration record.
func (s *scene) claims() []string {
	var refs []string
	Expect(s.store.Migrated(func(o records.MigratedObject) error {
		refs = append(refs, o.Type+"/"+o.ID)
		return nil
	})).To(Succeed())
	return refs
}

// states lists the states of all batches.
func (s *scene) states() []records.BatchState {
	var states []records.BatchState
	Expect(s.store.Batches(func(b records.Batch) error {
		states = append(states, b.State)
		return nil
	})).To(Succeed())
	return states
}

// expectAllBack demands what must be true after a whole rollback: every object is Manager, no record is left,
// and the coordinator has no plan of ours, which would stop the next run.
func (s *scene) expectAllBack() {
	GinkgoHelper()
	Expect(s.policy()).To(BeEmpty())
	Expect(s.claims()).To(BeEmpty())
	for _, state := range s.states() {
		Expect(state).To(BeElementOf(records.BatchPlanned, records.BatchRolledBack))
	}
	Expect(s.status().Overall).To(BeElementOf(mp.StatusNotStarted, mp.StatusSuccess))
}

// endWith matches the last writes.
func endWith(last ...string) types.GomegaMatcher {
	return WithTransform(func(sent []string) []string { return sent[max(0, len(sent)-len(last)):] }, Equal(last))
}

// setAside records a planned batch as one of which nothing took effect.
func (s *scene) setAside(seq uint64, continued bool) {
	GinkgoHelper()
	for _, state := range []records.BatchState{records.BatchPosting, records.BatchStarting, records.BatchContinuing, records.BatchRolledBack} {
		Expect(s.store.SetBatch(seq, state, func(b *records.Batch) { b.Continued = continued })).To(Succeed())
	}
}
