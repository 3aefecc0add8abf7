package updates

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/catalog"
	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
	"nsx-mp2p/migrate-mp2p/internal/records"
)

// An object that is not shown is not yet one that is gone: a search index may be behind, and what answers a list need not
// be NSX. Gone is what is missing in a list, of whose path NSX itself says that nothing is there, and whose Manager object
// does not exist either; deleting a Policy object takes its Manager object away (ASSUMED; NSX Go SDK, marked_for_delete:
// it is purged when everything that realizes it is gone). A Manager object that still names the path contradicts that; one
// that names none is Manager again, since NSX was restored from a backup or somebody rolled it back. Neither is gone.

const (
	// manyAbsent objects and more than half of all are not deleted at once by anybody who leaves the others alone.
	manyAbsent = 100
	// policyPathScope is the scope of the tag with which NSX marks the Manager object of a Policy object (vmware-nsx).
	policyPathScope = "policyPath"
)

// NotShownError says that NSX does not show most of the objects that this run migrated. Nothing was closed.
type NotShownError struct {
	Absent, All int
	First       []string // Policy paths
}

func (e *NotShownError) Error() string {
	return fmt.Sprintf("NSX shows none of %d of the %d objects that were migrated (%s, ...), so that none of them is taken for deleted: "+
		"NSX was restored from a backup, or something answers in its place; clear that up and run again; "+
		"what was really deleted can be let go with migration.waive_updates", e.Absent, e.All, strings.Join(e.First, ", "))
}

// checkAbsent refuses to believe that most of all objects were deleted.
func checkAbsent(absent map[string]map[string]*records.Update, all int) error {
	var paths []string
	for _, ofType := range absent {
		paths = slices.AppendSeq(paths, maps.Keys(ofType))
	}
	if len(paths) <= manyAbsent || 2*len(paths) <= all {
		return nil
	}
	slices.Sort(paths)
	return &NotShownError{Absent: len(paths), All: all, First: paths[:few]}
}

// few paths stand for all in an error.
const few = 5

// prover finds out what became of objects that NSX did not show.
type prover struct {
	reader    *reader
	catalog   *catalog.Catalog
	originals Originals
	addresses map[string]map[string]bool // by Manager pool: the addresses that it has given out
}

func newProver(r *reader, originals Originals) (*prover, error) {
	types, err := catalog.New(nil) // no override concerns where objects are
	if err != nil {
		return nil, fmt.Errorf("reading where objects are: %w", err)
	}
	return &prover{reader: r, catalog: types, originals: originals, addresses: map[string]map[string]bool{}}, nil
}

// prove looks once more for objects of one kind that NSX did not show. It takes those out of the map that NSX shows now,
// handing them out. Those that are left do not exist, unless there is a doubt about their path: then NSX contradicts
// itself. It costs a list for each collection and two requests for each object.
func (p *prover) prove(ctx context.Context, wanted map[string]*records.Update, each found[*records.Update]) (doubts map[string]string, err error) {
	for _, collection := range slices.Sorted(maps.Keys(byCollection(wanted))) {
		if err := readList(ctx, p.reader, collection, wanted, each); err != nil {
			return nil, err
		}
	}
	doubts = map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(wanted)) {
		u := wanted[path]
		absent, err := readOne(ctx, p.reader, path, wanted, each)
		if err != nil {
			return nil, err
		}
		if _, left := wanted[path]; !left {
			continue
		}
		doubt := "NSX neither shows this object nor says that it does not exist: it is being deleted, or something answers in NSX's place; run again"
		if absent {
			if doubt, err = p.managerObject(ctx, u); err != nil {
				return nil, err
			}
		}
		if doubt != "" {
			doubts[path] = doubt
		}
	}
	return doubts, nil
}

// managerObject says how the Manager API contradicts that an object is gone; "" when it does not.
func (p *prover) managerObject(ctx context.Context, u *records.Update) (doubt string, err error) {
	const absent = "NSX says that there is no such Policy object, but "
	entry, known := p.catalog.Entry(mp.Type(u.Type))
	if !known {
		return "", fmt.Errorf("looking for the Manager object of %s: the records give it the type %q, which is none of the migration API", u.Path, u.Type)
	}
	parent := ""
	if entry.PerParent() {
		original, _, err := p.originals.Original(u.Type, u.ID)
		if err != nil {
			return "", fmt.Errorf("reading the record of %s %s: %w", u.Type, u.ID, err)
		}
		if parent = original.Facts[mp.FactParent]; parent == "" {
			return absent + "the records do not say where its Manager object was, which could contradict that", nil
		}
	}
	if entry.Proof == catalog.PolicyChild {
		held, err := p.holds(ctx, entry, parent, u.ID)
		if err == nil && held {
			doubt = absent + "the Manager's pool " + parent + " still has given it out; run again when that is settled, or waive the update"
		}
		return doubt, err
	}
	var object struct {
		Tags json.RawMessage `json:"tags"`
	}
	path := entry.Item(parent, u.ID)
	err = p.reader.api.Get(ctx, path, &object)
	switch {
	case mp.IsKind(err, mp.KindNotFound):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	tags, err := mp.ParseTags(object.Tags)
	if err != nil {
		return "", fmt.Errorf("reading \"tags\" of %s: %w", path, err)
	}
	i := slices.IndexFunc(tags, func(t mp.Tag) bool { return t.Scope == policyPathScope })
	switch {
	case i < 0:
		doubt = absent + "its Manager object " + u.ID + " exists and is not Policy: NSX was restored from a backup, or it was rolled back by somebody else"
	case tags[i].Tag == u.Path:
		doubt = absent + "its Manager object " + u.ID + " still names it: NSX is deleting it, or contradicts itself; run again later, or waive the update"
	default:
		doubt = absent + "its Manager object " + u.ID + " says that it is at " + tags[i].Tag
	}
	return doubt, nil
}

// holds says whether a Manager pool has given out an address. Each pool is listed once.
func (p *prover) holds(ctx context.Context, entry *catalog.Entry, pool, address string) (bool, error) {
	given, read := p.addresses[pool]
	if !read {
		given = map[string]bool{}
		path := entry.ListPath(pool)
		_, err := p.reader.api.List(ctx, path, nil, func(results []json.RawMessage) error {
			var room rawjson.Object
			var failed error
			for _, body := range results {
				o, err := parseObject(body, room)
				if err != nil {
					return err
				}
				room = o.members
				id, err := o.text("allocation_id")
				failed = errors.Join(failed, err)
				given[id] = true
			}
			return failed
		})
		if err != nil && !mp.IsKind(err, mp.KindNotFound) { // not found: the pool is gone, and its addresses with it
			return false, fmt.Errorf("listing %s: %w", path, err)
		}
		p.addresses[pool] = given
	}
	return given[address], nil
}
