package nsxsim

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxPage is the largest and the default page of lists and of the search.
const maxPage = 1000

// listResult is the answer of a list. Lists have opaque cursors, absent on the last page (nsxlib).
type listResult struct {
	Results       []json.RawMessage `json:"results"`
	ResultCount   int               `json:"result_count"`
	Cursor        string            `json:"cursor,omitempty"`
	SortBy        string            `json:"sort_by"`
	SortAscending bool              `json:"sort_ascending"`
}

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

// page cuts one page out of objects, sorted as the query wants; by names the default order, in which objects come.
func page(objects []*store.Object, query url.Values, by string) (*listResult, *api.Error) {
	size, bad := pageSize(query)
	if bad != nil {
		return nil, bad
	}
	if size == 0 {
		size = maxPage
	}
	ascending := query.Get("sort_ascending") != "false"
	if wanted := query.Get("sort_by"); wanted != "" && wanted != by {
		by = wanted
		sortBy(objects, by)
	}
	if !ascending {
		slices.Reverse(objects)
	}
	start, bad := listStart(objects, query.Get("cursor"))
	if bad != nil {
		return nil, bad
	}
	end := min(start+size, len(objects))
	result := &listResult{Results: []json.RawMessage{}, ResultCount: len(objects), SortBy: by, SortAscending: ascending}
	included := includedFields(query)
	for _, o := range objects[start:end] {
		result.Results = append(result.Results, project(o, included))
	}
	if end < len(objects) {
		result.Cursor = listCursor(objects[end-1].Key, end)
	}
	return result, nil
}

// listCursor names the last object of a page, so that a page goes on behind it whatever happens before it; the number
// is for when that object is gone.
func listCursor(key string, end int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end) + " " + key))
}

func listStart(objects []*store.Object, cursor string) (int, *api.Error) {
	if cursor == "" {
		return 0, nil
	}
	invalid := api.BadRequest(255, api.ModuleCommon, "The cursor %q is not one of this list.", cursor)
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, invalid
	}
	number, key, ok := strings.Cut(string(raw), " ")
	end, err := strconv.Atoi(number)
	if !ok || err != nil || end < 0 {
		return 0, invalid
	}
	if at := slices.IndexFunc(objects, func(o *store.Object) bool { return o.Key == key }); at >= 0 {
		return at + 1, nil
	}
	return min(end, len(objects)), nil
}

// sortBy sorts by a field of the body; numbers by value, everything else as text, ties by id.
func sortBy(objects []*store.Object, name string) {
	keys := make(map[*store.Object]sortKey, len(objects))
	for _, o := range objects {
		keys[o] = sortKeyOf(o, name)
	}
	slices.SortFunc(objects, func(a, b *store.Object) int {
		x, y := keys[a], keys[b]
		return cmp.Or(cmp.Compare(x.number, y.number), strings.Compare(x.text, y.text), store.Compare(a, b))
	})
}

type sortKey struct {
	number float64
	text   string
}

func sortKeyOf(o *store.Object, name string) sortKey {
	switch name {
	case "id":
		return sortKey{text: o.ID}
	case "display_name":
		return sortKey{text: o.DisplayName}
	}
	fields, err := o.Fields()
	if err != nil {
		return sortKey{}
	}
	if n, ok := fields[name].(json.Number); ok {
		if f, err := n.Float64(); err == nil {
			return sortKey{number: f}
		}
	}
	return sortKey{text: text(fields[name])}
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
