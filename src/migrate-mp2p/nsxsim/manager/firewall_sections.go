package manager

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/schema"
	"nsx-mp2p/migrate-mp2p/nsxsim/search/grammar"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// RulePattern is the collection of firewall rules as package references writes it.
const RulePattern = "firewall/sections/{parent}/rules"

// sectionRoutes create and change sections and rules: alone, together, and at a position (NSX Go SDK).
func (s *API) sectionRoutes() []api.Route {
	list := api.ManagerPrefix + SectionCollection
	one, rules := list+"/{id}", list+"/{section}/rules"
	withRules := func(method string) api.Route {
		return api.Route{
			Method: method, Pattern: one, Action: "list_with_rules", Reads: true, Extent: api.Full,
			Notes: []string{api.Assumed + "accepted as GET too; the SDKs use POST; why: an older public client reads so"}, Handle: s.listWithRules,
		}
	}
	route := func(pattern, action string, handle api.Handler, notes ...string) api.Route {
		return api.Route{Method: http.MethodPost, Pattern: pattern, Action: action, Extent: api.Full, Query: []string{"operation", "id"}, Notes: notes, Handle: handle}
	}
	lock := api.Assumed + "a locked section is refused with 423 to all but who locked it; why: 423 is HTTP's code for it; the SDK names the lock only"
	return []api.Route{
		withRules(http.MethodGet), withRules(http.MethodPost),
		route(list, "", s.createSection, writeNotes...),
		route(list, "create_with_rules", s.createSection),
		route(one, "update_with_rules", s.changeSection(true, false), api.Assumed+"rules that the body leaves out are "+
			"removed; why: the body is said to be the whole section"),
		route(one, "revise", s.changeSection(false, true)),
		route(one, "revise_with_rules", s.changeSection(true, true)),
		route(one, "lock", s.lockSection(true), lock),
		route(one, "unlock", s.lockSection(false)),
		route(rules, "", s.createRules),
		route(rules, "create_multiple", s.createRules),
		route(rules+"/{id}", "revise", s.reviseRule),
	}
}

