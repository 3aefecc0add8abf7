package inventory

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// What realises an intent is found by the Policy search as a GenericPolicyRealizedResource (vmware-nsxlib searches for
// them). Its state is UNAVAILABLE, UNREALIZED, REALIZED or ERROR, and what is wrong stands in its alarms and in its publish
// and runtime errors (NSX Go SDK). That such a resource exists from the moment on when realisation begins, and not before,
// is ASSUMED, so that its absence says nothing.

const (
	realisedType  = "GenericPolicyRealizedResource"
	stateRealised = "REALIZED"
	stateError    = "ERROR"
)

// realisedStates are the states that are searched for one by one where all together are too many.
var realisedStates = []string{stateError, "UNREALIZED", "UNAVAILABLE"}

// Searcher finds objects by NSX's search; *nsx.Client is one.
type Searcher interface {
	Search(ctx context.Context, flavour mp.Flavour, query string, page mp.Page) (int, error)
	SearchCount(ctx context.Context, flavour mp.Flavour, query string) (int, error)
}

// Intent is a Policy object that is not realised.
type Intent struct {
	Path   string
	State  string // in NSX's words: ERROR, UNREALIZED, UNAVAILABLE
	Reason string // in NSX's words; empty when it gives none
}

func (i Intent) String() string {
	text := i.Path + ": " + cmp.Or(i.State, "no state")
	if i.Reason != "" {
		text += ": " + i.Reason
	}
	return text
}

// Unrealised is what NSX shows of intents that are not realised, each once, in the order of their paths.
type Unrealised struct {
	Errors []Intent // NSX failed to realise them
	Late   []Intent // not, or not yet
	// Incomplete says that more match than NSX's search hands out, even by state and first letter of the id.
	Incomplete bool
}

// FindUnrealised searches for what is not realised among the intents that are ours. It reads only what is not, a thousand
// in one request. It tells nothing about intents whose realisation has not begun, and as little as the search index, which
// may be behind. Memory grows with the paths that it finds.
func FindUnrealised(ctx context.Context, api Searcher, ours func(policyPath string) bool) (Unrealised, error) {
	f := &unrealised{found: map[string]Intent{}, texts: map[string]string{}, ours: ours}
	query := "resource_type:" + realisedType + " AND NOT state:" + stateRealised
	_, err := api.Search(ctx, mp.Policy, query, f.page)
	if mp.IsKind(err, mp.KindSearchCap) {
		err = f.parts(ctx, api, query)
	}
	if err != nil {
		return Unrealised{}, fmt.Errorf("searching for intents that are not realised: %w", err)
	}
	result := Unrealised{Incomplete: f.incomplete}
	for _, path := range slices.Sorted(maps.Keys(f.found)) {
		if one := f.found[path]; one.State == stateError {
			result.Errors = append(result.Errors, one)
		} else {
			result.Late = append(result.Late, one)
		}
	}
	return result, nil
}

// unrealised is one call of FindUnrealised.
type unrealised struct {
	ours       func(string) bool
	found      map[string]Intent
	texts      map[string]string // one copy of each reason, since one cause has many victims
	incomplete bool
}

// parts reads by state what is too much at once, and a state that is too much by itself by the first letter of the id.
func (f *unrealised) parts(ctx context.Context, api Searcher, query string) error {
	total, err := api.SearchCount(ctx, mp.Policy, query)
	if err != nil {
		return err
	}
	read := 0
	for _, state := range realisedStates {
		ofState := "resource_type:" + realisedType + " AND state:" + state
		n, err := api.Search(ctx, mp.Policy, ofState, f.page)
		if mp.IsKind(err, mp.KindSearchCap) {
			n, err = f.byLetter(ctx, api, ofState)
		}
		if err != nil {
			return err
		}
		read += n
	}
	f.incomplete = read < total
	return nil
}

// byLetter divides a query by the first letter of the id. What is still too much, and ids that begin with a sign, are left
// out.
func (f *unrealised) byLetter(ctx context.Context, api Searcher, query string) (read int, err error) {
	for _, letter := range "0123456789abcdefghijklmnopqrstuvwxyz" {
		n, err := api.Search(ctx, mp.Policy, query+" AND id:"+string(letter)+"*", f.page)
		if mp.IsKind(err, mp.KindSearchCap) {
			continue
		}
		if err != nil {
			return read, err
		}
		read += n
	}
	return read, nil
}

// realisedResource is a GenericPolicyRealizedResource as far as it matters here (NSX Go SDK).
type realisedResource struct {
	State           string   `json:"state"`
	IntentPaths     []string `json:"intent_paths"`
	IntentReference []string `json:"intent_reference"`
	Alarms          []struct {
		Message string `json:"message"`
		Details struct {
			Message string `json:"error_message"`
		} `json:"error_details"`
	} `json:"alarms"`
	PublishError   string `json:"publish_status_error"`
	PublishDetails []struct {
		Message string `json:"failure_message"`
		System  string `json:"sub_system_name"`
	} `json:"publish_status_error_details"`
	OperationalError string `json:"operational_status_error"`
	RuntimeError     string `json:"runtime_error"`
}

// page takes what a search found. The search matches loosely, so the state is looked at again. An intent with several
// realised resources is in error when one of them is.
func (f *unrealised) page(results []json.RawMessage) error {
	for _, body := range results {
		var one realisedResource
		if err := json.Unmarshal(body, &one); err != nil {
			return fmt.Errorf("reading a realised resource: %w", err)
		}
		if one.State == stateRealised {
			continue
		}
		for _, path := range slices.Concat(one.IntentPaths, one.IntentReference) {
			if known, ok := f.found[path]; ok && (known.State == stateError || one.State != stateError) || !f.ours(path) {
				continue
			}
			f.found[path] = Intent{Path: path, State: f.once(one.State), Reason: f.once(one.reason())}
		}
	}
	return nil
}

func (f *unrealised) once(text string) string {
	if known, ok := f.texts[text]; ok {
		return known
	}
	f.texts[text] = text
	return text
}

// longestReason is how much of NSX's words is kept, in bytes.
const longestReason = 500

// reason joins what NSX says about the cause, each text once.
func (r *realisedResource) reason() string {
	var texts []string
	add := func(text string) {
		if text = strings.TrimSpace(text); text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	for _, alarm := range r.Alarms {
		add(alarm.Message)
		add(alarm.Details.Message)
	}
	add(r.PublishError)
	for _, detail := range r.PublishDetails {
		if detail.Message != "" && detail.System != "" {
			detail.Message = detail.System + ": " + detail.Message
		}
		add(detail.Message)
	}
	add(r.OperationalError)
	add(r.RuntimeError)
	all := strings.Join(texts, "; ")
	if len(all) > longestReason {
		all = strings.ToValidUTF8(all[:longestReason], "") + " ..."
	}
	return all
}
