package nsxsim

import (
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/policy"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// A port that a Manager client makes on a switch of Policy gets a shadow: NSX itself makes a SegmentPort of it, and tells
// where by the port's tag policyPath (SAP driver G).

// policyPathScope is the scope of the tag that leads from a Manager object to its Policy object.
const policyPathScope = "policyPath"

// What the notes of the routes of ports say about shadows.
const (
	shadowNote = api.Assumed + "a port made on a switch of Policy has its shadow at once; who made the port goes on changing and deleting it, and the shadow follows its name, description, tags, state, attachment and addresses, " +
		"not its profiles; the tag policyPath stays whatever a PUT says; ports that were there before their switch was promoted get none; why: NCP in Manager mode owns its ports wherever they are, and the shadow is said to be automatic"
	shadowKeptNote = api.Assumed + "the shadow of a Manager port cannot be deleted here (400/500030), but changed until the port changes again; why: NSX makes shadows from ports, so that it goes when the port does"
)

// completePort puts the place of the shadow among the tags of a port that has one. Only new ports get one.
func completePort(w *write) error {
	if w.old != nil && shadowOf(w.old) == "" {
		return nil
	}
	path := w.s.shadowPath(w.tx, w.fields)
	if path == "" && w.old == nil {
		return nil
	}
	tags := otherTags(w.fields)
	if path != "" {
		tags = append(tags, map[string]any{"scope": policyPathScope, "tag": path})
	}
	w.fields["tags"] = tags
	return api.CheckTags(w.fields)
}

// shadowPath is where the shadow of a port stands; "" if its switch is not one of Policy.
func (s *Server) shadowPath(tx *store.Tx, port map[string]any) string {
	on, found := tx.Manager().Get(switchCollection + "/" + store.Text(port["logical_switch_id"]))
	if !found || on.Owner != store.PolicyUser {
		return ""
	}
	segment, _ := on.Tag(policyPathScope)
	path := segment + "/ports/" + policy.AutomaticPrefix + store.Text(port["id"])
	if kind, known := s.tree.Object(path); !known || kind.Child != "SegmentPort" || !s.exists(tx, segment) {
		return ""
	}
	return path
}

// shadowOf is the path of a stored port's shadow, "" if it has none. A promoted port belongs to Policy and has none,
// whatever its id there.
func shadowOf(port *store.Object) string {
	path, _ := port.Tag(policyPathScope)
	if port.Owner == store.PolicyUser || api.LastOf(path) != policy.AutomaticPrefix+port.ID {
		return ""
	}
	return path
}

// portWritten lets the shadow follow a port.
func portWritten(w *write) error {
	if w.old != nil {
		if before := shadowOf(w.old); before != "" && before != w.s.shadowPath(w.tx, w.fields) {
			if err := w.s.removeShadow(w.tx, before); err != nil {
				return err
			}
		}
	}
	return w.s.castShadow(w.tx, w.key)
}

// castShadow writes the shadow of the port at a key, if it has one.
func (s *Server) castShadow(tx *store.Tx, key string) error {
	port, found := tx.Manager().Get(key)
	if !found || shadowOf(port) == "" {
		return nil
	}
	body, err := port.Fields()
	if err != nil {
		return err
	}
	path := shadowOf(port)
	fields := policy.PortFields(body)
	fields["display_name"], fields["tags"] = body["display_name"], otherTags(body)
	if description, described := body["description"]; described {
		fields["description"] = description
	}
	fields["unique_id"], fields["realization_id"] = port.ID, port.ID
	kind, _ := s.tree.Object(path)
	kind.Complete(fields, path)
	author := s.ownAuthor()
	if _, exists := tx.Policy().Get(path); exists {
		_, err = tx.Policy().Overwrite(path, fields, author)
		return err
	}
	fields["_system_owned"], fields["_protection"] = false, notProtected
	_, err = tx.Policy().Create(path, fields, author)
	return err
}

// otherTags are the tags of a body without policyPath.
func otherTags(body map[string]any) []any {
	list, _ := body["tags"].([]any)
	return slices.DeleteFunc(slices.Clone(list), func(element any) bool {
		tag, _ := element.(map[string]any)
		return store.Text(tag["scope"]) == policyPathScope
	})
}

// portRemoved takes the shadow along.
func portRemoved(d *removal) error {
	if path := shadowOf(d.target); path != "" {
		return d.s.removeShadow(d.tx, path)
	}
	return nil
}

// removeShadow deletes a shadow with its parts, unless Policy objects name it.
func (s *Server) removeShadow(tx *store.Tx, path string) error {
	if _, exists := intent(tx, path); !exists {
		return nil
	}
	if err := s.discard(tx, path); err != nil {
		return err
	}
	return s.checkUnused(tx, []change{{verb: removeObject, path: path}})
}

// mayRemoveShadow refuses to delete a shadow as long as its port is there.
func mayRemoveShadow(tx *store.Tx, o *store.Object) error {
	id, is := strings.CutPrefix(o.ID, policy.AutomaticPrefix)
	if !is {
		return nil
	}
	if port, found := tx.Manager().Get(portCollection + "/" + id); found && shadowOf(port) == o.Key {
		return api.BadRequest(500030, api.ModulePolicy, "The object path=[%s] cannot be deleted as it stands for the logical port LogicalPort/%s.", o.Key, id)
	}
	return nil
}
