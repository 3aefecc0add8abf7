package nsxsim

import (
	"slices"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/front"
)

// routes is the whole routing table, which is the coverage page as well.
func (s *Server) routes() []api.Route {
	routes := slices.Concat(front.Routes(), s.nodes.Routes(), s.search.Routes(), s.manager.Routes(), s.policy.Routes())
	if s.coordinator != nil {
		routes = append(routes, s.coordinator.Routes()...)
	}
	return routes
}
