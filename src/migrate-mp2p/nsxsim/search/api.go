package search

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxReachable is the number of objects that the cursor reaches (SAP driver G).
const maxReachable = 50_000

// Codes of the search module. No public source names those of a bad query and of a bad cursor.
const (
	codeIndexing  = 60508
	codeBadQuery  = 60512 // ASSUMED
	codeBadCursor = 60513 // ASSUMED
	codeTooLarge  = 60576
)

// flavour is one of the two sides that the Search API stands on.
type flavour struct {
	prefix string
	side   func(*store.Tx) *store.Space
	// projects tells that included_fields has an effect (Broadcom API docs: on the Policy flavour only).
	projects bool
	// realizes tells that realized entities are found on it.
	realizes bool
}

func (s *API) Routes() []api.Route {
	flavours := []flavour{{prefix: "/policy/api/v1/search", side: (*store.Tx).Policy, projects: true, realizes: true}}
	if !s.version.AtLeast(9, 0) {
		flavours = append(flavours, flavour{prefix: "/api/v1/search", side: (*store.Tx).Manager})
	}
	paging := []string{
		api.Assumed + "result_count is the true count on every page, also beyond the 50,000 objects that the cursor reaches; " +
			"a cursor beyond gives 400; why: the cap is public, its answer is not",
		api.Assumed + "error_code 60512 refuses a query, 60513 a cursor; the codes of an index that is rebuilt or too large " +
			"a page are public; why: refusals of the syntax are public, their codes are not",
		api.Assumed + "objects without resource_type, such as allocations of IP pools, are not in the index; why: every example asks for a resource_type",
		api.Assumed + "sort_by takes one field, nested ones with dots; numbers come before texts, objects without the field " +
			"after all others; why: nsxlib sorts by id only",
	}
	language := append([]string{
		"boosts, fuzzy terms, proximity and regular expressions are refused",
		api.Assumed + "values match whole and without case; elements of arrays are flattened; why: public queries match so; " +
			"two ANDed tags.scope terms are said to be undependable",
		api.Assumed + "terms without an operator between them are joined by OR, and AND binds closer than OR; why: Lucene's " +
			"way, whose style the language is said to be",
	}, paging...)
	query := append([]string{"query"}, api.Paging()...)
	var routes []api.Route
	for _, f := range flavours {
		language, paging := language, paging
		if f.realizes {
			language, paging = slices.Concat(language, realizedNotes), slices.Concat(paging, realizedNotes)
		}
		routes = append(routes,
			api.Route{Method: "GET", Pattern: f.prefix, Extent: api.Partial, Query: query, Notes: language, Handle: s.search(f, queryOf)},
			api.Route{Method: "GET", Pattern: f.prefix + "/query", Extent: api.Partial, Query: query, Notes: language, Handle: s.search(f, queryOf)},
			api.Route{Method: "GET", Pattern: f.prefix + "/dsl", Extent: api.Partial, Query: query, Handle: s.search(f, questionOf), Notes: append([]string{
				api.Assumed + "the language: find <part of a type> where <field> is|is not|contains|=|!=|<|<=|>|>= <value>, " +
					"with and, or; its one public example is of this form",
			}, paging...)},
			api.Route{Method: "POST", Pattern: f.prefix + "/querypipeline", Extent: api.Partial, Query: api.Paging(), Reads: true, Handle: s.search(f, pipelineOf), Notes: append([]string{
				api.Assumed + "each query of a pipeline narrows the result of those before it; why: so the name says; nsxlib sends one query",
			}, language...)},
			api.Route{Method: "POST", Pattern: f.prefix + "/aggregate", Extent: api.Partial, Query: api.Paging(), Reads: true, Handle: s.aggregate(f), Notes: aggregateNotes},
			api.Route{Method: "POST", Pattern: f.prefix + "/reconcile", Action: "*", Extent: api.Partial, Query: []string{"override"}, Handle: s.reconcile, Notes: reconcileNotes},
		)
	}
	return routes
}

