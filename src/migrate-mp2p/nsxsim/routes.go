package nsxsim

import (
	"context"
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
)

// routes is the whole routing table, which is the coverage page as well.
func (s *Server) routes() []api.Route {
	session := []api.Route{
		{Method: "POST", Pattern: front.PathSessionCreate, Extent: api.Full, Reads: true, Handle: nothingMore, Notes: []string{
			"JSON Web Tokens are refused with 401, on every endpoint",
			api.Assumed + "a session's cookie without its X-XSRF-TOKEN is refused (403/98) for reading, too; why: clients send both from the login on",
		}},
		{Method: "POST", Pattern: front.PathSessionDestroy, Extent: api.Full, Reads: true, Handle: nothingMore},
		{Method: "GET", Pattern: front.PathSessionDestroy, Extent: api.Full, Handle: nothingMore},
	}
	routes := slices.Concat(session, s.nodes.Routes(), s.search.Routes(), s.manager.Routes(), s.policy.Routes())
	if s.coordinator != nil {
		routes = append(routes, s.coordinator.Routes()...)
	}
	return routes
}

// nothingMore answers the session calls, whose work is done while authenticating.
func nothingMore(context.Context, *api.Request) (*api.Response, error) { return api.Empty() }
