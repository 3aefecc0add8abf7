package listing

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

// MaxPage is the largest and the default page of lists and of the search.
const MaxPage = 1000

// PageSize reads page_size. smallest is 1 for lists and 0 for the search.
func PageSize(query url.Values) (int, *api.Error) {
	value := query.Get("page_size")
	if value == "" {
		return MaxPage, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > MaxPage {
		return 0, api.BadRequest(255, api.ModuleCommon, "Field level validation errors: {page_size: %s is not between 0 and %d}", value, MaxPage)
	}
	return n, nil
}

// List is a whole list in its order, from which pages are cut.
type List struct {
	// Name is the request's listName; cursors carry it, so that they fit no other list.
	Name      string
	Objects   []*store.Object
	by        string
	ascending bool
	// More are further fields of each page.
	More map[string]any
}

// Arrange sorts objects, which come in the order named by, as the query wants them.
func Arrange(objects []*store.Object, query url.Values, by string) (List, error) {
	if wanted := query.Get("sort_by"); wanted != "" && wanted != by {
		by = wanted
		grammar.Sort(objects, by)
	}
	ascending := true
	if value := query.Get("sort_ascending"); value != "" {
		var bad *api.Error
		if ascending, bad = api.Boolean("sort_ascending", value); bad != nil {
			return List{}, bad
		}
	}
	if !ascending {
		slices.Reverse(objects)
	}
	return List{Objects: objects, by: by, ascending: ascending}, nil
}

// Shape makes the body that a client sees of an object; nil shows it as it is stored.
type Shape func(*store.Object) (json.RawMessage, error)

// Page cuts one page out of a list. Lists have opaque cursors, absent on the last page (nsxlib), and tell the number of
// all objects on the first page only (NSX Go SDK).
func (l List) Page(query url.Values, show Shape) (*api.Response, error) {
	size, bad := PageSize(query)
	if bad != nil {
		return nil, bad
	}
	if size == 0 {
		size = MaxPage
	}
	start, bad := l.start(query.Get("cursor"))
	if bad != nil {
		return nil, bad
	}
	end := min(start+size, len(l.Objects))
	tail := map[string]any{"sort_by": l.by, "sort_ascending": l.ascending}
	maps.Copy(tail, l.More)
	if start == 0 {
		tail["result_count"] = len(l.Objects)
	}
	if end < len(l.Objects) {
		tail["cursor"] = l.cursor(end)
	}
	page := l.Objects[start:end]
	if show == nil {
		return Results(page, IncludedFields(query), tail)
	}
	shown := make([]*store.Object, 0, len(page))
	for _, o := range page {
		body, err := show(o)
		if err != nil {
			return nil, err
		}
		shown = append(shown, &store.Object{Key: o.Key, Body: body})
	}
	return Results(shown, IncludedFields(query), tail)
}

// PageOfValues cuts one page out of a list of values that are no stored objects.
func PageOfValues(r *api.Request, values []any) (*api.Response, error) {
	l, err := ArrangeValues(values, r.Query)
	if err != nil {
		return nil, err
	}
	l.Name = Name(r)
	return l.Page(r.Query, nil)
}

// ArrangeValues sorts values that are no stored objects as the query wants them.
func ArrangeValues(values []any, query url.Values) (List, error) {
	var objects []*store.Object
	for _, value := range values {
		body, err := json.Marshal(value)
		if err != nil {
			return List{}, fmt.Errorf("encoding a list: %w", err)
		}
		objects = append(objects, &store.Object{Body: body})
	}
	return Arrange(objects, query, "id")
}

// Results writes {"results": [...], ...}. The bodies are JSON already and large, so they are joined by hand.
func Results(objects []*store.Object, included []string, tail map[string]any) (*api.Response, error) {
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
		out.Write(Project(o, included))
	}
	rest, err := json.Marshal(tail)
	if err != nil {
		return nil, fmt.Errorf("encoding a page: %w", err)
	}
	out.WriteString("],")
	out.Write(rest[1:])
	return api.OK(json.RawMessage(out.Bytes()))
}

// Cache keeps the lists of the last queries while the store stays as it is, so that the pages of a large list do
// not cost a search and a sort each.
type Cache struct {
	mu      sync.Mutex
	version uint64
	lists   map[string]List
}

// cachedLists is the number of lists kept.
const cachedLists = 32

// Fetch returns the list of a name, or makes it.
func (c *Cache) Fetch(tx *store.Tx, name string, build func() (List, error)) (List, error) {
	c.mu.Lock()
	if c.version != tx.Version() || len(c.lists) >= cachedLists || c.lists == nil {
		c.version, c.lists = tx.Version(), map[string]List{}
	}
	l, known := c.lists[name]
	c.mu.Unlock()
	if known && !tx.Lagging() {
		return l, nil
	}
	l, err := build()
	if err != nil {
		return List{}, err
	}
	l.Name = name
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.version == tx.Version() {
		c.lists[name] = l
	}
	return l, nil
}

// Name names a request's list: all of it but the page.
func Name(r *api.Request) string {
	query := maps.Clone(r.Query)
	for _, paging := range []string{"cursor", "page_size", "included_fields"} {
		query.Del(paging)
	}
	return r.Path + "?" + query.Encode()
}

// cursor names the list and the last object of a page, so that the next page goes on behind it whatever happens before
// it; the number is for when that object is gone.
func (l List) cursor(end int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end) + " " + l.mark() + " " + l.Objects[end-1].Key))
}

// mark is a short name of the list.
func (l List) mark() string {
	sum := fnv.New32a()
	// A hash never fails to be written to.
	_, _ = sum.Write([]byte(l.Name))
	return strconv.FormatUint(uint64(sum.Sum32()), 36)
}

// start is where the page of a cursor begins.
func (l List) start(cursor string) (int, *api.Error) {
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
	if at := slices.IndexFunc(l.Objects, func(o *store.Object) bool { return key != "" && o.Key == key }); at >= 0 {
		return at + 1, nil
	}
	return min(end, len(l.Objects)), nil
}

// IncludedFields reads included_fields; nil means all.
func IncludedFields(query url.Values) []string {
	if value := query.Get("included_fields"); value != "" {
		return strings.Split(value, ",")
	}
	return nil
}

// Project is the body with the wanted top fields only.
func Project(o *store.Object, included []string) json.RawMessage {
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
