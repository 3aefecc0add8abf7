package policy

import (
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// PathScope is the scope of the tag that leads from a Manager object to its Policy object.
const PathScope = "policyPath"

const shadowKeptNote = api.Assumed + "the shadow of a Manager port cannot be deleted here (400/500030), but changed until the port changes again; why: NSX makes shadows from ports, so that it goes when the port does"

// ShadowPath is where the shadow of a port stands; "" if its switch is not one of Policy.
func (s *API) ShadowPath(tx *store.Tx, port map[string]any) string {
	on, found := tx.Manager().Get("logical-switches/" + store.Text(port["logical_switch_id"]))
	if !found || on.Owner != store.PolicyUser {
		return ""
	}
	segment, _ := on.Tag(PathScope)
	path := segment + "/ports/" + AutomaticPrefix + store.Text(port["id"])
	if kind, known := s.tree.Object(path); !known || kind.Child != "SegmentPort" || !s.exists(tx, segment) {
		return ""
	}
	return path
}

// ShadowOf is the path of a stored port's shadow, "" if it has none. A promoted port belongs to Policy and has none,
// whatever its id there.
func ShadowOf(port *store.Object) string {
	path, _ := port.Tag(PathScope)
	if port.Owner == store.PolicyUser || api.LastOf(path) != AutomaticPrefix+port.ID {
		return ""
	}
	return path
}

// CastShadow writes the shadow of the port at a key, if it has one.
func (s *API) CastShadow(tx *store.Tx, key string) error {
	port, found := tx.Manager().Get(key)
	if !found || ShadowOf(port) == "" {
		return nil
	}
	body, err := port.Fields()
	if err != nil {
		return err
	}
	path := ShadowOf(port)
	fields := PortFields(body)
	fields["display_name"], fields["tags"] = body["display_name"], OtherTags(body)
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

// OtherTags are the tags of a body without policyPath.
func OtherTags(body map[string]any) []any {
	list, _ := body["tags"].([]any)
	return slices.DeleteFunc(slices.Clone(list), func(element any) bool {
		tag, _ := element.(map[string]any)
		return store.Text(tag["scope"]) == PathScope
	})
}

// RemoveShadow deletes a shadow with its parts, unless Policy objects name it.
func (s *API) RemoveShadow(tx *store.Tx, path string) error {
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
	id, is := strings.CutPrefix(o.ID, AutomaticPrefix)
	if !is {
		return nil
	}
	if port, found := tx.Manager().Get("logical-ports/" + id); found && ShadowOf(port) == o.Key {
		return api.BadRequest(500030, api.ModulePolicy, "The object path=[%s] cannot be deleted as it stands for the logical port LogicalPort/%s.", o.Key, id)
	}
	return nil
}
