package nsxsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxPage is the largest and the default page of lists and of the search.
const maxPage = 1000

// pageSize reads page_size. smallest is 1 for lists and 0 for the search.
func pageSize(query url.Values) (int, *api.Error) {
	value := query.Get("page_size")
	if value == "" {
		return maxPage, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > maxPage {
		return 0, api.BadRequest(255, api.ModuleCommon, "Field level validation errors: {page_size: %s is not between 0 and %d}", value, maxPage)
	}
	return n, nil
}

// listing is a whole list in its order, from which pages are cut.
type listing struct {
	// name is the request's listName; cursors carry it, so that they fit no other list.
	name      string
	objects   []*store.Object
	by        string
	ascending bool
	// more are further fields of each page.
	more map[string]any
}

// arrange sorts objects, which come in the order named by, as the query wants them.
func arrange(objects []*store.Object, query url.Values, by string) (listing, error) {
	if wanted := query.Get("sort_by"); wanted != "" && wanted != by {
		by = wanted
		grammar.Sort(objects, by)
	}
	ascending := true
	if value := query.Get("sort_ascending"); value != "" {
		var bad *api.Error
		if ascending, bad = api.Boolean("sort_ascending", value); bad != nil {
			return listing{}, bad
		}
	}
	if !ascending {
		slices.Reverse(objects)
	}
	return listing{objects: objects, by: by, ascending: ascending}, nil
}

// shape makes the body that a client sees of an object; nil shows it as it is stored.
type shape func(*store.Object) (json.RawMessage, error)

// page cuts one page out of a list. Lists have opaque cursors, absent on the last page (nsxlib), and tell the number of
// all objects on the first page only (NSX Go SDK).
func (l listing) page(query url.Values, show shape) (*api.Response, error) {
	size, bad := pageSize(query)
	if bad != nil {
		return nil, bad
	}
	if size == 0 {
		size = maxPage
	}
	start, bad := l.start(query.Get("cursor"))
	if bad != nil {
		return nil, bad
	}
	end := min(start+size, len(l.objects))
	tail := map[string]any{"sort_by": l.by, "sort_ascending": l.ascending}
	maps.Copy(tail, l.more)
	if start == 0 {
		tail["result_count"] = len(l.objects)
	}
	if end < len(l.objects) {
		tail["cursor"] = l.cursor(end)
	}
	page := l.objects[start:end]
	if show == nil {
		return results(page, includedFields(query), tail)
	}
	shown := make([]*store.Object, 0, len(page))
	for _, o := range page {
		body, err := show(o)
		if err != nil {
			return nil, err
		}
		shown = append(shown, &store.Object{Key: o.Key, Body: body})
	}
	return results(shown, includedFields(query), tail)
}

// pageOfValues cuts one page out of a list of values that are no stored objects.
func pageOfValues(r *api.Request, values []any) (*api.Response, error) {
	l, err := arrangeValues(values, r.Query)
	if err != nil {
		return nil, err
	}
	l.name = listName(r)
	return l.page(r.Query, nil)
}

// arrangeValues sorts values that are no stored objects as the query wants them.
func arrangeValues(values []any, query url.Values) (listing, error) {
	var objects []*store.Object
	for _, value := range values {
		body, err := json.Marshal(value)
		if err != nil {
			return listing{}, fmt.Errorf("encoding a list: %w", err)
		}
		objects = append(objects, &store.Object{Body: body})
	}
	return arrange(objects, query, "id")
}

// results writes {"results": [...], ...}. The bodies are JSON already and large, so they are joined by hand.
func results(objects []*store.Object, included []string, tail map[string]any) (*api.Response, error) {
	size := 1024
	for _, o := range objects {
		size += len(o.Body) + 1
	}
	var out bytes.Buffer
	out.Grow(size)
	out.WriteString(`{"results":[`)
	for i, o := range objects {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(project(o, included))
	}
	rest, err := json.Marshal(tail)
	if err != nil {
		return nil, fmt.Errorf("encoding a page: %w", err)
	}
	out.WriteString("],")
	out.Write(rest[1:])
	return api.OK(json.RawMessage(out.Bytes()))
}

// listCache keeps the lists of the last queries while the store stays as it is, so that the pages of a large list do
// not cost a search and a sort each.
type listCache struct {
	mu      sync.Mutex
	version uint64
	lists   map[string]listing
}

// cachedLists is the number of lists kept.
const cachedLists = 32

// fetch returns the list of a name, or makes it.
func (c *listCache) fetch(tx *store.Tx, name string, build func() (listing, error)) (listing, error) {
	c.mu.Lock()
	if c.version != tx.Version() || len(c.lists) >= cachedLists || c.lists == nil {
		c.version, c.lists = tx.Version(), map[string]listing{}
	}
	l, known := c.lists[name]
	c.mu.Unlock()
	if known && !tx.Lagging() {
		return l, nil
	}
	l, err := build()
	if err != nil {
		return listing{}, err
	}
	l.name = name
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == tx.Version() {
		c.lists[name] = l
	}
	return l, nil
}

// listName names a request's list: all of it but the page.
func listName(r *api.Request) string {
	query := maps.Clone(r.Query)
	for _, paging := range []string{"cursor", "page_size", "included_fields"} {
		query.Del(paging)
	}
	return r.Path + "?" + query.Encode()
}

// cursor names the list and the last object of a page, so that the next page goes on behind it whatever happens before
// it; the number is for when that object is gone.
func (l listing) cursor(end int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end) + " " + l.mark() + " " + l.objects[end-1].Key))
}

// mark is a short name of the list.
func (l listing) mark() string {
	sum := fnv.New32a()
	// A hash never fails to be written to.
	_, _ = sum.Write([]byte(l.name))
	return strconv.FormatUint(uint64(sum.Sum32()), 36)
}

// start is where the page of a cursor begins.
func (l listing) start(cursor string) (int, *api.Error) {
	if cursor == "" {
		return 0, nil
	}
	invalid := api.BadRequest(255, api.ModuleCommon, "The cursor %q is not one of this list.", cursor)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, invalid
	}
	parts := strings.SplitN(string(raw), " ", 3)
	if len(parts) != 3 || parts[1] != l.mark() {
		return 0, invalid
	}
	end, err := strconv.Atoi(parts[0])
	if err != nil || end < 1 {
		return 0, invalid
	}
	key := parts[2]
	if at := slices.IndexFunc(l.objects, func(o *store.Object) bool { return key != "" && o.Key == key }); at >= 0 {
		return at + 1, nil
	}
	return min(end, len(l.objects)), nil
}

// includedFields reads included_fields; nil means all.
func includedFields(query url.Values) []string {
	if value := query.Get("included_fields"); value != "" {
		return strings.Split(value, ",")
	}
	return nil
}

// project is the body with the wanted top fields only.
func project(o *store.Object, included []string) json.RawMessage {
	if included == nil {
		return o.Body
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(o.Body, &fields); err != nil {
		return o.Body
	}
	kept := map[string]json.RawMessage{}
	for _, name := range included {
		if value, set := fields[strings.TrimSpace(name)]; set {
			kept[strings.TrimSpace(name)] = value
		}
	}
	body, err := json.Marshal(kept)
	if err != nil {
		return o.Body
	}
	return body
}
