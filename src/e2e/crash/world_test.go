package crash_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"

	"nsx-mp2p/e2e/programs"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const (
	// leasePath is where a run holds its lease on the whole NSX.
	leasePath = "/infra/domains/default/groups/nsx-mp2p-lease"
	// allPolicy and allManager are the exit codes with which a run has ended.
	allPolicy, allManager = 0, 2
)

// world is an NSX with a small foundation or cluster before any migration, and the programs.
type world struct {
	programs *programs.Programs
	platform string
	cluster  string
	// config is what the errand is told beside what every one is.
	config programs.Changes
	// judging are the workloads of a cluster, with which the simulator's judge compares every value.
	judging check.Options
	// usual is what NSX sees when nothing is killed, and shots is what the moments of that leave behind.
	usual course
	shots []*snapshot
	// footings are those on which a further run has been started after a rollback.
	footings sync.Map
	before   *store.Store // only read
	objects  map[string]map[string]any
	shared   []model.Shared
	mayMove  check.Except
	scratch  string
}

func newWorld(built *programs.Programs, of *model.World) (*world, error) {
	first := of.Foundations[0]
	w := &world{
		programs: built, platform: first.Platform, cluster: first.Name, config: programs.Changes{"log.level": "info"},
		before: store.New(1), shared: of.Shared, mayMove: check.Except{Cluster: first.Name}, scratch: scratch(),
	}
	if err := nsxsim.LoadWorld(w.before, of); err != nil {
		return nil, err
	}
	for _, s := range of.Shared {
		w.mayMove.Shared = append(w.mayMove.Shared, s.ID)
		w.mayMove.Shared = append(w.mayMove.Shared, slices.Concat(s.Ports, s.StaticRoutes, s.Allocations)...)
	}
	var err error
	w.objects, err = lasting(w.before)
	return w, err
}

// scratch is a folder in memory where there is one. SIGKILL takes no page cache with it, so that what a killed process
// has written is there for the next one on any file system; losing power is another test's business.
func scratch() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// judge compares an NSX with the exit code that ended a run, and with what it was before. It answers the simulator's
// own report, and everything that is wrong.
func (w *world) judge(state *store.Store, code int) (*check.Report, []string, error) {
	report, err := check.InspectWith(state, w.cluster, w.judging)
	if err != nil {
		return nil, nil, err
	}
	wrong, err := check.Untouched(w.before, state, w.mayMove)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !report.OK():
		wrong = append(wrong, "NSX is not consistently all Manager or all Policy")
	case code == allPolicy && !report.Ready():
		wrong = append(wrong, "the code says all Policy; NSX is not, or NCP misses something")
	case code == allManager && !report.AllManager():
		wrong = append(wrong, "the code says all Manager; NSX is not")
	}
	if s := report.Shared; len(s.HalfWay) > 0 || s.Manager > 0 && s.Policy > 0 {
		wrong = append(wrong, "the shared objects are half-way")
	}
	if report.AllManager() {
		changed, err := w.changed(state, report.Shared.Policy > 0)
		if err != nil {
			return nil, nil, err
		}
		wrong = append(wrong, changed...)
	}
	leased, err := exists(state, leasePath)
	if leased {
		wrong = append(wrong, "the lease is left behind")
	}
	return report, wrong, err
}

// changed names Manager objects that are not what they were before; where the shared ones are Policy these may differ.
func (w *world) changed(state *store.Store, sharedMoved bool) ([]string, error) {
	now, err := lasting(state)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, key := range slices.Sorted(maps.Keys(w.objects)) {
		if sharedMoved && w.isShared(key) {
			continue
		}
		if !reflect.DeepEqual(now[key], w.objects[key]) {
			names = append(names, fmt.Sprintf("%s was not restored:\n  was %v\n  is  %v", key, w.objects[key], now[key]))
		}
	}
	return names, nil
}

// isShared tells whether a Manager object belongs to what the user spec names.
func (w *world) isShared(key string) bool {
	return slices.ContainsFunc(w.mayMove.Shared, func(id string) bool { return strings.Contains(key, id) })
}

// lasting are the Manager objects without what every write changes.
func lasting(state *store.Store) (map[string]map[string]any, error) {
	var objects map[string]map[string]any
	err := state.View(func(tx *store.Tx) (err error) {
		objects, err = stripped(tx.Manager())
		return err
	})
	return objects, err
}

// stripped are the objects of a space without what every write changes.
func stripped(space *store.Space) (map[string]map[string]any, error) {
	objects := map[string]map[string]any{}
	for o := range space.All() {
		fields, err := o.Fields()
		if err != nil {
			return nil, err
		}
		for _, volatile := range []string{"_revision", "_create_time", "_last_modified_time", "_last_modified_user"} {
			delete(fields, volatile)
		}
		objects[o.Key] = fields
	}
	return objects, nil
}

// footing is what a further run meets in NSX: all objects, and where the migration coordinator stands.
func footing(state *store.Store) (string, error) {
	hash := sha256.New()
	err := state.View(func(tx *store.Tx) error {
		// The coordinator's own names; what it remembers of past batches is left out.
		var coordinator struct {
			Workflow            bool
			Overall             string
			Precheck, Migration struct{ Status string }
		}
		if _, err := tx.Section("coordinator", &coordinator); err != nil {
			return err
		}
		parts := []any{coordinator}
		for _, space := range []*store.Space{tx.Manager(), tx.Policy()} {
			objects, err := stripped(space)
			if err != nil {
				return err
			}
			parts = append(parts, objects)
		}
		return json.NewEncoder(hash).Encode(parts)
	})
	return string(hash.Sum(nil)), err
}

func exists(state *store.Store, path string) (found bool, err error) {
	err = state.View(func(tx *store.Tx) error {
		_, found = tx.Policy().Get(path)
		return nil
	})
	return found, err
}
