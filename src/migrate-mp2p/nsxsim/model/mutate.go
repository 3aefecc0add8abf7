package model

import (
	"encoding/json"
	"fmt"
	"strconv"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Edit lets change alter the body of a Manager object in place.
func (w *World) Edit(collection, id string, change func(body map[string]any)) error {
	object, err := w.Find(collection, id)
	if err != nil {
		return err
	}
	return object.edit(change)
}

func (o *Object) edit(change func(body map[string]any)) error {
	body, err := store.DecodeFields(o.Body)
	if err != nil {
		return fmt.Errorf("editing %s/%s: %w", o.Collection, o.ID, err)
	}
	change(body)
	o.Body, err = json.Marshal(body)
	if err != nil {
		return fmt.Errorf("editing %s/%s: %w", o.Collection, o.ID, err)
	}
	return nil
}

// Rename gives an object another display_name, for example one that is taken.
func (w *World) Rename(collection, id, name string) error {
	return w.Edit(collection, id, func(body map[string]any) { body["display_name"] = name })
}

// SetTagCount adds labels to an object, or drops its last tags, until it has n.
func (w *World) SetTagCount(collection, id string, n int) error {
	return w.Edit(collection, id, func(body map[string]any) {
		tags, _ := body["tags"].([]any)
		for len(tags) < n {
			tags = append(tags, map[string]any{"scope": "app_label/extra-" + strconv.Itoa(len(tags)), "tag": "x"})
		}
		body["tags"] = tags[:n]
	})
}

// AddPortOn adds a port that NCP of the named cluster made on any switch, for
// example on one of the administrator's that stays in Manager mode.
func (w *World) AddPortOn(cluster, id, logicalSwitch string) error {
	return w.addRaw("logical-ports", id, fields{
		"resource_type": "LogicalPort", "display_name": "stray-port", "logical_switch_id": logicalSwitch, "admin_state": "UP",
		"tags":         []Tag{{ScopeVersion, managerVersion}, {ScopeCluster, cluster}},
		"_create_user": w.identityOf(cluster),
	})
}

// AddSectionBetween adds an administrator's section right after the first section
// that NCP of the cluster made, where a migration cannot keep it.
func (w *World) AddSectionBetween(cluster, id string) error {
	first, err := w.firstCreated(cluster, "firewall/sections")
	if err != nil {
		return err
	}
	var place struct {
		Priority int `json:"priority"`
	}
	if err := json.Unmarshal(first.Body, &place); err != nil {
		return fmt.Errorf("reading section %s: %w", first.ID, err)
	}
	return w.addRaw("firewall/sections", id, fields{
		"resource_type": "FirewallSection", "display_name": "in-between", "section_type": "LAYER3", "stateful": true, "is_default": false,
		"category": "Default", "enforced_on": "VIF", "priority": place.Priority, "_create_user": ownerAdmin,
	})
}

// AddAdminRule adds an administrator's rule to the first section that NCP of the
// cluster made.
func (w *World) AddAdminRule(cluster, id string) error {
	section, err := w.firstCreated(cluster, "firewall/sections")
	if err != nil {
		return err
	}
	rules := len(w.In("firewall/sections/" + section.ID + "/rules"))
	err = w.Edit("firewall/sections", section.ID, func(body map[string]any) { body["rule_count"] = rules + 1 })
	if err != nil {
		return err
	}
	return w.addRaw("firewall/sections/"+section.ID+"/rules", id, fields{
		"resource_type": "FirewallRule", "display_name": "temporary", "action": "ALLOW", "direction": "IN_OUT",
		"section_id": section.ID, "priority": 100, "_create_user": ownerAdmin,
	})
}

// AddLBRules gives the cluster's first virtual server that has rules n more.
func (w *World) AddLBRules(cluster string, n int) error {
	created, err := w.CreatedBy(cluster)
	if err != nil {
		return err
	}
	for _, object := range created {
		body, err := store.DecodeFields(object.Body)
		if err != nil {
			return fmt.Errorf("reading %s/%s: %w", object.Collection, object.ID, err)
		}
		rules, ok := body["rule_ids"].([]any)
		if !ok {
			continue
		}
		for i := range n {
			id := object.ID + "-rule-" + strconv.Itoa(i)
			err := w.addRaw("loadbalancer/rules", id, fields{
				"resource_type": "LbRule", "display_name": "more-" + strconv.Itoa(i), "phase": "HTTP_FORWARDING", "match_strategy": "ALL",
				"tags":         []Tag{{ScopeVersion, managerVersion}, {ScopeCluster, cluster}},
				"_create_user": w.identityOf(cluster),
			})
			if err != nil {
				return err
			}
			rules = append(rules, id)
		}
		return w.Edit(object.Collection, object.ID, func(body map[string]any) { body["rule_ids"] = rules })
	}
	return fmt.Errorf("adding load balancer rules: cluster %q has no virtual server with rules", cluster)
}

// Remove takes a Manager object out of the world.
func (w *World) Remove(collection, id string) error {
	for i, object := range w.Manager {
		if object.Collection == collection && object.ID == id {
			w.Manager = append(w.Manager[:i], w.Manager[i+1:]...)
			return nil
		}
	}
	return fmt.Errorf("removing %s/%s: no such object in this world", collection, id)
}

func (w *World) addRaw(collection, id string, body fields) error {
	body["id"] = id
	body["_create_time"] = 0
	body["_last_modified_user"] = body["_create_user"]
	body["_last_modified_time"] = 0
	body["_revision"] = 0
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("adding %s/%s: %w", collection, id, err)
	}
	w.Manager = append(w.Manager, Object{Collection: collection, ID: id, Body: raw})
	return nil
}

func (w *World) firstCreated(cluster, collection string) (*Object, error) {
	created, err := w.CreatedBy(cluster)
	if err != nil {
		return nil, err
	}
	for i := range created {
		if created[i].Collection == collection {
			return &created[i], nil
		}
	}
	return nil, fmt.Errorf("finding what cluster %q made in %s: nothing", cluster, collection)
}

func (w *World) identityOf(cluster string) string {
	for _, foundation := range w.Foundations {
		if foundation.Name == cluster {
			return foundation.Identity
		}
	}
	return ownerAdmin
}