func (s *API) listWithRules(_ context.Context, r *api.Request) (*api.Response, error) {
	var fields map[string]any
	err := s.store.View(func(tx *store.Tx) (err error) {
		fields, err = sectionWithRules(tx, storeKey(r.Path))
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(fields)
}

// sectionWithRules is a section's body with its rules, in their order, under "rules".
func sectionWithRules(tx *store.Tx, key string) (map[string]any, error) {
	section, found := tx.Manager().Get(key)
	if !found {
		return nil, api.NotFound(api.LastOf(key))
	}
	fields, err := section.Fields()
	if err != nil {
		return nil, err
	}
	rules := tx.Manager().List(key + "/rules")
	grammar.Sort(rules, "priority")
	bodies := make([]json.RawMessage, 0, len(rules))
	for _, rule := range rules {
		bodies = append(bodies, rule.Body)
	}
	fields["rules"] = bodies
	return fields, nil
}

// createSection makes a section, with the rules that the body brings if the action says so.
func (s *API) createSection(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, at, err := readPlaced(r)
	if err != nil {
		return nil, err
	}
	together := r.Query.Get("action") != ""
	rules, err := s.takeRules(fields, together)
	if err != nil {
		return nil, err
	}
	response := &api.Response{Status: http.StatusCreated}
	if together {
		response.Status = http.StatusOK
	}
	err = s.store.Update(func(tx *store.Tx) error {
		section, err := s.create(tx, s.kinds[SectionCollection], SectionCollection, fields, r)
		if err != nil {
			return err
		}
		if err := at.place(tx, section.Key); err != nil {
			return err
		}
		if err := s.setRules(tx, r, section.Key, rules); err != nil {
			return err
		}
		response.Body, err = shownSection(tx, section.Key, together)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// shownSection is what a call on a section answers: its body, with the rules if it was sent with them.
func shownSection(tx *store.Tx, key string, together bool) (any, error) {
	if together {
		return sectionWithRules(tx, key)
	}
	section, found := tx.Manager().Get(key)
	if !found {
		return nil, api.NotFound(api.LastOf(key))
	}
	return section.Body, nil
}

// takeRules takes the rules out of a section's body.
func (s *API) takeRules(fields map[string]any, together bool) ([]map[string]any, error) {
	if !together {
		return nil, nil
	}
	if err := schema.CheckManager("FirewallSectionRuleList", fields); err != nil {
		return nil, err
	}
	rules := store.ObjectsIn(fields["rules"])
	delete(fields, "rules")
	return rules, nil
}

// changeSection replaces a section, and its rules or its position if the action says so.
func (s *API) changeSection(together, moves bool) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		fields, at, err := readPlaced(r)
		if err != nil {
			return nil, err
		}
		rules, err := s.takeRules(fields, together)
		if err != nil {
			return nil, err
		}
		var body any
		err = s.store.Update(func(tx *store.Tx) error {
			key := storeKey(r.Path)
			old, err := s.kinds[SectionCollection].stored(tx, key)
			if err != nil {
				return err
			}
			if _, err := s.replace(tx, s.kinds[SectionCollection], old, fields, r); err != nil {
				return err
			}
			if moves {
				if err := at.place(tx, key); err != nil {
					return err
				}
			}
			if together {
				if err := s.setRules(tx, r, key, rules); err != nil {
					return err
				}
			}
			body, err = shownSection(tx, key, together)
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.OK(body)
	}
}

// setRules makes the given rules, in their order, all that a section has. Rules with the id of one that is there keep
// its author and go on from its _revision, whatever the body says of it: the section's _revision was checked.
func (s *API) setRules(tx *store.Tx, r *api.Request, section string, rules []map[string]any) error {
	k, kept := s.kinds[RulePattern], map[string]bool{}
	for i, rule := range rules {
		key := section + "/rules/" + store.Text(rule["id"])
		if old, found := tx.Manager().Get(key); found {
			rule["_revision"] = json.Number(strconv.FormatInt(old.Revision, 10))
			if _, err := s.replace(tx, k, old, rule, r); err != nil {
				return err
			}
		} else {
			created, err := s.create(tx, k, section+"/rules", rule, r)
			if err != nil {
				return err
			}
			key = created.Key
		}
		kept[key] = true
		if err := setField(tx, key, "priority", i); err != nil {
			return err
		}
	}
	for _, old := range tx.Manager().List(section + "/rules") {
		if !kept[old.Key] {
			if err := tx.Manager().Delete(old.Key); err != nil {
				return err
			}
		}
	}
	return setField(tx, section, "rule_count", len(rules))
}

// createRules adds one rule, or with create_multiple several, at a position.
func (s *API) createRules(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, at, err := readPlaced(r)
	if err != nil {
		return nil, err
	}
	rules, several := []map[string]any{fields}, r.Query.Get("action") != ""
	if several {
		if err := schema.CheckManager("FirewallRuleList", fields); err != nil {
			return nil, err
		}
		rules = store.ObjectsIn(fields["rules"])
	}
	var bodies []any
	err = s.store.Update(func(tx *store.Tx) error {
		section := SectionCollection + "/" + r.Params["section"]
		if err := s.mayChangeRules(tx, r, section); err != nil {
			return err
		}
		where := at
		for _, rule := range rules {
			created, err := s.create(tx, s.kinds[RulePattern], section+"/rules", rule, r)
			if err != nil {
				return err
			}
			if err := where.place(tx, created.Key); err != nil {
				return err
			}
			where = position{operation: "insert_after", anchor: created.ID}
			placed, _ := tx.Manager().Get(created.Key)
			bodies = append(bodies, placed.Body)
		}
		return countRules(tx, section)
	})
	if err != nil {
		return nil, err
	}
	if several {
		return api.OK(map[string]any{"rules": bodies})
	}
	return &api.Response{Status: http.StatusCreated, Body: bodies[0]}, nil
}

// reviseRule replaces a rule and moves it.
func (s *API) reviseRule(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, at, err := readPlaced(r)
	if err != nil {
		return nil, err
	}
	var body any
	err = s.store.Update(func(tx *store.Tx) error {
		key := storeKey(r.Path)
		old, err := s.kinds[RulePattern].stored(tx, key)
		if err != nil {
			return err
		}
		if _, err := s.replace(tx, s.kinds[RulePattern], old, fields, r); err != nil {
			return err
		}
		if err := at.place(tx, key); err != nil {
			return err
		}
		placed, _ := tx.Manager().Get(key)
		body = placed.Body
		return nil
	})
	if err != nil {
		return nil, err
	}
	return api.OK(body)
}

// mayChangeRules tells whether the caller may change a section's rules.
func (s *API) mayChangeRules(tx *store.Tx, r *api.Request, section string) error {
	o, found := tx.Manager().Get(section)
	if !found {
		return api.NotFound(api.LastOf(section))
	}
	if err := api.MayWrite(r, o, s.accounts.Local); err != nil {
		return err
	}
	return locked(r, o)
}

// locked refuses changes of a section that somebody else locked.
func locked(r *api.Request, section *store.Object) error {
	body, err := section.Fields()
	if err != nil {
		return err
	}
	if by := store.Text(body["lock_modified_by"]); body["locked"] == true && by != r.Identity.Name {
		e := api.BadRequest(500087, api.ModuleCommon, "The section %s is locked by %s.", section.ID, by)
		e.Status = http.StatusLocked
		return e
	}
	return nil
}

// lockSection locks a section, or gives it free again.
func (s *API) lockSection(lock bool) api.Handler {
	return func(_ context.Context, r *api.Request) (*api.Response, error) {
		sent, err := schema.ReadBody(r, "FirewallSectionLock")
		if err != nil {
			return nil, err
		}
		var body any
		err = s.store.Update(func(tx *store.Tx) error {
			key := storeKey(r.Path)
			if err := s.mayChangeRules(tx, r, key); err != nil {
				return err
			}
			section, _ := tx.Manager().Get(key)
			if revision, given := store.WholeNumber(sent["section_revision"]); given && revision != section.Revision {
				return api.StaleRevision(section.ResourceType, section.ID)
			}
			changed, err := tx.Manager().Mutate(key, func(fields map[string]any) error {
				fields["locked"] = lock
				fields["lock_modified_by"] = r.Identity.Name
				fields["lock_modified_time"] = s.clock.Now().UnixMilli()
				fields["comments"] = store.Text(sent["comments"])
				return nil
			})
			if err == nil {
				body = changed.Body
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		return api.OK(body)
	}
}

// completeSection keeps what only NSX sets in a section.
func completeSection(w *write) error {
	if w.old != nil {
		if err := locked(w.r, w.old); err != nil {
			return err
		}
	}
	return w.keep(map[string]any{
		"priority": 0, "rule_count": 0, "is_default": false, "autoplumbed": false, "locked": false, "enforced_on": "VIF", "category": "Default",
	})
}

// removeSection removes a section with rules only with cascade, and the default one never.
func removeSection(d *removal) error {
	body, err := d.target.Fields()
	if err != nil {
		return err
	}
	if body["is_default"] == true {
		return errInUse(d.target, "it is a default section")
	}
	if err := locked(d.r, d.target); err != nil {
		return err
	}
	cascade, err := d.option("cascade")
	if err != nil {
		return err
	}
	if count := len(d.tx.Manager().List(d.target.Key + "/rules")); count > 0 && !cascade {
		return errInUse(d.target, "it has %d rules", count)
	}
	return nil
}

// sectionOf is the key of a rule's section.
func sectionOf(rule string) string { return rule[:strings.LastIndex(rule, "/rules/")] }

// completeRule keeps what only NSX sets in a rule, and gives it NSX's defaults.
func completeRule(w *write) error {
	section, found := w.tx.Manager().Get(sectionOf(w.key))
	if !found {
		return api.NotFound(api.LastOf(sectionOf(w.key)))
	}
	if err := locked(w.r, section); err != nil {
		return err
	}
	w.fields["section_id"] = section.ID
	for name, value := range map[string]any{
		"disabled": false, "logged": false, "direction": "IN_OUT", "ip_protocol": "IPV4_IPV6", "sources_excluded": false, "destinations_excluded": false,
	} {
		if w.fields[name] == nil {
			w.fields[name] = value
		}
	}
	return w.keep(map[string]any{"priority": 0})
}

func ruleMayGo(d *removal) error { return d.s.mayChangeRules(d.tx, d.r, sectionOf(d.target.Key)) }

func ruleRemoved(d *removal) error { return countRules(d.tx, sectionOf(d.target.Key)) }

// countRules writes into a section how many rules it has.
func countRules(tx *store.Tx, section string) error {
	return setField(tx, section, "rule_count", len(tx.Manager().List(section+"/rules")))
}
