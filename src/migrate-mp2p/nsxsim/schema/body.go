package schema

import "nsx-mp2p/migrate-mp2p/nsxsim/api"

// CheckManager refuses bodies that do not have the form of their type: unknown fields, missing ones, wrong values. Numbers
// where the type wants strings are taken, and become strings (Texts).
func CheckManager(kind string, fields map[string]any) error {
	types, err := Manager()
	if err != nil {
		return err
	}
	types.Texts(kind, fields)
	if problems := types.Check(kind, fields); len(problems) > 0 {
		return api.BadRequest(255, api.ModuleCommon, "Field level validation errors: {%s}", Sentence(problems))
	}
	return nil
}

// ReadBody reads a JSON object that has to have the form of a type.
func ReadBody(r *api.Request, kind string) (map[string]any, error) {
	fields, bad := api.DecodeBody(r.Body)
	if bad != nil {
		return nil, bad
	}
	return fields, CheckManager(kind, fields)
}
