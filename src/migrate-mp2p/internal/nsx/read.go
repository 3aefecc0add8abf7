package nsx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

const (
	pageSize     = 1000  // NSX's own limit
	smallestPage = 50    // below it a page that is too large is an error
	searchCap    = 50000 // objects that the search cursor reaches
)

var searchPaths = map[mp.Flavour]string{
	mp.Manager: "/api/v1/search/query",
	mp.Policy:  "/policy/api/v1/search/query",
}

// listing is one page of a search or list.
type listing struct {
	Results []json.RawMessage // they refer to the body
	Count   int
	Counted bool // the page told Count
	Cursor  string
	body    io.Closer

	marks     []mark       // of the results
	seed      maphash.Seed // of the marks
	mustCount bool         // a page that does not tell Count is none
}

// mark stands for one result: equal marks are the same object.
type mark struct {
	hash  uint64
	named bool // the result has an id; else the mark is of its whole text
}

// deliver hands the results over and gives up the body.
func (l *listing) deliver(page mp.Page) error {
	var err error
	if len(l.Results) > 0 {
		err = page(l.Results)
	}
	return errors.Join(err, l.body.Close())
}

// take reads the text of a page. Pages are nearly all that NSX answers, so that nothing of them is copied, and each
// result is looked at once.
func (l *listing) take(text []byte) error {
	if len(text) == 0 {
		return errEmpty
	}
	*l = listing{seed: l.seed, mustCount: l.mustCount}
	var count, cursor, failed []byte
	listed := false
	err := rawjson.Walk(text, func(page *rawjson.Scanner) {
		marker := newMarker(l.seed, page)
		page.Object(func(key []byte) {
			switch string(key) {
			case "results":
				listed = true
				page.Array(func() {
					result := page.Element(marker.member)
					l.Results, l.marks = append(l.Results, result), append(l.marks, marker.mark(result))
				})
			case "result_count":
				count = page.Value()
			case "cursor":
				cursor = page.Value()
			case "error_code":
				failed = page.Value()
			default:
				page.Value()
			}
		})
	})
	if err != nil {
		return err
	}
	if given(failed) {
		return errHasError
	}
	if given(count) {
		if err := json.Unmarshal(count, &l.Count); err != nil {
			return fmt.Errorf("reading result_count: %w", err)
		}
		l.Counted = true
	}
	if !l.Counted && l.mustCount || !listed && (!l.Counted || l.Count != 0) { // a number without objects is no page
		return errOther
	}
	if cursor != nil {
		if err := json.Unmarshal(cursor, &l.Cursor); err != nil {
			return fmt.Errorf("reading cursor: %w", err)
		}
	}
	return nil
}

// marker makes marks of results while the scanner passes over them.
type marker struct {
	seed   maphash.Seed
	page   *rawjson.Scanner
	values [5][]byte
}

func newMarker(seed maphash.Seed, page *rawjson.Scanner) *marker {
	return &marker{seed: seed, page: page}
}

// member takes one member of a result. Ids are unique within a type on the Manager's side, within a parent on Policy's;
// allocations of a pool have none of these, and are known by their address.
func (m *marker) member(key []byte) {
	value := m.page.Value()
	switch string(key) {
	case "id":
		m.values[0] = value
	case "path":
		m.values[1] = value
	case "unique_id":
		m.values[2] = value
	case "allocation_id":
		m.values[3] = value
	case "resource_type":
		m.values[4] = value
	}
}

// mark ends a result.
func (m *marker) mark(result []byte) mark {
	named := m.values[0] != nil || m.values[3] != nil
	if !named {
		m.values = [5][]byte{result}
	}
	var h maphash.Hash
	h.SetSeed(m.seed)
	for _, v := range m.values {
		h.Write(v)
		h.WriteByte(0) // which is in no JSON
	}
	m.values = [5][]byte{}
	return mark{hash: h.Sum64(), named: named}
}

// Search delivers all objects that a query finds, ordered by id and each of them once, and how many these were. More
// than 50,000 are a KindSearchCap before anything is delivered: the query has to be split. Results follow the search
// index, which may be behind; an index that says so is waited for, up to the time-out for it, and only once: as long as it
// stays so, later searches are tried a single time, so that whoever can do without finds out at once. One that changes
// while it is read, page by page, is read again; what it did not show then, it may hold all the same.
func (c *Client) Search(ctx context.Context, f mp.Flavour, query string, page mp.Page) (int, error) {
	r := c.newReadings(searchPaths[f], page)
	err := r.untilSteady(func(one *reading) error { return c.searchOnce(ctx, f, query, r, one) })
	if mp.IsKind(err, mp.KindMoving) {
		c.log.WithField("op", "search").Warnf("going on with what the search index showed: %v", err)
		err = nil
	}
	return r.delivered, err
}