// queryOf, questionOf and pipelineOf read what a request asks for, each in its language.
func queryOf(r *api.Request) (*grammar.Query, error) { return grammar.Parse(r.Query.Get("query")) }
func questionOf(r *api.Request) (*grammar.Query, error) {
	return grammar.ParseDSL(r.Query.Get("query"))
}

func pipelineOf(r *api.Request) (*grammar.Query, error) {
	var body struct {
		Pipeline []struct {
			Query string `json:"query"`
		} `json:"query_pipeline"`
	}
	if bad := readSearchBody(r.Body, &body); bad != nil {
		return nil, bad
	}
	if len(body.Pipeline) == 0 {
		return nil, api.InvalidField("query_pipeline", "it holds no query")
	}
	var queries []*grammar.Query
	for _, step := range body.Pipeline {
		query, err := grammar.Parse(step.Query)
		if err != nil {
			return nil, err
		}
		queries = append(queries, query)
	}
	return grammar.All(queries...), nil
}

// badQuery gives an error of a parser NSX's form.
func badQuery(err error) error {
	var syntax *grammar.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	bad := api.BadRequest(codeBadQuery, api.ModuleSearch, "The search query is invalid at position %d: %s.", syntax.At, syntax.Reason)
	bad.Details = syntax.Query
	return bad
}

// search answers a query over one side.
func (s *API) search(f flavour, read func(*api.Request) (*grammar.Query, error)) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		if err := s.indexReady(); err != nil {
			return nil, err
		}
		query, err := read(r)
		if err != nil {
			return nil, badQuery(err)
		}
		start, size, err := s.searchWindow(r)
		if err != nil {
			return nil, err
		}
		finder := s.finder(f, query)
		var page []*store.Object
		var count, end int
		err = s.store.View(func(tx *store.Tx) error {
			found, err := s.found(tx, r, finder, query)
			if err != nil {
				return err
			}
			count = len(found.Objects)
			start := min(start, count)
			end = min(start+size, count)
			page, err = finder.fill(tx, found.Objects[start:end])
			return err
		})
		if err != nil {
			return nil, err
		}
		var included []string
		if f.projects {
			included = listing.IncludedFields(r.Query)
		}
		// The cursor counts the objects returned so far and stands on the last page too (policy report, nsxlib).
		return listing.Results(page, included, map[string]any{"result_count": count, "cursor": strconv.Itoa(end)})
	}
}

// found is the whole list that a query finds, in the order that the request wants.
func (s *API) found(tx *store.Tx, r *api.Request, finder *finder, query *grammar.Query) (listing.List, error) {
	build := func() (listing.List, error) {
		objects, err := finder.run(tx, query)
		if by := r.Query.Get("sort_by"); err == nil && by != "" && by != "id" {
			objects, err = finder.fill(tx, objects)
		}
		if err != nil {
			return listing.List{}, err
		}
		return listing.Arrange(objects, r.Query, "id")
	}
	stamp, lasting := finder.stamp()
	if !lasting {
		return build()
	}
	return s.lists.Fetch(tx, listing.Name(r)+string(r.Body)+stamp, build)
}

// searchWindow reads which objects a request wants. The cursor is the number of those before.
func (s *API) searchWindow(r *api.Request) (start, size int, err error) {
	size, bad := listing.PageSize(r.Query)
	if bad != nil {
		return 0, 0, bad
	}
	if tooLarge := s.options.refuse(size); tooLarge != nil {
		return 0, 0, tooLarge
	}
	if cursor := r.Query.Get("cursor"); cursor != "" {
		if start, err = strconv.Atoi(cursor); err != nil || start < 0 {
			return 0, 0, api.BadRequest(codeBadCursor, api.ModuleSearch, "The cursor %q is not a number.", cursor)
		}
	}
	if start > 0 && start+size > maxReachable {
		return 0, 0, api.BadRequest(codeBadCursor, api.ModuleSearch, "Objects beyond the first %d cannot be reached; narrow the query.", maxReachable)
	}
	return start, size, nil
}
