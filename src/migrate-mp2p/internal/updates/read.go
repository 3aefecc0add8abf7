package updates

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

// API is what this package needs of NSX. Paths of GetPolicy begin with /infra, those of List and Get with /policy or, for
// the Manager API, with /api.
type API interface {
	Search(ctx context.Context, f mp.Flavour, query string, page mp.Page) (total int, err error)
	List(ctx context.Context, path string, params url.Values, page mp.Page) (count int, err error)
	GetPolicy(ctx context.Context, path string, out any) error
	Get(ctx context.Context, path string, out any) error
	// PatchInfra sends a hierarchical PATCH whose revisions NSX checks.
	PatchInfra(ctx context.Context, body any) error
}

// Events hears how far a phase is.
type Events interface {
	// Progress is told now and then how many of all objects are done.
	Progress(done, total int, what string)
	// Waiting is told why nothing seems to happen.
	Waiting(reason string)
}

const (
	// searchPage is the number of objects that one search request finds.
	searchPage = 1000
	// worthwhile is how many requests more than a search an answer may cost that is never behind.
	worthwhile = 3
	// fewRequests are made for objects that the index does not show yet, instead of waiting for it.
	fewRequests = 20
	// listFrom that many wanted objects of one collection, the collection is listed.
	listFrom = 4

	firstPause = time.Second
	longPause  = 15 * time.Second

	// maxSplits of a query that finds more than Search hands out; each divides its results by 16.
	maxSplits = 3
)

// reader reads Policy objects in bulk.
type reader struct {
	api     API
	scope   mp.Scope
	cluster string
	index   time.Duration // how long the search index may take to catch up
	sleep   func(context.Context, time.Duration) error
	events  Events
	// indexLost is told that Search does not work for good and that the objects are read directly; it may be nil.
	indexLost func(cause error)
}

// found receives an object that was looked for, with the value that stood in the wanted map. The object is taken apart
// only until the next one comes. With errBehind it stays wanted.
type found[T any] func(value T, path string, o policyObject) error

// errBehind is the answer of a found that does not take what the search index shows for what NSX has.
var errBehind = errors.New("the search index may be behind")

// read hands out the wanted objects of one kind, by path, each once, and takes them out of the map: what is left in
// it does not exist. Where lists and GETs cost about as little as a search they are preferred, since they are never
// behind. NCP's other objects, such as ports in thousands of segments, come from the search index, 1000 a request;
// what it does not show yet is waited for and then read directly. Shared objects and addresses carry no tag of ours
// that one could search for.
func read[T any](ctx context.Context, r *reader, k kind, wanted map[string]T, each found[T]) error {
	if searchable(r, k, wanted) {
		if err := readIndex(ctx, r, k, wanted, each, nil); err != nil {
			return err
		}
	}
	return readDirectly(ctx, r, wanted, each)
}

// searchable says whether the search index finds objects of a kind, for much less than it costs to read them directly.
func searchable[T any](r *reader, k kind, wanted map[string]T) bool {
	return r.scope == mp.NCP && k.Type != allocationType && directCost(wanted) > len(wanted)/searchPage+worthwhile
}

// readIndex searches, and searches again while many objects are missing and the index may still be behind. After each
// search, between may take further objects out of the map; it may be nil. An index that does not work finds nothing more,
// and that is no error: what is left is read directly, whatever it costs.
func readIndex[T any](ctx context.Context, r *reader, k kind, wanted map[string]T, each found[T], between func() error) error {
	query := mp.OfTypes(k.resourceTypes()) + " AND tags.scope:" + mp.Quote("ncp/cluster") + " AND tags.tag:" + mp.Quote(r.cluster)
	page := pick(wanted, each)
	pause := firstPause
	for waited := time.Duration(0); ; waited += pause {
		err := searchAll(ctx, r.api, query, "", page)
		if mp.IsKind(err, mp.KindSearch) {
			if r.indexLost != nil {
				r.indexLost(err)
			}
			return nil
		}
		if err != nil {
			return fmt.Errorf("searching for %s objects: %w", k.Type, err)
		}
		if between != nil {
			if err := between(); err != nil {
				return err
			}
		}
		if directCost(wanted) <= fewRequests || waited >= r.index {
			return nil
		}
		pause = min(pause*2, longPause)
		r.events.Waiting(fmt.Sprintf("the search index does not show %d %s objects yet", len(wanted), k.Type))
		if err := r.sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// searchAll divides a query by the first letters of the Manager id when it finds more than Search hands out.
func searchAll(ctx context.Context, api API, query, prefix string, page mp.Page) error {
	part := query
	if prefix != "" {
		part += " AND unique_id:" + prefix + "*"
	}
	_, err := api.Search(ctx, mp.Policy, part, page)
	if !mp.IsKind(err, mp.KindSearchCap) || len(prefix) == maxSplits {
		return err
	}
	for _, digit := range "0123456789abcdef" {
		if err := searchAll(ctx, api, query, prefix+string(digit), page); err != nil {
			return err
		}
	}
	return nil
}

// readDirectly reads objects from NSX itself: collections of which many are wanted by list, others one by one.
func readDirectly[T any](ctx context.Context, r *reader, wanted map[string]T, each found[T]) error {
	for collection, paths := range byCollection(wanted) {
		if len(paths) >= listFrom {
			if err := readList(ctx, r, collection, wanted, each); err != nil {
				return err
			}
			continue
		}
		for _, p := range paths {
			if _, err := readOne(ctx, r, p, wanted, each); err != nil {
				return err
			}
		}
	}
	return nil
}

func byCollection[T any](wanted map[string]T) map[string][]string {
	collections := map[string][]string{}
	for p := range wanted {
		collections[path.Dir(p)] = append(collections[path.Dir(p)], p)
	}
	return collections
}

// directCost is about the number of requests that readDirectly makes.
func directCost[T any](wanted map[string]T) int {
	cost := 0
	for _, paths := range byCollection(wanted) {
		if len(paths) < listFrom {
			cost += len(paths)
		} else {
			cost += 1 + len(paths)/searchPage
		}
	}
	return cost
}

func readList[T any](ctx context.Context, r *reader, collection string, wanted map[string]T, each found[T]) error {
	_, err := r.api.List(ctx, "/policy/api/v1"+collection, nil, pick(wanted, each))
	if err != nil && !mp.IsKind(err, mp.KindNotFound) { // not found: the parent is gone, and its children with it
		return fmt.Errorf("listing %s: %w", collection, err)
	}
	return nil
}

// readOne reads one object; absent says that NSX has no such object, in its own words.
func readOne[T any](ctx context.Context, r *reader, p string, wanted map[string]T, each found[T]) (absent bool, err error) {
	var body json.RawMessage
	err = r.api.GetPolicy(ctx, p, &body)
	switch {
	case mp.IsKind(err, mp.KindNotFound):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("reading %s: %w", p, err)
	}
	return false, pick(wanted, each)([]json.RawMessage{body})
}

// pick hands out the wanted objects of a page. An object that is being deleted counts as absent.
func pick[T any](wanted map[string]T, each found[T]) mp.Page {
	return func(results []json.RawMessage) error {
		var room rawjson.Object
		for _, body := range results {
			o, err := parseObject(body, room)
			if err != nil {
				return err
			}
			room = o.members
			p, err := o.text("path")
			if err != nil {
				return err
			}
			value, ok := wanted[p]
			if !ok || string(o.raw("marked_for_delete")) == "true" {
				continue
			}
			err = each(value, p, o)
			if errors.Is(err, errBehind) {
				continue
			}
			if err != nil {
				return err
			}
			delete(wanted, p)
		}
		return nil
	}
}
