package api

import (
	"fmt"
	"net/http"
	"strings"
)

// Modules that NSX names in its errors.
const (
	ModuleCommon      = "common-services"
	ModulePolicy      = "Policy"
	ModuleCoordinator = "migration-coordinator"
	ModuleSearch      = "search"
)

// statusWord is the HTTP status as NSX spells it.
func statusWord(status int) string {
	return strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
}

// BadRequest is a 400 with a code and a message.
func BadRequest(code int, module, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Module: module, Message: fmt.Sprintf(format, args...)}
}

// NotFound is the 404/600 of an object that does not exist.
func NotFound(id string) *Error {
	return &Error{
		Status: http.StatusNotFound, Code: 600, Module: ModuleCommon,
		Message: fmt.Sprintf("The requested object : %s could not be found. Object identifiers are case sensitive.", id),
	}
}

// StaleRevision is the 412 of an update that carries an old _revision. Clients know it by its last sentence (SAP driver G).
func StaleRevision(kind, id string) *Error {
	return &Error{
		Status: http.StatusPreconditionFailed, Code: 604, Module: ModuleCommon,
		Message: fmt.Sprintf("The object %s/%s is not the latest one on the system. Fetch the latest copy of the object and retry.", kind, id),
	}
}

// NotOwner is the 400/289 of a write to somebody else's object.
func NotOwner(caller Identity, kind, owner string, overwrite bool) *Error {
	return BadRequest(289, ModuleCommon,
		"Principal '%s' with role '[%s]' attempts to delete or modify an object of type %s it doesn't own. (createUser=%s, allowOverwrite=%t)",
		caller.Name, caller.Role, kind, owner, overwrite)
}
