package nsx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nsx-mp2p/migrate-mp2p/internal/rawjson"
)

const (
	pageSize     = 1000  // NSX's own limit
	smallestPage = 50    // below it a page that is too large is an error
	searchCap    = 50000 // objects that the search cursor reaches
)

var searchPaths = map[Flavour]string{
	Manager: "/api/v1/search/query",
	Policy:  "/policy/api/v1/search/query",
}

// listing is one page of a search or list.
type listing struct {
	Results []json.RawMessage // they refer to the body
	Count   int
	Counted bool // the page told Count
	Cursor  string
	body    io.Closer
}

// deliver hands the results over and gives up the body.
func (l *listing) deliver(page Page) error {
	var err error
	if len(l.Results) > 0 {
		err = page(l.Results)
	}
	return errors.Join(err, l.body.Close())
}

// take reads the text of a page. Pages are nearly all that NSX answers, so that nothing of them is copied.
func (l *listing) take(text []byte) error {
	if len(text) == 0 {
		return errEmpty
	}
	*l = listing{}
	var count, cursor, failed []byte
	listed := false
	page := rawjson.NewScanner(text)
	page.Object(func(key []byte) {
		switch string(key) {
		case "results":
			listed = true
			page.Array(func() { l.Results = append(l.Results, page.Value()) })
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
	if err := page.End(); err != nil {
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
	if !listed && !l.Counted {
		return errOther
	}
	if cursor != nil {
		if err := json.Unmarshal(cursor, &l.Cursor); err != nil {
			return fmt.Errorf("reading cursor: %w", err)
		}
	}
	return nil
}

// Search delivers all objects that a query finds, ordered by id, and how many these were. More than 50,000 are a
// KindSearchCap before anything is delivered: the query has to be split. Results follow the search index, which may
// be behind; an index that says so is waited for, up to the time-out for it.
func (c *Client) Search(ctx context.Context, f Flavour, query string, page Page) (int, error) {
	params := url.Values{"query": {query}, "sort_by": {"id"}}
	delivered := 0
	for size := pageSize; ; {
		answer, used, err := pageOf(ctx, c.send, searchPaths[f], params, size, c.options.IndexTimeout)
		if err != nil {
			return delivered, err
		}
		size = used
		if answer.Count > searchCap {
			return delivered, &Error{
				Kind: KindSearchCap, Method: http.MethodGet, Path: searchPaths[f],
				Message: fmt.Sprintf("%d objects match %s; search hands out at most %d", answer.Count, query, searchCap),
			}
		}
		if err := answer.deliver(page); err != nil {
			return delivered, err
		}
		delivered += len(answer.Results)
		if delivered >= answer.Count {
			return delivered, nil
		}
		// The search cursor is the number of objects handed out so far (vmware-nsxlib).
		reached, err := strconv.Atoi(answer.Cursor)
		if err != nil || reached != delivered || len(answer.Results) == 0 {
			return delivered, &Error{
				Kind: KindSearch, Method: http.MethodGet, Path: searchPaths[f],
				Message: fmt.Sprintf("after %d of %d objects that match %s the cursor is %q", delivered, answer.Count, query, answer.Cursor),
			}
		}
		params.Set("cursor", answer.Cursor)
	}
}

// SearchCount says how many objects the search index holds for a query.
func (c *Client) SearchCount(ctx context.Context, f Flavour, query string) (int, error) {
	answer, _, err := pageOf(ctx, c.send, searchPaths[f], url.Values{"query": {query}}, 1, c.options.IndexTimeout)
	return answer.Count, err
}

// List delivers all objects of a collection, e.g. /api/v1/logical-switches, and how many these were.
func (c *Client) List(ctx context.Context, path string, params url.Values, page Page) (int, error) {
	return list(ctx, c.send, path, params, page)
}

// sender is send or coordinate.
type sender func(context.Context, request) error

func list(ctx context.Context, send sender, path string, params url.Values, page Page) (int, error) {
	query := cloneValues(params)
	delivered := 0
	for size := pageSize; ; {
		answer, used, err := pageOf(ctx, send, path, query, size, 0)
		if err != nil {
			return delivered, err
		}
		size = used
		if err := answer.deliver(page); err != nil {
			return delivered, err
		}
		delivered += len(answer.Results)
		// The last page carries no cursor, or one that begins with 0000 (vmware-nsxlib, nsx-operator).
		if answer.Cursor == "" || strings.HasPrefix(answer.Cursor, "0000") {
			return delivered, nil
		}
		if answer.Cursor == query.Get("cursor") {
			return delivered, &Error{
				Kind: KindServer, Method: http.MethodGet, Path: path,
				Message: fmt.Sprintf("the cursor stays at %q after %d objects", answer.Cursor, delivered),
			}
		}
		query.Set("cursor", answer.Cursor)
	}
}

// ListCount says how many objects a collection holds.
func (c *Client) ListCount(ctx context.Context, path string, params url.Values) (int, error) {
	answer, _, err := pageOf(ctx, c.send, path, cloneValues(params), 1, 0)
	return answer.Count, err
}

// pageOf reads one page of at most size objects and halves the size while NSX calls the page too large; it also gives
// the size that worked. The next request begins where this page ended, so the size may change between pages.
func pageOf(ctx context.Context, send sender, path string, query url.Values, size int, patience time.Duration) (listing, int, error) {
	for {
		query.Set("page_size", strconv.Itoa(size))
		var answer listing
		err := send(ctx, request{method: http.MethodGet, path: path, query: query, out: &answer, manner: manner{patience: patience}})
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
	return c.send(ctx, request{method: http.MethodGet, path: plain, query: query, out: formOf(out, "")})
}
