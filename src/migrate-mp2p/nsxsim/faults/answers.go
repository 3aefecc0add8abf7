package faults

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Modules that NSX names in its errors.
const (
	moduleCommon      = "common-services"
	modulePolicy      = "Policy"
	moduleSearch      = "search"
	moduleCoordinator = "migration-coordinator"
)

// codeAbsent is what NSX answers for an object that does not exist.
const codeAbsent = 600

// answers are failures that NSX or what stands before it is known for, by the name that a rule's answer key gives.
// Codes are those of nsxlib, nsx-operator and KB 427427; texts are ours, except where clients read them.
var answers = map[string]Rule{
	"rate-limit":            failing(http.StatusTooManyRequests, 102, moduleCommon, "Client '{user}' exceeded request rate of 100 per second"),
	"concurrency-limit":     failing(http.StatusTooManyRequests, 102, moduleCommon, "Client '{user}' exceeded concurrency of 40 requests"),
	"overload":              failing(http.StatusServiceUnavailable, 102, moduleCommon, "The server is overloaded: too many concurrent requests."),
	"unavailable":           failing(http.StatusServiceUnavailable, 98, moduleCommon, "Some appliance components are not functioning properly."),
	"backend-missing":       failing(http.StatusNotFound, 202, moduleCommon, "The service behind this address is not there yet."),
	"cannot-connect":        failing(http.StatusInternalServerError, 98, moduleCommon, "Cannot connect to the service behind this address."),
	"reconfiguring":         failing(http.StatusInternalServerError, 607, moduleCommon, "The persistence layer is being reconfigured."),
	"bad-xsrf-token":        failing(http.StatusForbidden, 98, moduleCommon, "The XSRF token is missing or wrong."),
	"bad-credentials":       failing(http.StatusForbidden, 403, moduleCommon, "The credentials were incorrect or the account specified has been locked."),
	"no-licence":            failing(http.StatusForbidden, 505, moduleCommon, "The licence does not allow this request, or has expired."),
	"certificate-untrusted": failing(http.StatusInternalServerError, 99, moduleCommon, "The certificate of the client is not trusted."),
	"conflict":              failing(http.StatusConflict, http.StatusConflict, moduleCommon, "The object was changed by somebody else."),
	"stale-revision":        failing(http.StatusPreconditionFailed, 604, moduleCommon, "The object is not the latest one on the system. Fetch the latest copy of the object and retry."),
	"stale-500087":          failing(http.StatusBadRequest, 500087, modulePolicy, "An object that the request depends on was changed meanwhile."),
	"stale-500232":          failing(http.StatusBadRequest, 500232, modulePolicy, "An object that the request depends on was changed meanwhile."),
	"stale-100148":          failing(http.StatusBadRequest, 100148, moduleCommon, "An object that the request depends on was changed meanwhile."),
	"stale-500090":          failing(http.StatusNotFound, 500090, modulePolicy, "The object was changed or removed meanwhile."),
	"delete-pending":        failing(http.StatusBadRequest, 500045, modulePolicy, "The object is marked for deletion and not purged yet."),
	// The error_code is ASSUMED: clients read the text only (SAP driver G).
	"atomic-request":        failing(http.StatusBadRequest, 202, modulePolicy, "The object AtomicRequest/10844 is already present in the system."),
	"search-indexing":       failing(http.StatusBadRequest, 60508, moduleSearch, "The search index is being built."),
	"search-timeout":        failing(http.StatusBadRequest, 60514, moduleSearch, "The search timed out."),
	"search-out-of-sync":    failing(http.StatusBadRequest, 60515, moduleSearch, "The search index is out of sync."),
	"search-page-too-large": failing(http.StatusBadRequest, 255, moduleSearch, "The page is too large."),
	"coordinator-busy":      failing(http.StatusBadRequest, 30722, moduleCoordinator, "Migration coordinator backend is busy. Please try again after some time."),
	// ASSUMED: no public source shows what NSX answers when its disk is full.
	"disk-full": failing(http.StatusInternalServerError, 99, moduleCommon, "A general error occurred: java.io.IOException: No space left on device"),
	"proxy-error": {
		Status:  http.StatusBadGateway,
		RawBody: "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
		Headers: map[string]string{"Content-Type": "text/html"},
	},
	"wrong-json": {Status: http.StatusOK, RawBody: `{"results": [}`},
}

// failing is an answer in NSX's error form.
func failing(status, code int, module, message string) Rule {
	return Rule{Status: status, ErrorCode: code, Module: module, Message: message}
}

// defaultCode is the error_code of a rule that gives none: that of NSX for an absent object, else the number of the status,
// as NSX has it for 403 (others are ASSUMED).
func defaultCode(status int) int {
	if status == http.StatusNotFound {
		return codeAbsent
	}
	return status
}

// Answers lists the names that a rule's answer key knows.
func Answers() []string { return slices.Sorted(maps.Keys(answers)) }

// Answer returns a well-known answer as a rule that gives it to that user.
func Answer(name, user string) (Rule, bool) {
	answer, known := answers[name]
	answer.Message = strings.ReplaceAll(answer.Message, "{user}", user)
	answer.Headers = maps.Clone(answer.Headers)
	return answer, known
}

// resolved is the rule with its named answer and its error code spelled out: NSX gives no error without one.
func (r Rule) resolved(user string) Rule {
	if r.ErrorCode == 0 && r.Status >= http.StatusBadRequest {
		r.ErrorCode = defaultCode(r.Status)
	}
	if r.Answer == "" {
		return r
	}
	answer, _ := Answer(r.Answer, user)
	r.Status, r.ErrorCode, r.Module, r.Message, r.RawBody = answer.Status, answer.ErrorCode, answer.Module, answer.Message, answer.RawBody
	headers := answer.Headers
	if headers == nil {
		headers = map[string]string{}
	}
	maps.Copy(headers, r.Headers)
	r.Headers = headers
	return r
}
