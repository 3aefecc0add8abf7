package updates

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/nsx"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// What the fakes stand for.
var (
	_ API           = (*nsx.Client)(nil)
	_ VerifyRecords = (*records.Store)(nil)
)

// fakeNSX is a Policy tree with a search index and checked revisions. Hooks inject what goes wrong.
type fakeNSX struct {
	objects map[string]map[string]any // by path
	hidden  map[string]bool           // the index does not show them
	stale   map[string]map[string]any // what the index shows instead of the object
	manager map[string]map[string]any // Manager objects by path, those that exist beside Policy
	ghost   map[string]map[string]any // what the index shows though it was deleted
	cap     int                       // results that Search hands out at most; 0: any number

	onSearch func(query string) error
	onList   func(collection string) error
	onGet    func(path string) error
	onPatch  func(paths []string) error // before the effect
	answer   func(paths []string) error // after it
	deny     func(path string) error    // refuses one object
	ignore   func() bool                // answers a write without doing it

	requests []string   // verb and path or query
	patches  [][]string // paths of each hierarchical PATCH, refused ones too
}

func newFakeNSX() *fakeNSX {
	return &fakeNSX{objects: map[string]map[string]any{}, hidden: map[string]bool{}, stale: map[string]map[string]any{},
		manager: map[string]map[string]any{}}
}

// add puts an object into the tree. pairs are further members.
func (f *fakeNSX) add(p string, objectTags []mp.Tag, pairs ...any) {
	k, err := kindOf(p)
	Expect(err).NotTo(HaveOccurred())
	object := map[string]any{
		"path": p, "id": path.Base(p), "resource_type": k.resourceTypes()[0], "display_name": path.Base(p),
		"unique_id": path.Base(p), "tags": objectTags, "_revision": 0.0,
	}
	for i := 0; i < len(pairs); i += 2 {
		object[pairs[i].(string)] = pairs[i+1]
	}
	f.objects[p] = copyOf(object)
}

func copyOf(object map[string]any) map[string]any {
	var copied map[string]any
	Expect(json.Unmarshal(encode(object), &copied)).To(Succeed())
	return copied
}

func encode(value any) json.RawMessage {
	data, err := json.Marshal(value)
	Expect(err).NotTo(HaveOccurred())
	return data
}

func (f *fakeNSX) tags(p string) []mp.Tag {
	var object struct {
		Tags []mp.Tag `json:"tags"`
	}
	Expect(json.Unmarshal(encode(f.objects[p]), &object)).To(Succeed())
	return object.Tags
}

var (
	queryTypes  = regexp.MustCompile(`resource_type:\(([^)]*)\)`)
	queryPrefix = regexp.MustCompile(`unique_id:(\w+)\*`)
)

func (f *fakeNSX) Search(_ context.Context, flavour mp.Flavour, query string, page mp.Page) (int, error) {
	f.requests = append(f.requests, "SEARCH "+query)
	Expect(flavour).To(Equal(mp.Policy))
	Expect(query).To(ContainSubstring(`tags.scope:"ncp/cluster" AND tags.tag:"cf"`))
	if f.onSearch != nil {
		if err := f.onSearch(query); err != nil {
			return 0, err
		}
	}
	prefix := ""
	if m := queryPrefix.FindStringSubmatch(query); m != nil {
		prefix = m[1]
	}
	types := strings.Split(queryTypes.FindStringSubmatch(query)[1], " OR ")
	var results []json.RawMessage
	for p, object := range sorted(f.objects) {
		if f.hidden[p] || !slices.Contains(types, object["resource_type"].(string)) || !strings.HasPrefix(object["unique_id"].(string), prefix) ||
			!slices.Contains(f.tags(p), mp.Tag{Scope: "ncp/cluster", Tag: "cf"}) {
			continue
		}
		if old, ok := f.stale[p]; ok {
			object = old
		}
		results = append(results, encode(object))
	}
	for _, object := range sorted(f.ghost) {
		results = append(results, encode(object))
	}
	if f.cap > 0 && len(results) > f.cap {
		return len(results), &nsx.Error{Kind: mp.KindSearchCap}
	}
	return len(results), page(results)
}

