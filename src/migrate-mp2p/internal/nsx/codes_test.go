package nsx

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"nsx-mp2p/migrate-mp2p/internal/mp"
)

// The whole table once more, as a reader of NSX's documentation would write it down: a change of codes.go has to be
// made twice, knowingly.
var _ = DescribeTable("what NSX's answers mean",
	func(status, code int, kind mp.Kind, whoRepeats repeat) {
		m := meaningOf(status, code)
		Expect(m.kind).To(Equal(kind))
		Expect(m.repeat).To(Equal(whoRepeats))
	},
	Entry(nil, 400, 255, mp.KindInvalid, never),
	Entry(nil, 400, 289, mp.KindNotOwner, never),
	Entry(nil, 400, 30722, mp.KindCoordinatorBusy, always),
	Entry(nil, 400, 60508, mp.KindSearch, always),
	Entry(nil, 400, 60514, mp.KindSearch, always),
	Entry(nil, 400, 60515, mp.KindSearch, always),
	Entry(nil, 400, 100148, mp.KindConflict, always),
	Entry(nil, 400, 500012, mp.KindInvalid, never),
	Entry(nil, 400, 500030, mp.KindConflict, never),
	Entry(nil, 400, 500045, mp.KindConflict, always),
	Entry(nil, 400, 500087, mp.KindConflict, always),
	Entry(nil, 400, 500127, mp.KindInvalid, never),
	Entry(nil, 400, 500232, mp.KindConflict, always),
	Entry(nil, 400, 503093, mp.KindConflict, never),
	Entry(nil, 400, 520009, mp.KindConflict, never),
	Entry(nil, 400, 520013, mp.KindConflict, never),
	Entry(nil, 401, 0, mp.KindAuth, never),
	Entry(nil, 403, 98, mp.KindAuth, never),
	Entry(nil, 403, 403, mp.KindAuth, never),
	Entry(nil, 403, 505, mp.KindInvalid, never),
	Entry(nil, 404, 202, mp.KindUnavailable, reads),
	Entry(nil, 404, 258, mp.KindUnclear, fewReads),
	Entry(nil, 404, 500090, mp.KindStale, never),
	Entry(nil, 404, 600, mp.KindNotFound, never),
	Entry(nil, 409, 0, mp.KindConflict, planAction),
	Entry(nil, 412, 0, mp.KindStale, never),
	Entry(nil, 418, 0, mp.KindInvalid, never),
	Entry(nil, 429, 102, mp.KindRate, always),
	Entry(nil, 500, 0, mp.KindServer, never),
	Entry(nil, 500, 98, mp.KindUnavailable, reads),
	Entry(nil, 500, 99, mp.KindUnavailable, reads),
	Entry(nil, 500, 607, mp.KindUnavailable, reads),
	Entry(nil, 501, 0, mp.KindServer, never),
	Entry(nil, 502, 0, mp.KindUnavailable, reads),
	Entry(nil, 503, 98, mp.KindUnavailable, reads),
	Entry(nil, 503, 102, mp.KindUnavailable, always),
	Entry(nil, 503, 60576, mp.KindSearch, never),
	Entry(nil, 504, 0, mp.KindUnavailable, reads),
)

var _ = It("has no row in the table of answers that another one hides", func() {
	for _, m := range meanings {
		found := meaningOf(m.status, m.code)
		Expect(found).To(Equal(m), "status %d, code %d", m.status, m.code)
	}
})
