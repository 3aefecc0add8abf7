package front

import (
	"fmt"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

// Router finds the route of a request. Literal parts win over named ones.
type Router struct {
	root   *level
	Routes []api.Route
}

// level is one part of the paths below it.
type level struct {
	literal map[string]*level
	named   *level
	routes  []api.Route
}

// NewRouter makes the routing table; two routes for the same call are an error.
func NewRouter(routes []api.Route) (*Router, error) {
	r := &Router{root: &level{}, Routes: routes}
	for _, route := range routes {
		at := r.root
		for _, part := range pathParts(route.Pattern) {
			at = at.enter(part)
		}
		for _, other := range at.routes {
			if other.Method == route.Method && other.Action == route.Action {
				return nil, fmt.Errorf("building the routing table: %s %s (action %q) stands in it twice", route.Method, route.Pattern, route.Action)
			}
		}
		at.routes = append(at.routes, route)
	}
	return r, nil
}

func pathParts(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }

// enter returns the level below for one part of a pattern, making it if need be.
func (l *level) enter(part string) *level {
	if strings.HasPrefix(part, "{") {
		if l.named == nil {
			l.named = &level{}
		}
		return l.named
	}
	if l.literal == nil {
		l.literal = map[string]*level{}
	}
	if l.literal[part] == nil {
		l.literal[part] = &level{}
	}
	return l.literal[part]
}

// find returns the routes of a path.
func (l *level) find(parts []string) []api.Route {
	if len(parts) == 0 {
		return l.routes
	}
	if next := l.literal[parts[0]]; next != nil {
		if routes := next.find(parts[1:]); routes != nil {
			return routes
		}
	}
	if l.named != nil && parts[0] != "" {
		return l.named.find(parts[1:])
	}
	return nil
}

// lookup returns the route for a method, a path and an action. known tells whether the path has any route.
func (r *Router) lookup(method, path, action string) (route api.Route, params map[string]string, found, known bool) {
	parts := pathParts(path)
	routes := r.root.find(parts)
	for _, candidate := range routes {
		if candidate.Method == method && (candidate.Action == action || candidate.Action == "*") {
			return candidate, bind(candidate.Pattern, parts), true, true
		}
	}
	return api.Route{}, nil, false, len(routes) > 0
}

// bind gives the named parts of a pattern their values.
func bind(pattern string, parts []string) map[string]string {
	params := map[string]string{}
	for i, part := range pathParts(pattern) {
		if strings.HasPrefix(part, "{") {
			params[strings.Trim(part, "{}")] = parts[i]
		}
	}
	return params
}
