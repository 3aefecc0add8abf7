package nsxsim

import (
	"context"
	"strconv"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/search"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// maxReachable is the number of objects that the cursor reaches (SAP driver G).
const maxReachable = 50_000

func (s *Server) searchRoutes() []api.Route {
	notes := []string{
		"values match whole and without case; no ranges, boosts or regular expressions (ASSUMED: refused)",
		assumedMark + "terms without an operator between them are joined by OR",
		assumedMark + "result_count is the true count also beyond the 50,000 objects that the cursor reaches; a cursor beyond gives 400",
	}
	manager := func(pattern string) api.Route {
		return api.Route{Method: "GET", Pattern: pattern, Extent: api.Partial, Notes: notes, Handle: s.search((*store.Tx).Manager, false)}
	}
	routes := []api.Route{
		{Method: "GET", Pattern: "/policy/api/v1/search/query", Extent: api.Partial, Notes: notes, Handle: s.search((*store.Tx).Policy, true)},
		{Method: "GET", Pattern: "/policy/api/v1/search", Extent: api.Partial, Notes: notes, Handle: s.search((*store.Tx).Policy, true)},
	}
	if !s.version.AtLeast(9, 0) {
		routes = append(routes, manager("/api/v1/search"), manager("/api/v1/search/query"))
	}
	return routes
}

// search answers a query over one side. included_fields works on the Policy side only.
func (s *Server) search(side func(*store.Tx) *store.Space, projects bool) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		query, err := search.Parse(r.Query.Get("query"))
		if err != nil {
			return nil, api.BadRequest(60512, api.ModuleSearch, "The search query is invalid: %s.", err)
		}
		size, bad := pageSize(r.Query)
		if bad != nil {
			return nil, bad
		}
		start := 0
		if cursor := r.Query.Get("cursor"); cursor != "" {
			if start, err = strconv.Atoi(cursor); err != nil || start < 0 {
				return nil, api.BadRequest(60513, api.ModuleSearch, "The cursor %q is not a number.", cursor)
			}
		}
		if start > 0 && start+size > maxReachable {
			return nil, api.BadRequest(60513, api.ModuleSearch, "Objects beyond the first %d cannot be reached; narrow the query.", maxReachable)
		}
		var found listing
		err = s.store.View(func(tx *store.Tx) (err error) {
			found, err = s.lists.fetch(tx, listName(r), func() (listing, error) {
				return arrange(query.Run(side(tx)), r.Query, "id")
			})
			return err
		})
		if err != nil {
			return nil, err
		}
		var included []string
		if projects {
			included = includedFields(r.Query)
		}
		start = min(start, len(found.objects))
		end := min(start+size, len(found.objects))
		// The cursor counts the objects returned so far and stands on the last page too (policy report, nsxlib).
		return results(found.objects[start:end], included, map[string]any{
			"result_count": len(found.objects), "cursor": strconv.Itoa(end),
		})
	}
}