func (f *fakeNSX) List(_ context.Context, p string, _ url.Values, page mp.Page) (int, error) {
	f.requests = append(f.requests, "LIST "+p)
	collection := strings.TrimPrefix(p, "/policy/api/v1")
	if f.onList != nil {
		if err := f.onList(collection); err != nil {
			return 0, err
		}
	}
	var results []json.RawMessage
	for _, tree := range []map[string]map[string]any{f.objects, f.manager} {
		for at, object := range sorted(tree) {
			if path.Dir(at) == collection {
				results = append(results, encode(object))
			}
		}
	}
	return len(results), page(results)
}

func (f *fakeNSX) GetPolicy(_ context.Context, p string, out any) error {
	f.requests = append(f.requests, "GET "+p)
	if f.onGet != nil {
		if err := f.onGet(p); err != nil {
			return err
		}
	}
	object, ok := f.objects[p]
	if !ok {
		return &nsx.Error{Kind: mp.KindNotFound, Method: "GET", Path: p}
	}
	return json.Unmarshal(encode(object), out)
}

// Get reads Manager objects.
func (f *fakeNSX) Get(_ context.Context, p string, out any) error {
	f.requests = append(f.requests, "GET "+p)
	if f.onGet != nil {
		if err := f.onGet(p); err != nil {
			return err
		}
	}
	object, ok := f.manager[p]
	if !ok {
		return &nsx.Error{Kind: mp.KindNotFound, Method: "GET", Path: p}
	}
	return json.Unmarshal(encode(object), out)
}

func (f *fakeNSX) PatchInfra(_ context.Context, body any) error {
	f.requests = append(f.requests, "PATCH")
	changes := leaves(copyOf(map[string]any{"root": body})["root"].(map[string]any))
	var paths []string
	for _, object := range changes {
		paths = append(paths, object["path"].(string))
	}
	f.patches = append(f.patches, paths)
	if f.onPatch != nil {
		if err := f.onPatch(paths); err != nil {
			return err
		}
	}
	for _, object := range changes {
		p := object["path"].(string)
		if f.deny != nil {
			if err := f.deny(p); err != nil {
				return err
			}
		}
		if old, ok := f.objects[p]; ok && old["_revision"] != object["_revision"] {
			return &nsx.Error{Kind: mp.KindStale, Path: p, Message: "the object was changed by somebody else"}
		}
	}
	if f.ignore != nil && f.ignore() {
		return nil
	}
	for _, object := range changes {
		object["_revision"] = object["_revision"].(float64) + 1
		if old := f.objects[object["path"].(string)]; old["resource_type"] == "SecurityPolicy" {
			Expect(object).NotTo(HaveKey("rules"))
			object["rules"] = old["rules"]
		}
		f.objects[object["path"].(string)] = object
	}
	if f.answer != nil {
		return f.answer(paths)
	}
	return nil
}

// leaves takes a hierarchical body apart.
func leaves(node map[string]any) []map[string]any {
	var all []map[string]any
	children, _ := node["children"].([]any)
	for _, element := range children {
		child := element.(map[string]any)
		name := strings.TrimPrefix(child["resource_type"].(string), "Child")
		if name == "ResourceReference" {
			all = append(all, leaves(child)...)
		} else {
			all = append(all, child[name].(map[string]any))
		}
	}
	return all
}

