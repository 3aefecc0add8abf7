package manager

import (
	"context"
	"fmt"
	"maps"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// firewallContexts are the kinds of firewall that have a status of their own.
var firewallContexts = []string{"bridge_ports", "transport_nodes", "logical_routers"}

// firewallTargets are the collections of what a firewall can be switched off for, by context. There are no bridges.
var firewallTargets = map[string]string{"transport_nodes": "transport-nodes", "logical_routers": RouterCollection}

// firewallStatusRoutes switch firewalls on and off (NSX Go SDK).
func (s *API) firewallStatusRoutes() []api.Route {
	base := api.ManagerPrefix + "firewall/status"
	one := base + "/{context}/{id}"
	own := api.Assumed + "an object without a status of its own has that of its context; why: the list of such statuses is empty at first"
	return []api.Route{
		{Method: "GET", Pattern: base, Extent: api.Full, Handle: s.firewallStatuses},
		{Method: "GET", Pattern: base + "/{context}", Extent: api.Full, Handle: s.firewallStatus},
		{Method: "PUT", Pattern: base + "/{context}", Extent: api.Full, Handle: s.setFirewallStatus},
		{Method: "GET", Pattern: one, Extent: api.Partial, Notes: []string{"there are no bridges", own}, Handle: s.targetStatus},
		{Method: "POST", Pattern: one, Action: "enable_firewall", Extent: api.Partial, Notes: []string{"there are no bridges"}, Handle: s.switchTarget("ENABLED")},
		{Method: "POST", Pattern: one, Action: "disable_firewall", Extent: api.Partial, Notes: []string{"there are no bridges"}, Handle: s.switchTarget("DISABLED")},
	}
}

// sectionFirewall is where the saved state holds the status bodies that clients set, by context.
const sectionFirewall = "firewall-status"

// readFirewall reads the status of every context.
func readFirewall(tx *store.Tx) (map[string]map[string]any, error) {
	statuses := map[string]map[string]any{}
	for _, name := range firewallContexts {
		statuses[name] = map[string]any{
			"resource_type": "FirewallStatus", "id": name, "context": name, "global_status": "ENABLED", "target_statuses": []any{}, "_revision": 0,
		}
	}
	set := map[string]map[string]any{}
	_, err := tx.Section(sectionFirewall, &set)
	maps.Copy(statuses, set)
	return statuses, err
}

func (s *API) firewallStatuses(context.Context, *api.Request) (*api.Response, error) {
	var results []any
	err := s.store.View(func(tx *store.Tx) error {
		statuses, err := readFirewall(tx)
		for _, name := range firewallContexts {
			results = append(results, statuses[name])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{"results": results, "result_count": len(results)})
}

func (s *API) firewallStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	var status map[string]any
	err := s.store.View(func(tx *store.Tx) error {
		statuses, err := readFirewall(tx)
		status = statuses[r.Params["context"]]
		return err
	})
	if err != nil {
		return nil, err
	}
	if status == nil {
		return nil, api.NotFound(r.Params["context"])
	}
	return api.OK(status)
}

func (s *API) setFirewallStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	sent, err := schema.ReadBody(r, "FirewallStatus")
	if err != nil {
		return nil, err
	}
	name := r.Params["context"]
	err = s.store.Update(func(tx *store.Tx) error {
		statuses, err := readFirewall(tx)
		if err != nil {
			return err
		}
		old, known := statuses[name]
		if !known {
			return api.NotFound(name)
		}
		if store.Text(sent["_revision"]) != fmt.Sprint(old["_revision"]) {
			return api.StaleRevision("FirewallStatus", name)
		}
		revision, _ := store.WholeNumber(sent["_revision"])
		sent["resource_type"], sent["context"], sent["id"], sent["_revision"] = "FirewallStatus", name, name, revision+1
		statuses[name] = sent
		return tx.SetSection(sectionFirewall, statuses)
	})
	if err != nil {
		return nil, err
	}
	return api.OK(sent)
}

// readFirewallOf is readFirewall for a request about one object, which has to be there.
func readFirewallOf(tx *store.Tx, r *api.Request) (map[string]map[string]any, error) {
	if !exists(tx, firewallTargets[r.Params["context"]]+"/"+r.Params["id"]) {
		return nil, api.NotFound(r.Params["id"])
	}
	return readFirewall(tx)
}

// targetStatus is the status of the firewall on one object.
func (s *API) targetStatus(_ context.Context, r *api.Request) (*api.Response, error) {
	id := r.Params["id"]
	answer := map[string]any{"target_id": id}
	err := s.store.View(func(tx *store.Tx) error {
		statuses, err := readFirewallOf(tx, r)
		if err != nil {
			return err
		}
		status := statuses[r.Params["context"]]
		answer["target_status"] = status["global_status"]
		for _, target := range store.ObjectsIn(status["target_statuses"]) {
			if store.Text(target["target_id"]) == id {
				answer["target_status"] = target["target_status"]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(answer)
}

// switchTarget sets the status of the firewall on one object.
func (s *API) switchTarget(to string) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		id := r.Params["id"]
		answer := map[string]any{"target_id": id, "target_status": to}
		err := s.store.Update(func(tx *store.Tx) error {
			statuses, err := readFirewallOf(tx, r)
			if err != nil {
				return err
			}
			status := statuses[r.Params["context"]]
			_, others := withoutMember(status["target_statuses"], id)
			status["target_statuses"] = append(others, answer)
			return tx.SetSection(sectionFirewall, statuses)
		})
		if err != nil {
			return nil, err
		}
		return api.OK(answer)
	}
}
