package claims_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/records"
	"nsx-mp2p/migrate-mp2p/internal/run"
	"nsx-mp2p/migrate-mp2p/nsxsim"
	"nsx-mp2p/migrate-mp2p/nsxsim/check"
	"nsx-mp2p/migrate-mp2p/nsxsim/model"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

const (
	cluster   = "tas1"
	leasePath = "/infra/domains/default/groups/nsx-mp2p-lease"
)

// world is an NSX with a small TAS foundation before any migration.
type world struct {
	saved    []byte
	before   *store.Store // only read
	objects  map[string]map[string]any
	mayMove  check.Except
	userSpec string
	scratch  string
}

func newWorld() (*world, error) {
	tas, err := model.TAS(1, 1, model.Options{Cluster: cluster})
	if err != nil {
		return nil, err
	}
	w := &world{before: store.New(1), mayMove: check.Except{Cluster: cluster}, scratch: scratch()}
	if err := nsxsim.LoadWorld(w.before, tas); err != nil {
		return nil, err
	}
	types, err := catalog.New(nil)
	if err != nil {
		return nil, err
	}
	lines := map[string]string{}
	for _, s := range tas.Shared {
		w.mayMove.Shared = append(w.mayMove.Shared, s.ID)
		w.mayMove.Shared = append(w.mayMove.Shared, slices.Concat(s.Ports, s.StaticRoutes, s.Allocations)...)
		lines[s.List] += "  - id: " + s.ID + "\n"
	}
	w.userSpec = "version: 1\nshared:\n"
	for _, e := range types.Entries() {
		if lines[e.SpecKey] != "" {
			w.userSpec += "  " + e.SpecKey + ":\n" + lines[e.SpecKey]
			delete(lines, e.SpecKey)
		}
	}
	if len(lines) > 0 {
		return nil, fmt.Errorf("no entry of the catalog stands for these lists of the user spec: %v", lines)
	}
	var saved bytes.Buffer
	if err := w.before.Save(&saved); err != nil {
		return nil, err
	}
	w.saved = saved.Bytes()
	w.objects, err = lasting(w.before)
	return w, err
}

// scratch is a folder in memory where there is one: nothing here loses power.
func scratch() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// judge says what is untrue about a code that an execution gave while NSX was in this state. Codes that promise
// nothing are never untrue. The lease must be gone, except where records are left that say whose it is: the report or
// the archive could not be finished then, and the next execution has to.
func (w *world) judge(state *store.Store, code int, left records.State) ([]string, error) {
	if !ended(code) {
		return nil, nil
	}
	report, err := check.Inspect(state, cluster)
	if err != nil {
		return nil, err
	}
	wrong, err := check.Untouched(w.before, state, w.mayMove)
	if err != nil {
		return nil, err
	}
	wrong = slices.DeleteFunc(wrong, func(line string) bool { return strings.HasPrefix(line, leasePath) }) // see below
	switch {
	case !report.OK():
		wrong = append(wrong, "NSX is not consistently all Manager or all Policy")
	case code == run.AllPolicy && !report.Ready():
		wrong = append(wrong, "the code says all Policy; NSX is not, or NCP misses something")
	case code == run.AllManager && !report.AllManager():
		wrong = append(wrong, "the code says all Manager; NSX is not")
	}
	if s := report.Shared; len(s.HalfWay) > 0 || s.Manager > 0 && s.Policy > 0 {
		wrong = append(wrong, "the shared objects are half-way")
	}
	if report.AllManager() {
		changed, err := w.changed(state, report.Shared.Policy > 0)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, changed...)
	}
	err = state.View(func(tx *store.Tx) error {
		if _, leased := tx.Policy().Get(leasePath); leased && left == "" {
			wrong = append(wrong, "the lease is left behind")
		}
		return nil
	})
	if err != nil || len(wrong) == 0 {
		return nil, err
	}
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		return nil, err
	}
	return append(wrong, fmt.Sprintf("code %d; the simulator's check:\n%s", code, text.String())), nil
}

// ended tells whether a code says that the errand has come to an end.
func ended(code int) bool { return code == run.AllPolicy || code == run.AllManager }

// changed names Manager objects that are not what they were before; where the shared ones are Policy these may differ.
func (w *world) changed(state *store.Store, sharedMoved bool) ([]string, error) {
	now, err := lasting(state)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, key := range slices.Sorted(maps.Keys(w.objects)) {
		shared := slices.ContainsFunc(w.mayMove.Shared, func(id string) bool { return strings.Contains(key, id) })
		if sharedMoved && shared || reflect.DeepEqual(now[key], w.objects[key]) {
			continue
		}
		names = append(names, fmt.Sprintf("%s was not restored:\n  was %v\n  is  %v", key, w.objects[key], now[key]))
	}
	return names, nil
}

// lasting are the Manager objects without what every write changes.
func lasting(state *store.Store) (map[string]map[string]any, error) {
	objects := map[string]map[string]any{}
	err := state.View(func(tx *store.Tx) error {
		for o := range tx.Manager().All() {
			fields, err := o.Fields()
			if err != nil {
				return err
			}
			for _, volatile := range []string{"_revision", "_last_modified_time", "_last_modified_user"} {
				delete(fields, volatile)
			}
			objects[o.Key] = fields
		}
		return nil
	})
	return objects, err
}

// unfinished is the state of the records that are left on the machine's disk, "" for none.
func (m *machine) unfinished() (records.State, error) {
	kept, err := records.OpenReadOnly(m.config.Records.Directory)
	if err != nil {
		return "", err
	}
	header, _, err := kept.Run()
	if closing := kept.Close(); err == nil {
		err = closing
	}
	return header.State, err
}
