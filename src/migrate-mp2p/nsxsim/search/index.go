package search

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// Options are the weaknesses of a search service. The zero value has none. An index that runs behind is
// Options.SearchLag; single answers 400 with 60514 (time-out) or 60515 (out of sync) are fault rules.
type Options struct {
	// LargestPage is the largest page that the service can put together; 0 means NSX's limit, 1000. Clients are
	// expected to ask again for less (nsx-operator).
	LargestPage int
	// LargePageStatus answers a larger one: 400 (default), with error_code 255, or 503, with 60576.
	LargePageStatus int
	// Reindexing is how long POST /search/reconcile takes. Meanwhile searches get 400 with error_code 60508.
	Reindexing time.Duration
}

// refuse answers a page that is too large.
func (o Options) refuse(size int) *api.Error {
	if o.LargestPage == 0 || size <= o.LargestPage {
		return nil
	}
	if o.LargePageStatus == http.StatusServiceUnavailable {
		return &api.Error{
			Status: http.StatusServiceUnavailable, Code: codeTooLarge, Module: api.ModuleSearch,
			Message: "The search service cannot answer: the result is too large. Lower page_size.",
		}
	}
	return api.BadRequest(255, api.ModuleCommon, "The result of page_size %d is too large. Lower page_size.", size)
}

// index is the state of the search service beside the store.
type index struct {
	mu sync.Mutex
	// rebuilt is when the index is complete again.
	rebuilt time.Time
}

// rebuild makes the index anew until then.
func (i *index) rebuild(until time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rebuilt = until
}

// indexReady refuses searches while the index is made anew.
func (s *API) indexReady() error {
	s.index.mu.Lock()
	defer s.index.mu.Unlock()
	if s.clock.Now().Before(s.index.rebuilt) {
		return api.BadRequest(codeIndexing, api.ModuleSearch, "Indexing is in progress. Search results are not available.")
	}
	return nil
}

// reconcileActions are the reasons for making the index anew (NSX Go SDK).
var reconcileActions = []string{"COMPLETE_REINDEXING", "OPENSEARCH_RESTORE", "PRODUCT_RESTORE", "PRODUCT_UPGRADE", "REBALANCE"}

var reconcileNotes = []string{
	"answers 204 (NSX Go SDK); a lagging index is up to date afterwards",
	api.Assumed + "every action makes the whole index anew, whatever override and scope say; meanwhile searches get 400/60508; why: that code says that the index is being built",
}

// reconcile makes the index anew.
func (s *API) reconcile(_ context.Context, r *api.Request) (*api.Response, error) {
	if action := r.Query.Get("action"); !slices.Contains(reconcileActions, action) {
		return nil, api.InvalidField("action", "%q is none of %s", action, strings.Join(reconcileActions, ", "))
	}
	if _, bad := api.Boolean("override", r.Query.Get("override")); bad != nil {
		return nil, bad
	}
	s.store.Reindex()
	s.index.rebuild(s.clock.Now().Add(s.options.Reindexing))
	return &api.Response{Status: http.StatusNoContent}, nil
}

// readSearchBody decodes the body of a search, in which unknown fields are errors.
func readSearchBody(body []byte, target any) *api.Error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(target)
	if err == nil {
		// A second value behind the first is an error, too.
		if _, err = decoder.Token(); err == io.EOF {
			return nil
		}
	}
	return api.BadRequest(220, api.ModuleCommon, "The body of the search cannot be read: %v.", err)
}
