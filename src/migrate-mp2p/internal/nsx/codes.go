package nsx

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// repeat says when a refused request may be sent again.
type repeat int

const (
	never      repeat = iota
	reads             // reading, or writes that may be carried out twice
	fewReads          // as reads, but few times
	always            // NSX is known not to have carried it out
	planAction        // as always, but only for actions of the migration plan
)

// meaning is one row of the table of answers.
type meaning struct {
	status int
	code   int // NSX's error_code; 0 stands for any other
	kind   Kind
	repeat repeat
	what   string
}

// meanings tells what NSX's answers mean: the first row that fits counts, so codes stand before their status. Answers
// that are not NSX's error with its code have no row, whatever their status: they are unclear.
// Sources: the error tables of vmware-nsxlib and nsx-operator, and for 30722 and the coordinator's 409 the SAP
// driver networking-nsx-t and the NSX Go SDK. 404/600 is what NSX answers for an absent object (terraform-provider-nsxt
// issue 1401); that no other code means absence is ASSUMED, and Options.AbsentCodes is the remedy where it is wrong. That
// 102 is the word of NSX's own limiter, which lets nothing through, follows from its text (KB 427427). Of the other
// answers of status 500 and above nobody documents that the write behind them has not begun.
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
	{404, 202, KindUnavailable, reads, "the service behind the proxy is not up yet"},
	{404, 600, KindNotFound, never, "there is no such object"},
	{404, 500090, KindStale, never, "the object was read too long ago"},
	{404, 0, KindUnclear, fewReads, "not found, which may be said of the call as well as of the object"},
	{409, 0, KindConflict, planAction, "somebody else changes the same"},
	{412, 0, KindStale, never, "somebody changed the object since it was read"},
	{429, 0, KindRate, always, "too many requests of this user"},
	{500, 98, KindUnavailable, reads, "the proxy cannot connect to the service"},
	{500, 99, KindUnavailable, reads, "the proxy does not trust the service yet"},
	{500, 607, KindUnavailable, reads, "the persistence layer is being reconfigured"},
	{502, 0, KindUnavailable, reads, "the proxy got no answer of the service"},
	{503, 102, KindUnavailable, always, "too many requests of all users"},
	{503, 60576, KindSearch, never, "the page is too large; paging asks for smaller ones"},
	{503, 0, KindUnavailable, reads, "overloaded, or not up"},
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

// codeNoParent comes with status 400 for a Policy path below something that does not exist (policy report). Of a read it says
// that the object does not exist either; of a write, that its body or path is wrong.
const codeNoParent = 500012

// classify fills kind and repeat of a request that NSX itself answered with an error. absent are the codes that mean
// absence beside those of the table.
func (e *Error) classify(absent []int) {
	m := meaningOf(e.Status, e.Code)
	if m.kind == KindUnclear && slices.Contains(absent, e.Code) {
		m.kind, m.repeat = KindNotFound, never
	}
	e.Kind, e.meant, e.repeat = m.kind, m.kind, m.repeat
	if m.kind == KindUnclear {
		e.Hint = fmt.Sprintf("this release does not know that NSX's error %d means absence; if it does, list it in nsx.absent_codes", e.Code)
	}
	if e.Method != http.MethodGet {
		e.classifyWrite()
		return
	}
	if e.Status == http.StatusBadRequest && e.Code == codeNoParent {
		e.Kind, e.meant = KindNotFound, KindNotFound
	}
	// While the coordinator service is stopped its API fails with 500 or as a missing backend (vmware-nsx, KB scripts);
	// 607 speaks of all of NSX.
	if strings.HasPrefix(e.Path, migrationAPI) {
		stopped := m.kind == KindServer
		unreached := m.kind == KindUnavailable && e.Status != http.StatusServiceUnavailable && e.Code != 607
		if stopped || unreached {
			e.Kind, e.repeat = KindCoordinatorDown, reads
		}
	}
}

// classifyWrite takes into account that NSX may go on with a write after an answer that tells of its own trouble. A PATCH
// and a DELETE come to the same however often they are carried out; a POST or PUT does not, and is not repeated.
func (e *Error) classifyWrite() {
	once := e.Method == http.MethodPost || e.Method == http.MethodPut
	failed := e.Status >= http.StatusInternalServerError && e.repeat != always
	if e.Kind == KindUnavailable && e.repeat == reads || e.Kind == KindUnclear || once && failed {
		e.Kind = KindLost
		if once {
			e.repeat = never
		}
		e.Hint = cmp.Or(e.Hint, "NSX may go on with it, or have carried it out")
	}
}

// NoSuchCall says whether NSX itself answered 404, with a code that need not mean the absence of an object. Which code a
// release without the call gives is not public (ASSUMED: any but those that mean something else).
func NoSuchCall(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.Code != 0 && (e.Kind == KindNotFound || e.Kind == KindUnclear)
}
