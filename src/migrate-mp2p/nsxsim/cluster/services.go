package cluster

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/listing"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
)

const servicesPath = "/api/v1/node/services"

// httpService is the service whose properties hold the limits for API clients.
const httpService = "http"

// otherServices are a manager node's services beside the migration coordinator (NSX Go SDK). They always run.
var otherServices = []string{
	"async_replicator", "auth", "cluster_manager", "cm-inventory", "controller", "datastore", httpService, "idps-reporting", "install-upgrade",
	"liagent", "manager", "messaging-manager", "node-mgmt", "node-stats", "nsx-message-bus", "nsx-platform-client", "nsx-upgrade-agent", "ntp",
	"policy", "search", "site_manager", "snmp", "ssh", "syslog", "telemetry", "ui-service",
}

// serviceRoutes are a node's services and the limits of its API.
func (s *API) serviceRoutes() []api.Route {
	limits := []string{
		"the limits and the session's lifetime take effect at once, on all nodes; everything else is only shown",
		api.Assumed + "session_timeout is in seconds; a restart of the simulator goes back to its options; why: the SDK names the field without a unit",
	}
	return []api.Route{
		{Method: "GET", Pattern: servicesPath, Extent: api.Full, Query: api.Paging(), Handle: listServices},
		{Method: "GET", Pattern: servicesPath + "/{service}", Extent: api.Partial, Notes: []string{"the name only"}, Handle: oneService},
		{Method: "GET", Pattern: servicesPath + "/{service}/status", Extent: api.Partial, Notes: []string{"always running"}, Handle: serviceStatus},
		{Method: "GET", Pattern: servicesPath + "/" + httpService, Extent: api.Partial, Notes: limits[:1], Handle: s.httpProperties},
		{Method: "PUT", Pattern: servicesPath + "/" + httpService, Extent: api.Partial, Notes: limits, Handle: s.setHTTPProperties},
		{Method: "POST", Pattern: servicesPath + "/" + httpService, Action: "restart", Extent: api.Full,
			Notes: []string{api.Assumed + "it ends all sessions; why: the process that holds them restarts"}, Handle: s.restartHTTP},
	}
}

func listServices(_ context.Context, r *api.Request) (*api.Response, error) {
	var list []any
	for _, name := range slices.Sorted(slices.Values(append([]string{"migration-coordinator"}, otherServices...))) {
		list = append(list, map[string]any{"service_name": name})
	}
	return listing.PageOfValues(r, list)
}

func knownService(r *api.Request) error {
	if name := r.Params["service"]; !slices.Contains(otherServices, name) {
		return api.NotFound(name)
	}
	return nil
}

func oneService(_ context.Context, r *api.Request) (*api.Response, error) {
	if err := knownService(r); err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"service_name": r.Params["service"]})
}

func serviceStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	if err := knownService(r); err != nil {
		return nil, err
	}
	first := 1000 + 10*slices.Index(otherServices, r.Params["service"])
	return api.OK(map[string]any{
		"runtime_state": "running", "monitor_runtime_state": "running", "health": "STABLE", "pids": []int{first, first + 1}, "monitor_pid": first - 1,
	})
}

// httpProperties is NodeHttpServiceProperties.
func (s *API) httpProperties(context.Context, *api.Request) (*api.Response, error) {
	limits := s.front.Limiter().Get()
	return api.OK(map[string]any{"service_name": httpService, "service_properties": map[string]any{
		"client_api_rate_limit": limits.PerSecond, "client_api_concurrency_limit": limits.InFlight, "global_api_concurrency_limit": limits.TotalInFlight,
		"session_timeout": int(s.front.Accounts().SessionLifetime().Seconds()), "connection_timeout": 30, "redirect_host": "", "logging_level": "INFO",
		"basic_authentication_enabled": true, "cookie_based_authentication_enabled": true,
		"protocol_versions": []any{map[string]any{"name": "TLSv1.2", "enabled": true}, map[string]any{"name": "TLSv1.3", "enabled": true}},
	}})
}

func (s *API) setHTTPProperties(ctx context.Context, r *api.Request) (*api.Response, error) {
	if _, err := schema.ReadBody(r, "NodeHttpServiceProperties"); err != nil {
		return nil, err
	}
	var body struct {
		Properties struct {
			Rate    *int `json:"client_api_rate_limit"`
			Client  *int `json:"client_api_concurrency_limit"`
			Global  *int `json:"global_api_concurrency_limit"`
			Session *int `json:"session_timeout"`
		} `json:"service_properties"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return nil, api.BadRequest(220, api.ModuleCommon, "Error parsing the request body: %s.", err)
	}
	limits, lifetime := s.front.Limiter().Get(), int(s.front.Accounts().SessionLifetime().Seconds())
	for _, change := range []struct {
		name string
		sent *int
		to   *int
	}{
		{"client_api_rate_limit", body.Properties.Rate, &limits.PerSecond},
		{"client_api_concurrency_limit", body.Properties.Client, &limits.InFlight},
		{"global_api_concurrency_limit", body.Properties.Global, &limits.TotalInFlight},
		{"session_timeout", body.Properties.Session, &lifetime},
	} {
		if change.sent == nil {
			continue
		}
		if *change.sent < 0 {
			return nil, api.InvalidField(change.name, "%d is below 0", *change.sent)
		}
		*change.to = *change.sent
	}
	s.front.Limiter().Set(limits)
	s.front.Accounts().SetSessionLifetime(time.Duration(lifetime) * time.Second)
	return s.httpProperties(ctx, r)
}

func (s *API) restartHTTP(context.Context, *api.Request) (*api.Response, error) {
	s.front.Accounts().EndAllSessions()
	return &api.Response{Status: http.StatusNoContent}, nil
}
