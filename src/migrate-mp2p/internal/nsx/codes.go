package nsx

import (
	"net/http"
	"strings"
)

// repeat says when a refused request may be sent again.
type repeat int

const (
	never      repeat = iota
	reads             // reading, or writes that may be carried out twice
	always            // NSX is known not to have carried it out
	planAction        // as always, but only for actions of the migration plan
)

// meaning is one row of the table of answers.
type meaning struct {
	status int
	code   int // NSX's error_code; 0 stands for any
	kind   Kind
	repeat repeat
	what   string
}

// meanings tells what NSX's answers mean: the first row that fits counts, so codes stand before their status.
// Sources: the error tables of vmware-nsxlib and nsx-operator, and for 30722 and the coordinator's 409 the SAP
// driver networking-nsx-t and the NSX Go SDK.
var meanings = []meaning{
	{400, 289, KindNotOwner, never, "the object belongs to another principal"},
	{400, 255, KindInvalid, never, "a field is invalid; where that is the size of a page, paging asks for smaller ones"},
	{400, 30722, KindCoordinatorBusy, always, "the migration coordinator is busy"},
	{400, 60508, KindSearch, always, "the search index is being built"},
	{400, 60514, KindSearch, always, "the search timed out"},
	{400, 60515, KindSearch, always, "the search index is out of step"},
	{400, 100148, KindConflict, always, "a dependency changed meanwhile"},
	{400, 500045, KindConflict, always, "the object is still being deleted"},
	{400, 500087, KindConflict, always, "a dependency changed meanwhile"},
	{400, 500232, KindConflict, always, "a dependency changed meanwhile"},
	{400, 500030, KindConflict, never, "other objects still refer to it"},
	{400, 503093, KindConflict, never, "other objects still refer to it"},
	{400, 520009, KindConflict, never, "other objects still refer to it"},
	{400, 520013, KindConflict, never, "other objects still refer to it"},
	{401, 0, KindAuth, never, "not logged in, or the account is locked"},
	{403, 505, KindInvalid, never, "the licence does not cover it"},
	{403, 0, KindAuth, never, "the credentials, the session or a right are missing"},
	{404, 202, KindUnavailable, always, "the service behind the proxy is not up yet"},
	{404, 500090, KindStale, never, "the object was read too long ago"},
	{404, 0, KindNotFound, never, "there is no such object"},
	{409, 0, KindConflict, planAction, "somebody else changes the same"},
	{412, 0, KindStale, never, "somebody changed the object since it was read"},
	{429, 0, KindRate, always, "too many requests of this user"},
	{500, 98, KindUnavailable, always, "the proxy cannot connect to the service"},
	{500, 99, KindUnavailable, always, "the proxy does not trust the service yet"},
	{500, 607, KindUnavailable, always, "the persistence layer is being reconfigured"},
	{502, 0, KindUnavailable, reads, "the proxy got no answer of the service"},
	{503, 60576, KindSearch, never, "the page is too large; paging asks for smaller ones"},
	{503, 0, KindUnavailable, always, "overloaded, or not up"},
	{504, 0, KindUnavailable, reads, "the proxy got no answer of the service in time"},
}

// meaningOf looks an answer up. Unknown answers are not retryable.
func meaningOf(status, code int) meaning {
	for _, m := range meanings {
		if m.status == status && (m.code == 0 || m.code == code) {
			return m
		}
	}
	if status >= http.StatusInternalServerError {
		return meaning{status, code, KindServer, never, "NSX failed"}
	}
	return meaning{status, code, KindInvalid, never, "NSX refused the request"}
}

const migrationAPI = "/api/v1/migration/"

// classify fills kind and repeat of an answered request. fromNSX says whether the body was NSX's own error: a bare
// 503 may come from a proxy that gave up waiting after NSX had begun.
func (e *Error) classify(fromNSX bool) {
	m := meaningOf(e.Status, e.Code)
	e.Kind, e.repeat = m.kind, m.repeat
	if m.kind == KindUnavailable && !fromNSX {
		e.repeat = reads
	}
	// While the coordinator service is stopped its API fails with 500 or as a missing backend (vmware-nsx, KB scripts);
	// 607 speaks of all of NSX.
	if strings.HasPrefix(e.Path, migrationAPI) {
		stopped := m.kind == KindServer && e.Method == http.MethodGet
		unreached := m.kind == KindUnavailable && e.Status != http.StatusServiceUnavailable && e.Code != 607
		if stopped || unreached {
			e.Kind = KindCoordinatorDown
			if stopped {
				e.repeat = reads
			}
		}
	}
}
