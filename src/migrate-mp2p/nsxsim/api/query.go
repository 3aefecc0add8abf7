package api

import (
	"net/url"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/nsxsim/store"
)

// Boolean reads a parameter that is true or false; empty is false.
func Boolean(parameter, value string) (bool, *Error) {
	switch strings.ToLower(value) {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	}
	return false, InvalidField(parameter, "%q is neither true nor false", value)
}

// OneValue refuses a query whose parameter has none of the values that there are for it; it may be left out.
func OneValue(query url.Values, parameter string, values ...string) error {
	if value := query.Get(parameter); value != "" && !slices.Contains(values, value) {
		return InvalidField(parameter, "%q is none of %s", value, strings.Join(values, ", "))
	}
	return nil
}

// InvalidField is NSX's answer to a parameter or field whose value is refused.
func InvalidField(name, format string, args ...any) *Error {
	return BadRequest(255, ModuleCommon, "Field level validation errors: {%s: "+format+"}", append([]any{name}, args...)...)
}

// LastOf is the last part of a path.
func LastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// DecodeBody reads a JSON object.
func DecodeBody(body []byte) (map[string]any, *Error) {
	fields, err := store.DecodeFields(body)
	if err != nil {
		return nil, BadRequest(220, ModuleCommon, "Error parsing the request body: %s.", err)
	}
	return fields, nil
}
