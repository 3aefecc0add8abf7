package policy

import (
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/api"
)

const idNote = api.Assumed + "no object is created under an id with a blank, /, ?, #, %, ; or backslash, of periods only, or of more than 255 characters: 400/500127 that names it; " +
	"an option lets bodies bring any id, and then no path reaches the object; why: NCP's docs replace blanks, slashes and lone periods, nsx-operator cuts ids at 255, and one client has such an object"

// onePart refuses an id in a body that would be several parts of a path.
func onePart(id string) error {
	if strings.Contains(id, "/") {
		return errUnfit(CheckID(id))
	}
	return nil
}

// fitID refuses an id under which no object can be created.
func (s *API) fitID(id string) error {
	if err := CheckID(id); err != nil && !s.options.UnfitIDs {
		return errUnfit(err)
	}
	return nil
}

func errUnfit(err error) error {
	return api.BadRequest(500127, api.ModulePolicy, "The object cannot be created: %s.", err)
}