func (c *Client) searchOnce(ctx context.Context, f mp.Flavour, query string, r *readings, one *reading) error {
	params := url.Values{"query": {query}, "sort_by": {"id"}}
	reached := 0
	for size := pageSize; ; {
		answer, used, err := pageOf(ctx, c.send, searchPaths[f], params, size, listing{seed: r.seed, mustCount: true}, c.ofIndex())
		c.noteIndex(err)
		if err != nil {
			return err
		}
		size = used
		if answer.Count > searchCap && r.delivered == 0 {
			return &Error{
				Kind: mp.KindSearchCap, Method: http.MethodGet, Path: searchPaths[f],
				Message: fmt.Sprintf("%d objects match %s; search hands out at most %d", answer.Count, query, searchCap),
			}
		}
		if one.want == nil {
			one.want = &answer.Count
		}
		one.moved = one.moved || *one.want != answer.Count
		results := len(answer.Results)
		twice, err := r.deliver(&answer, one)
		if err != nil {
			return err
		}
		one.moved = one.moved || twice != nil
		reached += results
		if reached >= answer.Count {
			return nil
		}
		// The search cursor is the number of objects handed out so far (vmware-nsxlib).
		cursor, err := strconv.Atoi(answer.Cursor)
		if err != nil || cursor != reached || results == 0 {
			return &Error{
				Kind: mp.KindSearch, Method: http.MethodGet, Path: searchPaths[f],
				Message: fmt.Sprintf("after %d of %d objects that match %s the cursor is %q", reached, answer.Count, query, answer.Cursor),
			}
		}
		params.Set("cursor", answer.Cursor)
	}
}

// SearchCount says how many objects the search index holds for a query.
func (c *Client) SearchCount(ctx context.Context, f mp.Flavour, query string) (int, error) {
	counted := listing{seed: maphash.MakeSeed(), mustCount: true}
	answer, _, err := pageOf(ctx, c.send, searchPaths[f], url.Values{"query": {query}}, 1, counted, c.ofIndex())
	c.noteIndex(err)
	return answer.Count, err
}

// ofIndex is the manner of a search: how long the index is waited for.
func (c *Client) ofIndex() manner {
	return manner{patience: c.options.IndexTimeout, indexLost: c.indexLost.Load()}
}

// noteIndex learns from a search whether the index works.
func (c *Client) noteIndex(err error) {
	if err == nil || mp.IsKind(err, mp.KindSearch) {
		c.indexLost.Store(err != nil)
	}
}

// List delivers all objects of a collection, e.g. /api/v1/logical-switches, each of them once, and how many these were.
// A collection that changes while it is read, page by page, is read again, and in the end a KindMoving.
func (c *Client) List(ctx context.Context, path string, params url.Values, page mp.Page) (int, error) {
	return c.list(ctx, c.send, path, params, page)
}

// sender is send or coordinate.
type sender func(context.Context, request) error

func (c *Client) list(ctx context.Context, send sender, path string, params url.Values, page mp.Page) (int, error) {
	r := c.newReadings(path, page)
	err := r.untilSteady(func(one *reading) error { return listOnce(ctx, send, path, params, r, one) })
	return r.delivered, err
}

func listOnce(ctx context.Context, send sender, path string, params url.Values, r *readings, one *reading) error {
	query := cloneValues(params)
	cursors := map[string]bool{}
	for size := pageSize; ; {
		answer, used, err := pageOf(ctx, send, path, query, size, listing{seed: r.seed}, manner{})
		if err != nil {
			return err
		}
		size = used
		if len(cursors) == 0 && answer.Counted { // documented for the first page only (ListResult in the NSX Go SDK)
			one.want = &answer.Count
		}
		empty := len(answer.Results) == 0
		twice, err := r.deliver(&answer, one)
		switch {
		case err != nil:
			return err
		case twice != nil:
			return r.nonsense("%s came a second time", describe(twice))
		// The last page carries no cursor, or one that begins with 0000 (vmware-nsxlib, nsx-operator).
		case answer.Cursor == "" || strings.HasPrefix(answer.Cursor, "0000"):
			return nil
		case cursors[answer.Cursor]:
			return r.nonsense("the cursor %q was given before", answer.Cursor)
		case empty:
			return r.nonsense("a page without objects goes on with cursor %q", answer.Cursor)
		}
		cursors[answer.Cursor] = true
		query.Set("cursor", answer.Cursor)
	}
}

// ListCount says how many objects a collection holds.
func (c *Client) ListCount(ctx context.Context, path string, params url.Values) (int, error) {
	counted := listing{seed: maphash.MakeSeed(), mustCount: true}
	answer, _, err := pageOf(ctx, c.send, path, cloneValues(params), 1, counted, manner{})
	return answer.Count, err
}

// pageOf reads one page of at most size objects into a copy of blank, and halves the size while NSX calls the page too
// large; it also gives the size that worked. The next request begins where this page ended, so the size may change
// between pages.
func pageOf(ctx context.Context, send sender, path string, query url.Values, size int, blank listing, m manner) (listing, int, error) {
	for {
		query.Set("page_size", strconv.Itoa(size))
		answer := blank
		err := send(ctx, request{method: http.MethodGet, path: path, query: query, out: &answer, manner: m})
		if !tooLarge(err) || size/2 < smallestPage {
			return answer, size, err
		}
		size /= 2
	}
}

// tooLarge recognises the two codes for a page that is too large (nsx-operator). 255 speaks of any field of a request, and
// a page's size is the only one that could be wrong in what is asked here.
func tooLarge(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Code == 60576 || e.Code == 255)
}

// cloneValues protects the caller's parameters.
func cloneValues(v url.Values) url.Values {
	clone := url.Values{}
	for key, values := range v {
		clone[key] = append([]string(nil), values...)
	}
	return clone
}

// Get reads one object, e.g. /api/v1/logical-switches/<id>, or an Answer; the path may carry a query. An absent one is a
// KindNotFound.
func (c *Client) Get(ctx context.Context, path string, out any) error {
	plain, encoded, _ := strings.Cut(path, "?")
	query, err := url.ParseQuery(encoded)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return c.send(ctx, request{method: http.MethodGet, path: plain, query: query, out: formOf(out, plain)})
}