func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		keys := make([]string, 0, len(m))
		for key := range m {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// fakeRecords holds the records of a run in memory.
type fakeRecords struct {
	migrated  []records.MigratedObject
	originals map[string]records.Original
	updates   []records.Update

	putErr, setErr error
	sets           int
}

// object adds a migrated object.
func (f *fakeRecords) object(kind, p string, objectTags []mp.Tag) {
	id := "mp-" + path.Base(p)
	f.migrated = append(f.migrated, records.MigratedObject{Type: kind, ID: id, PolicyPath: p})
	if f.originals == nil {
		f.originals = map[string]records.Original{}
	}
	f.originals[kind+"/"+id] = records.Original{Type: kind, ID: id, Name: path.Base(p), Tags: objectTags}
}

// address adds a migrated address with these facts.
func (f *fakeRecords) address(p string, facts map[mp.Fact]string) {
	f.object("IPPOOL_ALLOCATION", p, nil)
	key := "IPPOOL_ALLOCATION/" + f.migrated[len(f.migrated)-1].ID
	original := f.originals[key]
	original.Facts = facts
	f.originals[key] = original
}

// placeless is an object of which no Policy path is recorded.
func (f *fakeRecords) placeless(kind, id string, objectTags []mp.Tag) {
	if f.originals == nil {
		f.originals = map[string]records.Original{}
	}
	f.migrated = append(f.migrated, records.MigratedObject{Type: kind, ID: id})
	f.originals[kind+"/"+id] = records.Original{Type: kind, ID: id, Name: id, Tags: objectTags}
}

// update adds a pending update that adds a tag.
func (f *fakeRecords) update(p string) {
	k, err := kindOf(p)
	Expect(err).NotTo(HaveOccurred())
	f.updates = append(f.updates, records.Update{
		Seq: uint64(len(f.updates) + 1), ResourceType: k.Type, Path: p, Type: typeOf(k), ID: "mp-" + path.Base(p),
		Delta: records.Delta{SetTags: tags("new=1")}, State: records.UpdatePending,
	})
	if f.originals == nil {
		f.originals = map[string]records.Original{}
	}
	u := f.updates[len(f.updates)-1]
	f.originals[u.Type+"/"+u.ID] = records.Original{Type: u.Type, ID: u.ID, Facts: map[mp.Fact]string{"parent": "mp-" + path.Base(path.Dir(path.Dir(p)))}}
}

// typeOf is a migration type whose objects become objects of a kind.
func typeOf(k kind) string {
	types, err := catalog.New(nil)
	Expect(err).NotTo(HaveOccurred())
	for _, e := range types.Entries() {
		if e.PolicyType == k.Type || slices.Contains(k.Concrete, e.PolicyType) {
			return string(e.Type)
		}
	}
	return "TYPE"
}

func (f *fakeRecords) Migrated(each func(records.MigratedObject) error) error {
	for _, m := range f.migrated {
		if err := each(m); err != nil {
			return err
		}
	}
	return nil
}

func (f *fakeRecords) Original(kind, id string) (records.Original, bool, error) {
	o, ok := f.originals[kind+"/"+id]
	return o, ok, nil
}

func (f *fakeRecords) PutUpdates(updates iter.Seq[records.Update]) error {
	for u := range updates {
		if f.putErr != nil {
			return f.putErr
		}
		u.Seq = uint64(len(f.updates) + 1)
		f.updates = append(f.updates, u)
	}
	return nil
}

func (f *fakeRecords) AddUpdates(updates []records.Update) error {
	return f.PutUpdates(slices.Values(updates))
}

func (f *fakeRecords) Updates(each func(records.Update) error) error {
	for _, u := range slices.Clone(f.updates) {
		if err := each(u); err != nil {
			return err
		}
	}
	return nil
}

func (f *fakeRecords) SetUpdates(updates []records.Update) error {
	f.sets++
	if f.setErr != nil {
		return f.setErr
	}
	for _, u := range updates {
		f.updates[u.Seq-1] = u
	}
	return nil
}

// state gives the update of a path.
func (f *fakeRecords) state(p string) records.Update {
	i := slices.IndexFunc(f.updates, func(u records.Update) bool { return u.Path == p })
	Expect(i).To(BeNumerically(">=", 0), fmt.Sprintf("no update of %s", p))
	return f.updates[i]
}

// fakeEvents remembers what was reported, and how long was slept.
type fakeEvents struct {
	done, total int
	reasons     []string
	slept       time.Duration
	wake        func(slept time.Duration)
}

func (f *fakeEvents) Progress(done, total int, _ string) { f.done, f.total = done, total }
func (f *fakeEvents) Waiting(reason string)              { f.reasons = append(f.reasons, reason) }

func (f *fakeEvents) sleep(ctx context.Context, d time.Duration) error {
	f.slept += d
	if f.wake != nil {
		f.wake(f.slept)
	}
	return ctx.Err()
}
