package nsx

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nsx-mp2p/migrate-mp2p/internal/mp"
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
	kind   mp.Kind
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
	{400, 289, mp.KindNotOwner, never, "the object belongs to another principal"},
	{400, 255, mp.KindInvalid, never, "a field is invalid; where that is the size of a page, paging asks for smaller ones"},
	{400, 30722, mp.KindCoordinatorBusy, always, "the migration coordinator is busy"},
	{400, 60508, mp.KindSearch, always, "the search index is being built"},
	{400, 60514, mp.KindSearch, always, "the search timed out"},
	{400, 60515, mp.KindSearch, always, "the search index is out of step"},
	{400, 100148, mp.KindConflict, always, "a dependency changed meanwhile"},
	{400, 500045, mp.KindConflict, always, "the object is still being deleted"},
	{400, 500087, mp.KindConflict, always, "a dependency changed meanwhile"},
	{400, 500232, mp.KindConflict, always, "a dependency changed meanwhile"},
	{400, 500030, mp.KindConflict, never, "other objects still refer to it"},
	{400, 503093, mp.KindConflict, never, "other objects still refer to it"},
	{400, 520009, mp.KindConflict, never, "other objects still refer to it"},
	{400, 520013, mp.KindConflict, never, "other objects still refer to it"},
	{401, 0, mp.KindAuth, never, "not logged in, or the account is locked"},
	{403, 505, mp.KindInvalid, never, "the licence does not cover it"},
	{403, 0, mp.KindAuth, never, "the credentials, the session or a right are missing"},
	{404, 202, mp.KindUnavailable, reads, "the service behind the proxy is not up yet"},
	{404, 600, mp.KindNotFound, never, "there is no such object"},
	{404, 500090, mp.KindStale, never, "the object was read too long ago"},
	{404, 0, mp.KindUnclear, fewReads, "not found, which may be said of the call as well as of the object"},
	{409, 0, mp.KindConflict, planAction, "somebody else changes the same"},
	{412, 0, mp.KindStale, never, "somebody changed the object since it was read"},
	{429, 0, mp.KindRate, always, "too many requests of this user"},
	{500, 98, mp.KindUnavailable, reads, "the proxy cannot connect to the service"},
	{500, 99, mp.KindUnavailable, reads, "the proxy does not trust the service yet"},
	{500, 607, mp.KindUnavailable, reads, "the persistence layer is being reconfigured"},
	{502, 0, mp.KindUnavailable, reads, "the proxy got no answer of the service"},
	{503, 102, mp.KindUnavailable, always, "too many requests of all users"},
	{503, 60576, mp.KindSearch, never, "the page is too large; paging asks for smaller ones"},
	{503, 0, mp.KindUnavailable, reads, "overloaded, or not up"},
	{504, 0, mp.KindUnavailable, reads, "the proxy got no answer of the service in time"},
}

// meaningOf looks an answer up. Unknown answers are not retryable.
func meaningOf(status, code int) meaning {
	for _, m := range meanings {
		if m.status == status && (m.code == 0 || m.code == code) {
			return m
		}
	}
	if status >= http.StatusInternalServerError {
		return meaning{status, code, mp.KindServer, never, "NSX failed"}
	}
	return meaning{status, code, mp.KindInvalid, never, "NSX refused the request"}
}

const migrationAPI = "/api/v1/migration/"

// codeNoParent comes with status 400 for a Policy path below something that does not exist (policy report). Of a read it says
// that the object does not exist either; of a write, that its body or path is wrong.
const codeNoParent = 500012

// classify fills kind and repeat of a request that NSX itself answered with an error. absent are the codes that mean
// absence beside those of the table.
func (e *Error) classify(absent []int) {
	m := meaningOf(e.Status, e.Code)
	if m.kind == mp.KindUnclear && slices.Contains(absent, e.Code) {
		m.kind, m.repeat = mp.KindNotFound, never
	}
	e.Kind, e.meant, e.repeat = m.kind, m.kind, m.repeat
	if m.kind == mp.KindUnclear {
		e.Hint = fmt.Sprintf("this release does not know that NSX's error %d means absence; if it does, list it in nsx.absent_codes", e.Code)
	}
	if e.Method != http.MethodGet {
		e.classifyWrite()
		return
	}
	if e.Status == http.StatusBadRequest && e.Code == codeNoParent {
		e.Kind, e.meant = mp.KindNotFound, mp.KindNotFound
	}
	// While the coordinator service is stopped its API fails with 500 or as a missing backend (vmware-nsx, KB scripts);
	// 607 speaks of all of NSX.
	if strings.HasPrefix(e.Path, migrationAPI) {
		stopped := m.kind == mp.KindServer
		unreached := m.kind == mp.KindUnavailable && e.Status != http.StatusServiceUnavailable && e.Code != 607
		if stopped || unreached {
			e.Kind, e.repeat = mp.KindCoordinatorDown, reads
		}
	}
}

// classifyWrite takes into account that NSX may go on with a write after an answer that tells of its own trouble. A PATCH
// and a DELETE come to the same however often they are carried out; a POST or PUT does not, and is not repeated.
func (e *Error) classifyWrite() {
	once := e.Method == http.MethodPost || e.Method == http.MethodPut
	failed := e.Status >= http.StatusInternalServerError && e.repeat != always
	if e.Kind == mp.KindUnavailable && e.repeat == reads || e.Kind == mp.KindUnclear || once && failed {
		e.Kind = mp.KindLost
		if once {
			e.repeat = never
		}
		e.Hint = cmp.Or(e.Hint, "NSX may go on with it, or have carried it out")
	}
}
