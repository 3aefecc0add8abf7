package policy

import (
	"context"
	"maps"
	"net/http"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// partialHeader asks for a partial PATCH (nsxlib, nsx-operator).
const partialHeader = "nsx-enable-partial-patch"

// sectionPartialPatch is where the state holds the switch once somebody has set it.
const sectionPartialPatch = "partial-patch"

const enablePartialPatch = "enable_partial_patch"

// What the notes say of partial patch.
const (
	patchNote = "the body replaces the object as a PUT does (nsxlib), unless the header " + partialHeader + ": true or " +
		"system-config/nsx-partial-patch-config asks for a merge: then lists are replaced as a whole, " +
		"and what the body does not name stays (NSX Go SDK)"
	mergeNote = api.Assumed + "a merge goes into the objects inside a body, but replaces one of another type; the header's " +
		"value is read in any case, and any but true leaves it to the switch; why: of lists alone it is said that they are replaced"
	switchNote = "true and false may be strings (NSX admin guide)"
)

// partialPatchRoutes are the switch that makes every PATCH a partial one.
func (s *API) partialPatchRoutes() []api.Route {
	place := api.PolicyPrefix + "/system-config/nsx-partial-patch-config"
	return []api.Route{
		{Method: http.MethodGet, Pattern: place, Extent: api.Full, Handle: s.getPartialPatch},
		{Method: http.MethodPatch, Pattern: place, Extent: api.Full, Notes: []string{switchNote}, Handle: s.setPartialPatch},
	}
}

func (s *API) getPartialPatch(context.Context, *api.Request) (*api.Response, error) {
	var on bool
	err := s.store.View(func(tx *store.Tx) (err error) {
		on, err = s.partialPatch(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return api.OK(map[string]any{enablePartialPatch: on})
}

func (s *API) setPartialPatch(_ context.Context, r *api.Request) (*api.Response, error) {
	fields, bad := api.DecodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	switch text, _ := fields[enablePartialPatch].(string); strings.ToLower(text) {
	case "true":
		fields[enablePartialPatch] = true
	case "false":
		fields[enablePartialPatch] = false
	}
	if err := checkPolicySchema("PartialPatchConfig", strings.TrimPrefix(r.Path, api.PolicyPrefix), fields); err != nil {
		return nil, err
	}
	err := s.store.Update(func(tx *store.Tx) error { return tx.SetSection(sectionPartialPatch, fields[enablePartialPatch]) })
	if err != nil {
		return nil, err
	}
	return api.Empty()
}

// partialPatch tells how the switch stands: as it was set, or as the option has it.
func (s *API) partialPatch(tx *store.Tx) (bool, error) {
	on := s.options.PartialPatch
	_, err := tx.Section(sectionPartialPatch, &on)
	return on, err
}

// merges tells whether a PATCH is a partial one.
func (s *API) merges(tx *store.Tx, r *api.Request) (bool, error) {
	if strings.EqualFold(r.Header.Get(partialHeader), "true") {
		return true, nil
	}
	return s.partialPatch(tx)
}

// merge adds to a body what only the stored one has, in the objects inside it as well.
func merge(fields, before map[string]any) {
	for name, old := range before {
		value, given := fields[name]
		if !given {
			fields[name] = old
			continue
		}
		inner, isObject := value.(map[string]any)
		was, wasObject := old.(map[string]any)
		if isObject && wasObject && sameType(inner, was) {
			whole := maps.Clone(inner)
			merge(whole, was)
			fields[name] = whole
		}
	}
}

// sameType tells whether two objects are of one type, as far as they name it.
func sameType(fields, before map[string]any) bool {
	for _, name := range []string{"resource_type", "type"} {
		if given := store.Text(fields[name]); given != "" && given != store.Text(before[name]) {
			return false
		}
	}
	return true
}
