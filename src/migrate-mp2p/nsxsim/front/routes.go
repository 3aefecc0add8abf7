package front

import (
	"context"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// Routes are the calls of the session, whose work is done while authenticating.
func Routes() []api.Route {
	return []api.Route{
		{Method: "POST", Pattern: pathSessionCreate, Extent: api.Full, Reads: true, Handle: nothingMore, Notes: []string{
			"JSON Web Tokens are refused with 401, on every endpoint",
			api.Assumed + "a session's cookie without its X-XSRF-TOKEN is refused (403/98) for reading, too; why: clients send both from the login on",
		}},
		{Method: "POST", Pattern: pathSessionDestroy, Extent: api.Full, Reads: true, Handle: nothingMore},
		{Method: "GET", Pattern: pathSessionDestroy, Extent: api.Full, Handle: nothingMore},
	}
}

// nothingMore answers the session calls, whose work is done while authenticating.
func nothingMore(context.Context, *api.Request) (*api.Response, error) { return api.Empty() }
